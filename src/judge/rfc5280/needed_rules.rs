//! The rules of RFC 5280 that rustls-webpki 0.103 does not implement, and a check if one of them
//! may explain its refusal. webpki stops at one reason and ranks the reasons of all paths that it
//! tried, so several rules may apply at once. `validate` makes the final decision about the path.

use webpki::Error;

use super::constraints::Constraints;
use super::extensions::{Extensions, is_policy};
use super::forms::Form;
use super::inputs::Top;
use crate::observation::{Certificate, Contents};
use crate::verdict::Rule;

/// Returns the missing rule that may have made webpki reject this path, or `None` if it rejected
/// the path for another reason. The path is as for `validate`.
pub(crate) fn missing_rule(error: &Error, path: &[&Certificate], top: &Top<'_>) -> Option<Rule> {
    let contents = |certificate: &&'_ Certificate| certificate.contents.is_ok();
    if !path.iter().all(contents) {
        return None;
    }
    let names = || differently_encoded(path, top).then_some(Rule::NameEncoding);
    let policies = || critical_policies(path).then_some(Rule::CriticalPolicies);
    let forms = || constrained_forms(path, top).then_some(Rule::NameConstraintForms);
    let constrained = || self_issued_constrained(path, top).then_some(Rule::SelfIssuedConstraints);
    let length = || self_issued(path).then_some(Rule::SelfIssuedPathLength);
    match error {
        // webpki found no issuer with that name, or met another certificate with the same name
        // first.
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => names()
            .or_else(policies)
            .or_else(forms)
            .or_else(constrained)
            .or_else(length),
        Error::UnsupportedCriticalExtension => policies(),
        Error::NameConstraintViolation => forms().or_else(constrained),
        Error::PathLenConstraintViolated => length(),
        _ => None,
    }
}

/// Returns every rule that this path needs and webpki does not implement.
pub(crate) fn needed_rules(path: &[&Certificate], top: &Top<'_>) -> Vec<Rule> {
    let rules = [
        (Rule::NameEncoding, differently_encoded(path, top)),
        (Rule::CriticalPolicies, critical_policies(path)),
        (Rule::NameConstraintForms, constrained_forms(path, top)),
        (
            Rule::SelfIssuedConstraints,
            self_issued_constrained(path, top),
        ),
        (Rule::SelfIssuedPathLength, self_issued_counted(path)),
    ];
    let needed = rules.into_iter().filter(|(_, needed)| *needed);
    needed.map(|(rule, _)| rule).collect()
}

fn contents<'a>(path: &'a [&Certificate]) -> impl Iterator<Item = &'a Contents> {
    path.iter()
        .filter_map(|certificate| certificate.contents.as_ref().ok())
}

/// Returns true if equal names on the path have different encodings. webpki compares names byte by
/// byte (section 7.1).
fn differently_encoded(path: &[&Certificate], top: &Top<'_>) -> bool {
    let above = contents(path).skip(1).map(|issuer| &issuer.subject);
    let mut links = contents(path).zip(above.chain([top.subject]));
    links.any(|(subject, above)| subject.issuer.der != above.der && subject.issuer.matches(above))
}

/// Returns true if the only unknown critical extensions are policy extensions. webpki does not
/// support these. Any other unknown critical extension must be rejected.
fn critical_policies(path: &[&Certificate]) -> bool {
    let mut unknown = contents(path)
        .flat_map(|contents| &contents.unknown_critical)
        .peekable();
    unknown.peek().is_some() && unknown.all(|oid| is_policy(oid))
}

/// Returns true if a directory, URI or mail name is constrained. webpki rejects every constrained
/// name of these forms, permitted or not.
fn constrained_forms(path: &[&Certificate], top: &Top<'_>) -> bool {
    let refused =
        |form: &Form<'_>| matches!(form, Form::Directory(_) | Form::Uri(_) | Form::Email(_));
    some_constraint(path, top, |constraints| constraints.concern(refused))
}

/// Returns true if name constraints and self-issued CA certificates occur together. webpki
/// constrains these too (section 6.1.3 b).
fn self_issued_constrained(path: &[&Certificate], top: &Top<'_>) -> bool {
    self_issued(path) && some_constraint(path, top, |_| true)
}

/// Returns true if one of the name constraints on the path meets the condition.
fn some_constraint(
    path: &[&Certificate],
    top: &Top<'_>,
    is_such: impl Fn(&Constraints<'_>) -> bool,
) -> bool {
    let anchors = top.name_constraints.and_then(Constraints::read);
    anchors.is_some_and(|constraints| is_such(&constraints))
        || path.iter().skip(1).any(|certificate| {
            let contents = certificate.contents.as_ref().ok();
            let contents = contents.filter(|contents| contents.has_name_constraints);
            let extensions = contents.and_then(|it| Extensions::read(certificate, it));
            extensions
                .and_then(|it| Constraints::read(it.name_constraints?))
                .is_some_and(|it| is_such(&it))
        })
}

/// Returns true if the path has a self-issued CA certificate. webpki counts these in path lengths
/// (section 6.1.4 l).
fn self_issued(path: &[&Certificate]) -> bool {
    contents(path).skip(1).any(Contents::is_self_issued)
}

/// Returns true if counting self-issued certificates would exceed a path length.
fn self_issued_counted(path: &[&Certificate]) -> bool {
    let lengths = path.iter().enumerate().skip(1);
    let mut allowed = lengths.filter_map(|(place, certificate)| {
        let contents = certificate.contents.as_ref().ok()?;
        Some((place - 1, contents.basic_constraints?.path_len?))
    });
    allowed.any(|(below, allowed)| usize::try_from(allowed).is_ok_and(|allowed| below > allowed))
}
