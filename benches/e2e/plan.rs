//! Defines what is measured: every case, and the work that its answers require.

use super::process::{BOTH_CORES, CLIENT_CORE, SERVER_CORE};
use super::work::Needs;

/// Name of the case that is the floor.
pub(crate) const FLOOR: &str = "floor";
/// Name of the sweep that shows constant memory use.
pub(crate) const FLAT: &str = "flat";

/// A sweep to measure.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) server: &'static str,
    pub(crate) cores: &'static str,
    pub(crate) flags: &'static [&'static str],
    /// How names repeat: the chain of a name is only new the first time.
    pub(crate) names: Names,
    /// How many of ten targets never answer.
    pub(crate) dead: usize,
    pub(crate) rounds: Rounds,
    /// The work that its answers require.
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
    /// This number of names, repeatedly.
    Few(usize),
}

/// Only the visit: an unencrypted chain that is already known.
pub(crate) const FLOOR_ALONE: Needs = Needs {
    exchange: false,
    proof: false,
    signature: false,
};
/// A handshake with a known chain.
const SEEN: Needs = Needs {
    exchange: true,
    proof: true,
    signature: false,
};
/// A handshake with a new leaf.
const NEW: Needs = Needs {
    signature: true,
    ..SEEN
};
/// A new leaf in an unencrypted chain.
const NEW_IN_CLEAR: Needs = Needs {
    signature: true,
    ..FLOOR_ALONE
};
/// The same, and the signature over the server's key exchange.
const NEW_PROVEN: Needs = Needs {
    proof: true,
    ..NEW_IN_CLEAR
};

/// Limited only by the machine.
pub(crate) const OPEN: &[&str] = &["--concurrency", "2000"];
/// The same with unencrypted chains.
const IN_CLEAR: &[&str] = &["--concurrency", "2000", "--probe", "hello"];
/// The same, with a proof of the server's key.
const PROVEN: &[&str] = &["--concurrency", "2000", "--probe", "hello", "--prove-key"];
/// Enough concurrent connections that answers would arrive too late if admission were not limited.
/// In these cases the scanner shares the server's core at a lower priority, because with a slow
/// server timeouts would be correct.
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
