//! What bars a path that reaches an anchor, dates and name apart. webpki's refusal decides; our
//! own reading says which certificate and why, and adds the key usages that webpki leaves aside.

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use super::keys;
use super::links::{Links, Proof};
use super::outcome::TOO_MANY;
use super::paths::Reached;
use super::store::Anchor;
use super::weak;
use super::{Position, TrustStore};
use crate::crypto::{Key, KeyAlgorithm};
use crate::observation::{Certificate, Contents, KeyKind};

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

/// anyExtendedKeyUsage.
const ANY_USAGE: &str = "2.5.29.37.0";

/// Bits of KeyUsage as RFC 5280 section 4.2.1.3 numbers them.
pub(crate) mod usage {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 1 << 0;
    pub(crate) const KEY_ENCIPHERMENT: u16 = 1 << 2;
    pub(crate) const KEY_AGREEMENT: u16 = 1 << 4;
    pub(crate) const KEY_CERT_SIGN: u16 = 1 << 5;
}

/// One reason why a path cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defect {
    /// The word in evidence: `path_length`, `name_constraints`, ...
    pub(crate) reason: &'static str,
    /// How many steps above the leaf, where one certificate is to blame; the anchor is one past
    /// the end.
    pub(crate) at: Option<usize>,
    /// The particulars.
    pub(crate) detail: String,
}

impl Defect {
    pub(crate) fn new(reason: &'static str, at: Option<usize>, detail: impl Into<String>) -> Self {
        Self {
            reason,
            at,
            detail: detail.into(),
        }
    }
}

/// Everything that bars this path.
pub(crate) fn of_path(
    links: &mut Links<'_>,
    path: &Reached,
    store: &TrustStore,
    at: i64,
) -> Vec<Defect> {
    let mut defects = Vec::new();
    for (place, node) in path.nodes.iter().enumerate() {
        let contents = links.contents(*node);
        defects.extend(of_certificate(contents, place));
        defects.extend(of_role(contents, place));
    }
    let anchor = store.anchor(path.anchor);
    defects.extend(of_anchor(anchor, links, path));
    defects.extend(weak_root(&anchor.spki, path.nodes.len()));
    defects.extend(unproven(links, path, store));
    let anchor = store.webpki_anchor(path.anchor);
    if let Err(error) = confirm_under(links, &path.nodes, anchor, at) {
        let constrained = constrained(links, path, store);
        defects.extend(match beyond_webpki(links, &path.nodes, &error) {
            // Our own reading has looked at everything but name constraints.
            true => constrained.then(|| Defect::new("too_large_to_check", None, UNCHECKED)),
            false => told_by_webpki(&error, &defects, constrained),
        });
    }
    defects
}

/// webpki reads certificates of up to 64 KiB (`TWO_BYTE_DER_SIZE` in its `cert.rs`); clients have no
/// such limit.
const WEBPKI_MOST: usize = 0xffff;

const UNCHECKED: &str = "this scanner checks name constraints on certificates of up to 64 KiB only";

/// Whether webpki refused a certificate for its size.
fn beyond_webpki(links: &Links<'_>, nodes: &[usize], error: &Error) -> bool {
    let large = |node: &usize| links.node(*node).certificate.der.len() > WEBPKI_MOST;
    let unread = matches!(error, Error::TrailingData(_) | Error::BadDer);
    unread && nodes.iter().any(large)
}

/// Whether something on the path constrains the names below it.
fn constrained(links: &Links<'_>, path: &Reached, store: &TrustStore) -> bool {
    let mut contents = path.nodes.iter().map(|node| links.contents(*node));
    contents.any(|contents| contents.has_name_constraints)
        || store.webpki_anchor(path.anchor).name_constraints.is_some()
}

/// A root's key that webpki takes no signature by; it calls them bad signatures.
pub(crate) fn weak_root(spki: &[u8], place: usize) -> Option<Defect> {
    let key = Key::read(spki)?;
    let rsa = matches!(key.algorithm, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss);
    let bits = key.bits.filter(|bits| rsa && *bits < 2048)?;
    Some(Defect::new("weak_key", Some(place), format!("rsa{bits}")))
}

