//! The negotiated cipher suite, or one that the server accepts, is too weak for current clients.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::Facts;
use crate::tls::CipherSuite;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `weak_cipher`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakCipher,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "cipher",
            "the negotiated suite, or the first weak suite in `accepted` if the negotiated one is \
                not weak",
        ),
        (
            "weakness",
            "why the suite is weak: null, anonymous, export, rc4, des, 3des, rc2, idea or md5",
        ),
        (
            "accepted",
            "all weak suites that the server accepts in any version (`--facts ciphers`)",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let chosen = case
        .session()
        .and_then(|session| CipherSuite::of(session.cipher));
    let accepted = weak_accepted(case);
    let chosen = chosen.filter(|suite| suite.weakness().is_some());
    let Some((suite, weakness)) = chosen
        .or(accepted.first().copied())
        .and_then(|suite| Some((suite, suite.weakness()?)))
    else {
        return Vec::new();
    };
    let mut evidence = vec![("cipher", suite.name.into()), ("weakness", weakness.into())];
    if !accepted.is_empty() {
        let names: Vec<String> = accepted.iter().map(|suite| suite.name.to_owned()).collect();
        evidence.push(("accepted", names.into()));
    }
    vec![FINDING.found(evidence)]
}

/// Returns the weak suites that the server accepts, without duplicates, newest version first.
fn weak_accepted(case: &Case<'_>) -> Vec<CipherSuite> {
    let mut weak = Vec::new();
    if let Some(facts) = Facts::of(case.observation) {
        let listings: Vec<_> = facts.suites().collect();
        let numbers = listings
            .iter()
            .rev()
            .flat_map(|(_, listing)| &listing.accepted);
        for suite in numbers.filter_map(|number| CipherSuite::of(*number)) {
            if suite.weakness().is_some() && !weak.contains(&suite) {
                weak.push(suite);
            }
        }
    }
    weak
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server accepts a weak cipher suite",
        meaning: "The connection used a cipher suite that no longer protects it, or the server \
            accepts such a suite when it is offered (checked only with `--facts ciphers`). Weak \
            suites use RC4, DES or 3DES, are export suites, or lack encryption (NULL) or \
            authentication (anonymous). Either the server supports nothing stronger, or it \
            prefers a weak suite, or it still accepts one from old clients. Current clients no \
            longer offer these suites. They negotiate a stronger suite or cannot connect at all. \
            Old clients may get a connection that an attacker can read or modify.",
        check_first: &[
            "Confirm that the server chose the suite, and not a TLS-inspecting proxy on the \
                scanning side.",
            "On port 25, some administrators keep weak suites on purpose because any encryption \
                is better than none. 3DES and RC4 are no longer needed even there. Postfix \
                accepts anonymous suites on port 25 by design, for clients that do not verify \
                certificates.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the old `ssl_ciphers` line, or list only ECDHE with AES-GCM and ChaCha20. \
                    With OpenSSL 1.1.0 or later, the default `HIGH:!aNULL:!MD5` contains no weak \
                    suites. Set `ssl_protocols TLSv1.2 TLSv1.3;`.",
            ),
            (
                "Apache",
                "Set `SSLCipherSuite HIGH:!aNULL:!eNULL:!3DES:!RC4:!MD5` and `SSLProtocol -all \
                    +TLSv1.2 +TLSv1.3`.",
            ),
            (
                "Postfix",
                "Set `smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, DES, EXPORT, eNULL`. On ports \
                    465 and 587, also set `smtpd_tls_mandatory_exclude_ciphers`.",
            ),
            (
                "Dovecot",
                "Set `ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20` and `ssl_min_protocol = \
                    TLSv1.2`.",
            ),
            (
                "IIS, Windows",
                "Remove the suites by group policy (\"SSL Cipher Suite Order\") or \
                    `Disable-TlsCipherSuite`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            3DES:RC4:aNULL:eNULL:@SECLEVEL=0",
    },
    ja: Text {
        title: "サーバーが弱い暗号スイートを受け入れます",
        meaning: "通信を十分に保護できない暗号スイートで接続が確立したか、そのような暗号スイートを\
            サーバーが受け入れます（後者は `--facts ciphers` を指定した場合にだけ検査します）。弱\
            い暗号スイートとは、RC4、DES、3DES を使うもの、輸出グレードのもの、暗号化のないもの（NULL）、\
            認証のないもの（anonymous）です。サーバーがより強い方式に対応していないか、弱い方式を\
            優先しているか、古いクライアントのために受け入れています。現在のクライアントはこれらを\
            提示しないため、より強い暗号スイートで接続するか、まったく接続できません。古いクライア\
            ントの接続は、攻撃者に盗聴または改ざんされるおそれがあります。",
        check_first: &[
            "暗号スイートを選んだのがサーバーであることを確認します。スキャン元の、TLS インスペク\
                ションを行うプロキシが選んでいる場合があります。",
            "25 番ポートでは、平文よりは安全であるという理由で、弱い方式を意図的に残していることが\
                あります。ただし、3DES と RC4 は 25 番ポートでも不要です。Postfix は、証明書を検証\
                しないクライアントのために、25 番ポートで anonymous を仕様として受け入れます。",
        ],
        fixes: &[
            (
                "nginx",
                "古い `ssl_ciphers` の行を削除するか、ECDHE と AES-GCM / ChaCha20 の組み合わせだけ\
                    を指定します。OpenSSL 1.1.0 以降では、既定の `HIGH:!aNULL:!MD5` に弱い暗号ス\
                    イートは含まれません。`ssl_protocols TLSv1.2 TLSv1.3;` も設定します。",
            ),
            (
                "Apache",
                "`SSLCipherSuite HIGH:!aNULL:!eNULL:!3DES:!RC4:!MD5` と `SSLProtocol -all \
                    +TLSv1.2 +TLSv1.3` を設定します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, DES, EXPORT, eNULL` を設定します。\
                    465 番と 587 番のポートでは、`smtpd_tls_mandatory_exclude_ciphers` も設定しま\
                    す。",
            ),
            (
                "Dovecot",
                "`ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20` と `ssl_min_protocol = TLSv1.2` \
                    を設定します。",
            ),
            (
                "IIS、Windows",
                "グループポリシー（「SSL 暗号の順位」）または `Disable-TlsCipherSuite` で、該当す\
                    る暗号スイートを削除します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            3DES:RC4:aNULL:eNULL:@SECLEVEL=0",
    },
};
