//! What one connection can ask for, and which question comes next at an endpoint.

use super::KeyFamily;
use crate::tls::{self, HelloTemplate, ProtocolVersion};

/// What one connection asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which suite is chosen, those chosen before left out.
    Suites(ProtocolVersion),
    /// Which of the suites accepted is chosen when they stand in another order.
    Order(ProtocolVersion),
    /// Which group is chosen, those chosen before left out: TLS 1.3 or 1.2.
    Groups(ProtocolVersion),
    /// Whether one of the groups accepted is still chosen when no other is on offer.
    GroupsAgain(ProtocolVersion),
    /// What is answered to a session ticket, compression and secure renegotiation, up to TLS 1.2.
    Features,
    /// What is answered to secure renegotiation alone, up to TLS 1.2.
    Renegotiation,
    /// Whether a ticket follows a handshake of TLS 1.3.
    Tickets,
    /// Which application protocol is chosen, those chosen before left out.
    Alpn,
    /// Which chain is shown to a client that names no server.
    Nameless,
    /// Which chain is shown to a client that verifies this family of keys alone.
    Keys(KeyFamily),
}

impl Question {
    /// Every question.
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
            Self::Groups(Tls13),
            Self::GroupsAgain(Tls13),
            Self::Groups(Tls12),
            Self::GroupsAgain(Tls12),
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

    /// The id of its hello in records.
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
            Self::Groups(Tls13) => "groups_tls1_3",
            Self::Groups(_) => "groups_tls1_2",
            Self::GroupsAgain(Tls13) => "groups_again_tls1_3",
            Self::GroupsAgain(_) => "groups_again_tls1_2",
            Self::Features => "features",
            Self::Renegotiation => "renegotiation",
            Self::Tickets => "tickets",
            Self::Alpn => "alpn",
            Self::Nameless => "nameless",
            Self::Keys(KeyFamily::Rsa) => "rsa",
            Self::Keys(KeyFamily::Ecdsa) => "ecdsa",
        }
    }

    /// The hello that its own is made from.
    pub fn template(self) -> &'static HelloTemplate {
        match self {
            Self::Suites(version)
            | Self::Order(version)
            | Self::Groups(version)
            | Self::GroupsAgain(version) => tls::for_version(version),
            Self::Features | Self::Renegotiation => tls::for_version(ProtocolVersion::Tls12),
            Self::Tickets | Self::Alpn | Self::Nameless | Self::Keys(_) => &tls::MODERN,
        }
    }

    /// Returns true if it is asked by one hello, which is no part of a row and no second look after one.
    /// Rows have rules of their own for what is dropped.
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

    /// What is asked after its list has ended: whether what was accepted is accepted still.
    pub(super) fn second_look(self) -> Option<Self> {
        match self {
            Self::Suites(version) => Some(Self::Order(version)),
            Self::Groups(version) => Some(Self::GroupsAgain(version)),
            _ => None,
        }
    }

    /// What its hello has that the one it is made from has not, for the documentation.
    pub fn about(self) -> &'static str {
        match self {
            Self::Suites(ProtocolVersion::Tls13) => {
                "the suites of TLS 1.3 alone, less those chosen so far"
            }
            Self::Suites(_) => "its suites, less those chosen so far",
            Self::Order(_) => {
                "the suites accepted and no other, the last found first, with one in front that is \
                 not ChaCha20 (some servers rank that by the client's wish alone)"
            }
            Self::Groups(ProtocolVersion::Tls13) => {
                "the suites of TLS 1.3 alone, and its groups, less those chosen so far; the key \
                 share stays empty"
            }
            Self::Groups(_) => {
                "the suites with ECDHE alone, anonymous ones too, and its elliptic curves, less those chosen so far; \
                 the curve of an ECDSA certificate stays, at the end, as the certificate could not \
                 be used without it"
            }
            Self::GroupsAgain(ProtocolVersion::Tls13) => {
                "the suites of TLS 1.3 alone, and the groups accepted and no other"
            }
            Self::GroupsAgain(_) => {
                "the suites with ECDHE alone, anonymous ones too, and the elliptic curves accepted, \
                 the curve of an ECDSA certificate, and no other"
            }
            Self::Features => "an empty session ticket, and DEFLATE before no compression",
            Self::Renegotiation => "nothing; it is asked where `features` was refused",
            Self::Tickets => {
                "nothing; after the handshake the server is given a second to send a ticket"
            }
            Self::Alpn => "h2 and http/1.1 on every port, less those chosen so far",
            Self::Nameless => "no server name",
            Self::Keys(KeyFamily::Rsa) => "RSA signature schemes alone",
            Self::Keys(KeyFamily::Ecdsa) => "ECDSA signature schemes alone",
        }
    }
}
