//! Parses ports and lists of ports.

use super::bounds::short;
use super::error::{PortsError, TargetError};

/// Parses one port: decimal digits, 1 to 65535.
///
/// # Errors
///
/// Returns an error if the text is not a port.
pub fn parse_port(text: &str) -> Result<u16, TargetError> {
    let bad = || TargetError::BadPort(short(text));
    // The parser of u16 would accept a plus sign.
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(bad());
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(bad()),
        Ok(port) => Ok(port),
    }
}

/// Strips `.0`, which some programs append to whole numbers.
pub(super) fn whole_number(text: &str) -> &str {
    match text.split_once('.') {
        Some((number, zeros)) if !zeros.is_empty() && zeros.bytes().all(|it| it == b'0') => number,
        _ => text,
    }
}

/// Parses a list of ports and ranges, such as `443,8443,9000-9010`. Returns each port once, in the
/// order of the list, so at most 65,535.
///
/// # Errors
///
/// Returns an error if a part is neither a port nor a range, or if a range runs backwards.
pub fn parse_ports(text: &str) -> Result<Vec<u16>, PortsError> {
    let mut listed = vec![false; usize::from(u16::MAX) + 1];
    let mut ports = Vec::new();
    for part in text.split(',') {
        let (first, last) = range(part.trim())?;
        for port in first..=last {
            if !std::mem::replace(&mut listed[usize::from(port)], true) {
                ports.push(port);
            }
        }
    }
    Ok(ports)
}

fn range(part: &str) -> Result<(u16, u16), PortsError> {
    let Some((first, last)) = part.split_once('-') else {
        let port = parse_port(part)?;
        return Ok((port, port));
    };
    let (first, last) = (parse_port(first.trim())?, parse_port(last.trim())?);
    match first <= last {
        true => Ok((first, last)),
        false => Err(PortsError::Backwards(first, last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_names_each_port_once() {
        assert_eq!(
            parse_ports("8443, 443,442-444").unwrap(),
            [8443, 443, 442, 444]
        );
        assert_eq!(parse_ports("1-65535,443").unwrap().len(), 65_535);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in [
            "", "443,", "0", "65536", "+443", "a", "1-", "-1", "1-2-3", "4 43",
        ] {
            let error = parse_ports(text).unwrap_err();
            assert!(matches!(error, PortsError::BadPort(_)), "{text:?}: {error}");
        }
        assert_eq!(parse_ports("9-8"), Err(PortsError::Backwards(9, 8)));
    }
}
