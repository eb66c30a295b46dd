//! The grammar of targets: a scheme; a name, an address or a block of addresses; a port. Parts that
//! the text does not specify stay `None`, and `expand` fills in the defaults.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::blanks::{is_blank, trimmed};
use super::bounds::short;
use super::error::TargetError;
use super::name::is_quote;
use super::ports::whole_number;
use super::{Host, Service, fold_name, no_destination, parse_port};

/// What the text of a target specifies, without defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// Service named by the scheme.
    pub service: Option<&'static Service>,
    /// Host or block to visit.
    pub place: HostSpec,
    /// Port, if the text names one.
    pub port: Option<u16>,
}

/// One host, or a block of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSpec {
    /// A name or an address.
    Host {
        /// The host asked for.
        host: Host,
        /// Address to connect to, from `name@address`.
        address: Option<IpAddr>,
    },
    /// Every address of a block, truncated to its network (`192.0.2.5/28` becomes `192.0.2.0/28`).
    Block(IpNet),
}

impl TargetSpec {
    /// Parses the text of one target. White space around it and around the colon of its port is
    /// ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a target.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let text = trimmed(text);
        if is_placeholder(text) {
            return Err(TargetError::Placeholder(short(text)));
        }
        let text = joined(text);
        let (service, rest) = scheme(&text)?;
        let (authority, tail) = match rest.find(['/', '?', '#']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        refuse_marks(&text, authority)?;
        let (place, port) = match block(authority, tail, service.is_some())? {
            Some(block) => block,
            None => one(authority)?,
        };
        Ok(Self {
            service,
            place,
            port,
        })
    }
}

/// What people and programs write where there is no host.
const PLACEHOLDERS: [&str; 12] = [
    "n/a", "#n/a", "n.a.", "na", "-", "--", "none", "null", "nil", "nan", "tbd", "?",
];

/// Returns true if the text means that there is no host.
pub(super) fn is_placeholder(text: &str) -> bool {
    let all = PLACEHOLDERS.iter();
    matches!(text, "–" | "—") || all.into_iter().any(|it| it.eq_ignore_ascii_case(text))
}

/// Removes blanks around the colon before a port, as in `host :443`. A host with further colons
/// stays: `2001:db8::1 :443` without its blank would be another address.
fn joined(text: &str) -> Cow<'_, str> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Cow::Borrowed(text);
    };
    let (host, port) = (
        host.trim_end_matches(is_blank),
        port.trim_start_matches(is_blank),
    );
    let bare = host.rsplit("//").next().unwrap_or(host);
    let number = whole_number(port.strip_suffix('/').unwrap_or(port));
    let digits = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let blanks = host.len() + 1 + port.len() < text.len();
    match blanks && digits && (!bare.contains(':') || bare.ends_with(']')) {
        true => Cow::Owned(format!("{host}:{port}")),
        false => Cow::Borrowed(text),
    }
}

/// Refuses quotation marks, separators of cells and white space. Quotation marks come first,
/// because a quoted text may contain the others.
fn refuse_marks(text: &str, authority: &str) -> Result<(), TargetError> {
    if let Some(mark) = authority.chars().find(|found| is_quote(*found)) {
        return Err(TargetError::Quote(mark));
    }
    if text.contains('\t') {
        return Err(TargetError::Cells('\t'));
    }
    if let Some(found) = authority.chars().find(|found| matches!(found, ',' | ';')) {
        return Err(TargetError::Cells(found));
    }
    match text.contains(char::is_whitespace) {
        true => Err(TargetError::Blank),
        false => Ok(()),
    }
}

fn scheme(text: &str) -> Result<(Option<&'static Service>, &str), TargetError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((None, text));
    };
    // `example.com/?next=https://...` has no scheme.
    if scheme.contains(['/', '?', '#', '@', ':']) {
        return Ok((None, text));
    }
    match Service::named(&scheme.to_ascii_lowercase()) {
        Some(service) => Ok((Some(service), rest)),
        None => Err(match scheme.chars().find(|found| is_quote(*found)) {
            Some(mark) => TargetError::Quote(mark),
            None => TargetError::UnknownScheme(short(scheme)),
        }),
    }
}

