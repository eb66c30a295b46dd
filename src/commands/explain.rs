//! `explain`: prints the meaning of a finding, the side at fault, the fixes and the client behaviour.
//! Another word of a row, such as a reason, leads to its finding.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Context;

use super::message::print;
use super::terms::{self, Term};
use crate::cli::{Exit, ExplainFlags, Language, PlanError};
use crate::judge::clients::{self, Breaks};
use crate::judge::findings::{Definition, FINDINGS, Needs, Text};
use crate::verdict::{FindingId, Side};

pub(super) fn run(flags: &ExplainFlags) -> anyhow::Result<Exit> {
    let page = match &flags.word {
        Some(word) => explained(word, flags.lang)?,
        None => index(flags.lang),
    };
    print(page.context("cannot format the text")?.as_bytes())
}

/// Returns the page of a finding, or what another word of a row means and the page of its finding.
fn explained(word: &str, language: Language) -> Result<Result<String, std::fmt::Error>, PlanError> {
    if let Some(finding) = FindingId::named(word).and_then(Definition::of) {
        return Ok(page(finding, language));
    }
    let terms = terms::named(word);
    if terms.is_empty() {
        return Err(PlanError::NoWord {
            asked: word.to_owned(),
            advice: advice(word),
        });
    }
    Ok(about(&terms, language))
}

/// Maximum number of similar words in an error message.
const SIMILAR: usize = 5;

fn advice(word: &str) -> String {
    let similar = terms::similar(word);
    match similar.is_empty() {
        true => "for a list of all findings, use tlsweep explain".to_owned(),
        false => {
            let similar = similar.into_iter().take(SIMILAR).collect::<Vec<_>>();
            format!("similar names are {}", similar.join(", "))
        }
    }
}

/// Returns what the meanings of one word are, and the page of the finding that has it, or the list of
/// such findings if there are several.
fn about(terms: &[Term], language: Language) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    for term in terms {
        writeln!(page, "{}\n", sentence(term, language))?;
    }
    let mut findings: Vec<FindingId> = Vec::new();
    for id in terms.iter().flat_map(|term| &term.findings) {
        if !findings.contains(id) {
            findings.push(*id);
        }
    }
    let definitions: Vec<_> = findings.into_iter().filter_map(Definition::of).collect();
    match definitions.as_slice() {
        [] => page.truncate(page.trim_end().len() + 1),
        [finding] => page.push_str(&self::page(finding, language)?),
        several => {
            for finding in several {
                let (text, _) = in_language(finding, language);
                writeln!(page, "tlsweep explain {}  {}", finding.id, text.title)?;
            }
        }
    }
    Ok(page)
}

/// For example "`nxdomain` is a reason of `dns_failure` (`error.kind`). The name does not exist."
fn sentence(term: &Term, language: Language) -> String {
    let quoted = term.findings.iter().map(|id| format!("`{id}`"));
    let quoted: Vec<String> = quoted.collect();
    let (word, field, meaning) = (&term.word, &term.field, &term.meaning);
    match (language, quoted.is_empty()) {
        (Language::En, true) => format!("`{word}` is {} (`{field}`). {meaning}", term.what),
        (Language::En, false) => {
            let findings = quoted.join(", ");
            format!(
                "`{word}` is {} of {findings} (`{field}`). {meaning}",
                term.what
            )
        }
        (Language::Ja, true) => {
            format!("`{word}` は、`{field}` に記録される値です。英語での説明：{meaning}")
        }
        (Language::Ja, false) => {
            let findings = quoted.join("、");
            format!(
                "`{word}` は、{findings} の `{field}` に記録される値です。英語での説明：{meaning}"
            )
        }
    }
}

/// Headings and labels in one language.
struct Labels {
    server: &'static str,
    client: &'static str,
    network: &'static str,
    check_first: &'static str,
    fix: &'static str,
    clients: &'static str,
    by_hand: &'static str,
    side: &'static str,
    needs: &'static str,
    refuses: &'static str,
    connects: &'static str,
    depends: &'static str,
    not_concerned: &'static str,
    unknown: &'static str,
    sources: &'static str,
}

