//! Converts the results of lookups: hickory's errors to our failures, and the results of two
//! address families to one.

use std::net::IpAddr;

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;

use crate::observation::{Failure, LookupReason, Reason, Stage};

/// The addresses of one family, or why there are none.
pub(super) type FamilyResult = Result<Vec<IpAddr>, Failure>;

/// Why a lookup received no answer at all.
pub(super) struct Silence {
    /// True if this machine ran out of sockets during the lookup.
    pub(super) local: bool,
    /// Message of the operating system, if there was one.
    pub(super) message: Option<String>,
}

/// Creates a DNS failure.
pub(super) fn failed(reason: Reason, detail: impl Into<String>) -> Failure {
    Failure::new(Stage::Dns, reason, detail)
}

/// Converts hickory's error. `silence` is called only if no server answered.
pub(super) fn failure(error: &NetError, silence: impl FnOnce() -> Silence) -> Failure {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => failed(Reason::Nxdomain, ""),
            ResponseCode::NoError => failed(Reason::NoAddress, ""),
            code => answered(code),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => answered(*code),
        NetError::Timeout => failed(Reason::Timeout, ""),
        // Every socket error currently becomes `NoConnections`. `Io` is matched in case that
        // changes.
        NetError::NoConnections | NetError::Io(_) => unreachable_server(silence()),
        // `Busy`: too many queries on one TCP connection, which is a limit of our own.
        NetError::Busy => failed(Reason::LocalLimit, error.to_string()),
        // Truncated over TCP, malformed, of a foreign class: an answer, but not a usable one.
        error => failed(Reason::ResolverError, error.to_string()),
    }
}

/// Converts an error code of the resolver. SERVFAIL is also the answer for a broken zone (RFC 4035
/// section 5.5). The other codes concern the query or the policy of the resolver (RFC 1035 section
/// 4.1.1).
fn answered(code: ResponseCode) -> Failure {
    let reason = match code {
        ResponseCode::ServFail => Reason::Servfail,
        _ => Reason::ResolverError,
    };
    failed(reason, mnemonic(code))
}

fn unreachable_server(silence: Silence) -> Failure {
    let message = silence.message.unwrap_or_default();
    if silence.local {
        failed(Reason::LocalLimit, message)
    } else {
        failed(Reason::NoResolver, message)
    }
}

/// Returns the name of a response code in IANA's registry.
fn mnemonic(code: ResponseCode) -> String {
    let name = match code {
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::YXDomain => "YXDOMAIN",
        ResponseCode::YXRRSet => "YXRRSET",
        ResponseCode::NXRRSet => "NXRRSET",
        ResponseCode::NotAuth => "NOTAUTH",
        ResponseCode::NotZone => "NOTZONE",
        code => return format!("RCODE {}", u16::from(code)),
    };
    name.to_owned()
}

/// Combines the results of both families: all addresses, or the more informative failure.
pub(super) fn joined(v4: FamilyResult, v6: FamilyResult) -> FamilyResult {
    match (v4, v6) {
        (Ok(mut addresses), Ok(more)) => {
            addresses.extend(more);
            Ok(addresses)
        }
        (Ok(addresses), Err(_)) | (Err(_), Ok(addresses)) => Ok(addresses),
        (Err(v4), Err(v6)) if rank(&v6) > rank(&v4) => Err(v6),
        (Err(v4), Err(_)) => Err(v4),
    }
}

/// Ranks failures by how much they say. NXDOMAIN holds for every type. "No address" is certain only
/// if both families say so. If one of them failed in another way, that failure is reported.
fn rank(failure: &Failure) -> u8 {
    match failure.lookup() {
        Some(LookupReason::Nxdomain) => 6,
        Some(LookupReason::LocalLimit) => 5,
        Some(LookupReason::Servfail) => 4,
        Some(LookupReason::ResolverError) => 3,
        Some(LookupReason::NoResolver | LookupReason::Timeout) => 2,
        Some(LookupReason::UnusableAddress) => 1,
        Some(LookupReason::NoAddress | LookupReason::InvalidName) | None => 0,
    }
}

