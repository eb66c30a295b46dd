//! The TLS wire format: records, hand-made ClientHellos, the server's first flight, alerts, and
//! IANA names. Code here converts bytes. It has no socket and no clock and judges nothing.

mod alert;
mod browser;
mod client_hello;
mod flight;
mod hello;
mod hellos;
mod modern;
mod names;
mod reader;
mod sniff;
mod version;
mod wide;

pub use alert::AlertDescription;
pub use browser::{
    BROWSER_GROUPS, BROWSER_SIGNATURES, BROWSER_SUITES, CHROME_GROUPS, CHROME_SUITES,
};
pub use client_hello::{ClientHello, NotAClientHello, extension_text};
pub use flight::{
    Flight, FlightError, FlightProgress, KeyExchange, MAX_FLIGHT, MAX_OPENING, ServerHello,
    SignedParams, has_odd_version, may_be_tls,
};
pub use hello::Hello;
pub use hellos::{
    BROWSER, BROWSER_TLS1_3, CHROME, HELLO_LANE, HELLOS, HelloTemplate, MODERN, MORE_GROUPS, REST,
    SHORT, WIDE, for_version, short_for_version,
};
pub use modern::{MODERN_GROUPS, MODERN_SIGNATURES, MODERN_SUITES, MORE_MODERN_GROUPS};
pub use names::{
    CertificateKey, CipherSuite, KeyAgreement, cipher_suite_name, cipher_suite_text, group_name,
    group_text, signature_scheme_name, signature_scheme_text,
};
pub use sniff::{SPOKEN, printable_prefix, spoken};
pub use version::ProtocolVersion;
pub use wide::{WIDE_GROUPS, WIDE_SIGNATURES, WIDE_SUITES};
