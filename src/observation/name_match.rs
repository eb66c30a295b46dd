//! Compares names by RFC 5280 section 7.1: two CAs may encode one name with different string types, case
//! and spaces. Two names match if their canonical forms are the same bytes.
//!
//! Only ASCII case and spaces are folded, as in OpenSSL (`asn1_string_canon`) and BoringSSL
//! (`NormalizeValue`). RFC 4518 section 2.2 would fold all of Unicode, but no TLS client does, so every
//! client rejects a chain that needs it.

use x509_parser::asn1_rs::Tag;

use super::fields::{self, Field, Fields};
use super::name::DistinguishedName;

impl DistinguishedName {
    /// Returns the canonical form, computed on first use. One canonical form is a prefix of another
    /// exactly if its relative names are the first ones of the other name. A directoryName constraint
    /// relies on that.
    pub fn canonical(&self) -> &[u8] {
        let canonical = self.canonical.get_or_init(|| canonical(&self.der));
        canonical.as_deref().unwrap_or(&self.der)
    }

    /// Returns true if both are the same name. Names that cannot be parsed only match byte for byte.
    pub fn matches(&self, other: &Self) -> bool {
        self.der == other.der || self.canonical() == other.canonical()
    }

    /// Returns the canonical form of a Name's DER, or `None` if it is not valid.
    pub(crate) fn canonical_of(name: &[u8]) -> Option<Box<[u8]>> {
        canonical(name)
    }

    /// Returns the canonical form of one relative name, from the content of its set. Appended to the
    /// canonical form of a name, it gives the canonical form of the longer name.
    pub(crate) fn canonical_relative(set: &[u8]) -> Option<Box<[u8]>> {
        let mut out = Vec::with_capacity(set.len() * 2);
        prefixed(0x31, &mut out, |out| relative_name(Fields::of(set), out))?;
        Some(out.into())
    }

    /// Returns true if it has no relative names.
    pub fn is_empty(&self) -> bool {
        self.canonical().is_empty()
    }
}

/// Replaces the tag of every string type in the canonical form.
const TEXT: u8 = 0x0c;

/// Returns the canonical form of a Name's DER, or `None` if it is not valid.
fn canonical(name: &[u8]) -> Option<Box<[u8]>> {
    let mut rdns = fields::sequence(name)?;
    // Every relative name and every string gets a length of four bytes.
    let mut out = Vec::with_capacity(name.len() * 2);
    while !rdns.is_empty() {
        let set = rdns.expect(Tag::Set)?;
        prefixed(0x31, &mut out, |out| relative_name(set.inside(), out))?;
    }
    Some(out.into())
}

/// Writes the attributes of a relative name, sorted by their bytes.
fn relative_name(mut set: Fields<'_>, out: &mut Vec<u8>) -> Option<()> {
    let first = set.expect(Tag::Sequence)?;
    if set.is_empty() {
        return attribute(&first, out);
    }
    let mut attributes = Vec::with_capacity(4);
    let mut next = Some(first);
    while let Some(field) = next {
        let mut bytes = Vec::with_capacity(field.whole.len() + 8);
        attribute(&field, &mut bytes)?;
        attributes.push(bytes);
        next = match set.is_empty() {
            true => None,
            false => Some(set.expect(Tag::Sequence)?),
        };
    }
    attributes.sort_unstable();
    out.extend(attributes.into_iter().flatten());
    Some(())
}

fn attribute(field: &Field<'_>, out: &mut Vec<u8>) -> Option<()> {
    let mut fields = field.inside();
    let kind = fields.expect(Tag::Oid)?;
    let value = fields.next()?;
    if !fields.is_empty() {
        return None;
    }
    out.extend_from_slice(kind.whole);
    let header = &value.any.header;
    let is_text = header.is_universal() && !header.is_constructed();
    let start = out.len();
    let prepared = prefixed(TEXT, out, |out| {
        let tag = Some(header.tag()).filter(|_| is_text)?;
        prepare(tag, value.any.data, out)
    });
    if prepared.is_none() {
        out.truncate(start);
        // Only text has a length of four bytes, so the two cannot be confused.
        out.extend_from_slice(value.whole);
    }
    Some(())
}

/// Writes the tag, the length in four bytes, and what `write` adds.
fn prefixed(
    tag: u8,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    out.extend([tag, 0x84, 0, 0, 0, 0]);
    let start = out.len();
    write(out)?;
    let length = u32::try_from(out.len() - start).ok()?;
    out[start - 4..start].copy_from_slice(&length.to_be_bytes());
    Some(())
}

