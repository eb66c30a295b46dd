//! Whole sweeps: several hosts of one mesh, each sending a part of its chain, judged by the built
//! program from a recording. Certificates of one host complete the chains of others, whatever the
//! order of the visits was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tempfile::TempDir;
use tlsweep::inventory::Target;
use tlsweep::observation::{FactSet, Observation, SavedHeader, SavedWriter};

use super::expect::Expected;
use super::generate::{self, Dice};
use super::oracle;
use super::support::{Row, folder, path, read_rows, run, write};
use super::trial::{Trial, at};

/// Number of hosts in a sweep.
const HOSTS: usize = 5;

/// Maximum number of CA certificates that a host sends: the sweep learns from this number per host.
const SENT: usize = 8;

/// Hosts under the same stores, each with its leaf and its list of certificates.
struct Sweep {
    hosts: Vec<Trial>,
    folder: TempDir,
}

/// Judges random sweeps in several orders. Returns the faults of the first sweep that has any.
pub(crate) fn check(count: u64) {
    let mut wrong = Vec::new();
    for seed in 0..count {
        let sweep = Sweep::of(seed);
        let orders: Vec<Vec<usize>> = vec![
            (0..HOSTS).collect(),
            (0..HOSTS).rev().collect(),
            (0..HOSTS).map(|host| (host * 2 + 1) % HOSTS).collect(),
        ];
        let judged = orders.iter().enumerate();
        let rows: Vec<_> = judged
            .map(|(number, order)| sweep.judge(order, number % 2 == 1))
            .collect();
        for (other, rows_again) in rows.iter().enumerate().skip(1) {
            for (target, row) in &rows[0] {
                let again = &rows_again[target];
                if alike(row) != alike(again) {
                    let words = format!("order {other} changes {target}\n{}\n{}", row.0, again.0);
                    wrong.push(format!("seed {seed}: {words}"));
                }
            }
        }
        wrong.extend(
            sweep
                .wrong(&rows[0])
                .map(|words| format!("seed {seed}: {words}")),
        );
    }
    let count = wrong.len();
    wrong.truncate(3);
    assert!(count == 0, "{count} wrong\n{}", wrong.join("\n"));
}

/// Returns a row with its stores sorted by name.
fn alike(row: &Row) -> (String, BTreeMap<String, String>) {
    let mut row = row.clone().without_times();
    let trust = row.0["trust"].take();
    let trust = trust.as_object().cloned().unwrap_or_default();
    let trust = trust
        .into_iter()
        .map(|(store, trusted)| (store, trusted.to_string()));
    (row.0.to_string(), trust.collect())
}

fn target(host: usize) -> String {
    format!("www.example.test:{}", 1_000 + host)
}

