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
        ("certificate", "leaf, intermediate or root"),
        ("subject", "who it says it is"),
        ("key", "the kind of key"),
        ("why", "what is unusual about it"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    // A root's key signs what is below it: a client that cannot use it cannot follow the path.
    about_certificates(case, &FINDING, |position, contents| {
        let why = keys::unusual(&contents.key, position)?;
        let key = contents.key.name.as_str();
        Some([("key", key.into()), ("why", why.into())])
    })
}

const DOC: Doc = Doc {
    en: Text {
        title: "Only some clients accept the key",
        meaning: "A key in this chain is sound, but not of a kind that every client accepts. \
            Browsers take RSA, P-256 and P-384; older versions of Chrome refuse P-521 in a \
            server's own certificate. OpenSSL, and curl with it, also takes Ed25519, Ed448 and RSA \
            keys that are restricted to PSS (id-RSASSA-PSS). Brainpool, secp256k1 and P-224 work \
            only where a client was configured for them, and ML-DSA only in the newest \
            libraries. The service may work in one client and fail in the next.",
        check_first: &[
            "See whose key it is: for a key of the CA, a new key for the server does not help.",
            "If only your own software connects, the key may be on purpose; then nothing needs \
                to change.",
        ],
        fixes: &[
            (
                "CA",
                "Make a P-256 or RSA 2048 key (`openssl genpkey -algorithm EC -pkeyopt \
                    ec_paramgen_curve:P-256`) and have a certificate issued for it. A server may \
                    offer it beside the unusual one.",
            ),
            (
                "nginx",
                "Set the new files in `ssl_certificate` and `ssl_certificate_key`, then reload. \
                    Both may be given twice, for keys of two kinds.",
            ),
            (
                "Apache",
                "Set the new files in `SSLCertificateFile` and `SSLCertificateKeyFile`, then \
                    reload.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -text",
    },
    ja: Text {
        title: "一部のクライアントしか受け付けない鍵です",
        meaning: "証明書チェーンの鍵に問題はありませんが、すべてのクライアントが受け付ける種類では\
            ありません。ブラウザーが受け付けるのは RSA、P-256、P-384 です（P-521 のサーバー証明書\
            は、以前の Chrome では拒否されます）。OpenSSL とそれを使う curl は、Ed25519、Ed448、\
            PSS 専用の RSA 鍵（id-RSASSA-PSS）も受け付けます。Brainpool、secp256k1、P-224 は、その\
            ように設定したクライアントでだけ、ML-DSA は最新のライブラリでだけ使えます。クライアン\
            トによって、接続できたりできなかったりします。",
        check_first: &[
            "どの証明書の鍵かを確認します。認証局の鍵の場合、サーバーの鍵を替えても解決しません。",
            "自社のソフトウェアだけが接続する場合は、意図した設定かもしれません。その場合、変更は\
                不要です。",
        ],
        fixes: &[
            (
                "認証局",
                "P-256 か RSA 2048 ビットの鍵を作成し（`openssl genpkey -algorithm EC -pkeyopt \
                    ec_paramgen_curve:P-256`）、証明書を取得します。元の鍵と併用することもできま\
                    す。",
            ),
            (
                "nginx",
                "`ssl_certificate` と `ssl_certificate_key` に新しいファイルを指定し、リロードしま\
                    す。種類の異なる鍵を 2 組指定できます。",
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
