//! Checks that the server chose only what was offered. rustls checks this for its own ClientHellos,
//! and this file does so for hand-made ones. A server that chooses something else has not accepted
//! the offer.

use super::key_exchange;
use crate::observation::{Failure, KeyKind, Offer, Offered, Reason, Stage};
use crate::tls::{self, CipherSuite, Flight, Hello, ProtocolVersion, ServerHello};

/// Returns why the answer is not a valid answer to this offer, or `None` if it is valid. `leaf` is the
/// kind of the certificate's key, or `None` if it was not read.
pub(super) fn flaw(
    offered: &Offered,
    hello: &Hello<'_>,
    flight: &Flight,
    leaf: Option<KeyKind>,
) -> Option<Failure> {
    let answer = flight.server_hello.as_ref()?;
    let detail = misframed(offered, hello.session_id, answer)
        .or_else(|| unoffered(offered, flight))
        .or_else(|| unsolicited(hello, answer));
    match detail {
        Some(detail) => Some(Failure::new(Stage::Handshake, Reason::Malformed, detail)),
        None => {
            let lists = (&*offered.groups, offered.template.signatures);
            key_exchange::flaw(lists, flight, leaf)
        }
    }
}

/// Returns which rule of its version the ServerHello breaks, whatever was offered, or `None` if none.
fn misframed(offered: &Offered, session_id: &[u8], hello: &ServerHello) -> Option<String> {
    let tls13 = hello.version >= ProtocolVersion::Tls13.wire();
    let named = hello.extensions.contains(&SUPPORTED_VERSIONS);
    let shared = offered.offer == Offer::Rest && hello.selected_group == Some(X25519);
    let echoed = hello.session_id == session_id;
    // RFC 8446, 4.1.3 and 4.2.1.
    let detail = if tls13 && !(named && hello.legacy_version == ProtocolVersion::Tls12.wire()) {
        "chose TLS 1.3 without supported_versions"
    } else if !tls13 && named {
        "names an older version in supported_versions"
    } else if tls13 && !echoed {
        "does not echo the session id"
    } else if !tls13 && echoed {
        // The session id was random, so there is no such session (RFC 5246, 7.4.1.3).
        "resumes a session that never was"
    } else if tls13 && hello.selected_group.is_none() {
        "names no group"
    } else if tls13 && hello.hello_retry == shared {
        // A HelloRetryRequest asks for another group. Otherwise the group is that of the share
        // (RFC 8446, 4.2.8).
        "answers another key share than the one sent"
    } else {
        return None;
    };
    Some(detail.to_owned())
}

/// Returns the first extension that is not allowed in this answer to this ClientHello, or `None`.
fn unsolicited(hello: &Hello<'_>, answer: &ServerHello) -> Option<String> {
    let mut extensions = answer.extensions.iter();
    let unexpected = extensions.find(|extension| !may_answer(**extension, hello, answer))?;
    let why = match hello.offers(*unexpected) {
        true => "which TLS 1.3 encrypts",
        false => "which was not on offer",
    };
    Some(format!("sent the extension {unexpected}, {why}"))
}

fn may_answer(extension: u16, hello: &Hello<'_>, answer: &ServerHello) -> bool {
    if answer.version >= ProtocolVersion::Tls13.wire() {
        // All others are encrypted (RFC 8446, 4.2). A HelloRetryRequest may have a cookie, which the
        // client sends back.
        return [SUPPORTED_VERSIONS, KEY_SHARE].contains(&extension)
            || extension == COOKIE && answer.hello_retry;
    }
    // The SCSV offers renegotiation_info too (RFC 5746, 3.6), and clients accept it from any server.
    // OpenSSL (ssl/statem/extensions.c) also accepts cryptopro_bug of GOST servers.
    let always = [RENEGOTIATION_INFO, CRYPTOPRO_BUG].contains(&extension);
    always || hello.offers(extension)
}

const SUPPORTED_VERSIONS: u16 = 43;
const COOKIE: u16 = 44;
const KEY_SHARE: u16 = 51;
const CRYPTOPRO_BUG: u16 = 0xFDE8;
const RENEGOTIATION_INFO: u16 = 0xFF01;

const X25519: u16 = 29;

fn unoffered(offered: &Offered, flight: &Flight) -> Option<String> {
    let hello = flight.server_hello.as_ref()?;
    let version = ProtocolVersion::from_wire(hello.version);
    // A version older than all that were offered is accepted here: it is recorded as a refusal of
    // the newer ones.
    if version.is_none_or(|version| version > offered.template.newest) {
        return Some(format!(
            "chose version 0x{:04x}, which was not on offer",
            hello.version
        ));
    }
    let suite = tls::cipher_suite_text(hello.cipher);
    if !offered.suites.contains(&hello.cipher) || signals(hello.cipher) {
        return Some(format!("chose the suite {suite}, which was not on offer"));
    }
    const DEFLATE: u8 = 1;
    if hello.compression != 0 && !(offered.features && hello.compression == DEFLATE) {
        return Some(format!(
            "chose compression {}, which was not on offer",
            hello.compression
        ));
    }
    None
}

fn signals(cipher: u16) -> bool {
    CipherSuite::of(cipher).is_some_and(CipherSuite::signalling)
}
