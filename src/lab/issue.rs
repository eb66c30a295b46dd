//! Issues certificates: authorities, drafts of certificates, and the workshop with the keys that
//! all cases share. It contains no server code.
//!
//! Dates are relative to a point in time given by the caller, so that a lab for a fixed day is the
//! same on every day.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, PublicKeyData, RsaKeySize, SanType, SerialNumber, SignatureAlgorithm,
    date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::error::LabError;
use crate::crypto::Fingerprint;

/// A certificate that has not been signed yet.
pub(super) struct Draft {
    params: CertificateParams,
    now: Timestamp,
}

impl Draft {
    /// Returns a leaf as a careful CA would issue it: valid for 90 days, of which 60 are left.
    pub(super) fn leaf(now: Timestamp, names: &[&str]) -> Result<Self, LabError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(names.first().copied().unwrap_or("nameless"));
        params.subject_alt_names = names
            .iter()
            .map(|name| subject_alt_name(name))
            .collect::<Result<_, _>>()?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(Self { params, now }.days(-30, 60))
    }

    /// Returns a CA certificate, valid for eleven years, of which ten are left.
    pub(super) fn authority(now: Timestamp, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        Self { params, now }.days(-365, 3650)
    }

    /// Sets the validity period, in days relative to the lab's current time.
    pub(super) fn days(mut self, from: i64, until: i64) -> Self {
        // Seconds since the epoch: a lab never runs before 1970.
        let at = |days: i64| {
            let seconds = self.now.as_second().saturating_add(days * 86_400);
            date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.try_into().unwrap_or(0))
        };
        self.params.not_before = at(from);
        self.params.not_after = at(until);
        self
    }

    /// Applies any other change.
    pub(super) fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.params);
        self
    }

    /// Signs the draft with its own key.
    pub(super) fn self_signed(self, key: &KeyPair) -> Result<CertificateDer<'static>, LabError> {
        Ok(self.params.self_signed(key)?.into())
    }
}

/// A CA: its certificate and its key.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    issued: Cell<u64>,
}

impl Authority {
    /// Creates a root.
    pub(super) fn root(draft: Draft) -> Result<Self, LabError> {
        // A root's authority key identifier would only repeat its subject key identifier.
        let draft = draft.with(|params| params.use_authority_key_identifier_extension = false);
        let issuer = CertifiedIssuer::self_signed(draft.params, KeyPair::generate()?)?;
        Ok(Self::new(issuer))
    }

    /// Creates a CA below this one.
    pub(super) fn subordinate(&self, draft: Draft) -> Result<Self, LabError> {
        let draft = self.numbered(draft);
        let issuer = CertifiedIssuer::signed_by(draft.params, KeyPair::generate()?, &self.issuer)?;
        Ok(Self::new(issuer))
    }

    /// Issues a certificate for a key.
    pub(super) fn issue(
        &self,
        draft: Draft,
        key: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, LabError> {
        let params = self.numbered(draft).params;
        Ok(params.signed_by(key, &self.issuer)?.into())
    }

    /// Issues another certificate for the key of an existing authority (a cross-signed
    /// certificate).
    pub(super) fn cross_sign(
        &self,
        draft: Draft,
        other: &Self,
    ) -> Result<CertificateDer<'static>, LabError> {
        self.issue(draft, other.issuer.key())
    }

    /// Returns its certificate.
    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Returns its certificate as PEM.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn new(issuer: CertifiedIssuer<'static, KeyPair>) -> Self {
        let issued = Cell::new(0);
        Self { issuer, issued }
    }

    /// Sets the next serial number. rcgen would derive it from the subject's key, which the lab's
    /// leaves share, and some clients refuse a serial number that they have seen before.
    fn numbered(&self, draft: Draft) -> Draft {
        self.issued.set(self.issued.get() + 1);
        let number = self.issued.get().to_be_bytes();
        let mut serial = Fingerprint::of(&[&number[..], self.issuer.der()].concat()).0;
        // The number is positive and has no leading zeros.
        serial[0] = serial[0] & 0x7f | 0x40;
        draft.with(|params| params.serial_number = Some(SerialNumber::from_slice(&serial[..16])))
    }
}

/// The keys and authorities that the cases share. Creating them is the slow part of a lab, so it is
/// done once.
pub(super) struct Workshop {
    pub(super) now: Timestamp,
    /// The root that the lab's clients trust.
    pub(super) root: Authority,
    /// The intermediate that signs most leaves.
    pub(super) intermediate: Authority,
    /// A CA below `intermediate`.
    pub(super) deep: Authority,
    /// A root that no client of the lab trusts.
    pub(super) stranger: Authority,
    pub(super) keys: Keys,
}

