//! The forms of names, and the comparison of a name with a subtree (RFC 5280 section 4.2.1.10).

use std::net::Ipv4Addr;

use crate::crypto::der::{self, Element, tag};
use crate::observation::DistinguishedName;
use crate::verdict::Barrier;

/// Kind of subtree that a name is compared with. A name that might be inside a subtree, or cannot
/// be parsed, is not permitted by it and is excluded by it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Permitted,
    Excluded,
}

/// A name, or the base of a subtree.
pub(super) enum Form<'a> {
    Email(&'a [u8]),
    Dns(&'a [u8]),
    /// A directory name in canonical form.
    Directory(Box<[u8]>),
    Uri(&'a [u8]),
    /// An address; in a subtree, followed by its mask.
    Ip(&'a [u8]),
    /// A form that is not supported, by tag number.
    Other(u8),
}

impl<'a> Form<'a> {
    /// Parses a GeneralName. Returns `None` if it is malformed.
    pub(super) fn name(name: &Element<'a>) -> Option<Self> {
        const EMAIL: u8 = tag::primitive(1);
        const DNS: u8 = tag::primitive(2);
        const DIRECTORY: u8 = tag::constructed(4);
        const URI: u8 = tag::primitive(6);
        const IP: u8 = tag::primitive(7);
        let content = name.content;
        Some(match name.tag {
            EMAIL => Self::Email(content),
            DNS => Self::Dns(content),
            URI => Self::Uri(content),
            IP => Self::Ip(content),
            DIRECTORY => {
                der::only(content, tag::SEQUENCE)?;
                Self::Directory(DistinguishedName::canonical_of(content)?)
            }
            0xa0..=0xa8 | 0x80..=0x88 => Self::Other(name.tag & 0x1f),
            _ => return None,
        })
    }

    /// Parses the base of a subtree. Returns `None` if it is malformed.
    pub(super) fn subtree(base: &Element<'a>) -> Option<Self> {
        let form = Self::name(base)?;
        match form {
            Self::Ip(bytes) => is_network(bytes).then_some(form),
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) if !text.is_ascii() => None,
            form => Some(form),
        }
    }

    /// Returns true if both have the same form.
    pub(super) fn is_alike(&self, other: &Form<'_>) -> bool {
        match (self, other) {
            (Self::Other(one), Form::Other(other)) => one == other,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Returns true if this name is inside a subtree of the same form, or an error if that cannot
    /// be determined.
    pub(super) fn is_within(&self, base: &Form<'_>, side: Side) -> Result<bool, Barrier> {
        Ok(match (self, base) {
            (Self::Dns(name), Form::Dns(base)) => dns(name, base, side),
            (Self::Email(name), Form::Email(base)) => email(name, base, side),
            (Self::Uri(name), Form::Uri(base)) => uri(name, base, side),
            (Self::Ip(name), Form::Ip(base)) => ip(name, base, side),
            (Self::Directory(name), Form::Directory(base)) => name.starts_with(base),
            _ => return Err(Barrier::NameConstraints),
        })
    }
}

/// Returns true for an address followed by a mask of the same length whose set bits all come first.
fn is_network(bytes: &[u8]) -> bool {
    let mask = match bytes.len() {
        8 => &bytes[4..],
        32 => &bytes[16..],
        _ => return false,
    };
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let all: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let first_gap = mask.iter().position(|byte| *byte != 0xff);
    let after = first_gap.map_or(&[][..], |gap| &mask[gap + 1..]);
    ones == all && after.iter().all(|byte| *byte == 0)
}

fn dns(name: &[u8], base: &[u8], side: Side) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let base = base.strip_suffix(b".").unwrap_or(base);
    if is_below(name, base) || name.eq_ignore_ascii_case(base) {
        return true;
    }
    // `*.example.com` covers `www.example.com`, which may be excluded.
    let Some(parent) = name.strip_prefix(b"*.").filter(|_| side == Side::Excluded) else {
        return false;
    };
    let mut labels = base.splitn(2, |byte| *byte == b'.');
    let first = labels.next().unwrap_or_default();
    !first.is_empty()
        && labels
            .next()
            .is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
}

/// Returns true if the name is this base with labels in front. The base may start with a dot. Every
/// name is below the empty base.
fn is_below(name: &[u8], base: &[u8]) -> bool {
    if base.is_empty() {
        return true;
    }
    let Some(start) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let (before, end) = name.split_at(start);
    let at_a_label = base[0] == b'.' || before.ends_with(b".");
    !before.is_empty() && at_a_label && end.eq_ignore_ascii_case(base)
}

/// Compares mailboxes. A base is one mailbox, one host, or, with a leading dot, everything below a
/// domain.
fn email(name: &[u8], base: &[u8], side: Side) -> bool {
    let Some((local, host)) = mailbox(name) else {
        return side == Side::Excluded;
    };
    if let Some((base_local, base_host)) = mailbox(base) {
        // Hosts may distinguish upper from lower case before the `@`, but few do.
        let same = match side {
            Side::Permitted => local == base_local,
            Side::Excluded => local.eq_ignore_ascii_case(base_local),
        };
        return same && host.eq_ignore_ascii_case(base_host);
    }
    of_host(host, base)
}

fn mailbox(address: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = address.iter().rposition(|byte| *byte == b'@')?;
    Some((&address[..at], &address[at + 1..]))
}

/// Compares hosts. A base is one host, or, with a leading dot, everything below a domain.
fn of_host(host: &[u8], base: &[u8]) -> bool {
    match base.first() {
        None => true,
        Some(b'.') => is_below(host, base),
        Some(_) => host.eq_ignore_ascii_case(base),
    }
}

/// Compares URIs. A URI without a host name, or with an address instead, must be rejected.
fn uri(name: &[u8], base: &[u8], side: Side) -> bool {
    match uri_host(name) {
        Some(host) => of_host(host.strip_suffix(b".").unwrap_or(host), base),
        None => side == Side::Excluded,
    }
}

/// Returns the host name of a URI with an authority (RFC 3986 section 3.2), or `None` if it has
/// none.
fn uri_host(uri: &[u8]) -> Option<&[u8]> {
    let colon = uri.iter().position(|byte| *byte == b':')?;
    let authority = uri[colon..].strip_prefix(b"://")?;
    let end = authority
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let authority = &authority[..end.unwrap_or(authority.len())];
    let host = mailbox(authority).map_or(authority, |(_, host)| host);
    let end = host.iter().position(|byte| *byte == b':');
    let host = &host[..end.unwrap_or(host.len())];
    let text = std::str::from_utf8(host).ok()?;
    // These are not host names (RFC 3986 section 3.2.2), and other parsers may find another host in
    // them.
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    if !host.iter().all(named) && !text.starts_with('[') || authority.contains(&b'\\') {
        return None;
    }
    let is_name = !text.is_empty() && !text.starts_with('[') && text.parse::<Ipv4Addr>().is_err();
    is_name.then_some(host)
}

fn ip(name: &[u8], base: &[u8], side: Side) -> bool {
    if !matches!(name.len(), 4 | 16) {
        return side == Side::Excluded;
    }
    if base.len() != 2 * name.len() {
        return false;
    }
    let (network, mask) = base.split_at(name.len());
    let bits = name.iter().zip(network).zip(mask);
    bits.into_iter()
        .all(|((name, network), mask)| name & mask == network & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_within_subtrees_as_the_rfc_says() {
        use Side::{Excluded, Permitted};
        type Within = fn(&[u8], &[u8], Side) -> bool;
        // The name, the base, the expected result for a permitted and for an excluded subtree.
        let cases: [(Within, &str, &str, bool, bool); 46] = [
            (dns, "example.com", "example.com", true, true),
            (dns, "WWW.example.com", "Example.COM", true, true),
            (dns, "a.b.example.com", "example.com", true, true),
            (dns, "example.com.", "example.com", true, true),
            (dns, "myexample.com", "example.com", false, false),
            (dns, "example.com", "www.example.com", false, false),
            (dns, "example.com.evil.test", "example.com", false, false),
            (dns, "www.example.com", ".example.com", true, true),
            (dns, "example.com", ".example.com", false, false),
            (dns, "anything.test", "", true, true),
            (dns, "*.example.com", "example.com", true, true),
            (dns, "*.example.com", "www.example.com", false, true),
            (dns, "*.example.com", "WWW.example.com", false, true),
            (dns, "*.example.com", "a.b.example.com", false, false),
            (dns, "*.example.com", "www.example.org", false, false),
            (dns, "www.example.com", "*.example.com", false, false),
            (email, "a@example.com", "a@example.com", true, true),
            (email, "A@example.com", "a@example.com", false, true),
            (email, "a@EXAMPLE.com", "a@example.com", true, true),
            (email, "b@example.com", "a@example.com", false, false),
            (email, "a@example.com", "example.com", true, true),
            (email, "a@mail.example.com", "example.com", false, false),
            (email, "a@mail.example.com", ".example.com", true, true),
            (email, "a@example.com", ".example.com", false, false),
            (email, "\"a@b\"@example.com", "example.com", true, true),
            (email, "example.com", "example.com", false, true),
            (email, "a@example.com", "", true, true),
            (uri, "http://example.com/a", "example.com", true, true),
            (uri, "http://EXAMPLE.com", "example.com", true, true),
            (
                uri,
                "http://u:p@example.com:8080?q",
                "example.com",
                true,
                true,
            ),
            (uri, "http://www.example.com/", "example.com", false, false),
            (uri, "http://www.example.com/", ".example.com", true, true),
            (uri, "http://example.com/", ".example.com", false, false),
            (
                uri,
                "http://evil.test/@example.com",
                "example.com",
                false,
                false,
            ),
            (
                uri,
                "http://evil.test#@example.com",
                "example.com",
                false,
                false,
            ),
            (uri, "http://192.0.2.1/", "example.com", false, true),
            (uri, "http://[2001:db8::1]/", "example.com", false, true),
            (uri, "urn:example:com", "example.com", false, true),
            (uri, "http:///path", "example.com", false, true),
            (uri, "ldap://example.com", "", true, true),
            (ip, "\x0a\x01\x02\x03", "\x0a\0\0\0\x7f\0\0\0", true, true),
            (ip, "\x0b\x01\x02\x03", "\x0a\0\0\0\x7f\0\0\0", false, false),
            (ip, "\x0a\x01\x02\x03", "\0\0\0\0\0\0\0\0", true, true),
            (ip, "0123456789abcdef", "\x0a\0\0\0\x7f\0\0\0", false, false),
            (
                ip,
                "0123456789abcdef",
                "0123456789abcdef0123456789abcdef",
                true,
                true,
            ),
            (ip, "\x0a\x01", "\x0a\0\0\0\x7f\0\0\0", false, true),
        ];
        for (within, name, base, permitted, excluded) in cases {
            let (name_bytes, base_bytes) = (name.as_bytes(), base.as_bytes());
            let found = [Permitted, Excluded].map(|side| within(name_bytes, base_bytes, side));
            assert_eq!(found, [permitted, excluded], "{name:?} {base:?}");
        }
    }

    #[test]
    fn a_mask_has_no_gaps() {
        for (mask, sound) in [
            ([0, 0, 0, 0], true),
            ([255, 255, 255, 255], true),
            ([255, 240, 0, 0], true),
            ([255, 0, 255, 0], false),
            ([240, 128, 0, 0], false),
            ([0, 0, 0, 1], false),
            ([0x50, 0, 0, 0], false),
        ] {
            assert_eq!(is_network(&[&[10, 0, 0, 0][..], &mask].concat()), sound);
        }
        assert!(!is_network(&[0; 7]) && !is_network(&[]) && is_network(&[0; 32]));
    }
}
