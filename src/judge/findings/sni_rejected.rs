//! The server objects to the name asked for (unrecognized_name, RFC 6066).

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
    evidence: &[("asked", "the name"), ("fatal", "whether it broke off")],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let target = &case.observation.endpoint.target;
    // Another exchange may speak for the endpoint; the objection was made all the same. One to a
    // hello without the name is no objection to it.
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
        title: "The server does not know this name",
        meaning: "The server answered the name in our hello (SNI) with the alert \
            `unrecognized_name`. It has TLS, but no virtual host and no certificate for this \
            name, and is set up to say so. As a fatal alert it ends the connection; as a warning \
            the handshake goes on with the default certificate. Most often DNS points at a \
            machine where the name is not set up yet, or not any more; a hosting provider or CDN \
            then refuses it.",
        check_first: &[
            "Make sure that DNS gives the right address: `dig +short HOST`. An old record, or one \
                that leads to a CDN where the name is not yet registered, ends here.",
            "When scanning `name@address`, make sure that this machine is meant to serve the name.",
            "Look for typing errors, a missing `www`, and internal names; an address is never \
                sent as SNI.",
        ],
        fixes: &[
            (
                "nginx",
                "Add the name to `server_name` in a `listen 443 ssl` block. The refusal comes \
                    from `ssl_reject_handshake on;` (1.19.4 or later) in the default server.",
            ),
            (
                "Apache",
                "Add `ServerName` or `ServerAlias` for it in a `<VirtualHost *:443>`; check with \
                    `apachectl -S`. `SSLStrictSNIVHostCheck` is another switch that turns \
                    clients away.",
            ),
            (
                "Postfix",
                "Add the name to `tls_server_sni_maps` (build with `postmap -F`), or let clients \
                    use the name in the certificate.",
            ),
            (
                "Dovecot",
                "Add a `local_name HOST { ... }` block with its certificate and key.",
            ),
            (
                "HAProxy",
                "With `strict-sni` on the `bind` line, add a certificate for the name to the \
                    `crt` directory or `crt-list`.",
            ),
            (
                "CDN, hosting provider",
                "Register the name there and wait until its certificate has been issued; or \
                    remove the DNS record if the name is no longer used.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "サーバーがこの名前を受け付けません",
        meaning: "ClientHello で送った名前（SNI）に対して、サーバーがアラート `unrecognized_name` \
            を返しました。TLS には対応していますが、この名前のバーチャルホストや証明書がなく、拒\
            否するように設定されています。致命的（fatal）なアラートなら接続は切断され、警告\
            （warning）なら既定の証明書でハンドシェイクが続きます。DNS の参照先でまだ名前が設定さ\
            れていない、またはすでに削除されている場合が多く、ホスティング事業者や CDN が拒否して\
            います。",
        check_first: &[
            "DNS のアドレスが正しいか `dig +short HOST` で確認します。古いレコードや、名前が未登録\
                の CDN を指していることがあります。",
            "`名前@アドレス` でスキャンしている場合は、そのサーバーで提供する予定の名前か確認しま\
                す。",
            "入力ミス、`www` の有無、社内専用の名前でないかを確認します。なお、IP アドレスは SNI \
                として送信されません。",
        ],
        fixes: &[
            (
                "nginx",
                "`listen 443 ssl` の server ブロックの `server_name` に名前を追加します。拒否して\
                    いるのは、デフォルトサーバーの `ssl_reject_handshake on;`（1.19.4 以降）で\
                    す。",
            ),
            (
                "Apache",
                "`<VirtualHost *:443>` の `ServerName` または `ServerAlias` に名前を追加\
                    し、`apachectl -S` で確認します。`SSLStrictSNIVHostCheck` も拒否の原因になり\
                    ます。",
            ),
            (
                "Postfix",
                "`tls_server_sni_maps` に名前を追加するか（`postmap -F` で作成）、証明書にある名前\
                    をクライアント側で使います。",
            ),
            (
                "Dovecot",
                "`local_name HOST { ... }` ブロックを追加し、証明書と秘密鍵を設定します。",
            ),
            (
                "HAProxy",
                "`bind` に `strict-sni` がある場合は、`crt` のディレクトリまたは `crt-list` にこの\
                    名前の証明書を追加します。",
            ),
            (
                "CDN、ホスティング事業者",
                "名前を登録し、証明書の発行を待ちます。使っていない名前であれば DNS レコードを削除\
                    します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
