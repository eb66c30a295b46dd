//! The Certificate and CertificateStatus messages below TLS 1.3. Certificates stay bytes here.

use crate::tls::reader::{Flaw, Reader};

/// Reads the certificates into `found`, in the order sent, up to the first flaw.
pub(super) fn parse(content: &[u8], found: &mut Vec<Vec<u8>>) -> Result<(), Flaw> {
    let mut reader = Reader::new(content);
    let mut list = Reader::new(reader.vec24()?);
    reader.end()?;
    while !list.is_empty() {
        let certificate = list.vec24()?;
        if certificate.is_empty() {
            return Err(Flaw("holds an empty certificate"));
        }
        if found.len() == MAX_CERTIFICATES {
            return Err(Flaw("holds more than 100 certificates"));
        }
        found.push(certificate.to_vec());
    }
    Ok(())
}

/// The OCSP response (RFC 6066, section 8); `None` for a status of another type.
pub(super) fn parse_status(content: &[u8]) -> Result<Option<Vec<u8>>, Flaw> {
    let mut reader = Reader::new(content);
    if reader.u8()? != OCSP {
        return Ok(None);
    }
    let response = reader.vec24()?.to_vec();
    reader.end()?;
    Ok(Some(response))
}

/// No chain has as many; a server that does sends its whole trust store.
pub(super) const MAX_CERTIFICATES: usize = 100;

const OCSP: u8 = 1;
