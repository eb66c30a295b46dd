//! What one answer, and several, prove.

use ProtocolVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
use VersionWord::{BrokeOff, Claimed, Intolerant, NoAnswer, NotProbed, Rejected, Supported};

use super::*;
use crate::observation::Session;

fn chose(offer: Offer, version: ProtocolVersion) -> Exchange {
    marked(offer, version, None)
}

fn marked(offer: Offer, version: ProtocolVersion, mark: Option<ProtocolVersion>) -> Exchange {
    Exchange {
        offer,
        transcript: None,
        session: Some(Session {
            version,
            cipher: 0xC02F,
            group: None,
            signature: None,
            alpn: None,
            hello_retry: None,
            ocsp_staple: None,
            client_cert_requested: None,
            name_warning: false,
            key_proof: None,
            downgrade: mark,
            alpn_offered: false,
            secure_renegotiation: None,
            ticket: None,
            compression: None,
            dh_bits: None,
        }),
        chain: None,
        chain_cut: false,
        failure: None,
    }
}

fn failed(offer: Offer, stage: Stage, reason: Reason, detail: &str) -> Exchange {
    Exchange {
        offer,
        transcript: None,
        session: None,
        chain: None,
        chain_cut: false,
        failure: Some(Failure::saved_as(stage, reason, detail)),
    }
}

fn alert(version: ProtocolVersion, name: &str) -> Exchange {
    failed(
        Offer::Version(version),
        Stage::Handshake,
        Reason::Alert,
        name,
    )
}

fn ended(version: ProtocolVersion, reason: Reason) -> Exchange {
    failed(Offer::Version(version), Stage::Handshake, reason, "")
}

fn words(exchanges: &[Exchange]) -> [VersionWord; 5] {
    Versions::concluded(exchanges).0.map(|it| it.outcome)
}

#[test]
fn one_answer_proves_what_it_can_and_no_more() {
    for (exchange, expected, next) in [
        (
            chose(Offer::Modern, Tls13),
            [NotProbed, NotProbed, NotProbed, NotProbed, Supported],
            Some(Tls12),
        ),
        (
            chose(Offer::Modern, Tls12),
            [NotProbed, NotProbed, NotProbed, Supported, Rejected],
            Some(Tls11),
        ),
        (
            chose(Offer::Wide, Tls12),
            [NotProbed, NotProbed, NotProbed, Supported, NotProbed],
            Some(Tls13),
        ),
        (
            chose(Offer::Wide, Tls10),
            [NotProbed, Supported, Rejected, Rejected, NotProbed],
            Some(Tls13),
        ),
        (
            chose(Offer::Version(Tls11), Ssl3),
            [Supported, Rejected, Rejected, NotProbed, NotProbed],
            Some(Tls13),
        ),
        (
            chose(Offer::Version(Tls13), Tls12),
            [NotProbed, NotProbed, NotProbed, Supported, Rejected],
            Some(Tls11),
        ),
        (
            marked(Offer::Hello, Tls12, Some(Tls13)),
            [NotProbed, NotProbed, NotProbed, Supported, Claimed],
            Some(Tls13),
        ),
        (
            failed(
                Offer::Modern,
                Stage::Handshake,
                Reason::Alert,
                "protocol_version",
            ),
            [NotProbed; 5],
            Some(Tls13),
        ),
        (
            chose(Offer::Version(Tls10), Tls12),
            [NotProbed, NoAnswer, NotProbed, NotProbed, NotProbed],
            Some(Tls13),
        ),
    ] {
        let offer = exchange.offer;
        let exchanges = [exchange];
        assert_eq!(words(&exchanges), expected, "{offer:?}");
        assert_eq!(unknown_version(&exchanges), next, "{offer:?}");
    }
}

#[test]
fn the_whole_handshake_outweighs_an_alert_to_an_empty_share() {
    let mut exchanges = vec![
        chose(Offer::Hello, Tls12),
        alert(Tls13, "illegal_parameter"),
    ];
    assert!(needs_handshake(&exchanges));
    assert_eq!(words(&exchanges)[4], Rejected);
    exchanges.push(chose(Offer::Modern, Tls13));
    assert!(!needs_handshake(&exchanges));
    assert_eq!(words(&exchanges)[4], Supported);
    assert!(!needs_handshake(&[alert(Tls13, "protocol_version")]));
}

