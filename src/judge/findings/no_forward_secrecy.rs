//! The negotiated suite, or every suite that the server accepts in some version, has no forward
//! secrecy.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::Facts;
use crate::tls::CipherSuite;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `no_forward_secrecy`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::NoForwardSecrecy,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "cipher",
            "the negotiated suite, or the first suite of `versions` if the negotiated one has \
                forward secrecy",
        ),
        (
            "versions",
            "versions in which no accepted suite has forward secrecy (`--facts ciphers`)",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let chosen = case
        .session()
        .and_then(|session| CipherSuite::of(session.cipher));
    let chosen = chosen.filter(|suite| !suite.forward_secret());
    let (versions, first) = versions_without(case);
    let Some(suite) = chosen.or(first) else {
        return Vec::new();
    };
    let mut evidence = vec![("cipher", suite.name.into())];
    if !versions.is_empty() {
        evidence.push(("versions", versions.into()));
    }
    vec![FINDING.found(evidence)]
}

/// Returns the versions in which no accepted suite has forward secrecy, newest first, and the first
/// of those suites. Incomplete lists are ignored because they prove nothing.
fn versions_without(case: &Case<'_>) -> (Vec<String>, Option<CipherSuite>) {
    let (mut versions, mut first) = (Vec::new(), None);
    let Some(facts) = Facts::of(case.observation) else {
        return (versions, first);
    };
    let listings: Vec<_> = facts.suites().collect();
    for (version, listing) in listings.into_iter().rev().filter(|(_, it)| it.complete) {
        let suites: Vec<_> = listing
            .accepted
            .iter()
            .map(|id| CipherSuite::of(*id))
            .collect();
        let without = |suite: &Option<CipherSuite>| suite.is_some_and(|it| !it.forward_secret());
        if !suites.is_empty() && suites.iter().all(without) {
            versions.push(version.name().to_owned());
            first = first.or(suites[0]);
        }
    }
    (versions, first)
}

const DOC: Doc = Doc {
    en: Text {
        title: "No forward secrecy",
        meaning: "The key exchange uses the key of the server certificate directly (RSA key \
            exchange, or static DH or ECDH) instead of a new key for each connection (ECDHE or \
            DHE). This is true for the connection of the scan or, with `--facts ciphers`, for \
            every suite that the server accepts in one TLS version. Anyone who records such \
            traffic today and later obtains the private key can decrypt all of it. TLS 1.3 always \
            has forward secrecy, so the server probably does not support TLS 1.3 and uses an old \
            cipher suite list. Some newer clients no longer offer RSA key exchange and cannot \
            connect if the server accepts nothing else.",
        check_first: &[
            "Confirm that no TLS-inspecting proxy on the scanning side is the cause. Some proxies \
                choose RSA key exchange so that they can decrypt traffic passively.",
            "Before you change the suites, find out whether a monitoring tool decrypts traffic \
                with the server's private key. It will stop working and needs another method.",
        ],
        fixes: &[
            (
                "nginx",
                "Set `ssl_protocols TLSv1.2 TLSv1.3;` and `ssl_ciphers \
                    ECDHE+AESGCM:ECDHE+CHACHA20;`.",
            ),
            (
                "Apache",
                "Set `SSLProtocol -all +TLSv1.2 +TLSv1.3` and `SSLCipherSuite \
                    ECDHE+AESGCM:ECDHE+CHACHA20`.",
            ),
            (
                "Postfix",
                "Set `smtpd_tls_exclude_ciphers = kRSA` and `smtpd_tls_eecdh_grade = auto` (the \
                    default in 3.2 or later).",
            ),
            (
                "Dovecot",
                "Set `ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20`.",
            ),
            (
                "IIS, Windows",
                "Put the `TLS_ECDHE_*` suites first in the suite order and disable the \
                    `TLS_RSA_*` suites.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher ECDHE",
    },
    ja: Text {
        title: "前方秘匿性がありません",
        meaning: "接続ごとの一時的な鍵（ECDHE または DHE）ではなく、サーバー証明書の鍵をそのまま使\
            う鍵交換（RSA 鍵交換、または静的な DH / ECDH）が使われています。スキャンの接続がこの方\
            式だったか、ある TLS バージョンで受け入れられる暗号スイートがすべてこの方式です（後者\
            は `--facts ciphers` を指定した場合に検査します）。このような通信を記録した第三者が後\
            から秘密鍵を入手すると、記録した通信をすべて復号できます。TLS 1.3 には必ず前方秘匿性（Forward \
            Secrecy）があるため、このサーバーは TLS 1.3 に対応しておらず、暗号スイートの設定も古い\
            と考えられます。新しいクライアントには RSA 鍵交換を提示しないものがあり、サーバーがほ\
            かの方式に対応していなければ接続できません。",
        check_first: &[
            "スキャン元の、TLS インスペクションを行うプロキシが原因でないか確認します。通信を復号\
                するために RSA 鍵交換を選ぶ製品があります。",
            "変更する前に、サーバーの秘密鍵で通信を復号している監視装置がないか確認します。変更後\
                は復号できなくなるため、別の方法が必要です。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_protocols TLSv1.2 TLSv1.3;` と `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;` を\
                    設定します。",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` と `SSLCipherSuite \
                    ECDHE+AESGCM:ECDHE+CHACHA20` を設定します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_exclude_ciphers = kRSA` と `smtpd_tls_eecdh_grade = auto`（3.2 以降の\
                    既定値）を設定します。",
            ),
            (
                "Dovecot",
                "`ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20` を設定します。",
            ),
            (
                "IIS、Windows",
                "暗号スイートの順序で `TLS_ECDHE_*` を先頭にし、`TLS_RSA_*` を無効にします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher ECDHE",
    },
};
