//! One file per finding: its id, side, evidence, condition and texts. A new finding needs a file
//! here, a line in `FINDINGS` and in `verdict::FindingId`, and rows in `clients.txt` for the
//! affected clients.

use std::fmt;

use super::case::Case;
use super::list_faults::ListFaults;
use crate::gather::RevocationSources;
use crate::observation::{Contents, Fact, FactSet, Failure};
use crate::verdict::{Finding, FindingId, Position, Severity, Side, Value, VerdictKind};

mod chain_contains_root;
mod chain_duplicate;
mod chain_extra_certificate;
mod chain_out_of_order;
mod client_certificate_requested;
mod default_certificate;
mod dns_failure;
mod expired;
mod expiring_soon;
mod handshake_failed;
mod invalid_certificate;
mod legacy_tls_enabled;
mod legacy_tls_only;
mod missing_intermediate;
mod must_staple_missing;
mod name_mismatch;
mod no_forward_secrecy;
mod no_san;
mod not_tls;
mod not_yet_valid;
mod refused_by_today;
mod revoked;
mod second_chain;
mod self_signed;
mod sha1_handshake_signature;
mod sni_rejected;
mod staple_invalid;
mod starttls_injection;
mod starttls_unavailable;
mod unreachable;
mod untrusted_ca;
mod unusual_key;
mod unusual_path;
mod validity_too_long;
mod weak_cipher;
mod weak_dh;
mod weak_key;
mod weak_signature;
mod wildcard_on_public_suffix;

pub(crate) use refused_by_today::CHAIN_SIZE;

/// Every finding: first those that are verdicts, in order of precedence, then the warnings. The
/// findings of a row are reported in this order.
pub const FINDINGS: &[&Definition] = &[
    &dns_failure::FINDING,
    &unreachable::FINDING,
    &starttls_unavailable::FINDING,
    &not_tls::FINDING,
    &handshake_failed::FINDING,
    &legacy_tls_only::FINDING,
    &revoked::FINDING,
    &self_signed::FINDING,
    &missing_intermediate::FINDING,
    &untrusted_ca::FINDING,
    &invalid_certificate::FINDING,
    &name_mismatch::FINDING,
    &expired::FINDING,
    &not_yet_valid::FINDING,
    &second_chain::FINDING,
    &expiring_soon::FINDING,
    &must_staple_missing::FINDING,
    &staple_invalid::FINDING,
    &refused_by_today::FINDING,
    &legacy_tls_enabled::FINDING,
    &starttls_injection::FINDING,
    &weak_key::FINDING,
    &unusual_key::FINDING,
    &weak_signature::FINDING,
    &sha1_handshake_signature::FINDING,
    &weak_cipher::FINDING,
    &weak_dh::FINDING,
    &no_forward_secrecy::FINDING,
    &unusual_path::FINDING,
    &chain_out_of_order::FINDING,
    &chain_extra_certificate::FINDING,
    &chain_contains_root::FINDING,
    &chain_duplicate::FINDING,
    &validity_too_long::FINDING,
    &no_san::FINDING,
    &wildcard_on_public_suffix::FINDING,
    &default_certificate::FINDING,
    &client_certificate_requested::FINDING,
    &sni_rejected::FINDING,
];

/// Findings about certificates that were not sent. They do not apply to a chain that was cut short.
pub(super) const NEED_WHOLE_CHAIN: [FindingId; 4] = [
    FindingId::MissingIntermediate,
    FindingId::UntrustedCa,
    FindingId::ChainOutOfOrder,
    FindingId::ChainExtraCertificate,
];

/// A field of evidence: name and value.
type Evidence = (&'static str, Value);

/// Seconds per day.
const DAY: i64 = 86_400;

/// Maximum number of entries in an evidence list. Peers control the length of these lists.
const MAX_LISTED: usize = 20;

/// Definition of a finding.
pub struct Definition {
    /// Id in records and in `explain`.
    pub id: FindingId,
    /// Verdict of the row if no earlier finding applies; `None` for a warning.
    pub verdict: Option<VerdictKind>,
    /// Usual severity.
    pub severity: Severity,
    /// Where it can usually be fixed.
    pub side: Side,
    /// Option that is required to detect it.
    pub needs: Needs,
    /// Evidence fields: name and description.
    pub evidence: &'static [(&'static str, &'static str)],
    /// Returns the findings for a case; empty if the finding does not apply.
    pub(crate) look: fn(&Case<'_>) -> Vec<Finding>,
    /// Texts for people.
    pub doc: &'static Doc,
}

/// Option that a scan needs to detect a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// No option: every scan can detect it.
    Nothing,
    /// `--versions all`.
    AllVersions,
    /// `--facts` with this fact.
    Fact(Fact),
    /// `--revocation` with any source.
    Revocation,
    /// `--revocation staple`.
    Staple,
}

/// Options of a scan that findings may need.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedFor {
    /// `--versions all`.
    pub all_versions: bool,
    /// Facts of `--facts`.
    pub facts: FactSet,
    /// Sources of `--revocation`.
    pub revocation: RevocationSources,
}

