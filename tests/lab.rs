//! Sweeps the lab with the built program. Every case has the verdict and findings that it was made
//! for, independent of the order of the inventory.

mod support;

use std::collections::BTreeMap;
use std::thread;

use support::{Row, Seeded};
use tlsweep::lab::{Lab, Running};
use tlsweep::probe;
use tokio::runtime::Runtime;

/// A lab that runs until this is dropped.
struct Up {
    lab: Lab,
    folder: tempfile::TempDir,
    /// The runtime of the lab's servers.
    _runtime: Runtime,
}

impl Up {
    fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let lab = runtime
            .block_on(Lab::start(probe::now()))
            .expect("the lab starts");
        let folder = support::folder();
        support::write(&folder, "root.pem", lab.root_pem());
        Self {
            lab,
            folder,
            _runtime: runtime,
        }
    }

    /// Sweeps the whole lab in this order. Returns the rows by target.
    fn sweep(&self, cases: &[&Running], further: &[&str]) -> BTreeMap<String, Row> {
        let resolver = format!("--resolvers={}", self.lab.resolver_address());
        let trust = format!("--trust={}", support::path(&self.folder, "root.pem"));
        let mut arguments = vec![resolver.as_str(), &trust];
        arguments.extend(further);
        arguments.extend(cases.iter().map(|running| running.target.as_str()));
        support::sweep(&arguments)
    }
}

#[test]
fn every_case_has_its_expected_verdict_and_findings() {
    let up = Up::start();
    let cases: Vec<_> = up.lab.cases().iter().collect();
    let rows = up.sweep(&cases, &[]);
    assert_eq!(rows.len(), cases.len());
    let mut wrong = Vec::new();
    for running in cases {
        let (case, row) = (running.case, &rows[&running.target]);
        let findings = row.findings();
        let missing: Vec<_> = case
            .also
            .iter()
            .filter(|id| !findings.contains(**id))
            .collect();
        if row.verdict() != case.expect.name() || !missing.is_empty() {
            wrong.push(format!(
                "{} ({}): {} expected, {} with {findings:?} seen, {missing:?} missing; error {}",
                case.name,
                case.about,
                case.expect,
                row.verdict(),
                row.at("/error"),
            ));
        }
        if row.verdict() == "ok" {
            assert_eq!(row.at("/side"), &serde_json::Value::Null, "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_order_of_the_inventory_changes_no_row() {
    let up = Up::start();
    let at = format!("--at={}", probe::now());
    let listed: Vec<_> = up.lab.cases().iter().collect();
    let mut orders = vec![(vec![at.as_str()], listed.clone())];
    for (seed, pace) in [(1, None), (2, None), (3, Some("-c1")), (4, Some("-c7"))] {
        let mut shuffled = listed.clone();
        Seeded(seed).shuffle(&mut shuffled);
        let further = [at.as_str()].into_iter().chain(pace).collect();
        orders.push((further, shuffled));
    }
    orders.push((vec![&at], listed.iter().rev().copied().collect()));
    let swept: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = orders
            .iter()
            .map(|(further, cases)| scope.spawn(|| up.sweep(cases, further)))
            .collect();
        let rows = running.into_iter().map(|sweep| sweep.join());
        rows.map(|rows| rows.expect("the sweep succeeds")).collect()
    });
    let (first, others) = swept.split_first().expect("there are several orders");
    let mut wrong = Vec::new();
    for ((further, _), rows) in orders[1..].iter().zip(others) {
        assert!(rows.keys().eq(first.keys()), "the same targets");
        for (target, row) in rows {
            let (row, usual) = (row.clone().without_times(), first[target].clone());
            let usual = usual.without_times();
            if row != usual {
                wrong.push(format!(
                    "{target} with {further:?}:\n{}\n{}",
                    usual.0, row.0
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
