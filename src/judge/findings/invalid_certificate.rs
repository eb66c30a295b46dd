//! The path is invalid for a reason other than trust, name or date.

use super::{Definition, Doc, Needs, Text, missing_intermediate};
use crate::judge::case::{Case, ChainCase};
use crate::judge::defects::Defect;
use crate::judge::evaluated_path::Ending;
use crate::verdict::{Barrier, Finding, FindingId, Position, Severity, Side, Value, VerdictKind};

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
            "role of the certificate at fault: leaf, intermediate or root; absent if the fault is \
                not in one certificate",
        ),
        ("subject", "subject of that certificate"),
        ("fingerprint", "SHA-256 of that certificate"),
        ("detail", "details of the fault"),
        ("field", "with unparseable, the field that cannot be read"),
        (
            "ca_issuers",
            "with bad_signature, the AIA URLs of the issuer in that certificate",
        ),
        (
            "aia_error",
            "with --aia, why each of these URLs did not help",
        ),
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
        .map(|defect| defect_finding(chain, defect))
        .collect();
    match (best.ending, &chain.leaf.contents) {
        (Ending::BadSignature, _) => found.push(badly_signed(case, chain)),
        (_, Err(unparseable)) => found.push(FINDING.found(vec![
            ("reason", Barrier::Unparseable.into()),
            ("certificate", Position::Leaf.into()),
            ("fingerprint", chain.leaf.sha256.into()),
            ("field", unparseable.field().into()),
        ])),
        _ => {}
    }
    let known = best.defects.iter().any(|it| it.reason == Barrier::KeyUsage);
    found.extend(
        chain
            .misused
            .iter()
            .filter(|_| !known)
            .map(|defect| defect_finding(chain, defect)),
    );
    found
}

fn badly_signed(case: &Case<'_>, chain: &ChainCase<'_>) -> Finding {
    let last = chain.choice.best.steps.len().checked_sub(1);
    let detail = "the issuer of that name did not make this signature";
    let mut finding = defect_finding(chain, &Defect::new(Barrier::BadSignature, last, detail));
    let contents = chain.path().last().map(|(_, _, contents)| contents);
    if let Some(contents) = contents.filter(|it| !it.ca_issuers.is_empty()) {
        let evidence = &mut finding.evidence;
        evidence.push(missing_intermediate::ca_issuers(contents));
        evidence.extend(missing_intermediate::aia_error(case, contents));
    }
    finding
}

