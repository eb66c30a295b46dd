//! What the clients of today share, by number: the modern offer is made of it, and an answer to another
//! offer is compared with it.

/// The suites of TLS 1.3 and those of TLS 1.2 with ECDHE and an AEAD, in the order of the offer.
/// AES-128 is first: the cheapest on both sides, and what most servers would choose anyway.
pub const MODERN_SUITES: [u16; 9] = [
    0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030, 0xCCA8,
];

/// What a server may sign its handshake with. Wider than what rustls verifies: a scheme that is not
/// on offer makes a server refuse, and that would be our fault and not its own. SHA-1 is last: only
/// a TLS 1.2 server that has nothing else comes to it.
pub const MODERN_SIGNATURES: [u16; 13] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203,
    0x0201,
];

/// X25519, whose key share goes along, P-256 and P-384. Post-quantum groups are left out: without a
/// key share they cost a second round trip at servers that prefer them (OpenSSL 3.5 and Go ask for
/// them by HelloRetryRequest wherever they are listed), and with one they cost every server more.
/// Who accepts nothing else is found by another hello.
pub const MODERN_GROUPS: [u16; 3] = [29, 23, 24];

/// The groups of the hello for servers that accept none of [`MODERN_GROUPS`]: X25519MLKEM768, whose
/// key share goes along, SecP256r1MLKEM768 and P-521.
pub const MORE_MODERN_GROUPS: [u16; 3] = [0x11EC, 0x11EB, 0x0019];
