//! The root was sent along; clients use their own.

use super::{Definition, Doc, Needs, Text, listed};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `chain_contains_root`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ChainContainsRoot,
    verdict: None,
    severity: Severity::Info,
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
    listed(case, &FINDING, |order| &order.roots)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The root is sent along",
        meaning: "The server sends the root certificate together with its chain. That is harmless \
            and allowed: a client trusts a root because it is in its store, never because the \
            server sent it. It only makes each handshake about a kilobyte longer. Nothing has to \
            be done; drop it at the next renewal.",
        check_first: &[
            "Make sure that the certificate is really the root and not an intermediate: subject \
                and issuer are the same.",
        ],
        fixes: &[
            (
                "nginx",
                "Leave the last block out of the file of `ssl_certificate`.",
            ),
            (
                "Apache",
                "Leave it out of `SSLCertificateFile` (or `SSLCertificateChainFile`).",
            ),
            (
                "Postfix",
                "Leave it out of the files of `smtpd_tls_chain_files`, unless DANE records (TLSA \
                    usage 2) refer to this root: then it must be sent.",
            ),
            (
                "Dovecot",
                "Leave it out of the file of `ssl_server_cert_file` (2.3: `ssl_cert`).",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "ルート証明書も送信されています",
        meaning: "サーバーが証明書チェーンと一緒にルート証明書も送っています。仕様上認められてお\
            り、害はありません。クライアントがルートを信頼するのは自分のストアに登録されているか\
            らで、サーバーから送られたからではありません。ハンドシェイクが 1 KB ほど長くなるだけ\
            なので、急いで対応する必要はなく、次の更新時に外せば十分です。",
        check_first: &[
            "中間証明書ではなく本当にルート証明書か確認します。ルート証明書はサブジェクトと発行者\
                が同じです。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` のファイルから末尾のルート証明書を外します。",
            ),
            (
                "Apache",
                "`SSLCertificateFile`（または `SSLCertificateChainFile`）から外します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` のファイルから外します。ただし、DANE の TLSA レコード\
                    （usage 2）がこのルートを参照している場合は、送信が必要です。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルから外します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
