//! The name gave no address: nobody was connected to.

use super::*;

/// The definition of `dns_failure`.
pub(super) const FINDING: Definition = Definition {
    id: "dns_failure",
    verdict: Some(VerdictKind::DnsFailure),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "kind",
            "nxdomain, servfail, timeout, no_address, unusable_address or invalid_name",
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
    failure
        .map(|failure| FINDING.found(told(failure)))
        .into_iter()
        .collect()
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
            signature that no longer validates. `timeout`: no answer arrived. `invalid_name`: the \
            text is not a valid host name. If only one name fails, its zone is the likely cause. \
            If most names in a scan fail at the same time, the likely cause is the resolver or \
            network of the scanning machine.",
        check_first: &[
            "If many unrelated names fail together, check the scanning machine first: \
                `/etc/resolv.conf`, any VPN, and outgoing UDP and TCP on port 53.",
            "Query a second resolver. Internal names exist only on the internal network (split \
                DNS), so scan them with `--resolvers` set to the internal resolver.",
            "A fast scan can exceed a resolver's rate limit, which appears as `timeout` or \
                `servfail`. Scan again more slowly or with more resolvers.",
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
