//! Writing the saved form.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::frame::{FULL, Packer};
use super::line::{
    ANSWER, Answer, CERTIFICATE, END, End, HEADER, OBSERVATION, SavedAnswer, SavedHeader, Visit,
    Written,
};
use crate::observation::{Certificate, Observation, PeerChain, hex};

/// Writes observations, and each certificate before the first that sent it. Each frame reaches the
/// writer in one piece.
pub struct SavedWriter<W> {
    writer: W,
    packer: Packer,
    lines: Vec<u8>,
    /// The numbers of the certificates written, by half their SHA-256: to make two certificates
    /// that share it is as much work as 2^64 hashes.
    numbers: HashMap<[u8; 16], u32>,
    observations: u64,
}

impl<W: Write> SavedWriter<W> {
    /// Begins a file. Its header is passed on at once.
    pub fn new(writer: W, header: &SavedHeader) -> io::Result<Self> {
        let mut begun = Self {
            writer,
            packer: Packer::new()?,
            lines: Vec::with_capacity(FULL),
            numbers: HashMap::new(),
            observations: 0,
        };
        begun.line(HEADER, header)?;
        begun.flush()?;
        Ok(begun)
    }

    /// Adds what one visit showed.
    pub fn add(&mut self, observation: &Observation) -> io::Result<()> {
        let mut observation = observation.clone();
        let mut chains = Vec::with_capacity(observation.exchanges.len());
        for exchange in &mut observation.exchanges {
            let chain = exchange.chain.take();
            chains.push(chain.map(|chain| self.chain(&chain)).transpose()?);
        }
        let visit = Visit {
            observation,
            chains,
        };
        self.line(OBSERVATION, &visit)?;
        self.observations += 1;
        self.flush_full()
    }

    /// Adds what an address gave.
    pub fn add_answer(&mut self, answer: &SavedAnswer) -> io::Result<()> {
        let (certificates, failure) = match &answer.outcome {
            Ok(chain) => (self.chain(chain)?, None),
            Err(failure) => (Vec::new(), Some(failure.clone())),
        };
        let answer = Answer {
            address: answer.address.clone(),
            certificates,
            failure,
        };
        self.line(ANSWER, &answer)?;
        self.flush_full()
    }

    fn flush_full(&mut self) -> io::Result<()> {
        match self.lines.len() < FULL {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// Passes on what was added so far. Often asked for, it makes the file larger: what is said
    /// again in the next frame is written again.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            let frame = self.packer.pack(&self.lines)?;
            self.lines.clear();
            self.writer.write_all(&frame)?;
        }
        self.writer.flush()
    }

    /// Writes what ends the file.
    pub fn finish(&mut self) -> io::Result<()> {
        let observations = self.observations;
        self.line(END, &End { observations })?;
        self.flush()
    }

    fn chain(&mut self, chain: &PeerChain) -> io::Result<Vec<u32>> {
        let certificates = chain.certificates.iter();
        certificates
            .map(|certificate| self.number(certificate))
            .collect()
    }

    fn number(&mut self, certificate: &Certificate) -> io::Result<u32> {
        let mut key = [0; 16];
        key.copy_from_slice(&certificate.sha256.0[..16]);
        if let Some(known) = self.numbers.get(&key) {
            return Ok(*known);
        }
        let number = u32::try_from(self.numbers.len()).map_err(io::Error::other)?;
        self.line(CERTIFICATE, &hex::encode(&certificate.der))?;
        self.numbers.insert(key, number);
        Ok(number)
    }

    fn line<T: Serialize>(&mut self, kind: &str, body: &T) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, &Written { kind, body })?;
        self.lines.push(b'\n');
        Ok(())
    }
}
