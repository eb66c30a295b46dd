//! Everything that findings look at: the observation, the policy, and where the chain stands.

use jiff::Timestamp;

use super::Policy;
use super::choice::Choice;
use super::defects::{Defect, usage};
use super::order::Order;
use super::outcome::{Ending, Outcome, Step};
use super::position::Position;
use crate::inventory::Host;
use crate::observation::{Certificate, Contents, Observation, PeerChain, Session};
use crate::tls::{CipherSuite, KeyAgreement, ProtocolVersion};
use crate::verdict::{Barrier, Finding, Revocation, Value, VerdictKind};

/// One observation under judgement.
pub(crate) struct Case<'a> {
    /// What was seen.
    pub(crate) observation: &'a Observation,
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// The moment judged for, in seconds since the epoch.
    pub(crate) at: i64,
    /// What is known of revocation, when it was asked for.
    pub(crate) revocation: Option<&'a Revocation>,
    /// The certificates, when any came.
    pub(crate) chain: Option<ChainCase<'a>>,
    /// The chains that other clients are shown, where they were asked for.
    pub(crate) second: &'a [SecondChain],
}

/// The certificates under judgement.
pub(crate) struct ChainCase<'a> {
    /// As sent.
    pub(crate) sent: &'a PeerChain,
    /// The first of them.
    pub(crate) leaf: &'a Certificate,
    /// What the stores make of them.
    pub(crate) choice: &'a Choice,
    /// How the list was put together.
    pub(crate) order: &'a Order,
    /// Who the leaf must be for.
    pub(crate) asked: Host,
    /// The leaf's key usage, when it forbids what the handshake did with the key.
    pub(crate) misused: Option<Defect>,
}

/// A chain that the server keeps for other clients, and what is wrong with it.
pub(crate) struct SecondChain {
    /// As sent.
    pub(crate) sent: PeerChain,
    /// What the verdict would be if the server had no other chain.
    pub(crate) kind: VerdictKind,
    /// The findings that are verdicts.
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Case<'a> {
    /// What was agreed with the server.
    pub(crate) fn session(&self) -> Option<&'a Session> {
        self.observation.session()
    }

    /// The certificates and what the leaf says, when any came and it can be read.
    pub(crate) fn readable(&self) -> Option<(&ChainCase<'a>, &Contents)> {
        let chain = self.chain.as_ref()?;
        Some((chain, chain.contents()?))
    }
}

impl ChainCase<'_> {
    /// What the leaf says, when it can be read.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.leaf.contents.as_ref().ok()
    }

    /// Whether the issuer that is absent is likely an intermediate that the server should have sent:
    /// nothing but the leaf is there, and it says where its issuer can be had. Above a CA's own
    /// certificate it may as well be a root that nobody here trusts, which no server has to send.
    pub(crate) fn lacks_issuer_of_leaf(&self) -> bool {
        let mut path = self.path();
        let leaf = path
            .next()
            .filter(|_| self.choice.best.ending == Ending::Absent);
        leaf.is_some_and(|(_, _, leaf)| !leaf.ca_issuers.is_empty()) && path.next().is_none()
    }

    /// The best path, each certificate with its position.
    pub(crate) fn path(&self) -> impl Iterator<Item = (Position, &Step, &Contents)> {
        let path = self.choice.best.path.iter().enumerate();
        path.filter_map(|(index, step)| {
            let position = self.choice.best.position(index);
            Some((position, step, step.contents()?))
        })
    }
}

impl<'a> Case<'a> {
    /// Returns the certificates that a warning may be about if the path needs them (`needs`), each
    /// with its position. The anchor is among them where the store has its certificate.
    pub(crate) fn candidates(
        &self,
    ) -> impl Iterator<Item = (Position, &'a Certificate, &'a Contents)> {
        let choice = self.chain.as_ref().map(|chain| chain.choice);
        let deciding = move || choice.into_iter().flat_map(|it| it.deciding(self.policy));
        deciding().enumerate().flat_map(move |(number, outcome)| {
            let new = outcome.dated().filter(move |(_, certificate)| {
                let mut before = deciding().take(number).flat_map(Outcome::dated);
                !before.any(|(_, known)| known.sha256 == certificate.sha256)
            });
            new.filter_map(|(position, certificate)| {
                Some((
                    position,
                    &**certificate,
                    certificate.contents.as_ref().ok()?,
                ))
            })
        })
    }

    /// Returns true if a warning about this certificate is due: it is the leaf, or every path that
    /// the deciding stores accept needs it.
    pub(crate) fn needs(&self, position: Position, certificate: &Certificate) -> bool {
        position == Position::Leaf
            || self.chain.as_ref().is_some_and(|chain| {
                let choice = chain.choice;
                choice.needs(self.policy, certificate.sha256, self.at)
            })
    }
}

/// Whether the handshake used the leaf's key for what its key usage does not allow: signing needs
/// digitalSignature, RSA key transport keyEncipherment (RFC 5246 section 7.4.2).
pub(crate) fn misused(leaf: &Certificate, session: Option<&Session>) -> Option<Defect> {
    let bits = leaf.contents.as_ref().ok()?.key_usage?;
    let session = session?;
    let signed = session.version == ProtocolVersion::Tls13 || session.signature.is_some();
    let (needed, detail) = if signed {
        (
            usage::DIGITAL_SIGNATURE,
            "no digitalSignature, which this handshake needs",
        )
    } else if CipherSuite::of(session.cipher).is_some_and(is_key_transport) {
        (
            usage::KEY_ENCIPHERMENT,
            "no keyEncipherment, which RSA key transport needs",
        )
    } else {
        return None;
    };
    (bits & needed == 0).then(|| Defect::new(Barrier::KeyUsage, Some(0), detail))
}

fn is_key_transport(suite: CipherSuite) -> bool {
    suite.key_agreement() == KeyAgreement::Rsa
}

/// A time as evidence; one that is past the calendar stays a number of seconds.
pub(crate) fn time(seconds: i64) -> Value {
    match Timestamp::from_second(seconds) {
        Ok(time) => Value::Time(time),
        Err(_) => Value::Number(seconds),
    }
}
