//! Certificates described by a few properties, and real certificates built from the descriptions. A
//! fixed pool of keys signs everything, because creating keys would take most of the time.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    NameConstraints, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tlsweep::observation::Certificate;

/// The requested name of every observation.
pub(crate) const NAME: &str = "www.example.test";

/// Time of judging: 2026-06-01, in seconds since the epoch.
pub(crate) const AT: i64 = 1_780_272_000;

/// Number of keys in the pool: more than any mesh has.
pub(crate) const KEYS: usize = 16;

static POOL: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
    let generate = |_| KeyPair::generate().expect("a P-256 key");
    (0..KEYS).map(generate).collect()
});

/// Validity period of a certificate, relative to `AT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dates {
    /// Valid now, and until this many years after 2028.
    Valid(u8),
    /// Valid for ten more days.
    Soon,
    /// Expired.
    Expired,
    /// Not yet valid.
    Coming,
}

/// Effect of a CA's name constraints on `NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// No name constraints.
    Free,
    /// Permit it.
    Permits,
    /// Permit only other names.
    PermitsOthers,
    /// Exclude other names.
    ExcludesOthers,
    /// Exclude it.
    Excludes,
}

/// The extended key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// No extension.
    Any,
    /// Server authentication.
    Server,
    /// Client authentication only.
    Client,
}

/// Description of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// Number of its subject name. Leaf names have higher numbers than CA names.
    pub(crate) subject: usize,
    /// Number of its key.
    pub(crate) key: usize,
    /// Number of its issuer name.
    pub(crate) issuer: usize,
    /// Number of the key that signed it.
    pub(crate) signer: usize,
    /// Its validity.
    pub(crate) dates: Dates,
    /// `cA` of the basic constraints.
    pub(crate) ca: bool,
    /// True if its key usage contains keyCertSign. A leaf has digitalSignature instead.
    pub(crate) signs: bool,
    /// pathLenConstraint.
    pub(crate) path_len: Option<u8>,
    /// Extended key usage.
    pub(crate) usage: Usage,
    /// Name constraints.
    pub(crate) names: Names,
    /// True if it is on its issuer's CRL.
    pub(crate) revoked: bool,
    /// True if it has an authority key identifier, which is always that of the key that signed it.
    pub(crate) identified: bool,
    /// The properties of a leaf; `None` for a CA.
    pub(crate) leaf: Option<Leaf>,
}

/// Properties that only leaves have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// True if it is valid for `NAME`.
    pub(crate) named: bool,
    /// True if it has an AIA URL. The tests never fetch it.
    pub(crate) addressed: bool,
}

impl Spec {
    /// Returns true if its subject is its issuer.
    pub(crate) fn self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Returns the validity period as year, month and day.
    fn validity(&self) -> [(i32, u8, u8); 2] {
        match (self.dates, self.leaf.is_some()) {
            (Dates::Valid(_), true) => [(2026, 4, 1), (2026, 12, 1)],
            (Dates::Valid(years), false) => [(2019, 1, 1), (2028 + i32::from(years), 1, 1)],
            (Dates::Soon, true) => [(2026, 4, 1), (2026, 6, 20)],
            (Dates::Soon, false) => [(2019, 1, 1), (2026, 6, 11)],
            (Dates::Expired, true) => [(2026, 1, 1), (2026, 5, 1)],
            (Dates::Expired, false) => [(2015, 1, 1), (2025, 1, 1)],
            (Dates::Coming, true) => [(2026, 7, 1), (2026, 12, 1)],
            (Dates::Coming, false) => [(2026, 9, 1), (2031, 1, 1)],
        }
    }

    /// Returns `notAfter` in a form that has the order of the dates.
    pub(crate) fn until(&self) -> (i32, u8, u8) {
        self.validity()[1]
    }

