//! A small DER reader for the structures that this program parses itself: SubjectPublicKeyInfo,
//! RSASSA-PSS parameters, certificate revocation lists and OCSP responses. It knows tags and
//! lengths, but not the structures. Certificates are parsed in `observation`, with x509-parser.
//!
//! The reader borrows its input and never recurses. It checks every length against the bytes that
//! remain. It accepts only one-byte tags and definite lengths in their shortest form. `None` means
//! that the input is not DER.

/// Tag bytes.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// Returns the tag byte of `[number]`, constructed: an EXPLICIT tag.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }

    /// Returns the tag byte of `[number]`, primitive: an IMPLICIT tag on a string or a number.
    pub(crate) const fn primitive(number: u8) -> u8 {
        0x80 | number
    }
}

/// One element: its tag and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// Tag byte.
    pub(crate) tag: u8,
    /// Value, without tag and length.
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// Returns a reader over the value.
    pub(crate) fn inside(&self) -> DerReader<'a> {
        DerReader::new(self.content)
    }
}

/// Reads the elements of a buffer, one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DerReader<'a> {
    left: &'a [u8],
}

impl<'a> DerReader<'a> {
    /// Creates a reader that starts at the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Returns true if every byte has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Returns the next element, whatever its tag, or `None` if there is none.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.left.split_first()?;
        // 31 announces a tag of several bytes, which does not occur in certificates.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, value) = split_length(rest)?;
        let (content, left) = value.split_at_checked(length)?;
        self.left = left;
        Some(Element { tag, content })
    }

    /// Returns all bytes of the next element, tag and length included.
    pub(crate) fn next_whole(&mut self) -> Option<&'a [u8]> {
        let before = self.left;
        self.next()?;
        before.get(..before.len() - self.left.len())
    }

    /// Like `next_whole`, but returns `None` unless the element has this tag.
    pub(crate) fn whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next_whole()
            .filter(|whole| whole.first() == Some(&tag))
    }

    /// Returns the next element's tag without reading it, or `None` at the end.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.left.first().copied()
    }

    /// Returns the next element, or `None` if it does not have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    /// Returns `Some(Some(_))` if the next element has this tag. Otherwise returns `Some(None)` and
    /// reads nothing. Returns `None` if the element is not DER.
    pub(crate) fn take_if(&mut self, tag: u8) -> Option<Option<Element<'a>>> {
        match self.left.first() {
            Some(first) if *first == tag => self.next().map(Some),
            _ => Some(None),
        }
    }
}

/// Returns the single element of a buffer, or `None` if it has another tag or is followed by
/// anything.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    let mut reader = DerReader::new(bytes);
    let element = reader.expect(tag)?;
    reader.is_empty().then_some(element)
}

/// Returns the bytes of a BIT STRING's value, or `None` if it does not end on a byte boundary, as
/// keys and signatures do.
pub(crate) fn whole_bytes(bit_string: &[u8]) -> Option<&[u8]> {
    match bit_string.split_first()? {
        (0, bytes) => Some(bytes),
        _ => None,
    }
}

/// Strips the redundant leading zero bytes of an INTEGER's value. Some serial numbers have them.
pub(crate) fn minimal(mut integer: &[u8]) -> &[u8] {
    while let [0, next @ ..] = integer
        && next.first().is_some_and(|byte| *byte < 0x80)
    {
        integer = next;
    }
    integer
}

/// Returns the number of bits that an INTEGER's value needs, without the sign bit.
pub(crate) fn bit_length(integer: &[u8]) -> Option<u32> {
    let significant = &integer[integer.iter().take_while(|byte| **byte == 0).count()..];
    let first = significant.first()?;
    let bytes = u32::try_from(significant.len()).ok()?;
    bytes.checked_mul(8)?.checked_sub(first.leading_zeros())
}

fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    // Four length bytes allow 4 GiB, more than any input that is read here.
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return None;
    }
    let (digits, rest) = rest.split_at_checked(count)?;
    let length = digits
        .iter()
        .fold(0, |length, digit| length << 8 | usize::from(*digit));
    let shortest = length >= 0x80 && digits[0] != 0;
    shortest.then_some((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_definite_minimal_and_within_the_buffer() {
        let cases: [(&[u8], bool); 9] = [
            (&[0x04, 0x00], true),
            (&[0x04, 0x01, 0xff], true),
            (&[0x04, 0x02, 0xff], false),
            (&[0x04, 0x81, 0x01, 0xff], false),
            (&[0x04, 0x80, 0x00, 0x00], false),
            (&[0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0xff], false),
            (&[0x1f, 0x01, 0xff], false),
            (&[0x04], false),
            (&[], false),
        ];
        for (bytes, readable) in cases {
            assert_eq!(
                DerReader::new(bytes).next().is_some(),
                readable,
                "{bytes:02x?}"
            );
        }
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(DerReader::new(&long).next().unwrap().content, &[7; 0x80]);
    }

    #[test]
    fn bits_are_counted_without_the_sign_byte() {
        assert_eq!(bit_length(&[0x00, 0x80]), Some(8));
        assert_eq!(bit_length(&[0x01, 0x00]), Some(9));
        assert_eq!(bit_length(&[0x00]), None);
        assert_eq!(bit_length(&[]), None);
    }

    #[test]
    fn needless_zeroes_go_and_the_sign_stays() {
        for (integer, shortest) in [
            (&[0, 0, 1][..], &[1][..]),
            (&[0, 0x80], &[0, 0x80]),
            (&[0, 0, 0x80], &[0, 0x80]),
            (&[0x80], &[0x80]),
            (&[0], &[0]),
            (&[], &[]),
        ] {
            assert_eq!(minimal(integer), shortest);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = DerReader::new(&bytes);
            let mut read = 0;
            while let Some(element) = reader.next() {
                read += element.content.len();
                let _ = (bit_length(element.content), whole_bytes(element.content), minimal(element.content));
            }
            prop_assert!(read <= bytes.len());
        }
    }
}
