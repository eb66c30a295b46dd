//! The families of certificate keys that a client can be limited to.

use crate::observation::{KeyKind, PeerChain};

/// A family of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFamily {
    /// RSA, including RSASSA-PSS.
    Rsa,
    /// ECDSA.
    Ecdsa,
}

impl KeyFamily {
    /// All families, in the order in which they are probed.
    pub const ALL: [Self; 2] = [Self::Rsa, Self::Ecdsa];

    pub(super) fn of(chain: &PeerChain) -> Option<Self> {
        match chain.leaf()?.contents.as_ref().ok()?.key.kind {
            KeyKind::Rsa | KeyKind::RsaPss => Some(Self::Rsa),
            KeyKind::Ec => Some(Self::Ecdsa),
            _ => None,
        }
    }

    /// Returns true if signatures of this scheme (IANA number) are made with keys of this family.
    pub fn signs(self, scheme: u16) -> bool {
        match self {
            // RSA-PSS with rsaEncryption keys, and PKCS #1 with any hash.
            Self::Rsa => (0x0804..=0x0806).contains(&scheme) || scheme & 0xff == 1,
            Self::Ecdsa => scheme & 0xff == 3 && scheme < 0x0700,
        }
    }
}
