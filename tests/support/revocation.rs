//! OCSP responses and CRLs made by openssl.

use std::fs;

use super::pki::{self, Issued, Pki};
use super::{folder, path, tool, write};

/// Time of all revocations: 2026-05-04.
pub(crate) const REVOKED_ON: &str = "260504000000Z";

/// The entry of a certificate in the responder's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Good,
    /// Revoked for this reason; if empty, without a reason.
    Revoked(&'static str),
    /// The certificate is not in the index.
    Unknown,
}

/// Makes an OCSP response (DER) about this leaf, according to its issuer's index, signed with that
/// certificate.
pub(crate) fn answer(name: &str, leaf: &Issued, says: Says, signer: (&str, &str)) -> String {
    let here = folder();
    let serial = pki::field(&leaf.leaf, "-serial");
    let index = write(&here, "index", line(&serial, says));
    let out = format!("{}.{name}.ocsp", leaf.leaf);
    let (certificate, key) = signer;
    let mut arguments = vec!["ocsp", "-index", &index, "-CA", &leaf.issuer];
    arguments.extend(["-issuer", &leaf.issuer, "-cert", &leaf.leaf]);
    arguments.extend(["-rsigner", certificate, "-rkey", key]);
    arguments.extend(["-ndays", "7", "-respout", &out]);
    if certificate == leaf.issuer {
        arguments.push("-resp_no_certs");
    }
    tool("openssl", &arguments, here.path());
    out
}

/// Returns the issuer's own certificate and key, for responses that it signs itself.
pub(crate) fn itself(leaf: &Issued) -> (String, String) {
    (leaf.issuer.clone(), leaf.issuer.replace(".pem", ".key"))
}

fn line(serial: &str, says: Says) -> String {
    const END: &str = "491231235959Z";
    match says {
        Says::Good => format!("V\t{END}\t\t{serial}\tunknown\t/CN=x\n"),
        Says::Revoked("") => format!("R\t{END}\t{REVOKED_ON}\t{serial}\tunknown\t/CN=x\n"),
        Says::Revoked(reason) => {
            format!("R\t{END}\t{REVOKED_ON},{reason}\t{serial}\tunknown\t/CN=x\n")
        }
        Says::Unknown => String::new(),
    }
}

/// Settings of a CRL.
#[derive(Clone, Copy)]
pub(crate) struct List<'a> {
    /// `ca-root` or `ca-intermediate`.
    pub(crate) issuer: &'a str,
    /// The certificate on the list, and the reason; `None` for an empty list.
    pub(crate) revoked: Option<(&'a str, &'static str)>,
    /// thisUpdate and nextUpdate, as `YYYYMMDDHHMMSSZ`.
    pub(crate) dates: (&'a str, &'a str),
    /// Lines of its extension section, and additional sections.
    pub(crate) extensions: &'a str,
}

impl List<'static> {
    /// An empty CRL of the intermediate, valid from 2026 to 2038.
    pub(crate) const EMPTY: Self = Self {
        issuer: "ca-intermediate",
        revoked: None,
        dates: ("20260101000000Z", "20390101000000Z"),
        extensions: "",
    };
}

/// Makes a CRL in a file (PEM) in the folder of the infrastructure.
pub(crate) fn list(pki: &Pki, name: &str, list: List<'_>) -> String {
    let here = folder();
    let index = list.revoked.map_or(String::new(), |(pem, reason)| {
        line(&pki::field(pem, "-serial"), Says::Revoked(reason))
    });
    let config = format!(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ncrl_extensions=e\n\
         default_md=sha256\n[e]\nauthorityKeyIdentifier=keyid\n{}\n",
        list.extensions
    );
    for (file, text) in [("config", &*config), ("index", &*index), ("number", "01\n")] {
        write(&here, file, text);
    }
    let issuer = path(pki.folder(), list.issuer);
    let (certificate, key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
    let out = path(pki.folder(), &format!("{name}.crl"));
    let mut arguments = vec!["ca", "-gencrl", "-config", "config", "-out", &out];
    arguments.extend(["-cert", &certificate, "-keyfile", &key]);
    arguments.extend(["-crl_lastupdate", list.dates.0]);
    arguments.extend(["-crl_nextupdate", list.dates.1]);
    tool("openssl", &arguments, here.path());
    out
}

/// Returns the same CRL in DER.
pub(crate) fn der(list: &str) -> String {
    let here = folder();
    let out = format!("{list}.der");
    let arguments = ["crl", "-in", list, "-outform", "DER", "-out", &out];
    tool("openssl", &arguments, here.path());
    out
}

/// Returns a copy of a file whose last byte, a part of its signature, is changed.
pub(crate) fn spoilt(file: &str) -> String {
    let mut bytes = fs::read(file).expect("a file");
    *bytes.last_mut().expect("a byte") ^= 1;
    let out = format!("{file}.spoilt");
    fs::write(&out, bytes).expect("a file of a temporary folder");
    out
}
