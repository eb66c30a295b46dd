//! The listings of duplicates whose columns differ from those of the visited listing. They are kept
//! in a temporary file; only their places are in memory, sorted by the hash of their visit.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use tempfile::SpooledTempFile;

use crate::inventory::{Target, VisitKey};

/// Bytes kept in memory before a file is created: about 20,000 listings.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Bits of a place that are the length of the listing (16 MiB); the others are its offset (1 TiB). A
/// line of an inventory has at most 64 KiB, and its JSON at most six times as much.
const LENGTH_BITS: u32 = 24;

/// A listing: the hash of its visit, and its offset and length in the file.
type Entry = (u64, u64);

/// Listings that are being written.
pub(super) struct NewListings {
    file: BufWriter<SpooledTempFile>,
    end: u64,
    entries: Vec<Entry>,
    json: Vec<u8>,
}

impl NewListings {
    pub(super) fn new() -> Self {
        Self {
            file: BufWriter::new(SpooledTempFile::new(IN_MEMORY)),
            end: 0,
            entries: Vec::new(),
            json: Vec::new(),
        }
    }

    /// Adds a listing. Returns an error if the temporary folder is full or not writable.
    pub(super) fn add(&mut self, visit: u64, listing: &Target) -> io::Result<()> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, listing)?;
        let length = self.json.len() as u64;
        if length >> LENGTH_BITS > 0 || self.end >> (u64::BITS - LENGTH_BITS) > 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file.write_all(&self.json)?;
        self.entries.push((visit, self.end << LENGTH_BITS | length));
        self.end += length;
        Ok(())
    }

    /// Returns the listings for reading. `key` is the key of their hashes.
    pub(super) fn finish(mut self, key: VisitKey) -> io::Result<Listings> {
        let file = self.file.into_inner().map_err(io::Error::from)?;
        // The order of the offsets is that of the inventory.
        self.entries.sort_unstable();
        self.entries.shrink_to_fit();
        Ok(Listings {
            key,
            file,
            entries: self.entries,
        })
    }
}

/// Listings that can be looked up by the visited target.
pub(super) struct Listings {
    key: VisitKey,
    file: SpooledTempFile,
    entries: Vec<Entry>,
}

impl Default for Listings {
    fn default() -> Self {
        Self {
            key: VisitKey::default(),
            file: SpooledTempFile::new(0),
            entries: Vec::new(),
        }
    }
}

impl Listings {
    /// Returns the positions of the other listings of a visit, in the order of the inventory.
    pub(super) fn positions(&self, visited: &Target) -> Range<usize> {
        if self.entries.is_empty() {
            return 0..0;
        }
        let visit = self.key.visit(visited);
        let start = self.entries.partition_point(|entry| entry.0 < visit);
        let rest = &self.entries[start..];
        start..start + rest.partition_point(|entry| entry.0 == visit)
    }

    /// Returns the listing at a position. Returns `None` if it is another visit with the same hash,
    /// which must not get this visit's row.
    pub(super) fn read(&mut self, position: usize, visited: &Target) -> io::Result<Option<Target>> {
        let place = self.entries[position].1;
        let length = place & ((1 << LENGTH_BITS) - 1);
        self.file.seek(SeekFrom::Start(place >> LENGTH_BITS))?;
        let mut json = Vec::new();
        (&mut self.file).take(length).read_to_end(&mut json)?;
        let listing: Target = serde_json::from_slice(&json)?;
        Ok(listing.is_same_visit(visited).then_some(listing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, Tag, TargetSpec};

    fn target(text: &str, owner: &str) -> Target {
        let mut targets = TargetSpec::expand(text, &Defaults::default()).unwrap();
        Target {
            tags: vec![("owner".into(), Tag::from(owner))],
            ..targets.next().unwrap()
        }
    }

    #[test]
    fn a_visit_gets_its_listings_in_order_and_no_others() {
        let key = VisitKey::default();
        let mut new = NewListings::new();
        // More than is kept in memory.
        let owners: Vec<String> = (0..100)
            .map(|n| format!("{n} {}", "\u{1}".repeat(9_000)))
            .collect();
        for owner in &owners {
            for host in ["a.example", "b.example:8443"] {
                let target = target(host, owner);
                new.add(key.visit(&target), &target).unwrap();
            }
        }
        assert!(new.end > IN_MEMORY as u64);
        let mut listings = new.finish(key).unwrap();
        let visited = target("https://a.example/", "");
        let found = listings.positions(&visited);
        assert_eq!(found.len(), owners.len());
        for (position, owner) in found.zip(&owners) {
            let listing = listings.read(position, &visited).unwrap().unwrap();
            assert_eq!(listing, target("a.example", owner));
        }
        assert!(listings.positions(&target("c.example", "")).is_empty());
    }

    #[test]
    fn another_visit_with_the_same_hash_gets_no_row() {
        let key = VisitKey::default();
        let (visited, other) = (target("a.example", "x"), target("b.example", "y"));
        let mut new = NewListings::new();
        new.add(key.visit(&visited), &other).unwrap();
        let mut listings = new.finish(key).unwrap();
        assert_eq!(listings.positions(&visited), 0..1);
        assert!(listings.read(0, &visited).unwrap().is_none());
    }

    #[test]
    fn a_listing_that_cannot_be_read_back_is_an_error() {
        let key = VisitKey::default();
        let target = target("a.example", "x");
        let mut new = NewListings::new();
        new.add(key.visit(&target), &target).unwrap();
        let mut listings = new.finish(key).unwrap();
        listings.file.set_len(10).unwrap();
        assert!(listings.read(0, &target).is_err());
    }
}
