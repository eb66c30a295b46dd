//! The services that targets name by scheme or port, and how TLS begins on each. To add a service,
//! add one line to `SERVICES`. The dialogues before TLS are in `starttls`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How TLS begins on a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The ClientHello is sent first (implicit TLS).
    Implicit,
    /// A plain-text dialogue asks for the upgrade first (STARTTLS and similar).
    StartTls,
}

/// A service that a target can name.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Name in records, and scheme in targets.
    pub name: &'static str,
    /// How TLS begins.
    pub start: Start,
    /// Port of a target that names none.
    pub port: u16,
    /// Ports that imply this service if the target names no scheme.
    pub implied_by: &'static [u16],
}

/// TLS on any port, with an unknown protocol inside.
pub(super) const TLS: Service = implicit("tls", 443);

/// Every service, by name. The ports are those of IANA, except `dot` (RFC 7858), and `rediss` and
/// `wss`, whose ports are customary.
pub const SERVICES: &[Service] = &[
    TLS,
    implicit("https", 443),
    implicit("wss", 443),
    implicit("smtps", 465),
    implicit("imaps", 993),
    implicit("pop3s", 995),
    implicit("ldaps", 636),
    implicit("ftps", 990),
    implicit("nntps", 563),
    implicit("telnets", 992),
    implicit("xmpps", 5223),
    implicit("dot", 853),
    implicit("sips", 5061),
    implicit("ircs", 6697),
    implicit("mqtts", 8883),
    implicit("amqps", 5671),
    implicit("rediss", 6380),
    starttls("smtp", 25, &[25, 587]),
    // Any private mail system may use port 24, so the port alone does not imply LMTP.
    starttls("lmtp", 24, &[]),
    starttls("imap", 143, &[143]),
    starttls("pop3", 110, &[110]),
    starttls("ftp", 21, &[21]),
    starttls("ldap", 389, &[389]),
    starttls("postgres", 5432, &[5432]),
    starttls("mysql", 3306, &[3306]),
    starttls("xmpp", 5222, &[5222]),
    starttls("xmpp-server", 5269, &[5269]),
    starttls("sieve", 4190, &[4190]),
    starttls("nntp", 119, &[119]),
];

impl Service {
    /// Returns the service with this name, or `None` if there is none.
    pub fn named(name: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.name == name)
    }

    /// Returns the service that a port implies: a STARTTLS service on its own ports, `tls` on all
    /// others.
    pub fn on_port(port: u16) -> &'static Self {
        SERVICES
            .iter()
            .find(|service| service.implied_by.contains(&port))
            .unwrap_or(&TLS)
    }

    /// Returns the names of all services, or of those that begin in this way, for messages and
    /// help.
    pub fn names(start: Option<Start>) -> String {
        let names: Vec<_> = SERVICES
            .iter()
            .filter(|service| start.is_none_or(|start| service.start == start))
            .map(|service| service.name)
            .collect();
        names.join(", ")
    }
}

/// A `starttls` column or flag names something other than a STARTTLS service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAStartTls {
    pub(super) text: String,
}

/// Parses a `starttls` column or flag: the name of a STARTTLS service. Returns `None` for `none`
/// and for an empty text, which leave the choice to the port.
///
/// # Errors
///
/// Returns an error if the text names no STARTTLS service.
pub fn parse_starttls(text: &str) -> Result<Option<&'static Service>, NotAStartTls> {
    let name = text.trim().to_ascii_lowercase();
    if name.is_empty() || name == "none" {
        return Ok(None);
    }
    match Service::named(&name) {
        Some(service) if service.start == Start::StartTls => Ok(Some(service)),
        _ => Err(NotAStartTls {
            text: super::bounds::short(text),
        }),
    }
}

const fn implicit(name: &'static str, port: u16) -> Service {
    Service {
        name,
        start: Start::Implicit,
        port,
        implied_by: &[],
    }
}

const fn starttls(name: &'static str, port: u16, implied_by: &'static [u16]) -> Service {
    Service {
        name,
        start: Start::StartTls,
        port,
        implied_by,
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for &'static Service {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Service::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("no service is named {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_no_port_means_two_services() {
        let names: HashSet<_> = SERVICES.iter().map(|service| service.name).collect();
        assert_eq!(names.len(), SERVICES.len());
        let ports: Vec<_> = SERVICES.iter().flat_map(|s| s.implied_by).collect();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len());
    }

    #[test]
    fn a_port_means_starttls_only_where_no_other_tls_is_usual() {
        assert_eq!(Service::on_port(587).name, "smtp");
        assert_eq!(Service::on_port(5269).name, "xmpp-server");
        for port in [24, 443, 465, 993, 8443] {
            assert_eq!(Service::on_port(port).name, "tls");
        }
    }

    #[test]
    fn every_starttls_service_has_its_dialogue() {
        use crate::starttls::{PROTOCOLS, Protocol};
        let upgraded = |service: &&Service| service.start == Start::StartTls;
        for service in SERVICES.iter().filter(upgraded) {
            assert!(Protocol::named(service.name).is_some(), "{}", service.name);
        }
        assert_eq!(SERVICES.iter().filter(upgraded).count(), PROTOCOLS.len());
    }

    #[test]
    fn starttls_takes_the_services_that_upgrade() {
        assert_eq!(parse_starttls(" SMTP ").unwrap(), Service::named("smtp"));
        assert_eq!(parse_starttls("none").unwrap(), None);
        assert_eq!(parse_starttls("").unwrap(), None);
        let error = parse_starttls("smtps").unwrap_err().to_string();
        assert!(
            error.contains("\"smtps\"") && error.contains("sieve"),
            "{error}"
        );
        assert!(!error.contains("imaps"), "{error}");
    }
}
