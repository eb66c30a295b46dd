//! The content of the widest ClientHello: every suite, group and signature scheme that a server in use
//! might require, in a sensible order of preference.
//!
//! Three kinds of old servers shape the lists. Windows Server 2003 reads only the first 64 suites, so
//! the three that it knows are among them, ahead of a few that no server offers alone. The Cisco ACE
//! load balancer refuses a ClientHello with more than 128 suites. A server that chooses the first suite
//! it knows must find a secure one before a broken one, and one with a certificate before an
//! anonymous one.

/// The suites of the widest ClientHello, in order of preference. The SCSV for secure renegotiation is
/// last. `TLS_FALLBACK_SCSV` is not included, because it would make servers refuse the connection.
#[rustfmt::skip] // rustfmt would join the comments to the rows before them.
pub const WIDE_SUITES: &[u16] = &[
    // ECDHE with AEAD.
    0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC02B, 0xC02F, 0xC0AD, 0xC0AC, 0xC0AF, 0xC0AE,
    // ECDHE with CBC.
    0xC024, 0xC028, 0xC00A, 0xC014, 0xC023, 0xC027, 0xC009, 0xC013,
    // DHE_RSA with AEAD, then CBC.
    0x009F, 0xCCAA, 0x009E, 0xC09F, 0xC09E, 0xC0A3, 0xC0A2,
    0x006B, 0x0039, 0x0067, 0x0033,
    // RSA with AEAD, then CBC.
    0x009D, 0x009C, 0xC09D, 0xC09C, 0xC0A1, 0xC0A0,
    0x003D, 0x0035, 0x003C, 0x002F,
    // ARIA: ECDHE, DHE_RSA, RSA.
    0xC05D, 0xC061, 0xC05C, 0xC060, 0xC053, 0xC052, 0xC051, 0xC050,
    // Camellia with CBC: ECDHE, DHE_RSA, RSA.
    0xC073, 0xC077, 0xC072, 0xC076,
    0x00C4, 0x0088, 0x00BE, 0x0045,
    0x00C0, 0x0084, 0x00BA, 0x0041,
    // SEED: DHE_RSA, RSA.
    0x009A, 0x0096,
    // The suites that Windows Server 2003 knows: 3DES and RC4 under RSA.
    0x000A, 0x0005, 0x0004,
    // Camellia with GCM: ECDHE_RSA, RSA. ChaCha20 as deployed before its RFC.
    0xC08B, 0xC08A, 0xC07B, 0xC07A, 0xCC14, 0xCC13,
    // DHE_DSS.
    0x00A3, 0x00A2, 0x006A, 0x0038, 0x0040, 0x0032, 0x0087, 0x0044,
    // ECDH with the key in the certificate.
    0xC02D, 0xC031, 0xC005, 0xC00F, 0xC004, 0xC00E,
    // GOST.
    0xC100, 0xC102, 0x0081,
    // IDEA.
    0x0007,
    // 3DES.
    0xC008, 0xC012, 0x0016, 0x0013, 0xC00D,
    // RC4.
    0xC007, 0xC011,
    // DES, then EXPORT.
    0x0015, 0x0012, 0x0009,
    0x0014, 0x0011, 0x0008, 0x0006, 0x0003,
    // No encryption.
    0xC006, 0xC010, 0x003B, 0x0002, 0x0001,
    // No certificate: ECDH_anon, DH_anon.
    0xC019, 0xC018, 0x00A7, 0x00A6, 0x006D, 0x006C, 0x003A, 0x0034, 0x0089, 0x0046, 0x009B,
    0x00C5, 0x00BF, 0xC017, 0x001B, 0xC016, 0x0018, 0xC015,
    // SCSV for secure renegotiation (RFC 5746).
    0x00FF,
];

/// The groups of the widest ClientHello. It includes finite field groups (RFC 7919) because some
/// servers, such as GnuTLS 3.6, do not use DHE without them.
pub const WIDE_GROUPS: &[u16] = &[
    // x25519, the NIST prime curves, x448, Brainpool, secp256k1.
    0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001C, 0x001B, 0x001A, 0x0016,
    // ffdhe2048 to ffdhe8192.
    0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
    // Binary curves of 571, 409, 283, 239 and 233 bits.
    0x000E, 0x000D, 0x000C, 0x000B, 0x000A, 0x0009, 0x0008, 0x0007, 0x0006,
    // 224 bits and less.
    0x0015, 0x0014, 0x0005, 0x0004, 0x0013, 0x0012, 0x0003, 0x0002, 0x0001, 0x0011, 0x0010, 0x000F,
];

