//! Inputs of every format, read through `open`.

use std::io::Write;

use super::*;
use crate::crypto::Fingerprint;
use crate::inventory::bounds::MAX_ROW;

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<TargetReader>();
};

/// Returns what a source yields: targets in full with their tags, rejects as `line: reason`.
fn all(reader: &mut TargetReader) -> Vec<String> {
    reader
        .map(|read| match read {
            Ok(target) => {
                let tags = target
                    .tags
                    .iter()
                    .map(|(name, tag)| format!(" {name}={tag:?}"));
                let sni = target.sni.iter().map(|sni| format!(" as {sni}"));
                target.canonical() + &sni.chain(tags).collect::<String>()
            }
            Err(InputError::Reject(reject)) => format!("{}: {}", reject.line, reject.advice()),
            Err(error) => error.to_string(),
        })
        .collect()
}

fn stdin(bytes: &[u8]) -> Source {
    Source::Stdin(Box::new(Cursor::new(bytes.to_vec())))
}

fn read(bytes: &[u8]) -> Vec<String> {
    let mut reader = open(stdin(bytes), &Defaults::default()).unwrap();
    let read = all(&mut reader);
    let input = reader.into_input();
    assert_eq!(input.sha256, Fingerprint::of(bytes));
    assert_eq!(input.bytes, bytes.len() as u64);
    assert!(input.complete);
    read
}

/// Asserts that each line of `expected` is the beginning of what was read at its place.
fn assert_reads(bytes: &[u8], expected: &[&str]) {
    let read = read(bytes);
    assert_eq!(read.len(), expected.len(), "{read:#?}");
    for (read, expected) in read.iter().zip(expected) {
        assert!(read.starts_with(expected), "{read:?} is not {expected:?}");
    }
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, Source::File(path))
}

#[test]
fn lines_with_comments_marks_and_any_line_end() {
    assert_reads(
        b"\xef\xbb\xbfa.example\r\n\r\n  # note\n\tb.example:25  # mail\n\xef\xbb\xbfc.example\r\nhttps://d.example/#x\ne.example\r",
        &[
            "tls://a.example:443",
            "smtp://b.example:25",
            "tls://c.example:443",
            "https://d.example:443",
            "tls://e.example:443",
        ],
    );
    assert_reads(b"", &[]);
    assert_reads(b"\n # nothing\n", &[]);
}

#[test]
fn a_line_that_cannot_be_read_never_stops_the_next() {
    let long = "x".repeat(MAX_LINE + 1);
    let input = [
        b"a.example\n127.1\nb\xff.example\n",
        long.as_bytes(),
        b"\na.example,443\n192.0.2.0/99\nz\0.example\n192.0.2.0/31",
    ]
    .concat();
    assert_reads(
        &input[..],
        &[
            "tls://a.example:443",
            "2: \"127.1\" looks like an address",
            "3: the line is not UTF-8",
            "4: the line is longer than 65536 bytes",
            "5: a target contains no comma; for a table, begin with a header line",
            "6: \"99\" is not a prefix length",
            "7: '\\0' is not allowed in a host name",
            "tls://192.0.2.0:443",
            "tls://192.0.2.1:443",
        ],
    );
}

#[test]
fn csv_is_known_by_its_header_and_carries_other_columns() {
    assert_reads(
        b"\xef\xbb\xbf# exported\r\n\r\nOwner,HOST,port,ip,sni,starttls,note\r\n\
          ann,a.example,8443,,,,\"x, \"\"y\"\"\r\nz\"\r\n\
          bob,b.example,2525,192.0.2.7,front.example,SMTP,\r\n\
          cyd,b.example,,,,imap\r\n\
          ,,,,,,\r\n\
          dan,https://d.example/x,443,,,none,,,\r\n\
          eve,,25,2001:db8::1,,,\r\n\
          fay,192.0.2.1,,10.0.0.1,,,",
        &[
            "tls://a.example:8443 Owner=\"ann\" note=\"x, \\\"y\\\"\\r\\nz\"",
            "smtp://b.example@192.0.2.7:2525 as front.example Owner=\"bob\" note=\"\"",
            "imap://b.example:143 Owner=\"cyd\"",
            "https://d.example:443 Owner=\"dan\"",
            "smtp://[2001:db8::1]:25 Owner=\"eve\"",
            "tls://192.0.2.1@10.0.0.1:443 Owner=\"fay\"",
        ],
    );
}

