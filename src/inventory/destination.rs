//! Addresses to which no TCP connection is possible. Some systems replace them: Linux connects
//! 0.0.0.0 and `::` to the machine itself, so a visit would report our own certificate as the
//! target's. This file knows nothing of exclusions or local policy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns why no connection to the address is possible, or `None` if one can be tried.
///
/// Of IANA's special-purpose registries (RFC 6890), it rejects only addresses that can never be the
/// remote end of a connection. Private, documentation, benchmark and reserved addresses may be in
/// use somewhere, so trying them is the user's decision.
pub fn no_destination(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => no_destination_v4(address),
        IpAddr::V6(address) => no_destination_v6(address),
    }
}

fn no_destination_v4(address: Ipv4Addr) -> Option<&'static str> {
    // RFC 1122 section 3.2.1.3: 0.0.0.0/8 may only be a source address. Section 4.2.3.10: a
    // broadcast address is no valid TCP destination.
    match address.octets() {
        [0, ..] => Some("unspecified (0.0.0.0/8)"),
        [224..=239, ..] => Some("multicast"),
        [255, 255, 255, 255] => Some("the broadcast address"),
        _ => None,
    }
}

fn no_destination_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("unspecified");
    }
    if address.is_multicast() {
        return Some("multicast");
    }
    if address.is_unicast_link_local() {
        // RFC 4007 section 6: without a zone, the address is ambiguous between interfaces.
        return Some("link-local without a zone");
    }
    // RFC 6052: the IPv4 destination behind a translator. A resolver that blocks a name with
    // 0.0.0.0 returns this address to IPv6 clients.
    match address.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => {
            no_destination_v4(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_never_be_connected_to_is_refused() {
        let refused = "0.0.0.0 0.0.0.1 0.255.255.255 224.0.0.1 239.255.255.255 255.255.255.255 \
            :: ::ffff:0.0.0.0 ::ffff:0.1.2.3 ::ffff:224.0.0.251 ::ffff:255.255.255.255 \
            ff00:: ff02::1 ff05::2 ffff::1 fe80:: fe80::1 febf::1 64:ff9b::0.0.0.0 \
            64:ff9b::0.0.0.1 64:ff9b::224.0.0.1 64:ff9b::255.255.255.255";
        for address in refused.split_whitespace() {
            assert!(
                no_destination(address.parse().unwrap()).is_some(),
                "{address}"
            );
        }
        let tried = "1.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 \
            192.0.0.9 192.0.2.1 192.168.1.255 198.18.0.1 198.51.100.1 203.0.113.1 \
            223.255.255.255 240.0.0.1 255.255.255.254 ::1 ::2 ::ffff:127.0.0.1 64:ff9b::8.8.8.8 \
            64:ff9b:1::1 100::1 2001:db8::1 2002::1 3fff::1 fc00::1 fd00::1 fec0::1";
        for address in tried.split_whitespace() {
            assert_eq!(no_destination(address.parse().unwrap()), None, "{address}");
        }
    }
}
