//! Field types whose written form differs from their form in memory. All of them borrow, because
//! rows are built and written on the hot path.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, civil};
use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::crypto::Fingerprint;
use crate::inventory::Tag;
use crate::observation::PresentedName;
use crate::verdict::{AcceptedBy, Barrier, Finding, StoreTrust};

/// A point in time in the schema.
pub(super) struct Instant;

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Bytes, written as lower-case hexadecimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

impl<'a> From<&'a Fingerprint> for Hex<'a> {
    fn from(fingerprint: &'a Fingerprint) -> Self {
        Self(&fingerprint.0)
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // 32 bytes at a time: a fingerprint needs one write. One write per byte would cost more
        // than the rest of the row.
        let mut digits = [0; 64];
        for bytes in self.0.chunks(32) {
            for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
                pair[0] = DIGITS[usize::from(byte >> 4)];
                pair[1] = DIGITS[usize::from(byte & 15)];
            }
            let text = std::str::from_utf8(&digits[..bytes.len() * 2]).map_err(|_| fmt::Error)?;
            f.write_str(text)?;
        }
        Ok(())
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Hex<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" })
    }
}

/// A date of a certificate, written in RFC 3339 and UTC. It is stored as a civil date because
/// 9999-12-31 23:59:59, which RFC 5280 (4.1.2.5) reserves for "no end", is beyond jiff's last
/// timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(civil::DateTime);

impl Date {
    /// Returns the date that is this many seconds after the epoch, or `None` outside the years 0 to
    /// 9999. RFC 3339 and the encodings of X.509 cannot express other years.
    pub fn new(seconds: i64) -> Option<Self> {
        let date = civil::date(1970, 1, 1)
            .at(0, 0, 0, 0)
            .checked_add(SignedDuration::from_secs(seconds))
            .ok()?;
        (date.year() >= 0).then_some(Self(date))
    }

    /// Returns the beginning of the day.
    #[must_use]
    pub fn midnight(self) -> Self {
        Self(self.day().at(0, 0, 0, 0))
    }

    /// Returns the date without the time of day.
    pub fn day(self) -> civil::Date {
        self.0.date()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}Z", self.0)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The additional columns of the inventory, written as an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags<'a>(pub &'a [(Arc<str>, Tag)]);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, value)))
    }
}

/// Findings, each written as an object with its evidence next to its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Findings<'a>(pub &'a [Finding]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Flat))
    }
}

struct Flat<'a>(&'a Finding);

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(3 + self.0.evidence.len()))?;
        object.serialize_entry("id", &self.0.id)?;
        object.serialize_entry("severity", &self.0.severity)?;
        object.serialize_entry("side", &self.0.side)?;
        for (name, value) in &self.0.evidence {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

impl schemars::JsonSchema for Findings<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Findings".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let severity = generator.subschema_for::<crate::verdict::Severity>();
        let side = generator.subschema_for::<crate::verdict::Side>();
        schemars::json_schema!({
            "type": "array",
            "items": {
                "type": "object",
                "description": "One finding. The other fields of the object are its evidence; `tlsweep explain ID` lists them.",
                "properties": {
                    "id": { "type": "string", "pattern": "^[a-z0-9_]+$" },
                    "severity": severity,
                    "side": side,
                },
                "required": ["id", "severity", "side"],
                "additionalProperties": true,
            },
        })
    }
}

/// The names that a certificate is valid for; empty if it has none. The list is not shortened: the
/// size of a handshake message already limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sans<'a>(pub &'a [PresentedName]);

impl<'a> Sans<'a> {
    /// Returns the names as text, in the certificate's order.
    pub fn iter(self) -> impl Iterator<Item = San<'a>> {
        self.0.iter().map(San)
    }
}

impl Serialize for Sans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// One name that a certificate is valid for.
#[derive(Clone, Copy, Debug)]
pub struct San<'a>(&'a PresentedName);

impl fmt::Display for San<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            PresentedName::Dns(text) | PresentedName::Other(text) => f.write_str(text),
            PresentedName::Address(address) => IpAddr::fmt(address, f),
        }
    }
}

impl Serialize for San<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            PresentedName::Dns(text) | PresentedName::Other(text) => serializer.serialize_str(text),
            PresentedName::Address(address) => address.serialize(serializer),
        }
    }
}

/// The result for each trust store, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust<'a>(pub &'a [StoreTrust]);

impl Serialize for Trust<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|store| {
            let says = Says {
                trusted: store.trusted,
                accepted_by: store.accepted_by,
                reason: store.reason.map(Barrier::name),
            };
            (&*store.store, says)
        }))
    }
}

/// The result for one trust store.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Says<'a> {
    /// True if a path to one of its anchors is valid, apart from dates and host name.
    trusted: bool,
    /// Why the chain is not trusted, or a problem that does not affect trust (`expired`).
    reason: Option<&'a str>,
    /// Which validator accepts the path if rustls-webpki rejects it; absent if rustls-webpki
    /// accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_by: Option<AcceptedBy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lower_case_pairs() {
        let long: Vec<u8> = (0..70).collect();
        assert_eq!(Hex(&[0, 0xab, 0x0f]).to_string(), "00ab0f");
        assert_eq!(Hex(&[]).to_string(), "");
        assert_eq!(Hex(&long).to_string().len(), 140);
        assert_eq!(
            Hex::from(&Fingerprint([0xfe; 32])).to_string(),
            Fingerprint([0xfe; 32]).to_string()
        );
    }

    #[test]
    fn dates_cover_exactly_the_years_that_x509_can_express() {
        for (seconds, text) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (1_793_275_199, Some("2026-10-29T11:59:59Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (-62_167_219_200, Some("0000-01-01T00:00:00Z")),
            (253_402_300_800, None),
            (-62_167_219_201, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            let date = Date::new(seconds).map(|date| date.to_string());
            assert_eq!(date.as_deref(), text, "{seconds}");
        }
    }
}
