//! Trust stores: those of root programs, imported from CCADB's reports, together with a private CA
//! in a folder; which of them decide the verdict; and intermediates in every format.

mod support;

use std::fs;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use serde_json::Value;
use tempfile::TempDir;

use support::{Refusing, Run, folder, path, run, write};
use tlsweep::crypto::Fingerprint;

const NAME: &str = "www.example.test";

/// A CA that can issue certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str, by: Option<&Authority>) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().expect("a key");
    let certificate = match by {
        Some(by) => params.signed_by(&key, &by.issuer),
        None => params.self_signed(&key),
    };
    Authority {
        certificate: certificate.expect("a certificate"),
        issuer: Issuer::new(params, key),
    }
}

fn leaf(by: &Authority) -> String {
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 7, 1);
    let key = KeyPair::generate().expect("a key");
    params.signed_by(&key, &by.issuer).expect("a leaf").pem()
}

fn sha256(authority: &Authority) -> String {
    Fingerprint::of(authority.certificate.der()).to_string()
}

/// Returns the report as CCADB writes it, with its columns, values and upper-case digits.
fn report(rows: &[(&str, &str, &Authority)]) -> String {
    let header = "\"CA Owner\",\"Certificate Name\",\"Apple Status\",\"Apple Trust Bits\",\
        \"Google Chrome Status\",\"Microsoft Status\",\"Microsoft EKUs\",\"Mozilla Status\",\
        \"Mozilla Trust Bits\",\"SHA-256 Fingerprint\"\n";
    let row = |(name, statuses, root): &(&str, &str, &Authority)| {
        let digits = sha256(root).to_uppercase();
        format!("\"Owner, Inc.\",\"{name}\",{statuses},\"{digits}\"\n")
    };
    header.to_owned() + &rows.iter().map(row).collect::<String>()
}

const BY_ALL: &str = "\"Included\",\"serverAuth;clientAuth\",\"Included\",\"Included\",\
    \"Server Authentication;Client Authentication\",\"Included\",\"Websites;Email\"";
const BY_TWO: &str = "\"Included\",\"emailProtection\",\"Included\",\"NotBefore\",\
    \"Server Authentication\",\"Included\",\"Websites\"";

/// Returns the report with certificates, quoted as CCADB does.
fn roots_report(roots: &[&Authority]) -> String {
    let row = |root: &&Authority| format!("\"Owner\",\"'{}'\"\n", root.certificate.pem());
    let rows: String = roots.iter().map(row).collect();
    format!("\"CA Owner\",\"X.509 Certificate (PEM)\"\n{rows}\"Example CA\",\"\"\n")
}

/// Two roots of the programs and a private one, and a chain under each.
struct Lab {
    folder: TempDir,
    by_all: Authority,
    by_two: Authority,
    corp: Authority,
    report: String,
    roots: String,
}

impl Lab {
    fn new() -> Self {
        let folder = folder();
        let (by_all, by_two) = (authority("By all", None), authority("By two", None));
        let corp = authority("Corp", None);
        let rows = [
            ("By all", BY_ALL, &by_all),
            ("By\u{1b}[2J two", BY_TWO, &by_two),
        ];
        let report = write(&folder, "report.csv", report(&rows));
        let roots = write(&folder, "roots.csv", roots_report(&[&by_all, &by_two]));
        Self {
            folder,
            by_all,
            by_two,
            corp,
            report,
            roots,
        }
    }

    fn import(&self) -> String {
        let output = path(&self.folder, "ccadb.pem");
        let ended = run(&[
            "stores",
            "import",
            &self.report,
            "--certs",
            &self.roots,
            "--date",
            "2026-05-30",
            "-o",
            &output,
        ]);
        let ended = ended.expect(0);
        for says in [
            "mozilla: 2 roots",
            "apple: 1 roots",
            "microsoft: further roots left out: 1",
        ] {
            assert!(ended.stderr.contains(says), "{ended:#?}");
        }
        output
    }

    fn check(&self, by: &Authority, arguments: &[&str]) -> Value {
        let chain = write(&self.folder, "chain.pem", leaf(by));
        let mut all = vec!["check", &chain, "--name", NAME, "--at", "2026-06-01"];
        all.extend(arguments);
        let ended = run(&all);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:#?}"))
    }
}

