//! Writes each certificate of a sweep once into one PEM file (`--certs`), for use with other tools.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;

use super::{Clean, OutputError, Reserved, outputs, pem};
use crate::crypto::Fingerprint;
use crate::observation::{Certificate, PeerChain};

/// Writes every distinct certificate as a PEM block. The line before the block has its SHA-256,
/// which records use to refer to it, and its subject.
pub struct CertificateFile {
    name: String,
    writer: Box<dyn Write + Send>,
    // The first eight bytes of each hash. Among 100 million certificates two collide about once in
    // 3,000 sweeps; one of the two is then missing from this file, and nothing else is affected.
    seen: HashSet<u64>,
    block: String,
}

impl CertificateFile {
    /// Empties the file and starts writing to it.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be emptied.
    pub fn begin(reserved: Reserved) -> Result<Self, OutputError> {
        let (name, writer) = outputs::begin(reserved)?;
        Ok(Self {
            name,
            writer,
            seen: HashSet::new(),
            block: String::new(),
        })
    }

    /// Adds the certificates that a server sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn add(&mut self, chain: &PeerChain) -> Result<(), OutputError> {
        for certificate in &chain.certificates {
            if self.seen.insert(prefix(&certificate.sha256)) {
                self.write(certificate)?;
            }
        }
        Ok(())
    }

    /// Writes buffered blocks to the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        let flushed = self.writer.flush();
        flushed.map_err(|source| OutputError::write(&self.name, source))
    }

    fn write(&mut self, certificate: &Certificate) -> Result<(), OutputError> {
        self.block.clear();
        let subject = match &certificate.contents {
            Ok(contents) => &*contents.subject.text,
            Err(_) => "unparseable",
        };
        // Cleaned text has no line breaks, so a subject cannot imitate a PEM block.
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
