//! A cursor over bytes from the wire. Every read is checked, so no input causes a panic.

/// What is wrong with a message, as text that follows the message's name: `certificate truncated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw(pub(super) &'static str);

pub(super) const TRUNCATED: Flaw = Flaw("truncated");

#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Flaw> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Flaw> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn vec8(&mut self) -> Result<&'a [u8], Flaw> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    pub(super) fn vec16(&mut self) -> Result<&'a [u8], Flaw> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    pub(super) fn u24(&mut self) -> Result<usize, Flaw> {
        let [high, middle, low] = self.array()?;
        Ok(u24(high, middle, low))
    }

    pub(super) fn vec24(&mut self) -> Result<&'a [u8], Flaw> {
        let len = self.u24()?;
        self.take(len)
    }

    /// Returns a flaw if unread bytes are left.
    pub(super) fn end(&self) -> Result<(), Flaw> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(Flaw("has bytes left over"))
    }
}

pub(super) fn u24(high: u8, middle: u8, low: u8) -> usize {
    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
}
