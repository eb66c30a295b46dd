//! The certificates that a server sent.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex::{decode, encode};
use super::{Certificate, KeyKind};

/// The certificates that a server sent, in its order: the leaf is the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerChain {
    /// All certificates as sent, including duplicates and unrelated ones.
    pub certificates: Vec<Arc<Certificate>>,
}

impl PeerChain {
    /// Returns the server's own certificate, or `None` if the chain is empty.
    pub fn leaf(&self) -> Option<&Arc<Certificate>> {
        self.certificates.first()
    }

    /// Returns the kind of the server's key, or `None` if its certificate could not be parsed.
    pub(crate) fn leaf_key(&self) -> Option<KeyKind> {
        let contents = self.leaf()?.contents.as_ref().ok()?;
        Some(contents.key.kind)
    }
}

/// Serialized as a list of hexadecimal DER strings, without anything derived from them.
impl Serialize for PeerChain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.certificates.iter().map(|c| encode(&c.der)))
    }
}

impl<'de> Deserialize<'de> for PeerChain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChainVisitor)
    }
}

struct ChainVisitor;

impl<'de> Visitor<'de> for ChainVisitor {
    type Value = PeerChain;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of certificates in hexadecimal DER")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<PeerChain, A::Error> {
        let mut chain = PeerChain::default();
        while let Some(text) = list.next_element::<String>()? {
            let der = decode(&text).ok_or_else(|| A::Error::custom("not hexadecimal"))?;
            let certificate = Certificate::read(CertificateDer::from(der));
            chain.certificates.push(Arc::new(certificate));
        }
        Ok(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_with_bad_certificates_round_trips() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["example.test".to_owned()]).unwrap();
        let leaf = params.self_signed(&key).unwrap();
        let ders = [leaf.der().to_vec(), vec![], vec![0xff, 0x00]];
        let read = |der: &Vec<u8>| Arc::new(Certificate::read(CertificateDer::from(der.clone())));
        let chain = PeerChain {
            certificates: ders.iter().map(read).collect(),
        };
        let text = serde_json::to_string(&chain).unwrap();
        assert_eq!(serde_json::from_str::<PeerChain>(&text).unwrap(), chain);
        assert!(text.ends_with(r#""","ff00"]"#));
    }

    #[test]
    fn text_that_is_not_hexadecimal_is_rejected() {
        for text in [r#"["f"]"#, r#"["zz"]"#, r#"["é"]"#, "[1]", "{}"] {
            assert!(serde_json::from_str::<PeerChain>(text).is_err(), "{text}");
        }
    }
}
