//! Bytes in clear stood between the go-ahead and TLS.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `starttls_injection`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::StarttlsInjection,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("service", "the protocol: smtp, imap, ..."),
        (
            "injected",
            "the bytes, escaped; the first of them when they are many",
        ),
    ],
    look,
    doc: &DOC,
};

/// The most of the bytes that goes into evidence: the rest is in the saved observation.
const MAX_SHOWN: usize = 200;

fn look(case: &Case<'_>) -> Vec<Finding> {
    let transcripts = case.observation.exchanges.iter();
    let mut injected = transcripts.filter_map(|exchange| {
        let transcript = exchange.transcript.as_ref()?;
        transcript.injected.as_deref()
    });
    let service = case.observation.endpoint.target.service.name;
    let found = injected.next().map(|bytes| {
        let shown: String = bytes.chars().take(MAX_SHOWN).collect();
        FINDING.found(vec![
            ("service", service.into()),
            ("injected", shown.into()),
        ])
    });
    found.into_iter().collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "Clear text stands between the STARTTLS answer and TLS",
        meaning: "The server agreed to start TLS, and in the same breath sent more bytes in clear \
            text, before our ClientHello. Nothing belongs there. A client that does not throw \
            such bytes away reads them later as if they had come protected (STARTTLS response \
            injection; CVE-2021-33515 and CVE-2011-0411 are the same flaw seen from the server). \
            Either the server answers commands out of turn, or a device between us and it adds \
            to what the server says. The certificate itself is judged as usual.",
        check_first: &[
            "Try from another line: a proxy, mail shield or inspecting firewall may have added \
                the bytes. If they are gone there, the network is at fault and not the server.",
            "Read the bytes in the evidence: an answer to a command that nobody sent points at \
                injection, a second line of the go-ahead at a misbehaving server.",
        ],
        fixes: &[
            (
                "Server",
                "Update it: the known flaws of this kind were mended in Postfix 2.8.3, Dovecot \
                    2.3.14.1, Exim 4.95 and their contemporaries. A server must empty its input \
                    and output at STARTTLS.",
            ),
            (
                "Proxy, firewall",
                "Switch off the inspection of SMTP, IMAP or POP3 on the way, or update the device.",
            ),
            (
                "Everywhere",
                "Prefer TLS from the first byte (465, 993, 995) where clients allow it: there is \
                    no clear text to add to.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -msg",
    },
    ja: Text {
        title: "STARTTLS の応答と TLS の間に平文のデータがあります",
        meaning: "サーバーは TLS の開始に同意しましたが、こちらの ClientHello より前に、同じ応答に続\
            けて余分な平文のデータを送ってきました。ここには何も来てはいけません。このデータを捨て\
            ないクライアントは、後で暗号化された通信の一部として読んでしまいます（STARTTLS 応答イ\
            ンジェクション。サーバー側で起きる同種の欠陥が CVE-2021-33515 や CVE-2011-0411 です）。\
            サーバーが順番を無視して応答しているか、途中の機器がサーバーの応答に書き足しています。\
            証明書そのものは通常どおり判定しています。",
        check_first: &[
            "別の回線から試します。プロキシ、メール検査、ファイアウォールが書き足していることがあ\
                ります。別の回線で消えるなら、原因はサーバーではなくネットワークです。",
            "結果に表示されたデータを読みます。送っていないコマンドへの応答ならインジェクション、\
                開始応答の 2 行目ならサーバーの不具合が疑われます。",
        ],
        fixes: &[
            (
                "サーバー",
                "更新します。この種の既知の欠陥は Postfix 2.8.3、Dovecot 2.3.14.1、Exim 4.95 などで\
                    修正されています。サーバーは STARTTLS の時点で入出力のバッファーを空にしなければ\
                    なりません。",
            ),
            (
                "プロキシ、ファイアウォール",
                "途中での SMTP、IMAP、POP3 の検査を無効にするか、機器を更新します。",
            ),
            (
                "共通",
                "クライアントが対応していれば、最初から TLS で通信するポート（465、993、995）を使い\
                    ます。書き足される平文がありません。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -msg",
    },
};
