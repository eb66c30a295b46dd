//! Decides which addresses may be contacted because a certificate names them. A stranger's
//! certificate must not make us fetch from inside our own network: a router's page, a metadata
//! service, a neighbour's admin port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::FetchFailure;

/// The addresses that a certificate may direct us to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Public addresses, port 80.
    PublicOnly,
    /// Any address and port, for private CAs, if the user allows it.
    AllowPrivate,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// IPv4 networks that are not the public Internet (IANA's special-purpose registry, RFC 6890), and
/// one cloud address that looks public but is not.
const NOT_PUBLIC_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "unspecified"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "private (carrier NAT)"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (
        v4(168, 63, 129, 16, 32),
        "a cloud platform's internal service",
    ),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "reserved"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "a relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// The IPv6 range that is allocated (RFC 4291), and the networks in it that are not public. Tunnels
/// are among them, because they contain an IPv4 address.
const ALLOCATED_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);
const NOT_PUBLIC_V6: &[(Ipv6Net, &str)] = &[
    (v6([0x2001, 0, 0, 0], 32), "a tunnel (Teredo)"),
    (v6([0x2001, 0, 0, 0], 23), "reserved"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "for documentation"),
    (v6([0x2002, 0, 0, 0], 16), "a tunnel (6to4)"),
    (v6([0x3fff, 0, 0, 0], 20), "for documentation"),
];

/// NAT64 (RFC 6052): the last four bytes are the IPv4 address that is really contacted.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

impl Guard {
    /// Checks that this address and port may be contacted.
    ///
    /// # Errors
    ///
    /// Returns an error if they may not.
    pub fn check(self, address: IpAddr, port: u16) -> Result<(), FetchFailure> {
        if self == Self::AllowPrivate {
            return Ok(());
        }
        if port != 80 {
            return Err(FetchFailure::Port(port));
        }
        match kind(address) {
            Some(kind) => Err(FetchFailure::Forbidden { address, kind }),
            None => Ok(()),
        }
    }
}

/// Returns the kind of an address that is not public, or `None` for a public one.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            kind_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> Option<&'static str> {
    let found = NOT_PUBLIC_V4.iter().find(|(net, _)| net.contains(&address));
    found.map(|(_, kind)| *kind)
}

fn kind_v6(address: Ipv6Addr) -> Option<&'static str> {
    let found = NOT_PUBLIC_V6.iter().find(|(net, _)| net.contains(&address));
    match found {
        Some((_, kind)) => Some(kind),
        None if ALLOCATED_V6.contains(&address) => None,
        None if address.is_loopback() => Some("loopback"),
        None if address.is_unspecified() => Some("unspecified"),
        None if address.is_unique_local() => Some("private"),
        None if address.is_unicast_link_local() => Some("link-local"),
        None if address.is_multicast() => Some("multicast"),
        None => Some("reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> bool {
        let guard = Guard::PublicOnly;
        guard.check(address.parse().unwrap(), 80).is_err()
    }

    #[test]
    fn only_public_addresses_pass() {
        let inside = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 \
            100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 \
            192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 \
            239.255.255.255 240.0.0.1 255.255.255.255 \
            :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 \
            64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 100::1 \
            2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 \
            2001:db8::1 2002:a00:1::1 2002:7f00:1::1 2002:808:808::1 3fff::1 3fff:fff::1 5f00::1 \
            fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 ff02::1 4000::1 8000::1";
        for address in inside.split_whitespace() {
            assert!(refused(address), "{address}");
        }
        let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.0.0.1 \
            128.0.0.1 168.63.129.15 169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 \
            192.0.1.1 192.0.3.1 192.167.1.1 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255 \
            ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 \
            2400:cb00::1 2606:4700::1111 2a00:1450::1 3ffe::1";
        for address in public.split_whitespace() {
            assert!(!refused(address), "{address}");
        }
    }

    #[test]
    fn only_the_web_port_passes_unless_private_is_allowed() {
        let public = "8.8.8.8".parse().unwrap();
        for port in [0, 22, 25, 79, 81, 443, 8080, 65_535] {
            let checked = Guard::PublicOnly.check(public, port);
            assert_eq!(checked, Err(FetchFailure::Port(port)));
            assert_eq!(Guard::AllowPrivate.check(public, port), Ok(()));
        }
        let own = "127.0.0.1".parse().unwrap();
        assert_eq!(Guard::AllowPrivate.check(own, 8080), Ok(()));
        let failure = Guard::PublicOnly.check(own, 80).unwrap_err();
        assert!(failure.to_string().starts_with("127.0.0.1 is loopback: "));
    }
}
