//! A certificate was sent that is on no path from the leaf.

use super::*;

/// The definition of `chain_extra_certificate`.
pub(super) const FINDING: Definition = Definition {
    id: "chain_extra_certificate",
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
    listed(case, &FINDING, |order| &order.extra)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server sends an unnecessary certificate",
        meaning: "One of the certificates sent is on no path from the server certificate to a \
            trusted root. It is usually an intermediate of the previous CA or a certificate for \
            another service. Clients ignore it, so connections succeed, but every handshake grows \
            by one or two kilobytes. It often means that the chain file was assembled by hand, \
            which can easily go wrong at the next renewal. This finding does not report \
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
        meaning: "送られてきた証明書の中に、サーバー証明書から信頼するルートまでのどの経路にも含ま\
            れない証明書があります。多くは以前の認証局の中間証明書や、別のサービス用の証明書で\
            す。クライアントは無視するため接続に影響はありませんが、ハンドシェイクのたびに 1 ～ \
            2 KB 余分に送ることになります。手作業で組み立てたファイルであることが多く、次の更新で\
            誤りにつながりやすい状態です。古い端末向けのクロス証明書は対象ではないので、その端末\
            に対応する間は残してください。",
        check_first: &[
            "削除する前に、古い端末が既知のルートに到達するために必要なクロス証明書でないか確認し\
                ます。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` のファイルから該当の証明書を削除するか、認証局から取得した \
                    `fullchain.pem` をそのまま使い、リロードします。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` から削除し、残っている `SSLCertificateChainFile` の行も削除\
                    します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` のファイルから削除します。古い OpenSSL では \
                    `smtpd_tls_CAfile` の証明書で証明書チェーンが補われることがあるので、こちらも\
                    確認します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルから削除します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
