//! CRL distribution points: the names of revocation lists, in certificates (RFC 5280 section
//! 4.2.1.13) and in the lists themselves (section 5.2.5). Names are stored in a canonical form, so
//! that equal names are equal bytes.

use crate::crypto::der::{self, DerReader, Element, tag};
use crate::observation::DistinguishedName;

/// Maximum number of points of one certificate, and of names of one point. Certificates on the web
/// have two or three.
const MAX_ENTRIES: usize = 64;

/// All reasons that a list can be limited to: bits 1 to 8 of ReasonFlags.
pub(crate) const ALL_REASONS: u16 = 0x1fe;

/// A GeneralName in comparable form.
pub(crate) type PointName = Box<[u8]>;

/// A distribution point of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// Names of its lists. If the point gives none, they are those of `issuers`.
    pub(crate) names: Vec<PointName>,
    /// Reasons that its lists cover, as bits.
    pub(crate) reasons: u16,
    /// Names of the issuer of the lists, if it is not the certificate's issuer.
    pub(crate) issuers: Option<Vec<PointName>>,
}

impl Point {
    /// Returns the point of lists that the certificate does not name and that its own issuer issues
    /// (section 6.3.3).
    pub(crate) fn of_issuer(issuer: &DistinguishedName) -> Self {
        Self {
            names: vec![directory_name(issuer.canonical())],
            reasons: ALL_REASONS,
            issuers: None,
        }
    }
}

/// Parses the cRLDistributionPoints extension of a certificate of this issuer, up to the first
/// malformed point.
pub(crate) fn distribution_points(value: &[u8], issuer: &DistinguishedName) -> Vec<Point> {
    let Some(list) = der::only(value, tag::SEQUENCE) else {
        return Vec::new();
    };
    let mut list = list.inside();
    let next = || point(list.expect(tag::SEQUENCE)?.inside(), issuer);
    std::iter::from_fn(next).take(MAX_ENTRIES).collect()
}

fn point(mut fields: DerReader<'_>, issuer: &DistinguishedName) -> Option<Point> {
    let name = fields.take_if(tag::constructed(0))?;
    let reasons = match fields.take_if(tag::primitive(1))? {
        Some(flags) => reason_flags(flags.content)?,
        None => ALL_REASONS,
    };
    let issuers = match fields.take_if(tag::constructed(2))? {
        Some(names) => Some(general_names(names.inside())?),
        None => None,
    };
    // A relative name is relative to the issuer of the list.
    let base = match &issuers {
        Some(issuers) => issuers.iter().find_map(|name| directory(name))?,
        None => issuer.canonical(),
    };
    let names = match (&name, &issuers) {
        (Some(name), _) => point_names(name, base)?,
        (None, Some(issuers)) => issuers.clone(),
        (None, None) => return None,
    };
    Some(Point {
        names,
        reasons,
        issuers,
    })
}

/// Parses the names of a DistributionPointName, given the `[0]` around it. `base` is the canonical
/// form of the name that a relative name is relative to.
pub(crate) fn point_names(name: &Element<'_>, base: &[u8]) -> Option<Vec<PointName>> {
    let mut choice = name.inside();
    let names = choice.next().filter(|_| choice.is_empty())?;
    if names.tag == tag::constructed(1) {
        let relative = DistinguishedName::canonical_relative(names.content)?;
        return Some(vec![directory_name(&[base, &relative].concat())]);
    }
    match names.tag == tag::constructed(0) {
        true => general_names(names.inside()),
        false => None,
    }
}

/// Parses GeneralNames, or the elements inside.
pub(super) fn general_names(mut list: DerReader<'_>) -> Option<Vec<PointName>> {
    let mut names = Vec::new();
    while !list.is_empty() {
        let name = list.next()?;
        if names.len() < MAX_ENTRIES {
            names.push(match name.tag {
                DIRECTORY => directory_name(&DistinguishedName::canonical_of(name.content)?),
                tag => [&[tag], name.content].concat().into(),
            });
        }
    }
    Some(names)
}

/// Tag of directoryName.
const DIRECTORY: u8 = tag::constructed(4);

/// Returns a directoryName, given its canonical form.
pub(crate) fn directory_name(canonical: &[u8]) -> PointName {
    [&[DIRECTORY], canonical].concat().into()
}

/// Returns the canonical form of a directoryName, or `None` for other kinds of name.
pub(crate) fn directory(name: &PointName) -> Option<&[u8]> {
    name.strip_prefix(&[DIRECTORY])
}

/// Parses ReasonFlags. Bit 0 is the highest bit of the first byte, and is not used.
pub(super) fn reason_flags(bits: &[u8]) -> Option<u16> {
    let (unused, bytes) = bits.split_first()?;
    if *unused > 7 || bytes.len() > 2 {
        return None;
    }
    let low = bytes.first().copied().unwrap_or(0).reverse_bits();
    let high = bytes.get(1).copied().unwrap_or(0).reverse_bits();
    Some(u16::from_le_bytes([low, high]) & ALL_REASONS)
}
