//! Measures: runs the sweeps and their servers, in rounds that alternate between the cases.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::plan::{CASES, Case, FLAT, FLOOR, FLOOR_ALONE, Names, OPEN, Rounds};
use super::process::{self, CLIENT_CORE, SERVER_CORE, Server, Used, beside, on_cores};
use super::work::{self, Needs, Work};
use super::{Extent, Failed, doing};
use tlsweep::lab::load::Load;

/// One case in one round: two sweeps that differ only in length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) targets: (usize, usize),
    pub(crate) short: Used,
    pub(crate) long: Used,
    /// Number of rows with a wrong result.
    pub(crate) wrong: usize,
}

/// One case in all rounds.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) needs: Needs,
    pub(crate) pairs: Vec<Pair>,
}

impl Measured {
    fn nothing_yet(name: &'static str, needs: Needs) -> Self {
        Self {
            name,
            needs,
            pairs: Vec::new(),
        }
    }
}

/// The results of all rounds.
pub(crate) struct Results {
    pub(crate) work: Vec<Work>,
    pub(crate) cases: Vec<Measured>,
}

impl Results {
    /// Number of rows with a wrong result, in all sweeps.
    pub(crate) fn wrong(&self) -> usize {
        let pairs = self.cases.iter().flat_map(|case| &case.pairs);
        pairs.map(|pair| pair.wrong).sum()
    }
}

/// The running servers and the folder of the inputs.
pub(crate) struct Bench {
    extent: Extent,
    folder: TempDir,
    servers: Vec<(&'static str, Server)>,
}

impl Bench {
    pub(crate) fn start(extent: Extent) -> Result<Self, Failed> {
        let folder = TempDir::new().map_err(doing("making a folder"))?;
        let start = |kind| Ok((kind, Server::start(kind, extent.long, folder.path())?));
        let kinds = ["distinct", "tls12", "clear", "signed", "stall", "replay"];
        let servers = kinds
            .into_iter()
            .map(start)
            .collect::<Result<_, Failed>>()?;
        Ok(Self {
            extent,
            folder,
            servers,
        })
    }

    /// Runs the cases in rounds: all of them, or those named.
    pub(crate) fn rounds(&self, only: &[&str]) -> Result<Results, Failed> {
        let wanted = |name: &str| only.is_empty() || only.contains(&name);
        let mut results = Results {
            work: Vec::new(),
            cases: vec![Measured::nothing_yet(FLOOR, FLOOR_ALONE)],
        };
        let cases: Vec<_> = CASES.iter().filter(|case| wanted(case.name)).collect();
        let empty = |case: &&Case| Measured::nothing_yet(case.name, case.needs);
        results.cases.extend(cases.iter().map(empty));
        for round in 0..self.extent.rounds {
            results.work.push(work::time(2_000)?);
            results.cases[0].pairs.push(self.floor()?);
            for (index, case) in cases.iter().enumerate() {
                if round == 0 || case.rounds == Rounds::All {
                    results.cases[index + 1].pairs.push(self.pair(case)?);
                }
            }
        }
        if self.extent.flat > 0 {
            let flat = Measured::nothing_yet(FLAT, FLOOR_ALONE);
            let pairs = vec![self.flat()?];
            results.cases.push(Measured { pairs, ..flat });
        }
        Ok(results)
    }

    fn server(&self, kind: &str) -> Result<&Server, Failed> {
        let mut servers = self.servers.iter();
        let found = servers.find(|(each, _)| *each == kind);
        found
            .map(|(_, server)| server)
            .ok_or_else(|| Failed::Message(format!("no server is called {kind}")))
    }

    fn pair(&self, case: &Case) -> Result<Pair, Failed> {
        let targets = match case.server {
            "stall" => self.extent.stalled,
            _ => (self.extent.short, self.extent.long),
        };
        let (short, wrong_in_short) = self.sweep(case, targets.0)?;
        let (long, wrong) = self.sweep(case, targets.1)?;
        Ok(Pair {
            targets,
            short,
            long,
            wrong: wrong + wrong_in_short,
        })
    }