impl Sweep {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed ^ 0x000f_1ee7);
        let mesh = generate::mesh(&mut dice);
        let mut first = generate::trial(&mut dice, mesh.clone());
        first.known.retain(|place| first.mesh.specs[*place].ca);
        let all: Vec<_> = generate::authorities(&mesh).collect();
        let hosts = (0..HOSTS).map(|_| {
            let mut host = first.clone();
            host.leaf = mesh.specs.len() - 1 - dice.below(3);
            let share = dice.pick(&[0, 30, 90]);
            host.sent = all
                .iter()
                .copied()
                .filter(|_| dice.percent(share))
                .collect();
            dice.shuffle(&mut host.sent);
            host.sent.truncate(SENT);
            host
        });
        Self {
            hosts: hosts.collect(),
            folder: folder(),
        }
    }

    /// Returns the bundle and every CA certificate of a host that leads to an anchor, directly or
    /// through others, whatever its other faults are.
    fn learned(&self) -> Vec<usize> {
        let first = &self.hosts[0];
        let sent = self.hosts.iter().flat_map(|host| &host.sent);
        let candidates: BTreeSet<usize> = sent.chain(&first.known).copied().collect();
        let anchors = first.stores.iter().flatten();
        let mut vouching: Vec<usize> = anchors.copied().collect();
        let mut proven = BTreeSet::new();
        while let Some(issuer) = vouching.pop() {
            let signed = candidates.iter().copied().filter(|place| {
                first.spec(*place).ca && oracle::issued(first.spec(issuer), first.spec(*place))
            });
            for place in signed.collect::<Vec<_>>() {
                if proven.insert(place) {
                    vouching.push(place);
                }
            }
        }
        proven.extend(&first.known);
        proven.into_iter().collect()
    }

    fn wrong(&self, rows: &BTreeMap<String, Row>) -> impl Iterator<Item = String> {
        let learned = self.learned();
        let wrong = self
            .hosts
            .iter()
            .enumerate()
            .filter_map(move |(number, host)| {
                let row = &rows[&target(number)];
                let completed = Trial {
                    known: learned.clone(),
                    ..host.clone()
                };
                let expected = Expected::of(&completed);
                let kind = expected
                    .kinds
                    .iter()
                    .any(|kind| kind.name() == row.verdict());
                let trusted = expected
                    .stores
                    .iter()
                    .enumerate()
                    .all(|(store, store_result)| {
                        let actual =
                            row.at(&format!("/trust/{}/trusted", Trial::store_name(store)));
                        *actual == store_result.trusts()
                    });
                let names: Vec<_> = expected.kinds.iter().map(|kind| kind.name()).collect();
                (!kind || !trusted).then(|| {
                    let row = format!("{} {}", row.verdict(), row.at("/trust"));
                    format!("host {number} is {row}, expected {names:?}\n{completed}")
                })
            });
        wrong.collect::<Vec<_>>().into_iter()
    }

    /// Returns the rows by target for this order of visits.
    fn judge(&self, order: &[usize], stores_turned: bool) -> BTreeMap<String, Row> {
        let first = &self.hosts[0];
        let facts = self.facts(order);
        let rows = path(&self.folder, "rows.jsonl");
        let at = format!("--at={}", at());
        let mut arguments = ["judge", &facts, "--quiet", &at, "-o", &rows]
            .map(str::to_owned)
            .to_vec();
        let mut stores: Vec<usize> = (0..first.stores.len()).collect();
        if stores_turned {
            stores.reverse();
        }
        for store in stores {
            let name = format!("{}.pem", Trial::store_name(store));
            arguments.push(format!("--trust={}", self.pem(&name, &first.stores[store])));
        }
        let required = first.required.iter();
        arguments
            .extend(required.map(|store| format!("--require-store={}", Trial::store_name(*store))));
        if !first.known.is_empty() {
            let bundle = self.pem("known.pem", &first.known);
            arguments.push(format!("--intermediates={bundle}"));
        }
        if first.revocation {
            arguments.push("--revocation=crl".to_owned());
            for (number, list) in first.mesh.lists().iter().enumerate() {
                let list = write(&self.folder, &format!("{number}.crl"), list);
                arguments.push(format!("--crls={list}"));
            }
        }
        run(&arguments).expect(0);
        let by_target = |row: Row| (row.text("/target").to_owned(), row);
        read_rows(&rows).into_iter().map(by_target).collect()
    }

    fn pem(&self, name: &str, places: &[usize]) -> String {
        let all = places.iter().map(|place| &*self.hosts[0].mesh.pem[*place]);
        write(&self.folder, name, all.collect::<String>())
    }

    fn facts(&self, order: &[usize]) -> String {
        let header = SavedHeader::new(false, None, "handshake".to_owned(), FactSet::default());
        let mut facts = Vec::new();
        let mut writer = SavedWriter::new(&mut facts, &header).expect("memory");
        for number in order {
            let seen = self.hosts[*number].observation();
            let target = Target {
                text: target(*number),
                port: u16::try_from(1_000 + number).expect("a port"),
                ..(*seen.endpoint.target).clone()
            };
            let mut endpoint = seen.endpoint.clone();
            endpoint.target = Arc::new(target);
            let seen = Observation { endpoint, ..seen };
            writer.add(&seen).expect("it is small");
        }
        writer.finish().expect("memory");
        drop(writer);
        write(&self.folder, "sweep.facts", facts)
    }
}
