//! Certificate policies (RFC 5280 sections 6.1.2 to 6.1.5), as the graph of RFC 9618. It has one
//! node per policy and level, so its size is linear in the certificates. The tree of RFC 5280
//! doubles with every level of a hostile chain (CVE-2023-0464).
//!
//! Only the lowest level of the graph is stored. A level is empty exactly if everything above it
//! was pruned. The upper levels add only one fact: which nodes are below a policy of the user's set.
//! That is passed down as a flag. Qualifiers are not processed.

use std::collections::HashMap;

use super::extensions::Extensions;
use super::inputs::Inputs;
use crate::verdict::Barrier;

/// 2.5.29.32.0
const ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];

/// The policy variables of section 6.1.2.
pub(super) struct Policies<'a> {
    /// The expected policies of the lowest level's nodes, without anyPolicy. Before `map` they are
    /// the policies for which the nodes are valid. The flag is true if one of the nodes is below a
    /// policy of the user's set.
    expected: HashMap<&'a [u8], bool>,
    /// True if the lowest level has a node for anyPolicy.
    any: bool,
    /// user-initial-policy-set.
    user: Option<&'a [&'a [u8]]>,
    explicit_policy: u32,
    policy_mapping: u32,
    inhibit_any: u32,
}

impl<'a> Policies<'a> {
    /// 6.1.2, for a path with `length` certificates.
    pub(super) fn new(length: u32, inputs: &Inputs<'a>) -> Self {
        let unless = |set: bool| match set {
            true => 0,
            false => length.saturating_add(1),
        };
        Self {
            expected: HashMap::new(),
            any: true,
            user: inputs.policies,
            explicit_policy: unless(inputs.explicit_policy),
            policy_mapping: unless(inputs.inhibit_mapping),
            inhibit_any: unless(inputs.inhibit_any),
        }
    }

    /// 6.1.3 (d) to (f). anyPolicy counts despite inhibitAnyPolicy in a self-issued certificate
    /// that is not the leaf.
    pub(super) fn process(
        &mut self,
        extensions: &Extensions<'a>,
        may_pass_any: bool,
    ) -> Result<(), Barrier> {
        let level = match &extensions.policies {
            Some(policies) if !self.is_null() => policies,
            _ => {
                self.expected.clear();
                self.any = false;
                return self.accepted();
            }
        };
        let mut valid = HashMap::with_capacity(level.len());
        for policy in level.iter().filter(|policy| **policy != ANY_POLICY) {
            match self.expected.get(policy) {
                Some(users) => valid.insert(*policy, *users),
                None if self.any => valid.insert(*policy, self.is_users(policy)),
                None => None,
            };
        }
        let any = level.contains(ANY_POLICY) && (self.inhibit_any > 0 || may_pass_any);
        if any {
            for (policy, users) in &self.expected {
                valid.entry(*policy).or_insert(*users);
            }
        }
        self.any &= any;
        self.expected = valid;
        self.accepted()
    }

    /// 6.1.4 (a) and (b).
    pub(super) fn map(&mut self, extensions: &Extensions<'a>) -> Result<(), Barrier> {
        let mappings = &extensions.mappings;
        let is_any =
            |(issuer, subject): &(&[u8], &[u8])| *issuer == ANY_POLICY || *subject == ANY_POLICY;
        if mappings.iter().any(is_any) {
            return Err(Barrier::Policies);
        }
        if self.is_null() {
            return Ok(());
        }
        // A mapped policy is no longer expected, unless another policy maps to it.
        let mut mapped: HashMap<&[u8], Option<bool>> = HashMap::with_capacity(mappings.len());
        for (issuer, _) in mappings {
            let removed = self.expected.remove(issuer);
            mapped.entry(issuer).or_insert_with(|| match removed {
                None if self.any => Some(self.is_users(issuer)),
                removed => removed,
            });
        }
        if self.policy_mapping == 0 {
            return Ok(());
        }
        for (issuer, subject) in mappings {
            if let Some(Some(users)) = mapped.get(issuer) {
                *self.expected.entry(subject).or_default() |= *users;
            }
        }
        Ok(())
    }

    /// 6.1.4 (h) to (j).
    pub(super) fn tighten(&mut self, extensions: &Extensions<'_>, self_issued: bool) {
        let step = u32::from(!self_issued);
        let tightened = |left: u32, limit: Option<u32>| {
            let left = left.saturating_sub(step);
            limit.map_or(left, |limit| left.min(limit))
        };
        self.explicit_policy = tightened(self.explicit_policy, extensions.require_explicit);
        self.policy_mapping = tightened(self.policy_mapping, extensions.inhibit_mapping);
        self.inhibit_any = tightened(self.inhibit_any, extensions.inhibit_any);
    }

    /// 6.1.5 (a), (b) and (g): checks that a policy of the user's set is valid for the leaf, or
    /// that none is required.
    pub(super) fn wrap_up(&mut self, extensions: &Extensions<'_>) -> Result<(), Barrier> {
        let required = extensions.require_explicit == Some(0);
        let explicit = required || self.explicit_policy <= 1;
        let users = self.any || self.expected.values().any(|users| *users);
        match explicit && !users {
            true => Err(Barrier::Policies),
            false => Ok(()),
        }
    }

    fn is_null(&self) -> bool {
        !self.any && self.expected.is_empty()
    }

    fn is_users(&self, policy: &[u8]) -> bool {
        self.user.is_none_or(|user| user.contains(&policy))
    }

    fn accepted(&self) -> Result<(), Barrier> {
        match self.explicit_policy == 0 && self.is_null() {
            true => Err(Barrier::Policies),
            false => Ok(()),
        }
    }
}
