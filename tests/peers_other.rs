//! Servers of other protocols that are upgraded to TLS: FTP, LDAP, databases, XMPP and NNTP.

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use support::daemons::{Daemon, filled, is_root, server};
use support::pki::{Issued, Leaf, Pki};
use support::{Row, folder, path, sweep_by_both_lanes, tool, write};
use tempfile::TempDir;

const NAME: &str = "www.example.test";

/// A service on one port, requested by its name.
fn ask(pki: &Pki, service: &str, port: u16) -> Row {
    let trust = format!("--trust={}", pki.root());
    let target = format!("{service}://{NAME}@127.0.0.1:{port}");
    let rows = sweep_by_both_lanes(&[&trust, "--starttls-timeout=3s", &target]);
    rows.into_values().next().expect("its row")
}

#[track_caller]
fn good(row: &Row) {
    assert_eq!(row.verdict(), "ok", "{}", row.0);
    assert!(!row.at("/timing_ms/starttls").is_null());
}

#[track_caller]
fn unavailable(row: &Row, kind: &str, implicit: Option<bool>) {
    let finding = row.finding("starttls_unavailable");
    let finding = finding.unwrap_or_else(|| panic!("{}", row.0));
    assert_eq!(finding["kind"], kind, "{finding}");
    assert_eq!(finding["implicit_tls"].as_bool(), implicit, "{finding}");
}

const VSFTPD: &str = "\
listen=YES
listen_address=127.0.0.1
listen_port=PORT0
background=NO
anonymous_enable=NO
local_enable=YES
nopriv_user=nobody
secure_chroot_dir=FOLDER/empty
seccomp_sandbox=NO
";

fn vsftpd(tls: &str) -> Daemon {
    Daemon::start(1, |folder, ports| {
        fs::create_dir(folder.path().join("empty")).expect("a folder in our folder");
        let mut text = filled(VSFTPD, folder, ports) + tls;
        if !is_root() {
            text += "run_as_launching_user=YES\n";
        }
        let config = write(folder, "vsftpd.conf", text);
        let mut command = server("vsftpd");
        command.arg(config);
        command
    })
}

#[test]
fn vsftpd_upgrades_if_it_has_tls() {
    let pki = Pki::new();
    let leaf = pki.leaf("ftp", Leaf::GOOD);
    let tls = format!(
        "ssl_enable=YES\nrsa_cert_file={}\nrsa_private_key_file={}\n",
        leaf.chain, leaf.key
    );
    let with = vsftpd(&tls);
    good(&ask(&pki, "ftp", with.port(0)));
    let without = vsftpd("ssl_enable=NO\n");
    let row = ask(&pki, "ftp", without.port(0));
    unavailable(&row, "upgrade_not_offered", Some(false));
    let implicit = vsftpd(&(tls + "implicit_ssl=YES\n"));
    let row = ask(&pki, "ftp", implicit.port(0));
    unavailable(&row, "timeout", Some(true));
}

fn slapd(tls: Option<&Issued>) -> Daemon {
    // Without TLS it would not start with an ldaps address.
    let count = if tls.is_some() { 2 } else { 1 };
    Daemon::start(count, |folder, ports| {
        let mut text = filled("pidfile FOLDER/pid\nargsfile FOLDER/args\n", folder, ports);
        let mut addresses = format!("ldap://127.0.0.1:{}", ports[0]);
        if let Some(leaf) = tls {
            text += &format!(
                "TLSCertificateFile {}\nTLSCertificateKeyFile {}\n",
                leaf.chain, leaf.key
            );
            addresses += &format!(" ldaps://127.0.0.1:{}", ports[1]);
        }
        let config = write(folder, "slapd.conf", text);
        let mut command = server("slapd");
        command.args(["-d", "0", "-h", &addresses, "-f", &config]);
        command
    })
}

#[test]
fn slapd_upgrades_if_it_has_tls() {
    let pki = Pki::new();
    let with = slapd(Some(&pki.leaf("ldap", Leaf::GOOD)));
    good(&ask(&pki, "ldap", with.port(0)));
    assert_eq!(ask(&pki, "ldaps", with.port(1)).verdict(), "ok");
    let row = ask(&pki, "ldap", with.port(1));
    assert_eq!(row.verdict(), "starttls_unavailable");
    let finding = row.finding("starttls_unavailable").expect("it is there");
    assert_eq!(finding["implicit_tls"], true, "{finding}");
    let without = slapd(None);
    let row = ask(&pki, "ldap", without.port(0));
    unavailable(&row, "upgrade_not_offered", Some(false));
}

