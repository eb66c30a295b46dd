//! Parses URLs named in certificates. The parser is strict, because a stranger's text decides which
//! server we contact. It does not resolve names or connect.

use std::net::IpAddr;

use url::{Host, Position, Url};

use super::FetchFailure;

/// Maximum length in bytes. It is longer than any CA's URL with its query.
const LONGEST: usize = 2048;

/// A URL that can be fetched by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAddress {
    host: Result<IpAddr, String>,
    port: u16,
    path: String,
}

impl HttpAddress {
    /// Parses a URL. Unusual spellings of IPv4 addresses (`0x7f.1`) are parsed as browsers do, so
    /// that no spelling passes the guard.
    ///
    /// # Errors
    ///
    /// Returns an error unless the text is an `http` URL without user name and password.
    pub fn parse(text: &str) -> Result<Self, FetchFailure> {
        if text.len() > LONGEST {
            return Err(FetchFailure::TooLong(LONGEST));
        }
        // The URL parser would silently remove line breaks and blanks, which RFC 3986 does not
        // allow.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "it contains a blank, a control character or a character outside ASCII";
            return Err(FetchFailure::Malformed(reason.to_owned()));
        }
        let url = Url::parse(text).map_err(|error| FetchFailure::Malformed(error.to_string()))?;
        if url.scheme() != "http" {
            return Err(FetchFailure::Scheme);
        }
        if text.contains('@') && (!url.username().is_empty() || url.password().is_some()) {
            return Err(FetchFailure::UserInfo);
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => Err(name.trim_end_matches('.').to_owned()),
            Some(Host::Ipv4(address)) => Ok(address.into()),
            Some(Host::Ipv6(address)) => Ok(address.into()),
            None => return Err(FetchFailure::Malformed("no host".to_owned())),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(80),
            path: url[Position::BeforePath..Position::AfterQuery].to_owned(),
        })
    }

    /// Returns the address in the URL, or the name to resolve as the error.
    pub fn host(&self) -> Result<IpAddr, &str> {
        self.host.as_ref().copied().map_err(String::as_str)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the path and query, for the request.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the value of the Host header.
    pub(super) fn authority(&self) -> String {
        let host = match &self.host {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            Ok(IpAddr::V4(address)) => address.to_string(),
            Err(name) => name.clone(),
        };
        match self.port {
            80 => host,
            port => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_are_split_into_host_port_and_path() {
        for (text, authority, port, path) in [
            ("http://ca.example/i.der", "ca.example", 80, "/i.der"),
            ("HTTP://CA.Example.:80/a?b=c#d", "ca.example", 80, "/a?b=c"),
            ("http://ca.example", "ca.example", 80, "/"),
            ("http://ca.example:8080/i", "ca.example:8080", 8080, "/i"),
            ("http://192.0.2.1/i", "192.0.2.1", 80, "/i"),
            ("http://0x7f.1/i", "127.0.0.1", 80, "/i"),
            ("http://2130706433/", "127.0.0.1", 80, "/"),
            ("http://[2001:db8::1]:81/", "[2001:db8::1]:81", 81, "/"),
            ("http://ca.example/../x/./i", "ca.example", 80, "/x/i"),
        ] {
            let address = HttpAddress::parse(text).unwrap();
            assert_eq!(address.authority(), authority, "{text}");
            assert_eq!((address.port(), address.path()), (port, path), "{text}");
        }
    }

    #[test]
    fn urls_that_are_not_plain_http_are_rejected() {
        use FetchFailure::{Malformed, Scheme, TooLong, UserInfo};
        let malformed = |failure: &FetchFailure| matches!(failure, Malformed(_));
        let long = format!("http://ca.example/{}", "a".repeat(LONGEST));
        for (text, expected) in [
            ("https://ca.example/i", Scheme),
            ("ldap:///CN=CA?cACertificate", Scheme),
            ("file:///etc/passwd", Scheme),
            ("http://user@ca.example/", UserInfo),
            ("http://:secret@ca.example/", UserInfo),
            (&*long, TooLong(LONGEST)),
        ] {
            assert_eq!(HttpAddress::parse(text), Err(expected), "{text}");
        }
        for text in [
            "",
            "ca.example/i",
            "http://",
            "http:///i.der?",
            "http://ca.example/a\r\nX: y",
            "http://ca example/",
            "http://ca.ex\u{e4}mple/",
            "http://ca.example:99999/",
            "http://[::1/",
            "http://256.1.1.1/",
        ] {
            let failure = HttpAddress::parse(text);
            let first = text.split("///").next() == Some("http:");
            assert!(first || malformed(&failure.unwrap_err()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(http://)?.{0,60}") {
            if let Ok(address) = HttpAddress::parse(&text) {
                let line = format!("{} {}", address.authority(), address.path());
                prop_assert!(line.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
                prop_assert!(address.path().starts_with('/'));
            }
        }
    }
}
