//! Number of rows in each class of [`Population`].

use serde::{Deserialize, Serialize};

use crate::observation::Population;

/// Number of rows by how far the visit got. The counts add up to all rows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct PopulationCounts {
    /// Rows whose name did not resolve to an address.
    pub unresolved: u64,
    /// Rows whose TCP connection was refused.
    pub refused: u64,
    /// Rows whose TCP connection timed out.
    pub timed_out: u64,
    /// Rows whose TCP connection failed for another reason, or whose dialogue before TLS failed.
    pub unreachable: u64,
    /// Rows whose server answered in another protocol.
    pub not_tls: u64,
    /// Rows with a connection but no answer in TLS.
    pub no_tls_answer: u64,
    /// Rows whose server accepted a TLS version.
    pub tls: u64,
    /// Rows whose server answered in TLS and accepted no version.
    #[serde(default)]
    pub tls_no_version: u64,
    /// Rows of which nothing was measured because of a limit or fault on our own side.
    #[serde(default)]
    pub not_measured: u64,
}

impl PopulationCounts {
    pub(super) fn add(&mut self, population: Option<Population>) {
        *self.of(population) += 1;
    }

    fn of(&mut self, population: Option<Population>) -> &mut u64 {
        match population {
            Some(Population::Unresolved) => &mut self.unresolved,
            Some(Population::Refused) => &mut self.refused,
            Some(Population::TimedOut) => &mut self.timed_out,
            Some(Population::Unreachable) => &mut self.unreachable,
            Some(Population::NotTls) => &mut self.not_tls,
            Some(Population::NoTlsAnswer) => &mut self.no_tls_answer,
            Some(Population::Tls) => &mut self.tls,
            Some(Population::TlsNoVersion) => &mut self.tls_no_version,
            None => &mut self.not_measured,
        }
    }

    /// Returns each count with its name for people. `not measured` is left out if it is zero.
    pub(super) fn words(&self) -> Vec<(u64, &'static str)> {
        let mut words = vec![
            (self.unresolved, "unresolved"),
            (self.refused, "refused"),
            (self.timed_out, "timed out"),
            (self.unreachable, "unreachable otherwise"),
            (self.not_tls, "not TLS"),
            (self.no_tls_answer, "no answer in TLS"),
            (self.tls, "TLS"),
            (self.tls_no_version, "TLS without any version"),
        ];
        words.extend((self.not_measured > 0).then_some((self.not_measured, "not measured")));
        words
    }
}
