//! Replaces IP addresses inside texts: subjects, names, URLs and messages of servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest text of an IPv6 address, the last 32 bits in the form of IPv4.
const LONGEST: usize = 45;

/// Number of hexadecimal digits that can contain an encoded IPv4 address.
const ENCODED: usize = 8;

/// Prefixes of names that are OIDs, not addresses.
const OIDS: [&str; 2] = ["rid:", "other:"];

/// What is replaced at one place of a text.
enum Found {
    /// An address.
    Address(IpAddr),
    /// Bytes or numbers that may contain an address.
    Doubtful,
}

/// Returns the text with a replacement for each address in it, and for everything that may contain an
/// address.
pub(super) fn replace_addresses(
    text: &str,
    address: impl Fn(IpAddr) -> String,
    doubtful: impl Fn(&str) -> String,
) -> String {
    let (mut replaced, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
    while at < text.len() {
        let Some((end, found)) = found_at(text, at) else {
            at += 1;
            continue;
        };
        replaced.push_str(&text[copied..at]);
        replaced.push_str(&match found {
            Found::Address(ip) => address(ip),
            Found::Doubtful => doubtful(&text[at..end]),
        });
        (copied, at) = (end, end);
    }
    replaced.push_str(&text[copied..]);
    replaced
}

/// Returns true if an address is in the text.
pub(super) fn contains_address(text: &str) -> bool {
    (0..text.len()).any(|at| found_at(text, at).is_some())
}

/// Returns what begins at this byte, and its end. Everything that is found is ASCII.
fn found_at(text: &str, at: usize) -> Option<(usize, Found)> {
    match text.as_bytes()[at] {
        b'#' => encoded(text, at),
        byte if byte.is_ascii_hexdigit() || byte == b':' => {
            ipv6(text, at).or_else(|| ipv4(text, at))
        }
        _ => None,
    }
}

/// Returns the end of the bytes at this place that `accept` accepts.
fn run(text: &str, at: usize, accept: fn(&u8) -> bool) -> usize {
    let rest = &text.as_bytes()[at..];
    at + rest.iter().take_while(|byte| accept(byte)).count()
}

/// Finds the hexadecimal form of a value that is not text (RFC 4514, section 2.4).
fn encoded(text: &str, at: usize) -> Option<(usize, Found)> {
    let end = run(text, at + 1, u8::is_ascii_hexdigit);
    (end - at > ENCODED).then_some((end, Found::Doubtful))
}

fn ipv6(text: &str, at: usize) -> Option<(usize, Found)> {
    let bytes = text.as_bytes();
    let alone = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let end = run(text, at, |byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
    });
    let end = end.min(at + LONGEST);
    if !alone(at.checked_sub(1).map(|before| &bytes[before])) || !text[at..end].contains(':') {
        return None;
    }
    // `::` alone separates words.
    (at + 3..=end).rev().find_map(|end| {
        let address: Ipv6Addr = text[at..end].parse().ok()?;
        alone(bytes.get(end)).then_some((end, Found::Address(address.into())))
    })
}

/// Finds an IPv4 address, also with leading zeros. More than four numbers may contain one.
fn ipv4(text: &str, at: usize) -> Option<(usize, Found)> {
    let dotted = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    // Numbers before this one belong to the same run, which was looked at from its start.
    let before = text[..at].trim_end_matches('.');
    let end = run(text, at, dotted);
    let numbers = text[at..end].trim_end_matches('.');
    let end = at + numbers.len();
    if before.ends_with(|last: char| last.is_ascii_digit()) || is_oid(text, at, end) {
        return None;
    }
    let numbers: Vec<Option<u8>> = numbers.split('.').map(|it| it.parse().ok()).collect();
    let octets: Option<Vec<u8>> = numbers.iter().copied().collect();
    match octets.and_then(|octets| <[u8; 4]>::try_from(octets).ok()) {
        Some(octets) => Some((end, Found::Address(Ipv4Addr::from(octets).into()))),
        None => numbers
            .windows(4)
            .any(|four| four.iter().all(Option::is_some))
            .then_some((end, Found::Doubtful)),
    }
}

/// Returns true for the type of an attribute (`2.5.4.97=`) and for a name that is an OID.
fn is_oid(text: &str, at: usize, end: usize) -> bool {
    let begins = at == 0 || matches!(text.as_bytes()[at - 1], b',' | b'+');
    let escaped = at > 1 && text.as_bytes()[at - 2] == b'\\';
    let names_type = begins && !escaped && text.as_bytes().get(end) == Some(&b'=');
    names_type || OIDS.contains(&&text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what is replaced: addresses in angle brackets, doubtful values as a question mark.
    fn shown(text: &str) -> String {
        replace_addresses(text, |ip| format!("<{ip}>"), |_| "?".to_owned())
    }

    #[test]
    fn addresses_in_texts_are_replaced() {
        for (text, replaced) in [
            ("CN=127.0.0.1", "CN=<127.0.0.1>"),
            ("CN=a,O=[fd00::1]:443", "CN=a,O=[<fd00::1>]:443"),
            (
                "http://192.0.2.7:8080/ca.cer",
                "http://<192.0.2.7>:8080/ca.cer",
            ),
            (
                "550 2001:DB8::25 is blocked.",
                "550 <2001:db8::25> is blocked.",
            ),
            ("550 192.0.2.7.", "550 <192.0.2.7>."),
            ("::ffff:192.0.2.7 é", "<::ffff:192.0.2.7> é"),
            ("host10.0.0.1", "host<10.0.0.1>"),
            ("a.10.0.0.1.nip.io", "a.<10.0.0.1>.nip.io"),
            ("O=a\\,10.0.0.1=x", "O=a\\,<10.0.0.1>=x"),
            ("192.000.002.007", "<192.0.2.7>"),
            ("5.10.0.0.1.nip.io", "?.nip.io"),
            (
                "1.2.840.113549.1.9.8=#0c0931302e302e302e31",
                "1.2.840.113549.1.9.8=?",
            ),
        ] {
            assert_eq!(shown(text), replaced);
            assert!(contains_address(text), "{text}");
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "",
            "CN=www.example.com,O=Example 1.2.3,C=DE",
            "2.5.4.97=VATDE-123,1.3.6.1.4.1.311.60.2.1.3=DE",
            "rid:2.5.4.97",
            "other:1.3.6.1.4.1.311.20.2.3",
            "std::move :: é 12:34:56",
            "1.2.3 999.1.1.999 1..2.3.4 v1.2",
        ] {
            assert_eq!(shown(text), text);
            assert!(!contains_address(text), "{text}");
        }
    }
}
