//! The plain-text dialogues that come before TLS, one file per protocol. A dialogue takes the
//! server's bytes and says what to send next, that TLS begins now, or why there is no TLS. It knows
//! no socket and no clock: the caller reads, writes and sets the deadline.
//!
//! A dialogue sends as little as its RFC allows. It asks for nothing that the greeting has already
//! answered, and it never names a mailbox, user or password. A new protocol is a new file and a line
//! in `PROTOCOLS`; docs/CONTRIBUTING.md lists every place.

mod conversation;
mod ftp;
mod imap;
mod ldap;
mod mysql;
mod nntp;
mod pop3;
mod postgres;
mod sieve;
mod smtp;
mod text;
mod xmpp;

#[cfg(test)]
mod tests;

pub use conversation::{Conversation, MAX_RECEIVED, MAX_UNITS, Turn};
pub use text::printable_line;

/// Every protocol that can be upgraded to TLS.
pub const PROTOCOLS: &[Protocol] = &[
    smtp::SMTP,
    smtp::LMTP,
    imap::IMAP,
    pop3::POP3,
    ftp::FTP,
    sieve::SIEVE,
    nntp::NNTP,
    xmpp::XMPP,
    xmpp::XMPP_SERVER,
    ldap::LDAP,
    postgres::POSTGRES,
    mysql::MYSQL,
];

/// The name sent in `EHLO` unless the user sets another. Some servers require a name with a dot
/// (Postfix: `reject_non_fqdn_helo_hostname`). This name belongs to nobody (RFC 6761), so no host
/// is blamed for the scan. Servers that look the name up in DNS may reject it; for them, use the
/// scanning machine's own name.
pub const EHLO: &str = "tlsweep.invalid";

/// A protocol and its dialogue.
#[derive(Debug)]
pub struct Protocol {
    /// Name of the protocol, which is also the name of its service in targets.
    pub name: &'static str,
    /// The side that speaks first.
    pub first: Speaker,
    /// Message that ends the session, if the protocol has one that needs no reply. It is sent in
    /// plain text if there was no upgrade, and inside TLS if there was one.
    pub farewell: &'static [u8],
    /// The byte that can complete a reply, or `None` if replies carry a length.
    ends: Option<u8>,
    /// First phase of the dialogue.
    begins: Phase,
    /// Returns what the client sends first; empty if the server speaks first.
    opening: fn(&Names<'_>) -> Vec<u8>,
    /// Parses the reply at the front of the bytes received.
    step: fn(Phase, &[u8], &Names<'_>) -> Step,
}

/// A side of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The client: this program.
    Client,
    /// The server.
    Server,
}

/// The names that a dialogue may send. They are host names (letters, digits, hyphens, underscores
/// and dots) or addresses.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Host that the client wants to reach.
    pub host: &'a str,
    /// Name of the client (`EHLO`, `LHLO`).
    pub ehlo: &'a str,
}

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// Kind of setback.
    pub kind: SetbackKind,
    /// Text of the server's reply, or the name of the protocol that it speaks instead. Printable
    /// ASCII of limited length.
    pub reply: String,
}

/// The kinds of setback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetbackKind {
    /// The server does not offer the upgrade.
    NotOffered,
    /// The server offers the upgrade but refused it when asked.
    Refused,
    /// The server refuses to serve this client at all.
    TurnedAway,
    /// The server cannot talk, or cannot upgrade, at the moment: it is full or shutting down.
    Temporary,
    /// The server speaks another protocol.
    OtherProtocol,
    /// The server speaks TLS from the first byte.
    ImplicitTls,
    /// The server sent too much before TLS.
    TooLarge,
}

/// Phase of a dialogue: which reply is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The server's greeting.
    Greeting,
    /// The list of what the server offers.
    Offers,
    /// The reply to a request for an upgrade that the server offered.
    Asked,
    /// The reply to a request for an upgrade, sent without knowing what the server offers.
    AskedBlindly,
}

/// What the reply at the front of the received bytes means.
#[derive(Debug)]
enum Step {
    /// The reply is not complete yet.
    More,
    /// The reply decides nothing; the next one may.
    Skip { taken: usize },
    /// Send these bytes, then expect the next reply.
    Say {
        taken: usize,
        bytes: Vec<u8>,
        next: Phase,
    },
    /// TLS begins, after these last bytes in plain text.
    Upgrade { taken: usize, last: Vec<u8> },
    /// There will be no TLS.
    Fail(Setback),
}

impl Protocol {
    /// Returns the protocol with this service name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PROTOCOLS.iter().find(|protocol| protocol.name == name)
    }
}

impl Setback {
    fn new(kind: SetbackKind, reply: &[u8]) -> Self {
        Self {
            kind,
            reply: printable_line(reply),
        }
    }
}

impl Step {
    fn say(taken: usize, bytes: impl Into<Vec<u8>>, next: Phase) -> Self {
        Self::Say {
            taken,
            bytes: bytes.into(),
            next,
        }
    }

    fn upgrade(taken: usize) -> Self {
        Self::Upgrade {
            taken,
            last: Vec::new(),
        }
    }

    fn fail(kind: SetbackKind, reply: &[u8]) -> Self {
        Self::Fail(Setback::new(kind, reply))
    }

    /// Fails with this kind, or with `Temporary` if the server says that the error is temporary.
    fn no(kind: SetbackKind, temporary: bool, reply: &[u8]) -> Self {
        let kind = if temporary {
            SetbackKind::Temporary
        } else {
            kind
        };
        Self::fail(kind, reply)
    }

    /// Fails because the bytes belong to another protocol, naming it if it is recognised.
    fn other(bytes: &[u8]) -> Self {
        let reply = match crate::tls::spoken(bytes) {
            Some(protocol) => protocol.to_owned(),
            None => printable_line(bytes),
        };
        Self::Fail(Setback {
            kind: SetbackKind::OtherProtocol,
            reply,
        })
    }
}

/// The opening of protocols in which the server speaks first: nothing.
fn no_opening(_: &Names<'_>) -> Vec<u8> {
    Vec::new()
}
