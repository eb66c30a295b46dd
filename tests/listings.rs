//! Inventories that list a target several times: it is visited once, and no listing with other
//! columns is lost. Also what the two readings of an inventory need: streams are copied, changed
//! files are reported, and an inventory without targets costs no earlier output.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::{IpAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use support::dns::{A, Scripted};
use support::{
    AT_HOME, Kept, Refusing, Row, Seeded, TLSWEEP, await_that, folder, path, read_rows, run,
    run_with, tool, write,
};
use tempfile::TempDir;
use tlsweep::lab::{Lab, Running};
use tlsweep::probe;
use tokio::runtime::Runtime;

fn scan(arguments: &[&str]) -> support::Run {
    run(&[&["scan"], &AT_HOME[..], arguments].concat())
}

/// A server that closes every connection, and counts them.
struct Closing {
    port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Closing {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counted = accepted.clone();
        // The thread ends with the process.
        thread::spawn(move || {
            for _connection in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, accepted }
    }

    /// Returns the number of connections since the last call.
    fn connections(&self) -> usize {
        self.accepted.swap(0, Ordering::SeqCst)
    }
}

/// The parts of a row that come from the listing, and its verdict.
fn listing(row: &Row) -> String {
    let fields = ["/target", "/service", "/tags", "/verdict", "/ip"];
    json!(fields.map(|field| row.at(field))).to_string()
}

fn listings(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().map(listing).collect()
}

fn manifest(output: &str) -> Value {
    let text = fs::read(format!("{output}.manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("it is JSON")
}

#[test]
fn a_host_listed_under_many_owners_is_visited_once_and_each_owner_has_a_row() {
    let folder = folder();
    let server = Closing::start();
    let target = format!("127.0.0.1:{}", server.port);
    scan(&[&target]).expect(0);
    let once = server.connections();
    assert!(once > 0);
    let owners = [
        "=HYPERLINK(\"x\")",
        "Équipe réseau",
        "legacy, Inc.",
        "",
        "a",
        "b",
        "c",
        "d",
    ];
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["target", "Owner"]).unwrap();
    for n in 0..30 {
        // Every owner with several spellings of the target.
        let spelling = match n / owners.len() {
            0 | 2 => format!("tls://127.0.0.1:{}", server.port),
            _ => target.clone(),
        };
        table
            .write_record([&spelling, owners[n % owners.len()]])
            .unwrap();
    }
    let inventory = write(&folder, "inventory.csv", table.into_inner().unwrap());
    let output = path(&folder, "rows.jsonl");
    let ended = scan(&["-i", &inventory, "-o", &output]).expect(0);
    assert_eq!(server.connections(), once);
    let rows = read_rows(&output);
    let found: Vec<_> = rows.iter().map(|row| row.text("/tags/Owner")).collect();
    assert_eq!(found, owners);
    let visited = format!("tls://127.0.0.1:{}", server.port);
    assert_eq!(rows[0].at("/duplicate_of"), &Value::Null);
    for row in &rows[1..] {
        assert_eq!(row.text("/duplicate_of"), visited);
        // All else is that of the visit.
        let as_visit = |row: &Row| {
            let mut row = row.0.clone();
            row["duplicate_of"] = Value::Null;
            row["tags"] = Value::Null;
            row
        };
        assert_eq!(as_visit(row), as_visit(&rows[0]));
    }
    let counts = &manifest(&output)["counts"];
    for (key, expected) in [
        ("targets", 1),
        ("duplicates", 29),
        ("duplicates_with_other_columns", 7),
        ("endpoints", 1),
        ("rows", 8),
        ("duplicate_rows", 7),
        ("attempts", 1),
    ] {
        assert_eq!(counts[key], expected, "{key} of {counts}");
    }
    assert_eq!(counts["services"]["tls"], 1);
    let head = "8 rows for 1 endpoint of 1 target · 29 duplicates · 7 of them with other columns\n";
    assert!(ended.stderr.contains(head), "{}", ended.stderr);
    assert!(ended.stderr.contains(" 100.0% "), "{}", ended.stderr);
}

#[test]
fn equal_columns_make_one_row_and_text_and_service_are_those_of_the_listing() {
    let folder = folder();
    let refusing = Refusing::new();
    let port = refusing.port;
    let plain: String = (0..1000)
        .map(|n| format!("tls://127.0.0.1:{port}/{n}\n"))
        .collect();
    let plain = write(&folder, "plain", plain);
    assert_eq!(scan(&["-i", &plain]).expect(0).rows().len(), 1);

    let json = format!(
        "{{\"target\":\"127.0.0.1:{port}\",\"id\":1}}\n\
         {{\"target\":\"smtps://127.0.0.1:{port}\",\"id\":\"1\"}}\n\
         {{\"id\":1,\"target\":\"imaps://127.0.0.1:{port}\"}}\n\
         {{\"target\":\"pop3s://127.0.0.1:{port}\",\"id\":[1,{{\"a\":null}}]}}\n"
    );
    let json = write(&folder, "inventory.jsonl", json);
    let rows = scan(&["-i", &json, "-i", &plain]).expect(0).rows();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.text("/target"),
                row.text("/service"),
                row.at("/tags").to_string(),
            )
        })
        .collect();
    let target = |scheme: &str| format!("{scheme}127.0.0.1:{port}");
    let (first, second, third) = (target(""), target("smtps://"), target("pop3s://"));
    let fourth = format!("tls://127.0.0.1:{port}/0");
    let expected = [
        (&*first, "tls", r#"{"id":1}"#.to_owned()),
        (&*second, "smtps", r#"{"id":"1"}"#.to_owned()),
        (&*third, "pop3s", r#"{"id":[1,{"a":null}]}"#.to_owned()),
        (&*fourth, "tls", "{}".to_owned()),
    ];
    assert_eq!(found, expected);
    // Every listing is visited.
    let all = ["-i", &json, "-i", &plain, "--no-dedupe"];
    assert_eq!(scan(&all).expect(0).rows().len(), 1004);
}

/// A lab, and an inventory that lists many of its cases under three owners.
struct Listed {
    lab: Lab,
    /// Number of cases listed.
    cases: usize,
    folder: TempDir,
    _runtime: Runtime,
    lines: Vec<String>,
}

impl Listed {
    fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let lab = runtime.block_on(Lab::start(probe::now())).expect("a lab");
        let folder = folder();
        write(&folder, "root.pem", lab.root_pem());
        let mut lines = Vec::new();
        // Without servers that stay silent, because three sweeps would wait for them.
        const QUICK: &str =
            "ok expired missing_intermediate untrusted_ca self_signed name_mismatch dns_failure";
        let is_quick =
            |running: &&Running| QUICK.split(' ').any(|it| it == running.case.expect.name());
        let cases: Vec<&Running> = lab.cases().iter().filter(is_quick).collect();
        for running in &cases {
            lines
                .extend(["web", "mail", "web", "ops"].map(|it| format!("{},{it}", running.target)));
        }
        Self {
            cases: cases.len(),
            lab,
            folder,
            _runtime: runtime,
            lines,
        }
    }

    fn scan(&self, stem: &str, more: &[&str]) {
        let text = format!("target,owner\n{}\n", self.lines.join("\n"));
        let inventory = write(&self.folder, &format!("{stem}-in.csv"), text);
        let resolver = format!("--resolvers={}", self.lab.resolver_address());
        let arguments = ["-i", &inventory, "--quiet", &resolver];
        let outputs = self.outputs(stem);
        let outputs: Vec<&str> = outputs.iter().map(|it| &**it).collect();
        scan(&[&arguments, &*outputs, more].concat()).expect(0);
    }

    fn outputs(&self, stem: &str) -> Vec<String> {
        let output = |end| format!("--output={}", path(&self.folder, &format!("{stem}.{end}")));
        let trust = format!("--trust={}", path(&self.folder, "root.pem"));
        let certs = format!("--certs={}", path(&self.folder, &format!("{stem}.pem")));
        vec![output("jsonl"), output("csv"), output("txt"), trust, certs]
    }

    fn rows(&self, stem: &str) -> Vec<Row> {
        read_rows(&path(&self.folder, &format!("{stem}.jsonl")))
    }
}

#[test]
fn the_rows_of_duplicates_are_judged_again_byte_for_byte() {
    let listed = Listed::start();
    let facts = path(&listed.folder, "lab.facts");
    listed.scan("live", &["--save", &facts, "--facts=default_certificate"]);
    let mut arguments = vec!["judge".to_owned(), facts, "--quiet".to_owned()];
    arguments.extend(listed.outputs("again"));
    run(&arguments).expect(0);
    for ending in ["jsonl", "csv", "txt", "pem"] {
        let read = |stem| fs::read(path(&listed.folder, &format!("{stem}.{ending}")));
        let (live, again) = (read("live").unwrap(), read("again").unwrap());
        assert!(live == again, "{ending} differs");
    }
    let rows = listed.rows("live");
    assert_eq!(rows.len(), 3 * listed.cases);
    let completed = |row: &&Row| row.at("/chain/completed_by") == "sweep";
    assert!(rows.iter().filter(completed).count() >= 6);
    // No server counts twice in either of them.
    for stem in ["live", "again"] {
        let manifest = manifest(&path(&listed.folder, &format!("{stem}.jsonl")));
        let counts = &manifest["counts"];
        let visits = listed.cases;
        assert_eq!(counts["duplicate_rows"], 2 * visits, "{counts}");
        assert_eq!(counts["targets"], visits, "{counts}");
        let verdicts = counts["verdicts"].as_object().expect("verdicts").values();
        let sum: u64 = verdicts.filter_map(Value::as_u64).sum();
        assert_eq!(sum, visits as u64);
    }
}

#[test]
fn the_order_of_the_listings_changes_nothing() {
    let mut listed = Listed::start();
    let mut seeded = Seeded(7);
    listed.scan("0", &[]);
    let first = listings(&listed.rows("0"));
    assert_eq!(first.len(), 3 * listed.cases);
    for (stem, more) in [("1", &[][..]), ("2", &["--seed=5"])] {
        seeded.shuffle(&mut listed.lines);
        listed.scan(stem, more);
        let rows = listed.rows(stem);
        assert_eq!(listings(&rows), first);
        assert_eq!(rows.len(), first.len());
    }
}

#[test]
fn duplicates_follow_their_visit() {
    let folder = folder();
    let refusing = Refusing::new();
    let port = refusing.port;
    // 20 hosts with three owners each, one owner after the other.
    let lines: String = ["x", "y", "z"]
        .iter()
        .flat_map(|owner| (1..=20).map(move |n| format!("127.0.0.{n}:{port},{owner}\n")))
        .collect();
    let inventory = write(&folder, "inventory.csv", format!("target,owner\n{lines}"));
    let hosts = |rows: &[Row]| -> BTreeSet<String> {
        rows.iter()
            .map(|row| row.text("/host").to_owned())
            .collect()
    };
    let sample = scan(&["-i", &inventory, "--sample=5"]).expect(0).rows();
    assert_eq!((hosts(&sample).len(), sample.len()), (5, 15));
    let parts = ["--shard=1/2", "--shard=2/2"];
    let parts = parts.map(|part| scan(&["-i", &inventory, part]).expect(0).rows());
    assert!(parts.iter().all(|part| part.len() == 3 * hosts(part).len()));
    assert_eq!(parts[0].len() + parts[1].len(), 60);
    let exclude = write(&folder, "exclude", "127.0.0.0/28\n");
    let rows = scan(&["-i", &inventory, "--exclude", &exclude])
        .expect(0)
        .rows();
    assert_eq!((hosts(&rows).len(), rows.len()), (5, 15));
}

#[test]
fn every_address_of_a_name_has_a_row_for_each_listing() {
    let folder = folder();
    let refusing = Refusing::new();
    let addresses: [IpAddr; 2] = [[127, 0, 0, 2].into(), [127, 0, 0, 3].into()];
    let dns = Scripted::start(move |query| {
        let records = addresses
            .map(|it| format!("{} A {it}", query.name))
            .join(",");
        Some(query.records(0, if query.kind == A { &records } else { "" }))
    });
    let port = refusing.port;
    let table = format!("target,owner\na.test:{port},x\nA.test.:{port},y\n");
    let inventory = write(&folder, "inventory.csv", table);
    let resolver = format!("--resolvers={}", dns.address);
    let rows = scan(&["-i", &inventory, "--all-ips", &resolver])
        .expect(0)
        .rows();
    let found: BTreeSet<_> = rows
        .iter()
        .map(|row| {
            (
                row.text("/ip"),
                row.text("/tags/owner"),
                row.at("/duplicate_of").is_null(),
            )
        })
        .collect();
    let expected = [
        ("127.0.0.2", "x", true),
        ("127.0.0.2", "y", false),
        ("127.0.0.3", "x", true),
        ("127.0.0.3", "y", false),
    ];
    assert_eq!(found, expected.into());
    assert_eq!(rows.len(), 4);
}

#[test]
fn streams_are_read_twice_as_well() {
    let folder = folder();
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    // More than is kept in memory.
    let comment = format!("# {}\n", "x".repeat(10_000)).repeat(500);
    let table = format!("target,owner\n{target},x\n{target},y\nnot a target,z\n{target},x\n");
    let table = table + &comment;
    let expected = ["x", "y"];
    let owners = |rows: &[Row]| -> Vec<String> {
        rows.iter()
            .map(|row| row.text("/tags/owner").to_owned())
            .collect()
    };
    for arguments in [&["-i", "-"][..], &[]] {
        let all = [&["scan"], &AT_HOME[..], arguments].concat();
        let ended = run_with(&all, &table).expect(0);
        assert_eq!(owners(&ended.rows()), expected);
        assert_eq!(
            ended.stderr.matches("<stdin>:4: ").count(),
            1,
            "{}",
            ended.stderr
        );
    }
    let file = write(&folder, "table", &table);
    let rows = path(&folder, "rows.jsonl");
    let flags = AT_HOME.join(" ");
    let script = format!("{TLSWEEP} scan {flags} --quiet -i <(cat {file}) -o {rows}");
    tool("bash", &["-c", &script], folder.path());
    assert_eq!(owners(&read_rows(&rows)), expected);
    let input = &manifest(&rows)["inputs"][0];
    assert_eq!(input["bytes"], table.len());
    assert!(
        input["name"]
            .as_str()
            .expect("a name")
            .starts_with("/dev/fd/")
    );
}

#[test]
fn without_deduplication_visits_start_while_a_pipe_is_growing() {
    let folder = folder();
    let refusing = Refusing::new();
    let (pipe, rows) = (path(&folder, "pipe"), path(&folder, "rows.jsonl"));
    tool("mkfifo", &[&pipe], folder.path());
    let mut command = Command::new(TLSWEEP);
    command
        .args(["scan", "--quiet", "--no-dedupe", "-i", &pipe, "-o", &rows])
        .args(AT_HOME);
    let mut sweeping = Kept::spawn(&mut command);
    let mut growing = fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the pipe");
    writeln!(growing, "127.0.0.1:{}", refusing.port).expect("it is read");
    let count = || fs::read_to_string(&rows).map_or(0, |text| text.lines().count());
    await_that("the first row", || count() == 1);
    writeln!(growing, "127.0.0.2:{}", refusing.port).expect("it is read");
    drop(growing);
    assert_eq!(sweeping.code(), Some(0));
    assert_eq!(count(), 2);
}

#[test]
fn a_file_that_changes_between_the_readings_is_reported() {
    let folder = folder();
    let refusing = Refusing::new();
    let line = |n: u8| format!("127.0.0.{n}:{}\n", refusing.port);
    let inventory = write(&folder, "inventory", line(1));
    let (pipe, rows) = (path(&folder, "pipe"), path(&folder, "rows.jsonl"));
    let log = path(&folder, "log");
    tool("mkfifo", &[&pipe], folder.path());
    let mut command = Command::new(TLSWEEP);
    command
        .args([
            "scan", "--quiet", "-i", &inventory, "-i", &pipe, "-o", &rows,
        ])
        .args(AT_HOME)
        .stderr(fs::File::create(&log).expect("a log"));
    let mut sweeping = Kept::spawn(&mut command);
    // The first reading has opened the file before the pipe, and ends with it.
    let mut growing = fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the pipe");
    let other = write(&folder, "other", line(1) + &line(2));
    fs::rename(other, &inventory).expect("it is replaced");
    writeln!(growing, "{}", line(3)).expect("it is read");
    drop(growing);
    assert_eq!(sweeping.code(), Some(3));
    let says = fs::read_to_string(&log).expect("the log");
    let expected = format!("the inventory {inventory} changed while it was read");
    assert!(says.contains(&expected), "{says}");
    assert_eq!(read_rows(&rows).len(), 3);
    assert_eq!(manifest(&rows)["complete"], false);
}

#[test]
fn an_inventory_without_targets_costs_no_earlier_output() {
    let folder = folder();
    let earlier = ["rows.jsonl", "rows.csv", "seen.pem", "week.facts"];
    let earlier = earlier.map(|name| write(&folder, name, "of last week"));
    let [jsonl, csv, certs, facts] = &earlier;
    let rejects = write(&folder, "rejects", "of last week");
    let many = "not a target\n".repeat(12);
    for (text, says) in [
        (&*many, "white space"),
        ("", "no valid target"),
        ("# x\n", "no valid"),
    ] {
        let inventory = write(&folder, "inventory", text);
        let arguments = ["-i", &inventory, "-o", jsonl, "-o", csv, "--certs", certs];
        let more = ["--save", facts, "--rejects", &rejects];
        let ended = scan(&[&arguments[..], &more].concat()).expect(2);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
        assert!(ended.stderr.contains("no valid target"), "{}", ended.stderr);
        assert_eq!(
            ended.stderr.matches("white space").count(),
            text.lines().count().min(10) * usize::from(text.len() > 10)
        );
        for file in &earlier {
            assert_eq!(
                fs::read_to_string(file).expect("it is there"),
                "of last week"
            );
        }
        let rejected = fs::read_to_string(&rejects).expect("the rejected lines");
        assert_eq!(rejected.matches("not a target").count() > 0, text == many);
        assert!(!rejected.contains("last week"));
    }
}

#[test]
fn nothing_to_visit_is_no_success() {
    let (folder, refusing) = (folder(), Refusing::new());
    let port = refusing.port;
    let two = format!("127.0.0.1:{port}\n127.0.0.2:{port}\n");
    let inventory = write(&folder, "inventory", &*two);
    let exclude = write(&folder, "exclude", "127.0.0.0/8\n");
    let exclude = format!("--exclude={exclude}");
    let [excluded, away] = ["2 excluded", "2 outside the sample or shard"];
    let away_from = |shard: &str| (away, shard.to_owned());
    let cases = [
        (excluded, exclude.clone()),
        away_from("--sample=0.000001%"),
        away_from(&empty_shard(&inventory)),
    ];
    for (skipped, flag) in &cases {
        for gate in [&[][..], &["--fail-on=any"]] {
            let rows = write(&folder, "rows.jsonl", "of last week");
            let more = [&["-i", &inventory, flag, "-o", &rows], gate].concat();
            // The first reading shows it before any output is opened.
            let ended = scan(&more).expect(2);
            let says = format!("nothing to visit: {skipped}\n");
            assert!(ended.stderr.contains(&says), "{ended:#?}");
            assert_eq!(fs::read_to_string(&rows).unwrap(), "of last week");
            // Without it, the end of the scan does.
            let ended = scan(&[&more[..], &["--no-dedupe"]].concat()).expect(2);
            let says = format!("nothing was visited: {skipped}\n");
            assert!(ended.stderr.contains(&says), "{ended:#?}");
            assert_eq!(manifest(&rows)["counts"]["rows"], 0);
            let dry = [&more[..], &["--no-dedupe", "--dry-run"]].concat();
            let says = format!("nothing to visit: {skipped}\n");
            assert!(scan(&dry).expect(2).stderr.contains(&says));
        }
    }
    // One target that is left is enough.
    let inventory = write(&folder, "inventory", format!("{two}[::1]:{port}\n"));
    scan(&["-i", &inventory, &exclude]).expect(0);
}

/// Returns the `--shard` of many without any of these targets.
fn empty_shard(inventory: &str) -> String {
    let mut shards = (1..=3).map(|part| format!("--shard={part}/3"));
    let empty = shards.find(|shard| scan(&["-i", inventory, shard]).rows().is_empty());
    empty.expect("two hosts are in two parts at most")
}

#[test]
fn an_interrupt_of_the_first_reading_costs_no_earlier_output() {
    let folder = folder();
    let rows = write(&folder, "rows.jsonl", "of last week");
    let pipe = path(&folder, "pipe");
    tool("mkfifo", &[&pipe], folder.path());
    let mut command = Command::new(TLSWEEP);
    command.args(["scan", "--quiet", "-i", &pipe, "-o", &rows]);
    let mut sweeping = Kept::spawn(&mut command);
    let mut growing = fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the pipe");
    writeln!(growing, "127.0.0.1:1").expect("it is read");
    sweeping.signal("INT");
    assert_ne!(sweeping.code(), Some(0));
    assert_eq!(
        fs::read_to_string(&rows).expect("it is there"),
        "of last week"
    );
}
