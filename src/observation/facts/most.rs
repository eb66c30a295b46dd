//! How many questions a visit can ask at most, whatever the server answers.

use super::alpn::ALPN_PROTOCOLS;
use super::offered::Offered;
use super::question::Question;
use super::series::Series;
use super::{Fact, FactSet, KeyFamily};

/// Returns the largest number of connections that these facts take at one endpoint.
pub(crate) fn most_questions(facts: FactSet) -> usize {
    let asked = |question: &Question| {
        let mut all = Fact::ALL.into_iter();
        all.any(|fact| facts.contains(fact) && serves(fact, *question))
    };
    Question::ALL.into_iter().filter(asked).map(most).sum()
}

/// Returns true if the question is asked for this fact.
fn serves(fact: Fact, question: Question) -> bool {
    use Question::{
        Alpn, Features, Groups, GroupsAgain, Keys, Nameless, Order, Renegotiation, Suites, Tickets,
    };
    match question {
        Features => matches!(
            fact,
            Fact::Renegotiation | Fact::Tickets | Fact::Compression
        ),
        Renegotiation => fact == Fact::Renegotiation,
        Tickets => fact == Fact::Tickets,
        Keys(KeyFamily::Rsa | KeyFamily::Ecdsa) => fact == Fact::Chains,
        Nameless => fact == Fact::DefaultCertificate,
        Alpn => fact == Fact::Alpn,
        Groups(_) | GroupsAgain(_) => fact == Fact::Groups,
        Suites(_) | Order(_) => fact == Fact::Ciphers,
    }
}

/// Returns how often the question is asked at most. A dropped connection is repeated once. Each hello
/// of a series shows one more member of its list or ends the series, apart from one close, which
/// may be temporary.
fn most(question: Question) -> usize {
    match question {
        Question::Suites(version) => Offered::list(Series::Suites(version)).len() + 1,
        Question::Groups(version) => Offered::list(Series::Groups(version)).len() + 1,
        Question::Order(_) | Question::GroupsAgain(_) => 1,
        Question::Alpn => ALPN_PROTOCOLS.len(),
        Question::Features
        | Question::Renegotiation
        | Question::Tickets
        | Question::Nameless
        | Question::Keys(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_that_the_documentation_states() {
        let most = |fact| most_questions([fact].into_iter().collect());
        assert_eq!((most(Fact::Ciphers), most(Fact::Groups)), (295, 50));
        assert_eq!((most(Fact::Renegotiation), most(Fact::Alpn)), (4, 2));
        // Both share a question.
        let shared = [Fact::Tickets, Fact::Compression].into_iter().collect();
        assert_eq!(most_questions(shared), 4);
        assert_eq!(most_questions(FactSet::default()), 0);
    }
}
