//! The words that rows contain besides findings: reasons, alerts, hints, outcomes. Each word comes from
//! its type, with the meaning that the type documents.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::JsonSchema;

use super::schema_fields;
use crate::judge::findings::{CHAIN_SIZE, FINDINGS};
use crate::observation::{
    KeyProof, Offer, Order, PHRASES, Part, Population, Reason, Stage, VersionWord,
};
use crate::output::schema;
use crate::tls::{AlertDescription, CipherSuite, ProtocolVersion, SPOKEN};
use crate::verdict::{
    Barrier, CompletedBy, FindingId, NameHint, RevocationReason, RevocationStatus, Rule, Severity,
    Side, UntrustedReason, VerdictKind,
};

/// A word of a row.
pub(super) struct Term {
    pub(super) word: Cow<'static, str>,
    /// What the word is, with its article.
    pub(super) what: &'static str,
    /// The fields of the record that contain it.
    pub(super) field: Cow<'static, str>,
    pub(super) meaning: Cow<'static, str>,
    /// The findings that it can belong to.
    pub(super) findings: Vec<FindingId>,
}

/// Returns every meaning of a word; empty if no row contains it. Case does not matter, and `-` and
/// blanks are the same as `_`.
pub(super) fn named(word: &str) -> Vec<Term> {
    let asked = folded(word);
    let mut named = all();
    named.retain(|term| {
        folded(&term.word) == asked || term.what == FIELD && folded(&term.field) == asked
    });
    if named.is_empty() && asked.starts_with("chose_tls")
        || named.is_empty() && asked.starts_with("chose_ssl")
    {
        // `chose TLSv1.2`, with any version.
        let meaning = "The server chose this version, although a newer one was on offer.";
        named.push(Term {
            word: word.to_owned().into(),
            what: "the reason of an outcome",
            field: VERSION_REASON.into(),
            meaning: meaning.into(),
            findings: Vec::new(),
        });
    }
    if named.is_empty()
        && let Some(AlertDescription(number)) = AlertDescription::displayed_as(word)
    {
        let meaning = format!("The alert {number} is not registered with IANA.");
        named.push(alert(word.to_owned().into(), meaning.into()));
    }
    named
}

/// Returns the words that are similar to this one, the most similar first.
pub(super) fn similar(word: &str) -> Vec<String> {
    let ids = FindingId::ALL.iter().map(|id| id.name().to_owned());
    let words = all().into_iter().map(|term| folded(&term.word));
    crate::cli::similar(&folded(word), ids.chain(words))
}

fn folded(word: &str) -> String {
    let word = word.trim().to_lowercase();
    word.replace(['-', ' '], "_")
}

/// What the name of a field is.
const FIELD: &str = "a field";

const VERSION_REASON: &str = "tls.versions.*.reason";

/// Returns every word with each of its meanings.
fn all() -> Vec<Term> {
    let mut all = Vec::new();
    failures(&mut all);
    let alerts = AlertDescription::registered();
    all.extend(alerts.map(|(name, about)| alert(name.into(), about.into())));
    paths(&mut all);
    revocation(&mut all);
    outcomes(&mut all);
    others(&mut all);
    evidence(&mut all);
    fields(&mut all);
    all
}

fn failures(all: &mut Vec<Term>) {
    for (word, meaning) in documented::<Reason>() {
        let reason = serde_json::from_value(word.clone().into());
        all.push(Term {
            word: word.into(),
            what: "a reason",
            field: "error.kind".into(),
            meaning: meaning.into(),
            // Words of the schema are reasons.
            findings: reason.map(failed).unwrap_or_default().to_vec(),
        });
    }
    all.extend(values::<Stage>("a stage", "error.stage", &[]));
    for protocol in SPOKEN {
        all.push(Term {
            word: (*protocol).into(),
            what: "a detail",
            field: "error.detail".into(),
            meaning: "The server answered in this protocol instead of TLS.".into(),
            findings: vec![FindingId::NotTls, FindingId::StarttlsUnavailable],
        });
    }
}

