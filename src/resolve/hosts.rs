//! Looks names up in the system's hosts file. hickory would look up each address family separately,
//! and query DNS for a family that the file lacks. Here, as in the C library, a name in the file is
//! never queried in DNS.

use std::net::IpAddr;

use hickory_resolver::Hosts;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};

/// Returns the addresses of these record types for this name in the hosts file, or `None` if it has
/// none.
pub(super) fn known(hosts: &Hosts, name: &Name, types: &[RecordType]) -> Option<Vec<IpAddr>> {
    let addresses: Vec<IpAddr> = types
        .iter()
        .filter_map(|kind| hosts.lookup_static_host(&Query::query(name.clone(), *kind)))
        .flat_map(|lookup| {
            let records = lookup.answers().iter();
            records.filter_map(|r| r.data.ip_addr()).collect::<Vec<_>>()
        })
        .collect();
    (!addresses.is_empty()).then_some(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_file_is_the_files_alone() {
        let mut hosts = Hosts::default();
        let file = "# comment\n127.0.0.1 localhost Alias # more\n::1 localhost\n127.0.0.2 one\n";
        hosts.read_hosts_conf(file.as_bytes()).unwrap();
        let both = [RecordType::A, RecordType::AAAA];
        let v4 = "127.0.0.1".parse().unwrap();
        for (name, types, want) in [
            (
                "localhost.",
                &both[..],
                Some(vec![v4, "::1".parse().unwrap()]),
            ),
            ("alias.", &both, Some(vec![v4])),
            ("one.", &both, Some(vec!["127.0.0.2".parse().unwrap()])),
            ("one.", &both[1..], None),
            ("other.", &both, None),
        ] {
            let name = Name::from_ascii(name).unwrap();
            assert_eq!(known(&hosts, &name, types), want, "{name}");
        }
    }
}
