//! The dialogue in clear does not offer the upgrade to TLS, refuses it, or broke off.

use super::*;

/// The definition of `starttls_unavailable`.
pub(super) const FINDING: Definition = Definition {
    id: "starttls_unavailable",
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
        ("kind", word(failure.reason).into()),
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
