//! Guesses the protocol of bytes that are not TLS from the first bytes. The guess is only reported;
//! no decision depends on it.

/// Returns the protocol that an answer begins with, such as `http`, `ssh` or `smtp or ftp`, or `None`
/// if it is not recognized.
pub fn spoken(bytes: &[u8]) -> Option<&'static str> {
    from_prefix(bytes)
        .or_else(|| from_reply_code(bytes))
        .or_else(|| from_binary(bytes))
}

/// Returns at most 80 of the first bytes as text for a message. The line end is removed, and everything
/// that is not printable ASCII becomes a dot.
pub fn printable_prefix(bytes: &[u8]) -> String {
    let head = bytes.get(..MAX_PRINTED).unwrap_or(bytes).trim_ascii_end();
    let shown = |byte: &u8| match byte {
        0x20..=0x7E => char::from(*byte),
        _ => '.',
    };
    head.iter().map(shown).collect()
}

/// Every protocol that [`spoken`] recognizes.
pub const SPOKEN: &[&str] = &[
    "amqp",
    "ftp",
    "http",
    "imap",
    "irc",
    "ldap",
    "memcached",
    "mqtt",
    "mssql",
    "mysql",
    "nntp",
    "pop3",
    "postgres",
    "rdp",
    "redis",
    "rsync",
    "rtsp",
    "sieve",
    "sip",
    "smtp",
    "smtp or ftp",
    "socks",
    "ssh",
    "telnet",
    "vnc",
    "xmpp",
];

const MAX_PRINTED: usize = 80;

/// Maximum number of bytes that are searched for a word: enough for a banner line, without searching
/// a whole page.
const MAX_SEARCHED: usize = 512;

const PREFIXES: &[(&[u8], &str)] = &[
    (b"HTTP/", "http"),
    (b"<!DOCTYPE", "http"),
    (b"<!doctype", "http"),
    (b"<html", "http"),
    (b"<HTML", "http"),
    (b"ICY ", "http"),
    (b"SSH-", "ssh"),
    (b"* OK", "imap"),
    (b"* PREAUTH", "imap"),
    (b"* BYE", "imap"),
    (b"* BAD", "imap"),
    (b"+OK", "pop3"),
    (b"\"IMPLEMENTATION\"", "sieve"),
    (b"RFB ", "vnc"),
    (b"<?xml", "xmpp"),
    (b"<stream", "xmpp"),
    (b"AMQP", "amqp"),
    (b"@RSYNCD:", "rsync"),
    (b"SIP/2.0", "sip"),
    (b"RTSP/", "rtsp"),
    (b"-ERR", "redis"),
    (b"-NOAUTH", "redis"),
    (b"-DENIED", "redis"),
    (b"ERROR\r\n", "memcached"),
    (b"CLIENT_ERROR", "memcached"),
    (b"NOTICE AUTH", "irc"),
    (b"ERROR :", "irc"),
    (b"EFATAL", "postgres"),
];

fn from_prefix(bytes: &[u8]) -> Option<&'static str> {
    let row = PREFIXES.iter().find(|row| bytes.starts_with(row.0));
    row.map(|row| row.1)
}

/// Recognizes protocols whose greeting begins with a number of three digits.
fn from_reply_code(bytes: &[u8]) -> Option<&'static str> {
    let (code, rest) = bytes.split_at_checked(3)?;
    if !code.iter().all(u8::is_ascii_digit) || !matches!(rest.first(), Some(b' ' | b'-')) {
        return None;
    }
    match code {
        b"200" | b"201" => Some("nntp"),
        b"220" => Some(mail_or_file(rest)),
        // The reply of a server that is busy or closed, or did not understand the ClientHello.
        [b'4' | b'5', ..] => Some(mail_or_file(rest)),
        _ => None,
    }
}

fn mail_or_file(text: &[u8]) -> &'static str {
    let head = text.get(..MAX_SEARCHED).unwrap_or(text);
    let head = head.to_ascii_lowercase();
    let has = |word: &str| head.windows(word.len()).any(|part| part == word.as_bytes());
    let mail = ["smtp", "mail", "postfix", "exim"].into_iter().any(has);
    let file = ["ftp", "filezilla"].into_iter().any(has);
    match (mail, file) {
        (true, false) => "smtp",
        (false, true) => "ftp",
        _ => "smtp or ftp",
    }
}

