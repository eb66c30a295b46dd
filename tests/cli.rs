//! The command line as a person or a script meets it: what goes in, what comes out, where, and with
//! which exit code.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use serde_json::Value;

use support::peers::SServer;
use support::pki::{Issued, Leaf, Pki};
use support::{
    AT_HOME, Kept, Refusing, Row, TLSWEEP, await_that, folder, path, read_rows, run, run_with,
    tool, write,
};
use tlsweep::cli::{Cli, FILES, FileRole};
use tlsweep::judge::findings::{FINDINGS, Needs};

/// `scan` at home, with the rows on standard output.
fn scan(arguments: &[&str]) -> support::Run {
    scan_with(arguments, "")
}

fn scan_with(arguments: &[&str], stdin: &str) -> support::Run {
    run_with(&[&["scan"], &AT_HOME[..], arguments].concat(), stdin)
}

/// The flags with which this command line can be extended by a file in one of these roles.
fn file_flags(command: &[&str], roles: &[FileRole]) -> Vec<&'static str> {
    let files = FILES.iter().filter(|file| roles.contains(&file.role));
    let taken = files.filter(|file| {
        let line = [&["tlsweep"], command, &[file.flag, "marker"]].concat();
        let line = line.into_iter().map(str::to_owned).collect();
        Cli::of_arguments(line).is_ok_and(|cli| (file.paths)(&cli.command) == [Path::new("marker")])
    });
    taken.map(|file| file.flag).collect()
}

const WRITTEN: &[FileRole] = &[FileRole::Rows, FileRole::Written];

fn targets(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.text("/target")).collect()
}

// Exit codes.

#[test]
fn a_sweep_that_finds_faults_succeeds_unless_asked_to_fail_on_them() {
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    for (fail_on, code) in [
        (None, 0),
        (Some("--fail-on=unreachable"), 1),
        (Some("--fail-on=expired,unreachable"), 1),
        (Some("--fail-on=any"), 1),
        // Nothing was reached, so nothing shows that no certificate is expired.
        (Some("--fail-on=expired"), 4),
    ] {
        let mut arguments = vec![target.as_str()];
        arguments.extend(fail_on);
        let rows = scan(&arguments).expect(code).rows();
        assert_eq!(rows[0].verdict(), "unreachable");
        assert_eq!(rows[0].at("/error/kind"), "refused");
    }
}

/// Starts a server that greets like SSH, until the end of the process. Returns its target.
fn greeting_server() -> String {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = server.local_addr().expect("it is bound").to_string();
    thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            // The scanner may have closed the connection.
            let _ = stream.write_all(b"SSH-2.0-test\r\n");
        }
    });
    target
}

#[test]
fn a_gate_fails_if_too_little_was_seen() {
    let refusing = [Refusing::new(), Refusing::new()];
    let [gone, gone_too] = &refusing
        .each_ref()
        .map(|it| format!("127.0.0.1:{}", it.port));
    let here = &greeting_server();
    let folder = folder();
    let facts = path(&folder, "gate.facts");
    let unread = "2 input lines could not be read (--max-unread 0)";
    let one_unread = "1 input line could not be read (--max-unread 0)";
    let unreached = "only 1 of 3 endpoints could be reached (--min-reached 50)";
    let one_match = "--fail-on matches not_tls (1 endpoint)";
    let two_matches = "--fail-on matches unreachable (2 endpoints), not_tls (1 endpoint)";
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&[here], "--fail-on=expired", 0, ""),
        (&[here, "a b", "c d"], "--fail-on=expired", 4, unread),
        (&[here, "a b"], "--fail-on=expired", 4, one_unread),
        (
            &[here, "a b", "c d"],
            "--fail-on=expired --max-unread=2",
            0,
            "",
        ),
        (&[here, "a b", "c d"], "--fail-on=not_tls", 1, one_match),
        (&[here, "a b", "c d"], "", 0, ""),
        (&[here, gone], "--fail-on=expired", 0, ""),
        (&[here, gone, gone_too], "--fail-on=expired", 4, unreached),
        (
            &[here, gone, gone_too],
            "--fail-on=expired --min-reached=33%",
            0,
            "",
        ),
        (&[here, gone, gone_too], "--fail-on=any", 1, two_matches),
        (&[gone], "--fail-on=expired --min-reached=0", 0, ""),
    ];
    for (inventory, flags, code, reason) in cases {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let quiet = [&["--quiet", "--save", &*facts], &flags[..]].concat();
        let ended = scan_with(&quiet, &inventory.join("\n")).expect(*code);
        let stated = ended
            .stderr
            .lines()
            .find_map(|line| line.split_once(&format!("exit code {code}: ")));
        assert_eq!(
            stated.map_or("", |(_, reason)| reason),
            *reason,
            "{ended:#?}"
        );
        // A recording has no lines that could be unread.
        let of_lines = flags.iter().any(|flag| flag.starts_with("--max"))
            || [unread, one_unread].contains(reason);
        if !of_lines {
            let judged = run(&[&["judge", "--quiet", &*facts], &flags[..]].concat());
            assert!(judged.expect(*code).stderr.contains(reason));
        }
    }
    for alone in ["--max-unread=1", "--min-reached=10"] {
        let ended = scan(&[here, alone]).expect(2);
        assert!(ended.stderr.contains("--fail-on"), "{ended:#?}");
    }
    for wrong in ["101", "-1", "half", "", "50.5"] {
        let flag = format!("--min-reached={wrong}");
        scan(&[here, "--fail-on=any", &flag]).expect(2);
    }
}

