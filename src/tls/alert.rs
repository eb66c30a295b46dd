//! Alert descriptions: constants for the numbers that other rooms use, and all IANA names.

use std::fmt;

/// The description of an alert, as its IANA number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertDescription(pub u8);

impl AlertDescription {
    /// `close_notify`.
    pub const CLOSE_NOTIFY: Self = Self(0);
    /// `unexpected_message`.
    pub const UNEXPECTED_MESSAGE: Self = Self(10);
    /// `record_overflow`.
    pub const RECORD_OVERFLOW: Self = Self(22);
    /// `handshake_failure`.
    pub const HANDSHAKE_FAILURE: Self = Self(40);
    /// `illegal_parameter`.
    pub const ILLEGAL_PARAMETER: Self = Self(47);
    /// `access_denied`.
    pub const ACCESS_DENIED: Self = Self(49);
    /// `decode_error`.
    pub const DECODE_ERROR: Self = Self(50);
    /// `decrypt_error`.
    pub const DECRYPT_ERROR: Self = Self(51);
    /// `protocol_version`.
    pub const PROTOCOL_VERSION: Self = Self(70);
    /// `insufficient_security`.
    pub const INSUFFICIENT_SECURITY: Self = Self(71);
    /// `internal_error`.
    pub const INTERNAL_ERROR: Self = Self(80);
    /// `inappropriate_fallback`.
    pub const INAPPROPRIATE_FALLBACK: Self = Self(86);
    /// `missing_extension`.
    pub const MISSING_EXTENSION: Self = Self(109);
    /// `unsupported_extension`.
    pub const UNSUPPORTED_EXTENSION: Self = Self(110);
    /// `unrecognized_name`.
    pub const UNRECOGNIZED_NAME: Self = Self(112);
    /// `certificate_required`.
    pub const CERTIFICATE_REQUIRED: Self = Self(116);
    /// `no_application_protocol`.
    pub const NO_APPLICATION_PROTOCOL: Self = Self(120);

    /// Returns the IANA name, such as `handshake_failure`, or `None` if the number is not registered.
    pub fn name(self) -> Option<&'static str> {
        let place = ALERTS.binary_search_by_key(&self.0, |row| row.0).ok()?;
        ALERTS.get(place).map(|row| row.1)
    }

    /// Returns the name and the meaning of every registered alert.
    pub fn registered() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALERTS.iter().map(|(_, name, about)| (*name, *about))
    }

    /// Returns the description whose display text this is, or `None` if there is none.
    pub fn displayed_as(text: &str) -> Option<Self> {
        let mut numbers = (0..=u8::MAX).map(Self);
        let named = ALERTS.iter().find(|row| row.1 == text);
        named
            .map(|row| Self(row.0))
            .or_else(|| numbers.find(|it| it.to_string() == text))
    }
}

impl fmt::Display for AlertDescription {
    /// Writes the name, or the number as `alert 200` if it has no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "alert {}", self.0),
        }
    }
}

