//! `check --limbo`: judges a test suite in x509-limbo's format. Each case is judged as if a server
//! had sent its chain, and each answer is compared with the one that the suite expects. The trusted
//! certificates of a case form its only store. A chain is accepted if its verdict is `ok`.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use serde::Deserialize;

use super::chains::unusable;
use super::message::print;
use super::offline::{host, observation};
use crate::cli::{Exit, PlanError};
use crate::gather::certificates;
use crate::judge::{Judge, Policy, TrustStore};
use crate::observation::{Certificate, PeerChain};
use crate::output::{Clean, notice};
use crate::verdict::{Barrier, Verdict, VerdictKind};

/// The public suite has 40 MB; a much larger file is something else.
const MAX_SUITE: u64 = 256 << 20;

/// A line with its reason is shorter than a hundred bytes; a larger file is something else.
const MAX_LIST: u64 = 4 << 20;

/// The supported version of the format.
const VERSION: u32 = 1;

/// A test suite.
#[derive(Deserialize)]
struct Suite {
    version: u32,
    testcases: Vec<TestCase>,
}

/// One test case. Fields that are not listed here do not affect server chains.
#[derive(Deserialize)]
struct TestCase {
    id: String,
    validation_kind: Kind,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<Timestamp>,
    expected_result: LimboAnswer,
    expected_peer_name: Option<PeerName>,
    #[serde(flatten)]
    demands: Demands,
}

/// Properties that a case tests in addition to the path.
#[derive(Deserialize)]
struct Demands {
    #[serde(default)]
    signature_algorithms: Vec<String>,
    #[serde(default)]
    key_usage: Vec<String>,
    #[serde(default)]
    extended_key_usage: Vec<String>,
    #[serde(default)]
    max_chain_depth: Option<u32>,
    #[serde(default)]
    crls: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Client,
    Server,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum LimboAnswer {
    Success,
    Failure,
}

impl LimboAnswer {
    fn word(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
        }
    }
}

#[derive(Deserialize)]
struct PeerName {
    kind: String,
    value: String,
}

/// Number of cases by result.
#[derive(Default)]
struct Count {
    agree: u32,
    listed: u32,
    differ: u32,
    agree_though_listed: u32,
    skipped: u32,
}

/// Judges the suite. `differing` is the file that lists cases with a known difference; `at` is the
/// time for cases that have none.
pub(super) fn run(
    suite: &Path,
    differing: Option<&Path>,
    at: Option<Timestamp>,
) -> anyhow::Result<Exit> {
    let known = differing.map(read_list).transpose()?.unwrap_or_default();
    let cases = read_suite(suite)?.testcases;
    let mut lines = String::new();
    let mut count = Count::default();
    for case in &cases {
        let known = known.get(&case.id).map(String::as_str);
        print_case(&mut lines, case, known, at, &mut count)?;
    }
    print(lines.as_bytes())?;
    notice(format_args!(
        "{} cases: {} agree, {} differ as listed, {} differ, {} agree though listed, {} skipped",
        cases.len(),
        count.agree,
        count.listed,
        count.differ,
        count.agree_though_listed,
        count.skipped
    ));
    Ok(match count.differ + count.agree_though_listed {
        0 => Exit::Finished,
        _ => Exit::Found,
    })
}

/// Prints one line: id, expected result, our result, comparison, and reason.
fn print_case(
    lines: &mut String,
    case: &TestCase,
    known: Option<&str>,
    at: Option<Timestamp>,
    count: &mut Count,
) -> anyhow::Result<()> {
    let expected = case.expected_result;
    let (ours, counted, word, why) = match skipped(case) {
        Some(why) => ("SKIPPED", &mut count.skipped, "skipped", why.to_owned()),
        None => {
            let (ours, why) = judge(case, at)?;
            let (counted, word, why) = match (ours == expected, known) {
                (true, None) => (&mut count.agree, "agrees", why),
                (false, Some(reason)) => (&mut count.listed, "listed", reason.to_owned()),
                (false, None) => (&mut count.differ, "differs", why),
                (true, Some(_)) => (&mut count.agree_though_listed, "agrees though listed", why),
            };
            (ours.word(), counted, word, why)
        }
    };
    *counted += 1;
    writeln!(
        lines,
        "{}\t{}\t{ours}\t{word}\t{}",
        Clean::new(&case.id),
        expected.word(),
        Clean::new(&why)
    )?;
    Ok(())
}

