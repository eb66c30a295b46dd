//! The ids of the findings.

use super::words::words;

words! {
    /// Which finding. Its definition is the file of the same name in `judge::findings`; the order is
    /// that of their list.
    pub enum FindingId {
        /// The name gave no address: nobody was connected to.
        DnsFailure = "dns_failure",
        /// No TCP connection: refused, reset, no route, no answer, or our own machine ran out.
        Unreachable = "unreachable",
        /// The dialogue in clear does not offer the upgrade to TLS, refuses it, or broke off.
        StarttlsUnavailable = "starttls_unavailable",
        /// The bytes that came back to a ClientHello are not TLS.
        NotTls = "not_tls",
        /// TLS was spoken and no offer of ours was accepted, or the server could not prove its key.
        HandshakeFailed = "handshake_failed",
        /// The best version that the server accepts is older than TLS 1.2.
        LegacyTlsOnly = "legacy_tls_only",
        /// A certificate on the path is revoked, by the word of somebody who may say so.
        Revoked = "revoked",
        /// The leaf is its own issuer, and no store trusts it.
        SelfSigned = "self_signed",
        /// What was sent does not reach a trusted root; certificates known from elsewhere show that it
        /// could, or the certificate says where its issuer can be had.
        MissingIntermediate = "missing_intermediate",
        /// The path ends in a root that no chosen store has (or not each that is required), or at an issuer
        /// that is unknown everywhere.
        UntrustedCa = "untrusted_ca",
        /// The path cannot be accepted for a reason that is neither trust, name nor date.
        InvalidCertificate = "invalid_certificate",
        /// No name of the certificate covers the one asked for.
        NameMismatch = "name_mismatch",
        /// A certificate on the path is past its notAfter.
        Expired = "expired",
        /// A certificate on the path is before its notBefore.
        NotYetValid = "not_yet_valid",
        /// The chain that the server keeps for other clients is faulty (`--facts chains`).
        SecondChain = "second_chain",
        /// The leaf, or a certificate above it that ends earlier, expires within the time chosen.
        ExpiringSoon = "expiring_soon",
        /// The certificate asks for a staple and the server sends none.
        MustStapleMissing = "must_staple_missing",
        /// The server staples an OCSP answer that no client can use.
        StapleInvalid = "staple_invalid",
        /// The server refuses what browsers offer, and accepts something older or rarer.
        RefusedByToday = "refused_by_today",
        /// TLS 1.2 or better is accepted, and older versions beside it.
        LegacyTlsEnabled = "legacy_tls_enabled",
        /// Bytes in clear stood between the go-ahead and TLS.
        StarttlsInjection = "starttls_injection",
        /// The leaf or an intermediate has an RSA key that some clients no longer accept.
        WeakKey = "weak_key",
        /// A key that only some clients accept.
        UnusualKey = "unusual_key",
        /// A certificate below the root is signed over a broken hash.
        WeakSignature = "weak_signature",
        /// The server signs its handshake over SHA-1 or MD5 although the client offers better.
        Sha1HandshakeSignature = "sha1_handshake_signature",
        /// The cipher suite chosen, or one that is accepted, is one that clients gave up.
        WeakCipher = "weak_cipher",
        /// The prime of the Diffie-Hellman key exchange is too short.
        WeakDh = "weak_dh",
        /// Whoever records the traffic and later gets the key can read it: of the connection made, or of
        /// any that a version accepts.
        NoForwardSecrecy = "no_forward_secrecy",
        /// The path is valid by RFC 5280, but it relies on rules that some verifiers do not implement.
        UnusualPath = "unusual_path",
        /// A certificate stands before one that it certifies.
        ChainOutOfOrder = "chain_out_of_order",
        /// A certificate was sent that is on no path from the leaf.
        ChainExtraCertificate = "chain_extra_certificate",
        /// The root was sent along; clients use their own.
        ChainContainsRoot = "chain_contains_root",
        /// A certificate was sent more than once.
        ChainDuplicate = "chain_duplicate",
        /// A publicly trusted leaf is valid for longer than was allowed on the day of its issue.
        ValidityTooLong = "validity_too_long",
        /// The leaf has no subject alternative names: clients that ignore the common name find none.
        NoSan = "no_san",
        /// A wildcard of the certificate stands for everybody below a public suffix: `*.co.uk`.
        WildcardOnPublicSuffix = "wildcard_on_public_suffix",
        /// The certificate is for other names, and is what the server shows to whoever names no one.
        DefaultCertificate = "default_certificate",
        /// The server asks for a client certificate.
        ClientCertificateRequested = "client_certificate_requested",
        /// The server objects to the name asked for (unrecognized_name, RFC 6066).
        SniRejected = "sni_rejected",
    }
}
