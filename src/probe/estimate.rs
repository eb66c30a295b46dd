//! How many connections a visit takes: the code that plans real visits is run against the answers of
//! a model server. The upper bound counts everything that this code could ever send.

use std::sync::Arc;

use jiff::Timestamp;

use super::model::Model;
use super::sequence::next_offer;
use super::settings::{Approach, Lane};
use crate::inventory::{Endpoint, Start, Target};
use crate::observation::{
    MAX_EXCHANGES, Observation, Offer, Offered, most_questions, most_version_hellos, reduce,
};

/// Number of connections of one visit, by purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// ClientHellos for the verdict: the first one and those that follow a refusal.
    pub verdict: u64,
    /// ClientHellos that test a version (`--versions all`).
    pub versions: u64,
    /// ClientHellos for `--facts`.
    pub facts: u64,
}

impl Connections {
    /// Returns the sum.
    pub fn total(self) -> u64 {
        self.verdict + self.versions + self.facts
    }

    fn add(&mut self, offer: Offer) {
        match purpose(offer) {
            Purpose::Verdict => self.verdict += 1,
            Purpose::Version => self.versions += 1,
            Purpose::Fact => self.facts += 1,
        }
    }
}

/// Number of connections of one visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// At a port that accepts no connection.
    pub least: Connections,
    /// At a usual web server: nginx with TLS 1.2 and 1.3 and its default settings, over OpenSSL 3.0.
    pub usual: Connections,
    /// At most, whatever the server answers.
    pub most: Connections,
    /// At most in a retry, where a dropped ClientHello is sent once more.
    pub most_in_retry: Connections,
}

