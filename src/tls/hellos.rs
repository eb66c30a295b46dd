//! Every ClientHello that is ever sent, with its id, its versions, suites and groups, and its purpose.
//! A version probe sends only one of these, so that the outcome is the server's and never that of a
//! TLS library.

use super::browser::{
    BROWSER_GROUPS, BROWSER_SIGNATURES, BROWSER_SUITES, CHROME_GROUPS, CHROME_SUITES,
};
use super::hello::Hello;
use super::modern::{MODERN_GROUPS, MODERN_SUITES, MORE_MODERN_GROUPS};
use super::version::ProtocolVersion;
use super::wide::{WIDE_GROUPS, WIDE_SIGNATURES, WIDE_SUITES};

/// The template of a ClientHello.
#[derive(Debug)]
pub struct HelloTemplate {
    /// Id in records.
    pub id: &'static str,
    /// Oldest version that a server may choose.
    pub oldest: ProtocolVersion,
    /// Newest version that a server may choose.
    pub newest: ProtocolVersion,
    /// Cipher suites in order of preference.
    pub suites: &'static [u16],
    /// Groups in order of preference.
    pub groups: &'static [u16],
    /// Signature schemes in order of preference.
    pub signatures: &'static [u16],
    /// True if this program writes it. Otherwise rustls writes it and completes the handshake.
    pub hand_made: bool,
    /// Description and purpose, for the documentation.
    pub about: &'static str,
}

/// Every ClientHello, in the order of the documentation.
pub const HELLOS: &[HelloTemplate] = &[
    MODERN,
    WIDE,
    HELLO_LANE,
    SHORT,
    REST,
    MORE_GROUPS,
    BROWSER,
    CHROME,
    BROWSER_TLS1_3,
    TLS1_3,
    TLS1_2,
    TLS1_1,
    TLS1_0,
    SSL3,
    TLS1_2_SHORT,
    TLS1_1_SHORT,
    TLS1_0_SHORT,
];

/// What current clients have in common.
pub const MODERN: HelloTemplate = HelloTemplate {
    id: "modern",
    oldest: ProtocolVersion::Tls12,
    newest: ProtocolVersion::Tls13,
    suites: &MODERN_SUITES,
    groups: &MODERN_GROUPS,
    signatures: MODERN_SIGNATURES,
    hand_made: false,
    about: "The suites and groups that browsers have had in common since 2018, with a key share for \
        X25519. rustls completes the handshake. It is the first ClientHello of the handshake \
        lane. Browsers offer more today: X25519MLKEM768, and some of them secp521r1 and \
        ffdhe2048. If a server refuses this ClientHello, `rest` and `more_groups` offer those. \
        This ClientHello also offers signatures that browsers do not (SHA-1, Ed448). For \
        `https` and `wss`, and on port 443 for `tls` and targets without a scheme, it offers h2 \
        and http/1.1 by ALPN. If a server refuses these protocols, the hello is sent again \
        without ALPN, as `without_alpn`.",
};

/// The ClientHello that any server since SSL 3.0 can accept.
pub const WIDE: HelloTemplate = HelloTemplate {
    id: "wide",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls12,
    suites: WIDE_SUITES,
    groups: WIDE_GROUPS,
    signatures: WIDE_SIGNATURES,
    hand_made: true,
    about: "Everything that a server in use might require, with broken and anonymous suites last. It \
        is sent if no earlier ClientHello was accepted.",
};

/// The ClientHello of the hello lane.
pub const HELLO_LANE: HelloTemplate = HelloTemplate {
    id: "hello",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls12,
    suites: &[
        0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030,
        0xCCA8, // ECDHE with AEAD, as `modern` has them.
        0xC009, 0xC013, 0xC00A, 0xC014, 0xC023, 0xC027, 0xC024, 0xC028, // ECDHE with CBC.
        0x009E, 0x009F, 0xCCAA, 0x0033, 0x0039, 0x0067, 0x006B, // DHE_RSA.
        0x009C, 0x009D, 0x002F, 0x0035, 0x003C, 0x003D, // RSA.
        0xC012, 0x0016, 0x000A, 0x0005, 0x0004, // 3DES and RC4.
        0x00FF,
    ],
    groups: &[
        0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001C, 0x001B, 0x001A, 0x0100, 0x0101, 0x0102,
    ],
    signatures: MODERN_SIGNATURES,
    hand_made: true,
    about: "The first ClientHello of the hello lane (`--probe hello`). Almost every server of the last \
        twenty years can answer it, without encryption. Anonymous, NULL, EXPORT and DES suites are only in \
        `wide`, so that a server that prefers them still sends its certificate.",
};

