//! The server refuses everything that current browsers offer, but accepts something older or rarer.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::{BrowserRefusal, Offer, Part, PeerChain, refused_by_browsers};
use crate::tls::{
    MODERN_SUITES, ProtocolVersion, cipher_suite_text, group_text, signature_scheme_text,
};
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
            "parts of the browsers' offer that the server does not accept: suites, groups, \
                signatures or key; or chain_size, which the clients do not accept",
        ),
        (
            "accepted",
            "what the server uses instead; with chain_size, the size of its certificates",
        ),
        ("fails", "clients that cannot connect"),
        (
            "connects",
            "clients that can connect; absent if none are known",
        ),
    ],
    look,
    doc: &DOC,
};

/// Clients whose complete offer was sent and refused.
const BROWSERS: [&str; 3] = ["Chrome", "Edge", FIREFOX];

/// Suites that OpenSSL (`openssl ciphers -s DEFAULT`) and Java offer by default, but browsers do
/// not: DHE, and CBC with SHA-2.
const OPENSSL_TOO: [u16; 13] = [
    0x009F, 0xCCAA, 0x009E, 0xC024, 0xC028, 0x006B, 0xC023, 0xC027, 0x0067, 0x0039, 0x0033, 0x003D,
    0x003C,
];

/// Size in bytes of the largest Certificate message that OpenSSL, and BoringSSL in Chrome, accept
/// (`SSL_MAX_CERT_LIST_DEFAULT`). Go accepts 256 KiB.
const MOST_OF_CHAIN: usize = 100 * 1024;

fn look(case: &Case<'_>) -> Vec<Finding> {
    tls13_refused(case)
        .or_else(|| offer_refused(case))
        .or_else(|| chain_refused(case))
        .into_iter()
        .collect()
}

/// Returns a finding if the chain is too large for some clients, whatever they offer.
fn chain_refused(case: &Case<'_>) -> Option<Finding> {
    let sent = &case.chain.as_ref()?.sent.certificates;
    // Three bytes of length precede each certificate.
    let bytes: usize = sent.iter().map(|it| it.der.len() + 3).sum();
    let fails = ["Chrome", "Edge", OPENSSL].map(str::to_owned).to_vec();
    (bytes > MOST_OF_CHAIN).then(|| {
        FINDING.found(vec![
            ("refused", vec![CHAIN_SIZE.to_owned()].into()),
            (
                "accepted",
                vec![format!("{bytes} bytes of certificates")].into(),
            ),
            ("fails", fails.into()),
        ])
    })
}

const FIREFOX: &str = "Firefox";
const OPENSSL: &str = "curl/OpenSSL";
const JAVA: &str = "Java";

/// Signature schemes that OpenSSL and Java 15 offer by default, but browsers do not: Ed25519, Ed448, and
/// RSA-PSS with a key that is restricted to it (`SSL_CTX_set1_sigalgs`; JEP 339, JDK-8146293).
const OPENSSL_SIGNATURES: [u16; 5] = [0x0807, 0x0808, 0x0809, 0x080A, 0x080B];

/// Bits of the smallest DH prime that OpenSSL accepts at security level 2, the default since 3.2
/// (`CHANGES.md`), and before that on Debian and Ubuntu. Level 1 accepts 1024 bits
/// (`SSL_CTX_set_security_level`).
const DH_OF_OPENSSL: u16 = 2048;

/// Bits of the smallest DH prime that Java accepts (`DH keySize < 1024` in
/// `jdk.tls.disabledAlgorithms` of `java.security`).
const DH_OF_JAVA: u16 = 1024;

/// TLS 1.3 groups that not every browser offers, and the clients that offer them.
/// Chrome offers X25519MLKEM768, X25519, P-256 and P-384 (BoringSSL's defaults). Firefox adds P-521,
/// ffdhe2048 and ffdhe3072 (`nsNSSComponent.cpp`), OpenSSL these and X448 (its default groups; those
/// of ffdhe4096 and more left them with 3.5).
const RARE_GROUPS: [(u16, &[&str]); 4] = [
    (0x0019, &[FIREFOX, OPENSSL]),
    (0x001E, &[OPENSSL]),
    (0x0100, &[FIREFOX, OPENSSL]),
    (0x0101, &[FIREFOX, OPENSSL]),
];

