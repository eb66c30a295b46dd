//! A certificate below the root is signed over a broken hash.

use super::{Definition, Doc, Needs, Text, about_certificates};
use crate::judge::case::Case;
use crate::judge::{Position, weak};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `weak_signature`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakSignature,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("certificate", "leaf or intermediate"),
        ("subject", "who it says it is"),
        ("signature", "the algorithm"),
        ("hash", "MD2, MD4, MD5 or SHA-1"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    about_certificates(case, &FINDING, |position, contents| {
        // Nobody relies on a root's signature over itself.
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
            algorithm. Certificates with a chosen collision have been forged in practice for \
            MD5, and SHA-1 was broken in 2017, so such a signature no longer proves that the CA \
            signed exactly this text. Public CAs stopped using SHA-1 at the end of 2015; what is \
            left comes from old private CAs and appliances. The signature of a root on itself \
            does not count, because a root is trusted by being in the store.",
        check_first: &[
            "See which certificate it is. If it is an intermediate, the CA often has a newer one \
                with the same key and SHA-256.",
            "If the issuer is a proxy or security product on our own line, its signing settings \
                are what is old.",
        ],
        fixes: &[
            (
                "Public CA",
                "Reissue; any public CA signs with SHA-256 or better.",
            ),
            (
                "Private CA",
                "Set the default digest to SHA-256 (OpenSSL: `default_md = sha256`; AD CS: \
                    `certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256`, then restart the \
                    service), renew the issuing CA and reissue.",
            ),
            (
                "nginx",
                "Put the reissued chain into `ssl_certificate`, then reload.",
            ),
            (
                "Apache",
                "Put the reissued chain into `SSLCertificateFile`, then reload.",
            ),
            (
                "Postfix",
                "Put the reissued chain into `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Put the reissued chain into `ssl_server_cert_file` (2.3: `ssl_cert`), then \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "署名アルゴリズムの強度が不足しています",
        meaning: "証明書チェーンに、SHA-1 や MD5 など古いアルゴリズムで署名された証明書がありま\
            す。MD5 では実際に証明書の偽造が行われ、SHA-1 も 2017 年に衝突が実証されたため、認証\
            局がその内容に署名したという証明になりません。パブリック認証局は 2015 年末で SHA-1 で\
            の発行をやめており、残っているのは古いプライベート認証局や機器の証明書です。なお、\
            ルート証明書自身の署名は対象外です（ルートはストアに登録されていることで信頼されるた\
            め）。",
        check_first: &[
            "どの証明書かを確認します。中間証明書の場合は、同じ鍵で SHA-256 署名の新しいものが用意\
                されていることがよくあります。",
            "発行者が自分の回線上のプロキシやセキュリティ製品であれば、古いのはその製品の署名設定\
                です。",
        ],
        fixes: &[
            (
                "パブリック認証局",
                "再発行します。現在はどの認証局も SHA-256 以上で署名します。",
            ),
            (
                "プライベート認証局",
                "既定のダイジェストを SHA-256 にします（OpenSSL は `default_md = sha256`、AD CS \
                    は `certutil -setreg ca\\csp\\CNGHashAlgorithm SHA256` の後にサービスを再起\
                    動）。中間認証局の証明書を更新し、サーバー証明書を再発行します。",
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
                "再発行した証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix reload` を\
                    実行します。",
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
