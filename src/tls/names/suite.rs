//! What the name of a cipher suite says about it: its key exchange, whether it has forward secrecy,
//! and the word for its worst weakness.

use super::suites_00::SUITES_00;
use super::suites_c0::SUITES_C0;

/// A cipher suite with its number on the wire and its IANA name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CipherSuite {
    /// Number on the wire.
    pub id: u16,
    /// Name in the IANA registry, or the usual name if the suite was never registered.
    pub name: &'static str,
    /// The part of the name before `_WITH_`. It is empty for TLS 1.3 suites, whose names contain no key
    /// exchange.
    exchange: &'static str,
    /// The part of the name after `_WITH_`, or the whole name if it does not contain that.
    cipher: &'static str,
}

/// Key agreement of a suite, as far as it decides what a ServerKeyExchange message contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAgreement {
    /// The client encrypts the secret with the certificate's RSA key. Servers may send a short-lived
    /// key instead in EXPORT suites.
    Rsa,
    /// Diffie-Hellman with fresh parameters from the server (DHE and DH_anon).
    Dhe,
    /// Diffie-Hellman with fresh parameters over an elliptic curve (ECDHE and ECDH_anon).
    Ecdhe,
    /// Diffie-Hellman with the key in the certificate (DH_RSA, ECDH_ECDSA, ...).
    Static,
    /// Negotiated separately from the suite (TLS 1.3).
    Tls13,
    /// PSK, SRP, Kerberos, GOST and others, which need more than a certificate.
    Other,
}

/// What the certificate's key must be able to do for a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKey {
    /// An RSA key that decrypts the client's secret.
    RsaDecrypting,
    /// An RSA key that signs the key exchange.
    RsaSigning,
    /// An elliptic curve key that signs the key exchange.
    Ecdsa,
    /// An elliptic curve key that is the server's half of the key exchange.
    Ecdh,
    /// A DSA key that signs the key exchange.
    Dsa,
}

impl CipherSuite {
    /// Returns the suite with this number, or `None` if it has no name.
    pub fn of(id: u16) -> Option<Self> {
        let table = if id <= 0xFF { SUITES_00 } else { SUITES_C0 };
        let place = table.binary_search_by_key(&id, |suite| suite.id).ok()?;
        table.get(place).copied()
    }

    /// Returns all suites that have a name, ordered by number.
    pub fn all() -> impl Iterator<Item = Self> {
        SUITES_00.iter().chain(SUITES_C0).copied()
    }

    /// Returns true if this is a signalling value (`..._SCSV`), which no server may choose.
    pub fn signalling(self) -> bool {
        self.name.ends_with("_SCSV")
    }

    /// Returns the key agreement of the suite.
    pub fn key_agreement(self) -> KeyAgreement {
        let exchange = self.exchange;
        match exchange {
            "" => KeyAgreement::Tls13,
            _ if self.tls13_gost() => KeyAgreement::Tls13,
            "RSA" | "RSA_EXPORT" | "RSA_EXPORT1024" | "RSA_FIPS" => KeyAgreement::Rsa,
            _ if has(exchange, b"PSK") => KeyAgreement::Other,
            _ if exchange.starts_with("ECDHE_") || exchange == "ECDH_anon" => KeyAgreement::Ecdhe,
            _ if exchange.starts_with("DHE_") || exchange.starts_with("DH_anon") => {
                KeyAgreement::Dhe
            }
            _ if exchange.starts_with("ECDH_") || exchange.starts_with("DH_") => {
                KeyAgreement::Static
            }
            _ => KeyAgreement::Other,
        }
    }

    /// Returns what the certificate's key must be able to do, or `None` if the suite needs no such key
    /// or its name does not say.
    pub fn certificate_key(self) -> Option<CertificateKey> {
        match self.key_agreement() {
            KeyAgreement::Rsa => Some(CertificateKey::RsaDecrypting),
            KeyAgreement::Dhe | KeyAgreement::Ecdhe => {
                let signer = |word: &[u8]| has(self.exchange, word);
                let signers: [(&[u8], _); 3] = [
                    (b"RSA", CertificateKey::RsaSigning),
                    (b"ECDSA", CertificateKey::Ecdsa),
                    (b"DSS", CertificateKey::Dsa),
                ];
                let mut signers = signers.into_iter();
                signers.find_map(|(word, key)| signer(word).then_some(key))
            }
            KeyAgreement::Static => {
                let curve = self.exchange.starts_with("ECDH_");
                curve.then_some(CertificateKey::Ecdh)
            }
            KeyAgreement::Tls13 | KeyAgreement::Other => None,
        }
    }

