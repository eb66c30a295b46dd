//! The certificate extensions that path validation and records need. An extension that cannot be parsed
//! is named and does not affect the others.

use x509_parser::asn1_rs::Tag;
use x509_parser::extensions::{AuthorityInfoAccess, GeneralName, KeyIdentifier, NameConstraints};

use super::contents::{BasicConstraints, PresentedName};
use super::fields::{self, Fields, primitive};
use super::general_name::presented_names;
use super::name::utf8_or_latin1;
use super::oid::{dotted, oid_text};

/// The parsed extensions. Each field has the same meaning as in `Contents`.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) sans: Option<Vec<PresentedName>>,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<u16>,
    pub(super) extended_key_usage: Option<Vec<String>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) ca_issuers: Vec<String>,
    pub(super) ocsp: Vec<String>,
    pub(super) has_name_constraints: bool,
    pub(super) unknown_critical: Vec<String>,
    pub(super) bad_extension: Option<String>,
}

/// Maximum number of extensions: more than ten times what occurs on the web. It bounds the cost of the
/// search for duplicates.
const MAX_EXTENSIONS: usize = 200;

impl Extensions {
    /// Parses the content of the `Extensions` SEQUENCE, or returns `None` if it is not a list of
    /// extensions.
    pub(super) fn read(mut list: Fields<'_>) -> Option<Self> {
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::with_capacity(16);
        while !list.is_empty() {
            let Extension {
                oid,
                critical,
                value,
            } = split(list.expect(Tag::Sequence)?.inside())?;
            if seen.len() == MAX_EXTENSIONS {
                return None;
            }
            if seen.contains(&oid) || extensions.fill(oid, value).is_none() {
                extensions.bad_extension.get_or_insert_with(|| name(oid));
            }
            if critical && !is_known(oid) {
                extensions.unknown_critical.push(oid_text(oid));
            }
            seen.push(oid);
        }
        Some(extensions)
    }

    /// Sets the field of this extension, or returns `None` if its value cannot be parsed.
    fn fill(&mut self, oid: &[u8], value: &[u8]) -> Option<()> {
        match oid {
            [0x55, 0x1d, 14] => {
                self.subject_key_id = Some(fields::only::<KeyIdentifier<'_>, _>(value)?.0.to_vec());
            }
            [0x55, 0x1d, 15] => self.key_usage = Some(key_usage(value)?),
            [0x55, 0x1d, 17] => self.sans = Some(presented_names(value)?),
            [0x55, 0x1d, 19] => self.basic_constraints = Some(basic_constraints(value)?),
            [0x55, 0x1d, 30] => {
                self.has_name_constraints = true;
                name_constraints(value)?;
            }
            // The URLs are read when revocation is checked. Only the outer structure is checked here.
            [0x55, 0x1d, 31] => {
                fields::sequence(value)?;
            }
            [0x55, 0x1d, 35] => self.authority_key_id = authority_key_id(value)?,
            [0x55, 0x1d, 37] => self.extended_key_usage = Some(extended_key_usage(value)?),
            AUTHORITY_INFORMATION => self.authority_information(value)?,
            _ => {}
        }
        Some(())
    }

    fn authority_information(&mut self, value: &[u8]) -> Option<()> {
        let access: AuthorityInfoAccess<'_> = fields::only(value)?;
        for description in access.iter() {
            let address = match description.access_location {
                GeneralName::URI(address) => address.to_owned(),
                GeneralName::Invalid(Tag(6), bytes) => utf8_or_latin1(bytes).into_owned(),
                _ => continue,
            };
            match description.access_method.as_bytes() {
                [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 2] => self.ca_issuers.push(address),
                [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 1] => self.ocsp.push(address),
                _ => {}
            }
        }
        Some(())
    }
}

/// 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFORMATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];

/// Returns true for extensions that rustls-webpki 0.103 supports. It rejects a certificate with any
/// other critical extension.
fn is_known(oid: &[u8]) -> bool {
    matches!(oid, [0x55, 0x1d, 15 | 17 | 19 | 30 | 31 | 37])
}

fn name(oid: &[u8]) -> String {
    let name = match oid {
        [0x55, 0x1d, 14] => "subjectKeyIdentifier",
        [0x55, 0x1d, 15] => "keyUsage",
        [0x55, 0x1d, 17] => "subjectAltName",
        [0x55, 0x1d, 19] => "basicConstraints",
        [0x55, 0x1d, 30] => "nameConstraints",
        [0x55, 0x1d, 31] => "crlDistributionPoints",
        [0x55, 0x1d, 32] => "certificatePolicies",
        [0x55, 0x1d, 35] => "authorityKeyIdentifier",
        [0x55, 0x1d, 37] => "extendedKeyUsage",
        AUTHORITY_INFORMATION => "authorityInfoAccess",
        other => return oid_text(other),
    };
    name.to_owned()
}

/// `Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }`
struct Extension<'a> {
    oid: &'a [u8],
    critical: bool,
    value: &'a [u8],
}

