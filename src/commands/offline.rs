//! Builds observations from files: a chain as if a server had sent it, and the name to check it for.

use std::sync::Arc;

use anyhow::Context;

use crate::cli::PlanError;
use crate::inventory::{self, Endpoint, Host, Service, Start, Target, TargetSpec};
use crate::observation::{Exchange, Observation, Offer, PeerChain};
use crate::probe;

/// Returns an observation with this chain, as if a server had sent it, and without a handshake.
pub(super) fn observation(chain: PeerChain, name: &str, host: Host) -> anyhow::Result<Observation> {
    let service = Service::named("tls").context("tls is a service")?;
    debug_assert_eq!(service.start, Start::Implicit);
    let target = Target {
        text: name.to_owned(),
        host,
        address: None,
        port: service.port,
        service,
        sni: None,
        tags: Vec::new(),
        duplicate_of: None,
    };
    Ok(Observation {
        exchanges: vec![Exchange {
            offer: Offer::Modern,
            transcript: None,
            session: None,
            chain: Some(chain),
            chain_cut: false,
            failure: None,
        }],
        ..Observation::of(
            Endpoint {
                target: Arc::new(target),
                address: None,
            },
            probe::now(),
        )
    })
}

/// Parses the value of `--name`.
pub(super) fn host(name: &str) -> Result<Host, PlanError> {
    let asked = TargetSpec::parse(name).map_err(|error| PlanError::Name {
        flag: "--name",
        error,
    })?;
    match (asked.place, asked.port, asked.service) {
        (
            inventory::HostSpec::Host {
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
