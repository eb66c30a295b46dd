//! All command-line flags, one group per stage. The first paragraph of a flag's doc comment is its
//! line in `-h`; `--help` and the manual page also show the rest.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::values::{self, FailOn, Span, TrustChoice};
use crate::inventory::Service;
use crate::observation::Fact;
use crate::output::Group;
use crate::pace::{Ceiling, Rate};
use crate::sweep::{Sample, Shard};

/// Shown below the help of `scan`.
const SCAN_EXAMPLES: &str = "\
Examples:
  tlsweep scan example.com mail.example.com:465 192.0.2.0/28
  tlsweep scan -i inventory.csv -o rows.jsonl -o rows.csv --fail-on any
  tlsweep scan www.example.com@192.0.2.7 --trust mozilla --trust corp.pem

Exit codes: 0 finished, 1 a row matched --fail-on, 2 usage error or nothing to visit, 3 could not
finish, 4 no row matched --fail-on but too little was seen (--max-unread, --min-reached),
130 interrupted (every row written so far is complete).";

/// Shown below the help of `stores import`.
const IMPORT_EXAMPLE: &str = "\
Example, with two reports of https://www.ccadb.org/resources:
  tlsweep stores import AllIncludedRootCertsCSV.csv \\
      --certs RootCACertificatesIncludedByRSReportCSV.csv -o ccadb.pem
  tlsweep scan -i inventory.csv --trust ccadb.pem --require-store chrome,apple";

/// Shown below the help of `check`.
const CHECK_EXAMPLES: &str = "\
Examples:
  tlsweep check www.example.com example.com
  tlsweep check smtp://mail.example.com smtps://mail.example.com imaps://mail.example.com
  tlsweep check www.example.com --versions all --intermediates seen.pem
                                        seen.pem: written by scan --certs seen.pem
  tlsweep check fullchain.pem --name www.example.com --at 2027-03-01
  tlsweep check /etc/ssl/sites          a folder: one chain per file, named after its host
                                        (www.example.com.pem)
  tlsweep check /etc/letsencrypt/live   certbot's folder: each fullchain.pem

Exit codes: 0 every verdict is ok, 1 another verdict, 2 usage error or unusable file, 3 could not
finish.";

/// Shown below the help of `judge`.
const JUDGE_EXAMPLES: &str = "\
Examples:
  tlsweep judge week.recording --at 2027-03-01 -o march.csv   which certificates will have expired
  tlsweep judge week.recording --trust without-it.pem --fail-on untrusted_ca
                                                              what breaks without a root

Exit codes: 0 finished, 1 a row matched --fail-on, 2 usage error or unusable recording, 3 could not
finish, 4 no row matched --fail-on but too few endpoints were reached (--min-reached) or the
recording is incomplete.";

/// The help of `judge --revocation`, which differs from that of the other commands.
const JUDGE_REVOCATION: &str = "\
Check revocation with these sources

Revocation lists come only from --crls, because `judge` downloads nothing.";

/// Shown below the help of `hellos`.
const HELLOS_EXAMPLES: &str = "\
Examples:
  tlsweep hellos                        all ids with their digests
  tlsweep hellos tls1_0                 its suites, groups, extensions and bytes
  tlsweep hellos --json > hellos.jsonl  everything, to publish with a data set

The bytes are those for the server name example.com, with everything random set to zero. The digest is their
SHA-256. docs/HELLOS.md defines it exactly.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan targets and write one row per endpoint, also for failures
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(Box<ScanFlags>),
    /// Check a few servers, the chain in a file, or each chain in a folder
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Box<CheckFlags>),
    /// List trust stores, or build them from CCADB reports
    #[command(subcommand)]
    Stores(StoresCommand),
    /// Judge a recording (`scan --save`) again, without network access
    #[command(after_help = JUDGE_EXAMPLES)]
    Judge(Box<JudgeFlags>),
    /// Explain a finding or another word of a row: its meaning, the fix, what each client does
    Explain(ExplainFlags),
    /// Print the ClientHellos that are sent: digests, lists and bytes
    #[command(after_help = HELLOS_EXAMPLES)]
    Hellos(HellosFlags),
    /// Scan a lab of good and broken servers on the loopback interface
    Demo(DemoFlags),
    /// Print a completion script for a shell
    Completions(CompletionsFlags),
    /// Print the manual page
    Man,
}