#[track_caller]
fn refused(ended: Run, says: &[&str]) {
    let ended = ended.expect(2);
    for says in says {
        assert!(ended.stderr.contains(says), "{says}: {ended:#?}");
    }
    assert!(!ended.stderr.contains('\u{1b}'));
}

#[test]
fn stores_of_a_report_are_distinguished_and_required_stores_decide() {
    let lab = Lab::new();
    let stores = lab.import();
    let corp = path(&lab.folder, "corp.d");
    fs::create_dir(&corp).expect("a folder");
    fs::write(format!("{corp}/root.cer"), lab.corp.certificate.der()).expect("a file");
    let two = "mozilla chrome";
    let all = "mozilla chrome apple microsoft";
    for (by, required, verdict, trusted) in [
        (&lab.by_all, "", "ok", all),
        (&lab.by_all, "apple,microsoft", "ok", all),
        (&lab.by_two, "", "ok", two),
        (&lab.by_two, "chrome", "ok", two),
        (&lab.by_two, "apple", "untrusted_ca", two),
        (&lab.by_two, "chrome,microsoft", "untrusted_ca", two),
        (&lab.corp, "", "ok", "corp"),
        (&lab.corp, "corp", "ok", "corp"),
        (&lab.corp, "mozilla", "untrusted_ca", "corp"),
    ] {
        let mut arguments = vec!["--trust", &stores, "--trust", &corp];
        if !required.is_empty() {
            arguments.extend(["--require-store", required]);
        }
        let row = lab.check(by, &arguments);
        assert_eq!(row["verdict"], verdict, "{required}: {row}");
        let trust = row["trust"].as_object().expect("each store");
        assert_eq!(trust.len(), 5);
        let says: Vec<_> = format!("{all} corp")
            .split(' ')
            .filter(|store| trust[*store]["trusted"] == true)
            .map(str::to_owned)
            .collect();
        assert_eq!(says.join(" "), trusted, "{required}: {row}");
    }
}

