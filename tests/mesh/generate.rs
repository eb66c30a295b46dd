//! Random meshes of CAs and random questions about them, each from a seed. The same seed gives the
//! same mesh, except for keys and signatures.

use super::model::{Dates, KEYS, Leaf, Mesh, Names, Spec, Usage};
use super::support::Seeded;
use super::trial::Trial;

/// Number of the first leaf name.
const LEAVES: usize = 100;

/// A source of random choices.
pub(crate) struct Dice(Seeded);

impl Dice {
    /// Returns the choices for this seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(Seeded(seed.wrapping_mul(0x2545_f491_4f6c_dd1d)))
    }

    /// Returns a number below this one, which must not be 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a small number");
        usize::try_from(self.0.next() % end).expect("a small number")
    }

    /// Returns true in this percentage of cases.
    pub(crate) fn percent(&mut self, of_a_hundred: usize) -> bool {
        self.below(100) < of_a_hundred
    }

    /// Returns one of these items.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Shuffles these items.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// A CA: a name with a key. Several CAs may have the same name.
#[derive(Clone, Copy)]
struct Authority {
    name: usize,
    key: usize,
}

/// Kinds and frequency of faults in a mesh.
struct Habits {
    /// Percentage of certificates that have a given fault.
    faults: usize,
    identified: usize,
    revoked: usize,
}

/// A mesh of two to seven CAs and three leaves, which are the last certificates.
pub(crate) fn mesh(dice: &mut Dice) -> Mesh {
    let habits = Habits {
        faults: dice.pick(&[0, 2, 4, 8]),
        identified: dice.pick(&[0, 50, 100]),
        revoked: dice.pick(&[0, 10, 25]),
    };
    let count = 2 + dice.below(6);
    let mut authorities: Vec<Authority> = Vec::new();
    for key in 0..count {
        // A new key under an existing name is a key rollover or another CA with the same name.
        let shares = key > 0 && dice.percent(20);
        let name = match shares {
            true => authorities[dice.below(key)].name,
            false => key,
        };
        authorities.push(Authority { name, key });
    }
    let roots = 1 + dice.below(count.min(3));
    let mut specs = Vec::new();
    for (place, own) in authorities.iter().enumerate() {
        let root = place < roots;
        if root || dice.percent(10) {
            for _ in 0..1 + usize::from(dice.percent(20)) {
                specs.push(authority(dice, &habits, *own, *own));
            }
        }
        let wanted = match root {
            true => usize::from(dice.percent(40)),
            false => dice.pick(&[1, 1, 1, 2, 2, 3]),
        };
        for _ in 0..wanted {
            // The issuer is mostly a CA above; a CA below may close a circle.
            let issuer = match place > 0 && dice.percent(85) {
                true => dice.below(place),
                false => dice.below(count),
            };
            if issuer != place {
                specs.push(authority(dice, &habits, *own, authorities[issuer]));
            }
        }
    }
    for number in 0..3 {
        let issuer = match dice.percent(70) {
            true => count - 1 - dice.below(count.min(2)),
            false => dice.below(count),
        };
        specs.push(leaf(dice, &habits, number, authorities[issuer]));
    }
    Mesh::of(specs)
}

fn authority(dice: &mut Dice, habits: &Habits, own: Authority, issuer: Authority) -> Spec {
    let mut fault = |more: usize| dice.percent(habits.faults * more);
    let (ca, signs) = (!fault(1), !fault(1));
    let (bounded, client, outside) = (fault(4), fault(1), fault(1));
    let path_len = bounded.then(|| u8::try_from(dice.below(3)).expect("below three"));
    let usage = match client {
        true => Usage::Client,
        false => dice.pick(&[Usage::Any, Usage::Any, Usage::Server]),
    };
    let names = match outside {
        true => dice.pick(&[Names::PermitsOthers, Names::Excludes]),
        false if dice.percent(10) => dice.pick(&[Names::Permits, Names::ExcludesOthers]),
        false => Names::Free,
    };
    Spec {
        subject: own.name,
        key: own.key,
        issuer: issuer.name,
        signer: issuer.key,
        dates: dates(dice, habits),
        ca,
        signs,
        // A path length needs the CA flag.
        path_len: path_len.filter(|_| ca),
        usage,
        names: if ca { names } else { Names::Free },
        revoked: dice.percent(habits.revoked),
        identified: dice.percent(habits.identified),
        leaf: None,
    }
}

fn dates(dice: &mut Dice, habits: &Habits) -> Dates {
    if dice.percent(15) {
        return Dates::Soon;
    }
    if dice.percent(habits.faults * 3) {
        return dice.pick(&[Dates::Expired, Dates::Expired, Dates::Coming]);
    }
    Dates::Valid(u8::try_from(dice.below(4)).expect("below four"))
}

fn leaf(dice: &mut Dice, habits: &Habits, number: usize, issuer: Authority) -> Spec {
    let client = dice.percent(habits.faults);
    Spec {
        subject: LEAVES + number,
        key: KEYS - 1 - number,
        issuer: issuer.name,
        signer: issuer.key,
        dates: dates(dice, habits),
        ca: false,
        signs: false,
        path_len: None,
        usage: if client {
            Usage::Client
        } else {
            dice.pick(&[Usage::Any, Usage::Server])
        },
        names: Names::Free,
        revoked: dice.percent(habits.revoked / 3),
        identified: dice.percent(habits.identified),
        leaf: Some(Leaf {
            named: !dice.percent(10),
            addressed: dice.percent(20),
        }),
    }
}

/// Returns a question about a mesh: the certificates sent, those known from elsewhere, and the
/// stores.
pub(crate) fn trial(dice: &mut Dice, mesh: Mesh) -> Trial {
    let leaf = mesh.specs.len() - 1 - dice.below(3);
    let all: Vec<_> = authorities(&mesh).collect();
    let roots: Vec<_> = all
        .iter()
        .copied()
        .filter(|place| is_root(&mesh.specs[*place]))
        .collect();
    let stores = (0..1 + dice.below(3)).map(|_| {
        let anchors = (0..dice.pick(&[1, 1, 1, 2, 3])).map(|_| match dice.percent(80) {
            true => dice.pick(&roots),
            false => dice.pick(&all),
        });
        let mut anchors: Vec<_> = anchors.collect();
        anchors.sort_unstable();
        anchors.dedup();
        anchors
    });
    let stores: Vec<_> = stores.collect();
    let required = match dice.percent(50) {
        true => Vec::new(),
        false => (0..stores.len()).filter(|_| dice.percent(60)).collect(),
    };
    let (mostly, also) = (dice.pick(&[30, 60, 90]), dice.pick(&[0, 30, 60]));
    let mut sent: Vec<_> = all
        .iter()
        .copied()
        .filter(|_| dice.percent(mostly))
        .collect();
    let known = all.iter().copied().filter(|_| dice.percent(also)).collect();
    dice.shuffle(&mut sent);
    if !sent.is_empty() && dice.percent(10) {
        sent.push(dice.pick(&sent));
    }
    Trial {
        mesh,
        leaf,
        sent,
        known,
        stores,
        required,
        revocation: dice.percent(50),
    }
}

/// Returns the certificates of CAs.
pub(crate) fn authorities(mesh: &Mesh) -> impl Iterator<Item = usize> {
    let all = mesh.specs.iter().enumerate();
    all.filter(|(_, spec)| spec.leaf.is_none())
        .map(|(place, _)| place)
}

/// Returns true if the certificate is signed with its own key.
pub(crate) fn is_root(spec: &Spec) -> bool {
    spec.self_issued() && spec.key == spec.signer
}
