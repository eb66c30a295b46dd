//! The certificates of a recording by their number. Their bytes are kept in a scratch file. Memory contains
//! only eight bytes for each, and a cache of those that recur.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::Damage;
use super::bounds::{MAX_ALL_BYTES, MAX_CERTIFICATES, MAX_CHAIN, MAX_CHAIN_BYTES};
use crate::observation::{Certificate, CertificateCache, PeerChain};

/// Certificates, numbered from 0 in the order in which they were added.
pub(super) struct Certificates<S> {
    scratch: S,
    /// Offset in the scratch file at which each certificate ends and the next begins.
    ends: Vec<u64>,
    known: CertificateCache,
    der: Vec<u8>,
}

impl<S: Read + Write + Seek> Certificates<S> {
    pub(super) fn new(scratch: S) -> Self {
        Self {
            scratch,
            ends: Vec::new(),
            known: CertificateCache::default(),
            der: Vec::new(),
        }
    }

    /// Adds the next certificate.
    pub(super) fn add(&mut self, der: &[u8]) -> Result<(), Damage> {
        if der.len() as u64 > MAX_CHAIN_BYTES {
            return Err(Damage::TooMany {
                what: "bytes of a certificate",
            });
        }
        if self.ends.len() == MAX_CERTIFICATES {
            return Err(Damage::TooMany {
                what: "certificates",
            });
        }
        let start = self.ends.last().copied().unwrap_or_default();
        let end = start + der.len() as u64;
        if end > MAX_ALL_BYTES {
            return Err(Damage::TooMany {
                what: "bytes of certificates",
            });
        }
        let written = self.scratch.seek(SeekFrom::Start(start));
        let written = written.and_then(|_| self.scratch.write_all(der));
        written.map_err(Damage::Scratch)?;
        self.ends.push(end);
        Ok(())
    }

    /// Returns the chain of the certificates with these numbers.
    pub(super) fn chain(&mut self, numbers: &[u32]) -> Result<PeerChain, Damage> {
        let too_many = Damage::TooMany {
            what: "certificates",
        };
        if numbers.len() > MAX_CHAIN {
            return Err(too_many);
        }
        let mut chain = PeerChain::default();
        let mut bytes = 0;
        for number in numbers {
            let (start, end) = self.place(*number)?;
            bytes += end - start;
            if bytes > MAX_CHAIN_BYTES {
                return Err(too_many);
            }
            let certificate = self.read(start, end).map_err(Damage::Scratch)?;
            chain.certificates.push(certificate);
        }
        Ok(chain)
    }

    fn place(&self, number: u32) -> Result<(u64, u64), Damage> {
        let missing = Damage::NoSuchCertificate(number);
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let end = *self.ends.get(index).ok_or(missing)?;
        let before = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        Ok((before.copied().unwrap_or_default(), end))
    }

    fn read(&mut self, start: u64, end: u64) -> io::Result<Arc<Certificate>> {
        self.der.clear();
        self.scratch.seek(SeekFrom::Start(start))?;
        let mut part = (&mut self.scratch).take(end - start);
        part.read_to_end(&mut self.der)?;
        Ok(self.known.intern(&self.der))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_scratch_file_is_bounded() {
        let mut certificates = Certificates::new(Cursor::new(Vec::new()));
        certificates.add(&[0x30, 0x00]).unwrap();
        certificates.ends.push(MAX_ALL_BYTES);
        let refused = certificates.add(&[0x30]).unwrap_err().to_string();
        assert!(refused.contains("bytes of certificates"), "{refused}");
        assert_eq!(certificates.scratch.get_ref().len(), 2);
        assert_eq!(certificates.chain(&[0]).unwrap().certificates.len(), 1);
    }
}
