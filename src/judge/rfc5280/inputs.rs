//! The inputs of path validation other than the path (RFC 5280 section 6.1.1).

use crate::observation::DistinguishedName;

/// The trust anchor above a path.
pub(crate) struct Top<'a> {
    /// Subject name.
    pub(crate) subject: &'a DistinguishedName,
    /// Name constraints: the content of a NameConstraints sequence, in the form that webpki's
    /// anchors use.
    pub(crate) name_constraints: Option<&'a [u8]>,
}

/// The policy inputs of section 6.1.1. The default requires no policy.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inputs<'a> {
    /// user-initial-policy-set, as undotted OBJECT IDENTIFIERs; `None` is any-policy.
    pub(crate) policies: Option<&'a [&'a [u8]]>,
    /// initial-explicit-policy.
    pub(crate) explicit_policy: bool,
    /// initial-policy-mapping-inhibit.
    pub(crate) inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub(crate) inhibit_any: bool,
}
