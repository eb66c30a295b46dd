//! Asks rustls-webpki about exactly one path and maps its errors to our reasons. The signatures of
//! the path are already verified, so webpki gets algorithms that recognise them and verifies none
//! twice.

use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, Error, KeyUsage};

use crate::crypto::der::{self, DerReader, tag};
use crate::crypto::{Key, KeyAlgorithm, RSA_BITS};
use crate::observation::{Certificate, Contents};
use crate::verdict::Barrier;

/// Answer of webpki about a path, without dates.
pub(super) enum Confirmed {
    /// It accepts the path.
    Accepted,
    /// There is no time at which all certificates are valid, so webpki never accepts the path. It
    /// does not reject the leaf under its issuer alone.
    Untimely,
    /// It rejects the path.
    Refused(Error),
}

/// Returns webpki's answer about the path from this leaf over these issuers to this anchor, without
/// dates: it checks the time nearest to `at` at which all certificates are valid. If there is no
/// such time, it checks only the leaf under its issuer.
pub(super) fn confirm(
    path: &[&Certificate],
    anchor: &TrustAnchor<'_>,
    proven: &[Signed<'_>],
    at: i64,
) -> Confirmed {
    let Some((leaf, issuers)) = path.split_first() else {
        return Confirmed::Accepted;
    };
    let answer = |answer: Result<(), Error>, accepted| match answer {
        Ok(()) => accepted,
        Err(error) => Confirmed::Refused(error),
    };
    if let Some(time) = common_time(path, at) {
        let issuers = issuers.iter();
        let issuers: Vec<_> = issuers
            .map(|it| CertificateDer::from(it.der.as_ref()))
            .collect();
        let asked = ask(&leaf.der, &issuers, anchor, proven, time);
        return answer(asked, Confirmed::Accepted);
    }
    match (common_time(&path[..1], at), issuers.first()) {
        (Some(time), Some(issuer)) => {
            let issuer = webpki::anchor_from_trusted_cert(&issuer.der);
            let asked = issuer.and_then(|issuer| ask(&leaf.der, &[], &issuer, proven, time));
            answer(asked, Confirmed::Untimely)
        }
        _ => Confirmed::Untimely,
    }
}

/// Returns true if webpki accepts the leaf directly under this issuer. It verifies the signature.
pub(super) fn accepts_under(leaf: &Certificate, issuer: &Certificate, at: i64) -> bool {
    let anchor = webpki::anchor_from_trusted_cert(&issuer.der);
    anchor.is_ok_and(|anchor| ask(&leaf.der, &[], &anchor, &[], at).is_ok())
}

/// webpki parses certificates of up to 64 KiB (`TWO_BYTE_DER_SIZE` in its `cert.rs`). Clients have
/// no such limit.
const MAX_SIZE: usize = 0xffff;

/// Returns true if webpki rejected a certificate for its size.
pub(super) fn too_large(error: &Error, path: &[&Certificate]) -> bool {
    let unread = matches!(error, Error::TrailingData(_) | Error::BadDer);
    unread
        && path
            .iter()
            .any(|certificate| certificate.der.len() > MAX_SIZE)
}

/// Returns true if webpki has an algorithm for this signature under this SubjectPublicKeyInfo
/// (DER). Our own verification supports more algorithms.
pub(super) fn supports(certificate: &Certificate, contents: &Contents, spki: &[u8]) -> bool {
    let behind = certificate.der.get(contents.tbs.end..).unwrap_or_default();
    let algorithm = DerReader::new(behind).expect(tag::SEQUENCE);
    let key = der::only(spki, tag::SEQUENCE).and_then(|it| it.inside().expect(tag::SEQUENCE));
    let (Some(algorithm), Some(key)) = (algorithm, key) else {
        return false;
    };
    webpki::ALL_VERIFICATION_ALGS.iter().any(|known| {
        *known.signature_alg_id() == *algorithm.content
            && *known.public_key_alg_id() == *key.content
    })
}

/// Returns the time nearest to `at` at which all certificates are valid, or `None` if there is
/// none.
fn common_time(path: &[&Certificate], at: i64) -> Option<i64> {
    let contents = || path.iter().filter_map(|it| it.contents.as_ref().ok());
    let from = contents().map(|it| it.not_before).max()?;
    let until = contents().map(|it| it.not_after).min()?;
    (from <= until).then(|| at.clamp(from, until))
}

fn ask(
    leaf: &CertificateDer<'_>,
    issuers: &[CertificateDer<'_>],
    anchor: &TrustAnchor<'_>,
    proven: &[Signed<'_>],
    time: i64,
) -> Result<(), Error> {
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let recognising: Vec<Recognising<'_>>;
    let known: Vec<&dyn SignatureVerificationAlgorithm>;
    let algorithms = match proven.is_empty() {
        true => algorithms,
        false => {
            let each = algorithms.iter().map(|algorithm| Recognising {
                algorithm: *algorithm,
                proven,
            });
            recognising = each.collect();
            let each = recognising.iter();
            known = each.map(|algorithm| algorithm as _).collect();
            &known
        }
    };
    // webpki supports no time before 1970.
    let seconds = std::time::Duration::from_secs(u64::try_from(time).unwrap_or(0));
    let leaf = EndEntityCert::try_from(leaf)?;
    let verified = leaf.verify_for_usage(
        algorithms,
        std::slice::from_ref(anchor),
        issuers,
        UnixTime::since_unix_epoch(seconds),
        KeyUsage::server_auth(),
        None,
        None,
    );
    verified.map(drop)
}

/// A verified signature of a certificate.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    /// The subjectPublicKey of the signer.
    key: &'a [u8],
    /// The signed bytes.
    message: &'a [u8],
    /// The signature.
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Returns a signature that was verified under this SubjectPublicKeyInfo (DER), or `None` for
    /// keys whose size webpki rejects: it has to see those itself.
    pub(super) fn by(
        certificate: &'a Certificate,
        contents: &Contents,
        spki: &'a [u8],
    ) -> Option<Self> {
        let key = Key::read(spki)?;
        let rsa = matches!(key.algorithm, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss);
        if rsa && key.bits.is_none_or(|bits| !RSA_BITS.contains(&bits)) {
            return None;
        }
        Some(Self {
            key: key.bytes,
            message: certificate.der.get(contents.tbs.clone())?,
            signature: certificate.der.get(contents.signature_value.clone())?,
        })
    }
}

/// An algorithm of webpki that recognises verified signatures.
#[derive(Debug)]
struct Recognising<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    proven: &'a [Signed<'a>],
}

