//! Replaces values in what a server negotiated and in the facts about it. Every field is named, as in
//! `row`.

use std::borrow::Cow;

use super::Anonymizer;
use crate::observation::{ALPN_PROTOCOLS, VersionOutcome};
use crate::output::facts::{
    Accepted, AlpnAccepted, FactsAsked, GroupsByVersion, KeyChainSent, KeyChains, SuitesByVersion,
    Tickets,
};
use crate::output::tls::{Tls, VersionsAsked};

impl Anonymizer {
    pub(super) fn tls(&self, tls: &Tls<'_>) -> Tls<'static> {
        Tls {
            version: tls.version,
            cipher: tls.cipher.clone(),
            group: tls.group.clone(),
            dh_bits: tls.dh_bits,
            signature: tls.signature.clone(),
            alpn: tls.alpn.and_then(known_protocol),
            alpn_offered: tls.alpn_offered,
            hello_retry: tls.hello_retry,
            ocsp_stapled: tls.ocsp_stapled,
            client_cert_requested: tls.client_cert_requested,
            key_proof: tls.key_proof,
            offer: tls.offer,
            supports_tls1_3: tls.supports_tls1_3,
            claims_tls1_3: tls.claims_tls1_3,
            alpn_refused: tls.alpn_refused,
            versions: self.versions(&tls.versions),
            facts: tls.facts.as_ref().map(|facts| self.facts(facts)),
        }
    }

    fn versions(&self, versions: &VersionsAsked) -> VersionsAsked {
        let outcome = |outcome: &Option<VersionOutcome>| {
            outcome.as_ref().map(|it| VersionOutcome {
                outcome: it.outcome,
                reason: self.reason(&it.reason),
                hello: it.hello,
            })
        };
        VersionsAsked {
            ssl3: outcome(&versions.ssl3),
            tls1_0: outcome(&versions.tls1_0),
            tls1_1: outcome(&versions.tls1_1),
            tls1_2: outcome(&versions.tls1_2),
            tls1_3: outcome(&versions.tls1_3),
        }
    }

    fn reason(&self, reason: &str) -> Cow<'static, str> {
        Cow::Owned(self.message(reason))
    }

    fn facts(&self, facts: &FactsAsked) -> FactsAsked {
        let accepted = |list: &Option<Accepted>| {
            list.as_ref().map(|list| Accepted {
                accepted: list.accepted.clone(),
                complete: list.complete,
                ended_by: self.reason(&list.ended_by),
                order: list.order,
                hello: list.hello,
            })
        };
        FactsAsked {
            ciphers: facts.ciphers.as_ref().map(|it| SuitesByVersion {
                ssl3: accepted(&it.ssl3),
                tls1_0: accepted(&it.tls1_0),
                tls1_1: accepted(&it.tls1_1),
                tls1_2: accepted(&it.tls1_2),
                tls1_3: accepted(&it.tls1_3),
            }),
            groups: facts.groups.as_ref().map(|it| GroupsByVersion {
                tls1_2: accepted(&it.tls1_2),
                tls1_3: accepted(&it.tls1_3),
            }),
            alpn: facts.alpn.as_ref().map(|it| AlpnAccepted {
                offered: it.offered,
                accepted: it.accepted.clone(),
                complete: it.complete,
                ended_by: self.reason(&it.ended_by),
            }),
            tickets: facts.tickets.as_ref().map(|it| Tickets {
                tls1_2: it.tls1_2,
                tls1_3: it.tls1_3,
            }),
            secure_renegotiation: facts.secure_renegotiation,
            compression: facts.compression,
            chains: facts.chains.as_ref().map(|it| KeyChains {
                rsa: it.rsa.as_ref().map(|it| self.key_chain(it)),
                ecdsa: it.ecdsa.as_ref().map(|it| self.key_chain(it)),
            }),
            default_certificate: facts.default_certificate,
        }
    }

    fn key_chain(&self, chain: &KeyChainSent) -> KeyChainSent {
        let hash = |hash: &String| match self.hashes() {
            true => self.fingerprint(hash.as_bytes()).to_string(),
            false => hash.clone(),
        };
        let day = |date: &String| match self.hashes() {
            // The time of day follows the letter T.
            true => date.split('T').next().map(|day| format!("{day}T00:00:00Z")),
            false => Some(date.clone()),
        };
        KeyChainSent {
            sent: chain
                .sent
                .as_ref()
                .map(|sent| sent.iter().map(hash).collect()),
            key: chain.key.clone(),
            not_after: chain.not_after.as_ref().and_then(day),
            refused: chain.refused.as_ref().map(|it| self.reason(it)),
        }
    }
}

/// Returns the protocol if it is one that is offered; a server may name any other.
fn known_protocol(name: &str) -> Option<&'static str> {
    ALPN_PROTOCOLS.into_iter().find(|known| *known == name)
}
