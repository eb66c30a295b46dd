//! The input of the findings: the observation, the policy and the judged chain.

use jiff::Timestamp;

use super::Policy;
use super::choice::Choice;
use super::defects::{Defect, usage};
use super::evaluated_path::{Ending, EvaluatedPath, PathStep};
use super::list_faults::ListFaults;
use crate::inventory::Host;
use crate::observation::{Certificate, Contents, Observation, PeerChain, Session};
use crate::tls::{CipherSuite, KeyAgreement, ProtocolVersion};
use crate::verdict::{Barrier, Finding, Position, Revocation, Value, VerdictKind};

/// The observation being judged.
pub(crate) struct Case<'a> {
    /// The observation.
    pub(crate) observation: &'a Observation,
    /// The policy.
    pub(crate) policy: &'a Policy,
    /// Time judged for, in seconds since the epoch.
    pub(crate) at: i64,
    /// Revocation answers; `None` if revocation is not checked.
    pub(crate) revocation: Option<&'a Revocation>,
    /// The chain; `None` if the server sent no certificate.
    pub(crate) chain: Option<ChainCase<'a>>,
    /// The chains that the server sends to other clients (`--facts chains`).
    pub(crate) second: &'a [SecondChain],
}

/// The chain being judged.
pub(crate) struct ChainCase<'a> {
    /// The certificates as sent.
    pub(crate) sent: &'a PeerChain,
    /// The first of them.
    pub(crate) leaf: &'a Certificate,
    /// The results of the stores.
    pub(crate) choice: &'a Choice,
    /// Faults of the list of certificates as sent.
    pub(crate) list_faults: &'a ListFaults,
    /// Name or address that the leaf must cover.
    pub(crate) asked: Host,
    /// Defect if the leaf's key usage forbids what the handshake did with the key.
    pub(crate) misused: Option<Defect>,
}

/// A chain that the server sends to other clients, and its faults.
pub(crate) struct SecondChain {
    /// The certificates as sent.
    pub(crate) sent: PeerChain,
    /// The verdict that would apply if the server had no other chain.
    pub(crate) kind: VerdictKind,
    /// The findings that are verdicts.
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Case<'a> {
    /// Returns the parameters negotiated in the handshake, or `None` without a handshake.
    pub(crate) fn session(&self) -> Option<&'a Session> {
        self.observation.session()
    }

    /// Returns the chain and the contents of the leaf, or `None` if there is no readable leaf.
    pub(crate) fn readable(&self) -> Option<(&ChainCase<'a>, &Contents)> {
        let chain = self.chain.as_ref()?;
        Some((chain, chain.contents()?))
    }
}

impl ChainCase<'_> {
    /// Returns the contents of the leaf, or `None` if it cannot be parsed.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.leaf.contents.as_ref().ok()
    }

    /// Returns true if the server probably omitted an intermediate: the path consists of the leaf
    /// alone, and the leaf contains an AIA URL for its issuer. If the topmost certificate is a
    /// CA's, its missing issuer may be an untrusted root, which servers need not send.
    pub(crate) fn lacks_issuer_of_leaf(&self) -> bool {
        let mut path = self.path();
        let leaf = path
            .next()
            .filter(|_| self.choice.best.ending == Ending::Absent);
        leaf.is_some_and(|(_, _, leaf)| !leaf.ca_issuers.is_empty()) && path.next().is_none()
    }

    /// Returns the certificates of the best path, each with its position.
    pub(crate) fn path(&self) -> impl Iterator<Item = (Position, &PathStep, &Contents)> {
        let path = self.choice.best.steps.iter().enumerate();
        path.filter_map(|(index, step)| {
            let position = self.choice.best.position(index);
            Some((position, step, step.contents()?))
        })
    }
}

impl<'a> Case<'a> {
    /// Returns the certificates that a warning may be about if the path needs them (`needs`), each
    /// with its position. This includes the anchor if the store has its certificate.
    pub(crate) fn candidates(
        &self,
    ) -> impl Iterator<Item = (Position, &'a Certificate, &'a Contents)> {
        let choice = self.chain.as_ref().map(|chain| chain.choice);
        let deciding = move || choice.into_iter().flat_map(|it| it.deciding(self.policy));
        deciding().enumerate().flat_map(move |(number, path)| {
            let new = path.dated().filter(move |(_, certificate)| {
                let mut before = deciding().take(number).flat_map(EvaluatedPath::dated);
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

    /// Returns true if warnings apply to this certificate: it is the leaf, or every path that the
    /// deciding stores accept needs it.
    pub(crate) fn needs(&self, position: Position, certificate: &Certificate) -> bool {
        position == Position::Leaf
            || self.chain.as_ref().is_some_and(|chain| {
                let choice = chain.choice;
                choice.needs(self.policy, certificate.sha256, self.at)
            })
    }
}

/// Returns a defect if the handshake used the leaf's key in a way that its key usage does not
/// allow. Signing needs digitalSignature; RSA key transport needs keyEncipherment (RFC 5246 section
/// 7.4.2).
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

/// Returns a time as an evidence value. A time beyond the calendar stays a number of seconds.
pub(crate) fn time(seconds: i64) -> Value {
    match Timestamp::from_second(seconds) {
        Ok(time) => Value::Time(time),
        Err(_) => Value::Number(seconds),
    }
}