    /// Returns true if the suite has forward secrecy: recorded sessions stay secret if the key is
    /// stolen later.
    pub fn forward_secret(self) -> bool {
        let exchange = self.exchange;
        match self.key_agreement() {
            KeyAgreement::Tls13 => !self.signalling(),
            KeyAgreement::Dhe | KeyAgreement::Ecdhe => true,
            KeyAgreement::Rsa | KeyAgreement::Static => false,
            KeyAgreement::Other => {
                ["DHE_PSK", "ECDHE_PSK", "PSK_DHE", "ECCPWD"].contains(&exchange)
                    || exchange.starts_with("SRP_")
            }
        }
    }

    /// Returns true if the server is not authenticated.
    pub fn anonymous(self) -> bool {
        has(self.exchange, b"anon") || self.exchange == "NULL"
    }

    /// Returns the word for the worst weakness of the suite, or `None` if it has none. CBC alone does
    /// not count as a weakness. The lack of forward secrecy is reported separately.
    ///
    /// `idea` and `3des` are weak because of their 64-bit blocks (Sweet32). `md5` is the MAC.
    pub fn weakness(self) -> Option<&'static str> {
        let export = |part: &[u8]| part.starts_with(b"EXPORT");
        let weaknesses = [
            (self.cipher.starts_with("SHA"), (0, "null")),
            (self.anonymous(), (1, "anonymous")),
            (parts(self.exchange).any(export), (2, "export")),
        ];
        let weaknesses = weaknesses
            .into_iter()
            .filter_map(|(so, weak)| so.then_some(weak));
        let worst = parts(self.cipher).filter_map(weak).chain(weaknesses).min();
        worst.map(|(_, word)| word)
    }

    /// Returns true for the suites of RFC 9367, which are for TLS 1.3 although their names follow the
    /// older pattern.
    fn tls13_gost(self) -> bool {
        has(self.cipher, b"MGM")
    }
}

/// Returns a row of a table. The name is split at compile time.
pub(super) const fn row(id: u16, name: &'static str) -> CipherSuite {
    let bare = match split_once(name, b"_") {
        Some((_, bare)) => bare,
        None => name,
    };
    let (exchange, cipher) = match split_once(bare, b"_WITH_") {
        Some(cut) => cut,
        None => ("", bare),
    };
    CipherSuite {
        id,
        name,
        exchange,
        cipher,
    }
}

/// Does the same as `str::split_once`, which cannot be called at compile time.
const fn split_once(text: &'static str, word: &[u8]) -> Option<(&'static str, &'static str)> {
    let mut start = 0;
    while start + word.len() <= text.len() {
        let mut same = 0;
        while same < word.len() && text.as_bytes()[start + same] == word[same] {
            same += 1;
        }
        if same == word.len() {
            let (head, rest) = text.split_at(start);
            return Some((head, rest.split_at(same).1));
        }
        start += 1;
    }
    None
}

/// Returns the words between the underscores.
fn parts(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'_')
}

fn has(text: &str, word: &[u8]) -> bool {
    parts(text).any(|part| part == word)
}

