//! Cases about the unencrypted dialogue before TLS, with a small server for each outcome.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;

use super::case::LabCase;
use super::conduct::{Conduct, Dialogue};
use super::error::LabError;
use super::issue::Workshop;
use super::servers::{Always, BOTH, certified, configure, signing_key};
use crate::verdict::VerdictKind;

const SMTP_GREETING: &str = "220 mx.tlsweep.test ESMTP tlsweep lab\r\n";
const SMTP_OFFERS: &str = "250-mx.tlsweep.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n";
const SMTP_GO: &str = "220 2.0.0 Ready to start TLS\r\n";

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "smtp-starttls",
        host: "smtp-starttls.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "a mail server that upgrades to TLS",
        conduct: |shop, host| smtp(shop, host, SMTP_OFFERS, SMTP_GO),
    },
    LabCase {
        name: "imap-starttls",
        host: "imap-starttls.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "a mailbox server that upgrades to TLS",
        conduct: |shop, host| {
            Ok(Conduct::Dialogue(Dialogue {
                scheme: "imap",
                greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] lab ready\r\n",
                offers: ("a1 CAPABILITY", ""),
                ask: "a2 STARTTLS",
                answer: "a2 OK Begin TLS negotiation now\r\n",
                after: Some(server(shop, host)?),
            }))
        },
    },
    LabCase {
        name: "smtp-starttls-missing",
        host: "smtp-starttls-missing.tlsweep.test",
        expect: VerdictKind::StarttlsUnavailable,
        also: &[],
        about: "a mail server that does not offer STARTTLS",
        conduct: |_, _| {
            refusing(
                "250-mx.tlsweep.test\r\n250-SIZE 1000\r\n250 HELP\r\n",
                "502 5.5.1 Not implemented\r\n",
            )
        },
    },
    LabCase {
        name: "smtp-starttls-refused",
        host: "smtp-starttls-refused.tlsweep.test",
        expect: VerdictKind::StarttlsUnavailable,
        also: &[],
        about: "a mail server that offers STARTTLS but has no key",
        conduct: |_, _| refusing(SMTP_OFFERS, "454 4.7.0 TLS not available\r\n"),
    },
    LabCase {
        name: "smtp-busy",
        host: "smtp-busy.tlsweep.test",
        expect: VerdictKind::StarttlsUnavailable,
        also: &[],
        about: "a mail server that has too many connections",
        conduct: |_, _| {
            Ok(Conduct::Dialogue(Dialogue {
                scheme: "smtp",
                greeting: "421 4.7.0 mx.tlsweep.test too many connections\r\n",
                offers: ("", ""),
                ask: "",
                answer: "",
                after: None,
            }))
        },
    },
    LabCase {
        name: "smtp-starttls-broken",
        host: "smtp-starttls-broken.tlsweep.test",
        expect: VerdictKind::StarttlsUnavailable,
        also: &[],
        about: "a mail server that accepts STARTTLS but continues without encryption",
        conduct: |_, _| refusing(SMTP_OFFERS, SMTP_GO),
    },
    LabCase {
        name: "smtp-starttls-injection",
        host: "smtp-starttls-injection.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["starttls_injection"],
        about: "unencrypted text between the STARTTLS answer and TLS",
        conduct: |shop, host| {
            smtp(
                shop,
                host,
                SMTP_OFFERS,
                "220 2.0.0 Ready to start TLS\r\n250 2.1.0 Ok\r\n",
            )
        },
    },
    LabCase {
        name: "smtp-implicit-tls",
        host: "smtp-implicit-tls.tlsweep.test",
        expect: VerdictKind::StarttlsUnavailable,
        also: &[],
        about: "TLS from the first byte where STARTTLS was expected",
        conduct: |shop, host| {
            Ok(Conduct::Dialogue(Dialogue {
                scheme: "smtp",
                greeting: "",
                offers: ("", ""),
                ask: "",
                answer: "",
                after: Some(server(shop, host)?),
            }))
        },
    },
];

/// Returns a healthy TLS server.
fn server(shop: &Workshop, host: &str) -> Result<Arc<ServerConfig>, LabError> {
    let chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
    let resolver = Arc::new(Always(certified(chain, signing_key(&shop.keys.p256)?)));
    Ok(Arc::new(configure(
        default_provider(),
        BOTH,
        None,
        resolver,
    )?))
}

fn dialogue(
    offers: &'static str,
    answer: &'static str,
    after: Option<Arc<ServerConfig>>,
) -> Conduct {
    Conduct::Dialogue(Dialogue {
        scheme: "smtp",
        greeting: SMTP_GREETING,
        offers: ("EHLO", offers),
        ask: "STARTTLS",
        answer,
        after,
    })
}

fn smtp(
    shop: &Workshop,
    host: &str,
    offers: &'static str,
    answer: &'static str,
) -> Result<Conduct, LabError> {
    Ok(dialogue(offers, answer, Some(server(shop, host)?)))
}

fn refusing(offers: &'static str, answer: &'static str) -> Result<Conduct, LabError> {
    Ok(dialogue(offers, answer, None))
}
