//! Reasons of revocation answers.

use super::named_enum::named_enum;

named_enum! {
    /// The `reason` of a revocation answer: why a certificate was revoked, or why the status is
    /// unknown.
    pub enum RevocationReason {
        /// The certificate was revoked because its private key is, or may be, known to others.
        KeyCompromise = "key_compromise",
        /// The certificate was revoked because the key of its CA is, or may be, known to others.
        CaCompromise = "ca_compromise",
        /// The certificate was revoked because a name or other data in it is no longer right.
        AffiliationChanged = "affiliation_changed",
        /// The certificate was revoked because another one replaces it.
        Superseded = "superseded",
        /// The certificate was revoked because it is no longer needed.
        CessationOfOperation = "cessation_of_operation",
        /// The certificate is suspended and may become valid again.
        CertificateHold = "certificate_hold",
        /// The certificate was revoked because a right that it states was withdrawn.
        PrivilegeWithdrawn = "privilege_withdrawn",
        /// The certificate was revoked because the key of the attribute authority is, or may be,
        /// known to others.
        AaCompromise = "aa_compromise",
        /// The issuer's certificate is unknown, so the signature of the staple cannot be verified.
        IssuerUnknown = "issuer_unknown",
        /// The staple cannot be parsed.
        StapleMalformed = "staple_malformed",
        /// The staple is an error message of the responder.
        StapleNotSuccessful = "staple_not_successful",
        /// The staple is about another certificate.
        StapleOtherCertificate = "staple_other_certificate",
        /// The signature of the staple does not verify.
        StapleBadSignature = "staple_bad_signature",
        /// The issuer did not authorize the responder that signed the staple.
        StapleResponderNotAllowed = "staple_responder_not_allowed",
        /// The staple is valid only from a later time.
        StapleNotYetValid = "staple_not_yet_valid",
        /// The staple is outdated.
        StapleExpired = "staple_expired",
        /// The signature algorithm of the staple is unknown.
        StapleUnverifiable = "staple_unverifiable",
        /// The staple contains an unknown critical extension.
        StapleUnsupported = "staple_unsupported",
        /// The responder says that it does not know the certificate.
        ResponderDoesNotKnow = "responder_does_not_know",
        /// There is no list of this issuer, and none was to be downloaded.
        NoCrl = "no_crl",
        /// The URL gave no list: it is unreachable or not allowed, or its content is no list.
        CrlNotFetched = "crl_not_fetched",
        /// The issuer's name is right, but its key did not sign the list.
        CrlNotByIssuer = "crl_not_by_issuer",
        /// The signature algorithm of the list is unknown.
        CrlUnverifiable = "crl_unverifiable",
        /// The key that signed the list may not sign lists.
        CrlSignerNotAllowed = "crl_signer_not_allowed",
        /// The list has an unknown critical extension, or is a delta without its complete list.
        CrlUnsupported = "crl_unsupported",
        /// The list is for other certificates.
        CrlOutOfScope = "crl_out_of_scope",
        /// The certificate is not on the lists, but they do not cover all revocation reasons.
        CrlSomeReasons = "crl_some_reasons",
        /// The list is valid only from a later time.
        CrlNotYetValid = "crl_not_yet_valid",
        /// The list does not say how long it is valid.
        CrlNoNextUpdate = "crl_no_next_update",
        /// The list is outdated.
        CrlExpired = "crl_expired",
        /// There is no CRLite filter.
        NoFilter = "no_filter",
        /// The leaf has no signed certificate timestamps (SCTs), which is typical for private CAs.
        NoSct = "no_sct",
        /// No filter covers the time and log of any of the leaf's SCTs; it is often too new.
        NotCovered = "not_covered",
        /// No filter knows the issuer.
        NotEnrolled = "not_enrolled",
        /// The filter is outdated.
        FilterExpired = "filter_expired",
        /// The filter is valid only from a later time.
        FilterNotYetValid = "filter_not_yet_valid",
        /// The file of the filter is damaged.
        FilterDamaged = "filter_damaged",
    }
}
