//! Inventories as people have them, from outside: rows as input, and the file of rejected lines.

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use support::{AT_HOME, Refusing, Row, folder, path, read_rows, run_with, write};

/// `scan` at home, with the rows on standard output.
fn scan(arguments: &[&str]) -> support::Run {
    run_with(&[&["scan"], &AT_HOME[..], arguments].concat(), "")
}

/// What makes the target of each row, and its tags.
fn visited(rows: &[Row]) -> BTreeSet<String> {
    let fields = ["target", "host", "sni", "ip", "port", "service", "tags"];
    let each = rows.iter().map(|row| {
        let fields = fields.map(|field| row.at(&format!("/{field}")).to_string());
        fields.join(" ")
    });
    each.collect()
}

#[test]
fn rows_given_as_input_are_the_same_targets_with_the_same_tags() {
    let folder = folder();
    let port = Refusing::new().port;
    let inventory = write(
        &folder,
        "inventory.csv",
        format!(
            "target,port,ip,sni,starttls,owner,note\n\
             127.0.0.1,{port},,,,=HYPERLINK(1),\"a, \"\"b\"\"\"\n\
             a.tlsweep.test,{port},127.0.0.2,,,Équipe réseau,\n\
             a.tlsweep.test,{port},127.0.0.3,www.tlsweep.test,,ann,\n\
             https://b.tlsweep.test@127.0.0.4:{port}/x,,,,,bob,\n\
             büro.tlsweep.test@127.0.0.5:{port},,,,smtp,cyd,\n\
             -x.tlsweep.test,{port},127.0.0.6,,none,,\n"
        ),
    );
    let [jsonl, csv] = ["rows.jsonl", "rows.csv"].map(|name| path(&folder, name));
    scan(&["-i", &inventory, "-o", &jsonl, "-o", &csv]).expect(0);
    let rows = read_rows(&jsonl);
    assert_eq!(rows.len(), 6);
    let unicode = rows.iter().map(|row| row.at("/host_unicode"));
    let unicode: Vec<_> = unicode.filter(|name| !name.is_null()).collect();
    assert_eq!(unicode, ["büro.tlsweep.test"]);
    for earlier in [&jsonl, &csv] {
        let ended = scan(&["-i", earlier]).expect(0);
        assert_eq!(visited(&ended.rows()), visited(&rows), "{earlier}");
        assert!(ended.stderr.contains("rows of tlsweep"), "{ended:#?}");
        // A row that occurs twice is one target.
        let ended = scan(&["-i", earlier, "-i", &jsonl]).expect(0);
        assert_eq!(ended.rows().len(), rows.len());
    }
}

/// The cells of a file of rejected lines, below its header.
fn cells(file: &str) -> Vec<Vec<Vec<u8>>> {
    let mut table = csv::ReaderBuilder::new().from_path(file).expect("a table");
    let header = table.byte_headers().expect("a header").clone();
    assert_eq!(
        header,
        vec![
            "file", "line", "reason", "hint", "original", "header", "format"
        ]
    );
    let rows = table.byte_records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().map(<[u8]>::to_vec).collect())
        .collect()
}

#[test]
fn rejected_lines_are_kept_byte_for_byte_and_read_again() {
    let folder = folder();
    let port = Refusing::new().port;
    let good = format!("127.0.0.1:{port}");
    let long = format!("x.test # {}", "y".repeat(70_000));
    let bad: [&[u8]; 7] = [
        b"127.1",
        b"http://example.test",
        b"two words",
        b"=cmd|' /C calc'!A0",
        b"caf\xe9.example:443",
        b"{\"host\":",
        long.as_bytes(),
    ];
    let list = [&[good.as_bytes()], &bad[..]].concat().join(&b'\n');
    let inventory = write(&folder, "inventory", list);
    let rejects = path(&folder, "rejects.csv");
    let ended = scan(&["-i", &inventory, "--rejects", &rejects]).expect(0);
    assert_eq!(ended.rows().len(), 1);
    let kept = cells(&rejects);
    assert_eq!(kept.len(), bad.len());
    for (index, (row, bad)) in kept.iter().zip(bad).enumerate() {
        assert_eq!(row[0], inventory.as_bytes());
        assert_eq!(row[1], (index + 2).to_string().as_bytes());
        assert_eq!(row[4], &bad[..bad.len().min(65_537)]);
        assert!(row[5].is_empty());
        assert_eq!(row[6], b"lines");
        let place = format!("{inventory}:{}: ", index + 2);
        assert!(ended.stderr.contains(&place), "{place} in {ended:#?}");
    }
    assert_eq!(
        kept[0][2],
        b"\"127.1\" looks like an address but is not written in full"
    );
    assert!(kept[0][3].starts_with(b"write four numbers"));
    // As an input it has the same lines to reject and nothing else.
    let again = path(&folder, "again");
    scan(&["-i", &rejects, "--rejects", &again]).expect(2);
    let originals = |rows: Vec<Vec<Vec<u8>>>| rows.into_iter().map(|row| row[4].clone());
    assert!(originals(cells(&again)).eq(originals(kept)));
}

