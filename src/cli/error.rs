//! Why a plan could not be made: what the user asked for cannot be used, or an output cannot be written.

use crate::gather::{BundleError, RevocationError};
use crate::inventory::{OpenError, PortsError, TargetError};
use crate::judge::StoreError;
use crate::judge::findings::Needs;
use crate::output::{OutputError, UnknownFormat};
use crate::resolve::{ExcludeError, ResolverError};
use crate::sweep::RecordingError;
use crate::verdict::FindingId;

/// What the user asked for cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// No input.
    #[error("nothing to scan: give targets, -i FILE, or pipe them in (see tlsweep scan --help)")]
    NoInput,
    /// An input cannot be opened.
    #[error(transparent)]
    Input(#[from] OpenError),
    /// A port list cannot be read.
    #[error("--ports: {0}")]
    Ports(#[from] PortsError),
    /// A name cannot be read.
    #[error("{flag}: {error}")]
    Name {
        /// The flag.
        flag: &'static str,
        /// Why.
        error: TargetError,
    },
    /// An exclude list cannot be read.
    #[error("--exclude: {0}")]
    Exclude(#[from] ExcludeError),
    /// The resolver cannot be set up.
    #[error("--resolvers: {0}")]
    Resolver(#[from] ResolverError),
    /// A trust store cannot be read.
    #[error("--trust: {0}")]
    Trust(#[from] StoreError),
    /// A store to be listed cannot be read; no flag names it.
    #[error(transparent)]
    Listed(StoreError),
    /// Two stores under one name, which rows could not tell apart.
    #[error(
        "--trust: two of the chosen stores are named {name}: {first} and {second}; leave one of the two out"
    )]
    SameStore {
        /// The name.
        name: String,
        /// Where the first is from.
        first: String,
        /// Where the second is from.
        second: String,
    },
    /// No chosen store goes by that name.
    #[error(
        "--require-store {asked:?}: no chosen store is named so; there are {chosen} (see --trust)"
    )]
    NoStore {
        /// What was asked for.
        asked: String,
        /// The stores there are.
        chosen: String,
    },
    /// A file of intermediates cannot be read.
    #[error("--intermediates: {0}")]
    Intermediates(#[from] BundleError),
    /// Private addresses were allowed to nobody.
    #[error(
        "--aia-allow-private: nothing is fetched; add --aia or --revocation crl, or leave it out"
    )]
    NothingFetched,
    /// The revocation flags do not fit together.
    #[error("{0}")]
    Revocation(&'static str),
    /// A revocation list cannot be used.
    #[error("--crls: {0}")]
    Crls(RevocationError),
    /// A CRLite filter cannot be used.
    #[error("--crlite: {0}")]
    Crlite(RevocationError),
    /// A report cannot be made into stores.
    #[error("{file}: {reason}")]
    Import {
        /// The file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// Saved facts cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A format is not known.
    #[error("--output: {0}")]
    Format(#[from] UnknownFormat),
    /// A file to check cannot be used.
    #[error("{file}: {reason}")]
    Chain {
        /// The file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// A chain without the name it is for.
    #[error("{file}: say which name it is for, as in --name example.com")]
    NoName {
        /// The file.
        file: String,
    },
    /// Neither a file nor a server.
    #[error(
        "{what}: there is no such file or folder, and as a server it cannot be visited: {reason}"
    )]
    NothingToCheck {
        /// What was given.
        what: String,
        /// Why it is no server.
        reason: String,
    },
    /// More than a name.
    #[error("--name {asked:?}: give the name or the address alone, as in --name example.com")]
    NotOneName {
        /// What was given.
        asked: String,
    },
    /// One file in two roles.
    #[error("{path} is named by {first} and by {second}; one would destroy the other")]
    Twins {
        /// The file.
        path: String,
        /// Where it is named first.
        first: &'static str,
        /// Where it is named again.
        second: &'static str,
    },
    /// Rows go to standard output, or nobody can tell whether this should.
    #[error("{flag} {path}: {reason}")]
    Stdout {
        /// The flag.
        flag: &'static str,
        /// What was given.
        path: String,
        /// What to write instead.
        reason: &'static str,
    },
    /// A finding to fail on that cannot be made.
    #[error("--fail-on {id}: {what} {needs}, or leave {id} out")]
    FailOn {
        /// The finding.
        id: FindingId,
        /// What to do.
        what: &'static str,
        /// With which option.
        needs: Needs,
    },
    /// No finding goes by that name.
    #[error("no finding is named {asked:?}; there are {known}")]
    NoFinding {
        /// What was asked for.
        asked: String,
        /// The ids there are.
        known: String,
    },
}

/// Why a plan could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// What the user asked for cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