/// What current browsers offer in TLS 1.2.
pub const BROWSER: HelloTemplate = HelloTemplate {
    id: "browser",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls12,
    suites: &BROWSER_SUITES,
    groups: &BROWSER_GROUPS,
    signatures: &BROWSER_SIGNATURES,
    hand_made: true,
    about: "Everything that current browsers offer in TLS 1.2, combined. It is sent if a server refused \
        `modern` and then chose something that no browser offers, or accepted `modern` in TLS 1.2 \
        with a signature that no browser offers. Its answer shows if browsers can connect anyway. \
        It affects only the warning `refused_by_today`.",
};

/// What Chrome offers in TLS 1.2.
pub const CHROME: HelloTemplate = HelloTemplate {
    id: "chrome",
    suites: &CHROME_SUITES,
    groups: &CHROME_GROUPS,
    about: "Like `browser`, but without secp521r1 and without CBC with ECDSA, which Firefox offers and \
        Chrome does not. It is sent if a server refused `modern` and then chose one of these. It \
        affects only the warning `refused_by_today`.",
    ..BROWSER
};

/// The modern ClientHello with the signatures of browsers.
pub const BROWSER_TLS1_3: HelloTemplate = HelloTemplate {
    id: "browser_tls1_3",
    signatures: &BROWSER_SIGNATURES,
    about: "Like `modern`, but with the signatures of `browser` and without application protocols; \
        rustls completes the handshake. It is sent if a server accepted `modern` in TLS 1.3 with a \
        signature that no browser offers (Ed25519, Ed448). It affects only the warning `refused_by_today`.",
    ..MODERN
};

/// A ClientHello as short as clients sent it before TLS 1.3.
pub const SHORT: HelloTemplate = HelloTemplate {
    id: "short",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls12,
    suites: &[
        0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC009, 0xC013, 0xC00A, 0xC014, // ECDHE.
        0x0033, 0x0039, // DHE_RSA.
        0x009C, 0x009D, 0x002F, 0x0035, // RSA.
        0x000A, 0x0005, 0x0004, // 3DES and RC4.
        0x00FF,
    ],
    groups: &[0x0017, 0x0018, 0x0019],
    signatures: &[
        0x0403, 0x0401, 0x0503, 0x0501, 0x0603, 0x0601, 0x0203, 0x0201,
    ],
    hand_made: true,
    about: "A ClientHello as short as clients sent it before TLS 1.3: under 256 bytes except with very \
        long names, and without extensions that are newer than 2015. It is sent if a ClientHello \
        got no answer, or only a ServerHello, before the timeout: some old devices hang on a long \
        ClientHello, or on one of TLS 1.3.",
};

/// What `modern` omits of TLS 1.3.
pub const REST: HelloTemplate = HelloTemplate {
    id: "rest",
    hand_made: true,
    about: "All suites and groups of TLS 1.3, including X25519MLKEM768, secp521r1 and ffdhe2048. The \
        key share for X25519 consists of random bytes; no key is generated. It is sent if a \
        server refused `modern` for a reason that may not be the version. The \
        answer names the group or suite that the server requires. It contains no certificate, \
        because TLS 1.3 encrypts certificates.",
    ..TLS1_3
};

/// The groups that this scanner can compute and that `modern` omits.
pub const MORE_GROUPS: HelloTemplate = HelloTemplate {
    id: "more_groups",
    groups: &MORE_MODERN_GROUPS,
    about: "Like `modern`, but with groups that `modern` omits, and with a key share for X25519MLKEM768, \
        as browsers send it. rustls completes the handshake. It is sent if the answer to `rest` \
        asked for one of these groups, or if the server refused `rest` too.",
    ..MODERN
};

