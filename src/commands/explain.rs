//! `explain`: prints the meaning of a finding, the side at fault, the fixes and the client behaviour.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Context;

use super::message::print;
use crate::cli::{Exit, ExplainFlags, Language, PlanError};
use crate::judge::clients::{self, Breaks};
use crate::judge::findings::{Definition, FINDINGS, Needs, Text};
use crate::verdict::{FindingId, Side};

pub(super) fn run(flags: &ExplainFlags) -> anyhow::Result<Exit> {
    let page = match &flags.finding {
        Some(id) => page(find(id)?, flags.lang),
        None => index(flags.lang),
    };
    print(page.context("cannot format the text")?.as_bytes())
}

fn find(id: &str) -> Result<&'static Definition, PlanError> {
    let known = FindingId::named(id).and_then(Definition::of);
    known.ok_or_else(|| PlanError::NoFinding {
        asked: id.to_owned(),
        known: FindingId::ALL
            .iter()
            .map(|id| id.name())
            .collect::<Vec<_>>()
            .join(", "),
    })
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