#[test]
fn a_lookup_without_an_answer_is_not_blamed_on_the_server() {
    let closed = Refusing::new();
    let resolver = format!("--resolvers=127.0.0.1:{}", closed.port);
    let names: Vec<String> = (0..20).map(|it| format!("h{it}.example")).collect();
    let flags = ["--quiet", "--fail-on=expired", &resolver];
    let ended = scan_with(&flags, &names.join("\n")).expect(4);
    assert!(
        ended.stderr.contains("20 of 20 DNS lookups failed"),
        "{ended:#?}"
    );
    assert!(
        ended.stderr.contains("only 0 of 20 endpoints"),
        "{ended:#?}"
    );
    for row in ended.rows() {
        assert_eq!(row.verdict(), "dns_failure");
        assert_eq!(row.at("/side"), "network", "{row:?}");
    }
}

#[test]
fn a_finding_that_nothing_looks_for_is_refused_as_a_reason_to_fail() {
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    let folder = folder();
    let facts = path(&folder, "plain.facts");
    scan(&[&target, "--save", &facts]).expect(0);
    let mut refused = 0;
    for finding in FINDINGS {
        let fail_on = format!("--fail-on=any,{}", finding.id);
        let needs = finding.needs.to_string();
        // Of several options one is enough.
        let needed = needs.split(" (").next().expect("an option");
        let asked: Vec<&str> = needed
            .split(' ')
            .filter(|_| finding.needs != Needs::Nothing)
            .collect();
        let ended = scan(&[&[&*target, &*fail_on], &asked[..]].concat()).expect(1);
        assert_eq!(ended.rows().len(), 1, "{}", finding.id);
        if finding.needs == Needs::Nothing {
            run(&["judge", &facts, &fail_on]).expect(1);
            continue;
        }
        let judge = |further: &[&str]| run(&[&["judge", &*facts, &*fail_on], further].concat());
        let plain = [scan(&[&target, &fail_on]), judge(&[])];
        for ended in plain.map(|it| it.expect(2)) {
            assert!(ended.stderr.contains(finding.id.name()), "{ended:#?}");
            assert!(ended.stderr.contains(&needs), "{ended:#?}");
            assert!(ended.stdout.is_empty(), "{ended:#?}");
        }
        match finding.needs.takes_a_visit() {
            true => {
                let facts = path(&folder, finding.id.name());
                scan(&[&[&*target, "--save", &facts], &asked[..]].concat()).expect(0);
                run(&["judge", &facts, &fail_on]).expect(1);
            }
            false => drop(judge(&asked).expect(1)),
        }
        refused += 1;
    }
    assert!(refused >= 5, "{refused} findings need an option");
    // Every verdict that the scan can reach.
    scan(&[&target, "--fail-on=any"]).expect(1);
}

