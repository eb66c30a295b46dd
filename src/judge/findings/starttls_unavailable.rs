//! The server does not offer STARTTLS or refuses it, or the plain-text dialogue ended early.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::{Failure, Reason, Stage};
use crate::verdict::{Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `starttls_unavailable`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::StarttlsUnavailable,
    verdict: Some(VerdictKind::StarttlsUnavailable),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("service", "the expected protocol: smtp, imap, ..."),
        (
            "kind",
            "upgrade_not_offered, upgrade_refused, turned_away, temporary, other_protocol, implicit_tls, not_tls, timeout, eof, reset, ...",
        ),
        (
            "reply",
            "the server's reply, or the name of the protocol that it speaks instead",
        ),
        (
            "implicit_tls",
            "true if the port speaks TLS from the first byte; absent if unknown",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case
        .observation
        .failure()
        .filter(|failure| failure.stage == Stage::Starttls && failure.reason != Reason::LocalLimit);
    failure
        .map(|failure| FINDING.found(evidence(case, failure)))
        .into_iter()
        .collect()
}

fn evidence(case: &Case<'_>, failure: &Failure) -> Vec<(&'static str, Value)> {
    let service = case.observation.endpoint.target.service.name;
    let mut evidence: Vec<(&'static str, Value)> = vec![
        ("service", service.into()),
        ("kind", failure.reason.word().into()),
    ];
    if !failure.detail.is_empty() {
        evidence.push(("reply", failure.detail.as_str().into()));
    }
    if let Some(implicit) = case.observation.implicit_tls() {
        evidence.push(("implicit_tls", Value::Flag(implicit)));
    }
    evidence
}

const DOC: Doc = Doc {
    en: Text {
        title: "STARTTLS is not available",
        meaning: "The connection started in plain text, as this port requires, but the server did \
            not offer STARTTLS or refused the upgrade. Clients that require TLS cannot connect. \
            Other clients send mail and passwords that anyone on the path can read. There are \
            three common causes: the server has no certificate configured, it cannot read its \
            certificate or key file, or the port speaks TLS from the first byte (465, 993, 995). \
            In the last case the evidence says so. An inspecting firewall on the path can also \
            remove the STARTTLS offer.",
        check_first: &[
            "Scan from another network. Some firewalls and antivirus mail shields rewrite the \
                server's replies. Typical signs are a banner of asterisks (`220 *****`) and \
                `XXXXXXXA` in place of STARTTLS.",
            "Confirm that the mode and the port match in the mail program: STARTTLS on 587 and \
                143, SSL/TLS on 465 and 993. Never accept an offer to continue without SSL.",
            "If the evidence says that the port speaks implicit TLS, scan it as `smtps://`, \
                `imaps://` or `pop3s://`.",
            "`temporary` means that the server reported a temporary problem at every attempt, for \
                example because it is overloaded or shutting down. Scan it again later.",
            "`turned_away` means that the server refused to talk to the scanner at all. The cause \
                is a block list, a connection limit, or a check of the name in EHLO. Use `--ehlo` \
                to set that name to the scanning machine's host name.",
        ],
        fixes: &[
            (
                "Postfix",
                "Set `smtpd_tls_chain_files` (3.4 or later; key first, then the certificate \
                    chain), or `smtpd_tls_cert_file` and `smtpd_tls_key_file`. Set \
                    `smtpd_tls_security_level = may`. In master.cf, port 587 needs `-o \
                    smtpd_tls_security_level=encrypt` and port 465 needs `-o \
                    smtpd_tls_wrappermode=yes`. Check the log: if Postfix cannot load the key, \
                    STARTTLS stays disabled.",
            ),
            (
                "Dovecot",
                "Set `ssl = required`. In 2.4, also set `ssl_server_cert_file` and \
                    `ssl_server_key_file`. In 2.3 and earlier, set `ssl_cert = </path` and \
                    `ssl_key = </path` (the `<` is required).",
            ),
            (
                "Exchange",
                "Assign a certificate that contains the connector's host name to the SMTP \
                    service: `Enable-ExchangeCertificate -Services SMTP`.",
            ),
            (
                "Firewall",
                "Disable SMTP inspection that removes STARTTLS (on Cisco ASA, `inspect esmtp` \
                    without `allow-tls`).",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -showcerts",
    },
    ja: Text {
        title: "STARTTLS を利用できません",
        meaning: "このポートの規定どおり平文で接続を開始しましたが、サーバーが STARTTLS を提示しな\
            いか、TLS への切り替えを拒否しました。TLS を必須とするクライアントは接続できません。そ\
            れ以外のクライアントは、メールやパスワードを、経路上の第三者が読める平文のまま送信しま\
            す。主な原因は、証明書が設定されていない、証明書または秘密鍵のファイルを読み込めない、\
            最初から TLS で通信するポート（465、993、995）である、の 3 つです。3 つ目の場合は、検\
            出結果にその旨が表示されます。経路上のファイアウォールが STARTTLS の提示を取り除いてい\
            ることもあります。",
        check_first: &[
            "別の回線からスキャンします。ファイアウォールやウイルス対策ソフトのメール検査が、サー\
                バーの応答を書き換えることがあります。バナーが `220 *****` のようにアスタリスクに\
                なる、STARTTLS が `XXXXXXXA` に置き換わる、といった特徴があります。",
            "メールソフトの接続方式とポートの組み合わせを確認します。587 番と 143 番は STARTTLS、\
                465 番と 993 番は SSL/TLS です。「SSL を使用せずに続行」は選ばないでください。",
            "検出結果に、最初から TLS で通信するポートと表示された場合は、`smtps://`、`imaps://`、\
                `pop3s://` を指定してスキャンします。",
            "`temporary` は、サーバーが毎回、一時的に利用できないと応答したことを示します（過負\
                荷、停止処理中など）。時間をおいて再度スキャンします。",
            "`turned_away` は、サーバーがスキャナーとの通信自体を拒否したことを示します。原因は、\
                ブロックリスト、接続数の制限、EHLO の名前の検査のいずれかです。EHLO の名前には、\
                `--ehlo` でスキャン元のホスト名を指定できます。",
        ],
        fixes: &[
            (
                "Postfix",
                "`smtpd_tls_chain_files`（3.4 以降。秘密鍵、証明書チェーンの順）、または \
                    `smtpd_tls_cert_file` と `smtpd_tls_key_file` を設定します。\
                    `smtpd_tls_security_level = may` も設定します。master.cf では、587 番ポートに \
                    `-o smtpd_tls_security_level=encrypt`、465 番ポートに `-o \
                    smtpd_tls_wrappermode=yes` が必要です。秘密鍵を読み込めないと STARTTLS は無効\
                    のままになるため、ログも確認します。",
            ),
            (
                "Dovecot",
                "`ssl = required` を設定します。2.4 では、`ssl_server_cert_file` と \
                    `ssl_server_key_file` も設定します。2.3 以前では、`ssl_cert = </path` と \
                    `ssl_key = </path` を設定します（`<` は必須です）。",
            ),
            (
                "Exchange",
                "コネクターのホスト名を含む証明書を SMTP サービスに割り当てます\
                    （`Enable-ExchangeCertificate -Services SMTP`）。",
            ),
            (
                "ファイアウォール",
                "STARTTLS を取り除く SMTP の検査を無効にします（Cisco ASA では、`allow-tls` のな\
                    い `inspect esmtp`）。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -showcerts",
    },
};
