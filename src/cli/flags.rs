//! Every flag, in one group a stage. What a flag means is in its help text and nowhere else.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::values::{self, FailOn, Span, TrustChoice};
use crate::inventory::Service;
use crate::observation::Fact;
use crate::pace::{Ceiling, Rate};
use crate::sweep::Shard;

/// What a newcomer can copy, and what a script needs to know.
const SCAN_EXAMPLES: &str = "\
Examples:
  tlsweep scan example.com mail.example.com:465 192.0.2.0/28
  tlsweep scan -i inventory.csv -o rows.jsonl -o rows.csv --fail-on any
  tlsweep scan www.example.com@192.0.2.7 --trust mozilla --trust corp.pem

Exit codes: 0 finished, 1 --fail-on matched, 2 bad usage or no usable input, 3 could not finish,
130 interrupted (the rows written are complete).";

/// Where the two reports are had.
const IMPORT_EXAMPLE: &str = "\
Example, with two reports of https://www.ccadb.org/resources:
  tlsweep stores import AllIncludedRootCertsCSV.csv \\
      --certs RootCACertificatesIncludedByRSReportCSV.csv -o ccadb.pem
  tlsweep scan -i inventory.csv --trust ccadb.pem --require-store chrome,apple";
/// What can be checked.
const CHECK_EXAMPLES: &str = "\
Examples:
  tlsweep check fullchain.pem --name www.example.com --at 2027-03-01
  tlsweep check /etc/ssl/sites          one chain a file, named after its host: www.example.com.pem
  tlsweep check www.example.com:443     visits the server

Exit codes: 0 all is well, 1 a verdict other than ok, 2 something cannot be used, 3 could not finish.";

/// What a newcomer can ask.
const JUDGE_EXAMPLES: &str = "\
Examples:
  tlsweep judge week.facts --at 2027-03-01 -o march.csv       what will have expired by then
  tlsweep judge week.facts --trust without-it.pem --fail-on untrusted_ca
                                                              what breaks when a root goes

Exit codes: 0 finished, 1 --fail-on matched, 2 bad usage or no usable facts, 3 could not finish.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sweep targets: one row per endpoint, failures included
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(Box<ScanFlags>),
    /// Judge certificates offline, as if a server had sent them, or one server
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckFlags),
    /// List trust stores, or make them from a report of CCADB
    #[command(subcommand)]
    Stores(StoresCommand),
    /// Judge again, offline, what a sweep saved with --save
    #[command(after_help = JUDGE_EXAMPLES)]
    Judge(JudgeFlags),
    /// Say what a finding means, who breaks, and how to mend it
    Explain(ExplainFlags),
    /// Sweep a laboratory of good and bad servers on this machine
    Demo(DemoFlags),
    /// Print a completion script for a shell
    Completions(CompletionsFlags),
    /// Print the manual page
    Man,
}

/// `scan`.
#[derive(Debug, Args)]
pub struct ScanFlags {
    /// What to visit.
    #[command(flatten)]
    pub targets: TargetFlags,
    /// How names become addresses.
    #[command(flatten)]
    pub names: NameFlags,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceFlags,
    /// How long to wait.
    #[command(flatten)]
    pub patience: PatienceFlags,
    /// What to say.
    #[command(flatten)]
    pub hellos: HelloFlags,
    /// How to judge.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// What to fetch, in order to judge.
    #[command(flatten)]
    pub fetch: FetchFlags,
    /// Where the rows go.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Further files and the exit code.
    #[command(flatten)]
    pub results: ResultFlags,
}

