//! Remembers, by address and certificate, a name for which the certificate was valid. If a
//! neighbour at the same address gets that certificate by mistake, the report can say whose it is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::crypto::Fingerprint;
use crate::inventory::Host;
use crate::observation::Observation;

/// One name for each address and certificate.
#[derive(Clone, Debug)]
pub struct Neighbours {
    names: HashMap<(IpAddr, Fingerprint), Arc<str>>,
    limit: usize,
}

/// Default limit: far more certificates than the addresses of one hosting provider present; some 30
/// MB.
const LIMIT: usize = 200_000;

impl Default for Neighbours {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Neighbours {
    /// Keeps at most `limit` names.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            names: HashMap::new(),
            limit,
        }
    }

    /// Adds a visit that received the right certificate. If several names at one address share a
    /// certificate, the alphabetically first is kept, so that the order of visits does not matter.
    pub fn add(&mut self, observation: &Observation) {
        let Some((place, name)) = shown(observation) else {
            return;
        };
        let full = self.names.len() >= self.limit;
        match self.names.get_mut(&place) {
            Some(known) if name < *known => *known = name,
            Some(_) => {}
            None if full => {}
            None => {
                self.names.insert(place, name);
            }
        }
    }

    /// Returns the name whose certificate was presented instead, or `None` if it was not seen.
    pub fn owner(&self, observation: &Observation) -> Option<&Arc<str>> {
        let (place, asked) = shown(observation)?;
        self.names.get(&place).filter(|name| **name != asked)
    }
}

/// Returns the address, the certificate it presented, and the name asked for.
fn shown(observation: &Observation) -> Option<((IpAddr, Fingerprint), Arc<str>)> {
    let Host::Name(name) = observation.endpoint.target.reference() else {
        return None;
    };
    let leaf = observation.chain()?.leaf()?;
    Some(((observation.endpoint.address?, leaf.sha256), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    fn visit(host: &str, address: [u8; 4]) -> Observation {
        let mut observation = samples::expired_at(host).observation;
        observation.endpoint.address = Some(address.into());
        observation
    }

    #[test]
    fn the_owner_is_the_first_name_at_the_same_address_in_any_order() {
        let here = [192, 0, 2, 1];
        for names in [["b.example", "a.example"], ["a.example", "b.example"]] {
            let mut neighbours = Neighbours::default();
            names
                .iter()
                .for_each(|name| neighbours.add(&visit(name, here)));
            let owner = |name, address| neighbours.owner(&visit(name, address)).cloned();
            assert_eq!(owner("shop.example", here).as_deref(), Some("a.example"));
            assert_eq!(owner("a.example", here), None);
            assert_eq!(owner("shop.example", [192, 0, 2, 2]), None);
        }
    }

    #[test]
    fn no_more_than_the_limit_are_kept() {
        let mut neighbours = Neighbours::with_limit(1);
        neighbours.add(&visit("b.example", [192, 0, 2, 1]));
        neighbours.add(&visit("c.example", [192, 0, 2, 2]));
        neighbours.add(&visit("a.example", [192, 0, 2, 1]));
        let owner = |address| neighbours.owner(&visit("shop.example", address)).cloned();
        assert_eq!(owner([192, 0, 2, 1]).as_deref(), Some("a.example"));
        assert_eq!(owner([192, 0, 2, 2]), None);
    }
}
