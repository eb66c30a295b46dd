//! Other defects of a path that reaches no anchor: those that would remain if its root were trusted
//! or its issuer known. They only add to a refusal; nothing here grants trust.

use super::defects::{self, Defect};
use super::evaluated_path::Ending;
use super::graph::Graph;
use super::webpki_check::{self, Confirmed};
use crate::verdict::Barrier;

/// Returns the defects that would remain if the path reached an anchor.
pub(crate) fn remaining(
    graph: &Graph<'_>,
    nodes: &[usize],
    ending: Ending,
    at: i64,
) -> Vec<Defect> {
    let mut found = match (ending, nodes) {
        (Ending::SelfSigned(_), [leaf]) => return defects::of_pinned(graph.contents(*leaf)),
        (Ending::Root, [below @ .., root]) if !below.is_empty() => {
            let mut found = defects::of_path(graph, below);
            let root = graph.contents(*root);
            found.extend(defects::of_root(root, graph, below));
            found.extend(defects::weak_root(&root.key.spki, below.len()));
            found
        }
        _ => defects::of_path(graph, nodes),
    };
    found.extend(outside_names(graph, nodes, at));
    found
}

/// Returns a defect if a name violates the name constraints. webpki checks the path below the top
/// as if the top were trusted, and only this one reason counts. It stops at one reason, so another
/// can hide this one.
fn outside_names(graph: &Graph<'_>, nodes: &[usize], at: i64) -> Option<Defect> {
    let constrained = |node: &usize| graph.contents(*node).has_name_constraints;
    let (top, below) = nodes.split_last()?;
    if below.is_empty() || !nodes.iter().any(constrained) {
        return None;
    }
    let top = &graph.node(*top).certificate.der;
    let anchor = webpki::anchor_from_trusted_cert(top).ok()?;
    let path = below.iter().map(|node| &*graph.node(*node).certificate);
    let path: Vec<_> = path.collect();
    let Confirmed::Refused(error) = webpki_check::confirm(&path, &anchor, &[], at) else {
        return None;
    };
    let names = webpki_check::reason(&error) == Barrier::NameConstraints;
    names.then(|| Defect::of_webpki(Barrier::NameConstraints, &error))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
        Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    };
    use rustls_pki_types::CertificateDer;

    use crate::judge::signatures::Signatures;
    use crate::judge::trust_result::TrustResult;
    use crate::judge::{Policy, TrustStore};
    use crate::observation::Certificate;
    use crate::verdict::Barrier;

    const AT: i64 = 1_780_272_000;

    /// Changes to a leaf, an intermediate and a root.
    #[derive(Default)]
    struct Changes {
        leaf: Option<fn(&mut CertificateParams)>,
        middle: Option<fn(&mut CertificateParams)>,
        root: Option<fn(&mut CertificateParams)>,
    }

    fn chain(changes: &Changes) -> Vec<Arc<Certificate>> {
        let keys: Vec<_> = (0..3).map(|_| KeyPair::generate().unwrap()).collect();
        let authority = |name: &str, change: Option<fn(&mut CertificateParams)>| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            change.into_iter().for_each(|change| change(&mut params));
            params
        };
        let root = authority("root", changes.root);
        let middle = authority("middle", changes.middle);
        let mut leaf = CertificateParams::new(vec!["www.example.test".to_owned()]).unwrap();
        changes
            .leaf
            .into_iter()
            .for_each(|change| change(&mut leaf));
        let by_root = Issuer::from_params(&root, &keys[0]);
        let by_middle = Issuer::from_params(&middle, &keys[1]);
        let made = [
            leaf.signed_by(&keys[2], &by_middle).unwrap(),
            middle.signed_by(&keys[1], &by_root).unwrap(),
            root.self_signed(&keys[0]).unwrap(),
        ];
        let read = |made: &rcgen::Certificate| {
            Arc::new(Certificate::read(CertificateDer::from(made.der().to_vec())))
        };
        made.iter().map(read).collect()
    }

    /// The reason, and the index of the certificate on the path.
    type Cause = (Barrier, Option<usize>);

    /// Returns the defects under a store that contains none of these certificates.
    fn causes(sent: &[Arc<Certificate>]) -> Vec<Cause> {
        let stranger = chain(&Changes::default());
        let store = TrustStore::from_certificates("lab", &[stranger[2].der.clone()]);
        let mut signatures = Signatures::default();
        let result = TrustResult::of(sent, &Policy::new(vec![store]), AT, &mut signatures);
        assert!(!result.choice.best.trusted());
        let defects = result.choice.best.defects.iter();
        defects.map(|defect| (defect.reason, defect.at)).collect()
    }

    fn for_clients(params: &mut CertificateParams) {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }

    fn for_lists(params: &mut CertificateParams) {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
    }

    fn no_ca(params: &mut CertificateParams) {
        params.is_ca = IsCa::ExplicitNoCa;
    }

    fn nothing_below(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }

    fn other_names(params: &mut CertificateParams) {
        let permitted = GeneralSubtree::DnsName("other.test".to_owned());
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![permitted],
            excluded_subtrees: Vec::new(),
        });
    }

    #[test]
    fn an_untrusted_root_hides_no_other_cause() {
        let changes = |leaf, middle, root| Changes { leaf, middle, root };
        type Change = fn(&mut CertificateParams);
        let cases: [(Changes, &[Cause]); 7] = [
            (changes(None, None, None), &[]),
            (
                changes(Some(for_clients as Change), None, None),
                &[(Barrier::ExtendedKeyUsage, Some(0))],
            ),
            (
                changes(None, Some(for_lists as Change), None),
                &[(Barrier::KeyUsage, Some(1))],
            ),
            (
                changes(None, Some(no_ca as Change), None),
                &[(Barrier::NotACa, Some(1))],
            ),
            (
                changes(None, None, Some(nothing_below as Change)),
                &[(Barrier::PathLength, Some(2))],
            ),
            (
                changes(None, Some(other_names as Change), None),
                &[(Barrier::NameConstraints, None)],
            ),
            (
                changes(
                    Some(for_clients as Change),
                    Some(for_lists as Change),
                    Some(nothing_below as Change),
                ),
                &[
                    (Barrier::ExtendedKeyUsage, Some(0)),
                    (Barrier::KeyUsage, Some(1)),
                    (Barrier::PathLength, Some(2)),
                ],
            ),
        ];
        for (changes, expected) in cases {
            assert_eq!(causes(&chain(&changes)), expected);
        }
    }

    #[test]
    fn an_unknown_issuer_hides_no_other_cause() {
        let changes = Changes {
            leaf: Some(for_clients),
            middle: Some(for_lists),
            root: None,
        };
        let sent = chain(&changes);
        assert_eq!(causes(&sent[..1]), [(Barrier::ExtendedKeyUsage, Some(0))]);
        assert_eq!(
            causes(&sent[..2]),
            [
                (Barrier::ExtendedKeyUsage, Some(0)),
                (Barrier::KeyUsage, Some(1))
            ]
        );
    }

    #[test]
    fn other_causes_of_a_self_signed_leaf_are_reported() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["www.example.test".to_owned()]).unwrap();
        for_clients(&mut params);
        let made = params.self_signed(&key).unwrap();
        let leaf = Arc::new(Certificate::read(CertificateDer::from(made.der().to_vec())));
        assert_eq!(causes(&[leaf]), [(Barrier::ExtendedKeyUsage, Some(0))]);
    }
}
