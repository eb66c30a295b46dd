//! `hellos`: prints every ClientHello with its digest, lists and bytes, so that a data set can say
//! exactly what was sent.

use std::fmt::Write;

use anyhow::Context;
use serde::Serialize;

use super::message::print;
use crate::cli::{Exit, HellosFlags, PlanError};
use crate::crypto::Fingerprint;
use crate::observation::Offer;
use crate::probe::HelloSample;
use crate::tls::{cipher_suite_text, extension_text, group_text, signature_scheme_text};

/// Number of bytes in a line of hexadecimal.
const PER_LINE: usize = 32;

pub(super) fn run(flags: &HellosFlags) -> anyhow::Result<Exit> {
    let offers: Vec<Offer> = match &flags.id {
        Some(id) => vec![find(id)?],
        None => Offer::all().collect(),
    };
    let mut page = String::new();
    for offer in &offers {
        match (flags.json, &flags.id) {
            (true, _) => json(&mut page, *offer)?,
            (false, Some(_)) => describe(&mut page, *offer).context("cannot format the text")?,
            (false, None) => line(&mut page, *offer).context("cannot format the text")?,
        }
    }
    print(page.as_bytes())
}

fn find(id: &str) -> Result<Offer, PlanError> {
    let found = Offer::all().find(|offer| offer.id() == id);
    found.ok_or_else(|| PlanError::NoHello {
        asked: id.to_owned(),
        known: Offer::all().map(Offer::id).collect::<Vec<_>>().join(", "),
    })
}

fn line(page: &mut String, offer: Offer) -> std::fmt::Result {
    match HelloSample::of(offer) {
        Some(sample) => writeln!(page, "{:20}  {}", offer.id(), sample.sha256),
        None => writeln!(page, "{:20}  (follows from earlier answers)", offer.id()),
    }
}

fn about(offer: Offer) -> String {
    let template = offer.template();
    match offer {
        Offer::Asked(question) => format!("Made from `{}`: {}.", template.id, question.about()),
        Offer::NoAlpn | Offer::Implicit => {
            format!(
                "Made from `{}`: without application protocols.",
                template.id
            )
        }
        _ => template.about.to_owned(),
    }
}

fn describe(page: &mut String, offer: Offer) -> std::fmt::Result {
    let template = offer.template();
    writeln!(page, "{}\n\n{}\n", offer.id(), about(offer))?;
    writeln!(page, "versions: {} to {}", template.oldest, template.newest)?;
    let by = if template.hand_made {
        "tlsweep"
    } else {
        "rustls"
    };
    writeln!(page, "written by: {by}")?;
    let Some(sample) = HelloSample::of(offer) else {
        return writeln!(
            page,
            "sha256: none, because its lists follow from earlier answers"
        );
    };
    writeln!(page, "sha256: {}", sample.sha256)?;
    let hello = &sample.hello;
    list(
        page,
        "suites",
        hello.suites.iter().map(|it| cipher_suite_text(*it)),
    )?;
    list(
        page,
        "groups",
        hello.groups().iter().map(|it| group_text(*it)),
    )?;
    let schemes = hello.signatures();
    list(
        page,
        "signature schemes",
        schemes.iter().map(|it| signature_scheme_text(*it)),
    )?;
    let order = match template.hand_made {
        true => "extensions, in the order sent",
        false => "extensions, sorted by number (rustls shuffles them in every connection)",
    };
    list(
        page,
        order,
        hello
            .extensions
            .iter()
            .map(|(kind, _)| extension_text(*kind)),
    )?;
    writeln!(page, "\nrecord ({} bytes):", sample.record.len())?;
    for bytes in sample.record.chunks(PER_LINE) {
        writeln!(page, "  {}", hex(bytes))?;
    }
    Ok(())
}

fn list(
    page: &mut String,
    title: &str,
    names: impl ExactSizeIterator<Item = impl std::fmt::Display>,
) -> std::fmt::Result {
    writeln!(page, "\n{title} ({}):", names.len())?;
    for name in names {
        writeln!(page, "  {name}")?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A ClientHello as JSON. Lists and bytes are null if they follow from earlier answers.
#[derive(Serialize)]
struct Described {
    id: &'static str,
    template: &'static str,
    about: String,
    oldest: String,
    newest: String,
    written_by: &'static str,
    sha256: Option<Fingerprint>,
    suites: Option<Vec<Numbered>>,
    groups: Option<Vec<Numbered>>,
    signature_schemes: Option<Vec<Numbered>>,
    extensions: Option<Vec<Numbered>>,
    record: Option<String>,
}

#[derive(Serialize)]
struct Numbered {
    number: u16,
    name: String,
}

fn numbered<T: Into<String>>(numbers: &[u16], text: fn(u16) -> T) -> Vec<Numbered> {
    let numbers = numbers.iter();
    numbers
        .map(|number| Numbered {
            number: *number,
            name: text(*number).into(),
        })
        .collect()
}

fn json(page: &mut String, offer: Offer) -> anyhow::Result<()> {
    let template = offer.template();
    let sample = HelloSample::of(offer);
    let hello = sample.as_ref().map(|sample| &sample.hello);
    let described = Described {
        id: offer.id(),
        template: template.id,
        about: about(offer),
        oldest: template.oldest.to_string(),
        newest: template.newest.to_string(),
        written_by: if template.hand_made {
            "tlsweep"
        } else {
            "rustls"
        },
        sha256: sample.as_ref().map(|sample| sample.sha256),
        suites: hello.map(|it| numbered(&it.suites, cipher_suite_text)),
        groups: hello.map(|it| numbered(&it.groups(), group_text)),
        signature_schemes: hello.map(|it| numbered(&it.signatures(), signature_scheme_text)),
        extensions: hello.map(|it| {
            let kinds: Vec<u16> = it.extensions.iter().map(|(kind, _)| *kind).collect();
            numbered(&kinds, extension_text)
        }),
        record: sample.as_ref().map(|sample| hex(&sample.record)),
    };
    page.push_str(&serde_json::to_string(&described).context("cannot write JSON")?);
    page.push('\n');
    Ok(())
}
