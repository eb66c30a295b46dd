//! A certificate on the path is not yet valid (`notBefore`).

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
            ("certificate", position.into()),
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
        meaning: "サーバー証明書、または経路に必要な証明書の有効期間がまだ始まっていません。原因\
            は 3 つ考えられます。発行したマシンの時計が進んでいる、将来使う証明書を早く設定した、\
            スキャン元のマシンの時計が遅れている、のいずれかです。パブリック認証局は開始日時を少し\
            過去に設定するため、その証明書で検出された場合は、まずスキャン元の時計を確認します。1 \
            台のスマートフォンやパソコンだけがすべてのサイトで警告を表示する場合も、多くは時計のず\
            れが原因です。",
        check_first: &[
            "スキャン元のマシンの時計とタイムゾーンを確認します（`timedatectl`）。スキャンした大半\
                のホストで検出される場合は、この時計がずれています。",
            "開始日時までの差を確認します。数分なら時計のずれ、数時間ならタイムゾーンの誤り、数日\
                なら証明書を早く設定したことが考えられます。",
            "`--at` を指定した場合は、その日時が正しいか確認します。",
        ],
        fixes: &[
            (
                "時刻同期",
                "発行元の認証局とサーバーで、chrony または systemd-timesyncd を動作させます。ス\
                    ナップショットから再開した仮想マシンでは、時計がずれていることがよくあります。",
            ),
            (
                "プライベート認証局",
                "わずかな時計のずれで失敗しないように、開始日時を数分前に設定して再発行します。",
            ),
            (
                "nginx",
                "以前の証明書がまだ有効であれば、新しい証明書の開始日時まで `ssl_certificate` を以\
                    前の証明書に戻し、リロードします。",
            ),
            (
                "Apache",
                "新しい証明書の開始日時まで `SSLCertificateFile` を以前の証明書に戻し、リロードし\
                    ます。",
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