#[test]
fn what_cannot_be_used_is_said_and_exits_with_two() {
    let folder = folder();
    let missing = path(&folder, "missing");
    let not_pem = write(&folder, "not.pem", "hello\n");
    let trust = format!("--trust={missing}");
    let exclude = format!("--exclude={missing}");
    let intermediates = format!("--intermediates={missing}");
    let cases: &[(&[&str], &str)] = &[
        (&["scan", "--no-such-flag"], "--no-such-flag"),
        (&["no-such-command"], "no-such-command"),
        (&[], "Usage"),
        (&["scan", "-i", &missing], &missing),
        (&["scan", "127.0.0.1:1", &trust], &missing),
        (&["scan", "127.0.0.1:1", &exclude], &missing),
        (&["scan", "127.0.0.1:1", &intermediates], &missing),
        (&["scan", "127.0.0.1:1", "--trust", &not_pem], &not_pem),
        (&["scan", "127.0.0.1:1", "-p", "0"], "0"),
        (&["scan", "127.0.0.1:1", "--rate=-1"], "--rate"),
        (&["scan", "127.0.0.1:1", "--timeout=3"], "3s"),
        (&["scan", "127.0.0.1:1", "--at=yesterday"], "--at"),
        (&["scan", "127.0.0.1:1", "--format=xml"], "jsonl"),
        (&["scan", "127.0.0.1:1", "--fail-on=bad"], "expired"),
        (&["scan", "127.0.0.1:1", "-o", "rows.xml"], "rows.xml"),
        (
            &["scan", "127.0.0.1:1", "--resolvers=nobody"],
            "--resolvers",
        ),
        (&["scan", "not a target"], "white space"),
        (&["check", &missing, "--name=example.com"], &missing),
        (&["check", &not_pem, "--name=example.com"], "PEM"),
        (&["explain", "no_such_finding"], "tlsweep explain"),
        (&["scan", "127.0.0.1:1", "--expiring-within=60"], "60d"),
        (&["kunde.example"], "tlsweep check kunde.example"),
        (&["completions", "no-such-shell"], "bash"),
    ];
    for (arguments, says) in cases {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {ended:#?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn a_file_in_place_of_a_target_is_noticed() {
    let folder = folder();
    let list = write(&folder, "lab.txt", "a.example\n");
    let recording = path(&folder, "week.recording");
    let closed = format!("127.0.0.1:{}", Refusing::new().port);
    run(&["scan", &closed, "--retries=0", "--save", &recording]).expect(0);
    for (file, command) in [(&list, "scan -i"), (&recording, "judge")] {
        let says = format!("there is a file of this name; to .*: tlsweep {command} {file}");
        let (before, after) = says.split_once(".*").expect("two parts");
        let only = run(&["scan", file]).expect(2);
        assert!(only.stderr.contains("no valid target"), "{only:#?}");
        let also = run(&["scan", file, &closed, "--retries=0"]).expect(0);
        assert_eq!(also.rows().len(), 1);
        for ended in [only, also] {
            assert!(
                ended.stderr.contains(before) && ended.stderr.contains(after),
                "{ended:#?}"
            );
        }
        let instead = run(&[file]).expect(2);
        assert!(instead.stderr.contains(after), "{instead:#?}");
    }
    // A name that is a host as well: the file of the working directory.
    let ended = run(&["scan", "Cargo.toml", "--dry-run"]).expect(0);
    assert!(
        ended.stderr.contains("tlsweep scan -i Cargo.toml"),
        "{ended:#?}"
    );
}

#[test]
fn an_inventory_without_a_usable_line_exits_with_two() {
    let ended = scan_with(&["-i", "-"], "not a target\n:443\n").expect(2);
    assert!(ended.stderr.contains("no valid target"), "{ended:#?}");
}

#[test]
fn an_output_that_cannot_be_written_exits_with_three_before_the_first_packet() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it can");
    let target = format!("127.0.0.1:{}", listener.local_addr().expect("bound").port());
    let folder = folder();
    let nowhere = path(&folder, "missing/rows.jsonl");
    for option in file_flags(&["scan"], WRITTEN) {
        let ended = scan(&[&target, option, &nowhere]).expect(3);
        assert!(ended.stderr.contains(&nowhere), "{ended:#?}");
        listener.accept().expect_err("nobody connected");
    }
}

#[test]
fn a_full_disk_ends_the_sweep_with_three_and_is_reported_with_the_flag() {
    let (refusing, pki) = (Refusing::new(), Pki::new());
    let block = format!("127.0.0.0/24:{}", refusing.port);
    let leaf = pki.leaf("leaf", Leaf::GOOD);
    let server = SServer::start(&["-cert", &leaf.leaf, "-key", &leaf.key, "-www"]);
    let server = server.address.to_string();
    let folder = folder();
    let rows = path(&folder, "rows.jsonl");
    for flag in file_flags(&["scan"], WRITTEN) {
        // Something for each output.
        let mut arguments = vec![&*block, &server, "not a target"];
        match flag {
            "-o" => arguments.push("--format=jsonl"),
            _ => arguments.extend(["-o", &rows]),
        }
        arguments.extend([flag, "/dev/full"]);
        let ended = scan(&arguments).expect(3);
        let expected = format!("{flag} /dev/full cannot be written: No space left");
        assert!(ended.stderr.contains(&expected), "{flag}: {ended:#?}");
    }
}

#[test]
fn what_is_wrong_before_the_sweep_costs_no_earlier_output() {
    let (folder, facts) = (folder(), folder());
    let facts = write(&facts, "empty.facts", "");
    let scanned = file_flags(&["scan"], WRITTEN);
    let judged = file_flags(&["judge", &facts], WRITTEN);
    // The outputs of an earlier run.
    let more = scanned.iter().filter(|flag| **flag != "-o");
    let names = more.map(|flag| (*flag, format!("of{flag}")));
    let rows = ["rows.jsonl", "rows.csv"].map(|name| ("-o", name.to_owned()));
    let earlier: Vec<_> = rows
        .into_iter()
        .chain(names)
        .map(|(flag, name)| (flag, write(&folder, &name, "of last week")))
        .collect();
    let missing = path(&folder, "missing");
    let nowhere = path(&folder, "missing/file.csv");
    let target = "127.0.0.1:1";
    let scans: &[(&[&str], i32, &str)] = &[
        (&["--ehlo=not a name"], 2, "--ehlo"),
        (&["--sni=not a name"], 2, "--sni"),
        (&["--ports=none"], 2, "--ports"),
        (&["--require-store=nobody"], 2, "--require-store"),
        (&["--trust", &missing], 2, "--trust"),
        (&["--intermediates", &missing], 2, "--intermediates"),
        (&["--input", &missing], 2, &missing),
        (&["--exclude", &missing], 2, "--exclude"),
        (&["--aia-allow-private"], 2, "--aia-allow-private"),
        (&["--revocation=crl", "--crls", &missing], 2, "--crls"),
        (&["-o", "rows.xml"], 2, "rows.xml"),
        (&["-o", &nowhere], 3, "-o /"),
    ];
    let judges: &[(&[&str], i32, &str)] = &[
        (&[], 2, "empty.facts is not a recording"),
        (&["--require-store=nobody"], 2, "--require-store"),
        (&["--trust", &missing], 2, "--trust"),
    ];
    let run_all = |command: &[&str], flags: &[&str], cases: &[(&[&str], i32, &str)]| {
        for (more, code, says) in cases {
            let mut arguments = command.to_vec();
            for (flag, path) in earlier.iter().filter(|(flag, _)| flags.contains(flag)) {
                arguments.extend([*flag, path]);
            }
            arguments.extend(*more);
            let ended = run(&arguments);
            assert_eq!(ended.code, Some(*code), "{arguments:?}: {ended:#?}");
            assert!(ended.stderr.contains(says), "{arguments:?}: {ended:#?}");
            for (_, path) in &earlier {
                let kept = fs::read_to_string(path).expect("it is there");
                assert_eq!(kept, "of last week", "{path}: {arguments:?}");
            }
        }
    };
    let all_but = |flag: &str| -> Vec<&str> {
        let others = scanned.iter().copied().filter(|it| *it != flag);
        others.collect()
    };
    run_all(&["scan", target], &scanned, scans);
    run_all(&["judge", &facts], &judged, judges);
    assert!(scanned.len() >= 4 && judged.len() >= 2);
    for flag in all_but("-o") {
        let others = all_but(flag);
        let expected = format!("{flag} /");
        run_all(
            &["scan", target],
            &others,
            &[(&[flag, &nowhere], 3, &expected)],
        );
        run_all(
            &["scan", target],
            &others,
            &[(&[flag, "/dev/full/x"], 3, &expected)],
        );
    }
    // A disk that is full from the start.
    let full: &[(&[&str], i32, &str)] = &[(&["--save=/dev/full"], 3, "--save /dev/full")];
    run_all(&["scan", target], &all_but("--save"), full);
}

#[test]
fn standard_output_is_for_rows() {
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    let folder = folder();
    let rows = path(&folder, "rows.jsonl");
    for flag in file_flags(&["scan"], &[FileRole::Written]) {
        for arguments in [
            &[flag, "-"][..],
            &[flag, "-", "-o", &rows],
            &[flag, "/dev/stdout"],
            &[flag, "/dev/stdout", "-o", "-", "-o", &rows],
        ] {
            let mut all = vec!["scan", &*target];
            all.extend(arguments);
            let ended = run(&all).expect(2);
            let expected = format!("{flag} {}: ", arguments[1]);
            assert!(ended.stderr.contains(&expected), "{ended:#?}");
            assert!(ended.stderr.contains("give a file"), "{ended:#?}");
            assert_eq!(ended.stdout, "");
        }
    }
    assert!(!fs::exists(&rows).expect("a folder"));
    for flag in file_flags(&["judge", "week.recording"], &[FileRole::Written]) {
        let ended = run(&["judge", "week.recording", flag, "-"]).expect(2);
        let expected = format!("{flag} -: ");
        assert!(ended.stderr.contains(&expected), "{ended:#?}");
    }
    // Where the rows go elsewhere, it is free under its other name.
    let lines = ["scan", "--quiet", &target, "not a target", "-o", &rows];
    let ended = run(&[&lines[..], &["--rejects", "/dev/stdout"]].concat()).expect(0);
    assert!(
        ended.stdout.contains(",not a target,,lines\n"),
        "{ended:#?}"
    );
}

#[test]
fn an_interrupt_leaves_complete_rows_and_exits_with_130() {
    // Accepts, and answers when the sweep is asked to stop.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let folder = folder();
    let inventory: String = (0..1000)
        .map(|n| format!("n{n}.test@{address}\n"))
        .collect();
    let inventory = write(&folder, "inventory", inventory);
    let output = path(&folder, "rows.jsonl");
    let log = path(&folder, "log");
    let mut command = Command::new(TLSWEEP);
    command
        .args([
            "scan",
            "-c8",
            "--handshake-timeout=4s",
            "--retries=0",
            "-i",
            &inventory,
            "-o",
            &output,
        ])
        .args(["--rate=0", "--rate-per-ip=0", "--concurrency-per-ip=0"])
        .stderr(fs::File::create(&log).expect("a log"));
    let mut sweeping = Kept::spawn(&mut command);
    let visits: Vec<_> = (0..8)
        .map(|_| listener.accept().expect("a visit"))
        .collect();
    sweeping.signal("INT");
    // One answer ends each visit: what would need another connection gets no row.
    for (visit, _) in &visits {
        let mut visit = visit;
        let said = visit.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        said.expect("the visit waits");
    }
    let code = sweeping.code();
    let stderr = fs::read_to_string(&log).expect("the log");
    assert_eq!(code, Some(130), "{stderr}");
    let text = fs::read_to_string(&output).expect("rows");
    assert!(text.is_empty() || text.ends_with('\n'));
    // Visits under way end and get their row; nobody else is visited.
    assert_eq!(read_rows(&output).len(), visits.len());
    let manifest = manifest(&output);
    assert_eq!(manifest["complete"], false);
    assert!(stderr.contains("stopping"), "{stderr}");
}

// Inputs.

#[test]
fn targets_come_from_standard_input_alone_or_among_others() {
    let refusing = Refusing::new();
    let [a, b, c] = [1, 2, 3].map(|n| format!("127.0.0.{n}:{}", refusing.port));
    let rows = scan_with(&[], &format!("{a}\n")).expect(0).rows();
    assert_eq!(targets(&rows), BTreeSet::from([a.as_str()]));
    let folder = folder();
    let file = write(
        &folder,
        "inventory",
        format!("\u{feff}# ours\n{b} # web\r\n\r\n"),
    );
    let rows = scan_with(&[&c, "-i", &file, "-i", "-"], &a)
        .expect(0)
        .rows();
    assert_eq!(targets(&rows), BTreeSet::from([a.as_str(), &b, &c]));
}

#[test]
fn columns_that_are_not_ours_are_carried_as_tags() {
    let folder = folder();
    let refusing = Refusing::new();
    let port = refusing.port;
    let csv = format!(
        "host,port,owner,note\n127.0.0.1,{port},Ops,\"a, \"\"b\"\"\nc\"\n127.0.0.2,{port},=SUM(1),\n"
    );
    let csv = write(&folder, "inventory.csv", csv);
    let rows = scan(&["-i", &csv]).expect(0).rows();
    assert_eq!(rows.len(), 2);
    let of = |ip: &str| rows.iter().find(|row| row.at("/ip") == ip).expect("a row");
    assert_eq!(of("127.0.0.1").at("/tags/owner"), "Ops");
    assert_eq!(of("127.0.0.1").at("/tags/note"), "a, \"b\"\nc");
    assert_eq!(of("127.0.0.2").at("/tags/owner"), "=SUM(1)");

    let jsonl = format!(
        "{{\"host\":\"www.example.test\",\"ip\":\"127.0.0.3\",\"port\":{port},\"owner\":\"Ops\"}}\n"
    );
    let jsonl = write(&folder, "inventory.jsonl", jsonl);
    let rows = scan(&["-i", &jsonl]).expect(0).rows();
    assert_eq!(rows[0].at("/host"), "www.example.test");
    assert_eq!(rows[0].at("/ip"), "127.0.0.3");
    assert_eq!(rows[0].at("/tags/owner"), "Ops");
}

#[test]
fn tags_of_json_lines_keep_their_values_wherever_they_go() {
    let folder = folder();
    let refusing = Refusing::new();
    let tags = r#"{"none":null,"text":"null","yes":true,"id":12345678901234567890123,"share":0.10,"list":[1,{"=k":"\u001b"}],"sum":"=1+1"}"#;
    let port = refusing.port;
    let line = tags.replacen('{', &format!(r#"{{"host":"127.0.0.1","port":{port},"#), 1);
    let jsonl = write(&folder, "inventory.jsonl", line);
    let (rows, csv) = (path(&folder, "rows.jsonl"), path(&folder, "rows.csv"));
    let facts = path(&folder, "rows.facts");
    scan(&["-i", &jsonl, "-o", &rows, "-o", &csv, "--save", &facts]).expect(0);
    let again = path(&folder, "again.jsonl");
    run(&["judge", &facts, "-o", &again]).expect(0);
    for rows in [rows, again] {
        let row = fs::read_to_string(rows).expect("a row");
        assert!(row.contains(&format!(r#""tags":{tags},"#)), "{row}");
    }
    let table = csv::Reader::from_path(csv).expect("a table");
    let record = table.into_records().next().expect("a row").expect("CSV");
    assert!(record.iter().any(|cell| cell == tags), "{record:?}");
}

#[test]
fn ports_and_blocks_are_spread_out() {
    let (one, two) = (Refusing::new(), Refusing::new());
    let ports = format!("-p{},{}", one.port, two.port);
    let own = format!("127.0.0.2:{}", one.port);
    let rows = scan(&[&ports, "127.0.0.1", &own]).expect(0).rows();
    let places: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.text("/ip"), row.at("/port").as_u64()))
        .collect();
    let expected = [
        ("127.0.0.1", one.port),
        ("127.0.0.1", two.port),
        ("127.0.0.2", one.port),
    ];
    assert_eq!(
        places,
        expected.map(|(ip, port)| (ip, Some(port.into()))).into()
    );

    let block = format!("127.0.0.0/29:{}", one.port);
    let rows = scan(&[&block]).expect(0).rows();
    let addresses: BTreeSet<_> = rows.iter().map(|row| row.text("/ip").to_owned()).collect();
    assert_eq!(addresses, (0..8).map(|n| format!("127.0.0.{n}")).collect());
    assert_eq!(rows.len(), 8);
}

#[test]
fn what_is_excluded_is_not_visited() {
    let folder = folder();
    let refusing = Refusing::new();
    let exclude = write(
        &folder,
        "exclude",
        "127.0.0.4/30\n127.0.0.1 # mine\nskipped.test\n",
    );
    let exclude = format!("--exclude={exclude}");
    let block = format!("127.0.0.0/29:{}", refusing.port);
    let named = format!("skipped.test@127.0.0.2:{}", refusing.port);
    let rows = scan(&[&exclude, &block, &named]).expect(0).rows();
    let addresses: BTreeSet<_> = rows.iter().map(|row| row.text("/ip")).collect();
    assert_eq!(addresses, ["127.0.0.0", "127.0.0.2", "127.0.0.3"].into());
    assert_eq!(rows.len(), 3);
}

#[test]
fn duplicates_are_visited_once_unless_wanted() {
    let refusing = Refusing::new();
    let port = refusing.port;
    let inventory = format!("127.0.0.1:{port}\n127.0.0.1:{port} # again\ntls://127.0.0.1:{port}\n");
    let rows = scan_with(&[], &inventory).expect(0).rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    let rows = scan_with(&["--no-dedupe"], &inventory).expect(0).rows();
    assert_eq!(rows.len(), 3);
}

// Outputs.

#[test]
fn several_outputs_hold_the_same_rows() {
    let folder = folder();
    let refusing = Refusing::new();
    let inventory = write(
        &folder,
        "inventory.csv",
        format!(
            "host,port,owner\n127.0.0.1,{0},=HYPERLINK(1)\n127.0.0.2,{0},@x\n",
            refusing.port
        ),
    );
    let [jsonl, csv, text] = ["rows.jsonl", "rows.csv", "rows.txt"].map(|name| path(&folder, name));
    let ended = scan(&[
        "-i", &inventory, "-o", &jsonl, "-o", &csv, "-o", &text, "-o", "-",
    ])
    .expect(0);
    assert_eq!(ended.rows().len(), 2);
    assert_eq!(read_rows(&jsonl), ended.rows());
    let text = fs::read_to_string(text).expect("text");
    assert_eq!(text.matches("unreachable").count(), 2, "{text}");
    let mut table = csv::Reader::from_path(csv).expect("a table");
    let headers = table.headers().expect("a header").clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header == name)
            .expect("a column")
    };
    let records: Vec<_> = table
        .records()
        .map(|record| record.expect("a row"))
        .collect();
    assert_eq!(records.len(), 2);
    for (record, row) in records.iter().zip(ended.rows()) {
        assert_eq!(&record[column("ip")], row.text("/ip"));
        assert_eq!(&record[column("verdict")], "unreachable");
        let tags: Value = serde_json::from_str(&record[column("tags")]).expect("tags are JSON");
        assert_eq!(tags, *row.at("/tags"));
    }
}

#[test]
fn no_cell_starts_a_formula() {
    let refusing = Refusing::new();
    let inventory = format!("host,port,sni\n127.0.0.1,{},x\n", refusing.port);
    let folder = folder();
    let inventory = write(&folder, "inventory.csv", inventory);
    let evil = evil_certificate("=cmd|' /C calc'!A0");
    let evil = write(&folder, "evil.pem", evil);
    let checked = run(&["check", &evil, "--name=example.test", "--format=csv"]).expect(1);
    let scanned = scan(&["-i", &inventory, "--format=csv"]).expect(0);
    for text in [checked.stdout, scanned.stdout] {
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<_> = table
            .records()
            .map(|record| record.expect("a row"))
            .collect();
        assert_eq!(records.len(), 1);
        for cell in &records[0] {
            let formula = cell.starts_with(['=', '+', '@', '\t', '\r']);
            // A negative number is one of ours.
            let minus = cell.starts_with('-') && cell.parse::<i64>().is_err();
            assert!(!formula && !minus, "{cell}");
        }
    }
}

#[test]
fn no_escape_reaches_the_terminal() {
    let folder = folder();
    let evil = evil_certificate("\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gnp.exe\r\nok  example.test");
    let evil = write(&folder, "evil.pem", evil);
    for format in ["text", "csv", "jsonl"] {
        let format = format!("--format={format}");
        let ended = run(&["check", &evil, "--name=example.test", &format]).expect(1);
        let lines = ended.stdout.lines().count();
        assert_eq!(
            lines,
            if format == "--format=csv" { 2 } else { 1 },
            "{ended:#?}"
        );
        let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ended.stdout.contains(hostile), "{:?}", ended.stdout);
    }
    // Nor does what an inventory says.
    let ended = scan_with(&["-i", "-"], "\u{1b}[31mred\u{7}:x\n").expect(2);
    assert!(
        !ended.stderr.contains(['\u{1b}', '\u{7}']),
        "{:?}",
        ended.stderr
    );
}

/// A self-signed certificate for this subject and name, as PEM.
fn evil_certificate(text: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, text);
    let ascii: String = text.chars().filter(char::is_ascii).collect();
    let name = ascii.try_into().expect("ASCII");
    params.subject_alt_names.push(SanType::DnsName(name));
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").pem()
}