/// Returns the findings that a failure for this reason can lead to.
fn failed(reason: Reason) -> &'static [FindingId] {
    use FindingId::{DnsFailure, HandshakeFailed, NotTls, StarttlsUnavailable, Unreachable};
    match reason {
        Reason::Nxdomain
        | Reason::Servfail
        | Reason::ResolverError
        | Reason::NoResolver
        | Reason::NoAddress
        | Reason::InvalidName => &[DnsFailure],
        Reason::UnusableAddress => &[DnsFailure, Unreachable],
        Reason::Timeout => &[
            DnsFailure,
            Unreachable,
            StarttlsUnavailable,
            HandshakeFailed,
        ],
        Reason::Refused
        | Reason::NoRoute
        | Reason::AddressDead
        | Reason::AllSilent
        | Reason::LocalLimit => &[Unreachable],
        Reason::Reset => &[Unreachable, StarttlsUnavailable, HandshakeFailed],
        Reason::Eof => &[StarttlsUnavailable, HandshakeFailed],
        Reason::NotTls => &[NotTls, StarttlsUnavailable],
        Reason::Alert
        | Reason::Malformed
        | Reason::Incompatible
        | Reason::TooLarge
        | Reason::ScannerLimit
        | Reason::KeyNotProven
        | Reason::Anonymous => &[HandshakeFailed],
        Reason::UpgradeNotOffered
        | Reason::UpgradeRefused
        | Reason::TurnedAway
        | Reason::Temporary
        | Reason::OtherProtocol
        | Reason::ImplicitTls => &[StarttlsUnavailable],
    }
}

fn alert(word: Cow<'static, str>, meaning: Cow<'static, str>) -> Term {
    let unrecognized = AlertDescription::UNRECOGNIZED_NAME.name() == Some(&*word);
    let mut findings = vec![FindingId::HandshakeFailed];
    findings.extend(unrecognized.then_some(FindingId::SniRejected));
    Term {
        word,
        what: "an alert, a detail",
        field: "error.detail, tls.versions.*.reason".into(),
        meaning,
        findings,
    }
}

/// Adds what explains a path, a chain or a name.
fn paths(all: &mut Vec<Term>) {
    all.extend(Barrier::ALL.iter().map(|barrier| {
        let findings = vec![barred(*barrier)];
        term(
            barrier.name(),
            "a reason",
            "reason, trust.*.reason",
            barrier.about(),
            findings,
        )
    }));
    let untrusted = vec![FindingId::UntrustedCa];
    all.extend(UntrustedReason::ALL.iter().map(|reason| {
        term(
            reason.name(),
            "a reason",
            "reason",
            reason.about(),
            untrusted.clone(),
        )
    }));
    let unusual = vec![FindingId::UnusualPath];
    all.extend(Rule::ALL.iter().map(|rule| {
        term(
            rule.name(),
            "a rule",
            "rules",
            rule.about(),
            unusual.clone(),
        )
    }));
    let mismatch = vec![FindingId::NameMismatch];
    all.extend(NameHint::ALL.iter().map(|hint| {
        term(
            hint.name(),
            "a hint",
            "hint",
            hint.about(),
            mismatch.clone(),
        )
    }));
    let missing = &[FindingId::MissingIntermediate];
    all.extend(values::<CompletedBy>(
        "a source",
        "chain.completed_by",
        missing,
    ));
}

/// Returns the finding that reports this reason to reject a path.
fn barred(barrier: Barrier) -> FindingId {
    match barrier {
        Barrier::Expired => FindingId::Expired,
        Barrier::NotYetValid => FindingId::NotYetValid,
        Barrier::Revoked => FindingId::Revoked,
        Barrier::MissingIntermediate => FindingId::MissingIntermediate,
        Barrier::SelfSigned => FindingId::SelfSigned,
        Barrier::UntrustedCa | Barrier::IssuerUnknown => FindingId::UntrustedCa,
        _ => FindingId::InvalidCertificate,
    }
}

