//! Evaluates one path to one anchor. It applies our own rules, then asks webpki about exactly these
//! certificates. If webpki refuses because of a rule that it does not implement, path validation by
//! RFC 5280 decides. In every other case webpki's refusal is final.

use webpki::Error;

use super::TrustStore;
use super::defects::{self, Defect};
use super::evaluated_path::EvaluatedPath;
use super::graph::{Graph, Proof};
use super::paths::Reached;
use super::rfc5280::{self, Inputs, Refusal, Top};
use super::store::Anchor;
use super::weak;
use super::webpki_check::{self, Confirmed, Signed};
use crate::observation::{Certificate, Contents};
use crate::verdict::Barrier;

/// Our own rules that apply even if webpki accepts, because webpki does not check them. The other
/// rules explain its refusals and may be stricter than clients are.
const BEYOND_WEBPKI: [Barrier; 2] = [Barrier::KeyUsage, Barrier::UnsupportedKey];

const TOO_LARGE: &str = "tlsweep checks name constraints only on certificates of up to 64 KiB";

/// Returns the path with all its defects, other than dates and revocation.
pub(crate) fn evaluate(
    graph: &Graph<'_>,
    reached: &Reached,
    store: &TrustStore,
    at: i64,
) -> EvaluatedPath {
    let anchor = store.anchor(reached.anchor);
    let mut evaluated = EvaluatedPath::reaching(graph, reached, store);
    let defects = &mut evaluated.defects;
    defects.extend(defects::of_path(graph, &reached.nodes));
    defects.extend(defects::of_anchor(anchor, graph, &reached.nodes));
    defects.extend(defects::weak_root(&anchor.spki, reached.nodes.len()));
    let links = links(graph, reached, anchor);
    defects.extend(unproven(&links));
    let certificates: Vec<&Certificate> = links.iter().map(|link| link.certificate).collect();
    let top = Top {
        subject: &anchor.subject,
        name_constraints: anchor.webpki.name_constraints.as_deref(),
    };
    let validate = || rfc5280::validate(&certificates, &top, &Inputs::default(), None);
    let proven = links.iter().filter(|link| link.proven);
    let proven = proven.filter_map(|it| Signed::by(it.certificate, it.contents, it.issuer));
    let proven: Vec<Signed<'_>> = proven.collect();
    match webpki_check::confirm(&certificates, &anchor.webpki, &proven, at) {
        Confirmed::Accepted => evaluated.defects.retain(|defect| {
            let of_anchor = defect.at == Some(reached.nodes.len());
            of_anchor || BEYOND_WEBPKI.contains(&defect.reason)
        }),
        Confirmed::Untimely => {
            let refusal = validate().err();
            let defect = refusal.and_then(|it| refused_by_rfc5280(it, &evaluated.defects));
            evaluated.defects.extend(defect);
        }
        Confirmed::Refused(error)
            if rfc5280::missing_rule(&error, &certificates, &top).is_some() =>
        {
            match validate() {
                // webpki stops at its first reason, so its other missing rules must still be checked.
                Ok(()) => match limit_of_webpki(&links) {
                    Some(defect) => evaluated.defects.push(defect),
                    None => evaluated.needed_rules = rfc5280::needed_rules(&certificates, &top),
                },
                Err(refusal) => {
                    let defect = refused_by_rfc5280(refusal, &evaluated.defects);
                    evaluated.defects.extend(defect);
                }
            }
        }
        Confirmed::Refused(error) if webpki_check::too_large(&error, &certificates) => {
            // Our own rules check everything except name constraints.
            let unchecked = constrained(graph, reached, anchor);
            let defect = unchecked.then(|| Defect::new(Barrier::TooLargeToCheck, None, TOO_LARGE));
            evaluated.defects.extend(defect);
        }
        Confirmed::Refused(error) => {
            let constrained = constrained(graph, reached, anchor);
            let defect = refused_by_webpki(&error, &evaluated.defects, constrained);
            evaluated.defects.extend(defect);
        }
    }
    evaluated
}

