//! The property that each fuzz target checks for any bytes. Shared by the targets and by
//! tests/corpus.rs, which runs it over the corpus without a fuzzer.
#![allow(dead_code, reason = "each target runs one of them")]

use rustls_pki_types::CertificateDer;
use tlsweep::gather;
use tlsweep::observation::{Certificate, Transcript};
use tlsweep::starttls::{self, Conversation, Names, Protocol, Setback, SetbackKind, Turn};
use tlsweep::tls::{self, Flight, FlightProgress};

/// The record layer and the first flight: the result does not depend on how the bytes are split,
/// and no more is kept than was received.
pub(crate) fn flight(data: &[u8]) {
    let mut whole = Flight::default();
    let end = whole.push(data);
    let cut = data.first().map_or(1, |byte| usize::from(*byte % 7) + 1);
    let mut pieces = Flight::default();
    let mut end_of_pieces = pieces.progress();
    for piece in data.chunks(cut) {
        end_of_pieces = pieces.push(piece);
    }
    assert_eq!(end, end_of_pieces);
    assert_eq!(whole.server_hello, pieces.server_hello);
    assert_eq!(whole.certificates, pieces.certificates);
    assert_eq!(whole.key_exchange, pieces.key_exchange);
    assert_eq!(whole.signed_params, pieces.signed_params);
    assert_eq!(whole.fatal_alert, pieces.fatal_alert);
    let kept: usize = whole.certificates.iter().flatten().map(Vec::len).sum();
    let signed = whole.signed_params.as_ref();
    let signed = signed.map_or(0, |it| it.params.len() + it.signature.len());
    assert!(kept + signed <= data.len());
    assert!(whole.opening().len() <= tls::MAX_OPENING);
    if let FlightProgress::Failed(error) = end {
        assert!(!error.to_string().is_empty());
    }
}

/// A certificate: it is parsed or reported as unparseable, and all its ranges lie within it.
pub(crate) fn certificate(data: &[u8]) {
    let read = Certificate::read(CertificateDer::from(data.to_vec()));
    let again = Certificate::read(CertificateDer::from(data.to_vec()));
    assert_eq!(read.sha256, again.sha256);
    assert_eq!(read.contents.is_ok(), again.contents.is_ok());
    if let Ok(contents) = &read.contents {
        assert!(data.get(contents.tbs.clone()).is_some());
        assert!(data.get(contents.signature_value.clone()).is_some());
    }
}