/// Parses a block if `tail` is the prefix length of an address. Returns `None` if the tail is
/// absent or the path of a URL.
fn block(
    authority: &str,
    tail: &str,
    url: bool,
) -> Result<Option<(HostSpec, Option<u16>)>, TargetError> {
    let Some(length) = tail.strip_prefix('/') else {
        return match tail.is_empty() || url {
            true => Ok(None),
            false => Err(TargetError::PathWithoutScheme(short(authority))),
        };
    };
    if url && !looks_like_length(length) {
        return Ok(None);
    }
    let bare = authority
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(authority).parse::<IpAddr>();
    // A browser shows `example.com/` for a URL without its scheme. After an address, `/` begins a
    // prefix length.
    if length.is_empty() && address.is_err() && !authority.is_empty() {
        return Ok(None);
    }
    match address {
        Ok(IpAddr::V4(_)) if bare.is_some() => Err(TargetError::Brackets),
        Ok(address) => sized(address, length).map(Some),
        Err(_) => no_block(authority, url).map(|()| None),
    }
}

/// Returns why `authority` followed by `/digits` is not a block. In a URL, the digits may be a
/// path.
fn no_block(authority: &str, url: bool) -> Result<(), TargetError> {
    match one(authority)? {
        (
            HostSpec::Host {
                address: Some(_), ..
            },
            None,
        ) => Err(TargetError::NameAtBlock),
        _ if url => Ok(()),
        (
            HostSpec::Host {
                host: Host::Address(_),
                ..
            },
            _,
        ) => Err(TargetError::PortInBlock),
        _ => Err(TargetError::PathWithoutScheme(short(authority))),
    }
}

fn looks_like_length(tail: &str) -> bool {
    let (length, port) = tail.split_once(':').unwrap_or((tail, "0"));
    [length, port]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()))
}

fn sized(address: IpAddr, tail: &str) -> Result<(HostSpec, Option<u16>), TargetError> {
    let (length, port) = match tail.split_once(':') {
        Some((length, port)) => (length, Some(parse_port(port)?)),
        None => (tail, None),
    };
    let (max, example) = match address {
        IpAddr::V4(_) => (32, "192.0.2.0/28"),
        IpAddr::V6(_) => (128, "[2001:db8::]/120"),
    };
    let digits = length.bytes().all(|digit| digit.is_ascii_digit());
    let block = length
        .parse()
        .ok()
        .filter(|_| digits)
        .and_then(|length| IpNet::new(address, length).ok())
        .ok_or_else(|| TargetError::BadPrefix {
            text: short(length),
            max,
            example,
        })?;
    // 2^32 addresses, the size of all IPv4, take days at any polite rate. A larger block is a
    // mistake.
    if block.max_prefix_len() - block.prefix_len() > 32 {
        return Err(TargetError::BlockTooLarge(block.prefix_len()));
    }
    let block = canonical(block.trunc());
    // A block that only overlaps such a range still has addresses to visit.
    let (first, last) = (block.network(), block.broadcast());
    match no_destination(first) {
        Some(kind) if no_destination(last) == Some(kind) => {
            Err(TargetError::NoDestination(first, kind))
        }
        _ => Ok((HostSpec::Block(block), port)),
    }
}

/// Converts a block of IPv4-mapped addresses to the IPv4 block.
fn canonical(block: IpNet) -> IpNet {
    let length = block.prefix_len().checked_sub(96);
    match (block.network().to_canonical(), length) {
        (IpAddr::V4(network), Some(length)) if block.network().is_ipv6() => {
            IpNet::new(network.into(), length).unwrap_or(block)
        }
        _ => block,
    }
}

/// Checks an address to connect to, and converts an IPv4-mapped address to IPv4.
fn destination(address: IpAddr) -> Result<IpAddr, TargetError> {
    let address = address.to_canonical();
    match no_destination(address) {
        Some(kind) => Err(TargetError::NoDestination(address, kind)),
        None => Ok(address),
    }
}

/// Parses `host`, `host:port`, or `name@address` with or without a port.
fn one(authority: &str) -> Result<(HostSpec, Option<u16>), TargetError> {
    let Some((name, at)) = authority.rsplit_once('@') else {
        let (host, port) = host_and_port(authority)?;
        let address = None;
        return Ok((HostSpec::Host { host, address }, port));
    };
    if name.contains([':', '@']) && name.parse::<Ipv6Addr>().is_err() {
        return Err(TargetError::UserInfo);
    }
    match host_and_port(at)? {
        (Host::Address(address), port) => {
            let host = Host::Name(fold_name(name)?);
            let address = Some(address);
            Ok((HostSpec::Host { host, address }, port))
        }
        (Host::Name(_), _) => Err(TargetError::UserInfo),
    }
}

fn host_and_port(text: &str) -> Result<(Host, Option<u16>), TargetError> {
    if let Some(inner) = text.strip_prefix('[') {
        return bracketed(inner);
    }
    if let Ok(address) = text.parse() {
        return Ok((Host::Address(destination(address)?), None));
    }
    let (host, port) = match text.split_once(':') {
        Some((_, port)) if port.contains(':') => return Err(bad_ipv6(text)),
        Some((host, port)) => (host, Some(whole_number(port))),
        None => (text, None),
    };
    let host = match host.parse() {
        Ok(address) => Host::Address(destination(IpAddr::V4(address))?),
        Err(_) => Host::Name(fold_name(host)?),
    };
    Ok((host, port.map(parse_port).transpose()?))
}

