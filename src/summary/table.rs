//! The table at the end of a sweep: aligned plain text, readable without colour.

use std::fmt;

use super::counts::{Summary, Tally};
use super::numbers::{counted, grouped, share};
use crate::judge::findings::Definition;
use crate::output::Clean;
use crate::verdict::VerdictKind;

/// Width of the longest verdict, `starttls_unavailable`.
const VERDICT_WIDTH: usize = 20;

/// Examples are shortened so that endpoint and reason fit on one terminal line. An endpoint with a
/// second name (its ASCII form, or the SNI name) is longer.
const PLACE_WIDTH: usize = 64;
const WHY_WIDTH: usize = 72;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hint in self.hints() {
            writeln!(f, "note: {hint}")?;
        }
        self.opening(f)?;
        if self.rows == 0 {
            return Ok(());
        }
        writeln!(f)?;
        let width = self.place_width();
        for kind in VerdictKind::ALL {
            let tally = self.verdict(kind);
            if tally.rows > 0 {
                self.line(kind, tally, f)?;
                examples(tally, width, f)?;
            }
        }
        self.services.fmt(f)?;
        self.warnings(f)?;
        let Some(versions) = self.versions() else {
            return Ok(());
        };
        versions.fmt(f)?;
        match self.sampled {
            Some(true) => writeln!(f, "intervals are Wilson score intervals for a sample"),
            Some(false) => writeln!(
                f,
                "the targets are no sample, so the shares have no sampling error"
            ),
            None => Ok(()),
        }
    }
}

impl Summary {
    fn opening(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intake = &self.intake;
        let mut parts = vec![counted(self.rows, "row", "rows")];
        if self.duplicate_rows > 0 {
            parts[0] += &format!(" for {}", counted(self.visits(), "endpoint", "endpoints"));
        }
        if intake.targets > 0 {
            parts[0] += &format!(" of {}", counted(intake.targets, "target", "targets"));
        }
        for (count, one, many) in [
            (intake.duplicates, "duplicate", "duplicates"),
            (
                intake.duplicates_with_other_columns,
                "of them with other columns",
                "of them with other columns",
            ),
            (intake.excluded, "excluded", "excluded"),
            (
                intake.left_out,
                "outside the sample or shard",
                "outside the sample or shard",
            ),
            (intake.rejected, "line rejected", "lines rejected"),
            (self.retries(), "retry", "retries"),
            (self.unsaved, "too large to save", "too large to save"),
        ] {
            if count > 0 {
                parts.push(counted(count, one, many));
            }
        }
        writeln!(f, "{}", parts.join(" · "))
    }

    fn retries(&self) -> u64 {
        self.attempts.saturating_sub(self.visits())
    }

    fn line(&self, kind: VerdictKind, tally: &Tally, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides: Vec<String> = tally.sides.keys().map(ToString::to_string).collect();
        let line = format!(
            "{kind:<VERDICT_WIDTH$}  {:>9}  {:>6}  {}",
            grouped(tally.rows),
            share(tally.rows, self.visits()),
            side(&sides),
        );
        writeln!(f, "{}", line.trim_end())
    }

    /// Returns the width of the widest endpoint among the examples, so that the reasons are
    /// aligned.
    fn place_width(&self) -> usize {
        let examples = self.verdicts.iter().flat_map(|tally| &tally.examples);
        let widest = examples.map(|it| it.place.chars().count()).max();
        widest.unwrap_or(0).min(PLACE_WIDTH)
    }

    /// Lists findings of rows that have another verdict.
    fn warnings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beside = self.findings.iter().filter_map(|(id, count)| {
            let kind = Definition::of(*id).and_then(|finding| finding.verdict);
            let verdicts = kind.map_or(0, |kind| self.verdict(kind).rows);
            let beside = count.saturating_sub(verdicts);
            (beside > 0).then(|| format!("{id} {}", grouped(beside)))
        });
        let mut beside: Vec<String> = beside.collect();
        beside.sort();
        if beside.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nother findings: {}", beside.join(" · "))
    }
}

fn examples(tally: &Tally, width: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    tally.examples.iter().try_for_each(|example| {
        let place = Clean::bounded(&example.place, PLACE_WIDTH).to_string();
        let why = Clean::bounded(&example.why, WHY_WIDTH);
        writeln!(f, "    {place:<width$}  {why}")
    })
}

/// Returns `server side` and the like, or nothing if no side is at fault.
fn side(sides: &[String]) -> String {
    match sides {
        [] => String::new(),
        sides => format!("{} side", sides.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use crate::summary::Intake;

    #[test]
    fn the_table_is_aligned_and_says_why() {
        let mut summary = Summary {
            intake: Intake {
                targets: 1200,
                rejected: 1,
                duplicates: 2,
                ..Intake::default()
            },
            ..Summary::default()
        };
        for sample in samples::all() {
            summary.add(&sample.record());
        }
        let bank = samples::expired_at("bank.example");
        let mut bank = bank.record();
        bank.service = "smtps";
        summary.add(&bank);
        let expected = include_str!("../../testdata/output/summary.txt");
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn nothing_scanned_is_one_line() {
        assert_eq!(Summary::default().to_string(), "0 rows\n");
    }
}