impl SignatureVerificationAlgorithm for Recognising<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let known = |signed: &Signed<'_>| {
            signed.signature == signature && signed.key == public_key && signed.message == message
        };
        match self.proven.iter().any(known) {
            true => Ok(()),
            false => self
                .algorithm
                .verify_signature(public_key, message, signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

/// Returns our reason for an error of webpki.
pub(super) fn reason(error: &Error) -> Barrier {
    match error {
        Error::CaUsedAsEndEntity => Barrier::CaUsedAsEndEntity,
        Error::CertDistrusted => Barrier::Distrusted,
        Error::EndEntityUsedAsCa => Barrier::NotACa,
        Error::PathLenConstraintViolated => Barrier::PathLength,
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => {
            Barrier::ExtendedKeyUsage
        }
        Error::NameConstraintViolation
        | Error::MalformedNameConstraint
        | Error::InvalidNetworkMaskConstraint
        | Error::MaximumNameConstraintComparisonsExceeded => Barrier::NameConstraints,
        Error::InvalidSignatureForPublicKey => Barrier::BadSignature,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Barrier::UnsupportedAlgorithm
        }
        Error::SignatureAlgorithmMismatch => Barrier::SignatureAlgorithmMismatch,
        Error::UnsupportedCertVersion => Barrier::Version,
        Error::UnsupportedCriticalExtension => Barrier::UnknownCriticalExtension,
        Error::ExtensionValueInvalid | Error::MalformedExtensions => Barrier::MalformedExtension,
        Error::InvalidCertValidity => Barrier::Validity,
        Error::InvalidSerialNumber => Barrier::SerialNumber,
        Error::MalformedDnsIdentifier => Barrier::MalformedName,
        Error::MaximumPathDepthExceeded => Barrier::PathTooLong,
        Error::MaximumSignatureChecksExceeded | Error::MaximumPathBuildCallsExceeded => {
            Barrier::TooManyCertificates
        }
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => Barrier::Malformed,
        _ => Barrier::Refused,
    }
}
