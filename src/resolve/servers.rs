//! Parses `--resolvers ADDRESS[:PORT],...`. It does not contact the servers.

use std::net::{IpAddr, SocketAddr};

/// Why the list of servers is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerListError {
    /// Not an address.
    #[error(
        "{0:?} is not an address; write 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353"
    )]
    Address(String),
    /// An address or port that cannot be queried.
    #[error(
        "{0:?} cannot be a name server; give the address of one machine and a port from 1 to 65535"
    )]
    Unusable(String),
    /// Too many servers.
    #[error("more than {MOST} servers; remove some")]
    TooMany,
}

/// Maximum number of servers. No sweep needs more, and each costs a connection state and a line in
/// the manifest.
const MOST: usize = 64;
const DNS: u16 = 53;

/// Parses the list. Duplicates are removed.
///
/// # Errors
///
/// Returns an error if an entry is not the address of a server, or if there are more than 64.
pub fn parse_servers(list: &str) -> Result<Vec<SocketAddr>, ServerListError> {
    let mut servers = Vec::new();
    for text in list.split(',') {
        let server = parse(text.trim())?;
        if !servers.contains(&server) {
            servers.push(server);
        }
        if servers.len() > MOST {
            return Err(ServerListError::TooMany);
        }
    }
    Ok(servers)
}

fn parse(text: &str) -> Result<SocketAddr, ServerListError> {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let server = if let Ok(server) = text.parse::<SocketAddr>() {
        server
    } else if let Some(Ok(address)) = bracketed.map(str::parse) {
        SocketAddr::new(IpAddr::V6(address), DNS)
    } else if let Ok(address) = text.parse::<IpAddr>() {
        SocketAddr::new(address, DNS)
    } else {
        return Err(ServerListError::Address(text.to_owned()));
    };
    if server.port() == 0 || server.ip().is_unspecified() || server.ip().is_multicast() {
        return Err(ServerListError::Unusable(text.to_owned()));
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        for (list, want) in [
            ("192.0.2.53", &["192.0.2.53:53"][..]),
            ("192.0.2.53:5353", &["192.0.2.53:5353"]),
            ("2001:db8::53", &["[2001:db8::53]:53"]),
            ("[2001:db8::53]", &["[2001:db8::53]:53"]),
            ("[2001:db8::53]:5353", &["[2001:db8::53]:5353"]),
            (
                "192.0.2.1, 192.0.2.2:53,192.0.2.1:53",
                &["192.0.2.1:53", "192.0.2.2:53"],
            ),
        ] {
            let servers = parse_servers(list).unwrap();
            let texts: Vec<String> = servers.iter().map(ToString::to_string).collect();
            assert_eq!(texts, want, "{list}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_named() {
        for bad in [
            "",
            "dns.example",
            "192.0.2.256",
            "192.0.2.1:",
            "192.0.2.1:99999",
            "[192.0.2.1]",
        ] {
            let list = format!("192.0.2.7,{bad}");
            let error = ServerListError::Address(bad.to_owned());
            assert_eq!(parse_servers(&list), Err(error), "{bad}");
        }
        for bad in ["192.0.2.1:0", "0.0.0.0", "[::]:53", "224.0.0.251:5353"] {
            let error = ServerListError::Unusable(bad.to_owned());
            assert_eq!(parse_servers(bad), Err(error), "{bad}");
        }
        let many: Vec<String> = (0..65).map(|n| format!("192.0.2.{n}")).collect();
        assert_eq!(
            parse_servers(&many.join(",")),
            Err(ServerListError::TooMany)
        );
        assert_eq!(parse_servers(&many[..64].join(",")).unwrap().len(), 64);
    }
}
