//! The manifest compared with reality: every hash computed again by other programs, every limit
//! compared with its flag, and what `judge` keeps of the sweep.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::pki::{self, Pki};
use support::revocation::{List, list};
use support::{
    Kept, Refusing, TLSWEEP, await_that, folder, path, read_rows, run, run_with, tool, write,
};
use tempfile::TempDir;

fn manifest(output: &str) -> Value {
    let text = fs::read(format!("{output}.manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("it is JSON")
}

/// Returns what `sha256sum` says about a file.
fn sha256sum(file: &str) -> String {
    let sum = tool("sha256sum", &[file], Path::new("/"));
    String::from_utf8_lossy(&sum[..64]).into_owned()
}

/// Returns what this shell command prints in a folder.
fn shell(command: &str, folder: &str) -> String {
    let printed = tool("sh", &["-c", command], Path::new(folder));
    String::from_utf8(printed).expect("UTF-8")
}

/// Everything that a sweep can read and write.
struct Run {
    folder: TempDir,
    pki: Pki,
    crl: String,
    arguments: Vec<String>,
}

/// The flags of a sweep for which the manifest has a field, with the JSON that it must have.
const LIMITS: &[[&str; 3]] = &[
    ["--rate=30000/m", "rate", "\"30000/m\""],
    ["--rate-per-ip=150", "rate_per_ip", "\"150/s\""],
    ["--concurrency=50", "concurrency", "50"],
    ["--concurrency-per-ip=0", "concurrency_per_ip", "null"],
    ["--connect-timeout=1500ms", "connect_timeout_ms", "1500"],
    ["--starttls-timeout=7s", "starttls_timeout_ms", "7000"],
    ["--handshake-timeout=6s", "handshake_timeout_ms", "6000"],
    ["--timeout=1m", "timeout_ms", "60000"],
    ["--retries=0", "retries", "0"],
    ["--dns-rate=70", "dns_rate", "\"70/s\""],
    ["--dns-concurrency=9", "dns_concurrency", "9"],
    ["--dns-timeout=1s", "dns_timeout_ms", "1000"],
];

/// The limits that follow from a flag and the machine.
const EFFECTIVE: [&str; 2] = ["concurrency_effective", "dns_concurrency_effective"];

impl Run {
    fn new() -> Self {
        let (folder, pki, refusing) = (folder(), Pki::new(), Refusing::new());
        let crl = list(&pki, "empty", List::EMPTY);
        let lists = path(&folder, "lists");
        fs::create_dir(&lists).expect("a folder");
        fs::copy(&crl, format!("{lists}/one.crl")).expect("it is copied");
        fs::write(format!("{lists}/README"), "lists").expect("it is written");
        let lines: String = (1..=20)
            .map(|n| format!("127.0.0.{n}:{}\n", refusing.port))
            .collect();
        let inventory = write(&folder, "inventory", lines + "127.0.0.1:bad\n");
        let exclude = write(&folder, "exclude", "127.0.0.3\n");
        let mut arguments: Vec<String> = [
            "scan",
            "--quiet",
            "--revocation=crl",
            "--resolvers=127.0.0.1:9",
            "--vantage=here",
            "--sample=12",
            "--seed=5",
            "--shard=1/1",
            "--at=2030-01-01",
            "--require-store=ca-root",
        ]
        .map(str::to_owned)
        .into();
        arguments.extend(LIMITS.iter().map(|[flag, ..]| (*flag).to_owned()));
        arguments.extend([
            format!("--input={inventory}"),
            format!("--exclude={exclude}"),
            format!("--trust={}", pki.root()),
            "--trust=mozilla".to_owned(),
            format!("--intermediates={}", pki.intermediate()),
            format!("--crls={crl}"),
            format!("--crls={lists}"),
        ]);
        for (flag, name) in [
            ("--output", "rows.jsonl"),
            ("--output", "rows.csv"),
            ("--output", "rows.txt"),
            ("--certs", "certs.pem"),
            ("--save", "week.facts"),
            ("--rejects", "rejects"),
        ] {
            arguments.push(format!("{flag}={}", path(&folder, name)));
        }
        let made = Self {
            folder,
            pki,
            crl,
            arguments,
        };
        run(&made.arguments).expect(0);
        made
    }

    fn path(&self, name: &str) -> String {
        path(&self.folder, name)
    }
}

#[test]
fn a_manifest_agrees_with_reality() {
    let ran = Run::new();
    let manifest = manifest(&ran.path("rows.jsonl"));
    assert_eq!(manifest["program"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        manifest["arguments"].as_array().map(Vec::len),
        Some(ran.arguments.len() + 1)
    );
    assert_eq!(manifest["judged_at"], "2030-01-01T00:00:00Z");
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["vantage"], "here");
    assert_eq!(manifest["required_stores"], json!(["ca-root"]));
    assert_eq!(manifest["resolvers"], json!(["127.0.0.1:9"]));
    assert_eq!(
        manifest["choice"],
        json!({ "sample": 12, "shard": "1/1", "seed": 5 })
    );
    assert_eq!(
        (&manifest["saved"], &manifest["sweep"]),
        (&Value::Null, &Value::Null)
    );

    let inventory = ran.path("inventory");
    let input = &manifest["inputs"][0];
    assert_eq!(input["name"], inventory.as_str());
    assert_eq!(input["sha256"], sha256sum(&inventory).as_str());
    assert_eq!(input["targets"], 19);

    for [flag, field, value] in LIMITS {
        assert_eq!(manifest["limits"][field].to_string(), *value, "{flag}");
    }
    assert_eq!(
        manifest["limits"].as_object().map(|it| it.len()),
        Some(LIMITS.len() + EFFECTIVE.len())
    );

    let rows = read_rows(&ran.path("rows.jsonl")).len();
    assert_eq!(rows, 12);
    let outputs = manifest["outputs"].as_array().expect("a list");
    let written = [
        "rows.jsonl",
        "rows.csv",
        "rows.txt",
        "certs.pem",
        "week.facts",
        "rejects",
    ];
    assert_eq!(outputs.len(), written.len());
    for (output, (name, flag)) in
        outputs.iter().zip(
            written
                .iter()
                .zip(["-o", "-o", "-o", "--certs", "--save", "--rejects"]),
        )
    {
        let file = ran.path(name);
        assert_eq!(output["path"], file.as_str());
        assert_eq!(output["flag"], flag, "{name}");
        assert_eq!(output["sha256"], sha256sum(&file).as_str(), "{name}");
        let bytes = fs::metadata(&file).expect("it is there").len();
        assert_eq!(output["bytes"], bytes, "{name}");
        let counted = if flag == "-o" {
            json!(rows)
        } else {
            Value::Null
        };
        assert_eq!(output["rows"], counted, "{name}");
    }
}

#[test]
fn a_manifest_identifies_the_files_that_were_read() {
    let ran = Run::new();
    let manifest = manifest(&ran.path("rows.jsonl"));
    let files = manifest["files"].as_array().expect("a list");
    let lists = ran.path("lists");
    let read = [
        ("--exclude", ran.path("exclude")),
        ("--trust", ran.pki.root()),
        ("--intermediates", ran.pki.intermediate()),
        ("--crls", ran.crl.clone()),
        ("--crls", lists.clone()),
    ];
    assert_eq!(files.len(), read.len());
    for (file, (flag, path)) in files.iter().zip(&read) {
        assert_eq!((&file["flag"], &file["path"]), (&json!(flag), &json!(path)));
        let sum = match Path::new(path).is_dir() {
            true => shell("LC_ALL=C; sha256sum * | sha256sum | cut -c1-64", &lists),
            false => sha256sum(path),
        };
        assert_eq!(file["sha256"], sum.trim(), "{path}");
    }

    let stores = manifest["trust"].as_array().expect("a list");
    assert_eq!(
        (&stores[0]["name"], &stores[0]["anchors"]),
        (&json!("ca-root"), &json!(1))
    );
    assert_eq!(stores[0]["date"], Value::Null, "a file has no date");
    let line = format!(
        "printf '%s\\n' {} | sha256sum | cut -c1-64",
        pki::sha256(&ran.pki.root())
    );
    assert_eq!(stores[0]["anchors_sha256"], shell(&line, "/").trim());
    assert_eq!(stores[1]["name"], "mozilla");
    assert_ne!(stores[1]["anchors_sha256"], stores[0]["anchors_sha256"]);

    // The hellos are those that the program describes.
    let printed = run(&["hellos", "--json"]).expect(0).stdout;
    let described: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let hellos = manifest["hellos"].as_array().expect("a list");
    let ids: BTreeSet<&str> = hellos.iter().filter_map(|it| it["id"].as_str()).collect();
    assert!(ids.contains("modern") && ids.contains("wide"), "{ids:?}");
    assert!(!ids.contains("tls1_0") && !ids.contains("hello"), "{ids:?}");
    for hello in hellos {
        let same = described
            .iter()
            .find(|it| it["id"] == hello["id"])
            .expect("its description");
        assert_eq!(same["sha256"], hello["sha256"]);
        let record = same["record"].as_str().expect("hexadecimal");
        let line = format!("printf '{}' | sha256sum | cut -c1-64", octal(record));
        assert_eq!(hello["sha256"], shell(&line, "/").trim(), "{}", hello["id"]);
    }
}

/// Returns hexadecimal text as escapes of printf.
fn octal(hex: &str) -> String {
    let pairs = hex.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs
        .map(|pair| format!("\\{:03o}", u8::from_str_radix(pair, 16).expect("a byte")))
        .collect()
}

#[test]
fn judge_keeps_what_identifies_the_sweep() {
    let ran = Run::new();
    let live = manifest(&ran.path("rows.jsonl"));
    let again = ran.path("again.jsonl");
    run(&["judge", &ran.path("week.facts"), "--quiet", "-o", &again]).expect(0);
    let judged = manifest(&again);
    let sweep = &judged["sweep"];
    for field in [
        "program",
        "arguments",
        "started_at",
        "files",
        "resolvers",
        "hellos",
        "choice",
        "limits",
        "inputs",
    ] {
        assert_eq!(sweep[field], live[field], "{field}");
    }
    assert!(sweep["finished_at"].as_str() <= live["finished_at"].as_str());
    assert!(sweep["finished_at"].as_str() >= live["started_at"].as_str());
    assert_eq!(judged["vantage"], "here");
    // Its own input is the recording, and it used no other file.
    assert_eq!(
        judged["inputs"][0]["sha256"],
        sha256sum(&ran.path("week.facts")).as_str()
    );
    assert_eq!(judged["files"], json!([]));
    assert_ne!(judged["started_at"], live["started_at"]);
}

#[test]
fn a_recording_of_an_older_program_does_not_describe_its_sweep() {
    let folder = folder();
    let rows = path(&folder, "rows.jsonl");
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/saved/v1.facts");
    run(&["judge", old, "--quiet", "-o", &rows]).expect(0);
    let manifest = manifest(&rows);
    assert_eq!(manifest["sweep"], Value::Null);
    assert_eq!(manifest["saved"]["whole"], true);
}

#[test]
fn streams_and_devices_have_no_hash() {
    let folder = folder();
    let refusing = Refusing::new();
    let rows = path(&folder, "rows.jsonl");
    let target = format!("127.0.0.1:{}", refusing.port);
    run(&[
        "scan",
        &target,
        "--quiet",
        "-o",
        &rows,
        "-o",
        "-",
        "--save=/dev/null",
    ])
    .expect(0);
    let manifest = manifest(&rows);
    for place in [1, 2] {
        let output = &manifest["outputs"][place];
        assert_eq!(
            (&output["bytes"], &output["sha256"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[test]
fn a_killed_sweep_leaves_no_older_manifest_beside_its_rows() {
    let folder = folder();
    let refusing = Refusing::new();
    let rows = path(&folder, "rows.jsonl");
    let beside = format!("{rows}.manifest.json");
    let target = format!("127.0.0.0/28:{}", refusing.port);
    run(&["scan", &target, "--quiet", "-o", &rows]).expect(0);
    assert_eq!(manifest(&rows)["complete"], true);
    // Accepts connections and never answers, so that the sweep does not end.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("it is bound").to_string();
    let mut command = Command::new(TLSWEEP);
    command.args([
        "scan",
        "--quiet",
        "-o",
        &rows,
        "--handshake-timeout=60s",
        "--timeout=60s",
    ]);
    command.args([&target, &silent]);
    let before = fs::metadata(&rows).expect("it is there").len();
    let mut sweeping = Kept::spawn(&mut command);
    await_that("new rows", || {
        fs::metadata(&rows).is_ok_and(|file| file.len() > 0) && !Path::new(&beside).exists()
    });
    sweeping.signal("KILL");
    sweeping.code();
    assert!(before > 0 && !Path::new(&beside).exists());
}

#[test]
fn no_older_manifest_stays_beside_an_output() {
    let (folder, refusing) = (folder(), Refusing::new());
    let (csv, jsonl) = (path(&folder, "w.csv"), path(&folder, "w.jsonl"));
    let target = format!("127.0.0.1:{}", refusing.port);
    let facts = path(&folder, "w.recording");
    let beside = |output: &str| Path::new(&format!("{output}.manifest.json")).exists();
    let scan = ["scan", &target, "--quiet", "--save", &facts];
    let judge = ["judge", &facts, "--quiet"];
    for command in [&scan[..], &judge] {
        for [first, second] in [[&csv, &jsonl], [&jsonl, &csv]] {
            run(&[command, &["-o", first, "-o", second]].concat()).expect(0);
            assert!(beside(first) && !beside(second), "{first}");
        }
    }
    // The manifest that would be removed is not an input.
    let manifest = format!("{csv}.manifest.json");
    let ended = run(&["scan", "-i", &manifest, "-o", &jsonl, "-o", &csv]).expect(2);
    assert!(
        ended.stderr.contains("the manifest beside -o"),
        "{ended:#?}"
    );
}

#[test]
fn a_manifest_has_the_limits_as_given_and_as_they_applied() {
    let (folder, refusing) = (folder(), Refusing::new());
    let rows = path(&folder, "rows.jsonl");
    let target = format!("127.0.0.1:{}", refusing.port);
    for (given, recorded) in [("0", Value::Null), ("5000", json!(5000)), ("20", json!(20))] {
        let command = format!(
            "ulimit -n 256; '{TLSWEEP}' scan {target} -q -o '{rows}' -c {given} --dns-concurrency 700"
        );
        shell(&command, "/");
        let limits = &manifest(&rows)["limits"];
        assert_eq!(limits["concurrency"], recorded, "{limits}");
        assert_eq!(limits["dns_concurrency"], 700);
        let [visits, lookups] = EFFECTIVE.map(|field| limits[field].as_u64().expect("a number"));
        assert!(visits < 256 && lookups < 256, "{limits}");
        assert_eq!(visits == 20, given == "20", "{limits}");
    }
}

#[test]
fn standard_input_has_one_name() {
    let (folder, refusing) = (folder(), Refusing::new());
    let (rows, facts) = (path(&folder, "rows.jsonl"), path(&folder, "facts"));
    let target = format!("127.0.0.1:{}\n", refusing.port);
    run_with(&["scan", "-q", "-o", &rows, "--save", &facts], &target).expect(0);
    assert_eq!(manifest(&rows)["inputs"][0]["name"], "-");
    shell(
        &format!("'{TLSWEEP}' judge - -q -o '{rows}' < '{facts}'"),
        "/",
    );
    let judged = manifest(&rows);
    assert_eq!(judged["inputs"][0]["name"], "-");
    assert_eq!(judged["sweep"]["inputs"][0]["name"], "-");
}

#[test]
fn judge_keeps_the_counts_of_the_inventory_and_the_intervals() {
    let (folder, refusing) = (folder(), Refusing::new());
    let lines = |hosts: std::ops::Range<u8>, owner: &str| -> String {
        hosts
            .map(|host| format!("127.0.0.{host}:{},{owner}\n", refusing.port))
            .collect()
    };
    let text = format!(
        "target,owner\n{}{}{}nothing at all,x\n",
        lines(1..101, "a"),
        lines(1..4, "a"),
        lines(1..101, "b")
    );
    let inventory = write(&folder, "inventory.csv", text);
    let exclude = write(&folder, "exclude", "127.0.0.9\n127.0.0.99\n");
    let [facts, live, again] = ["facts", "live.jsonl", "again.jsonl"].map(|it| path(&folder, it));
    for (choice, sampled) in [
        ("", false),
        ("--sample=20%", true),
        ("--sample=10", true),
        ("--sample=10 --shard=1/2", true),
        // More than the shard has, so that it is a census of the shard.
        ("--sample=90 --shard=1/2", false),
        ("--sample=100% --all-ips", false),
    ] {
        let mut scan = vec!["scan", "-i", &inventory, "--exclude", &exclude];
        scan.extend(["--versions=all", "--save", &facts, "-o", &live]);
        scan.extend(choice.split_whitespace());
        let scanned = run(&scan).expect(0);
        let judged = run(&["judge", &facts, "-o", &again]).expect(0);
        for ended in [&scanned, &judged] {
            let says = ended.stderr.contains("Wilson score intervals for a sample");
            assert_eq!(says, sampled, "{choice}: {ended:#?}");
        }
        let (live, again) = (manifest(&live), manifest(&again));
        assert_eq!(live["counts"], again["counts"], "{choice}");
        assert_eq!(live["counts"]["duplicates"], 101);
        assert_eq!(live["counts"]["excluded"], 4);
        assert_eq!(again["sweep"]["sampled"], sampled);
    }
}

#[test]
fn a_run_that_cannot_start_leaves_the_older_manifest() {
    let folder = folder();
    let refusing = Refusing::new();
    let rows = path(&folder, "rows.jsonl");
    let target = format!("127.0.0.1:{}", refusing.port);
    run(&["scan", &target, "--quiet", "-o", &rows]).expect(0);
    run(&[
        "scan",
        &target,
        "--quiet",
        "-o",
        &rows,
        "--save=/no/such/folder/x",
    ])
    .expect(3);
    assert_eq!(manifest(&rows)["complete"], true);
}

#[test]
fn the_program_names_its_commit() {
    let long = run(&["--version"]).expect(0).stdout;
    let short = run(&["-V"]).expect(0).stdout;
    let version = format!("tlsweep {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(short, format!("{version}\n"));
    let commit = long
        .strip_prefix(&format!("{version} (commit "))
        .expect("a commit");
    let commit = commit.strip_suffix(")\n").expect("a commit");
    let folder = folder();
    let refusing = Refusing::new();
    let rows = path(&folder, "rows.jsonl");
    let target = format!("127.0.0.1:{}", refusing.port);
    run(&["scan", &target, "--quiet", "-o", &rows]).expect(0);
    let manifest = manifest(&rows);
    let named = manifest["program"]["commit"].as_str().unwrap_or("unknown");
    assert_eq!(named, commit);
}

#[test]
fn a_changed_hello_gets_a_new_id() {
    let name = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/hellos.txt");
    let table = fs::read_to_string(name).unwrap_or_default();
    let mut known: Vec<(&str, &str)> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let printed = run(&["hellos"]).expect(0).stdout;
    let lines = printed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let now: Vec<(String, String)> = lines
        .filter(|words| words[1].len() == 64)
        .map(|words| (words[0].to_owned(), words[1].to_owned()))
        .collect();
    assert!(now.len() > 30);
    for (id, digest) in &now {
        match known.iter().find(|(known, _)| known == id) {
            Some((_, was)) => assert_eq!(
                was, digest,
                "the ClientHello {id} has changed, and rows of older programs mean another one by this id: \
                 give the changed hello a new id, and leave its line in testdata/hellos.txt"
            ),
            None => panic!("add a line to testdata/hellos.txt: {id} {digest}"),
        }
    }
    let lines = known.len();
    known.sort_unstable();
    known.dedup_by_key(|(id, _)| *id);
    assert_eq!(known.len(), lines, "an id is used twice");
}