/// Only TLS 1.3, without a key.
const TLS1_3: HelloTemplate = HelloTemplate {
    id: "tls1_3",
    oldest: ProtocolVersion::Tls13,
    newest: ProtocolVersion::Tls13,
    suites: &[
        0x1301, 0x1302, 0x1303, 0x1304, 0x1305, // TLS 1.3.
        // For servers that do not know supported_versions: they may choose TLS 1.2.
        0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014, 0x009C,
        0x009D, 0x002F, 0x0035, 0x00FF,
    ],
    groups: &[
        // X25519MLKEM768 first, then classic, Brainpool and finite field groups.
        0x11EC, 0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x11EB, 0x11ED, 0x001F, 0x0020, 0x0021,
        0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
    ],
    signatures: WIDE_SIGNATURES,
    hand_made: true,
    about: "Tests if TLS 1.3 is accepted. supported_versions contains only TLS 1.3, and the key share is \
        empty (RFC 8446, 4.2.8). A server that supports TLS 1.3 answers with a HelloRetryRequest \
        that names the group it wants. Neither side generates a key.",
};

/// TLS 1.2 and the older versions that a server may choose.
const TLS1_2: HelloTemplate = HelloTemplate {
    id: "tls1_2",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls12,
    suites: WIDE_SUITES,
    groups: WIDE_GROUPS,
    signatures: WIDE_SIGNATURES,
    hand_made: true,
    about: "Tests if TLS 1.2 is accepted. It offers the same as `wide`.",
};

/// TLS 1.1 and the older versions that a server may choose.
const TLS1_1: HelloTemplate = HelloTemplate {
    id: "tls1_1",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls11,
    suites: OLD_SUITES,
    groups: WIDE_GROUPS,
    signatures: &[],
    hand_made: true,
    about: "Tests if TLS 1.1 is accepted, with every suite that may be used below TLS 1.2.",
};

/// TLS 1.0 and the older version that a server may choose.
const TLS1_0: HelloTemplate = HelloTemplate {
    id: "tls1_0",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Tls10,
    suites: OLD_SUITES,
    groups: WIDE_GROUPS,
    signatures: &[],
    hand_made: true,
    about: "Tests if TLS 1.0 is accepted, with every suite that may be used below TLS 1.2.",
};

/// SSL 3.0. It has no extensions, so no server name and no curve is sent.
const SSL3: HelloTemplate = HelloTemplate {
    id: "ssl3",
    oldest: ProtocolVersion::Ssl3,
    newest: ProtocolVersion::Ssl3,
    suites: SSL3_SUITES,
    groups: &[],
    signatures: &[],
    hand_made: true,
    about: "Tests if SSL 3.0 is accepted. SSL 3.0 has no extensions, so no server name is sent, and a \
        server with several names answers as for its default name.",
};

/// TLS 1.2 for servers that fail at the 757 bytes of `tls1_2`.
const TLS1_2_SHORT: HelloTemplate = HelloTemplate {
    id: "tls1_2_short",
    about: "Tests if TLS 1.2 is accepted by a server that is silent or closes the connection at `tls1_2`. \
        It offers the same as `short`.",
    ..SHORT
};

/// TLS 1.1 for servers that fail at the 517 bytes of `tls1_1`.
const TLS1_1_SHORT: HelloTemplate = HelloTemplate {
    id: "tls1_1_short",
    newest: ProtocolVersion::Tls11,
    suites: OLD_SHORT_SUITES,
    groups: SHORT.groups,
    about: "Tests if TLS 1.1 is accepted by a server that is silent or closes the connection at `tls1_1`. \
        It has under 256 bytes except with very long names.",
    ..TLS1_1
};

/// TLS 1.0 for servers that fail at the 517 bytes of `tls1_0`.
const TLS1_0_SHORT: HelloTemplate = HelloTemplate {
    id: "tls1_0_short",
    newest: ProtocolVersion::Tls10,
    about: "Tests if TLS 1.0 is accepted by a server that is silent or closes the connection at `tls1_0`. \
        It has under 256 bytes except with very long names.",
    ..TLS1_1_SHORT
};

/// Returns the ClientHello that tests this version. Below TLS 1.3, it allows older versions too.
pub fn for_version(version: ProtocolVersion) -> &'static HelloTemplate {
    match version {
        ProtocolVersion::Ssl3 => &SSL3,
        ProtocolVersion::Tls10 => &TLS1_0,
        ProtocolVersion::Tls11 => &TLS1_1,
        ProtocolVersion::Tls12 => &TLS1_2,
        ProtocolVersion::Tls13 => &TLS1_3,
    }
}