/// What to visit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Targets")]
pub struct TargetFlags {
    /// NAME, NAME:PORT, URL, ADDRESS, CIDR, NAME@ADDRESS:PORT; with none and no -i, standard input
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Read targets from FILE (lines, CSV or JSONL); - is standard input; repeatable
    #[arg(short, long = "input", value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// Ports for targets that name none: 443,8443,9000-9010 [default: 443, or the scheme's]
    #[arg(short, long, value_name = "LIST")]
    pub ports: Option<String>,
    /// Name to ask for (SNI) at every target that does not say another
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Begin TLS by STARTTLS, or its like, at targets that name no service; brings its port
    #[arg(long, value_name = "SERVICE", value_parser = values::starttls())]
    pub starttls: Option<&'static Service>,
    /// Introduce ourselves by this name in EHLO and LHLO [default: tlsweep.invalid]
    #[arg(long, value_name = "NAME")]
    pub ehlo: Option<String>,
    /// Never visit the names, addresses and CIDR blocks in FILE, one a line
    #[arg(long, value_name = "FILE")]
    pub exclude: Option<PathBuf>,
    /// Visit a target as often as it is listed; saves the memory of those already seen
    #[arg(long)]
    pub no_dedupe: bool,
    /// Visit N targets, drawn uniformly by --seed; the whole input is read first
    #[arg(long, value_name = "N")]
    pub sample: Option<NonZero<usize>>,
    /// Visit part I of N: hosts are dealt out by a hash of their name, the same on every machine
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Visit in a shuffled order that N repeats (in blocks of 65536 targets)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// How names become addresses.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Names")]
pub struct NameFlags {
    /// Ask these resolvers instead of the system's: 192.0.2.53,[2001:db8::53]:5353
    #[arg(long, value_name = "ADDRESS[:PORT],...", value_parser = values::resolvers)]
    pub resolvers: Option<std::sync::Arc<[SocketAddr]>>,
    /// Visit every address of a name, not only one
    #[arg(long)]
    pub all_ips: bool,
    /// Use IPv4 addresses of names only
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use IPv6 addresses of names only
    #[arg(short = '6', long = "ipv6")]
    pub ipv6: bool,
}

/// How fast.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace (polite by default; 0 means no limit)")]
pub struct PaceFlags {
    /// New connections a second, all together: 500, or 30/m for a minute
    #[arg(short, long, value_name = "N", default_value = "500")]
    pub rate: Rate,
    /// Connections open at once, all together (less where the open-file limit asks for it)
    #[arg(short, long, value_name = "N", default_value = "2000")]
    pub concurrency: Ceiling,
    /// New connections a second to one address
    #[arg(long, value_name = "N", default_value = "10")]
    pub rate_per_ip: Rate,
    /// Connections open at once to one address
    #[arg(long, value_name = "N", default_value = "4")]
    pub concurrency_per_ip: Ceiling,
}

/// How long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Patience (500ms, 3s, 2m)")]
pub struct PatienceFlags {
    /// For the TCP handshake
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub connect_timeout: Span,
    /// For the dialogue before TLS, where the service begins with one (smtp, imap, ...)
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub starttls_timeout: Span,
    /// For the TLS handshake
    #[arg(long, value_name = "TIME", default_value = "8s")]
    pub handshake_timeout: Span,
    /// For a whole visit, all its connections together
    #[arg(long, value_name = "TIME", default_value = "20s")]
    pub timeout: Span,
    /// Further visits where the failure may pass (timeout, reset, close, our own limits)
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
}

/// What to say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Hellos")]
pub struct HelloFlags {
    /// Complete each handshake, or read what a hello of at most TLS 1.2 is answered in clear
    #[arg(long, value_enum, value_name = "LANE", default_value_t = LaneChoice::Handshake)]
    pub probe: LaneChoice,
    /// Also after hand-made hellos, check that the server signs with its certificate's key
    #[arg(long)]
    pub prove_key: bool,
    /// Record the version negotiated, or ask for each from SSL 3.0 to TLS 1.3
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = VersionsChoice::Negotiated)]
    pub versions: VersionsChoice,
    /// Ask for these facts too, by further connections each (docs/LANES.md says how many)
    #[arg(long, value_name = "FACT,...", value_delimiter = ',', value_parser = values::fact())]
    pub facts: Vec<Fact>,
}

/// A lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LaneChoice {
    /// The handshake, to its end
    Handshake,
    /// One hello, read in clear
    Hello,
}

/// Which versions are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VersionsChoice {
    /// The one negotiated
    Negotiated,
    /// Every one, each asked for by its own hello where nothing else tells
    All,
}

/// How to judge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust")]
pub struct TrustFlags {
    /// Trust store: mozilla (built in), system, a file or folder of PEM, DER or PKCS#7, or a file
    /// of several stores (see tlsweep stores); repeatable: one that trusts is enough, and each is
    /// reported apart [default: mozilla]
    #[arg(long, value_name = "STORE")]
    pub trust: Vec<TrustChoice>,
    /// Let this store decide, of those of --trust; of several, each has to trust
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub require_store: Vec<String>,
    /// CA certificates that complete what servers leave out: PEM, DER, PKCS#7, or a CCADB report
    /// with a PEM column; repeatable, never trusted
    #[arg(long, value_name = "FILE")]
    pub intermediates: Vec<PathBuf>,
    /// Judge as of this time, 2026-03-01 or 2026-03-01T12:00:00Z [default: that of each visit]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub at: Option<Timestamp>,
    /// Warn of certificates that expire within this time
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub expiring_within: Span,
    /// Who is asked about revocation.
    #[command(flatten)]
    pub revocation: RevocationFlags,
}

/// Who is asked about revocation.
#[derive(Debug, Args)]
#[command(next_help_heading = "Revocation (not looked at by default)")]
pub struct RevocationFlags {
    /// Ask whether certificates are revoked: staple (the OCSP answer that the server sends), crl
    /// (the lists of --crls; else, but for judge, those fetched at the end from the http://
    /// addresses that certificates name, each once), crlite (the filters of --crlite)
    #[arg(long, value_enum, value_name = "SOURCE,...", value_delimiter = ',')]
    pub revocation: Vec<RevocationChoice>,
    /// Revocation lists (CRLs): a file, PEM or DER, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    pub crls: Vec<PathBuf>,
    /// CRLite filters: a folder of them, as Firefox and upki keep; repeatable
    #[arg(long, value_name = "FOLDER")]
    pub crlite: Vec<PathBuf>,
}

/// A source of revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevocationChoice {
    /// The OCSP answer that the server staples
    Staple,
    /// Revocation lists
    Crl,
    /// CRLite filters
    Crlite,
}

