//! Fetching missing issuers from the AIA URLs in certificates: which responses complete a chain,
//! how often a URL is requested, and which servers must never be contacted.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, IsCa, Issuer,
    KeyPair,
};
use serde_json::Value;
use support::peers::SServer;
use support::{AT_HOME, Kept, Row, TLSWEEP, folder, path, read_rows, run, write};
use tempfile::TempDir;
use tlsweep::crypto::Fingerprint;
use tlsweep::gather::{self, FetchFailure, Guard, HttpAddress, Patience};
use tlsweep::lab::Lab;
use tlsweep::probe;
use tokio::runtime::Runtime;

const ALLOWED: [&str; 2] = ["--aia", "--aia-allow-private"];

/// The reaction of a server to a request.
#[derive(Clone)]
enum Answer {
    /// It sends these bytes and closes the connection.
    Sent(Vec<u8>),
    /// It sends these bytes and keeps the connection open until the client closes it.
    KeptOpen(Vec<u8>),
}

/// A web server with a fixed answer for each path. It records the requests.
struct Http {
    address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    /// The head of each request, in the order received.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Http {
    fn start() -> Self {
        Self::at([127, 0, 0, 1].into())
    }

    fn at(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a port");
        let started = Self {
            address: listener.local_addr().expect("it is bound"),
            answers: Arc::default(),
            requests: Arc::default(),
        };
        let (answers, requests) = (started.answers.clone(), started.requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, requests) = (answers.clone(), requests.clone());
                thread::spawn(move || serve(stream, &answers, &requests));
            }
        });
        started
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn says(&self, path: &str, answer: Answer) {
        let mut answers = self.answers.lock().expect("no panic under the lock");
        answers.insert(path.to_owned(), answer);
    }

    /// Serves a file at a path.
    fn has(&self, path: &str, body: &[u8]) {
        self.says(path, Answer::Sent(response("200 OK", "", body)));
    }

    fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .expect("no panic under the lock")
            .clone()
    }
}

fn serve(
    stream: TcpStream,
    answers: &Mutex<BTreeMap<String, Answer>>,
    requests: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match reader.read_line(&mut head) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    requests.lock().expect("no panic under the lock").push(head);
    let answer = {
        let answers = answers.lock().expect("no panic under the lock");
        answers.get(&path).cloned()
    };
    let missing = || Answer::Sent(response("404 Not Found", "", b"gone"));
    let (bytes, held) = match answer.unwrap_or_else(missing) {
        Answer::Sent(bytes) => (bytes, false),
        Answer::KeptOpen(bytes) => (bytes, true),
    };
    // The client may have closed the connection already.
    let _ = reader.get_mut().write_all(&bytes);
    if held {
        let _ = reader.read_line(&mut String::new());
    }
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// A CA that can issue certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn root(name: &str) -> Self {
        Self::new(name, None, &[])
    }

    /// Returns a CA below this one, whose certificate names these AIA URLs.
    fn below(&self, name: &str, addresses: &[String]) -> Self {
        Self::new(name, Some(self), addresses)
    }

    fn new(name: &str, by: Option<&Self>, addresses: &[String]) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.custom_extensions.extend(ca_issuers(addresses));
        let key = KeyPair::generate().expect("a key");
        let certificate = match by {
            Some(by) => params.signed_by(&key, &by.issuer),
            None => params.self_signed(&key),
        };
        Self {
            certificate: certificate.expect("a certificate"),
            issuer: Issuer::new(params, key),
        }
    }

    /// Issues a leaf for a name. Returns the leaf and its key in PEM.
    fn leaf(&self, name: &str, addresses: &[String]) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.custom_extensions.extend(ca_issuers(addresses));
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &self.issuer).expect("a leaf");
        (leaf.pem(), key.serialize_pem())
    }

    fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    fn sha256(&self) -> String {
        Fingerprint::of(self.der()).to_string()
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .expect("it is short")
        .to_be_bytes();
    [&[tag, 0x82, high, low], content].concat()
}

