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
        meaning: "During the handshake the server asked the client to identify itself with a \
            certificate of its own. The scan had none to give. This is no fault: it is the way \
            of mutual TLS for interfaces between companies, management pages and service meshes. \
            It matters because browsers may show a window to choose a certificate, and because a \
            server that insists ends the connection or answers with an error page when none \
            comes. What was found out about the server's certificate holds regardless.",
        check_first: &[
            "If ordinary visitors see a window asking for a certificate, the setting reaches \
                further than intended.",
            "With TLS 1.3 the refusal arrives only after the handshake, so a handshake that \
                succeeded does not yet mean access.",
        ],
        fixes: &[
            (
                "nginx",
                "If it is not intended, remove `ssl_verify_client`. Names that share an address \
                    are told apart only by SNI, so look at the default server too.",
            ),
            (
                "Apache",
                "If it is not intended, set `SSLVerifyClient none` in the virtual host; asking \
                    only in a `<Location>` does not work with HTTP/2.",
            ),
            (
                "Postfix",
                "Leave `smtpd_tls_ask_ccert = no` (the default) unless client certificates are \
                    used for relaying.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_request_client_cert = no` (2.3: `ssl_verify_client_cert = no`).",
            ),
            (
                "IIS",
                "Set the site's \"SSL Settings\" to \"Ignore\" client certificates.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "クライアント証明書を要求されました",
        meaning: "ハンドシェイク中に、サーバーがクライアント証明書の提示を求めました。スキャンでは\
            提示していません。これは異常ではなく、企業間 API、管理画面、サービスメッシュなどで使\
            われる相互 TLS（mTLS）の動作です。ただし、ブラウザーで証明書の選択画面が表示されるこ\
            とや、必須にしているサーバーでは切断やエラーページになることがあります。サーバー証明\
            書についての判定には影響しません。",
        check_first: &[
            "一般の利用者に証明書の選択画面が表示される場合は、設定が意図より広い範囲に及んでいま\
                す。",
            "TLS 1.3 では、ハンドシェイクの完了後に拒否されます。ハンドシェイクに成功しても、利用\
                を許可されたとは限りません。",
        ],
        fixes: &[
            (
                "nginx",
                "意図したものでなければ `ssl_verify_client` を削除します。アドレスを共有する名前\
                    は SNI だけで区別されるため、デフォルトサーバーの設定も確認します。",
            ),
            (
                "Apache",
                "意図したものでなければ、バーチャルホストで `SSLVerifyClient none` にしま\
                    す。`<Location>` だけで要求する設定は HTTP/2 では使えません。",
            ),
            (
                "Postfix",
                "クライアント証明書でリレーを許可しているのでなければ、`smtpd_tls_ask_ccert = \
                    no`（既定値）のままにします。",
            ),
            (
                "Dovecot",
                "`ssl_server_request_client_cert = no`（2.3 では `ssl_verify_client_cert = no`）と\
                    します。",
            ),
            (
                "IIS",
                "サイトの「SSL 設定」で、クライアント証明書を「無視」にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
