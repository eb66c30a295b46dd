//! Name constraints (RFC 5280 sections 4.2.1.10 and 6.1.3 b, c). The constraints of all
//! certificates above are stored side by side, and a name must pass each of them. This is
//! equivalent to intersecting permitted subtrees and uniting excluded ones.

use super::extensions::{Extensions, attribute_values};
use super::forms::{Form, Side};
use crate::crypto::der::{self, DerReader, tag};
use crate::observation::Contents;
use crate::verdict::Barrier;

/// pkcs-9's emailAddress, 1.2.840.113549.1.9.1.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// Maximum number of comparisons of a name with a subtree on one path. webpki has the same limit.
const MAX_COMPARISONS: u32 = 250_000;

/// Number of comparisons left.
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_COMPARISONS)
    }
}

impl Budget {
    fn spend(&mut self) -> Result<(), Barrier> {
        self.0 = self.0.checked_sub(1).ok_or(Barrier::TooManyNames)?;
        Ok(())
    }
}

/// The name constraints of one certificate.
pub(super) struct Constraints<'a> {
    permitted: Vec<Form<'a>>,
    excluded: Vec<Form<'a>>,
}

impl<'a> Constraints<'a> {
    /// Parses the content of a NameConstraints sequence. Returns `None` if it is malformed or
    /// empty; an empty one is not allowed.
    pub(super) fn read(content: &'a [u8]) -> Option<Self> {
        let mut fields = DerReader::new(content);
        if fields.is_empty() {
            return None;
        }
        let mut take = |number| match fields.take_if(tag::constructed(number))? {
            Some(list) => subtrees(list.inside()),
            None => Some(Vec::new()),
        };
        let (permitted, excluded) = (take(0)?, take(1)?);
        fields.is_empty().then_some(Self {
            permitted,
            excluded,
        })
    }

    /// Returns true if a subtree has this kind of name.
    pub(super) fn concern(&self, is_kind: impl Fn(&Form<'_>) -> bool) -> bool {
        self.permitted.iter().chain(&self.excluded).any(is_kind)
    }

    /// Checks that all names of a certificate satisfy the constraints.
    pub(super) fn check(
        &self,
        contents: &Contents,
        extensions: &Extensions<'_>,
        budget: &mut Budget,
    ) -> Result<(), Barrier> {
        if !contents.subject.is_empty() {
            let subject = Form::Directory(contents.subject.canonical().into());
            self.check_name(&subject, budget)?;
        }
        let Some(names) = extensions.alternative_names else {
            // Without alternative names, addresses in the subject count (section 4.2.1.10).
            for address in attribute_values(&contents.subject.der, EMAIL_ADDRESS) {
                self.check_name(&Form::Email(address), budget)?;
            }
            return Ok(());
        };
        let mut names = DerReader::new(names);
        while !names.is_empty() {
            let name = names.next().and_then(|name| Form::name(&name));
            self.check_name(&name.ok_or(Barrier::MalformedExtension)?, budget)?;
        }
        Ok(())
    }

    fn check_name(&self, name: &Form<'_>, budget: &mut Budget) -> Result<(), Barrier> {
        let (mut constrained, mut permitted) = (false, false);
        for subtree in &self.permitted {
            budget.spend()?;
            if name.is_alike(subtree) {
                constrained = true;
                permitted = name.is_within(subtree, Side::Permitted)?;
                if permitted {
                    break;
                }
            }
        }
        if constrained && !permitted {
            return Err(Barrier::NameConstraints);
        }
        for subtree in &self.excluded {
            budget.spend()?;
            if name.is_alike(subtree) && name.is_within(subtree, Side::Excluded)? {
                return Err(Barrier::NameConstraints);
            }
        }
        Ok(())
    }
}

/// GeneralSubtrees. minimum must be 0, which is the default, and maximum absent.
fn subtrees(mut list: DerReader<'_>) -> Option<Vec<Form<'_>>> {
    let mut subtrees = Vec::new();
    while !list.is_empty() {
        let mut subtree = list.expect(tag::SEQUENCE)?.inside();
        subtrees.push(Form::subtree(&subtree.next()?)?);
        let minimum = subtree.take_if(tag::primitive(0))?;
        let from_zero = minimum.is_none_or(|minimum| der::minimal(minimum.content) == [0]);
        if !from_zero || !subtree.is_empty() {
            return None;
        }
    }
    (!subtrees.is_empty()).then_some(subtrees)
}