/// Returns the authority information access extension (RFC 5280 section 4.2.2.1).
fn ca_issuers(addresses: &[String]) -> Option<CustomExtension> {
    let method = [0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    let description = |address: &String| {
        let location = element(0x86, address.as_bytes());
        element(0x30, &[&method[..], &location].concat())
    };
    let content: Vec<_> = addresses.iter().flat_map(description).collect();
    let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    let extension = CustomExtension::from_oid_content(&oid, element(0x30, &content));
    (!addresses.is_empty()).then_some(extension)
}

/// A temporary folder with the trusted root.
struct Place {
    folder: TempDir,
    trust: String,
}

impl Place {
    fn trusting(root: &Authority) -> Self {
        let folder = folder();
        let root = write(&folder, "root.pem", root.certificate.pem());
        let trust = format!("--trust={root}");
        fs::create_dir(folder.path().join("chains")).expect("a folder");
        Self { folder, trust }
    }

    /// Adds a chain to the folder that `check` reads, under its name.
    fn chain(&self, name: &str, pem: &str) {
        write(&self.folder, &format!("chains/{name}.pem"), pem);
    }

    /// Runs `check` on the folder and returns the rows by name.
    fn check(&self, more: &[&str]) -> BTreeMap<String, Row> {
        let chains = path(&self.folder, "chains");
        let arguments = ["check", &chains, &self.trust, "--format=jsonl"];
        let ended = run(&[&arguments[..], more].concat());
        let name = |row: &Row| row.text("/target").to_owned();
        let rows: BTreeMap<_, _> = ended.rows().into_iter().map(|r| (name(&r), r)).collect();
        let files = fs::read_dir(chains).expect("a folder").count();
        assert_eq!(rows.len(), files, "{ended:#?}");
        rows
    }
}

fn missing(row: &Row) -> &Value {
    let finding = row.finding("missing_intermediate");
    finding.unwrap_or_else(|| panic!("nothing is missing in {}", row.0))
}

fn error(row: &Row) -> String {
    let errors = missing(row)["aia_error"].as_array();
    let errors = errors.unwrap_or_else(|| panic!("no error in {}", row.0));
    let errors: Vec<_> = errors.iter().map(|e| e.as_str().expect("text")).collect();
    errors.join("\n")
}

// Responses that complete a chain.

#[test]
fn a_missing_intermediate_is_fetched_in_each_form_and_named() {
    let root = Authority::root("Root");
    let http = Http::start();
    let place = Place::trusting(&root);
    let mut cas = BTreeMap::new();
    for form in ["der", "pem", "p7c"] {
        let url = http.url(&format!("/{form}"));
        let ca = root.below(form, &[]);
        let name = format!("{form}.test");
        place.chain(&name, &ca.leaf(&name, &[url]).0);
        let pem = write(&place.folder, form, ca.certificate.pem());
        let bytes = match form {
            "der" => ca.der().to_vec(),
            "pem" => fs::read(&pem).expect("it was written"),
            _ => p7c(&pem, &place),
        };
        http.has(&format!("/{form}"), &bytes);
        cas.insert(name, ca);
    }
    for (name, row) in place.check(&ALLOWED) {
        assert_eq!(row.verdict(), "missing_intermediate", "{name}");
        let (finding, sha256) = (missing(&row), cas[&name].sha256());
        let url = http.url(&format!("/{}", name.trim_end_matches(".test")));
        assert_eq!(finding["confirmed"], true);
        assert_eq!(finding["completed_by"], "aia");
        assert_eq!(finding["fingerprints"], Value::from(vec![sha256.clone()]));
        assert_eq!(finding["fetched_from"], Value::from(vec![url.clone()]));
        let append = finding["append"][0].as_str().expect("a text");
        assert!(
            append.contains(&sha256) && append.contains(&url),
            "{append}"
        );
        assert_eq!(row.at("/chain/completed_by"), "aia");
        assert_eq!(row.at("/trust/root/reason"), "missing_intermediate");
    }
    for head in http.requests() {
        let agent = concat!("user-agent: tlsweep/", env!("CARGO_PKG_VERSION"), "\r\n");
        assert!(head.to_ascii_lowercase().contains(agent), "{head}");
    }
}

/// Returns PKCS#7 as openssl writes it, which is the form that CAs publish.
fn p7c(pem: &str, place: &Place) -> Vec<u8> {
    let arguments = ["crl2pkcs7", "-nocrl", "-outform", "DER", "-certfile", pem];
    support::tool("openssl", &arguments, place.folder.path())
}

#[test]
fn two_missing_intermediates_are_fetched_one_after_the_other() {
    let root = Authority::root("Root");
    let http = Http::start();
    let upper = root.below("Upper", &[http.url("/root")]);
    let lower = upper.below("Lower", &[http.url("/upper")]);
    http.has("/upper", upper.der());
    http.has("/lower", lower.der());
    let place = Place::trusting(&root);
    place.chain("a.test", &lower.leaf("a.test", &[http.url("/lower")]).0);
    let rows = place.check(&ALLOWED);
    let finding = missing(&rows["a.test"]);
    let order = vec![lower.sha256(), upper.sha256()];
    assert_eq!(finding["fingerprints"], Value::from(order.clone()));
    let append = finding["append"].as_array().expect("a list");
    for (line, sha256) in append.iter().zip(&order) {
        assert!(line.as_str().expect("text").contains(sha256), "{line}");
    }
    let from = vec![http.url("/lower"), http.url("/upper")];
    assert_eq!(finding["fetched_from"], Value::from(from));
    // The root is trusted already, so its URL is not requested.
    assert_eq!(http.requests().len(), 2);
}

#[test]
fn a_known_issuer_is_not_fetched_and_is_named_as_the_source() {
    let root = Authority::root("Root");
    let http = Http::start();
    let ca = root.below("CA", &[]);
    let place = Place::trusting(&root);
    place.chain("a.test", &ca.leaf("a.test", &[http.url("/ca")]).0);
    http.has("/ca", ca.der());
    let bundle = write(&place.folder, "bundle.pem", ca.certificate.pem());
    let bundle = format!("--intermediates={bundle}");
    let rows = place.check(&[&ALLOWED[..], &[&bundle]].concat());
    let finding = missing(&rows["a.test"]);
    assert_eq!(finding["completed_by"], "bundle");
    assert_eq!(http.requests(), [""; 0]);
}

#[test]
fn a_url_is_requested_once_for_many_rows_and_the_recording_keeps_the_response() {
    let root = Authority::root("Root");
    let http = Http::start();
    let ca = root.below("CA", &[]);
    http.has("/ca", ca.der());
    let place = Place::trusting(&root);
    let (leaf, key) = ca.leaf("*.example.test", &[http.url("/ca")]);
    let server = server(&place, &leaf, &key);
    let targets: String = (0..12)
        .map(|n| format!("n{n}.example.test@{}\n", server.address))
        .collect();
    let input = write(&place.folder, "targets", targets);
    let (live, certs) = (
        path(&place.folder, "live.jsonl"),
        path(&place.folder, "certs"),
    );
    let facts = path(&place.folder, "facts");
    let mut scan = vec!["scan", "-i", &input, "-o", &live, "--save", &facts];
    scan.extend([&*place.trust, "--certs", &certs, "--quiet"]);
    run(&[&scan[..], &AT_HOME, &ALLOWED].concat()).expect(0);
    let rows = read_rows(&live);
    assert_eq!(rows.len(), 12);
    for row in &rows {
        assert_eq!(missing(row)["completed_by"], "aia");
    }
    assert_eq!(http.requests().len(), 1, "{:#?}", http.requests());
    let certs_live = fs::read_to_string(&certs).expect("certificates");
    assert!(certs_live.contains(&ca.sha256()), "{certs_live}");

    let again = path(&place.folder, "again.jsonl");
    let mut judge = vec!["judge", &facts, "-o", &again, "--quiet"];
    judge.extend([&*place.trust, "--certs", &certs]);
    run(&judge).expect(0);
    let bytes = |path: &str| fs::read_to_string(path).expect("rows");
    assert_eq!(bytes(&again), bytes(&live));
    assert_eq!(bytes(&certs), certs_live);
    assert_eq!(http.requests().len(), 1, "judging sends no requests");
}

/// Starts a server that sends only this leaf.
fn server(place: &Place, leaf: &str, key: &str) -> SServer {
    let leaf = write(&place.folder, "leaf.pem", leaf);
    let key = write(&place.folder, "leaf.key", key);
    SServer::start(&["-cert", &leaf, "-key", &key, "-www"])
}

// Responses that do not complete a chain.

#[test]
fn each_url_that_does_not_help_is_named_with_its_reason() {
    let root = Authority::root("Root");
    let place = Place::trusting(&root);
    let elsewhere = Http::start();
    let stranger = Authority::root("Stranger").below("CA", &[]);
    let other = root.below("Another CA", &[]);
    let moved = format!("Location: {}\r\n", elsewhere.url("/ca"));
    let long = "Content-Length: 999999999\r\n\r\n30";
    let answers: [(&str, Answer, &str); 9] = [
        (
            "gone",
            Answer::Sent(response("404 Not Found", "", b"")),
            "HTTP status 404",
        ),
        (
            "moved",
            Answer::Sent(response("302 Found", &moved, b"")),
            "redirects are not followed",
        ),
        (
            "large",
            Answer::Sent(response("200 OK", "", &[0x30; 70_000])),
            "larger than 65536 bytes",
        ),
        (
            "promise",
            Answer::KeptOpen(format!("HTTP/1.1 200 OK\r\n{long}").into()),
            "larger than 65536 bytes",
        ),
        (
            "page",
            Answer::Sent(response("200 OK", "", b"<html>")),
            "is not a certificate",
        ),
        (
            "leaf",
            Answer::Sent(response(
                "200 OK",
                "",
                root.leaf("x.test", &[]).0.as_bytes(),
            )),
            "no CA certificate",
        ),
        (
            "other",
            Answer::Sent(response("200 OK", "", other.der())),
            "does not contain the issuer",
        ),
        (
            "stranger",
            Answer::Sent(response("200 OK", "", stranger.der())),
            "did not sign the certificate",
        ),
        (
            "noise",
            Answer::Sent(b"220 mail ESMTP\r\n".to_vec()),
            "malformed or incomplete response",
        ),
    ];
    let mut expected = BTreeMap::new();
    let mut servers = Vec::new();
    let ca = root.below("CA", &[]);
    for (index, (case, answer, reason)) in (1..).zip(answers) {
        // Each server has its own address, because one address gets at most two requests per
        // second.
        let http = Http::at([127, 0, 1, index].into());
        http.says("/ca", answer);
        let name = format!("{case}.test");
        place.chain(&name, &ca.leaf(&name, &[http.url("/ca")]).0);
        expected.insert(name, (http.url("/ca"), reason));
        servers.push(http);
    }
    for (name, row) in place.check(&ALLOWED) {
        let (url, reason) = &expected[&name];
        assert_eq!(missing(&row)["confirmed"], false, "{name}");
        let error = error(&row);
        assert!(error.starts_with(&format!("{url}: ")), "{name}: {error}");
        assert!(error.contains(reason), "{name}: {error}");
        assert_eq!(row.at("/trust/root/trusted"), false, "{name}");
    }
    for http in servers {
        assert_eq!(http.requests().len(), 1, "{:#?}", http.requests());
    }
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[test]
fn a_root_that_was_fetched_is_not_trusted() {
    let http = Http::start();
    let (trusted, fetched) = (Authority::root("Root"), Authority::root("Fetched root"));
    let ca = fetched.below("CA", &[http.url("/root")]);
    http.has("/root", fetched.der());
    http.has("/ca", ca.der());
    let place = Place::trusting(&trusted);
    place.chain("a.test", &ca.leaf("a.test", &[http.url("/ca")]).0);
    let rows = place.check(&ALLOWED);
    let row = &rows["a.test"];
    assert_eq!(row.verdict(), "untrusted_ca");
    let finding = row.finding("untrusted_ca").expect("a finding");
    assert_eq!(finding["reason"], "untrusted_root");
    assert_eq!(finding["issuer"], "CN=Fetched root");
    assert_eq!(row.at("/trust/root/trusted"), false);
    // The root is requested because a trusted root could have been its issuer.
    assert_eq!(http.requests().len(), 2);
}

#[test]
fn a_response_that_never_ends_is_abandoned() {
    let http = Http::start();
    let patience = Patience {
        connect: Duration::from_secs(5),
        total: Duration::from_millis(300),
    };
    let part = response("200 OK", "", b"0123456789");
    http.says("/nothing", Answer::KeptOpen(Vec::new()));
    http.says("/head", Answer::KeptOpen(part[..20].to_vec()));
    http.says("/body", Answer::KeptOpen(part[..part.len() - 1].to_vec()));
    let runtime = Runtime::new().expect("a runtime");
    for path in ["/nothing", "/head", "/body"] {
        let url = HttpAddress::parse(&http.url(path)).expect("an address");
        let (guard, address) = (Guard::AllowPrivate, http.address.ip());
        let answer = runtime.block_on(gather::get(&url, address, guard, patience, 1000));
        assert_eq!(answer, Err(FetchFailure::Timeout(patience.total)), "{path}");
    }
}

#[test]
fn an_interrupt_ends_fetching_and_leaves_every_row() {
    let root = Authority::root("Root");
    let http = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/ca", http.local_addr().expect("it is bound"));
    let place = Place::trusting(&root);
    let (leaf, key) = root.below("CA", &[]).leaf("a.test", &[url]);
    let server = server(&place, &leaf, &key);
    let output = path(&place.folder, "rows.jsonl");
    let mut command = Command::new(TLSWEEP);
    command
        .args(["scan", "-o", &output, "--quiet", &place.trust])
        .args(["--timeout=10m", "--retries=0"])
        .args(ALLOWED)
        .arg(format!("a.test@{}", server.address));
    let mut sweeping = Kept::spawn(&mut command);
    let fetching = http.accept().expect("a fetch");
    sweeping.signal("INT");
    assert_eq!(sweeping.code(), Some(130));
    drop(fetching);
    let rows = read_rows(&output);
    assert_eq!(rows.len(), 1);
    assert!(
        error(&rows[0]).ends_with("not fetched: interrupted"),
        "{}",
        rows[0].0
    );
}

// Servers that must never be contacted.

#[test]
fn servers_that_are_not_public_are_only_contacted_if_allowed() {
    let root = Authority::root("Root");
    let ca = root.below("CA", &[]);
    let http = Http::start();
    http.has("/ca", ca.der());
    let place = Place::trusting(&root);
    let cases = [
        ("port.test", http.url("/ca"), "only port 80"),
        (
            "own.test",
            "http://127.0.0.1/ca".into(),
            "127.0.0.1 is loopback",
        ),
        (
            "curious.test",
            "http://0x7f.1/ca".into(),
            "127.0.0.1 is loopback",
        ),
        ("router.test", "http://192.168.0.1/ca".into(), "is private"),
        (
            "cloud.test",
            "http://169.254.169.254/ca".into(),
            "is link-local",
        ),
        (
            "cloud6.test",
            "http://[fd00:ec2::254]/ca".into(),
            "is private",
        ),
        (
            "mapped.test",
            "http://[::ffff:10.0.0.1]/ca".into(),
            "is private",
        ),
        ("tls.test", "https://ca.example/ca".into(), "only http://"),
        (
            "ldap.test",
            "ldap://ca.example/cn=ca".into(),
            "only http://",
        ),
    ];
    for (name, url, _) in &cases {
        place.chain(name, &ca.leaf(name, std::slice::from_ref(url)).0);
    }
    let rows = place.check(&["--aia"]);
    for (name, _, reason) in &cases {
        let error = error(&rows[*name]);
        assert!(error.contains(reason), "{name}: {error}");
    }
    // Without `--aia` the rows do not mention fetching.
    for (name, row) in place.check(&[]) {
        assert!(missing(&row).get("aia_error").is_none(), "{name}");
    }
    assert_eq!(http.requests(), [""; 0]);
}

#[test]
fn an_excluded_server_is_not_contacted_for_issuers() {
    let root = Authority::root("Root");
    let ca = root.below("CA", &[]);
    let http = Http::at([127, 0, 0, 9].into());
    http.has("/ca", ca.der());
    let place = Place::trusting(&root);
    let port = http.address.port();
    let by_name = format!("http://ca.forbidden.test:{port}/ca");
    let (leaf, key) = ca.leaf("a.test", &[http.url("/ca"), by_name]);
    let server = server(&place, &leaf, &key);
    let exclude = write(&place.folder, "exclude", "127.0.0.9\nca.forbidden.test\n");
    let exclude = format!("--exclude={exclude}");
    let target = format!("a.test@{}", server.address);
    let arguments = [&*target, &exclude, &place.trust];
    let row = support::sweep_one(&[&arguments[..], &ALLOWED].concat());
    let error = error(&row);
    assert_eq!(error.matches("excluded by --exclude").count(), 2, "{error}");
    assert_eq!(http.requests(), [""; 0]);
}

#[test]
fn a_name_that_resolves_to_loopback_is_not_contacted() {
    let runtime = Runtime::new().expect("a runtime");
    let lab = runtime.block_on(Lab::start(probe::now()));
    let lab = lab.expect("the laboratory starts");
    let place = folder();
    let trust = format!("--trust={}", write(&place, "lab.pem", lab.root_pem()));
    let resolvers = format!("--resolvers={}", lab.resolver_address());
    let targets: String = lab
        .cases()
        .iter()
        .map(|c| format!("{}\n", c.target))
        .collect();
    let input = format!("--input={}", write(&place, "targets", targets));
    let rows = support::sweep(&[&*trust, &resolvers, &input, "--aia"]);
    runtime.block_on(lab.stop());
    let mut refused = 0;
    for row in rows.values() {
        if let Some(finding) = row.finding("missing_intermediate")
            && finding["confirmed"] == false
        {
            let error = error(row);
            assert!(error.contains("127.0.0.1 is loopback"), "{error}");
            refused += 1;
        }
    }
    assert!(
        refused > 0,
        "the laboratory has a certificate that names its issuer's address"
    );
}

/// The issuer that was sent has the right name and another key.
#[test]
fn a_bad_signature_says_why_no_address_helped() {
    let root = Authority::root("Root");
    let (sent, signer) = (root.below("CA", &[]), root.below("CA", &[]));
    let http = Http::start();
    http.has("/same", sent.der());
    http.has("/other", root.below("Other", &[]).der());
    let place = Place::trusting(&root);
    let cases = [
        ("gone.test", http.url("/gone"), "404"),
        (
            "same.test",
            http.url("/same"),
            "did not sign the certificate",
        ),
        (
            "other.test",
            http.url("/other"),
            "does not contain the issuer",
        ),
        ("ldap.test", "ldap://ca.test/ca".to_owned(), "only http://"),
    ];
    for (name, url, _) in &cases {
        let leaf = signer.leaf(name, std::slice::from_ref(url)).0;
        place.chain(name, &(leaf + &sent.certificate.pem()));
    }
    let finding = |row: &Row| {
        let finding = row.finding("invalid_certificate").cloned();
        let finding = finding.unwrap_or_else(|| panic!("{}", row.0));
        assert_eq!(finding["reason"], "bad_signature", "{}", row.0);
        finding
    };
    let rows = place.check(&ALLOWED);
    for (name, url, reason) in &cases {
        let finding = finding(&rows[*name]);
        assert_eq!(finding["ca_issuers"][0], **url, "{finding}");
        let error = finding["aia_error"][0].as_str().unwrap_or_default();
        assert!(error.starts_with(url.as_str()), "{finding}");
        assert!(error.contains(reason), "{finding}");
    }
    for row in place.check(&[]).values() {
        assert!(finding(row).get("aia_error").is_none(), "{}", row.0);
    }
}