const ENGLISH: Labels = Labels {
    server: "server",
    client: "client",
    network: "network",
    check_first: "Check first",
    fix: "Fix",
    clients: "What clients do",
    by_hand: "Command to check",
    side: "Side",
    needs: "Detected only with",
    refuses: "refuses",
    connects: "connects",
    depends: "depends",
    not_concerned: "not affected",
    unknown: "unknown",
    sources: "Sources",
};

const JAPANESE: Labels = Labels {
    server: "サーバー側",
    client: "クライアント側",
    network: "ネットワーク側",
    check_first: "最初に確認すること",
    fix: "対処方法",
    clients: "クライアントの動作",
    by_hand: "確認用コマンド",
    side: "原因のある側",
    needs: "検出に必要なオプション",
    refuses: "接続を拒否",
    connects: "接続可能",
    depends: "場合による",
    not_concerned: "対象外",
    unknown: "未確認",
    sources: "出典",
};

fn index(language: Language) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    let widest = FINDINGS
        .iter()
        .map(|finding| finding.id.name().len())
        .max()
        .unwrap_or(0);
    for finding in FINDINGS {
        let (text, _) = in_language(finding, language);
        writeln!(page, "{:widest$}  {}", finding.id, text.title)?;
    }
    Ok(page)
}

fn page(finding: &Definition, language: Language) -> Result<String, std::fmt::Error> {
    let (text, labels) = in_language(finding, language);
    let mut page = String::new();
    writeln!(page, "{}: {}\n", finding.id, text.title)?;
    writeln!(page, "{}\n", text.meaning)?;
    writeln!(page, "{}: {}", labels.side, side(finding.side, labels))?;
    if finding.needs != Needs::Nothing {
        writeln!(page, "{}: {}", labels.needs, finding.needs)?;
    }
    if !text.check_first.is_empty() {
        writeln!(page, "\n{}:", labels.check_first)?;
        text.check_first
            .iter()
            .try_for_each(|step| writeln!(page, "  - {step}"))?;
    }
    if !text.fixes.is_empty() {
        writeln!(page, "\n{}:", labels.fix)?;
        text.fixes
            .iter()
            .try_for_each(|(place, fix)| writeln!(page, "  {place}: {fix}"))?;
    }
    behaviour(&mut page, finding, labels)?;
    writeln!(page, "\n{}:\n  {}", labels.by_hand, text.by_hand)?;
    Ok(page)
}

fn behaviour(page: &mut String, finding: &Definition, labels: &Labels) -> std::fmt::Result {
    let mut sources = BTreeSet::new();
    writeln!(page, "\n{}:", labels.clients)?;
    for row in clients::rows(finding.id) {
        write!(page, "  {} ({})", row.clients, breaks(row.breaks, labels))?;
        match (row.message, row.source) {
            (Some(message), Some((source, _))) => writeln!(page, ": {message} [{source}]")?,
            (Some(message), None) => writeln!(page, ": {message}")?,
            (None, _) => writeln!(page)?,
        }
        sources.extend(row.source);
    }
    writeln!(page, "\n{}:", labels.sources)?;
    sources
        .iter()
        .try_for_each(|(source, address)| writeln!(page, "  [{source}] {address}"))
}

fn in_language(finding: &Definition, language: Language) -> (&'static Text, &'static Labels) {
    match language {
        Language::En => (&finding.doc.en, &ENGLISH),
        Language::Ja => (&finding.doc.ja, &JAPANESE),
    }
}

fn side(side: Side, labels: &Labels) -> &'static str {
    match side {
        Side::Client => labels.client,
        Side::Network => labels.network,
        Side::Server => labels.server,
    }
}

fn breaks(breaks: Breaks, labels: &Labels) -> &'static str {
    match breaks {
        Breaks::Yes => labels.refuses,
        Breaks::No => labels.connects,
        Breaks::Sometimes => labels.depends,
        Breaks::NotConcerned => labels.not_concerned,
        Breaks::Unknown => labels.unknown,
    }
}
