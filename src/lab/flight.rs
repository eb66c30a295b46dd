//! Prepared first flights of TLS 1.2 and older, and alerts, which rustls cannot send. This module
//! only produces bytes.

use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData, SigningKey};
use rustls_pki_types::CertificateDer;

use super::error::LabError;

/// Content types of records.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// Maximum size of a record (RFC 5246 section 6.2.1).
const LARGEST_RECORD: usize = 1 << 14;
/// Handshake types.
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
/// A prepared flight contains nothing secret, so its random may be constant.
const RANDOM: [u8; 32] = *b"tlsweep lab: this is not random.";

/// Alerts that the lab sends.
pub(super) const HANDSHAKE_FAILURE: u8 = 40;
pub(super) const PROTOCOL_VERSION: u8 = 70;
pub(super) const INTERNAL_ERROR: u8 = 80;
pub(super) const UNRECOGNIZED_NAME: u8 = 112;

/// Returns a fatal alert in its record.
pub(super) fn fatal_alert(version: u16, description: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    records(version, ALERT, &[2, description], &mut bytes);
    bytes
}

/// Handshake messages, which are split into records at the end.
pub(super) struct Flight {
    version: u16,
    messages: Vec<u8>,
}

impl Flight {
    /// Starts a flight with a ServerHello of this version and suite, without extensions.
    pub(super) fn new(version: u16, suite: u16) -> Self {
        Self::with_extensions(version, suite, &[])
    }

    /// Does the same with secure renegotiation (RFC 5746); without it OpenSSL refuses to connect.
    pub(super) fn with_secure_renegotiation(version: u16, suite: u16) -> Self {
        // Five bytes of extensions: renegotiation_info with one byte, an empty list.
        Self::with_extensions(version, suite, &[0, 5, 0xff, 0x01, 0, 1, 0])
    }

    fn with_extensions(version: u16, suite: u16, extensions: &[u8]) -> Self {
        let mut flight = Self {
            version,
            messages: Vec::new(),
        };
        let [high, low] = suite.to_be_bytes();
        let mut hello = version.to_be_bytes().to_vec();
        hello.extend(RANDOM);
        // No session id; the suite; no compression.
        hello.extend([0, high, low, 0]);
        hello.extend(extensions);
        flight.push(SERVER_HELLO, &hello);
        flight
    }

    /// Adds the certificates, leaf first.
    pub(super) fn certificates(mut self, chain: &[CertificateDer<'_>]) -> Self {
        let list: Vec<u8> = chain.iter().flat_map(|der| vector24(der)).collect();
        self.push(CERTIFICATE, &vector24(&list));
        self
    }

    /// Adds the key exchange, with parameters and signature from [`signed_share`] or
    /// [`signed_group`].
    pub(super) fn ecdhe(mut self, signed_share: &[u8]) -> Self {
        self.push(SERVER_KEY_EXCHANGE, signed_share);
        self
    }

    /// Adds anonymous Diffie-Hellman. Modulus and share are numbers of the right size without
    /// further meaning.
    pub(super) fn anonymous(mut self) -> Self {
        let modulus = vector16(&[0xa5; 128]);
        let generator = vector16(&[2]);
        let share = vector16(&[0x5a; 128]);
        let params = [modulus, generator, share].concat();
        self.push(SERVER_KEY_EXCHANGE, &params);
        self
    }

    /// Ends the flight and returns its records.
    pub(super) fn done(mut self) -> Vec<u8> {
        self.push(SERVER_HELLO_DONE, &[]);
        self.records()
    }

    /// Adds the start of a Certificate message that announces the maximum length of 16 MiB.
    pub(super) fn endless(mut self) -> Vec<u8> {
        self.messages.push(CERTIFICATE);
        self.messages.extend([0xff; 3]);
        self.messages.extend([0xff, 0xff, 0xfc]);
        self.records()
    }

    fn push(&mut self, kind: u8, body: &[u8]) {
        self.messages.push(kind);
        self.messages.extend(vector24(body));
    }

    fn records(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        records(self.version, HANDSHAKE, &self.messages, &mut bytes);
        bytes
    }
}

/// Returns a share on P-256, signed for this client as in TLS 1.2 (RFC 8422 section 5.4). `share`
/// is the key whose public half is sent.
pub(super) fn signed_share(
    client_random: &[u8; 32],
    share: &KeyPair,
    signer: &Signer<'_>,
) -> Result<Vec<u8>, LabError> {
    let point = share.der_bytes();
    // named_curve, secp256r1, and the uncompressed point of 65 bytes.
    let mut params = vec![3, 0, 23];
    params.extend(vector8(point));
    signer.sign(client_random, params)
}

/// A curve that is spelled out (RFC 4492 section 5.4): the form of P-256, with numbers of its size and
/// no more.
pub(super) fn signed_curve(
    client_random: &[u8; 32],
    signer: &Signer<'_>,
) -> Result<Vec<u8>, LabError> {
    // explicit_prime and the prime; a, b, the base point, its order and cofactor, and the share.
    let numbers = [32, 32, 32, 65, 32, 1, 65].map(|bytes| vector8(&vec![4; bytes]));
    let params = [&[1], &*numbers.concat()].concat();
    signer.sign(client_random, params)
}

/// Returns a Diffie-Hellman group whose prime is an arbitrary number of this many bytes, with a
/// share in it, signed for this client as in TLS 1.2 (RFC 5246 section 7.4.3).
pub(super) fn signed_group(
    client_random: &[u8; 32],
    bytes: usize,
    signer: &Signer<'_>,
) -> Result<Vec<u8>, LabError> {
    let numbers = [vec![0xa5; bytes], vec![2], vec![0x5a; bytes]];
    let params = numbers.map(|number| vector16(&number)).concat();
    signer.sign(client_random, params)
}

/// A key that signs a ServerKeyExchange, and its signature scheme.
pub(super) struct Signer<'a> {
    key: &'a KeyPair,
    scheme: u16,
}