#[test]
fn a_rejected_line_is_read_again_in_the_format_of_its_file() {
    let folder = folder();
    let port = Refusing::new().port;
    let address = format!("127.0.0.1:{port}");
    let object = format!("{{\"host\":\"{address}\"}}");
    for (name, good, bad, format) in [
        ("a.jsonl", &object, &address, "jsonl"),
        ("a.txt", &address, &object, "lines"),
    ] {
        let inventory = write(&folder, name, format!("{good}\n{bad}\n"));
        let rejects = path(&folder, "rejects.csv");
        let ended = scan(&["-i", &inventory, "--rejects", &rejects]).expect(0);
        assert_eq!(ended.rows().len(), 1);
        let kept = cells(&rejects);
        assert_eq!(
            [&kept[0][4], &kept[0][6]],
            [bad.as_bytes(), format.as_bytes()]
        );
        let again = path(&folder, "again.csv");
        scan(&["-i", &rejects, "--rejects", &again]).expect(2);
        assert_eq!(cells(&again)[0][2..], kept[0][2..], "{name}");
        // Corrected, it is a target.
        let text = fs::read_to_string(&rejects).expect("UTF-8");
        let [from, to] = [bad, good].map(|line| format!("\"{}\"", line.replace('"', "\"\"")));
        let text = text.replace(&format!(",{bad},"), &format!(",{from},"));
        let corrected = write(&folder, "corrected.csv", text.replace(&from, &to));
        assert_eq!(scan(&["-i", &corrected]).expect(0).rows().len(), 1);
        // Nothing is guessed without a format.
        let unknown = text.replace(&format!(",{format}\n"), ",\n");
        let unknown = write(&folder, "unknown.csv", unknown);
        let ended = scan(&["-i", &unknown]).expect(2);
        assert!(ended.stderr.contains("column format"), "{ended:#?}");
    }
}

#[test]
fn long_rows_of_a_scan_are_read_again() {
    let folder = folder();
    let port = Refusing::new().port;
    let note = "\u{1}".repeat(60_000);
    let line = format!("127.0.0.1,{port},{note}\n");
    let inventory = write(&folder, "inventory.csv", format!("host,port,note\n{line}"));
    let [jsonl, csv] = ["rows.jsonl", "rows.csv"].map(|name| path(&folder, name));
    scan(&["-i", &inventory, "-o", &jsonl, "-o", &csv]).expect(0);
    for earlier in [&jsonl, &csv] {
        let length = fs::metadata(earlier).expect("a file").len();
        assert!(length > 300_000, "{earlier}: {length}");
        let ended = scan(&["-i", earlier]).expect(0);
        assert_eq!(visited(&ended.rows()), visited(&read_rows(&jsonl)));
        // Rejected, they are kept whole and read again.
        let wrong = fs::read_to_string(earlier).expect("UTF-8");
        let wrong = wrong.replace("127.0.0.1", "127.1");
        let ending = earlier.rsplit('.').next().expect("an ending");
        let wrong = write(&folder, &format!("wrong.{ending}"), wrong);
        let rejects = path(&folder, "rejects.csv");
        scan(&["-i", &wrong, "--rejects", &rejects]).expect(2);
        let corrected = fs::read_to_string(&rejects).expect("UTF-8");
        let corrected = write(
            &folder,
            "corrected.csv",
            corrected.replace("127.1", "127.0.0.1"),
        );
        let ended = scan(&["-i", &corrected]).expect(0);
        assert_eq!(visited(&ended.rows()), visited(&read_rows(&jsonl)));
    }
}

#[test]
fn corrected_rows_of_a_table_keep_their_owners() {
    let folder = folder();
    let port = Refusing::new().port;
    let inventory = write(
        &folder,
        "inventory.csv",
        format!(
            "Hostname;Port;Owner;Note\r\n127.0.0.1;{port};ann;\r\n\
             127.0.0.2:x;;\"bob; \"\"B\"\"\";\"two\r\nlines\"\r\nN/A;443;cyd;\r\n"
        ),
    );
    let rejects = path(&folder, "rejects.csv");
    let ended = scan(&["-i", &inventory, "--rejects", &rejects]).expect(0);
    assert_eq!(ended.rows().len(), 1);
    let kept = cells(&rejects);
    assert_eq!(
        kept[0][4],
        b"127.0.0.2:x;;\"bob; \"\"B\"\"\";\"two\r\nlines\""
    );
    assert_eq!(kept[0][5], b"Hostname;Port;Owner;Note");
    let text = fs::read_to_string(&rejects).expect("UTF-8");
    let corrected = text.replace("127.0.0.2:x", &format!("127.0.0.2:{port}"));
    let corrected = write(&folder, "corrected.csv", corrected);
    let again = path(&folder, "again.csv");
    let ended = scan(&["-i", &corrected, "--rejects", &again]).expect(0);
    let rows = ended.rows();
    assert_eq!(rows.len(), 1, "{ended:#?}");
    let tags: Value = serde_json::json!({"Owner": "bob; \"B\"", "Note": "two\r\nlines"});
    assert_eq!(rows[0].at("/tags"), &tags);
    let left = cells(&again);
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&*left[0][4], &left[0][5]),
        (&b"N/A;443;cyd;"[..], &kept[0][5])
    );
}
