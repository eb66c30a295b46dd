//! Limits on what is kept of a flight.

/// Maximum number of bytes kept from the start of the stream: more than any banner line that names
/// a protocol.
pub const MAX_OPENING: usize = 256;

/// Maximum size of a handshake message in bytes. Chains of real servers stay under 32 KiB. Broken
/// servers that send their whole trust store reach 200 KiB. The most that a common client accepts
/// is 256 KiB (Go's `maxHandshakeCertificateMsg`).
pub(super) const MAX_MESSAGE: usize = 320 * 1024;

/// Maximum size of a flight in bytes, with its framing: one message of maximum size and half as much
/// for everything else.
pub const MAX_FLIGHT: usize = 512 * 1024;

/// Maximum number of warning alerts. A server sends one or none.
pub(super) const MAX_WARNINGS: usize = 16;
