//! The measurements that `--facts` can request.

use serde::{Deserialize, Serialize};

/// A measurement that needs additional connections and must be requested by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Support for secure renegotiation (RFC 5746).
    Renegotiation,
    /// Session tickets (RFC 5077, RFC 8446 4.6.1).
    Tickets,
    /// TLS compression.
    Compression,
    /// The chains for clients that only support RSA signatures, and only ECDSA signatures.
    Chains,
    /// The certificate for clients without SNI (RFC 6066), compared with the one for the name.
    DefaultCertificate,
    /// Accepted ALPN protocols (RFC 7301).
    Alpn,
    /// Accepted named groups.
    Groups,
    /// Accepted cipher suites in each version, and whose order of preference applies.
    Ciphers,
}

impl Fact {
    /// All facts in the order in which they are measured: the cheap ones first.
    pub const ALL: [Self; 8] = [
        Self::Renegotiation,
        Self::Tickets,
        Self::Compression,
        Self::Chains,
        Self::DefaultCertificate,
        Self::Alpn,
        Self::Groups,
        Self::Ciphers,
    ];

    /// Returns its name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Renegotiation => "renegotiation",
            Self::Tickets => "tickets",
            Self::Compression => "compression",
            Self::Chains => "chains",
            Self::DefaultCertificate => "default_certificate",
            Self::Alpn => "alpn",
            Self::Groups => "groups",
            Self::Ciphers => "ciphers",
        }
    }
}

/// A set of facts. A recording stores it as a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Fact>", from = "Vec<Fact>")]
pub struct FactSet(u8);

// Each fact has one bit.
const _: () = assert!(Fact::ALL.len() <= u8::BITS as usize);

impl FactSet {
    /// Returns true if the set is empty.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if the set contains this fact.
    pub fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u8) != 0
    }
}

impl From<FactSet> for Vec<Fact> {
    fn from(facts: FactSet) -> Self {
        let all = Fact::ALL.into_iter();
        all.filter(|fact| facts.contains(*fact)).collect()
    }
}

impl From<Vec<Fact>> for FactSet {
    fn from(facts: Vec<Fact>) -> Self {
        facts.into_iter().collect()
    }
}

impl FromIterator<Fact> for FactSet {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        Self(facts.into_iter().fold(0, |set, fact| set | 1 << fact as u8))
    }
}
