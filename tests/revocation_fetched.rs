//! Downloaded CRLs: each is requested once for all certificates that need it, at the end of the
//! sweep, and never from private addresses unless that is allowed.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use support::peers::SServer;
use support::pki::{Issued, Issuer, Leaf, Pki};
use support::revocation::{List, der, list};
use support::{AT_HOME, Row, path, read_rows, run};

const NAME: &str = "www.example.test";

const ASKED: [&str; 2] = ["--revocation=crl", "--aia-allow-private"];

/// A web server that serves files and records the requests.
struct Http {
    address: SocketAddr,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Http {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let http = Self {
            address: listener.local_addr().expect("it is bound"),
            files: Arc::default(),
            asked: Arc::default(),
        };
        let (files, asked) = (http.files.clone(), http.asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n")
                    && reader.read_line(&mut head).is_ok_and(|n| n > 0)
                {}
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let body = files.lock().expect("a lock").get(&path).cloned();
                asked.lock().expect("a lock").push(path);
                let status = if body.is_some() {
                    "200 OK"
                } else {
                    "404 Not Found"
                };
                let body = body.unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                // The client may have closed the connection already.
                let _ = reader
                    .get_mut()
                    .write_all(&[head.as_bytes(), &body].concat());
            }
        });
        http
    }

    fn has(&self, path: &str, file: &str) {
        let bytes = fs::read(file).expect("a file");
        let mut files = self.files.lock().expect("a lock");
        files.insert(path.to_owned(), bytes);
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("a lock").clone();
        asked.sort();
        asked
    }
}

/// Issues a leaf whose CRL distribution point is this URL.
fn leaf(pki: &Pki, name: &str, http: &Http, issuer: Issuer, path: &str) -> Issued {
    let address = format!("http://{}{path}", http.address);
    let extensions = format!("crlDistributionPoints=URI:{address}");
    pki.leaf(
        name,
        Leaf {
            extensions: &extensions,
            issuer,
            ..Leaf::GOOD
        },
    )
}

fn check(pki: &Pki, leaf: &Issued, more: &[&str]) -> Row {
    let trust = format!("--trust={}", pki.root());
    let arguments = ["check", &leaf.chain, "--name", NAME, &trust];
    let rows = run(&[&arguments[..], more].concat()).rows();
    rows.into_iter().next().expect("a row")
}

#[test]
fn one_list_is_downloaded_once_for_all_certificates() {
    let (pki, http) = (Pki::new(), Http::start());
    let mut leaves: Vec<_> = ["one", "two", "three"]
        .map(|name| leaf(&pki, name, &http, Issuer::Intermediate, "/1.crl"))
        .into();
    leaves.push(leaf(&pki, "four", &http, Issuer::Rsa, "/gone.crl"));
    let revoked = List {
        revoked: Some((&leaves[1].leaf, "keyCompromise")),
        ..List::EMPTY
    };
    http.has("/1.crl", &der(&list(&pki, "revoked", revoked)));
    let serve = |leaf: &Issued| {
        let chain = ["-cert_chain", &leaf.issuer, "-no-CAfile", "-www"];
        let own = ["-cert", &leaf.leaf, "-key", &leaf.key];
        SServer::start(&[&own[..], &chain].concat())
    };
    let servers: Vec<_> = leaves.iter().map(serve).collect();
    let targets: Vec<_> = servers
        .iter()
        .map(|it| format!("{NAME}@{}", it.address))
        .collect();
    let out = path(pki.folder(), "rows.jsonl");
    let (trust, to) = (format!("--trust={}", pki.root()), format!("--output={out}"));
    let mut arguments = vec!["scan", "--quiet", &trust, &to];
    arguments.extend(AT_HOME);
    arguments.extend(ASKED);
    arguments.extend(targets.iter().map(|it| &**it));
    run(&arguments).expect(0);

    assert_eq!(http.asked(), ["/1.crl", "/gone.crl"]);
    let rows = read_rows(&out);
    assert_eq!(rows.len(), 4);
    let address = |path| format!("http://{}{path}", http.address);
    let expected = [
        ("ok", "good", None, "/1.crl"),
        ("revoked", "revoked", Some("key_compromise"), "/1.crl"),
        ("ok", "good", None, "/1.crl"),
        ("ok", "unknown", Some("crl_not_fetched"), "/gone.crl"),
    ];
    for (target, (verdict, status, reason, path)) in targets.iter().zip(expected) {
        let row = rows.iter().find(|row| row.text("/target") == target);
        let row = row.expect("a row");
        assert_eq!(row.verdict(), verdict, "{}", row.0);
        assert_eq!(row.text("/revocation/status"), status);
        assert_eq!(row.at("/revocation/reason").as_str(), reason);
        assert_eq!(row.text("/revocation/answers/0/from"), address(path));
    }
}

