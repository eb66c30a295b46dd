//! Alert descriptions: the numbers that other rooms ask about, and the IANA names of all.

use std::borrow::Cow;

/// `close_notify`.
pub const CLOSE_NOTIFY: u8 = 0;
/// `unexpected_message`.
pub const UNEXPECTED_MESSAGE: u8 = 10;
/// `record_overflow`.
pub const RECORD_OVERFLOW: u8 = 22;
/// `handshake_failure`.
pub const HANDSHAKE_FAILURE: u8 = 40;
/// `illegal_parameter`.
pub const ILLEGAL_PARAMETER: u8 = 47;
/// `access_denied`.
pub const ACCESS_DENIED: u8 = 49;
/// `decode_error`.
pub const DECODE_ERROR: u8 = 50;
/// `decrypt_error`.
pub const DECRYPT_ERROR: u8 = 51;
/// `protocol_version`.
pub const PROTOCOL_VERSION: u8 = 70;
/// `insufficient_security`.
pub const INSUFFICIENT_SECURITY: u8 = 71;
/// `internal_error`.
pub const INTERNAL_ERROR: u8 = 80;
/// `inappropriate_fallback`.
pub const INAPPROPRIATE_FALLBACK: u8 = 86;
/// `missing_extension`.
pub const MISSING_EXTENSION: u8 = 109;
/// `unsupported_extension`.
pub const UNSUPPORTED_EXTENSION: u8 = 110;
/// `unrecognized_name`.
pub const UNRECOGNIZED_NAME: u8 = 112;
/// `certificate_required`.
pub const CERTIFICATE_REQUIRED: u8 = 116;
/// `no_application_protocol`.
pub const NO_APPLICATION_PROTOCOL: u8 = 120;

/// The IANA name of an alert description: `handshake_failure`.
pub fn alert_name(description: u8) -> Option<&'static str> {
    let place = ALERTS
        .binary_search_by_key(&description, |row| row.0)
        .ok()?;
    ALERTS.get(place).map(|row| row.1)
}

/// The name of an alert description, or its number as `alert 200`.
pub fn alert_text(description: u8) -> Cow<'static, str> {
    alert_name(description)
        .map_or_else(|| Cow::Owned(format!("alert {description}")), Cow::Borrowed)
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
        for (number, name) in [
            (CLOSE_NOTIFY, "close_notify"),
            (UNEXPECTED_MESSAGE, "unexpected_message"),
            (RECORD_OVERFLOW, "record_overflow"),
            (HANDSHAKE_FAILURE, "handshake_failure"),
            (ILLEGAL_PARAMETER, "illegal_parameter"),
            (ACCESS_DENIED, "access_denied"),
            (DECODE_ERROR, "decode_error"),
            (DECRYPT_ERROR, "decrypt_error"),
            (PROTOCOL_VERSION, "protocol_version"),
            (INSUFFICIENT_SECURITY, "insufficient_security"),
            (INTERNAL_ERROR, "internal_error"),
            (INAPPROPRIATE_FALLBACK, "inappropriate_fallback"),
            (MISSING_EXTENSION, "missing_extension"),
            (UNSUPPORTED_EXTENSION, "unsupported_extension"),
            (UNRECOGNIZED_NAME, "unrecognized_name"),
            (CERTIFICATE_REQUIRED, "certificate_required"),
            (NO_APPLICATION_PROTOCOL, "no_application_protocol"),
        ] {
            assert_eq!(alert_name(number), Some(name));
        }
        assert_eq!(alert_text(HANDSHAKE_FAILURE), "handshake_failure");
        assert_eq!(
            (HANDSHAKE_FAILURE, PROTOCOL_VERSION, UNRECOGNIZED_NAME),
            (40, 70, 112)
        );
        assert_eq!(alert_name(200), None);
        assert_eq!(alert_text(200), "alert 200");
    }
}