impl<'a> Signer<'a> {
    /// Returns the key with this scheme, or with the usual one for its type: rsa_pkcs1_sha256 or
    /// ecdsa_secp256r1_sha256.
    pub(super) fn of(key: &'a KeyPair, scheme: Option<u16>) -> Self {
        let usual = match key.is_compatible(&PKCS_RSA_SHA256) {
            true => 0x0401,
            false => 0x0403,
        };
        Self {
            key,
            scheme: scheme.unwrap_or(usual),
        }
    }

    /// Returns the parameters with their scheme and signature behind them.
    fn sign(&self, client_random: &[u8; 32], mut params: Vec<u8>) -> Result<Vec<u8>, LabError> {
        let signed = [&client_random[..], &RANDOM, &params].concat();
        let signature = self.key.sign(&signed)?;
        params.extend(self.scheme.to_be_bytes());
        params.extend(vector16(&signature));
        Ok(params)
    }
}

/// Returns one record of a message that never ends.
pub(super) fn filler(version: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    records(version, HANDSHAKE, &[0; LARGEST_RECORD], &mut bytes);
    bytes
}

/// Returns a ServerHello that ends within its random although its length says otherwise.
pub(super) fn malformed_server_hello() -> Vec<u8> {
    let mut bytes = Vec::new();
    let message = [&[SERVER_HELLO][..], &vector24(&[3, 3, 1, 2, 3, 4])].concat();
    records(0x0303, HANDSHAKE, &message, &mut bytes);
    bytes
}

fn records(version: u16, kind: u8, payload: &[u8], out: &mut Vec<u8>) {
    for fragment in payload.chunks(LARGEST_RECORD) {
        out.push(kind);
        out.extend(version.to_be_bytes());
        out.extend(vector16(fragment));
    }
}

fn vector8(body: &[u8]) -> Vec<u8> {
    vector::<1>(body)
}

fn vector16(body: &[u8]) -> Vec<u8> {
    vector::<2>(body)
}

fn vector24(body: &[u8]) -> Vec<u8> {
    vector::<3>(body)
}

/// Returns `body` after its length in `N` bytes. The lab creates all bodies, so they fit.
fn vector<const N: usize>(body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let (above, length) = length.split_at(length.len() - N);
    debug_assert!(
        above.iter().all(|&byte| byte == 0),
        "too long for {N} bytes"
    );
    [length, body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_is_a_sequence_of_whole_messages() {
        let leaf = CertificateDer::from(vec![7; 20_000]);
        let bytes = Flight::new(0x0301, 0x002f).certificates(&[leaf]).done();
        let mut messages: Vec<u8> = Vec::new();
        let mut rest = &bytes[..];
        while let [HANDSHAKE, 3, 1, high, low, body @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            assert!(length <= LARGEST_RECORD);
            messages.extend(&body[..length]);
            rest = &body[length..];
        }
        assert!(rest.is_empty());
        let mut kinds = Vec::new();
        let mut rest = &messages[..];
        while let [kind, a, b, c, body @ ..] = rest {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            kinds.push(*kind);
            rest = &body[length..];
        }
        assert_eq!(kinds, [SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE]);
    }

    #[test]
    fn an_alert_is_seven_bytes() {
        let bytes = fatal_alert(0x0303, HANDSHAKE_FAILURE);
        assert_eq!(bytes, [21, 3, 3, 0, 2, 2, 40]);
    }
}