/// Downloaded CRLs are not part of the recording. Judging again needs them as files, and then has
/// the same result.
#[test]
fn downloaded_lists_are_not_saved() {
    let (pki, http) = (Pki::new(), Http::start());
    let listed = leaf(&pki, "listed", &http, Issuer::Intermediate, "/1.crl");
    let silent = pki.leaf("silent", Leaf::GOOD);
    let revoked = List {
        revoked: Some((&listed.leaf, "keyCompromise")),
        ..List::EMPTY
    };
    let of_root = List {
        issuer: "ca-root",
        ..List::EMPTY
    };
    let (crl, other) = (list(&pki, "revoked", revoked), list(&pki, "other", of_root));
    http.has("/1.crl", &der(&crl));
    let servers = [&listed, &silent].map(|leaf| {
        let chain = ["-cert_chain", &leaf.issuer, "-no-CAfile", "-www"];
        SServer::start(&[&["-cert", &leaf.leaf, "-key", &leaf.key], &chain[..]].concat())
    });
    let targets = servers
        .each_ref()
        .map(|it| format!("{NAME}@{}", it.address));
    let [facts, live, again] =
        ["week.recording", "live.jsonl", "again.jsonl"].map(|name| path(pki.folder(), name));
    let trust = format!("--trust={}", pki.root());
    let scan = [
        "scan", "--quiet", "-c1", "--save", &facts, "-o", &live, &trust,
    ];
    let targets = targets.each_ref().map(|it| &**it);
    run(&[&scan[..], &AT_HOME, &ASKED, &targets].concat()).expect(0);
    let judge = |crls: &str| {
        let judge = [
            "judge",
            "--quiet",
            &facts,
            "--revocation=crl",
            "--crls",
            crls,
        ];
        run(&[&judge[..], &["-o", &again, &trust]].concat()).expect(0);
        read_rows(&again)
    };
    let verdicts = |rows: &[Row]| -> Vec<(String, String)> {
        let verdicts = |row: &Row| (row.text("/target").to_owned(), row.verdict().to_owned());
        rows.iter().map(verdicts).collect()
    };
    let [first, second] = targets.map(str::to_owned);
    let live = read_rows(&live);
    // The row that waited for its CRL is the last.
    let ok = (second, "ok".to_owned());
    assert_eq!(
        verdicts(&live),
        [ok.clone(), (first.clone(), "revoked".to_owned())]
    );
    let address = format!("http://{}/1.crl", http.address);
    assert_eq!(live[1].text("/revocation/answers/0/from"), address);

    let without = judge(&other);
    assert_eq!(
        verdicts(&without),
        [(first.clone(), "ok".to_owned()), ok.clone()]
    );
    assert_eq!(without[0].text("/revocation/reason"), "no_crl");

    let with = judge(&crl);
    assert_eq!(verdicts(&with), [(first, "revoked".to_owned()), ok]);
    assert_ne!(with[0].at("/revocation/answers/0/from"), &*address);
    assert_eq!(http.asked(), ["/1.crl"]);
}

/// `check` downloads like a sweep. If a loaded CRL already has the answer, none is downloaded.
#[test]
fn a_list_that_is_loaded_is_not_downloaded() {
    let (pki, http) = (Pki::new(), Http::start());
    let leaf = leaf(&pki, "leaf", &http, Issuer::Intermediate, "/1.crl");
    let empty = list(&pki, "empty", List::EMPTY);
    let crls = format!("--crls={empty}");
    let row = check(&pki, &leaf, &[&ASKED[..], &[&crls]].concat());
    assert_eq!(row.text("/revocation/status"), "good");
    assert!(http.asked().is_empty(), "{:?}", http.asked());
    // A CRL in PEM is read, although RFC 5280 requires DER there.
    http.has("/1.crl", &empty);
    let row = check(&pki, &leaf, &ASKED);
    assert_eq!(row.text("/revocation/status"), "good");
    assert_eq!(http.asked(), ["/1.crl"]);
}

#[test]
fn private_addresses_are_not_contacted_unless_allowed() {
    let (pki, http) = (Pki::new(), Http::start());
    let leaf = leaf(&pki, "leaf", &http, Issuer::Intermediate, "/1.crl");
    http.has("/1.crl", &list(&pki, "empty", List::EMPTY));
    let row = check(&pki, &leaf, &["--revocation=crl"]);
    assert_eq!(row.text("/revocation/reason"), "crl_not_fetched");
    assert!(http.asked().is_empty(), "{:?}", http.asked());
    // Nothing is contacted if only staples are checked, or if no certificate reaches an anchor.
    check(
        &pki,
        &leaf,
        &["--revocation=staple", "--aia", "--aia-allow-private"],
    );
    check(&Pki::new(), &leaf, &ASKED);
    assert!(http.asked().is_empty(), "{:?}", http.asked());
}

#[test]
fn a_response_that_is_not_a_list_gives_no_status() {
    let (pki, http) = (Pki::new(), Http::start());
    let leaf = leaf(&pki, "leaf", &http, Issuer::Intermediate, "/1.crl");
    http.has("/1.crl", &leaf.leaf);
    let row = check(&pki, &leaf, &ASKED);
    assert_eq!(row.text("/revocation/reason"), "crl_not_fetched");
    // Another CA's CRL with the same issuer name was downloaded, and is rejected.
    http.has("/1.crl", &list(&Pki::new(), "foreign", List::EMPTY));
    let row = check(&pki, &leaf, &ASKED);
    assert_eq!(row.text("/revocation/reason"), "crl_not_by_issuer");
}

#[test]
fn allowing_private_addresses_without_fetching_is_rejected() {
    let pki = Pki::new();
    let leaf = pki.leaf("leaf", Leaf::GOOD);
    let run = run(&["check", &leaf.chain, "--name", NAME, "--aia-allow-private"]).expect(2);
    assert!(
        run.stderr.contains("add --aia or --revocation crl"),
        "{}",
        run.stderr
    );
}
