//! Facts that one answer shows. A failed answer, or one that may mean something else, shows none of them.

use super::*;
use crate::observation::{Said, Transcript};

/// Returns an answer with everything that a hand-made hello can learn.
fn answered(offer: Offer) -> Exchange {
    let mut answer = exchange(offer, Ok(UNLISTED));
    let session = answer.session.as_mut().unwrap();
    session.ticket = Some(true);
    session.compression = Some(true);
    session.secure_renegotiation = Some(false);
    answer
}

fn failure(reason: Reason, detail: &str) -> Option<Failure> {
    Some(Failure::saved_as(Stage::Handshake, reason, detail))
}

#[test]
fn a_failed_exchange_shows_no_features() {
    let facts = [Fact::Renegotiation, Fact::Tickets, Fact::Compression];
    for (failure, shown) in [
        (None, true),
        (failure(Reason::Anonymous, ""), true),
        (failure(Reason::Eof, ""), false),
        (failure(Reason::Alert, "internal_error"), false),
        (failure(Reason::Malformed, ""), false),
    ] {
        let mut visit = observation(&facts);
        let answer = Exchange {
            failure: failure.clone(),
            ..answered(Offer::Asked(Question::Features))
        };
        visit.exchanges.push(answer);
        let found = Facts::of(&visit).unwrap();
        let expected = shown.then_some(true);
        assert_eq!(found.tickets_tls12, expected, "{failure:?}");
        assert_eq!(found.compression, expected, "{failure:?}");
        let renegotiation = shown.then_some(false);
        assert_eq!(found.secure_renegotiation, renegotiation, "{failure:?}");
    }
}

#[test]
fn renegotiation_is_asked_for_alone_where_all_features_together_are_refused() {
    for (no, alone) in [
        (No::Alert("handshake_failure"), true),
        (No::Alert("decode_error"), true),
        (No::Close, true),
        (No::Alert("protocol_version"), false),
    ] {
        let mut visit = observation(&[Fact::Renegotiation, Fact::Compression]);
        ask(&mut visit, |offered, _| match offered.features {
            true => exchange(offered.offer, Err(no)),
            false => {
                assert!(offered.asks_renegotiation());
                answered(offered.offer)
            }
        });
        let found = Facts::of(&visit).unwrap();
        assert_eq!(found.secure_renegotiation, alone.then_some(false), "{no:?}");
        assert_eq!(found.compression, None, "{no:?}");
    }
}

#[test]
fn every_hello_that_old_versions_may_answer_asks_for_renegotiation() {
    for offer in Offer::all().filter(|offer| offer.template().hand_made) {
        let Offer::Asked(question) = offer else {
            continue;
        };
        let offered = Offered::of(offer, &[]);
        let alone = matches!(
            question,
            Question::Suites(ProtocolVersion::Tls13)
                | Question::Order(ProtocolVersion::Tls13)
                | Question::Groups(GroupVersion::Tls13)
                | Question::GroupsAgain(GroupVersion::Tls13)
        );
        assert_eq!(offered.asks_renegotiation(), !alone, "{offer:?}");
    }
}

/// Returns a visit that received an ECDSA chain, and then this exchange.
fn after(
    facts: &[Fact],
    question: Question,
    answer: (Option<PeerChain>, Option<Failure>),
) -> Facts {
    let mut visit = observation(facts);
    visit.exchanges[0].chain = Some(ecdsa());
    let mut exchange = exchange(Offer::Asked(question), Ok(UNLISTED));
    (exchange.chain, exchange.failure) = answer;
    visit.exchanges.push(exchange);
    Facts::of(&visit).unwrap()
}

#[test]
fn few_alerts_mean_that_a_name_is_required() {
    for (failure, expected) in [
        (failure(Reason::Alert, "unrecognized_name"), Some(false)),
        (failure(Reason::Alert, "handshake_failure"), Some(false)),
        (failure(Reason::Alert, "access_denied"), Some(false)),
        (failure(Reason::Alert, "missing_extension"), Some(false)),
        (failure(Reason::Alert, "internal_error"), None),
        (failure(Reason::Alert, "protocol_version"), None),
        (failure(Reason::Eof, ""), None),
        (failure(Reason::Timeout, ""), None),
        (failure(Reason::LocalLimit, ""), None),
        (failure(Reason::NotTls, "unrecognized_name"), None),
    ] {
        let asked = [Fact::DefaultCertificate];
        let found = after(&asked, Question::Nameless, (None, failure.clone()));
        assert_eq!(found.default_certificate, expected, "{failure:?}");
    }
}

