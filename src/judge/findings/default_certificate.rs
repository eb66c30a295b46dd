//! The certificate is for other names, and is what the server shows to whoever names no one.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::judge::names;
use crate::observation::{Fact, Facts};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `default_certificate`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::DefaultCertificate,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Fact(Fact::DefaultCertificate),
    evidence: &[
        ("asked", "the name asked for"),
        (
            "presented",
            "the names of the certificate, the first twenty",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some((chain, leaf)) = case.readable() else {
        return Vec::new();
    };
    let presented = leaf.sans.as_deref().unwrap_or_default();
    let known = Facts::of(case.observation).and_then(|facts| facts.default_certificate);
    if known != Some(true) || names::covered(presented, &chain.asked) {
        return Vec::new();
    }
    vec![FINDING.found(vec![
        ("asked", chain.asked.to_string().into()),
        ("presented", names::shown(presented).into()),
    ])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server answered with its default certificate",
        meaning: "The certificate does not cover the name asked for, and it is the very one that \
            the server shows to a client that names no one. Either no virtual host with TLS \
            claims this name there, and the one that happens to be the default answered; or the \
            server has one certificate for all names, which lacks this one. It is asked for with \
            `--facts default_certificate`, by a hello without SNI; without that nothing is said \
            about it.",
        check_first: &[
            "Make sure that DNS leads to the right machine: on the old machine of a site that has \
                moved the name is not set up any more.",
            "See whether the name is retired: then remove its DNS record, and leave the server \
                alone.",
        ],
        fixes: &[
            (
                "nginx",
                "Give the name a `server` block with `listen 443 ssl`, `server_name` and its own \
                    certificate. To show strangers no certificate at all, put \
                    `ssl_reject_handshake on;` (1.19.4 or later) into the default server.",
            ),
            (
                "Apache",
                "Give the name a `<VirtualHost *:443>` with `ServerName`; the first one listed \
                    is the default, as `apachectl -S` shows.",
            ),
            (
                "Postfix",
                "Add the name to `tls_server_sni_maps` (3.4 or later), or have clients use the \
                    name in the certificate.",
            ),
            (
                "Dovecot",
                "Add a `local_name HOST { ... }` block with its certificate and key.",
            ),
            (
                "IIS",
                "Add an https binding with the host name and \"Require Server Name Indication\".",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -noservername </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
    ja: Text {
        title: "サーバーが既定の証明書を返しました",
        meaning: "接続に使った名前が証明書になく、その証明書は SNI なしで接続したときに返される証\
            明書と同じです。この名前の TLS のバーチャルホストがサーバーになく既定のバーチャルホス\
            トが応答しているか、すべての名前に 1 枚の証明書を使うサーバーで、その証明書にこの名\
            前が入っていません。`--facts default_certificate` を指定したときだけ、SNI のない \
            ClientHello で調べます。指定しなければ何も述べません。",
        check_first: &[
            "DNS が正しいサーバーを指しているか確認します。移転したサイトの古いサーバーでは、名前\
                の設定がすでに削除されていることがあります。",
            "使わなくなった名前であれば DNS レコードを削除します。サーバーの変更は不要です。",
        ],
        fixes: &[
            (
                "nginx",
                "`listen 443 ssl`、`server_name`、証明書を指定した `server` ブロックをこの名前に用\
                    意します。未知の名前に証明書を返さないようにするには、デフォルトサーバーに \
                    `ssl_reject_handshake on;`（1.19.4 以降）を指定します。",
            ),
            (
                "Apache",
                "`ServerName` を指定した `<VirtualHost *:443>` をこの名前に用意します。最初に書か\
                    れたものが既定になり、`apachectl -S` で確認できます。",
            ),
            (
                "Postfix",
                "`tls_server_sni_maps`（3.4 以降）に名前を追加するか、証明書にある名前をクライアン\
                    ト側で使います。",
            ),
            (
                "Dovecot",
                "`local_name HOST { ... }` ブロックを追加し、証明書と秘密鍵を設定します。",
            ),
            (
                "IIS",
                "https のバインドにホスト名を指定し、「サーバー名表示を要求する」を有効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -noservername </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
};
