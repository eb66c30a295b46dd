//! Texts that say how a test of versions or facts ended, in addition to reasons and alerts.

/// Defines each text once: as a constant, and with its meaning in `PHRASES`.
macro_rules! phrases {
    ($($(#[doc = $about:literal])+ $name:ident = $text:literal,)+) => {
        $($(#[doc = $about])+ pub(super) const $name: &str = $text;)+

        /// Every text with its meaning.
        pub const PHRASES: &[(&str, &str)] = &[$(($text, concat!($($about),+)),)+];
    };
}

phrases! {
    /// The server chose this version and sent a complete answer.
    CHOSEN = "chosen",
    /// An older answer contains the mark by which a server says that it supports a newer version.
    DOWNGRADE_MARK = "downgrade_mark",
    /// The server closed the connection.
    CLOSE = "close",
    /// No ClientHello was sent for this test.
    NOT_ASKED = "not asked",
    /// The visit ended before the test was complete.
    OUT_OF_TIME = "out of time",
    /// The server accepted everything that was offered.
    ALL_ACCEPTED = "all_accepted",
    /// The server accepted the connection and chose none of the protocols left on offer.
    NONE_CHOSEN = "none_chosen",
    /// Another connection of the same visit shows a member that this test did not find.
    CONTRADICTED = "contradicted",
    /// Only the curve of the certificate was left to choose, so the list may be incomplete.
    CERTIFICATE_CURVE = "certificate_curve",
    /// The server chose a protocol that was no longer on offer.
    NOT_ON_OFFER = "chose one not on offer",
    /// The server sent no answer.
    NO_ANSWER = "no answer",
    /// The answer names no group.
    NO_GROUP = "no group named",
    /// The server sent the chain of another kind of key than the client can use.
    ANOTHER_KEY = "sent another kind of key all the same",
}