fn bracketed(inner: &str) -> Result<(Host, Option<u16>), TargetError> {
    let (address, rest) = inner.split_once(']').ok_or(TargetError::Brackets)?;
    if address.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err(TargetError::Brackets);
    }
    let address = address.parse().map_err(|_| bad_ipv6(address))?;
    let address = destination(IpAddr::V6(address))?;
    let port = match (rest, rest.strip_prefix(':')) {
        ("", _) => None,
        (_, Some(port)) => Some(parse_port(whole_number(port))?),
        (_, None) => return Err(TargetError::Brackets),
    };
    Ok((Host::Address(address), port))
}

fn bad_ipv6(text: &str) -> TargetError {
    match text.split_once('%') {
        Some((address, _)) if address.parse::<Ipv6Addr>().is_ok() => TargetError::Zone,
        _ => TargetError::BadIpv6(short(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, Target};
    use proptest::prelude::*;

    const VALID: &str = include_str!("../../testdata/targets/valid.txt");
    const INVALID: &str = include_str!("../../testdata/targets/invalid.txt");

    /// Returns the cases of a table: the text, and the expected result.
    fn cases(table: &str) -> impl Iterator<Item = (String, &str)> {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        lines.filter(|line| !line.is_empty()).map(|line| {
            let (text, expected) = line.split_once(" => ").expect("a case has an arrow");
            let text = text.replace("\\t", "\t").replace("\\u{0}", "\0");
            (text.replace("\\u{202e}", "\u{202e}"), expected)
        })
    }

    fn targets(text: &str) -> Result<Vec<Target>, TargetError> {
        Ok(TargetSpec::expand(text, &Defaults::default())?
            .take(300)
            .collect())
    }

    #[test]
    fn what_can_be_read_gives_its_targets() {
        for (text, expected) in cases(VALID) {
            let targets = targets(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let read: Vec<_> = targets.iter().map(Target::canonical).collect();
            assert_eq!(read.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, expected) in cases(INVALID) {
            let error = targets(&text).expect_err(&text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn names_too_long_for_dns_are_targets_until_they_are_absurd() {
        let name = |labels: usize| "abcdefg.".repeat(labels) + "example";
        assert!(targets(&name(60)).is_ok());
        assert_eq!(targets(&name(1_000)), Err(TargetError::NameTooLong));
        let label = "ü".repeat(400) + ".example";
        assert!(targets(&label).is_ok(), "{:?}", targets(&label));
        assert_eq!(targets(""), Err(TargetError::NoHost));
    }

    #[test]
    fn a_reason_fits_on_a_screen_whatever_the_text() {
        for text in [
            "x".repeat(50_000) + "://a",
            "1.".repeat(400),
            "[".to_owned() + &":".repeat(9_000) + "]",
        ] {
            assert!(targets(&text).unwrap_err().to_string().len() < 500);
        }
    }

    /// Generates text from pieces of the grammar, so that much of it is almost a target.
    fn nearly() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("https://"),
            Just("smtp://"),
            Just("://"),
            Just("example.com"),
            Just("a-"),
            Just("_"),
            Just("@"),
            Just(":"),
            Just("443"),
            Just("0"),
            Just("/"),
            Just("28"),
            Just("120"),
            Just("["),
            Just("]"),
            Just("2001:db8::1"),
            Just("::"),
            Just("192.0.2.1"),
            Just("."),
            Just("%"),
            Just("?"),
            Just("#"),
            Just("bücher"),
            Just("0x7f"),
            Just("xn--"),
            Just("。"),
            Just("ß"),
            Just("\u{ad}"),
            Just("１"),
            Just(" "),
        ];
        prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        for target in targets(text).unwrap_or_default() {
            // An address of a block, whose text is no target on its own.
            if target.fixed_address().and_then(no_destination).is_some() {
                continue;
            }
            let again = targets(&target.canonical());
            let again = again.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(again.len(), 1);
            let (tags, sni, text) = (
                target.tags.clone(),
                target.sni.clone(),
                again[0].text.clone(),
            );
            let expected = Target {
                tags,
                sni,
                text,
                ..target
            };
            prop_assert_eq!(&again[0], &expected);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_canonical_form_gives_the_same_target(text in nearly()) {
            check(&text)?;
        }

        #[test]
        fn no_text_makes_the_grammar_panic(text in "\\PC{0,40}") {
            check(&text)?;
        }
    }
}
