//! The suites, signature schemes and groups that current clients have in common. The `modern`
//! ClientHello consists of them, and answers to other ClientHellos are compared with them.

/// The suites of TLS 1.3 and those of TLS 1.2 with ECDHE and an AEAD, in the order offered. AES-128 is
/// first because it is the cheapest on both sides, and most servers would choose it anyway.
pub const MODERN_SUITES: [u16; 9] = [
    0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030, 0xCCA8,
];

/// The signature schemes with which a server may sign its handshake. The list contains more than
/// rustls verifies: if a server's only scheme were missing, the server would refuse through no fault
/// of its own. SHA-1 is last, so that only a TLS 1.2 server that has nothing else uses it.
pub const MODERN_SIGNATURES: [u16; 13] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203,
    0x0201,
];

/// X25519 (with a key share), P-256 and P-384. Post-quantum groups are omitted. Without a key share
/// they cost a second round trip at servers that prefer them: OpenSSL 3.5 and Go ask for them by
/// HelloRetryRequest if they are listed. With a key share they cost every server more. Another
/// ClientHello finds the servers that accept nothing else.
pub const MODERN_GROUPS: [u16; 3] = [29, 23, 24];

/// The groups of the ClientHello for servers that accept none of [`MODERN_GROUPS`]: X25519MLKEM768
/// (with a key share), SecP256r1MLKEM768 and P-521.
pub const MORE_MODERN_GROUPS: [u16; 3] = [0x11EC, 0x11EB, 0x0019];
