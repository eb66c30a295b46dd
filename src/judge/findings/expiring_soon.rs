//! The leaf, or a certificate above it that ends earlier, expires within the time chosen.

use super::{DAY, Definition, Doc, Needs, Text};
use crate::judge::Position;
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `expiring_soon`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::ExpiringSoon,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("certificate", "leaf, intermediate or root"),
        ("subject", "who it says it is"),
        ("not_after", "until when it is valid"),
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
                    ("certificate", position.word().into()),
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
        meaning: "Everything works today, but the end date of the server's certificate, or of one \
            on its path, falls within the chosen span (`--expiring-within`). With automatic \
            renewal a certificate should be replaced when about a third of its life is left, so \
            one that comes close to its end usually means that the renewal has stopped without \
            anyone noticing. Lifetimes of public certificates keep shrinking, down to 47 days \
            from March 2029, so renewing by hand will not hold.",
        check_first: &[
            "See whether a newer certificate already lies on the disk: then only the reload is \
                missing.",
            "If an intermediate is the one that ends, the CA has a successor; take its current \
                chain file.",
            "For certificates that live only a few days (some ACME profiles issue six-day ones), \
                choose a shorter span.",
        ],
        fixes: &[
            (
                "Renewal",
                "Run `certbot renew --dry-run`, look at `systemctl list-timers` and the log, and \
                    add a hook that reloads every service using the certificate.",
            ),
            (
                "nginx",
                "After renewal: `nginx -t && systemctl reload nginx`.",
            ),
            (
                "Apache",
                "After renewal: `apachectl configtest && systemctl reload apache2` (or `httpd`).",
            ),
            ("Postfix", "After renewal: `postfix reload`."),
            ("Dovecot", "After renewal: `doveadm reload`."),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -enddate",
    },
    ja: Text {
        title: "証明書の有効期限が近づいています",
        meaning: "現在は問題なく使えますが、サーバー証明書または経路上の証明書の有効期限が、指定し\
            た期間（`--expiring-within`）内に切れます。自動更新であれば残り期間がおよそ 3 分の 1 \
            になった時点で更新されるはずなので、期限が迫っている場合は、気付かないうちに更新が止\
            まっている可能性があります。パブリック証明書の最大有効期間は段階的に短くなり、2029 \
            年 3 月からは 47 日になるため、手作業での更新は続けられません。",
        check_first: &[
            "ディスク上にすでに新しい証明書がないか確認します。あれば、足りないのはリロードだけで\
                す。",
            "期限が近いのが中間証明書の場合は、後継の中間証明書があるはずです。認証局から最新の証\
                明書チェーンを取得します。",
            "もともと数日しか使わない証明書（ACME の 6 日間のプロファイルなど）では、指定する期間\
                を短くします。",
        ],
        fixes: &[
            (
                "更新の仕組み",
                "`certbot renew --dry-run`、`systemctl list-timers`、ログを確認し、その証明書を使\
                    うすべてのサービスをリロードするフックを追加します。",
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
