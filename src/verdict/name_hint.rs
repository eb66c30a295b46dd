//! Likely causes of a name mismatch.

use super::words::words;

words! {
    /// Reason why the nearest name does not match, if the difference is a familiar one: the `hint`
    /// of the finding `name_mismatch`. The first that applies is reported.
    pub enum NameHint {
        /// `www.example.com` was requested and only `example.com` is present.
        WwwMissing = "www_missing",
        /// `example.com` was requested and only `www.example.com` or `*.example.com` is present.
        ApexMissing = "apex_missing",
        /// A wildcard covers one label, and the requested name has more.
        WildcardDepth = "wildcard_depth",
        /// An address was requested and only names are present.
        AddressNotListed = "address_not_listed",
        /// One label differs.
        OneLabel = "one_label",
    }
}
