//! Sweeps a real nginx with many kinds of servers, and compares the rows with what openssl sees on
//! the same ports.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use support::peers::Nginx;
use support::pki::{self, Issued, Issuer, Leaf, Pki};
use support::{Row, tool};

/// nginx and its certificates.
struct Site {
    nginx: Nginx,
    pki: Pki,
    shown: BTreeMap<&'static str, Issued>,
}

const EXPIRED: (&str, &str) = ("20200101000000Z", "20210101000000Z");

/// The servers. `CHAIN-name`, `LEAF-name` and `KEY-name` are replaced by the files of that
/// certificate.
const SERVERS: &str = "
    # 0: several names behind one port.
    ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
    ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384;
    server { listen 127.0.0.1:PORT0 ssl http2 default_server; server_name default.example.test;
        ssl_certificate CHAIN-default; ssl_certificate_key KEY-default; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name healthy.example.test;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name alone.example.test;
        ssl_certificate LEAF-alone; ssl_certificate_key KEY-alone; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name pointed.example.test;
        ssl_certificate LEAF-pointed; ssl_certificate_key KEY-pointed; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name expired.example.test;
        ssl_certificate CHAIN-expired; ssl_certificate_key KEY-expired; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name rsa.example.test;
        ssl_certificate CHAIN-rsa; ssl_certificate_key KEY-rsa; }
    server { listen 127.0.0.1:PORT0 ssl http2; server_name self.example.test;
        ssl_certificate LEAF-self; ssl_certificate_key KEY-self; }
    # One version each.
    server { listen 127.0.0.1:PORT1 ssl; ssl_protocols TLSv1.2;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    server { listen 127.0.0.1:PORT2 ssl; ssl_protocols TLSv1.3; ssl_ecdh_curve secp384r1;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    server { listen 127.0.0.1:PORT3 ssl; ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    server { listen 127.0.0.1:PORT4 ssl; ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;
        ssl_certificate CHAIN-rsa; ssl_certificate_key KEY-rsa; }
    # 5: no TLS at all.
    server { listen 127.0.0.1:PORT5; }
    # Client certificates.
    server { listen 127.0.0.1:PORT6 ssl; ssl_verify_client on; ssl_client_certificate ROOT;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    server { listen 127.0.0.1:PORT7 ssl; ssl_verify_client on; ssl_client_certificate ROOT;
        ssl_protocols TLSv1.2; ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    # 8: no name is welcome but one.
    server { listen 127.0.0.1:PORT8 ssl default_server; ssl_reject_handshake on; }
    server { listen 127.0.0.1:PORT8 ssl; server_name healthy.example.test;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    # 9: IPv6.
    server { listen [::1]:PORT9 ssl;
        ssl_certificate CHAIN-six; ssl_certificate_key KEY-six; }
    # 10: a staple.
    server { listen 127.0.0.1:PORT10 ssl; ssl_stapling on; ssl_stapling_file STAPLE;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    # 11: a load balancer is expected in front.
    server { listen 127.0.0.1:PORT11 ssl proxy_protocol;
        ssl_certificate CHAIN-healthy; ssl_certificate_key KEY-healthy; }
    # 12: only what Windows XP knows.
    server { listen 127.0.0.1:PORT12 ssl; ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA;
        ssl_certificate CHAIN-rsa; ssl_certificate_key KEY-rsa; }
    # 13: an address by its number.
    server { listen 127.0.0.1:PORT13 ssl;
        ssl_certificate CHAIN-address; ssl_certificate_key KEY-address; }
";

impl Site {
    fn start() -> Self {
        let pki = Pki::new();
        let leaf = |sans| Leaf { sans, ..Leaf::GOOD };
        let aia = "authorityInfoAccess=caIssuers;URI:http://127.0.0.1:9/i.der";
        let leaves = [
            ("default", leaf("DNS:default.example.test")),
            (
                "healthy",
                leaf("DNS:healthy.example.test,DNS:www.healthy.example.test"),
            ),
            ("alone", leaf("DNS:alone.example.test")),
            (
                "pointed",
                Leaf {
                    extensions: aia,
                    ..leaf("DNS:pointed.example.test")
                },
            ),
            (
                "expired",
                Leaf {
                    dates: Some(EXPIRED),
                    ..leaf("DNS:expired.example.test")
                },
            ),
            (
                "rsa",
                Leaf {
                    key: pki::RSA,
                    issuer: Issuer::Rsa,
                    ..leaf("DNS:rsa.example.test")
                },
            ),
            ("six", leaf("DNS:six.example.test,IP:::1")),
            ("address", leaf("IP:127.0.0.1")),
        ];
        let mut shown: BTreeMap<_, _> = leaves
            .into_iter()
            .map(|(name, leaf)| (name, pki.leaf(name, leaf)))
            .collect();
        shown.insert("self", pki.self_signed("self", "DNS:self.example.test"));
        let mut servers = SERVERS
            .replace("ROOT", &pki.root())
            .replace("STAPLE", &pki::staple(&shown["healthy"]));
        for (name, issued) in &shown {
            let files = [
                ("CHAIN", &issued.chain),
                ("LEAF", &issued.leaf),
                ("KEY", &issued.key),
            ];
            for (kind, file) in files {
                servers = servers.replace(&format!("{kind}-{name};"), &format!("{file};"));
            }
        }
        Self {
            nginx: Nginx::start(&servers),
            pki,
            shown,
        }
    }

    /// Shared by all tests that run at the same time, because it only answers. The last of them
    /// stops it, which a static would not do.
    fn get() -> Arc<Self> {
        static SITE: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        // After a panic the shared server is still usable, because tests do not change it.
        let mut site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
        site.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *site = Arc::downgrade(&started);
            started
        })
    }

    /// Returns the target for a name on port number n. `https` also requests HTTP, like a browser.
    fn target(&self, name: &str, n: usize) -> String {
        let address = if n == 9 { "[::1]" } else { "127.0.0.1" };
        format!("https://{name}@{address}:{}", self.nginx.port(n))
    }

    fn sweep(&self, targets: &[&str], further: &[&str]) -> BTreeMap<String, Row> {
        let trust = format!("--trust={}", self.pki.root());
        let arguments = [&[trust.as_str()], further, targets].concat();
        support::sweep_by_both_lanes(&arguments)
    }

    fn sweep_one(&self, target: &str, further: &[&str]) -> Row {
        self.sweep(&[target], further)
            .remove(target)
            .expect("its row")
    }
}

/// A name, the index of its port, the verdict, and all findings.
type Expectation = (&'static str, usize, &'static str, &'static [&'static str]);

#[rustfmt::skip] // A row a line.
const EXPECTATIONS: &[Expectation] = &[
    ("default.example.test", 0, "ok", &[]),
    ("healthy.example.test", 0, "ok", &[]),
    ("rsa.example.test", 0, "ok", &[]),
    ("alone.example.test", 0, "missing_intermediate", &["missing_intermediate"]),
    ("pointed.example.test", 0, "missing_intermediate", &["missing_intermediate"]),
    ("expired.example.test", 0, "expired", &["expired"]),
    ("self.example.test", 0, "self_signed", &["self_signed"]),
    ("unknown.example.test", 0, "name_mismatch", &["name_mismatch"]),
    ("healthy.example.test", 1, "ok", &[]),
    ("healthy.example.test", 2, "ok", &[]),
    ("healthy.example.test", 3, "legacy_tls_only", &["legacy_tls_only"]),
    ("rsa.example.test", 4, "legacy_tls_only", &["legacy_tls_only"]),
    ("healthy.example.test", 4, "legacy_tls_only", &["legacy_tls_only", "name_mismatch"]),
    ("healthy.example.test", 5, "not_tls", &["not_tls"]),
    ("healthy.example.test", 6, "ok", &["client_certificate_requested"]),
    ("healthy.example.test", 7, "ok", &["client_certificate_requested"]),
    ("healthy.example.test", 8, "ok", &[]),
    ("www.healthy.example.test", 8, "handshake_failed", &["handshake_failed", "sni_rejected"]),
    ("six.example.test", 9, "ok", &[]),
    ("healthy.example.test", 10, "ok", &[]),
    ("healthy.example.test", 11, "handshake_failed", &["handshake_failed"]),
    ("rsa.example.test", 12, "ok", &["no_forward_secrecy"]),
];

#[test]
fn every_server_has_its_expected_verdict_and_findings() {
    let site = Site::get();
    let targets: Vec<_> = EXPECTATIONS
        .iter()
        .map(|(name, n, ..)| site.target(name, *n))
        .collect();
    let rows = site.sweep(&targets.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let mut wrong = Vec::new();
    for ((name, n, verdict, findings), target) in EXPECTATIONS.iter().zip(&targets) {
        let row = &rows[target];
        if row.verdict() != *verdict || row.findings() != findings.iter().copied().collect() {
            wrong.push(format!(
                "{name} on {n}: {verdict} {findings:?} expected, {} {:?} seen, error {}",
                row.verdict(),
                row.findings(),
                row.at("/error"),
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let row = |name, n| &rows[&site.target(name, n)];
    let alone = row("alone.example.test", 0);
    let finding = alone.finding("missing_intermediate").expect("it was found");
    assert_eq!(finding["confirmed"], true);
    assert_eq!(alone.at("/chain/completed_by"), "sweep");
    let path = alone.at("/chain/path").as_array().expect("a path");
    assert_eq!(path[1], pki::sha256(&site.pki.intermediate()).as_str());
    let unknown = row("unknown.example.test", 0);
    let default = pki::sha256(&site.shown["default"].leaf);
    assert_eq!(unknown.at("/leaf/sha256"), default.as_str());
    assert_eq!(row("healthy.example.test", 5).at("/error/detail"), "http");
    let rejected = row("www.healthy.example.test", 8);
    assert_eq!(rejected.at("/error/detail"), "unrecognized_name");
    assert_eq!(row("healthy.example.test", 2).at("/tls/group"), "secp384r1");
    assert_eq!(row("healthy.example.test", 2).at("/tls/hello_retry"), true);
    assert_eq!(
        row("healthy.example.test", 10).at("/tls/ocsp_stapled"),
        true
    );
    assert_eq!(
        row("healthy.example.test", 1).at("/tls/ocsp_stapled"),
        false
    );
    assert_eq!(row("six.example.test", 9).at("/ip"), "::1");
}

#[test]
fn an_intermediate_that_no_server_sends_is_distinguished() {
    let site = Site::get();
    let alone = site.sweep_one(&site.target("alone.example.test", 0), &[]);
    assert_eq!(alone.verdict(), "untrusted_ca");
    let pointed = site.sweep_one(&site.target("pointed.example.test", 0), &[]);
    assert_eq!(pointed.verdict(), "missing_intermediate");
    let finding = pointed
        .finding("missing_intermediate")
        .expect("it was found");
    assert_eq!(finding["confirmed"], false);
    assert_eq!(finding["ca_issuers"][0], "http://127.0.0.1:9/i.der");
    let bundle = format!("--intermediates={}", site.pki.intermediate());
    let completed = site.sweep_one(&site.target("alone.example.test", 0), &[&bundle]);
    assert_eq!(completed.verdict(), "missing_intermediate");
    assert_eq!(completed.at("/chain/completed_by"), "bundle");
}

#[test]
fn targets_can_be_ip_addresses() {
    let site = Site::get();
    let six = format!("[::1]:{}", site.nginx.port(9));
    let four = format!("127.0.0.1:{}", site.nginx.port(13));
    let other = format!("127.0.0.1:{}", site.nginx.port(1));
    let rows = site.sweep(&[&six, &four, &other], &[]);
    for target in [&six, &four] {
        assert_eq!(rows[target].verdict(), "ok", "{target}");
        assert_eq!(
            rows[target].at("/sni"),
            &serde_json::Value::Null,
            "{target}"
        );
    }
    assert_eq!(rows[&other].verdict(), "name_mismatch");
}

#[test]
fn rows_agree_with_openssl() {
    let site = Site::get();
    let asked = [
        ("healthy.example.test", 0, "healthy"),
        ("rsa.example.test", 0, "rsa"),
        ("unknown.example.test", 0, "default"),
        ("expired.example.test", 0, "expired"),
        ("self.example.test", 0, "self"),
        ("healthy.example.test", 1, "healthy"),
        ("healthy.example.test", 2, "healthy"),
        ("six.example.test", 9, "six"),
        ("rsa.example.test", 12, "rsa"),
    ];
    let targets = asked.map(|(name, n, _)| site.target(name, n));
    let rows = site.sweep(&targets.each_ref().map(String::as_str), &[]);
    for ((name, n, shown), target) in asked.iter().zip(&targets) {
        let row = &rows[target];
        let seen = Seen::by_openssl(&site, name, *n);
        let what = format!("{name} on {n}");
        assert_eq!(row.at("/tls/version"), seen.version.as_str(), "{what}");
        assert_eq!(row.at("/tls/cipher"), seen.cipher.as_str(), "{what}");
        if row.at("/tls/offer") == "modern" {
            assert_eq!(row.at("/tls/alpn").as_str(), seen.alpn.as_deref(), "{what}");
        }
        assert_eq!(row.at("/tls/group").as_str(), seen.group, "{what}");
        leaf_is(row, &site.shown[shown].leaf, &what);
        let sent = row.at("/chain/sent").as_array().expect("a chain");
        assert_eq!(sent.len(), seen.certificates, "{what}");
    }
}

/// The result of `openssl s_client` on a port.
struct Seen {
    version: String,
    /// IANA's name of the cipher suite.
    cipher: String,
    alpn: Option<String>,
    group: Option<&'static str>,
    certificates: usize,
}

impl Seen {
    fn by_openssl(site: &Site, name: &str, n: usize) -> Self {
        let address = if n == 9 { "[::1]" } else { "127.0.0.1" };
        let address = format!("{address}:{}", site.nginx.port(n));
        let printed = openssl(&[
            "s_client",
            "-connect",
            &address,
            "-servername",
            name,
            "-alpn",
            "h2,http/1.1",
            "-showcerts",
            "-no-CAfile",
        ]);
        let after = |prefix: &str| {
            let mut lines = printed.lines();
            lines.find_map(|line| line.trim().strip_prefix(prefix).map(str::to_owned))
        };
        // New, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256
        let chosen = after("New, ").expect("openssl shakes hands");
        let (version, cipher) = chosen.split_once(", Cipher is ").expect("a suite");
        Self {
            version: version.to_owned(),
            cipher: iana(cipher),
            alpn: after("ALPN protocol: "),
            group: after("Server Temp Key: ").map(|key| match key.split(',').next() {
                Some("X25519") => "x25519",
                Some("ECDH") => "secp384r1",
                other => panic!("{other:?} in {printed}"),
            }),
            certificates: printed.matches("BEGIN CERTIFICATE").count(),
        }
        .of(version)
    }

    /// The version on this line is the suite's oldest version. The session's version is the right
    /// one.
    fn of(mut self, version: &str) -> Self {
        if version == "TLSv1/SSLv3" || version == "SSLv3" {
            self.version = "TLSv1.2".to_owned();
        }
        self
    }
}

fn openssl(arguments: &[&str]) -> String {
    let folder = support::folder();
    let printed = tool("openssl", arguments, folder.path());
    String::from_utf8_lossy(&printed).into_owned()
}

/// Returns IANA's name of a suite that has another name in openssl.
fn iana(cipher: &str) -> String {
    let names = openssl(&["ciphers", "-stdname", "ALL:COMPLEMENTOFALL"]);
    names
        .lines()
        .find_map(|line| {
            let (iana, rest) = line.split_once(" - ")?;
            (rest.split_whitespace().next() == Some(cipher)).then(|| iana.trim().to_owned())
        })
        .unwrap_or_else(|| panic!("openssl does not list {cipher}"))
}

/// Checks that every field of the leaf agrees with what openssl prints for the file.
fn leaf_is(row: &Row, pem: &str, what: &str) {
    let date = |option: &str| {
        let printed = openssl(&["x509", "-in", pem, "-noout", option, "-dateopt", "iso_8601"]);
        let (_, date) = printed.trim().split_once('=').expect("name=value");
        date.replace(' ', "T")
    };
    assert_eq!(row.at("/leaf/sha256"), pki::sha256(pem).as_str(), "{what}");
    assert_eq!(
        row.at("/leaf/subject"),
        pki::field(pem, "-subject").as_str(),
        "{what}"
    );
    assert_eq!(
        row.at("/leaf/issuer"),
        pki::field(pem, "-issuer").as_str(),
        "{what}"
    );
    assert_eq!(
        row.at("/leaf/not_before"),
        date("-startdate").as_str(),
        "{what}"
    );
    assert_eq!(
        row.at("/leaf/not_after"),
        date("-enddate").as_str(),
        "{what}"
    );
    let serial = pki::field(pem, "-serial").to_lowercase();
    let ours = row.text("/leaf/serial");
    // DER writes a zero byte before a number whose first bit is set.
    assert_eq!(ours.strip_prefix("00").unwrap_or(ours), serial, "{what}");
    let sans: Vec<_> = row
        .at("/leaf/sans")
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    let printed = openssl(&["x509", "-in", pem, "-noout", "-ext", "subjectAltName"]);
    assert_eq!(
        printed.matches("DNS:").count() + printed.matches("IP Address:").count(),
        sans.len()
    );
    for san in sans
        .iter()
        .filter_map(|san| san.as_str())
        .filter(|san| !san.contains(':'))
    {
        assert!(
            printed.contains(&format!(":{san}")),
            "{what}: {san} in {printed}"
        );
    }
}