/// `scan`.
#[derive(Debug, Args)]
pub struct ScanFlags {
    /// Targets.
    #[command(flatten)]
    pub targets: TargetFlags,
    /// Name resolution.
    #[command(flatten)]
    pub names: NameFlags,
    /// Rate limits.
    #[command(flatten)]
    pub pace: PaceFlags,
    /// Timeouts and retries.
    #[command(flatten)]
    pub patience: PatienceFlags,
    /// What to send.
    #[command(flatten)]
    pub hellos: HelloFlags,
    /// Trust and time of judgement.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// Downloads needed for judging.
    #[command(flatten)]
    pub fetch: FetchFlags,
    /// Row outputs.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Rows for publication.
    #[command(flatten)]
    pub publication: AnonymizeFlags,
    /// Other files and the exit code.
    #[command(flatten)]
    pub results: ResultFlags,
}

/// Targets.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Targets")]
pub struct TargetFlags {
    /// Targets: NAME, NAME:PORT, URL, ADDRESS, CIDR or NAME@ADDRESS:PORT
    ///
    /// NAME@ADDRESS:PORT connects to ADDRESS and sends NAME as the TLS server name (SNI). Without
    /// targets and without --input, targets are read from standard input, unless it is a terminal.
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Read targets from FILE: lines, CSV or JSON Lines (repeatable)
    ///
    /// The extension of the file decides the format, or else its first line. `-` is standard input.
    /// The whole inventory is read once before the first visit, to recognize duplicates; a pipe is
    /// copied to the temporary folder meanwhile. With --no-dedupe, visits start while a pipe is still
    /// growing.
    #[arg(short, long = "input", value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// Ports for targets without a port, as in 443,8443,9000-9010 [default: 443]
    ///
    /// A target with a scheme but no port uses the default port of the scheme.
    #[arg(short, long, value_name = "LIST")]
    pub ports: Option<String>,
    /// Send NAME as the TLS server name (SNI), unless the target has its own
    ///
    /// The certificate must then match NAME.
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Use the STARTTLS dialogue of this service for targets that name no service
    ///
    /// Targets without a port use the default port of the service, unless --ports is given.
    #[arg(long, value_name = "SERVICE", value_parser = values::starttls())]
    pub starttls: Option<&'static Service>,
    /// Name to send to mail servers in EHLO and LHLO [default: tlsweep.invalid]
    #[arg(long, value_name = "NAME")]
    pub ehlo: Option<String>,
    /// Never connect to the names, addresses and CIDR blocks in FILE
    ///
    /// One entry per line. Addresses and blocks also apply to the addresses that names resolve to, names
    /// also to aliases (CNAME) and to the server name (SNI).
    #[arg(long, value_name = "FILE")]
    pub exclude: Option<PathBuf>,
    /// Visit a target once for each time it is listed
    ///
    /// Without this flag, duplicates are visited once. Those with other columns (owner, ticket) get
    /// their own rows with the result of the visit. With it, visits start before the end of the
    /// input, and the memory that is needed to recognize duplicates is saved.
    #[arg(long)]
    pub no_dedupe: bool,
    /// Visit a uniform random sample: N targets, or a share such as 10%
    ///
    /// A hash of the target under --seed (0 without it) decides, so the sample is the same in every
    /// run. For N targets, the whole input is read before the first visit. For a share, the number
    /// of targets is approximate, a longer list keeps the targets drawn before, and with --no-dedupe
    /// visits begin at once.
    #[arg(long, value_name = "N|P%")]
    pub sample: Option<Sample>,
    /// Visit part I of N of the inventory, for example 1/4
    ///
    /// A hash of the host name decides, so the parts are the same on every machine and all ports of
    /// a host are in one part.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Visit the targets in random order; the same N gives the same order
    ///
    /// Targets are shuffled in blocks of 65,536. The seed also selects the targets of --sample.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print what the scan would visit and how many connections it takes, and stop
    ///
    /// Inputs, exclusions, --shard and --sample are applied. No name is resolved, nothing is sent,
    /// and no output is opened.
    #[arg(long)]
    pub dry_run: bool,
}

