//! Compares the same meshes with other verifiers: `openssl verify` here, and Go's crypto/x509 in
//! `scripts/verify-meshes.go`, which reads the files written here. A difference needs a rule that
//! explains it, and the rule is checked against the description of the mesh.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::generate::{self, Dice};
use super::model::{AT, Spec};
use super::oracle::{self, Class, Rules};
use super::support::{folder, write};
use super::trial::Trial;

/// Folder into which `scripts/meshes` wants the meshes written.
const FOLDER: &str = "TLSWEEP_MESHES";

/// How Go counts path lengths.
const GO: Rules = Rules {
    self_issued_count: true,
};

/// Judges the leaves of this number of meshes with the judge and with openssl.
pub(crate) fn compare(meshes: u64) {
    let wanted = wanted();
    let mut written = wanted.as_ref().map(|folder| {
        let file = File::create(format!("{folder}/meshes.jsonl"));
        BufWriter::new(file.expect("a file in the folder of TLSWEEP_MESHES"))
    });
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in 0..meshes {
        let trials = trials(seed);
        let answers = openssl(&trials);
        for (trial, theirs) in trials.iter().zip(answers) {
            let result = &trial.judge().trust[0];
            let ours = result.trusted && result.reason.is_none();
            let right = accepted(trial, Rules::default());
            let class = match (ours == right, right, theirs) {
                (false, ..) => "we differ from the oracle".to_owned(),
                (true, true, true) => "both accept".to_owned(),
                (true, false, false) => "both refuse".to_owned(),
                (true, true, false) => match stricter(trial) {
                    Some(rule) => format!("openssl refuses: {rule}"),
                    None => "openssl refuses, and no rule says why".to_owned(),
                },
                (true, false, true) => "openssl accepts, and no rule says why".to_owned(),
            };
            if class.starts_with("we differ") || class.contains("no rule") {
                wrong.push(format!("{class}: seed {seed}\n{trial}    {result:?}"));
            }
            *sums.entry(class).or_default() += 1;
            if let Some(file) = &mut written {
                writeln!(file, "{}", line(seed, trial, ours)).expect("the file can be written");
            }
        }
    }
    if let Some(folder) = wanted {
        let lines: String = sums
            .iter()
            .map(|(class, sum)| format!("{sum:7}  {class}\n"))
            .collect();
        let file = format!("{folder}/openssl.txt");
        std::fs::write(file, lines).expect("the file can be written");
    }
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{sums:#?}\n{}", wrong.join("\n"));
}

#[allow(
    clippy::disallowed_methods,
    reason = "tests take no flags, so the folder comes from the environment"
)]
fn wanted() -> Option<String> {
    std::env::var(FOLDER).ok()
}

/// Returns a trial for every leaf of a mesh under one store, with only the certificates sent and
/// without revocation, because other verifiers support only that.
fn trials(seed: u64) -> Vec<Trial> {
    let mut dice = Dice::of(seed ^ 0x5eed);
    let mesh = generate::mesh(&mut dice);
    let mut trial = generate::trial(&mut dice, mesh);
    trial.stores.truncate(1);
    trial.required.clear();
    trial.known.clear();
    trial.revocation = false;
    let leaves = trial.mesh.specs.len() - 3..trial.mesh.specs.len();
    let of = |leaf| Trial {
        leaf,
        ..trial.clone()
    };
    leaves.map(of).collect()
}

fn accepted(trial: &Trial, rules: Rules) -> bool {
    let paths = oracle::paths(trial, 0, rules);
    paths.iter().any(|path| path.class() == Class::Clean)
}

/// Returns the result of openssl for each trial. One process verifies all, because they differ only
/// in the leaf.
fn openssl(trials: &[Trial]) -> Vec<bool> {
    let here = folder();
    let first = &trials[0];
    let roots = pem(&here, "roots.pem", first, &first.stores[0]);
    let mut command = Command::new("openssl");
    command
        .args(["verify", "-no-CApath", "-no-CAstore", "-partial_chain"])
        .args(["-purpose", "sslserver", "-attime", &AT.to_string()])
        .args(["-CAfile", &roots]);
    if !first.sent.is_empty() {
        let sent = pem(&here, "sent.pem", first, &first.sent);
        command.args(["-untrusted", &sent]);
    }
    let leaves = trials.iter().enumerate();
    let leaves: Vec<_> = leaves
        .map(|(number, trial)| pem(&here, &format!("leaf{number}.pem"), trial, &[trial.leaf]))
        .collect();
    let output = command
        .args(&leaves)
        .stdin(Stdio::null())
        .output()
        .expect("openssl starts: run scripts/install-peers");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let accepts = |leaf: &String| said.lines().any(|line| line == format!("{leaf}: OK"));
    leaves.iter().map(accepts).collect()
}

fn pem(here: &TempDir, name: &str, trial: &Trial, places: &[usize]) -> String {
    let all = places.iter().map(|place| &*trial.mesh.pem[*place]);
    write(here, name, all.collect::<String>())
}

fn hex(trial: &Trial, place: usize) -> String {
    let bytes = trial.mesh.made[place].der.iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the input for Go, our result, and the result that Go's rules give.
fn line(seed: u64, trial: &Trial, ours: bool) -> serde_json::Value {
    let all = |places: &[usize]| -> Vec<String> {
        places.iter().map(|place| hex(trial, *place)).collect()
    };
    let right = accepted(trial, Rules::default());
    let go = accepted(trial, GO);
    json!({
        "id": format!("{seed}/{}", trial.leaf),
        "at": AT,
        "leaf": hex(trial, trial.leaf),
        "sent": all(&trial.sent),
        "anchors": all(&trial.stores[0]),
        "ours": ours,
        "go": go,
        "rule": (right != go).then_some("counts self-issued certificates against path lengths"),
    })
}

/// Returns true if a certificate may be the issuer of another by openssl's rules before any
/// signature is verified: name and key identifier match (`ossl_x509_likely_issued`).
fn named(issuer: &Spec, below: &Spec) -> bool {
    let contradicted = below.identified && issuer.ca && issuer.key != below.signer;
    issuer.subject == below.issuer && !contradicted
}

/// Returns why openssl may reject a chain that we accept.
fn stricter(trial: &Trial) -> Option<&'static str> {
    let mut waiting = vec![trial.leaf];
    let mut seen = Vec::new();
    let mut several = false;
    while let Some(place) = waiting.pop() {
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        let at_hand = trial.sent.iter().chain(&trial.stores[0]);
        let mut issuers: Vec<usize> = at_hand
            .copied()
            .filter(|it| *it != place && named(trial.spec(*it), trial.spec(place)))
            .collect();
        issuers.sort_unstable();
        issuers.dedup();
        several |= issuers.len() > 1;
        waiting.extend(issuers);
    }
    let like_a_root = |place: &usize| {
        let spec = trial.spec(*place);
        spec.self_issued() && spec.key != spec.signer && !spec.identified
    };
    if seen.iter().any(like_a_root) {
        return Some("it takes a self-issued certificate for a root");
    }
    several.then_some("it does not go back when the issuer it took is bad")
}
