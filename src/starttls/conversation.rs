//! The state of one dialogue: the bytes received but not parsed yet, and the limits on them.

use super::{Names, Phase, Protocol, Setback, SetbackKind, Speaker, Step};
use crate::tls::{self, AlertDescription};

/// Maximum number of bytes that a server may send before TLS. The longest known greeting is a page
/// of policy text.
pub const MAX_RECEIVED: usize = 64 * 1024;

/// Maximum number of lines (or tags) that a server may send before TLS.
pub const MAX_UNITS: usize = 1000;

/// A dialogue in progress.
#[derive(Debug)]
pub struct Conversation<'a> {
    protocol: &'static Protocol,
    names: Names<'a>,
    phase: Phase,
    inbox: Vec<u8>,
    received: usize,
    units: usize,
    /// True if bytes that may complete a reply have arrived since the last parse.
    ripe: bool,
}

/// What the caller must do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Wait for more bytes.
    Listen,
    /// Send these bytes, then call `receive(&[])`: the reply may have arrived already.
    Say(Vec<u8>),
    /// Send `last`, if it is not empty, then begin TLS.
    Upgrade {
        /// Last bytes in plain text.
        last: Vec<u8>,
        /// Bytes that arrived after the server agreed to TLS, in plain text and before our
        /// ClientHello. There must be none: a client that took them for protected data could be fed
        /// forged replies.
        injected: Vec<u8>,
    },
    /// There is no TLS here.
    Fail(Setback),
}

impl<'a> Conversation<'a> {
    /// Starts a dialogue.
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

    /// Returns what to send before reading; empty if the server speaks first.
    pub fn opening(&self) -> Vec<u8> {
        (self.protocol.opening)(&self.names)
    }

    /// Takes bytes from the server and returns what to do next. Do not call it after `Upgrade` or
    /// `Fail`.
    pub fn receive(&mut self, bytes: &[u8]) -> Turn {
        self.count(bytes);
        self.inbox.extend_from_slice(bytes);
        match &self.inbox[..] {
            first if self.nothing_read() && is_tls(first) => {
                return Turn::Fail(Setback::new(SetbackKind::ImplicitTls, b""));
            }
            // Too few bytes to decide. The first reply of every protocol is longer.
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

    /// Returns a setback for a connection that ended within a reply, if its first bytes reveal
    /// another protocol.
    pub fn broken_off(&self) -> Option<Setback> {
        let spoken = tls::spoken(&self.inbox).filter(|_| self.nothing_read())?;
        (!spoken.contains(self.protocol.name)).then(|| Setback {
            kind: SetbackKind::OtherProtocol,
            reply: spoken.to_owned(),
        })
    }

    /// Returns the bytes received but not parsed yet.
    pub fn unread(&self) -> &[u8] {
        &self.inbox
    }

    /// Returns true if the server should have spoken first but has not sent a byte.
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
        // What is left is parsed as if it had just arrived.
        self.ripe = match self.protocol.ends {
            Some(end) => self.inbox.contains(&end),
            None => !self.inbox.is_empty(),
        };
    }

    fn upgrade(&mut self, last: Vec<u8>) -> Turn {
        let injected = std::mem::take(&mut self.inbox);
        // With an alert at this point, the server withdraws its consent.
        if is_tls(&injected) {
            let alert = injected.get(6).copied().unwrap_or_default();
            let reply = format!("alert {}", AlertDescription(alert));
            return Turn::Fail(Setback::new(SetbackKind::Refused, reply.as_bytes()));
        }
        Turn::Upgrade { last, injected }
    }
}

/// Returns true if the bytes begin an alert or a handshake record. The version must be SSL 3.0 or
/// later, unless the content leaves no doubt.
fn is_tls(bytes: &[u8]) -> bool {
    match bytes {
        [0x15 | 0x16, 3, 0..=4, ..] => true,
        [0x15 | 0x16, _, _, _, _, _, _, ..] => {
            tls::has_odd_version(bytes) && tls::may_be_tls(bytes)
        }
        _ => false,
    }
}

/// Returns true if more bytes could make this an alert or a handshake record.
fn may_become_tls(bytes: &[u8]) -> bool {
    let begun = matches!(bytes, [0x15 | 0x16, rest @ ..] if rest.len() < 6);
    begun && !matches!(bytes, [_, 3, _, ..]) && tls::may_be_tls(bytes)
}
