//! Words for people, on standard error.

use std::fmt;
use std::io::Write;

/// Says something on standard error, a line of its own under the program's name. That nobody can
/// hear it (a full disk behind a log, a pager that has gone) is no reason to end a sweep.
pub fn tell(words: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "tlsweep: {words}");
}