#[test]
fn csv_rows_that_cannot_be_read_say_which_column_is_wrong() {
    assert_reads(
        b"host,port,ip,sni,starttls\n\
          a.example,0\n\
          a.example:443,8443\n\
          a.example,,192.0.2\n\
          a.example@192.0.2.1,,192.0.2.2\n\
          192.0.2.0/28,,192.0.2.1\n\
          a.example,,,192.0.2.1\n\
          a.example,,,,tls\n\
          imap://a.example,,,,smtp\n\
          ,443\n\
          a.example,,,,,x\n\
          \"a.example\n\
          b.example,443\n",
        &[
            "2: column port: \"0\" is not a port",
            "3: column port says 8443 but the target says 443",
            "4: column ip: \"192.0.2\" is not an IP address",
            "5: column ip says 192.0.2.2 but the target says 192.0.2.1",
            "6: column ip: a block",
            "7: column sni: 192.0.2.1 is an address, but a host name is required here",
            "8: column starttls: \"tls\" is not a STARTTLS service",
            "9: column starttls says smtp but the target says imap",
            "10: no host is named",
            "11: the row has 6 cells, but the header has 5",
            "12: a double quote is not closed",
            "tls://b.example:443",
        ],
    );
}

#[test]
fn jsonl_is_known_by_its_first_line() {
    assert_reads(
        b"\n{\"target\":\"smtp://a.example\",\"host\":\"b.example\",\"owner\":\"ann\",\"n\":1}\r\n\
          a.example\n{\"HOST\":\"c.example\",\"port\":\"25\"}\n",
        &[
            "smtp://a.example:25 owner=\"ann\" n=1",
            "3: not a JSON object: expected value",
            "smtp://c.example:25",
        ],
    );
}

#[test]
fn tables_are_read_as_spreadsheets_write_them() {
    let table = "host;port;owner\r\na.example;8443;\"x;y\"\r\n";
    let quoted = "\"Host\";\"Port\";\"owner\"\r\n\"a.example\";\"8443\";\"x;y\"\r\n";
    for text in [
        table.to_owned(),
        quoted.to_owned(),
        format!("\u{feff}{table}"),
        format!("\n# ours\n{table}"),
        format!("sep=;\r\n{table}"),
        format!("\u{feff}\"sep=;\"\r\n{quoted}"),
        format!(
            "sep=,\n{}",
            table
                .replace("\"x;y\"", "x;y")
                .replace(';', ",")
                .replace("x,y", "x;y")
        ),
        table
            .replace("\"x;y\"", "x-y")
            .replace(';', "\t")
            .replace("x-y", "\"x;y\""),
        table.replace("8443", "8443.0").replace("\r\n", ";;\r\n") + ";;;\r\n;;\r\n",
        table
            .replace("a.example", " a.example\u{a0}")
            .replace("host", " HOST "),
    ] {
        for name in ["a.csv", "a.tsv", "a"] {
            let (_folder, source) = file(name, text.as_bytes());
            let read = all(&mut open(source, &Defaults::default()).unwrap());
            assert_eq!(read.len(), 1, "{text:?}: {read:?}");
            assert!(
                read[0].starts_with("tls://a.example:8443 owner=\"x;y\""),
                "{text:?}: {read:?}"
            );
        }
    }
    // A comma or semicolon within a column name is not a separator.
    for header in ["host,\"a;b;c;d\"", "host;\"a,b,c,d\""] {
        let (_folder, source) = file("a.csv", format!("{header}\n").as_bytes());
        assert!(open(source, &Defaults::default()).is_ok(), "{header}");
    }
}

