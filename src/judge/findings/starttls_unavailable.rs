//! The dialogue in clear does not offer the upgrade to TLS, refuses it, or broke off.

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
        ("service", "the protocol that was expected: smtp, imap, ..."),
        (
            "kind",
            "upgrade_not_offered, upgrade_refused, turned_away, temporary, other_protocol, implicit_tls, not_tls, timeout, eof, reset, ...",
        ),
        (
            "reply",
            "what the server said, or the name of what it speaks instead",
        ),
        (
            "implicit_tls",
            "whether the port speaks TLS from the first byte; absent when it was not seen",
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
        title: "The server does not offer STARTTLS",
        meaning: "The connection began in clear text as this port expects, but the server did not \
            offer the upgrade to TLS or refused it. Clients that insist on TLS fail here; \
            clients that do not would send mail and passwords readable by anyone on the way. The \
            usual causes are a server without certificate settings, a certificate or key file \
            that cannot be read, and a port that speaks TLS from the first byte (465, 993, 995), \
            in which case the finding says so. An inspecting firewall between us and the server \
            can also remove the offer.",
        check_first: &[
            "Try from another line. Some firewalls and antivirus mail shields rewrite the \
                server's answers; a banner of asterisks (`220 *****`) or `XXXXXXXA` in place of \
                STARTTLS is their mark.",
            "Match mode and port in the mail program: 587 and 143 with STARTTLS, 465 and 993 with \
                SSL/TLS. Never accept the offer to continue without SSL.",
            "If the finding says that the port speaks implicit TLS, scan it as `smtps://`, \
                `imaps://` or `pop3s://` instead.",
            "`temporary` means that the server said, at every attempt, that it cannot talk or \
                upgrade at the moment: it is full or shutting down. Scan it again later.",
            "`turned_away` means that the server did not want to talk with us at all: a block \
                list, a limit, or a check of the name in EHLO, for which `--ehlo` gives the \
                scanning machine's own.",
        ],
        fixes: &[
            (
                "Postfix",
                "Set `smtpd_tls_chain_files` (3.4 or later; key first, then the certificate \
                    chain) or `smtpd_tls_cert_file` and `smtpd_tls_key_file`, and \
                    `smtpd_tls_security_level = may`. On 587 use `-o \
                    smtpd_tls_security_level=encrypt`; 465 needs `-o smtpd_tls_wrappermode=yes` \
                    in master.cf. If the log shows that the key cannot be loaded, STARTTLS stays \
                    off.",
            ),
            (
                "Dovecot",
                "Set `ssl = required` with `ssl_server_cert_file` and `ssl_server_key_file` \
                    (2.4), or `ssl_cert = </path` and `ssl_key = </path` (2.3 and earlier; the \
                    `<` is needed).",
            ),
            (
                "Exchange",
                "Assign a certificate that holds the connector's host name to the SMTP service: \
                    `Enable-ExchangeCertificate -Services SMTP`.",
            ),
            (
                "Firewall",
                "Switch off SMTP inspection that removes STARTTLS (on Cisco ASA, `inspect esmtp` \
                    without `allow-tls`).",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -showcerts",
    },
    ja: Text {
        title: "STARTTLS を利用できません",
        meaning: "このポートの決まりどおり平文で接続を始めましたが、サーバーが STARTTLS を提示しな\
            いか、TLS への切り替えを拒否しました。TLS を必須とするクライアントはここで失敗し、必\
            須としないクライアントはメールやパスワードを平文で流してしまいます。主な原因は、証明\
            書の設定がない、証明書や秘密鍵を読み込めない、最初から TLS で通信するポート（465、\
            993、995）である、の 3 つです（最後の場合は結果にその旨が出ます）。途中の検査機器が \
            STARTTLS の提示を取り除いていることもあります。",
        check_first: &[
            "別の回線から試します。ファイアウォールやウイルス対策ソフトのメール検査が応答を書き換\
                えることがあります。バナーが `220 *****` になる、STARTTLS の代わりに `XXXXXXXA` \
                が見える、というのがその特徴です。",
            "メールソフトの方式とポートの組み合わせを確認します。587 と 143 は STARTTLS、465 と \
                993 は SSL/TLS です。「SSL なしで続ける」は選ばないでください。",
            "最初から TLS で通信するポートだと表示された場合\
                は、`smtps://`、`imaps://`、`pop3s://` を指定してスキャンし直します。",
            "`turned_away` は、サーバーが会話そのものを断ったことを示します。ブロックリスト、接続数の\
                制限、EHLO の名前の検査が原因です。名前が検査される場合は、`--ehlo` でスキャン元の\
                ホスト名を指定します。",
        ],
        fixes: &[
            (
                "Postfix",
                "`smtpd_tls_chain_files`（3.4 以降。秘密鍵、証明書チェーンの順）または \
                    `smtpd_tls_cert_file` と `smtpd_tls_key_file` を設定\
                    し、`smtpd_tls_security_level = may` にします。587 番では `-o \
                    smtpd_tls_security_level=encrypt`、465 番では master.cf に `-o \
                    smtpd_tls_wrappermode=yes` が必要です。秘密鍵を読み込めないと STARTTLS は無効\
                    のままになるので、ログも確認してください。",
            ),
            (
                "Dovecot",
                "`ssl = required` とし、2.4 では `ssl_server_cert_file` と `ssl_server_key_file`、\
                    2.3 以前では `ssl_cert = </パス` と `ssl_key = </パス` を設定します（`<` は必\
                    須です）。",
            ),
            (
                "Exchange",
                "コネクターのホスト名を含む証明書を SMTP サービスに割り当てます\
                    （`Enable-ExchangeCertificate -Services SMTP`）。",
            ),
            (
                "ファイアウォール",
                "STARTTLS を取り除く SMTP 検査を無効にします（Cisco ASA では `allow-tls` のない \
                    `inspect esmtp`）。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -showcerts",
    },
};