/// What our own rules say of a certificate in its role, beyond webpki's: key usages.
pub(crate) fn key_usage(contents: &Contents, position: Position) -> Option<Defect> {
    let bits = contents.key_usage?;
    let (needed, words) = match position {
        Position::Leaf => (
            usage::DIGITAL_SIGNATURE | usage::KEY_ENCIPHERMENT | usage::KEY_AGREEMENT,
            "neither digitalSignature nor keyEncipherment nor keyAgreement",
        ),
        _ => (usage::KEY_CERT_SIGN, "no keyCertSign"),
    };
    (bits & needed == 0).then(|| Defect::new("key_usage", None, words))
}

/// Whether the anchor's own certificate, where there is one, can be the issuer of this path.
pub(crate) fn of_anchor(anchor: &Anchor, links: &Links<'_>, path: &Reached) -> Option<Defect> {
    of_root(anchor.contents()?, links, &path.nodes)
}

/// The same of a certificate that stands above these nodes.
pub(crate) fn of_root(contents: &Contents, links: &Links<'_>, nodes: &[usize]) -> Option<Defect> {
    let place = Some(nodes.len());
    // Version 1 roots have no extensions to say it in and are trusted for being in the store.
    if contents.version >= 3 && !is_ca(contents) {
        return Some(Defect::new(
            "not_a_ca",
            place,
            "the root is not a CA certificate",
        ));
    }
    let usage = key_usage(contents, Position::Root);
    let defect = usage
        .or_else(|| too_many_below(contents, links, nodes))
        .or_else(|| beyond_path(contents));
    defect.map(|defect| Defect {
        at: place,
        ..defect
    })
}

/// What RFC 5280 leaves to the client's choice of roots, and OpenSSL, Go and Firefox look at: a root
/// for other uses only, or with a critical extension that nobody knows. The standard extensions
/// that webpki does not process are known to the others, and in a root nobody needs them.
fn beyond_path(root: &Contents) -> Option<Defect> {
    let any = |usages: &Vec<String>| usages.iter().any(|usage| usage == ANY_USAGE);
    let for_any = root.extended_key_usage.as_ref().is_some_and(any);
    let unknown: Vec<_> = root
        .unknown_critical
        .iter()
        .filter(|oid| !oid.starts_with("2.5.29."))
        .map(String::as_str)
        .collect();
    let critical = || Defect::new("unknown_critical_extension", None, unknown.join(" "));
    extended_usage(root, 0)
        .filter(|_| !for_any)
        .or_else(|| (!unknown.is_empty()).then(critical))
}

/// Whether more CA certificates stand below a root than it allows. Those that are their own issuer
/// do not count (RFC 5280 section 6.1.4).
fn too_many_below(root: &Contents, links: &Links<'_>, nodes: &[usize]) -> Option<Defect> {
    let allowed = root.basic_constraints?.path_len?;
    let issuers = nodes.iter().skip(1).map(|node| links.contents(*node));
    let count = issuers
        .filter(|issuer| issuer.subject.der != issuer.issuer.der)
        .count();
    let exceeded = u32::try_from(count).map_or(true, |count| count > allowed);
    exceeded.then(|| {
        let words = format!("{count} CA certificates below a root that allows {allowed}");
        Defect::new("path_length", None, words)
    })
}

/// What is wrong with extensions.
const EXTENSIONS: [&str; 2] = ["malformed_extension", "unknown_critical_extension"];

/// The key cannot be used.
const UNSUPPORTED_KEY: &str = "unsupported_key";

/// The leaf's own barriers when it is trusted for being in the store itself.
pub(crate) fn of_pinned(contents: &Contents) -> Vec<Defect> {
    let usage = key_usage(contents, Position::Leaf).map(|defect| Defect {
        at: Some(0),
        ..defect
    });
    // No client passes over an extension that it must know, or cannot read, wherever its trust is from.
    let own = of_certificate(contents, 0).into_iter();
    let extensions = own
        .filter(|defect| EXTENSIONS.contains(&defect.reason) || defect.reason == UNSUPPORTED_KEY);
    let usages = usage.into_iter().chain(extended_usage(contents, 0));
    usages.chain(extensions).collect()
}

