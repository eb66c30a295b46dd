//! Selects the targets to visit and their order: shard, sample and shuffle. All three use a hash of
//! the target, so the result is the same on every machine and in every run, and the length of the
//! inventory need not be known.

use std::collections::BinaryHeap;
use std::str::FromStr;
use std::sync::Arc;

use super::sample::Sample;
use crate::crypto::Hasher;
use crate::inventory::{Host, Target};

/// Number of targets shuffled together: enough to separate neighbours in the inventory, and about
/// 20 MB.
const BLOCK: usize = 65_536;

/// Which targets to visit, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The part of the inventory to visit.
    pub shard: Option<Shard>,
    /// Size of the uniform sample to visit.
    pub sample: Option<Sample>,
    /// Seed of the sample and the order; without it, the order is that of the inventory.
    pub seed: Option<u64>,
}

/// Part `index` of `count`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// The text is not a shard.
#[derive(Debug, thiserror::Error)]
#[error("expected PART/PARTS, counted from 1, such as 1/4")]
pub struct NotAShard;

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let (index, count) = text.split_once('/').ok_or(NotAShard)?;
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        let (index, count) = number(index).zip(number(count)).ok_or(NotAShard)?;
        (index <= count)
            .then_some(Self { index, count })
            .ok_or(NotAShard)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// Returns true if the target is in this part. Only the host decides, so that all ports and
    /// services of a host are visited from one place: the first eight bytes of the SHA-256 of its
    /// name (in lower case, as punycode) or address (in its usual text form), modulo the number of
    /// parts.
    pub(super) fn holds(self, target: &Target) -> bool {
        let mut hasher = Hasher::default();
        add_host(&mut hasher, &target.host);
        number(hasher) % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl Selection {
    /// Returns true if the target is in the shard, and in the sample if that is a percentage.
    pub(super) fn may_take(&self, target: &Target) -> bool {
        let drawn = || match self.sample {
            Some(Sample::Share(share)) => share.holds(key(self.seed.unwrap_or_default(), target)),
            Some(Sample::Count(_)) | None => true,
        };
        self.shard.is_none_or(|shard| shard.holds(target)) && drawn()
    }
}

/// Holds targets back for as long as the selection needs them.
pub(super) struct Selector {
    choice: Selection,
    held: BinaryHeap<Held>,
    read: u64,
}

/// The result of adding a target.
pub(super) enum Chosen {
    /// Visit these targets, in this order.
    Now(Vec<Arc<Target>>),
    /// The target is held and may be visited later.
    Held,
    /// This target is in another shard.
    OtherShard,
    /// This target, or one held before it, is not in the sample.
    Undrawn,
}

impl Selector {
    pub(super) fn new(choice: Selection) -> Self {
        Self {
            choice,
            held: BinaryHeap::new(),
            read: 0,
        }
    }

    /// Adds the next target of the inventory.
    pub(super) fn take(&mut self, target: Target) -> Chosen {
        if self.choice.shard.is_some_and(|shard| !shard.holds(&target)) {
            return Chosen::OtherShard;
        }
        let Selection { sample, seed, .. } = self.choice;
        if sample.is_none() && seed.is_none() {
            return Chosen::Now(vec![Arc::new(target)]);
        }
        let key = key(seed.unwrap_or_default(), &target);
        if let Some(Sample::Share(share)) = sample {
            if !share.holds(key) {
                return Chosen::Undrawn;
            }
            if seed.is_none() {
                return Chosen::Now(vec![Arc::new(target)]);
            }
        }
        self.hold(key, target);
        match sample {
            // The sample consists of the targets with the smallest keys; the heap removes the
            // largest.
            Some(Sample::Count(size)) if self.held.len() > size.get() => {
                self.held.pop();
                Chosen::Undrawn
            }
            Some(Sample::Count(_)) => Chosen::Held,
            Some(Sample::Share(_)) | None if self.held.len() == BLOCK => Chosen::Now(self.rest()),
            Some(Sample::Share(_)) | None => Chosen::Held,
        }
    }

    fn hold(&mut self, key: u64, target: Target) {
        self.read += 1;
        self.held.push(Held {
            key,
            place: self.read,
            target: Arc::new(target),
        });
    }

    /// Returns the held targets in order, at the end of the inventory or of a block.
    pub(super) fn rest(&mut self) -> Vec<Arc<Target>> {
        let held = std::mem::take(&mut self.held).into_sorted_vec();
        held.into_iter().map(|held| held.target).collect()
    }
}

/// A target with its key, which determines the shuffled order.
struct Held {
    key: u64,
    place: u64,
    target: Arc<Target>,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        (self.key, self.place) == (other.key, other.place)
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.place).cmp(&(other.key, other.place))
    }
}

