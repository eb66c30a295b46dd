//! The fields of an ASN.1 structure, one after the other. x509-parser reads each; this holds the
//! place, so that the field that cannot be read has a name and nothing that follows it is lost.
//! `None` means "this cannot be read"; the caller knows which field it was reading.

use x509_parser::asn1_rs::{Any, FromDer, Tag, ToDer};

/// The fields that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

/// One field: tag, length and value.
pub(super) struct Field<'a> {
    /// Tag and value.
    pub(super) any: Any<'a>,
    /// Tag, length and value as they were sent.
    pub(super) whole: &'a [u8],
}

impl<'a> Field<'a> {
    /// The fields inside its value.
    pub(super) fn inside(&self) -> Fields<'a> {
        Fields::of(self.any.data)
    }
}

impl<'a> Fields<'a> {
    /// The fields that these bytes are.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next field, whatever it is. Its length must be in the fewest bytes: x509-parser
    /// accepts others too, but webpki does not, and no two readers should see two certificates.
    pub(super) fn next(&mut self) -> Option<Field<'a>> {
        let start = self.left;
        let (left, any) = Any::from_der(start).ok()?;
        let whole = start.get(..start.len() - left.len())?;
        self.left = left;
        let shortest = any.to_der_len().ok()? == whole.len();
        shortest.then_some(Field { any, whole })
    }

    /// The next field, which must be of this type. Sequences and sets alone are constructed.
    pub(super) fn expect(&mut self, tag: Tag) -> Option<Field<'a>> {
        let constructed = matches!(tag, Tag::Sequence | Tag::Set);
        self.next().filter(|field| {
            let header = &field.any.header;
            header.is_universal() && header.tag() == tag && header.constructed() == constructed
        })
    }

    /// The next field if it has this tag byte; otherwise nothing is consumed.
    #[allow(clippy::option_option)]
    pub(super) fn take_if(&mut self, tag: u8) -> Option<Option<Field<'a>>> {
        match self.left.first() {
            Some(first) if *first == tag => self.next().map(Some),
            _ => Some(None),
        }
    }

    /// The next field as x509-parser reads this type.
    pub(super) fn read<T: FromDer<'a, E>, E>(&mut self) -> Option<T> {
        let (left, read) = T::from_der(self.left).ok()?;
        self.left = left;
        Some(read)
    }

    /// Whether what was read last ends with these bytes. x509-parser ignores what stands behind
    /// the last field that it knows of.
    pub(super) fn stand_behind(&self, last: &[u8]) -> bool {
        self.left.as_ptr() == last.as_ptr_range().end
    }
}

/// The tag byte of `[number]`, primitive: an IMPLICIT tag over a string or number.
pub(super) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// The tag byte of `[number]`, constructed: an EXPLICIT tag.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The one value of these bytes, as x509-parser reads its type: nothing may follow it. Of the tag
/// x509-parser looks at the number and not at the class, which all types here have in common.
pub(super) fn only<'a, T: FromDer<'a, E>, E>(bytes: &'a [u8]) -> Option<T> {
    let universal = bytes.first().is_some_and(|tag| *tag < 0x40);
    match T::from_der(bytes) {
        Ok(([], read)) if universal => Some(read),
        _ => None,
    }
}

/// The fields of the one sequence that these bytes are.
pub(super) fn sequence(bytes: &[u8]) -> Option<Fields<'_>> {
    let mut fields = Fields::of(bytes);
    let sequence = fields.expect(Tag::Sequence)?;
    fields.is_empty().then(|| sequence.inside())
}