/// Name resolution.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Name resolution")]
pub struct NameFlags {
    /// Use these DNS resolvers instead of the system's
    ///
    /// Example: 192.0.2.53,[2001:db8::53]:5353
    #[arg(long, value_name = "ADDRESS[:PORT],...", value_parser = values::resolvers)]
    pub resolvers: Option<std::sync::Arc<[SocketAddr]>>,
    /// Visit every address of a name, each with its own row
    #[arg(long)]
    pub all_ips: bool,
    /// Use only the IPv4 addresses of names
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use only the IPv6 addresses of names
    #[arg(short = '6', long = "ipv6")]
    pub ipv6: bool,
    /// DNS queries per second; 0 means no limit [default: twice --rate, from 10 to 1000]
    ///
    /// Repeated queries count too.
    #[arg(long, value_name = "N")]
    pub dns_rate: Option<Rate>,
    /// Concurrent DNS lookups [default: 1000]
    ///
    /// Lookups without an answer occupy most of them. The limit on open files of the process may
    /// reduce the number.
    #[arg(long, value_name = "N")]
    pub dns_concurrency: Option<NonZero<usize>>,
    /// Time to wait for the answer to a DNS query [default: 3s]
    ///
    /// A query without an answer is repeated once, after half of this time but at least 1 second.
    #[arg(long, value_name = "DURATION", value_parser = values::timeout)]
    pub dns_timeout: Option<Span>,
}

/// Rate limits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rate limits (0 means no limit)")]
pub struct PaceFlags {
    /// New connections per second in total, or per minute, as in 30/m
    #[arg(short, long, value_name = "N", default_value = "500")]
    pub rate: Rate,
    /// Concurrent connections in total
    ///
    /// The limit on open files of the process may reduce it.
    #[arg(short, long, value_name = "N", default_value = "2000")]
    pub concurrency: Ceiling,
    /// New connections per second to one IP address
    #[arg(long, value_name = "N", default_value = "10")]
    pub rate_per_ip: Rate,
    /// Concurrent connections to one IP address
    #[arg(long, value_name = "N", default_value = "4")]
    pub concurrency_per_ip: Ceiling,
}

/// Timeouts and retries.
#[derive(Debug, Args)]
#[command(next_help_heading = "Timeouts and retries (500ms, 3s, 2m)")]
pub struct PatienceFlags {
    /// Timeout for establishing the TCP connection
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = values::timeout)]
    pub connect_timeout: Span,
    /// Timeout of the plaintext dialogue before TLS (STARTTLS)
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::timeout)]
    pub starttls_timeout: Span,
    /// Timeout of a TLS handshake
    #[arg(long, value_name = "DURATION", default_value = "8s", value_parser = values::timeout)]
    pub handshake_timeout: Span,
    /// Timeout of a whole visit, all its connections together
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = values::timeout)]
    pub timeout: Span,
    /// Repeat a visit up to N times if its failure may be temporary
    ///
    /// Such failures are a timeout, a reset or closed connection, the TLS alert internal_error, a
    /// temporary refusal by the service (such as SMTP 421), contradictory answers, a temporary DNS
    /// failure and a limit of this machine.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
}

/// What to send.
#[derive(Debug, Args)]
#[command(next_help_heading = "Probing")]
pub struct HelloFlags {
    /// Complete the handshake, or only read the answer to the ClientHello
    ///
    /// With hello, the ClientHello offers at most TLS 1.2, and the unencrypted answer is read up to
    /// and including the certificates. This is cheaper for both sides.
    #[arg(long, value_enum, value_name = "LANE", default_value_t = LaneChoice::Handshake)]
    pub probe: LaneChoice,
    /// Check that the server has the private key even without a complete handshake
    ///
    /// The handshake is not completed with --probe hello, nor for old servers that answer only the
    /// widest ClientHello. This flag verifies the server's signature over the key exchange there.
    #[arg(long)]
    pub prove_key: bool,
    /// Report the negotiated version only, or test each version
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = VersionsChoice::Negotiated)]
    pub versions: VersionsChoice,
    /// Also measure these features; each takes additional connections
    ///
    /// docs/LANES.md describes each and says how many connections it takes.
    #[arg(long, value_name = "FACT,...", value_delimiter = ',', value_parser = values::fact())]
    pub facts: Vec<Fact>,
}