/// Returns a finding if the server requires a TLS 1.3 group or suite that some browsers do not offer.
/// What it accepts in TLS 1.2 does not help them, because it chooses the version first.
fn tls13_refused(case: &Case<'_>) -> Option<Finding> {
    let observation = case.observation;
    let completed = observation
        .exchange(Offer::MoreGroups)
        .filter(|it| it.failure.is_none());
    let session = completed
        .and_then(|it| it.session.as_ref())
        .filter(|it| it.version == ProtocolVersion::Tls13)
        .or_else(|| observation.insists())?;
    let group = session
        .group
        .filter(|it| !BROWSER_GROUPS_TLS13.contains(it));
    let suite = Some(session.cipher).filter(|it| !MODERN_SUITES.contains(it));
    let refused = [suite.map(|_| Part::Suites), group.map(|_| Part::Groups)];
    let refused: Vec<_> = refused.into_iter().flatten().map(Part::word).collect();
    let accepted = [
        suite.map(|it| cipher_suite_text(it).into_owned()),
        group.map(|it| group_text(it).into_owned()),
    ];
    let accepted: Vec<_> = accepted.into_iter().flatten().collect();
    if refused.is_empty() {
        return None;
    }
    // OpenSSL implements CCM, but does not offer it by default.
    let rare = RARE_GROUPS
        .iter()
        .find(|(id, _)| suite.is_none() && group == Some(*id));
    let connects = rare.map_or(&[][..], |(_, clients)| clients);
    let fails = BROWSERS.iter().filter(|it| !connects.contains(it));
    let fails: Vec<_> = fails.copied().collect();
    let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut finding = FINDING.found(vec![
        ("refused", list(&refused).into()),
        ("accepted", accepted.into()),
        ("fails", list(&fails).into()),
    ]);
    if !connects.is_empty() {
        finding.severity = Severity::Warning;
        finding.evidence.push(("connects", list(connects).into()));
    }
    Some(finding)
}

/// Groups that every browser offers in TLS 1.3, including X25519MLKEM768.
const BROWSER_GROUPS_TLS13: [u16; 4] = [0x11EC, 0x001D, 0x0017, 0x0018];

/// Returns a finding if the server accepts nothing that browsers offer, or nothing that Chrome offers.
fn offer_refused(case: &Case<'_>) -> Option<Finding> {
    let refusal = refused_by_browsers(case.observation)?;
    let session = refusal.session;
    let mut accepted = vec![cipher_suite_text(session.cipher).into_owned()];
    accepted.extend(session.group.map(|group| group_text(group).into_owned()));
    let scheme = session.signature;
    accepted.extend(scheme.map(|scheme| signature_scheme_text(scheme).into_owned()));
    let leaf = refusal.chain.and_then(PeerChain::leaf);
    let contents = leaf.and_then(|leaf| leaf.contents.as_ref().ok());
    accepted.extend(contents.map(|contents| contents.key.name.clone()));
    let refused = refusal.parts.iter().map(|part| part.word().to_owned());
    let refused: Vec<String> = refused.collect();
    let connects = connecting(&refusal);
    let fails = BROWSERS.iter().filter(|it| !connects.contains(it));
    let fails: Vec<_> = fails.map(ToString::to_string).collect();
    let mut finding = FINDING.found(vec![
        ("refused", refused.into()),
        ("accepted", accepted.into()),
        ("fails", fails.into()),
    ]);
    if !connects.is_empty() {
        finding.severity = Severity::Warning;
        let connects: Vec<_> = connects.iter().map(ToString::to_string).collect();
        finding.evidence.push(("connects", connects.into()));
    }
    Some(finding)
}

