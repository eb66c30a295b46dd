//! Dialogues as data: what the server sends, what the client must send, and how it ends. Each is
//! played with the server's bytes in one piece, one byte at a time, and cut in two at every
//! position.

use proptest::prelude::*;

use super::*;

/// One line of a script.
enum Line {
    /// Sent by the server.
    S(&'static [u8]),
    /// Sent by the client.
    C(&'static [u8]),
}
use Line::{C, S};

/// How a dialogue ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Tls,
    Injected(&'static [u8]),
    No(SetbackKind, &'static str),
}
use SetbackKind::{ImplicitTls, NotOffered, OtherProtocol, Refused, Temporary, TurnedAway};

struct Script {
    protocol: &'static str,
    lines: &'static [Line],
    end: End,
}

const fn script(protocol: &'static str, lines: &'static [Line], end: End) -> Script {
    Script {
        protocol,
        lines,
        end,
    }
}

const EHLO_LINE: Line = C(b"EHLO scan.example\r\n");
const STARTTLS: Line = C(b"STARTTLS\r\n");
const XMPP_OPEN: Line = C(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='mx.example' version='1.0'>");
const XMPP_ASK: Line = C(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
const LDAP_ASK: Line = C(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037");
const PG_ASK: Line = C(b"\0\0\0\x08\x04\xd2\x16\x2f");
const MYSQL_GREETING: &[u8] =
    b"\x2b\0\0\0\x0a10.11.19-MariaDB\0\x05\0\0\0abcdefgh\0\xfe\xff\x2d\x02\0\xff\xc1\x15\0\0\0\0";
const MYSQL_PLAIN: &[u8] =
    b"\x2b\0\0\0\x0a10.11.19-MariaDB\0\x05\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\xc1\x15\0\0\0\0";
const MYSQL_ASK: Line =
    C(b"\x20\0\0\x01\0\x8a\0\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n";
const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x28";

const SCRIPTS: &[Script] = &[
    script("smtp", &[S(b"220 mx ESMTP\r\n"), EHLO_LINE, S(b"250-mx\r\n250-SIZE 1000\r\n250-StartTLS\r\n250 HELP\r\n"), STARTTLS, S(b"220 2.0.0 Ready\r\n")], End::Tls),
    script("smtp", &[S(b"220-mx ESMTP\r\n220-no spam\r\n220 here\r\n"), EHLO_LINE, S(b"250-mx\n250 STARTTLS\n"), STARTTLS, S(b"220-go\r\n220 on\r\n")], End::Tls),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250-mx\r\n250 STARTTLS\r\n"), STARTTLS, S(b"220 go\r\n250 mx\r\n")], End::Injected(b"250 mx\r\n")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250-mx\r\n250-XXXXXXXA\r\n250 HELP\r\n")], End::No(NotOffered, "mx XXXXXXXA HELP")),
    // The first line of the reply to EHLO is not an offer.
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250 STARTTLS\r\n")], End::No(NotOffered, "STARTTLS")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"502 what?\r\n")], End::No(NotOffered, "502 what?")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"550 go\taway\x1b[2J\r\n")], End::No(TurnedAway, "550 go away.[2J")),
    script("smtp", &[S(b"554-blocked\r\n554 see list\r\n")], End::No(TurnedAway, "554-blocked 554 see list")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250-mx\r\n250 STARTTLS\r\n"), STARTTLS, S(b"454 4.7.0 TLS not available\r\n")], End::No(Temporary, "454 4.7.0 TLS not available")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250-mx\r\n250 STARTTLS\r\n"), STARTTLS, S(b"220 go\r\n\x15\x03\x01\x00\x02\x02\x50")], End::No(Refused, "alert internal_error")),
    script("smtp", &[S(HTTP)], End::No(OtherProtocol, "http")),
    script("smtp", &[S(ALERT)], End::No(ImplicitTls, "")),
    script("smtp", &[S(b"* OK IMAP4 ready\r\n")], End::No(OtherProtocol, "imap")),
    script("smtp", &[S(b"200 news\r\n")], End::No(OtherProtocol, "nntp")),
    script("lmtp", &[S(b"220 mx LMTP\r\n"), C(b"LHLO scan.example\r\n"), S(b"250-mx\r\n250 STARTTLS\r\n"), STARTTLS, S(b"220 go\r\n")], End::Tls),
    script("imap", &[S(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"a2 OK go\r\n")], End::Tls),
    script("imap", &[S(b"* OK hi\r\n"), C(b"a1 CAPABILITY\r\n"), S(b"* CAPABILITY IMAP4rev1 StartTLS\r\na1 OK done\r\n"), C(b"a2 STARTTLS\r\n"), S(b"* OK still\r\na2 OK go\r\n")], End::Tls),
    script("imap", &[S(b"* OK hi\r\n"), C(b"a1 CAPABILITY\r\n"), S(b"* CAPABILITY IMAP4rev1\r\na1 OK done\r\n")], End::No(NotOffered, "* CAPABILITY IMAP4rev1 a1 OK done")),
    script("imap", &[S(b"* OK [CAPABILITY STARTTLS] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"a2 NO broken\r\n")], End::No(Refused, "a2 NO broken")),
    script("imap", &[S(b"* OK [CAPABILITY STARTTLS] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"a2 OK go\r\n* BYE\r\n")], End::Injected(b"* BYE\r\n")),
    script("imap", &[S(b"* PREAUTH hi\r\n")], End::No(NotOffered, "* PREAUTH hi")),
    script("imap", &[S(b"* BYE full\r\n")], End::No(Temporary, "* BYE full")),
    script("imap", &[S(b"+OK pop here\r\n")], End::No(OtherProtocol, "pop3")),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"+OK\r\nTOP\r\nSTLS\r\n.\r\n"), C(b"STLS\r\n"), S(b"+OK go\r\n")], End::Tls),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"-ERR what\r\n"), C(b"STLS\r\n"), S(b"+OK go\r\n")], End::Tls),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"-ERR what\r\n"), C(b"STLS\r\n"), S(b"-ERR what\r\n")], End::No(NotOffered, "-ERR what")),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"+OK\r\nTOP\r\nUIDL\r\n.\r\n")], End::No(NotOffered, "TOP UIDL")),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"+OK\r\nSTLS\r\n.\r\n"), C(b"STLS\r\n"), S(b"-ERR no\r\n")], End::No(Refused, "-ERR no")),
    script("pop3", &[S(b"-ERR busy\r\n")], End::No(TurnedAway, "-ERR busy")),
    script("ftp", &[S(b"220-hello\r\n free text\r\n220-still\r\n220 go\r\n"), C(b"AUTH TLS\r\n"), S(b"234 go\r\n")], End::Tls),
    script("ftp", &[S(b"120 soon\r\n220 now\r\n"), C(b"AUTH TLS\r\n"), S(b"530 Please login with USER and PASS.\r\n")], End::No(NotOffered, "530 Please login with USER and PASS.")),
    script("ftp", &[S(b"220 a\r\n"), C(b"AUTH TLS\r\n"), S(b"431 no\r\n")], End::No(Temporary, "431 no")),
    script("ftp", &[S(b"421 full\r\n")], End::No(Temporary, "421 full")),
    script("ftp", &[S(b"SSH-2.0-x\r\n")], End::No(OtherProtocol, "ssh")),
    script("sieve", &[S(b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"hi\"\r\n"), STARTTLS, S(b"OK \"go\"\r\n")], End::Tls),
    script("sieve", &[S(b"\"IMPLEMENTATION\" \"x\"\r\nOK\r\n")], End::No(NotOffered, "\"IMPLEMENTATION\" \"x\" OK")),
    script("sieve", &[S(b"\"STARTTLS\"\r\nOK\r\n"), STARTTLS, S(b"NO \"broken\"\r\n")], End::No(Refused, "NO \"broken\"")),
    script("sieve", &[S(b"BYE \"full\"\r\n")], End::No(Temporary, "BYE \"full\"")),
    script("sieve", &[S(b"\"STARTTLS\"\r\nOK\r\n"), STARTTLS, S(b"OK\r\n\"SASL\" \"\"\r\n")], End::Injected(b"\"SASL\" \"\"\r\n")),
    script("nntp", &[S(b"200 hi\r\n"), C(b"CAPABILITIES\r\n"), S(b"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"), STARTTLS, S(b"382 go\r\n")], End::Tls),
    script("nntp", &[S(b"201 hi\r\n"), C(b"CAPABILITIES\r\n"), S(b"500 what\r\n"), STARTTLS, S(b"500 what\r\n")], End::No(NotOffered, "500 what")),
    script("nntp", &[S(b"200 hi\r\n"), C(b"CAPABILITIES\r\n"), S(b"101 list\r\nVERSION 2\r\n.\r\n")], End::No(NotOffered, "VERSION 2")),
    script("nntp", &[S(b"200 hi\r\n"), C(b"CAPABILITIES\r\n"), S(b"101 list\r\nSTARTTLS\r\n.\r\n"), STARTTLS, S(b"580 no\r\n")], End::No(Refused, "580 no")),
    script("nntp", &[S(b"502 not you\r\n")], End::No(TurnedAway, "502 not you")),
    script("xmpp", &[XMPP_OPEN, S(b"<?xml version='1.0'?><stream:stream id='1' xmlns='jabber:client'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"), XMPP_ASK, S(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")], End::Tls),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:features><starttls/></stream:features>"), XMPP_ASK, S(b"<proceed></proceed><x/>")], End::Injected(b"<x/>")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:features/>")], End::No(NotOffered, "<stream:features/>")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:error><host-unknown/></stream:error>")], End::No(TurnedAway, "<stream:error><host-unknown/></stream:error>")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream><stream:features><starttls/></stream:features>"), XMPP_ASK, S(b"<failure/></stream:stream>")], End::No(Refused, "<failure/>")),
    // The first statement counts.
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream><stream:features><starttls/></stream:features><stream:error/>"), XMPP_ASK], End::No(TurnedAway, "<stream:error/>")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream><stream:features><starttls/></stream:features>"), XMPP_ASK, S(b"<failure/><proceed/>")], End::No(Refused, "<failure/>")),
    script("xmpp", &[XMPP_OPEN, S(b"<!DOCTYPE html><html>")], End::No(OtherProtocol, "http")),
    script("xmpp", &[XMPP_OPEN, S(ALERT)], End::No(ImplicitTls, "")),
    script("xmpp-server", &[C(b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='mx.example' version='1.0'>"), S(b"<stream:stream id='1'><stream:features><starttls/></stream:features>"), XMPP_ASK, S(b"<proceed/>")], End::Tls),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0")], End::Tls),
    script("ldap", &[LDAP_ASK, S(b"\x30\x84\0\0\0\x10\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0")], End::Tls),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x02\x04\0\x04\x02no")], End::No(NotOffered, "no")),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\0\x04\0")], End::No(Temporary, "result code 52")),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0\x30\0")], End::Injected(b"\x30\0")),
    script("ldap", &[LDAP_ASK, S(ALERT)], End::No(ImplicitTls, "")),
    script("postgres", &[PG_ASK, S(b"S")], End::Tls),
    script("postgres", &[PG_ASK, S(b"N")], End::No(NotOffered, "N")),
    script("postgres", &[PG_ASK, S(b"E\0\0\0\x1fSFATAL\0C53300\0Mtoo many\0\0\0\0")], End::No(Temporary, "too many")),
    script("mysql", &[S(MYSQL_GREETING), MYSQL_ASK], End::Tls),
    script("mysql", &[S(MYSQL_PLAIN)], End::No(NotOffered, "10.11.19-MariaDB")),
    script("mysql", &[S(b"\x17\0\0\0\xff\x10\x04Too many connections")], End::No(Temporary, "Too many connections")),
    // Temporary failures, and similar replies that are permanent.
    script("smtp", &[S(b"421 4.7.0 mx too busy\r\n")], End::No(Temporary, "421 4.7.0 mx too busy")),
    script("smtp", &[S(b"450-wait\r\n450 a minute\r\n")], End::No(Temporary, "450-wait 450 a minute")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"421 later\r\n")], End::No(Temporary, "421 later")),
    script("smtp", &[S(b"220 mx\r\n"), EHLO_LINE, S(b"250-mx\r\n250 STARTTLS\r\n"), STARTTLS, S(b"501 no\r\n")], End::No(Refused, "501 no")),
    script("lmtp", &[S(b"421 later\r\n")], End::No(Temporary, "421 later")),
    script("imap", &[S(b"* OK [CAPABILITY STARTTLS] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"a2 NO [UNAVAILABLE] later\r\n")], End::No(Temporary, "a2 NO [UNAVAILABLE] later")),
    script("imap", &[S(b"* OK [CAPABILITY STARTTLS] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"* BYE down\r\n")], End::No(Temporary, "* BYE down")),
    script("pop3", &[S(b"-ERR [SYS/TEMP] later\r\n")], End::No(Temporary, "-ERR [SYS/TEMP] later")),
    script("pop3", &[S(b"-ERR [SYS/PERM] never\r\n")], End::No(TurnedAway, "-ERR [SYS/PERM] never")),
    script("pop3", &[S(b"+OK hi\r\n"), C(b"CAPA\r\n"), S(b"+OK\r\nSTLS\r\n.\r\n"), C(b"STLS\r\n"), S(b"-ERR [in-use] later\r\n")], End::No(Temporary, "-ERR [in-use] later")),
    script("ftp", &[S(b"220 a\r\n"), C(b"AUTH TLS\r\n"), S(b"421 bye\r\n")], End::No(Temporary, "421 bye")),
    script("ftp", &[S(b"220 a\r\n"), C(b"AUTH TLS\r\n"), S(b"534 never\r\n")], End::No(Refused, "534 never")),
    script("sieve", &[S(b"NO (TRYLATER) \"full\"\r\n")], End::No(Temporary, "NO (TRYLATER) \"full\"")),
    script("sieve", &[S(b"BYE (REFERRAL \"sieve://x\") \"x\"\r\n")], End::No(TurnedAway, "BYE (REFERRAL \"sieve://x\") \"x\"")),
    script("sieve", &[S(b"\"STARTTLS\"\r\nOK\r\n"), STARTTLS, S(b"BYE \"down\"\r\n")], End::No(Temporary, "BYE \"down\"")),
    script("nntp", &[S(b"400 later\r\n")], End::No(Temporary, "400 later")),
    script("nntp", &[S(b"200 hi\r\n"), C(b"CAPABILITIES\r\n"), S(b"101 list\r\nSTARTTLS\r\n.\r\n"), STARTTLS, S(b"403 fault\r\n")], End::No(Temporary, "403 fault")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:error><resource-constraint/></stream:error>")], End::No(Temporary, "<stream:error><resource-constraint/></stream:error>")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:error><system-shutdown/></stream:error>")], End::No(Temporary, "<stream:error><system-shutdown/></stream:error>")),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x33\x04\0\x04\x02no")], End::No(Temporary, "no")),
    script("ldap", &[LDAP_ASK, S(b"\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x35\x04\0\x04\x02no")], End::No(Refused, "no")),
    script("postgres", &[PG_ASK, S(b"Ecould not fork new process for connection: Resource temporarily unavailable\n\0")], End::No(Temporary, "could not fork new process for connection: Resource temporarily unavailable")),
    script("imap", &[S(b"* OK [CAPABILITY STARTTLS] hi\r\n"), C(b"a2 STARTTLS\r\n"), S(b"a2 NO [SERVERBUG] oh\r\n")], End::No(Refused, "a2 NO [SERVERBUG] oh")),
    script("mysql", &[S(b"\x0c\0\0\0\xff\x69\x04Host is b")], End::No(TurnedAway, "Host is b")),
    script("xmpp", &[XMPP_OPEN, S(b"<stream:stream id='1'><stream:error><remote-connection-failed/></stream:error>")], End::No(Temporary, "<stream:error><remote-connection-failed/></stream:error>")),
    script("postgres", &[PG_ASK, S(b"E\0\0\0\x1fSFATAL\0C57P03\0Mstarting\0\0\0\0")], End::No(Temporary, "starting")),
    script("postgres", &[PG_ASK, S(b"E\0\0\0\x1fSFATAL\0C28000\0Mnot you.\0\0\0\0")], End::No(TurnedAway, "not you.")),
    script("mysql", &[S(b"\x0c\0\0\0\xff\x6a\x04not you..")], End::No(TurnedAway, "not you..")),
    // An alert in a record whose version does not exist.
    script("smtp", &[S(b"\x15\0\0\0\x02\x02\x28")], End::No(ImplicitTls, "")),
];

fn names() -> Names<'static> {
    Names {
        host: "mx.example",
        ehlo: "scan.example",
    }
}

/// Plays a script with the server's bytes in these pieces. Returns what the client sent, and how it
/// ended.
fn play(
    script: &Script,
    pieces: impl Fn(&'static [u8]) -> Vec<&'static [u8]>,
) -> (Vec<u8>, Option<Turn>) {
    let protocol = Protocol::named(script.protocol).unwrap();
    let mut conversation = Conversation::new(protocol, names());
    let mut sent = conversation.opening();
    for line in script.lines {
        let S(words) = line else { continue };
        for piece in pieces(words) {
            let mut turn = conversation.receive(piece);
            while let Turn::Say(bytes) = turn {
                sent.extend(bytes);
                turn = conversation.receive(&[]);
            }
            match turn {
                Turn::Listen => {}
                Turn::Upgrade { last, injected } => {
                    sent.extend(last);
                    let last = Vec::new();
                    return (sent, Some(Turn::Upgrade { last, injected }));
                }
                turn => return (sent, Some(turn)),
            }
        }
    }
    (sent, None)
}

/// Returns what the client must send.
fn ours(script: &Script) -> Vec<u8> {
    let ours = script.lines.iter().filter_map(|line| match line {
        C(words) => Some(*words),
        S(_) => None,
    });
    ours.flatten().copied().collect()
}

fn expected(end: &End) -> Turn {
    match end {
        End::Tls | End::Injected(_) => Turn::Upgrade {
            last: Vec::new(),
            injected: match end {
                End::Injected(bytes) => bytes.to_vec(),
                _ => Vec::new(),
            },
        },
        End::No(kind, reply) => Turn::Fail(Setback {
            kind: *kind,
            reply: (*reply).to_owned(),
        }),
    }
}

#[test]
fn every_script_goes_as_written_in_one_piece() {
    for (number, script) in SCRIPTS.iter().enumerate() {
        let (sent, end) = play(script, |words| vec![words]);
        let name = script.protocol;
        assert_eq!(end, Some(expected(&script.end)), "{name}, script {number}");
        assert_eq!(
            sent.escape_ascii().to_string(),
            ours(script).escape_ascii().to_string(),
            "{name}, script {number}"
        );
    }
}

/// The kind of end that is expected when the bytes arrive in pieces. Bytes cut off from the
/// server's consent do not count as injected, and a cut page gives fewer clues to its protocol.
fn kind_of(turn: Option<&Turn>) -> Option<SetbackKind> {
    match turn {
        Some(Turn::Fail(setback)) => Some(setback.kind),
        _ => None,
    }
}

#[test]
fn every_script_goes_as_written_however_it_is_cut() {
    for (number, script) in SCRIPTS.iter().enumerate() {
        let whole = play(script, |words| vec![words]);
        // An alert after the server's consent is parsed with it or left to TLS.
        if matches!(&script.end, End::No(Refused, reply) if reply.starts_with("alert")) {
            continue;
        }
        let mut cuts = vec![play(script, |words| words.chunks(1).collect())];
        for at in 0..200 {
            cuts.push(play(script, |words| {
                let (head, tail) = words.split_at(at.min(words.len()));
                vec![head, tail]
            }));
        }
        for (sent, end) in cuts {
            let name = script.protocol;
            assert_eq!(sent, whole.0, "{name}, script {number}");
            assert!(end.is_some(), "{name}, script {number}");
            assert_eq!(
                kind_of(end.as_ref()),
                kind_of(whole.1.as_ref()),
                "{name}, script {number}: {end:?}"
            );
        }
    }
}

#[test]
fn every_protocol_has_scripts_for_yes_and_no() {
    for protocol in PROTOCOLS {
        let mut ends = SCRIPTS
            .iter()
            .filter(|script| script.protocol == protocol.name);
        assert!(
            ends.any(|script| script.end == End::Tls),
            "{}",
            protocol.name
        );
        if !["lmtp", "xmpp-server"].contains(&protocol.name) {
            let mut ends = SCRIPTS
                .iter()
                .filter(|script| script.protocol == protocol.name);
            assert!(
                ends.any(|script| matches!(script.end, End::No(NotOffered, _))),
                "{}",
                protocol.name
            );
        }
    }
}

#[test]
fn no_server_talks_without_end() {
    let line = [b"220-".as_slice(), &[b'x'; 60], b"\r\n"].concat();
    for (piece, most) in [(line.as_slice(), MAX_UNITS + 1), (&[b'x'; 1024], 65)] {
        let protocol = Protocol::named("smtp").unwrap();
        let mut conversation = Conversation::new(protocol, names());
        let mut pieces = 0;
        let end = loop {
            pieces += 1;
            match conversation.receive(piece) {
                Turn::Listen => assert!(pieces <= most),
                turn => break turn,
            }
        };
        assert!(
            matches!(&end, Turn::Fail(setback) if setback.kind == SetbackKind::TooLarge && setback.reply.len() <= 240),
            "{end:?}"
        );
    }
}

#[test]
fn a_long_greeting_is_read_to_its_end() {
    let mut greeting = b"220-policy\r\n".repeat(900);
    greeting.extend(b"220 mx\r\n");
    let mut conversation = Conversation::new(Protocol::named("smtp").unwrap(), names());
    assert_eq!(
        conversation.receive(&greeting),
        Turn::Say(b"EHLO scan.example\r\n".to_vec())
    );
}

#[test]
fn another_protocol_is_named_when_a_reply_breaks_off() {
    for (protocol, bytes, name) in [
        ("smtp", b"\x30\x24\x02\x01\x00".as_slice(), Some("ldap")),
        ("imap", b"SSH-2.0", Some("ssh")),
        ("mysql", &MYSQL_GREETING[..20], None),
        ("smtp", b"220 mx", None),
        ("smtp", b"", None),
    ] {
        let mut conversation = Conversation::new(Protocol::named(protocol).unwrap(), names());
        assert_eq!(conversation.receive(bytes), Turn::Listen);
        let reply = conversation.broken_off().map(|setback| setback.reply);
        assert_eq!(reply.as_deref(), name);
    }
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let words: Vec<&'static [u8]> = SCRIPTS
        .iter()
        .flat_map(|script| script.lines)
        .filter_map(|line| match line {
            S(words) => Some(*words),
            C(_) => None,
        })
        .collect();
    let sent = prop::sample::select(words).prop_map(<[u8]>::to_vec);
    let cut = (sent.clone(), 0_usize..80).prop_map(|(mut words, at)| {
        words.truncate(at);
        words
    });
    let broken = (sent.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut words, at, byte)| {
            let at = at.index(words.len());
            words[at] = byte;
            words
        },
    );
    let noise = prop::collection::vec(any::<u8>(), 0..80);
    prop::collection::vec(prop_oneof![sent, cut, broken, noise], 0..8)
}

proptest! {
    #[test]
    fn no_server_makes_a_dialogue_panic_or_run_on(
        protocol in 0..PROTOCOLS.len(),
        pieces in pieces(),
    ) {
        let mut conversation = Conversation::new(&PROTOCOLS[protocol], names());
        'pieces: for piece in pieces {
            let mut turn = conversation.receive(&piece);
            for _ in 0..8 {
                match turn {
                    Turn::Say(bytes) => {
                        prop_assert!(!bytes.is_empty());
                        turn = conversation.receive(&[]);
                    }
                    Turn::Listen => continue 'pieces,
                    Turn::Fail(setback) => {
                        prop_assert!(setback.reply.len() <= 240);
                        prop_assert!(setback.reply.bytes().all(|byte| (0x20..=0x7E).contains(&byte)));
                        break 'pieces;
                    }
                    Turn::Upgrade { .. } => break 'pieces,
                }
            }
            prop_assert!(!matches!(turn, Turn::Say(_)), "the client never stops talking");
        }
        conversation.broken_off();
    }
}
