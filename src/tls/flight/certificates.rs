//! Parses the Certificate, CertificateStatus and CertificateRequest messages below TLS 1.3. The
//! certificates in them are not parsed here.

use crate::tls::reader::{Flaw, Reader};

/// Reads the certificates into `found`, in the order sent, up to the first flaw. If the list ends
/// before its declared length, the complete certificates are stored and the flaw is returned.
pub(super) fn parse(content: &[u8], found: &mut Vec<Vec<u8>>) -> Result<(), Flaw> {
    let mut reader = Reader::new(content);
    let announced = reader.u24()?;
    let mut list = reader;
    let outcome = match reader.take(announced) {
        Ok(whole) => {
            list = Reader::new(whole);
            reader.end()
        }
        Err(flaw) => Err(flaw),
    };
    while !list.is_empty() {
        let certificate = list.vec24()?;
        if certificate.is_empty() {
            return Err(Flaw("contains an empty certificate"));
        }
        if found.len() == MAX_CERTIFICATES {
            return Err(Flaw("contains more than 100 certificates"));
        }
        found.push(certificate.to_vec());
    }
    outcome
}

/// Checks that a CertificateRequest has the format of its version (RFC 5246, 7.4.4; RFC 2246, 7.4.4).
/// Clients parse it, and refuse it if its list of authorities is longer than its length field says.
pub(super) fn check_request(content: &[u8], version: u16) -> Result<(), Flaw> {
    let mut reader = Reader::new(content);
    reader.vec8()?;
    if version >= TLS12 {
        reader.vec16()?;
    }
    let mut authorities = Reader::new(reader.vec16()?);
    reader.end()?;
    while !authorities.is_empty() {
        authorities.vec16()?;
    }
    Ok(())
}

/// Returns the OCSP response (RFC 6066, section 8), or `None` if the status has another type.
pub(super) fn parse_status(content: &[u8]) -> Result<Option<Vec<u8>>, Flaw> {
    let mut reader = Reader::new(content);
    if reader.u8()? != OCSP {
        return Ok(None);
    }
    let response = reader.vec24()?.to_vec();
    reader.end()?;
    Ok(Some(response))
}

/// Maximum number of certificates. No chain has as many. A server that sends more sends its whole
/// trust store.
pub(super) const MAX_CERTIFICATES: usize = 100;

const OCSP: u8 = 1;
const TLS12: u16 = 0x0303;