/// A file of certificates: no more bytes come out than went in, each BEGIN of a text that is
/// neither DER nor a table is accounted for, and each message about it is one short line.
pub(crate) fn pem(data: &[u8]) {
    const BEGIN: &[u8] = b"-----BEGIN ";
    // A comment at the start prevents parsing as a table; text at the end prevents parsing as DER.
    let text = [b"#\n", data, b"\n"].concat();
    for (bytes, whole) in [(data, false), (&text, true)] {
        let listing = match gather::certificates(bytes) {
            Ok(listing) => listing,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let found: usize = listing.found.iter().map(|it| it.der.len()).sum();
        assert!(found <= bytes.len());
        let begins = bytes.windows(BEGIN.len()).filter(|it| *it == BEGIN).count();
        let pkcs7 = listing.unordered;
        assert!(!whole || pkcs7 || listing.found.len() + listing.left_out.len() >= begins);
        for part in &listing.left_out {
            let text = part.to_string();
            assert!(
                text.len() < 400 && !text.chars().any(char::is_control),
                "{text:?}"
            );
        }
    }
}

/// Bytes that are not TLS: they are recognised or shown as printable text, and never as control
/// characters for a terminal.
pub(crate) fn opening(data: &[u8]) {
    let shown = match tls::spoken(data) {
        Some(protocol) => protocol.to_owned(),
        None => tls::printable_prefix(data),
    };
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(tls::may_be_tls(&data[..data.len().min(1)]) || !tls::may_be_tls(data));
}

/// A dialogue before TLS: the result does not depend on how the server's text is split, we send
/// only our lines, the text shown is limited and printable, and every byte between the go-ahead and
/// TLS is noticed.
pub(crate) fn starttls(protocol: &str, data: &[u8]) {
    let protocol = Protocol::named(protocol).expect("a protocol with a dialogue");
    let whole = Dialogue::of(protocol, &[data]);
    // Beyond the limits, the result may depend on how many bytes arrive at once.
    if data.len() <= starttls::MAX_UNITS {
        for pieces in [data.chunks(1).collect(), cut(data)] {
            whole.goes_like(&Dialogue::of(protocol, &pieces));
        }
    }
    if let End::Upgrade { at } = whole.end {
        let needed = Dialogue::of(protocol, &[&data[..at]]);
        assert_eq!(needed.end, End::Upgrade { at });
        let less = Dialogue::of(protocol, &[&data[..at - 1]]);
        assert_eq!(
            less.end,
            End::Open,
            "the go-ahead's last byte is not needed"
        );
    }
    // This check is slow, so it runs for an eighth of all inputs.
    if data.len().is_multiple_of(8) {
        let flood = vec![b'x'; starttls::MAX_RECEIVED + 1];
        let end = Dialogue::of(protocol, &[data, &flood]).end;
        assert_ne!(end, End::Open, "the dialogue must end");
    }
}

/// Returns pieces whose lengths are taken from their own first bytes.
fn cut(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some(first) = data.first() {
        let length = usize::from(first % 13) + 1;
        let (piece, rest) = data.split_at(length.min(data.len()));
        pieces.push(piece);
        data = rest;
    }
    pieces
}

/// Lines that we may send after the opening, in this order; lines may be omitted.
const LINES: &[(&str, &[&str])] = &[
    ("smtp", &["EHLO scan.example\r\n", "STARTTLS\r\n"]),
    ("lmtp", &["LHLO scan.example\r\n", "STARTTLS\r\n"]),
    ("imap", &["a1 CAPABILITY\r\n", "a2 STARTTLS\r\n"]),
    ("pop3", &["CAPA\r\n", "STLS\r\n"]),
    ("ftp", &["AUTH TLS\r\n"]),
    ("sieve", &["STARTTLS\r\n"]),
    ("nntp", &["CAPABILITIES\r\n", "STARTTLS\r\n"]),
    ("xmpp", &[XMPP_ASK]),
    ("xmpp-server", &[XMPP_ASK]),
    ("ldap", &[]),
    ("postgres", &[]),
    ("mysql", &[]),
];
const XMPP_ASK: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// The result of a dialogue.
#[derive(Debug)]
struct Dialogue {
    said: Vec<Vec<u8>>,
    end: End,
    unread: Vec<u8>,
    broken_off: Option<Setback>,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// More input is expected.
    Open,
    /// TLS starts after this number of bytes.
    Upgrade { at: usize },
    /// There is no upgrade.
    Failed(Setback),
}

impl Dialogue {
    /// Feeds these pieces to the dialogue until it ends.
    fn of(protocol: &'static Protocol, pieces: &[&[u8]]) -> Self {
        let names = Names {
            host: "mx.example",
            ehlo: "scan.example",
        };
        let mut conversation = Conversation::new(protocol, names);
        let (mut said, mut heard, mut end) = (Vec::new(), 0, End::Open);
        for piece in pieces {
            heard += piece.len();
            let mut turn = conversation.receive(piece);
            while let Turn::Say(bytes) = turn {
                said.push(bytes);
                may_be_said(protocol, &said);
                turn = conversation.receive(&[]);
            }
            end = match turn {
                Turn::Upgrade { last, injected } => {
                    assert_eq!(last.len(), if protocol.name == "mysql" { 36 } else { 0 });
                    noticed(pieces, heard, &injected);
                    End::Upgrade {
                        at: heard - injected.len(),
                    }
                }
                Turn::Fail(setback) => End::Failed(setback),
                _ => continue,
            };
            break;
        }
        let dialogue = Self {
            said,
            end,
            unread: conversation.unread().to_vec(),
            broken_off: conversation.broken_off(),
        };
        dialogue.can_be_shown();
        dialogue
    }

    fn can_be_shown(&self) {
        let failed = match &self.end {
            End::Failed(setback) => Some(setback.reply.clone()),
            _ => None,
        };
        let broken_off = self.broken_off.as_ref().map(|it| it.reply.clone());
        let unread = Some(starttls::printable_line(&self.unread));
        for shown in [failed, broken_off, unread].into_iter().flatten() {
            assert!(shown.len() <= 240, "{shown:?}");
            assert!(
                shown.bytes().all(|byte| matches!(byte, 0x20..=0x7E)),
                "{shown:?}"
            );
        }
    }

    /// Returns true if the same server text in pieces has the same result. The text shown may
    /// differ if the reply is unknown, because more of it may have arrived.
    fn goes_like(&self, pieces: &Self) {
        assert_eq!(self.said, pieces.said);
        match (&self.end, &pieces.end) {
            // An alert after the go-ahead is read together with it, or by TLS.
            (End::Failed(setback), End::Upgrade { .. })
                if setback.kind == SetbackKind::Refused && setback.reply.starts_with("alert ") => {}
            (End::Failed(one), End::Failed(other)) => assert_eq!(one.kind, other.kind),
            (one, other) => {
                assert_eq!(one, other);
                assert_eq!(self.broken_off, pieces.broken_off);
            }
        }
    }
}

fn may_be_said(protocol: &Protocol, said: &[Vec<u8>]) {
    let lines = LINES.iter().find(|(name, _)| *name == protocol.name);
    let (_, lines) = lines.expect("every protocol has its lines here");
    let mut lines = lines.iter();
    let known = |said: &Vec<u8>| lines.any(|line| line.as_bytes() == said);
    assert!(said.iter().all(known), "{}: {said:?}", protocol.name);
}

/// The bytes after the go-ahead are the end of what was received, and are kept for the row.
fn noticed(pieces: &[&[u8]], heard: usize, injected: &[u8]) {
    let all = pieces.concat();
    assert!(all[..heard].ends_with(injected));
    let mut transcript = Transcript::default();
    transcript.inject(injected);
    assert_eq!(transcript.injected.is_some(), !injected.is_empty());
}
