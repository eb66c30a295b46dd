//! Everything that current browsers offer in TLS 1.2, combined. No browser can connect in TLS 1.2 to
//! a server that refuses this ClientHello.

/// The suites of Chrome (BoringSSL's defaults without CBC for ECDSA) and of Firefox (NSS, which
/// includes it), in order of preference. The SCSV for secure renegotiation is last.
pub const BROWSER_SUITES: [u16; 15] = [
    0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014, 0x009C, 0x009D,
    0x002F, 0x0035, 0x00FF,
];

/// X25519, P-256, P-384, and P-521. Only Firefox offers P-521.
pub const BROWSER_GROUPS: [u16; 4] = [29, 23, 24, 25];

/// The suites of Chrome, which leaves out CBC with ECDSA (`!ECDSA+SHA1` in Chromium's
/// `net/socket/ssl_client_socket_impl.cc`).
pub const CHROME_SUITES: [u16; 13] = [
    0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035,
    0x00FF,
];

/// The groups that Chrome offers in TLS 1.2: X25519, P-256 and P-384.
pub const CHROME_GROUPS: [u16; 3] = [29, 23, 24];

/// ECDSA, RSA-PSS and RSA with SHA-2, and SHA-1. Only Firefox offers SHA-1.
pub const BROWSER_SIGNATURES: [u16; 11] = [
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601, 0x0203, 0x0201,
];