impl Estimate {
    /// Returns the estimate for a target at one address.
    pub fn of(approach: &Approach, target: &Arc<Target>) -> Self {
        let most = most(approach, target);
        Self {
            least: Connections {
                verdict: 1,
                ..Connections::default()
            },
            usual: usual(approach, target),
            most,
            most_in_retry: Connections {
                verdict: 2 * most.verdict,
                ..most
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Verdict,
    Version,
    Fact,
}

fn purpose(offer: Offer) -> Purpose {
    match offer {
        Offer::Asked(_) => Purpose::Fact,
        _ if offer.asks_for().is_some() => Purpose::Version,
        _ => Purpose::Verdict,
    }
}

fn usual(approach: &Approach, target: &Arc<Target>) -> Connections {
    let model = Model::new();
    let mut connections = Connections::default();
    let mut observation = begun(approach, target);
    while let Some(offer) = next_offer(approach, &observation)
        && observation.exchanges.len() < MAX_EXCHANGES
    {
        connections.add(offer);
        let offered = Offered::of(offer, &observation.exchanges);
        let mut exchange = model.answer(&offered, target);
        reduce(&mut exchange, &observation.exchanges);
        observation.add(exchange);
    }
    connections
}

fn begun(approach: &Approach, target: &Arc<Target>) -> Observation {
    let endpoint = Endpoint {
        target: target.clone(),
        address: None,
    };
    Observation {
        versions_asked: approach.all_versions,
        facts_asked: approach.facts,
        ..Observation::of(endpoint, Timestamp::UNIX_EPOCH)
    }
}

/// Counts each offer that `next_offer` may return once: it returns no offer for the verdict twice in
/// a first visit. The bounds for versions and facts are defined beside the code that asks them.
fn most(approach: &Approach, target: &Target) -> Connections {
    let possible = |offer: &Offer| match offer {
        Offer::Hello => approach.lane == Lane::Hello,
        Offer::Implicit => target.service.start == Start::StartTls,
        offer => purpose(*offer) == Purpose::Verdict,
    };
    let versions = match approach.all_versions {
        true => most_version_hellos(),
        false => 0,
    };
    Connections {
        verdict: Offer::all().filter(possible).count() as u64,
        versions: versions as u64,
        facts: most_questions(approach.facts) as u64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::{Defaults, TargetSpec};
    use crate::observation::{Exchange, Fact, FactSet, Failure, Reason, Session, Stage};
    use crate::tls::{AlertDescription, ProtocolVersion};

    fn target(text: &str) -> Arc<Target> {
        let mut targets = TargetSpec::expand(text, &Defaults::default()).unwrap();
        Arc::new(targets.next().unwrap())
    }

    fn everything(lane: Lane) -> Approach {
        Approach {
            lane,
            all_versions: true,
            facts: Fact::ALL.into_iter().collect(),
            prove_key: false,
        }
    }

    /// Numbers for the verdict, versions and facts at a usual server.
    fn planned(approach: &Approach, text: &str) -> (u64, u64, u64) {
        let usual = Estimate::of(approach, &target(text)).usual;
        (usual.verdict, usual.versions, usual.facts)
    }

    #[test]
    fn a_usual_server_takes_what_the_documentation_states() {
        let facts = |facts: &[Fact]| Approach {
            facts: facts.iter().copied().collect::<FactSet>(),
            ..Approach::default()
        };
        let name = "https://a.example";
        assert_eq!(planned(&Approach::default(), name), (1, 0, 0));
        for lane in [Lane::Handshake, Lane::Hello] {
            let versions = Approach {
                facts: FactSet::default(),
                ..everything(lane)
            };
            assert_eq!(planned(&versions, name), (1, 4, 0), "{lane:?}");
        }
        for (asked, connections) in [
            // 10 and 5 groups, and two more for each version.
            (&[Fact::Groups][..], 12 + 7),
            // 3 and 27 suites, two more for each version, and one for each version that is refused.
            (&[Fact::Ciphers], 5 + 29 + 3),
            (&[Fact::Alpn], 2),
            (&[Fact::Tickets, Fact::Compression], 2),
            (&[Fact::Renegotiation], 1),
            (&[Fact::Chains], 1),
            (&[Fact::DefaultCertificate], 1),
        ] {
            assert_eq!(
                planned(&facts(asked), name),
                (1, 0, connections),
                "{asked:?}"
            );
        }
        // Without a name there is no certificate of the name to compare with.
        let nameless = facts(&[Fact::DefaultCertificate]);
        assert_eq!(planned(&nameless, "192.0.2.1"), (1, 0, 0));
    }

    /// What a server does with a ClientHello.
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Accept {
            version: usize,
            suite: usize,
            group: usize,
            whole: bool,
        },
        Alert(u8),
        Fail(Reason),
    }

    fn act() -> impl Strategy<Value = Act> {
        let accept = (0..5_usize, 0..400_usize, 0..40_usize, any::<bool>());
        let accept = accept.prop_map(|(version, suite, group, whole)| Act::Accept {
            version,
            suite,
            group,
            whole,
        });
        let alerts = [
            AlertDescription::PROTOCOL_VERSION,
            AlertDescription::HANDSHAKE_FAILURE,
            AlertDescription::INTERNAL_ERROR,
            AlertDescription::NO_APPLICATION_PROTOCOL,
            AlertDescription::UNRECOGNIZED_NAME,
        ];
        let alert = prop::sample::select(alerts.map(|it| it.0).to_vec()).prop_map(Act::Alert);
        let reasons = vec![
            Reason::Eof,
            Reason::Reset,
            Reason::Timeout,
            Reason::Incompatible,
            Reason::Malformed,
        ];
        let fail = prop::sample::select(reasons).prop_map(Act::Fail);
        prop_oneof![6 => accept, 2 => alert, 2 => fail]
    }

    fn done(act: Act, offered: &Offered) -> Exchange {
        let accepted = |version: usize, suite: usize, group: usize| {
            let (template, groups) = (offered.template, &offered.groups);
            let version = ProtocolVersion::ALL[version].clamp(template.oldest, template.newest);
            let suite = offered.suites[suite % offered.suites.len().max(1)];
            Session {
                group: (!groups.is_empty()).then(|| groups[group % groups.len().max(1)]),
                ..Session::of(version, suite)
            }
        };
        let fail = |reason| Some(Failure::new(Stage::Handshake, reason, ""));
        let (session, failure) = match act {
            Act::Accept {
                version,
                suite,
                group,
                whole,
            } => {
                let session = accepted(version, suite, group);
                (Some(session), if whole { None } else { fail(Reason::Eof) })
            }
            Act::Alert(number) => (None, Some(Failure::alert(AlertDescription(number)))),
            Act::Fail(reason) => (None, fail(reason)),
        };
        Exchange {
            offer: offered.offer,
            transcript: None,
            session,
            chain: None,
            chain_cut: false,
            failure,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// The last act is repeated. So some servers accept everything, and others refuse everything.
        #[test]
        fn no_server_takes_more_than_the_bound(
            acts in prop::collection::vec(act(), 1..60),
            hello in any::<bool>(),
            again in any::<bool>(),
        ) {
            let approach = everything(if hello { Lane::Hello } else { Lane::Handshake });
            let target = target("https://a.example");
            let estimate = Estimate::of(&approach, &target);
            let bound = if again { estimate.most_in_retry } else { estimate.most };
            let mut observation = begun(&approach, &target);
            observation.attempt = if again { 2 } else { 1 };
            let mut made = Connections::default();
            while let Some(offer) = next_offer(&approach, &observation) {
                let offered = Offered::of(offer, &observation.exchanges);
                let turn = usize::try_from(made.total()).unwrap().min(acts.len() - 1);
                made.add(offer);
                observation.add(done(acts[turn], &offered));
                prop_assert!(made.verdict <= bound.verdict, "{made:?} {bound:?}");
                prop_assert!(made.versions <= bound.versions, "{made:?} {bound:?}");
                prop_assert!(made.facts <= bound.facts, "{made:?} {bound:?}");
            }
            prop_assert!(made.total() >= estimate.least.total());
        }
    }
}
