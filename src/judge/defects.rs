//! Our own rules for a certificate in its role on a path, other than dates and names. They explain
//! refusals by webpki and add the key usages, which webpki does not check.

use super::graph::Graph;
use super::keys;
use super::rfc5280::is_policy;
use super::store::Anchor;
use super::weak;
use crate::crypto::{Key, KeyAlgorithm, RSA_BITS};
use crate::observation::{Contents, KeyKind};
use crate::verdict::{Barrier, Position};

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

/// anyExtendedKeyUsage.
const ANY_USAGE: &str = "2.5.29.37.0";

/// Bits of KeyUsage, numbered as in RFC 5280 section 4.2.1.3.
pub(crate) mod usage {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 1 << 0;
    pub(crate) const KEY_ENCIPHERMENT: u16 = 1 << 2;
    pub(crate) const KEY_AGREEMENT: u16 = 1 << 4;
    pub(crate) const KEY_CERT_SIGN: u16 = 1 << 5;
}

/// One reason to reject a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defect {
    /// Reason in evidence: `path_length`, `name_constraints`, ...
    pub(crate) reason: Barrier,
    /// Index of the certificate at fault on the path, if it is one certificate. The leaf is 0; the
    /// anchor is one past the end.
    pub(crate) at: Option<usize>,
    /// Details for people.
    pub(crate) detail: String,
}

impl Defect {
    pub(crate) fn new(reason: Barrier, at: Option<usize>, detail: impl Into<String>) -> Self {
        Self {
            reason,
            at,
            detail: detail.into(),
        }
    }

    /// Returns a defect with the name of webpki's error. The rest of its text is omitted: it may be
    /// long, and the peer controls it.
    pub(crate) fn of_webpki(reason: Barrier, error: &webpki::Error) -> Self {
        let detail = format!("{error:?}");
        let name = detail.split(|c: char| !c.is_ascii_alphanumeric()).next();
        Self::new(reason, None, name.unwrap_or_default())
    }
}

/// Returns a defect if webpki accepts no signature by this root key. webpki reports such signatures
/// as bad.
pub(crate) fn weak_root(spki: &[u8], place: usize) -> Option<Defect> {
    let key = Key::read(spki)?;
    let rsa = matches!(key.algorithm, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss);
    let bits = key.bits.filter(|bits| rsa && bits < RSA_BITS.start())?;
    Some(Defect::new(
        Barrier::WeakKey,
        Some(place),
        format!("rsa{bits}"),
    ))
}

/// Returns a defect if the key usage does not allow this role. webpki does not check it.
pub(crate) fn key_usage(contents: &Contents, position: Position) -> Option<Defect> {
    let bits = contents.key_usage?;
    let (needed, detail) = match position {
        Position::Leaf => (
            usage::DIGITAL_SIGNATURE | usage::KEY_ENCIPHERMENT | usage::KEY_AGREEMENT,
            "neither digitalSignature nor keyEncipherment nor keyAgreement",
        ),
        _ => (usage::KEY_CERT_SIGN, "no keyCertSign"),
    };
    (bits & needed == 0).then(|| Defect::new(Barrier::KeyUsage, None, detail))
}

/// Returns the defect that prevents the anchor's certificate from being the issuer of this path, or
/// `None` if there is no defect or no certificate.
pub(crate) fn of_anchor(anchor: &Anchor, graph: &Graph<'_>, nodes: &[usize]) -> Option<Defect> {
    of_root(anchor.contents()?, graph, nodes)
}

/// Returns the same for a root certificate above these nodes.
pub(crate) fn of_root(contents: &Contents, graph: &Graph<'_>, nodes: &[usize]) -> Option<Defect> {
    let place = Some(nodes.len());
    // Version 1 roots have no extensions. They are trusted because the store contains them.
    if contents.version >= 3 && !contents.is_ca() {
        return Some(Defect::new(
            Barrier::NotACa,
            place,
            "the root is not a CA certificate",
        ));
    }
    let usage = key_usage(contents, Position::Root);
    let defect = usage
        .or_else(|| too_many_below(contents, graph, nodes))
        .or_else(|| beyond_path(contents));
    defect.map(|defect| Defect {
        at: place,
        ..defect
    })
}

/// Returns a defect for properties of a root that RFC 5280 does not check but OpenSSL, Go and
/// Firefox do: a root for other usages only, or an unknown critical extension. Clients know the
/// standard extensions that webpki does not process, and a root does not need them, so those are
/// ignored.
fn beyond_path(root: &Contents) -> Option<Defect> {
    let any = |usages: &Vec<String>| usages.iter().any(|usage| usage == ANY_USAGE);
    let for_any = root.extended_key_usage.as_ref().is_some_and(any);
    let unknown: Vec<_> = root
        .unknown_critical
        .iter()
        .filter(|oid| !oid.starts_with("2.5.29."))
        .map(String::as_str)
        .collect();
    let critical = || Defect::new(Barrier::UnknownCriticalExtension, None, unknown.join(" "));
    extended_usage(root, 0)
        .filter(|_| !for_any)
        .or_else(|| (!unknown.is_empty()).then(critical))
}

/// Returns a defect if more CA certificates are below a root than it allows. Self-issued
/// certificates do not count (RFC 5280 section 6.1.4).
fn too_many_below(root: &Contents, graph: &Graph<'_>, nodes: &[usize]) -> Option<Defect> {
    let allowed = root.basic_constraints?.path_len?;
    let count = counted(graph, nodes);
    (count > allowed).then(|| {
        let detail = format!("{count} CA certificates below a root that allows {allowed}");
        Defect::new(Barrier::PathLength, None, detail)
    })
}