fn revocation(all: &mut Vec<Term>) {
    all.extend(RevocationReason::ALL.iter().map(|reason| {
        let findings = revoked(*reason);
        let field = "reason, revocation.reason";
        term(reason.name(), "a reason", field, reason.about(), findings)
    }));
    all.extend(values::<RevocationStatus>(
        "a status",
        "revocation.status",
        &[],
    ));
    for (word, meaning) in [
        (
            "staple",
            "The OCSP response that the server sent with its certificate.",
        ),
        ("crl", "A certificate revocation list."),
        ("crlite", "A CRLite filter."),
    ] {
        let findings = vec![FindingId::Revoked];
        all.push(term(
            word,
            "a source",
            "revocation.source",
            meaning,
            findings,
        ));
    }
}

/// Returns the findings with this reason. Most reasons of an unknown status belong to none.
fn revoked(reason: RevocationReason) -> Vec<FindingId> {
    use RevocationReason as Is;
    match reason {
        Is::KeyCompromise
        | Is::CaCompromise
        | Is::AffiliationChanged
        | Is::Superseded
        | Is::CessationOfOperation
        | Is::CertificateHold
        | Is::PrivilegeWithdrawn
        | Is::AaCompromise => vec![FindingId::Revoked],
        Is::StapleMalformed
        | Is::StapleNotSuccessful
        | Is::StapleOtherCertificate
        | Is::StapleBadSignature
        | Is::StapleResponderNotAllowed
        | Is::StapleNotYetValid
        | Is::StapleExpired => vec![FindingId::StapleInvalid],
        _ => Vec::new(),
    }
}

/// Adds the results of version tests and of `--facts`.
fn outcomes(all: &mut Vec<Term>) {
    let field = "tls.versions.*.outcome";
    all.extend(values::<VersionWord>("an outcome", field, &[]));
    all.extend(PHRASES.iter().map(|(phrase, meaning)| {
        let field = "tls.versions.*.reason, tls.facts.*.ended_by";
        term(
            phrase,
            "the reason of an outcome",
            field,
            meaning.trim(),
            Vec::new(),
        )
    }));
    all.extend(values::<Order>(
        "an order of preference",
        "tls.facts.ciphers.*.order",
        &[],
    ));
    all.extend(values::<KeyProof>("a result", "tls.key_proof", &[]));
    all.extend(Offer::all().map(|offer| {
        term(
            offer.id(),
            "a ClientHello",
            "tls.offer",
            offer.template().about,
            Vec::new(),
        )
    }));
}

fn others(all: &mut Vec<Term>) {
    let verdicts = documented::<VerdictKind>().into_iter();
    let unfound = verdicts.filter(|(word, _)| FindingId::named(word).is_none());
    all.extend(unfound.map(|(word, _)| Term {
        word: word.into(),
        what: "a verdict",
        field: "verdict".into(),
        meaning: "No finding is a fault. Warnings are listed in `findings`.".into(),
        findings: Vec::new(),
    }));
    all.extend(values::<Population>("a class", "population", &[]));
    let field = "tls.version, tls.versions";
    all.extend(values::<ProtocolVersion>("a version", field, &[]));
    all.extend(values::<Side>("a side", "side", &[]));
    all.extend(values::<Severity>("a severity", "findings[].severity", &[]));
    let suites = (0..=u16::MAX).filter_map(CipherSuite::of);
    let weak: BTreeSet<&str> = suites.filter_map(CipherSuite::weakness).collect();
    let meaning = "Why the cipher suite is weak: this part of it protects too little.";
    let finding = vec![FindingId::WeakCipher];
    all.extend(
        weak.into_iter()
            .map(|word| term(word, "a weakness", "weakness", meaning, finding.clone())),
    );
    let refused = vec![FindingId::RefusedByToday];
    let parts = Part::ALL.into_iter().map(|part| {
        let meaning = "The part of the browsers' offer that the server does not accept.";
        (part.word(), meaning)
    });
    let size = "The certificates are larger than clients accept.";
    all.extend(
        parts
            .chain([(CHAIN_SIZE, size)])
            .map(|(word, meaning)| term(word, "a part", "refused", meaning, refused.clone())),
    );
}