/// Returns the short ClientHello that tests this version, or `None` if there is none. The one of SSL
/// 3.0 is short anyway, and servers with TLS 1.3 accept the lengths that browsers send.
pub fn short_for_version(version: ProtocolVersion) -> Option<&'static HelloTemplate> {
    match version {
        ProtocolVersion::Tls10 => Some(&TLS1_0_SHORT),
        ProtocolVersion::Tls11 => Some(&TLS1_1_SHORT),
        ProtocolVersion::Tls12 => Some(&TLS1_2_SHORT),
        ProtocolVersion::Ssl3 | ProtocolVersion::Tls13 => None,
    }
}

/// The ids of the ClientHellos that must stay short.
const SHORT_IDS: [&str; 4] = [SHORT.id, TLS1_2_SHORT.id, TLS1_1_SHORT.id, TLS1_0_SHORT.id];

impl HelloTemplate {
    /// Returns the ClientHello for this server name.
    pub fn hello<'a>(
        &self,
        server_name: Option<&'a str>,
        random: [u8; 32],
        session_id: &'a [u8],
    ) -> Hello<'a> {
        let ssl3 = self.newest == ProtocolVersion::Ssl3;
        let tls13 = self.newest == ProtocolVersion::Tls13;
        Hello {
            record_version: if ssl3 { 0x0300 } else { 0x0301 },
            legacy_version: self.newest.wire().min(ProtocolVersion::Tls12.wire()),
            random,
            session_id,
            suites: self.suites,
            server_name: server_name.filter(|_| !ssl3),
            groups: self.groups,
            signatures: self.signatures,
            status_request: !ssl3 && !SHORT_IDS.contains(&self.id),
            extended_master_secret: !ssl3,
            session_ticket: false,
            compression: false,
            supported_versions: if tls13 { &[0x0304] } else { &[] },
            x25519_share: None,
        }
    }
}

/// The signature schemes that rustls is configured to accept, in its order. SHA-1 is last.
const MODERN_SIGNATURES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203,
    0x0201,
];

/// [`WIDE_SUITES`] without those that need TLS 1.2 (AEAD, or a MAC of SHA-2).
#[rustfmt::skip]
const OLD_SUITES: &[u16] = &[
    // ECDHE, DHE_RSA and RSA with AES.
    0xC00A, 0xC014, 0xC009, 0xC013, 0x0039, 0x0033, 0x0035, 0x002F,
    // Camellia, SEED.
    0x0088, 0x0045, 0x0084, 0x0041, 0x009A, 0x0096,
    // 3DES and RC4 under RSA.
    0x000A, 0x0005, 0x0004,
    // DHE_DSS, ECDH with the key in the certificate, GOST, IDEA.
    0x0038, 0x0032, 0x0087, 0x0044, 0xC005, 0xC00F, 0xC004, 0xC00E, 0x0081, 0x0007,
    // 3DES, RC4.
    0xC008, 0xC012, 0x0016, 0x0013, 0xC00D, 0xC007, 0xC011,
    // DES, EXPORT.
    0x0015, 0x0012, 0x0009, 0x0014, 0x0011, 0x0008, 0x0006, 0x0003,
    // No encryption, no certificate.
    0xC006, 0xC010, 0x0002, 0x0001,
    0xC019, 0xC018, 0x003A, 0x0034, 0x0089, 0x0046, 0x009B, 0xC017, 0x001B, 0xC016, 0x0018, 0xC015,
    // SCSV for secure renegotiation.
    0x00FF,
];

/// The suites of [`OLD_SUITES`] that TLS 1.0 and 1.1 servers have been configured with, as many as fit.
#[rustfmt::skip]
const OLD_SHORT_SUITES: &[u16] = &[
    0xC00A, 0xC014, 0xC009, 0xC013, 0x0039, 0x0033, 0x0035, 0x002F,
    0x0088, 0x0045, 0x0084, 0x0041, 0x0096, 0x000A, 0x0005, 0x0004,
    0x0038, 0x0032, 0xC005, 0xC00F, 0xC004, 0xC00E, 0x0007,
    0xC008, 0xC012, 0x0016, 0x0013, 0xC007, 0xC011,
    0x0015, 0x0012, 0x0009, 0x0014, 0x0011, 0x0008, 0x0006, 0x0003,
    0x00FF,
];

