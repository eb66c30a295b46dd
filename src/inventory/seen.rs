//! The memory that scans a duplicate once: a keyed 64-bit hash for each target, at most 16 bytes
//! of memory a target.
//!
//! Two targets that differ may share a hash, and then the second is lost. Over n targets that is
//! n²/2^65: at one million 3 in 100 million, at ten million 3 in a million that one target of the
//! whole sweep is lost. The key is random, so a second sweep would lose another.
//!
//! A single hash table doubles, so that just after growing it holds little more than half of what
//! it paid for: 9 bytes a bucket at 7/16 load is 20.6 bytes an entry. Here the hashes are spread
//! over tables whose shares of the hash space differ by 2^(1/N), so that at any size a few have
//! just doubled and a few are about to: the sum stays between 14.2 and 15.2 bytes an entry, and
//! what a doubling table needs for a moment (its old and its new buckets) is a table's, not the
//! whole's.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use super::{Start, Target};

/// Tables. Enough that one doubling table weighs little (4 %), few enough to stay in cache.
const TABLES: usize = 32;

/// The targets that were seen.
pub struct Seen {
    key: RandomState,
    tables: Vec<HashSet<u64, BuildHasherDefault<AsItIs>>>,
    /// Where in the hash space (its 32 selecting bits) each table's share ends; the last share
    /// ends with the space.
    ends: [u32; TABLES],
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            key: RandomState::new(),
            tables: (0..TABLES).map(|_| HashSet::default()).collect(),
            ends: shares(),
        }
    }
}

impl Seen {
    /// Remembers a target; false if the same visit was seen before. The same visit is the same
    /// host, port, dialogue before TLS, name asked for, and address given; text and tags do not
    /// count.
    pub fn insert(&mut self, target: &Target) -> bool {
        self.insert_hash(self.key.hash_one(Visit(target)))
    }

    /// How many targets are remembered.
    pub fn len(&self) -> usize {
        self.tables.iter().map(HashSet::len).sum()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(HashSet::is_empty)
    }

    /// Bytes that the tables take: std's table (hashbrown) fills 7 of 8 buckets, and a bucket is
    /// the hash and one control byte.
    pub fn bytes(&self) -> usize {
        let buckets = |capacity: usize| capacity.div_ceil(7) * 8;
        self.tables
            .iter()
            .map(|table| buckets(table.capacity()) * (size_of::<u64>() + 1))
            .sum()
    }

    fn insert_hash(&mut self, hash: u64) -> bool {
        let table = self.table_of(hash);
        self.tables[table].insert(hash)
    }

    /// The table is chosen by bits 25 to 56. The table itself takes the lowest bits (for its
    /// buckets) and the top seven (for its control bytes), which must stay evenly spread in it.
    fn table_of(&self, hash: u64) -> usize {
        let selecting = u32::try_from((hash >> 25) & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        self.ends
            .partition_point(|&end| end < selecting)
            .min(TABLES - 1)
    }
}

/// Ends of shares of 32 bits, each share 2^(1/N) times the one before.
fn shares() -> [u32; TABLES] {
    let weight = |table: usize| 2_f64.powf(table as f64 / TABLES as f64);
    let whole: f64 = (0..TABLES).map(weight).sum();
    let mut end = 0.0;
    std::array::from_fn(|table| {
        end += weight(table);
        // A float cast saturates, which is what the last share's end wants.
        (end / whole * f64::from(u32::MAX)) as u32
    })
}

/// What makes two targets the same visit.
struct Visit<'a>(&'a Target);

impl Hash for Visit<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let target = self.0;
        target.host.hash(state);
        target.port.hash(state);
        // `https://a` and `a` are one visit: only a dialogue before TLS makes another.
        let dialogue = target.service.start == Start::StartTls;
        dialogue.then_some(target.service.name).hash(state);
        target.sni.hash(state);
        target.address.hash(state);
    }
}

/// The entries are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Only `u64`s are kept; any other would still hash, if poorly.
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
        assert_eq!(seen.len(), 6);
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
        // Cannot be less: a full bucket is 9 bytes at 7/8 load.
        assert!(worst > 9.0 * 8.0 / 7.0);
    }

    /// Evenly spread bits from a counter (the finaliser of SplitMix64).
    fn mixed(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