/// Returns the number of CA certificates among these nodes, leaf first, that count against a path
/// length: those that are not self-issued (RFC 5280 section 6.1.4).
pub(crate) fn counted(graph: &Graph<'_>, nodes: &[usize]) -> u32 {
    let issuers = nodes.iter().skip(1).map(|node| graph.contents(*node));
    let counting = issuers.filter(|issuer| !issuer.is_self_issued());
    u32::try_from(counting.count()).unwrap_or(u32::MAX)
}

/// Defects that every client rejects, even in a certificate that the store itself contains: an
/// unknown or unreadable extension, and an unsupported key.
const WHATEVER_THE_TRUST: [Barrier; 3] = [
    Barrier::MalformedExtension,
    Barrier::UnknownCriticalExtension,
    Barrier::UnsupportedKey,
];

/// Returns the defects of a leaf that is trusted because the store itself contains it.
pub(crate) fn of_pinned(contents: &Contents) -> Vec<Defect> {
    let usage = key_usage(contents, Position::Leaf).map(|defect| Defect {
        at: Some(0),
        ..defect
    });
    let own = of_certificate(contents, 0).into_iter();
    let own = own.filter(|defect| WHATEVER_THE_TRUST.contains(&defect.reason));
    let usages = usage.into_iter().chain(extended_usage(contents, 0));
    usages.chain(own).collect()
}

/// Returns the defects of each certificate on a path, leaf first, in itself and in its role.
pub(crate) fn of_path(graph: &Graph<'_>, nodes: &[usize]) -> Vec<Defect> {
    let each = nodes.iter().enumerate().flat_map(|(place, node)| {
        let contents = graph.contents(*node);
        let below = counted(graph, &nodes[..place]);
        let own = of_certificate(contents, place);
        own.into_iter().chain(of_role(contents, place, below))
    });
    each.collect()
}

/// Returns the defects that a certificate has in any role. `place` is its index on the path.
pub(crate) fn of_certificate(contents: &Contents, place: usize) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut add = |reason, detail: String| defects.push(Defect::new(reason, Some(place), detail));
    if contents.version != 3 {
        add(Barrier::Version, format!("version {}", contents.version));
    }
    if contents.not_before > contents.not_after {
        add(Barrier::Validity, "notBefore is after notAfter".to_owned());
    }
    if let Some(field) = &contents.bad_extension {
        add(Barrier::MalformedExtension, field.clone());
    }
    let unknown: Vec<_> = unknown_critical(contents).collect();
    if !unknown.is_empty() {
        add(Barrier::UnknownCriticalExtension, unknown.join(" "));
    }
    if weak::signature(&contents.signature).is_some() {
        add(Barrier::WeakSignature, contents.signature.name.clone());
    }
    if let Some(why) = keys::unsupported(&contents.key) {
        add(Barrier::UnsupportedKey, why);
    }
    defects.extend(extended_usage(contents, place));
    defects
}

/// Returns the defects of a certificate in its role. `place` is its index on the path, and `below`
/// is the number of CA certificates below it that count against path lengths.
pub(crate) fn of_role(contents: &Contents, place: usize, below: u32) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut add = |reason, detail: String| defects.push(Defect::new(reason, Some(place), detail));
    if place == 0 {
        if contents.is_ca() {
            add(
                Barrier::CaUsedAsEndEntity,
                "CA:TRUE in a server certificate".to_owned(),
            );
        }
        let usage = key_usage(contents, Position::Leaf);
        defects.extend(usage.map(|defect| Defect {
            at: Some(0),
            ..defect
        }));
        return defects;
    }
    let allowed = contents.basic_constraints.and_then(|basic| basic.path_len);
    if !contents.is_ca() {
        add(
            Barrier::NotACa,
            "the issuer is not a CA certificate".to_owned(),
        );
    } else if let Some(allowed) = allowed.filter(|allowed| below > *allowed) {
        add(
            Barrier::PathLength,
            format!("{below} CA certificates below it, {allowed} allowed"),
        );
    }
    let rsa = matches!(contents.key.kind, KeyKind::Rsa | KeyKind::RsaPss);
    if rsa
        && contents
            .key
            .bits
            .is_some_and(|bits| bits < *RSA_BITS.start())
    {
        add(Barrier::WeakKey, contents.key.name.clone());
    }
    let usage = key_usage(contents, Position::Intermediate);
    defects.extend(usage.map(|defect| Defect {
        at: Some(place),
        ..defect
    }));
    defects
}

fn extended_usage(contents: &Contents, place: usize) -> Option<Defect> {
    let usages = contents.extended_key_usage.as_ref()?;
    let served = usages.iter().any(|usage| usage == SERVER_AUTH);
    (!served).then(|| {
        // Certificates have a handful in practice; more would not help the reader.
        let some: Vec<_> = usages.iter().take(8).map(String::as_str).collect();
        Defect::new(Barrier::ExtendedKeyUsage, Some(place), some.join(" "))
    })
}

/// Returns the critical extensions that we do not know. Policy extensions are left to path
/// validation.
fn unknown_critical(contents: &Contents) -> impl Iterator<Item = &str> {
    let unknown = contents.unknown_critical.iter().map(String::as_str);
    unknown.filter(|oid| !is_policy(oid))
}

/// Returns true if a certificate in this role passes the rules that webpki does not check.
pub(crate) fn acceptable(contents: &Contents, position: Position) -> bool {
    key_usage(contents, position).is_none() && keys::unsupported(&contents.key).is_none()
}
