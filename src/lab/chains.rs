//! Cases about the certificates above the leaf: missing, foreign, invalid or out of order.

use rcgen::{BasicConstraints, GeneralSubtree, IsCa, NameConstraints};

use super::case::LabCase;
use super::conduct::Conduct;
use super::error::LabError;
use super::issue::{Authority, Workshop, ca_issuers, spoil_signature};
use super::servers::serve;
use crate::verdict::VerdictKind;

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "deep",
        host: "deep.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "two intermediates, both sent",
        conduct: |shop, host| {
            serve(
                vec![
                    shop.deep.issue(shop.leaf(host)?, &*shop.keys.p256)?,
                    shop.deep.certificate(),
                    shop.intermediate.certificate(),
                ],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "missing-intermediate",
        host: "missing-intermediate.tlsweep.test",
        expect: VerdictKind::MissingIntermediate,
        also: &[],
        about: "only the leaf is sent; other hosts of the lab send its issuer",
        conduct: |shop, host| below(shop, &shop.intermediate, host, Sent::LeafOnly),
    },
    LabCase {
        name: "missing-both",
        host: "missing-both.tlsweep.test",
        expect: VerdictKind::MissingIntermediate,
        also: &[],
        about: "two intermediates are missing; another host of the lab sends both",
        conduct: |shop, host| below(shop, &shop.deep, host, Sent::LeafOnly),
    },
    LabCase {
        name: "missing-upper",
        host: "missing-upper.tlsweep.test",
        expect: VerdictKind::MissingIntermediate,
        also: &[],
        about: "the upper of two intermediates is missing; other hosts of the lab send it",
        conduct: |shop, host| below(shop, &shop.deep, host, Sent::WithIssuer),
    },
    LabCase {
        name: "missing-with-aia",
        host: "missing-with-aia.tlsweep.test",
        expect: VerdictKind::MissingIntermediate,
        also: &[],
        about: "only the leaf is sent; its AIA URL leads to an address from which nothing is downloaded",
        conduct: |shop, host| {
            let issuer = unique(shop, "missing with address")?;
            let address = ca_issuers("http://ca.tlsweep.test/intermediate.der");
            let draft = shop.leaf(host)?;
            let draft = draft.with(|params| params.custom_extensions = vec![address]);
            serve(
                vec![issuer.issue(draft, &*shop.keys.p256)?],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "missing-unknown",
        host: "missing-unknown.tlsweep.test",
        expect: VerdictKind::UntrustedCa,
        also: &[],
        about: "only the leaf is sent, no host sends its issuer, and it has no AIA URL",
        conduct: |shop, host| {
            below(
                shop,
                &unique(shop, "missing for ever")?,
                host,
                Sent::LeafOnly,
            )
        },
    },
    LabCase {
        name: "unknown-issuer",
        host: "unknown-issuer.tlsweep.test",
        expect: VerdictKind::UntrustedCa,
        also: &[],
        about: "a leaf of a private CA, sent without the CA",
        conduct: |shop, host| below(shop, &shop.stranger, host, Sent::LeafOnly),
    },
    LabCase {
        name: "private-ca",
        host: "private-ca.tlsweep.test",
        expect: VerdictKind::UntrustedCa,
        also: &[],
        about: "a complete chain, including its root, which no store trusts",
        conduct: |shop, host| {
            let issuer = shop
                .stranger
                .subordinate(shop.authority("tlsweep lab private"))?;
            serve(
                vec![
                    issuer.issue(shop.leaf(host)?, &*shop.keys.p256)?,
                    issuer.certificate(),
                    shop.stranger.certificate(),
                ],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "expired-intermediate",
        host: "expired-intermediate.tlsweep.test",
        expect: VerdictKind::Expired,
        also: &[],
        about: "the leaf is valid, but its issuer expired a week ago",
        conduct: |shop, host| {
            let draft = shop.authority("tlsweep lab expired").days(-1000, -7);
            below(shop, &shop.root.subordinate(draft)?, host, Sent::WithIssuer)
        },
    },
    LabCase {
        name: "intermediate-not-ca",
        host: "intermediate-not-ca.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "the issuer's certificate does not say that it is a CA",
        conduct: |shop, host| {
            let draft = shop.authority("tlsweep lab not a CA");
            let draft = draft.with(|params| params.is_ca = IsCa::ExplicitNoCa);
            below(shop, &shop.root.subordinate(draft)?, host, Sent::WithIssuer)
        },
    },
    LabCase {
        name: "path-too-long",
        host: "path-too-long.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "a CA whose path length is 0 has issued another CA",
        conduct: |shop, host| {
            let draft = shop.authority("tlsweep lab last CA");
            let last = shop.root.subordinate(draft.with(|params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            }))?;
            let beyond = last.subordinate(shop.authority("tlsweep lab one CA too many"))?;
            serve(
                vec![
                    beyond.issue(shop.leaf(host)?, &*shop.keys.p256)?,
                    beyond.certificate(),
                    last.certificate(),
                ],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "name-constraints",
        host: "name-constraints.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "the issuer's name constraints exclude this name",
        conduct: |shop, host| {
            let permitted = vec![GeneralSubtree::DnsName("elsewhere.test".to_owned())];
            let draft = shop.authority("tlsweep lab constrained").with(|params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: permitted,
                    excluded_subtrees: Vec::new(),
                });
            });
            below(shop, &shop.root.subordinate(draft)?, host, Sent::WithIssuer)
        },
    },
    LabCase {
        name: "intermediate-bad-signature",
        host: "intermediate-bad-signature.tlsweep.test",
        expect: VerdictKind::InvalidCertificate,
        also: &[],
        about: "one bit of the intermediate's signature is flipped",
        conduct: |shop, host| {
            let issuer = unique(shop, "spoilt")?;
            serve(
                vec![
                    issuer.issue(shop.leaf(host)?, &*shop.keys.p256)?,
                    spoil_signature(&issuer.certificate()),
                ],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "out-of-order",
        host: "out-of-order.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["chain_out_of_order"],
        about: "both intermediates are sent, the upper one first",
        conduct: |shop, host| {
            serve(
                vec![
                    shop.deep.issue(shop.leaf(host)?, &*shop.keys.p256)?,
                    shop.intermediate.certificate(),
                    shop.deep.certificate(),
                ],
                &shop.keys.p256,
            )
        },
    },
    LabCase {
        name: "duplicate",
        host: "duplicate.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["chain_duplicate"],
        about: "the intermediate is sent twice",
        conduct: |shop, host| {
            let twice = shop.intermediate.certificate();
            with_extra(shop, host, twice)
        },
    },
    LabCase {
        name: "extra",
        host: "extra.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["chain_extra_certificate"],
        about: "an unrelated certificate is sent too",
        conduct: |shop, host| {
            let stranger = shop
                .stranger
                .subordinate(shop.authority("tlsweep lab passer-by"))?;
            with_extra(shop, host, stranger.certificate())
        },
    },
    LabCase {
        name: "root-included",
        host: "root-included.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &["chain_contains_root"],
        about: "the root is sent too, which no client needs",
        conduct: |shop, host| with_extra(shop, host, shop.root.certificate()),
    },
    LabCase {
        name: "expired-cross-sign",
        host: "expired-cross-sign.tlsweep.test",
        expect: VerdictKind::Ok,
        also: &[],
        about: "a second path through an expired old root is sent too; the path to the trusted root is valid",
        conduct: |shop, host| {
            let draft = shop.authority("tlsweep lab root").days(-2000, -200);
            let cross = shop.stranger.cross_sign(draft, &shop.root)?;
            with_extra(shop, host, cross)
        },
    },
];

/// Which certificates of the chain are sent.
enum Sent {
    LeafOnly,
    WithIssuer,
}

/// Returns a server with an ordinary leaf of `issuer`.
fn below(shop: &Workshop, issuer: &Authority, host: &str, sent: Sent) -> Result<Conduct, LabError> {
    let mut chain = vec![issuer.issue(shop.leaf(host)?, &*shop.keys.p256)?];
    if let Sent::WithIssuer = sent {
        chain.push(issuer.certificate());
    }
    serve(chain, &shop.keys.p256)
}

/// Returns an intermediate of the lab's root that only this case uses.
fn unique(shop: &Workshop, name: &str) -> Result<Authority, LabError> {
    let name = format!("tlsweep lab {name}");
    shop.root.subordinate(shop.authority(&name))
}

/// Returns a server that sends an ordinary chain and one more certificate at its end.
fn with_extra(
    shop: &Workshop,
    host: &str,
    extra: rustls_pki_types::CertificateDer<'static>,
) -> Result<Conduct, LabError> {
    let mut chain = shop.chain_for(shop.leaf(host)?, &*shop.keys.p256)?;
    chain.push(extra);
    serve(chain, &shop.keys.p256)
}
