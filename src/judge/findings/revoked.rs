//! A source with the authority to say so reports that a certificate on the path is revoked.

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
        (
            "certificate",
            "role of the certificate: leaf or intermediate",
        ),
        ("subject", "subject of the certificate"),
        ("serial", "serial number of the certificate, hexadecimal"),
        (
            "source",
            "first source that reports the revocation: staple, crl or crlite",
        ),
        (
            "revoked_at",
            "time of the revocation; absent if the source does not give it",
        ),
        (
            "reason",
            "reason for the revocation: key_compromise, superseded, ...; absent if the source \
                does not give it",
        ),
        (
            "this_update",
            "date of the source; for a crlite filter, the time of the newest certificate that it \
                covers",
        ),
        (
            "contradicted_by",
            "sources that report the certificate as good; absent if there are none",
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
            ("certificate", position.into()),
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

/// Returns the serial number in the format of the record's `leaf`.
fn serial(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate has been revoked",
        meaning: "The CA has revoked this certificate, or one above it, before its expiry date. \
            Common reasons are a leaked private key, a domain that changed owner, a certificate \
            that the CA issued incorrectly, and a replaced certificate that is still in use. \
            Clients handle revocation differently. Some refuse the connection at once, some check \
            only a list that their vendor selected, and some never check. The service therefore \
            works for many users and fails for others, and must not rely on this certificate.",
        check_first: &[
            "Compare the serial number with the CA's console or e-mail. CAs announce mass \
                revocations together with a replacement deadline.",
            "Find out which certificate is revoked. If it is an intermediate, the CA has a newer \
                one, and the leaf may not be affected.",
            "If the reason is certificate_hold, the CA can lift the revocation. Ask the CA first.",
            "If you used `--at` or an old CRL, check the date of the source. Current revocation \
                data is more reliable.",
        ],
        fixes: &[
            (
                "Any server",
                "Find out why the certificate was revoked. Create a new key, get a new \
                    certificate for it, deploy both and reload. Do not use the old key again.",
            ),
            (
                "ACME client",
                "Force a renewal with a new key (certbot: `certbot renew --force-renewal \
                    --cert-name NAME --new-key`).",
            ),
            (
                "nginx",
                "Point `ssl_certificate` and `ssl_certificate_key` at the new chain and key, then \
                    reload. The reload also discards the stapled OCSP response for the old \
                    certificate.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` and `SSLCertificateKeyFile` at the new chain and key, \
                    then reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` at the new key and chain, then run `postfix \
                    reload`.",
            ),
            (
                "Private CA",
                "If the certificate was revoked by mistake, issue a new one. A revocation cannot \
                    be undone unless its reason is certificate_hold.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
    ja: Text {
        title: "証明書が失効しています",
        meaning: "認証局が、この証明書またはその上位の証明書を、有効期限の前に失効させました。主な\
            理由は、秘密鍵の漏えい、ドメイン名の所有者の変更、認証局による誤発行です。更新済みの古\
            い証明書を使い続けている場合もあります。失効の扱いはクライアントによって異なります。す\
            ぐに接続を拒否するもの、ベンダーが選んだ一覧だけを確認するもの、まったく確認しないもの\
            があります。そのため、多くの利用者は接続できても、一部の利用者は接続できません。この証\
            明書を使い続けないでください。",
        check_first: &[
            "シリアル番号を、認証局の管理画面やメールと照合します。大量失効の場合は、差し替えの期\
                限とともに告知されています。",
            "失効した証明書を確認します。中間証明書の場合は、認証局が新しいものを用意しています。\
                サーバー証明書には影響がないこともあります。",
            "理由が certificate_hold（一時停止）の場合は、認証局が失効を解除することがあります。先\
                に認証局に確認します。",
            "`--at` や古い CRL を使った場合は、失効情報の日付を確認します。最新の失効情報のほうが\
                確実です。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "失効の理由を確認します。新しい鍵を作成し、その鍵の証明書を取得してサーバーに設定\
                    し、リロードします。古い鍵は再利用しないでください。",
            ),
            (
                "ACME クライアント",
                "新しい鍵で強制的に更新します（certbot は `certbot renew --force-renewal \
                    --cert-name NAME --new-key`）。",
            ),
            (
                "nginx",
                "新しい証明書チェーンと秘密鍵を `ssl_certificate` と `ssl_certificate_key` に指定\
                    し、リロードします。古い証明書の OCSP 応答も、リロードによって破棄されます。",
            ),
            (
                "Apache",
                "新しい証明書チェーンと秘密鍵を `SSLCertificateFile` と `SSLCertificateKeyFile` に\
                    指定し、リロードします。",
            ),
            (
                "Postfix",
                "新しい秘密鍵と証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix \
                    reload` を実行します。",
            ),
            (
                "プライベート認証局",
                "誤って失効させた場合は、新しい証明書を発行します。理由が certificate_hold の場合\
                    を除き、失効は取り消せません。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
};
