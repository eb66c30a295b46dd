//! The name gave no address: nobody was connected to.

use super::{Definition, Doc, Needs, Text, told};
use crate::judge::case::Case;
use crate::observation::{Reason, Stage};
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
            "nxdomain, servfail, timeout, no_address, unusable_address or invalid_name",
        ),
        ("detail", "the resolver's words, where it said more"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case
        .observation
        .failure()
        .filter(|failure| failure.stage == Stage::Dns && failure.reason != Reason::LocalLimit);
    failure
        .map(|failure| FINDING.found(told(failure)))
        .into_iter()
        .collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The name gives no address",
        meaning: "The resolver returned no address for this name, so nothing could be connected \
            to and no certificate was seen. The reason tells the causes apart: `nxdomain` means \
            the name does not exist, `no_address` that it exists without an A or AAAA record, \
            `unusable_address` that its records hold only addresses that nothing can connect to \
            (0.0.0.0 or `::`, as resolvers that block names answer), \
            `servfail` usually a broken delegation, an unreachable name server or a DNSSEC \
            signature that no longer validates, `timeout` that nobody answered, `invalid_name` \
            that the text is not a host name. One name alone points at its zone; most names of a \
            sweep failing at once points at our resolver or our line.",
        check_first: &[
            "If many unrelated names fail together, look at this machine first: \
                `/etc/resolv.conf`, VPN, and whether UDP and TCP port 53 get out.",
            "Ask a second resolver. Internal names exist only inside (split DNS); scan them with \
                `--resolvers` set to the inside resolver.",
            "A fast sweep can run into a resolver's rate limit, which shows as `timeout` or \
                `servfail`. Scan again more slowly or with more resolvers.",
            "Rule out a typing error and a name that was retired on purpose: then correct the \
                inventory, not the zone.",
        ],
        fixes: &[
            (
                "DNS",
                "Publish an A or AAAA record for the name, or a CNAME whose target has one, and \
                    raise the zone's serial so that the secondaries follow.",
            ),
            (
                "DNS (servfail)",
                "Compare the NS records at the parent with the servers that really answer. With \
                    DNSSEC, make sure that the DS record at the parent matches a key in the zone \
                    and that the signatures have not run out.",
            ),
            (
                "Registrar",
                "Check that the domain itself has not expired and is not on hold.",
            ),
        ],
        by_hand: "dig +noall +comments +answer HOST A HOST AAAA",
    },
    ja: Text {
        title: "名前解決ができません",
        meaning: "リゾルバーからこの名前のアドレスが得られなかったため、接続できず、証明書も確認で\
            きていません。原因は理由で区別できます。`nxdomain` は名前が存在しない、`no_address` \
            は名前はあるが A / AAAA レコードがない、`unusable_address` は 0.0.0.0 や `::` のように\
            接続できないアドレスしかない、`timeout` は応答がない、`invalid_name` はホス\
            ト名として正しくないことを表します。`servfail` の多くは、委任の誤り、権威 DNS サー\
            バーの停止、DNSSEC の検証失敗のいずれかです。1 つの名前だけならそのゾーンの問題、ス\
            キャン対象のほとんどが失敗するなら、こちら側のリゾルバーか回線の問題と考えられます。",
        check_first: &[
            "無関係な名前がまとめて失敗するときは、まず自分側を確認します（`/etc/resolv.conf`、\
                VPN、53 番ポートの UDP と TCP が外へ通るか）。",
            "別のリゾルバーにも問い合わせます。社内専用の名前は社内 DNS でしか引けないた\
                め、`--resolvers` に社内のリゾルバーを指定してスキャンします。",
            "高速なスキャンはリゾルバーのレート制限にかかり、`timeout` や `servfail` になることが\
                あります。速度を落とすかリゾルバーを増やして再実行します。",
            "入力ミスや、すでに廃止した名前でないかを確認します。その場合に直すのはゾーンではなく\
                台帳です。",
        ],
        fixes: &[
            (
                "DNS",
                "名前に A または AAAA レコードを登録します。CNAME の場合は参照先に登録します。セカ\
                    ンダリに反映されるよう、ゾーンのシリアルも上げてください。",
            ),
            (
                "DNS（servfail の場合）",
                "親ゾーンの NS レコードと、実際に応答する権威サーバーが一致しているか確認します。\
                    DNSSEC を使っている場合は、親ゾーンの DS とゾーン内の鍵の一致、署名の有効期限\
                    も確認します。",
            ),
            (
                "レジストラ",
                "ドメイン自体の登録期限が切れていないか、利用停止（hold）になっていないかを確認し\
                    ます。",
            ),
        ],
        by_hand: "dig +noall +comments +answer HOST A HOST AAAA",
    },
};
