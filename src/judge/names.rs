//! Matching of certificate names with the requested name (RFC 9525), and the nearest name if none
//! matches. The subject's common name never matches.

use crate::inventory::Host;
use crate::observation::PresentedName;
use crate::verdict::NameHint;

/// Maximum number of names of one certificate in evidence. Certificates with a thousand names
/// exist; twenty show the reader whose certificate it is.
const MAX_SHOWN: usize = 20;

/// Maximum number of names compared letter by letter. Whole labels were compared before.
const MAX_COMPARED: usize = 64;

/// Maximum length of a DNS name in text (RFC 1035 section 3.1).
const MAX_NAME: usize = 253;

/// Returns true if one of the names covers the requested name.
pub(crate) fn covered(names: &[PresentedName], asked: &Host) -> bool {
    names.iter().any(|presented| covers(presented, asked))
}

/// Returns true if a text, read as a dNSName or an iPAddress, covers the requested name. This is
/// for common names.
pub(crate) fn text_covers(text: &str, asked: &Host) -> bool {
    match asked {
        Host::Name(name) => dns_covers(text, name),
        Host::Address(address) => text.parse() == Ok(*address),
    }
}

/// Returns the names as text, up to the limit for evidence.
pub(crate) fn shown(names: &[PresentedName]) -> Vec<String> {
    names.iter().take(MAX_SHOWN).map(text).collect()
}

/// Returns the nearest name and the kind of difference, each `None` if there is none.
pub(crate) fn nearest(names: &[PresentedName], asked: &Host) -> (Option<String>, Option<NameHint>) {
    let Host::Name(asked) = asked else {
        let only_names = !names
            .iter()
            .any(|name| matches!(name, PresentedName::Address(_)));
        return (None, only_names.then_some(NameHint::AddressNotListed));
    };
    let candidates = || names.iter().filter_map(dns);
    let fewest = candidates().map(|name| labels_apart(name, asked)).min();
    let nearest = candidates()
        .filter(|name| Some(labels_apart(name, asked)) == fewest)
        .take(MAX_COMPARED)
        .min_by_key(|name| (letters_apart(name, asked), name.to_ascii_lowercase()));
    // The hint may come from a name other than the nearest.
    let hint = candidates().filter_map(|name| hint(name, asked)).min();
    (nearest.map(str::to_owned), hint)
}

fn covers(presented: &PresentedName, asked: &Host) -> bool {
    match (presented, asked) {
        (PresentedName::Dns(presented), Host::Name(asked)) => dns_covers(presented, asked),
        (PresentedName::Address(presented), Host::Address(asked)) => presented == asked,
        _ => false,
    }
}

/// Returns true if a dNSName covers a name by RFC 9525 section 6.3: whole labels, ignoring case,
/// and `*` for exactly one whole leftmost label with two or more labels after it.
fn dns_covers(presented: &str, asked: &str) -> bool {
    if !well_formed(asked) {
        return false;
    }
    match presented.strip_prefix("*.") {
        Some(parent) => asked.split_once('.').is_some_and(|(_, rest)| {
            parent.contains('.') && well_formed(parent) && parent.eq_ignore_ascii_case(rest)
        }),
        None => well_formed(presented) && presented.eq_ignore_ascii_case(asked),
    }
}

/// Returns true if a name consists of letters, digits, hyphens, and the underscores that real names
/// have. Hyphens at the end of a label and labels of more than 63 letters break the rules for host
/// names. Hosts have such names, and clients compare them unchanged (OpenSSL's `do_x509_check`,
/// Chrome's `VerifyNameMatch`).
fn well_formed(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= MAX_NAME && name.split('.').all(label)
}

fn hint(presented: &str, asked: &str) -> Option<NameHint> {
    let presented = presented.to_ascii_lowercase();
    let asked = asked.to_ascii_lowercase();
    if asked.strip_prefix("www.") == Some(&presented) {
        return Some(NameHint::WwwMissing);
    }
    if presented.strip_prefix("www.") == Some(&asked) {
        return Some(NameHint::ApexMissing);
    }
    if let Some(parent) = presented.strip_prefix("*.").filter(|p| p.contains('.')) {
        if parent == asked {
            return Some(NameHint::ApexMissing);
        }
        let deep = asked
            .strip_suffix(parent)
            .and_then(|left| left.strip_suffix('.'))
            .filter(|left| left.contains('.'));
        return deep.map(|_| NameHint::WildcardDepth);
    }
    let same_length = presented.split('.').count() == asked.split('.').count();
    (same_length && labels_apart(&presented, &asked) == 1).then_some(NameHint::OneLabel)
}

/// Returns the number of labels that differ, aligned at the right.
fn labels_apart(left: &str, right: &str) -> usize {
    let same = left
        .rsplit('.')
        .zip(right.rsplit('.'))
        .filter(|(left, right)| left.eq_ignore_ascii_case(right))
        .count();
    left.split('.').count().max(right.split('.').count()) - same
}

