//! The ServerKeyExchange message, whose form depends on the cipher suite (RFC 5246, 7.4.3;
//! RFC 8422, 5.4; RFC 2246, 7.4.3 for RSA).

use crate::tls::names::{CipherSuite, KeyAgreement};
use crate::tls::reader::{Flaw, Reader};

/// The parameters of the key exchange, as far as people care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyExchange {
    /// The named curve of an ECDHE exchange; absent when the curve is spelled out.
    pub group: Option<u16>,
    /// The size of the prime of a DHE exchange.
    pub dh_bits: Option<u16>,
    /// The size of the short-lived RSA key of an EXPORT exchange.
    pub rsa_bits: Option<u16>,
    /// The scheme of the signature (TLS 1.2; before it the suite decides).
    pub signature_scheme: Option<u16>,
}

/// The bytes that prove who holds the certificate's key: the signature is made over both randoms
/// and the parameters. Nothing is checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedParams {
    /// The parameters as sent.
    pub params: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// What the message holds, and what of it is signed.
pub(super) type Parsed = (KeyExchange, Option<SignedParams>);

/// `None` for suites whose parameters cannot be read without knowing more than a suite says.
pub(super) fn parse(content: &[u8], suite: u16, version: u16) -> Result<Option<Parsed>, Flaw> {
    let Some(suite) = CipherSuite::of(suite) else {
        return Ok(None);
    };
    let mut reader = Reader::new(content);
    let mut found = KeyExchange::default();
    match suite.key_agreement() {
        KeyAgreement::Ecdhe => {
            found.group = read_curve(&mut reader)?;
            if found.group.is_none() {
                return Ok(Some((found, None)));
            }
        }
        KeyAgreement::Dhe => {
            found.dh_bits = Some(bits(reader.vec16()?));
            let (_generator, _public) = (reader.vec16()?, reader.vec16()?);
        }
        KeyAgreement::Rsa => {
            found.rsa_bits = Some(bits(reader.vec16()?));
            let _exponent = reader.vec16()?;
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

/// The named curve, with the server's point read past; `None` for a curve that is spelled out,
/// after which nothing more is read.
fn read_curve(reader: &mut Reader<'_>) -> Result<Option<u16>, Flaw> {
    match reader.u8()? {
        NAMED_CURVE => {
            let group = reader.u16()?;
            reader.vec8()?;
            Ok(Some(group))
        }
        EXPLICIT_PRIME | EXPLICIT_CHAR2 => Ok(None),
        _ => Err(Flaw("has an unknown type of curve")),
    }
}

/// The size in bits of a number, without its leading zeros. What is too large for the field is
/// given as its largest value: no such number is in use.
fn bits(number: &[u8]) -> u16 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some((first, rest)) = number.get(zeros..).and_then(<[u8]>::split_first) else {
        return 0;
    };
    let total = rest.len() * 8 + 8 - usize::try_from(first.leading_zeros()).unwrap_or(0);
    u16::try_from(total).unwrap_or(u16::MAX)
}

const TLS12: u16 = 0x0303;
const EXPLICIT_PRIME: u8 = 1;
const EXPLICIT_CHAR2: u8 = 2;
const NAMED_CURVE: u8 = 3;
