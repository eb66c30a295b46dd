//! The answer to the ClientHello is not TLS.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::{Reason, Stage};
use crate::starttls;
use crate::verdict::{Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `not_tls`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::NotTls,
    verdict: Some(VerdictKind::NotTls),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "spoken",
            "protocol of the answer: http, smtp, ssh, ...; empty if unknown",
        ),
        (
            "expects_starttls",
            "true if TLS starts with STARTTLS in this protocol; scan it as smtp://, imap://, ...",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case
        .observation
        .failure()
        .filter(|failure| failure.stage == Stage::Handshake && failure.reason == Reason::NotTls);
    let found = failure.map(|failure| FINDING.found(evidence(&failure.detail)));
    found.into_iter().collect()
}

fn evidence(spoken: &str) -> Vec<(&'static str, Value)> {
    let mut evidence = vec![("spoken", spoken.into())];
    // `smtp or ftp` means that either protocol is possible.
    let named = |name| starttls::Protocol::named(name).is_some();
    if spoken.split(" or ").all(named) {
        evidence.push(("expects_starttls", Value::Flag(true)));
    }
    evidence
}

const DOC: Doc = Doc {
    en: Text {
        title: "The port answers, but not with TLS",
        meaning: "The server accepted the connection and answered the ClientHello with data that \
            is not TLS. Usually the port serves plain HTTP, or it belongs to a mail or SSH server \
            that sends its greeting first. The evidence names the detected protocol. Common \
            causes are a wrong port or mode, and a web server that listens on port 443 without \
            TLS. On an office, hotel or mobile network, a proxy or captive portal may be \
            answering instead of the server.",
        check_first: &[
            "Confirm that the port and the mode match. Port 80 is plain HTTP and port 443 is TLS. \
                Ports 25, 587 and 143 start in plain text; scan them with `smtp://` or `imap://`.",
            "If many unrelated hosts give the same answer, sign in to the captive portal in a \
                browser first, or bypass the proxy.",
            "A plain-text `400 Bad Request` page on port 443 shows that the web server is running \
                and only TLS is not enabled.",
        ],
        fixes: &[
            (
                "nginx",
                "Use `listen 443 ssl;` (not just `listen 443;`) and set `ssl_certificate` and \
                    `ssl_certificate_key` in the same server block.",
            ),
            (
                "Apache",
                "Enable mod_ssl (`a2enmod ssl`) and put `SSLEngine on` into the `<VirtualHost \
                    *:443>`.",
            ),
            (
                "Postfix",
                "On port 465, add `-o smtpd_tls_wrappermode=yes` to the service's entry in \
                    master.cf. Do not add it for ports 25 and 587.",
            ),
            (
                "Dovecot",
                "If you set the port yourself, add `ssl = yes` to the `inet_listener imaps` block.",
            ),
            (
                "HAProxy",
                "Give the listener a certificate: `bind :443 ssl crt /path/site.pem`. In `mode \
                    tcp` without `ssl`, the backend must speak TLS itself.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "ポートから TLS ではない応答が返りました",
        meaning: "サーバーは接続を受け付けましたが、ClientHello に対して TLS ではないデータを返し\
            ました。多くは、平文の HTTP か、先にバナーを送信するメールまたは SSH のサーバーです。\
            推定したプロトコルは、検出結果に表示されます。よくある原因は、ポートや接続方式の誤り\
            と、443 番ポートを TLS なしで待ち受けている Web サーバーの設定です。社内、ホテル、モバ\
            イルなどの回線では、サーバーの代わりにプロキシやキャプティブポータルが応答していること\
            もあります。",
        check_first: &[
            "ポートと接続方式の組み合わせを確認します。80 番は平文の HTTP、443 番は TLS です。25、\
                587、143 番は平文で始まるため、`smtp://` や `imap://` を指定してスキャンします。",
            "関連のない多数のホストが同じ応答を返す場合は、先にブラウザーでキャプティブポータルの\
                認証を済ませるか、プロキシを経由せずに試します。",
            "443 番ポートで平文の `400 Bad Request` が返る場合は、Web サーバーは動作していますが、\
                TLS が有効になっていません。",
        ],
        fixes: &[
            (
                "nginx",
                "`listen 443;` ではなく `listen 443 ssl;` とし、同じ server ブロックに \
                    `ssl_certificate` と `ssl_certificate_key` を設定します。",
            ),
            (
                "Apache",
                "mod_ssl を有効にし（`a2enmod ssl`）、`<VirtualHost *:443>` に `SSLEngine on` を設\
                    定します。",
            ),
            (
                "Postfix",
                "465 番ポートでは、master.cf の該当するサービスに `-o smtpd_tls_wrappermode=yes` \
                    が必要です。25 番と 587 番には設定しないでください。",
            ),
            (
                "Dovecot",
                "ポートを個別に設定している場合は、`inet_listener imaps` ブロックに `ssl = yes` を\
                    設定します。",
            ),
            (
                "HAProxy",
                "`bind :443 ssl crt /path/site.pem` のように証明書を指定します。`ssl` を付けずに \
                    `mode tcp` で中継する場合は、バックエンドが TLS に対応している必要があります。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
