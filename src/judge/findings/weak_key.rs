//! The leaf or an intermediate has an RSA key that some clients no longer accept.

use super::{Definition, Doc, Needs, Text, about_certificates};
use crate::judge::case::Case;
use crate::judge::{Position, keys};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `weak_key`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakKey,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("certificate", "leaf or intermediate"),
        ("subject", "who it says it is"),
        ("key", "the kind of key"),
        ("bits", "its size, where it can be told"),
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
        meaning: "An RSA key in this chain has 1024 to 2047 bits, less than today's minimum of \
            2048. (Below 1024 bits no client accepts it: see `invalid_certificate`, \
            `unsupported_key`.) Such keys come within reach of attackers with money; public CAs \
            have not issued them since 2014, so such a key is mostly found in old appliances and \
            private CAs. Whether a client refuses depends on its own floor, so the service may \
            work in a browser and fail on a phone or a freshly updated Linux server.",
        check_first: &[
            "See whose key it is: for a key of the CA, reissuing the server's certificate from \
                the same CA does not help.",
            "The OpenSSL security level differs between distributions (Debian and Ubuntu use 2); \
                lowering it on the client is no remedy.",
        ],
        fixes: &[
            (
                "CA",
                "Make a new key (`openssl genpkey -algorithm EC -pkeyopt \
                    ec_paramgen_curve:P-256`, or RSA 2048 or larger) and have a certificate \
                    issued for it. Renewing with the old key changes nothing.",
            ),
            (
                "nginx",
                "Set the new files in `ssl_certificate` and `ssl_certificate_key`, then reload.",
            ),
            (
                "Apache",
                "Set the new files in `SSLCertificateFile` and `SSLCertificateKeyFile`, then \
                    reload.",
            ),
            (
                "Postfix",
                "Set the new files in `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Set the new files in `ssl_server_cert_file` and `ssl_server_key_file` (2.3: \
                    `ssl_cert`, `ssl_key`), then `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "鍵の強度が不足しています",
        meaning: "証明書チェーンに、現在の最低基準である 2048 ビットに満たない RSA 鍵（1024 ～ \
            2047 ビット）があります（1024 ビット未満はどのクライアントも受け付けないため、\
            `invalid_certificate` の `unsupported_key` になります）。短い RSA 鍵は、資金力のある攻撃者なら解読できる範囲に入りつつありま\
            す。パブリック認証局は 2014 年以降発行していないため、古い機器やプライベート認証局で\
            見つかるのがほとんどです。拒否するかどうかはクライアントの基準によって異なり、ブラウ\
            ザーでは接続できるのに、スマートフォンや更新直後の Linux サーバーでは失敗することがあ\
            ります。",
        check_first: &[
            "どの証明書の鍵かを確認します。認証局の鍵が弱い場合、同じ認証局からサーバー証明書を再\
                発行しても解決しません。",
            "OpenSSL のセキュリティレベルはディストリビューションによって異なります（Debian と \
                Ubuntu は 2）。クライアント側でレベルを下げるのは解決策ではありません。",
        ],
        fixes: &[
            (
                "認証局",
                "新しい鍵（`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`、また\
                    は RSA 2048 ビット以上）を作成して証明書を取得します。古い鍵のまま更新しても\
                    変わりません。",
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