fn from_binary(bytes: &[u8]) -> Option<&'static str> {
    Some(match *bytes {
        // TPKT, as in a remote desktop's answer (RFC 1006).
        [3, 0, ..] => "rdp",
        // Telnet IAC (interpret as command): will, won't, do, don't.
        [0xFF, 0xFB..=0xFE, ..] => "telnet",
        // A packet with number 0: the greeting of protocol 10 or an error.
        [_, _, 0, 0, 10 | 0xFF, ..] => "mysql",
        // A sequence that begins with the message id. Its length has one byte or four.
        [0x30, 0..=0x7F, 2, ..] | [0x30, 0x84, _, _, _, _, 2, ..] => "ldap",
        // An error of fewer than 65536 bytes that begins with its severity.
        [b'E', 0, 0, _, _, b'S', ..] => "postgres",
        // The answer to a request for TLS.
        [b'S' | b'N'] => "postgres",
        [5, 0 | 1 | 2 | 0xFF] => "socks",
        [0x20, 2, 0 | 1, 0..=5] => "mqtt",
        // An HTTP/2 SETTINGS frame on stream 0.
        [0, 0, _, 4, 0, 0, 0, 0, 0, ..] => "http",
        // A tabular response in one packet.
        [4, 1, 0, _, 0, 0, _, 0, ..] => "mssql",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn openings_are_named() {
        let cases: &[(&[u8], Option<&str>)] = &[
            (b"HTTP/1.1 400 Bad Request\r\n", Some("http")),
            (b"<html><head><title>400", Some("http")),
            (
                b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03",
                Some("http"),
            ),
            (b"220 mx.example.com ESMTP Postfix\r\n", Some("smtp")),
            (b"220-mx.example.com ESMTP Exim 4.96", Some("smtp")),
            (b"220 (vsFTPd 3.0.3)\r\n", Some("ftp")),
            (b"220-FileZilla Server 1.8.0\r\n", Some("ftp")),
            (b"220 \r\n", Some("smtp or ftp")),
            (b"220 ftp mail gateway\r\n", Some("smtp or ftp")),
            (b"421 too many connections", Some("smtp or ftp")),
            (b"500 5.5.1 Command unrecognized: smtp", Some("smtp")),
            (b"200 news.example.com InterNetNews ready", Some("nntp")),
            (b"201 no posting", Some("nntp")),
            (
                b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n",
                Some("imap"),
            ),
            (b"+OK Dovecot ready.\r\n", Some("pop3")),
            (b"SSH-2.0-OpenSSH_9.2p1\r\n", Some("ssh")),
            (b"J\0\0\0\x0a5.7.44\0", Some("mysql")),
            (b"\x17\0\0\0\xff\x10\x04Too many connections", Some("mysql")),
            (b"RFB 003.008\n", Some("vnc")),
            (b"\xff\xfd\x18\xff\xfd\x20", Some("telnet")),
            (b"\x30\x24\x02\x01\x00\x78\x1f", Some("ldap")),
            (b"\x30\x84\x00\x00\x00\x28\x02\x01\x00", Some("ldap")),
            (b"<?xml version='1.0'?><stream:stream", Some("xmpp")),
            (b"\x03\x00\x00\x13\x0e\xd0", Some("rdp")),
            (b"E\0\0\0\x8dSFATAL\0", Some("postgres")),
            (b"S", Some("postgres")),
            (b"N", Some("postgres")),
            (b"-ERR unknown command", Some("redis")),
            (b"AMQP\x00\x00\x09\x01", Some("amqp")),
            (b"\x05\xff", Some("socks")),
            (b"\x20\x02\x00\x01", Some("mqtt")),
            (b"\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"", Some("sieve")),
            (b"", None),
            (b"2", None),
            (b"22", None),
            (b"220", None),
            (b"2200 tons", None),
            (b"300 bars", None),
            (b"0123456", None),
            (b"Hello", None),
            (b"\x16\x03\x01\x00\x05hello", None),
            (b"\x15\x03\x01\x00\x02\x02\x28", None),
        ];
        for (bytes, name) in cases {
            assert_eq!(spoken(bytes), *name, "{}", printable_prefix(bytes));
        }
        let seen = cases.iter().filter_map(|(_, name)| *name);
        let named = PREFIXES.iter().map(|(_, name)| *name).chain(seen);
        assert!(SPOKEN.is_sorted());
        for name in named {
            assert!(SPOKEN.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_printed_opening_is_harmless() {
        assert_eq!(printable_prefix(b"220 ready\r\n"), "220 ready");
        assert_eq!(printable_prefix(b"a\x1b[31m\xe2\x80\xaeb"), "a.[31m...b");
        assert_eq!(printable_prefix(b""), "");
        assert_eq!(printable_prefix(&[b'x'; 200]).len(), 80);
    }

    proptest! {
        #[test]
        fn any_bytes_are_named_or_not_and_print_as_ascii(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let named = spoken(&bytes);
            prop_assert!(named.is_none_or(|name| SPOKEN.contains(&name)));
            let printed = printable_prefix(&bytes);
            prop_assert!(printed.len() <= 80);
            prop_assert!(printed.bytes().all(|byte| (0x20..=0x7E).contains(&byte)));
        }
    }
}