#[test]
fn quiet_hides_progress_and_summary_but_no_warning() {
    let refusing = Refusing::new();
    let inventory = format!("127.0.0.1:{}\nnot a target\n", refusing.port);
    let ended = scan_with(&["--quiet"], &inventory).expect(0);
    let warning = "<stdin>:2: \"not a target\"";
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:#?}");
    assert!(ended.stderr.contains(warning), "{ended:#?}");
    assert_eq!(ended.rows().len(), 1);
    let only_summary = scan_with(&["--no-progress"], &inventory).expect(0);
    assert!(
        only_summary.stderr.contains("1 row of 1 target"),
        "{only_summary:#?}"
    );
    let loud = scan_with(&[], &inventory).expect(0);
    assert!(
        loud.stderr.contains("unreachable") && loud.stderr.contains("<stdin>:2: "),
        "{loud:#?}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let refusing = Refusing::new();
    let folder = folder();
    let script = format!(
        "{TLSWEEP} scan --quiet {} 127.0.0.0/20:{} | head -1; echo ${{PIPESTATUS[0]}}",
        AT_HOME.join(" "),
        refusing.port
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .expect("bash starts");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let (row, code) = stdout.split_once('\n').expect("a row and a code");
    serde_json::from_str::<Value>(row).expect("a whole row");
    assert_eq!(code.trim(), "0");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    // A text that is longer than a pipe and a reader that is gone at once.
    let mut man = Command::new(TLSWEEP)
        .arg("man")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(man.stdout.take());
    let mut errors = String::new();
    let mut stderr = man.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut errors).expect("UTF-8");
    assert_eq!(
        (man.wait().expect("it ends").code(), errors.as_str()),
        (Some(0), "")
    );
}

#[test]
fn the_manifest_lets_others_repeat_the_run() {
    let folder = folder();
    let refusing = Refusing::new();
    let lines: String = (0..50)
        .map(|n| format!("127.0.0.{n}:{}\n", refusing.port))
        .collect();
    let inventory = write(&folder, "inventory", lines.clone() + "127.0.0.1:bad\n");
    let output = path(&folder, "rows.jsonl");
    scan(&[
        "-i",
        &inventory,
        "-o",
        &output,
        "--resolvers=127.0.0.1:9",
        "--at=2030-01-01",
    ])
    .expect(0);
    let manifest = manifest(&output);
    let sum = tool("sha256sum", &[&inventory], folder.path());
    let sum = String::from_utf8_lossy(&sum[..64]).into_owned();
    let input = &manifest["inputs"][0];
    assert_eq!(input["name"], inventory.as_str());
    assert_eq!(input["sha256"], sum.as_str());
    assert_eq!(
        input["bytes"],
        fs::metadata(&inventory).expect("it is there").len()
    );
    assert_eq!(input["targets"], 50);
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["judged_at"], "2030-01-01T00:00:00Z");
    assert_eq!(manifest["outputs"][0]["path"], output.as_str());
    assert_eq!(manifest["trust"][0]["name"], "mozilla");
    assert!(manifest["trust"][0]["anchors"].as_u64() > Some(100));
    assert!(manifest["resolvers"].to_string().contains("127.0.0.1:9"));
    assert_eq!(manifest["limits"]["rate"], Value::Null);
    assert_eq!(manifest["limits"]["handshake_timeout_ms"], 6000);
    let arguments = manifest["arguments"].as_array().expect("a list");
    assert!(
        arguments
            .iter()
            .any(|argument| argument == "--at=2030-01-01")
    );
    let times =
        ["started_at", "finished_at"].map(|key| manifest[key].as_str().expect("a time").to_owned());
    assert!(times[0] <= times[1], "{times:?}");
    assert_eq!(manifest["program"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["counts"]["rows"], 50, "{}", manifest["counts"]);
}

fn manifest(output: &str) -> Value {
    let text = fs::read_to_string(format!("{output}.manifest.json")).expect("a manifest");
    serde_json::from_str(&text).expect("the manifest is JSON")
}

// The other commands.

#[test]
fn help_manual_and_completions_are_there() {
    let help = run(&["--help"]).expect(0).stdout;
    for command in [
        "scan",
        "check",
        "judge",
        "explain",
        "hellos",
        "demo",
        "completions",
        "man",
    ] {
        assert!(help.contains(command), "{command}");
        let page = run(&[command, "--help"]).expect(0).stdout;
        assert!(page.contains("Usage: tlsweep"), "{page}");
    }
    let version = run(&["-V"]).expect(0).stdout;
    assert_eq!(version, format!("tlsweep {}\n", env!("CARGO_PKG_VERSION")));
    let man = run(&["man"]).expect(0).stdout;
    assert!(
        man.contains(".TH tlsweep") && man.contains("fail\\-on"),
        "no manual page"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).expect(0).stdout;
        assert!(
            script.contains("tlsweep") && script.contains("fail-on"),
            "{shell}"
        );
    }
}

