//! The path cannot be accepted for a reason that is neither trust, name nor date.

use super::{Definition, Doc, Needs, Text};
use crate::judge::Position;
use crate::judge::case::{Case, ChainCase};
use crate::judge::defects::Defect;
use crate::judge::outcome::Ending;
use crate::verdict::{Barrier, Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `invalid_certificate`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::InvalidCertificate,
    verdict: Some(VerdictKind::InvalidCertificate),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "reason",
            "bad_signature, name_constraints, key_usage, extended_key_usage, path_length, not_a_ca, weak_signature, unsupported_key, unparseable, ...",
        ),
        (
            "certificate",
            "leaf, intermediate or root: the one to blame, when it is one",
        ),
        ("subject", "who that one says it is"),
        ("fingerprint", "SHA-256 of that one"),
        ("detail", "the particulars"),
        ("field", "the field that cannot be read, for unparseable"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let best = &chain.choice.best;
    let mut found: Vec<Finding> = best
        .defects
        .iter()
        .map(|defect| barred(chain, defect))
        .collect();
    match (best.ending, &chain.leaf.contents) {
        (Ending::BadSignature, _) => {
            let last = best.path.len().checked_sub(1);
            let detail = "the issuer of that name did not make this signature";
            found.push(barred(
                chain,
                &Defect::new(Barrier::BadSignature, last, detail),
            ));
        }
        (_, Err(unparseable)) => found.push(FINDING.found(vec![
            ("reason", Barrier::Unparseable.name().into()),
            ("certificate", Position::Leaf.word().into()),
            ("fingerprint", chain.leaf.sha256.into()),
            ("field", unparseable.field.into()),
        ])),
        _ => {}
    }
    let known = best.defects.iter().any(|it| it.reason == Barrier::KeyUsage);
    found.extend(
        chain
            .misused
            .iter()
            .filter(|_| !known)
            .map(|defect| barred(chain, defect)),
    );
    found
}

fn barred(chain: &ChainCase<'_>, defect: &Defect) -> Finding {
    let mut evidence: Vec<(&'static str, Value)> = vec![("reason", defect.reason.name().into())];
    let best = &chain.choice.best;
    let blamed = defect.at.and_then(|at| {
        let step = best
            .path
            .get(at)
            .map(|step| (best.position(at), &step.certificate));
        step.or_else(|| Some((Position::Root, best.root()?)))
    });
    if let Some((position, certificate)) = blamed {
        evidence.push(("certificate", position.word().into()));
        if let Ok(contents) = &certificate.contents {
            evidence.push(("subject", contents.subject.text.as_str().into()));
        }
        evidence.push(("fingerprint", certificate.sha256.into()));
    }
    evidence.push(("detail", defect.detail.as_str().into()));
    FINDING.found(evidence)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate or its chain breaks the rules",
        meaning: "Apart from trust, name and date, this path cannot be accepted, and the evidence \
            says why. A signature does not match or uses SHA-1 or MD5; an issuer is not marked \
            as a CA, issues deeper than its path length or outside its name constraints; the key \
            usage or extended key usage does not allow TLS servers; a critical extension is \
            unknown; no client can use the key (`unsupported_key`: RSA below 1024 bits, with an even \
            modulus, or with an exponent of 1 or an even one; DSA; P-192 and other curves that \
            clients gave up); the certificate is X.509 version 1; or it cannot be parsed at all. \
            Public CAs hardly ever issue such certificates, so the usual source is a private CA with a \
            wrong profile, a home-made script, or two mixed-up files. Some clients look less \
            closely, so it may work in one place and fail in another.",
        check_first: &[
            "A bad signature or unreadable certificate seen only on our line points at a device \
                that rewrites the connection: compare another line.",
            "See whether leaf and intermediate belong together: the CA may have two intermediates \
                with the same name and different keys.",
            "For `serverAuth` missing, make sure that this is not a client or mail certificate \
                put on the server by mistake.",
        ],
        fixes: &[
            (
                "CA, issuing profile",
                "Reissue as version 3 with SHA-256, SAN, `CA:FALSE` and extended key usage \
                    `serverAuth`; give issuing CAs `CA:TRUE`, a fitting path length, \
                    `keyCertSign`, and name constraints that cover their names.",
            ),
            (
                "nginx",
                "Build `ssl_certificate` anew from the CA's original files; do not edit PEM text \
                    by hand. `nginx -t` does not check the signatures.",
            ),
            (
                "Apache",
                "Replace `SSLCertificateFile` with the reissued chain, then `apachectl \
                    configtest` and reload.",
            ),
            (
                "Postfix",
                "Replace the files of `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Replace the file of `ssl_server_cert_file` (2.3: `ssl_cert`), then `doveadm \
                    reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -purpose sslserver \
            -x509_strict -verify_return_error",
    },
    ja: Text {
        title: "証明書または証明書チェーンが規則に違反しています",
        meaning: "信頼、名前、日付とは別の理由で、この証明書チェーンは受け入れられません。理由は根\
            拠の欄に出ます。署名が一致しない、SHA-1 や MD5 で署名されている、発行者が CA になって\
            いない、パス長制限や名前制約に反している、鍵用途（KU）や拡張鍵用途（EKU）がサーバー認\
            証を許していない、未知のクリティカル拡張がある、どのクライアントも使えない鍵である\
            （`unsupported_key`：1024 ビット未満や偶数の法・指数の RSA、DSA、P-192 など）、X.509 \
            バージョン 1 である、解析できない、などです。パブリック認証局がこのような証明書を発行することはまれで、多くはプライ\
            ベート認証局のプロファイルの誤り、自作スクリプト、ファイルの取り違えが原因です。検証\
            が緩いクライアントもあるため、環境によって接続できることもあります。",
        check_first: &[
            "署名の不一致や解析不能がこちらの回線でだけ起きる場合は、途中の機器が通信を書き換えて\
                います。別の回線と比べます。",
            "サーバー証明書と中間証明書の組み合わせを確認します。同じ名前で鍵が異なる中間認証局が\
                複数あることがあります。",
            "`serverAuth` がない場合は、クライアント証明書やメール用の証明書を誤って設定していない\
                か確認します。",
        ],
        fixes: &[
            (
                "認証局、発行プロファイル",
                "バージョン 3、SHA-256、SAN あり、`CA:FALSE`、拡張鍵用途 `serverAuth` で再発行しま\
                    す。中間認証局には `CA:TRUE`、適切なパス長、`keyCertSign` と、対象の名前を含\
                    む名前制約を設定します。",
            ),
            (
                "nginx",
                "認証局から受け取った元のファイルで `ssl_certificate` を作り直します。PEM を手作業\
                    で編集しないでください。`nginx -t` は署名を検証しません。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` を再発行した証明書チェーンに差し替え、`apachectl \
                    configtest` の後にリロードします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` のファイルを差し替え、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルを差し替え、`doveadm \
                    reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -purpose sslserver \
            -x509_strict -verify_return_error",
    },
};
