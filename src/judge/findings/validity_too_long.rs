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
        (
            "days",
            "validity period in days; a started day counts as one",
        ),
        ("limit", "number of days allowed on the day of issue"),
        ("not_before", "time at which the certificate becomes valid"),
    ],
    look,
    doc: &DOC,
};

/// Start of each rule (seconds since the epoch) and the number of days that it allows: CA/Browser
/// Forum Baseline Requirements, section 6.3.2.
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

/// Returns the validity period in started days and the days allowed, or `None` if it is within the
/// limit.
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
        meaning: "The certificate is valid for longer than the rules allowed on the day it was \
            issued: 825 days from 1 March 2018, 398 days from 1 September 2020, 200 days from 15 \
            March 2026, 100 days from 15 March 2027 and 47 days from 15 March 2029. The limits \
            apply to public CAs, and browsers enforce them for public roots. For private CAs they \
            are only a recommendation, with one exception: Apple refuses every server certificate \
            issued since July 2019 that is valid for more than 825 days. A long validity period \
            means that a stolen key or a wrong name remains usable for years.",
        check_first: &[
            "Check the issuer. If it is a private CA, only Apple devices refuse the certificate, \
                and only above 825 days.",
            "Check the start date. The rule on the day of issue applies, so older certificates \
                may be valid for longer.",
        ],
        fixes: &[
            (
                "Public CA",
                "Reissue the certificate. Every public CA now respects the limit. Automate \
                    renewal with ACME instead of renewing by hand.",
            ),
            (
                "Private CA",
                "Set the profile to at most 825 days for Apple devices, or preferably 90 days. \
                    Automate renewal (step-ca, cert-manager, AD CS autoenrollment).",
            ),
            (
                "nginx",
                "Point `ssl_certificate` at the new chain, then reload.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` at the new chain, then reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` at the key and the new chain, then run `postfix \
                    reload`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` (2.3: `ssl_cert`) at the new chain, then run \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -issuer -dates",
    },
    ja: Text {
        title: "有効期間が長すぎます",
        meaning: "証明書の有効期間が、発行日の時点で認められていた上限を超えています。上限は、\
            2018 年 3 月 1 日から 825 日、2020 年 9 月 1 日から 398 日、2026 年 3 月 15 日から \
            200 日、2027 年 3 月 15 日から 100 日、2029 年 3 月 15 日から 47 日です。この上限はパ\
            ブリック認証局に適用され、ブラウザーもパブリック認証局のルート証明書について検査しま\
            す。プライベート認証局では推奨にとどまりますが、例外が 1 つあります。Apple 製品は、\
            2019 年 7 月以降に発行された有効期間が 825 日を超えるサーバー証明書を、すべて拒否しま\
            す。有効期間が長いと、盗まれた鍵や誤った名前の証明書が何年も使える状態になります。",
        check_first: &[
            "発行者を確認します。プライベート認証局の場合、拒否するのは Apple 製品だけで、825 日を\
                超える場合に限られます。",
            "開始日を確認します。発行日の時点の規則が適用されるため、古い証明書にはより長い有効期\
                間が認められます。",
        ],
        fixes: &[
            (
                "パブリック認証局",
                "証明書を再発行します。現在のパブリック認証局は、すべて上限を守っています。手作業\
                    での更新をやめ、ACME で自動化します。",
            ),
            (
                "プライベート認証局",
                "Apple 製品に対応するため、プロファイルの有効期間を 825 日以下（できれば 90 日）に\
                    します。更新を自動化します（step-ca、cert-manager、AD CS の自動登録など）。",
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
                "秘密鍵と新しい証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix \
                    reload` を実行します。",
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
            // Days and seconds of the period, including the first and the last second.
            let until = from + days * DAY + seconds - 1;
            assert_eq!(too_long(from, until), expected, "{from} {days} {seconds}");
        }
        assert!(too_long(1_900_000_000, i64::MAX).is_some());
    }
}
