//! The chains that a server sends to clients that support only one family of keys (`--facts
//! chains`). Each is judged like the first.

use super::case::{Case, SecondChain};
use super::findings::FINDINGS;
use crate::observation::{Fact, Facts, KeyChain, Observation, PeerChain, Session};
use crate::verdict::VerdictKind;

/// Returns the chains that differ from the one that the verdict is based on, each with the session
/// of the handshake in which it was sent.
pub(crate) fn chains(observation: &Observation) -> Vec<(PeerChain, Option<&Session>)> {
    if !observation.facts_asked.contains(Fact::Chains) {
        return Vec::new();
    }
    let Some(facts) = Facts::of(observation) else {
        return Vec::new();
    };
    let known = [facts.rsa, facts.ecdsa].into_iter().flatten();
    let sent = known.filter_map(|chain| match chain {
        KeyChain::Sent(chain) => Some(chain),
        KeyChain::Refused(_) => None,
    });
    let first = observation.chain();
    let others = sent.filter(|chain| chain.leaf().is_some() && Some(chain) != first);
    let with_session = others.map(|chain| {
        let mut exchanges = observation.exchanges.iter();
        let sent_in = exchanges.find(|exchange| exchange.chain.as_ref() == Some(&chain));
        let session = sent_in.and_then(|exchange| exchange.session.as_ref());
        (chain, session)
    });
    with_session.collect()
}

/// Returns the chain with its findings that are verdicts.
pub(crate) fn judge(sent: PeerChain, case: &Case<'_>) -> SecondChain {
    let about_chains = |kind: &VerdictKind| *kind >= VerdictKind::Revoked;
    let definitions = FINDINGS
        .iter()
        .filter(|it| it.verdict.as_ref().is_some_and(about_chains));
    let mut kind = VerdictKind::Ok;
    let mut findings = Vec::new();
    for definition in definitions {
        let found = (definition.look)(case);
        if let (Some(verdict), false) = (definition.verdict, found.is_empty()) {
            kind = kind.min(verdict);
        }
        findings.extend(found);
    }
    SecondChain {
        sent,
        kind,
        findings,
    }
}