#[test]
fn ports_are_read_as_scanners_list_them() {
    let csv = "ip,ports\n192.0.2.1,443\n192.0.2.1,\"443,8443\"\n192.0.2.1,443/tcp 8443/tcp\n192.0.2.1,443;x\n\
        192.0.2.1:9,443\n192.0.2.1:9,\"9,443\"\n192.0.2.1,\n";
    assert_reads(
        csv.as_bytes(),
        &[
            "tls://192.0.2.1:443",
            "tls://192.0.2.1:443",
            "tls://192.0.2.1:8443",
            "tls://192.0.2.1:443",
            "tls://192.0.2.1:8443",
            "5: column ports: \"x\" is not a port",
            "6: column ports says 443 but the target says 9",
            "7: column ports says several but the target says 9",
            "tls://192.0.2.1:443",
        ],
    );
    let masscan = |ports: &str| format!("{{\"ip\":\"192.0.2.1\",\"ports\":{ports}}}\n");
    let lines = [
        r#"[{"port":25,"proto":"tcp","status":"open","reason":"syn-ack","ttl":64}]"#,
        r#"[{"port":8443},{"port":53,"proto":"udp"},{"port":1,"status":"closed"},{"port":9443}]"#,
        r#"[{"port":53,"proto":"udp"}]"#,
        r#"[25,"465"]"#,
        "\"8443\"",
        "8443",
        "[]",
        "[null]",
        "{}",
        "[70000]",
    ];
    assert_reads(
        lines.map(masscan).concat().as_bytes(),
        &[
            "smtp://192.0.2.1:25",
            "tls://192.0.2.1:8443",
            "tls://192.0.2.1:9443",
            "3: no open TCP port",
            "smtp://192.0.2.1:25",
            "tls://192.0.2.1:465",
            "tls://192.0.2.1:8443",
            "tls://192.0.2.1:8443",
            "7: no open TCP port",
            "8: the value of ports must be a JSON string",
            "9: the value of ports must be a JSON string",
            "10: column ports: \"70000\" is not a port",
        ],
    );
    assert_reads(
        b"{\"host\":\"a.example\",\"starttls\":\"smtp\",\"ports\":[25,2525]}\n\
          {\"host\":\"a.example\",\"port\":443,\"ports\":[443]}\n\
          {\"host\":\"a.example\",\"dport\":8443}\n\
          {\"host\":\"a.example\",\"port\":443.0,\"sport\":8443}\n\
          {\"host\":\"a.example\",\"dport\":8443,\"sport\":51234}\n",
        &[
            "smtp://a.example:25",
            "smtp://a.example:2525",
            "2: the columns port and ports are both filled",
            "tls://a.example:8443",
            "tls://a.example:443 sport=8443",
            "5: the keys \"dport\" and \"sport\" both seem to contain ports; rename",
        ],
    );
}

#[test]
fn one_port_is_read_as_scanners_write_it_and_a_list_is_refused() {
    assert_reads(
        b"host;port\na.example;8443/tcp\na.example;8443.0/TCP\na.example;53/udp\na.example;8,443\n\
          a.example;443/tcp 8443/tcp\na.example;1-3\na.example;8443/x\n",
        &[
            "tls://a.example:8443",
            "tls://a.example:8443",
            "4: column port: udp is not TCP",
            "5: column port: \"8,443\" is a list of ports; write one port, or rename the column to \
             `ports`",
            "6: column port: \"443/tcp 8443/tcp\" is a list of ports",
            "7: column port: \"1-3\" is a list of ports",
            "8: column port: \"8443/x\" is not a port",
        ],
    );
}

#[test]
fn ports_of_other_protocols_and_closed_ports_are_refused() {
    assert_reads(
        b"{\"ip\":\"192.0.2.1\",\"port\":443,\"proto\":\"udp\"}\n\
          {\"ip\":\"192.0.2.1\",\"port\":443,\"protocol\":\"TCP\"}\n\
          {\"ip\":\"192.0.2.1\",\"port\":443,\"data\":{\"status\": \"closed\"}}\n\
          {\"ip\":\"192.0.2.1\",\"port\":443,\"data\":{\"status\":\"open\"}}\n\
          {\"host\":\"a.example\",\"protocol\":\"udp\"}\n",
        &[
            "1: column proto: udp is not TCP",
            "tls://192.0.2.1:443 protocol=\"TCP\"",
            "3: no open TCP port",
            "tls://192.0.2.1:443 data={\"status\":\"open\"}",
            "tls://a.example:443 protocol=\"udp\"",
        ],
    );
    assert_reads(
        b"ip,port,protocol\n192.0.2.1,443,udp\n192.0.2.1,443,tcp\n",
        &[
            "2: column protocol: udp is not TCP",
            "tls://192.0.2.1:443 protocol=\"tcp\"",
        ],
    );
}

