//! Remembers targets, so that a duplicate is scanned once. It keeps a keyed 64-bit hash per target,
//! which takes at most 16 bytes of memory.
//!
//! Two different targets may have the same hash, and then the second is lost. For n targets, the
//! probability that any is lost is n²/2^65: 3 in 100 million for one million targets, 3 in a
//! million for ten million. The key is random, so a second sweep would lose a different one.
//!
//! A single hash table doubles when it is full. Just after that, it is little more than half full:
//! 9 bytes a bucket at 7/16 load is 20.6 bytes an entry. So the hashes are spread over several
//! tables. Their shares of the hash space grow by a factor of 2^(1/N) each, so that at any size a
//! few have just doubled and a few are about to. The total stays between 14.2 and 15.2 bytes an
//! entry. While a table doubles, its old and new buckets exist side by side, but only those of one
//! table.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Host, Start, Tags, Target};

/// Number of tables. Enough that one doubling table weighs little (4 %), few enough to stay in
/// cache.
const TABLES: usize = 32;

/// The random key of the hashes. An inventory that is read twice has the same key in both readings,
/// so that a visit has the same hash in both.
#[derive(Clone, Default)]
pub struct VisitKey(RandomState);

impl VisitKey {
    /// Returns the hash of a target's visit. Two targets are the same visit if host, port, dialogue
    /// before TLS, offered application protocols, SNI name and given address are equal. Text and
    /// tags do not count.
    pub fn visit(&self, target: &Target) -> u64 {
        self.0.hash_one(Visit::of(target))
    }

    /// Returns the hash of a visit together with tags, whatever their order.
    pub(super) fn listing(&self, visit: u64, tags: &Tags) -> u64 {
        let each = tags.iter().map(|tag| self.0.hash_one(tag));
        self.0.hash_one((visit, each.fold(0, u64::wrapping_add)))
    }
}

/// The targets seen so far.
pub struct Seen {
    key: VisitKey,
    tables: Vec<HashSet<u64, BuildHasherDefault<AsItIs>>>,
    /// Last value of the 32 selecting bits in each table's share of the hash space. The last share
    /// ends with the space.
    ends: [u32; TABLES],
}

impl Default for Seen {
    fn default() -> Self {
        Self::with(VisitKey::default())
    }
}

impl Seen {
    /// Returns an empty set of hashes under this key.
    pub fn with(key: VisitKey) -> Self {
        Self {
            key,
            tables: (0..TABLES).map(|_| HashSet::default()).collect(),
            ends: shares(),
        }
    }

    /// Remembers a target. Returns false if the same visit was seen before (see `VisitKey::visit`).
    pub fn insert(&mut self, target: &Target) -> bool {
        self.insert_hash(self.key.visit(target))
    }

    /// Returns the number of targets remembered.
    pub fn len(&self) -> usize {
        self.tables.iter().map(HashSet::len).sum()
    }

    /// Returns true if no target is remembered.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(HashSet::is_empty)
    }

    /// Returns the memory of the tables in bytes. The standard library's table (hashbrown) fills 7
    /// of 8 buckets, and a bucket is the hash and one control byte.
    pub fn bytes(&self) -> usize {
        let buckets = |capacity: usize| capacity.div_ceil(7) * 8;
        self.tables
            .iter()
            .map(|table| buckets(table.capacity()) * (size_of::<u64>() + 1))
            .sum()
    }

    /// Remembers a hash. Returns false if it was seen before.
    pub(super) fn insert_hash(&mut self, hash: u64) -> bool {
        let table = self.table_of(hash);
        self.tables[table].insert(hash)
    }

    /// Returns true if the hash was seen before.
    pub(super) fn contains_hash(&self, hash: u64) -> bool {
        self.tables[self.table_of(hash)].contains(&hash)
    }

    /// Chooses the table by bits 25 to 56. The table itself uses the lowest bits (for buckets) and
    /// the top seven (for control bytes), which must stay evenly spread in it.
    fn table_of(&self, hash: u64) -> usize {
        let selecting = u32::try_from((hash >> 25) & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        self.ends
            .partition_point(|&end| end < selecting)
            .min(TABLES - 1)
    }
}

