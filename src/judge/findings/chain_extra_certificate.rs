//! A certificate was sent that is on no path from the leaf.

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
        ("subjects", "who they are"),
        ("positions", "their places in the list, the leaf being 0"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |order| &order.extra)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server sends a certificate that is not needed",
        meaning: "Among the certificates sent is one that is on no path from the server's \
            certificate to a trusted root: usually an intermediate of the previous CA, or one \
            meant for another service. Clients skip it, so nothing breaks, but every handshake \
            grows by a kilobyte or two. It often shows that the chain file is pieced together by \
            hand and will go wrong at the next renewal. A cross-certificate for old devices is \
            not meant here; keep it as long as such devices matter.",
        check_first: &[
            "Before removing it, make sure that it is not a cross-certificate that older devices \
                need to reach a root they know.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the block from the file of `ssl_certificate`, or take the CA's \
                    `fullchain.pem` unchanged; then reload.",
            ),
            (
                "Apache",
                "Remove it from `SSLCertificateFile`, and delete a leftover \
                    `SSLCertificateChainFile`.",
            ),
            (
                "Postfix",
                "Remove it from the files of `smtpd_tls_chain_files`, and look at \
                    `smtpd_tls_CAfile`, from which older OpenSSL versions complete the chain.",
            ),
            (
                "Dovecot",
                "Remove it from the file of `ssl_server_cert_file` (2.3: `ssl_cert`).",
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