/// [`OLD_SUITES`] without elliptic curve suites, because SSL 3.0 has no extension for curves.
#[rustfmt::skip]
const SSL3_SUITES: &[u16] = &[
    0x0039, 0x0033, 0x0035, 0x002F, 0x0088, 0x0045, 0x0084, 0x0041, 0x009A, 0x0096,
    0x000A, 0x0005, 0x0004, 0x0038, 0x0032, 0x0087, 0x0044, 0x0081, 0x0007,
    0x0016, 0x0013, 0x0015, 0x0012, 0x0009, 0x0014, 0x0011, 0x0008, 0x0006, 0x0003,
    0x0002, 0x0001, 0x003A, 0x0034, 0x0089, 0x0046, 0x009B, 0x001B, 0x0018,
    0x00FF,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::tls::names::{CipherSuite, group_name, signature_scheme_name};

    #[test]
    fn ids_are_unique_and_every_number_has_a_name_and_occurs_once() {
        let ids: HashSet<_> = HELLOS.iter().map(|template| template.id).collect();
        assert_eq!(ids.len(), HELLOS.len());
        for template in HELLOS {
            for list in [template.suites, template.groups, template.signatures] {
                let unique: HashSet<_> = list.iter().collect();
                assert_eq!(unique.len(), list.len(), "{}", template.id);
            }
            let suites = template.suites.iter();
            assert!(suites.clone().all(|id| CipherSuite::of(*id).is_some()));
            assert!(template.groups.iter().all(|id| group_name(*id).is_some()));
            let mut signatures = template.signatures.iter();
            assert!(signatures.all(|id| signature_scheme_name(*id).is_some()));
            // rustls adds the SCSV for secure renegotiation.
            assert_eq!(template.suites.last() == Some(&0x00FF), template.hand_made);
            assert!(template.oldest <= template.newest);
        }
    }

    #[test]
    fn a_version_asks_for_itself() {
        for version in ProtocolVersion::ALL {
            assert_eq!(for_version(version).newest, version);
        }
    }

    #[test]
    fn old_versions_offer_what_the_wide_hello_has_and_they_may_use() {
        let needs_tls12 = |id: &u16| {
            let name = CipherSuite::of(*id).unwrap().name;
            let aead = ["_GCM_", "_CCM", "POLY1305"];
            aead.iter().any(|word| name.contains(word))
                || name.ends_with("_SHA256")
                || name.ends_with("_SHA384")
                || name.contains("GOSTR341112")
                || (*id & 0xFF00) == 0xC100
        };
        let wanted: Vec<u16> = WIDE_SUITES
            .iter()
            .copied()
            .filter(|id| !needs_tls12(id))
            .collect();
        assert_eq!(OLD_SUITES, wanted);
        let wanted: Vec<u16> = wanted.into_iter().filter(|id| *id < 0x0100).collect();
        assert_eq!(SSL3_SUITES, wanted);
    }

    #[test]
    fn a_short_hello_is_shorter_than_256_bytes_and_offers_what_the_long_one_does() {
        let name = "a".repeat(62);
        for id in SHORT_IDS {
            let template = HELLOS.iter().find(|it| it.id == id).unwrap();
            let record = template.hello(Some(&name), [7; 32], &[7; 32]).record();
            assert!(record.len() < 256, "{id}: {} bytes", record.len());
        }
        for version in ProtocolVersion::ALL {
            let Some(short) = short_for_version(version) else {
                continue;
            };
            let long = for_version(version);
            assert_eq!((short.oldest, short.newest), (long.oldest, long.newest));
            assert!(short.suites.iter().all(|id| long.suites.contains(id)));
            assert!(short.groups.iter().all(|id| long.groups.contains(id)));
        }
    }

    #[test]
    fn the_hello_lane_omits_suites_that_hide_a_certificate_or_are_not_needed() {
        for id in HELLO_LANE.suites {
            let suite = CipherSuite::of(*id).unwrap();
            let fine = matches!(suite.weakness(), None | Some("3des" | "rc4" | "md5"));
            assert!(fine || suite.signalling(), "{suite:?}");
        }
    }
}
