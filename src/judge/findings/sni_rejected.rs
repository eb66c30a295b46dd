//! The server rejects the requested name (`unrecognized_name`, RFC 6066).

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::Exchange;
use crate::tls::AlertDescription;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `sni_rejected`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::SniRejected,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("asked", "the requested name, sent as SNI"),
        ("fatal", "true if the alert ended the connection"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let target = &case.observation.endpoint.target;
    // The alert counts even if the verdict is based on another exchange. An alert to a ClientHello
    // without the name is not about the name.
    let named =
        |exchange: &&Exchange| target.server_name().is_some() && exchange.offer.names_server();
    let exchanges = || case.observation.exchanges.iter().filter(named);
    let fatal = exchanges()
        .filter_map(|exchange| exchange.failure.as_ref())
        .any(|failure| failure.is_alert(AlertDescription::UNRECOGNIZED_NAME));
    let warned = exchanges()
        .filter_map(|exchange| exchange.session.as_ref())
        .any(|session| session.name_warning);
    if !fatal && !warned {
        return Vec::new();
    }
    let asked = target.reference().to_string();
    vec![FINDING.found(vec![("asked", asked.into()), ("fatal", fatal.into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server does not recognize this name",
        meaning: "The server answered the name in the ClientHello (SNI) with the alert \
            `unrecognized_name`. The server supports TLS, but it has no virtual host or \
            certificate for this name and is configured to report that. A fatal alert ends the \
            connection. After a warning alert, the handshake continues with the default \
            certificate. Usually DNS points to a server where the name is not set up yet or is no \
            longer set up. It is often a server of a hosting provider or CDN.",
        check_first: &[
            "Confirm that DNS returns the correct address: `dig +short HOST`. Look for an old \
                record, or one that points to a CDN where the name is not yet registered.",
            "If you scan `name@address`, confirm that this server is meant to serve the name.",
            "Check for a typing error, a missing `www` or an internal name. An IP address is \
                never sent as SNI.",
        ],
        fixes: &[
            (
                "nginx",
                "Add the name to `server_name` in a `listen 443 ssl` block. The alert comes from \
                    `ssl_reject_handshake on;` (1.19.4 or later) in the default server.",
            ),
            (
                "Apache",
                "Add `ServerName` or `ServerAlias` for the name to a `<VirtualHost *:443>` and \
                    check with `apachectl -S`. `SSLStrictSNIVHostCheck` can also make Apache \
                    reject clients.",
            ),
            (
                "Postfix",
                "Add the name to `tls_server_sni_maps` (build the map with `postmap -F`), or \
                    configure clients to use a name that is in the certificate.",
            ),
            (
                "Dovecot",
                "Add a `local_name HOST { ... }` block with a certificate and key for the name.",
            ),
            (
                "HAProxy",
                "If the `bind` line has `strict-sni`, add a certificate for the name to the `crt` \
                    directory or `crt-list`.",
            ),
            (
                "CDN, hosting provider",
                "Register the name there and wait until its certificate has been issued. If the \
                    name is no longer used, remove the DNS record.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "サーバーがこの名前を認識していません",
        meaning: "ClientHello で送信した名前（SNI）に対して、サーバーがアラート \
            `unrecognized_name` を返しました。サーバーは TLS に対応していますが、この名前のバー\
            チャルホストも証明書もなく、アラートを返すように設定されています。致命的（fatal）なア\
            ラートの場合、接続は切断されます。警告（warning）の場合、既定の証明書でハンドシェイク\
            が続きます。多くは、この名前がまだ設定されていないか、すでに削除されたサーバーを DNS \
            が指しています。ホスティング事業者や CDN のサーバーであることがよくあります。",
        check_first: &[
            "DNS が正しいアドレスを返すか、`dig +short HOST` で確認します。古いレコードが残ってい\
                るか、名前が未登録の CDN を指していることがあります。",
            "`name@address` の形式でスキャンしている場合は、この名前を提供するサーバーであることを\
                確認します。",
            "入力ミス、`www` の不足、社内専用の名前でないかを確認します。なお、IP アドレスは SNI \
                として送信されません。",
        ],
        fixes: &[
            (
                "nginx",
                "`listen 443 ssl` の server ブロックの `server_name` に名前を追加します。このア\
                    ラートは、デフォルトサーバーの `ssl_reject_handshake on;`（1.19.4 以降）による\
                    ものです。",
            ),
            (
                "Apache",
                "`<VirtualHost *:443>` の `ServerName` または `ServerAlias` に名前を追加し、\
                    `apachectl -S` で確認します。`SSLStrictSNIVHostCheck` も、クライアントを拒否す\
                    る原因になります。",
            ),
            (
                "Postfix",
                "`tls_server_sni_maps` に名前を追加するか（`postmap -F` で作成）、証明書に含まれる\
                    名前をクライアントで使うように設定します。",
            ),
            (
                "Dovecot",
                "`local_name HOST { ... }` ブロックを追加し、この名前の証明書と秘密鍵を設定しま\
                    す。",
            ),
            (
                "HAProxy",
                "`bind` に `strict-sni` がある場合は、`crt` のディレクトリまたは `crt-list` にこの\
                    名前の証明書を追加します。",
            ),
            (
                "CDN、ホスティング事業者",
                "名前を登録し、証明書が発行されるまで待ちます。名前を使っていない場合は、DNS レ\
                    コードを削除します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