    fn sweep(&self, case: &Case, count: usize) -> Result<(Used, usize), Failed> {
        let server = self.server(case.server)?;
        let stall = self.server("stall")?;
        let is_dead = |number: usize| case.dead > 0 && number % 10 < case.dead;
        let lines = (0..count).map(|number| {
            let server = if is_dead(number) { stall } else { server };
            let address = server.address(number);
            let name = match case.names {
                Names::Distinct => number,
                Names::Few(count) => number % count,
            };
            format!("{}@{address}\n", Load::name(name))
        });
        let rows = self.path("rows.jsonl");
        let mut command = self.scan(case.cores, &self.write("targets.txt", lines)?, &rows);
        command.args(case.flags);
        if !server.root.as_os_str().is_empty() && case.server != "stall" {
            command.arg("--trust").arg(&server.root);
        }
        let used = process::run(command)?;
        let expected = match case.server {
            "stall" => Expected {
                ok: 0,
                timeout: count,
            },
            _ => {
                let dead = (0..count).filter(|number| is_dead(*number)).count();
                Expected {
                    ok: count - dead,
                    timeout: dead,
                }
            }
        };
        Ok((used, expected.missed(&rows)?))
    }

    /// The scanner without rate limits, because these servers are our own.
    fn scan(&self, cores: &str, targets: &Path, rows: &Path) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_tlsweep"));
        let mut command = match cores {
            SERVER_CORE => beside(cores, program),
            cores => on_cores(cores, program),
        };
        command.args(["scan", "--quiet", "--rate", "0", "--rate-per-ip", "0"]);
        command.args(["--concurrency-per-ip", "0", "--retries", "0", "--no-dedupe"]);
        command.arg("-i").arg(targets).arg("-o").arg(rows);
        command
    }

    fn floor(&self) -> Result<Pair, Failed> {
        let server = self.server("replay")?;
        let hello = self.path("hello");
        fs::write(
            &hello,
            tlsweep::tls::WIDE
                .hello(Some("floor.test"), [7; 32], &[])
                .record(),
        )
        .map_err(doing("writing the hello"))?;
        let targets = (self.extent.short, 2 * self.extent.long);
        let visit = |count: usize| {
            let lines = (0..count).map(|number| format!("{}\n", server.address(number)));
            let file = self.write("floor.txt", lines)?;
            let myself = std::env::current_exe().map_err(doing("finding this program"))?;
            let mut command = on_cores(CLIENT_CORE, &myself);
            command.arg("bare").arg(file).arg(&hello);
            process::run(command)
        };
        Ok(Pair {
            targets,
            short: visit(targets.0)?,
            long: visit(targets.1)?,
            wrong: 0,
        })
    }

    /// Sweeps hundreds of thousands of targets on a port that refuses, to check that memory use
    /// does not grow with their number.
    fn flat(&self) -> Result<Pair, Failed> {
        let targets = (self.extent.flat / 10, self.extent.flat);
        let closed = closed_port()?;
        let visit = |count: usize| {
            let lines = (0..count).map(|number| format!("{}@{closed}\n", Load::name(number)));
            let file = self.write("targets.txt", lines)?;
            let rows = self.path("rows.jsonl");
            let mut command = self.scan(CLIENT_CORE, &file, &rows);
            command.args(OPEN);
            let used = process::run(command)?;
            let written = read_rows(&rows)?.count();
            if written != count {
                return Err(Failed::Message(format!(
                    "{written} rows for {count} targets"
                )));
            }
            Ok(used)
        };
        Ok(Pair {
            targets,
            short: visit(targets.0)?,
            long: visit(targets.1)?,
            wrong: 0,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, lines: impl Iterator<Item = String>) -> Result<PathBuf, Failed> {
        let path = self.path(name);
        fs::write(&path, lines.collect::<String>()).map_err(doing("writing the targets"))?;
        Ok(path)
    }
}

/// Number of rows that a sweep must write.
struct Expected {
    ok: usize,
    timeout: usize,
}

impl Expected {
    /// Returns the number of rows with another result.
    fn missed(&self, rows: &Path) -> Result<usize, Failed> {
        let (mut ok, mut timeout, mut all) = (0, 0, 0);
        for row in read_rows(rows)? {
            let row = row.map_err(doing("reading the rows"))?;
            all += 1;
            ok += usize::from(row.contains(r#""verdict":"ok""#));
            timeout += usize::from(row.contains(r#""kind":"timeout""#));
        }
        if all != self.ok + self.timeout {
            return Err(Failed::Message(format!(
                "{all} rows for {} targets",
                self.ok + self.timeout
            )));
        }
        Ok(self.ok.abs_diff(ok) + self.timeout.abs_diff(timeout.min(self.timeout)))
    }
}

fn read_rows(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>>, Failed> {
    let file = fs::File::open(path).map_err(doing("opening the rows"))?;
    Ok(BufReader::new(file).lines())
}

/// Returns a port on loopback that refuses connections. It was free a moment ago, which is enough
/// here.
fn closed_port() -> Result<std::net::SocketAddr, Failed> {
    std::net::TcpListener::bind("127.0.77.99:0")
        .and_then(|socket| socket.local_addr())
        .map_err(doing("looking for a free port"))
}
