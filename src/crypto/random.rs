//! Random bytes for hand-made ClientHellos.

use std::cell::Cell;

use super::{Fingerprint, Hasher};

/// A cheap source of unpredictable bytes: SHA-256 over a secret, drawn once, and a counter. A draw
/// costs a fraction of what the system's generator costs. Some of the output reveals nothing about
/// the rest unless SHA-256 can be inverted. That is enough here, because a hand-made hello protects
/// no secret.
#[derive(Debug)]
pub struct Randoms {
    secret: [u8; 32],
    drawn: Cell<u64>,
}

impl Default for Randoms {
    fn default() -> Self {
        let mut secret = [0; 32];
        // The generator fails only if the operating system has no randomness. Even then, a hello
        // with a guessable random is a valid probe.
        let _ = aws_lc_rs::rand::fill(&mut secret);
        Self {
            secret,
            drawn: Cell::new(0),
        }
    }
}

impl Randoms {
    /// Returns the next 32 bytes.
    pub fn draw(&self) -> [u8; 32] {
        let number = self.drawn.get().wrapping_add(1);
        self.drawn.set(number);
        let mut hasher = Hasher::default();
        hasher.update(&self.secret);
        hasher.update(&number.to_be_bytes());
        let Fingerprint(bytes) = hasher.finish();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let (one, other) = (Randoms::default(), Randoms::default());
        let draws = [one.draw(), one.draw(), other.draw(), other.draw()];
        let unique: std::collections::HashSet<_> = draws.iter().collect();
        assert_eq!(unique.len(), draws.len());
    }
}
