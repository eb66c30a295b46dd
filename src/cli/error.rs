//! Errors before a command starts: invalid flags or files, and outputs that cannot be written.

use crate::gather::{BundleError, RevocationError};
use crate::inventory::{OpenError, PortsError, TargetError};
use crate::judge::StoreError;
use crate::judge::findings::Needs;
use crate::output::{OutputError, UnknownFormat};
use crate::resolve::{ExcludeError, ResolverError};
use crate::sweep::{RecordingError, SweepError};
use crate::verdict::FindingId;

/// Why flags or input files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// No input is given.
    #[error(
        "nothing to scan: give targets or -i FILE, or pipe targets in (see tlsweep scan --help)"
    )]
    NoInput,
    /// No line of the inventory is a target.
    #[error("the input contains no valid target")]
    NoTarget,
    /// No argument is a target, and a file of the same name exists.
    #[error("there is no valid target; {0}")]
    OnlyFiles(String),
    /// The inventory has targets, but all of them are excluded or outside the sample or shard.
    #[error("nothing to visit: {0}")]
    NothingToVisit(String),
    /// An input cannot be opened.
    #[error(transparent)]
    Input(#[from] OpenError),
    /// A port list cannot be parsed.
    #[error("--ports: {0}")]
    Ports(PortsError),
    /// A name cannot be parsed.
    #[error("{flag}: {error}")]
    Name {
        /// The flag that contains the name.
        flag: &'static str,
        /// Why the name cannot be parsed.
        error: TargetError,
    },
    /// An exclude list cannot be read.
    #[error("--exclude: {0}")]
    Exclude(ExcludeError),
    /// The resolver cannot be set up.
    #[error("--resolvers: {0}")]
    Resolver(ResolverError),
    /// A trust store cannot be read.
    #[error("--trust: {0}")]
    Trust(StoreError),
    /// A trust store of `stores list` cannot be read. It is not given by a flag.
    #[error(transparent)]
    Listed(StoreError),
    /// Two stores have the same name, so rows could not distinguish them.
    #[error("--trust: two stores are named {name}: {first} and {second}; leave one of them out")]
    SameStore {
        /// The common name.
        name: String,
        /// Source of the first store.
        first: String,
        /// Source of the second store.
        second: String,
    },
    /// No chosen store has the required name.
    #[error(
        "--require-store {asked:?}: no store of --trust has this name; the chosen stores are {chosen}"
    )]
    NoStore {
        /// The required name.
        asked: String,
        /// Names of the chosen stores.
        chosen: String,
    },
    /// A file of intermediates cannot be read.
    #[error("--intermediates: {0}")]
    Intermediates(BundleError),
    /// `--aia-allow-private` is given, but nothing is fetched.
    #[error(
        "--aia-allow-private: nothing is downloaded; add --aia or --revocation crl, or leave it out"
    )]
    NothingFetched,
    /// The revocation flags contradict each other.
    #[error("{0}")]
    Revocation(&'static str),
    /// A revocation list cannot be used.
    #[error("--crls: {0}")]
    Crls(RevocationError),
    /// A CRLite filter cannot be used.
    #[error("--crlite: {0}")]
    Crlite(RevocationError),
    /// A CCADB report cannot be imported.
    #[error("{file}: {reason}")]
    Import {
        /// Path of the file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// A recording cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The output format is unknown.
    #[error("--output: {0}")]
    Format(UnknownFormat),
    /// A file to check cannot be used.
    #[error("{file}: {reason}")]
    Chain {
        /// Path of the file.
        file: String,
        /// What is wrong and what to give instead.
        reason: String,
    },
    /// A chain is given without the name to check it for.
    #[error("{file}: give the host name to check the certificate for, as in --name example.com")]
    NoName {
        /// Path of the file.
        file: String,
    },
    /// The argument of `check` is neither a file nor a server.
    #[error("{what}: no such file or folder, and not a server: {reason}")]
    NothingToCheck {
        /// The argument.
        what: String,
        /// Why it is not a server.
        reason: String,
    },
    /// The argument of `check` looks like a file that does not exist.
    #[error("{file}: no such file or folder")]
    NoSuchFile {
        /// The argument.
        file: String,
    },
    /// The argument of `check` is one word, which may be a missing file or a server.
    #[error("{what}: no such file or folder; to check the server of this name, write {what}:443")]
    BareWord {
        /// The argument.
        what: String,
    },
    /// `check` is given a file or folder and something else.
    #[error("{file}: give either servers, or one file or folder; {file} is a file or folder")]
    SeveralFiles {
        /// Path of the file or folder.
        file: String,
    },
    /// `check` is given a file and an option that only servers can use.
    #[error("{flag} is only for servers, and {file} is a file or folder; leave one of the two out")]
    OnlyForServers {
        /// The option.
        flag: String,
        /// Path of the file or folder.
        file: String,
    },
    /// The name of a file or folder in a folder is not a host name.
    #[error("{file}: {name:?} is not a host name ({reason}); give the name with --name")]
    FileName {
        /// Path of the file.
        file: String,
        /// The host that the file would be checked for.
        name: String,
        /// Why it is not a host name.
        reason: String,
    },
    /// `--name` contains more than a name.
    #[error("--name {asked:?}: give only the name or the address, as in --name example.com")]
    NotOneName {
        /// Value of the flag.
        asked: String,
    },
    /// The same file is given twice, in two roles.
    #[error(
        "{path} is given as {first} and as {second}; one would destroy the other, so give two files"
    )]
    Twins {
        /// Path of the file.
        path: String,
        /// First flag or role of the file.
        first: &'static str,
        /// Second flag or role of the file.
        second: &'static str,
    },
    /// A file flag is given standard output, which is reserved for rows.
    #[error("{flag} {path}: {reason}")]
    Stdout {
        /// The flag.
        flag: &'static str,
        /// Value of the flag.
        path: String,
        /// What to write instead.
        reason: &'static str,
    },
    /// A finding of `--fail-on` cannot occur with the other options.
    #[error("--fail-on {id}: {what} {needs}, or leave {id} out")]
    FailOn {
        /// The finding.
        id: FindingId,
        /// What to do about it.
        what: &'static str,
        /// Option that the finding needs.
        needs: Needs,
    },
    /// Certificates contain what is replaced in the rows.
    #[error(
        "--anonymize cannot be combined with --certs: certificates contain the names that are replaced in the rows; write them in another run, for example with `tlsweep judge RECORDING --certs FILE`"
    )]
    CertsNotAnonymous,
    /// The key of the pseudonyms cannot be used.
    #[error("--anonymize-key {path}: {reason}")]
    AnonymizeKey {
        /// Path of the file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No ClientHello has the requested id.
    #[error("no ClientHello is named {asked:?}; the ids are {known}")]
    NoHello {
        /// The requested id.
        asked: String,
        /// All ids.
        known: String,
    },
    /// No finding and no word of a row has the requested name.
    #[error("no finding or reason is named {asked:?}; {advice}")]
    NoWord {
        /// The requested word.
        asked: String,
        /// Similar words, or how to list all.
        advice: String,
    },
}

/// Why a command cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// Flags or input files cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The inventory cannot be read to its end.
    #[error(transparent)]
    Inventory(#[from] SweepError),
}