#[test]
fn usual_names_of_columns_are_recognised() {
    for (header, row, expected) in [
        (
            "Hostname,Owner",
            "a.example,ann",
            "tls://a.example:443 Owner=\"ann\"",
        ),
        (
            "Host Name;TCP Port",
            "a.example;8443.0",
            "tls://a.example:8443",
        ),
        (
            "FQDN\tport number",
            "a.example\t8443",
            "tls://a.example:8443",
        ),
        (
            "url,website owner",
            "https://a.example/x,ann",
            "https://a.example:443",
        ),
        (
            "server_name,IP Address",
            "a.example,192.0.2.1",
            "tls://a.example@192.0.2.1:443",
        ),
        (
            "ip_addr,open ports",
            "192.0.2.1,8443",
            "tls://192.0.2.1:8443",
        ),
        ("saddr,sport", "192.0.2.1,25", "smtp://192.0.2.1:25"),
        (
            "host,url",
            "a.example,https://b.example",
            "tls://a.example:443 url=",
        ),
        (
            "Address,owner",
            "192.0.2.1,ann",
            "tls://192.0.2.1:443 owner=",
        ),
        (
            "Address,owner",
            "https://a.example:8443/,ann",
            "https://a.example:8443 owner=",
        ),
        (
            "host,address",
            "a.example,192.0.2.1",
            "tls://a.example@192.0.2.1:443",
        ),
        (
            "host,address",
            "a.example,12 High St",
            "tls://a.example:443 address=\"12 High St\"",
        ),
        ("host,ip", "N/A,192.0.2.1", "tls://192.0.2.1:443"),
    ] {
        for text in [
            format!("{header}\n{row}\n"),
            format!("\u{feff}{header}\r\n{row}\r\n"),
        ] {
            let (_folder, source) = file("a", text.as_bytes());
            let read = all(&mut open(source, &Defaults::default()).unwrap());
            assert_eq!(read.len(), 1, "{text:?}: {read:?}");
            assert!(read[0].starts_with(expected), "{text:?}: {read:?}");
        }
    }
    assert_reads(
        b"{\"Hostname\":\"a.example\",\"address\":{\"street\":\"x\"},\"fqdn\":null}\n",
        &["tls://a.example:443 address={\"street\":\"x\"} fqdn=null"],
    );
}

#[test]
fn columns_that_seem_to_be_ours_do_not_become_tags_in_silence() {
    for (header, parts) in [
        ("domain,hostname", ["domain", "hostname"]),
        ("saddr,daddr,port", ["saddr", "daddr"]),
        ("hots,owner", ["hots", "rename it to `host`"]),
        ("adress,owner", ["adress", "rename it to `host`"]),
        ("saddr,daddr", ["seem to contain IP addresses", "to `ip`"]),
        ("owner;site", ["owner", "separated by semicolons"]),
        ("owner\tsite", ["owner", "separated by tabs"]),
    ] {
        let (_folder, source) = file("a.csv", format!("{header}\n").as_bytes());
        let error = open(source, &Defaults::default())
            .err()
            .unwrap()
            .to_string();
        assert!(
            parts.iter().all(|part| error.contains(part)),
            "{header}: {error}"
        );
    }
    for (header, count) in [
        ("host,ip,ip_address,owner", 1),
        ("target,port,dport", 1),
        ("host,prot", 1),
        ("host,address", 1),
        ("address,owner", 0),
        ("host,public ip", 1),
        ("host,adress", 1),
        ("host,urls", 1),
        ("ip,fqdns", 1),
        ("host,sin", 1),
        ("host,owner,owner", 1),
        ("host,,owner,", 1),
        ("host,port,owner,site,cost", 0),
        ("hostname,tcp port,owner", 0),
    ] {
        let (_folder, source) = file("a.csv", format!("{header}\n").as_bytes());
        let notices = open(source, &Defaults::default()).unwrap().notices();
        assert_eq!(notices.len(), count, "{header}: {notices:?}");
        assert!(notices.iter().all(|it| it.contains(" tag")), "{notices:?}");
    }
    let (_folder, source) = file("a.csv", b"host,public ip\n");
    let notices = open(source, &Defaults::default()).unwrap().notices();
    let expected = "the column \"public ip\" is kept as a tag; if it contains IP addresses, rename it \
                    to `ip`";
    assert!(notices[0].ends_with(expected), "{notices:?}");
    let json = b"{\"host\":\"a.example\",\"prot\":1}\n{\"host\":\"b.example\",\"prot\":2}\n";
    let mut reader = open(stdin(json), &Defaults::default()).unwrap();
    assert!(reader.notices().is_empty());
    assert!(reader.next().is_some());
    let notices = reader.notices();
    assert!(notices[0].contains("rename it to `port`"), "{notices:?}");
    assert!(reader.next().is_some());
    assert!(reader.notices().is_empty());
}

