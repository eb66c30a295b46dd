//! The judgement of chains on disk: each folder of `testdata/chains` holds a chain as a server
//! would send it, the roots to trust, what else is known, and the verdict to expect with its
//! reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use tlsweep::gather::IssuerPool;
use tlsweep::judge::{Judge, Policy, TrustStore};
use tlsweep::observation::{Certificate, Exchange, Observation, Offer, PeerChain, Timing};
use tlsweep::target::{Endpoint, Host, Service, Target};
use tlsweep::verdict::{CompletedBy, Verdict};

#[derive(Deserialize)]
struct Case {
    name: String,
    at: jiff::Timestamp,
    verdict: String,
    findings: BTreeSet<String>,
    why: String,
}

#[test]
fn every_folder_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    let folders = folders();
    let mut known = disagreements();
    assert!(folders.len() >= 150, "only {} cases", folders.len());
    for folder in folders {
        let case = read_case(&folder);
        let name = folder.file_name().unwrap().to_str().unwrap();
        let verdict = judge(&folder, &case, certificates(&folder.join("chain.pem")));
        let found: BTreeSet<String> = verdict.findings.iter().map(|f| f.id.to_owned()).collect();
        let agrees = verdict.kind.name() == case.verdict && found == case.findings;
        match known.remove(name) {
            Some(listed) if agrees || listed != verdict.kind.name() => {
                wrong.push(format!(
                    "{name}: listed as {listed}, and is {}",
                    verdict.kind
                ));
            }
            Some(_) => {}
            None if agrees => {}
            None => wrong.push(format!(
                "{name}: {} {:?}\n    expected {} {:?}: {}\n    {:?}\n    {:?}",
                verdict.kind,
                found,
                case.verdict,
                case.findings,
                case.why,
                verdict.trust,
                verdict.findings,
            )),
        }
    }
    wrong.extend(
        known
            .keys()
            .map(|name| format!("{name} is listed, and is no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_order_of_the_certificates_above_the_leaf_changes_no_verdict() {
    for folder in folders() {
        let case = read_case(&folder);
        let chain = certificates(&folder.join("chain.pem"));
        let mut turned = chain.clone();
        if let Some(above) = turned.get_mut(1..) {
            above.reverse();
        }
        let (as_sent, turned) = (judge(&folder, &case, chain), judge(&folder, &case, turned));
        assert_eq!(as_sent.kind, turned.kind, "{}", folder.display());
        assert_eq!(as_sent.trust, turned.trust, "{}", folder.display());
    }
}

#[test]
fn a_judge_that_remembers_agrees_with_one_that_does_not() {
    for folder in folders() {
        let case = read_case(&folder);
        let chain = certificates(&folder.join("chain.pem"));
        let policy = Arc::new(policy(&folder, &case));
        let observation = observation(&case, chain);
        let fresh = Judge::new(policy.clone()).judge(&observation);
        let mut judge = Judge::new(policy);
        for _ in 0..3 {
            assert_eq!(judge.judge(&observation), fresh, "{}", folder.display());
        }
    }
}

#[test]
fn another_store_never_takes_trust_away() {
    for folder in folders() {
        let case = read_case(&folder);
        let observation = observation(&case, certificates(&folder.join("chain.pem")));
        let alone = Judge::new(Arc::new(policy(&folder, &case))).judge(&observation);
        let mut more = policy(&folder, &case);
        more.stores = [&[TrustStore::mozilla()], &more.stores[..]].concat();
        let both = Judge::new(Arc::new(more)).judge(&observation);
        assert_eq!(alone.trust[0], both.trust[1], "{}", folder.display());
        assert_eq!(alone.kind, both.kind, "{}", folder.display());
    }
}

fn judge(folder: &Path, case: &Case, chain: Vec<Arc<Certificate>>) -> Verdict {
    Judge::new(Arc::new(policy(folder, case))).judge(&observation(case, chain))
}

fn policy(folder: &Path, case: &Case) -> Policy {
    let roots = folder.join("roots.pem");
    let mut issuers = IssuerPool::default();
    let extra = folder.join("extra.pem");
    if extra.exists() {
        for certificate in certificates(&extra) {
            issuers.add(certificate, CompletedBy::Bundle);
        }
    }
    Policy {
        issuers: Arc::new(issuers),
        at: Some(case.at),
        expiring_within: Duration::from_secs(30 * 86_400),
        ..Policy::new(TrustStore::from_path("roots", &roots).unwrap())
    }
}

fn observation(case: &Case, certificates: Vec<Arc<Certificate>>) -> Observation {
    let host = match case.name.parse() {
        Ok(address) => Host::Address(address),
        Err(_) => Host::Name(case.name.as_str().into()),
    };
    let target = Target {
        text: case.name.clone(),
        host,
        address: None,
        port: 443,
        service: Service::named("https").unwrap(),
        sni: None,
        tags: Vec::new(),
    };
    let exchange = Exchange {
        offer: Offer::Modern,
        transcript: None,
        session: None,
        chain: Some(PeerChain { certificates }),
        failure: None,
    };
    Observation {
        endpoint: Endpoint {
            target: Arc::new(target),
            address: None,
        },
        started_at: case.at,
        attempt: 1,
        versions_asked: false,
        facts_asked: Default::default(),
        timing: Timing::default(),
        failure: None,
        exchanges: vec![exchange],
    }
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chains");
    let entries = root.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries
        .filter(|path| path.join("case.json").exists())
        .collect();
    folders.sort();
    folders
}

/// Our verdicts that are known to be other than a case says, each with its reason.
fn disagreements() -> BTreeMap<String, String> {
    let list = include_str!("../testdata/chains/disagreements.txt");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.map(|line| {
        let parts: Vec<_> = line.split('\t').collect();
        let [case, verdict, _reason] = parts[..] else {
            panic!("{line:?} is not a case, a verdict and a reason");
        };
        (case.to_owned(), verdict.to_owned())
    });
    entries.collect()
}

fn read_case(folder: &Path) -> Case {
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn certificates(path: &Path) -> Vec<Arc<Certificate>> {
    let pem = std::fs::read(path).unwrap();
    let sections = CertificateDer::pem_slice_iter(&pem);
    sections
        .map(|der| Arc::new(Certificate::read(der.unwrap().into_owned())))
        .collect()
}
