//! Rules that some verifiers do not implement.

use super::named_enum::named_enum;

named_enum! {
    /// A rule of RFC 5280 that rustls-webpki does not implement: one of the `rules` of the finding
    /// `unusual_path`.
    pub enum Rule {
        /// Names are compared by their values, not by their encoding (section 7.1).
        NameEncoding = "name_encoding",
        /// Critical policy extensions are processed.
        CriticalPolicies = "critical_policies",
        /// Name constraints apply to directory, URI and mail names.
        NameConstraintForms = "name_constraint_forms",
        /// Name constraints do not apply to self-issued CA certificates (section 6.1.3 b).
        SelfIssuedConstraints = "self_issued_constraints",
        /// Self-issued CA certificates do not count in path lengths (section 6.1.4 l).
        SelfIssuedPathLength = "self_issued_path_length",
    }
}
