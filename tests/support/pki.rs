//! Certificates made by openssl for third-party servers: a root, two intermediates, and leaves of
//! many kinds.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{folder, path, text_of, tool, write};

/// Arguments of `openssl genpkey`.
pub(crate) const P256: &[&str] = &["EC", "ec_paramgen_curve:P-256"];
pub(crate) const P384: &[&str] = &["EC", "ec_paramgen_curve:P-384"];
pub(crate) const P521: &[&str] = &["EC", "ec_paramgen_curve:P-521"];
pub(crate) const RSA: &[&str] = &["RSA", "rsa_keygen_bits:2048"];
pub(crate) const RSA_1024: &[&str] = &["RSA", "rsa_keygen_bits:1024"];
pub(crate) const RSA_PSS: &[&str] = &["RSA-PSS", "rsa_keygen_bits:2048"];
pub(crate) const ED25519: &[&str] = &["ED25519"];
pub(crate) const ED448: &[&str] = &["ED448"];
/// Needs a parameter file first, which `Pki::leaf` creates.
pub(crate) const DSA: &[&str] = &["DSA"];

/// Settings of a leaf: those of a good one, except for the fields that a test changes.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'a> {
    /// `DNS:www.example.test,IP:127.0.0.1`; if empty, the leaf has no subject alternative names.
    pub(crate) sans: &'a str,
    pub(crate) key: &'static [&'static str],
    /// Digest of the signature.
    pub(crate) digest: &'a str,
    /// `YYYYMMDDHHMMSSZ`; the default is from yesterday until in 90 days.
    pub(crate) dates: Option<(&'a str, &'a str)>,
    /// Additional lines of the extension section.
    pub(crate) extensions: &'a str,
    pub(crate) issuer: Issuer,
}

/// The issuer of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// The root.
    Root,
    /// The P-256 intermediate.
    Intermediate,
    /// An RSA intermediate, for digests that are only used with RSA.
    Rsa,
}

impl Leaf<'static> {
    pub(crate) const GOOD: Self = Self {
        sans: "DNS:www.example.test",
        key: P256,
        digest: "sha256",
        dates: None,
        extensions: "",
        issuer: Issuer::Intermediate,
    };
}

/// Files of an issued certificate.
#[derive(Clone)]
pub(crate) struct Issued {
    /// The leaf alone (PEM).
    pub(crate) leaf: String,
    /// Its issuer's certificate (PEM).
    pub(crate) issuer: String,
    /// Both, as a server should send them (PEM).
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// A small public key infrastructure in its own folder.
pub(crate) struct Pki {
    folder: TempDir,
}

const CA_CONFIG: &str = "\
[ca]\ndefault_ca=d\n\
[d]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\npolicy=p\nunique_subject=no\n\
[p]\ncommonName=optional\n";

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

impl Pki {
    /// Creates a root and two intermediates.
    pub(crate) fn new() -> Self {
        let pki = Self { folder: folder() };
        pki.issue(
            "ca-root",
            P256,
            AUTHORITY,
            &["-selfsign", "-md", "sha256"],
            None,
        );
        for (name, key) in [("ca-intermediate", P256), ("ca-rsa", RSA)] {
            pki.issue(name, key, AUTHORITY, &["-md", "sha256"], Some("ca-root"));
        }
        pki
    }

    /// Returns the path of the root.
    pub(crate) fn root(&self) -> String {
        path(&self.folder, "ca-root.pem")
    }

    /// Returns the path of the intermediate.
    pub(crate) fn intermediate(&self) -> String {
        path(&self.folder, "ca-intermediate.pem")
    }

    /// Returns the folder, for other files that a server needs.
    pub(crate) fn folder(&self) -> &TempDir {
        &self.folder
    }

    /// Issues a leaf under this name, which must be new.
    pub(crate) fn leaf(&self, name: &str, leaf: Leaf<'_>) -> Issued {
        let mut extensions = format!(
            "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n\
             subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n{}\n",
            leaf.extensions
        );
        if !leaf.sans.is_empty() {
            extensions += &format!("subjectAltName={}\n", leaf.sans);
        }
        let issuer = match leaf.issuer {
            Issuer::Root => "ca-root",
            Issuer::Intermediate => "ca-intermediate",
            Issuer::Rsa => "ca-rsa",
        };
        let mut arguments = vec!["-md", leaf.digest];
        if let Some((from, until)) = leaf.dates {
            arguments.extend(["-startdate", from, "-enddate", until]);
        }
        self.issue(name, leaf.key, &extensions, &arguments, Some(issuer));
        self.issued(name, issuer)
    }

    /// Issues a self-signed certificate.
    pub(crate) fn self_signed(&self, name: &str, sans: &str) -> Issued {
        let extensions = format!("basicConstraints=CA:FALSE\nsubjectAltName={sans}\n");
        self.issue(
            name,
            P256,
            &extensions,
            &["-selfsign", "-md", "sha256"],
            None,
        );
        let file = |ending| path(&self.folder, &format!("{name}.{ending}"));
        Issued {
            leaf: file("pem"),
            issuer: file("pem"),
            chain: file("pem"),
            key: file("key"),
        }
    }

