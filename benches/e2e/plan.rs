//! What is measured: every case, and what its answers cannot do without.

use super::process::{BOTH_CORES, CLIENT_CORE, SERVER_CORE};
use super::work::Needs;

/// The name of the floor among the cases.
pub(crate) const FLOOR: &str = "floor";
/// The name of the sweep that shows flat memory.
pub(crate) const FLAT: &str = "flat";

/// A sweep to measure.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) server: &'static str,
    pub(crate) cores: &'static str,
    pub(crate) flags: &'static [&'static str],
    /// How the names go round: a name seen before has the chain seen before.
    pub(crate) names: Names,
    /// So many of ten targets never answer.
    pub(crate) dead: usize,
    pub(crate) rounds: Rounds,
    /// What its answers cannot do without.
    pub(crate) needs: Needs,
}

#[derive(PartialEq)]
pub(crate) enum Rounds {
    All,
    One,
}

#[derive(Clone, Copy)]
pub(crate) enum Names {
    Distinct,
    /// So many, again and again.
    Few(usize),
}

/// Nothing but the visit itself: a chain in clear that was met before.
pub(crate) const FLOOR_ALONE: Needs = Needs {
    exchange: false,
    proof: false,
    signature: false,
};
/// A handshake that ends at a chain met before.
const SEEN: Needs = Needs {
    exchange: true,
    proof: true,
    signature: false,
};
/// A handshake that ends at a leaf not met before.
const NEW: Needs = Needs {
    signature: true,
    ..SEEN
};
/// A leaf in clear that was not met before.
const NEW_IN_CLEAR: Needs = Needs {
    signature: true,
    ..FLOOR_ALONE
};
/// The same, and the signature over the server's key exchange.
const NEW_PROVEN: Needs = Needs {
    proof: true,
    ..NEW_IN_CLEAR
};

/// Nothing but the machine limits these.
pub(crate) const OPEN: &[&str] = &["--concurrency", "2000"];
/// The same, in clear.
const IN_CLEAR: &[&str] = &["--concurrency", "2000", "--probe", "hello"];
/// The same, with the server's key proven.
const PROVEN: &[&str] = &["--concurrency", "2000", "--probe", "hello", "--prove-key"];
/// Enough in flight that answers would come too late, were admission not held back. In these cases
/// the scanner shares the server's core at a lower priority: with a server that is the slow side,
/// timeouts are no mistake.
const CROWDED: &[&str] = &[
    "--concurrency",
    "10000",
    "--connect-timeout",
    "1s",
    "--handshake-timeout",
    "1s",
    "--timeout",
    "2s",
];
const HELD: &[&str] = &[
    "--concurrency",
    "10000",
    "--handshake-timeout",
    "5s",
    "--timeout",
    "5s",
];
const SOME_DEAD: &[&str] = &[
    "--concurrency",
    "10000",
    "--handshake-timeout",
    "2s",
    "--timeout",
    "2s",
];

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    Case { name: "distinct", server: "distinct", cores: CLIENT_CORE, flags: OPEN, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW },
    Case { name: "seen", server: "distinct", cores: CLIENT_CORE, flags: OPEN, names: Names::Few(50), dead: 0, rounds: Rounds::All, needs: SEEN },
    Case { name: "tls12", server: "tls12", cores: CLIENT_CORE, flags: OPEN, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW },
    Case { name: "hello distinct", server: "clear", cores: CLIENT_CORE, flags: IN_CLEAR, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW_IN_CLEAR },
    Case { name: "hello seen", server: "clear", cores: CLIENT_CORE, flags: IN_CLEAR, names: Names::Few(50), dead: 0, rounds: Rounds::All, needs: FLOOR_ALONE },
    Case { name: "hello proven", server: "signed", cores: CLIENT_CORE, flags: PROVEN, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW_PROVEN },
    Case { name: "two cores", server: "distinct", cores: BOTH_CORES, flags: OPEN, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW },
    Case { name: "30% dead", server: "distinct", cores: SERVER_CORE, flags: SOME_DEAD, names: Names::Distinct, dead: 3, rounds: Rounds::All, needs: NEW },
    Case { name: "crowded", server: "distinct", cores: SERVER_CORE, flags: CROWDED, names: Names::Distinct, dead: 0, rounds: Rounds::All, needs: NEW },
    Case { name: "stalled", server: "stall", cores: CLIENT_CORE, flags: HELD, names: Names::Distinct, dead: 0, rounds: Rounds::One, needs: NEW },
];
