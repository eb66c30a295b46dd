//! A certificate on the path has expired (`notAfter`).

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
        (
            "certificate",
            "role of the certificate: leaf, intermediate or root",
        ),
        ("subject", "subject of the certificate"),
        ("not_after", "time at which it expired"),
        ("days", "whole days since then"),
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
            ("certificate", position.into()),
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
        meaning: "The server certificate, or another certificate that every path to the root \
            needs, has expired. The evidence says which one. Either the renewal failed, or it \
            succeeded but the server was not reloaded and still uses the old certificate in \
            memory. If an intermediate has expired, the server sends an outdated chain, and \
            renewing only the server certificate does not help. Nearly all clients refuse the \
            connection as soon as the certificate expires.",
        check_first: &[
            "If most hosts in a scan are expired or not yet valid, check the clock and time zone \
                of the scanning machine first.",
            "Compare the file on disk with the certificate that the server sends. If the file is \
                new, only a reload is missing.",
            "Check every server behind the name (`--all-ips`). Often only one of several servers \
                was not updated.",
        ],
        fixes: &[
            (
                "Renewal",
                "Find out why the renewal stopped: run `certbot renew --dry-run` and `systemctl \
                    list-timers`, and check for a blocked port 80, a DNS change or a CAA record. \
                    Add a reload hook: `certbot renew --deploy-hook \"systemctl reload nginx\"`.",
            ),
            (
                "nginx",
                "Replace the file that `ssl_certificate` names, then run `nginx -t` and \
                    `systemctl reload nginx`. nginx keeps using the old certificate until it is \
                    reloaded.",
            ),
            (
                "Apache",
                "Replace the file that `SSLCertificateFile` names, then run `apachectl \
                    configtest` and `systemctl reload apache2` (or `httpd`). Check for a leftover \
                    `SSLCertificateChainFile` with an old intermediate.",
            ),
            (
                "Postfix",
                "Replace the files that `smtpd_tls_chain_files` or `smtpd_tls_cert_file` names, \
                    then run `postfix reload`.",
            ),
            (
                "Dovecot",
                "Replace the file that `ssl_server_cert_file` (2.3: `ssl_cert`) names, then run \
                    `doveadm reload`.",
            ),
            (
                "Monitoring",
                "Monitor the certificate that the server sends, not the file on disk. Alert \
                    several weeks before the expiry date (`--expiring-within`).",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "証明書の有効期限が切れています",
        meaning: "サーバー証明書、またはルート証明書までの経路に必要な証明書の有効期限が切れていま\
            す。どの証明書かは、検出結果に表示されます。更新に失敗したか、更新には成功したものの\
            サーバーをリロードしておらず、古い証明書がメモリに残っています。中間証明書の期限が切れ\
            ている場合は、サーバーが古い証明書チェーンを送信しています。サーバー証明書だけを更新し\
            ても解決しません。有効期限を過ぎると、ほぼすべてのクライアントがただちに接続を拒否しま\
            す。",
        check_first: &[
            "スキャンした大半のホストが期限切れまたは有効期間前になる場合は、まずスキャン元のマシ\
                ンの時計とタイムゾーンを確認します。",
            "ディスク上のファイルと、サーバーが実際に送信している証明書を比べます。ファイルが新し\
                い場合は、リロードするだけで解決します。",
            "同じ名前のすべてのサーバーを確認します（`--all-ips`）。複数台のうち 1 台だけ更新され\
                ていないことがよくあります。",
        ],
        fixes: &[
            (
                "更新の仕組み",
                "更新が止まった原因を調べます。`certbot renew --dry-run` と `systemctl \
                    list-timers` を実行し、80 番ポートの遮断、DNS の変更、CAA レコードを確認しま\
                    す。`certbot renew --deploy-hook \"systemctl reload nginx\"` のようにリロード\
                    も自動化します。",
            ),
            (
                "nginx",
                "`ssl_certificate` で指定したファイルを差し替え、`nginx -t` と `systemctl reload \
                    nginx` を実行します。リロードするまで、nginx は古い証明書を使い続けます。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` で指定したファイルを差し替え、`apachectl configtest` と \
                    `systemctl reload apache2`（または `httpd`）を実行します。\
                    `SSLCertificateChainFile` に古い中間証明書が残っていないことも確認します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` または `smtpd_tls_cert_file` で指定したファイルを差し替\
                    え、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）で指定したファイルを差し替え、\
                    `doveadm reload` を実行します。",
            ),
            (
                "監視",
                "ディスク上のファイルではなく、サーバーが実際に送信している証明書を監視します。有\
                    効期限の数週間前に通知されるように設定します（`--expiring-within`）。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
