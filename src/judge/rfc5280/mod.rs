//! Path validation by RFC 5280 section 6.1. It is the second opinion if rustls-webpki rejects a
//! path because of a rule that it does not implement (`needed_rules`).
//!
//! Read `validate` first: it is the loop over the path and names the sections. `inputs` has its
//! parameters. `extensions` parses the extensions from the DER, `policy` is the policy graph, and
//! `constraints` and `forms` handle name constraints. `needed_rules` decides which rejections by webpki
//! to check.
//!
//! It does not check extended key usages, the strength of keys and signatures, the requested name,
//! or revocation, because the RFC does not.

mod constraints;
mod extensions;
mod forms;
mod inputs;
mod needed_rules;
mod policy;
#[cfg(test)]
mod tests;

use crate::observation::{Certificate, Contents, DistinguishedName};
use crate::verdict::Barrier;

use constraints::{Budget, Constraints};
use extensions::Extensions;
use policy::Policies;

pub(crate) use extensions::is_policy;
pub(crate) use inputs::{Inputs, Top};
pub(crate) use needed_rules::{missing_rule, needed_rules};

/// keyUsage's keyCertSign.
const KEY_CERT_SIGN: u16 = 1 << 5;

/// Reason why a path is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Reason in evidence: `path_length`, `name_constraints`, `policies`, ...
    pub(crate) reason: Barrier,
    /// Index of the certificate: 0 is the leaf, and the length of the path is the anchor.
    pub(crate) at: usize,
}

/// Validates the path at a time (seconds since the epoch), or without dates if `at` is `None`.
///
/// The path starts with the leaf and ends below the anchor. Signatures are not checked here: the
/// caller has verified every signature, the last one with the anchor's key.
pub(crate) fn validate(
    path: &[&Certificate],
    top: &Top<'_>,
    inputs: &Inputs<'_>,
    at: Option<i64>,
) -> Result<(), Refusal> {
    let mut state = State::new(path.len(), top, inputs)?;
    for (place, certificate) in path.iter().enumerate().rev() {
        let step = CertificateStep::read(certificate, place);
        let checked = step.and_then(|step| state.step(step, at));
        checked.map_err(|reason| Refusal { reason, at: place })?;
    }
    Ok(())
}

/// One certificate of the path with its parsed extensions.
struct CertificateStep<'a> {
    contents: &'a Contents,
    extensions: Extensions<'a>,
    self_issued: bool,
    is_leaf: bool,
}

impl<'a> CertificateStep<'a> {
    fn read(certificate: &'a Certificate, place: usize) -> Result<Self, Barrier> {
        let contents = certificate
            .contents
            .as_ref()
            .map_err(|_| Barrier::Malformed)?;
        if contents.bad_extension.is_some() {
            return Err(Barrier::MalformedExtension);
        }
        let extensions =
            Extensions::read(certificate, contents).ok_or(Barrier::MalformedExtension)?;
        let constraints = extensions.name_constraints.map(Constraints::read);
        if constraints.is_some_and(|constraints| constraints.is_none()) {
            return Err(Barrier::MalformedExtension);
        }
        Ok(Self {
            contents,
            extensions,
            self_issued: contents.is_self_issued(),
            is_leaf: place == 0,
        })
    }
}

/// The variables of section 6.1.2. The caller handles working_public_key.
struct State<'a> {
    constraints: Vec<Constraints<'a>>,
    budget: Budget,
    policies: Policies<'a>,
    working_issuer: &'a DistinguishedName,
    max_path_length: u32,
}

impl<'a> State<'a> {
    fn new(length: usize, top: &Top<'a>, inputs: &Inputs<'a>) -> Result<Self, Refusal> {
        let malformed = Refusal {
            reason: Barrier::NameConstraints,
            at: length,
        };
        let constraints = match top.name_constraints {
            Some(content) => vec![Constraints::read(content).ok_or(malformed)?],
            None => Vec::new(),
        };
        let count = u32::try_from(length).unwrap_or(u32::MAX);
        Ok(Self {
            constraints,
            budget: Budget::default(),
            policies: Policies::new(count, inputs),
            working_issuer: top.subject,
            max_path_length: count,
        })
    }

    fn step(&mut self, step: CertificateStep<'a>, at: Option<i64>) -> Result<(), Barrier> {
        self.basic(&step, at)?;
        // 6.1.3 (b) and (c).
        if step.is_leaf || !step.self_issued {
            for constraints in &self.constraints {
                constraints.check(step.contents, &step.extensions, &mut self.budget)?;
            }
        }
        let may_pass_any = step.self_issued && !step.is_leaf;
        self.policies.process(&step.extensions, may_pass_any)?;
        match step.is_leaf {
            true => self.policies.wrap_up(&step.extensions),
            false => self.prepare(step),
        }
    }

    /// 6.1.3 (a), 6.1.4 (o) and 6.1.5 (f).
    fn basic(&self, step: &CertificateStep<'_>, at: Option<i64>) -> Result<(), Barrier> {
        let contents = step.contents;
        if contents.version != 3 {
            return Err(Barrier::Version);
        }
        if at.is_some_and(|at| at < contents.not_before) {
            return Err(Barrier::NotYetValid);
        }
        if at.is_some_and(|at| at > contents.not_after) {
            return Err(Barrier::Expired);
        }
        if !contents.issuer.matches(self.working_issuer) {
            return Err(Barrier::IssuerName);
        }
        match contents.unknown_critical.iter().all(|oid| is_policy(oid)) {
            true => Ok(()),
            false => Err(Barrier::UnknownCriticalExtension),
        }
    }

    /// 6.1.4, for every certificate except the leaf.
    fn prepare(&mut self, step: CertificateStep<'a>) -> Result<(), Barrier> {
        let contents = step.contents;
        self.policies.map(&step.extensions)?;
        self.policies.tighten(&step.extensions, step.self_issued);
        if let Some(content) = step.extensions.name_constraints {
            let constraints = Constraints::read(content).ok_or(Barrier::MalformedExtension)?;
            self.constraints.push(constraints);
        }
        let basic = contents.basic_constraints.filter(|_| contents.is_ca());
        let basic = basic.ok_or(Barrier::NotACa)?;
        if !step.self_issued {
            let left = self.max_path_length.checked_sub(1);
            self.max_path_length = left.ok_or(Barrier::PathLength)?;
        }
        if let Some(length) = basic.path_len {
            self.max_path_length = self.max_path_length.min(length);
        }
        if contents
            .key_usage
            .is_some_and(|usage| usage & KEY_CERT_SIGN == 0)
        {
            return Err(Barrier::KeyUsage);
        }
        self.working_issuer = &contents.subject;
        Ok(())
    }
}
