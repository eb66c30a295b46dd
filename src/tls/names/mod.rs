//! The IANA names of cipher suites, groups and signature schemes. This module contains tables and
//! lookups. Only `CipherSuite` evaluates anything: what the name of a suite says about it.

mod groups;
mod schemes;
mod suite;
mod suites_00;
mod suites_c0;

use std::borrow::Cow;

pub use suite::{CertificateKey, CipherSuite, KeyAgreement};

/// Returns the IANA name of a cipher suite, such as `TLS_RSA_WITH_AES_128_CBC_SHA`, or `None` if it has
/// none.
pub fn cipher_suite_name(id: u16) -> Option<&'static str> {
    CipherSuite::of(id).map(|suite| suite.name)
}

/// Returns the IANA name of a key exchange group, such as `x25519` or `X25519MLKEM768`, or `None` if it
/// has none.
pub fn group_name(id: u16) -> Option<&'static str> {
    lookup(groups::GROUPS, id)
}

/// Returns the IANA name of a signature scheme, such as `rsa_pss_rsae_sha256`, or `None` if it has none.
/// TLS 1.2 pairs of hash and signature without a registered name have one of the same pattern:
/// `dsa_sha1`.
pub fn signature_scheme_name(id: u16) -> Option<&'static str> {
    lookup(schemes::SCHEMES, id)
}

/// Returns the name of a cipher suite, or its number as `0x1301` if it has no name.
pub fn cipher_suite_text(id: u16) -> Cow<'static, str> {
    or_hex(cipher_suite_name(id), id)
}

/// Returns the name of a group, or its number as `0x001d` if it has no name.
pub fn group_text(id: u16) -> Cow<'static, str> {
    or_hex(group_name(id), id)
}

/// Returns the name of a signature scheme, or its number as `0x0804` if it has no name.
pub fn signature_scheme_text(id: u16) -> Cow<'static, str> {
    or_hex(signature_scheme_name(id), id)
}

fn or_hex(name: Option<&'static str>, id: u16) -> Cow<'static, str> {
    name.map_or_else(|| Cow::Owned(format!("{id:#06x}")), Cow::Borrowed)
}

fn lookup(table: &'static [(u16, &'static str)], id: u16) -> Option<&'static str> {
    let place = table.binary_search_by_key(&id, |row| row.0).ok()?;
    table.get(place).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_tables_are_sorted_and_unique() {
        for table in [groups::GROUPS, schemes::SCHEMES] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let names: HashSet<_> = table.iter().map(|row| row.1).collect();
            assert_eq!(names.len(), table.len());
        }
    }

    #[test]
    fn well_known_numbers_have_their_names() {
        for (id, name) in [
            (14, "sect571r1"),
            (22, "secp256k1"),
            (23, "secp256r1"),
            (25, "secp521r1"),
            (28, "brainpoolP512r1"),
            (29, "x25519"),
            (30, "x448"),
            (0x0100, "ffdhe2048"),
            (0x0202, "MLKEM1024"),
            (0x11EB, "SecP256r1MLKEM768"),
            (0x11EC, "X25519MLKEM768"),
            (0x11ED, "SecP384r1MLKEM1024"),
        ] {
            assert_eq!(group_name(id), Some(name));
        }
        for (id, name) in [
            (0x0101, "rsa_pkcs1_md5"),
            (0x0201, "rsa_pkcs1_sha1"),
            (0x0202, "dsa_sha1"),
            (0x0203, "ecdsa_sha1"),
            (0x0403, "ecdsa_secp256r1_sha256"),
            (0x0804, "rsa_pss_rsae_sha256"),
            (0x0808, "ed448"),
            (0x080B, "rsa_pss_pss_sha512"),
            (0x0906, "mldsa87"),
        ] {
            assert_eq!(signature_scheme_name(id), Some(name));
        }
    }

    #[test]
    fn a_number_without_a_name_is_shown_as_a_number() {
        assert_eq!(cipher_suite_text(0x0A0A), "0x0a0a");
        assert_eq!(group_text(0x3A3A), "0x3a3a");
        assert_eq!(signature_scheme_text(0xFFFF), "0xffff");
        assert_eq!(cipher_suite_text(0x1301), "TLS_AES_128_GCM_SHA256");
    }
}