#[test]
fn every_finding_is_explained_in_both_languages() {
    let index = run(&["explain"]).expect(0).stdout;
    let listed: BTreeSet<_> = index
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let known: BTreeSet<_> = FINDINGS.iter().map(|it| it.id.name()).collect();
    assert_eq!(listed, known);
    let japanese = |c: char| ('\u{3040}'..='\u{30ff}').contains(&c);
    assert!(
        run(&["explain", "--lang=ja"])
            .expect(0)
            .stdout
            .contains(japanese)
    );
    for id in known {
        let english = run(&["explain", id]).expect(0).stdout;
        assert!(english.contains(id) && english.len() > 200, "{english}");
        assert!(!english.contains(japanese), "{english}");
        let page = run(&["explain", id, "--lang", "ja"]).expect(0).stdout;
        assert!(page.contains(id) && page.contains(japanese), "{page}");
    }
}

#[test]
fn a_chain_is_checked_as_the_server_that_sends_it_is_scanned() {
    const NAME: &str = "www.example.test";
    let pki = Pki::new();
    let leaf = |name, leaf: Leaf<'_>| pki.leaf(name, leaf);
    let past = Some(("20200101000000Z", "20210101000000Z"));
    let whole = |issued: &Issued| issued.chain.clone();
    let alone = |issued: &Issued| issued.leaf.clone();
    type Sent = fn(&Issued) -> String;
    let cases: [(Issued, Sent, i32); 6] = [
        (leaf("good", Leaf::GOOD), whole, 0),
        (leaf("alone", Leaf::GOOD), alone, 1),
        (
            leaf(
                "expired",
                Leaf {
                    dates: past,
                    ..Leaf::GOOD
                },
            ),
            whole,
            1,
        ),
        (
            leaf(
                "other",
                Leaf {
                    sans: "DNS:example.test",
                    dates: past,
                    ..Leaf::GOOD
                },
            ),
            whole,
            1,
        ),
        (
            leaf(
                "unnamed",
                Leaf {
                    sans: "",
                    ..Leaf::GOOD
                },
            ),
            whole,
            1,
        ),
        (pki.self_signed("self", "DNS:example.test"), alone, 1),
    ];
    let trust = format!("--trust={}", pki.root());
    let at = format!("--at={}", tlsweep::probe::now());
    for (issued, sent, code) in &cases {
        let file = sent(issued);
        let mut options = vec![
            "-www",
            "-no-CAfile",
            "-cert",
            &issued.leaf,
            "-key",
            &issued.key,
        ];
        if file == issued.chain && file != issued.leaf {
            options.extend(["-cert_chain", &issued.issuer]);
        }
        let server = SServer::start(&options);
        let target = format!("{NAME}@{}", server.address);
        let scanned = scan(&[&target, &trust, &at]).expect(0).rows().remove(0);
        let name = format!("--name={NAME}");
        let checked = run(&["check", &file, &name, &trust, &at])
            .expect(*code)
            .rows()
            .remove(0);
        for field in [
            "/verdict",
            "/side",
            "/findings",
            "/leaf",
            "/chain",
            "/trust",
        ] {
            assert_eq!(checked.at(field), scanned.at(field), "{field} of {file}");
        }
    }
    // From standard input, as text, and unusable.
    let chain = fs::read_to_string(&cases[0].0.chain).expect("it was issued");
    let piped = run_with(
        &["check", "-", "--name", NAME, &trust, "--format=text"],
        &chain,
    )
    .expect(0);
    assert!(
        piped.stdout.starts_with("ok ") && piped.stdout.contains(NAME),
        "{piped:#?}"
    );
    run_with(&["check", "-", "--name", NAME], "").expect(2);
    run_with(&["check", "-", "--name", "a:443"], &chain).expect(2);
    run_with(&["check", "-"], &chain).expect(2);
}