/// Returns the ends of the shares of a 32-bit space, each share 2^(1/N) times the one before.
fn shares() -> [u32; TABLES] {
    let weight = |table: usize| 2_f64.powf(table as f64 / TABLES as f64);
    let whole: f64 = (0..TABLES).map(weight).sum();
    let mut end = 0.0;
    std::array::from_fn(|table| {
        end += weight(table);
        // A float cast saturates, as needed for the end of the last share.
        (end / whole * f64::from(u32::MAX)) as u32
    })
}

impl Target {
    /// Returns true if one visit serves both targets.
    pub fn is_same_visit(&self, other: &Self) -> bool {
        Visit::of(self) == Visit::of(other)
    }
}

/// The properties that make two targets the same visit.
#[derive(PartialEq, Eq, Hash)]
struct Visit<'a> {
    host: &'a Host,
    port: u16,
    /// `https://a` and `a` are one visit. A dialogue before TLS makes a different one, and so does
    /// the list of application protocols that only HTTP servers are offered: `https://a:8443` and
    /// `a:8443` may get different answers.
    dialogue: Option<&'static str>,
    is_http: bool,
    sni: Option<&'a Arc<str>>,
    address: Option<IpAddr>,
}

impl<'a> Visit<'a> {
    fn of(target: &'a Target) -> Self {
        let dialogue = target.service.start == Start::StartTls;
        Self {
            host: &target.host,
            port: target.port,
            dialogue: dialogue.then_some(target.service.name),
            is_http: target.is_http(),
            sni: target.sni.as_ref(),
            address: target.address,
        }
    }
}

/// A hasher that changes nothing, because the entries are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Only `u64` is stored. Other types would hash too, though poorly.
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, TargetSpec};

    fn target(text: &str) -> Target {
        let mut targets = TargetSpec::expand(text, &Defaults::default()).unwrap();
        targets.next().unwrap()
    }

    #[test]
    fn the_same_visit_in_another_spelling_is_seen() {
        let mut seen = Seen::default();
        assert!(seen.is_empty());
        assert!(seen.insert(&target("example.com")));
        for again in ["EXAMPLE.com.", "example.com:443", "tls://example.com/"] {
            assert!(!seen.insert(&target(again)), "{again}");
        }
        let other = [
            "example.com:8443",
            "smtp://example.com:443",
            "imaps://example.com:443",
            "example.com@192.0.2.1",
        ];
        for other in other {
            assert!(seen.insert(&target(other)), "{other}");
        }
        assert!(seen.insert(&target("192.0.2.1")));
        for again in [
            "::ffff:192.0.2.1",
            "[::ffff:c000:201]:443",
            "::ffff:192.0.2.1/128",
        ] {
            assert!(!seen.insert(&target(again)), "{again}");
        }
        let named = Target {
            sni: Some("a.example".into()),
            ..target("example.com")
        };
        assert!(seen.insert(&named));
        assert_eq!(seen.len(), 7);
    }

    #[test]
    fn a_target_takes_at_most_16_bytes_at_any_size() {
        let mut seen = Seen::default();
        let (mut state, mut check, mut worst) = (0, 100_000, 0.0_f64);
        for count in 1..=2_000_000_usize {
            assert!(seen.insert_hash(mixed(&mut state)));
            if count == check {
                let each = seen.bytes() as f64 / count as f64;
                worst = worst.max(each);
                assert!(each <= 15.6, "{each} bytes each at {count}");
                check += check / 50;
            }
        }
        assert_eq!(seen.len(), 2_000_000);
        // It cannot be less: a full bucket is 9 bytes at 7/8 load.
        assert!(worst > 9.0 * 8.0 / 7.0);
    }

    /// Returns evenly spread bits from a counter (the finaliser of SplitMix64).
    fn mixed(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
