//! The server asks for a client certificate.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `client_certificate_requested`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ClientCertificateRequested,
    verdict: None,
    severity: Severity::Info,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let asked = case
        .session()
        .filter(|session| session.client_cert_requested == Some(true));
    asked
        .map(|_| FINDING.found(Vec::new()))
        .into_iter()
        .collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server asks for a client certificate",
        meaning: "During the handshake the server asked for a client certificate, and the scanner \
            did not send one. This is not a fault. It is how mutual TLS works for interfaces \
            between companies, management pages and service meshes. It can still affect users: a \
            browser may ask them to choose a certificate. A server that requires a client \
            certificate closes the connection or returns an error page when it gets none. The \
            results for the server certificate remain valid.",
        check_first: &[
            "If ordinary visitors are asked to choose a certificate, the setting applies to more \
                of the site than intended.",
            "In TLS 1.3 the server rejects a client only after the handshake. A successful \
                handshake therefore does not prove that access is allowed.",
        ],
        fixes: &[
            (
                "nginx",
                "If the request is not intended, remove `ssl_verify_client`. Names that share an \
                    address are distinguished only by SNI, so check the default server too.",
            ),
            (
                "Apache",
                "If the request is not intended, set `SSLVerifyClient none` in the virtual host. \
                    A request limited to a `<Location>` does not work with HTTP/2.",
            ),
            (
                "Postfix",
                "Keep `smtpd_tls_ask_ccert = no` (the default) unless you use client certificates \
                    to authorize relaying.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_request_client_cert = no` (2.3: `ssl_verify_client_cert = no`).",
            ),
            (
                "IIS",
                "In the site's \"SSL Settings\", set client certificates to \"Ignore\".",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "サーバーがクライアント証明書を要求しています",
        meaning: "ハンドシェイク中に、サーバーがクライアント証明書の提示を求めました。スキャナーは\
            提示していません。これは異常ではありません。企業間 API、管理画面、サービスメッシュなど\
            で使われる相互 TLS（mTLS）の動作です。ただし、ブラウザーに証明書の選択画面が表示される\
            ことがあります。クライアント証明書を必須にしているサーバーは、提示がなければ接続を切断\
            するか、エラーページを返します。サーバー証明書についての結果は有効です。",
        check_first: &[
            "一般の利用者に証明書の選択画面が表示される場合は、設定の適用範囲が意図より広くなって\
                います。",
            "TLS 1.3 では、ハンドシェイクの完了後に拒否されます。ハンドシェイクに成功しても、アク\
                セスが許可されたとは限りません。",
        ],
        fixes: &[
            (
                "nginx",
                "意図した設定でなければ、`ssl_verify_client` を削除します。同じアドレスを共有する\
                    名前は SNI だけで区別されるため、デフォルトサーバーの設定も確認します。",
            ),
            (
                "Apache",
                "意図した設定でなければ、バーチャルホストで `SSLVerifyClient none` を設定します。\
                    `<Location>` だけで要求する設定は、HTTP/2 では使えません。",
            ),
            (
                "Postfix",
                "クライアント証明書でリレーを許可している場合を除き、`smtpd_tls_ask_ccert = no`\
                    （既定値）のままにします。",
            ),
            (
                "Dovecot",
                "`ssl_server_request_client_cert = no`（2.3 では `ssl_verify_client_cert = no`）を\
                    設定します。",
            ),
            (
                "IIS",
                "サイトの「SSL 設定」で、クライアント証明書を「無視」に設定します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
