//! The certificate asks for a staple and the server sends none.

use super::*;

/// The definition of `must_staple_missing`.
pub(super) const FINDING: Definition = Definition {
    id: "must_staple_missing",
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
