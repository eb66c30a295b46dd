//! Distinguished names as readable and unambiguous text (RFC 4514). A bad string never makes a
//! certificate unparseable: bytes outside the declared character set are decoded as UTF-8 or Latin-1,
//! which the writing tools usually meant. An invalid name is shown as bytes.

use std::borrow::Cow;
use std::sync::OnceLock;

use x509_parser::asn1_rs::{Any, Tag, ToDer};
use x509_parser::x509::AttributeTypeAndValue;

use super::fields;
use super::hex::hexadecimal;
use super::oid::oid_text;

/// A subject or issuer name.
#[derive(Clone, Debug, Default)]
pub struct DistinguishedName {
    /// DER of the whole Name.
    pub der: Vec<u8>,
    /// RFC 4514 text. It is controlled by the peer: escape it before you display it.
    pub text: String,
    /// First common name, or `None` without one.
    pub common_name: Option<String>,
    /// Cache of [`Self::canonical`]. The inner value is `None` if the name is not valid.
    pub(super) canonical: OnceLock<Option<Box<[u8]>>>,
}

/// Compares the bytes. `matches` compares the meaning.
impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der && self.text == other.text && self.common_name == other.common_name
    }
}

impl Eq for DistinguishedName {}

impl DistinguishedName {
    /// Parses a Name from its DER, including the outer SEQUENCE. Never fails: the text of an invalid
    /// Name is `#` and its bytes in hexadecimal.
    pub(crate) fn read(der: &[u8]) -> Self {
        let (text, common_name) = match attributes(der) {
            Some(rdns) => (text(&rdns), common_name(&rdns)),
            None => (hexadecimal(der), None),
        };
        Self {
            der: der.to_vec(),
            text,
            common_name,
            canonical: OnceLock::new(),
        }
    }
}

/// One type and value of a relative distinguished name.
struct Attribute<'a> {
    read: AttributeTypeAndValue<'a>,
    /// True if it is in the same set as the attribute before it (joined by `+`).
    joined: bool,
}

impl Attribute<'_> {
    /// Returns the encoded OBJECT IDENTIFIER of the type.
    fn oid(&self) -> &[u8] {
        self.read.attr_type().as_bytes()
    }
}

/// Parses the sets one by one. `X509Name` is not used: it drops the rest of a name after the first
/// invalid set.
fn attributes(name: &[u8]) -> Option<Vec<Attribute<'_>>> {
    let mut rdns = fields::sequence(name)?;
    let mut attributes = Vec::with_capacity(8);
    while !rdns.is_empty() {
        let mut set = rdns.expect(Tag::Set)?.inside();
        let mut joined = false;
        while !set.is_empty() {
            let read: AttributeTypeAndValue<'_> = set.read()?;
            if !set.ends_with(read.attr_value().data) {
                return None;
            }
            attributes.push(Attribute { read, joined });
            joined = true;
        }
    }
    Some(attributes)
}

fn common_name(attributes: &[Attribute<'_>]) -> Option<String> {
    attributes
        .iter()
        .find(|attribute| attribute.oid() == [0x55, 0x04, 0x03])
        .and_then(|attribute| string(attribute.read.attr_value()))
        .map(Cow::into_owned)
}

/// Returns the RFC 4514 text. The last relative name comes first (section 2.1); the order of attributes
/// inside one is kept.
fn text(attributes: &[Attribute<'_>]) -> String {
    let mut text = String::with_capacity(attributes.len() * 24);
    let mut end = attributes.len();
    while end > 0 {
        let start = attributes[..end]
            .iter()
            .rposition(|attribute| !attribute.joined)
            .unwrap_or(0);
        for attribute in &attributes[start..end] {
            if !text.is_empty() {
                text.push(if attribute.joined { '+' } else { ',' });
            }
            write_attribute(&mut text, attribute);
        }
        end = start;
    }
    text
}

fn write_attribute(text: &mut String, attribute: &Attribute<'_>) {
    let value = attribute.read.attr_value();
    match (short_name(attribute.oid()), string(value)) {
        (Some(name), Some(value)) => {
            text.push_str(name);
            text.push('=');
            write_escaped(text, &value);
        }
        (name, _) => {
            match name {
                Some(name) => text.push_str(name),
                None => text.push_str(&oid_text(attribute.oid())),
            }
            text.push('=');
            // Writing to a Vec cannot fail.
            let der = value.to_der_vec_raw().unwrap_or_default();
            text.push_str(&hexadecimal(&der));
        }
    }
}

/// Returns the short name of an attribute type: from RFC 4514, or as OpenSSL prints it for other types
/// that occur in web certificates.
fn short_name(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        [0x55, 0x04, number] => match number {
            3 => "CN",
            4 => "SN",
            5 => "serialNumber",
            6 => "C",
            7 => "L",
            8 => "ST",
            9 => "STREET",
            10 => "O",
            11 => "OU",
            12 => "title",
            13 => "description",
            15 => "businessCategory",
            17 => "postalCode",
            42 => "GN",
            43 => "initials",
            46 => "dnQualifier",
            65 => "pseudonym",
            97 => "organizationIdentifier",
            _ => return None,
        },
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 25] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 1] => "emailAddress",
        [
            0x2b,
            0x06,
            0x01,
            0x04,
            0x01,
            0x82,
            0x37,
            0x3c,
            0x02,
            0x01,
            number,
        ] => match number {
            1 => "jurisdictionL",
            2 => "jurisdictionST",
            3 => "jurisdictionC",
            _ => return None,
        },
        _ => return None,
    })
}