    fn make(&self, serial: usize) -> rcgen::Certificate {
        let mut params = CertificateParams::default();
        let [from, until] = self.validity();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.serial_number = Some(self::serial(serial));
        params.distinguished_name = named(self.subject);
        params.use_authority_key_identifier_extension = self.identified;
        params.is_ca = match (self.ca, self.path_len) {
            (false, _) => IsCa::ExplicitNoCa,
            (true, None) => IsCa::Ca(BasicConstraints::Unconstrained),
            (true, Some(allowed)) => IsCa::Ca(BasicConstraints::Constrained(allowed)),
        };
        params.key_usages = match (self.leaf, self.signs) {
            (Some(_), _) => vec![KeyUsagePurpose::DigitalSignature],
            (None, true) => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            (None, false) => vec![KeyUsagePurpose::CrlSign],
        };
        params.extended_key_usages = match self.usage {
            Usage::Any => Vec::new(),
            Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        let tree = |name: &str| vec![GeneralSubtree::DnsName(name.to_owned())];
        let (permitted, excluded) = match self.names {
            Names::Free => (Vec::new(), Vec::new()),
            Names::Permits => (tree("example.test"), Vec::new()),
            Names::PermitsOthers => (tree("other.test"), Vec::new()),
            Names::ExcludesOthers => (Vec::new(), tree("other.test")),
            Names::Excludes => (Vec::new(), tree("example.test")),
        };
        params.name_constraints = (self.names != Names::Free).then_some(NameConstraints {
            permitted_subtrees: permitted,
            excluded_subtrees: excluded,
        });
        if let Some(leaf) = self.leaf {
            let name = if leaf.named {
                NAME
            } else {
                "mail.example.test"
            };
            let with_names = CertificateParams::new(vec![name.to_owned()]).expect("a name");
            params.subject_alt_names = with_names.subject_alt_names;
            params
                .custom_extensions
                .extend(leaf.addressed.then(address));
        }
        let mut issuer = CertificateParams::default();
        issuer.distinguished_name = named(self.issuer);
        let issuer = Issuer::from_params(&issuer, &POOL[self.signer]);
        let made = params.signed_by(&POOL[self.key], &issuer);
        made.expect("a certificate")
    }
}

fn named(number: usize) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, format!("Mesh CA {number}"));
    name
}

fn serial(number: usize) -> SerialNumber {
    SerialNumber::from(u64::try_from(number).expect("a small number") + 4096)
}

/// Returns a caIssuers extension with a URL that is never fetched.
fn address() -> CustomExtension {
    let uri = b"http://127.0.0.1/issuer.cer";
    let tlv = |tag: u8, content: &[u8]| {
        let size = u8::try_from(content.len()).expect("it is short");
        [&[tag, size], content].concat()
    };
    let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let access = tlv(0x30, &[method, tlv(0x86, uri)].concat());
    let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    CustomExtension::from_oid_content(&oid, tlv(0x30, &access))
}

/// Descriptions and the certificates built from them, with the same numbers.
#[derive(Clone)]
pub(crate) struct Mesh {
    /// The descriptions.
    pub(crate) specs: Vec<Spec>,
    /// The certificates.
    pub(crate) made: Vec<Arc<Certificate>>,
    /// The same certificates as PEM.
    pub(crate) pem: Vec<String>,
}

impl Mesh {
    /// Builds the certificates.
    pub(crate) fn of(specs: Vec<Spec>) -> Self {
        let all = specs.iter().enumerate();
        let all: Vec<_> = all.map(|(serial, spec)| spec.make(serial)).collect();
        let read = |made: &rcgen::Certificate| {
            let certificate = Certificate::read(made.der().clone());
            assert!(certificate.contents.is_ok(), "{specs:?}");
            Arc::new(certificate)
        };
        Self {
            made: all.iter().map(read).collect(),
            pem: all.iter().map(rcgen::Certificate::pem).collect(),
            specs,
        }
    }

    /// Returns the CRLs (DER) of every issuer, by name and key.
    pub(crate) fn lists(&self) -> Vec<Vec<u8>> {
        let mut issuers: Vec<_> = self.specs.iter().map(|s| (s.issuer, s.signer)).collect();
        issuers.sort_unstable();
        issuers.dedup();
        let made = issuers.into_iter().map(|(name, key)| {
            let listed = self
                .specs
                .iter()
                .enumerate()
                .filter(|(_, spec)| spec.revoked && spec.issuer == name && spec.signer == key);
            let mut serials: Vec<_> = listed.map(|(place, _)| serial(place)).collect();
            // No CRL is empty: RFC 5280 section 5.1.2.6 requires that the field is absent then.
            serials.push(serial(60_000));
            list(name, key, serials)
        });
        made.collect()
    }
}

fn list(name: usize, key: usize, serials: Vec<SerialNumber>) -> Vec<u8> {
    let entry = |serial_number| RevokedCertParams {
        serial_number,
        revocation_time: date_time_ymd(2026, 5, 4),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 5, 30),
        next_update: date_time_ymd(2039, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: serials.into_iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = named(name);
    issuer.key_usages = vec![KeyUsagePurpose::CrlSign];
    let issuer = Issuer::from_params(&issuer, &POOL[key]);
    list.signed_by(&issuer).expect("a list").der().to_vec()
}