/// What to fetch, in order to judge.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Trust")]
pub struct FetchFlags {
    /// Fetch issuers that nobody sends from the http:// addresses that certificates name for them,
    /// each once, at the end; public addresses and port 80 only
    #[arg(long)]
    pub aia: bool,
    /// Let --aia and --revocation crl also ask private addresses and other ports, for private CAs:
    /// then a stranger's certificate can make this machine ask inside its own network
    #[arg(long)]
    pub aia_allow_private: bool,
}

/// Where the rows go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// Where rows go, each with its format.
    #[arg(short, long = "output", value_name = "FILE", help = values::output_help())]
    pub outputs: Vec<PathBuf>,
    /// Format of outputs whose name does not tell [default: text on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT", value_parser = values::format)]
    pub format: Option<&'static crate::output::Format>,
    /// No progress and no summary
    #[arg(short, long)]
    pub quiet: bool,
}

/// Further files and the exit code.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub struct ResultFlags {
    /// Say in the manifest where this sweep was made from
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// Write every certificate seen to FILE, each once (PEM)
    #[arg(long, value_name = "FILE")]
    pub certs: Option<PathBuf>,
    /// Save what every visit showed to FACTS, to be judged again (tlsweep judge)
    #[arg(long, value_name = "FACTS")]
    pub save: Option<PathBuf>,
    /// Write input lines that could not be read to FILE, each under its reason
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Exit with 1 when a row has one of these verdicts or warnings; any is every verdict but ok.
    /// One that the other options leave unasked is refused
    #[arg(long, value_name = "VERDICT,...", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckFlags {
    /// PEM, DER or PKCS#7 file, the server's certificate first; - is standard input; a folder of such files;
    /// or HOST:PORT to visit
    #[arg(value_name = "CERTS", required_unless_present = "limbo")]
    pub what: Option<PathBuf>,
    /// The name or address asked for [default: in a folder each file's name, without .pem and the like]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Judge every case of FILE (x509-limbo's limbo.json) instead, and compare with what it expects
    #[arg(long, value_name = "FILE", conflicts_with_all = ["what", "name", "trust", "require_store", "intermediates", "revocation", "aia", "format"])]
    pub limbo: Option<PathBuf>,
    /// With --limbo: cases that are known to differ, one a line (id, tab, reason)
    #[arg(long, value_name = "FILE", requires = "limbo")]
    pub differing: Option<PathBuf>,
    /// How to judge.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// What to fetch, in order to judge.
    #[command(flatten)]
    pub fetch: FetchFlags,
    /// Format [default: text on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT", value_parser = values::format)]
    pub format: Option<&'static crate::output::Format>,
}

/// `stores`.
#[derive(Debug, Subcommand)]
pub enum StoresCommand {
    /// List the stores built in, the system's, and those of files: name, date, anchors, warnings
    List(ListFlags),
    /// Make a file of the stores of Mozilla, Chrome, Apple and Microsoft from a report of CCADB
    #[command(after_help = IMPORT_EXAMPLE)]
    Import(ImportFlags),
}

/// `stores list`.
#[derive(Debug, Args)]
pub struct ListFlags {
    /// What --trust would be given: a file or folder of certificates, a file of several stores, or
    /// mozilla or system, which are listed in any case
    #[arg(value_name = "STORE")]
    pub stores: Vec<TrustChoice>,
}

/// `stores import`.
#[derive(Debug, Args)]
pub struct ImportFlags {
    /// CCADB's report AllIncludedRootCertsCSV, which says who trusts which root
    #[arg(value_name = "REPORT.csv")]
    pub report: PathBuf,
    /// The roots themselves: PEM, DER, PKCS#7, or a CCADB report with a PEM column; repeatable
    #[arg(long, value_name = "FILE")]
    pub certs: Vec<PathBuf>,
    /// Only these stores
    #[arg(long, value_name = "STORE,...", value_delimiter = ',', value_parser = values::program())]
    pub only: Vec<String>,
    /// The day of the report [default: that of the file]
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub date: Option<Date>,
    /// Write the stores to FILE
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `judge`.
#[derive(Debug, Args)]
pub struct JudgeFlags {
    /// File that scan --save wrote; - is standard input
    #[arg(value_name = "FACTS")]
    pub facts: PathBuf,
    /// How to judge.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// Where the rows go.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Write every certificate seen to FILE, each once (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub certs: Option<PathBuf>,
    /// Exit with 1 when a row has one of these verdicts or warnings; any is every verdict but ok.
    /// One that the other options leave unasked is refused
    #[arg(
        long,
        value_name = "VERDICT,...",
        value_delimiter = ',',
        help_heading = "Results"
    )]
    pub fail_on: Vec<FailOn>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainFlags {
    /// The finding, as records name it; none lists them all
    #[arg(value_name = "FINDING")]
    pub finding: Option<String>,
    /// Language of the text
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// A language of the explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Japanese
    Ja,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoFlags {
    /// Keep the laboratory up and print its targets, its root and its resolver, for other tools to try
    #[arg(long, conflicts_with_all = ["outputs", "format"])]
    pub serve: bool,
    /// Where the rows go.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsFlags {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
