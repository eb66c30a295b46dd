//! XMPP (RFC 6120 section 5), between clients and servers and between servers. What comes is XML
//! in small, and looked through for the few tags that matter.

use super::{Names, Phase, Protocol, SetbackKind, Speaker, Step};

/// Client to server.
pub(super) const XMPP: Protocol = Protocol {
    name: "xmpp",
    first: Speaker::Client,
    farewell: b"</stream:stream>",
    ends: Some(b'>'),
    begins: Phase::Offers,
    opening: |names| opening("jabber:client", names),
    step: |phase, bytes, _| step(phase, bytes),
};

/// Server to server.
pub(super) const XMPP_SERVER: Protocol = Protocol {
    name: "xmpp-server",
    opening: |names| opening("jabber:server", names),
    ..XMPP
};

const ASK: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

fn opening(namespace: &str, names: &Names<'_>) -> Vec<u8> {
    // A host name holds nothing that XML would have to escape.
    let host = names.host;
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='{namespace}' \
         xmlns:stream='http://etherx.jabber.org/streams' to='{host}' version='1.0'>"
    )
    .into_bytes()
}

fn step(phase: Phase, bytes: &[u8]) -> Step {
    let text = bytes.trim_ascii_start();
    let html = crate::tls::spoken(text) == Some("http");
    if html || text.first().is_some_and(|first| *first != b'<') {
        return Step::other(text);
    }
    if let Some((error, _)) = element(bytes, "stream:error") {
        return Step::fail(SetbackKind::TurnedAway, error);
    }
    match phase {
        Phase::Greeting | Phase::Offers => offers(bytes),
        Phase::Asked | Phase::AskedBlindly => answer(bytes),
    }
}

fn offers(bytes: &[u8]) -> Step {
    let Some((features, taken)) = element(bytes, "stream:features") else {
        return Step::More;
    };
    match find(features, b"<starttls") {
        Some(_) => Step::say(taken, ASK, Phase::Asked),
        None => Step::fail(SetbackKind::NotOffered, features),
    }
}

fn answer(bytes: &[u8]) -> Step {
    if let Some((_, taken)) = element(bytes, "proceed") {
        return Step::upgrade(taken);
    }
    match element(bytes, "failure") {
        Some((failure, _)) => Step::fail(SetbackKind::Refused, failure),
        None => Step::More,
    }
}

/// The first element with this name, when it is complete, and the bytes up to its end.
fn element<'a>(bytes: &'a [u8], name: &str) -> Option<(&'a [u8], usize)> {
    let open = format!("<{name}");
    let start = find(bytes, open.as_bytes())?;
    let rest = &bytes[start..];
    let tag = find(rest, b">")? + 1;
    let length = match rest[..tag].ends_with(b"/>") {
        true => tag,
        false => {
            let close = format!("</{name}>");
            find(rest, close.as_bytes())? + close.len()
        }
    };
    Some((&rest[..length], start + length))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|each| each == part)
}