/// Returns the reason of the RFC 5280 refusal, or `None` if our own rules already found it.
fn refused_by_rfc5280(refusal: Refusal, known: &[Defect]) -> Option<Defect> {
    let detail = "rejected by RFC 5280 path validation";
    let explained = known.iter().any(|it| it.reason == refusal.reason);
    (!explained).then(|| Defect::new(refusal.reason, Some(refusal.at), detail))
}

/// Maximum number of intermediates on a path that webpki accepts.
const MAX_INTERMEDIATES: usize = 6;

/// One certificate of a path and the key of its issuer.
struct Link<'g> {
    certificate: &'g Certificate,
    contents: &'g Contents,
    /// The issuer's SubjectPublicKeyInfo (DER).
    issuer: &'g [u8],
    /// True if the signature was verified with that key.
    proven: bool,
}

fn links<'g>(graph: &'g Graph<'_>, reached: &Reached, anchor: &'g Anchor) -> Vec<Link<'g>> {
    let issuers = reached.nodes.iter().skip(1).map(|node| {
        let key = &graph.contents(*node).key;
        (&*key.spki, key.spki_sha256)
    });
    let issuers = issuers.chain([(&*anchor.spki, anchor.spki_sha256)]);
    let links = reached.nodes.iter().zip(issuers);
    let links = links.map(|(node, (issuer, fingerprint))| Link {
        certificate: &graph.node(*node).certificate,
        contents: graph.contents(*node),
        issuer,
        proven: graph.proof(*node, fingerprint) == Proof::Proven,
    });
    links.collect()
}

/// Returns another reason for which webpki would refuse: a path that is too long, a date before
/// 1970, or a signature algorithm that it does not support.
fn limit_of_webpki(links: &[Link<'_>]) -> Option<Defect> {
    if links.len() > MAX_INTERMEDIATES + 1 {
        let detail = format!("{} intermediates", links.len() - 1);
        return Some(Defect::new(Barrier::PathTooLong, None, detail));
    }
    links.iter().enumerate().find_map(|(place, link)| {
        let contents = link.contents;
        if contents.not_before < 0 || contents.not_after < 0 {
            let detail = "a date before 1970";
            return Some(Defect::new(Barrier::Malformed, Some(place), detail));
        }
        let supported = webpki_check::supports(link.certificate, contents, link.issuer);
        let name = || contents.signature.name.clone();
        (!supported).then(|| Defect::new(Barrier::UnsupportedAlgorithm, Some(place), name()))
    })
}

/// Returns a defect for each link without a verified signature, unless a weak signature explains
/// it.
fn unproven(links: &[Link<'_>]) -> impl Iterator<Item = Defect> {
    let unproven = links.iter().enumerate().filter(|(_, link)| !link.proven);
    let unexplained =
        unproven.filter(|(_, link)| weak::signature(&link.contents.signature).is_none());
    unexplained.map(|(place, link)| {
        let name = link.contents.signature.name.clone();
        Defect::new(Barrier::UnsupportedAlgorithm, Some(place), name)
    })
}

/// Returns true if a certificate on the path or the anchor has name constraints.
fn constrained(graph: &Graph<'_>, reached: &Reached, anchor: &Anchor) -> bool {
    let mut contents = reached.nodes.iter().map(|node| graph.contents(*node));
    contents.any(|contents| contents.has_name_constraints)
        || anchor.webpki.name_constraints.is_some()
}

/// Returns webpki's refusal as a defect, or `None` if our own rules already explain it. webpki
/// stops at one reason. Reasons that we do not check ourselves always count.
fn refused_by_webpki(error: &Error, known: &[Defect], constrained: bool) -> Option<Defect> {
    let reason = match webpki_check::reason(error) {
        // Every signature of the path is verified. webpki met another issuer of the same name and
        // reported that one, because it ranks bad signatures above its real reason.
        Barrier::BadSignature if constrained => Barrier::NameConstraints,
        Barrier::BadSignature => Barrier::Refused,
        reason => reason,
    };
    let explained =
        !matches!(reason, Barrier::NameConstraints | Barrier::Distrusted) && !known.is_empty();
    (!explained).then(|| Defect::of_webpki(reason, error))
}