/// Number, IANA name and meaning (RFC 8446 section 6, RFC 5246 section 7.2).
const ALERTS: &[(u8, &str, &str)] = &[
    (
        0,
        "close_notify",
        "The sender ends the connection without an error.",
    ),
    (10, "unexpected_message", "A message arrived out of order."),
    (
        20,
        "bad_record_mac",
        "A record could not be decrypted or was changed on the way.",
    ),
    (
        21,
        "decryption_failed",
        "A record could not be decrypted (TLS 1.0; obsolete).",
    ),
    (22, "record_overflow", "A record was longer than allowed."),
    (
        30,
        "decompression_failure",
        "A record could not be decompressed.",
    ),
    (
        40,
        "handshake_failure",
        "No version, cipher suite, group or signature scheme of the ClientHello suits the server. Some servers send it for any other reason too.",
    ),
    (
        41,
        "no_certificate",
        "There is no certificate to send (SSL 3.0; obsolete).",
    ),
    (
        42,
        "bad_certificate",
        "A certificate is damaged, or its signature does not verify.",
    ),
    (
        43,
        "unsupported_certificate",
        "A certificate is of a kind that is not supported.",
    ),
    (44, "certificate_revoked", "A certificate was revoked."),
    (
        45,
        "certificate_expired",
        "A certificate has expired or is not yet valid.",
    ),
    (
        46,
        "certificate_unknown",
        "A certificate is not acceptable for another reason.",
    ),
    (
        47,
        "illegal_parameter",
        "A field of the handshake has a value that is not allowed.",
    ),
    (
        48,
        "unknown_ca",
        "The issuer of a certificate is not known or not trusted.",
    ),
    (
        49,
        "access_denied",
        "A certificate is valid, but access is refused.",
    ),
    (50, "decode_error", "A message could not be decoded."),
    (
        51,
        "decrypt_error",
        "A signature or another cryptographic step of the handshake failed.",
    ),
    (
        52,
        "too_many_cids_requested",
        "More connection ids were requested than allowed (DTLS).",
    ),
    (
        60,
        "export_restriction",
        "A key is longer than export rules allowed (obsolete).",
    ),
    (
        70,
        "protocol_version",
        "The server supports none of the protocol versions in the ClientHello.",
    ),
    (
        71,
        "insufficient_security",
        "The server requires stronger parameters than the ClientHello offers.",
    ),
    (
        80,
        "internal_error",
        "The server failed for a reason that is not about the handshake; often it has no usable certificate or key.",
    ),
    (
        86,
        "inappropriate_fallback",
        "The client fell back to an older version than the server supports (TLS_FALLBACK_SCSV).",
    ),
    (
        90,
        "user_canceled",
        "The sender ended the handshake for a reason outside the protocol.",
    ),
    (
        100,
        "no_renegotiation",
        "A second handshake on the same connection is refused.",
    ),
    (
        109,
        "missing_extension",
        "The ClientHello lacks an extension that is required.",
    ),
    (
        110,
        "unsupported_extension",
        "A message has an extension that is not allowed in it.",
    ),
    (
        111,
        "certificate_unobtainable",
        "A certificate could not be downloaded from the URL given for it.",
    ),
    (
        112,
        "unrecognized_name",
        "The server does not serve the name that the client requested (SNI).",
    ),
    (
        113,
        "bad_certificate_status_response",
        "An OCSP response is invalid.",
    ),
    (
        114,
        "bad_certificate_hash_value",
        "A certificate has another hash than the one given for it.",
    ),
    (
        115,
        "unknown_psk_identity",
        "The pre-shared key is unknown.",
    ),
    (
        116,
        "certificate_required",
        "The server requires a client certificate.",
    ),
    (
        117,
        "general_error",
        "The handshake failed for an unknown reason.",
    ),
    (
        120,
        "no_application_protocol",
        "The server supports none of the application protocols that the client offers (ALPN).",
    ),
    (
        121,
        "ech_required",
        "The server could not decrypt the hidden part of the ClientHello (Encrypted Client Hello).",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(ALERTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let names: HashSet<_> = ALERTS.iter().map(|row| row.1).collect();
        assert_eq!(names.len(), ALERTS.len());
    }

    #[test]
    fn constants_and_names_agree() {
        for (description, name) in [
            (AlertDescription::CLOSE_NOTIFY, "close_notify"),
            (AlertDescription::UNEXPECTED_MESSAGE, "unexpected_message"),
            (AlertDescription::RECORD_OVERFLOW, "record_overflow"),
            (AlertDescription::HANDSHAKE_FAILURE, "handshake_failure"),
            (AlertDescription::ILLEGAL_PARAMETER, "illegal_parameter"),
            (AlertDescription::ACCESS_DENIED, "access_denied"),
            (AlertDescription::DECODE_ERROR, "decode_error"),
            (AlertDescription::DECRYPT_ERROR, "decrypt_error"),
            (AlertDescription::PROTOCOL_VERSION, "protocol_version"),
            (
                AlertDescription::INSUFFICIENT_SECURITY,
                "insufficient_security",
            ),
            (AlertDescription::INTERNAL_ERROR, "internal_error"),
            (
                AlertDescription::INAPPROPRIATE_FALLBACK,
                "inappropriate_fallback",
            ),
            (AlertDescription::MISSING_EXTENSION, "missing_extension"),
            (
                AlertDescription::UNSUPPORTED_EXTENSION,
                "unsupported_extension",
            ),
            (AlertDescription::UNRECOGNIZED_NAME, "unrecognized_name"),
            (
                AlertDescription::CERTIFICATE_REQUIRED,
                "certificate_required",
            ),
            (
                AlertDescription::NO_APPLICATION_PROTOCOL,
                "no_application_protocol",
            ),
        ] {
            assert_eq!(description.name(), Some(name));
        }
        assert_eq!(AlertDescription::HANDSHAKE_FAILURE.0, 40);
        assert_eq!(AlertDescription(200).name(), None);
    }

    #[test]
    fn each_is_read_back_from_its_text() {
        for description in (0..=u8::MAX).map(AlertDescription) {
            let text = description.to_string();
            assert_eq!(AlertDescription::displayed_as(&text), Some(description));
        }
        assert_eq!(AlertDescription(200).to_string(), "alert 200");
        for text in [
            "",
            "alert",
            "alert 256",
            "alert 40",
            "alert 0200",
            "nonsense",
        ] {
            assert_eq!(AlertDescription::displayed_as(text), None, "{text}");
        }
    }
}
