//! How a visit is made: which hello comes first, what is asked beside it, and its deadlines.

use std::time::Duration;

use crate::observation::FactSet;

/// How long the steps of a visit may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The TCP handshake of one connection.
    pub connect: Duration,
    /// The dialogue in clear before TLS, per connection, where the service begins with one.
    pub starttls: Duration,
    /// From the ClientHello to the end of the handshake, per connection.
    pub handshake: Duration,
    /// The whole visit, all connections together; waiting for a permit does not count.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // Servers that make spammers wait do so for six seconds (Postfix postscreen).
            starttls: Duration::from_secs(10),
            handshake: Duration::from_secs(8),
            total: Duration::from_secs(20),
        }
    }
}

/// Which hello comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    /// The modern one, carried through to the end of the handshake.
    #[default]
    Handshake,
    /// A hand-made one of at most TLS 1.2, which is answered in clear.
    Hello,
}

impl Lane {
    /// What `--probe` and manifests call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Hello => "hello",
        }
    }
}

/// How visits are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approach {
    /// Which hello comes first.
    pub lane: Lane,
    /// Whether each protocol version is asked for.
    pub all_versions: bool,
    /// Which facts are asked for beyond what is agreed on.
    pub facts: FactSet,
    /// Whether hand-made hellos check the signature over the server's key exchange.
    pub prove_key: bool,
}
