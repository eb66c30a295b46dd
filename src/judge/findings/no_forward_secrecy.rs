//! Whoever records the traffic and later gets the key can read it: of the connection made, or of
//! any that a version accepts.

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
            "the suite; where the one chosen has it, the first that a version accepts",
        ),
        (
            "versions",
            "the versions that accept no suite with it (`--facts ciphers`)",
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

/// The versions in which every suite accepted is without it, newest first, and the first of those
/// suites. A list that may go on proves nothing.
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
        meaning: "The key exchange used the server's certificate key directly (RSA key transport, \
            or static DH or ECDH) instead of a fresh key for each connection (ECDHE or DHE). \
            Whoever records the traffic today and obtains that private key later can read all of \
            it. TLS 1.3 always has forward secrecy, so the server probably lacks TLS 1.3 and has \
            an old list of suites. Some newer clients no longer offer RSA key exchange and \
            cannot connect when there is nothing else.",
        check_first: &[
            "Rule out an inspecting proxy on our side: some choose RSA key exchange in order to \
                decrypt traffic passively.",
            "Before switching, ask whether a monitoring tool behind the server decrypts traffic \
                with the private key; it will stop working and needs another way.",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_protocols TLSv1.2 TLSv1.3;` and `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;`.",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` and `SSLCipherSuite \
                    ECDHE+AESGCM:ECDHE+CHACHA20`.",
            ),
            (
                "Postfix",
                "`smtpd_tls_exclude_ciphers = kRSA`, and `smtpd_tls_eecdh_grade = auto` (the \
                    default from 3.2).",
            ),
            (
                "Dovecot",
                "`ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20`.",
            ),
            (
                "IIS, Windows",
                "Put the `TLS_ECDHE_*` suites first in the order and disable the `TLS_RSA_*` ones.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher ECDHE",
    },
    ja: Text {
        title: "前方秘匿性がありません",
        meaning: "接続ごとの一時的な鍵（ECDHE、DHE）ではなく、証明書の鍵をそのまま使う鍵交換（RSA \
            鍵交換、または静的な DH / ECDH）で接続されました。通信を記録しておいた第三者が後から\
            秘密鍵を入手すると、過去の通信もすべて解読されます。TLS 1.3 には必ず前方秘匿性\
            （Forward Secrecy）があるため、サーバーが TLS 1.3 に対応しておらず、暗号スイートの設\
            定も古いと考えられます。新しいクライアントには RSA 鍵交換を提示しないものがあり、ほか\
            に方式がなければ接続できません。",
        check_first: &[
            "こちら側の検査用プロキシが原因でないか確認します。受動的に復号するために RSA 鍵交換を\
                選ぶ製品があります。",
            "変更する前に、サーバーの秘密鍵で通信を復号している監視装置がないか確認します。該当す\
                る場合は動作しなくなるため、別の方法が必要です。",
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
