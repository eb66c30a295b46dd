//! Ids of the findings.

use super::named_enum::named_enum;

named_enum! {
    /// Id of a finding. Its definition is in the file of the same name in `judge::findings`. The
    /// order is that of the list of findings.
    pub enum FindingId {
        /// The name has no usable address, so no connection was made.
        DnsFailure = "dns_failure",
        /// No TCP connection: refused, reset, no route, no answer, or the scanning machine reached
        /// a limit.
        Unreachable = "unreachable",
        /// The server does not offer STARTTLS or refuses it, or the plain-text dialogue ended
        /// early.
        StarttlsUnavailable = "starttls_unavailable",
        /// The answer to the ClientHello is not TLS.
        NotTls = "not_tls",
        /// The server speaks TLS, but no handshake succeeded, or the server did not prove that it
        /// has the key.
        HandshakeFailed = "handshake_failed",
        /// The newest version that the server accepts is older than TLS 1.2.
        LegacyTlsOnly = "legacy_tls_only",
        /// A source with the authority to say so reports that a certificate on the path is revoked.
        Revoked = "revoked",
        /// The leaf is signed with its own key, and no trust store contains it.
        SelfSigned = "self_signed",
        /// The certificates sent do not reach a trusted root. Either certificates from another
        /// source complete the path, or the leaf was sent alone and contains an AIA URL for its
        /// issuer.
        MissingIntermediate = "missing_intermediate",
        /// The path ends at a root that no chosen store contains (or that a required store lacks),
        /// or at an issuer whose certificate is unknown.
        UntrustedCa = "untrusted_ca",
        /// The path is invalid for a reason other than trust, name or date.
        InvalidCertificate = "invalid_certificate",
        /// No name in the certificate covers the requested name.
        NameMismatch = "name_mismatch",
        /// A certificate on the path has expired (`notAfter`).
        Expired = "expired",
        /// A certificate on the path is not yet valid (`notBefore`).
        NotYetValid = "not_yet_valid",
        /// The chain that the server has for other clients has a fault (`--facts chains`).
        SecondChain = "second_chain",
        /// The leaf, or a certificate above it that expires earlier, expires within the chosen
        /// period.
        ExpiringSoon = "expiring_soon",
        /// The certificate requires OCSP stapling, but the server sends no staple.
        MustStapleMissing = "must_staple_missing",
        /// The server sends a stapled OCSP response that clients cannot use.
        StapleInvalid = "staple_invalid",
        /// The server refuses what browsers offer and accepts something older or rarer.
        RefusedByToday = "refused_by_today",
        /// The server accepts TLS 1.2 or newer, and older versions as well.
        LegacyTlsEnabled = "legacy_tls_enabled",
        /// Plain-text bytes follow the STARTTLS response before TLS starts.
        StarttlsInjection = "starttls_injection",
        /// The leaf or an intermediate has an RSA key that some clients no longer accept.
        WeakKey = "weak_key",
        /// A key that only some clients accept.
        UnusualKey = "unusual_key",
        /// A certificate below the root is signed with a broken hash.
        WeakSignature = "weak_signature",
        /// The server signs the handshake with SHA-1 or MD5 although the client offers stronger
        /// hashes.
        Sha1HandshakeSignature = "sha1_handshake_signature",
        /// The negotiated cipher suite, or one that the server accepts, is too weak for current
        /// clients.
        WeakCipher = "weak_cipher",
        /// The prime of the Diffie-Hellman key exchange is too short.
        WeakDh = "weak_dh",
        /// The negotiated suite, or every suite that the server accepts in some version, has no
        /// forward secrecy.
        NoForwardSecrecy = "no_forward_secrecy",
        /// The path is valid by RFC 5280, but it relies on rules that some verifiers do not implement.
        UnusualPath = "unusual_path",
        /// The server sends a certificate before one that it certifies.
        ChainOutOfOrder = "chain_out_of_order",
        /// The server sends a certificate that is on no path from the leaf.
        ChainExtraCertificate = "chain_extra_certificate",
        /// The server also sends the root certificate. Clients use the copy in their own store.
        ChainContainsRoot = "chain_contains_root",
        /// The server sends a certificate more than once.
        ChainDuplicate = "chain_duplicate",
        /// A publicly trusted leaf is valid for longer than was allowed on the day of its issue.
        ValidityTooLong = "validity_too_long",
        /// The leaf has no subject alternative name, so clients that ignore the common name find no
        /// name.
        NoSan = "no_san",
        /// A wildcard in the certificate covers every name below a public suffix, such as
        /// `*.co.uk`.
        WildcardOnPublicSuffix = "wildcard_on_public_suffix",
        /// The certificate does not cover the requested name. It is the one that the server returns
        /// to clients that send no SNI.
        DefaultCertificate = "default_certificate",
        /// The server asks for a client certificate.
        ClientCertificateRequested = "client_certificate_requested",
        /// The server rejects the requested name (`unrecognized_name`, RFC 6066).
        SniRejected = "sni_rejected",
    }
}
