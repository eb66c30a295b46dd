//! No name in the certificate covers the requested name.

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
        ("asked", "the requested name or address"),
        (
            "presented",
            "names in the certificate, at most the first twenty",
        ),
        ("presented_count", "number of names in the certificate"),
        ("nearest", "the most similar name in the certificate"),
        (
            "hint",
            "likely cause: www_missing, apex_missing, wildcard_depth, address_not_listed or \
                one_label",
        ),
        (
            "common_name_matches",
            "true if the common name of the subject matches; browsers no longer use it",
        ),
        (
            "belongs_to",
            "with --facts default_certificate, another scanned name at the same address that this \
                certificate covers",
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
    evidence.extend(hint.map(|hint| ("hint", hint.into())));
    let matches = common.is_some_and(|common| names::text_covers(common, &chain.asked));
    evidence.push(("common_name_matches", matches.into()));
    let neighbours = case.policy.neighbours.as_ref();
    let owner = neighbours.and_then(|neighbours| neighbours.owner(case.observation));
    evidence.extend(owner.map(|owner| ("belongs_to", owner.to_string().into())));
    vec![FINDING.found(evidence)]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate does not cover this name",
        meaning: "No subject alternative name (SAN) in the certificate covers the requested name. \
            The evidence shows the most similar one. Often only `www` or the bare domain is \
            missing, or a wildcard does not cover the name: `*.example.com` covers neither \
            `example.com` nor `a.b.example.com`. If the names belong to somebody else or to the \
            server itself, the server has no virtual host for this name and returned its default \
            certificate. Clients ignore the common name (CN) of the subject when there is a SAN, \
            and browsers always ignore it.",
        check_first: &[
            "Confirm that DNS points to the correct server. An old address, a parked domain or a \
                CDN that is not yet set up returns another site's certificate.",
            "Compare connections with and without SNI (`-servername` and `-noservername`). If \
                only the connection with SNI gets the correct certificate, the failing client \
                does not send SNI.",
            "For mail, use the host name that the provider specifies, not your own domain. Mail \
                servers rarely have a certificate for each customer.",
            "On a hotel or office network, a captive portal may be answering. Open a web page and \
                sign in first.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue the certificate with every name in the SAN, including both the bare \
                    domain and `www`: `certbot --expand -d example.com -d www.example.com`.",
            ),
            (
                "nginx",
                "Add the name to `server_name` in a `listen 443 ssl` block with the matching \
                    `ssl_certificate`. Use `nginx -T` to see which block is the default.",
            ),
            (
                "Apache",
                "Add `ServerName` or `ServerAlias` to a `<VirtualHost *:443>` with the matching \
                    certificate. Use `apachectl -S` to see which virtual host is selected.",
            ),
            (
                "Postfix",
                "The certificate must contain the MX host name (`myhostname`), not the mail \
                    domain. For several names, use `tls_server_sni_maps` (3.4 or later; build the \
                    map with `postmap -F`).",
            ),
            (
                "Dovecot",
                "Use `local_name imap.example.com { ... }` with its own `ssl_server_cert_file` \
                    and `ssl_server_key_file` (2.3: `ssl_cert`, `ssl_key`).",
            ),
            (
                "IIS",
                "Set the host name in the https binding and select \"Require Server Name \
                    Indication\".",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -verify_hostname HOST",
    },
    ja: Text {
        title: "証明書の名前が接続先と一致しません",
        meaning: "接続に使った名前が、証明書のどの SAN（サブジェクトの別名）にも一致しません。最も\
            近い名前は、検出結果に表示されます。よくある原因は、`www` の有無と、ワイルドカードの適\
            用範囲です。`*.example.com` は、`example.com` にも `a.b.example.com` にも一致しませ\
            ん。他者のドメイン名やサーバー自身の名前が表示される場合は、この名前のバーチャルホスト\
            がないため、既定の証明書が返されています。SAN がある場合、サブジェクトの CN（コモン\
            ネーム）は照合に使われません。現在のブラウザーは CN を参照しません。",
        check_first: &[
            "DNS が正しいサーバーを指しているか確認します。古いアドレス、パーキング中のドメイン、\
                設定途中の CDN では、別のサイトの証明書が返されます。",
            "SNI がある場合とない場合（`-servername` と `-noservername`）を比べます。SNI があると\
                きだけ正しい証明書が返る場合は、失敗するクライアントが SNI を送信していません。",
            "メールでは、独自ドメインではなく、プロバイダーが案内するホスト名を使います。メール\
                サーバーに顧客ごとの証明書があることはまれです。",
            "ホテルや社内のネットワークでは、キャプティブポータルが応答している可能性があります。\
                先に Web ページを開いて認証を済ませます。",
        ],
        fixes: &[
            (
                "認証局",
                "必要な名前をすべて SAN に含めて再発行します。`www` ありとなしの両方を含めます\
                    （`certbot --expand -d example.com -d www.example.com`）。",
            ),
            (
                "nginx",
                "`listen 443 ssl` の server ブロックの `server_name` に名前を追加し、対応する \
                    `ssl_certificate` を設定します。既定になるブロックは、`nginx -T` で確認しま\
                    す。",
            ),
            (
                "Apache",
                "`<VirtualHost *:443>` に `ServerName` または `ServerAlias` を追加し、対応する証明\
                    書を設定します。選択されるバーチャルホストは、`apachectl -S` で確認します。",
            ),
            (
                "Postfix",
                "証明書には、メールのドメイン名ではなく、MX のホスト名（`myhostname`）が必要です。\
                    複数の名前がある場合は、`tls_server_sni_maps`（3.4 以降。`postmap -F` で作成）\
                    を使います。",
            ),
            (
                "Dovecot",
                "`local_name imap.example.com { ... }` ブロックに、専用の `ssl_server_cert_file` \
                    と `ssl_server_key_file`（2.3 では `ssl_cert` と `ssl_key`）を設定します。",
            ),
            (
                "IIS",
                "https バインドにホスト名を設定し、「サーバー名表示を要求する」を有効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -verify_hostname HOST",
    },
};