/// The keys of the leaves. One of each type is enough, since no case is about shared keys.
pub(super) struct Keys {
    pub(super) p256: Key,
    pub(super) other_p256: Key,
    pub(super) p384: Key,
    pub(super) rsa: Key,
}

/// A key that several servers use.
pub(super) type Key = Arc<KeyPair>;

impl Keys {
    fn new() -> Result<Self, LabError> {
        Ok(Self {
            p256: Self::new_p256()?,
            other_p256: Self::new_p256()?,
            p384: Arc::new(KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?),
            rsa: Self::new_rsa()?,
        })
    }

    pub(super) fn new_p256() -> Result<Key, LabError> {
        Ok(Arc::new(KeyPair::generate()?))
    }

    /// Creates an RSA key of 2048 bits; by far the slowest to create.
    pub(super) fn new_rsa() -> Result<Key, LabError> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        Ok(Arc::new(key))
    }
}

impl Workshop {
    /// Creates keys and authorities; this is slow because of the RSA key.
    pub(super) fn open(now: Timestamp) -> Result<Self, LabError> {
        let root = Authority::root(Draft::authority(now, "tlsweep lab root"))?;
        let intermediate = root.subordinate(Draft::authority(now, "tlsweep lab intermediate"))?;
        let deep = intermediate.subordinate(Draft::authority(now, "tlsweep lab deep"))?;
        let stranger = Authority::root(Draft::authority(now, "tlsweep lab stranger root"))?;
        Ok(Self {
            now,
            root,
            intermediate,
            deep,
            stranger,
            keys: Keys::new()?,
        })
    }

    /// Returns the draft of an ordinary leaf.
    pub(super) fn leaf(&self, name: &str) -> Result<Draft, LabError> {
        Draft::leaf(self.now, &[name])
    }

    /// Returns the draft of an authority.
    pub(super) fn authority(&self, name: &str) -> Draft {
        Draft::authority(self.now, name)
    }

    /// Returns an ordinary chain: a leaf for `key`, issued by the intermediate, and the
    /// intermediate.
    pub(super) fn chain_for(
        &self,
        draft: Draft,
        key: &impl PublicKeyData,
    ) -> Result<Vec<CertificateDer<'static>>, LabError> {
        Ok(vec![
            self.intermediate.issue(draft, key)?,
            self.intermediate.certificate(),
        ])
    }
}

/// A short RSA public key without a private key. It can be certified, and served where the server
/// never signs.
pub(super) struct WeakKey {
    public: Vec<u8>,
}

impl WeakKey {
    /// Creates a key of this length, at most 1024 bits and a multiple of eight.
    pub(super) fn of_bits(bits: usize) -> Self {
        // RSAPublicKey (RFC 8017 A.1.1): SEQUENCE { INTEGER modulus, INTEGER 65537 }. The modulus
        // is any odd number with its top bit set, hence the leading zero.
        let modulus = [&[0][..], &vec![0xb5; bits / 8]].concat();
        let length = |content: &[u8]| u8::try_from(content.len()).unwrap_or(u8::MAX);
        let mut numbers = vec![0x02, 0x81, length(&modulus)];
        numbers.extend(modulus);
        numbers.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        let public = [&[0x30, 0x81, length(&numbers)][..], &numbers].concat();
        Self { public }
    }
}

impl PublicKeyData for WeakKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// Returns the authority information access extension (RFC 5280 section 4.2.2.1) with one caIssuers
/// URL. The URL must be short: every length is written in one byte.
pub(super) fn ca_issuers(url: &str) -> CustomExtension {
    let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX).min(0x7f);
    // 1.3.6.1.5.5.7.48.2, id-ad-caIssuers.
    let method = [0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    // [6] IA5String: a URI among the general names.
    let location = [&[0x86, short(url.len())], url.as_bytes()].concat();
    let description = [&method[..], &location].concat();
    let sequence = [&[0x30, short(description.len())], &description[..]].concat();
    let content = [&[0x30, short(sequence.len())], &sequence[..]].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

/// Returns a critical extension that no client knows, under the arc that IANA reserves for
/// documentation (RFC 5612).
pub(super) fn unknown_critical() -> CustomExtension {
    let null = vec![0x05, 0x00];
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 32473, 1], null);
    extension.set_criticality(true);
    extension
}

/// Returns the certificate with one bit of its signature flipped. The signature is the last part of
/// a certificate, and the last byte of an ECDSA signature belongs to its number `s`.
pub(super) fn spoil_signature(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut der = certificate.as_ref().to_vec();
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    der.into()
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "tlsweep lab");
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn subject_alt_name(name: &str) -> Result<SanType, LabError> {
    Ok(match name.parse::<Ipv4Addr>() {
        Ok(address) => SanType::IpAddress(IpAddr::V4(address)),
        Err(_) => SanType::DnsName(name.try_into()?),
    })
}