fn defect_finding(chain: &ChainCase<'_>, defect: &Defect) -> Finding {
    let mut evidence: Vec<(&'static str, Value)> = vec![("reason", defect.reason.into())];
    let best = &chain.choice.best;
    let blamed = defect.at.and_then(|at| {
        let step = best
            .steps
            .get(at)
            .map(|step| (best.position(at), &step.certificate));
        step.or_else(|| Some((Position::Root, best.root()?)))
    });
    if let Some((position, certificate)) = blamed {
        evidence.push(("certificate", position.into()));
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
        title: "The certificate or its chain violates the rules",
        meaning: "The chain is not acceptable for a reason other than trust, name or date. The \
            evidence gives the reason. A signature may not match, or may use SHA-1 or MD5. An \
            issuer may not be marked as a CA, or may violate its path length or name constraints. \
            The key usage or extended key usage may not allow TLS servers. A critical extension \
            may be unknown. The key may be one that no client can use (`unsupported_key`: RSA \
            below 1024 bits, RSA with an even modulus or with an exponent that is 1 or even, DSA, \
            or P-192 and other curves that clients no longer support). The certificate may be \
            X.509 version 1 or impossible to parse. Public CAs hardly ever issue such \
            certificates. The usual source is a private CA with a wrong profile, a home-made \
            script, or files that were mixed up. Some clients check less strictly, so connections \
            may succeed in one place and fail in another.",
        check_first: &[
            "If a bad signature or an unreadable certificate appears only on your own network, a \
                device on the path is modifying the connection. Compare with another network.",
            "Confirm that the leaf and the intermediate belong together. The CA may have two \
                intermediates with the same name and different keys.",
            "If `serverAuth` is missing, confirm that a client or mail certificate was not \
                installed on the server by mistake.",
        ],
        fixes: &[
            (
                "CA, certificate profile",
                "Reissue the certificate as version 3 with SHA-256, a SAN, `CA:FALSE` and the \
                    extended key usage `serverAuth`. Give issuing CAs `CA:TRUE`, a suitable path \
                    length, `keyCertSign` and name constraints that cover their names.",
            ),
            (
                "nginx",
                "Rebuild the file that `ssl_certificate` names from the CA's original files. Do \
                    not edit PEM text by hand. `nginx -t` does not check signatures.",
            ),
            (
                "Apache",
                "Put the reissued chain into the file that `SSLCertificateFile` names, then run \
                    `apachectl configtest` and reload.",
            ),
            (
                "Postfix",
                "Replace the files that `smtpd_tls_chain_files` names, then run `postfix reload`.",
            ),
            (
                "Dovecot",
                "Replace the file that `ssl_server_cert_file` (2.3: `ssl_cert`) names, then run \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -purpose sslserver \
            -x509_strict -verify_return_error",
    },
    ja: Text {
        title: "証明書または証明書チェーンが規則に違反しています",
        meaning: "信頼、名前、日付以外の理由で、この証明書チェーンは有効と認められません。理由は検\
            出結果に表示されます。署名については、一致しない場合と、SHA-1 や MD5 を使っている場合\
            があります。発行者については、CA として発行されていない場合と、パス長制限や名前制約に\
            違反している場合があります。そのほか、鍵用途または拡張鍵用途がサーバー認証を許可してい\
            ない、未知のクリティカル拡張がある、どのクライアントも使えない鍵である\
            （`unsupported_key`：1024 ビット未満の RSA、法が偶数の RSA、指数が 1 または偶数の \
            RSA、DSA、P-192 など使われなくなった曲線）、X.509 バージョン 1 である、解析できない、\
            などの場合があります。パブリック認証局がこのような証明書を発行することはほとんどありま\
            せん。多くは、プライベート認証局のプロファイルの誤り、自作スクリプト、ファイルの取り違\
            えが原因です。検証が緩いクライアントもあるため、環境によっては接続できることがありま\
            す。",
        check_first: &[
            "署名の不一致や解析エラーが特定の回線でだけ発生する場合は、経路上の機器が通信を書き換\
                えています。別の回線と比べます。",
            "サーバー証明書と中間証明書の組み合わせが正しいか確認します。認証局には、名前が同じで\
                鍵が異なる中間証明書が複数あることがあります。",
            "`serverAuth` がない場合は、クライアント証明書やメール用の証明書を誤ってサーバーに設定\
                していないか確認します。",
        ],
        fixes: &[
            (
                "認証局、証明書プロファイル",
                "バージョン 3、SHA-256、SAN あり、`CA:FALSE`、拡張鍵用途 `serverAuth` で再発行しま\
                    す。中間認証局の証明書には、`CA:TRUE`、適切なパス長、`keyCertSign`、対象の名前\
                    を含む名前制約を設定します。",
            ),
            (
                "nginx",
                "`ssl_certificate` で指定するファイルを、認証局から受け取った元のファイルから作り\
                    直します。PEM を手作業で編集しないでください。`nginx -t` は署名を検証しませ\
                    ん。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` で指定したファイルを再発行した証明書チェーンに差し替え、\
                    `apachectl configtest` を実行してからリロードします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` で指定したファイルを差し替え、`postfix reload` を実行しま\
                    す。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）で指定したファイルを差し替え、\
                    `doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -purpose sslserver \
            -x509_strict -verify_return_error",
    },
};