#[test]
fn blanks_and_separators_around_a_value_do_no_harm() {
    assert_reads(
        "a.example :8443\na.example: 8443\n\u{a0}a.example\u{200b}:8443\u{a0}\na.example:8443/\n\
         a.example;8443\na.example\t8443.0\n\u{202a}a.example:8443\u{202c}\na.example:8443.0\n\
         [2001:db8::1] :8443/\nhttps://a.example :8443\n2001:db8::1 :443\na.example;8443;x\n\
         a.example\tx\n192.0.2.0/\n"
            .as_bytes(),
        &[
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://a.example:8443",
            "tls://[2001:db8::1]:8443",
            "https://a.example:8443",
            // Without its blank, it would be another address.
            "11: the target contains white space",
            "12: a target contains no semicolon; for a table, begin with a header line",
            "13: a target contains no tab; for a table, begin with a header line",
            "14: \"\" is not a prefix length",
        ],
    );
    assert_reads(
        "host,port,ip,sni\n\u{feff}a.example\u{200e},\u{a0}8443 ,\u{200b}192.0.2.1,\u{a0}\n"
            .as_bytes(),
        &["tls://a.example@192.0.2.1:8443"],
    );
}

#[test]
fn quotation_marks_and_words_for_nothing_are_no_hosts() {
    let quoted = "‘a.example’:443\n“https://a.example/”\n\"a.example\"\n'192.0.2.1'\n«a.example»\n\
        „a.example“:25\nhttps://‚a.example‘/\nhttps://a.example/it's\n";
    let mark = |line: u64, mark: &str| format!("{line}: {mark} is a quotation mark");
    let read = read(quoted.as_bytes());
    for (index, found) in ["‘", "“", "\"", "'", "«", "„", "‚"].into_iter().enumerate() {
        let expected = mark(index as u64 + 1, found);
        assert!(read[index].starts_with(&expected), "{read:#?}");
    }
    assert_eq!(read[7], "https://a.example:443");
    assert_reads(
        b"host,port\nN/A,443\n-,\nnone,\nNULL,443\ntbd,\n#N/A,1\n",
        &[
            "2: no host is named, only \"N/A\"; write a name or an address, or remove the line",
            "3: no host is named, only \"-\"",
            "4: no host is named, only \"none\"",
            "5: no host is named, only \"NULL\"",
            "6: no host is named, only \"tbd\"",
            "7: no host is named, only \"#N/A\"",
        ],
    );
}

#[test]
fn rows_of_an_earlier_sweep_are_its_targets_and_tags() {
    let row = |fields: &str| {
        format!("{{\"schema\":1,\"verdict\":\"ok\",{fields},\"leaf\":{{\"x\":1}}}}\n")
    };
    let input = [
        row(
            r#""target":"https://a.example/x","host":"a.example","sni":"a.example","ip":"192.0.2.1","addresses":null,"port":443,"service":"https","tags":{"owner":"ann","n":[1]},"timing_ms":{"dns":0.5}"#,
        ),
        row(
            r#""target":"b.example","host":"b.example","sni":"www.b.example","ip":"192.0.2.2","port":2525,"service":"smtp","tags":{},"timing_ms":{"dns":null}"#,
        ),
        row(
            r#""target":"192.0.2.3","host":"192.0.2.3","sni":null,"ip":"192.0.2.3","port":8443,"service":"tls","tags":{},"timing_ms":{"dns":null}"#,
        ),
        row(
            r#""target":"c.example@192.0.2.4","host":"c.example","sni":"c.example","ip":"192.0.2.4","port":443,"service":"tls","tags":{},"timing_ms":{"dns":null}"#,
        ),
        row(
            r#""target":"d.example","host":"d.example","sni":"d.example","ip":null,"port":443,"service":"tls","tags":{},"timing_ms":{"dns":3}"#,
        ),
        // A retry uses the lookup of the first attempt.
        row(
            r#""target":"f.example","host":"f.example","sni":"f.example","ip":"192.0.2.6","addresses":{"tried":1,"of":1},"port":443,"service":"tls","tags":{},"attempt":2,"timing_ms":{"dns":null}"#,
        ),
    ];
    let expected = [
        "https://a.example:443 owner=\"ann\" n=[1]",
        "smtp://b.example@192.0.2.2:2525 as www.b.example",
        "tls://192.0.2.3:8443",
        "tls://c.example@192.0.2.4:443",
        "tls://d.example:443",
        "tls://f.example:443",
    ];
    assert_reads(input.concat().as_bytes(), &expected);
    let table = "schema,target,host,sni,ip,port,service,tags,timing_ms_dns,verdict,leaf_issuer,addresses_of\n\
        1,https://a.example/x,a.example,a.example,192.0.2.1,443,https,\"{\"\"owner\"\":\"\"ann\"\",\"\"n\"\":[1]}\",0.5,ok,x\n\
        1,b.example,b.example,www.b.example,192.0.2.2,2525,smtp,,,ok,x\n\
        1,192.0.2.3,192.0.2.3,,192.0.2.3,8443,tls,,,ok,x\n\
        1,c.example@192.0.2.4,c.example,c.example,192.0.2.4,443,tls,,,ok,x\n\
        1,d.example,d.example,d.example,,443,tls,,3,ok,x\n\
        1,f.example,f.example,f.example,192.0.2.6,443,tls,,,ok,x,1\n\
        1,'-e.example,'-e.example,'-e.example,,443,tls,,3,ok,x\n";
    let with_hyphen = [&expected[..], &["tls://-e.example:443"]].concat();
    assert_reads(table.as_bytes(), &with_hyphen);
    let notices = open(stdin(table.as_bytes()), &Defaults::default())
        .unwrap()
        .notices();
    assert!(notices[0].contains("rows of tlsweep"), "{notices:?}");
}

