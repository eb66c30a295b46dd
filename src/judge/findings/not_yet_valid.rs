//! A certificate on the path is before its notBefore.

use super::{DAY, Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `not_yet_valid`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::NotYetValid,
    verdict: Some(VerdictKind::NotYetValid),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("certificate", "leaf, intermediate or root"),
        ("subject", "who it says it is"),
        ("not_before", "from when it is valid"),
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
        title: "The certificate is not valid yet",
        meaning: "The start date of the server's certificate, or of a certificate that every path \
            needs, still lies ahead. Either the clock of the machine that issued it runs ahead, \
            or a certificate meant for later was installed too early, or the clock of the \
            scanning machine is slow. Public CAs set the start a little into the past, so with \
            them our own clock is the first suspect. A wrong clock is also why a single phone or \
            PC with an empty battery calls every site unsafe.",
        check_first: &[
            "Check the clock and time zone of this machine (`timedatectl`). If most hosts of a \
                sweep are not yet valid, it is ours.",
            "Look at the distance: minutes point at a clock, hours at a time zone, days at a \
                certificate installed too early.",
            "If `--at` was given, make sure that the time is the intended one.",
        ],
        fixes: &[
            (
                "Clock",
                "Run chrony or systemd-timesyncd on the issuing CA and on the server; virtual \
                    machines resumed from a snapshot are often off.",
            ),
            (
                "Private CA",
                "Issue again with a start date some minutes in the past, so that small clock \
                    differences do no harm.",
            ),
            (
                "nginx",
                "Put the previous, still valid certificate back into `ssl_certificate` until the \
                    new one starts, then reload.",
            ),
            (
                "Apache",
                "Put the previous certificate back into `SSLCertificateFile` until the start \
                    date, then reload.",
            ),
            (
                "Postfix",
                "Put the previous files back into `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Put the previous file back into `ssl_server_cert_file` (2.3: `ssl_cert`), then \
                    `doveadm reload`.",
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
