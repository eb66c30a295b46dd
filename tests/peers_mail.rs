//! Postfix and Dovecot. Mail servers upgrade with STARTTLS and use implicit TLS on their other
//! ports. If the inventory confuses the two, the row says so.

mod support;

use std::collections::BTreeMap;
use std::fs;

use support::daemons::{Daemon, filled, server};
use support::pki::{Issued, Leaf, Pki};
use support::{Row, path, sweep_by_both_lanes, tool, write};

const NAME: &str = "www.example.test";

const POSTFIX_MAIN: &str = "\
compatibility_level = 3.6
queue_directory = FOLDER/queue
data_directory = FOLDER/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
maillog_file = FOLDER/log
maillog_file_prefixes = FOLDER
smtpd_tls_security_level = may
smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
";

const POSTFIX_MASTER: &str = "\
127.0.0.1:PORT0 inet n - n - - smtpd
127.0.0.1:PORT1 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:PORT2 inet n - n - - smtpd -o smtpd_tls_security_level=none
127.0.0.1:PORT3 inet n - n - - smtpd -o smtpd_tls_chain_files=FOLDER/nothing.pem
127.0.0.1:PORT4 inet n - n - - smtpd -o smtpd_helo_restrictions=reject
127.0.0.1:PORT5 inet n - n - - smtpd -o smtpd_tls_CAfile=FOLDER/nothing.pem
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
";

fn postfix(pki: &Issued) -> Daemon {
    Daemon::start(6, |folder, ports| {
        let main = format!(
            "{}smtpd_tls_chain_files = {}, {}\n",
            filled(POSTFIX_MAIN, folder, ports),
            pki.key,
            pki.chain
        );
        write(folder, "main.cf", main);
        write(folder, "master.cf", filled(POSTFIX_MASTER, folder, ports));
        for each in ["queue", "data"] {
            fs::create_dir(folder.path().join(each)).expect("a folder in our folder");
        }
        tool("chown", &["postfix", &path(folder, "data")], folder.path());
        // The wrapper creates the folders. The server is started without it, because the wrapper
        // would start a new session that the end of the test does not reach.
        let here = path(folder, ".");
        tool("postfix", &["-c", &here, "check"], folder.path());
        let mut command = server("/usr/lib/postfix/sbin/master");
        command.args(["-c", &here, "-d"]);
        command
    })
}

const DOVECOT: &str = "\
base_dir = FOLDER/run
state_dir = FOLDER/state
log_path = FOLDER/log
protocols = imap pop3 lmtp sieve
listen = 127.0.0.1
ssl = required
disable_plaintext_auth = yes
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=FOLDER
}
service imap-login {
  inet_listener imap {
    port = PORT0
  }
  inet_listener imaps {
    port = PORT1
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = PORT2
  }
  inet_listener pop3s {
    port = PORT3
    ssl = yes
  }
}
service managesieve-login {
  inet_listener sieve {
    port = PORT4
  }
}
service lmtp {
  inet_listener lmtp {
    port = PORT5
  }
}
";

const NO_TLS: &str = "ssl = no\n";

fn dovecot(ssl: &str) -> Daemon {
    Daemon::start(6, |folder, ports| {
        let mut text = filled(DOVECOT, folder, ports) + ssl;
        if ssl == NO_TLS {
            // Otherwise it would not listen on these ports at all.
            text = text.replace("    ssl = yes\n", "    ssl = no\n");
        }
        let config = write(folder, "dovecot.conf", text);
        let mut command = server("dovecot");
        command.args(["-F", "-c", &config]);
        command
    })
}

/// Sweeps these services on these ports of one server. Returns the rows by target.
fn ask(pki: &Pki, asked: &[(&str, u16)], further: &[&str]) -> BTreeMap<String, Row> {
    let trust = format!("--trust={}", pki.root());
    let target = |(service, port): &(&str, u16)| format!("{service}://{NAME}@127.0.0.1:{port}");
    let targets: Vec<_> = asked.iter().map(target).collect();
    let mut arguments = vec![trust.as_str()];
    arguments.extend(further);
    arguments.extend(targets.iter().map(String::as_str));
    sweep_by_both_lanes(&arguments)
}

fn row<'a>(rows: &'a BTreeMap<String, Row>, service: &str, port: u16) -> &'a Row {
    &rows[&format!("{service}://{NAME}@127.0.0.1:{port}")]
}

#[track_caller]
fn unavailable(row: &Row, kind: &str, reply: &str) {
    assert_eq!(row.verdict(), "starttls_unavailable", "{}", row.0);
    let finding = row.finding("starttls_unavailable").expect("its finding");
    assert_eq!(finding["kind"], kind, "{finding}");
    let said = finding["reply"].as_str().unwrap_or_default();
    assert!(said.contains(reply), "{finding}");
}

