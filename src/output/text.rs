//! Text for people: one aligned line per row, safe to print on any terminal.

use std::io::{self, Write};

use super::advice::advice;
use super::format::{Format, Layout, Sink};
use super::why::others;
use super::{Record, place, why};

pub(super) const FORMAT: Format = Format {
    name: "text",
    endings: &["txt"],
    doc: "one line per row for people: verdict, endpoint, reason, ids of other findings; `check` of servers adds lines with versions, side and what explains it",
    open: |writer, layout| Ok(Box::new(Text::new(writer, layout))),
};

/// Width of the longest verdict, `starttls_unavailable`.
const VERDICT_WIDTH: usize = 20;

/// The endpoint column is as wide as the widest endpoint so far, so that rows can be written as
/// they arrive. An endpoint wider than `WIDEST` does not widen the column for later rows.
const NARROWEST: usize = 30;
const WIDEST: usize = 44;

/// Indentation of the lines below a row.
const INDENT: &str = "    ";

struct Text<W> {
    writer: W,
    layout: Layout,
    width: usize,
}

impl<W: Write> Text<W> {
    fn new(writer: W, layout: Layout) -> Self {
        Self {
            writer,
            layout,
            width: NARROWEST,
        }
    }
}

impl<W: Write + Send> Sink for Text<W> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let place = place(record, self.layout.addresses);
        let length = place.chars().count();
        if length <= WIDEST {
            self.width = self.width.max(length);
        }
        let width = self.width;
        let verdict = record.verdict;
        let mut line = format!(
            "{verdict:<VERDICT_WIDTH$}  {place:<width$}  {}",
            why(record)
        );
        for other in others(record) {
            line.push_str(" · ");
            line.push_str(&other);
        }
        if let Some(visited) = record.duplicate_of {
            line.push_str(" · duplicate of ");
            line.push_str(visited);
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        if self.layout.advice {
            for advice in advice(record) {
                line.push_str(INDENT);
                line.push_str(&advice);
                line.push('\n');
            }
        }
        self.writer.write_all(line.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn rows_are_aligned() {
        let mut sink = Text::new(Vec::new(), Layout::default());
        for sample in samples::all() {
            sink.write(&sample.record()).unwrap();
        }
        let written = String::from_utf8(sink.writer).unwrap();
        assert_eq!(written, samples::TEXT);
    }

    #[test]
    fn a_duplicate_is_shown_as_one() {
        let mut sample = samples::healthy();
        let target = std::sync::Arc::make_mut(&mut sample.observation.endpoint.target);
        target.duplicate_of = Some("https://fine.example:443".into());
        let mut sink = Text::new(Vec::new(), Layout::default());
        sink.write(&sample.record()).unwrap();
        let written = String::from_utf8(sink.writer).unwrap();
        let end = " · duplicate of https://fine.example:443\n";
        assert!(written.ends_with(end), "{written}");
    }
}
