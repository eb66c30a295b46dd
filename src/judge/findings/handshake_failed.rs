//! TLS was spoken and no offer of ours was accepted, or the server could not prove its key.

use super::{Definition, Doc, Needs, Text, told};
use crate::judge::case::Case;
use crate::observation::{KeyProof, Reason, Stage};
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `handshake_failed`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::HandshakeFailed,
    verdict: Some(VerdictKind::HandshakeFailed),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "kind",
            "alert, eof, reset, timeout, malformed, incompatible, too_large, scanner_limit, anonymous or key_not_proven",
        ),
        ("detail", "the alert's name, or what was wrong"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let failure = case.observation.failure().filter(|failure| {
        let elsewhere = matches!(failure.reason, Reason::NotTls | Reason::LocalLimit);
        failure.stage == Stage::Handshake && !elsewhere
    });
    let refuted = case
        .session()
        .is_some_and(|session| session.key_proof == Some(KeyProof::Refuted));
    let evidence = match (failure, refuted) {
        (Some(failure), _) => told(failure),
        (None, true) => vec![("kind", Reason::KeyNotProven.word().into())],
        (None, false) => return Vec::new(),
    };
    let mut finding = FINDING.found(evidence);
    if failure.is_some_and(|failure| failure.reason == Reason::ScannerLimit) {
        // Other clients read on: nothing is wrong with the server.
        finding.side = Side::Client;
    }
    vec![finding]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The TLS handshake failed",
        meaning: "The server speaks TLS, but it accepted none of our offers; the alert or the way \
            the connection ended is in the record. `handshake_failure` mostly means no cipher \
            suite or signature algorithm in common, or no certificate configured for the name; \
            `internal_error` points at the server's own configuration or log. A close, a reset \
            or silence right after the hello, at every attempt, often comes from a firewall, load balancer or \
            intrusion prevention system rather than from the web server. The server's error log \
            at the time of the visit usually names the reason. `incompatible` with `needs the \
            group` or `needs the suite` means that the server speaks TLS 1.3 with something that \
            tlsweep cannot compute: its certificate was not read, and a client that has it \
            connects (Firefox has ffdhe2048 and ffdhe3072).",
        check_first: &[
            "Compare another line without VPN, proxy or TLS inspection; devices in the path may \
                drop a hello they do not understand.",
            "If only this scan fails while browsers work, the server may refuse by address, rate \
                or SNI. Scan slowly and with the real name (`name@address`).",
            "Try an older and a newer client: if only one of them fails, the version or cipher \
                settings are the cause.",
            "`scanner_limit` is a limit of this scanner: its TLS library reads handshake messages \
                of at most 64 KiB in TLS 1.3. OpenSSL and Chrome take certificates of up to 100 \
                KiB. See with `openssl s_client` what the server sends.",
        ],
        fixes: &[
            (
                "nginx",
                "Set `ssl_protocols TLSv1.2 TLSv1.3;`, keep `ssl_ciphers` at ECDHE with AES-GCM \
                    and ChaCha20 (ECDHE-ECDSA if the key is ECDSA, ECDHE-RSA if RSA), and give \
                    the default server a certificate.",
            ),
            (
                "Apache",
                "Set `SSLProtocol -all +TLSv1.2 +TLSv1.3`, use an `SSLCipherSuite` that fits the \
                    key type, and give every `<VirtualHost *:443>` `SSLEngine on` and a \
                    certificate.",
            ),
            (
                "Postfix",
                "Remove hand-made cipher lists; `smtpd_tls_ciphers = medium` and the built-in \
                    lists suit almost all peers. Look for `no shared cipher` in the log.",
            ),
            (
                "Dovecot",
                "Remove an old `ssl_cipher_list`, set `ssl_min_protocol = TLSv1.2`, and look for \
                    `no shared cipher` with `verbose_ssl = yes` (2.3) or `log_debug = \
                    category=ssl` (2.4).",
            ),
            (
                "IIS",
                "Check the binding's certificate (`netsh http show sslcert`) and the Schannel \
                    events 36874 and 36888 in the system log.",
            ),
            (
                "Load balancer, firewall",
                "Look for the blocked connection in the log, and allow TLS 1.3 and long hellos \
                    that span several packets.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "TLS ハンドシェイクに失敗しました",
        meaning: "サーバーは TLS で応答していますが、こちらの提案をどれも受け入れませんでした。ア\
            ラートの種類や切断のされ方は記録に残っています。`handshake_failure` の多くは、共通の\
            暗号スイートや署名アルゴリズムがないか、その名前用の証明書が設定されていないことを表\
            し、`internal_error` はサーバー側の設定やログを確認すべきことを示します。ClientHello \
            の直後の切断、リセット、無応答は、Web サーバーではなくファイアウォール、ロードバラン\
            サー、IPS などが原因のことがよくあります。接続時刻のサーバーのエラーログを見れば、た\
            いてい理由が分かります。",
        check_first: &[
            "VPN、プロキシ、TLS インスペクションを通らない別の回線と比べます。途中の機器が、解釈で\
                きない ClientHello を破棄することがあります。",
            "ブラウザーでは接続できるのにスキャンだけ失敗する場合は、送信元アドレス、接続頻度、\
                SNI による拒否が考えられます。速度を落とし、実際の名前（`名前@アドレス`）でスキャ\
                ンします。",
            "古いクライアントと新しいクライアントの両方で試します。片方だけ失敗するなら、TLS バー\
                ジョンか暗号スイートの設定が原因です。",
            "`scanner_limit` はこのスキャナー側の制限です。TLS 1.3 では、64 KiB を超えるハンドシェイ\
                クメッセージを読み取れません（OpenSSL と Chrome は証明書を 100 KiB まで受け付けま\
                す）。サーバーが何を送るかは `openssl s_client` で確認します。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_protocols TLSv1.2 TLSv1.3;` とし、`ssl_ciphers` は ECDHE と AES-GCM / \
                    ChaCha20 の組み合わせにします（鍵が ECDSA なら ECDHE-ECDSA、RSA なら \
                    ECDHE-RSA）。デフォルトサーバーにも証明書を設定してください。",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` とし、`SSLCipherSuite` を鍵の種類に合わせま\
                    す。すべての `<VirtualHost *:443>` に `SSLEngine on` と証明書があるか確認しま\
                    す。",
            ),
            (
                "Postfix",
                "独自の暗号リストを削除します。`smtpd_tls_ciphers = medium` と標準のリストで、ほと\
                    んどの相手と接続できます。ログに `no shared cipher` がないか確認してくださ\
                    い。",
            ),
            (
                "Dovecot",
                "古い `ssl_cipher_list` を削除し、`ssl_min_protocol = TLSv1.2` としま\
                    す。`verbose_ssl = yes`（2.3）または `log_debug = category=ssl`（2.4）でログ\
                    を出し、`no shared cipher` を探します。",
            ),
            (
                "IIS",
                "バインドの証明書（`netsh http show sslcert`）と、システムログの Schannel イベン\
                    ト 36874、36888 を確認します。",
            ),
            (
                "ロードバランサー、ファイアウォール",
                "ログで遮断された通信を探し、TLS 1.3 と、複数パケットにまたがる長い ClientHello を\
                    通すようにします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
