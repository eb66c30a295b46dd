//! Captures what rustls passes only to callbacks: the chain, the staple, the handshake signature and
//! the request for a client certificate. It accepts everything, because other code judges it later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::crypto::{self, SignatureCheck};
use crate::observation::{Certificate, CertificateCache, KeyFamily, KeyProof, PeerChain};
use crate::tls::Flight;

/// Everything captured in one handshake.
#[derive(Debug, Default)]
pub(super) struct Captured {
    pub(super) chain: Option<PeerChain>,
    pub(super) ocsp_staple: Option<Vec<u8>>,
    pub(super) scheme: Option<u16>,
    pub(super) key_proof: Option<KeyProof>,
    /// True if the server asked for a client certificate, or `None` if its flight did not get that far.
    pub(super) client_cert_requested: Option<bool>,
    /// True if more certificates were declared than arrived.
    pub(super) chain_cut: bool,
}

/// Callbacks for one handshake.
#[derive(Debug)]
pub(super) struct Capture {
    captured: Mutex<Captured>,
    signatures: &'static [u16],
    keys: Option<KeyFamily>,
    certificates: Arc<Mutex<CertificateCache>>,
}

impl Capture {
    /// Returns an empty capture that offers these signature schemes. If `keys` is given, only schemes of
    /// that family are offered.
    pub(super) fn new(
        certificates: Arc<Mutex<CertificateCache>>,
        signatures: &'static [u16],
        keys: Option<KeyFamily>,
    ) -> Self {
        Self {
            captured: Mutex::default(),
            signatures,
            keys,
            certificates,
        }
    }

    /// Removes and returns what was captured so far.
    pub(super) fn take(&self) -> Captured {
        std::mem::take(&mut lock(&self.captured))
    }

    fn prove(&self, message: &[u8], signed: &DigitallySignedStruct) -> KeyProof {
        let captured = lock(&self.captured);
        let leaf = captured.chain.as_ref().and_then(PeerChain::leaf);
        let Some(Ok(contents)) = leaf.map(|leaf| &leaf.contents) else {
            return KeyProof::Unverifiable;
        };
        let scheme = u16::from(signed.scheme);
        match crypto::verify_handshake(scheme, &contents.key.spki, message, signed.signature()) {
            SignatureCheck::Valid => KeyProof::Proven,
            SignatureCheck::Invalid => KeyProof::Refuted,
            SignatureCheck::Unsupported => KeyProof::Unverifiable,
        }
    }

    /// Adds the content of an unencrypted flight, for a handshake that rustls did not complete.
    pub(super) fn add_flight(&self, captured: &mut Captured, flight: &Flight) {
        let sent = flight.certificates.iter().flatten();
        let sent: Vec<_> = sent
            .map(|der| CertificateDer::from(der.as_slice()))
            .collect();
        if let Some((leaf, others)) = sent.split_first() {
            captured.chain = Some(self.read(leaf, others));
        }
        captured.chain_cut = flight.certificates_cut;
        captured.ocsp_staple = flight.ocsp_staple.clone();
        captured.client_cert_requested = flight.client_cert_requested.then_some(true);
    }

    /// Parses the leaf, and takes the certificates after it from the cache. Most leaves occur once, and
    /// the others occur often.
    fn read(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> PeerChain {
        let leaf = Arc::new(Certificate::read(leaf.clone().into_owned()));
        let mut remembered = lock(&self.certificates);
        let others = others.iter().map(|der| remembered.intern(der));
        PeerChain {
            certificates: std::iter::once(leaf).chain(others).collect(),
        }
    }

    fn record(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let proof = self.prove(message, signed);
        let mut captured = lock(&self.captured);
        captured.scheme = Some(u16::from(signed.scheme));
        captured.key_proof = Some(proof);
        Ok(HandshakeSignatureValid::assertion())
    }
}

/// Locks the mutex, even if a thread panicked while it held the lock: the data is still usable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ServerCertVerifier for Capture {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = self.read(end_entity, intermediates);
        let mut captured = lock(&self.captured);
        captured.chain = Some(chain);
        captured.client_cert_requested.get_or_insert(false);
        captured.ocsp_staple = Some(ocsp_response.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        _cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.record(message, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        _cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.record(message, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let schemes = self.signatures.iter().copied();
        let offered = schemes.filter(|scheme| self.keys.is_none_or(|family| family.signs(*scheme)));
        offered.map(SignatureScheme::from).collect()
    }
}

impl ResolvesClientCert for Capture {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        lock(&self.captured).client_cert_requested = Some(true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