#[test]
fn the_demo_sweeps_itself_and_serves() {
    let folder = folder();
    let output = path(&folder, "rows.jsonl");
    run(&["demo", "--quiet", "-o", &output]).expect(0);
    let verdicts: BTreeSet<_> = read_rows(&output)
        .iter()
        .map(|row| row.verdict().to_owned())
        .collect();
    assert!(verdicts.len() >= 13, "{verdicts:?}");

    let mut command = Command::new(TLSWEEP);
    command
        .args(["demo", "--serve"])
        .stdout(fs::File::create(folder.path().join("targets")).expect("a file"))
        .stderr(Stdio::null());
    let mut serving = Kept::spawn(&mut command);
    let list = || fs::read_to_string(folder.path().join("targets")).unwrap_or_default();
    await_that("the demo says what it serves", || {
        list().lines().any(|line| line.starts_with("refused."))
    });
    let list = list();
    let root = list
        .lines()
        .find_map(|line| line.strip_prefix("# root to trust: "))
        .expect("the root");
    let target = list
        .lines()
        .find(|line| line.starts_with("healthy."))
        .expect("a healthy one");
    let (target, _) = target.split_once(' ').expect("a comment");
    let row = scan(&[target, "--trust", root]).expect(0).rows().remove(0);
    serving.signal("INT");
    assert_eq!(row.verdict(), "ok");
    assert_eq!(serving.code(), Some(0));
}

