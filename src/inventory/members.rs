//! Turns the members of a JSON object into tags. It does not know what keys mean.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::bounds::short;
use super::error::RowError;
use super::object::Member;
use super::{Tag, Tags};

/// Returns members as tags.
pub(super) fn tags(members: Vec<Member<'_>>) -> Result<Tags, RowError> {
    let members = members.into_iter();
    members
        .map(|(key, value)| Ok((Arc::from(&*key), tag(&key, value)?)))
        .collect()
}

/// Maximum nesting depth of a value. Many programs that read the records stop at 128, including
/// their own levels.
const MAX_DEPTH: usize = 32;

/// Returns a string as text, and any other value as JSON.
pub(super) fn tag(key: &str, value: &RawValue) -> Result<Tag, RowError> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => string(text).map(Tag::Text),
        Some(b'[' | b'{') => {
            let (text, depth) = compact(text);
            if depth > MAX_DEPTH {
                return Err(RowError::TooDeep(short(key)));
            }
            RawValue::from_string(text)
                .map(Tag::Json)
                .map_err(json_error)
        }
        _ => Ok(Tag::Json(value.to_owned())),
    }
}

/// Returns the text of a JSON string.
pub(super) fn string(text: &str) -> Result<String, RowError> {
    serde_json::from_str(text).map_err(json_error)
}

/// Returns JSON without white space between tokens, and its nesting depth.
fn compact(text: &str) -> (String, usize) {
    let (mut inside, mut escaped) = (false, false);
    let (mut depth, mut deepest) = (0_usize, 0);
    let kept = text.chars().filter(|&found| {
        match found {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            '[' | '{' if !inside => depth += 1,
            ']' | '}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        inside || !found.is_ascii_whitespace()
    });
    (kept.collect(), deepest)
}

/// Returns the error of a line that cannot be parsed.
pub(super) fn json_error(error: serde_json::Error) -> RowError {
    let text = error.to_string();
    // The parser appends "at line 1 column 7", but its line is not the line of the file.
    let reason = text.split(" at line ").next().unwrap_or_default();
    RowError::Json {
        reason: short(reason),
        column: error.column(),
    }
}
