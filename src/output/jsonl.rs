//! JSON Lines: one JSON object per line. In addition to JSON's own escapes, every character that
//! could control a terminal or be invisible is written as `\u....`. No information is lost, and the
//! file is safe to print with `cat`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::Record;
use super::clean::{is_plain, is_printable};
use super::format::{Format, Layout, Sink};

pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    endings: &["jsonl", "ndjson"],
    doc: "one JSON object per line with every field, as defined by the schema",
    open: |writer, _: Layout| Ok(Box::new(Jsonl::new(writer))),
};

struct Jsonl<W> {
    writer: W,
    row: Vec<u8>,
}

impl<W: Write> Jsonl<W> {
    fn new(writer: W) -> Self {
        Self {
            writer,
            row: Vec::new(),
        }
    }
}

impl<W: Write + Send> Sink for Jsonl<W> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.row.clear();
        record.serialize(&mut Serializer::with_formatter(&mut self.row, Printable))?;
        self.row.push(b'\n');
        self.writer.write_all(&self.row)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Compact JSON in which every string consists of printable characters.
pub(super) struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_plain(fragment) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| !is_printable(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    /// A tag may already be JSON text. Its unprintable characters can only be inside its strings.
    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::samples;

    fn json(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut bytes, Printable);
        text.serialize(&mut serializer).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_tags_stay_valid_json_and_become_printable() {
        let tag: crate::inventory::Tag =
            serde_json::from_str("{\"=a\u{202e}\":[null,1.50,\"b\u{9b}\"]}").unwrap();
        let mut bytes = Vec::new();
        tag.serialize(&mut Serializer::with_formatter(&mut bytes, Printable))
            .unwrap();
        let expected = r#"{"=a\u202e":[null,1.50,"b\u009b"]}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn characters_that_control_terminals_are_escaped() {
        assert_eq!(
            json("a\u{202e}b\u{9b}c\u{7f}"),
            r#""a\u202eb\u009bc\u007f""#
        );
        assert_eq!(json("\u{e0041}é中\u{1b}\""), r#""\udb40\udc41é中\u001b\"""#);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in any::<String>()) {
            let written = json(&text);
            prop_assert!(written.chars().all(is_printable));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn a_row_is_one_line_with_its_fields_in_order() {
        let sample = samples::expired();
        let mut sink = Jsonl::new(Vec::new());
        sink.write(&sample.record()).unwrap();
        sink.write(&sample.record()).unwrap();
        let written = String::from_utf8(sink.writer).unwrap();
        assert_eq!(written.lines().count(), 2);
        assert_eq!(written, samples::EXPIRED_JSON.repeat(2));
    }
}
