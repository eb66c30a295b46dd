//! The probes that `--facts` can send.

use super::{Fact, GroupVersion, KeyFamily};
use crate::tls::{self, HelloTemplate, ProtocolVersion};

/// A probe: what one additional connection measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which suite the server chooses if those chosen before are not offered.
    Suites(ProtocolVersion),
    /// Which accepted suite the server chooses if they are offered in another order.
    Order(ProtocolVersion),
    /// Which group the server chooses if those chosen before are not offered.
    Groups(GroupVersion),
    /// Confirms that the server still chooses one of the accepted groups if only those are offered.
    GroupsAgain(GroupVersion),
    /// Support for session tickets, compression and secure renegotiation, up to TLS 1.2.
    Features,
    /// Support for secure renegotiation only, up to TLS 1.2.
    Renegotiation,
    /// A session ticket after a TLS 1.3 handshake.
    Tickets,
    /// Which ALPN protocol the server chooses if those chosen before are not offered.
    Alpn,
    /// The chain for a client without SNI.
    Nameless,
    /// The chain for a client that supports only this family of keys.
    Keys(KeyFamily),
}

impl Question {
    /// All questions.
    pub const ALL: [Self; 21] = {
        use ProtocolVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
        [
            Self::Features,
            Self::Renegotiation,
            Self::Tickets,
            Self::Keys(KeyFamily::Rsa),
            Self::Keys(KeyFamily::Ecdsa),
            Self::Nameless,
            Self::Alpn,
            Self::Groups(GroupVersion::Tls13),
            Self::GroupsAgain(GroupVersion::Tls13),
            Self::Groups(GroupVersion::Tls12),
            Self::GroupsAgain(GroupVersion::Tls12),
            Self::Suites(Tls13),
            Self::Order(Tls13),
            Self::Suites(Tls12),
            Self::Order(Tls12),
            Self::Suites(Tls11),
            Self::Order(Tls11),
            Self::Suites(Tls10),
            Self::Order(Tls10),
            Self::Suites(Ssl3),
            Self::Order(Ssl3),
        ]
    };

    /// Returns the id of its ClientHello in records.
    pub fn id(self) -> &'static str {
        use ProtocolVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
        match self {
            Self::Suites(Ssl3) => "suites_ssl3",
            Self::Suites(Tls10) => "suites_tls1_0",
            Self::Suites(Tls11) => "suites_tls1_1",
            Self::Suites(Tls12) => "suites_tls1_2",
            Self::Suites(Tls13) => "suites_tls1_3",
            Self::Order(Ssl3) => "order_ssl3",
            Self::Order(Tls10) => "order_tls1_0",
            Self::Order(Tls11) => "order_tls1_1",
            Self::Order(Tls12) => "order_tls1_2",
            Self::Order(Tls13) => "order_tls1_3",
            Self::Groups(GroupVersion::Tls13) => "groups_tls1_3",
            Self::Groups(GroupVersion::Tls12) => "groups_tls1_2",
            Self::GroupsAgain(GroupVersion::Tls13) => "groups_again_tls1_3",
            Self::GroupsAgain(GroupVersion::Tls12) => "groups_again_tls1_2",
            Self::Features => "features",
            Self::Renegotiation => "renegotiation",
            Self::Tickets => "tickets",
            Self::Alpn => "alpn",
            Self::Nameless => "nameless",
            Self::Keys(KeyFamily::Rsa) => "rsa",
            Self::Keys(KeyFamily::Ecdsa) => "ecdsa",
        }
    }

    /// Returns the template that its ClientHello is derived from.
    pub fn template(self) -> &'static HelloTemplate {
        match self {
            Self::Suites(version) | Self::Order(version) => tls::for_version(version),
            Self::Groups(version) | Self::GroupsAgain(version) => {
                tls::for_version(version.version())
            }
            Self::Features | Self::Renegotiation => tls::for_version(ProtocolVersion::Tls12),
            Self::Tickets | Self::Alpn | Self::Nameless | Self::Keys(_) => &tls::MODERN,
        }
    }

    /// Returns the facts for which it may be sent.
    pub fn facts(self) -> &'static [Fact] {
        match self {
            Self::Suites(_) | Self::Order(_) => &[Fact::Ciphers],
            Self::Groups(_) | Self::GroupsAgain(_) => &[Fact::Groups],
            Self::Features => &[Fact::Renegotiation, Fact::Tickets, Fact::Compression],
            Self::Renegotiation => &[Fact::Renegotiation],
            Self::Tickets => &[Fact::Tickets],
            Self::Alpn => &[Fact::Alpn],
            Self::Nameless => &[Fact::DefaultCertificate],
            Self::Keys(_) => &[Fact::Chains],
        }
    }

    /// Returns true if one hello answers the question. The others form a series of hellos, or confirm a
    /// series; a series has its own rules for dropped connections.
    pub(crate) fn is_single(self) -> bool {
        match self {
            Self::Suites(_) | Self::Order(_) | Self::Groups(_) | Self::GroupsAgain(_) => false,
            Self::Alpn => false,
            Self::Features
            | Self::Renegotiation
            | Self::Tickets
            | Self::Nameless
            | Self::Keys(_) => true,
        }
    }

    /// Returns how its ClientHello differs from its template, for the documentation.
    pub fn about(self) -> &'static str {
        match self {
            Self::Suites(ProtocolVersion::Tls13) => {
                "only the suites of TLS 1.3, without those chosen so far"
            }
            Self::Suites(_) => "its suites, without those chosen so far",
            Self::Order(_) => {
                "only the accepted suites in reverse order of discovery, with one in front that is \
                 not ChaCha20 (some servers prefer ChaCha20 only if the client does)"
            }
            Self::Groups(GroupVersion::Tls13) => {
                "only the suites of TLS 1.3, and its groups without those chosen so far; the key \
                 share is empty"
            }
            Self::Groups(GroupVersion::Tls12) => {
                "only the ECDHE suites, including anonymous ones, and its elliptic curves without those \
                 chosen so far; the curve of an ECDSA certificate is always offered last, because the \
                 certificate cannot be used without it"
            }
            Self::GroupsAgain(GroupVersion::Tls13) => {
                "only the suites of TLS 1.3 and the accepted groups"
            }
            Self::GroupsAgain(GroupVersion::Tls12) => {
                "only the ECDHE suites, including anonymous ones, the accepted elliptic curves and \
                 the curve of an ECDSA certificate"
            }
            Self::Features => "an empty session ticket, and DEFLATE before null compression",
            Self::Renegotiation => "no difference; it is sent if `features` was refused",
            Self::Tickets => {
                "no difference; after the handshake, the scanner waits one second for a ticket"
            }
            Self::Alpn => "h2 and http/1.1 on every port, without those chosen so far",
            Self::Nameless => "no SNI",
            Self::Keys(KeyFamily::Rsa) => "only RSA signature schemes",
            Self::Keys(KeyFamily::Ecdsa) => "only ECDSA signature schemes",
        }
    }
}
