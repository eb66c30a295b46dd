//! The server also sends the root certificate. Clients use the copy in their own store.

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
        ("subjects", "subjects of the roots sent"),
        (
            "positions",
            "their positions in the chain as sent; the leaf is 0",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    listed(case, &FINDING, |faults| &faults.roots)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server also sends the root certificate",
        meaning: "The server sends the root certificate together with the rest of the chain. This \
            is allowed and harmless. A client trusts a root because the root is in its trust \
            store, not because the server sends it. The only cost is about one extra kilobyte in \
            each handshake. No immediate action is needed; remove the root at the next renewal.",
        check_first: &[
            "Confirm that the certificate is a root and not an intermediate. A root has the same \
                subject and issuer.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the root, usually the last certificate, from the file that \
                    `ssl_certificate` names.",
            ),
            (
                "Apache",
                "Remove the root from the file that `SSLCertificateFile` (or \
                    `SSLCertificateChainFile`) names.",
            ),
            (
                "Postfix",
                "Remove the root from the files that `smtpd_tls_chain_files` names. Exception: if \
                    DANE records (TLSA usage 2) refer to this root, the server must keep sending \
                    it.",
            ),
            (
                "Dovecot",
                "Remove the root from the file that `ssl_server_cert_file` (2.3: `ssl_cert`) \
                    names.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "ルート証明書も送信されています",
        meaning: "サーバーが証明書チェーンと一緒にルート証明書も送信しています。仕様上認められてお\
            り、害はありません。クライアントがルート証明書を信頼するのは、自身のトラストストアに登\
            録されているからであり、サーバーから送られてきたからではありません。影響は、ハンドシェ\
            イクのたびに約 1 KB 余分に送信することだけです。急いで対応する必要はありません。次の更\
            新時に外してください。",
        check_first: &[
            "中間証明書ではなく、ルート証明書であることを確認します。ルート証明書は、サブジェクト\
                と発行者が同じです。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_certificate` で指定したファイルから、ルート証明書（通常は末尾）を削除しま\
                    す。",
            ),
            (
                "Apache",
                "`SSLCertificateFile`（または `SSLCertificateChainFile`）で指定したファイルから、\
                    ルート証明書を削除します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` で指定したファイルから、ルート証明書を削除します。ただ\
                    し、DANE の TLSA レコード（usage 2）がこのルート証明書を参照している場合は、送\
                    信が必要なため削除しないでください。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）で指定したファイルから、ルート証明書\
                    を削除します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
