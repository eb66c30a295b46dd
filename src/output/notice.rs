//! Messages for people, on standard error.

use std::fmt;
use std::io::Write;

/// Writes a line to standard error with the program's name in front. A write error (a full disk, a
/// closed pager) is ignored: it is no reason to end a sweep.
pub fn notice(text: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "tlsweep: {text}");
}
