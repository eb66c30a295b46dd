//! A certificate below the root is signed with a broken hash.

use super::{Definition, Doc, Needs, Text, about_certificates};
use crate::judge::case::Case;
use crate::judge::weak;
use crate::verdict::{Finding, FindingId, Position, Severity, Side};

/// The definition of `weak_signature`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakSignature,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "certificate",
            "role of the certificate: leaf or intermediate",
        ),
        ("subject", "subject of the certificate"),
        ("signature", "signature algorithm"),
        ("hash", "hash of the signature: MD2, MD4, MD5 or SHA-1"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    about_certificates(case, &FINDING, |position, contents| {
        // No client relies on the self-signature of a root.
        let below = position != Position::Root;
        let hash = weak::signature(&contents.signature).filter(|_| below)?;
        let signature = contents.signature.name.as_str();
        Some([("signature", signature.into()), ("hash", hash.into())])
    })
}

const DOC: Doc = Doc {
    en: Text {
        title: "The signature algorithm is too weak",
        meaning: "A certificate in this chain is signed with SHA-1, MD5 or an even older \
            algorithm. Attackers have forged certificates with MD5 in practice, and SHA-1 was \
            broken in 2017. Such a signature no longer proves that the CA signed exactly this \
            content. Public CAs stopped using SHA-1 at the end of 2015, so the remaining \
            certificates come from old private CAs and appliances. The signature of a root on \
            itself does not matter, because clients trust a root that is in their store.",
        check_first: &[
            "Find out which certificate it is. If it is an intermediate, the CA often has a newer \
                one with the same key and SHA-256.",
            "If the issuer is a proxy or security product on the scanning side, its signature \
                settings are outdated.",
        ],
        fixes: &[
            (
                "Public CA",
                "Reissue the certificate. Every public CA signs with SHA-256 or better.",
            ),
            (
                "Private CA",
                "Set the default digest to SHA-256 (OpenSSL: `default_md = sha256`; AD CS: \
                    `certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256`, then restart the \
                    service). Then renew the issuing CA and reissue the certificates.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` at the reissued chain, then reload.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` at the reissued chain, then reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` at the key and the reissued chain, then run \
                    `postfix reload`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` (2.3: `ssl_cert`) at the reissued chain, then run \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "署名アルゴリズムの強度が不足しています",
        meaning: "証明書チェーンに、SHA-1 や MD5、さらに古いアルゴリズムで署名された証明書がありま\
            す。MD5 では実際に証明書が偽造され、SHA-1 も 2017 年に破られました。そのため、認証局が\
            その内容に署名したことの証明になりません。パブリック認証局は 2015 年末に SHA-1 の使用\
            をやめており、残っているのは古いプライベート認証局やアプライアンスの証明書です。ルート\
            証明書の自己署名は対象外です。クライアントは、トラストストアに登録されていることを理由\
            にルート証明書を信頼するためです。",
        check_first: &[
            "どの証明書かを確認します。中間証明書の場合、認証局が、同じ鍵で SHA-256 を使った新しい\
                証明書を用意していることがよくあります。",
            "発行者がスキャン元のプロキシやセキュリティ製品の場合は、その製品の署名設定が古くなっ\
                ています。",
        ],
        fixes: &[
            (
                "パブリック認証局",
                "証明書を再発行します。現在のパブリック認証局は、すべて SHA-256 以上で署名します。",
            ),
            (
                "プライベート認証局",
                "既定のダイジェストを SHA-256 に変更します（OpenSSL では `default_md = sha256`、\
                    AD CS では `certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256` の後にサービス\
                    を再起動）。その後、発行元の認証局の証明書を更新し、証明書を再発行します。",
            ),
            (
                "nginx",
                "再発行した証明書チェーンを `ssl_certificate` に指定し、リロードします。",
            ),
            (
                "Apache",
                "再発行した証明書チェーンを `SSLCertificateFile` に指定し、リロードします。",
            ),
            (
                "Postfix",
                "秘密鍵と再発行した証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix \
                    reload` を実行します。",
            ),
            (
                "Dovecot",
                "再発行した証明書チェーンを `ssl_server_cert_file`（2.3 では `ssl_cert`）に指定\
                    し、`doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
};