/// Returns true if the other family is worth a query after this failure, when one address is
/// enough. NXDOMAIN holds for both families, and a timeout or a limit of our own would only occur
/// again.
pub(super) fn other_family_may_know(failure: &Failure) -> bool {
    use LookupReason as Is;
    match failure.lookup() {
        Some(Is::NoAddress | Is::UnusableAddress | Is::Servfail | Is::ResolverError) => true,
        Some(Is::Nxdomain | Is::Timeout | Is::NoResolver | Is::LocalLimit) => false,
        Some(Is::InvalidName) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_resolver::net::NoRecords;
    use hickory_resolver::proto::op::Query;

    use super::*;

    fn converted(error: &NetError, local: bool) -> (Reason, String) {
        let message = Some("Too many open files".to_owned());
        let failure = failure(error, || Silence { local, message });
        assert_eq!(failure.stage, Stage::Dns);
        (failure.reason, failure.detail)
    }

    #[test]
    fn errors_are_distinguished() {
        let none = |code| NetError::from(NoRecords::new(Query::default(), code));
        let answered = |code| NetError::from(DnsError::ResponseCode(code));
        for (error, reason, detail) in [
            (none(ResponseCode::NXDomain), Reason::Nxdomain, ""),
            (none(ResponseCode::NoError), Reason::NoAddress, ""),
            (
                answered(ResponseCode::ServFail),
                Reason::Servfail,
                "SERVFAIL",
            ),
            (none(ResponseCode::ServFail), Reason::Servfail, "SERVFAIL"),
            (
                none(ResponseCode::Refused),
                Reason::ResolverError,
                "REFUSED",
            ),
            (
                answered(ResponseCode::Refused),
                Reason::ResolverError,
                "REFUSED",
            ),
            (
                answered(ResponseCode::FormErr),
                Reason::ResolverError,
                "FORMERR",
            ),
            (
                answered(ResponseCode::NotImp),
                Reason::ResolverError,
                "NOTIMP",
            ),
            (
                answered(ResponseCode::BADVERS),
                Reason::ResolverError,
                "RCODE 16",
            ),
            (NetError::Timeout, Reason::Timeout, ""),
            (
                NetError::NoConnections,
                Reason::NoResolver,
                "Too many open files",
            ),
        ] {
            assert_eq!(
                converted(&error, false),
                (reason, detail.to_owned()),
                "{error}"
            );
        }
        let (reason, detail) = converted(&NetError::NoConnections, true);
        assert_eq!(
            (reason, &*detail),
            (Reason::LocalLimit, "Too many open files")
        );
        assert_eq!(converted(&NetError::Busy, false).0, Reason::LocalLimit);
        assert_eq!(
            converted(&NetError::Truncated, true).0,
            Reason::ResolverError
        );
    }

    #[test]
    fn the_more_informative_failure_is_kept() {
        use Reason::{
            LocalLimit, NoAddress, Nxdomain, ResolverError, Servfail, Timeout, UnusableAddress,
        };
        for (a, b, want) in [
            (NoAddress, NoAddress, NoAddress),
            (NoAddress, Timeout, Timeout),
            (NoAddress, UnusableAddress, UnusableAddress),
            (UnusableAddress, Timeout, Timeout),
            (NoAddress, Servfail, Servfail),
            (NoAddress, LocalLimit, LocalLimit),
            (Timeout, Servfail, Servfail),
            (NoAddress, ResolverError, ResolverError),
            (Timeout, ResolverError, ResolverError),
            (ResolverError, Servfail, Servfail),
            (Servfail, LocalLimit, LocalLimit),
            (Nxdomain, Timeout, Nxdomain),
            (Nxdomain, LocalLimit, Nxdomain),
        ] {
            for (v4, v6) in [(a, b), (b, a)] {
                let joined = joined(Err(failed(v4, "")), Err(failed(v6, "")));
                assert_eq!(joined.unwrap_err().reason, want, "{v4:?} {v6:?}");
            }
        }
    }

    #[test]
    fn addresses_make_up_for_a_failure() {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let fail = || Err(failed(Reason::Servfail, ""));
        assert_eq!(joined(Ok(vec![address]), fail()), Ok(vec![address]));
        assert_eq!(joined(fail(), Ok(vec![address])), Ok(vec![address]));
    }
}
