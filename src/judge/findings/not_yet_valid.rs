//! A certificate on the path is before its notBefore.

use super::*;

/// The definition of `not_yet_valid`.
pub(super) const FINDING: Definition = Definition {
    id: "not_yet_valid",
    verdict: Some(VerdictKind::NotYetValid),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "certificate",
            "role of the certificate: leaf, intermediate or root",
        ),
        ("subject", "subject of the certificate"),
        ("not_before", "time at which it becomes valid"),
        ("days", "whole days until then"),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let dated = case.candidates();
    let early = dated.filter(|(_, _, contents)| contents.not_before > case.at);
    let found = early.map(|(position, certificate, contents)| {
        let days = contents.not_before.saturating_sub(case.at) / DAY;
        FINDING.found(vec![
            ("certificate", position.word().into()),
            ("subject", contents.subject.text.as_str().into()),
            ("not_before", time(contents.not_before)),
            ("days", days.into()),
            ("fingerprint", certificate.sha256.into()),
        ])
    });
    found.collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate is not yet valid",
        meaning: "The server certificate, or another certificate that every path needs, becomes \
            valid only in the future. There are three possible causes: the clock of the issuing \
            machine is fast, a certificate for later use was installed too early, or the clock of \
            the scanning machine is slow. Public CAs set the start date slightly in the past, so \
            for their certificates check the scanning machine's clock first. A wrong clock is \
            also the usual reason why a single phone or PC warns about every site.",
        check_first: &[
            "Check the clock and time zone of the scanning machine (`timedatectl`). If most hosts \
                in a scan are not yet valid, this clock is wrong.",
            "Look at how far away the start date is. Minutes suggest a wrong clock, hours a wrong \
                time zone, and days a certificate that was installed too early.",
            "If you used `--at`, confirm that its time is correct.",
        ],
        fixes: &[
            (
                "Clock",
                "Run chrony or systemd-timesyncd on the issuing CA and on the server. The clock \
                    of a virtual machine is often wrong after it is resumed from a snapshot.",
            ),
            (
                "Private CA",
                "Reissue the certificate with a start date a few minutes in the past, so that \
                    small clock differences do no harm.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` back at the previous certificate, if it is still valid, \
                    until the new one becomes valid. Then reload.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` back at the previous certificate until the new one \
                    becomes valid, then reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` back at the previous files, then run `postfix \
                    reload`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` (2.3: `ssl_cert`) back at the previous file, then \
                    run `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "証明書の有効期間がまだ始まっていません",
        meaning: "サーバー証明書、または経路に必ず必要な証明書の有効期間の開始日時が、まだ来ていま\
            せん。発行した側の時計が進んでいる、先の日付から使う証明書を早く設定してしまった、ス\
            キャンする端末の時計が遅れている、のいずれかです。パブリック認証局は開始日時を少し前\
            に設定するため、その証明書で起きた場合はまず自分の時計を疑います。電池切れなどで時計\
            が狂ったスマートフォンやパソコンで、どのサイトにも警告が出るのも同じ原因です。",
        check_first: &[
            "この端末の時計とタイムゾーンを確認します（`timedatectl`）。スキャンした大半のホストで\
                発生するなら、原因はこちらの時計です。",
            "開始までの差を見ます。数分なら時計のずれ、数時間ならタイムゾーン、数日なら早すぎる設\
                置が疑われます。",
            "`--at` を指定した場合は、その日時が意図したものか確認します。",
        ],
        fixes: &[
            (
                "時刻同期",
                "発行側の認証局とサーバーで chrony または systemd-timesyncd を動かします。スナップ\
                    ショットから復元した仮想マシンは時計がずれていることがよくあります。",
            ),
            (
                "プライベート認証局",
                "わずかな時計のずれで失敗しないよう、開始日時を数分前にして再発行します。",
            ),
            (
                "nginx",
                "開始日時までは、まだ有効な以前の証明書を `ssl_certificate` に戻してリロードしま\
                    す。",
            ),
            (
                "Apache",
                "開始日時までは、以前の証明書を `SSLCertificateFile` に戻してリロードします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` を以前のファイルに戻し、`postfix reload` を実行します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）を以前のファイルに戻し、`doveadm \
                    reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
