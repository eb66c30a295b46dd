//! The server speaks TLS, but no handshake succeeded, or the server did not prove that it has
//! the key.

use super::{Definition, Doc, Needs, Text, failure_evidence};
use crate::judge::case::Case;
use crate::observation::{KeyProof, Offer, Reason, Stage};
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
        ("detail", "name of the alert, or a description of the error"),
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
        (Some(failure), _) => failure_evidence(failure),
        (None, true) => vec![("kind", Reason::KeyNotProven.word().into())],
        (None, false) => return Vec::new(),
    };
    let mut finding = FINDING.found(evidence);
    let limited = failure.is_some_and(|failure| failure.reason == Reason::ScannerLimit);
    // Only `rest` was answered in TLS 1.3: the server requires what this scanner cannot complete.
    let read_only = case.observation.decisive().is_some_and(|it| {
        let incompatible = it.failure.as_ref().map(|failure| failure.reason);
        it.offer == Offer::Rest && incompatible == Some(Reason::Incompatible)
    });
    if limited || read_only {
        // Other clients can continue. `refused_by_today` says which ones cannot.
        finding.side = Side::Client;
    }
    vec![finding]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The TLS handshake failed",
        meaning: "The server speaks TLS but completed no handshake with the scanner. The record \
            contains the alert, or how the connection ended. `handshake_failure` usually means \
            that there is no common cipher suite or signature algorithm, or that no certificate \
            is configured for the name. `internal_error` points to the server's configuration or \
            log. If the connection is closed, reset or silent right after every ClientHello, the \
            cause is often a firewall, load balancer or intrusion prevention system rather than \
            the server itself. The server's error log at the time of the scan usually gives the \
            reason. `incompatible` with `needs the group` or `needs the suite` means that the \
            server speaks TLS 1.3 with an algorithm that tlsweep does not implement. tlsweep then \
            cannot read the certificate, because TLS 1.3 encrypts it, and the side is `client`. \
            The finding `refused_by_today` says which clients can connect.",
        check_first: &[
            "Compare with another network that has no VPN, proxy or TLS inspection. Devices on \
                the path may drop a ClientHello that they do not understand.",
            "If only this scan fails and browsers can connect, the server may reject by address, \
                connection rate or SNI. Scan slowly and with the real name (`name@address`).",
            "Try an older and a newer client. If only one of them fails, the TLS version or \
                cipher settings are the cause.",
            "`scanner_limit` is a limit of tlsweep: in TLS 1.3 its TLS library reads handshake \
                messages of at most 64 KiB. OpenSSL and Chrome accept certificates of up to 100 \
                KiB. Use `openssl s_client` to see what the server sends.",
        ],
        fixes: &[
            (
                "nginx",
                "Set `ssl_protocols TLSv1.2 TLSv1.3;`. Set `ssl_ciphers` to ECDHE with AES-GCM \
                    and ChaCha20 (ECDHE-ECDSA for an ECDSA key, ECDHE-RSA for an RSA key). Give \
                    the default server a certificate.",
            ),
            (
                "Apache",
                "Set `SSLProtocol -all +TLSv1.2 +TLSv1.3` and an `SSLCipherSuite` that fits the \
                    key type. Give every `<VirtualHost *:443>` `SSLEngine on` and a certificate.",
            ),
            (
                "Postfix",
                "Remove custom cipher lists. `smtpd_tls_ciphers = medium` and the built-in lists \
                    suit almost all peers. Look for `no shared cipher` in the log.",
            ),
            (
                "Dovecot",
                "Remove any old `ssl_cipher_list` and set `ssl_min_protocol = TLSv1.2`. Enable \
                    `verbose_ssl = yes` (2.3) or `log_debug = category=ssl` (2.4) and look for \
                    `no shared cipher` in the log.",
            ),
            (
                "IIS",
                "Check the certificate of the binding (`netsh http show sslcert`) and the \
                    Schannel events 36874 and 36888 in the system log.",
            ),
            (
                "Load balancer, firewall",
                "Look for the blocked connection in the log. Allow TLS 1.3 and long ClientHellos \
                    that span several packets.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
    ja: Text {
        title: "TLS ハンドシェイクに失敗しました",
        meaning: "サーバーは TLS に対応していますが、ハンドシェイクは完了しませんでした。アラート\
            の種類や切断の状況は、結果に記録されています。`handshake_failure` の多くは、共通の暗号\
            スイートや署名アルゴリズムがないか、その名前の証明書が設定されていないことを示します。\
            `internal_error` の場合は、サーバーの設定やログを確認してください。毎回 ClientHello の\
            直後に切断、リセット、無応答になる場合は、サーバー自体ではなく、ファイアウォール、ロー\
            ドバランサー、IPS などが原因であることがよくあります。スキャン時刻のサーバーのエラーロ\
            グを見ると、多くの場合、理由が分かります。`incompatible` に `needs the group` または \
            `needs the suite` と表示される場合は、サーバーが TLS 1.3 で使う方式を tlsweep が実装し\
            ていません。TLS 1.3 では証明書が暗号化されるため、証明書は確認できていません。この場合、\
            `side` は `client` になります。接続できるクライアントは、検出結果 `refused_by_today` \
            に表示されます。",
        check_first: &[
            "VPN、プロキシ、TLS インスペクションのない別の回線と比べます。経路上の機器が、解釈でき\
                ない ClientHello を破棄することがあります。",
            "ブラウザーでは接続でき、スキャンだけが失敗する場合は、送信元アドレス、接続頻度、SNI \
                による拒否が考えられます。速度を下げ、実際の名前（`name@address`）を指定してスキャ\
                ンします。",
            "古いクライアントと新しいクライアントの両方で試します。片方だけが失敗する場合は、TLS \
                バージョンまたは暗号スイートの設定が原因です。",
            "`scanner_limit` は tlsweep 側の制限です。TLS 1.3 では、64 KiB を超えるハンドシェイク\
                メッセージを読み取れません（OpenSSL と Chrome は 100 KiB までの証明書を受け入れま\
                す）。サーバーが送信している内容は、`openssl s_client` で確認します。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_protocols TLSv1.2 TLSv1.3;` を設定します。`ssl_ciphers` には ECDHE と \
                    AES-GCM / ChaCha20 の組み合わせを指定します（鍵が ECDSA なら ECDHE-ECDSA、RSA \
                    なら ECDHE-RSA）。デフォルトサーバーにも証明書を設定します。",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` を設定し、`SSLCipherSuite` を鍵の種類に合わ\
                    せます。すべての `<VirtualHost *:443>` に `SSLEngine on` と証明書を設定しま\
                    す。",
            ),
            (
                "Postfix",
                "独自の暗号スイートの設定を削除します。`smtpd_tls_ciphers = medium` と標準のリスト\
                    で、ほとんどの相手と接続できます。ログに `no shared cipher` がないか確認しま\
                    す。",
            ),
            (
                "Dovecot",
                "古い `ssl_cipher_list` を削除し、`ssl_min_protocol = TLSv1.2` を設定します。\
                    `verbose_ssl = yes`（2.3）または `log_debug = category=ssl`（2.4）を有効にし、\
                    ログに `no shared cipher` がないか確認します。",
            ),
            (
                "IIS",
                "バインドの証明書（`netsh http show sslcert`）と、システムログの Schannel イベン\
                    ト 36874 と 36888 を確認します。",
            ),
            (
                "ロードバランサー、ファイアウォール",
                "ログで遮断された接続を探します。TLS 1.3 と、複数のパケットにまたがる長い \
                    ClientHello を許可します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -msg",
    },
};
