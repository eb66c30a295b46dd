//! Settings of a visit: its first ClientHello, additional tests, and timeouts.

use std::time::Duration;

use crate::observation::FactSet;

/// Timeouts of the steps of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Timeout of the TCP handshake, for each connection.
    pub connect: Duration,
    /// Timeout of the unencrypted dialogue before TLS, for each connection of a service that has one.
    pub starttls: Duration,
    /// Timeout from the ClientHello to the end of the handshake, for each connection.
    pub handshake: Duration,
    /// Timeout of the whole visit, for all connections together. Waiting for permits does not count.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // Servers that delay their greeting against spam do so for six seconds (Postfix postscreen).
            starttls: Duration::from_secs(10),
            handshake: Duration::from_secs(8),
            total: Duration::from_secs(20),
        }
    }
}

/// The probe mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    /// The first ClientHello is `modern`, and the handshake is completed.
    #[default]
    Handshake,
    /// The first ClientHello is hand-made and offers at most TLS 1.2, so the answer is not encrypted.
    Hello,
}

impl Lane {
    /// Returns the name in `--probe` and manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Hello => "hello",
        }
    }
}

/// The lane and additional tests of visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approach {
    /// Lane of the first ClientHello.
    pub lane: Lane,
    /// True if each protocol version is tested.
    pub all_versions: bool,
    /// Facts to measure in addition.
    pub facts: FactSet,
    /// True if exchanges with hand-made ClientHellos verify the signature over the server's key exchange.
    pub prove_key: bool,
}