#[test]
fn a_file_that_is_read_is_never_written() {
    let folder = folder();
    let refusing = Refusing::new();
    let lines = format!("127.0.0.1:{}\n", refusing.port);
    let inventory = write(&folder, "inventory.csv", lines.as_str());
    let link = path(&folder, "link.jsonl");
    fs::hard_link(&inventory, &link).expect("a link");
    let other = path(&folder, "other.jsonl");
    let (read, written) = (
        file_flags(&["scan"], &[FileRole::Read]),
        file_flags(&["scan"], &[FileRole::Written]),
    );
    assert!(read.len() >= 6 && written.len() >= 3);
    let mut cases: Vec<Vec<&str>> = Vec::new();
    for flag in &read {
        cases.push(vec![flag, &inventory, "-o", &inventory]);
        cases.push(vec![flag, &inventory, "-o", &link]);
    }
    for flag in &written {
        cases.push(vec!["-i", &inventory, "-o", &other, flag, &inventory]);
        cases.push(vec!["-i", &inventory, "-o", &other, flag, &other]);
    }
    for arguments in cases {
        let ended = run(&[&["scan"], &arguments[..]].concat());
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains("destroy"), "{ended:#?}");
        assert_eq!(fs::read_to_string(&inventory).expect("it is there"), lines);
    }
}

