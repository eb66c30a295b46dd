//! How popular clients react to each finding, with the source of every row. This file parses the
//! table `clients.txt` and does not depend on the findings. A test checks that both match.

use crate::verdict::FindingId;

/// The table: first the sources by name, then the rows of each finding.
const TABLE: &str = include_str!("clients.txt");

/// Clients that have a row for every finding.
pub const CLIENTS: [&str; 8] = [
    "Chrome",
    "Edge",
    "Firefox",
    "Safari",
    "iOS Mail",
    "Android",
    "Java",
    "curl/OpenSSL",
];

/// Reaction of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// It refuses to connect.
    Yes,
    /// It connects.
    No,
    /// It depends on circumstances that the message describes.
    Sometimes,
    /// The situation cannot occur for this client.
    NotConcerned,
    /// Not verified.
    Unknown,
}

/// Reaction of one or more clients that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Names of the clients: `Chrome, Edge`.
    pub clients: &'static str,
    /// Their reaction.
    pub breaks: Breaks,
    /// Their error message, or what they do instead; `None` if it is not known.
    pub message: Option<&'static str>,
    /// Name and URL of the source.
    pub source: Option<(&'static str, &'static str)>,
}

/// Returns the rows of a finding in the table's order.
pub fn rows(finding: FindingId) -> impl Iterator<Item = ClientRow> {
    TABLE
        .lines()
        .skip_while(move |line| heading(line) != Some(finding.name()))
        .skip(1)
        .take_while(|line| heading(line).is_none())
        .filter_map(row)
}

fn heading(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

fn row(line: &'static str) -> Option<ClientRow> {
    let mut cells = line.split(" | ");
    let (clients, breaks) = (cells.next()?, cells.next()?);
    let (message, name) = (cells.next()?, cells.next()?);
    let breaks = match breaks {
        "refuses" => Breaks::Yes,
        "connects" => Breaks::No,
        "depends" => Breaks::Sometimes,
        "not concerned" => Breaks::NotConcerned,
        "unknown" => Breaks::Unknown,
        _ => return None,
    };
    let row = ClientRow {
        clients,
        breaks,
        message: (message != "unknown").then_some(message),
        source: sources().find(|(known, _)| *known == name),
    };
    cells.next().is_none().then_some(row)
}

fn sources() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE
        .lines()
        .filter_map(|line| line.strip_prefix("= ")?.split_once(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::findings::FINDINGS;
    use std::collections::HashSet;

    #[test]
    fn every_finding_has_every_client_once_and_no_other_has_rows() {
        for finding in FINDINGS {
            let named: Vec<_> = rows(finding.id)
                .flat_map(|row| row.clients.split(", "))
                .collect();
            for client in CLIENTS {
                let times = named.iter().filter(|name| **name == client).count();
                assert_eq!(times, 1, "{} in {}", client, finding.id);
            }
            let distinct: HashSet<_> = named.iter().collect();
            assert_eq!(distinct.len(), named.len(), "{}", finding.id);
        }
        let headings: Vec<_> = TABLE.lines().filter_map(heading).collect();
        let known: Vec<_> = FINDINGS.iter().map(|finding| finding.id.name()).collect();
        assert_eq!(headings, known);
    }

    #[test]
    fn what_is_said_has_a_source_and_what_is_unknown_has_none() {
        for finding in FINDINGS {
            for row in rows(finding.id) {
                let said = row.message.is_some() && row.breaks != Breaks::NotConcerned;
                assert_eq!(row.source.is_some(), said, "{} {row:?}", finding.id);
                let verified = row.breaks != Breaks::Unknown;
                assert!(verified || row.message.is_none(), "{row:?}");
            }
        }
    }

    #[test]
    fn every_line_is_read_and_every_source_is_used_and_in_order() {
        let rows: Vec<_> = FINDINGS.iter().flat_map(|f| rows(f.id)).collect();
        let other = |line: &&str| {
            line.is_empty()
                || line.starts_with(['#', '='])
                || line.starts_with("    ")
                || heading(line).is_some()
        };
        let lines = TABLE.lines().filter(|line| !other(line));
        assert_eq!(lines.count(), rows.len());
        for (name, address) in sources() {
            assert!(address.starts_with("https://"), "{address}");
            let used = rows.iter().any(|row| row.source == Some((name, address)));
            assert!(used, "{name}");
        }
        let distinct: HashSet<_> = sources().map(|(name, _)| name).collect();
        assert_eq!(distinct.len(), sources().count());
    }
}