#[test]
fn a_close_is_intolerance_only_beside_an_answer() {
    let closes = ended(Tls13, Reason::Eof);
    assert_eq!(words(std::slice::from_ref(&closes))[4], NoAnswer);
    let reset = ended(Tls10, Reason::Reset);
    assert_eq!(
        words(&[closes.clone(), reset])[..],
        [NotProbed, NoAnswer, NotProbed, NotProbed, NoAnswer]
    );
    let answer = chose(Offer::Version(Tls12), Tls12);
    let with_answer = [closes.clone(), answer, closes];
    let versions = Versions::concluded(&with_answer);
    assert_eq!(versions.outcome(Tls13).outcome, Intolerant);
    assert_eq!(versions.outcome(Tls13).reason, "close");
    assert_eq!(versions.outcome(Tls13).hello, Some("tls1_3"));
    assert_eq!(versions.supported().collect::<Vec<_>>(), [Tls12]);
}

#[test]
fn a_version_that_was_reset_once_is_asked_for_again_and_must_be_reset_again() {
    let reset = ended(Tls11, Reason::Reset);
    let known = [
        chose(Offer::Version(Tls13), Tls13),
        chose(Offer::Version(Tls12), Tls12),
        reset.clone(),
        alert(Tls10, "protocol_version"),
        alert(Ssl3, "handshake_failure"),
    ];
    assert_eq!(unknown_version(&known), Some(Tls11));
    assert_eq!(words(&known)[2], NoAnswer, "once is not enough");
    for (second, outcome, reason) in [
        (reset, Intolerant, "reset"),
        (ended(Tls11, Reason::Eof), Intolerant, "reset"),
        (chose(Offer::Version(Tls11), Tls11), Supported, "chosen"),
        (
            chose(Offer::Version(Tls11), Tls10),
            Rejected,
            "chose TLSv1.0",
        ),
        (
            alert(Tls11, "protocol_version"),
            Rejected,
            "protocol_version",
        ),
        (ended(Tls11, Reason::Timeout), NoAnswer, "timeout"),
    ] {
        let exchanges: Vec<_> = known.iter().cloned().chain([second]).collect();
        assert_eq!(unknown_version(&exchanges), None, "{reason}");
        let versions = Versions::concluded(&exchanges);
        let found = versions.outcome(Tls11);
        assert_eq!((found.outcome, &*found.reason), (outcome, reason));
    }
}

#[test]
fn who_closes_at_everything_is_asked_once_for_each_version() {
    let mut exchanges = Vec::new();
    while let Some(version) = unknown_version(&exchanges) {
        exchanges.push(ended(version, Reason::Eof));
        assert!(exchanges.len() <= 5, "no end to the questions");
    }
    assert_eq!(words(&exchanges), [NoAnswer; 5]);
}

#[test]
fn a_dead_host_is_left_alone() {
    let silent = ended(Tls13, Reason::Timeout);
    let silent_too = ended(Tls12, Reason::Timeout);
    assert_eq!(unknown_version(std::slice::from_ref(&silent)), Some(Tls12));
    assert_eq!(unknown_version(&[silent, silent_too]), None);
    let shut = failed(Offer::Version(Tls11), Stage::Connect, Reason::Refused, "");
    assert_eq!(unknown_version(std::slice::from_ref(&shut)), None);
    let versions = Versions::concluded(&[shut]);
    assert_eq!(versions.outcome(Tls11).outcome, NoAnswer);
    assert_eq!(versions.outcome(Tls11).reason, "refused");
    assert_eq!(versions.outcome(Tls10).hello, None);
}

#[test]
fn what_is_asked_ends_after_five_exchanges() {
    let mut exchanges = Vec::new();
    while let Some(version) = unknown_version(&exchanges) {
        assert!(exchanges.len() < 5);
        exchanges.push(alert(version, "handshake_failure"));
    }
    assert_eq!(words(&exchanges), [Rejected; 5]);
}

/// An answer that broke off after the ServerHello.
fn broke(offer: Offer, version: ProtocolVersion, reason: Reason, detail: &str) -> Exchange {
    Exchange {
        failure: Some(Failure::saved_as(Stage::Handshake, reason, detail)),
        ..chose(offer, version)
    }
}

