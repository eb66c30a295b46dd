//! The certificates of a sweep, each once, in one PEM file that other tools can read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;

use super::{Clean, OutputError, Reserved, outputs, pem};
use crate::crypto::Fingerprint;
use crate::observation::{Certificate, PeerChain};

/// Writes every certificate it is given once, as a PEM block below a line with its SHA-256, the
/// name that records know it by, and its subject.
pub struct CertificateFile {
    name: String,
    writer: Box<dyn Write + Send>,
    // Eight bytes of a hash: among 100 million certificates two share them by chance once in
    // some 3,000 sweeps, and then one is missing from this file and from nothing else.
    seen: HashSet<u64>,
    block: String,
}

impl CertificateFile {
    /// Begins the file.
    pub fn begin(reserved: Reserved) -> Result<Self, OutputError> {
        let (name, writer) = outputs::begin(reserved)?;
        Ok(Self {
            name,
            writer,
            seen: HashSet::new(),
            block: String::new(),
        })
    }

    /// Adds what a server sent.
    pub fn add(&mut self, chain: &PeerChain) -> Result<(), OutputError> {
        for certificate in &chain.certificates {
            if self.seen.insert(prefix(&certificate.sha256)) {
                self.write(certificate)?;
            }
        }
        Ok(())
    }

    /// Passes on what was written so far.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        let flushed = self.writer.flush();
        flushed.map_err(|source| OutputError::write(&self.name, source))
    }

    fn write(&mut self, certificate: &Certificate) -> Result<(), OutputError> {
        self.block.clear();
        let subject = match &certificate.contents {
            Ok(contents) => &*contents.subject.text,
            Err(_) => "cannot be read",
        };
        // Cleaned text has no line breaks, so that no subject can start a block of its own.
        let subject = Clean::bounded(subject, 200);
        // Writing to a String cannot fail.
        let _ = writeln!(self.block, "# {} {subject}", certificate.sha256);
        pem::certificate(&certificate.der, &mut self.block);
        let written = self.writer.write_all(self.block.as_bytes());
        written.map_err(|source| OutputError::write(&self.name, source))
    }
}

fn prefix(fingerprint: &Fingerprint) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&fingerprint.0[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn each_certificate_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certs.pem");
        let reserved = Reserved::open("--certs", &path).unwrap();
        let mut file = CertificateFile::begin(reserved).unwrap();
        for sample in [samples::expired(), samples::expired(), samples::hostile()] {
            file.add(sample.observation.chain().unwrap()).unwrap();
        }
        file.flush().unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written.matches("-----BEGIN CERTIFICATE-----").count(), 3);
        for line in written.lines().filter(|line| line.starts_with('#')) {
            assert!(line[2..66].parse::<Fingerprint>().is_ok(), "{line}");
        }
        assert!(written.lines().all(|line| !line.contains('\u{1b}')));
    }
}