/// Parses the fields of one extension. `X509Extension` is not used: it panics on an empty BOOLEAN,
/// accepts any number as TRUE and any tag for the OBJECT IDENTIFIER, and ignores bytes behind the value.
/// webpki rejects all of these, so they must be reported.
fn split(mut extension: Fields<'_>) -> Option<Extension<'_>> {
    let read = Extension {
        oid: extension.expect(Tag::Oid)?.any.data,
        critical: boolean(&mut extension)?,
        value: extension.expect(Tag::OctetString)?.any.data,
    };
    extension.is_empty().then_some(read)
}

/// The tag byte of a BOOLEAN.
const BOOLEAN: u8 = 0x01;

/// Reads a BOOLEAN DEFAULT FALSE. An explicit FALSE is invalid DER, but all clients accept it.
/// `bool` of asn1-rs 0.7.2 is not used because it panics on an empty value.
fn boolean(fields: &mut Fields<'_>) -> Option<bool> {
    match fields.take_if(BOOLEAN)?.map(|flag| flag.any.data) {
        None | Some([0x00]) => Some(false),
        Some([0xff]) => Some(true),
        Some(_) => None,
    }
}

/// Parses basic constraints. x509-parser's type is not used, for the same reasons as in [`split`].
fn basic_constraints(value: &[u8]) -> Option<BasicConstraints> {
    let mut fields = fields::sequence(value)?;
    let ca = boolean(&mut fields)?;
    let path_len = match fields.is_empty() {
        true => None,
        false => Some(fields::only(fields.next()?.whole)?),
    };
    fields
        .is_empty()
        .then_some(BasicConstraints { ca, path_len })
}

/// Parses key usage bits. Bit 0 is the first bit of the string (X.680), which is the highest bit of its
/// first byte. x509-parser's `KeyUsage` is not used: it rejects unused bits that are not zero, which
/// clients ignore.
fn key_usage(value: &[u8]) -> Option<u16> {
    let mut reader = Fields::of(value);
    let (unused, bytes) = reader.expect(Tag::BitString)?.any.data.split_first()?;
    if *unused > 7 || bytes.len() > 2 || !reader.is_empty() {
        return None;
    }
    let low = bytes.first().copied().unwrap_or(0).reverse_bits();
    let high = bytes.get(1).copied().unwrap_or(0).reverse_bits();
    Some(u16::from_le_bytes([low, high]))
}

/// Parses extended key usages. x509-parser's `ExtendedKeyUsage` keeps neither order nor duplicates.
fn extended_key_usage(value: &[u8]) -> Option<Vec<String>> {
    let mut list = fields::sequence(value)?;
    let mut usages = Vec::with_capacity(2);
    while !list.is_empty() {
        usages.push(dotted(list.expect(Tag::Oid)?.any.data)?);
    }
    Some(usages)
}

/// Returns the key id, or `Some(None)` if only issuer and serial number are present. x509-parser's
/// `AuthorityKeyIdentifier` treats a key id that cannot be parsed as absent.
fn authority_key_id(value: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut fields = fields::sequence(value)?;
    let key_id = fields.take_if(primitive(0))?;
    Some(key_id.map(|id| id.any.data.to_vec()))
}

/// Checks that name constraints can be parsed. Path validation evaluates them.
fn name_constraints(value: &[u8]) -> Option<()> {
    let read: NameConstraints<'_> = fields::only(value)?;
    // x509-parser ignores subtrees that it cannot parse. At least one list is required (RFC 5280
    // section 4.2.1.10).
    (read.permitted_subtrees.is_some() || read.excluded_subtrees.is_some()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 0x80);
        [&[tag, length], content].concat()
    }

    fn extension(oid: &[u8], critical: &[u8], value: &[u8]) -> Vec<u8> {
        let fields = [&tlv(0x06, oid), critical, &tlv(0x04, value)].concat();
        tlv(0x30, &fields)
    }

    fn read(extensions: &[Vec<u8>]) -> Option<Extensions> {
        Extensions::read(Fields::of(&extensions.concat()))
    }

    const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
    const SAN: &[u8] = &[0x55, 0x1d, 17];
    const BASIC: &[u8] = &[0x55, 0x1d, 19];

    #[test]
    fn an_unparseable_extension_is_named_and_does_not_affect_others() {
        let good = extension(BASIC, CRITICAL, &tlv(0x30, CRITICAL));
        let cases: [(&[u8], Vec<u8>, &str); 10] = [
            (SAN, vec![0x04, 0x00], "subjectAltName"),
            (SAN, tlv(0x30, &tlv(0x0c, b"x")), "subjectAltName"),
            (SAN, [tlv(0x30, &[]), vec![0]].concat(), "subjectAltName"),
            (&[0x55, 0x1d, 15], vec![0x03, 0x00], "keyUsage"),
            (&[0x55, 0x1d, 37], tlv(0x30, &[5, 0]), "extendedKeyUsage"),
            (&[0x55, 0x1d, 30], tlv(0x30, &[5, 0]), "nameConstraints"),
            (&[0x55, 0x1d, 31], vec![5, 0], "crlDistributionPoints"),
            (&[0x55, 0x1d, 35], vec![5, 0], "authorityKeyIdentifier"),
            (&[0x55, 0x1d, 14], vec![5, 0], "subjectKeyIdentifier"),
            (
                AUTHORITY_INFORMATION,
                tlv(0x30, &[5, 0]),
                "authorityInfoAccess",
            ),
        ];
        for (oid, value, name) in cases {
            let read = read(&[extension(oid, &[], &value), good.clone()]).unwrap();
            assert_eq!(read.bad_extension.as_deref(), Some(name), "{value:02x?}");
            assert!(read.basic_constraints.is_some_and(|b| b.ca), "{name}");
        }
    }

    #[test]
    fn a_repeated_extension_is_bad() {
        let twice = extension(BASIC, &[], &tlv(0x30, &[]));
        let read = read(&[twice.clone(), twice]).unwrap();
        assert_eq!(read.bad_extension.as_deref(), Some("basicConstraints"));
    }

    #[test]
    fn critical_extensions_that_webpki_rejects_are_unknown() {
        let policies = extension(&[0x55, 0x1d, 32], CRITICAL, &[0x30, 0x00]);
        let private = extension(&[0x2a, 0x03, 0x04], CRITICAL, b"anything");
        let harmless = extension(&[0x2a, 0x03, 0x05], &[], b"anything");
        let basic = extension(BASIC, CRITICAL, &tlv(0x30, &[]));
        let read = read(&[policies, private, harmless, basic]).unwrap();
        assert_eq!(read.unknown_critical, ["2.5.29.32", "1.2.3.4"]);
        assert_eq!(read.bad_extension, None);
    }

    #[test]
    fn constraints_and_usages_are_read_bit_by_bit() {
        let basic = |fields: &[u8]| read(&[extension(BASIC, &[], &tlv(0x30, fields))]).unwrap();
        let constraints = |ca, path_len| Some(BasicConstraints { ca, path_len });
        let cases: [(&[u8], Option<BasicConstraints>); 9] = [
            (&[], constraints(false, None)),
            (&[1, 1, 0], constraints(false, None)),
            (&[1, 1, 0xff, 2, 1, 0], constraints(true, Some(0))),
            (&[1, 1, 0xff, 2, 2, 0, 0x80], constraints(true, Some(128))),
            (&[2, 1, 3], constraints(false, Some(3))),
            (&[1, 1, 0xff, 2, 1, 0xff], None),
            (&[1, 1, 0xff, 2, 5, 1, 0, 0, 0, 0], None),
            (&[1, 1, 1], None),
            (&[1, 0], None),
        ];
        for (fields, expected) in cases {
            assert_eq!(basic(fields).basic_constraints, expected, "{fields:02x?}");
        }
        let usage = |bits: &[u8]| {
            let read = read(&[extension(&[0x55, 0x1d, 15], &[], &tlv(0x03, bits))]).unwrap();
            assert_eq!(read.bad_extension.is_some(), read.key_usage.is_none());
            read.key_usage
        };
        assert_eq!(usage(&[7, 0x80]), Some(1));
        assert_eq!(usage(&[1, 0x06]), Some(1 << 5 | 1 << 6));
        assert_eq!(usage(&[7, 0x00, 0x80]), Some(1 << 8));
        assert_eq!(usage(&[0]), Some(0));
        assert_eq!(usage(&[9, 0x80]), None);
    }

    #[test]
    fn the_number_of_extensions_is_bounded() {
        let many = |count: usize| {
            let numbered = |n| extension(&[0x2a, 3, u8::try_from(n).unwrap() & 0x7f], &[], &[]);
            read(&(0..count).map(numbered).collect::<Vec<_>>()).is_some()
        };
        assert!(many(MAX_EXTENSIONS));
        assert!(!many(MAX_EXTENSIONS + 1));
    }
}
