//! No TCP connection: refused, reset, no route, no answer, or our own machine ran out.

use super::{Definition, Doc, Needs, Text, told};
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
        ("detail", "the system's words, where it said more"),
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
        title: "No TCP connection",
        meaning: "The name has an address, but no TCP connection to the port came about, so \
            nothing is known about TLS there. `refused` means that the machine is up and nothing \
            listens on the port, or that a firewall answers for it; `timeout` that packets \
            vanish, most often in a firewall; `reset` that something closed the connection; \
            `no_route` that the network has no way there, for IPv6 often because our own line \
            has none; `unusable_address` that no connection can be made to such an address \
            (0.0.0.0, `::`, multicast). Two kinds say that this target itself was not asked: \
            `address_dead`, because many visits to the same address and port had no answer, and \
            `all_silent`, because no address visited meanwhile answered either. `local_limit` \
            means that our own machine ran out of ports, files or memory and says nothing about \
            the target.",
        check_first: &[
            "Try from another line. If only one network fails, its firewall or provider is the \
                cause; many providers block outgoing port 25, which makes every mail server look \
                dead.",
            "If every IPv6 address fails with `no_route`, this machine has no IPv6: scan with \
                `-4`.",
            "`all_silent`: look at this machine's own line first, and scan these again.",
            "`local_limit`: raise the open-file limit (`ulimit -n`) or lower `--concurrency`.",
            "Many timeouts on one provider during a fast sweep can be rate limiting: lower \
                `--rate-per-ip` and scan those again.",
        ],
        fixes: &[
            (
                "Server",
                "Check that the service runs and listens on the public address, not only on \
                    127.0.0.1: `ss -ltnp`.",
            ),
            (
                "Firewall",
                "Allow the port in the host's firewall and in the provider's security group, for \
                    IPv4 and IPv6 alike.",
            ),
            (
                "nginx",
                "Have `listen 443 ssl;` and `listen [::]:443 ssl;` in an enabled server block, \
                    then `nginx -t` and reload.",
            ),
            (
                "Apache",
                "Have `Listen 443` and a `<VirtualHost *:443>`; check with `apachectl -S`.",
            ),
            (
                "Postfix",
                "Enable the `smtp`, `submission` or `submissions` (465, formerly `smtps`) line in \
                    master.cf; `inet_interfaces` must not be `loopback-only`.",
            ),
            (
                "Dovecot",
                "Keep port 993 on the `inet_listener imaps`, and check that `listen` covers the \
                    address.",
            ),
            (
                "DNS",
                "Remove the A or AAAA record of a machine that is gone. A dead AAAA record slows \
                    down or breaks clients even if IPv4 works.",
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
