//! The name has no usable address, so no connection was made.

use super::{Definition, Doc, Needs, Text, failure_evidence};
use crate::judge::case::Case;
use crate::observation::{LookupReason, Reason, Stage};
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `dns_failure`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::DnsFailure,
    verdict: Some(VerdictKind::DnsFailure),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "kind",
            "nxdomain, servfail, resolver_error, timeout, no_resolver, no_address, \
             unusable_address or invalid_name",
        ),
        ("detail", "message from the resolver, if it sent one"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case
        .observation
        .failure()
        .filter(|failure| failure.stage == Stage::Dns && failure.reason != Reason::LocalLimit);
    let found = failure.map(|failure| Finding {
        side: side(failure.lookup(), case.policy.resolver_suspect),
        ..FINDING.found(failure_evidence(failure))
    });
    found.into_iter().collect()
}

/// Returns the side at fault. Without an answer, or with an error of the resolver such as REFUSED,
/// nothing was learned about the name. SERVFAIL is usually caused by the zone, unless most lookups of
/// the sweep fail.
fn side(reason: Option<LookupReason>, resolver_suspect: bool) -> Side {
    use LookupReason as Is;
    match reason {
        Some(Is::Timeout | Is::NoResolver | Is::ResolverError) => Side::Network,
        Some(Is::Servfail) if resolver_suspect => Side::Network,
        Some(Is::Servfail | Is::Nxdomain | Is::NoAddress | Is::InvalidName) => Side::Server,
        Some(Is::UnusableAddress | Is::LocalLimit) | None => Side::Server,
    }
}

const DOC: Doc = Doc {
    en: Text {
        title: "The name does not resolve to an address",
        meaning: "The resolver returned no usable address for this name. The scanner could not \
            connect and did not see a certificate. The evidence gives the reason. `nxdomain`: the \
            name does not exist. `no_address`: the name exists but has no A or AAAA record. \
            `unusable_address`: the records contain only addresses that cannot be connected to, \
            such as 0.0.0.0 or `::`, which resolvers return for blocked names. `servfail`: the \
            cause is usually a broken delegation, an unreachable authoritative server or a DNSSEC \
            signature that no longer validates. `resolver_error`: the resolver answered with \
            another error, such as REFUSED, FORMERR or NOTIMP, or with an answer that cannot be \
            used, which says nothing about the name. `timeout`: no answer arrived. \
            `no_resolver`: no resolver could be reached. `invalid_name`: the text is not a valid \
            host name. The side is the network for `resolver_error`, `timeout` and \
            `no_resolver`, and for `servfail` if most lookups of the scan failed for one of \
            these four reasons; otherwise it is the server's side, which includes its DNS zone.",
        check_first: &[
            "If many unrelated names fail together, check the scanning machine first: \
                `/etc/resolv.conf`, any VPN, and outgoing UDP and TCP on port 53.",
            "Query a second resolver. Internal names exist only on the internal network (split \
                DNS), so scan them with `--resolvers` set to the internal resolver.",
            "With `resolver_error` and REFUSED, the resolver does not serve this machine: allow \
                it there, or give another resolver with `--resolvers`.",
            "A fast scan can exceed a resolver's rate limit, which appears as `timeout`, \
                `servfail` or `resolver_error`. Scan again more slowly or with more resolvers.",
            "Check for a typing error or a name that was retired on purpose. In either case \
                correct the inventory, not the zone.",
        ],
        fixes: &[
            (
                "DNS",
                "Publish an A or AAAA record for the name, or a CNAME whose target has one. \
                    Increase the zone's serial number so that the secondary servers update.",
            ),
            (
                "DNS (servfail)",
                "Compare the NS records in the parent zone with the servers that answer. With \
                    DNSSEC, confirm that the DS record in the parent zone matches a key in the \
                    zone and that the signatures have not expired.",
            ),
            (
                "Registrar",
                "Confirm that the domain registration has not expired and is not on hold.",
            ),
        ],
        by_hand: "dig +noall +comments +answer HOST A HOST AAAA",
    },
    ja: Text {
        title: "名前解決に失敗しました",
        meaning: "リゾルバーから使用可能なアドレスが返らなかったため、接続できず、証明書も確認でき\
            ませんでした。理由は次のように示されます。`nxdomain`：名前が存在しません。\
            `no_address`：名前は存在しますが、A / AAAA レコードがありません。`unusable_address`：\
            0.0.0.0 や `::` など、接続できないアドレスしかありません（名前をブロックするリゾルバー\
            が返す値です）。`servfail`：多くは、委任の誤り、権威 DNS サーバーへの到達不能、DNSSEC \
            の検証失敗です。`resolver_error`：リゾルバーが REFUSED、FORMERR、NOTIMP などの別のエラー\
            を返したか、応答を利用できません（名前については何も分かりません）。`timeout`：応答があ\
            りません。`no_resolver`：リゾルバーに接続できません。`invalid_name`：ホスト名として正し\
            くありません。`resolver_error`、`timeout`、`no_resolver` は、ネットワーク側の問題として\
            扱います。`servfail` も、スキャン中のほとんどの名前解決がこれら 4 つのいずれかで失敗した\
            場合はネットワーク側とします。それ以外は、DNS ゾーンを含むサーバー側の問題です。",
        check_first: &[
            "関連のない多数の名前が同時に失敗する場合は、まずスキャン元のマシンを確認します\
                （`/etc/resolv.conf`、VPN、外部への 53 番ポートの UDP と TCP）。",
            "別のリゾルバーにも問い合わせます。社内専用の名前は社内 DNS でしか解決できない（スプ\
                リット DNS）ため、`--resolvers` に社内のリゾルバーを指定してスキャンします。",
            "`resolver_error` で REFUSED の場合、リゾルバーはこのマシンからの問い合わせを許可してい\
                ません。リゾルバー側で許可するか、`--resolvers` に別のリゾルバーを指定します。",
            "高速なスキャンはリゾルバーのレート制限を超えることがあり、`timeout`、`servfail`、\
                `resolver_error` になります。速度を下げるか、リゾルバーを増やして再度スキャンします。",
            "入力ミスや、廃止済みの名前でないか確認します。該当する場合は、ゾーンではなくスキャン\
                対象の一覧を修正します。",
        ],
        fixes: &[
            (
                "DNS",
                "名前に A または AAAA レコードを登録します。CNAME の場合は、参照先に登録します。セ\
                    カンダリサーバーに反映されるよう、ゾーンのシリアル番号も増やします。",
            ),
            (
                "DNS（servfail の場合）",
                "親ゾーンの NS レコードと、実際に応答する権威 DNS サーバーが一致しているか確認しま\
                    す。DNSSEC を使っている場合は、親ゾーンの DS レコードがゾーン内の鍵と一致して\
                    いること、署名の有効期限が切れていないことも確認します。",
            ),
            (
                "レジストラ",
                "ドメインの登録期限が切れていないこと、利用停止（hold）になっていないことを確認し\
                    ます。",
            ),
        ],
        by_hand: "dig +noall +comments +answer HOST A HOST AAAA",
    },
};
