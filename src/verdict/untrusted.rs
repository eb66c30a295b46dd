//! Why no chosen store trusts the issuer.

use super::words::words;

words! {
    /// The `reason` of the finding `untrusted_ca`.
    pub enum UntrustedReason {
        /// The root of the path is in no chosen store.
        UntrustedRoot = "untrusted_root",
        /// The certificate of an issuer was not sent and is not known.
        IssuerUnknown = "issuer_unknown",
    }
}
