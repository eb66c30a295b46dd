//! The cipher suite chosen, or one that is accepted, is one that clients gave up.

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
            "the suite chosen; where that is sound, the first weak one accepted",
        ),
        (
            "weakness",
            "null, anonymous, export, rc4, des, 3des, rc2, idea or md5",
        ),
        (
            "accepted",
            "every weak suite accepted in any version (`--facts ciphers`)",
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

/// The weak suites that the server was seen to accept, each once, newest version first.
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
        title: "A weak cipher suite is accepted",
        meaning: "The connection came about with a cipher suite that no longer protects it well, or \
            the server was seen to accept one (only a scan with `--facts ciphers` asks): \
            RC4, DES or 3DES, an export suite, one without encryption (NULL) or one without \
            authentication (anonymous). The server either knows nothing better or ranks it \
            first. Current clients no longer offer these suites, so they negotiate something \
            else or cannot connect at all, while old clients get a connection that can be read \
            or altered.",
        check_first: &[
            "Make sure that the suite was chosen by the server and not by an inspecting proxy on \
                our line.",
            "On port 25 some administrators keep weak suites on purpose, reasoning that any \
                encryption beats none. 3DES and RC4 are no longer needed there either; anonymous \
                suites there are Postfix's way with clients that check nothing.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the old `ssl_ciphers` line (the default `HIGH:!aNULL:!MD5` is free of \
                    them with OpenSSL 1.1.0 or later) or list ECDHE with AES-GCM and ChaCha20 \
                    only; `ssl_protocols TLSv1.2 TLSv1.3;`.",
            ),
            (
                "Apache",
                "`SSLCipherSuite HIGH:!aNULL:!eNULL:!3DES:!RC4:!MD5` and `SSLProtocol -all \
                    +TLSv1.2 +TLSv1.3`.",
            ),
            (
                "Postfix",
                "`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, DES, EXPORT, eNULL` (and \
                    `smtpd_tls_mandatory_exclude_ciphers` on 465 and 587).",
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
        title: "弱い暗号スイートが受け入れられます",
        meaning: "十分に保護できない暗号スイートで接続が成立したか、サーバーがそれを受け入れることを確\
            認しました（後者は `--facts ciphers` を指定したスキャンでのみ調べます）。RC4、DES、3DES、輸出グレー\
            ド、暗号化なし（NULL）、認証なし（anonymous）のいずれかです。サーバーがより強い方式に\
            対応していないか、弱い方式を優先しています。現在のクライアントはこれらを提示しないた\
            め、別の方式で接続するか、まったく接続できません。古いクライアントでは、盗聴や改ざん\
            の可能性がある接続になります。",
        check_first: &[
            "暗号スイートを選んだのがサーバーで、こちらの回線の検査用プロキシではないことを確認し\
                ます。",
            "25 番ポートでは「平文よりはよい」という考えで弱い方式を残すことがありますが、3DES と \
                RC4 は現在では不要です。なお、25 番ポートの anonymous は、証明書を検証しない相手\
                に対する Postfix の仕様です。",
        ],
        fixes: &[
            (
                "nginx",
                "古い `ssl_ciphers` の行を削除するか（既定の `HIGH:!aNULL:!MD5` には、OpenSSL \
                    1.1.0 以降であれば含まれません）、ECDHE と AES-GCM / ChaCha20 だけを指定しま\
                    す。`ssl_protocols TLSv1.2 TLSv1.3;` もあわせて設定します。",
            ),
            (
                "Apache",
                "`SSLCipherSuite HIGH:!aNULL:!eNULL:!3DES:!RC4:!MD5` と `SSLProtocol -all \
                    +TLSv1.2 +TLSv1.3` を設定します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_exclude_ciphers = aNULL, RC4, 3DES, DES, EXPORT, eNULL` を設定します\
                    （465 番と 587 番では `smtpd_tls_mandatory_exclude_ciphers` も）。",
            ),
            (
                "Dovecot",
                "`ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20` と `ssl_min_protocol = TLSv1.2` \
                    を設定します。",
            ),
            (
                "IIS、Windows",
                "グループポリシー（「SSL 暗号の順位」）または `Disable-TlsCipherSuite` で該当のス\
                    イートを外します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            3DES:RC4:aNULL:eNULL:@SECLEVEL=0",
    },
};