#[test]
fn a_family_of_keys_is_refused_by_an_alert_or_by_another_key() {
    let other = "sent another kind of key all the same";
    let ecdsa = ecdsa();
    let edwards = edwards();
    for (answer, expected) in [
        (
            (None, failure(Reason::Alert, "handshake_failure")),
            Some("handshake_failure"),
        ),
        ((None, failure(Reason::Alert, "protocol_version")), None),
        ((None, failure(Reason::Timeout, "")), None),
        ((None, failure(Reason::LocalLimit, "")), None),
        ((None, failure(Reason::Eof, "")), None),
        ((None, failure(Reason::Reset, "")), None),
        ((None, None), None),
        ((Some(ecdsa), failure(Reason::Malformed, "")), Some(other)),
        ((Some(edwards), None), Some(other)),
        ((Some(of_bytes(&[0x30, 0])), None), None),
    ] {
        let asked = Question::Keys(KeyFamily::Rsa);
        let found = after(&[Fact::Chains], asked, answer.clone()).rsa;
        let expected = expected.map(|text| KeyChain::Refused(text.into()));
        assert_eq!(found, expected, "{:?}", answer.1);
    }
}

#[test]
fn key_families_are_probed_only_where_versions_support_it() {
    let asked = Offer::Asked(Question::Keys(KeyFamily::Rsa));
    let refused = exchange(asked, Err(No::Alert("handshake_failure")));
    let mut visit = observation(&[Fact::Chains]);
    // Older hellos contain no signature schemes, so nothing is asked.
    visit.exchanges[0].session.as_mut().unwrap().version = ProtocolVersion::Tls11;
    assert_eq!(next_question(&visit), None);
    // With only TLS 1.3, servers should send the chain that they have.
    visit.exchanges[0].session.as_mut().unwrap().version = ProtocolVersion::Tls13;
    visit.exchanges.push(refused);
    assert!(Facts::of(&visit).unwrap().rsa.is_some());
    let tls12 = Offer::Version(ProtocolVersion::Tls12);
    let no = exchange(tls12, Err(No::Alert("protocol_version")));
    visit.exchanges.push(no);
    assert_eq!(Facts::of(&visit).unwrap().rsa, None);
}

#[test]
fn an_answer_keeps_what_was_asked_for_and_nothing_that_a_server_can_make_long() {
    let sent = of_bytes(&[0x30, 0]);
    let certificate = sent.leaf().unwrap();
    for offer in Offer::all() {
        let mut answer = exchange(offer, Ok(0xC02B));
        answer.session.as_mut().unwrap().ocsp_staple = Some(vec![1; 1000]);
        answer.chain = Some(PeerChain {
            certificates: vec![certificate.clone(); 3],
        });
        reduce(&mut answer, &[]);
        let kept = answer.chain.map(|chain| chain.certificates.len());
        let staple = answer.session.unwrap().ocsp_staple;
        let expected = match offer {
            Offer::Asked(Question::Keys(_) | Question::Nameless) => (Some(3), false),
            Offer::Asked(Question::Groups(GroupVersion::Tls12)) => (Some(1), false),
            Offer::Asked(_) => (None, false),
            _ => (Some(3), true),
        };
        assert_eq!((kept, staple.is_some()), expected, "{offer:?}");
    }
}

#[test]
fn the_same_certificates_are_held_once() {
    let [first, again, other] = [&[0x30, 0][..], &[0x30, 0], &[0x30, 1]].map(of_bytes);
    let mut earlier = exchange(Offer::Modern, Ok(0xC02B));
    earlier.chain = Some(first.clone());
    for (chain, shared) in [(again, true), (other, false)] {
        for offer in Offer::all() {
            let mut answer = exchange(offer, Ok(0xC02B));
            answer.chain = Some(chain.clone());
            reduce(&mut answer, std::slice::from_ref(&earlier));
            let Some(kept) = answer.chain else {
                continue;
            };
            assert_eq!(kept, chain);
            let held = Arc::ptr_eq(kept.leaf().unwrap(), first.leaf().unwrap());
            assert_eq!(held, shared, "{offer:?}");
        }
    }
}

#[test]
fn a_dialogue_is_kept_once_unless_it_is_worth_more() {
    let greeted = || {
        let mut transcript = Transcript::default();
        transcript.add(Said::Server, b"220 mx\r\n");
        transcript
    };
    let mut injected = greeted();
    injected.inject(b"250 more\r\n");
    let starttls = Some(Failure::saved_as(
        Stage::Starttls,
        Reason::TurnedAway,
        "421",
    ));
    let asked = Offer::Asked(Question::Suites(ProtocolVersion::Tls12));
    for (offer, earlier, transcript, failure, kept) in [
        (asked, true, greeted(), None, false),
        (asked, true, greeted(), failure(Reason::Eof, ""), false),
        (asked, false, greeted(), None, true),
        (asked, true, injected, None, true),
        (asked, true, greeted(), starttls, true),
        (Offer::Wide, true, greeted(), None, true),
    ] {
        let mut first = exchange(Offer::Modern, Ok(UNLISTED));
        first.transcript = earlier.then(greeted);
        let mut answer = exchange(offer, Ok(UNLISTED));
        (answer.transcript, answer.failure) = (Some(transcript), failure);
        reduce(&mut answer, &[first]);
        assert_eq!(answer.transcript.is_some(), kept, "{offer:?} {earlier}");
    }
}
