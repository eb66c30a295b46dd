//! The certificate asks for a staple and the server sends none.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `must_staple_missing`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::MustStapleMissing,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Staple,
    evidence: &[
        ("subject", "who the certificate is for"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let asked = case.policy.revocation.as_deref();
    let asked = asked.is_some_and(|known| known.sources.staple);
    // Absent where it could not be seen.
    let staple = case.session().and_then(|it| it.ocsp_staple.as_deref());
    let found = case.chain.as_ref().and_then(|chain| {
        let contents = chain.contents()?;
        let missing = asked && staple == Some(&[]) && chain.leaf.must_staple();
        missing.then(|| {
            FINDING.found(vec![
                ("subject", contents.subject.text.as_str().into()),
                ("fingerprint", chain.leaf.sha256.into()),
            ])
        })
    });
    found.into_iter().collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate demands a stapled OCSP answer and none came",
        meaning: "The certificate carries the TLS feature extension (must-staple), by which its \
            owner promises that every handshake brings an OCSP answer. The server sent none, so a \
            client that honours the promise refuses the connection. Servers often send no staple \
            for the first visitors after a restart, when their responder cannot be reached, or \
            when stapling is simply not turned on.",
        check_first: &[
            "Ask again: nginx sends a staple only from the second visit of each worker on.",
            "Many CAs have ended OCSP and issue no must-staple certificates any more: the next \
                renewal may settle it.",
        ],
        fixes: &[
            (
                "Any server",
                "Reissue without must-staple (certbot: without `--must-staple`); where the CA has \
                    ended OCSP, nothing else will do.",
            ),
            (
                "nginx",
                "`ssl_stapling on` with a `resolver`, and `ssl_stapling_file` where the first \
                    visitor counts.",
            ),
            (
                "Apache",
                "Use `MDStapling on` of mod_md, or `SSLUseStapling on` with `SSLStaplingCache`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
    ja: Text {
        title: "must-staple の証明書なのに OCSP ステープルがありません",
        meaning: "証明書に TLS Feature 拡張（must-staple）があり、毎回のハンドシェイクで OCSP 応答を\
            送ることを約束しています。しかし応答が送られてこなかったため、この約束を守るクライア\
            ントは接続を拒否します。再起動直後の最初のアクセス、レスポンダーに接続できない場合、\
            ステープリングの設定漏れなどで起こります。",
        check_first: &[
            "もう一度確認します。nginx は各ワーカーの最初の接続ではステープルを送りません。",
            "多くの認証局が OCSP を終了し、must-staple の証明書も発行しなくなりました。次の更新で解\
                消することがあります。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "must-staple なしで再発行します（certbot は `--must-staple` を外す）。認証局が \
                    OCSP を終了している場合は、これ以外に方法がありません。",
            ),
            (
                "nginx",
                "`ssl_stapling on` と `resolver` を設定します。最初の接続から必要な場合は \
                    `ssl_stapling_file` を使います。",
            ),
            (
                "Apache",
                "mod_md の `MDStapling on`、または `SSLUseStapling on` と `SSLStaplingCache` を設\
                    定します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
};