impl Needs {
    /// Returns true if a scan with these options can detect the finding.
    pub fn met_by(self, asked: &AskedFor) -> bool {
        let sources = asked.revocation;
        match self {
            Self::Nothing => true,
            Self::AllVersions => asked.all_versions,
            Self::Fact(fact) => asked.facts.contains(fact),
            Self::Revocation => sources.staple || sources.crl || sources.crlite,
            Self::Staple => sources.staple,
        }
    }

    /// Returns true if the finding needs a visit. Judging a recording again cannot add it.
    pub fn takes_a_visit(self) -> bool {
        matches!(self, Self::AllVersions | Self::Fact(_))
    }
}

impl fmt::Display for Needs {
    /// Writes the required option.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no option"),
            Self::AllVersions => f.write_str("--versions all"),
            Self::Fact(fact) => write!(f, "--facts {}", fact.name()),
            Self::Revocation => f.write_str("--revocation staple (or crl, or crlite)"),
            Self::Staple => f.write_str("--revocation staple"),
        }
    }
}

/// Texts of a finding, for `explain` and the documentation.
pub struct Doc {
    /// English text.
    pub en: Text,
    /// Japanese text.
    pub ja: Text,
}

/// Texts in one language.
pub struct Text {
    /// Title: a short sentence such as `The certificate has expired`.
    pub title: &'static str,
    /// What the finding means and its usual causes.
    pub meaning: &'static str,
    /// What to rule out first on the client, the network or the scanning machine.
    pub check_first: &'static [&'static str],
    /// Fixes: product or place, and what to do there.
    pub fixes: &'static [(&'static str, &'static str)],
    /// Command that shows the problem.
    pub by_hand: &'static str,
}

impl Definition {
    /// Returns the definition with this id, or `None` if there is none.
    pub fn of(id: FindingId) -> Option<&'static Self> {
        let mut all = FINDINGS.iter().copied();
        all.find(|definition| definition.id == id)
    }

    fn found(&self, evidence: Vec<(&'static str, Value)>) -> Finding {
        Finding {
            id: self.id,
            severity: self.severity,
            side: self.side,
            evidence,
        }
    }
}

/// Returns the evidence for a failure.
fn failure_evidence(failure: &Failure) -> Vec<(&'static str, Value)> {
    let mut evidence: Vec<(&'static str, Value)> = vec![("kind", failure.reason.word().into())];
    if !failure.detail.is_empty() {
        evidence.push(("detail", failure.detail.as_str().into()));
    }
    evidence
}

/// Returns a finding for each certificate that every accepted path needs and for which `said` returns
/// evidence. That evidence is put between the subject and the fingerprint.
fn about_certificates<const N: usize>(
    case: &Case<'_>,
    definition: &Definition,
    said: impl Fn(Position, &Contents) -> Option<[Evidence; N]>,
) -> Vec<Finding> {
    let found = case
        .candidates()
        .filter_map(|(position, certificate, contents)| {
            let said = said(position, contents)?;
            case.needs(position, certificate).then(|| {
                let mut evidence: Vec<Evidence> = vec![
                    ("certificate", position.into()),
                    ("subject", contents.subject.text.as_str().into()),
                ];
                evidence.extend(said);
                evidence.push(("fingerprint", certificate.sha256.into()));
                definition.found(evidence)
            })
        });
    found.collect()
}

/// Returns a finding about certificates at some positions of the chain as sent.
fn listed(
    case: &Case<'_>,
    definition: &Definition,
    places: impl Fn(&ListFaults) -> &Vec<usize>,
) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let places = places(chain.list_faults);
    if places.is_empty() {
        return Vec::new();
    }
    let shown = || places.iter().take(MAX_LISTED);
    let subject = |place: &usize| match &chain.sent.certificates.get(*place)?.contents {
        Ok(contents) => Some(contents.subject.text.clone()),
        Err(unparseable) => Some(unparseable.to_string()),
    };
    let subjects: Vec<String> = shown().filter_map(subject).collect();
    let positions: Vec<String> = shown().map(ToString::to_string).collect();
    vec![definition.found(vec![
        ("subjects", subjects.into()),
        ("positions", positions.into()),
    ])]
}

/// Returns a count as an evidence value.
fn count(count: usize) -> Value {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_verdicts_come_first_in_their_order() {
        let ids: Vec<_> = FINDINGS.iter().map(|definition| definition.id).collect();
        assert_eq!(ids, FindingId::ALL);
        let verdicts: Vec<_> = FINDINGS
            .iter()
            .map(|definition| definition.verdict)
            .collect();
        let kinds: Vec<_> = verdicts.iter().flatten().collect();
        assert!(kinds.is_sorted());
        assert!(verdicts[..kinds.len()].iter().all(Option::is_some));
        for definition in FINDINGS {
            if let Some(verdict) = definition.verdict {
                assert_eq!(verdict.name(), definition.id.name());
            }
            let fields: HashSet<_> = definition.evidence.iter().map(|(field, _)| field).collect();
            assert_eq!(fields.len(), definition.evidence.len(), "{}", definition.id);
        }
    }
}
