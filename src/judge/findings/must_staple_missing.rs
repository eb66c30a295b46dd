//! The certificate requires OCSP stapling, but the server sends no staple.

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
        ("subject", "subject of the certificate"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let asked = case.policy.revocation.as_deref();
    let asked = asked.is_some_and(|known| known.sources.staple);
    // `None` if the exchange could not show the staple.
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
        title: "The certificate requires OCSP stapling, but the server sends no OCSP response",
        meaning: "The certificate contains the TLS Feature extension (must-staple). It promises \
            that every handshake includes a stapled OCSP response. The server sent none, so \
            clients that enforce must-staple refuse the connection. Common causes are a recent \
            restart, an OCSP responder that the server cannot reach, and stapling that is not \
            enabled.",
        check_first: &[
            "Scan again. nginx does not send a staple on the first connection to each worker.",
            "Many CAs have shut down OCSP and no longer issue must-staple certificates. The next \
                renewal may resolve the finding.",
        ],
        fixes: &[
            (
                "Any server",
                "Reissue the certificate without must-staple (certbot: without `--must-staple`). \
                    If the CA has shut down OCSP, this is the only solution.",
            ),
            (
                "nginx",
                "Set `ssl_stapling on` and a `resolver`. If even the first connection needs a \
                    staple, use `ssl_stapling_file`.",
            ),
            (
                "Apache",
                "Set `MDStapling on` (mod_md), or `SSLUseStapling on` with `SSLStaplingCache`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
    ja: Text {
        title: "OCSP ステープリング必須の証明書ですが、OCSP 応答が送信されていません",
        meaning: "証明書に TLS Feature 拡張（must-staple）が含まれています。これは、すべてのハンド\
            シェイクで OCSP 応答（ステープル）を送信することを約束する拡張です。サーバーが送信して\
            いないため、must-staple を検査するクライアントは接続を拒否します。主な原因は、サーバー\
            の再起動直後であること、OCSP レスポンダーに接続できないこと、ステープリングが有効に\
            なっていないことです。",
        check_first: &[
            "もう一度スキャンします。nginx は、各ワーカーへの最初の接続ではステープルを送信しませ\
                ん。",
            "多くの認証局が OCSP の提供を終了し、must-staple の証明書も発行しなくなりました。次の\
                更新で解消することがあります。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "must-staple なしで証明書を再発行します（certbot では `--must-staple` を外しま\
                    す）。認証局が OCSP の提供を終了している場合、解決方法はこれだけです。",
            ),
            (
                "nginx",
                "`ssl_stapling on` と `resolver` を設定します。最初の接続からステープルが必要な場\
                    合は、`ssl_stapling_file` を使います。",
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