/// Appends a prepared string in UTF-8. Returns `None` for other types and for invalid strings, which
/// are compared byte for byte.
fn prepare(tag: Tag, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut text = Prepared {
        start: out.len(),
        out,
        space: false,
    };
    match tag {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::VisibleString
        | Tag::T61String
            if bytes.is_ascii() =>
        {
            bytes.iter().for_each(|byte| text.ascii(*byte));
        }
        Tag::Utf8String => text.all(std::str::from_utf8(bytes).ok()?.chars()),
        // In practice other bytes are Latin-1 or UTF-8, as in TeletexString.
        Tag::PrintableString | Tag::Ia5String | Tag::VisibleString | Tag::T61String => {
            match std::str::from_utf8(bytes) {
                Ok(utf8) => text.all(utf8.chars()),
                Err(_) => text.all(bytes.iter().copied().map(char::from)),
            }
        }
        Tag::BmpString => {
            let (units, []) = bytes.as_chunks::<2>() else {
                return None;
            };
            for character in char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
            {
                text.character(character.ok()?);
            }
        }
        Tag::UniversalString => {
            let (units, []) = bytes.as_chunks::<4>() else {
                return None;
            };
            for unit in units {
                text.character(char::from_u32(u32::from_be_bytes(*unit))?);
            }
        }
        _ => return None,
    }
    Some(())
}

/// A string being prepared: lower case, single spaces, and no space at either end.
struct Prepared<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// True if a space must be written before the next character.
    space: bool,
}

