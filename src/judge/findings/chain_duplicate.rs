//! A certificate was sent more than once.

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
        ("subjects", "who they are"),
        (
            "positions",
            "the places of the later copies in the list, the leaf being 0",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |order| &order.duplicates)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The same certificate is sent twice",
        meaning: "The server sends one certificate more than once. Clients cope, but every \
            handshake is longer than needed. Mostly the chain was added to a file that already \
            held it, or it is configured in two places at once, for example in Apache's \
            certificate file and its chain file.",
        check_first: &[
            "See which one is double: a doubled server certificate means that `cert.pem` and \
                `fullchain.pem` were joined.",
        ],
        fixes: &[
            (
                "nginx",
                "Keep each certificate once in the file of `ssl_certificate` (`fullchain.pem` \
                    already holds the server certificate), then reload.",
            ),
            (
                "Apache",
                "If `SSLCertificateFile` holds the full chain (2.4.8 or later), delete \
                    `SSLCertificateChainFile`.",
            ),
            (
                "Postfix",
                "Keep each certificate once in the files of `smtpd_tls_chain_files`, then \
                    `postfix reload`.",
            ),
            (
                "Dovecot",
                "Keep each certificate once in the file of `ssl_server_cert_file` (2.3: \
                    `ssl_cert`), then `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "同じ証明書が重複して送信されています",
        meaning: "サーバーが同じ証明書を 2 回以上送っています。クライアントは問題なく処理します\
            が、ハンドシェイクが必要以上に長くなります。すでに中間証明書を含むファイルにさらに連\
            結したか、Apache の証明書ファイルと証明書チェーンファイルのように 2 か所で設定してい\
            ることが主な原因です。",
        check_first: &[
            "どの証明書が重複しているか確認します。サーバー証明書が重複していれば、`cert.pem` と \
                `fullchain.pem` を連結しています。",
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
