//! Finds the commit that the program is built from. It is shown by `--version` and recorded in manifests and
//! recordings. It comes from the variable `TLSWEEP_COMMIT` (for packagers), from the file that `cargo package` adds to
//! a crate, or from git. If none of them knows it, the program is built without one.

use std::path::Path;
use std::process::Command;

/// Name of the variable by which a packager sets the commit.
const OVERRIDE: &str = "TLSWEEP_COMMIT";

/// The file that `cargo package` adds.
const PACKAGED: &str = ".cargo_vcs_info.json";

fn main() {
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    println!("cargo::rerun-if-changed=build.rs");
    let commit = given().or_else(packaged).or_else(checked_out);
    let version = env!("CARGO_PKG_VERSION");
    let long = match &commit {
        Some(commit) => format!("{version} (commit {commit})"),
        None => format!("{version} (commit unknown)"),
    };
    println!("cargo::rustc-env=TLSWEEP_LONG_VERSION={long}");
    if let Some(commit) = commit {
        println!("cargo::rustc-env=TLSWEEP_BUILT_FROM={commit}");
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the variable is for packagers, at build time"
)]
fn given() -> Option<String> {
    let given = std::env::var(OVERRIDE).ok()?;
    let given = given.trim();
    (!given.is_empty()).then(|| given.to_owned())
}

/// Returns the commit that a packaged crate names. Such a crate has no `.git`.
fn packaged() -> Option<String> {
    if Path::new(".git").exists() {
        return None;
    }
    let text = std::fs::read_to_string(PACKAGED).ok()?;
    let (_, after) = text.split_once("\"sha1\"")?;
    let sha1 = after.split('"').nth(1)?;
    let dirty = text.contains("\"dirty\": true") || text.contains("\"dirty\":true");
    marked(sha1, dirty)
}

/// Returns the commit of the checkout that this folder is the top of. A repository above it that contains a copy of
/// this source does not count: its commit names something else.
fn checked_out() -> Option<String> {
    if !Path::new(".git").exists() {
        return None;
    }
    // What makes the answer change: HEAD, the branch that it names, and the source itself.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let names = ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref());
    for name in names {
        if let Some(path) =
            git(&["rev-parse", "--git-path", name]).filter(|it| Path::new(it).exists())
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for path in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    // What the program is made of. A changed text does not make it another program.
    let changed = git(&[
        "status",
        "--porcelain",
        "--",
        "build.rs",
        "src",
        "Cargo.toml",
        "Cargo.lock",
    ])?;
    marked(&commit, !changed.is_empty())
}

fn marked(commit: &str, dirty: bool) -> Option<String> {
    let hex = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| format!("{commit}{}", if dirty { "-dirty" } else { "" }))
}

/// Returns what git prints, or `None` if it fails or is not installed.
fn git(arguments: &[&str]) -> Option<String> {
    // Without optional locks, `git status` does not rewrite the index.
    let ran = Command::new("git")
        .arg("--no-optional-locks")
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(ran.stdout).ok()?;
    ran.status.success().then(|| text.trim().to_owned())
}
