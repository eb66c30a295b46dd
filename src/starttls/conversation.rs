//! One dialogue under way: the bytes that wait for their meaning, and the bounds on them.

use super::{Names, Phase, Protocol, Setback, SetbackKind, Speaker, Step};
use crate::tls::{self, AlertDescription};

/// The most that a server may say before TLS. The longest greeting known is a page of policy.
pub const MAX_RECEIVED: usize = 64 * 1024;

/// The most lines, or tags, that it may say.
pub const MAX_UNITS: usize = 1000;

/// A dialogue.
#[derive(Debug)]
pub struct Conversation<'a> {
    protocol: &'static Protocol,
    names: Names<'a>,
    phase: Phase,
    inbox: Vec<u8>,
    received: usize,
    units: usize,
    /// Whether something has arrived that may complete a reply.
    ripe: bool,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Wait for more bytes.
    Listen,
    /// Send these, then go on with `receive(&[])`: the answer may be there already.
    Say(Vec<u8>),
    /// Send these, if any, and begin TLS.
    Upgrade {
        /// The last words in clear.
        last: Vec<u8>,
        /// What came after the go-ahead, in clear and before our hello. Nothing may: a client
        /// that took it for the server's protected words could be made to believe anything.
        injected: Vec<u8>,
    },
    /// There is no TLS here.
    Fail(Setback),
}

impl<'a> Conversation<'a> {
    /// Begins a dialogue.
    pub fn new(protocol: &'static Protocol, names: Names<'a>) -> Self {
        Self {
            protocol,
            names,
            phase: protocol.begins,
            inbox: Vec::new(),
            received: 0,
            units: 0,
            ripe: false,
        }
    }

    /// What to send before anything is read; empty where the server speaks first.
    pub fn opening(&self) -> Vec<u8> {
        (self.protocol.opening)(&self.names)
    }

    /// Takes bytes from the server. After `Upgrade` and `Fail` the dialogue is over.
    pub fn receive(&mut self, bytes: &[u8]) -> Turn {
        self.count(bytes);
        self.inbox.extend_from_slice(bytes);
        match &self.inbox[..] {
            first if self.nothing_read() && is_tls(first) => {
                return Turn::Fail(Setback::new(SetbackKind::ImplicitTls, b""));
            }
            // Too little to tell; no protocol's first reply is as short.
            first if self.nothing_read() && may_become_tls(first) => return Turn::Listen,
            _ => {}
        }
        while self.ripe {
            match (self.protocol.step)(self.phase, &self.inbox, &self.names) {
                Step::More => self.ripe = false,
                Step::Skip { taken } => self.take(taken),
                Step::Say { taken, bytes, next } => {
                    self.take(taken);
                    self.phase = next;
                    return Turn::Say(bytes);
                }
                Step::Upgrade { taken, last } => {
                    self.take(taken);
                    return self.upgrade(last);
                }
                Step::Fail(setback) => return Turn::Fail(setback),
            }
        }
        if self.received > MAX_RECEIVED || self.units > MAX_UNITS {
            return Turn::Fail(Setback::new(SetbackKind::TooLarge, &self.inbox));
        }
        Turn::Listen
    }

    /// What an unfinished reply tells when no more will come: another protocol by name, if its
    /// first bytes give it away.
    pub fn broken_off(&self) -> Option<Setback> {
        let spoken = tls::spoken(&self.inbox).filter(|_| self.nothing_read())?;
        (!spoken.contains(self.protocol.name)).then(|| Setback {
            kind: SetbackKind::OtherProtocol,
            reply: spoken.to_owned(),
        })
    }

    /// What has arrived and was not understood yet.
    pub fn unread(&self) -> &[u8] {
        &self.inbox
    }

    /// Whether the server, whose turn it was from the start, has not said a byte.
    pub fn is_silent(&self) -> bool {
        self.received == 0 && self.protocol.first == Speaker::Server
    }

    fn nothing_read(&self) -> bool {
        self.received == self.inbox.len()
    }

    fn count(&mut self, bytes: &[u8]) {
        self.received += bytes.len();
        match self.protocol.ends {
            Some(end) => {
                let units = bytes.iter().filter(|byte| **byte == end).count();
                self.units += units;
                self.ripe |= units > 0;
            }
            None => self.ripe |= !bytes.is_empty(),
        }
    }

    fn take(&mut self, taken: usize) {
        self.inbox.drain(..taken.min(self.inbox.len()));
        // What is left counts as if it had come by itself.
        self.ripe = match self.protocol.ends {
            Some(end) => self.inbox.contains(&end),
            None => !self.inbox.is_empty(),
        };
    }

    fn upgrade(&mut self, last: Vec<u8>) -> Turn {
        let injected = std::mem::take(&mut self.inbox);
        // An alert at this point is the server's way to take its word back.
        if is_tls(&injected) {
            let alert = injected.get(6).copied().unwrap_or_default();
            let reply = format!("alert {}", AlertDescription(alert));
            return Turn::Fail(Setback::new(SetbackKind::Refused, reply.as_bytes()));
        }
        Turn::Upgrade { last, injected }
    }
}

/// Whether the bytes begin an alert or a handshake record: of a version since SSL 3.0, or of any
/// other where the content leaves no doubt.
fn is_tls(bytes: &[u8]) -> bool {
    match bytes {
        [0x15 | 0x16, 3, 0..=4, ..] => true,
        [0x15 | 0x16, _, _, _, _, _, _, ..] => {
            tls::has_odd_version(bytes) && tls::may_be_tls(bytes)
        }
        _ => false,
    }
}

/// Whether they may yet turn out to be.
fn may_become_tls(bytes: &[u8]) -> bool {
    let begun = matches!(bytes, [0x15 | 0x16, rest @ ..] if rest.len() < 6);
    begun && !matches!(bytes, [_, 3, _, ..]) && tls::may_be_tls(bytes)
}
