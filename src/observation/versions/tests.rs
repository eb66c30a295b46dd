//! Tests of what one answer, or several, prove about a version.

use ProtocolVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
use VersionWord::{BrokeOff, Claimed, Intolerant, NoAnswer, NotProbed, Rejected, Supported};

use super::*;
use crate::observation::Session;
use crate::observation::{Failure, Stage};

fn chose(offer: Offer, version: ProtocolVersion) -> Exchange {
    marked(offer, version, None)
}

fn marked(offer: Offer, version: ProtocolVersion, mark: Option<ProtocolVersion>) -> Exchange {
    Exchange {
        offer,
        transcript: None,
        session: Some(Session {
            downgrade: mark,
            ..Session::of(version, 0xC02F)
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
            Some(Tls10),
        ),
    ] {
        let offer = exchange.offer;
        let exchanges = [exchange];
        assert_eq!(words(&exchanges), expected, "{offer:?}");
        assert_eq!(
            next_for_versions(&exchanges),
            next.map(Offer::Version),
            "{offer:?}"
        );
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

/// Returns a failed short probe of this version.
fn short(version: ProtocolVersion, end: Exchange) -> Exchange {
    Exchange {
        offer: Offer::ShortVersion(version),
        ..end
    }
}

#[test]
fn a_version_is_asked_for_at_once_by_a_short_hello_after_a_reset_or_silence() {
    let reset = ended(Tls11, Reason::Reset);
    let silence = ended(Tls11, Reason::Timeout);
    let (short_again, long_again) = (
        Some(Offer::ShortVersion(Tls11)),
        Some(Offer::Version(Tls11)),
    );
    let next = Some(Offer::Version(Tls10));
    let yes = short(Tls11, chose(Offer::Modern, Tls11));
    let older = short(Tls11, chose(Offer::Modern, Ssl3));
    let no = short(Tls11, alert(Tls11, "protocol_version"));
    let unclear = short(Tls11, alert(Tls11, "handshake_failure"));
    let (short_reset, short_silence) = (short(Tls11, reset.clone()), short(Tls11, silence.clone()));
    let long_yes = chose(Offer::Version(Tls11), Tls11);
    let long_no = alert(Tls11, "handshake_failure");
    for (looks, outcome, reason, next) in [
        (vec![&reset], NoAnswer, "reset", short_again),
        (vec![&silence], NoAnswer, "timeout", short_again),
        (vec![&reset, &yes], Supported, "chosen", next),
        (vec![&silence, &yes], Supported, "chosen", next),
        (vec![&silence, &older], Rejected, "chose SSLv3", next),
        (vec![&reset, &no], Rejected, "protocol_version", next),
        (vec![&silence, &no], Rejected, "protocol_version", next),
        // The short hello is repeated too if it was dropped.
        (vec![&reset, &short_reset], NoAnswer, "reset", short_again),
        (
            vec![&silence, &short_reset],
            NoAnswer,
            "timeout",
            short_again,
        ),
        (vec![&reset, &short_reset, &yes], Supported, "chosen", next),
        (
            vec![&reset, &short_reset, &short_reset],
            Intolerant,
            "reset",
            next,
        ),
        (vec![&reset, &short_silence], NoAnswer, "timeout", next),
        // The server may require something that the short hello does not offer.
        (vec![&silence, &unclear], NoAnswer, "timeout", next),
        (vec![&reset, &unclear], NoAnswer, "reset", long_again),
        (vec![&reset, &unclear, &long_yes], Supported, "chosen", next),
        (
            vec![&reset, &unclear, &long_no],
            Rejected,
            "handshake_failure",
            next,
        ),
        (vec![&reset, &unclear, &reset], Intolerant, "reset", next),
        (
            vec![&reset, &short_reset, &unclear, &long_yes],
            Supported,
            "chosen",
            next,
        ),
    ] {
        let known = [
            chose(Offer::Version(Tls13), Tls13),
            chose(Offer::Version(Tls12), Tls12),
        ];
        let exchanges: Vec<_> = known
            .into_iter()
            .chain(looks.into_iter().cloned())
            .collect();
        let versions = Versions::concluded(&exchanges);
        let found = versions.outcome(Tls11);
        assert_eq!(
            (found.outcome, &*found.reason),
            (outcome, reason),
            "{exchanges:?}"
        );
        let next = match found.reason.starts_with("chose SSL") {
            // Choosing an older version rejects the versions in between.
            true => None,
            false => next,
        };
        assert_eq!(next_for_versions(&exchanges), next, "{exchanges:?}");
    }
}

#[test]
fn a_version_without_a_short_hello_is_asked_for_again_by_the_same() {
    let known = [chose(Offer::Modern, Tls12), ended(Tls13, Reason::Eof)];
    for version in [Tls13, Ssl3] {
        let mut exchanges = vec![
            chose(Offer::Modern, Tls12),
            alert(Tls11, "protocol_version"),
            alert(Tls10, "protocol_version"),
            alert(Ssl3, "protocol_version"),
        ];
        exchanges.retain(|it| it.offer != Offer::Version(version));
        let exchanges: Vec<_> = match version {
            Tls13 => vec![chose(Offer::Wide, Tls12), ended(Tls13, Reason::Eof)],
            _ => exchanges
                .into_iter()
                .chain([ended(version, Reason::Reset)])
                .collect(),
        };
        assert_eq!(next_for_versions(&exchanges), Some(Offer::Version(version)));
    }
    assert_eq!(
        next_for_versions(&known),
        Some(Offer::Version(Tls11)),
        "TLS 1.2 was chosen over it"
    );
}

#[test]
fn a_dialogue_that_is_dropped_once_is_no_answer_about_the_version() {
    let turned = |version| {
        failed(
            Offer::Version(version),
            Stage::Starttls,
            Reason::Temporary,
            "421 later",
        )
    };
    let mut exchanges = vec![chose(Offer::Modern, Tls12), turned(Tls11)];
    assert_eq!(next_for_versions(&exchanges), Some(Offer::Version(Tls11)));
    exchanges.push(chose(Offer::Version(Tls11), Tls11));
    assert_eq!(words(&exchanges)[2], Supported);
    exchanges.truncate(1);
    exchanges.extend([turned(Tls11), turned(Tls11)]);
    assert_eq!(words(&exchanges)[2], NoAnswer);
    assert_eq!(
        next_for_versions(&exchanges),
        None,
        "it does not talk any more"
    );
    // A claimed version is still probed.
    for (stage, reason) in [
        (Stage::Connect, Reason::Reset),
        (Stage::Starttls, Reason::Temporary),
    ] {
        let turned = failed(Offer::Version(Tls13), stage, reason, "x");
        let exchanges = [marked(Offer::Hello, Tls12, Some(Tls13)), turned];
        let again = Some(Offer::Version(Tls13));
        assert_eq!(next_for_versions(&exchanges), again, "{stage:?}");
    }
}

#[test]
fn silence_to_long_hellos_is_no_death_where_others_were_answered() {
    let mut exchanges = vec![
        ended(Tls13, Reason::Timeout),
        short(Tls12, ended(Tls12, Reason::Timeout)),
    ];
    exchanges[0].offer = Offer::Modern;
    exchanges[1].offer = Offer::Short;
    assert_eq!(
        next_for_versions(&exchanges),
        None,
        "nothing was ever answered"
    );
    exchanges[1] = chose(Offer::Short, Tls10);
    exchanges.push(ended(Tls13, Reason::Timeout));
    assert_eq!(next_for_versions(&exchanges), Some(Offer::Version(Ssl3)));
    let mut exchanges = vec![chose(Offer::Modern, Tls13)];
    let mut asked = Vec::new();
    while let Some(offer) = next_for_versions(&exchanges) {
        exchanges.push(failed(offer, Stage::Handshake, Reason::Timeout, ""));
        asked.push(offer.id());
    }
    // Two unanswered short hellos are enough.
    assert_eq!(asked, ["tls1_2", "tls1_2_short", "tls1_1", "tls1_1_short"]);
}

#[test]
fn who_closes_at_everything_is_asked_once_for_each_version() {
    let mut exchanges = Vec::new();
    while let Some(Offer::Version(version)) = next_for_versions(&exchanges) {
        exchanges.push(ended(version, Reason::Eof));
        assert!(exchanges.len() <= 5, "no end to the questions");
    }
    assert_eq!(words(&exchanges), [NoAnswer; 5]);
}

#[test]
fn a_dead_host_is_left_alone() {
    let silent = ended(Tls13, Reason::Timeout);
    let silent_too = ended(Tls12, Reason::Timeout);
    assert_eq!(
        next_for_versions(std::slice::from_ref(&silent)),
        Some(Offer::Version(Tls12))
    );
    assert_eq!(next_for_versions(&[silent, silent_too]), None);
    let shut = failed(Offer::Version(Tls11), Stage::Connect, Reason::Refused, "");
    assert_eq!(next_for_versions(std::slice::from_ref(&shut)), None);
    let versions = Versions::concluded(&[shut]);
    assert_eq!(versions.outcome(Tls11).outcome, NoAnswer);
    assert_eq!(versions.outcome(Tls11).reason, "refused");
    assert_eq!(versions.outcome(Tls10).hello, None);
}

#[test]
fn what_is_asked_ends_after_five_exchanges() {
    let mut exchanges = Vec::new();
    while let Some(Offer::Version(version)) = next_for_versions(&exchanges) {
        assert!(exchanges.len() < 5);
        exchanges.push(alert(version, "handshake_failure"));
    }
    assert_eq!(words(&exchanges), [Rejected; 5]);
}

/// Returns an answer that was aborted after the ServerHello.
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
        assert_eq!(
            next_for_versions(&exchanges),
            Some(Offer::Version(Tls10)),
            "{text}"
        );
        let mut sound = exchanges.clone();
        sound.push(chose(Offer::Version(Tls10), Tls10));
        assert_eq!(words(&sound)[1], Supported, "{text}");
        exchanges.push(breaks);
        let versions = Versions::concluded(&exchanges);
        let found = versions.outcome(Tls10);
        assert_eq!((found.outcome, &*found.reason), (BrokeOff, text));
        assert_eq!(versions.supported().collect::<Vec<_>>(), [Tls12]);
        assert_eq!(next_for_versions(&exchanges), None);
        // The same failure of an ordinary hello proves nothing either.
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
        assert_ne!(next_for_versions(&exchanges), Some(Offer::Version(Tls13)));
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
        assert_ne!(
            next_for_versions(&exchanges),
            Some(Offer::Version(Tls13)),
            "it was asked"
        );
    }
    // A marker in an aborted answer, or for an older version, claims nothing.
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
    assert_eq!(next_for_versions(&exchanges), Some(Offer::Version(Tls11)));
    exchanges.push(alert(Tls11, "internal_error"));
    assert_eq!(words(&exchanges)[2], Rejected);
    assert_eq!(next_for_versions(&exchanges), None);
}
