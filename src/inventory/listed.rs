//! Tells apart the listings of an inventory: a new visit, another listing of a known visit with
//! other columns, or a repetition. It keeps hashes only, as in `seen`.

use super::{Seen, Target, VisitKey};

/// What a target adds to the listings before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// A visit that no listing before it makes.
    New,
    /// A known visit, with tags that no listing of this visit has.
    OtherTags,
    /// A known visit with known tags.
    Same,
}

/// The listings so far. A visit takes one hash, or two if its first listing has tags; so an
/// inventory without tags takes no more than `Seen`.
pub struct Listed {
    key: VisitKey,
    /// Visits whose first listing has no tags.
    untagged: Seen,
    /// Visits whose first listing has tags.
    tagged: Seen,
    /// Visits together with the tags of a listing. The hash of the visit alone means a listing
    /// without tags; it is only needed if the first listing has tags.
    listings: Seen,
}

impl Listed {
    /// Returns an empty set of listings under this key.
    pub fn with(key: VisitKey) -> Self {
        let seen = || Seen::with(key.clone());
        Self {
            untagged: seen(),
            tagged: seen(),
            listings: seen(),
            key,
        }
    }

    /// Remembers a target. Returns what it adds, and the hash of its visit.
    pub fn add(&mut self, target: &Target) -> (Listing, u64) {
        let visit = self.key.visit(target);
        (self.add_visit(visit, target), visit)
    }

    fn add_visit(&mut self, visit: u64, target: &Target) -> Listing {
        let tags = (!target.tags.is_empty()).then(|| self.key.listing(visit, &target.tags));
        let is_new = match tags {
            None if self.untagged.contains_hash(visit) => return Listing::Same,
            None if self.tagged.contains_hash(visit) => self.listings.insert_hash(visit),
            None => {
                self.untagged.insert_hash(visit);
                return Listing::New;
            }
            Some(listing) => {
                let is_new = self.listings.insert_hash(listing);
                if !self.untagged.contains_hash(visit) && self.tagged.insert_hash(visit) {
                    return Listing::New;
                }
                is_new
            }
        };
        match is_new {
            true => Listing::OtherTags,
            false => Listing::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Defaults, Tag, TargetSpec};

    /// Parses `host key=value key=value`.
    fn target(text: &str) -> Target {
        let mut parts = text.split(' ');
        let host = parts.next().unwrap();
        let mut targets = TargetSpec::expand(host, &Defaults::default()).unwrap();
        let pairs = parts.map(|pair| pair.split_once('=').unwrap());
        Target {
            tags: pairs.map(|(k, v)| (k.into(), Tag::from(v))).collect(),
            ..targets.next().unwrap()
        }
    }

    #[test]
    fn a_listing_counts_if_no_listing_of_its_visit_has_its_tags() {
        use Listing::{New, OtherTags, Same};
        let cases: &[&[(&str, Listing)]] = &[
            &[
                ("a.example", New),
                ("https://a.example/x", Same),
                ("b.example", New),
            ],
            &[
                ("a.example owner=x", New),
                ("a.example owner=y", OtherTags),
                ("https://a.example/ owner=x", Same),
                ("a.example owner=y", Same),
                ("a.example team=x", OtherTags),
                ("a.example:8443 owner=y", New),
            ],
            &[
                ("a.example", New),
                ("a.example owner=x", OtherTags),
                ("a.example", Same),
                ("a.example owner=x", Same),
            ],
            &[
                ("a.example owner=x", New),
                ("a.example", OtherTags),
                ("a.example", Same),
            ],
            &[
                ("a.example owner=x env=prod", New),
                ("a.example env=prod owner=x", Same),
                ("a.example env=x owner=prod", OtherTags),
            ],
        ];
        for case in cases {
            let mut listed = Listed::with(VisitKey::default());
            for (text, expected) in *case {
                assert_eq!(listed.add(&target(text)).0, *expected, "{text} in {case:?}");
            }
        }
    }

    #[test]
    fn the_order_of_nested_keys_makes_no_other_tags() {
        let mut listed = Listed::with(VisitKey::default());
        let mut add = |json: &str| {
            let tag: Tag = serde_json::from_str(json).unwrap();
            let tags = vec![("owner".into(), tag)];
            listed
                .add(&Target {
                    tags,
                    ..target("a.example")
                })
                .0
        };
        assert_eq!(add(r#"{"x":1,"y":2}"#), Listing::New);
        assert_eq!(add(r#"{"y":2,"x":1}"#), Listing::Same);
        assert_eq!(add(r#"{"y":1,"x":2}"#), Listing::OtherTags);
    }

    #[test]
    fn tags_of_another_type_are_other_tags() {
        let mut listed = Listed::with(VisitKey::default());
        let tagged = |tag| Target {
            tags: vec![("id".into(), tag)],
            ..target("a.example")
        };
        let number: Tag = serde_json::from_str("1").unwrap();
        assert_eq!(listed.add(&tagged(number)).0, Listing::New);
        assert_eq!(listed.add(&tagged("1".into())).0, Listing::OtherTags);
    }
}