#[test]
fn a_file_that_is_redirected_is_not_used_twice() {
    let (folder, refusing) = (folder(), Refusing::new());
    let line = format!("127.0.0.1:{}\n", refusing.port);
    let (rows, facts) = (path(&folder, "rows.jsonl"), path(&folder, "facts"));
    scan(&[line.trim(), "-o", &rows, "--save", &facts]).expect(0);
    for (arguments, code) in [
        ("scan -i - -o x.csv < x.csv", 2),
        ("scan -o x.csv < x.csv", 2),
        ("scan -o link.csv < x.csv", 2),
        ("scan -o y.csv -o x.csv < x.csv", 2),
        ("scan --save x.csv -o y.csv < x.csv", 2),
        ("scan --rejects x.csv -o y.csv < x.csv", 2),
        ("scan --certs x.csv -o y.csv < x.csv", 2),
        ("scan -i x.csv >> x.csv", 2),
        ("scan < x.csv >> x.csv", 2),
        ("scan -i x.csv -o - -o y.csv >> x.csv", 2),
        ("judge - -o facts --format=jsonl < facts", 2),
        // Not read, or another file.
        ("scan 127.0.0.1:1 -o y.csv < x.csv", 0),
        ("scan -i /dev/stdin -o y.csv < x.csv", 0),
        ("scan -o y.csv < x.csv >> x.csv", 0),
        ("scan -o /dev/stdout --format=csv < x.csv > z.csv", 0),
        ("judge - -o y.csv < facts", 0),
    ] {
        let inventory = write(&folder, "x.csv", &*line);
        let link = path(&folder, "link.csv");
        let _ = fs::remove_file(&link);
        fs::hard_link(&inventory, &link).expect("a link");
        let before = fs::read(&facts).expect("it is there");
        let command = format!("'{TLSWEEP}' {arguments}");
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &command]).current_dir(folder.path());
        let ended = shell.output().expect("it runs");
        let says = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{arguments}: {says}");
        assert_eq!(says.contains("destroy"), code == 2, "{arguments}: {says}");
        assert_eq!(fs::read_to_string(&inventory).expect("it is there"), line);
        assert!(before == fs::read(&facts).expect("it is there"));
    }
}

#[test]
fn nobody_to_hear_it_does_not_end_a_sweep() {
    let folder = folder();
    let refusing = Refusing::new();
    let good = format!("127.0.0.1:{}\n", refusing.port);
    let inventory = write(&folder, "inventory", format!("not a target\n{good}"));
    let rows = path(&folder, "rows.jsonl");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let ended = Command::new(TLSWEEP)
        .args(["scan", "-i", &inventory, "-o", &rows])
        .stdin(Stdio::null())
        .stderr(full)
        .status()
        .expect("the program runs");
    assert_eq!(ended.code(), Some(0));
    assert_eq!(fs::read_to_string(&rows).expect("rows").lines().count(), 1);
}

#[test]
fn an_interrupt_ends_a_sweep_whose_input_does_not() {
    let folder = folder();
    let log = path(&folder, "log");
    // Every target is excluded: the reader is busy for ever, or as good as.
    let exclude = write(&folder, "exclude", "0.0.0.0/1\n128.0.0.0/1\n");
    let rows = path(&folder, "rows.jsonl");
    let mut command = Command::new(TLSWEEP);
    command
        .args(["scan", "0.0.0.0/0:1", "--no-dedupe", "--exclude", &exclude])
        .args(["-o", &rows])
        .stderr(fs::File::create(&log).expect("a log"));
    let mut sweeping = Kept::spawn(&mut command);
    await_that("interrupts are heeded", || sweeping.heeds_interrupts());
    sweeping.signal("INT");
    assert_eq!(sweeping.code(), Some(130));
}
