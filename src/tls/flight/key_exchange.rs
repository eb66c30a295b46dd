//! Parses the ServerKeyExchange message, whose format depends on the cipher suite (RFC 5246, 7.4.3;
//! RFC 8422, 5.4; RFC 2246, 7.4.3 for RSA).

use crate::tls::names::{CipherSuite, KeyAgreement};
use crate::tls::reader::{Flaw, Reader};

/// The parameters of the key exchange that are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyExchange {
    /// Curve of an ECDHE exchange. A curve with explicit parameters has the number by which clients
    /// offered such curves (RFC 4492, 5.1.1).
    pub group: Option<u16>,
    /// Size in bits of the prime of a DHE exchange.
    pub dh_bits: Option<u16>,
    /// Size in bits of the short-lived RSA key of an EXPORT exchange.
    pub rsa_bits: Option<u16>,
    /// Signature scheme. Only TLS 1.2 has one; in older versions the suite decides.
    pub signature_scheme: Option<u16>,
}

/// The data that proves possession of the certificate's key: a signature over both randoms and the
/// parameters. The signature is not verified here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedParams {
    /// Parameters as sent.
    pub params: Vec<u8>,
    /// Signature.
    pub signature: Vec<u8>,
}

/// The parameters of the message, and the part of it that is signed.
pub(super) type Parsed = (KeyExchange, Option<SignedParams>);

/// Returns the parameters, or `None` if the name of the suite is not enough to parse them.
pub(super) fn parse(content: &[u8], suite: u16, version: u16) -> Result<Option<Parsed>, Flaw> {
    let Some(suite) = CipherSuite::of(suite) else {
        return Ok(None);
    };
    let mut reader = Reader::new(content);
    let mut found = KeyExchange::default();
    match suite.key_agreement() {
        KeyAgreement::Ecdhe => {
            let (group, is_named) = read_curve(&mut reader)?;
            found.group = Some(group);
            if !is_named {
                return Ok(Some((found, None)));
            }
        }
        KeyAgreement::Dhe => found.dh_bits = Some(bits(read_prime(&mut reader)?)),
        KeyAgreement::Rsa => {
            found.rsa_bits = Some(bits(number(&mut reader)?));
            number(&mut reader)?;
        }
        KeyAgreement::Static | KeyAgreement::Tls13 | KeyAgreement::Other => return Ok(None),
    }
    let params = &content[..content.len() - reader.len()];
    let mut signed = None;
    if !suite.anonymous() {
        if version >= TLS12 {
            found.signature_scheme = Some(reader.u16()?);
        }
        signed = Some(SignedParams {
            params: params.to_vec(),
            signature: reader.vec16()?.to_vec(),
        });
    }
    reader.end()?;
    Ok(Some((found, signed)))
}

/// Reads the curve and the server's point. Returns the curve's number, and true if it is a named
/// curve. Nothing more is read of a curve with explicit parameters.
fn read_curve(reader: &mut Reader<'_>) -> Result<(u16, bool), Flaw> {
    match reader.u8()? {
        NAMED_CURVE => {
            let group = reader.u16()?;
            match reader.vec8()? {
                [] => Err(Flaw("has an empty point")),
                _ => Ok((group, true)),
            }
        }
        EXPLICIT_PRIME => Ok((ARBITRARY_EXPLICIT_PRIME_CURVES, false)),
        EXPLICIT_CHAR2 => Ok((ARBITRARY_EXPLICIT_CHAR2_CURVES, false)),
        _ => Err(Flaw("has an unknown type of curve")),
    }
}

/// Reads prime, generator and public value, and returns the prime. No client computes a key if
/// the generator or public value is 0, 1, or not below the prime (OpenSSL: `DH_check_params`, `DH_check_pub_key`).
fn read_prime<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Flaw> {
    let (prime, generator, public) = (number(reader)?, number(reader)?, number(reader)?);
    let size = |number: &'a [u8]| (number.len(), number);
    let one = size(&[1]);
    let fits = |number| size(number) > one && size(number) < size(prime);
    match fits(generator) && fits(public) {
        true => Ok(prime),
        false => Err(Flaw(
            "has a prime, generator or public value that gives no key",
        )),
    }
}

/// Reads a number of at least one byte (RFC 5246, 7.4.3) and returns it without its leading zeros.
fn number<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Flaw> {
    let bytes = reader.vec16()?;
    if bytes.is_empty() {
        return Err(Flaw("has an empty number"));
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(&bytes[zeros..])
}

/// Returns the size in bits of a number without leading zeros. A size that does not fit becomes the
/// maximum, as no such number is in use.
fn bits(number: &[u8]) -> u16 {
    let Some((first, rest)) = number.split_first() else {
        return 0;
    };
    let total = rest.len() * 8 + 8 - usize::try_from(first.leading_zeros()).unwrap_or(0);
    u16::try_from(total).unwrap_or(u16::MAX)
}

const TLS12: u16 = 0x0303;
const EXPLICIT_PRIME: u8 = 1;
const EXPLICIT_CHAR2: u8 = 2;
const NAMED_CURVE: u8 = 3;
const ARBITRARY_EXPLICIT_PRIME_CURVES: u16 = 0xFF01;
const ARBITRARY_EXPLICIT_CHAR2_CURVES: u16 = 0xFF02;