/// Returns the weakness that a word in the cipher's name means, with its rank (0 is worst), or `None`
/// if it means none.
fn weak(part: &[u8]) -> Option<(u8, &'static str)> {
    Some(match part {
        b"NULL" => (0, "null"),
        b"RC4" => (3, "rc4"),
        b"DES" | b"DES40" => (4, "des"),
        b"3DES" => (5, "3des"),
        b"RC2" => (6, "rc2"),
        b"IDEA" => (7, "idea"),
        b"MD5" => (8, "md5"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn suite(id: u16) -> CipherSuite {
        CipherSuite::of(id).unwrap_or_else(|| panic!("{id:#06x} has no row"))
    }

    #[test]
    fn the_tables_are_sorted_and_unique() {
        for table in [SUITES_00, SUITES_C0] {
            assert!(table.windows(2).all(|pair| pair[0].id < pair[1].id));
        }
        assert!(SUITES_00.iter().all(|suite| suite.id <= 0xFF));
        assert!(SUITES_C0.iter().all(|suite| suite.id > 0xFF));
        let names: HashSet<_> = CipherSuite::all().map(|suite| suite.name).collect();
        assert_eq!(names.len(), CipherSuite::all().count());
        assert!(names.len() > 360, "the registry is larger than this");
    }

    #[test]
    fn well_known_numbers_have_their_names() {
        for (id, name) in [
            (0x0000, "TLS_NULL_WITH_NULL_NULL"),
            (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
            (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x001E, "TLS_KRB5_WITH_DES_CBC_SHA"),
            (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
            (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
            (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
            (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
            (0x008D, "TLS_PSK_WITH_AES_256_CBC_SHA"),
            (0x009B, "TLS_DH_anon_WITH_SEED_CBC_SHA"),
            (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
            (0x00C5, "TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256"),
            (0x00FF, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
            (0x1301, "TLS_AES_128_GCM_SHA256"),
            (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
            (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            (0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"),
            (0xC022, "TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA"),
            (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            (0xC063, "TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384"),
            (0xC09B, "TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384"),
            (0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
            (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"),
        ] {
            assert_eq!(suite(id).name, name);
        }
        assert_eq!(CipherSuite::of(0x0A0A), None);
        assert_eq!(CipherSuite::of(0x0047), None);
    }

    #[test]
    fn weakness_is_the_worst_thing_in_the_name() {
        for (id, weakness) in [
            (0x0000, Some("null")),
            (0x0001, Some("null")),
            (0x0003, Some("export")),
            (0x0004, Some("rc4")),
            (0x0005, Some("rc4")),
            (0x0006, Some("export")),
            (0x0007, Some("idea")),
            (0x0009, Some("des")),
            (0x000A, Some("3des")),
            (0x0017, Some("anonymous")),
            (0x0025, Some("idea")),
            (0x002F, None),
            (0x0034, Some("anonymous")),
            (0x003B, Some("null")),
            (0x0064, Some("export")),
            (0x0066, Some("rc4")),
            (0x0083, Some("null")),
            (0x009A, None),
            (0x00FF, None),
            (0x1301, None),
            (0xC010, Some("null")),
            (0xC015, Some("null")),
            (0xC018, Some("anonymous")),
            (0xC0AE, None),
            (0xC0B4, Some("null")),
            (0xFEFE, Some("des")),
            (0xFEFF, Some("3des")),
        ] {
            assert_eq!(suite(id).weakness(), weakness, "{}", suite(id).name);
        }
    }

    #[test]
    fn each_weak_word_marks_its_whole_family() {
        for suite in CipherSuite::all() {
            let weakness = suite.weakness();
            let marked = [
                "NULL", "EXPORT", "_RC4_", "_DES", "_3DES_", "_RC2_", "_IDEA_", "_MD5",
            ]
            .iter()
            .any(|word| suite.name.contains(word))
                || suite.name.contains("_anon_")
                || suite.name.starts_with("TLS_SHA");
            assert_eq!(weakness.is_some(), marked, "{} {weakness:?}", suite.name);
        }
    }

    #[test]
    fn forward_secrecy_and_agreement_follow_the_exchange() {
        use KeyAgreement::{Dhe, Ecdhe, Other, Rsa, Static, Tls13};
        for (id, agreement, forward_secret) in [
            (0x002F, Rsa, false),
            (0x0003, Rsa, false),
            (0x0062, Rsa, false),
            (0xFEFF, Rsa, false),
            (0xC09C, Rsa, false),
            (0x0011, Dhe, true),
            (0x0033, Dhe, true),
            (0x0017, Dhe, true),
            (0x006C, Dhe, true),
            (0x0030, Static, false),
            (0xC004, Static, false),
            (0xC00E, Static, false),
            (0xC013, Ecdhe, true),
            (0xC018, Ecdhe, true),
            (0xCC14, Ecdhe, true),
            (0x1301, Tls13, true),
            (0x00C6, Tls13, true),
            (0xC103, Tls13, true),
            (0xC100, Other, false),
            (0x0081, Other, false),
            (0x001F, Other, false),
            (0x008C, Other, false),
            (0x0094, Other, false),
            (0x0090, Other, true),
            (0xC035, Other, true),
            (0xC0AA, Other, true),
            (0xC01E, Other, true),
            (0xC0B0, Other, true),
            (0x0000, Other, false),
            (0x00FF, Tls13, false),
        ] {
            let suite = suite(id);
            assert_eq!(suite.key_agreement(), agreement, "{}", suite.name);
            assert_eq!(suite.forward_secret(), forward_secret, "{}", suite.name);
        }
    }

    #[test]
    fn anonymous_suites_are_recognised() {
        for (id, anonymous) in [
            (0x0000, true),
            (0x0018, true),
            (0xC015, true),
            (0xC05A, true),
            (0x008C, false),
            (0x002F, false),
            (0x1301, false),
        ] {
            assert_eq!(suite(id).anonymous(), anonymous, "{}", suite(id).name);
        }
    }
}
