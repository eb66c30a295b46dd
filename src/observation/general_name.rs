//! The subject alternative names of a certificate. A name with invalid characters is kept. A name of an
//! unknown kind makes the list unparseable.

use std::net::IpAddr;

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::GeneralName;

use super::contents::PresentedName;
use super::fields;
use super::hex::hexadecimal;
use super::name::{DistinguishedName, utf8_or_latin1};
use super::oid::oid_text;

/// Parses the value of a subject alternative name extension.
pub(super) fn presented_names(value: &[u8]) -> Option<Vec<PresentedName>> {
    let mut list = fields::sequence(value)?;
    let mut names = Vec::with_capacity(4);
    while !list.is_empty() {
        names.push(presented_name(list.next()?.any)?);
    }
    Some(names)
}

/// Parses a GeneralName (RFC 5280 section 4.2.1.6), or returns `None` for an unknown kind.
fn presented_name(name: Any<'_>) -> Option<PresentedName> {
    let other = |kind: &str, text: &str| PresentedName::Other(format!("{kind}:{text}"));
    let bytes = name.data;
    if name.header.constructed() != matches!(name.tag().0, 0 | 3..=5) {
        return None;
    }
    Some(match GeneralName::try_from(name).ok()? {
        GeneralName::DNSName(dns) if dns.is_ascii() => PresentedName::Dns(dns.to_owned()),
        // A dNSName must be ASCII. One that is not can match no host name.
        GeneralName::DNSName(dns) => other("dns", dns),
        GeneralName::RFC822Name(address) => other("email", address),
        GeneralName::URI(address) => other("uri", address),
        GeneralName::IPAddress(bytes) => match address(bytes) {
            Some(address) => PresentedName::Address(address),
            None => other("ip", &hexadecimal(bytes)),
        },
        GeneralName::OtherName(oid, _) => other("other", &oid_text(oid.as_bytes())),
        GeneralName::RegisteredID(oid) => other("rid", &oid_text(oid.as_bytes())),
        GeneralName::X400Address(_) => other("x400", &hexadecimal(bytes)),
        GeneralName::EDIPartyName(_) => other("ediparty", &hexadecimal(bytes)),
        GeneralName::DirectoryName(_) => other("dirname", &DistinguishedName::read(bytes).text),
        // These are declared as IA5String, but some contain UTF-8 or Latin-1.
        GeneralName::Invalid(Tag(1), bytes) => other("email", &utf8_or_latin1(bytes)),
        GeneralName::Invalid(Tag(2), bytes) => other("dns", &utf8_or_latin1(bytes)),
        GeneralName::Invalid(Tag(6), bytes) => other("uri", &utf8_or_latin1(bytes)),
        GeneralName::Invalid(..) => return None,
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 0x80);
        [&[tag, length], content].concat()
    }

    #[test]
    fn names_of_every_kind_are_kept_apart() {
        let other = |text: &str| PresentedName::Other(text.to_owned());
        let dns = |text: &str| PresentedName::Dns(text.to_owned());
        let directory = tlv(
            0x31,
            &tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(12, b"x")].concat()),
        );
        let cases = [
            (0x82, b"www.example.test".to_vec(), dns("www.example.test")),
            (0x82, b"".to_vec(), dns("")),
            (0x82, b"b\xfccher.test".to_vec(), other("dns:bücher.test")),
            (0x82, "bücher.test".into(), other("dns:bücher.test")),
            (
                0x87,
                vec![192, 0, 2, 7],
                PresentedName::Address([192, 0, 2, 7].into()),
            ),
            (0x87, vec![0; 16], PresentedName::Address([0u8; 16].into())),
            (
                0x87,
                vec![192, 0, 2, 0, 255, 255, 255, 0],
                other("ip:#c0000200ffffff00"),
            ),
            (0x87, b"192.0.2.7".to_vec(), other("ip:#3139322e302e322e37")),
            (0x81, b"a@b.test".to_vec(), other("email:a@b.test")),
            (
                0x86,
                b"https://b.test".to_vec(),
                other("uri:https://b.test"),
            ),
            (0x88, vec![0x2a, 3], other("rid:1.2.3")),
            (
                0xa0,
                [tlv(6, &[0x2a, 3]), tlv(0xa0, &[5, 0])].concat(),
                other("other:1.2.3"),
            ),
            (0xa4, tlv(0x30, &directory), other("dirname:CN=x")),
            (0xa5, vec![1], other("ediparty:#01")),
            (0xa3, vec![1], other("x400:#01")),
        ];
        for (tag, content, expected) in cases {
            let value = tlv(0x30, &tlv(tag, &content));
            assert_eq!(presented_names(&value), Some(vec![expected]));
        }
    }
}
