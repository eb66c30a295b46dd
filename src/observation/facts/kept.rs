//! What is kept of an answer: a server is asked hundreds of times for all its suites, and each time
//! says its greeting, and sends its chain, which may be long, and its staple.

use super::question::Question;
use crate::observation::{Exchange, Offer, PeerChain, Stage};
use crate::tls::ProtocolVersion;

/// Drops what an answer holds beyond what was asked and what the exchanges before it hold already.
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
        // The leaf tells its curve.
        Question::Groups(ProtocolVersion::Tls12) => {
            let chain = exchange.chain.iter_mut();
            chain.for_each(|chain| chain.certificates.truncate(1));
        }
        _ => exchange.chain = None,
    }
}

/// The dialogue that led to TLS once more is the one that an earlier exchange tells of.
fn drop_repeated(exchange: &mut Exchange, earlier: &[Exchange]) {
    let told = earlier.iter().any(|exchange| exchange.transcript.is_some());
    let failure = exchange.failure.as_ref();
    let upgraded = failure.is_none_or(|failure| failure.stage == Stage::Handshake);
    let transcript = exchange.transcript.as_ref();
    let clean = transcript.is_some_and(|transcript| transcript.injected.is_none());
    if told && upgraded && clean {
        exchange.transcript = None;
    }
}

/// The same certificates are held once.
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
