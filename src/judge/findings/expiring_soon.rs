//! The leaf, or a certificate above it that expires earlier, expires within the chosen period.

use super::{DAY, Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, Position, Severity, Side};

/// The definition of `expiring_soon`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ExpiringSoon,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "certificate",
            "role of the certificate: leaf, intermediate or root",
        ),
        ("subject", "subject of the certificate"),
        ("not_after", "time at which it expires"),
        ("days_left", "whole days until then"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some((_, leaf)) = case.readable() else {
        return Vec::new();
    };
    let within = i64::try_from(case.policy.expiring_within.as_secs()).unwrap_or(i64::MAX);
    let ending = case
        .candidates()
        .filter_map(|(position, certificate, contents)| {
            let first = position == Position::Leaf || contents.not_after < leaf.not_after;
            let left = contents.not_after.saturating_sub(case.at);
            let soon = first && (0..=within).contains(&left);
            (soon && case.needs(position, certificate)).then(|| {
                FINDING.found(vec![
                    ("certificate", position.into()),
                    ("subject", contents.subject.text.as_str().into()),
                    ("not_after", time(contents.not_after)),
                    ("days_left", (left / DAY).into()),
                    ("fingerprint", certificate.sha256.into()),
                ])
            })
        });
    ending.collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate expires soon",
        meaning: "The service works today, but the server certificate or another certificate on \
            its path expires within the chosen period (`--expiring-within`). Automatic renewal \
            normally replaces a certificate when about a third of its lifetime is left. A \
            certificate close to its expiry date therefore usually means that the renewal has \
            stopped unnoticed. The maximum lifetime of public certificates keeps shrinking and \
            will be 47 days from March 2029, so manual renewal will not be practical for much \
            longer.",
        check_first: &[
            "Check whether a newer certificate is already on disk. If it is, only a reload is \
                missing.",
            "If an intermediate is the certificate that expires, the CA has a replacement. Use \
                the CA's current chain file.",
            "For certificates that are valid for only a few days (some ACME profiles issue \
                six-day certificates), choose a shorter period.",
        ],
        fixes: &[
            (
                "Renewal",
                "Run `certbot renew --dry-run`, check `systemctl list-timers` and the log, and \
                    add a hook that reloads every service that uses the certificate.",
            ),
            (
                "nginx",
                "After the renewal, run `nginx -t && systemctl reload nginx`.",
            ),
            (
                "Apache",
                "After the renewal, run `apachectl configtest && systemctl reload apache2` (or \
                    `httpd`).",
            ),
            ("Postfix", "After the renewal, run `postfix reload`."),
            ("Dovecot", "After the renewal, run `doveadm reload`."),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -enddate",
    },
    ja: Text {
        title: "証明書の有効期限が近づいています",
        meaning: "現在は正常に利用できますが、サーバー証明書または経路上の証明書の有効期限が、指定\
            した期間内（`--expiring-within`）に切れます。自動更新では通常、残り期間が有効期間のお\
            よそ 3 分の 1 になった時点で証明書が更新されます。そのため、有効期限が迫っている場合\
            は、気付かないうちに更新が止まっていることが多くあります。パブリック認証局の証明書の最\
            大有効期間は段階的に短くなり、2029 年 3 月からは 47 日になります。手作業での更新は、今\
            後難しくなります。",
        check_first: &[
            "ディスク上に新しい証明書がないか確認します。ある場合は、リロードするだけで解決しま\
                す。",
            "期限が迫っているのが中間証明書の場合は、認証局が後継の証明書を用意しています。認証局\
                の最新の証明書チェーンを使用します。",
            "有効期間が数日しかない証明書（ACME の 6 日間のプロファイルなど）を使っている場合は、\
                指定する期間を短くします。",
        ],
        fixes: &[
            (
                "更新の仕組み",
                "`certbot renew --dry-run` を実行し、`systemctl list-timers` とログを確認します。\
                    証明書を使うすべてのサービスをリロードするフックも追加します。",
            ),
            (
                "nginx",
                "更新後に `nginx -t && systemctl reload nginx` を実行します。",
            ),
            (
                "Apache",
                "更新後に `apachectl configtest && systemctl reload apache2`（または `httpd`）を実\
                    行します。",
            ),
            ("Postfix", "更新後に `postfix reload` を実行します。"),
            ("Dovecot", "更新後に `doveadm reload` を実行します。"),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -enddate",
    },
};
