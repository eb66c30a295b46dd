//! The server sends a certificate that is on no path from the leaf.

use super::{Definition, Doc, Needs, Text, listed};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `chain_extra_certificate`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ChainExtraCertificate,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("subjects", "subjects of the unnecessary certificates"),
        (
            "positions",
            "their positions in the chain as sent; the leaf is 0",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |faults| &faults.extra)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server sends an unnecessary certificate",
        meaning: "At least one of the certificates sent is on no path from the server certificate \
            to a trusted root. It is usually an intermediate of the previous CA or a certificate \
            for another service. Clients ignore it, so connections succeed, but every handshake \
            grows by one or two kilobytes. It often means that the chain file was assembled by \
            hand, which can easily go wrong at the next renewal. This finding does not report \
            cross-certificates for old devices. Keep those for as long as you support such \
            devices.",
        check_first: &[
            "Before you remove the certificate, confirm that it is not a cross-certificate that \
                older devices need to reach a root they trust.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the certificate from the file that `ssl_certificate` names, or use the \
                    CA's `fullchain.pem` unchanged. Then reload.",
            ),
            (
                "Apache",
                "Remove the certificate from the file that `SSLCertificateFile` names. Also \
                    delete any leftover `SSLCertificateChainFile` line.",
            ),
            (
                "Postfix",
                "Remove the certificate from the files that `smtpd_tls_chain_files` names. Also \
                    check `smtpd_tls_CAfile`: older OpenSSL versions complete the chain from it.",
            ),
            (
                "Dovecot",
                "Remove the certificate from the file that `ssl_server_cert_file` (2.3: \
                    `ssl_cert`) names.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "不要な証明書が送信されています",
        meaning: "送信された証明書の中に、サーバー証明書から信頼されたルート証明書までのどの経路に\
            も使われない証明書があります。多くは、以前の認証局の中間証明書か、別のサービス用の証明\
            書です。クライアントは無視するため接続には影響しませんが、ハンドシェイクのたびに 1 ～ \
            2 KB 余分に送信します。証明書チェーンのファイルを手作業で作成していることが多く、次の\
            更新時に設定を誤るおそれがあります。古い端末向けのクロス証明書は、この検出の対象ではあ\
            りません。その端末に対応する間は残してください。",
        check_first: &[
            "削除する前に、古い端末が信頼するルート証明書に到達するためのクロス証明書ではないこと\
                を確認します。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` で指定したファイルから該当の証明書を削除するか、認証局から取得\
                    した `fullchain.pem` をそのまま使い、リロードします。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` で指定したファイルから該当の証明書を削除します。\
                    `SSLCertificateChainFile` の行が残っていれば、それも削除します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` で指定したファイルから該当の証明書を削除します。古い \
                    OpenSSL は `smtpd_tls_CAfile` の証明書でチェーンを補うため、こちらも確認しま\
                    す。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）で指定したファイルから該当の証明書を\
                    削除します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
