//! The server refuses what browsers offer, and accepts something older or rarer.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::{Offer, Part, refused_by_browsers};
use crate::tls::{cipher_suite_text, group_text, signature_scheme_text};
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `refused_by_today`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::RefusedByToday,
    verdict: None,
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "refused",
            "the parts of the offer that the server cannot go along with: suites, groups, signatures, key; or chain_size, which clients refuse",
        ),
        ("accepted", "what it accepted instead"),
        ("fails", "the clients that cannot connect"),
        ("connects", "clients that can, where some are known"),
    ],
    look,
    doc: &DOC,
};

/// The clients whose whole offer was sent and refused.
const BROWSERS: [&str; 3] = ["Chrome", "Edge", "Firefox"];

/// The suites beyond those of browsers in the default offer of OpenSSL (`openssl ciphers -s DEFAULT`)
/// and of Java: DHE, and CBC with SHA-2.
const OPENSSL_TOO: [u16; 13] = [
    0x009F, 0xCCAA, 0x009E, 0xC024, 0xC028, 0x006B, 0xC023, 0xC027, 0x0067, 0x0039, 0x0033, 0x003D,
    0x003C,
];

/// The largest Certificate message that OpenSSL, and BoringSSL in Chrome, read
/// (`SSL_MAX_CERT_LIST_DEFAULT`). Go reads 256 KiB.
const MOST_OF_CHAIN: usize = 100 * 1024;

fn look(case: &Case<'_>) -> Vec<Finding> {
    offer_refused(case)
        .or_else(|| groups_refused(case))
        .or_else(|| chain_refused(case))
        .into_iter()
        .collect()
}

/// Clients refuse a chain of such a size, whatever they offer.
fn chain_refused(case: &Case<'_>) -> Option<Finding> {
    let sent = &case.chain.as_ref()?.sent.certificates;
    // Each after its length of three bytes.
    let bytes: usize = sent.iter().map(|it| it.der.len() + 3).sum();
    let fails = ["Chrome", "Edge", "curl/OpenSSL"]
        .map(str::to_owned)
        .to_vec();
    (bytes > MOST_OF_CHAIN).then(|| {
        FINDING.found(vec![
            ("refused", vec!["chain_size".to_owned()].into()),
            (
                "accepted",
                vec![format!("{bytes} bytes of certificates")].into(),
            ),
            ("fails", fails.into()),
        ])
    })
}

/// The groups of TLS 1.3 that not every browser offers. Chrome offers X25519MLKEM768, X25519, P-256
/// and P-384 (BoringSSL's defaults); Firefox adds P-521.
const P521: u16 = 0x0019;
const SECP256R1_MLKEM768: u16 = 0x11EB;

/// The server insists on a group of TLS 1.3 that some browsers do not offer.
fn groups_refused(case: &Case<'_>) -> Option<Finding> {
    let exchange = case.observation.telling()?;
    let session = exchange.session.as_ref()?;
    let asked = exchange.offer == Offer::MoreGroups && exchange.failure.is_none();
    let group = session.group.filter(|_| asked)?;
    let (fails, connects): (&[&str], &[&str]) = match group {
        P521 => (&["Chrome", "Edge"], &["Firefox", "curl/OpenSSL"]),
        SECP256R1_MLKEM768 => (&BROWSERS, &[]),
        _ => return None,
    };
    let list = |clients: &[&str]| clients.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut finding = FINDING.found(vec![
        ("refused", vec!["groups".to_owned()].into()),
        ("accepted", vec![group_text(group).into_owned()].into()),
        ("fails", list(fails).into()),
    ]);
    if !connects.is_empty() {
        finding.severity = Severity::Warning;
        finding.evidence.push(("connects", list(connects).into()));
    }
    Some(finding)
}

/// Browsers offer nothing that the server accepts.
fn offer_refused(case: &Case<'_>) -> Option<Finding> {
    let (session, parts) = refused_by_browsers(case.observation)?;
    let mut accepted = vec![cipher_suite_text(session.cipher).into_owned()];
    accepted.extend(session.group.map(|group| group_text(group).into_owned()));
    let scheme = session.signature;
    accepted.extend(scheme.map(|scheme| signature_scheme_text(scheme).into_owned()));
    let key = case.readable().map(|(_, leaf)| leaf.key.name.clone());
    accepted.extend(key);
    let refused: Vec<String> = parts.iter().map(|part| part.word().to_owned()).collect();
    let fails = BROWSERS.map(str::to_owned).to_vec();
    let mut finding = FINDING.found(vec![
        ("refused", refused.into()),
        ("accepted", accepted.into()),
        ("fails", fails.into()),
    ]);
    // OpenSSL refuses a prime of 1024 bits on Debian and Ubuntu, and one below everywhere.
    let large = session.dh_bits.is_none_or(|bits| bits >= 2048);
    if parts == [Part::Suites] && OPENSSL_TOO.contains(&session.cipher) && large {
        finding.severity = Severity::Warning;
        let connects = vec!["curl/OpenSSL".to_owned(), "Java".to_owned()];
        finding.evidence.push(("connects", connects.into()));
    }
    Some(finding)
}

