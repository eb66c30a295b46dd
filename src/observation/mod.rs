//! What a visit observed. An `Observation` contains no judgement. What was not checked is absent,
//! never false.

mod algorithm;
mod browsers;
mod cache;
mod certificate;
mod contents;
mod date;
mod exchange;
mod extension;
mod facts;
mod failure;
mod fields;
mod general_name;
mod hex;
mod name;
mod name_match;
mod oid;
mod peer_chain;
mod phrases;
mod population;
mod reading;
mod saved;
mod sought;
mod transcript;
mod versions;
mod visit;

pub(crate) use browsers::next_for_browsers;
pub use browsers::{BrowserRefusal, Part, refused_by_browsers};
pub use cache::CertificateCache;
pub use certificate::Certificate;
pub use contents::{
    BasicConstraints, Contents, KeyKind, PresentedName, PublicKey, SignatureAlgorithm, Unparseable,
};
pub(crate) use date::time;
pub use exchange::{Exchange, KeyProof, Offer, Session, UnknownHello};
pub use facts::{
    ALPN_PROTOCOLS, Fact, FactSet, Facts, GroupVersion, KeyChain, KeyFamily, Listing, Offered,
    Order, Protocols, Question, Series,
};
pub(crate) use facts::{most_questions, next_question, reduce};
pub use failure::{Failure, LookupReason, Reason, Stage};
pub use name::DistinguishedName;
pub(crate) use oid::oid_text;
pub use peer_chain::PeerChain;
pub use phrases::PHRASES;
pub use population::Population;
pub use saved::{
    Damage, SaveError, SavedAnswer, SavedError, SavedHeader, SavedReader, SavedWriter,
};
pub(crate) use sought::Sct;
pub use transcript::{Said, Transcript};
pub use versions::{VersionOutcome, VersionWord, Versions, claims_tls13, supports_tls13};
pub(crate) use versions::{most_version_hellos, needs_handshake, next_for_versions};
pub use visit::{Addresses, Observation, Timing};
pub(crate) use visit::{MAX_CHAIN_BYTES, MAX_EXCHANGES};