#[test]
fn rows_longer_than_a_line_of_an_inventory_are_read_within_bounds() {
    let names = "\"name.example\",".repeat(20_000);
    let row = |fields: &str| {
        let row = "{\"schema\":1,\"target\":\"a.example\",\"verdict\":\"ok\"";
        format!("{row},{fields},\"sans\":[{names}\"\"]}}\n")
    };
    let no_row = format!("{{\"host\":\"a.example\",\"x\":[{names}1]}}\n");
    let tag = |length: usize| format!("\"tags\":{{\"x\":\"{}\"}}", "x".repeat(length));
    let huge = row(&format!("\"x\":[{}1]", "1,".repeat(MAX_ROW)));
    let input = [
        row("\"tags\":{\"owner\":\"ann\"}"),
        no_row,
        row(&tag(65_000)),
        row(&tag(2 * MAX_LINE)),
        huge,
        row("\"port\":8443"),
    ];
    assert_reads(
        input.concat().as_bytes(),
        &[
            "tls://a.example:443 owner=\"ann\"",
            "2: the line is longer than 65536 bytes",
            "tls://a.example:443 x=\"xxx",
            "4: the target and the tags of the row have more than 131072 bytes",
            "5: the line is longer than 4194304 bytes",
            "tls://a.example:8443",
        ],
    );
    let mut reader = open(stdin(input.concat().as_bytes()), &Defaults::default()).unwrap();
    let kept = reader.by_ref().filter_map(|read| match read {
        Err(InputError::Reject(reject)) => Some(reject.original.len()),
        _ => None,
    });
    let whole = input[3].len() - 1;
    assert_eq!(
        kept.collect::<Vec<_>>(),
        [MAX_LINE + 1, whole, MAX_LINE + 1]
    );
    let Rows::Text { lines, .. } = &reader.rows else {
        panic!("a stream is text");
    };
    assert!(lines.capacity() <= 2 * MAX_ROW, "{}", lines.capacity());
    let names = "name.example ".repeat(20_000);
    let table = format!(
        "schema,target,verdict,leaf_sans,tags\n1,a.example,ok,{names},\"{{\"\"x\"\":1}}\"\n\
         1,b.example,ok,\"{names}\n1,c.example,ok,,\n"
    );
    assert_reads(
        table.as_bytes(),
        &[
            "tls://a.example:443 x=1",
            "3: a double quote is not closed",
            "tls://c.example:443",
        ],
    );
}

#[test]
fn a_row_with_a_wrong_field_says_which() {
    let row = |fields: &str| format!("{{\"schema\":1,\"verdict\":\"ok\",{fields}}}\n");
    let lines = [
        row("\"target\":\"a.example\",\"port\":99999"),
        row("\"target\":\"a.example\",\"port\":\"8443\""),
        row("\"target\":\"a.example\",\"port\":null"),
        row("\"target\":1"),
        "[1]\n".to_owned(),
    ];
    assert_reads(
        lines.concat().as_bytes(),
        &[
            "1: column port: \"99999\" is not a port; write a number from 1 to 65535",
            "tls://a.example:8443",
            "tls://a.example:443",
            "4: not a row of tlsweep: invalid type: integer `1`, expected a string (column ",
            "5: not a JSON object: invalid type: sequence, expected an object",
        ],
    );
    assert!(!read(lines.concat().as_bytes())[4].contains("column 0"));
}

