//! The entries of a revocation list, packed into one sorted buffer, with some seven bytes in
//! addition to each serial number. A lookup among a million entries takes twenty steps and
//! allocates only its key.
//!
//! An entry of an indirect list may name the issuer of its certificate, which then also applies to
//! the following entries (RFC 5280 section 5.3.3). In such a list, two bytes before each serial
//! number identify the issuer.

use std::collections::HashMap;

use super::points::{directory, general_names};
use crate::crypto::der::{self, DerReader, tag};
use crate::observation::time;

/// Maximum length of a serial number. The standard allows 20 bytes (RFC 5280 section 4.1.2.2); some
/// certificates have a little more.
const MAX_SERIAL: usize = 64;

/// Length of the serial number's length, of the time (four bytes) and of the reason.
const BESIDE_SERIAL: usize = 1 + 4 + 1;

/// The reason if the list gives none (RFC 5280 section 5.3.1).
const UNSPECIFIED: u8 = 0;

/// An entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Time of the revocation, in seconds since the epoch.
    pub(crate) revoked_at: i64,
    /// Reason (RFC 5280 section 5.3.1); 0 if the list does not say.
    pub(crate) reason: u8,
}

/// The entries of a list.
#[derive(Debug, Default)]
pub(super) struct Entries {
    packed: Box<[u8]>,
    width: usize,
    /// Numbers of the issuers that entries name, by canonical form. Number 0 is the list's own
    /// issuer, which no entry names. If the map is empty, no number precedes the serial numbers.
    issuers: HashMap<Box<[u8]>, u16>,
    /// True if an entry has an unknown critical extension (RFC 5280 section 5.3).
    pub(super) unsupported: bool,
}

struct Entry<'a> {
    serial: &'a [u8],
    listed: Listed,
    /// Value of the certificateIssuer extension.
    issuer: Option<&'a [u8]>,
    unsupported: bool,
}

impl Entries {
    /// Parses the content of `revokedCertificates`, or returns `None` if it is malformed.
    pub(super) fn read(list: &[u8]) -> Option<Self> {
        let (mut count, mut longest, mut unsupported) = (0, 0, false);
        let mut issuers = HashMap::new();
        let mut reader = DerReader::new(list);
        while !reader.is_empty() {
            let entry = entry(&mut reader)?;
            count += 1;
            longest = longest.max(entry.serial.len());
            unsupported |= entry.unsupported;
            if let Some(names) = entry.issuer {
                let next = u16::try_from(issuers.len() + 1).ok()?;
                issuers.entry(issuer(names)?).or_insert(next);
            }
        }
        let in_front = in_front(&issuers);
        let width = in_front + longest + BESIDE_SERIAL;
        let mut sorted: Vec<u32> = (0..count).collect();
        let mut loose = Vec::with_capacity(width.checked_mul(sorted.len())?);
        let mut current = 0u16;
        let mut reader = DerReader::new(list);
        while !reader.is_empty() {
            let entry = entry(&mut reader)?;
            if let Some(names) = entry.issuer {
                current = *issuers.get(&issuer(names)?)?;
            }
            if in_front > 0 {
                loose.extend(current.to_be_bytes());
            }
            pack(&entry, longest, &mut loose);
        }
        let at = |place: u32| {
            let start = place as usize * width;
            &loose[start..start + width]
        };
        sorted.sort_unstable_by_key(|place| at(*place));
        let mut packed = Vec::with_capacity(loose.len());
        sorted
            .iter()
            .for_each(|place| packed.extend_from_slice(at(*place)));
        Some(Self {
            packed: packed.into(),
            width,
            issuers,
            unsupported,
        })
    }

    /// Returns the entry of this serial number and of the issuer with this canonical name. `None`
    /// as the issuer means the issuer of the list.
    pub(super) fn find(&self, serial: &[u8], issuer: Option<&[u8]>) -> Option<Listed> {
        let serial = der::minimal(serial);
        let in_front = in_front(&self.issuers);
        let longest = self.width.checked_sub(in_front + BESIDE_SERIAL)?;
        if serial.len() > longest {
            return None;
        }
        let mut key = Vec::with_capacity(self.width);
        let number = match issuer {
            Some(name) => *self.issuers.get(name)?,
            None => 0,
        };
        if in_front > 0 {
            key.extend(number.to_be_bytes());
        }
        pack_serial(serial, longest, &mut key);
        let (mut low, mut high) = (0, self.packed.len() / self.width);
        while low < high {
            let middle = low + (high - low) / 2;
            let record = &self.packed[middle * self.width..(middle + 1) * self.width];
            match record.strip_prefix(&key[..]) {
                Some(rest) => return unpack(rest),
                None if record < &key[..] => low = middle + 1,
                None => high = middle,
            }
        }
        None
    }

