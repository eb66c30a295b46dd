//! Sets of addresses as sorted, disjoint ranges. Looking up an address among 100,000 networks takes
//! 17 comparisons.

use std::net::IpAddr;

use ipnet::IpNet;

/// A set of addresses of both families. IPv4-mapped IPv6 addresses count as IPv4, because
/// connecting to them uses IPv4.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

/// A network, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Net(IpNet);

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NetError {
    /// The text does not look like an address.
    NotAnAddress,
    /// The prefix length is missing, not a number, or too large.
    Prefix,
    /// The address is not the first of the network. Contains the network that was probably meant.
    HostBits(String),
}

impl Net {
    /// Parses `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`, `[2001:db8::1]`.
    pub(super) fn parse(text: &str) -> Result<Self, NetError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let bare = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(address);
        let address: IpAddr = bare.parse().map_err(|_| NetError::NotAnAddress)?;
        let net = match prefix {
            None => IpNet::from(address),
            Some(prefix) => IpNet::new(address, length(prefix)?).map_err(|_| NetError::Prefix)?,
        };
        match net.addr() == net.network() {
            true => Ok(Self(canonical(net))),
            false => Err(NetError::HostBits(net.trunc().to_string())),
        }
    }

    fn range(self) -> (u128, u128) {
        (number(self.0.network()), number(self.0.broadcast()))
    }
}

/// Parses a prefix length. The standard parser alone would also accept a sign.
fn length(prefix: &str) -> Result<u8, NetError> {
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let length = prefix.parse().ok().filter(|_| digits);
    length.ok_or(NetError::Prefix)
}

/// Converts an IPv4-mapped network to IPv4.
fn canonical(net: IpNet) -> IpNet {
    let inside = || IpNet::new(net.addr().to_canonical(), net.prefix_len().checked_sub(96)?).ok();
    match net {
        IpNet::V6(_) if net.addr().to_canonical().is_ipv4() => inside().unwrap_or(net),
        net => net,
    }
}

impl Ranges {
    /// Creates the set of the addresses of these networks.
    pub(super) fn new(nets: impl IntoIterator<Item = Net>) -> Self {
        let mut ranges = Self::default();
        for net in nets {
            match net.0 {
                IpNet::V4(_) => ranges.v4.push(net.range()),
                IpNet::V6(_) => ranges.v6.push(net.range()),
            }
        }
        ranges.v4 = merged(ranges.v4);
        ranges.v6 = merged(ranges.v6);
        ranges
    }

    /// Returns true if the set contains the address.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let ranges = match address {
            IpAddr::V4(_) => &self.v4,
            IpAddr::V6(_) => &self.v6,
        };
        let address = number(address);
        let after = ranges.partition_point(|(start, _)| *start <= address);
        after
            .checked_sub(1)
            .and_then(|at| ranges.get(at))
            .is_some_and(|(_, end)| address <= *end)
    }
}

/// Sorts the ranges and merges those that overlap or touch.
fn merged(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some((_, last)) if start <= last.saturating_add(1) => *last = end.max(*last),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_are_no_networks() {
        let host_bits = |net: &str| NetError::HostBits(net.to_owned());
        for (text, error) in [
            ("", NetError::NotAnAddress),
            ("example.com", NetError::NotAnAddress),
            ("192.0.2.256", NetError::NotAnAddress),
            ("192.0.2.1:443", NetError::NotAnAddress),
            ("192.0.2/24", NetError::NotAnAddress),
            ("192.0.2.0/33", NetError::Prefix),
            ("192.0.2.0/", NetError::Prefix),
            ("192.0.2.0/+8", NetError::Prefix),
            ("192.0.2.0/999", NetError::Prefix),
            ("::/129", NetError::Prefix),
            ("192.0.2.7/24", host_bits("192.0.2.0/24")),
            ("2001:db8::1/32", host_bits("2001:db8::/32")),
        ] {
            assert_eq!(Net::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn edges_are_inside() {
        let nets = [
            "192.0.2.0/25",
            "192.0.2.128/25",
            "10.0.0.1",
            "2001:db8::/32",
            "[::1]",
        ];
        let ranges = Ranges::new(nets.map(|net| Net::parse(net).unwrap()));
        assert_eq!(ranges.v4.len(), 2, "neighbours are one range");
        for (address, inside) in [
            ("192.0.1.255", false),
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("10.0.0.0", false),
            ("10.0.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("::1", true),
            ("::2", false),
            ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db8::", true),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ] {
            assert_eq!(
                ranges.contains(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
    }

    #[test]
    fn everything_and_mapped_networks() {
        let of = |net: &str| Ranges::new([Net::parse(net).unwrap()]);
        let (v4, v6) = (
            "255.255.255.255".parse().unwrap(),
            "ffff::1".parse().unwrap(),
        );
        assert!(of("0.0.0.0/0").contains(v4) && !of("0.0.0.0/0").contains(v6));
        assert!(of("::/0").contains(v6) && !of("::/0").contains(v4));
        let mapped = of("::ffff:192.0.2.0/120");
        assert!(mapped.contains("192.0.2.200".parse().unwrap()));
        assert!(!mapped.contains("192.0.3.1".parse().unwrap()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_same_as_looking_at_each(
            nets in prop::collection::vec((any::<u32>(), 0u8..=32), 0..40),
            address: u32,
        ) {
            let mask = |prefix: u8| u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            let expected = nets.iter().any(|(net, prefix)| (net ^ address) & mask(*prefix) == 0);
            let ranges = Ranges::new(nets.iter().map(|(net, prefix)| {
                let first = std::net::Ipv4Addr::from(net & mask(*prefix));
                Net::parse(&format!("{first}/{prefix}")).unwrap()
            }));
            prop_assert_eq!(ranges.contains(IpAddr::V4(address.into())), expected);
        }
    }
}
