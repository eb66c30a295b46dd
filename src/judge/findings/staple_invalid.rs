//! The server staples an OCSP answer that no client can use.

use super::*;
use crate::judge::revocation::staple::FAULTS;

/// The definition of `staple_invalid`.
pub(super) const FINDING: Definition = Definition {
    id: "staple_invalid",
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Staple,
    evidence: &[
        (
            "reason",
            "staple_malformed, staple_not_successful, staple_other_certificate, \
                staple_bad_signature, staple_responder_not_allowed, staple_not_yet_valid or \
                staple_expired",
        ),
        (
            "this_update",
            "date of the OCSP response; absent if it cannot be read",
        ),
        (
            "next_update",
            "time until which the response is valid; absent if the response does not give it",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let staple = case.revocation.and_then(|known| known.staple.as_ref());
    let found = staple.and_then(|answer| {
        let reason = answer.reason.filter(|reason| FAULTS.contains(reason))?;
        let mut evidence = vec![("reason", reason.into())];
        evidence.extend(answer.this_update.map(|at| ("this_update", time(at))));
        evidence.extend(answer.next_update.map(|at| ("next_update", time(at))));
        Some(FINDING.found(evidence))
    });
    found.into_iter().collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The stapled OCSP response is not usable",
        meaning: "The server sends an OCSP response with its certificate (a staple), but clients \
            cannot use it. The response is outdated, is for another certificate, has no valid \
            signature from the issuer or its responder, or is only an error message from the \
            responder. Most clients ignore such a staple. Firefox refuses some of them, and \
            clients that enforce must-staple refuse a must-staple certificate without a usable \
            one. Often the server cannot reach the CA's OCSP responder, or a file with the \
            response was never updated.",
        check_first: &[
            "Compare the clocks of the scanning machine and the server. A response dated in the \
                future means that a clock is slow.",
            "Scan again after an hour. Some servers fetch a new response only after a client has \
                connected.",
            "If the certificate was just replaced, the staple may still be for the previous one. \
                Reload the server.",
        ],
        fixes: &[
            (
                "nginx",
                "Make the responder reachable: set `resolver`, allow outgoing port 80, and set \
                    `ssl_stapling_verify on` with `ssl_trusted_certificate` pointing at the \
                    chain. If you use `ssl_stapling_file`, update the file regularly or remove \
                    the line.",
            ),
            (
                "Apache",
                "Set `SSLUseStapling on` with `SSLStaplingCache`, set \
                    `SSLStaplingReturnResponderErrors off`, and allow outgoing port 80.",
            ),
            (
                "HAProxy",
                "Update the `.ocsp` file next to the certificate (`set ssl ocsp-response`). \
                    HAProxy 2.8 and later can do this automatically with `ocsp-update on`.",
            ),
            (
                "CA without OCSP",
                "If the certificate no longer contains the URL of a responder, disable stapling.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
    ja: Text {
        title: "OCSP ステープルが使えない状態です",
        meaning: "サーバーが証明書と一緒に送っている OCSP 応答（ステープル）が、期限切れ、別の証明\
            書のもの、発行者の署名ではない、または応答側のエラーのいずれかです。多くのクライアン\
            トは無視しますが、Firefox は拒否することがあり、must-staple が指定された証明書では有\
            効なステープルがないと接続できません。サーバーから認証局の OCSP レスポンダーに接続で\
            きていないか、応答のファイルが更新されていないことがよくあります。",
        check_first: &[
            "このマシンとサーバーの時刻を比べます。未来の日付の応答は、どちらかの時計の遅れで起こ\
                ります。",
            "しばらくして再度確認します。アクセスがあってから新しい応答を取得するサーバーもあります。",
            "証明書を差し替えた直後は、以前の証明書の応答が残っていることがあります。サーバーをリ\
                ロードします。",
        ],
        fixes: &[
            (
                "nginx",
                "レスポンダーに接続できるようにします（`resolver`、外向き 80 番ポー\
                    ト、`ssl_stapling_verify on`、証明書チェーンを指定した \
                    `ssl_trusted_certificate`）。`ssl_stapling_file` を使う場合は定期的に更新す\
                    るか、指定を削除します。",
            ),
            (
                "Apache",
                "`SSLUseStapling on` と `SSLStaplingCache` に加\
                    え、`SSLStaplingReturnResponderErrors off` を設定し、外向き 80 番ポートを許可\
                    します。",
            ),
            (
                "HAProxy",
                "証明書の隣の `.ocsp` ファイルを更新します（`set ssl ocsp-response`）。HAProxy 2.8 \
                    以降では `ocsp-update on` で自動化できます。",
            ),
            (
                "OCSP を提供しない認証局",
                "証明書にレスポンダーの URL がない場合は、ステープリングを無効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
};
