//! The server sends a stapled OCSP response that clients cannot use.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::judge::revocation::staple::FAULTS;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `staple_invalid`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::StapleInvalid,
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
        title: "OCSP ステープルが無効です",
        meaning: "サーバーは証明書と一緒に OCSP 応答（ステープル）を送信していますが、クライアント\
            はこれを利用できません。応答が期限切れである、別の証明書のものである、発行者またはその\
            レスポンダーの有効な署名がない、レスポンダーのエラーメッセージである、のいずれかです。\
            多くのクライアントはこのようなステープルを無視しますが、Firefox は拒否することがありま\
            す。must-staple を検査するクライアントは、有効なステープルがなければ must-staple の証\
            明書を拒否します。多くは、サーバーが認証局の OCSP レスポンダーに接続できないか、応答を\
            保存したファイルが更新されていないことが原因です。",
        check_first: &[
            "スキャン元のマシンとサーバーの時計を比べます。応答の日付が未来の場合は、時計が遅れて\
                います。",
            "1 時間後に再度スキャンします。クライアントが接続してから新しい応答を取得するサーバー\
                もあります。",
            "証明書を差し替えた直後は、以前の証明書のステープルが残っていることがあります。サー\
                バーをリロードします。",
        ],
        fixes: &[
            (
                "nginx",
                "レスポンダーに接続できるようにします。`resolver` を設定し、外部への 80 番ポートを\
                    許可し、`ssl_stapling_verify on` と、証明書チェーンを指定した \
                    `ssl_trusted_certificate` を設定します。`ssl_stapling_file` を使う場合は、ファ\
                    イルを定期的に更新するか、設定を削除します。",
            ),
            (
                "Apache",
                "`SSLUseStapling on`、`SSLStaplingCache`、`SSLStaplingReturnResponderErrors off` \
                    を設定し、外部への 80 番ポートを許可します。",
            ),
            (
                "HAProxy",
                "証明書と同じ場所の `.ocsp` ファイルを更新します（`set ssl ocsp-response`）。\
                    HAProxy 2.8 以降では、`ocsp-update on` で自動化できます。",
            ),
            (
                "OCSP を提供しない認証局",
                "証明書にレスポンダーの URL が含まれていない場合は、ステープリングを無効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -status </dev/null",
    },
};