#[test]
fn a_range_of_addresses_is_no_name() {
    assert_reads(
        b"192.0.2.1-192.0.2.9\n192.0.2.1-9\n192.0.2.1 - 192.0.2.9\n192.0.2.1-9:8443\n192.0.2.1-x.example\n",
        &[
            "1: \"192.0.2.1-192.0.2.9\" is a range of addresses",
            "2: \"192.0.2.1-9\" is a range",
            "3: \"192.0.2.1 - 192.0.2.9\" is a range",
            "4: \"192.0.2.1-9:8443\" is a range",
            "tls://192.0.2.1-x.example:443",
        ],
    );
}

#[test]
fn a_file_ending_decides_the_format() {
    let cases: [(&str, &[u8], &[&str]); 5] = [
        ("a.csv", b"host\na.example\n", &["tls://a.example:443"]),
        ("a.CSV", b"", &[]),
        ("a.ndjson", b"a.example\n", &["1: not a JSON object"]),
        (
            "a.jsonl",
            b"{\"host\":\"a.example\"}",
            &["tls://a.example:443"],
        ),
        (
            "a.txt",
            b"ip,owner\n192.0.2.1,ann",
            &["tls://192.0.2.1:443 owner"],
        ),
    ];
    for (name, bytes, expected) in cases {
        let (_folder, source) = file(name, bytes);
        let read = all(&mut open(source, &Defaults::default()).unwrap());
        assert_eq!(read.len(), expected.len(), "{name}: {read:?}");
        for (read, expected) in read.iter().zip(expected) {
            assert!(read.starts_with(expected), "{name}: {read:?}");
        }
    }
}

#[test]
fn an_input_that_cannot_be_used_at_all_says_so_before_the_first_target() {
    let utf16: Vec<u8> = "host\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: &[(&str, &[u8], &str)] = &[
        ("a.json", b"[\n{\"host\":\"a.example\"}\n]\n", "jq -c '.[]'"),
        ("a.jsonl", b"[{\"host\":\"a.example\"}]", "JSON Lines"),
        ("a", b"[\"a.example\"]", "JSON Lines"),
        ("a.json", b"{\n\"host\":\"a.example\"}\n", "jq -c '.'"),
        (
            "a.xml",
            b"<?xml version=\"1.0\"?>\n<nmaprun>",
            "xmlstarlet sel -t -m ",
        ),
        ("a.txt", b"a.example\rb.example\r", "tr '\\r' '\\n' < "),
        ("a.csv", b"host,port\ra.example,443", "old Macs"),
        ("a.txt", b"# ours\ra.example", "old Macs"),
        ("a.csv", b"a;b;c\nx;1;2\n", "only [\"a\", \"b\", \"c\"]"),
        ("a.txt", &utf16, "iconv -f UTF-16LE -t UTF-8"),
        ("a.csv", b"\xff\xfeh\0", "iconv -f UTF-16 -t UTF-8"),
        ("b.txt", b"\xfe\xff", "iconv -f UTF-16 -t UTF-8"),
        (
            "a.xlsx",
            b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml",
            "an Excel workbook",
        ),
        (
            "a.ods",
            b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "CSV UTF-8",
        ),
        (
            "a.zip",
            b"PK\x03\x04\x14\0\x06\0\x08\0list.csv",
            "unzip -p ",
        ),
        (
            "a.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
            "an old Excel workbook",
        ),
        ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("a.csv.gz", b"\x1f\x8b\x08\0", "gunzip -c "),
        ("a.zst", b"\x28\xb5\x2f\xfdx", "zstd -dc "),
        ("a.bz2", b"BZh91AY&SY\0", "bunzip2 -c "),
        ("a.xz", b"\xfd7zXZ\0\0", "xz -dc "),
        ("a.db", b"SQLite format 3\0\x10", "sqlite3 -csv -header "),
        ("a.parquet", b"PAR1\x15\x04", "a Parquet file"),
        ("a.pcap", b"\xd4\xc3\xb2\xa1\x02\0", "a packet capture"),
        (
            "a.pcapng",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0",
            "a packet capture",
        ),
        ("a.bin", b"\x7fELF\x02\x01\x01\0\0\0", "a binary file"),
        ("a.csv", b"h\xf4te,host\n", "iconv -f WINDOWS-1252 -t UTF-8"),
        (
            "a.csv",
            b"name,port\nx,1\n",
            "has no column `host`, `target` or `ip`",
        ),
        ("a.csv", b"host,port,Port\n", "has two columns named `port`"),
        (
            "a.csv",
            b"host,\"port\n",
            "cannot read the header: a double quote",
        ),
    ];
    for (name, bytes, expected) in cases {
        let (_folder, source) = file(name, bytes);
        let error = open(source, &Defaults::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    }
    let missing = Source::File("/nonexistent/list.txt".into());
    let error = open(missing, &Defaults::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.starts_with("cannot read /nonexistent/list.txt: "),
        "{error}"
    );
}

