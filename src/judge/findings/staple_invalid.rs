//! The server staples an OCSP answer that no client can use.

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
            "the answer's date; absent where it cannot be read",
        ),
        (
            "next_update",
            "until when it holds; absent where it does not tell",
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
        title: "The stapled OCSP answer is of no use",
        meaning: "The server sends an OCSP answer along with its certificate (a staple), but the \
            answer is out of date, is about another certificate, is not signed by the issuer, or \
            is only the responder's error message. Most clients ignore such a staple; Firefox \
            refuses some of them, and a certificate with must-staple is refused without a good \
            one. It often means that the server cannot reach its CA's responder, or that a file \
            with the answer was never renewed.",
        check_first: &[
            "Compare the clock of this machine and of the server: an answer of the future is a \
                clock that is slow.",
            "Ask again after an hour: some servers fetch a new answer only when a visitor has \
                come.",
            "If the certificate was just replaced, the staple may still be about the one before; \
                reload the server.",
        ],
        fixes: &[
            (
                "nginx",
                "Let it reach the responder: `resolver`, outgoing port 80, `ssl_stapling_verify \
                    on` and `ssl_trusted_certificate` with the chain. With `ssl_stapling_file`, \
                    renew the file by a timer, or remove the line.",
            ),
            (
                "Apache",
                "`SSLUseStapling on` with `SSLStaplingCache`, `SSLStaplingReturnResponderErrors \
                    off`, and outgoing port 80.",
            ),
            (
                "HAProxy",
                "Renew the `.ocsp` file beside the certificate (`set ssl ocsp-response`), or let \
                    HAProxy 2.8 and newer do it with `ocsp-update on`.",
            ),
            (
                "CA without OCSP",
                "Where the certificate names no responder any more, turn stapling off.",
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
