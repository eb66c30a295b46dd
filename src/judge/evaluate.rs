//! Evaluates one path to one anchor: our own rules, then webpki on exactly these certificates, then
//! path validation by RFC 5280 where webpki refuses for a rule that it does not implement. webpki's
//! refusal stands in every other case.

use webpki::Error;

use super::TrustStore;
use super::defects::{self, Defect};
use super::graph::{Graph, Proof};
use super::outcome::Outcome;
use super::paths::Reached;
use super::rfc5280::{self, Inputs, Top};
use super::store::Anchor;
use super::webpki_check::{self, Signed};
use super::{unreached, weak};
use crate::observation::Certificate;

/// Returns the path with everything that prevents its acceptance, dates and revocation apart.
pub(crate) fn evaluate(graph: &Graph<'_>, path: &Reached, store: &TrustStore, at: i64) -> Outcome {
    let anchor = store.anchor(path.anchor);
    let mut outcome = Outcome::reaching(graph, path, store);
    let defects = &mut outcome.defects;
    defects.extend(unreached::of_certificates(graph, &path.nodes));
    defects.extend(defects::of_anchor(anchor, graph, &path.nodes));
    defects.extend(defects::weak_root(&anchor.spki, path.nodes.len()));
    defects.extend(unproven(graph, path, anchor));
    let certificates = path
        .nodes
        .iter()
        .map(|node| &*graph.node(*node).certificate);
    let certificates: Vec<&Certificate> = certificates.collect();
    let proven = proven(graph, path, anchor);
    if let Err(error) = webpki_check::confirm(&certificates, &anchor.webpki, &proven, at) {
        let refused = refused_by_webpki(&error, &outcome.defects, constrained(graph, path, anchor));
        let top = Top {
            subject: &anchor.subject,
            name_constraints: anchor.webpki.name_constraints.as_deref(),
        };
        match second_opinion(&error, &certificates, &top, &outcome.defects) {
            Some(Ok(limits)) => outcome.limits = limits,
            Some(Err(defect)) => outcome.defects.push(defect),
            None => outcome.defects.extend(refused),
        }
    }
    outcome
}

/// Returns what RFC 5280 says where webpki refused for one of the rules that it lacks: the rules
/// that the path needs, or the defect that remains. `None` where webpki's refusal stands.
fn second_opinion(
    error: &Error,
    path: &[&Certificate],
    top: &Top<'_>,
    known: &[Defect],
) -> Option<Result<Vec<&'static str>, Defect>> {
    rfc5280::limit(error, path, top)?;
    let at = common_moment(path)?;
    match rfc5280::validate(path, top, &Inputs::default(), at) {
        Ok(()) if known.is_empty() => Some(Ok(rfc5280::limits(path, top))),
        // What our own rules found explains the refusal.
        Ok(()) => Some(Ok(Vec::new())),
        Err(refusal) if known.iter().any(|it| it.reason == refusal.reason) => None,
        Err(refusal) => {
            let detail = "path validation by RFC 5280 refuses it";
            Some(Err(Defect::new(refusal.reason, Some(refusal.at), detail)))
        }
    }
}

/// Returns a moment at which all of these are valid. Dates are judged apart; where no moment suits
/// all of them, the path is untimely at any time and needs no second opinion.
fn common_moment(path: &[&Certificate]) -> Option<i64> {
    let contents = || path.iter().filter_map(|it| it.contents.as_ref().ok());
    let from = contents().map(|it| it.not_before).max()?;
    let until = contents().map(|it| it.not_after).min()?;
    (from <= until).then_some(from)
}

/// Returns the verified signatures of the path.
fn proven<'g>(graph: &'g Graph<'_>, path: &Reached, anchor: &'g Anchor) -> Vec<Signed<'g>> {
    let mut signed = Vec::with_capacity(path.nodes.len());
    for (place, node) in path.nodes.iter().enumerate() {
        let (spki, fingerprint) = match path.nodes.get(place + 1) {
            Some(issuer) => {
                let key = &graph.contents(*issuer).key;
                (&key.spki, key.spki_sha256)
            }
            None => (&anchor.spki, anchor.spki_sha256),
        };
        if graph.proof(*node, fingerprint) == Proof::Proven {
            let certificate = &graph.node(*node).certificate;
            signed.extend(Signed::by(certificate, graph.contents(*node), spki));
        }
    }
    signed
}

/// Returns the edges that no signature proves, where nothing weaker explains it.
fn unproven(graph: &Graph<'_>, path: &Reached, anchor: &Anchor) -> Vec<Defect> {
    let mut defects = Vec::new();
    for (place, node) in path.nodes.iter().enumerate() {
        let issuer = match path.nodes.get(place + 1) {
            Some(issuer) => graph.contents(*issuer).key.spki_sha256,
            None => anchor.spki_sha256,
        };
        let algorithm = &graph.contents(*node).signature;
        if graph.proof(*node, issuer) != Proof::Proven && weak::signature(algorithm).is_none() {
            let name = algorithm.name.clone();
            defects.push(Defect::new("unsupported_algorithm", Some(place), name));
        }
    }
    defects
}

/// Returns true if something on the path constrains the names below it.
fn constrained(graph: &Graph<'_>, path: &Reached, anchor: &Anchor) -> bool {
    let mut contents = path.nodes.iter().map(|node| graph.contents(*node));
    contents.any(|contents| contents.has_name_constraints)
        || anchor.webpki.name_constraints.is_some()
}

/// Returns webpki's refusal in our words, unless our own rules have explained it. webpki stops at
/// one reason; those that we do not check ourselves always count.
fn refused_by_webpki(error: &Error, known: &[Defect], constrained: bool) -> Option<Defect> {
    let reason = match webpki_check::reason(error) {
        // Every signature of the path is proven. webpki met another issuer of the same name on its
        // way and reported that one, because it ranks bad signatures above its real reason.
        "bad_signature" if constrained => "name_constraints",
        "bad_signature" => "refused",
        reason => reason,
    };
    let explained = !matches!(reason, "name_constraints" | "distrusted") && !known.is_empty();
    (!explained).then(|| Defect::of_webpki(reason, error))
}
