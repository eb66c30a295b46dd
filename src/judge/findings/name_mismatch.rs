//! No name of the certificate covers the one asked for.

use super::{Definition, Doc, Needs, Text, count};
use crate::judge::case::Case;
use crate::judge::names;
use crate::verdict::{Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `name_mismatch`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::NameMismatch,
    verdict: Some(VerdictKind::NameMismatch),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("asked", "the name or address asked for"),
        (
            "presented",
            "the names of the certificate, the first twenty",
        ),
        ("presented_count", "how many it has"),
        ("nearest", "the one that comes nearest"),
        (
            "hint",
            "www_missing, apex_missing, wildcard_depth, address_not_listed or one_label",
        ),
        (
            "common_name_matches",
            "whether the subject's common name, which no client reads any more, would match",
        ),
        (
            "belongs_to",
            "another name of the sweep at the same address that this certificate is right for, with \
                --facts default_certificate",
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
    if names::covered(presented, &chain.asked) {
        return Vec::new();
    }
    let (nearest, hint) = names::nearest(presented, &chain.asked);
    let common = leaf.subject.common_name.as_deref();
    let mut evidence: Vec<(&'static str, Value)> = vec![
        ("asked", chain.asked.to_string().into()),
        ("presented", names::shown(presented).into()),
        ("presented_count", count(presented.len())),
    ];
    evidence.extend(nearest.map(|nearest| ("nearest", nearest.into())));
    evidence.extend(hint.map(|hint| ("hint", hint.word().into())));
    let matches = common.is_some_and(|common| names::text_covers(common, &chain.asked));
    evidence.push(("common_name_matches", matches.into()));
    let neighbours = case.policy.neighbours.as_ref();
    let owner = neighbours.and_then(|neighbours| neighbours.owner(case.observation));
    evidence.extend(owner.map(|owner| ("belongs_to", owner.to_string().into())));
    vec![FINDING.found(evidence)]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate is for other names",
        meaning: "No subject alternative name (SAN) of the certificate covers the name that was \
            asked for; the finding shows the nearest one. Often only `www` or the bare domain is \
            missing, or a wildcard was expected to reach further than it does: `*.example.com` \
            covers neither `example.com` nor `a.b.example.com`. If the names belong to a \
            stranger or to the server itself, the server answered with its default certificate, \
            because no virtual host claims this name. The common name (CN) in the subject does \
            not count when there is a SAN, and browsers have ignored it altogether for years.",
        check_first: &[
            "Make sure that DNS leads to the right machine: an old address, a parked domain or a \
                CDN not yet set up shows somebody else's certificate.",
            "Compare with and without SNI (`-servername` and `-noservername`): if only the one \
                with the name is right, the client that fails does not send SNI.",
            "For mail, use the host name that the provider gives, not the own domain; mail \
                servers rarely carry a certificate for each customer.",
            "On a hotel or office network, a captive portal may be answering: open a web page \
                first.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue with every name in the SAN, bare domain and `www` both: `certbot \
                    --expand -d example.com -d www.example.com`.",
            ),
            (
                "nginx",
                "Add the name to `server_name` in a `listen 443 ssl` block with its own \
                    `ssl_certificate`; see with `nginx -T` which block is the default.",
            ),
            (
                "Apache",
                "Add `ServerName` or `ServerAlias` in a `<VirtualHost *:443>` with its \
                    certificate; `apachectl -S` shows which host wins.",
            ),
            (
                "Postfix",
                "The certificate must carry the MX host name (`myhostname`), not the mail domain. \
                    For several names use `tls_server_sni_maps` (3.4 or later; build the map \
                    with `postmap -F`).",
            ),
            (
                "Dovecot",
                "Use `local_name imap.example.com { ... }` with its own `ssl_server_cert_file` \
                    and `ssl_server_key_file` (2.3: `ssl_cert`, `ssl_key`).",
            ),
            (
                "IIS",
                "Set the host name in the https binding and tick \"Require Server Name \
                    Indication\".",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -verify_hostname HOST",
    },
    ja: Text {
        title: "証明書の名前が一致しません",
        meaning: "接続に使った名前が、証明書の SAN（サブジェクトの別名）のどれにも一致しません。最\
            も近い名前は結果に表示されます。`www` の有無だけが足りない場合や、ワイルドカードの範\
            囲の思い違いがよくあります（`*.example.com` は `example.com` にも `a.b.example.com` \
            にも一致しません）。他人のドメインやサーバー自身の名前が出る場合は、この名前のバー\
            チャルホストがなく、既定の証明書が返されています。サブジェクトの CN（コモンネーム）\
            は SAN があれば照合に使われず、現在のブラウザーは CN をまったく参照しません。",
        check_first: &[
            "DNS が正しいサーバーを指しているか確認します。古いアドレス、パーキング中のドメイン、\
                設定途中の CDN では、別の証明書が表示されます。",
            "SNI の有無（`-servername` と `-noservername`）で比べます。SNI ありのときだけ正しけれ\
                ば、失敗しているクライアントが SNI を送っていません。",
            "メールでは、独自ドメインではなくプロバイダーが案内するホスト名を設定します。顧客ごと\
                の証明書を持つメールサーバーはまれです。",
            "ホテルや社内のネットワークでは、キャプティブポータルが応答していることがあります。先\
                に Web ページを開いて認証を済ませます。",
        ],
        fixes: &[
            (
                "認証局",
                "必要な名前をすべて（`www` ありとなしの両方を）SAN に含めて再発行します（`certbot \
                    --expand -d example.com -d www.example.com`）。",
            ),
            (
                "nginx",
                "`listen 443 ssl` の server ブロックの `server_name` に名前を追加し、対応する \
                    `ssl_certificate` を設定します。どのブロックが既定になるかは `nginx -T` で確\
                    認します。",
            ),
            (
                "Apache",
                "`<VirtualHost *:443>` に `ServerName` または `ServerAlias` と証明書を設定します。\
                    どのホストが選ばれるかは `apachectl -S` で確認します。",
            ),
            (
                "Postfix",
                "証明書に必要なのはメールのドメイン名ではなく、MX のホスト名（`myhostname`）です。\
                    複数の名前には `tls_server_sni_maps`（3.4 以降。`postmap -F` で作成）を使いま\
                    す。",
            ),
            (
                "Dovecot",
                "`local_name imap.example.com { ... }` の中に `ssl_server_cert_file` と \
                    `ssl_server_key_file`（2.3 では `ssl_cert` と `ssl_key`）を設定します。",
            ),
            (
                "IIS",
                "https バインドにホスト名を設定し、「サーバー名表示を要求する」を有効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -verify_hostname HOST",
    },
};
