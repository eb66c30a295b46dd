//! No TCP connection: refused, reset, no route, no answer, or the scanning machine reached a
//! limit.

use super::{Definition, Doc, Needs, Text, failure_evidence};
use crate::judge::case::Case;
use crate::observation::{Reason, Stage};
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `unreachable`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::Unreachable,
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
        ..FINDING.found(failure_evidence(failure))
    });
    found.into_iter().collect()
}

/// Returns the side at fault. A refusal comes from the server. Silence can have its cause anywhere
/// on the path. A local limit is a fault of the scanning machine.
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
            (0.0.0.0, `::`, multicast). `local_limit`: the scanning machine ran out of ports, \
            file descriptors or memory, which says nothing about the target. Two reasons mean \
            that the scanner did not try this target. `address_dead`: many connections to the \
            same address and port had no answer. `all_silent`: in addition, no other address that \
            was scanned in the meantime answered.",
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
                "Confirm that port 993 is enabled in `inet_listener imaps` and that `listen` \
                    includes the address.",
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
        title: "TCP 接続に失敗しました",
        meaning: "名前のアドレスは得られましたが、ポートへの TCP 接続が確立しなかったため、TLS の\
            状態は分かりません。理由は次のように示されます。`refused`：ホストは動作していますが、\
            ポートで待ち受けているプログラムがないか、ファイアウォールが接続を拒否しました。\
            `timeout`：パケットが破棄されています（多くはファイアウォールによるものです）。\
            `reset`：接続が切断されました。`no_route`：アドレスへの経路がありません（IPv6 の場合、\
            スキャン元が IPv6 に対応していないことがよくあります）。`unusable_address`：0.0.0.0、\
            `::`、マルチキャストなど、接続できないアドレスです。`local_limit`：スキャン元のマシン\
            で、ポート、ファイル記述子、メモリのいずれかが不足しました。対象の状態は分かりません。\
            次の 2 つは、この対象に接続を試みなかったことを示します。`address_dead`：同じアドレス\
            とポートへの多数の接続に応答がありませんでした。`all_silent`：それに加えて、その間にス\
            キャンしたほかのアドレスからも応答がありませんでした。",
        check_first: &[
            "別の回線からスキャンします。特定の回線だけで失敗する場合は、その回線のファイアウォー\
                ルまたはプロバイダーが原因です。多くのプロバイダーは外部への 25 番ポートを遮断して\
                おり（OP25B）、すべてのメールサーバーが停止しているように見えます。",
            "すべての IPv6 アドレスが `no_route` になる場合は、スキャン元のマシンで IPv6 を利用で\
                きません。`-4` を指定してスキャンします。",
            "`all_silent` の場合は、まずスキャン元の回線を確認し、該当する対象を再度スキャンしま\
                す。",
            "`local_limit` の場合は、オープンできるファイル数の上限（`ulimit -n`）を上げる\
                か、`--concurrency` を下げます。",
            "高速なスキャンで、特定の事業者の `timeout` が多い場合は、レート制限の可能性がありま\
                す。`--rate-per-ip` を下げて、該当する対象を再度スキャンします。",
        ],
        fixes: &[
            (
                "サーバー",
                "サービスが起動していること、127.0.0.1 だけでなく公開アドレスで待ち受けていること\
                    を、`ss -ltnp` で確認します。",
            ),
            (
                "ファイアウォール",
                "ホストのファイアウォールと事業者のセキュリティグループの両方で、IPv4 と IPv6 の該\
                    当ポートを許可します。",
            ),
            (
                "nginx",
                "有効な server ブロックに `listen 443 ssl;` と `listen [::]:443 ssl;` を追加し、\
                    `nginx -t` を実行してからリロードします。",
            ),
            (
                "Apache",
                "`Listen 443` と `<VirtualHost *:443>` を追加し、`apachectl -S` で確認します。",
            ),
            (
                "Postfix",
                "master.cf で、`smtp`、`submission`、`submissions`（465 番、旧名 `smtps`）のうち必\
                    要なサービスを有効にします。`inet_interfaces` が `loopback-only` でないことも\
                    確認します。",
            ),
            (
                "Dovecot",
                "`inet_listener imaps` で 993 番ポートが有効であること、`listen` に該当のアドレス\
                    が含まれていることを確認します。",
            ),
            (
                "DNS",
                "撤去したサーバーの A / AAAA レコードを削除します。使われていない AAAA レコードが\
                    残っていると、IPv4 が正常でも接続の遅延や失敗の原因になります。",
            ),
        ],
        by_hand: "nc -vz -w 5 HOST 443",
    },
};