    /// Returns true if an entry names the issuer of its certificate.
    pub(super) fn names_issuers(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// Returns the size in bytes.
    pub(super) fn size(&self) -> usize {
        self.packed.len() + self.issuers.keys().map(|name| name.len()).sum::<usize>()
    }
}

/// Returns the number of bytes before each serial number.
fn in_front(issuers: &HashMap<Box<[u8]>, u16>) -> usize {
    match issuers.is_empty() {
        true => 0,
        false => size_of::<u16>(),
    }
}

/// Returns the canonical form of the directory name in certificateIssuer.
fn issuer(names: &[u8]) -> Option<Box<[u8]>> {
    let names = general_names(der::only(names, tag::SEQUENCE)?.inside())?;
    names.iter().find_map(directory).map(Into::into)
}

/// Parses `SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }`.
fn entry<'a>(list: &mut DerReader<'a>) -> Option<Entry<'a>> {
    let mut fields = list.expect(tag::SEQUENCE)?.inside();
    let serial = der::minimal(fields.expect(tag::INTEGER)?.content);
    if serial.is_empty() || serial.len() > MAX_SERIAL {
        return None;
    }
    let date = fields.peek()?;
    let revoked_at = time(fields.whole(date)?)?;
    let (mut reason, mut issuer, mut unsupported) = (UNSPECIFIED, None, false);
    if !fields.is_empty() {
        let mut extensions = fields.expect(tag::SEQUENCE)?.inside();
        while !extensions.is_empty() {
            let (oid, critical, value) = extension(&mut extensions)?;
            match oid {
                [0x55, 0x1d, 21] => reason = reason_code(value)?,
                [0x55, 0x1d, 29] => issuer = Some(value),
                // invalidityDate does not change the meaning of the entry.
                [0x55, 0x1d, 24] => {}
                _ => unsupported |= critical,
            }
        }
    }
    fields.is_empty().then_some(Entry {
        serial,
        listed: Listed { revoked_at, reason },
        issuer,
        unsupported,
    })
}

/// Returns the next extension: its identifier, true if it is critical, and its value.
pub(super) fn extension<'a>(list: &mut DerReader<'a>) -> Option<(&'a [u8], bool, &'a [u8])> {
    let mut fields = list.expect(tag::SEQUENCE)?.inside();
    let oid = fields.expect(tag::OID)?.content;
    let critical = fields.take_if(tag::BOOLEAN)?;
    let critical = critical.is_some_and(|flag| flag.content != [0]);
    let value = fields.expect(tag::OCTET_STRING)?.content;
    fields.is_empty().then_some((oid, critical, value))
}

fn reason_code(value: &[u8]) -> Option<u8> {
    match der::only(value, tag::ENUMERATED)?.content {
        [reason] => Some(*reason),
        _ => None,
    }
}

fn pack(entry: &Entry<'_>, longest: usize, out: &mut Vec<u8>) {
    pack_serial(entry.serial, longest, out);
    // From 1970 to 2106. Dates outside become the nearest date inside.
    let seconds = entry.listed.revoked_at.clamp(0, i64::from(u32::MAX));
    out.extend(u32::try_from(seconds).unwrap_or(u32::MAX).to_be_bytes());
    out.push(entry.listed.reason);
}

/// Writes the length first and zero bytes behind, so that no serial number is a prefix of another.
fn pack_serial(serial: &[u8], longest: usize, out: &mut Vec<u8>) {
    let end = out.len() + 1 + longest;
    // The length is at most `MAX_SERIAL`.
    out.push(u8::try_from(serial.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(serial);
    out.resize(end, 0);
}

fn unpack(rest: &[u8]) -> Option<Listed> {
    let (seconds, reason) = rest.split_first_chunk::<4>()?;
    Some(Listed {
        revoked_at: u32::from_be_bytes(*seconds).into(),
        reason: *reason.first()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(serials: &[Vec<u8>]) -> Vec<u8> {
        let mut list = Vec::new();
        for serial in serials {
            let length = u8::try_from(serial.len()).unwrap();
            list.extend([&[0x30, length + 17, 2, length][..], serial].concat());
            list.extend(b"\x17\x0d260601000000Z");
        }
        list
    }

    #[test]
    fn many_entries_need_little_more_memory_than_their_serials() {
        let serials: Vec<Vec<u8>> = (0..100_000u64)
            .map(|n| {
                [
                    &[1; 8][..],
                    &n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(),
                ]
                .concat()
            })
            .collect();
        let entries = Entries::read(&list(&serials)).unwrap();
        assert_eq!(entries.size(), 100_000 * (16 + BESIDE_SERIAL));
        for serial in serials.iter().step_by(997) {
            assert_eq!(
                entries.find(serial, None).unwrap().revoked_at,
                1_780_272_000
            );
        }
        assert_eq!(entries.find(&[1; 16], None), None);
    }

    #[test]
    fn an_empty_list_of_entries_is_valid() {
        let entries = Entries::read(&[]).unwrap();
        assert_eq!(entries.find(&[1], None), None);
        assert_eq!(Entries::default().find(&[], None), None);
    }

    proptest! {
        #[test]
        fn listed_serials_are_found_and_others_are_not(
            serials in proptest::collection::vec(proptest::collection::vec(1..0x7f_u8, 1..20), 0..50),
            other in proptest::collection::vec(1..0x7f_u8, 1..20),
        ) {
            let entries = Entries::read(&list(&serials)).unwrap();
            for serial in &serials {
                prop_assert!(entries.find(serial, None).is_some());
                let padded = [&[0][..], serial].concat();
                prop_assert!(entries.find(&padded, None).is_some());
            }
            prop_assert_eq!(entries.find(&other, None).is_some(), serials.contains(&other));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entries::read(&bytes);
        }
    }
}