#[test]
fn a_version_that_was_chosen_and_broken_off_is_not_supported() {
    for (reason, detail, text) in [
        (Reason::Alert, "handshake_failure", "handshake_failure"),
        (Reason::Eof, "", "close"),
        (Reason::Reset, "", "reset"),
        (Reason::Timeout, "the answer was not finished", "timeout"),
        (
            Reason::Malformed,
            "chose the suite X, which was not on offer",
            "chose the suite X, which was not on offer",
        ),
    ] {
        let breaks = broke(Offer::Version(Tls10), Tls10, reason, detail);
        let mut exchanges = vec![
            chose(Offer::Modern, Tls12),
            alert(Tls11, "protocol_version"),
            alert(Ssl3, "protocol_version"),
            breaks.clone(),
        ];
        assert_eq!(words(&exchanges)[1], NoAnswer, "{text}: it was seen once");
        assert_eq!(unknown_version(&exchanges), Some(Tls10), "{text}");
        let mut sound = exchanges.clone();
        sound.push(chose(Offer::Version(Tls10), Tls10));
        assert_eq!(words(&sound)[1], Supported, "{text}");
        exchanges.push(breaks);
        let versions = Versions::concluded(&exchanges);
        let found = versions.outcome(Tls10);
        assert_eq!((found.outcome, &*found.reason), (BrokeOff, text));
        assert_eq!(versions.supported().collect::<Vec<_>>(), [Tls12]);
        assert_eq!(unknown_version(&exchanges), None);
        // An ordinary hello that met it proves nothing either.
        for offer in [Offer::Wide, Offer::Hello, Offer::Short] {
            assert_eq!(words(&[broke(offer, Tls10, reason, detail)])[1], NotProbed);
        }
    }
}

#[test]
fn an_anonymous_answer_and_one_to_rest_are_whole() {
    let anonymous = broke(Offer::Wide, Tls11, Reason::Anonymous, "suite");
    assert_eq!(words(&[anonymous])[2], Supported);
    let rest = broke(
        Offer::Rest,
        Tls13,
        Reason::Incompatible,
        "needs the group x448",
    );
    assert_eq!(words(&[rest])[4], Supported);
    let flaw = broke(Offer::Rest, Tls13, Reason::Malformed, "names no group");
    assert_eq!(words(&[flaw])[4], NotProbed);
}

#[test]
fn a_handshake_that_the_server_broke_off_outweighs_a_request_for_another_hello() {
    let retry = chose(Offer::Version(Tls13), Tls13);
    for reason in [Reason::Alert, Reason::Eof, Reason::Reset, Reason::Malformed] {
        let exchanges = [broke(Offer::Modern, Tls13, reason, "x"), retry.clone()];
        assert_eq!(words(&exchanges)[4], BrokeOff, "{reason:?}");
        assert_ne!(unknown_version(&exchanges), Some(Tls13));
    }
    for reason in [Reason::Incompatible, Reason::TooLarge] {
        let exchanges = [broke(Offer::Modern, Tls13, reason, "x"), retry.clone()];
        assert_eq!(words(&exchanges)[4], Supported, "{reason:?}");
    }
}

#[test]
fn a_mark_is_a_claim_until_the_version_is_asked_for() {
    let marked = marked(Offer::Hello, Tls12, Some(Tls13));
    for (answer, outcome) in [
        (alert(Tls13, "protocol_version"), Rejected),
        (chose(Offer::Version(Tls13), Tls12), Rejected),
        (chose(Offer::Version(Tls13), Tls13), Supported),
        (chose(Offer::Modern, Tls12), Rejected),
        (ended(Tls13, Reason::Timeout), Claimed),
    ] {
        let exchanges = [marked.clone(), answer];
        assert_eq!(words(&exchanges)[4], outcome);
        assert_ne!(unknown_version(&exchanges), Some(Tls13), "it was asked");
    }
    // A mark after which the server broke off, or of an older version, claims nothing.
    let mut broken = marked.clone();
    broken.failure = Some(Failure::saved_as(Stage::Handshake, Reason::Eof, ""));
    assert_eq!(words(&[broken])[4], NotProbed);
}

#[test]
fn an_internal_error_is_seen_twice_before_it_is_a_no() {
    let mut exchanges = vec![
        chose(Offer::Modern, Tls12),
        alert(Tls11, "internal_error"),
        alert(Tls10, "protocol_version"),
        alert(Ssl3, "protocol_version"),
    ];
    assert_eq!(words(&exchanges)[2], NoAnswer);
    assert_eq!(unknown_version(&exchanges), Some(Tls11));
    exchanges.push(alert(Tls11, "internal_error"));
    assert_eq!(words(&exchanges)[2], Rejected);
    assert_eq!(unknown_version(&exchanges), None);
}