#[test]
fn postfix_upgrades_refuses_and_speaks_tls_at_once() {
    let pki = Pki::new();
    let postfix = postfix(&pki.leaf("mx", Leaf::GOOD));
    let port = |n| postfix.port(n);
    let asked = [
        ("smtp", port(0)),
        ("smtps", port(1)),
        ("smtp", port(2)),
        ("smtp", port(3)),
        ("smtp", port(4)),
        ("smtp", port(5)),
        ("smtp", port(1)),
        ("tls", port(0)),
        ("imap", port(0)),
    ];
    let rows = ask(&pki, &asked, &["--starttls-timeout=3s"]);
    for (service, n) in [("smtp", 0), ("smtps", 1)] {
        let row = row(&rows, service, port(n));
        assert_eq!(row.verdict(), "ok", "{}", row.0);
        assert_eq!(row.at("/timing_ms/starttls").is_null(), service == "smtps");
    }
    unavailable(
        row(&rows, "smtp", port(2)),
        "upgrade_not_offered",
        "PIPELINING",
    );
    unavailable(row(&rows, "smtp", port(5)), "temporary", "454 4.7.0");
    // Without a certificate, Postfix uses anonymous suites.
    let nameless = row(&rows, "smtp", port(3));
    assert_eq!(nameless.verdict(), "handshake_failed", "{}", nameless.0);
    assert_eq!(nameless.text("/error/kind"), "anonymous");
    unavailable(row(&rows, "smtp", port(4)), "turned_away", "rejected");
    unavailable(row(&rows, "imap", port(0)), "other_protocol", "smtp");
    let implicit = row(&rows, "smtp", port(1));
    unavailable(implicit, "timeout", "");
    let finding = implicit
        .finding("starttls_unavailable")
        .expect("it is there");
    assert_eq!(finding["implicit_tls"], true);
    let clear = row(&rows, "tls", port(0));
    assert_eq!(clear.verdict(), "not_tls", "{}", clear.0);
    let finding = clear.finding("not_tls").expect("it is there");
    assert_eq!(finding["expects_starttls"], true, "{finding}");
}

#[test]
fn the_service_and_our_ehlo_name_can_be_chosen() {
    let pki = Pki::new();
    let postfix = postfix(&pki.leaf("mx", Leaf::GOOD));
    let trust = format!("--trust={}", pki.root());
    let target = format!("{NAME}@127.0.0.1:{}", postfix.port(0));
    for (name, verdict) in [
        ("scan.example.test", "ok"),
        ("scan", "starttls_unavailable"),
    ] {
        let ehlo = format!("--ehlo={name}");
        let row = support::sweep_one(&[&trust, "--starttls=smtp", &ehlo, &target]);
        assert_eq!(row.verdict(), verdict, "{}", row.0);
        assert_eq!(row.text("/service"), "smtp");
    }
}

#[test]
fn dovecot_upgrades_and_speaks_tls_at_once() {
    let pki = Pki::new();
    let leaf = pki.leaf("mx", Leaf::GOOD);
    let dovecot = dovecot(&format!(
        "ssl_cert = <{}\nssl_key = <{}\n",
        leaf.chain, leaf.key
    ));
    let port = |n| dovecot.port(n);
    let good = [
        ("imap", port(0)),
        ("imaps", port(1)),
        ("pop3", port(2)),
        ("pop3s", port(3)),
        ("sieve", port(4)),
        ("lmtp", port(5)),
    ];
    let mixed = [
        ("imap", port(1)),
        ("pop3", port(3)),
        ("pop3", port(0)),
        ("tls", port(2)),
    ];
    let rows = ask(
        &pki,
        &[&good[..], &mixed].concat(),
        &["--starttls-timeout=3s"],
    );
    for (service, port) in good {
        let row = row(&rows, service, port);
        assert_eq!(row.verdict(), "ok", "{}", row.0);
        assert_eq!(row.text("/service"), service);
    }
    for (service, n) in [("imap", 1), ("pop3", 3)] {
        let row = row(&rows, service, port(n));
        let finding = row.finding("starttls_unavailable").expect("it is there");
        assert_eq!(finding["implicit_tls"], true, "{finding}");
    }
    unavailable(row(&rows, "pop3", port(0)), "other_protocol", "imap");
    let clear = row(&rows, "tls", port(2));
    assert_eq!(
        clear.finding("not_tls").expect("it is there")["spoken"],
        "pop3"
    );
}

#[test]
fn dovecot_without_tls_offers_no_upgrade() {
    let pki = Pki::new();
    let dovecot = dovecot(NO_TLS);
    let asked = [
        ("imap", dovecot.port(0)),
        ("pop3", dovecot.port(2)),
        ("sieve", dovecot.port(4)),
        ("lmtp", dovecot.port(5)),
    ];
    let rows = ask(&pki, &asked, &[]);
    for (service, port) in asked {
        unavailable(row(&rows, service, port), "upgrade_not_offered", "");
    }
}
