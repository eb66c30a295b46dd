//! The dialogues in clear that come before TLS, one file a protocol: bytes in, and out comes what
//! to say, the go-ahead, or why there is none. No socket and no clock: whoever drives a dialogue
//! brings the deadline.
//!
//! Each says as little as its RFC allows: nothing is asked that the greeting has answered, and no
//! mailbox, user or password is ever named. To add a protocol is a file here and a line in
//! `PROTOCOLS`.

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
pub use text::words;

/// Every protocol that can be upgraded.
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

/// What introduces us where nothing else was asked for. Servers want a name with a dot in it
/// (Postfix: `reject_non_fqdn_helo_hostname`), and this one has nobody's (RFC 6761): it stands for
/// no machine that could be blamed. Servers that look the name up will not like it; they want the
/// scanning machine's own.
pub const EHLO: &str = "tlsweep.invalid";

/// A protocol and its dialogue.
#[derive(Debug)]
pub struct Protocol {
    /// Its name, that of the service in targets.
    pub name: &'static str,
    /// Who says the first word.
    pub first: Speaker,
    /// An orderly end, where the protocol has one that needs no answer; said in clear when there
    /// is no upgrade, and inside TLS when there was one.
    pub farewell: &'static [u8],
    /// The byte that can complete a reply; `None` where replies have a length.
    ends: Option<u8>,
    /// Where the dialogue begins.
    begins: Phase,
    /// What the client says first; empty where the server does.
    opening: fn(&Names<'_>) -> Vec<u8>,
    /// Reads the reply at the front of what has arrived.
    step: fn(Phase, &[u8], &Names<'_>) -> Step,
}

/// One side of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// We.
    Client,
    /// They.
    Server,
}

/// The names that a dialogue may have to say. They are host names: letters, digits, hyphens,
/// underscores and dots, or an address.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Who is asked for.
    pub host: &'a str,
    /// Who asks (`EHLO`, `LHLO`).
    pub ehlo: &'a str,
}

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// Which way.
    pub kind: SetbackKind,
    /// The server's own words, or the name of what it speaks instead; bounded, printable ASCII.
    pub reply: String,
}

/// The ways to have no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetbackKind {
    /// The upgrade is not on offer.
    NotOffered,
    /// It is on offer, and was refused when asked for.
    Refused,
    /// The server does not want to talk with us at all.
    TurnedAway,
    /// The server cannot talk, or upgrade, at the moment: it is full, or shutting down.
    Temporary,
    /// The server speaks another protocol.
    OtherProtocol,
    /// The server speaks TLS from the first byte.
    ImplicitTls,
    /// The server talks on and on.
    TooLarge,
}

/// Where a dialogue stands: what the next reply is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The server's first words.
    Greeting,
    /// What the server offers.
    Offers,
    /// Whether it upgrades, having offered it.
    Asked,
    /// Whether it upgrades, its offers not being known.
    AskedBlindly,
}

/// What the reply at the front means.
#[derive(Debug)]
enum Step {
    /// It is not complete yet.
    More,
    /// It tells nothing; what follows it may.
    Skip { taken: usize },
    /// This is said to it.
    Say {
        taken: usize,
        bytes: Vec<u8>,
        next: Phase,
    },
    /// TLS begins, after these last bytes in clear.
    Upgrade { taken: usize, last: Vec<u8> },
    /// There will be no TLS.
    Fail(Setback),
}

impl Protocol {
    /// The protocol of the service with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PROTOCOLS.iter().find(|protocol| protocol.name == name)
    }
}

impl Setback {
    fn new(kind: SetbackKind, reply: &[u8]) -> Self {
        Self {
            kind,
            reply: words(reply),
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

    /// A no, of this kind unless the server says that it is temporary.
    fn no(kind: SetbackKind, temporary: bool, reply: &[u8]) -> Self {
        let kind = if temporary {
            SetbackKind::Temporary
        } else {
            kind
        };
        Self::fail(kind, reply)
    }

    /// The bytes are of some other protocol, which is named if it can be.
    fn other(bytes: &[u8]) -> Self {
        let reply = match crate::tls::spoken(bytes) {
            Some(protocol) => protocol.to_owned(),
            None => words(bytes),
        };
        Self::Fail(Setback {
            kind: SetbackKind::OtherProtocol,
            reply,
        })
    }
}

/// The opening where the server speaks first.
fn silence(_: &Names<'_>) -> Vec<u8> {
    Vec::new()
}
