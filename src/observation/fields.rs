//! Reads the fields of an ASN.1 structure one after the other. x509-parser parses each field; this
//! module keeps the position, so that the caller can name a field that cannot be parsed and continue
//! behind it. `None` means that the field cannot be parsed.

use x509_parser::asn1_rs::{Any, FromDer, Tag, ToDer};

/// The fields that were not read yet.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

/// One field: tag, length and value.
pub(super) struct Field<'a> {
    /// Tag and value.
    pub(super) any: Any<'a>,
    /// The encoded tag, length and value.
    pub(super) whole: &'a [u8],
}

impl<'a> Field<'a> {
    /// Returns the fields inside the value.
    pub(super) fn inside(&self) -> Fields<'a> {
        Fields::of(self.any.data)
    }
}

impl<'a> Fields<'a> {
    /// Returns a reader over these bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Returns true if all fields were read.
    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Reads the next field of any type. Its length must use the shortest encoding: x509-parser
    /// accepts longer ones, but webpki does not, and both must see the same certificate.
    pub(super) fn next(&mut self) -> Option<Field<'a>> {
        let start = self.left;
        let (left, any) = Any::from_der(start).ok()?;
        let whole = start.get(..start.len() - left.len())?;
        self.left = left;
        let shortest = any.to_der_len().ok()? == whole.len();
        shortest.then_some(Field { any, whole })
    }

    /// Reads the next field, which must have this universal type. Only sequences and sets are
    /// constructed.
    pub(super) fn expect(&mut self, tag: Tag) -> Option<Field<'a>> {
        let constructed = matches!(tag, Tag::Sequence | Tag::Set);
        self.next().filter(|field| {
            let header = &field.any.header;
            header.is_universal() && header.tag() == tag && header.constructed() == constructed
        })
    }

    /// Reads the next field if it has this tag byte. Otherwise consumes nothing and returns
    /// `Some(None)`.
    pub(super) fn take_if(&mut self, tag: u8) -> Option<Option<Field<'a>>> {
        match self.left.first() {
            Some(first) if *first == tag => self.next().map(Some),
            _ => Some(None),
        }
    }

    /// Parses the next field as this x509-parser type.
    pub(super) fn read<T: FromDer<'a, E>, E>(&mut self) -> Option<T> {
        let (left, read) = T::from_der(self.left).ok()?;
        self.left = left;
        Some(read)
    }

    /// Returns true if the field read last ends with these bytes. x509-parser ignores bytes behind
    /// the last field that it knows.
    pub(super) fn ends_with(&self, last: &[u8]) -> bool {
        self.left.as_ptr() == last.as_ptr_range().end
    }
}

/// Returns the tag byte of a primitive `[number]`: an IMPLICIT tag of a string or number.
pub(super) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// Returns the tag byte of a constructed `[number]`: an EXPLICIT tag.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// Parses bytes that consist of exactly one value of this x509-parser type. x509-parser checks
/// the tag number but not its class, so the class is checked here: all types in use are universal.
pub(super) fn only<'a, T: FromDer<'a, E>, E>(bytes: &'a [u8]) -> Option<T> {
    let universal = bytes.first().is_some_and(|tag| *tag < 0x40);
    match T::from_der(bytes) {
        Ok(([], read)) if universal => Some(read),
        _ => None,
    }
}

/// Returns the fields of bytes that consist of exactly one sequence.
pub(super) fn sequence(bytes: &[u8]) -> Option<Fields<'_>> {
    let mut fields = Fields::of(bytes);
    let sequence = fields.expect(Tag::Sequence)?;
    fields.is_empty().then(|| sequence.inside())
}