    fn issued(&self, name: &str, issuer: &str) -> Issued {
        let read = |name: &str| {
            fs::read(self.folder.path().join(format!("{name}.pem"))).expect("it was just issued")
        };
        let chain = [read(name), read(issuer)].concat();
        Issued {
            leaf: path(&self.folder, &format!("{name}.pem")),
            issuer: path(&self.folder, &format!("{issuer}.pem")),
            chain: write(&self.folder, &format!("{name}.chain.pem"), chain),
            key: path(&self.folder, &format!("{name}.key")),
        }
    }

    /// Runs `openssl ca`, which can set both dates, unlike `openssl x509`. It keeps a database, so
    /// each certificate is issued in its own folder.
    fn issue(
        &self,
        name: &str,
        key: &[&str],
        extensions: &str,
        arguments: &[&str],
        issuer: Option<&str>,
    ) {
        let here = folder();
        let out = |ending| path(&self.folder, &format!("{name}.{ending}"));
        generate(key, &out("key"), here.path());
        let subject = format!("/CN=tlsweep test {name}");
        let request = [
            "req",
            "-new",
            "-batch",
            "-key",
            &out("key"),
            "-subj",
            &subject,
        ];
        tool(
            "openssl",
            &[&request[..], &["-out", "csr"]].concat(),
            here.path(),
        );
        for (file, text) in [("config", CA_CONFIG), ("index", ""), ("ext", extensions)] {
            write(&here, file, text);
        }
        let mut all = vec![
            "ca", "-batch", "-notext", "-config", "config", "-in", "csr", "-extfile", "ext",
            "-days", "90",
        ];
        let signer = path(&self.folder, issuer.unwrap_or(name));
        let (cert, signing_key, pem) = (signer.clone() + ".pem", signer + ".key", out("pem"));
        all.extend(["-keyfile", &signing_key, "-out", &pem]);
        if issuer.is_some() {
            all.extend(["-cert", &cert]);
        }
        all.extend(arguments);
        tool("openssl", &all, here.path());
    }
}

fn generate(key: &[&str], out: &str, here: &Path) {
    let parameters = text_of(&here.join("parameters"));
    let arguments = if key == DSA {
        let bits = "dsa_paramgen_bits:1024";
        let make = [
            "genpkey",
            "-genparam",
            "-algorithm",
            "DSA",
            "-pkeyopt",
            bits,
            "-out",
        ];
        tool("openssl", &[&make[..], &[&parameters]].concat(), here);
        vec!["genpkey", "-paramfile", &parameters]
    } else {
        let (algorithm, options) = key.split_first().expect("an algorithm");
        let mut arguments = vec!["genpkey", "-algorithm", algorithm];
        options
            .iter()
            .for_each(|option| arguments.extend(["-pkeyopt", option]));
        arguments
    };
    tool("openssl", &[&arguments[..], &["-out", out]].concat(), here);
}

/// Makes a good OCSP response about a leaf of the intermediate, signed by the intermediate itself
/// (DER).
pub(crate) fn staple(issued: &Issued) -> String {
    let here = folder();
    let serial = field(&issued.leaf, "-serial");
    let index = format!("V\t491231235959Z\t\t{serial}\tunknown\t/CN=x\n");
    let index = write(&here, "index", index);
    let out = format!("{}.ocsp", issued.leaf);
    let issuer_key = issued.issuer.replace(".pem", ".key");
    let arguments = [
        "ocsp",
        "-index",
        &index,
        "-CA",
        &issued.issuer,
        "-issuer",
        &issued.issuer,
        "-rsigner",
        &issued.issuer,
        "-rkey",
        &issuer_key,
        "-cert",
        &issued.leaf,
        "-ndays",
        "7",
        "-respout",
        &out,
    ];
    tool("openssl", &arguments, here.path());
    out
}

/// Returns a field of a certificate as openssl prints it: the part after `=`.
pub(crate) fn field(pem: &str, option: &str) -> String {
    let here = folder();
    let printed = tool(
        "openssl",
        &["x509", "-in", pem, "-noout", option, "-nameopt", "RFC2253"],
        here.path(),
    );
    let printed = String::from_utf8(printed).expect("openssl prints ASCII here");
    let (_, value) = printed.trim().split_once('=').expect("name=value");
    value.to_owned()
}

/// Returns the SHA-256 of a certificate in lower-case hexadecimal.
pub(crate) fn sha256(pem: &str) -> String {
    let here = folder();
    let arguments = ["x509", "-in", pem, "-noout", "-fingerprint", "-sha256"];
    let printed = String::from_utf8(tool("openssl", &arguments, here.path())).expect("ASCII");
    let (_, colons) = printed.trim().split_once('=').expect("name=value");
    colons.replace(':', "").to_lowercase()
}
