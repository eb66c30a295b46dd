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

const ALERTS: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (52, "too_many_cids_requested"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (117, "general_error"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
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
