//! The text of a table's cell.
use std::fmt::Write as _;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::sanitize;
use crate::livy::Column;

/// A cell as data: nothing for NULL, text as it is, nested values as JSON. `scratch` holds what
/// is not text already; nothing else is copied.
pub(super) fn raw<'a>(value: &'a Value, scratch: &'a mut String) -> &'a str {
    match value {
        Value::Null => "",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::String(text) => text,
        other => {
            scratch.clear();
            // Writing to a String cannot fail.
            let _ = write!(scratch, "{other}");
            scratch
        }
    }
}

/// A cell for the eye: one line, with control characters visible. A text that reads `NULL` is
/// quoted, so that it is never taken for the absence of a value.
pub(super) fn shown<'a>(value: &'a Value, scratch: &'a mut String) -> &'a str {
    match value {
        Value::Null => "NULL",
        Value::Bool(_) => raw(value, scratch),
        Value::String(text) if text == "NULL" => "\"NULL\"",
        Value::String(text) => line(text, scratch),
        nested_or_number => {
            scratch.clear();
            let _ = write!(scratch, "{nested_or_number}");
            // JSON escapes C0 itself, and leaves the rest of what a terminal obeys.
            if !sanitize::is_line(scratch) {
                let json = std::mem::take(scratch);
                sanitize::push_line(&json, scratch);
            }
            scratch
        }
    }
}

/// Text as one visible line.
pub(super) fn line<'a>(text: &'a str, scratch: &'a mut String) -> &'a str {
    if sanitize::is_line(text) {
        return text;
    }
    scratch.clear();
    sanitize::push_line(text, scratch);
    scratch
}

/// How many columns of a terminal `text` takes.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

/// Does the column hold numbers by its type, in the words of Spark or of `%table`?
pub(super) fn is_numeric(column: &Column) -> bool {
    let name = column.type_name.as_str();
    matches!(
        name,
        "byte"
            | "short"
            | "integer"
            | "int"
            | "long"
            | "bigint"
            | "smallint"
            | "tinyint"
            | "float"
            | "double"
            | "INT_TYPE"
            | "BIGINT_TYPE"
            | "DOUBLE_TYPE"
            | "DECIMAL_TYPE"
    ) || name.starts_with("decimal")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_one_line_for_the_eye_and_untouched_as_data() {
        for (value, eye, data) in [
            (json!(null), "NULL", ""),
            (json!("NULL"), "\"NULL\"", "NULL"),
            (json!(true), "true", "true"),
            (json!("a\nb\t\x1b"), "a\\nb\\t\\x1b", "a\nb\t\x1b"),
            (
                json!({"k": [1, null]}),
                "{\"k\":[1,null]}",
                "{\"k\":[1,null]}",
            ),
            (json!(["\u{9b}"]), "[\"\\x9b\"]", "[\"\u{9b}\"]"),
            (json!(-0.0), "-0.0", "-0.0"),
            (
                json!(u64::MAX),
                "18446744073709551615",
                "18446744073709551615",
            ),
            (
                json!(i64::MIN),
                "-9223372036854775808",
                "-9223372036854775808",
            ),
            (json!(1e-6), "1e-6", "1e-6"),
            (json!("Infinity"), "Infinity", "Infinity"),
        ] {
            assert_eq!(shown(&value, &mut String::new()), eye);
            assert_eq!(raw(&value, &mut String::new()), data);
        }
    }

    #[test]
    fn wide_and_combining_characters_have_their_width() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("ab"), 2);
    }
}
