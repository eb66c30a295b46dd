//! Plain-text bytes follow the STARTTLS response before TLS starts.

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
            "the extra bytes, escaped; only the first ones if there are many",
        ),
    ],
    look,
    doc: &DOC,
};

/// Maximum number of bytes in the evidence. The recording contains the rest.
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
        title: "Plain-text data follows the STARTTLS response before TLS starts",
        meaning: "The server agreed to start TLS and immediately sent additional plain-text data \
            before the ClientHello. No data is allowed there. A client that does not discard this \
            data later treats it as if it had arrived over TLS (STARTTLS response injection). \
            CVE-2021-33515 and CVE-2011-0411 are the same flaw on the server side. Either the \
            server answers commands out of turn, or a device on the path adds data to the \
            server's response. This finding does not change the verdict on the certificate.",
        check_first: &[
            "Scan from another network. A proxy, mail shield or inspecting firewall may have \
                added the data. If the data is absent there, the fault is in the network and not \
                in the server.",
            "Read the bytes in the evidence. An answer to a command that was never sent suggests \
                injection. A second line of the STARTTLS response suggests a faulty server.",
        ],
        fixes: &[
            (
                "Server",
                "Update the server. Known flaws of this kind were fixed in Postfix 2.8.3, Dovecot \
                    2.3.14.1, Exim 4.95 and other servers. A server must discard its input and \
                    output buffers at STARTTLS.",
            ),
            (
                "Proxy, firewall",
                "Disable the inspection of SMTP, IMAP or POP3 on the path, or update the device.",
            ),
            (
                "All services",
                "Prefer TLS from the first byte (465, 993, 995) if clients support it. There is \
                    then no plain text to which data can be added.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -msg",
    },
    ja: Text {
        title: "STARTTLS の応答の後、TLS の開始前に平文のデータがあります",
        meaning: "サーバーは TLS の開始に同意した直後、ClientHello を受け取る前に、余分な平文の\
            データを送信しました。ここでデータを送信することは認められていません。このデータを破棄\
            しないクライアントは、後でこれを TLS で保護されたデータとして扱います（STARTTLS 応答イ\
            ンジェクション）。CVE-2021-33515 と CVE-2011-0411 は、サーバー側の同じ種類の脆弱性で\
            す。サーバーがコマンドに順番どおりに応答していないか、経路上の機器がサーバーの応答に\
            データを追加しています。この検出結果は、証明書の判定には影響しません。",
        check_first: &[
            "別の回線からスキャンします。プロキシ、メール検査、通信を検査するファイアウォールが\
                データを追加している可能性があります。別の回線で発生しない場合は、サーバーではなく\
                ネットワークに原因があります。",
            "検出結果に表示されたデータを確認します。送信していないコマンドへの応答であればイン\
                ジェクション、STARTTLS の応答の 2 行目であればサーバーの不具合が考えられます。",
        ],
        fixes: &[
            (
                "サーバー",
                "サーバーを更新します。この種の既知の脆弱性は、Postfix 2.8.3、Dovecot 2.3.14.1、\
                    Exim 4.95 などで修正されています。サーバーは、STARTTLS の時点で入出力バッ\
                    ファーを破棄する必要があります。",
            ),
            (
                "プロキシ、ファイアウォール",
                "経路上の SMTP、IMAP、POP3 の検査を無効にするか、機器を更新します。",
            ),
            (
                "サービス共通",
                "クライアントが対応していれば、最初から TLS で通信するポート（465、993、995）を使\
                    います。平文の通信がないため、データを追加されることがありません。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:25 -starttls smtp -servername HOST -msg",
    },
};