#[test]
fn arguments_are_read_by_position() {
    let arguments = ["a.example", "", "b c", "#x"].map(str::to_owned).to_vec();
    let mut reader = open(Source::Arguments(arguments), &Defaults::default()).unwrap();
    let read = all(&mut reader);
    assert_eq!(read[0], "tls://a.example:443");
    assert_eq!(read[1], "2: no host is named; write a name or an address");
    assert!(
        read[2].starts_with("3: the target contains white space"),
        "{read:?}"
    );
    assert!(read[3].starts_with("4: "), "{read:?}");
    let input = reader.into_input();
    assert_eq!(input.sha256, Fingerprint::of(b"a.example\n\nb c\n#x\n"));
    assert_eq!((&*input.source, input.complete), ("argument", true));
}

fn rejected(read: Option<Result<Target, InputError>>) -> Box<Reject> {
    match read {
        Some(Err(InputError::Reject(reject))) => reject,
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn a_reject_keeps_its_lines_byte_for_byte() {
    let long = [b"a.example # ", &vec![b'x'; MAX_LINE][..]].concat();
    let text = [&b"a.example\n* \xff\xe9 *\t\r\n"[..], &long, b"\n"].concat();
    let (_folder, source) = file("list", &text);
    let mut reader = open(source, &Defaults::default()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let reject = rejected(reader.next());
    assert!(reject.source.ends_with("list"));
    assert_eq!(
        (reject.line, &*reject.original),
        (2, &b"* \xff\xe9 *\t"[..])
    );
    assert_eq!(reject.reason, "the line is not UTF-8");
    assert!(reject.hint.contains("iconv"), "{reject:?}");
    assert_eq!(reject.excerpt(3), "* \u{fffd}…");
    // Of a line that is too long, enough to be too long again.
    let reject = rejected(reader.next());
    assert_eq!(reject.original, long[..=MAX_LINE]);
    assert!(
        reject.reason.contains("only its beginning is kept"),
        "{reject:?}"
    );
    // A row of several lines is whole, and has the header of its file.
    let (_folder, source) = file(
        "a.csv",
        b"\xef\xbb\xbf# exported\nsep=;\r\nHostname;note\r\n127.1;\"x\r\ny\"\r\n",
    );
    let mut reader = open(source, &Defaults::default()).unwrap();
    let reject = rejected(reader.next());
    assert_eq!(
        (reject.line, &*reject.original),
        (4, &b"127.1;\"x\r\ny\""[..])
    );
    assert_eq!(reject.header, b"sep=;\nHostname;note");
}

/// Returns its bytes, then fails.
struct Breaks(Cursor<&'static [u8]>);

impl Read for Breaks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn an_input_that_breaks_off_says_so_once_and_ends() {
    let stream = BufReader::new(Breaks(Cursor::new(b"a.example\nb.exam")));
    let mut reader = open(Source::Stdin(Box::new(stream)), &Defaults::default()).unwrap();
    assert_eq!(
        all(&mut reader),
        [
            "tls://a.example:443",
            "reading <stdin> failed before its end: the disk is gone"
        ]
    );
    assert!(reader.next().is_none());
    assert!(!reader.into_input().complete);
}

/// Generates numbered names while it is read, so that the whole never exists in memory.
struct Names {
    next: u64,
    count: u64,
    rest: Vec<u8>,
}

impl Read for Names {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.len() < buffer.len() && self.next < self.count {
            writeln!(self.rest, "host-{}.example", self.next)?;
            self.next += 1;
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_million_lines_stream_through_a_buffer_that_does_not_grow() {
    let names = Names {
        next: 0,
        count: 1_000_000,
        rest: Vec::new(),
    };
    let stream = Box::new(BufReader::new(names));
    let mut reader = open(Source::Stdin(stream), &Defaults::default()).unwrap();
    let mut count = 0;
    for read in reader.by_ref() {
        assert!(read.is_ok());
        count += 1;
    }
    assert_eq!(count, 1_000_000);
    let Rows::Text { lines, .. } = &reader.rows else {
        panic!("a stream is text");
    };
    assert!(lines.capacity() < 1_024, "{}", lines.capacity());
    assert!(reader.into_input().complete);
}