impl Prepared<'_> {
    fn all(&mut self, characters: impl Iterator<Item = char>) {
        characters.for_each(|character| self.character(character));
    }

    fn ascii(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t'..=b'\r' => self.space = true,
            0..=0x1f | 0x7f => {}
            _ => {
                self.gap();
                self.out.push(byte.to_ascii_lowercase());
            }
        }
    }

    fn character(&mut self, character: char) {
        if let Ok(byte @ 0..0x80) = u8::try_from(character) {
            return self.ascii(byte);
        }
        self.gap();
        let mut buffer = [0; 4];
        let utf8 = character.encode_utf8(&mut buffer);
        self.out.extend_from_slice(utf8.as_bytes());
    }

    fn gap(&mut self) {
        if std::mem::take(&mut self.space) && self.out.len() > self.start {
            self.out.push(b' ');
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
        bytes.extend(match length {
            0..0x80 => vec![length],
            _ => vec![0x81, length],
        });
        bytes.extend(content);
        bytes
    }

    /// An attribute: the last arc below 2.5.4, the string's tag, the string.
    type Attribute = (u8, u8, Vec<u8>);

    fn name(rdns: &[Vec<Attribute>]) -> DistinguishedName {
        let attribute = |(kind, tag, value): &Attribute| {
            tlv(
                0x30,
                &[tlv(0x06, &[0x55, 4, *kind]), tlv(*tag, value)].concat(),
            )
        };
        let sets = rdns.iter().map(|set| {
            let attributes: Vec<_> = set.iter().map(attribute).collect();
            tlv(0x31, &attributes.concat())
        });
        DistinguishedName::read(&tlv(0x30, &sets.collect::<Vec<_>>().concat()))
    }

    fn common_name(tag: u8, value: &[u8]) -> DistinguishedName {
        name(&[vec![(3, tag, value.to_vec())]])
    }

    const UTF8: u8 = 0x0c;
    const NUMERIC: u8 = 0x12;
    const PRINTABLE: u8 = 0x13;
    const TELETEX: u8 = 0x14;
    const IA5: u8 = 0x16;
    const VISIBLE: u8 = 0x1a;
    const UNIVERSAL: u8 = 0x1c;
    const BMP: u8 = 0x1e;

    #[test]
    fn string_types_case_and_spaces_do_not_matter() {
        let bmp: &'static [u8] = b"\0M\0\xfc\0n\0c\0h\0e\0n\0 \0C\0A";
        // A tag and its string, another pair, and true if they match.
        type Case = (u8, &'static [u8], u8, &'static [u8], bool);
        let cases: [Case; 24] = [
            (PRINTABLE, b"Acme CA", UTF8, b"acme ca", true),
            (PRINTABLE, b"Acme CA", TELETEX, b" ACME \t  CA  ", true),
            (PRINTABLE, b"Acme CA", IA5, b"acme ca", true),
            (PRINTABLE, b"Acme CA", VISIBLE, b"acme ca", true),
            (PRINTABLE, b"AcmeCA", UTF8, b"Acme CA", false),
            (PRINTABLE, b"", UTF8, b"  ", true),
            (PRINTABLE, b"", UTF8, b"a", false),
            (UTF8, "MüNCHEN CA".as_bytes(), BMP, bmp, true),
            (
                UTF8,
                "München CA".as_bytes(),
                TELETEX,
                b"M\xfcnchen CA",
                true,
            ),
            (
                UTF8,
                "München CA".as_bytes(),
                TELETEX,
                "München CA".as_bytes(),
                true,
            ),
            (UTF8, "Munchen CA".as_bytes(), BMP, bmp, false),
            (
                UTF8,
                "ΣΊΣΥΦΟΣ".as_bytes(),
                UTF8,
                "σίσυφος".as_bytes(),
                false,
            ),
            (UTF8, "STRASSE".as_bytes(), UTF8, "Straße".as_bytes(), false),
            (UTF8, "a\u{a0}\u{3000}b".as_bytes(), UTF8, b"A B", false),
            (UTF8, "a\u{ad}\u{200b}b".as_bytes(), UTF8, b"ab", false),
            (
                UNIVERSAL,
                b"\0\0\0A\0\0\x04\x16",
                UTF8,
                "aЖ".as_bytes(),
                true,
            ),
            (UNIVERSAL, b"\0\0\0A", BMP, b"\0a", true),
            // Not valid in its character set: compared byte for byte.
            (UTF8, b"M\xfcn", UTF8, b"M\xfcn", true),
            (UTF8, b"M\xfcn", UTF8, b"m\xfcn", false),
            (BMP, b"\0A\xd8\0", BMP, b"\0a\xd8\0", false),
            (BMP, b"\0A\0", UTF8, b"A", false),
            // Not a DirectoryString: compared byte for byte.
            (NUMERIC, b"1 2", NUMERIC, b"1 2", true),
            (NUMERIC, b"1 2", NUMERIC, b"1  2", false),
            (NUMERIC, b"12", PRINTABLE, b"12", false),
        ];
        for (tag, one, other_tag, other, expected) in cases {
            let (one, other) = (common_name(tag, one), common_name(other_tag, other));
            assert_eq!(one.matches(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.matches(&one), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn order_matters_between_relative_names_and_not_inside_one() {
        let a = (10, PRINTABLE, b"a".to_vec());
        let b = (3, PRINTABLE, b"b".to_vec());
        let one = |rdns: &[Vec<Attribute>]| name(rdns);
        let together = one(&[vec![a.clone(), b.clone()]]);
        assert!(together.matches(&one(&[vec![b.clone(), a.clone()]])));
        assert!(!together.matches(&one(&[vec![a.clone()], vec![b.clone()]])));
        assert!(!together.matches(&one(&[vec![a.clone()]])));
        assert!(
            !one(&[vec![a.clone()], vec![b.clone()]]).matches(&one(&[vec![b], vec![a.clone()]]))
        );
        let other_type = (11, PRINTABLE, b"a".to_vec());
        assert!(!one(&[vec![a]]).matches(&one(&[vec![other_type]])));
        assert!(one(&[]).is_empty() && !together.is_empty());
    }

    #[test]
    fn a_prefix_of_relative_names_is_a_prefix_of_bytes() {
        let organization = vec![(10, PRINTABLE, b"Org".to_vec())];
        let constraint = name(std::slice::from_ref(&organization));
        let inside = name(&[
            vec![(10, UTF8, b"ORG".to_vec())],
            vec![(3, UTF8, b"leaf".to_vec())],
        ]);
        let longer = name(&[vec![(10, PRINTABLE, b"Organization".to_vec())]]);
        let joined = name(&[vec![organization[0].clone(), (3, UTF8, b"leaf".to_vec())]]);
        assert!(inside.canonical().starts_with(constraint.canonical()));
        assert!(!longer.canonical().starts_with(constraint.canonical()));
        assert!(!joined.canonical().starts_with(constraint.canonical()));
    }

    #[test]
    fn names_that_break_their_rules_match_their_own_bytes() {
        for bytes in [
            &[0x30, 2, 5, 0][..],
            &[0x30, 2, 0x31, 0],
            &[0x30, 3, 0x31, 0],
            &[],
        ] {
            let read = DistinguishedName::read(bytes);
            assert_eq!(read.canonical(), bytes);
            assert!(read.matches(&read.clone()));
        }
    }

    fn attributes() -> impl Strategy<Value = Vec<Vec<Attribute>>> {
        let tag = prop::sample::select(vec![UTF8, PRINTABLE, TELETEX, IA5, BMP, UNIVERSAL, 3]);
        let value = prop_oneof![
            "[aA ]{0,3}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..6)
        ];
        let attribute = (3..5_u8, tag, value);
        prop::collection::vec(prop::collection::vec(attribute, 1..3), 0..3)
    }

    proptest! {
        #[test]
        fn matching_is_an_equivalence(one in attributes(), two in attributes(), three in attributes()) {
            let (one, two, three) = (name(&one), name(&two), name(&three));
            prop_assert!(one.matches(&one));
            prop_assert_eq!(one.matches(&two), two.matches(&one));
            if one.matches(&two) {
                prop_assert_eq!(one.matches(&three), two.matches(&three));
            }
        }

        #[test]
        fn reencoding_a_text_does_not_matter(text in "\\PC{0,20}") {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let utf32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
            let utf8 = common_name(UTF8, text.as_bytes());
            prop_assert!(utf8.matches(&common_name(BMP, &utf16)));
            prop_assert!(utf8.matches(&common_name(UNIVERSAL, &utf32)));
            prop_assert!(utf8.matches(&common_name(UTF8, text.to_lowercase().as_bytes())) || !text.is_ascii());
        }

        #[test]
        fn any_bytes_have_a_canonical_form(bytes in prop::collection::vec(any::<u8>(), 0..120), tag in any::<u8>()) {
            DistinguishedName::read(&bytes).canonical();
            common_name(tag & 0x1f, &bytes).canonical();
        }
    }
}
