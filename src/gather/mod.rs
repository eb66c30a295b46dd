//! What judging needs beyond the observation: certificates of issuers known from elsewhere.

mod learned;
mod pool;

pub use learned::Learned;
pub use pool::{Bundle, BundleError, IssuerPool};
