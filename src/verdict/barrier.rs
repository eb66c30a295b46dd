//! Why a store does not accept a path.

use super::words::words;

words! {
    /// What bars a path: the `reason` of a store, and of the finding `invalid_certificate`.
    pub enum Barrier {
        /// A certificate of the path has expired.
        Expired = "expired",
        /// A certificate of the path is not yet valid.
        NotYetValid = "not_yet_valid",
        /// A certificate of the path is revoked.
        Revoked = "revoked",
        /// The path needs certificates that were not sent.
        MissingIntermediate = "missing_intermediate",
        /// The leaf is its own issuer.
        SelfSigned = "self_signed",
        /// The path ends in a root that the store does not have.
        UntrustedCa = "untrusted_ca",
        /// The issuer is absent.
        IssuerUnknown = "issuer_unknown",
        /// The leaf cannot be parsed.
        Unparseable = "unparseable",
        /// The issuer of that name did not make the signature.
        BadSignature = "bad_signature",
        /// More was sent than is considered.
        TooManyCertificates = "too_many_certificates",
        /// No certificate of X.509 version 3.
        Version = "version",
        /// It ends before it begins.
        Validity = "validity",
        /// The serial number breaks the rules.
        SerialNumber = "serial_number",
        /// The name of the issuer is not that of the certificate above.
        IssuerName = "issuer_name",
        /// The encoding breaks the rules.
        Malformed = "malformed",
        /// An alternative name breaks the rules.
        MalformedName = "malformed_name",
        /// An extension breaks the rules, or cannot be read.
        MalformedExtension = "malformed_extension",
        /// A critical extension that nobody has to know.
        UnknownCriticalExtension = "unknown_critical_extension",
        /// Signed over a broken hash.
        WeakSignature = "weak_signature",
        /// An RSA key of a CA below 2048 bits.
        WeakKey = "weak_key",
        /// No client can use the key.
        UnsupportedKey = "unsupported_key",
        /// No algorithm of ours verifies the signature.
        UnsupportedAlgorithm = "unsupported_algorithm",
        /// The signature names two algorithms.
        SignatureAlgorithmMismatch = "signature_algorithm_mismatch",
        /// The key usage does not allow what the key is used for.
        KeyUsage = "key_usage",
        /// The extended key usages do not allow TLS servers.
        ExtendedKeyUsage = "extended_key_usage",
        /// A CA certificate stands as a server's.
        CaUsedAsEndEntity = "ca_used_as_end_entity",
        /// An issuer is no CA.
        NotACa = "not_a_ca",
        /// More CAs below than an issuer allows.
        PathLength = "path_length",
        /// More intermediates than are allowed.
        PathTooLong = "path_too_long",
        /// A name is outside the name constraints.
        NameConstraints = "name_constraints",
        /// More names and constraints than are compared.
        TooManyNames = "too_many_names",
        /// The certificate policies do not fit.
        Policies = "policies",
        /// The verifier distrusts the certificate.
        Distrusted = "distrusted",
        /// The certificate is too large to be checked in full.
        TooLargeToCheck = "too_large_to_check",
        /// Path validation refuses it for another reason.
        Refused = "refused",
    }
}
