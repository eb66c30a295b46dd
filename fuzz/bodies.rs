//! What each fuzz target holds to be true of any bytes. Shared by the targets and by
//! tests/corpus.rs, which runs it over the corpus without a fuzzer.
#![allow(dead_code, reason = "each target runs one of them")]

use rustls_pki_types::CertificateDer;
use tlsweep::observation::Certificate;
use tlsweep::tls::{self, Flight, Progress};

/// The record layer and the first flight: however the bytes are cut, the same is read, and no more
/// is kept than was sent.
pub(crate) fn flight(data: &[u8]) {
    let mut whole = Flight::default();
    let end = whole.push(data);
    let cut = data.first().map_or(1, |byte| usize::from(*byte % 7) + 1);
    let mut pieces = Flight::default();
    let mut end_of_pieces = pieces.progress();
    for piece in data.chunks(cut) {
        end_of_pieces = pieces.push(piece);
    }
    assert_eq!(end, end_of_pieces);
    assert_eq!(whole.server_hello, pieces.server_hello);
    assert_eq!(whole.certificates, pieces.certificates);
    assert_eq!(whole.key_exchange, pieces.key_exchange);
    assert_eq!(whole.signed_params, pieces.signed_params);
    assert_eq!(whole.fatal_alert, pieces.fatal_alert);
    let kept: usize = whole.certificates.iter().flatten().map(Vec::len).sum();
    let signed = whole.signed_params.as_ref();
    let signed = signed.map_or(0, |it| it.params.len() + it.signature.len());
    assert!(kept + signed <= data.len());
    assert!(whole.opening().len() <= tls::MAX_OPENING);
    if let Progress::Failed(error) = end {
        assert!(!error.to_string().is_empty());
    }
}

/// A certificate: it is read or named unreadable, and what it points at lies within it.
pub(crate) fn certificate(data: &[u8]) {
    let read = Certificate::read(CertificateDer::from(data.to_vec()));
    let again = Certificate::read(CertificateDer::from(data.to_vec()));
    assert_eq!(read.sha256, again.sha256);
    assert_eq!(read.contents.is_ok(), again.contents.is_ok());
    if let Ok(contents) = &read.contents {
        assert!(data.get(contents.tbs.clone()).is_some());
        assert!(data.get(contents.signature_value.clone()).is_some());
    }
}

/// Bytes that are not TLS: they get a name or a printable beginning, never anything a terminal would
/// obey.
pub(crate) fn opening(data: &[u8]) {
    let shown = match tls::spoken(data) {
        Some(protocol) => protocol.to_owned(),
        None => tls::printable_prefix(data),
    };
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(tls::may_be_tls(&data[..data.len().min(1)]) || !tls::may_be_tls(data));
}