pub(crate) fn of_certificate(contents: &Contents, place: usize) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut add = |reason, detail: String| defects.push(Defect::new(reason, Some(place), detail));
    if contents.version != 3 {
        add("version", format!("version {}", contents.version));
    }
    if contents.not_before > contents.not_after {
        add("validity", "notBefore is after notAfter".to_owned());
    }
    if let Some(field) = &contents.bad_extension {
        add("malformed_extension", field.clone());
    }
    if !contents.unknown_critical.is_empty() {
        let oids = contents.unknown_critical.join(" ");
        add("unknown_critical_extension", oids);
    }
    if weak::signature(&contents.signature).is_some() {
        add("weak_signature", contents.signature.name.clone());
    }
    if let Some(why) = keys::unsupported(&contents.key) {
        add(UNSUPPORTED_KEY, why);
    }
    defects.extend(extended_usage(contents, place));
    defects
}

pub(crate) fn of_role(contents: &Contents, place: usize) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut add = |reason, detail: String| defects.push(Defect::new(reason, Some(place), detail));
    let Some(below) = place.checked_sub(1) else {
        if is_ca(contents) {
            add(
                "ca_used_as_end_entity",
                "CA:TRUE in a server certificate".to_owned(),
            );
        }
        let usage = key_usage(contents, Position::Leaf);
        defects.extend(usage.map(|defect| Defect {
            at: Some(0),
            ..defect
        }));
        return defects;
    };
    let allowed = contents.basic_constraints.and_then(|basic| basic.path_len);
    if !is_ca(contents) {
        add(
            "not_a_ca",
            "an issuer that is not a CA certificate".to_owned(),
        );
    } else if let Some(allowed) =
        allowed.filter(|allowed| usize::try_from(*allowed).is_ok_and(|allowed| below > allowed))
    {
        add(
            "path_length",
            format!("{below} below it, {allowed} allowed"),
        );
    }
    let rsa = matches!(contents.key.kind, KeyKind::Rsa | KeyKind::RsaPss);
    if rsa && contents.key.bits.is_some_and(|bits| bits < 2048) {
        add("weak_key", contents.key.name.clone());
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
        // A handful in practice; the rest would say no more.
        let some: Vec<_> = usages.iter().take(8).map(String::as_str).collect();
        Defect::new("extended_key_usage", Some(place), some.join(" "))
    })
}

/// Links that the signature could not prove, where nothing weaker explains it.
fn unproven(links: &mut Links<'_>, path: &Reached, store: &TrustStore) -> Vec<Defect> {
    let mut defects = Vec::new();
    for (place, node) in path.nodes.iter().enumerate() {
        let proof = match path.nodes.get(place + 1) {
            Some(issuer) => links.prove(*node, *issuer),
            None => links.prove_by_anchor(*node, store.anchor(path.anchor)),
        };
        let algorithm = &links.contents(*node).signature;
        if proof != Proof::Proven && weak::signature(algorithm).is_none() {
            defects.push(match links.exhausted() {
                true => Defect::new(TOO_MANY, None, "not every signature was checked"),
                false => Defect::new("unsupported_algorithm", Some(place), algorithm.name.clone()),
            });
        }
    }
    defects
}

/// webpki's word on exactly this path, dates apart: at the moment nearest to `at` at which all of
/// its certificates are valid. Without such a moment it is asked for the leaf alone, under its
/// issuer, and the dates say the rest.
pub(crate) fn confirm_under(
    links: &Links<'_>,
    nodes: &[usize],
    anchor: &TrustAnchor<'_>,
    at: i64,
) -> Result<(), Error> {
    let certificate = |node: &usize| &links.node(*node).certificate.der;
    let Some((leaf, issuers)) = nodes.split_first() else {
        return Ok(());
    };
    if let Some(time) = common_time(links, nodes, at) {
        let issuers = issuers.iter().map(certificate);
        let issuers: Vec<_> = issuers
            .map(|der| CertificateDer::from(der.as_ref()))
            .collect();
        return ask_webpki(certificate(leaf), &issuers, anchor, time);
    }
    match (common_time(links, &[*leaf], at), issuers.first()) {
        (Some(time), Some(issuer)) => {
            let issuer = webpki::anchor_from_trusted_cert(certificate(issuer))?;
            ask_webpki(certificate(leaf), &[], &issuer, time)
        }
        _ => Ok(()),
    }
}