/// The signature schemes of the widest ClientHello, with the broken hashes and DSA last.
pub const WIDE_SIGNATURES: &[u16] = &[
    // ECDSA, RSA-PSS and RSA by hash, as browsers order them.
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601,
    // Ed25519, Ed448, PSS with a PSS key, GOST 2012.
    0x0807, 0x0808, 0x0809, 0x080A, 0x080B, 0x0840, 0x0841,
    // SHA-224, DSA, SHA-1, MD5.
    0x0303, 0x0301, 0x0402, 0x0502, 0x0602, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::tls::names::{CipherSuite, KeyAgreement, group_name, signature_scheme_name};

    fn suites() -> Vec<CipherSuite> {
        WIDE_SUITES
            .iter()
            .map(|id| CipherSuite::of(*id).unwrap_or_else(|| panic!("{id:#06x} has no name")))
            .collect()
    }

    #[test]
    fn every_number_has_a_name_and_stands_once() {
        let unique = |list: &[u16]| list.iter().collect::<HashSet<_>>().len() == list.len();
        assert!(unique(WIDE_SUITES) && unique(WIDE_GROUPS) && unique(WIDE_SIGNATURES));
        assert_eq!(suites().len(), WIDE_SUITES.len());
        assert!(WIDE_GROUPS.iter().all(|id| group_name(*id).is_some()));
        assert!(
            WIDE_SIGNATURES
                .iter()
                .all(|id| signature_scheme_name(*id).is_some())
        );
    }

    #[test]
    fn old_servers_can_take_it() {
        assert!(WIDE_SUITES.len() <= 127, "{} suites", WIDE_SUITES.len());
        for id in [0x000A, 0x0005, 0x0004, 0x002F, 0x0035] {
            let place = WIDE_SUITES.iter().position(|offered| *offered == id);
            assert!(
                place.is_some_and(|place| place < 64),
                "{id:#06x} at {place:?}"
            );
        }
        assert!(
            !WIDE_SUITES.contains(&0x5600),
            "the fallback signal refuses old versions"
        );
        assert_eq!(WIDE_SUITES.last(), Some(&0x00FF));
    }

    #[test]
    fn the_order_prefers_the_sound_one_within_each_exchange() {
        // A server chooses among suites of one key exchange. Within it, weakness only increases.
        let rank = |suite: &CipherSuite| match suite.weakness() {
            None => 0,
            Some("idea") => 1,
            Some("3des") => 2,
            Some("rc4") => 3,
            Some("des") => 4,
            Some("export") => 5,
            Some("null") if suite.anonymous() => 8,
            Some("null") => 6,
            Some("anonymous") => 7,
            Some(other) => panic!("{other} should not be offered"),
        };
        let exchange = |suite: &CipherSuite| {
            let bare = suite.name.replace("_EXPORT1024", "").replace("_EXPORT", "");
            bare.split("_WITH_").next().map(str::to_owned)
        };
        let all = suites();
        // The three of Windows Server 2003, and Camellia with GCM and IDEA after them.
        let excused = [0x000A, 0x0005, 0x0004];
        for (place, suite) in all.iter().enumerate() {
            for later in &all[place..] {
                let fits = exchange(suite) == exchange(later) && !excused.contains(&suite.id);
                assert!(
                    !fits || rank(suite) <= rank(later),
                    "{} {}",
                    suite.name,
                    later.name
                );
            }
        }
        let anonymous = all.iter().position(|suite| suite.anonymous());
        let tail = &all[anonymous.expect("anonymous suites are on offer")..all.len() - 1];
        assert!(tail.iter().all(|suite| suite.anonymous()));
    }

    #[test]
    fn nothing_is_offered_that_needs_more_than_a_certificate() {
        for suite in suites() {
            let agreement = suite.key_agreement();
            let gost = suite.name.contains("GOST");
            assert!(
                gost || suite.signalling() || agreement != KeyAgreement::Other,
                "{suite:?}"
            );
            assert!(
                suite.signalling() || agreement != KeyAgreement::Tls13,
                "{suite:?}"
            );
        }
    }
}