/// Decodes a string of any type, or returns `None` if the value is not a string. x509-parser's own
/// functions reject strings with bytes outside their declared character set.
fn string<'a>(value: &Any<'a>) -> Option<Cow<'a, str>> {
    if !value.header.is_universal() || value.header.is_constructed() {
        return None;
    }
    match value.tag() {
        // In practice T.61 contains Latin-1, and in newer certificates UTF-8.
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::T61String => Some(utf8_or_latin1(value.data)),
        Tag::BmpString => Some(utf16(value.data).into()),
        Tag::UniversalString => Some(utf32(value.data).into()),
        _ => None,
    }
}

/// Decodes bytes as UTF-8, or as Latin-1 if they are not valid UTF-8.
pub(super) fn utf8_or_latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => latin1(bytes).into(),
    }
}

/// Decodes each byte as the character with that number.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks(2)
        .map(|unit| u16::from_be_bytes([unit[0], unit.get(1).copied().unwrap_or(0)]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn utf32(bytes: &[u8]) -> String {
    let character = |unit: &[u8]| {
        let unit: [u8; 4] = unit.try_into().ok()?;
        char::from_u32(u32::from_be_bytes(unit))
    };
    bytes
        .chunks(4)
        .map(|unit| character(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Escapes a value (RFC 4514 section 2.4). Control characters except NUL are kept: the output code
/// makes text safe to display.
fn write_escaped(text: &mut String, value: &str) {
    for (place, character) in value.char_indices() {
        let special = match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
            ' ' => place == 0 || place + 1 == value.len(),
            '#' => place == 0,
            _ => false,
        };
        match character {
            '\0' => text.push_str("\\00"),
            character if special => text.extend(['\\', character]),
            character => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let mut bytes = vec![tag];
        bytes.extend(if length < 0x80 {
            vec![length]
        } else {
            vec![0x81, length]
        });
        bytes.extend(content);
        bytes
    }

    fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(0x06, oid), tlv(tag, value)].concat())
    }

    /// Returns a Name with these sets of attributes.
    fn name(rdns: &[&[Vec<u8>]]) -> Vec<u8> {
        let sets: Vec<_> = rdns.iter().map(|set| tlv(0x31, &set.concat())).collect();
        tlv(0x30, &sets.concat())
    }

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];

    #[test]
    fn values_are_decoded_and_escaped() {
        let cases: [(u8, &[u8], &str); 20] = [
            (0x0c, b"plain", "CN=plain"),
            (0x0c, b"", "CN="),
            (0x0c, b"Sue, Grabbit and Runn", r"CN=Sue\, Grabbit and Runn"),
            (0x0c, br#"a"b+c;d<e>f\g"#, r#"CN=a\"b\+c\;d\<e\>f\\g"#),
            (0x0c, b" lead and trail ", r"CN=\ lead and trail\ "),
            (0x0c, b" ", r"CN=\ "),
            (
                0x0c,
                b"# is special only # first",
                r"CN=\# is special only # first",
            ),
            (0x0c, b"a=b", "CN=a=b"),
            (0x0c, b"nul\0nul", r"CN=nul\00nul"),
            (0x0c, b"\x1b[31mred", "CN=\u{1b}[31mred"),
            (0x0c, "Lučić".as_bytes(), "CN=Lučić"),
            (0x0c, b"M\xfcnchen", "CN=München"),
            (0x13, b"star*@_", "CN=star*@_"),
            (0x13, b"M\xfcnchen", "CN=München"),
            (0x14, b"M\xfcnchen", "CN=München"),
            (0x14, "München".as_bytes(), "CN=München"),
            (0x1e, b"\x00M\x00\xfc\xd8\x3d\xde\x00", "CN=Mü😀"),
            (0x1e, b"\x00M\xd8\x00\x00", "CN=M\u{fffd}\\00"),
            (
                0x1c,
                b"\x00\x00\x00M\x00\x11\x00\x00\x00",
                "CN=M\u{fffd}\u{fffd}",
            ),
            (0x03, b"\x00\xff", "CN=#030200ff"),
        ];
        for (tag, value, expected) in cases {
            let read = DistinguishedName::read(&name(&[&[attribute(CN, tag, value)]]));
            assert_eq!(read.text, expected, "{value:02x?}");
        }
    }

    #[test]
    fn the_last_set_comes_first_and_sets_stay_together() {
        let der = name(&[
            &[attribute(O, 0x13, b"Org")],
            &[
                attribute(CN, 0x13, b"a"),
                attribute(&[0x55, 4, 11], 0x13, b"Unit"),
            ],
            &[attribute(CN, 0x13, b"b")],
        ]);
        let read = DistinguishedName::read(&der);
        assert_eq!(read.text, "CN=b,CN=a+OU=Unit,O=Org");
        assert_eq!(read.common_name.as_deref(), Some("a"));
        assert_eq!(read.der, der);
    }

    #[test]
    fn unknown_types_and_broken_names_are_shown_as_bytes() {
        let unknown = name(&[&[attribute(&[0x2a, 0x03], 0x0c, b"x")]]);
        assert_eq!(DistinguishedName::read(&unknown).text, "1.2.3=#0c0178");
        assert_eq!(DistinguishedName::read(&[0x30, 0x00]).text, "");
        assert_eq!(
            DistinguishedName::read(&[0x30, 0x02, 0x05, 0x00]).text,
            "#30020500"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read_as_a_name(bytes in proptest::collection::vec(any::<u8>(), 0..120), tag in any::<u8>()) {
            DistinguishedName::read(&bytes);
            DistinguishedName::read(&name(&[&[attribute(CN, tag & 0x1e, &bytes)]]));
        }
    }
}
