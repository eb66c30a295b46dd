//! No TCP connection: refused, reset, no route, no answer, or our own machine ran out.

use super::*;

/// The definition of `unreachable`.
pub(super) const FINDING: Definition = Definition {
    id: "unreachable",
    verdict: Some(VerdictKind::Unreachable),
    severity: Severity::Error,
    side: Side::Network,
    needs: Needs::Nothing,
    evidence: &[
        (
            "kind",
            "refused, timeout, reset, no_route, unusable_address, address_dead, all_silent or \
             local_limit",
        ),
        (
            "detail",
            "message from the operating system, if there is one",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case
        .observation
        .failure()
        .filter(|failure| failure.stage == Stage::Connect || failure.reason == Reason::LocalLimit);
    let found = failure.map(|failure| Finding {
        side: side(failure.reason),
        ..FINDING.found(told(failure))
    });
    found.into_iter().collect()
}

/// A refusal is an answer; silence may be anywhere on the way; a limit of our own is nobody
/// else's.
fn side(reason: Reason) -> Side {
    match reason {
        Reason::LocalLimit => Side::Client,
        Reason::Refused | Reason::Reset | Reason::UnusableAddress => Side::Server,
        _ => Side::Network,
    }
}

const DOC: Doc = Doc {
    en: Text {
        title: "The TCP connection failed",
        meaning: "The name has an address, but no TCP connection to the port was established, so \
            nothing is known about TLS there. The evidence gives the reason. `refused`: the host \
            is up but nothing listens on the port, or a firewall rejected the connection. \
            `timeout`: packets are dropped, usually by a firewall. `reset`: something closed the \
            connection. `no_route`: the network has no route to the address; for IPv6, often the \
            scanning side has no IPv6. `unusable_address`: such an address cannot be connected to \
            (0.0.0.0, `::`, multicast). Two reasons mean that the scanner did not try this target \
            itself. `address_dead`: many connections to the same address and port had no answer. \
            `all_silent`: at that time no other address answered either. `local_limit`: the \
            scanning machine ran out of ports, file descriptors or memory. This says nothing \
            about the target.",
        check_first: &[
            "Scan from another network. If only one network fails, its firewall or provider is \
                the cause. Many providers block outgoing port 25, so that every mail server \
                appears to be down.",
            "If every IPv6 address fails with `no_route`, the scanning machine has no IPv6. Scan \
                with `-4`.",
            "For `all_silent`, check the network connection of the scanning machine first, then \
                scan these targets again.",
            "For `local_limit`, raise the limit on open files (`ulimit -n`) or lower \
                `--concurrency`.",
            "Many timeouts at one provider during a fast scan can be caused by rate limiting. \
                Lower `--rate-per-ip` and scan these targets again.",
        ],
        fixes: &[
            (
                "Server",
                "Confirm that the service is running and listens on the public address, not only \
                    on 127.0.0.1: `ss -ltnp`.",
            ),
            (
                "Firewall",
                "Allow the port in the host's firewall and in the provider's security group, for \
                    both IPv4 and IPv6.",
            ),
            (
                "nginx",
                "Add `listen 443 ssl;` and `listen [::]:443 ssl;` to an enabled server block, \
                    then run `nginx -t` and reload.",
            ),
            (
                "Apache",
                "Add `Listen 443` and a `<VirtualHost *:443>`, and check with `apachectl -S`.",
            ),
            (
                "Postfix",
                "Enable the `smtp`, `submission` or `submissions` (465, formerly `smtps`) service \
                    in master.cf. `inet_interfaces` must not be `loopback-only`.",
            ),
            (
                "Dovecot",
                "Keep port 993 in `inet_listener imaps`, and confirm that `listen` includes the \
                    address.",
            ),
            (
                "DNS",
                "Remove the A or AAAA record of a server that no longer exists. An AAAA record \
                    for such a server makes connections slow or fail even if IPv4 works.",
            ),
        ],
        by_hand: "nc -vz -w 5 HOST 443",
    },
    ja: Text {
        title: "TCP で接続できません",
        meaning: "アドレスは得られましたが、ポートへの TCP 接続が成立しなかったため、TLS の状態は\
            分かりません。`refused` は、ホストは動いているがポートで待ち受けていないか、ファイア\
            ウォールが拒否を返していることを表します。`timeout` はパケットが捨てられている（多く\
            はファイアウォール）、`reset` は途中で切断された、`no_route` は経路がない（IPv6 では\
            自分側の回線が未対応のことが多い）という意味です。`unusable_address` は 0.0.0.0 や `::` \
            など接続できないアドレスです。`address_dead` は同じアドレスとポートが何度も応答しなかっ\
            たため、`all_silent` はその間どのアドレスも応答しなかったため、この対象には接続していな\
            いという意味です。`local_limit` はスキャンする側の\
            ポート、ファイル、メモリなどの不足で、相手の問題ではありません。",
        check_first: &[
            "別の回線から試します。特定のネットワークからだけ失敗するなら、そこのファイアウォール\
                かプロバイダーが原因です。送信 25 番ポートは多くのプロバイダーが遮断しており\
                （OP25B）、すべてのメールサーバーが停止しているように見えます。",
            "IPv6 がすべて `no_route` なら、この端末に IPv6 の接続性がありません。`-4` を付けてス\
                キャンします。",
            "`local_limit` の場合は、オープンできるファイル数の上限（`ulimit -n`）を上げる\
                か、`--concurrency` を下げます。",
            "高速スキャン中に特定の事業者だけ `timeout` が多いときは、レート制限の可能性がありま\
                す。`--rate-per-ip` を下げて再スキャンします。",
        ],
        fixes: &[
            (
                "サーバー",
                "サービスが起動していて、127.0.0.1 だけでなく公開アドレスで待ち受けているかを `ss \
                    -ltnp` で確認します。",
            ),
            (
                "ファイアウォール",
                "ホスト側のファイアウォールと、クラウドのセキュリティグループの両方で、IPv4 と \
                    IPv6 の該当ポートを許可します。",
            ),
            (
                "nginx",
                "有効な server ブロックに `listen 443 ssl;` と `listen [::]:443 ssl;` を書\
                    き、`nginx -t` で確認してからリロードします。",
            ),
            (
                "Apache",
                "`Listen 443` と `<VirtualHost *:443>` があるかを `apachectl -S` で確認します。",
            ),
            (
                "Postfix",
                "master.cf の `smtp`、`submission`、`submissions`（465 番、旧名 `smtps`）のうち必\
                    要な行を有効にします。`inet_interfaces` が `loopback-only` でないことも確認し\
                    ます。",
            ),
            (
                "Dovecot",
                "`inet_listener imaps` の 993 番ポートが有効か、`listen` に該当アドレスが含まれて\
                    いるかを確認します。",
            ),
            (
                "DNS",
                "撤去したサーバーの A / AAAA レコードを削除します。使われていない AAAA が残ってい\
                    ると、IPv4 が正常でも接続の遅延や失敗の原因になります。",
            ),
        ],
        by_hand: "nc -vz -w 5 HOST 443",
    },
};
