//! Reasons why a store does not accept a path.

use super::named_enum::named_enum;

named_enum! {
    /// Reason to reject a path: the `reason` of a store, and of the finding `invalid_certificate`.
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
        /// The path ends at a root that the store does not contain.
        UntrustedCa = "untrusted_ca",
        /// The issuer is unknown.
        IssuerUnknown = "issuer_unknown",
        /// The leaf cannot be parsed.
        Unparseable = "unparseable",
        /// The certificate with the issuer's name did not make the signature.
        BadSignature = "bad_signature",
        /// The server sent more certificates than the limit, or too many with the same name.
        TooManyCertificates = "too_many_certificates",
        /// The X.509 version is not 3.
        Version = "version",
        /// notBefore is after notAfter.
        Validity = "validity",
        /// The serial number is invalid.
        SerialNumber = "serial_number",
        /// The issuer name differs from the subject of the certificate above.
        IssuerName = "issuer_name",
        /// The encoding is invalid.
        Malformed = "malformed",
        /// A subject alternative name is invalid.
        MalformedName = "malformed_name",
        /// An extension is invalid or cannot be parsed.
        MalformedExtension = "malformed_extension",
        /// An unknown extension is critical.
        UnknownCriticalExtension = "unknown_critical_extension",
        /// The certificate is signed with a broken hash.
        WeakSignature = "weak_signature",
        /// The RSA key of a CA has fewer than 2048 bits.
        WeakKey = "weak_key",
        /// No client can use the key.
        UnsupportedKey = "unsupported_key",
        /// The signature algorithm is not supported.
        UnsupportedAlgorithm = "unsupported_algorithm",
        /// The two signature algorithms in the certificate differ.
        SignatureAlgorithmMismatch = "signature_algorithm_mismatch",
        /// The key usage does not allow the use of the key.
        KeyUsage = "key_usage",
        /// The extended key usages do not allow TLS servers.
        ExtendedKeyUsage = "extended_key_usage",
        /// The server certificate is a CA certificate.
        CaUsedAsEndEntity = "ca_used_as_end_entity",
        /// An issuer is not a CA.
        NotACa = "not_a_ca",
        /// More CA certificates are below an issuer than it allows.
        PathLength = "path_length",
        /// The path has more intermediates than allowed.
        PathTooLong = "path_too_long",
        /// A name is outside the name constraints.
        NameConstraints = "name_constraints",
        /// There are more names and constraints than the limit.
        TooManyNames = "too_many_names",
        /// No certificate policy is valid for the path, or a policy mapping is invalid.
        Policies = "policies",
        /// The verifier distrusts the certificate.
        Distrusted = "distrusted",
        /// The certificate is too large for a complete check.
        TooLargeToCheck = "too_large_to_check",
        /// Path validation rejects it for another reason.
        Refused = "refused",
    }
}
