//! Distribution points: the names that lists go by, in certificates (RFC 5280 section 4.2.1.13) and
//! in the lists themselves (section 5.2.5). Names are held in a form in which equal ones are the
//! same bytes.

use crate::crypto::der::{self, Element, Reader, tag};
use crate::observation::DistinguishedName;

/// Points of one certificate, and names of one point, that are looked at. Certificates on the web have
/// two or three.
const MAX_ENTRIES: usize = 64;

/// All the reasons that a list may be limited to: bits 1 to 8 of ReasonFlags.
pub(crate) const ALL_REASONS: u16 = 0x1fe;

/// A GeneralName to be compared.
pub(crate) type PointName = Box<[u8]>;

/// A distribution point of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// The names of its lists, which are those of `issuers` where it gives none.
    pub(crate) names: Vec<PointName>,
    /// The reasons that its lists cover, as bits.
    pub(crate) reasons: u16,
    /// Who issues the lists, when that is not the certificate's issuer.
    pub(crate) issuers: Option<Vec<PointName>>,
}

impl Point {
    /// The point of lists that a certificate does not name and that its issuer issues (section 6.3.3).
    pub(crate) fn of_issuer(issuer: &DistinguishedName) -> Self {
        Self {
            names: vec![directory_name(issuer.canonical())],
            reasons: ALL_REASONS,
            issuers: None,
        }
    }
}

/// Reads cRLDistributionPoints, as far as it can be read, of a certificate of this issuer.
pub(crate) fn distribution_points(value: &[u8], issuer: &DistinguishedName) -> Vec<Point> {
    let Some(list) = der::only(value, tag::SEQUENCE) else {
        return Vec::new();
    };
    let mut list = list.inside();
    let next = || point(list.expect(tag::SEQUENCE)?.inside(), issuer);
    std::iter::from_fn(next).take(MAX_ENTRIES).collect()
}

fn point(mut fields: Reader<'_>, issuer: &DistinguishedName) -> Option<Point> {
    let name = fields.take_if(tag::constructed(0))?;
    let reasons = match fields.take_if(tag::primitive(1))? {
        Some(flags) => reason_flags(flags.content)?,
        None => ALL_REASONS,
    };
    let issuers = match fields.take_if(tag::constructed(2))? {
        Some(names) => Some(general_names(names.inside())?),
        None => None,
    };
    // A relative name is relative to who issues the list.
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

/// The names of a DistributionPointName, by the `[0]` around it. `base` is the canonical form of
/// the name that a relative one is relative to.
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

/// GeneralNames, or what is inside of them.
pub(super) fn general_names(mut list: Reader<'_>) -> Option<Vec<PointName>> {
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

/// directoryName's tag.
const DIRECTORY: u8 = tag::constructed(4);

/// A directoryName, by its canonical form.
pub(crate) fn directory_name(canonical: &[u8]) -> PointName {
    [&[DIRECTORY], canonical].concat().into()
}

/// The canonical form of a directoryName; `None` for the other kinds.
pub(crate) fn directory(name: &PointName) -> Option<&[u8]> {
    name.strip_prefix(&[DIRECTORY])
}

/// ReasonFlags: bit 0 is the highest of the first byte, and not in use.
pub(super) fn reason_flags(bits: &[u8]) -> Option<u16> {
    let (unused, bytes) = bits.split_first()?;
    if *unused > 7 || bytes.len() > 2 {
        return None;
    }
    let low = bytes.first().copied().unwrap_or(0).reverse_bits();
    let high = bytes.get(1).copied().unwrap_or(0).reverse_bits();
    Some(u16::from_le_bytes([low, high]) & ALL_REASONS)
}