/// Returns the clients that offer what the server chose.
fn connecting(refusal: &BrowserRefusal<'_>) -> &'static [&'static str] {
    if refusal.firefox_connects {
        return &[FIREFOX, OPENSSL];
    }
    let session = refusal.session;
    let signed = session.signature;
    let signed = signed.is_some_and(|scheme| OPENSSL_SIGNATURES.contains(&scheme));
    let offered = refusal.parts.iter().all(|part| match part {
        Part::Suites => OPENSSL_TOO.contains(&session.cipher),
        Part::Groups => false,
        // These schemes belong to their own kinds of keys.
        Part::Signatures | Part::Key => signed,
    });
    match session.dh_bits {
        _ if !offered => &[],
        Some(bits) if bits < DH_OF_JAVA => &[],
        Some(bits) if bits < DH_OF_OPENSSL => &[JAVA],
        _ => &[OPENSSL, JAVA],
    }
}

/// The part that is refused if the certificates are larger than clients accept.
pub(crate) const CHAIN_SIZE: &str = "chain_size";

const DOC: Doc = Doc {
    en: Text {
        title: "Current browsers cannot connect",
        meaning: "There are four cases. First, the server supports TLS 1.2, but it refused TLS 1.3 \
            and everything that Chrome offers in TLS 1.2: ECDHE with AES-GCM or ChaCha20, ECDHE \
            and RSA with AES-CBC, and RSA with AES-GCM, with the groups X25519, P-256 and P-384. \
            It accepted only a ClientHello that also offers old and rare algorithms. Second, the \
            server has only a key whose signatures browsers do not offer in any version, such as \
            Ed25519 or Ed448. Third, the server requires a group or suite in TLS 1.3 that some \
            clients do not offer. For example, Firefox offers P-521, ffdhe2048 and ffdhe3072, and \
            Chrome does not; neither browsers nor OpenSSL offer CCM by default. What such a server \
            accepts in TLS 1.2 does not help, because it chooses the version first. Fourth \
            (`chain_size`), the certificates exceed the 100 KiB that Chrome and OpenSSL accept. \
            The evidence shows what the server refused, what it accepted instead, and which \
            clients can connect. The finding is a warning if some clients can still connect, and \
            otherwise an error.",
        check_first: &[
            "Confirm that the server itself answers, and not a TLS-inspecting proxy on the \
                scanning side.",
            "If only your own programs connect, the settings may be intentional. Compare them \
                with what the programs offer.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the custom `ssl_ciphers`, `ssl_ecdh_curve` and `ssl_conf_command`, or set `ssl_ciphers` to \
                    ECDHE with AES-GCM and ChaCha20. Set `ssl_protocols TLSv1.2 TLSv1.3;`.",
            ),
            (
                "Apache",
                "Remove the custom `SSLCipherSuite` and `SSLOpenSSLConfCmd Groups`. Set \
                    `SSLProtocol -all +TLSv1.2 +TLSv1.3`.",
            ),
            (
                "Postfix",
                "Remove any changed `tls_high_cipherlist`, `tls_medium_cipherlist` and \
                    `tls_eecdh_auto_curves` settings.",
            ),
            (
                "Certificate chain",
                "If `refused` contains `chain_size`, send only the leaf and its intermediates, \
                    and spread the names over several certificates.",
            ),
            (
                "Key",
                "If `refused` contains `key`, get a certificate for a P-256 or RSA key.",
            ),
            (
                "IIS, Windows",
                "Restore the default suites by group policy (\"SSL Cipher Suite Order\") or \
                    `Enable-TlsCipherSuite`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -cipher \
            ECDHE+AESGCM:ECDHE+CHACHA20:aRSA+ECDHE+AES:kRSA+AES -groups X25519:P-256:P-384 -sigalgs \
            ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384",
    },
    ja: Text {
        title: "現在のブラウザーでは接続できません",
        meaning: "次の 4 つの場合があります。1 つ目は、サーバーが TLS 1.2 に対応しているものの、\
            TLS 1.3 と、Chrome が TLS 1.2 で提示するすべての方式を拒否した場合です。拒否された方式\
            は、AES-GCM または ChaCha20 を使う ECDHE、AES-CBC を使う ECDHE と RSA、AES-GCM を使う \
            RSA、グループ X25519、P-256、P-384 の組み合わせです。受け入れたのは、古い方式やまれな\
            方式も提示した ClientHello だけでした。2 つ目は、Ed25519 や Ed448 のように、ブラウザー\
            がどのバージョンでも提示しない署名の鍵しかない場合です。3 つ目は、一部のクライアントが\
            提示しないグループや暗号スイートを、サーバーが TLS 1.3 で必須としている場合です。たと\
            えば、P-521、ffdhe2048、ffdhe3072 は Firefox が提示し、Chrome は提示しません。CCM は、\
            ブラウザーも OpenSSL も標準では提示しません。サーバーはバージョンを先に選ぶため、TLS \
            1.2 で受け入れる方式があっても接続できません。4 つ目は `chain_size` で、証明書の合計が、\
            Chrome と OpenSSL の上限である 100 KiB を超えている場合です。サーバーが拒否した部分、\
            代わりに受け入れた方式、接続できるクライアントは、検出結果に表示されます。接続できるク\
            ライアントがある場合は警告、ない場合はエラーとします。",
        check_first: &[
            "サーバー自身が応答していることを確認します。スキャン元の、TLS インスペクションを行う\
                プロキシが応答している場合があります。",
            "自社のプログラムだけが接続する場合は、意図した設定の可能性があります。プログラムが提\
                示する方式と比べます。",
        ],
        fixes: &[
            (
                "nginx",
                "独自の `ssl_ciphers` と `ssl_ecdh_curve` を削除するか、`ssl_ciphers` に ECDHE と \
                    AES-GCM / ChaCha20 の組み合わせを指定します。`ssl_protocols TLSv1.2 TLSv1.3;` \
                    も設定します。",
            ),
            (
                "Apache",
                "独自の `SSLCipherSuite` と `SSLOpenSSLConfCmd Groups` を削除し、`SSLProtocol \
                    -all +TLSv1.2 +TLSv1.3` を設定します。",
            ),
            (
                "Postfix",
                "`tls_high_cipherlist`、`tls_medium_cipherlist`、`tls_eecdh_auto_curves` を変更して\
                    いる場合は、設定を削除します。",
            ),
            (
                "証明書チェーン",
                "`refused` に `chain_size` がある場合は、サーバー証明書と必要な中間証明書だけを送\
                    信し、名前を複数の証明書に分けます。",
            ),
            (
                "鍵",
                "`refused` に `key` がある場合は、P-256 または RSA の鍵の証明書を取得します。",
            ),
            (
                "IIS、Windows",
                "グループポリシー（「SSL 暗号の順位」）または `Enable-TlsCipherSuite` で、暗号スイー\
                    トを既定に戻します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -cipher \
            ECDHE+AESGCM:ECDHE+CHACHA20:aRSA+ECDHE+AES:kRSA+AES -groups X25519:P-256:P-384 -sigalgs \
            ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384",
    },
};
