//! Facts derived from the answers of a simulated server. Whatever it accepts and however it refuses, the
//! questions find it.

mod doubts;
mod single;

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::inventory::{Endpoint, Host, Service, Target};
use crate::observation::{Certificate, Failure, Offer, Reason, Session, Stage, Timing};
use crate::tls;

/// How the server refuses an offer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum No {
    Alert(&'static str),
    Close,
    Silence,
    CloseAfterHello,
    AlertAfterHello,
    /// Data that is not TLS.
    Words(&'static str),
}

/// A server that supports only TLS 1.2.
#[derive(Clone, Debug)]
struct Server {
    /// Suites in the server's order of preference.
    suites: Vec<u16>,
    order: Order,
    no: No,
}

impl Server {
    fn answer(&self, offered: &Offered) -> Exchange {
        let chosen = match self.order {
            Order::Server => first_of(&self.suites, &offered.suites),
            Order::Client => first_of(&offered.suites, &self.suites),
        };
        let asked_for = offered.template.newest;
        match chosen.filter(|_| asked_for == ProtocolVersion::Tls12) {
            Some(cipher) => exchange(offered.offer, Ok(cipher)),
            None if asked_for != ProtocolVersion::Tls12 => {
                exchange(offered.offer, Err(No::Alert("protocol_version")))
            }
            None => exchange(offered.offer, Err(self.no)),
        }
    }

    fn asked(&self, facts: &[Fact]) -> Observation {
        let mut observation = observation(facts);
        ask(&mut observation, |offered, _| self.answer(offered));
        observation
    }
}

/// Asks until there is no more question. The answer function gets the number of the connection.
fn ask(observation: &mut Observation, mut answer: impl FnMut(&Offered, usize) -> Exchange) {
    let made = observation.exchanges.len();
    while let Some(question) = next_question(observation) {
        let offered = Offered::of(Offer::Asked(question), &observation.exchanges);
        let number = observation.exchanges.len() - made;
        observation.exchanges.push(answer(&offered, number));
        assert!(number < 400, "no end to the questions");
    }
}

fn first_of(wishes: &[u16], known: &[u16]) -> Option<u16> {
    wishes.iter().copied().find(|wish| known.contains(wish))
}

fn exchange(offer: Offer, chosen: Result<u16, No>) -> Exchange {
    let failure = |reason, detail| Some(Failure::saved_as(Stage::Handshake, reason, detail));
    let (session, failure) = match chosen {
        Ok(cipher) => (Some(session(cipher)), None),
        Err(No::Alert(name)) => (None, failure(Reason::Alert, name)),
        Err(No::Close) => (None, failure(Reason::Eof, "")),
        Err(No::Silence) => (None, failure(Reason::Timeout, "")),
        Err(No::Words(words)) => (None, failure(Reason::NotTls, words)),
        Err(No::CloseAfterHello) => (Some(session(UNLISTED)), failure(Reason::Eof, "")),
        Err(No::AlertAfterHello) => {
            let alert = failure(Reason::Alert, "handshake_failure");
            (Some(session(UNLISTED)), alert)
        }
    };
    Exchange {
        offer,
        transcript: None,
        session,
        chain: None,
        chain_cut: false,
        failure,
    }
}

fn session(cipher: u16) -> Session {
    Session::of(ProtocolVersion::Tls12, cipher)
}

fn ecdsa() -> PeerChain {
    self_signed(&rcgen::PKCS_ECDSA_P256_SHA256)
}

fn edwards() -> PeerChain {
    self_signed(&rcgen::PKCS_ED25519)
}

fn self_signed(kind: &'static rcgen::SignatureAlgorithm) -> PeerChain {
    let key = rcgen::KeyPair::generate_for(kind).unwrap();
    let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    of_bytes(params.self_signed(&key).unwrap().der())
}

fn of_bytes(der: &[u8]) -> PeerChain {
    let leaf = Certificate::read(der.to_vec().into());
    PeerChain {
        certificates: vec![Arc::new(leaf)],
    }
}

/// A suite that is in no list, so that it contradicts none.
const UNLISTED: u16 = 0xEEEE;

/// Returns an observation whose modern offer negotiated TLS 1.2.
fn observation(facts: &[Fact]) -> Observation {
    let target = Target {
        text: "a.example".to_owned(),
        host: Host::Name("a.example".into()),
        address: None,
        port: 443,
        service: Service::named("https").unwrap(),
        sni: None,
        tags: vec![],
        duplicate_of: None,
    };
    Observation {
        endpoint: Endpoint {
            target: Arc::new(target),
            address: None,
        },
        started_at: Timestamp::UNIX_EPOCH,
        attempt: 1,
        timing: Timing::default(),
        failure: None,
        versions_asked: false,
        facts_asked: facts.iter().copied().collect(),
        addresses: None,
        exchanges: vec![exchange(Offer::Modern, Ok(UNLISTED))],
    }
}

fn found(server: &Server) -> Listing {
    let facts = Facts::of(&server.asked(&[Fact::Ciphers])).unwrap();
    let [ssl3, tls10, tls11, tls12, tls13] = facts.ciphers.unwrap();
    // The modern offer was answered with a version below TLS 1.3, which rejects TLS 1.3.
    assert_eq!(tls13, None);
    for old in [ssl3, tls10, tls11] {
        let old = old.unwrap();
        assert_eq!((old.accepted, old.complete), (vec![], true));
    }
    tls12.unwrap()
}

#[test]
fn every_suite_is_found_whoever_orders_and_however_no_is_said() {
    let suites = vec![0xC030, 0xCCA8, 0xC02F, 0x009C];
    for order in [Order::Server, Order::Client] {
        for (no, complete, ended_by) in [
            (No::Alert("handshake_failure"), true, "handshake_failure"),
            // A second close, but the server still answers the second look: it was a refusal.
            (No::Close, true, "close"),
            (No::Silence, false, "timeout"),
            (No::Alert("internal_error"), false, "internal_error"),
        ] {
            let suites = suites.clone();
            let listing = found(&Server { suites, order, no });
            let mut accepted = listing.accepted.clone();
            accepted.sort_unstable();
            assert_eq!(accepted, [0x009C, 0xC02F, 0xC030, 0xCCA8]);
            assert_eq!(listing.complete, complete, "{no:?}");
            assert_eq!(listing.ended_by, ended_by);
        }
    }
}

#[test]
fn a_close_at_the_first_hello_is_no_answer() {
    let server = Server {
        suites: vec![],
        order: Order::Client,
        no: No::Close,
    };
    let listing = found(&server);
    assert_eq!((listing.accepted.len(), listing.complete), (0, false));
}

#[test]
fn nothing_is_asked_of_who_was_not_reached_or_for_nothing() {
    let mut silent = observation(&[Fact::Ciphers]);
    silent.exchanges = vec![exchange(Offer::Modern, Err(No::Silence))];
    assert_eq!(next_question(&silent), None);
    assert_eq!(next_question(&observation(&[])), None);
    assert_eq!(Facts::of(&observation(&[])), None);
}

#[test]
fn what_was_cut_short_is_not_called_complete() {
    let server = Server {
        suites: vec![0xC02F, 0x009C],
        order: Order::Client,
        no: No::Alert("handshake_failure"),
    };
    let mut observation = server.asked(&[Fact::Ciphers]);
    let first = Offer::Asked(Question::Suites(ProtocolVersion::Tls12));
    let end = observation
        .exchanges
        .iter()
        .position(|it| it.offer == first)
        .unwrap();
    observation.exchanges.truncate(end + 1);
    let listing = Facts::of(&observation).unwrap().ciphers.unwrap()[3]
        .clone()
        .unwrap();
    assert_eq!(listing.accepted, [0xC02F]);
    assert_eq!(
        (listing.complete, &*listing.ended_by),
        (false, "out of time")
    );
}

#[test]
fn the_curve_of_an_ecdsa_certificate_stays_on_offer() {
    let series = Series::Groups(GroupVersion::Tls12);
    let groups = series.question();
    let mut answer = exchange(Offer::Asked(groups), Ok(0xC02B));
    answer.session.as_mut().unwrap().group = Some(0x001D);
    answer.chain = Some(ecdsa());
    let made = [answer.clone()];
    let offered = Offered::of(Offer::Asked(groups), &made);
    assert_eq!(offered.groups.last(), Some(&0x0017));
    assert!(!offered.groups.contains(&0x001D));
    answer.session.as_mut().unwrap().group = Some(0x0017);
    let made = [made[0].clone(), answer.clone(), answer];
    let listing = Listing::of(&made, series).unwrap();
    assert_eq!(listing.accepted, [0x001D, 0x0017]);
    assert_eq!(
        (listing.complete, &*listing.ended_by),
        (false, "certificate_curve")
    );
}

#[test]
fn ids_are_unique() {
    let ids: std::collections::HashSet<_> = Offer::all().map(Offer::id).collect();
    assert_eq!(ids.len(), Offer::all().count());
}

#[test]
fn a_family_signs_with_its_own_schemes_alone() {
    for (scheme, rsa, ecdsa) in [
        (0x0401, true, false),
        (0x0804, true, false),
        (0x0201, true, false),
        (0x0403, false, true),
        (0x0203, false, true),
        (0x0807, false, false),
        (0x0402, false, false),
    ] {
        assert_eq!(KeyFamily::Rsa.signs(scheme), rsa, "{scheme:#06x}");
        assert_eq!(KeyFamily::Ecdsa.signs(scheme), ecdsa, "{scheme:#06x}");
    }
}

proptest! {
    #[test]
    fn any_set_of_suites_is_found_whole_and_whose_order_it_is(
        suites in proptest::sample::subsequence(tls::WIDE_SUITES[..126].to_vec(), 0..40).prop_shuffle(),
        server_orders: bool,
    ) {
        let order = if server_orders { Order::Server } else { Order::Client };
        let server = Server { suites: suites.clone(), order, no: No::Alert("handshake_failure") };
        let listing = found(&server);
        let sorted = |mut list: Vec<u16>| { list.sort_unstable(); list };
        prop_assert_eq!(sorted(listing.accepted.clone()), sorted(suites));
        prop_assert!(listing.complete);
        let chacha = |suite: &u16| offered::is_chacha(*suite);
        match listing.accepted.as_slice() {
            [] | [_] => prop_assert_eq!(listing.order, None),
            // ChaCha20 is never offered first, so with only one other suite the order is unknown.
            [first, rest @ ..] if !chacha(first) && rest.iter().all(chacha) => {
                prop_assert!(listing.order.is_none_or(|it| it == order));
            }
            _ => prop_assert_eq!(listing.order, Some(order)),
        }
    }
}