#[test]
fn an_imported_file_is_readable_text_and_lists_its_stores() {
    let lab = Lab::new();
    let stores = lab.import();
    let text = fs::read_to_string(&stores).expect("it was written");
    for says in [
        "# tlsweep trust stores, version 1\n# source: report.csv\n# source-sha256: ",
        "\n# date: 2026-05-30\n# stores: mozilla chrome apple microsoft\n",
        "\n# root: By\\u{1b}[2J two\n",
        "\n# in: mozilla chrome\n",
        &sha256(&lab.by_all),
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let again = fs::read(&stores).expect("it is there");
    assert_eq!(fs::read(lab.import()).expect("it is there"), again);
    let page = run(&["stores", "list", &stores]).expect(0).stdout;
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let lines: Vec<_> = page.lines().map(words).collect();
    assert_eq!(lines[1][..2], ["mozilla", "webpki-roots"]);
    for (store, count) in [
        ("mozilla", "2"),
        ("chrome", "2"),
        ("apple", "1"),
        ("microsoft", "1"),
    ] {
        let line = [store, "2026-05-30", count, &stores];
        assert!(lines.iter().any(|it| *it == line), "{page}");
    }
}

#[test]
fn an_incomplete_report_is_not_imported() {
    let lab = Lab::new();
    let output = path(&lab.folder, "out.pem");
    let import = |arguments: &[&str]| {
        let command = ["stores", "import"];
        run(&[&command[..], arguments, &["-o", &output]].concat())
    };
    let pem = write(&lab.folder, "one.pem", lab.by_all.certificate.pem());
    refused(
        import(&[&lab.report, "--certs", &pem]),
        &[
            "no certificate for 1 of its roots (mozilla 1, chrome 1)",
            "--certs",
            "--only",
        ],
    );
    refused(
        import(&[&lab.roots]),
        &["roots.csv: no column \"SHA-256 Fingerprint\""],
    );
    refused(
        import(&[&lab.report, "--certs", &path(&lab.folder, "none")]),
        &["none: "],
    );
    refused(import(&[&lab.report, "--only", "opera"]), &["microsoft"]);
    let short = write(
        &lab.folder,
        "short.csv",
        "Chrome Status,SHA-256 Fingerprint\nIncluded,1\n",
    );
    refused(
        import(&[&short]),
        &["short.csv: line 2: \"1\" is not a fingerprint"],
    );
    let twins = ["stores", "import", &lab.report, "--certs", &pem, "-o", &pem];
    refused(run(&twins), &["destroy"]);
    assert!(!fs::exists(&output).expect("a folder"));
    import(&[&lab.report, "--certs", &pem, "--only", "apple,microsoft"]).expect(0);
    let row = lab.check(&lab.by_all, &["--trust", &output]);
    assert_eq!(row["verdict"], "ok", "{row}");
    assert_eq!(
        row["trust"].as_object().map(|it| it.len()),
        Some(2),
        "{row}"
    );
}

#[test]
fn duplicate_and_missing_stores_are_rejected() {
    let lab = Lab::new();
    let stores = lab.import();
    let torn = fs::read_to_string(&stores).expect("it was written");
    let torn = write(&lab.folder, "torn.pem", &torn[..torn.len() / 2]);
    let chain = write(&lab.folder, "chain.pem", leaf(&lab.by_all));
    let check =
        |arguments: &[&str]| run(&[&["check", &chain, "--name", NAME][..], arguments].concat());
    refused(
        check(&["--trust", "mozilla", "--trust", &stores]),
        &["named mozilla: mozilla and ", &stores, "leave one"],
    );
    refused(check(&["--trust", &torn]), &["torn.pem: line "]);
    refused(check(&["--trust", &lab.report]), &["tlsweep stores import"]);
    refused(
        check(&["--trust", &stores, "--require-store", "chrome,opera"]),
        &[
            "\"opera\"",
            "the chosen stores are mozilla, chrome, apple, microsoft",
        ],
    );
    refused(run(&["stores", "list", &torn]), &["torn.pem: line "]);
}

#[test]
fn stores_are_listed_with_the_values_that_trust_accepts() {
    let lab = Lab::new();
    let root = write(&lab.folder, "corp.pem", lab.corp.certificate.pem());
    let listed = |arguments: &[&str]| {
        let command = ["stores", "list"];
        run(&[&command[..], arguments].concat()).expect(0).stdout
    };
    let alone = listed(&[]);
    assert_eq!(listed(&["mozilla", "system"]), alone);
    let more = listed(&["mozilla", &root]);
    let line = more.strip_prefix(&*alone).expect("the same and more");
    assert!(
        line.starts_with("corp ") && line.ends_with(&format!("{root}\n")),
        "{more}"
    );
    let missing = run(&["stores", "list", "./mozilla"]).expect(2);
    assert!(missing.stderr.contains("./mozilla: "), "{missing:#?}");
    assert!(!missing.stderr.contains("--trust"), "{missing:#?}");
}

#[test]
fn contradictory_rows_and_duplicate_columns_are_rejected() {
    let lab = Lab::new();
    let output = write(&lab.folder, "ccadb.pem", "of last week");
    let removed = BY_ALL.replace("Included", "Removed");
    let twice = [
        ("By all", BY_ALL, &lab.by_all),
        ("Again", &removed, &lab.by_all),
    ];
    let twice = write(&lab.folder, "twice.csv", report(&twice));
    let twins = report(&[("By all", BY_ALL, &lab.by_all)]);
    let twins = twins.replacen("\"CA Owner\"", "\"Mozilla Status\"", 1);
    let twins = write(&lab.folder, "twins.csv", twins);
    for (report, says) in [
        (&twice, "twice.csv: line 3: "),
        (
            &twins,
            "twins.csv: line 1: two columns are named \"Mozilla Status\"",
        ),
    ] {
        let import = [
            "stores", "import", report, "--certs", &lab.roots, "-o", &output,
        ];
        refused(run(&import), &[says]);
        let kept = fs::read_to_string(&output).expect("it is there");
        assert_eq!(kept, "of last week");
    }
}

#[test]
#[cfg(unix)]
fn stores_are_written_only_to_the_requested_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let lab = Lab::new();
    let import = |output: &str| {
        let import = ["stores", "import", &lab.report, "--certs", &lab.roots];
        run(&[&import[..], &["--date=2026-05-30", "-o", output]].concat())
    };
    let whole = import("-").expect(0).stdout;
    assert!(whole.starts_with("# tlsweep trust stores"), "{whole}");
    // Unrelated files are not changed, whatever their names are.
    let other = write(&lab.folder, "ccadb.pem.tmp", "somebody's");
    let output = path(&lab.folder, "ccadb.pem");
    let link = path(&lab.folder, "link.pem");
    symlink("ccadb.pem", &link).expect("a link");
    let files = || fs::read_dir(lab.folder.path()).expect("a folder").count();
    let before = files();
    // First the link leads nowhere. Then it is followed, and then the file is replaced.
    for place in [&link, &link, &output] {
        import(place).expect(0);
        assert!(
            fs::symlink_metadata(&link)
                .expect("it is there")
                .is_symlink()
        );
        assert_eq!(fs::read_to_string(&output).expect("it was written"), whole);
        assert_eq!(files(), before + 1, "nothing unfinished stays");
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&output, private).expect("it is ours");
    }
    assert_eq!(
        fs::read_to_string(&other).expect("it is there"),
        "somebody's"
    );
    let mode = fs::metadata(&output)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    for device in ["/dev/stdout", "/dev/fd/1", "/dev/stderr"] {
        let ended = import(device).expect(0);
        let written = match device {
            "/dev/stderr" => ended.stderr,
            _ => ended.stdout,
        };
        assert!(written.starts_with(&*whole), "{device}: {written}");
    }
    let full = import("/dev/full").expect(3);
    assert!(
        full.stderr.contains("cannot write -o /dev/full"),
        "{full:#?}"
    );
    let folder = lab.folder.path().to_str().expect("UTF-8");
    let ended = import(folder).expect(3);
    assert!(ended.stderr.contains("cannot write -o"), "{ended:#?}");
}

