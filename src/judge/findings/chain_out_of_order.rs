//! The server sends a certificate before one that it certifies.

use super::{Definition, Doc, Needs, Text, listed};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `chain_out_of_order`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ChainOutOfOrder,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "subjects",
            "subjects of the certificates that are out of order",
        ),
        (
            "positions",
            "their positions in the chain as sent; the leaf is 0",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |faults| &faults.misplaced)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate chain is in the wrong order",
        meaning: "The server sends its certificates in the wrong order. The server certificate \
            must come first, and each following certificate must certify the one before it. TLS \
            1.2 requires this order. TLS 1.3 asks clients to accept other orders, and current \
            browsers and libraries sort the certificates themselves. Older and smaller TLS \
            implementations, such as those in embedded devices, do not and report an untrusted \
            certificate. The usual cause is a chain file that was assembled by hand from the \
            files that the CA sent.",
        check_first: &[
            "Check for other chain problems. A chain in the wrong order is often also incomplete, \
                or contains certificates from before the last renewal.",
        ],
        fixes: &[
            (
                "nginx",
                "Put the certificates into the file that `ssl_certificate` names in this order: \
                    server certificate, the intermediate that issued it, then any further \
                    intermediates. Leave out the root. If the server certificate is not first, \
                    nginx refuses to start and reports `key values mismatch`.",
            ),
            (
                "Apache",
                "Use the same order in the file that `SSLCertificateFile` (2.4.8 or later) or \
                    `SSLCertificateChainFile` names.",
            ),
            (
                "Postfix",
                "Use this order in `smtpd_tls_chain_files`: private key, server certificate, then \
                    the intermediates from the lowest to the highest.",
            ),
            (
                "Dovecot",
                "Use the same order in the file that `ssl_server_cert_file` (2.3: `ssl_cert`) \
                    names.",
            ),
            (
                "certbot",
                "Use `fullchain.pem` unchanged. It is already in the correct order.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "証明書チェーンの順序が正しくありません",
        meaning: "サーバーが送信した証明書の順序が正しくありません。先頭はサーバー証明書で、その後\
            に、1 つ前の証明書を発行した認証局の証明書を順に並べる必要があります。TLS 1.2 では、こ\
            の順序が必須です。TLS 1.3 では、クライアントはほかの順序も受け入れることが推奨されてい\
            ます。現在のブラウザーやライブラリは、証明書を自動的に並べ替えます。組み込み機器などで\
            使われる古い実装や小規模な実装は並べ替えないため、「信頼できない証明書」というエラーに\
            なります。多くは、認証局から届いたファイルを手作業で連結したことが原因です。",
        check_first: &[
            "証明書チェーンにほかの問題がないか確認します。順序が誤っているチェーンでは、中間証明\
                書が不足していたり、更新前の証明書が残っていたりすることがよくあります。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` で指定したファイルの証明書を、サーバー証明書、それを発行した中\
                    間証明書、さらに上位の中間証明書の順に並べます。ルート証明書は不要です。先頭が\
                    サーバー証明書でない場合、nginx は `key values mismatch` というエラーで起動し\
                    ません。",
            ),
            (
                "Apache",
                "`SSLCertificateFile`（2.4.8 以降）または `SSLCertificateChainFile` で指定したファ\
                    イルを、同じ順序にします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` を、秘密鍵、サーバー証明書、中間証明書（下位から上位へ）\
                    の順にします。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）で指定したファイルを、同じ順序にしま\
                    す。",
            ),
            (
                "certbot",
                "`fullchain.pem` をそのまま使います。正しい順序で作成されています。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