/// A probe lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LaneChoice {
    /// Complete the TLS handshake
    Handshake,
    /// Read the plaintext answer to one ClientHello
    Hello,
}

/// Which protocol versions are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VersionsChoice {
    /// The version that was negotiated
    Negotiated,
    /// Every version from SSL 3.0 to TLS 1.3, with one connection each unless already known
    All,
}

/// Trust and time of judgement.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust")]
pub struct TrustFlags {
    /// Trust store: mozilla, system, or a file or folder (repeatable) [default: mozilla]
    ///
    /// mozilla is built in. A file or folder contains certificates (PEM, DER, PKCS#7), or several
    /// stores if `tlsweep stores import` made it. If several stores are given, one that trusts the chain
    /// is enough for the verdict. The row reports each of them.
    #[arg(long, value_name = "STORE")]
    pub trust: Vec<TrustChoice>,
    /// Base the verdict only on the store NAME (see `stores list`); with several names, all must
    /// trust the chain
    ///
    /// Each must be one of the stores of --trust. The row still reports every store of --trust.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub require_store: Vec<String>,
    /// Complete chains with the intermediates in FILE (repeatable)
    ///
    /// The file is PEM, DER, PKCS#7, or a report of the Common CA Database (CCADB) with a PEM column.
    /// These certificates are never trusted as roots.
    /// With the file that `scan --certs` wrote, `check` judges one server as that scan did.
    #[arg(long, value_name = "FILE")]
    pub intermediates: Vec<PathBuf>,
    /// Judge as of this time [default: the time of the visit or check]
    ///
    /// A date means 00:00 UTC, the start of that day. Examples: 2026-03-01, 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub at: Option<Timestamp>,
    /// Warn of certificates that expire within this time
    ///
    /// In hours, days or weeks: 12h, 60d, 2w
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = values::period)]
    pub expiring_within: Span,
    /// Revocation sources.
    #[command(flatten)]
    pub revocation: RevocationFlags,
}

/// Revocation sources.
#[derive(Debug, Args)]
#[command(next_help_heading = "Revocation (not checked by default)")]
pub struct RevocationFlags {
    /// Check revocation with these sources
    ///
    /// With crl, lists that --crls does not contain are downloaded, each http:// URL once.
    #[arg(long, value_enum, value_name = "SOURCE,...", value_delimiter = ',')]
    pub revocation: Vec<RevocationChoice>,
    /// Certificate revocation lists: a PEM or DER file, or a folder (repeatable)
    #[arg(long, value_name = "FILE")]
    pub crls: Vec<PathBuf>,
    /// Folder of CRLite filters, as Firefox and upki store them (repeatable)
    #[arg(long, value_name = "FOLDER")]
    pub crlite: Vec<PathBuf>,
}

/// A revocation source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevocationChoice {
    /// The OCSP response that the server sends in the handshake (stapling)
    Staple,
    /// Certificate revocation lists (CRLs)
    Crl,
    /// The CRLite filters from --crlite
    Crlite,
}

/// Downloads needed for judging.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Trust")]
pub struct FetchFlags {
    /// Download missing issuer certificates from the URLs in certificates (AIA)
    ///
    /// AIA is the certificate extension authority information access. Downloads happen after all
    /// chains were judged, if an issuer is still missing: each http:// URL once, only from public
    /// addresses on port 80.
    #[arg(long)]
    pub aia: bool,
    /// Allow downloads from private addresses and from ports other than 80
    ///
    /// For private CAs, with --aia or --revocation crl. Caution: any certificate that is judged can
    /// then make this machine request URLs inside your network.
    #[arg(long)]
    pub aia_allow_private: bool,
}

/// Row outputs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// Row files.
    #[arg(short, long = "output", value_name = "FILE", help = values::output_help(), long_help = values::output_long_help())]
    pub outputs: Vec<PathBuf>,
    /// Format of outputs without a known extension [default: text on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT", value_parser = values::format)]
    pub format: Option<&'static crate::output::Format>,
    /// Show warnings and errors only: no progress and no summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Show no progress, but the summary at the end
    #[arg(long)]
    pub no_progress: bool,
    /// Adds lines with side, versions and what to do to each row in text. Not a flag: `check` sets
    /// it.
    #[arg(skip)]
    pub advice: bool,
}

