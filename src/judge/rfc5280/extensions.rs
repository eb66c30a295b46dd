//! Parses the extensions that path validation needs in addition to `Contents` from the
//! certificate's DER. Only the few paths that are validated here pay for it.

use std::collections::HashSet;

use crate::crypto::der::{self, DerReader, tag};
use crate::observation::{Certificate, Contents};

/// The extensions of one certificate.
#[derive(Default)]
pub(super) struct Extensions<'a> {
    /// The policies of certificatePolicies, as undotted identifiers; `None` without the extension.
    pub(super) policies: Option<HashSet<&'a [u8]>>,
    /// The pairs of policyMappings: the issuer's policy, then the subject's.
    pub(super) mappings: Vec<(&'a [u8], &'a [u8])>,
    /// policyConstraints' requireExplicitPolicy.
    pub(super) require_explicit: Option<u32>,
    /// policyConstraints' inhibitPolicyMapping.
    pub(super) inhibit_mapping: Option<u32>,
    /// inhibitAnyPolicy.
    pub(super) inhibit_any: Option<u32>,
    /// The content of nameConstraints' sequence.
    pub(super) name_constraints: Option<&'a [u8]>,
    /// The content of subjectAltName's sequence of names.
    pub(super) alternative_names: Option<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    /// Parses the extensions. Returns `None` if a required one is malformed.
    pub(super) fn read(certificate: &'a Certificate, contents: &Contents) -> Option<Self> {
        let mut extensions = Self::default();
        let tbs = certificate.der.get(contents.tbs.clone())?;
        let mut fields = der::only(tbs, tag::SEQUENCE)?.inside();
        while !fields.is_empty() {
            let field = fields.next()?;
            if field.tag == tag::constructed(3) {
                let mut list = der::only(field.content, tag::SEQUENCE)?.inside();
                while !list.is_empty() {
                    let mut extension = list.expect(tag::SEQUENCE)?.inside();
                    let oid = extension.expect(tag::OID)?.content;
                    extension.take_if(tag::BOOLEAN)?;
                    let value = extension.expect(tag::OCTET_STRING)?.content;
                    extensions.fill(oid, value)?;
                }
            }
        }
        Some(extensions)
    }

    fn fill(&mut self, oid: &[u8], value: &'a [u8]) -> Option<()> {
        match oid {
            [0x55, 0x1d, 17] => {
                self.alternative_names = Some(der::only(value, tag::SEQUENCE)?.content);
            }
            [0x55, 0x1d, 30] => {
                let content = der::only(value, tag::SEQUENCE)?.content;
                self.name_constraints = Some(content);
            }
            [0x55, 0x1d, 32] => self.policies = Some(policies(value)?),
            [0x55, 0x1d, 33] => self.mappings = mappings(value)?,
            [0x55, 0x1d, 36] => self.policy_constraints(value)?,
            [0x55, 0x1d, 54] => {
                self.inhibit_any = Some(skip_certs(der::only(value, tag::INTEGER)?.content)?);
            }
            _ => {}
        }
        Some(())
    }

    /// An empty sequence is not allowed (section 4.2.1.11).
    fn policy_constraints(&mut self, value: &[u8]) -> Option<()> {
        let mut fields = der::only(value, tag::SEQUENCE)?.inside();
        if fields.is_empty() {
            return None;
        }
        let mut take = |number| match fields.take_if(tag::primitive(number))? {
            Some(count) => skip_certs(count.content).map(Some),
            None => Some(None),
        };
        (self.require_explicit, self.inhibit_mapping) = (take(0)?, take(1)?);
        fields.is_empty().then_some(())
    }
}

/// Parses certificatePolicies (section 4.2.1.4). No policy may occur twice. Qualifiers are ignored
/// because they are for people.
fn policies(value: &[u8]) -> Option<HashSet<&[u8]>> {
    let mut list = der::only(value, tag::SEQUENCE)?.inside();
    let mut policies = HashSet::new();
    while !list.is_empty() {
        let mut policy = list.expect(tag::SEQUENCE)?.inside();
        let oid = policy.expect(tag::OID)?.content;
        policy.take_if(tag::SEQUENCE)?;
        if !policy.is_empty() || !policies.insert(oid) {
            return None;
        }
    }
    (!policies.is_empty()).then_some(policies)
}

/// Parses policyMappings (section 4.2.1.5).
fn mappings(value: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut list = der::only(value, tag::SEQUENCE)?.inside();
    let mut mappings = Vec::new();
    while !list.is_empty() {
        let mut pair = list.expect(tag::SEQUENCE)?.inside();
        let of_issuer = pair.expect(tag::OID)?.content;
        let of_subject = pair.expect(tag::OID)?.content;
        if !pair.is_empty() {
            return None;
        }
        mappings.push((of_issuer, of_subject));
    }
    (!mappings.is_empty()).then_some(mappings)
}

/// Parses SkipCerts, the number of certificates to skip. No path is long enough for more than 32
/// bits to matter.
fn skip_certs(integer: &[u8]) -> Option<u32> {
    match der::minimal(integer) {
        [] | [0x80..=0xff, ..] => None,
        digits if digits.len() > 4 => Some(u32::MAX),
        digits => Some(
            digits
                .iter()
                .fold(0, |number, digit| number << 8 | u32::from(*digit)),
        ),
    }
}

/// Returns the values of an attribute type in a Name (DER), up to the first part that cannot be
/// parsed.
pub(super) fn attribute_values<'a>(name: &'a [u8], wanted: &[u8]) -> Vec<&'a [u8]> {
    let mut values = Vec::new();
    let Some(rdns) = der::only(name, tag::SEQUENCE) else {
        return values;
    };
    let mut rdns = rdns.inside();
    while let Some(set) = DerReader::next(&mut rdns) {
        let mut set = set.inside();
        while let Some(attribute) = DerReader::next(&mut set) {
            let mut fields = attribute.inside();
            if let (Some(oid), Some(value)) = (fields.next(), fields.next())
                && oid.content == wanted
            {
                values.push(value.content);
            }
        }
    }
    values
}

/// Returns true if this dotted identifier is one of the four policy extensions:
/// certificatePolicies, policyMappings, policyConstraints and inhibitAnyPolicy.
pub(crate) fn is_policy(oid: &str) -> bool {
    matches!(oid, "2.5.29.32" | "2.5.29.33" | "2.5.29.36" | "2.5.29.54")
}
