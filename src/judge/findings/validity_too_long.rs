//! A publicly trusted leaf is valid for longer than was allowed on the day of its issue.

use super::{DAY, Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `validity_too_long`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ValidityTooLong,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("days", "how long it is valid, in days begun"),
        ("limit", "how many were allowed"),
        ("not_before", "from when it is valid"),
    ],
    look,
    doc: &DOC,
};

/// From when (seconds since the epoch) at most how many days: CA/Browser Forum Baseline
/// Requirements, section 6.3.2.
const LIMITS: [(i64, i64); 5] = [
    (1_868_227_200, 47),  // 2029-03-15
    (1_805_068_800, 100), // 2027-03-15
    (1_773_532_800, 200), // 2026-03-15
    (1_598_918_400, 398), // 2020-09-01
    (1_519_862_400, 825), // 2018-03-01
];

fn look(case: &Case<'_>) -> Vec<Finding> {
    let chain = case.chain.as_ref().filter(|chain| chain.choice.public);
    let Some(leaf) = chain.and_then(|chain| chain.contents()) else {
        return Vec::new();
    };
    let found = too_long(leaf.not_before, leaf.not_after).map(|(days, limit)| {
        FINDING.found(vec![
            ("days", days.into()),
            ("limit", limit.into()),
            ("not_before", time(leaf.not_before)),
        ])
    });
    found.into_iter().collect()
}

/// The days begun and those allowed, where they are more.
fn too_long(not_before: i64, not_after: i64) -> Option<(i64, i64)> {
    let mut limits = LIMITS.into_iter();
    let (_, limit) = limits.find(|(since, _)| not_before >= *since)?;
    // The last second counts (section 1.6.1: from notBefore through notAfter, inclusive).
    let seconds = not_after.saturating_sub(not_before).saturating_add(1);
    (seconds > limit * DAY).then(|| (seconds.saturating_add(DAY - 1) / DAY, limit))
}

