//! Checks names before they are queried. A name that no certificate could match, or that DNS cannot
//! represent, is rejected here and costs no query.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_resolver::proto::rr::{Name, RecordType};
use rustls_pki_types::DnsName;

use super::family_result::{FamilyResult, failed};
use crate::observation::{Failure, Reason, Stage};

/// Maximum length of a label (RFC 1035 section 2.3.4).
const LONGEST_LABEL: usize = 63;
/// Maximum length of a name: 255 octets on the wire (RFC 1035 section 2.3.4) are 253 characters of
/// text.
const LONGEST_NAME: usize = 253;

/// Converts a name for the query. It is absolute, so that no search list is applied.
pub(super) fn absolute(name: &str) -> Result<Name, Failure> {
    if let Some(fault) = fault(name) {
        return Err(invalid(fault));
    }
    Name::from_ascii(format!("{name}.")).map_err(|error| invalid(&error.to_string()))
}

/// Returns the outcome for names that need no query. RFC 6761: `localhost` and names below it mean
/// this machine, and `invalid` does not exist. RFC 7686: `onion` does not exist in DNS.
pub(super) fn special(name: &Name, kind: RecordType) -> Option<FamilyResult> {
    let last = name.iter().next_back()?.to_ascii_lowercase();
    match (last.as_slice(), kind) {
        (b"localhost", RecordType::AAAA) => Some(Ok(vec![Ipv6Addr::LOCALHOST.into()])),
        (b"localhost", _) => Some(Ok(vec![Ipv4Addr::LOCALHOST.into()])),
        (b"invalid" | b"onion", _) => Some(Err(failed(Reason::Nxdomain, ""))),
        _ => None,
    }
}

fn invalid(detail: &str) -> Failure {
    Failure::new(Stage::Dns, Reason::InvalidName, detail)
}

/// Returns what is wrong with the name, or `None` if it is valid.
fn fault(name: &str) -> Option<&'static str> {
    if name.len() > LONGEST_NAME {
        return Some("longer than 253 characters");
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Some("an empty label");
        }
        if label.len() > LONGEST_LABEL {
            return Some("a label longer than 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("a label that starts or ends with a hyphen");
        }
    }
    // Remaining faults: other characters, and a last label of digits only, which would be mistaken
    // for an address. TLS would refuse to send such a name.
    match DnsName::try_from(name) {
        Ok(_) => None,
        Err(_) if ends_in_number(name) => Some("the last label is a number"),
        Err(_) => Some("a character not allowed in host names"),
    }
}

fn ends_in_number(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_absolute() {
        let longest = [
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(61),
        ]
        .join(".");
        assert_eq!(longest.len(), 253);
        for name in [
            "example.com",
            "localhost",
            "_dmarc.example.com",
            "a_b.example.com",
            "1.example",
            "xn--bcher-kva.example",
            "a--b.example",
            &longest,
        ] {
            let absolute = absolute(name).unwrap();
            assert!(absolute.is_fqdn());
            assert_eq!(absolute.to_ascii(), format!("{name}."));
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_with_its_reason() {
        let long = [
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(62),
        ]
        .join(".");
        for (name, reason) in [
            ("", "an empty label"),
            (".", "an empty label"),
            ("a..example", "an empty label"),
            ("example.com.", "an empty label"),
            (&"a".repeat(64), "a label longer than 63 characters"),
            (&long, "longer than 253 characters"),
            ("-a.example", "a label that starts or ends with a hyphen"),
            ("a.b-.example", "a label that starts or ends with a hyphen"),
            ("example.123", "the last label is a number"),
            ("192.0.2.1", "the last label is a number"),
            ("a b.example", "a character not allowed in host names"),
            ("*.example", "a character not allowed in host names"),
            ("bücher.example", "a character not allowed in host names"),
        ] {
            let failure = absolute(name).unwrap_err();
            assert_eq!(failure, invalid(reason), "{name}");
        }
    }
}
