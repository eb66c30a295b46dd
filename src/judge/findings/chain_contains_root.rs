//! The root was sent along; clients use their own.

use super::*;

/// The definition of `chain_contains_root`.
pub(super) const FINDING: Definition = Definition {
    id: "chain_contains_root",
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
    listed(case, &FINDING, |order| &order.roots)
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