/// Adds the fields of findings.
fn evidence(all: &mut Vec<Term>) {
    for finding in FINDINGS {
        for (field, about) in finding.evidence {
            let meaning = sentence(about);
            all.push(Term {
                word: (*field).into(),
                what: FIELD,
                field: "findings[]".into(),
                meaning: meaning.into(),
                findings: vec![finding.id],
            });
        }
    }
}

/// Adds the fields of a row, with the descriptions of the schema.
fn fields(all: &mut Vec<Term>) {
    let described = schema_fields::described(&schema());
    all.extend(described.into_iter().map(|(path, about)| {
        let word = path.rsplit('.').next().unwrap_or(&path);
        Term {
            word: word.trim_end_matches("[]").to_owned().into(),
            what: FIELD,
            meaning: sentence(&about).into(),
            field: path.into(),
            findings: Vec::new(),
        }
    }));
}

/// Returns a description as a sentence.
fn sentence(about: &str) -> String {
    let (first, rest) = about.split_at_checked(1).unwrap_or_default();
    let end = if about.ends_with('.') { "" } else { "." };
    format!("{}{rest}{end}", first.to_ascii_uppercase())
}

fn term(
    word: &'static str,
    what: &'static str,
    field: &'static str,
    meaning: &'static str,
    findings: Vec<FindingId>,
) -> Term {
    Term {
        word: word.into(),
        what,
        field: field.into(),
        meaning: meaning.into(),
        findings,
    }
}

/// Returns every variant of an enum of the record, with its documentation.
fn values<T: JsonSchema>(
    what: &'static str,
    field: &'static str,
    findings: &[FindingId],
) -> impl Iterator<Item = Term> {
    documented::<T>()
        .into_iter()
        .map(move |(word, meaning)| Term {
            word: word.into(),
            what,
            field: field.into(),
            meaning: meaning.into(),
            findings: findings.to_vec(),
        })
}

