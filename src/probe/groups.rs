//! The groups for complete handshakes: those of rustls, and P-521.

use rustls::crypto::aws_lc_rs::ALL_KX_GROUPS;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};

use crate::crypto::P521;

/// Returns the group with this number, or `None` if it is not implemented.
pub(super) fn group(id: u16) -> Option<&'static dyn SupportedKxGroup> {
    let known = ALL_KX_GROUPS.iter().copied().chain([&Secp521r1 as _]);
    let mut known = known.filter(|group| u16::from(group.name()) == id);
    known.next()
}

/// P-521 as a group of rustls.
#[derive(Debug)]
struct Secp521r1;

impl SupportedKxGroup for Secp521r1 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let key = P521::generate().ok_or(Error::FailedToGetRandomBytes)?;
        Ok(Box::new(Agreement(key)))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

struct Agreement(P521);

impl ActiveKeyExchange for Agreement {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        let secret = self.0.agree(theirs);
        let secret = secret.ok_or(PeerMisbehaved::InvalidKeyShare)?;
        Ok(SharedSecret::from(secret))
    }

    fn pub_key(&self) -> &[u8] {
        self.0.share()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}