/// Returns the property of a case that is not part of judging a server's chain, or `None` if there
/// is none.
fn skipped(case: &TestCase) -> Option<&'static str> {
    let demands = &case.demands;
    let usages = &demands.extended_key_usage;
    let for_servers = usages.is_empty() || usages.iter().any(|usage| usage == "serverAuth");
    let named = case.expected_peer_name.as_ref();
    let by_host = named.is_some_and(|name| matches!(name.kind.as_str(), "DNS" | "IP"));
    let beyond = [
        (case.validation_kind == Kind::Client, "a client certificate"),
        (!demands.crls.is_empty(), "revocation lists"),
        (demands.max_chain_depth.is_some(), "a depth limit"),
        (
            !demands.signature_algorithms.is_empty(),
            "a restriction of algorithms",
        ),
        (!demands.key_usage.is_empty(), "a restriction of key usages"),
        (!for_servers, "an extended key usage other than serverAuth"),
        (!by_host, "no requested name or address"),
    ];
    beyond
        .into_iter()
        .find(|(holds, _)| *holds)
        .map(|(_, why)| why)
}

fn judge(case: &TestCase, at: Option<Timestamp>) -> anyhow::Result<(LimboAnswer, String)> {
    let asked = case.expected_peer_name.as_ref();
    let name = asked.map(|name| name.value.as_str()).unwrap_or_default();
    let Ok(host) = host(name) else {
        return Ok((
            LimboAnswer::Failure,
            "the requested name is invalid".to_owned(),
        ));
    };
    let roots: Vec<_> = case
        .trusted_certs
        .iter()
        .filter_map(|pem| in_pem(pem))
        .collect();
    let sent = std::iter::once(&case.peer_certificate).chain(&case.untrusted_intermediates);
    let chain = PeerChain {
        certificates: sent.map(|pem| Arc::new(certificate(pem))).collect(),
    };
    let mut policy = Policy::new(vec![TrustStore::from_certificates("limbo", &roots)]);
    policy.at = case.validation_time.or(at);
    let verdict = Judge::new(Arc::new(policy)).judge(&observation(chain, name, host)?);
    let answer = match verdict.kind {
        VerdictKind::Ok => LimboAnswer::Success,
        _ => LimboAnswer::Failure,
    };
    Ok((answer, why(&verdict)))
}

/// Parses a certificate. A text without a PEM block becomes an unparseable certificate.
fn certificate(pem: &str) -> Certificate {
    Certificate::read(in_pem(pem).unwrap_or_else(|| pem.as_bytes().to_vec().into()))
}

/// Returns the first certificate in a text.
fn in_pem(text: &str) -> Option<CertificateDer<'static>> {
    let found = certificates(text.as_bytes()).ok()?.found;
    found.into_iter().next().map(|found| found.der)
}

/// Returns the verdict, and the store's reason if it does not trust the chain.
fn why(verdict: &Verdict) -> String {
    let reason = verdict
        .trust
        .iter()
        .find_map(|store| store.reason.map(Barrier::name));
    match reason.filter(|reason| *reason != verdict.kind.name()) {
        Some(reason) => format!("{}: {reason}", verdict.kind),
        None => verdict.kind.to_string(),
    }
}

fn read_suite(path: &Path) -> Result<Suite, PlanError> {
    let file = open(path, MAX_SUITE)?;
    let suite: Suite = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| unusable(path, format!("not an x509-limbo suite: {error}")))?;
    match suite.version {
        VERSION => Ok(suite),
        version => Err(unusable(
            path,
            format!(
                "has version {version} of the x509-limbo format; only version {VERSION} is supported"
            ),
        )),
    }
}

/// Reads ids with the reason why they differ; `#` starts a comment.
fn read_list(path: &Path) -> Result<HashMap<String, String>, PlanError> {
    let mut text = String::new();
    open(path, MAX_LIST)?
        .read_to_string(&mut text)
        .map_err(|error| unusable(path, error.to_string()))?;
    let lines = text.lines().enumerate();
    let entries = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = entries.map(|(index, line)| match line.split_once('\t') {
        Some((id, reason)) => Ok((id.to_owned(), reason.to_owned())),
        None => Err(unusable(
            path,
            format!("line {} is not an id, a tab and a reason", index + 1),
        )),
    });
    read.collect()
}

/// Opens a file and returns an error if it is larger than `most` bytes.
fn open(path: &Path, most: u64) -> Result<impl Read, PlanError> {
    let unusable_file = |error: std::io::Error| unusable(path, error.to_string());
    let file = File::open(path).map_err(unusable_file)?;
    match file.metadata().map_err(unusable_file)?.len() {
        size if size <= most => Ok(file.take(most)),
        _ => Err(unusable(
            path,
            format!("is larger than {} MiB; is it the right file?", most >> 20),
        )),
    }
}