const DOC: Doc = Doc {
    en: Text {
        title: "Today's browsers cannot connect",
        meaning: "The server speaks TLS 1.2, but refused both TLS 1.3 and everything that Chrome and \
            Firefox offer in TLS 1.2: ECDHE with AES-GCM, ChaCha20 or AES-CBC, and RSA with AES, \
            on X25519, P-256, P-384 and P-521. It accepted only a hello that offers whatever was \
            ever used. The evidence says which part of the offer it refused, and what it accepted \
            instead. Where that is DHE, or CBC with SHA-256, programs with OpenSSL or Java still \
            connect, and this is a warning; for the rest it is an error. `groups` alone is a server of \
            TLS 1.3 that insists on P-521, which Firefox offers and Chrome does not. `chain_size` is another \
            case: the certificates take more than the 100 KiB that Chrome and OpenSSL read.",
        check_first: &[
            "Make sure that the answer is the server's and not that of an inspecting proxy on our \
                line.",
            "If only programs of your own connect, the settings may be on purpose; compare what \
                they offer.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the hand-made `ssl_ciphers` and `ssl_ecdh_curve`, or set \
                    `ssl_ciphers` to ECDHE with AES-GCM and ChaCha20; `ssl_protocols TLSv1.2 \
                    TLSv1.3;`.",
            ),
            (
                "Apache",
                "Remove the hand-made `SSLCipherSuite` and `SSLOpenSSLConfCmd Groups`; \
                    `SSLProtocol -all +TLSv1.2 +TLSv1.3`.",
            ),
            (
                "Postfix",
                "Remove `tls_high_cipherlist`, `tls_medium_cipherlist` and `tls_eecdh_auto_curves` \
                    where they were changed.",
            ),
            (
                "Chain",
                "Where `refused` names chain_size, send the leaf and its intermediates only, and \
                    spread its names over several certificates.",
            ),
            (
                "Key",
                "Where `refused` names the key, have a certificate issued for a P-256 or RSA key.",
            ),
            (
                "IIS, Windows",
                "Set the suites back by group policy (\"SSL Cipher Suite Order\") or \
                    `Enable-TlsCipherSuite`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -cipher \
            ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:RSA+AES -groups X25519:P-256:P-384:P-521",
    },
    ja: Text {
        title: "現在のブラウザーでは接続できません",
        meaning: "このサーバーは TLS 1.2 に対応していますが、TLS 1.3 も、Chrome と Firefox が TLS 1.2 \
            で提示するもの（X25519、P-256、P-384、P-521 による ECDHE と AES-GCM、ChaCha20、AES-CBC、\
            および RSA と AES）も、すべて拒否しました。受け入れたのは、過去に使われた方式まで含む\
            最も広い提案だけです。拒否された部分と、代わりに受け入れられたものは、根拠の欄に出ま\
            す。DHE や SHA-256 の CBC であれば OpenSSL や Java のプログラムは接続できるため警告とし、\
            それ以外はエラーとします。`chain_size` は別の場合で、証明書の合計が、Chrome と OpenSSL の\
            読み取る上限である 100 KiB を超えています。",
        check_first: &[
            "応答がサーバーのもので、こちらの回線の検査用プロキシのものではないことを確認します。",
            "自社のプログラムだけが接続する場合は、意図した設定かもしれません。プログラムが提示す\
                る方式と比べます。",
        ],
        fixes: &[
            (
                "nginx",
                "独自の `ssl_ciphers` と `ssl_ecdh_curve` を削除するか、`ssl_ciphers` を ECDHE と \
                    AES-GCM / ChaCha20 にします。`ssl_protocols TLSv1.2 TLSv1.3;` も設定します。",
            ),
            (
                "Apache",
                "独自の `SSLCipherSuite` と `SSLOpenSSLConfCmd Groups` を削除し、`SSLProtocol -all \
                    +TLSv1.2 +TLSv1.3` とします。",
            ),
            (
                "Postfix",
                "`tls_high_cipherlist`、`tls_medium_cipherlist`、`tls_eecdh_auto_curves` を変更して\
                    いる場合は、設定を削除します。",
            ),
            (
                "証明書チェーン",
                "`refused` に chain_size がある場合は、サーバー証明書と中間証明書だけを送り、名前を\
                    複数の証明書に分けます。",
            ),
            (
                "鍵",
                "`refused` に key がある場合は、P-256 か RSA の鍵で証明書を取得します。",
            ),
            (
                "IIS、Windows",
                "グループポリシー（「SSL 暗号の順位」）または `Enable-TlsCipherSuite` で、暗号スイー\
                    トを既定に戻します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -cipher \
            ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:RSA+AES -groups X25519:P-256:P-384:P-521",
    },
};