/// Returns the Levenshtein distance, over at most the maximum length of a name.
fn letters_apart(left: &str, right: &str) -> usize {
    let letters = |name: &str| -> Vec<u8> {
        let name = name.bytes().take(MAX_NAME);
        name.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    let (left, right) = (letters(left), letters(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

fn dns(name: &PresentedName) -> Option<&str> {
    match name {
        PresentedName::Dns(name) => Some(name),
        PresentedName::Address(_) | PresentedName::Other(_) => None,
    }
}

fn text(name: &PresentedName) -> String {
    match name {
        PresentedName::Dns(name) => name.clone(),
        PresentedName::Address(address) => address.to_string(),
        PresentedName::Other(other) => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Host {
        match text.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::Name(text.into()),
        }
    }

    fn presented(text: &str) -> PresentedName {
        match text.parse() {
            Ok(address) => PresentedName::Address(address),
            Err(_) => PresentedName::Dns(text.to_owned()),
        }
    }

    /// A name whose first label has 64 letters.
    const LONG: &str =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com";

    #[test]
    fn names_match_as_rfc_9525_says() {
        let cases = [
            ("example.com", "example.com", true),
            ("EXAMPLE.com", "example.COM", true),
            ("example.com", "www.example.com", false),
            ("www.example.com", "example.com", false),
            ("*.example.com", "www.example.com", true),
            ("*.EXAMPLE.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.com", "example.com", false),
            ("*", "example", false),
            ("*.*.com", "a.b.com", false),
            ("w*.example.com", "www.example.com", false),
            ("*w.example.com", "www.example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*.example.com", "*.example.com", false),
            ("example.com.", "example.com", false),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", true),
            ("*.example.com", "xn--bcher-kva.example.com", true),
            ("a_b.example.com", "a_b.example.com", true),
            ("-a.example.com", "-a.example.com", true),
            ("a-.example.com", "A-.example.com", true),
            ("*.example.com", "shop-.example.com", true),
            ("*.example.com", "-.example.com", true),
            ("*.shop-.example.com", "www.shop-.example.com", true),
            ("*.example.com", "shop-.www.example.com", false),
            ("a-.example.com", "a.example.com", false),
            (LONG, LONG, true),
            ("*.example.com", LONG, true),
            ("*.example.com", "a b.example.com", false),
            ("", "", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:db8:0::1", true),
            ("localhost", "localhost", true),
        ];
        for (has, asked, matches) in cases {
            assert_eq!(
                covered(&[presented(has)], &name(asked)),
                matches,
                "{has} {asked}"
            );
        }
        let text_address = [PresentedName::Dns("192.0.2.1".to_owned())];
        assert!(!covered(&text_address, &name("192.0.2.1")));
        assert!(text_covers("192.0.2.1", &name("192.0.2.1")));
    }

    #[test]
    fn the_nearest_name_and_the_familiar_mistakes_are_found() {
        use NameHint::*;
        type Nearest = (
            &'static [&'static str],
            &'static str,
            Option<&'static str>,
            Option<NameHint>,
        );
        let cases: &[Nearest] = &[
            (
                &["example.com"],
                "www.example.com",
                Some("example.com"),
                Some(WwwMissing),
            ),
            (
                &["www.example.com"],
                "example.com",
                Some("www.example.com"),
                Some(ApexMissing),
            ),
            (
                &["*.example.com"],
                "example.com",
                Some("*.example.com"),
                Some(ApexMissing),
            ),
            (
                &["*.example.com"],
                "a.b.example.com",
                Some("*.example.com"),
                Some(WildcardDepth),
            ),
            (
                &["mail.example.com"],
                "smtp.example.com",
                Some("mail.example.com"),
                Some(OneLabel),
            ),
            (
                &["b.org", "exampel.com"],
                "example.com",
                Some("exampel.com"),
                Some(OneLabel),
            ),
            (&["other.org"], "www.example.com", Some("other.org"), None),
            (
                &["*.example.com"],
                "a b.example.com",
                Some("*.example.com"),
                None,
            ),
            (
                &["shop.example.com"],
                "shop-.example.com",
                Some("shop.example.com"),
                Some(OneLabel),
            ),
            (&["other.org"], "192.0.2.1", None, Some(AddressNotListed)),
            (&["192.0.2.2"], "192.0.2.1", None, None),
            (&[], "example.com", None, None),
        ];
        for (has, asked, near, hint) in cases {
            let names: Vec<_> = has.iter().copied().map(presented).collect();
            let found = nearest(&names, &name(asked));
            assert_eq!(found, (near.map(str::to_owned), *hint), "{has:?} {asked}");
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_webpki(
            has in "(\\*\\.)?([a-c-]{0,2}\\.){0,3}[a-c]{1,2}\\.?",
            asked in "([a-c]{1,2}\\.){0,3}[a-c]{1,2}",
        ) {
            let Ok(reference) = rustls_pki_types::ServerName::try_from(asked.clone()) else {
                return Ok(());
            };
            let Ok(san) = rcgen::string::Ia5String::try_from(has.clone()) else {
                return Ok(());
            };
            thread_local! {
                static KEY: rcgen::KeyPair = rcgen::KeyPair::generate().unwrap();
            }
            let mut params = rcgen::CertificateParams::default();
            params.subject_alt_names = vec![rcgen::SanType::DnsName(san)];
            let certificate = KEY.with(|key| params.self_signed(key).unwrap());
            let webpki = webpki::EndEntityCert::try_from(certificate.der()).unwrap();
            prop_assert_eq!(
                covered(&[presented(&has)], &name(&asked)),
                webpki.verify_is_valid_for_subject_name(&reference).is_ok()
            );
        }

        #[test]
        fn any_names_are_compared_without_a_panic(has in ".{0,300}", asked in ".{0,300}") {
            let names = [PresentedName::Dns(has)];
            let asked = Host::Name(asked.into());
            let found = nearest(&names, &asked);
            prop_assert_eq!(nearest(&names, &asked), found);
        }
    }
}
