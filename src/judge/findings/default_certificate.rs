//! The certificate does not cover the requested name. It is the one that the server returns to
//! clients that send no SNI.

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
        ("asked", "the requested name"),
        (
            "presented",
            "names in the certificate, at most the first twenty",
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
        title: "The server returned its default certificate",
        meaning: "The certificate does not cover the requested name. It is the same certificate \
            that the server returns to a client that sends no SNI. There are two possible causes. \
            Either the server has no TLS virtual host for this name, so its default virtual host \
            answered, or the server uses one certificate for all names and that certificate lacks \
            this name.",
        check_first: &[
            "Confirm that DNS points to the correct server. After a site moves, its old server \
                often no longer has the name configured.",
            "Check whether the name is still in use. If it is not, remove its DNS record; the \
                server needs no change.",
        ],
        fixes: &[
            (
                "nginx",
                "Create a `server` block for the name with `listen 443 ssl`, `server_name` and \
                    its own certificate. To send no certificate for unknown names, put \
                    `ssl_reject_handshake on;` (1.19.4 or later) into the default server.",
            ),
            (
                "Apache",
                "Create a `<VirtualHost *:443>` with `ServerName` for the name. The first virtual \
                    host in the configuration is the default; `apachectl -S` shows which one that \
                    is.",
            ),
            (
                "Postfix",
                "Add the name to `tls_server_sni_maps` (3.4 or later), or configure clients to \
                    use a name that is in the certificate.",
            ),
            (
                "Dovecot",
                "Add a `local_name HOST { ... }` block with a certificate and key for the name.",
            ),
            (
                "IIS",
                "Add an https binding with the host name and select \"Require Server Name \
                    Indication\".",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -noservername </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
    ja: Text {
        title: "サーバーが既定の証明書を返しました",
        meaning: "証明書に、接続に使った名前が含まれていません。この証明書は、SNI を送信しないクラ\
            イアントに返される証明書と同じです。原因は 2 つ考えられます。この名前の TLS バーチャル\
            ホストがないため既定のバーチャルホストが応答したか、すべての名前に 1 枚の証明書を使う\
            サーバーで、その証明書にこの名前が含まれていません。",
        check_first: &[
            "DNS が正しいサーバーを指しているか確認します。サイトの移転後、移転元のサーバーでは名\
                前の設定が削除されていることがよくあります。",
            "名前を現在も使っているか確認します。使っていなければ、DNS レコードを削除します。サー\
                バーの変更は不要です。",
        ],
        fixes: &[
            (
                "nginx",
                "この名前用に、`listen 443 ssl`、`server_name`、証明書を指定した `server` ブロック\
                    を作成します。未知の名前に証明書を返さないようにするには、デフォルトサーバー\
                    に `ssl_reject_handshake on;`（1.19.4 以降）を設定します。",
            ),
            (
                "Apache",
                "この名前用に、`ServerName` を指定した `<VirtualHost *:443>` を作成します。設定の\
                    先頭にあるバーチャルホストが既定になります。`apachectl -S` で確認できます。",
            ),
            (
                "Postfix",
                "`tls_server_sni_maps`（3.4 以降）に名前を追加するか、証明書に含まれる名前をクライ\
                    アントで使うように設定します。",
            ),
            (
                "Dovecot",
                "`local_name HOST { ... }` ブロックを追加し、この名前の証明書と秘密鍵を設定しま\
                    す。",
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
