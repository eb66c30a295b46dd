//! A key that only some clients accept.

use super::{Definition, Doc, Needs, Text, about_certificates};
use crate::judge::case::Case;
use crate::judge::keys;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `unusual_key`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::UnusualKey,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "certificate",
            "role of the certificate: leaf, intermediate or root",
        ),
        ("subject", "subject of the certificate"),
        ("key", "key type"),
        ("why", "why not every client accepts the key"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    // The key of a root counts too: a client that cannot use it cannot verify what it signed.
    about_certificates(case, &FINDING, |position, contents| {
        let why = keys::unusual(&contents.key, position)?;
        let key = contents.key.name.as_str();
        Some([("key", key.into()), ("why", why.into())])
    })
}

const DOC: Doc = Doc {
    en: Text {
        title: "Only some clients accept the key",
        meaning: "A key in this chain is secure, but not every client accepts its type. Browsers \
            accept RSA, P-256 and P-384 keys. Older versions of Chrome refuse P-521 in a server \
            certificate. OpenSSL, and curl with OpenSSL, also accept Ed25519, Ed448 and RSA keys \
            that are restricted to PSS (id-RSASSA-PSS). Brainpool, secp256k1 and P-224 work only \
            in clients that are configured for them. ML-DSA works only in the newest libraries. \
            The service may therefore work with one client and fail with another. If the server has \
            no key that browsers accept, `refused_by_today` says so.",
        check_first: &[
            "Find out which certificate has the key. If it is the CA's key, a new key for the \
                server does not help.",
            "If only your own software connects, the key may be intentional. In that case no \
                change is needed.",
        ],
        fixes: &[
            (
                "CA",
                "Create a P-256 or RSA 2048 key (`openssl genpkey -algorithm EC -pkeyopt \
                    ec_paramgen_curve:P-256`) and get a certificate for it. A server can use it \
                    in addition to the unusual key.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` and `ssl_certificate_key` at the new files, then reload. \
                    You can set both twice, once for each key type.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` and `SSLCertificateKeyFile` at the new files, then \
                    reload.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "一部のクライアントしか対応していない鍵です",
        meaning: "証明書チェーンの鍵は安全ですが、すべてのクライアントが対応している種類ではありま\
            せん。ブラウザーが対応しているのは、RSA、P-256、P-384 です。以前の Chrome は、P-521 の\
            サーバー証明書を拒否します。OpenSSL と、OpenSSL を使う curl は、Ed25519、Ed448、PSS 専\
            用の RSA 鍵（id-RSASSA-PSS）にも対応しています。Brainpool、secp256k1、P-224 は、使用す\
            るように設定したクライアントでのみ利用できます。ML-DSA は、最新のライブラリでのみ利用\
            できます。そのため、クライアントによって接続できる場合とできない場合があります。ブラウザーが対応する鍵がサー\
            バーにない場合は、`refused_by_today` も表示されます。",
        check_first: &[
            "どの証明書の鍵かを確認します。認証局の鍵の場合は、サーバーの鍵を替えても解決しませ\
                ん。",
            "自社のソフトウェアだけが接続する場合は、意図した設定の可能性があります。その場合、変\
                更は不要です。",
        ],
        fixes: &[
            (
                "認証局",
                "P-256 または RSA 2048 ビットの鍵を作成し（`openssl genpkey -algorithm EC \
                    -pkeyopt ec_paramgen_curve:P-256`）、証明書を取得します。元の鍵と併用すること\
                    もできます。",
            ),
            (
                "nginx",
                "`ssl_certificate` と `ssl_certificate_key` に新しいファイルを指定し、リロードしま\
                    す。種類の異なる鍵ごとに、両方を 2 回指定できます。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` と `SSLCertificateKeyFile` に新しいファイルを指定し、リロー\
                    ドします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
};
