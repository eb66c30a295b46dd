//! The ClientHello of each offer with fixed content, so that its bytes can be published and their
//! digest compared. It is made by the code that makes the ones that are sent.

use crate::crypto::Fingerprint;
use crate::inventory::{Defaults, Target, TargetSpec};
use crate::observation::{Offer, Offered, Question};
use crate::tls::ClientHello;

use super::{Approach, Prober, Timeouts};

/// The ClientHello of an offer for the server name `example.com`. Everything random is zero: the
/// random, the session id and the keys of the key shares. Extensions that rustls writes are sorted by
/// number, because rustls shuffles them in every connection.
#[derive(Clone, Debug)]
pub struct HelloSample {
    /// The offer.
    pub offer: Offer,
    /// The parsed ClientHello.
    pub hello: ClientHello,
    /// The bytes of its record.
    pub record: Vec<u8>,
    /// SHA-256 of `record`.
    pub sha256: Fingerprint,
}

impl HelloSample {
    /// Returns the sample of an offer. If the offer belongs to a series, it is the first of the
    /// series. Returns `None` if its lists follow from earlier answers only.
    pub fn of(offer: Offer) -> Option<Self> {
        if let Offer::Asked(Question::Order(_) | Question::GroupsAgain(_)) = offer {
            return None;
        }
        let prober = Prober::new(Timeouts::default(), Approach::default());
        let target = target(offer)?;
        let offered = Offered::of(offer, &[]);
        let sent = match offered.template.hand_made {
            true => prober.clear.record(&offered, &target),
            false => prober.modern.record(&target, &offered)?,
        };
        let hello = ClientHello::parse(&sent).ok()?.without_randomness();
        let hello = match offered.template.hand_made {
            true => hello,
            false => hello.with_sorted_extensions(),
        };
        let record = hello.record();
        Some(Self {
            offer,
            sha256: Fingerprint::of(&record),
            hello,
            record,
        })
    }
}

/// Returns the target of a sample: a web server, except for the offer that only services with a
/// dialogue get.
fn target(offer: Offer) -> Option<Target> {
    let text = match offer {
        Offer::Implicit => "smtp://example.com",
        _ => "https://example.com",
    };
    TargetSpec::expand(text, &Defaults::default()).ok()?.next()
}

impl Approach {
    /// Returns true if a visit may send this offer.
    pub fn may_send(&self, offer: Offer) -> bool {
        match offer {
            Offer::Hello => self.lane == super::Lane::Hello,
            Offer::Version(_) | Offer::ShortVersion(_) => self.all_versions,
            Offer::Asked(question) => question.facts().iter().any(|it| self.facts.contains(*it)),
            Offer::Modern
            | Offer::NoAlpn
            | Offer::Wide
            | Offer::Short
            | Offer::Rest
            | Offer::MoreGroups
            | Offer::Browser
            | Offer::Chrome
            | Offer::BrowserTls13
            | Offer::Implicit => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::observation::Fact;

    #[test]
    fn a_sample_has_the_same_bytes_every_time() {
        for offer in Offer::all() {
            let [one, other] = [HelloSample::of(offer), HelloSample::of(offer)];
            let [one, other] = [one.map(|it| it.record), other.map(|it| it.record)];
            assert_eq!(one, other, "{}", offer.id());
            let depends = matches!(
                offer,
                Offer::Asked(Question::Order(_) | Question::GroupsAgain(_))
            );
            assert_eq!(one.is_none(), depends, "{}", offer.id());
        }
    }

    #[test]
    fn a_sample_offers_what_its_template_says() {
        for offer in Offer::all().filter(|it| !matches!(it, Offer::Asked(_))) {
            let (sample, template) = (HelloSample::of(offer).unwrap(), offer.template());
            let mut suites = sample.hello.suites.clone();
            if !template.hand_made {
                // rustls adds the signal for secure renegotiation.
                suites.retain(|suite| *suite != 0x00FF);
            }
            assert_eq!(suites, template.suites, "{}", offer.id());
            assert_eq!(sample.hello.groups(), template.groups, "{}", offer.id());
            assert_eq!(
                sample.hello.signatures(),
                template.signatures,
                "{}",
                offer.id()
            );
        }
    }

    /// Different ClientHellos have different digests. The listed ones are the same under several
    /// ids, because they are sent for different reasons.
    #[test]
    fn equal_digests_are_intended() {
        let mut ids: BTreeMap<Fingerprint, Vec<&str>> = BTreeMap::new();
        for sample in Offer::all().filter_map(HelloSample::of) {
            ids.entry(sample.sha256)
                .or_default()
                .push(sample.offer.id());
        }
        let mut shared: Vec<_> = ids.into_values().filter(|ids| ids.len() > 1).collect();
        shared.sort();
        assert_eq!(
            shared,
            [
                vec!["groups_tls1_3", "suites_tls1_3"],
                vec!["modern", "tickets", "alpn"],
                vec!["short", "tls1_2_short"],
                vec!["ssl3", "suites_ssl3"],
                vec!["tls1_0", "suites_tls1_0"],
                vec!["tls1_1", "suites_tls1_1"],
                vec!["wide", "tls1_2", "renegotiation", "suites_tls1_2"],
                vec!["without_alpn", "implicit"],
            ]
        );
    }

    #[test]
    fn a_visit_sends_only_what_was_requested() {
        let plain = Approach::default();
        let sent: Vec<_> = Offer::all().filter(|it| plain.may_send(*it)).collect();
        assert_eq!(sent.len(), 10);
        let all = Approach {
            all_versions: true,
            facts: Fact::ALL.into_iter().collect(),
            ..plain
        };
        let unsent: Vec<_> = Offer::all().filter(|it| !all.may_send(*it)).collect();
        assert_eq!(unsent, [Offer::Hello]);
    }
}
