//! Cases about names without an address. They have no server; the lab's resolver answers.

use super::case::LabCase;
use super::conduct::Conduct;
use super::resolver::Answer;
use crate::verdict::VerdictKind;

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "gone",
        host: "gone.tlsweep.test",
        expect: VerdictKind::DnsFailure,
        also: &[],
        about: "the name does not exist (NXDOMAIN)",
        conduct: |_, _| Ok(Conduct::NoAddress(Answer::Nxdomain)),
    },
    LabCase {
        name: "broken",
        host: "broken.tlsweep.test",
        expect: VerdictKind::DnsFailure,
        also: &[],
        about: "the resolver cannot answer (SERVFAIL)",
        conduct: |_, _| Ok(Conduct::NoAddress(Answer::Servfail)),
    },
    LabCase {
        name: "empty",
        host: "empty.tlsweep.test",
        expect: VerdictKind::DnsFailure,
        also: &[],
        about: "the name exists but has no address",
        conduct: |_, _| Ok(Conduct::NoAddress(Answer::NoData)),
    },
    LabCase {
        name: "invalid-name",
        host: "a-label-may-have-sixty-three-characters-and-this-one-has-rather-more.tlsweep.test",
        expect: VerdictKind::DnsFailure,
        also: &[],
        about: "the name is not valid in DNS",
        conduct: |_, _| Ok(Conduct::NoAddress(Answer::Nxdomain)),
    },
];