/// Other files and the exit code.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Other files and exit code")]
pub struct ResultFlags {
    /// Label for the place where the scan runs; written to the manifest and the recording
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// Write each distinct certificate to FILE once, as PEM
    ///
    /// With `--intermediates FILE`, `check` and later scans can complete chains with these
    /// certificates.
    #[arg(long, value_name = "FILE")]
    pub certs: Option<PathBuf>,
    /// Record every visit in FILE, for `tlsweep judge`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Write input lines that could not be read to FILE as CSV, with reason and hint
    ///
    /// After correction, `-i FILE` reads it.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// The exit code.
    #[command(flatten)]
    pub gate: GateFlags,
    /// With --fail-on: exit with code 4 if more than N input lines could not be read
    #[arg(long, value_name = "N", default_value_t = 0, requires = "fail_on")]
    pub max_unread: u64,
}

/// The exit code.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Other files and exit code")]
pub struct GateFlags {
    /// Exit with code 1 if a row has one of these findings, as its verdict or in addition to it
    ///
    /// `any` means every verdict except ok, but no warning such as expiring_soon. A finding
    /// that the other options cannot produce is a usage error. The exit code is 4 if too little was
    /// seen to say that no row has them.
    #[arg(long, value_name = "FINDING,...", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// With --fail-on: exit with code 4 if less than PERCENT % of the endpoints accepted a connection
    ///
    /// This means a TCP connection. Names that did not resolve count as endpoints that accepted none.
    #[arg(long, value_name = "PERCENT", default_value = "50", value_parser = values::percent, requires = "fail_on")]
    pub min_reached: u8,
}

/// Rows for publication.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Publication")]
pub struct AnonymizeFlags {
    /// Replace values in rows: host, address, certificates; and all tags
    ///
    /// Equal values get equal pseudonyms. `host` includes addresses, the names in certificates and
    /// everything else that leads to a host. With any group the values of all tags are replaced,
    /// except those of --keep-tags; their names stay. docs/STUDIES.md says what else stays. The
    /// manifest then has no arguments. Recordings (--save) and rejected lines are not changed.
    #[arg(long, value_name = "GROUP,...", value_delimiter = ',')]
    pub anonymize: Vec<Group>,
    /// With --anonymize: tags whose values are not replaced
    ///
    /// The values are published as they are, so they must contain nothing that leads to a host.
    /// Upper and lower case do not matter. A name that no row has is reported at the end.
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new(),
        requires = "anonymize"
    )]
    pub keep_tags: Vec<String>,
    /// Key of the pseudonyms, at least 16 bytes [default: random, and not kept]
    ///
    /// With the same key, the same values get the same pseudonyms in another run. Whoever has the
    /// key can find out if a guessed value is in the rows.
    #[arg(long, value_name = "FILE", requires = "anonymize")]
    pub anonymize_key: Option<PathBuf>,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckFlags {
    /// Servers to visit, or one file or folder of certificate chains (PEM, DER, PKCS#7)
    ///
    /// A server is NAME, NAME:PORT, a URL, ADDRESS or NAME@ADDRESS:PORT, and its port is 443 unless
    /// given. An existing file or folder of the same name has precedence. In a file, the server's
    /// certificate comes first. `-` is standard input. In a folder, each file contains one chain; in
    /// certbot's folders, only fullchain.pem is judged.
    #[arg(value_name = "SERVER|FILE", required_unless_present = "limbo")]
    pub what: Vec<PathBuf>,
    /// Host name or address that the certificate must match
    ///
    /// Required for a file. In a folder, the default is the name of each file without its extension,
    /// or of certbot's folder. For servers, NAME is also sent as SNI.
    #[arg(long, visible_alias = "sni", value_name = "NAME")]
    pub name: Option<String>,
    /// Output format [default: text on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT", value_parser = values::format)]
    pub format: Option<&'static crate::output::Format>,
    /// Run the test suite x509-limbo (its limbo.json) instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["what", "name", "trust", "require_store", "intermediates", "revocation", "aia", "format"])]
    pub limbo: Option<PathBuf>,
    /// File of expected differences for --limbo, one per line: id, tab, reason
    #[arg(long, value_name = "FILE", requires = "limbo")]
    pub differing: Option<PathBuf>,
    /// What only servers need.
    #[command(flatten)]
    pub server: ServerFlags,
    /// Trust and time of judgement.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// Downloads needed for judging.
    #[command(flatten)]
    pub fetch: FetchFlags,
    /// Options on the command line that only servers can use, such as `--ports`. Not a flag.
    #[arg(skip)]
    pub for_servers: Vec<String>,
}

