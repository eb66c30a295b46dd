//! `openssl s_server` with many combinations of its options, all swept at once. Each row of the
//! table says how to start a server and what is expected of it.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use support::peers::SServer;
use support::pki::{self, Issued, Issuer, Leaf, Pki};

const NAME: &str = "www.example.test";

/// A server and the expected result.
struct Case {
    name: &'static str,
    /// The certificate that it sends.
    shows: Shows,
    /// Additional options.
    options: &'static [&'static str],
    verdict: &'static str,
    /// All expected findings.
    findings: &'static [&'static str],
    /// Expected fields of the row, by JSON pointer.
    fields: &'static [(&'static str, &'static str)],
}

/// The certificate that a server sends.
enum Shows {
    Leaf(Leaf<'static>),
    /// A leaf without its issuer.
    Alone(Leaf<'static>),
    /// A leaf with an OCSP response.
    Stapled(Leaf<'static>),
    /// A leaf, and the usual one for clients that do not accept its key.
    TwoKeys(Leaf<'static>),
    SelfSigned,
    Nothing,
}

use Shows::{Alone, Nothing, SelfSigned, Stapled, TwoKeys};

const GOOD: Shows = Shows::Leaf(Leaf::GOOD);

const fn with(key: &'static [&'static str]) -> Shows {
    Shows::Leaf(keyed(key))
}

const fn keyed(key: &'static [&'static str]) -> Leaf<'static> {
    Leaf { key, ..Leaf::GOOD }
}

/// A P-256 leaf issued by the RSA intermediate, signed with this digest.
const fn signed(digest: &'static str) -> Shows {
    Shows::Leaf(Leaf {
        digest,
        issuer: Issuer::Rsa,
        ..Leaf::GOOD
    })
}

const fn dated(from: &'static str, until: &'static str) -> Shows {
    Shows::Leaf(Leaf {
        dates: Some((from, until)),
        ..Leaf::GOOD
    })
}

const fn named(sans: &'static str) -> Shows {
    Shows::Leaf(Leaf { sans, ..Leaf::GOOD })
}

const fn case(
    name: &'static str,
    shows: Shows,
    options: &'static [&'static str],
    (verdict, findings): (&'static str, &'static [&'static str]),
    fields: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        name,
        shows,
        options,
        verdict,
        findings,
        fields,
    }
}

const OK: (&str, &[&str]) = ("ok", &[]);
const LEGACY: (&str, &[&str]) = ("legacy_tls_only", &["legacy_tls_only"]);
/// It insists on what this scanner cannot compute.
const READ_ONLY: (&str, &[&str]) = (
    "handshake_failed",
    &["handshake_failed", "refused_by_today"],
);
const FAILED: (&str, &[&str]) = ("handshake_failed", &["handshake_failed"]);
const ANYTHING: &str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

#[rustfmt::skip] // A row a line.
const CASES: &[Case] = &[
    // Versions.
    case("usual", GOOD, &[], OK, &[("/tls/version", "TLSv1.3"), ("/tls/group", "x25519"), ("/tls/signature", "ecdsa_secp256r1_sha256"), ("/tls/key_proof", "proven"), ("/tls/offer", "modern"), ("/leaf/key", "p256")]),
    case("tls1", GOOD, &["-tls1", "-cipher", ANYTHING], LEGACY, &[("/tls/version", "TLSv1.0"), ("/tls/offer", "wide")]),
    case("tls1_1", GOOD, &["-tls1_1", "-cipher", ANYTHING], LEGACY, &[("/tls/version", "TLSv1.1")]),
    case("tls1_2", GOOD, &["-tls1_2"], OK, &[("/tls/version", "TLSv1.2"), ("/tls/offer", "modern"), ("/tls/key_proof", "proven")]),
    case("tls1_3", GOOD, &["-tls1_3"], OK, &[("/tls/version", "TLSv1.3")]),
    case("tls1 to tls1_2", GOOD, &["-no_tls1_3", "-cipher", ANYTHING], OK, &[("/tls/version", "TLSv1.2")]),
    case("tls1 expired", dated("20200101000000Z", "20210101000000Z"), &["-tls1", "-cipher", ANYTHING], ("legacy_tls_only", &["legacy_tls_only", "expired"]), &[]),

    // Key exchange and suites.
    case("kRSA", with(pki::RSA), &["-tls1_2", "-cipher", "kRSA"], ("ok", &["no_forward_secrecy"]), &[("/tls/version", "TLSv1.2"), ("/tls/group", "null"), ("/tls/offer", "wide"), ("/leaf/key", "rsa2048")]),
    case("kRSA at tls1", with(pki::RSA), &["-tls1", "-cipher", "kRSA:@SECLEVEL=0"], ("legacy_tls_only", &["legacy_tls_only", "no_forward_secrecy"]), &[("/tls/version", "TLSv1.0")]),
    case("ECDHE with CBC", GOOD, &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), ("/tls/offer", "wide")]),
    case("ECDHE with CBC and SHA-384", with(pki::RSA), &["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384")]),
    case("DHE", with(pki::RSA), &["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256")]),
    case("DHE of 1024 bits", with(pki::RSA_1024), &["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"], ("ok", &["refused_by_today", "weak_dh", "weak_key"]), &[("/findings/0/id", "refused_by_today"), ("/findings/0/severity", "warning"), ("/findings/0/connects/0", "Java")]),
    case("ChaCha20", GOOD, &["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], OK, &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), ("/tls/offer", "modern")]),
    case("CCM", GOOD, &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"), ("/tls/offer", "wide")]),
    case("Camellia", with(pki::RSA), &["-tls1_2", "-cipher", "ECDHE-RSA-CAMELLIA128-SHA256"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256")]),
    case("ARIA", GOOD, &["-tls1_2", "-cipher", "ECDHE-ECDSA-ARIA128-GCM-SHA256"], ("ok", &["refused_by_today"]), &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256")]),
    case("NULL", with(pki::RSA), &["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"], ("ok", &["no_forward_secrecy", "refused_by_today", "weak_cipher"]), &[("/tls/cipher", "TLS_RSA_WITH_NULL_SHA256")]),
    case("ECDHE with NULL", GOOD, &["-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"], ("ok", &["refused_by_today", "weak_cipher"]), &[("/tls/cipher", "TLS_ECDHE_ECDSA_WITH_NULL_SHA")]),
    case("anonymous DH", Nothing, &["-tls1_2", "-nocert", "-cipher", "ADH:@SECLEVEL=0"], ("handshake_failed", &["handshake_failed", "weak_cipher"]), &[("/error/kind", "anonymous")]),
    case("anonymous ECDH", Nothing, &["-tls1_2", "-nocert", "-cipher", "AECDH:@SECLEVEL=0"], ("handshake_failed", &["handshake_failed", "weak_cipher"]), &[("/error/kind", "anonymous")]),
    case("PSK", Nothing, &["-tls1_2", "-nocert", "-psk", "0123456789abcdef", "-cipher", "PSK"], FAILED, &[("/error/kind", "alert"), ("/error/detail", "handshake_failure")]),
    case("CCM at TLS 1.3", GOOD, &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"], READ_ONLY, &[("/error/kind", "incompatible"), ("/error/detail", "needs the suite TLS_AES_128_CCM_SHA256, which this scanner reads and cannot compute"), ("/side", "client")]),
    case("SHA-1 over the handshake", with(pki::RSA), &["-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher", "DEFAULT:@SECLEVEL=0"], ("ok", &["sha1_handshake_signature"]), &[("/tls/signature", "rsa_pkcs1_sha1")]),

    // Groups.
    case("second hello", GOOD, &["-tls1_3", "-groups", "P-384"], OK, &[("/tls/group", "secp384r1"), ("/tls/hello_retry", "true")]),
    case("no second hello", GOOD, &["-tls1_3", "-groups", "X25519"], OK, &[("/tls/group", "x25519"), ("/tls/hello_retry", "false")]),
    case("P-521 alone at TLS 1.3", GOOD, &["-tls1_3", "-groups", "P-521"], ("ok", &["refused_by_today"]), &[("/tls/group", "secp521r1"), ("/tls/offer", "more_groups")]),
    case("X448 alone at TLS 1.3", GOOD, &["-tls1_3", "-groups", "X448"], READ_ONLY, &[("/error/kind", "incompatible"), ("/error/detail", "needs the group x448, which this scanner reads and cannot compute"), ("/side", "client")]),
    case("ffdhe2048 alone at TLS 1.3", GOOD, &["-tls1_3", "-groups", "ffdhe2048"], READ_ONLY, &[("/error/kind", "incompatible"), ("/error/detail", "needs the group ffdhe2048, which this scanner reads and cannot compute"), ("/side", "client")]),
    case("P-521 alone at TLS 1.2", GOOD, &["-tls1_2", "-groups", "P-521"], ("ok", &["refused_by_today"]), &[("/tls/group", "secp521r1"), ("/tls/offer", "wide"), ("/findings/0/id", "refused_by_today"), ("/findings/0/severity", "warning"), ("/findings/0/fails/1", "Edge"), ("/findings/0/connects/0", "Firefox")]),
    case("P-521 alone, RSA key exchange", with(pki::RSA), &["-tls1_2", "-groups", "P-521"], OK, &[("/tls/group", "secp521r1"), ("/tls/offer", "wide")]),
    case("P-521 alone, RSA key", with(pki::RSA), &["-tls1_2", "-groups", "P-521", "-cipher", "ECDHE"], ("ok", &["refused_by_today"]), &[("/tls/group", "secp521r1")]),
    case("P-521 first", GOOD, &["-tls1_2", "-serverpref", "-groups", "P-521:P-256"], OK, &[]),
    case("P-521 or Brainpool", GOOD, &["-tls1_2", "-serverpref", "-groups", "brainpoolP256r1:P-521"], ("ok", &["refused_by_today"]), &[("/tls/group", "brainpoolP256r1")]),
    case("Brainpool alone", GOOD, &["-tls1_2", "-groups", "brainpoolP256r1"], ("ok", &["refused_by_today"]), &[("/tls/group", "brainpoolP256r1")]),
    case("P-521 alone, both versions", GOOD, &["-groups", "P-521"], ("ok", &["refused_by_today"]), &[("/tls/group", "secp521r1"), ("/tls/version", "TLSv1.3"), ("/tls/offer", "more_groups")]),

    // Keys.
    case("RSA", with(pki::RSA), &[], OK, &[("/tls/signature", "rsa_pss_rsae_sha256"), ("/leaf/key", "rsa2048")]),
    case("P-384", with(pki::P384), &[], OK, &[("/leaf/key", "p384")]),
    case("P-521", with(pki::P521), &[], ("ok", &["unusual_key"]), &[("/tls/signature", "ecdsa_secp521r1_sha512"), ("/leaf/key", "p521"), ("/tls/key_proof", "proven")]),
    case("Ed25519", with(pki::ED25519), &[], ("ok", &["refused_by_today", "unusual_key"]), &[("/tls/signature", "ed25519"), ("/leaf/key", "ed25519"), ("/findings/0/id", "refused_by_today"), ("/findings/0/severity", "warning"), ("/findings/0/fails/2", "Firefox"), ("/findings/0/connects/0", "curl/OpenSSL")]),
    case("Ed25519 at TLS 1.2", with(pki::ED25519), &["-tls1_2"], ("ok", &["refused_by_today", "unusual_key"]), &[("/tls/signature", "ed25519")]),
    case("Ed448", with(pki::ED448), &[], ("ok", &["refused_by_today", "unusual_key"]), &[("/leaf/key", "ed448")]),
    case("Ed448 at TLS 1.2", with(pki::ED448), &["-tls1_2"], ("ok", &["refused_by_today", "unusual_key"]), &[("/tls/signature", "ed448"), ("/findings/0/id", "refused_by_today"), ("/findings/0/severity", "warning"), ("/findings/0/fails/2", "Firefox"), ("/findings/0/connects/0", "curl/OpenSSL")]),
    case("Ed25519 first, and P-256", TwoKeys(keyed(pki::ED25519)), &["-serverpref", "-sigalgs", "ed25519:ECDSA+SHA256"], ("ok", &["unusual_key"]), &[("/tls/signature", "ed25519")]),
    case("Ed25519 first, and P-256, at TLS 1.2", TwoKeys(keyed(pki::ED25519)), &["-tls1_2", "-serverpref", "-sigalgs", "ed25519:ECDSA+SHA256"], ("ok", &["unusual_key"]), &[("/tls/signature", "ed25519")]),
    case("RSA-PSS", with(pki::RSA_PSS), &[], ("ok", &["refused_by_today", "unusual_key"]), &[("/leaf/key", "rsapss2048")]),
    case("RSA of 1024 bits", with(pki::RSA_1024), &["-cipher", ANYTHING], ("ok", &["weak_key"]), &[("/leaf/key", "rsa1024")]),
    case("RSA of 1024 bits at TLS 1.2", with(pki::RSA_1024), &["-tls1_2", "-cipher", ANYTHING], ("ok", &["weak_key"]), &[("/leaf/key", "rsa1024")]),
    case("DSA", with(pki::DSA), &["-cipher", ANYTHING], ("invalid_certificate", &["invalid_certificate", "refused_by_today", "weak_dh"]), &[("/tls/version", "TLSv1.2"), ("/leaf/key", "dsa1024")]),

    // Certificates.
    case("SHA-1", signed("sha1"), &["-cipher", ANYTHING], ("invalid_certificate", &["invalid_certificate", "weak_signature"]), &[("/leaf/signature", "sha1WithRSAEncryption")]),
    case("MD5", signed("md5"), &["-cipher", ANYTHING], ("invalid_certificate", &["invalid_certificate", "weak_signature"]), &[("/leaf/signature", "md5WithRSAEncryption")]),
    case("SHA-512", signed("sha512"), &[], OK, &[("/leaf/signature", "sha512WithRSAEncryption")]),
    case("expired", dated("20200101000000Z", "20210101000000Z"), &[], ("expired", &["expired"]), &[("/leaf/not_after", "2021-01-01T00:00:00Z")]),
    case("not yet valid", dated("20900101000000Z", "20900201000000Z"), &[], ("not_yet_valid", &["not_yet_valid"]), &[]),
    case("other name", named("DNS:other.example.test"), &[], ("name_mismatch", &["name_mismatch"]), &[]),
    case("wildcard", named("DNS:*.example.test"), &[], OK, &[]),
    case("no name", named(""), &[], ("name_mismatch", &["name_mismatch", "no_san"]), &[]),
    case("self-signed", SelfSigned, &[], ("self_signed", &["self_signed"]), &[]),
    case("self-signed at tls1", SelfSigned, &["-tls1", "-cipher", ANYTHING], ("legacy_tls_only", &["legacy_tls_only", "self_signed"]), &[]),
    // Other servers of this sweep send the intermediate.
    case("alone", Alone(Leaf::GOOD), &[], ("missing_intermediate", &["missing_intermediate"]), &[("/chain/completed_by", "sweep")]),

    // Other messages that a server may send.
    case("staple", Stapled(Leaf::GOOD), &[], OK, &[("/tls/ocsp_stapled", "true")]),
    case("staple at TLS 1.2", Stapled(Leaf::GOOD), &["-tls1_2"], OK, &[("/tls/ocsp_stapled", "true")]),
    case("no staple", GOOD, &[], OK, &[("/tls/ocsp_stapled", "false")]),
    case("client certificate welcome", GOOD, &["-verify", "1"], ("ok", &["client_certificate_requested"]), &[("/tls/client_cert_requested", "true")]),
    case("client certificate required", GOOD, &["-Verify", "1"], ("ok", &["client_certificate_requested"]), &[("/tls/client_cert_requested", "true")]),
    case("client certificate required at TLS 1.2", GOOD, &["-Verify", "1", "-tls1_2"], ("ok", &["client_certificate_requested"]), &[("/tls/client_cert_requested", "true")]),
    case("no tickets", GOOD, &["-no_ticket", "-num_tickets", "0"], OK, &[("/tls/client_cert_requested", "false")]),
    case("no tickets at TLS 1.2", GOOD, &["-no_ticket", "-tls1_2"], OK, &[]),
    case("many tickets", GOOD, &["-num_tickets", "20"], OK, &[]),
    case("h2", GOOD, &["-alpn", "h2,http/1.1"], OK, &[]),
    case("small records", with(pki::RSA), &["-max_send_frag", "512"], OK, &[]),
    case("small records at tls1", with(pki::RSA), &["-tls1", "-max_send_frag", "512", "-cipher", ANYTHING], LEGACY, &[]),
    case("server's order", GOOD, &["-serverpref"], OK, &[]),
    case("other server name", GOOD, &["-servername", "other.example.test", "-servername_fatal"], ("handshake_failed", &["handshake_failed", "sni_rejected"]), &[("/error/detail", "unrecognized_name")]),
    case("other server name, a warning", GOOD, &["-tls1_2", "-servername", "other.example.test"], ("ok", &["sni_rejected"]), &[]),
];

#[test]
fn every_openssl_server_has_its_expected_row() {
    let pki = Pki::new();
    let servers: Vec<_> = CASES
        .iter()
        .enumerate()
        .map(|(number, case)| start(&pki, number, case))
        .collect();
    let mut arguments: Vec<_> = servers
        .iter()
        .map(|server| format!("{NAME}@{}", server.address))
        .collect();
    let targets = arguments.clone();
    arguments.push(format!("--trust={}", pki.root()));
    let rows = support::sweep_by_both_lanes(&arguments);

    let mut wrong = Vec::new();
    for (case, target) in CASES.iter().zip(&targets) {
        let row = &rows[target];
        let expected: BTreeSet<_> = case.findings.iter().copied().collect();
        if row.verdict() != case.verdict || row.findings() != expected {
            wrong.push(format!(
                "{}: {} {expected:?} expected, {} {:?} seen, error {}, tls {}",
                case.name,
                case.verdict,
                row.verdict(),
                row.findings(),
                row.at("/error"),
                row.at("/tls"),
            ));
        }
        for (pointer, value) in case.fields {
            let seen = row.at(pointer);
            if *seen != expected_value(value) {
                let error = row.at("/error");
                wrong.push(format!(
                    "{}: {pointer} is {seen}, not {value}; error {error}",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Parses `null`, `true` and `false`; anything else is text.
fn expected_value(text: &str) -> Value {
    match text {
        "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        text => json!(text),
    }
}

fn start(pki: &Pki, number: usize, case: &Case) -> SServer {
    let name = format!("case{number}");
    let shown: Option<Issued> = match &case.shows {
        Shows::Leaf(leaf) | Alone(leaf) | Stapled(leaf) | TwoKeys(leaf) => {
            Some(pki.leaf(&name, *leaf))
        }
        SelfSigned => Some(pki.self_signed(&name, &format!("DNS:{NAME}"))),
        Nothing => None,
    };
    let mut options = vec!["-www"];
    if let Some(issued) = &shown {
        options.extend(["-cert", &issued.leaf, "-key", &issued.key]);
        // Otherwise openssl would find the issuer among its trusted certificates.
        options.push("-no-CAfile");
        if !matches!(case.shows, Alone(_) | SelfSigned) {
            options.extend(["-cert_chain", &issued.issuer]);
        }
    }
    let staple = shown
        .as_ref()
        .filter(|_| matches!(case.shows, Stapled(_)))
        .map(pki::staple);
    if let Some(staple) = &staple {
        options.extend(["-status_file", staple]);
    }
    let usual =
        matches!(case.shows, TwoKeys(_)).then(|| pki.leaf(&format!("{name}-usual"), Leaf::GOOD));
    if let Some(usual) = &usual {
        options.extend(["-dcert", &usual.leaf, "-dkey", &usual.key]);
        options.extend(["-dcert_chain", &usual.issuer]);
    }
    // The second certificate belongs to the name.
    if let Some(issued) = shown
        .as_ref()
        .filter(|_| case.options.contains(&"-servername"))
    {
        options.extend(["-cert2", &issued.leaf, "-key2", &issued.key]);
    }
    options.extend(case.options);
    SServer::start(&options)
}
