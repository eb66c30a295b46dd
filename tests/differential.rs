//! Compares our judgement of the chains in testdata/chains with `openssl verify`, which shares no
//! code with it. Every difference is listed with its reason, and every listed case must differ.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use support::cases::{Case, accepts, listed};
use support::{folder, write};

#[test]
fn every_difference_from_openssl_has_a_reason() {
    let mut known = listed("openssl-differences.txt");
    let mut wrong = Vec::new();
    for case in Case::all() {
        let ours = accepts(&case.judge(case.chain()));
        let (theirs, said) = openssl(&case);
        match known.remove(case.id()) {
            Some(listed) if ours == theirs || listed[0] != word(theirs) => wrong.push(format!(
                "{}: listed as {}, and openssl {}",
                case.id(),
                listed[0],
                word(theirs)
            )),
            None if ours != theirs => wrong.push(format!(
                "{}\t{}\t\n    {}\n    {}",
                case.id(),
                word(theirs),
                case.says().why,
                said.replace('\n', "\n    ")
            )),
            _ => {}
        }
    }
    wrong.extend(
        known
            .keys()
            .map(|id| format!("{id} is listed, and is no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn word(accepted: bool) -> &'static str {
    match accepted {
        true => "accepts",
        false => "refuses",
    }
}

/// Verifies the case like a TLS client on Debian: at security level 2, with the certificates known
/// from elsewhere treated as if the server had sent them.
fn openssl(case: &Case) -> (bool, String) {
    let folder = folder();
    let chain = fs::read_to_string(case.path("chain.pem")).expect("a chain");
    let end = "-----END CERTIFICATE-----\n";
    let (leaf, above) = chain.split_once(end).expect("a certificate");
    let extra = fs::read_to_string(case.path("extra.pem")).unwrap_or_default();
    let leaf = write(&folder, "leaf.pem", format!("{leaf}{end}"));
    let fetched = fs::read_to_string(case.path("fetched.pem")).unwrap_or_default();
    let above = write(&folder, "above.pem", format!("{above}{extra}{fetched}"));
    let says = case.says();
    let at = says.at.as_second().to_string();
    let asks = match says.name.parse::<std::net::IpAddr>() {
        Ok(_) => "-verify_ip",
        Err(_) => "-verify_hostname",
    };
    let mut said = String::new();
    let mut accepts = |file: &Path| {
        let (accepted, words) = verified(case, file, [asks, &at], [&leaf, &above]);
        said += &words;
        accepted
    };
    let mut stores = case.stores().into_iter();
    let accepted = match says.required.is_empty() {
        true => stores.any(|(_, file)| accepts(&file)),
        false => {
            stores.all(|(name, file)| !says.required.iter().any(|it| it == name) || accepts(&file))
        }
    };
    (accepted, said)
}

/// Verifies the case with one store. Returns the result and the output.
fn verified(
    case: &Case,
    roots: &Path,
    [asks, at]: [&str; 2],
    [leaf, above]: [&str; 2],
) -> (bool, String) {
    let mut command = Command::new("openssl");
    command
        .args(["verify", "-no-CApath", "-no-CAstore", "-auth_level", "2"])
        .args([
            "-purpose",
            "sslserver",
            asks,
            &case.says().name,
            "-attime",
            at,
        ])
        .arg("-CAfile")
        .arg(roots);
    if fs::metadata(above).is_ok_and(|above| above.len() > 0) {
        command.args(["-untrusted", above]);
    }
    if case.path("crls.pem").exists() {
        let lists = case.path("crls.pem");
        command.arg("-crl_check_all").arg("-CRLfile").arg(lists);
    }
    let output = command
        .arg(leaf)
        .stdin(Stdio::null())
        .output()
        .expect("openssl starts: run scripts/install-peers");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}