/// The options of `check` for servers, which files cannot use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Servers")]
pub struct ServerFlags {
    /// Ports for servers without a port, as in 443,8443,9000-9010 [default: 443]
    ///
    /// A server with a scheme but no port uses the default port of that scheme.
    #[arg(short, long, value_name = "LIST")]
    pub ports: Option<String>,
    /// Use STARTTLS of this service for servers that name no service
    ///
    /// Servers without a port use the default port of the service, unless --ports is given.
    #[arg(long, value_name = "SERVICE", value_parser = values::starttls())]
    pub starttls: Option<&'static Service>,
    /// Name to send in EHLO and LHLO [default: tlsweep.invalid]
    #[arg(long, value_name = "NAME")]
    pub ehlo: Option<String>,
    /// Name resolution.
    #[command(flatten)]
    pub names: NameFlags,
    /// Timeouts and retries.
    #[command(flatten)]
    pub patience: PatienceFlags,
    /// What to send.
    #[command(flatten)]
    pub hellos: HelloFlags,
}

/// `stores`.
#[derive(Debug, Subcommand)]
pub enum StoresCommand {
    /// List trust stores with date, number of trust anchors and warnings
    List(ListFlags),
    /// Build the stores of Mozilla, Chrome, Apple and Microsoft from CCADB reports
    #[command(after_help = IMPORT_EXAMPLE)]
    Import(ImportFlags),
}

/// `stores list`.
#[derive(Debug, Args)]
pub struct ListFlags {
    /// Stores to list in addition, as for --trust
    ///
    /// The stores mozilla and system are always listed.
    #[arg(value_name = "STORE")]
    pub stores: Vec<TrustChoice>,
}

/// `stores import`.
#[derive(Debug, Args)]
pub struct ImportFlags {
    /// The CCADB report AllIncludedRootCertsCSV
    #[arg(value_name = "REPORT.csv")]
    pub report: PathBuf,
    /// Root certificates: PEM, DER, PKCS#7, or a CCADB report with a PEM column (repeatable)
    #[arg(long, value_name = "FILE")]
    pub certs: Vec<PathBuf>,
    /// Build only these stores
    #[arg(long, value_name = "STORE,...", value_delimiter = ',', value_parser = values::program())]
    pub only: Vec<String>,
    /// Date of the report [default: the date in the file's name, if it has one]
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub date: Option<Date>,
    /// File to write the stores to
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `judge`.
#[derive(Debug, Args)]
#[command(mut_arg("revocation", |flag| flag.long_help(JUDGE_REVOCATION)))]
pub struct JudgeFlags {
    /// File that `scan --save` wrote; `-` is standard input
    #[arg(value_name = "RECORDING")]
    pub recording: PathBuf,
    /// Trust and time of judgement.
    #[command(flatten)]
    pub trust: TrustFlags,
    /// Row outputs.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Rows for publication.
    #[command(flatten)]
    pub publication: AnonymizeFlags,
    /// Write each distinct certificate to FILE once, as PEM
    #[arg(long, value_name = "FILE", help_heading = "Other files and exit code")]
    pub certs: Option<PathBuf>,
    /// The exit code.
    #[command(flatten)]
    pub gate: GateFlags,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainFlags {
    /// A finding, or another word of a row, such as nxdomain; without it, all findings are listed
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
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

/// `hellos`.
#[derive(Debug, Args)]
pub struct HellosFlags {
    /// Id of a ClientHello, as in `tls.offer`; without it, all are listed with their digests
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Print JSON: one object per line
    #[arg(long)]
    pub json: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoFlags {
    /// Keep the lab running and print its targets, root certificate and resolver
    #[arg(long, conflicts_with_all = ["outputs", "format"])]
    pub serve: bool,
    /// Row outputs.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsFlags {
    /// Shell to print the script for
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