#[test]
fn intermediates_are_read_from_pem_der_and_reports() {
    let lab = Lab::new();
    let root = write(&lab.folder, "root.pem", lab.corp.certificate.pem());
    let middle = authority("Middle", Some(&lab.corp));
    let (pem, der) = (middle.certificate.pem(), middle.certificate.der().to_vec());
    let other = authority("Other", None).certificate.pem();
    let csv = format!("\"Subject\",\"PEM\"\n\"CN=Other\",\"{other}\"\n\"CN=Middle\",\"{pem}\"\n");
    for (name, bytes) in [
        ("middle.pem", pem.clone().into_bytes()),
        ("middle.der", der),
        ("middle.csv", csv.clone().into_bytes()),
    ] {
        let file = write(&lab.folder, name, bytes);
        let row = lab.check(&middle, &["--trust", &root, "--intermediates", &file]);
        assert_eq!(row["verdict"], "missing_intermediate", "{name}: {row}");
        assert_eq!(row["findings"][0]["confirmed"], true, "{name}: {row}");
    }
    let line = other.lines().count() + 3;
    let broken = write(
        &lab.folder,
        "broken.csv",
        csv.replace(&pem, &pem.replace("MII", "M!!")),
    );
    let chain = write(&lab.folder, "chain.pem", leaf(&middle));
    let check = ["check", &chain, "--name", NAME, "--intermediates"];
    refused(
        run(&[&check[..], &[&broken]].concat()),
        &[&format!("broken.csv: line {line}: invalid PEM")],
    );
    refused(
        run(&[&check[..], &[&lab.report]].concat()),
        &["report.csv: a report without certificates", "PEM Info"],
    );
}

#[test]
fn a_sweep_never_overwrites_a_store_and_names_the_deciding_store() {
    let lab = Lab::new();
    let refusing = Refusing::new();
    let target = format!("127.0.0.1:{}", refusing.port);
    let corp = path(&lab.folder, "corp");
    fs::create_dir(&corp).expect("a folder");
    let root = format!("{corp}/root.csv");
    fs::write(&root, lab.corp.certificate.pem()).expect("a file");
    let scan = ["scan", &target, "--trust", &corp, "--retries=0", "-o"];
    refused(
        run(&[&scan[..], &[&root]].concat()),
        &["--trust", "-o", "destroy"],
    );
    let output = path(&lab.folder, "rows.jsonl");
    run(&[&scan[..], &[&output, "--require-store=corp"]].concat()).expect(0);
    let manifest = fs::read(format!("{output}.manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["required_stores"], serde_json::json!(["corp"]));
    assert_eq!(manifest["trust"][0]["name"], "corp");
    assert_eq!(manifest["trust"][0]["date"], serde_json::Value::Null);
}
