//! The command-line program: parses the flags, runs one command, returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tlsweep::commands::main()
}