/// Returns the target's key under a seed: the first eight bytes of the SHA-256 of seed, host, port,
/// service, address and requested name.
fn key(seed: u64, target: &Target) -> u64 {
    let mut hasher = Hasher::default();
    hasher.update(&seed.to_be_bytes());
    add_host(&mut hasher, &target.host);
    hasher.update(&target.port.to_be_bytes());
    let address = target.address.map(|address| address.to_string());
    let sni = target.sni.as_deref().map(ToString::to_string);
    for text in [
        target.service.name,
        address.as_deref().unwrap_or_default(),
        sni.as_deref().unwrap_or_default(),
    ] {
        hasher.update(text.as_bytes());
        hasher.update(&[0]);
    }
    number(hasher)
}

fn add_host(hasher: &mut Hasher, host: &Host) {
    hasher.update(host.to_string().as_bytes());
    hasher.update(&[0]);
}

fn number(hasher: Hasher) -> u64 {
    let bytes = hasher.finish().0;
    let [a, b, c, d, e, f, g, h, ..] = bytes;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Service;

    fn target(name: &str, port: u16) -> Target {
        Target {
            text: name.to_owned(),
            host: Host::Name(name.into()),
            address: None,
            port,
            service: Service::named("https").unwrap(),
            sni: None,
            tags: vec![],
            duplicate_of: None,
        }
    }

    fn inventory(length: usize) -> impl Iterator<Item = Target> {
        (0..length).map(|place| target(&format!("h{place}.example"), 443))
    }

    fn chosen(choice: Selection, targets: impl Iterator<Item = Target>) -> (Vec<String>, usize) {
        let mut chooser = Selector::new(choice);
        let (mut order, mut left_out) = (Vec::new(), 0);
        for target in targets {
            match chooser.take(target) {
                Chosen::Now(some) => order.extend(some),
                Chosen::Held => {}
                Chosen::OtherShard | Chosen::Undrawn => left_out += 1,
            }
        }
        order.extend(chooser.rest());
        let names = order.iter().map(|target| target.text.clone()).collect();
        (names, left_out)
    }

    fn sized(text: &str) -> Option<Sample> {
        Some(text.parse().unwrap())
    }

    fn shard(text: &str) -> Shard {
        text.parse().unwrap()
    }

    #[test]
    fn shards_part_the_inventory_and_stay_the_same() {
        let parts: Vec<Vec<String>> = ["1/3", "2/3", "3/3"]
            .map(|text| {
                let choice = Selection {
                    shard: Some(shard(text)),
                    ..Selection::default()
                };
                chosen(choice, inventory(3000)).0
            })
            .into();
        let mut all: Vec<_> = parts.concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 3000);
        assert!(parts.iter().all(|part| (900..1100).contains(&part.len())));
        // A fixed value: the result must be the same on other machines and in later versions.
        let fixed = target("www.example.com", 443);
        let holds: Vec<u32> = (1..=7)
            .filter(|index| {
                Shard {
                    index: *index,
                    count: 7,
                }
                .holds(&fixed)
            })
            .collect();
        assert_eq!(holds, [FIXED_SHARD]);
    }

    /// SHA-256 of `www.example.com` and a zero byte, first eight bytes, modulo 7, plus 1.
    const FIXED_SHARD: u32 = 2;

    #[test]
    fn all_ports_of_a_host_are_in_one_shard() {
        for index in 1..=5 {
            let shard = Shard { index, count: 5 };
            assert_eq!(
                shard.holds(&target("a.example", 443)),
                shard.holds(&target("a.example", 25))
            );
        }
    }

    #[test]
    fn a_sample_has_its_size_whatever_the_order_of_the_inventory() {
        let choice = Selection {
            sample: sized("50"),
            seed: Some(7),
            ..Selection::default()
        };
        let (forward, left_out) = chosen(choice, inventory(1000));
        assert_eq!((forward.len(), left_out), (50, 950));
        let backward: Vec<_> = inventory(1000).collect();
        assert_eq!(chosen(choice, backward.into_iter().rev()).0, forward);
        let other = Selection {
            seed: Some(8),
            ..choice
        };
        assert_ne!(chosen(other, inventory(1000)).0, forward);
        assert_eq!(chosen(choice, inventory(20)).0.len(), 20);
    }

    #[test]
    fn a_sample_is_uniform() {
        // With 400 seeds, 10 of 100 targets are drawn each time: each target is expected 40 times.
        let mut drawn = std::collections::HashMap::new();
        for seed in 0..400 {
            let choice = Selection {
                sample: sized("10"),
                seed: Some(seed),
                ..Selection::default()
            };
            for name in chosen(choice, inventory(100)).0 {
                *drawn.entry(name).or_insert(0) += 1;
            }
        }
        assert_eq!(drawn.len(), 100);
        // Five standard deviations of a binomial distribution (6.0 each).
        assert!(
            drawn.values().all(|times| (10..=70).contains(times)),
            "{drawn:?}"
        );
    }

    #[test]
    fn a_share_is_about_as_large_as_asked_and_keeps_its_targets() {
        let choice = |sample, seed| Selection {
            sample: sized(sample),
            seed,
            ..Selection::default()
        };
        let drawn = |sample, seed, length| chosen(choice(sample, seed), inventory(length)).0;
        // Five standard deviations of a binomial distribution (30 and 7).
        let (tenth, left_out) = chosen(choice("10%", None), inventory(10_000));
        assert!((850..1150).contains(&tenth.len()), "{}", tenth.len());
        assert_eq!(tenth.len() + left_out, 10_000);
        let small = drawn("0.5%", None, 10_000);
        assert!((15..85).contains(&small.len()), "{}", small.len());
        // Without a seed it has the order of the inventory, and nothing is held.
        let place = |name: &String| name[1..name.len() - 8].parse::<u32>().unwrap();
        assert!(tenth.is_sorted_by_key(place));
        // A longer list adds targets, and a larger share does too.
        assert_eq!(
            drawn("10%", None, 5_000),
            tenth[..drawn("10%", None, 5_000).len()]
        );
        assert!(small.iter().all(|name| tenth.contains(name)));
        // A seed draws another sample, and shuffles it.
        let shuffled = drawn("10%", Some(7), 10_000);
        assert!(!shuffled.is_sorted_by_key(place));
        let both = shuffled.iter().filter(|name| tenth.contains(name)).count();
        assert!((40..170).contains(&both), "{both}");
        assert_eq!(drawn("100%", None, 300).len(), 300);
    }

    #[test]
    fn a_seed_shuffles_repeatably_and_loses_nothing() {
        let choice = Selection {
            seed: Some(1),
            ..Selection::default()
        };
        let length = BLOCK + 10;
        let (order, left_out) = chosen(choice, inventory(length));
        assert_eq!((order.len(), left_out), (length, 0));
        assert_eq!(order, chosen(choice, inventory(length)).0);
        let as_read = chosen(Selection::default(), inventory(length)).0;
        assert_ne!(order, as_read);
        let mut sorted = order;
        sorted.sort();
        let mut expected = as_read;
        expected.sort();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn shards_are_read_or_refused() {
        assert_eq!(shard("2/4").to_string(), "2/4");
        for text in ["", "1", "0/4", "5/4", "1/0", "a/b", "-1/4", "1/4/2", " 1/4"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
