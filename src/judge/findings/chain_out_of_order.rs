//! A certificate stands before one that it certifies.

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
        ("subjects", "those out of place"),
        ("positions", "their places in the list, the leaf being 0"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |order| &order.misplaced)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The chain is sent in the wrong order",
        meaning: "The certificates sent do not follow each other: after the server's own, each \
            should certify the one before it. TLS 1.2 demands that order; TLS 1.3 asks clients \
            to put up with another one, and today's browsers and libraries sort the certificates \
            themselves. Older and smaller TLS stacks, such as those in devices, do not, and \
            report an untrusted certificate. The usual cause is a file put together by hand from \
            the CA's attachments.",
        check_first: &[
            "Make sure that nothing else is wrong: an out-of-order chain is often also incomplete \
                or carries leftovers of the last renewal.",
        ],
        fixes: &[
            (
                "nginx",
                "Order in the file of `ssl_certificate`: server certificate, the intermediate \
                    that issued it, the next one; no root. The server certificate has to be \
                    first, or nginx refuses to start with `key values mismatch`.",
            ),
            (
                "Apache",
                "The same order in `SSLCertificateFile` (2.4.8 or later) or in \
                    `SSLCertificateChainFile`.",
            ),
            (
                "Postfix",
                "In `smtpd_tls_chain_files`: private key, server certificate, intermediates from \
                    bottom to top.",
            ),
            (
                "Dovecot",
                "The same order in the file of `ssl_server_cert_file` (2.3: `ssl_cert`).",
            ),
            (
                "certbot",
                "Take `fullchain.pem` as it is; it is already in order.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "証明書チェーンの順序が正しくありません",
        meaning: "送られてきた証明書の並びが正しくありません。サーバー証明書の後に、1 つ前の証明書\
            を発行した認証局の証明書が順に並ぶ必要があります。TLS 1.2 ではこの順序が必須で、TLS \
            1.3 ではクライアントに順序の違いの許容が求められています。現在のブラウザーやライブラ\
            リは自動で並べ替えますが、組み込み機器などの古い実装や小規模な実装では、信頼できない\
            証明書として拒否されることがあります。多くは、認証局から届いたファイルを手作業で連結\
            したことが原因です。",
        check_first: &[
            "ほかの問題がないか確認します。順序が違う証明書チェーンは、中間証明書の不足や、前回の\
                更新の残りを伴うことがよくあります。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` のファイルを、サーバー証明書、それを発行した中間証明書、さらに\
                    上位の中間証明書の順にします。ルート証明書は不要です。先頭がサーバー証明書で\
                    ないと、`key values mismatch` で起動しません。",
            ),
            (
                "Apache",
                "`SSLCertificateFile`（2.4.8 以降）または `SSLCertificateChainFile` を同じ順序にし\
                    ます。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` は、秘密鍵、サーバー証明書、下位から上位への中間証明書の\
                    順にします。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルを同じ順序にします。",
            ),
            (
                "certbot",
                "`fullchain.pem` をそのまま使います。正しい順序になっています。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
