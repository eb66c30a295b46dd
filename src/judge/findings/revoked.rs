//! A certificate on the path is revoked, by the word of somebody who may say so.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, RevocationStatus, Severity, Side, VerdictKind};

/// The definition of `revoked`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::Revoked,
    verdict: Some(VerdictKind::Revoked),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Revocation,
    evidence: &[
        ("certificate", "leaf or intermediate"),
        ("subject", "who it says it is"),
        ("serial", "its serial number, hexadecimal"),
        (
            "source",
            "who says so: staple, crl or crlite; the first of them",
        ),
        (
            "revoked_at",
            "since when; absent where the source does not tell",
        ),
        (
            "reason",
            "why: key_compromise, superseded, ...; absent where the source does not tell",
        ),
        (
            "this_update",
            "the source's date; of a filter, the newest certificate that it covers",
        ),
        (
            "contradicted_by",
            "sources that call it good all the same; absent when none does",
        ),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let (Some(chain), Some(revocation)) = (&case.chain, case.revocation) else {
        return Vec::new();
    };
    let found = chain.path().filter_map(|(position, step, contents)| {
        let sha256 = step.certificate.sha256;
        let that_say = |status| {
            let answers = revocation.answers();
            answers.filter(move |(_, it)| it.sha256 == sha256 && it.status == status)
        };
        let (source, answer) = that_say(RevocationStatus::Revoked).next()?;
        let mut evidence = vec![
            ("certificate", position.word().into()),
            ("subject", contents.subject.text.as_str().into()),
            ("serial", serial(&contents.serial).into()),
            ("source", source.into()),
        ];
        evidence.extend(answer.revoked_at.map(|at| ("revoked_at", time(at))));
        evidence.extend(answer.reason.map(|reason| ("reason", reason.into())));
        evidence.extend(answer.this_update.map(|at| ("this_update", time(at))));
        let good = that_say(RevocationStatus::Good).map(|(source, _)| source.to_owned());
        let good: Vec<String> = good.collect();
        if !good.is_empty() {
            evidence.push(("contradicted_by", good.into()));
        }
        evidence.push(("fingerprint", sha256.into()));
        Some(FINDING.found(evidence))
    });
    found.collect()
}

/// As in the record's `leaf`.
fn serial(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate is revoked",
        meaning: "The CA has withdrawn this certificate, or one above it, before its end. Usual \
            reasons are a private key that leaked, a name that changed hands, a certificate that \
            the CA issued wrongly and must take back, or one that was replaced and is still \
            deployed. Clients differ: some refuse at once, some look only at lists that their \
            vendor chose, some never look. So a revoked certificate works for many people and \
            fails for others, and nobody should rely on it.",
        check_first: &[
            "Compare the serial number with the CA's own console or e-mail: mass revocations are \
                announced, with a date until which to replace.",
            "See which certificate it is. If it is an intermediate, the CA has a newer one, and \
                the leaf may be fine.",
            "With a reason of certificate_hold the CA may still take it back; ask there first.",
            "With `--at` or an old list, look at the source's date: a list of today is the better \
                witness.",
        ],
        fixes: &[
            (
                "Any server",
                "Find out why it was revoked. Then make a new key, get a new certificate for it, \
                    deploy it and reload; do not use the old key again.",
            ),
            (
                "ACME client",
                "Force a renewal with a new key (certbot: `certbot renew --force-renewal \
                    --cert-name NAME --new-key`).",
            ),
            (
                "nginx",
                "Put the new chain and key into `ssl_certificate` and `ssl_certificate_key`, then \
                    reload; a stapled answer about the old certificate goes with the reload.",
            ),
            (
                "Apache",
                "Put the new chain and key into `SSLCertificateFile` and `SSLCertificateKeyFile`, \
                    then reload.",
            ),
            (
                "Postfix",
                "Put the new key and chain into `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Private CA",
                "If it was revoked by mistake, issue a new one: except for certificate_hold, a \
                    revocation is not taken back.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
    ja: Text {
        title: "証明書が失効しています",
        meaning: "認証局が、この証明書またはその上位の証明書を、有効期限の前に取り消しました。主な\
            理由は、秘密鍵の漏えい、ドメイン名の所有者の変更、認証局による誤発行、置き換え済みの\
            証明書の使い残しです。確認方法はクライアントによって異なり、すぐに拒否するもの、ベン\
            ダーが選んだ失効情報だけを見るもの、まったく確認しないものがあります。そのため、多く\
            の人には使えても一部の人には使えない状態になり、信頼できる証明書とは言えません。",
        check_first: &[
            "シリアル番号を認証局の管理画面や通知メールと照合します。大量失効の場合は、差し替えの\
                期限とともに告知されています。",
            "どの証明書かを確認します。中間証明書の場合は、認証局が新しいものを用意しており、サー\
                バー証明書には問題がないこともあります。",
            "理由が certificate_hold（一時停止）の場合は解除されることがあるため、先に認証局へ確\
                認します。",
            "`--at` や古い CRL を使った場合は、失効情報の日付を確認します。最新の情報のほうが確\
                実です。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "失効の理由を確認したうえで、新しい鍵を作り、その鍵で証明書を取得して配置し、リ\
                    ロードします。古い鍵は再利用しません。",
            ),
            (
                "ACME クライアント",
                "新しい鍵で強制的に更新します（certbot は `certbot renew --force-renewal \
                    --cert-name NAME --new-key`）。",
            ),
            (
                "nginx",
                "新しい証明書チェーンと鍵を `ssl_certificate` と `ssl_certificate_key` に指定し、\
                    リロードします。古い証明書の OCSP 応答もリロードで破棄されます。",
            ),
            (
                "Apache",
                "新しい証明書チェーンと鍵を `SSLCertificateFile` と `SSLCertificateKeyFile` に指\
                    定し、リロードします。",
            ),
            (
                "Postfix",
                "新しい鍵と証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix reload` を\
                    実行します。",
            ),
            (
                "プライベート認証局",
                "誤って失効させた場合も新しく発行します。certificate_hold を除き、失効は取り消せま\
                    せん。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
};
