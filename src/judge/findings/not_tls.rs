//! The bytes that came back to a ClientHello are not TLS.

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
            "what they are instead: http, smtp, ssh, ...; empty when unknown",
        ),
        (
            "expects_starttls",
            "true when that is a service whose TLS begins by STARTTLS: scan it as smtp://, imap://, ...",
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
    // `smtp or ftp` is a guess between two of them.
    let named = |name| starttls::Protocol::named(name).is_some();
    if spoken.split(" or ").all(named) {
        evidence.push(("expects_starttls", Value::Flag(true)));
    }
    evidence
}

const DOC: Doc = Doc {
    en: Text {
        title: "The port answers, but not with TLS",
        meaning: "The server accepted the connection and answered our TLS hello with bytes that \
            are not TLS. Most often the port serves plain HTTP, or a mail or SSH server that \
            speaks first; the finding names what it looked like. The usual reason is a port or \
            mode mixed up, or a web server told to listen on 443 without TLS. From inside an \
            office, hotel or mobile network it can also be a proxy or a captive portal that \
            answers in the server's place.",
        check_first: &[
            "Make sure that port and mode belong together: 80 is plain HTTP and 443 TLS; 25, 587 \
                and 143 start in clear text and need `smtp://` or `imap://` here.",
            "If many unrelated hosts answer alike, open any web page first (captive portal), or \
                bypass the proxy.",
            "A `400 Bad Request` page in clear text on port 443 shows that the web server is \
                there and only the TLS switch is missing.",
        ],
        fixes: &[
            (
                "nginx",
                "Write `listen 443 ssl;` (not just `listen 443;`) and set `ssl_certificate` and \
                    `ssl_certificate_key` in the same server block.",
            ),
            (
                "Apache",
                "Enable mod_ssl (`a2enmod ssl`) and put `SSLEngine on` into the `<VirtualHost \
                    *:443>`.",
            ),
            (
                "Postfix",
                "Port 465 needs `-o smtpd_tls_wrappermode=yes` on its line in master.cf; ports 25 \
                    and 587 must not have it.",
            ),
            (
                "Dovecot",
                "The `inet_listener imaps` block needs `ssl = yes` if the port is set by hand.",
            ),
            (
                "HAProxy",
                "Give the listener its certificate: `bind :443 ssl crt /path/site.pem`. In `mode \
                    tcp` the backend has to speak TLS itself.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "TLS ではない応答が返りました",
        meaning: "接続は受け付けられましたが、TLS の ClientHello に対して TLS ではないデータが返っ\
            てきました。多くは平文の HTTP、または先にバナーを送るメールや SSH のサーバーで、何に\
            見えたかは結果に表示されます。原因の大半は、ポートと方式の取り違えか、443 番を TLS な\
            しで待ち受けている Web サーバーの設定です。社内、ホテル、モバイル回線などでは、プロキ\
            シやキャプティブポータルが代わりに応答していることもあります。",
        check_first: &[
            "ポートと方式の組み合わせを確認します。80 番は平文の HTTP、443 番は TLS です。25、\
                587、143 番は平文で始まるため、`smtp://` や `imap://` を指定してスキャンします。",
            "無関係なホストが同じ応答を返すなら、先にブラウザーでキャプティブポータルの認証を済ま\
                せるか、プロキシを経由しない回線で試します。",
            "443 番で平文の `400 Bad Request` が返る場合は、Web サーバー自体は動いていて、TLS の有\
                効化だけが抜けています。",
        ],
        fixes: &[
            (
                "nginx",
                "`listen 443;` ではなく `listen 443 ssl;` とし、同じ server ブロックに \
                    `ssl_certificate` と `ssl_certificate_key` を設定します。",
            ),
            (
                "Apache",
                "mod_ssl を有効にし（`a2enmod ssl`）、`<VirtualHost *:443>` に `SSLEngine on` を書\
                    きます。",
            ),
            (
                "Postfix",
                "465 番は master.cf の該当行に `-o smtpd_tls_wrappermode=yes` が必要です。25 番と \
                    587 番には付けません。",
            ),
            (
                "Dovecot",
                "ポートを個別に設定している場合は、`inet_listener imaps` ブロックに `ssl = yes` を\
                    書きます。",
            ),
            (
                "HAProxy",
                "`bind :443 ssl crt /path/site.pem` のように証明書を指定します。`mode tcp` で中継\
                    する場合は、バックエンド側が TLS に対応している必要があります。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