/// Returns a command for a PostgreSQL program. PostgreSQL refuses to run as root, so root runs it
/// as another user.
fn postgres_program(name: &str) -> Vec<String> {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL: scripts/install-peers");
    let mut versions: Vec<_> = versions
        .map(|entry| entry.expect("an entry").path())
        .collect();
    versions.sort();
    let program = versions.last().expect("a version").join("bin").join(name);
    let program = program.to_str().expect("an ASCII path").to_owned();
    let mut words = vec![];
    if is_root() {
        words = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    words.push(program);
    words
}

fn postgres(tls: Option<&Issued>) -> Daemon {
    Daemon::start(1, |folder, ports| {
        let (here, cluster) = (path(folder, "."), path(folder, "data"));
        let mut options = vec![
            format!("--port={}", ports[0]),
            "--listen_addresses=127.0.0.1".to_owned(),
            format!("--unix_socket_directories={here}"),
        ];
        if let Some(leaf) = tls {
            // PostgreSQL only accepts a key that belongs to its own user.
            fs::copy(&leaf.key, folder.path().join("key")).expect("the key");
            fs::copy(&leaf.chain, folder.path().join("chain")).expect("the chain");
            options.push("--ssl=on".to_owned());
            options.push(format!("--ssl_key_file={}", path(folder, "key")));
            options.push(format!("--ssl_cert_file={}", path(folder, "chain")));
        }
        if is_root() {
            tool("chown", &["-R", "postgres:postgres", &here], folder.path());
        }
        let init = postgres_program("initdb");
        let (program, rest) = init.split_first().expect("a program");
        let mut arguments: Vec<_> = rest.iter().map(String::as_str).collect();
        arguments.extend(["--no-sync", "--auth=trust", "--locale=C", "-D", &cluster]);
        tool(program, &arguments, folder.path());
        let run = postgres_program("postgres");
        let mut command = server(&run[0]);
        command.args(&run[1..]).args(["-D", &cluster]).args(options);
        command
    })
}

#[test]
fn postgresql_upgrades_if_it_has_tls() {
    let pki = Pki::new();
    let with = postgres(Some(&pki.leaf("db", Leaf::GOOD)));
    good(&ask(&pki, "postgres", with.port(0)));
    let without = postgres(None);
    let row = ask(&pki, "postgres", without.port(0));
    unavailable(&row, "upgrade_not_offered", Some(false));
}

fn mariadb(tls: Option<&Issued>) -> Daemon {
    Daemon::start(1, |folder, ports| {
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder in our folder");
        let mut command = server("mariadbd");
        command.args([
            "--no-defaults",
            // The greeting needs no system tables.
            "--skip-grant-tables",
            "--skip-innodb",
            "--default-storage-engine=Aria",
            "--bind-address=127.0.0.1",
        ]);
        command.arg(format!("--port={}", ports[0]));
        command.arg(format!("--datadir={}", path(folder, "data")));
        command.arg(format!("--socket={}", path(folder, "socket")));
        command.arg(format!("--pid-file={}", path(folder, "pid")));
        if is_root() {
            command.arg("--user=root");
        }
        match tls {
            Some(leaf) => {
                command.arg(format!("--ssl-cert={}", leaf.chain));
                command.arg(format!("--ssl-key={}", leaf.key));
            }
            None => {
                command.arg("--skip-ssl");
            }
        }
        command
    })
}

#[test]
fn mariadb_upgrades_if_it_has_tls() {
    let pki = Pki::new();
    let with = mariadb(Some(&pki.leaf("db", Leaf::GOOD)));
    good(&ask(&pki, "mysql", with.port(0)));
    unavailable(
        &ask(&pki, "smtp", with.port(0)),
        "other_protocol",
        Some(false),
    );
    let without = mariadb(None);
    let row = ask(&pki, "mysql", without.port(0));
    unavailable(&row, "upgrade_not_offered", Some(false));
}

const PROSODY: &str = "\
run_as_root = true
data_path = 'FOLDER/data'
pidfile = 'FOLDER/pid'
log = { info = 'FOLDER/log' }
interfaces = { '127.0.0.1' }
c2s_ports = { PORT0 }
s2s_ports = { PORT1 }
modules_disabled = { 'posix' }
";

fn prosody(tls: Option<&Issued>) -> Daemon {
    Daemon::start(2, |folder, ports| {
        fs::create_dir(folder.path().join("data")).expect("a folder in our folder");
        let mut text = filled(PROSODY, folder, ports);
        text += &match tls {
            Some(leaf) => format!(
                "modules_enabled = {{ 'tls', 'saslauth', 'dialback' }}\n\
                 ssl = {{ certificate = '{}'; key = '{}' }}\n",
                leaf.chain, leaf.key
            ),
            None => "modules_enabled = { 'saslauth', 'dialback' }\n\
                 modules_disabled = { 'posix', 'tls' }\n\
                 c2s_require_encryption = false\ns2s_require_encryption = false\n"
                .to_owned(),
        };
        text += &format!("VirtualHost '{NAME}'\n");
        let config = write(folder, "prosody.cfg.lua", text);
        let mut command = server("prosody");
        command.args(["-F", "--config", &config]);
        command
    })
}

#[test]
fn prosody_upgrades_if_it_has_tls() {
    let pki = Pki::new();
    let with = prosody(Some(&pki.leaf("im", Leaf::GOOD)));
    good(&ask(&pki, "xmpp", with.port(0)));
    good(&ask(&pki, "xmpp-server", with.port(1)));
    let without = prosody(None);
    for (service, n) in [("xmpp", 0), ("xmpp-server", 1)] {
        let row = ask(&pki, service, without.port(n));
        unavailable(&row, "upgrade_not_offered", Some(false));
    }
}

const INN: &str = "\
domain: example.test
mta: /bin/false
hismethod: hisv6
ovmethod: tradindexed
nnrpdloadlimit: 0
readerswhenstopped: true
pathnews: /usr/lib/news
pathdb: FOLDER
pathetc: FOLDER
pathlog: FOLDER
pathoverview: FOLDER
pathrun: FOLDER
pathspool: FOLDER
pathtmp: FOLDER
";

/// Files that INN's reader requires next to its configuration if there are no articles.
const INN_FILES: &[(&str, &str)] = &[
    (
        "storage.conf",
        "method trash {\n  newsgroups: *\n  class: 0\n}\n",
    ),
    (
        "readers.conf",
        "auth all {\n  hosts: *\n  default: anyone\n}\naccess all {\n  users: *\n  newsgroups: *\n}\n",
    ),
    ("inn-secrets.conf", ""),
    ("active", ""),
    ("newsgroups", ""),
    ("group.index", ""),
];

/// INN's reader with its files in a folder, started for each connection, like inetd does. On its
/// own it can bind a port only as root or as the user `news`.
struct News {
    _folder: TempDir,
    port: u16,
}

fn nnrpd(tls: Option<&Issued>, options: &'static [&'static str]) -> News {
    let folder = folder();
    let mut text = filled(INN, &folder, &[]);
    for (name, text) in INN_FILES {
        write(&folder, name, text);
    }
    if let Some(leaf) = tls {
        // INN only accepts a key that no other user can read.
        let key = write(&folder, "leaf.key", fs::read(&leaf.key).expect("the key"));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("our own file");
        text += &format!("tlscertfile: {}\ntlskeyfile: {key}\n", leaf.chain);
    }
    let config = write(&folder, "inn.conf", text);
    let mut program = vec!["/usr/lib/news/bin/nnrpd", "-n"];
    if is_root() {
        let here = path(&folder, ".");
        tool("chown", &["-R", "news:news", &here], folder.path());
        let user = ["setpriv", "--reuid=news", "--regid=news", "--clear-groups"];
        program.splice(..0, user);
    }
    program.extend(options);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    // The thread ends with the test, so it is not joined.
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let reads = stream.try_clone().expect("a second handle");
            let child = server(program[0])
                .args(&program[1..])
                .env("INNCONF", &config)
                .stdin(OwnedFd::from(reads))
                .stdout(OwnedFd::from(stream))
                .spawn();
            let mut child = child.expect("nnrpd: scripts/install-peers");
            thread::spawn(move || child.wait());
        }
    });
    News {
        _folder: folder,
        port,
    }
}

#[test]
fn inn_upgrades_if_it_has_tls_and_refuses_without_a_certificate() {
    let pki = Pki::new();
    let leaf = pki.leaf("news", Leaf::GOOD);
    let with = nnrpd(Some(&leaf), &[]);
    good(&ask(&pki, "nntp", with.port));
    let without = nnrpd(None, &[]);
    let row = ask(&pki, "nntp", without.port);
    // It offers STARTTLS although it cannot do it.
    unavailable(&row, "upgrade_refused", Some(false));
    let implicit = nnrpd(Some(&leaf), &["-S"]);
    assert_eq!(ask(&pki, "nntps", implicit.port).verdict(), "ok");
    let row = ask(&pki, "nntp", implicit.port);
    unavailable(&row, "timeout", Some(true));
}
