//! The leaf or an intermediate has an RSA key that some clients no longer accept.

use super::{Definition, Doc, Needs, Text, about_certificates};
use crate::judge::case::Case;
use crate::judge::keys;
use crate::verdict::{Finding, FindingId, Position, Severity, Side};

/// The definition of `weak_key`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakKey,
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
        ("key", "key type"),
        ("bits", "key size in bits; absent if unknown"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    about_certificates(case, &FINDING, |position, contents| {
        let key = &contents.key;
        let bits = key.bits.filter(|_| keys::weak(key))?;
        let below = position != Position::Root;
        below.then(|| [("key", key.name.as_str().into()), ("bits", bits.into())])
    })
}

const DOC: Doc = Doc {
    en: Text {
        title: "The key is too weak",
        meaning: "An RSA key in this chain has 1024 to 2047 bits, which is below the current \
            minimum of 2048 bits. (No client accepts fewer than 1024 bits; for such keys see \
            `unsupported_key` in `invalid_certificate`.) Well-funded attackers may soon be able \
            to break such keys. Public CAs have not issued certificates for them since 2014, so \
            they are found mostly in old appliances and private CAs. Each client has its own \
            minimum. The service may therefore work in a browser and fail on a phone or a newly \
            updated Linux server.",
        check_first: &[
            "Find out which certificate has the key. If it is a key of the CA, reissuing the \
                server certificate from the same CA does not help.",
            "The OpenSSL security level differs between distributions (Debian and Ubuntu use 2). \
                Lowering it on the client is not a solution.",
        ],
        fixes: &[
            (
                "CA",
                "Create a new key (`openssl genpkey -algorithm EC -pkeyopt \
                    ec_paramgen_curve:P-256`, or RSA with 2048 bits or more) and get a \
                    certificate for it. Renewing with the old key changes nothing.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` and `ssl_certificate_key` at the new files, then reload.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` and `SSLCertificateKeyFile` at the new files, then \
                    reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` at the new files, then run `postfix reload`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` and `ssl_server_key_file` (2.3: `ssl_cert`, \
                    `ssl_key`) at the new files, then run `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "鍵の強度が不足しています",
        meaning: "証明書チェーンに、1024 ～ 2047 ビットの RSA 鍵があります。これは、現在の最低基準\
            である 2048 ビットを下回っています（1024 ビット未満の鍵はどのクライアントも受け入れな\
            いため、`invalid_certificate` の `unsupported_key` になります）。このような鍵は、資金\
            力のある攻撃者が解読できるようになりつつあります。パブリック認証局は 2014 年からこのよ\
            うな鍵の証明書を発行していないため、多くは古いアプライアンスやプライベート認証局の証明\
            書です。最低基準はクライアントごとに異なります。そのため、ブラウザーでは接続できても、\
            スマートフォンや更新直後の Linux サーバーでは失敗することがあります。",
        check_first: &[
            "どの証明書の鍵かを確認します。認証局の鍵の場合は、同じ認証局からサーバー証明書を再発\
                行しても解決しません。",
            "OpenSSL のセキュリティレベルは、ディストリビューションによって異なります（Debian と \
                Ubuntu は 2）。クライアント側でレベルを下げても、根本的な解決にはなりません。",
        ],
        fixes: &[
            (
                "認証局",
                "新しい鍵（`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`、また\
                    は RSA 2048 ビット以上）を作成し、証明書を取得します。古い鍵のまま更新しても解\
                    決しません。",
            ),
            (
                "nginx",
                "`ssl_certificate` と `ssl_certificate_key` に新しいファイルを指定し、リロードしま\
                    す。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` と `SSLCertificateKeyFile` に新しいファイルを指定し、リロー\
                    ドします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` に新しいファイルを指定し、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file` と `ssl_server_key_file`（2.3 では `ssl_cert` と \
                    `ssl_key`）に新しいファイルを指定し、`doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
};