/// Returns the name and the documentation of every variant of an enum.
fn documented<T: JsonSchema>() -> Vec<(String, String)> {
    let schema = schemars::schema_for!(T).to_value();
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let text = |value: &serde_json::Value| Some(value.as_str()?.replace('\n', " "));
    variants
        .filter_map(|it| Some((text(&it["const"])?, text(&it["description"])?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    fn has(word: &str) -> bool {
        FindingId::named(word).is_some() || !named(word).is_empty()
    }

    #[test]
    fn every_enum_of_the_record_is_read_from_its_type() {
        let sizes = [
            documented::<Reason>().len(),
            documented::<Stage>().len(),
            documented::<VersionWord>().len(),
            documented::<CompletedBy>().len(),
            documented::<RevocationStatus>().len(),
            documented::<KeyProof>().len(),
            documented::<Order>().len(),
            documented::<VerdictKind>().len(),
            documented::<Side>().len(),
            documented::<Severity>().len(),
            documented::<Population>().len(),
            documented::<ProtocolVersion>().len(),
        ];
        assert_eq!(sizes, [29, 4, 7, 3, 3, 3, 2, 15, 3, 3, 8, 5]);
        let words = VerdictKind::ALL.iter().map(|it| it.name());
        let words = words.chain(Barrier::ALL.iter().map(|it| it.name()));
        let words = words.chain(Rule::ALL.iter().map(|it| it.name()));
        let words = words.chain(NameHint::ALL.iter().map(|it| it.name()));
        let words = words.chain(UntrustedReason::ALL.iter().map(|it| it.name()));
        let words = words.chain(RevocationReason::ALL.iter().map(|it| it.name()));
        let words = words.chain(Offer::all().map(Offer::id));
        let alerts = (0..=u8::MAX).map(|number| AlertDescription(number).to_string());
        let words = words.map(str::to_owned).chain(alerts);
        for word in words {
            assert!(has(&word), "{word}");
        }
    }

    /// Words in the descriptions of evidence that are values of a row.
    #[test]
    fn every_value_in_the_description_of_evidence_is_found() {
        let mut seen = 0;
        for finding in FINDINGS {
            for (field, about) in finding.evidence {
                let words = about.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                for word in words.filter(|word| word.contains('_')) {
                    let fact = crate::observation::Fact::ALL
                        .iter()
                        .any(|it| it.name() == word);
                    assert!(fact || has(word), "{word} in {field} of {}", finding.id);
                    seen += 1;
                }
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn reasons_of_failures_are_those_of_the_findings() {
        for (word, _) in documented::<Reason>() {
            let reason = serde_json::from_value(word.clone().into()).unwrap();
            let ids = failed(reason);
            assert!(!ids.is_empty(), "{word}");
            for finding in FINDINGS {
                let kinds = finding.evidence.iter().find(|(field, _)| *field == "kind");
                let Some((_, kinds)) = kinds else { continue };
                let mut listed = kinds.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let listed = listed.any(|it| it == word);
                let open = kinds.contains("...");
                let expected = ids.contains(&finding.id);
                assert!(
                    listed == expected || open && !listed,
                    "{word} {}",
                    finding.id
                );
            }
        }
    }

    #[test]
    fn meanings_are_sentences() {
        for term in all() {
            let meaning = &*term.meaning;
            assert!(
                meaning.ends_with('.') && !meaning.contains("[`"),
                "{}: {meaning}",
                term.word
            );
        }
    }

    #[test]
    fn every_field_of_the_record_is_found() {
        let row = serde_json::to_value(samples::healthy().record()).unwrap();
        let mut objects = vec![(String::new(), row)];
        let mut seen = 0;
        while let Some((path, object)) = objects.pop() {
            for (name, value) in object.as_object().into_iter().flatten() {
                let path = format!("{path}{name}");
                for word in [name, &path] {
                    let fields = named(word).into_iter().filter(|it| it.what == FIELD);
                    let mut fields = fields.map(|it| it.field);
                    assert!(fields.any(|it| it == path), "{word}");
                }
                seen += 1;
                // The names below these are names of columns, versions and stores.
                if !["tags", "trust", "versions"].contains(&&**name) {
                    objects.push((format!("{path}."), value.clone()));
                }
            }
        }
        assert!(seen > 40, "{seen}");
        for word in ["trust.*.reason", "addresses.failed[].kind", "timing ms"] {
            assert!(!named(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn words_of_each_kind_are_found() {
        for (word, what, field) in [
            ("unresolved", "a class", "population"),
            ("tls_no_version", "a class", "population"),
            ("no_tls_answer", "a class", "population"),
            ("TLSv1.0", "a version", "tls.version, tls.versions"),
            ("sslv3", "a version", "tls.version, tls.versions"),
            ("resolver_error", "a reason", "error.kind"),
        ] {
            let mut terms = named(word).into_iter();
            assert!(
                terms.any(|it| it.what == what && it.field == field),
                "{word}"
            );
        }
    }

    #[test]
    fn spelling_is_forgiven() {
        for word in [
            "NXDOMAIN",
            "handshake-failure",
            "out of time",
            "chose TLSv1.2",
            "alert 200",
        ] {
            assert!(!named(word).is_empty(), "{word}");
        }
        for (word, meant) in [
            ("expird", "expired"),
            ("nx_domain", "nxdomain"),
            ("mismatch", "name_mismatch"),
            ("nx", "nxdomain"),
            ("www_mising", "www_missing"),
            ("protocol_versions", "protocol_version"),
        ] {
            let similar = similar(word);
            assert!(
                similar.iter().take(5).any(|it| it == meant),
                "{word}: {similar:?}"
            );
        }
        assert_eq!(similar("zzz"), Vec::<String>::new());
    }
}