/// The moment nearest to `at` at which all of these are valid.
fn common_time(links: &Links<'_>, nodes: &[usize], at: i64) -> Option<i64> {
    let contents = || nodes.iter().map(|node| links.contents(*node));
    let from = contents().map(|c| c.not_before).max()?;
    let until = contents().map(|c| c.not_after).min()?;
    (from <= until).then(|| at.clamp(from, until))
}

fn ask_webpki(
    leaf: &CertificateDer<'_>,
    issuers: &[CertificateDer<'_>],
    anchor: &TrustAnchor<'_>,
    time: i64,
) -> Result<(), Error> {
    let anchors = std::slice::from_ref(anchor);
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    EndEntityCert::try_from(leaf)?
        .verify_for_usage(
            algorithms,
            anchors,
            issuers,
            unix_time(time),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(drop)
}

/// webpki knows no time before 1970.
pub(crate) fn unix_time(at: i64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(at).unwrap_or(0),
    ))
}

/// webpki's refusal in our words, unless our own reading has explained it already. webpki stops
/// at one reason; those that we cannot read ourselves always count.
fn told_by_webpki(error: &Error, known: &[Defect], constrained: bool) -> Option<Defect> {
    let reason = match webpki_reason(error) {
        // Every link of the path is proven. webpki met another issuer of the same name on its
        // way and told of that one, because it ranks bad signatures above its real reason.
        "bad_signature" if constrained => "name_constraints",
        "bad_signature" => "refused",
        reason => reason,
    };
    let ours_to_tell = !matches!(reason, "name_constraints" | "distrusted");
    if ours_to_tell && !known.is_empty() {
        return None;
    }
    Some(from_webpki(reason, error))
}

/// A defect with the name of webpki's error, without what follows: it may be long and is the peer's.
pub(crate) fn from_webpki(reason: &'static str, error: &Error) -> Defect {
    let detail = format!("{error:?}");
    let name = detail.split(|c: char| !c.is_ascii_alphanumeric()).next();
    Defect::new(reason, None, name.unwrap_or_default())
}

/// The word for a refusal by webpki.
pub(crate) fn webpki_reason(error: &Error) -> &'static str {
    match error {
        Error::CaUsedAsEndEntity => "ca_used_as_end_entity",
        Error::CertDistrusted => "distrusted",
        Error::EndEntityUsedAsCa => "not_a_ca",
        Error::PathLenConstraintViolated => "path_length",
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => "extended_key_usage",
        Error::NameConstraintViolation
        | Error::MalformedNameConstraint
        | Error::InvalidNetworkMaskConstraint
        | Error::MaximumNameConstraintComparisonsExceeded => "name_constraints",
        Error::InvalidSignatureForPublicKey => "bad_signature",
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => "unsupported_algorithm",
        Error::SignatureAlgorithmMismatch => "signature_algorithm_mismatch",
        Error::UnsupportedCertVersion => "version",
        Error::UnsupportedCriticalExtension => "unknown_critical_extension",
        Error::ExtensionValueInvalid | Error::MalformedExtensions => "malformed_extension",
        Error::InvalidCertValidity => "validity",
        Error::InvalidSerialNumber => "serial_number",
        Error::MalformedDnsIdentifier => "malformed_name",
        Error::MaximumPathDepthExceeded => "path_too_long",
        Error::MaximumSignatureChecksExceeded | Error::MaximumPathBuildCallsExceeded => {
            "too_many_certificates"
        }
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => "malformed",
        _ => "refused",
    }
}

fn is_ca(contents: &Contents) -> bool {
    contents.basic_constraints.is_some_and(|basic| basic.ca)
}

/// Whether a certificate that webpki put on a path also passes the rules that webpki leaves
/// aside.
pub(crate) fn acceptable(certificate: &Certificate, position: Position) -> bool {
    match &certificate.contents {
        Ok(contents) => {
            key_usage(contents, position).is_none() && keys::unsupported(&contents.key).is_none()
        }
        Err(_) => false,
    }
}
