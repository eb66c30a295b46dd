//! The facts that `--facts` can ask for.

use serde::{Deserialize, Serialize};

/// A fact that costs connections of its own, and is therefore asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Whether TLS renegotiation is bound to the connection (RFC 5746).
    Renegotiation,
    /// Whether a session ticket is issued (RFC 5077, RFC 8446 4.6.1).
    Tickets,
    /// Whether TLS compression is accepted.
    Compression,
    /// The chain for a client that verifies RSA alone, and ECDSA alone.
    Chains,
    /// Whether the certificate is the one for clients that name no server (RFC 6066).
    DefaultCertificate,
    /// Which application protocols are accepted (RFC 7301).
    Alpn,
    /// Which named groups are accepted.
    Groups,
    /// Which cipher suites are accepted in each version, and whose order counts.
    Ciphers,
}

impl Fact {
    /// Every fact, the cheap ones first: they are asked for in this order.
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

    /// Its name on the command line and in records.
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

/// Facts asked for together. In saved form they are a list of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Fact>", from = "Vec<Fact>")]
pub struct FactSet(u8);

impl FactSet {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this fact is among them.
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
