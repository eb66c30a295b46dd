//! `check`: the judgement of a sweep, offline, on a chain in a file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::cli::{self, CheckFlags, Exit, PlanError};
use crate::judge::Judge;
use crate::observation::{Certificate, Exchange, Observation, Offer, PeerChain, Timing};
use crate::output::{Layout, Outputs, Place, Record};
use crate::probe;
use crate::target::{self, Asked, Endpoint, Host, Service, Start, Target};
use crate::verdict::VerdictKind;

/// A chain that a server could send fits many times; a file beyond it is some other file.
const MAX_FILE: u64 = 4 * 1024 * 1024;

pub(super) fn run(flags: &CheckFlags) -> anyhow::Result<Exit> {
    let chain = read_chain(&flags.chain)?;
    let observation = observation(chain, flags)?;
    let policy = Arc::new(cli::policy(&flags.trust)?);
    let verdict = Judge::new(policy.clone()).judge(&observation);
    let record = Record::new(&observation, &verdict, policy.time_for(&observation));
    let format = flags.format.unwrap_or_else(cli::for_stdout);
    let mut output = Outputs::open(&[(Place::Stdout, format)], Layout::default())?;
    output.write(&record)?;
    output.finish()?;
    Ok(if verdict.kind == VerdictKind::Ok {
        Exit::Finished
    } else {
        Exit::Found
    })
}

fn read_chain(path: &Path) -> anyhow::Result<PeerChain> {
    let file = path.display().to_string();
    let unusable = |reason: String| PlanError::Chain {
        file: file.clone(),
        reason,
    };
    let bytes = read(path).map_err(|error| unusable(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(
            unusable("larger than any certificate chain; give a PEM file".to_owned()).into(),
        );
    }
    let certificates = CertificateDer::pem_slice_iter(&bytes)
        .map(|der| der.map(|der| Arc::new(Certificate::read(der))))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(format!("not PEM: {error}")))?;
    if certificates.is_empty() {
        let hint = "holds no certificate; give PEM (-----BEGIN CERTIFICATE-----), for DER: openssl x509 -inform DER -in FILE";
        return Err(unusable(hint.to_owned()).into());
    }
    Ok(PeerChain { certificates })
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The chain as if a server had sent it, with nothing claimed about any handshake.
fn observation(chain: PeerChain, flags: &CheckFlags) -> anyhow::Result<Observation> {
    let host = host(&flags.name)?;
    let service = Service::named("tls").context("tls is a service")?;
    debug_assert_eq!(service.start, Start::Implicit);
    let target = Target {
        text: flags.name.clone(),
        host,
        address: None,
        port: service.port,
        service,
        sni: None,
        tags: Vec::new(),
    };
    Ok(Observation {
        endpoint: Endpoint {
            target: Arc::new(target),
            address: None,
        },
        started_at: probe::now(),
        attempt: 1,
        timing: Timing::default(),
        failure: None,
        versions_asked: false,
        facts_asked: Default::default(),
        exchanges: vec![Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: None,
            chain: Some(chain),
            failure: None,
        }],
    })
}

fn host(name: &str) -> Result<Host, PlanError> {
    let asked = Asked::parse(name).map_err(|error| PlanError::Name {
        flag: "--name",
        error,
    })?;
    match (asked.place, asked.port, asked.service) {
        (
            target::Place::Host {
                host,
                address: None,
            },
            None,
            None,
        ) => Ok(host),
        _ => Err(PlanError::NotOneName {
            asked: name.to_owned(),
        }),
    }
}