const DOC: Doc = Doc {
    en: Text {
        title: "The validity period is too long",
        meaning: "The certificate runs longer than the rules allowed on the day it was issued: \
            825 days from 1 March 2018, 398 from 1 September 2020, 200 from 15 March 2026, 100 \
            from 15 March 2027 and 47 from 15 March 2029. The limits bind public CAs; browsers \
            enforce them for roots of the public programs. For a private CA they are only \
            advice, except that Apple refuses every server certificate issued since July 2019 \
            that runs longer than 825 days. A long life means that a stolen key or a wrong name \
            stays usable for years.",
        check_first: &[
            "See who issued it. From a private CA, only Apple devices refuse it, and only above \
                825 days.",
            "Look at the start date: the rule of the day of issue counts, so older certificates \
                may run longer.",
        ],
        fixes: &[
            (
                "Public CA",
                "Reissue; every public CA now keeps to the limit. Automate with ACME rather than \
                    renewing by hand.",
            ),
            (
                "Private CA",
                "Set the profile to at most 825 days for Apple devices, better 90, and renew by \
                    machine (step-ca, cert-manager, AD CS autoenrollment).",
            ),
            (
                "nginx",
                "Put the new chain into `ssl_certificate`, then reload.",
            ),
            (
                "Apache",
                "Put the new chain into `SSLCertificateFile`, then reload.",
            ),
            (
                "Postfix",
                "Put the new chain into `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Put the new chain into `ssl_server_cert_file` (2.3: `ssl_cert`), then `doveadm \
                    reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -issuer -dates",
    },
    ja: Text {
        title: "有効期間が長すぎます",
        meaning: "証明書の有効期間が、発行日の時点で認められていた上限を超えています。上限は発行日\
            により、2018 年 3 月 1 日から 825 日、2020 年 9 月 1 日から 398 日、2026 年 3 月 15 \
            日から 200 日、2027 年 3 月 15 日から 100 日、2029 年 3 月 15 日から 47 日です。対象\
            はパブリック認証局で、ブラウザーも公開ルートの証明書について確認します。プライベート\
            認証局では推奨にとどまりますが、Apple 製品は 2019 年 7 月以降に発行された 825 日を超\
            えるサーバー証明書を、認証局の種類によらず拒否します。有効期間が長いと、盗まれた鍵や\
            誤った名前の証明書が何年も使える状態になります。",
        check_first: &[
            "発行者を確認します。プライベート認証局の証明書であれば、拒否するのは Apple 製品だけ\
                で、825 日を超える場合に限られます。",
            "開始日を確認します。発行日の時点の規則が適用されるため、古い証明書はより長い期間が認\
                められます。",
        ],
        fixes: &[
            (
                "パブリック認証局",
                "再発行します。現在はどの認証局も上限を守っています。手作業での更新ではなく、ACME \
                    による自動化をおすすめします。",
            ),
            (
                "プライベート認証局",
                "プロファイルの有効期間を、Apple 製品のために 825 日以下、できれば 90 日程度にし、\
                    更新を自動化します（step-ca、cert-manager、AD CS の自動登録など）。",
            ),
            (
                "nginx",
                "新しい証明書チェーンを `ssl_certificate` に指定し、リロードします。",
            ),
            (
                "Apache",
                "新しい証明書チェーンを `SSLCertificateFile` に指定し、リロードします。",
            ),
            (
                "Postfix",
                "新しい証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix reload` を実行\
                    します。",
            ),
            (
                "Dovecot",
                "新しい証明書チェーンを `ssl_server_cert_file`（2.3 では `ssl_cert`）に指定\
                    し、`doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -issuer -dates",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_begin_on_the_days_of_the_ballots() {
        let days = [
            "2029-03-15",
            "2027-03-15",
            "2026-03-15",
            "2020-09-01",
            "2018-03-01",
        ];
        for ((since, _), day) in LIMITS.into_iter().zip(days) {
            let midnight: jiff::Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
            assert_eq!(since, midnight.as_second(), "{day}");
        }
    }

    #[test]
    fn the_rule_of_the_day_of_issue_counts_to_the_second() {
        let cases = [
            ("2018-02-28T23:59:59Z", 3_650, 0, None),
            ("2018-03-01T00:00:00Z", 825, 0, None),
            ("2018-03-01T00:00:00Z", 825, 1, Some((826, 825))),
            ("2020-08-31T23:59:59Z", 825, 0, None),
            ("2020-08-31T23:59:59Z", 826, 0, Some((826, 825))),
            ("2020-09-01T00:00:00Z", 398, 0, None),
            ("2020-09-01T00:00:00Z", 398, 1, Some((399, 398))),
            ("2026-03-14T23:59:59Z", 398, 0, None),
            ("2026-03-15T00:00:00Z", 200, 0, None),
            ("2026-03-15T00:00:00Z", 200, 1, Some((201, 200))),
            ("2026-03-15T00:00:00Z", 398, 0, Some((398, 200))),
            ("2027-03-14T23:59:59Z", 200, 0, None),
            ("2027-03-15T00:00:00Z", 100, 0, None),
            ("2027-03-15T00:00:00Z", 100, 1, Some((101, 100))),
            ("2029-03-14T23:59:59Z", 100, 0, None),
            ("2029-03-15T00:00:00Z", 47, 0, None),
            ("2029-03-15T00:00:00Z", 47, 1, Some((48, 47))),
            ("2029-03-15T00:00:00Z", -10, 0, None),
        ];
        for (from, days, seconds, expected) in cases {
            let from: jiff::Timestamp = from.parse().unwrap();
            let from = from.as_second();
            // So many days and seconds, the first and the last second included.
            let until = from + days * DAY + seconds - 1;
            assert_eq!(too_long(from, until), expected, "{from} {days} {seconds}");
        }
        assert!(too_long(1_900_000_000, i64::MAX).is_some());
    }
}
