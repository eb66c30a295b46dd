//! Follows the alias chain of an answer from the question to its addresses. Only records whose
//! owner is on the chain count. A record of any other owner says nothing about this name.

use std::net::IpAddr;

use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// Maximum number of aliases followed for one name. BIND stops at 16, unbound at 11. Legitimate
/// chains have two or three.
pub(super) const MOST_ALIASES: usize = 16;

/// The names of an alias chain, beginning with the name asked for.
pub(super) struct Chain {
    names: Vec<Name>,
}

/// Result of following the chain through one answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AliasStep {
    /// The chain ends at these addresses.
    Addresses(Vec<IpAddr>),
    /// The chain leads to another name that this answer says nothing about. It must be queried.
    Ask(Name),
    /// The chain ends: no record of the type, and no further alias.
    Nothing,
    /// The chain returns to a name that it has passed.
    Loop,
    /// The chain is longer than [`MOST_ALIASES`].
    TooLong,
}

impl Chain {
    /// Creates a chain that starts at this name.
    pub(super) fn new(name: Name) -> Self {
        Self { names: vec![name] }
    }

    /// Returns the last name of the chain.
    pub(super) fn last(&self) -> &Name {
        self.names
            .last()
            .unwrap_or_else(|| unreachable!("a chain begins with a name, and names are only added"))
    }

    /// Returns the aliases passed so far, without the name asked for.
    pub(super) fn aliases(&self) -> &[Name] {
        &self.names[1..]
    }

    /// Follows the aliases in an answer section, from the last name on. The order of the records
    /// does not matter.
    pub(super) fn follow(&mut self, answers: &[Record], kind: RecordType) -> AliasStep {
        let start = self.names.len();
        loop {
            let owner = self.last();
            let own = || answers.iter().filter(|record| record.name == *owner);
            let addresses: Vec<IpAddr> = own()
                .filter(|record| record.record_type() == kind)
                .filter_map(|record| record.data.ip_addr())
                .collect();
            if !addresses.is_empty() {
                return AliasStep::Addresses(addresses);
            }
            let alias = own().find_map(|record| match &record.data {
                RData::CNAME(target) => Some(target.0.clone()),
                _ => None,
            });
            match alias {
                Some(next) if self.names.contains(&next) => return AliasStep::Loop,
                Some(_) if self.names.len() > MOST_ALIASES => return AliasStep::TooLong,
                Some(next) => self.names.push(next),
                None if self.names.len() > start => return AliasStep::Ask(self.last().clone()),
                None => return AliasStep::Nothing,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::{A, CNAME};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// Parses records: `a>b` is an alias, `a=1` is an address in 192.0.2.0/24.
    fn records(text: &str) -> Vec<Record> {
        let record = |text: &str| match text.split_once('>') {
            Some((owner, to)) => Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(to)))),
            None => {
                let (owner, host) = text.split_once('=').unwrap();
                let address = A::new(192, 0, 2, host.parse().unwrap());
                Record::from_rdata(name(owner), 60, RData::A(address))
            }
        };
        text.split_whitespace().map(record).collect()
    }

    fn followed(answer: &str) -> String {
        match Chain::new(name("q.")).follow(&records(answer), RecordType::A) {
            AliasStep::Addresses(addresses) => {
                let hosts = addresses.iter().map(|address| match address {
                    IpAddr::V4(address) => address.octets()[3].to_string(),
                    IpAddr::V6(address) => address.to_string(),
                });
                hosts.collect::<Vec<_>>().join(" ")
            }
            AliasStep::Ask(name) => format!("ask {name}"),
            step => format!("{step:?}"),
        }
    }

    #[test]
    fn only_the_questions_own_chain_leads_to_addresses() {
        let long = |aliases: usize| {
            let hop = |n: usize| format!("n{n}.>n{}. ", n + 1);
            let middle: String = (1..aliases).map(hop).collect();
            format!("q.>n1. {middle} n{aliases}.=9")
        };
        for (answer, want) in [
            ("q.=1 q.=2", "1 2"),
            ("Q.=1", "1"),
            ("other.=1", "Nothing"),
            ("other.=1 q.=2", "2"),
            ("q.>a. a.=1", "1"),
            ("a.=1 b.=2 a.>x. q.>a.", "1"),
            ("b.=2 a.>b. q.>a.", "2"),
            ("q.>a. other.=1", "ask a."),
            ("q.>a. a.>b. b.>c.", "ask c."),
            ("a.>b. b.=1", "Nothing"),
            ("q.>q.", "Loop"),
            ("q.>a. a.>b. b.>a.", "Loop"),
            ("q.>a. a.>Q.", "Loop"),
            ("", "Nothing"),
            (&long(MOST_ALIASES), "9"),
            (&long(MOST_ALIASES + 1), "TooLong"),
        ] {
            assert_eq!(followed(answer), want, "{answer}");
        }
    }

    #[test]
    fn a_chain_over_several_answers_is_bounded_as_one() {
        let mut chain = Chain::new(name("q."));
        assert_eq!(
            chain.follow(&records("q.>a."), RecordType::A),
            AliasStep::Ask(name("a."))
        );
        // The next answer is to another question, so its records of the first name are not used.
        assert_eq!(
            chain.follow(&records("q.=1"), RecordType::A),
            AliasStep::Nothing
        );
        assert_eq!(
            chain.follow(&records("a.>q."), RecordType::A),
            AliasStep::Loop
        );
    }
}
