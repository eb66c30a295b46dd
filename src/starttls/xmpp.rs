//! XMPP (RFC 6120 section 5), client to server and server to server. The replies are short XML,
//! which is searched for the few tags that matter instead of being parsed.

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
    // A host name contains no character that XML would have to escape.
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
    let awaited: &[&str] = match phase {
        Phase::Greeting | Phase::Offers => &["stream:error", "stream:features"],
        Phase::Asked | Phase::AskedBlindly => &["stream:error", "proceed", "failure"],
    };
    let Some(first) = first(bytes, awaited) else {
        return Step::More;
    };
    match first.name {
        "stream:features" if find(first.text, b"<starttls").is_some() => {
            Step::say(first.taken, ASK, Phase::Asked)
        }
        "stream:features" => Step::fail(SetbackKind::NotOffered, first.text),
        "proceed" => Step::upgrade(first.taken),
        "failure" => Step::fail(SetbackKind::Refused, first.text),
        _ => Step::no(
            SetbackKind::TurnedAway,
            is_temporary(first.text),
            first.text,
        ),
    }
}

/// Returns true for stream errors that may be temporary (RFC 6120): resource-constraint (section
/// 4.9.3.17), system-shutdown (4.9.3.20), internal-server-error (4.9.3.8), connection-timeout
/// (4.9.3.4), reset (4.9.3.16) and remote-connection-failed (4.9.3.15).
fn is_temporary(error: &[u8]) -> bool {
    const CONDITIONS: [&[u8]; 6] = [
        b"<remote-connection-failed",
        b"<resource-constraint",
        b"<system-shutdown",
        b"<internal-server-error",
        b"<connection-timeout",
        b"<reset",
    ];
    CONDITIONS.iter().any(|it| find(error, it).is_some())
}

struct Element<'a> {
    name: &'a str,
    /// The whole element, tags included.
    text: &'a [u8],
    /// Number of bytes up to its end.
    taken: usize,
}

/// Returns the element that begins first, of those with these names, or `None` if it is incomplete.
/// The server's first statement counts, whatever follows.
fn first<'a>(bytes: &'a [u8], names: &[&'a str]) -> Option<Element<'a>> {
    let begins = |name: &&'a str| {
        let open = format!("<{name}");
        Some((find(bytes, open.as_bytes())?, *name))
    };
    let (start, name) = names.iter().filter_map(begins).min()?;
    let rest = &bytes[start..];
    let tag = find(rest, b">")? + 1;
    let length = match rest[..tag].ends_with(b"/>") {
        true => tag,
        false => {
            let close = format!("</{name}>");
            find(rest, close.as_bytes())? + close.len()
        }
    };
    Some(Element {
        name,
        text: &rest[..length],
        taken: start + length,
    })
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|each| each == part)
}
