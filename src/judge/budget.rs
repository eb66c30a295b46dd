//! The signature budget: a limit on the cost of verifying signatures in one judgement. A peer
//! chooses the number of its certificates and their keys, so each verification is charged its
//! nominal cost. A measured cost would make the result depend on the machine.

use crate::crypto::{Key, KeyAlgorithm};

/// Nominal microseconds that one judgement may spend on signatures between certificates, and again
/// on signatures by the anchors of each store. Real chains need fewer than 500.
const BUDGET: u32 = 20_000;

/// Nominal microseconds left.
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(BUDGET)
    }
}

impl Budget {
    /// Charges a cost. Returns false, and charges nothing, if too little is left.
    pub(super) fn pay(&mut self, cost: u32) -> bool {
        match self.0.checked_sub(cost) {
            Some(left) => self.0 = left,
            None => return false,
        }
        true
    }
}

/// Returns the nominal time of one verification with this key, in microseconds: about what
/// aws-lc-rs needs on a server of 2023. Keys that cannot verify anything cost only their parsing.
pub(super) fn cost(spki: &[u8]) -> u32 {
    let Some(key) = Key::read(spki) else {
        return 1;
    };
    match (key.algorithm, key.bits) {
        // The cost grows with the square of the modulus; 2048 bits take 20 µs.
        (KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss, Some(bits)) => {
            let kilobits = bits.min(16_384).div_ceil(1024);
            5 * kilobits * kilobits
        }
        (KeyAlgorithm::Ec(_), Some(..=256)) => 60,
        (KeyAlgorithm::Ec(_), Some(..=384)) => 250,
        (KeyAlgorithm::Ec(_), Some(_)) => 500,
        (KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_), _) => 100,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{KeyPair, PublicKeyData};

    #[test]
    fn a_budget_is_spent_and_expensive_keys_cost_more() {
        let mut budget = Budget::default();
        assert!(budget.pay(BUDGET - 1) && budget.pay(1));
        assert!(!budget.pay(1) && budget.pay(0));
        let of = |algorithm| {
            let key = KeyPair::generate_for(algorithm).unwrap();
            cost(&key.subject_public_key_info())
        };
        let costs = [
            of(&rcgen::PKCS_ECDSA_P256_SHA256),
            of(&rcgen::PKCS_ECDSA_P384_SHA384),
            of(&rcgen::PKCS_ECDSA_P521_SHA512),
        ];
        assert!(costs.is_sorted() && costs[0] < costs[2], "{costs:?}");
        assert_eq!(cost(b"no key"), 1);
    }
}
