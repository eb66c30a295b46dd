//! `check` as someone uses it who looks at one or a few servers, or at certbot's folder.

mod support;

use std::fs;

use support::peers::SServer;
use support::pki::{Issued, Leaf, Pki};
use support::{AT_HOME, Refusing, folder, path, run};

const NAME: &str = "www.example.test";

/// Starts a server with the whole chain, or with the leaf alone, and these further options.
fn serve(issued: &Issued, whole: bool, further: &[&str]) -> SServer {
    let mut options = vec!["-www", "-cert", &issued.leaf, "-key", &issued.key];
    if whole {
        options.extend(["-cert_chain", &issued.issuer]);
    }
    options.extend(further);
    SServer::start(&options)
}

#[test]
fn servers_are_visited_with_the_options_of_a_scan() {
    let pki = Pki::new();
    let trust = format!("--trust={}", pki.root());
    let good = serve(&pki.leaf("good", Leaf::GOOD), true, &[]);
    let port = good.address.port().to_string();
    let closed = Refusing::new().port.to_string();
    let sni = format!("--sni={NAME}");
    let one = format!("127.0.0.1:{port}");

    let rows = run(&["check", &one, &sni, &trust]).expect(0).rows();
    assert_eq!((rows.len(), rows[0].verdict()), (1, "ok"));
    // Without the name, the certificate is for another.
    run(&["check", &one, &trust]).expect(1);
    // Several servers and several ports, each with its row.
    let named = format!("{NAME}@{one}");
    let rows = run(&["check", &named, &one, &trust]).expect(1).rows();
    assert_eq!(rows.len(), 2, "{rows:?}");
    let ports = format!("--ports={port},{closed}");
    let ended = run(&["check", "127.0.0.1", &sni, &trust, &ports, "--retries=0"]).expect(1);
    let mut verdicts: Vec<String> = ended
        .rows()
        .iter()
        .map(|row| row.verdict().to_owned())
        .collect();
    verdicts.sort();
    assert_eq!(verdicts, ["ok", "unreachable"], "{ended:#?}");
    // Facts and versions.
    let asked = ["check", &one, &sni, &trust, "--facts=alpn"];
    let rows = run(&asked).expect(0).rows();
    assert!(rows[0].at("/tls/facts/alpn").is_object(), "{rows:?}");
    // What cannot be used is said before any visit.
    for (arguments, says) in [
        (
            &["check", &one, "fullchain.pem"][..],
            "fullchain.pem: no such file",
        ),
        (
            &["check", &one, &pki.root()],
            "give either servers, or one file or folder",
        ),
        (
            &["check", &pki.root(), &sni, "--retries=0"],
            "--retries is only for servers",
        ),
        (&["check", &one, "--name=192.0.2.7"], "--name"),
        (&["check", &one, "--ports=0"], "--ports"),
        (
            &["check", "--limbo=suite.json", "--ports=443"],
            "--ports is only for servers",
        ),
        (&["check", "fullchain"], "write fullchain:443"),
        (&["check", "127.0.0.0/24"], "tlsweep scan"),
    ] {
        let ended = run(arguments).expect(2);
        assert!(ended.stderr.contains(says), "{arguments:?}: {ended:#?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_text_says_what_was_found_whose_side_it_is_and_what_explains_it() {
    let pki = Pki::new();
    let trust = format!("--trust={}", pki.root());
    let old = ["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1"];
    let server = serve(&pki.leaf("good", Leaf::GOOD), true, &old);
    let target = format!("{NAME}@{}", server.address);
    let asked = ["check", &target, &trust, "--versions=all", "--format=text"];
    let text = run(&asked).expect(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].contains("legacy_tls_enabled (TLSv1.0, TLSv1.1)"),
        "{text}"
    );
    assert_eq!(
        lines[1],
        "    versions: SSLv3 rejected; TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3 supported"
    );
    assert_eq!(
        lines[2],
        "    side: server; meaning and fix: tlsweep explain legacy_tls_enabled"
    );
    // A scan has one line for each row; it names the versions too.
    let scan = [
        &["scan", &target, &trust, "--versions=all", "--format=text"],
        &AT_HOME[..],
    ];
    let scanned = run(&scan.concat()).expect(0).stdout;
    assert_eq!(scanned.lines().count(), 1, "{scanned}");
    assert!(
        scanned.contains("legacy_tls_enabled (TLSv1.0, TLSv1.1)"),
        "{scanned}"
    );
}

#[test]
fn certificates_of_a_scan_let_check_agree_with_it() {
    let pki = Pki::new();
    let leaf = |name, alias: &str| {
        let sans = format!("DNS:{alias}");
        let leaf = Leaf {
            sans: &sans,
            ..Leaf::GOOD
        };
        pki.leaf(name, leaf)
    };
    let (alone, whole) = (leaf("alone", "alone.test"), leaf("whole", "whole.test"));
    let (alone, whole) = (serve(&alone, false, &[]), serve(&whole, true, &[]));
    let incomplete = format!("alone.test@{}", alone.address);
    let complete = format!("whole.test@{}", whole.address);
    let trust = format!("--trust={}", pki.root());
    let folder = folder();
    let seen = path(&folder, "seen.pem");
    let scan = [
        &["scan", &incomplete, &complete, &trust, "--certs", &seen],
        &AT_HOME[..],
    ];
    let rows = run(&scan.concat()).expect(0).rows();
    let scanned = rows.iter().find(|row| row.text("/target") == incomplete);
    let scanned = scanned.expect("its row");
    assert_eq!(scanned.verdict(), "missing_intermediate");

    let check = |further: &[&str]| {
        let asked = [&["check", &incomplete, &trust], further].concat();
        run(&asked).expect(1).rows().remove(0)
    };
    assert_eq!(check(&[]).verdict(), "untrusted_ca");
    let checked = check(&["--intermediates", &seen]);
    assert_eq!(checked.verdict(), scanned.verdict());
    assert_eq!(checked.at("/side"), scanned.at("/side"));
    assert_eq!(
        checked.finding("missing_intermediate").expect("it")["missing"],
        scanned.finding("missing_intermediate").expect("it")["missing"]
    );
}

#[test]
fn folders_of_certbot_are_judged_under_their_names() {
    let pki = Pki::new();
    let trust = format!("--trust={}", pki.root());
    let folder = folder();
    let live = path(&folder, "live");
    let install = |name: &str, issued: &Issued| {
        let own = format!("{live}/{name}");
        fs::create_dir_all(&own).expect("a folder");
        for (file, from) in [
            ("cert.pem", &issued.leaf),
            ("chain.pem", &issued.issuer),
            ("fullchain.pem", &issued.chain),
            ("privkey.pem", &issued.key),
        ] {
            fs::copy(from, format!("{own}/{file}")).expect("it was issued");
        }
        fs::write(format!("{own}/README"), "This directory contains").expect("a file");
    };
    let good = pki.leaf("good", Leaf::GOOD);
    install(NAME, &good);
    install(&format!("{NAME}-0001"), &good);
    install("other.example.test", &good);
    fs::write(format!("{live}/README"), "This directory contains").expect("a file");

    let hosts = |code, what: &str| {
        let ended = run(&["check", what, &trust]).expect(code);
        assert_eq!(ended.stderr, "");
        let rows = ended.rows();
        let each = rows.iter().map(|row| {
            let (host, verdict) = (row.text("/host"), row.verdict());
            format!("{host} {verdict}")
        });
        each.collect::<Vec<_>>()
    };
    let fine = format!("{NAME} ok");
    let wrong = "other.example.test name_mismatch".to_owned();
    assert_eq!(hosts(1, &live), [wrong, fine.clone(), fine.clone()]);
    assert_eq!(
        hosts(0, &format!("{live}/{NAME}")),
        std::slice::from_ref(&fine)
    );
    assert_eq!(hosts(0, &format!("{live}/{NAME}-0001/")), [fine]);
    let own = format!("{live}/{NAME}");
    run(&["check", &own, &trust, "--name=other.test"]).expect(1);

    // Without its chain, a folder is reported instead of skipped.
    fs::remove_file(format!("{live}/other.example.test/fullchain.pem")).expect("it exists");
    let gone = "other.example.test/fullchain.pem: ";
    let broken = format!("{live}/broken.example.test");
    fs::create_dir_all(&broken).expect("a folder");
    std::os::unix::fs::symlink("nowhere", format!("{broken}/fullchain.pem")).expect("a link");
    let empty = format!("{live}/empty.example.test");
    fs::create_dir_all(&empty).expect("a folder");
    let ended = run(&["check", &live, &trust]).expect(2);
    assert_eq!(ended.rows().len(), 2, "{ended:#?}");
    for lost in [gone, "broken.example.test/", "empty.example.test/"] {
        assert_eq!(ended.stderr.matches(lost).count(), 1, "{ended:#?}");
    }
    run(&["check", &broken, &trust]).expect(2);
    // The only folder lacks it.
    for name in [NAME, &format!("{NAME}-0001"), "broken.example.test"] {
        fs::remove_dir_all(format!("{live}/{name}")).expect("it exists");
    }
    let ended = run(&["check", &live, &trust]).expect(2);
    assert!(ended.stderr.contains(gone), "{ended:#?}");
}

#[test]
fn errors_of_a_folder_name_each_file_once() {
    let folder = folder();
    let sites = path(&folder, "sites");
    fs::create_dir_all(&sites).expect("a folder");
    let pki = Pki::new();
    let good = pki.leaf("good", Leaf::GOOD);
    fs::write(format!("{sites}/junk.example.test.pem"), "junk").expect("a file");
    for (file, from) in [
        ("*.example.test.pem", &good.chain),
        ("a.example.test:443.pem", &good.chain),
        // A key needs no name of a host.
        ("*.key", &good.key),
    ] {
        fs::copy(from, format!("{sites}/{file}")).expect("it was issued");
    }
    std::os::unix::fs::symlink("nowhere", format!("{sites}/lost.example.test.pem"))
        .expect("a link");
    let ended = run(&["check", &sites]).expect(2);
    for file in [
        "/junk.example.test.pem: ",
        "/*.example.test.pem: ",
        "/*.key: private",
        "/lost.",
    ] {
        assert_eq!(ended.stderr.matches(file).count(), 1, "{ended:#?}");
    }
    for says in [
        "\"*.example.test\" is not a host name (",
        "\"a.example.test:443\" is not a host name (",
        "give the name with --name",
    ] {
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
    assert!(!ended.stderr.contains("--name:"), "{ended:#?}");
    // An invalid --name is reported once.
    let ended = run(&["check", &sites, "--name=*.example.test"]).expect(2);
    assert_eq!(ended.stderr.matches("--name: ").count(), 1, "{ended:#?}");
}

#[test]
fn explain_finds_reasons_and_suggests_what_is_similar() {
    let page = run(&["explain", "nxdomain"]).expect(0).stdout;
    let first = "`nxdomain` is a reason of `dns_failure` (`error.kind`). The name does not exist.";
    assert!(
        page.starts_with(first) && page.contains("\ndns_failure: "),
        "{page}"
    );
    let japanese = run(&["explain", "nxdomain", "--lang=ja"]).expect(0).stdout;
    assert!(japanese.contains("名前解決に失敗"), "{japanese}");
    for (word, finding) in [
        ("www_missing", "name_mismatch: "),
        ("untrusted_root", "untrusted_ca: "),
        ("handshake_failure", "handshake_failed: "),
        ("protocol_version", "handshake_failed: "),
        ("aia", "missing_intermediate: "),
        ("key_compromise", "revoked: "),
        ("timeout", "tlsweep explain unreachable "),
        ("supported", "an outcome"),
        ("ok", "a verdict"),
    ] {
        let page = run(&["explain", word]).expect(0).stdout;
        assert!(page.starts_with(&format!("`{word}` is ")), "{page}");
        assert!(page.contains(finding), "{word}: {page}");
    }
    for (word, says) in [
        ("expird", "similar names are expired"),
        ("zzz", "use tlsweep explain"),
    ] {
        let ended = run(&["explain", word]).expect(2);
        assert!(ended.stderr.contains(says), "{ended:#?}");
        assert!(ended.stderr.len() < 300, "{ended:#?}");
    }
}
