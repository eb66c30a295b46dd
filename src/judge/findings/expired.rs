//! A certificate on the path is past its notAfter.

use super::{DAY, Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `expired`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::Expired,
    verdict: Some(VerdictKind::Expired),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("certificate", "leaf, intermediate or root"),
        ("subject", "who it says it is"),
        ("not_after", "until when it was valid"),
        ("days", "whole days since"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let dated = case.candidates();
    let expired = dated.filter(|(_, _, contents)| contents.not_after < case.at);
    let found = expired.map(|(position, certificate, contents)| {
        let days = case.at.saturating_sub(contents.not_after) / DAY;
        FINDING.found(vec![
            ("certificate", position.word().into()),
            ("subject", contents.subject.text.as_str().into()),
            ("not_after", time(contents.not_after)),
            ("days", days.into()),
            ("fingerprint", certificate.sha256.into()),
        ])
    });
    found.collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate has expired",
        meaning: "The end date of the server's certificate, or of a certificate that every path \
            to the root needs, has passed; the finding says which one. Either the renewal \
            failed, or it worked and the server was never reloaded, so that it still shows the \
            old file from memory. If an intermediate has expired, the server sends an outdated \
            chain file, and renewing its own certificate alone will not help. Nearly all clients \
            refuse the connection from the first second after the end date.",
        check_first: &[
            "If most hosts of a sweep are expired or not yet valid, check the clock and time zone \
                of this machine first.",
            "Compare the file on disk with what is served. If the file is new, only the reload is \
                missing.",
            "Check all machines behind the name (`--all-ips`): often one of several was forgotten.",
        ],
        fixes: &[
            (
                "Renewal",
                "Find out why it stopped: `certbot renew --dry-run`, `systemctl list-timers`, \
                    port 80 blocked, DNS changed, a CAA record. Add a reload hook: `certbot \
                    renew --deploy-hook \"systemctl reload nginx\"`.",
            ),
            (
                "nginx",
                "Replace the file of `ssl_certificate`, then `nginx -t` and `systemctl reload \
                    nginx`. Without the reload the old certificate stays.",
            ),
            (
                "Apache",
                "Replace the file of `SSLCertificateFile`, then `apachectl configtest` and \
                    `systemctl reload apache2` (or `httpd`). Look for a leftover \
                    `SSLCertificateChainFile` with an old intermediate.",
            ),
            (
                "Postfix",
                "Replace the files of `smtpd_tls_chain_files` or `smtpd_tls_cert_file`, then \
                    `postfix reload`.",
            ),
            (
                "Dovecot",
                "Replace the file of `ssl_server_cert_file` (2.3: `ssl_cert`), then `doveadm \
                    reload`.",
            ),
            (
                "Monitoring",
                "Watch what is served rather than the file on disk, and sound the alarm weeks \
                    ahead (`--expiring-within`).",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "証明書の有効期限が切れています",
        meaning: "サーバー証明書、またはルートまでの経路に必ず必要な証明書の有効期限が過ぎていま\
            す。どの証明書かは結果に表示されます。更新に失敗したか、更新は成功したものの、サー\
            バーをリロードしていないために古い証明書がメモリに残っているかのどちらかです。中間証\
            明書が期限切れの場合は、サーバーが古い証明書チェーンを送っているため、サーバー証明書\
            だけを更新しても解決しません。期限を過ぎると、ほぼすべてのクライアントがただちに接続\
            を拒否します。",
        check_first: &[
            "スキャンした大半のホストが期限切れまたは有効期間前になる場合は、まずこの端末の時計と\
                タイムゾーンを確認します。",
            "ディスク上のファイルと、実際に送られている証明書を比べます。ファイルが新しければ、足\
                りないのはリロードだけです。",
            "同じ名前のすべてのサーバーを確認します（`--all-ips`）。複数台のうち 1 台だけ更新が漏\
                れていることがよくあります。",
        ],
        fixes: &[
            (
                "更新の仕組み",
                "更新が止まった原因を調べます（`certbot renew --dry-run`、`systemctl \
                    list-timers`、80 番ポートの遮断、DNS の変更、CAA レコードなど）。`certbot \
                    renew --deploy-hook \"systemctl reload nginx\"` のように、リロードも自動化し\
                    ます。",
            ),
            (
                "nginx",
                "`ssl_certificate` のファイルを差し替え、`nginx -t` の後に `systemctl reload \
                    nginx` を実行します。リロードするまで古い証明書が使われます。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` のファイルを差し替え、`apachectl configtest` の後に \
                    `systemctl reload apache2`（または `httpd`）を実行しま\
                    す。`SSLCertificateChainFile` に古い中間証明書が残っていないかも確認します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` または `smtpd_tls_cert_file` のファイルを差し替\
                    え、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）のファイルを差し替え、`doveadm \
                    reload` を実行します。",
            ),
            (
                "監視",
                "ファイルではなく実際に送られている証明書を監視し、数週間前に通知されるようにしま\
                    す（`--expiring-within`）。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
