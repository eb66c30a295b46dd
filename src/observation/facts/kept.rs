//! Reduces the memory of an answer. Listing all suites takes up to hundreds of connections, and each
//! repeats the greeting, the chain and the OCSP staple.

use super::group_version::GroupVersion;
use super::question::Question;
use crate::observation::{Exchange, Offer, PeerChain, Stage};

/// Drops what was not asked for, and what earlier exchanges already contain.
pub(crate) fn reduce(exchange: &mut Exchange, earlier: &[Exchange]) {
    if let Offer::Asked(question) = exchange.offer {
        drop_unasked(exchange, question);
        drop_repeated(exchange, earlier);
    }
    if let Some(chain) = &mut exchange.chain {
        share(chain, earlier);
    }
}

fn drop_unasked(exchange: &mut Exchange, question: Question) {
    if let Some(session) = &mut exchange.session {
        session.ocsp_staple = None;
    }
    match question {
        Question::Keys(_) | Question::Nameless => {}
        // The leaf shows its curve.
        Question::Groups(GroupVersion::Tls12) => {
            let chain = exchange.chain.iter_mut();
            chain.for_each(|chain| chain.certificates.truncate(1));
        }
        _ => exchange.chain = None,
    }
}

/// Drops a successful plaintext dialogue if an earlier exchange has one.
fn drop_repeated(exchange: &mut Exchange, earlier: &[Exchange]) {
    let known = earlier.iter().any(|exchange| exchange.transcript.is_some());
    let failure = exchange.failure.as_ref();
    let upgraded = failure.is_none_or(|failure| failure.stage == Stage::Handshake);
    let transcript = exchange.transcript.as_ref();
    let clean = transcript.is_some_and(|transcript| transcript.injected.is_none());
    if known && upgraded && clean {
        exchange.transcript = None;
    }
}

/// Shares certificates that an earlier exchange already has.
fn share(chain: &mut PeerChain, earlier: &[Exchange]) {
    let mut held = earlier
        .iter()
        .filter_map(|exchange| exchange.chain.as_ref());
    let same = held.find_map(|held| {
        let start = held.certificates.get(..chain.certificates.len())?;
        (*start == chain.certificates).then(|| start.to_vec())
    });
    if let Some(same) = same {
        chain.certificates = same;
    }
}
