//! The server sends a certificate more than once.

use super::{Definition, Doc, Needs, Text, listed};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `chain_duplicate`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ChainDuplicate,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("subjects", "subjects of the duplicate certificates"),
        (
            "positions",
            "positions of the later copies in the chain as sent; the leaf is 0",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |faults| &faults.duplicates)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server sends the same certificate more than once",
        meaning: "The server sends one certificate more than once. Clients ignore the copy, but \
            every handshake is longer than necessary. There are two common causes. Either the \
            chain was appended to a file that already contained it, or the chain is configured in \
            two places, for example in both the certificate file and the chain file of Apache.",
        check_first: &[
            "Find out which certificate is duplicated. If it is the server certificate, \
                `cert.pem` and `fullchain.pem` were probably joined.",
        ],
        fixes: &[
            (
                "nginx",
                "Keep each certificate only once in the file that `ssl_certificate` names, then \
                    reload. `fullchain.pem` already contains the server certificate.",
            ),
            (
                "Apache",
                "If `SSLCertificateFile` contains the full chain (2.4.8 or later), delete the \
                    `SSLCertificateChainFile` line.",
            ),
            (
                "Postfix",
                "Keep each certificate only once in the files that `smtpd_tls_chain_files` names, \
                    then run `postfix reload`.",
            ),
            (
                "Dovecot",
                "Keep each certificate only once in the file that `ssl_server_cert_file` (2.3: \
                    `ssl_cert`) names, then run `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "同じ証明書が重複して送信されています",
        meaning: "サーバーが同じ証明書を 2 回以上送信しています。クライアントは重複を無視します\
            が、ハンドシェイクのデータ量が必要以上に増えます。主な原因は 2 つあります。証明書\
            チェーンを含むファイルに同じチェーンをさらに連結したか、Apache の証明書ファイルと証明\
            書チェーンファイルのように 2 か所で設定しています。",
        check_first: &[
            "重複している証明書を確認します。サーバー証明書が重複している場合は、`cert.pem` と \
                `fullchain.pem` を連結した可能性があります。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` のファイルに各証明書が 1 回だけ含まれるようにし\
                    （`fullchain.pem` にはサーバー証明書も含まれます）、リロードします。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` が証明書チェーン全体を含む場合（2.4.8 以降）\
                    は、`SSLCertificateChainFile` の行を削除します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` のファイルに各証明書が 1 回だけ含まれるように\
                    し、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルに各証明書が 1 回だけ含ま\
                    れるようにし、`doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
