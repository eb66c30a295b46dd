//! What the next hello of a series still offers after the answers so far.

use super::alpn::Protocols;
use super::group_version::GroupVersion;
use super::listing::turned;
use super::offered::{Offered, is_signal};
use super::question::Question;
use super::series::Series;
use super::walk::Walk;
use crate::observation::{Exchange, KeyKind, Offer, PeerChain};

impl Offered {
    /// Returns what this offer contains after these exchanges.
    pub fn of(offer: Offer, made: &[Exchange]) -> Self {
        let Offer::Asked(question) = offer else {
            return Self::all_of(offer);
        };
        let mut offered = Self::at_first(question);
        match question {
            Question::Suites(version) => {
                let accepted = Walk::over(made, Series::Suites(version)).accepted;
                let left = offered.suites.to_mut();
                left.retain(|suite| !accepted.contains(suite));
            }
            Question::Order(version) => {
                let accepted = Walk::over(made, Series::Suites(version)).accepted;
                let signal = offered.suites.last().copied().filter(is_signal);
                offered.suites = turned(&accepted).into();
                offered.suites.to_mut().extend(signal);
            }
            Question::Groups(version) => {
                let accepted = Walk::over(made, Series::Groups(version)).accepted;
                let curve = curve_of_certificate(made, version);
                let left = offered.groups.to_mut();
                left.retain(|group| !accepted.contains(group) && Some(*group) != curve);
                left.extend(curve);
            }
            Question::GroupsAgain(version) => {
                let mut again = Walk::over(made, Series::Groups(version)).accepted;
                let curve = curve_of_certificate(made, version);
                again.extend(curve.filter(|curve| !again.contains(curve)));
                offered.groups = again.into();
            }
            Question::Alpn => offered.alpn = Some(Protocols::left(made).unwrap_or_default()),
            _ => {}
        }
        offered
    }
}

/// Returns the curve of the ECDSA certificate that the series got last, or `None` if there is none. In
/// TLS 1.3 the groups do not restrict the certificate.
fn curve_of_certificate(made: &[Exchange], version: GroupVersion) -> Option<u16> {
    if version == GroupVersion::Tls13 {
        return None;
    }
    let asked = Offer::Asked(Question::Groups(version));
    let shown = made.iter().filter(|exchange| exchange.offer == asked);
    let leaf = shown
        .filter_map(|it| it.chain.as_ref().and_then(PeerChain::leaf))
        .next_back()?;
    let key = &leaf.contents.as_ref().ok()?.key;
    let curve = match key.name.as_str() {
        "p256" => 0x0017,
        "p384" => 0x0018,
        "p521" => 0x0019,
        _ => return None,
    };
    (key.kind == KeyKind::Ec).then_some(curve)
}
