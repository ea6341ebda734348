//! Answers as a person reads them.
use std::io::{self, Write};

use serde_json::Value;

use super::sanitize::{safe, safe_json, safe_line};
use super::style::Style;
use super::table;
use crate::livy::{Outcome, Table};

/// Writes all that the outcome holds but its error: text, table, JSON, then a line for each
/// thing that a terminal cannot show.
pub(super) fn write(
    outcome: &Outcome,
    always_table: bool,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(text) = &outcome.text {
        write_text(text, style, out)?;
    }
    if let Some(found) = &outcome.table {
        match sole_text(found).filter(|_| !always_table && !style.expanded) {
            Some(text) => write_text(text, style, out)?,
            None => table::write(found, style, out)?,
        }
    }
    write_rest(outcome, style, out)
}

/// Writes what is no table.
pub(super) fn write_untabled(
    outcome: &Outcome,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(text) = &outcome.text {
        write_text(text, style, out)?;
    }
    write_rest(outcome, style, out)
}

/// The text with exactly one newline at its end (Scala sends one or two, Python and R none);
/// nothing for the empty text.
pub(super) fn write_text(text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let text = safe(text, style.terminal);
    out.write_all(text.trim_end_matches(['\n', '\r']).as_bytes())?;
    out.write_all(b"\n")
}

/// A single cell of several lines is a text, not a table: `explain`, `show create table`.
fn sole_text(table: &Table) -> Option<&str> {
    match (table.columns.as_slice(), table.rows.as_slice()) {
        ([_], [row]) => match row.as_slice() {
            [Value::String(text)] if text.trim_end().contains('\n') => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn write_rest(outcome: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if let Some(json) = &outcome.json {
        let text = safe_json(format!("{json:#}"), style.terminal);
        writeln!(out, "{text}")?;
    }
    let alone = outcome.text.is_none() && outcome.table.is_none() && outcome.json.is_none();
    for (mime, value) in &outcome.others {
        match value
            .as_str()
            .filter(|_| alone && mime.starts_with("text/"))
        {
            Some(text) => write_text(text, style, out)?,
            None => write_placeholder(mime, json_size(value), style, out)?,
        }
    }
    for image in &outcome.images {
        let size = image.base64.trim_end_matches('=').len() * 3 / 4;
        write_placeholder(&image.mime, size, style, out)?;
    }
    Ok(())
}

fn write_placeholder(
    mime: &str,
    size: usize,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mime = safe_line(mime, style.terminal);
    writeln!(out, "[{mime}, {}; use -o json to get it]", bytes(size))
}

fn json_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        other => other.to_string().len(),
    }
}

fn bytes(size: usize) -> String {
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{} kB", size / 1_000),
        _ => format!("{} MB", size / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::livy::{Column, Image, Status};

    fn shown(outcome: &Outcome, style: &Style) -> String {
        let mut out = Vec::new();
        write(outcome, false, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_ends_in_exactly_one_newline_and_no_text_in_none() {
        for (given, expected) in [
            ("2", "2\n"),
            ("2\n", "2\n"),
            ("t\n\n", "t\n"),
            ("", ""),
            ("\n", "\n"),
            ("  a  ", "  a  \n"),
        ] {
            let outcome = Outcome {
                text: Some(given.to_owned()),
                ..Outcome::empty(Status::Ok)
            };
            assert_eq!(shown(&outcome, &Style::default()), expected);
        }
    }

    #[test]
    fn a_single_cell_of_several_lines_is_shown_as_its_text() {
        let outcome = Outcome {
            table: Some(Table {
                columns: vec![Column {
                    name: "plan".to_owned(),
                    type_name: "string".to_owned(),
                }],
                rows: vec![vec![json!("== Plan ==\nscan\n\n")]],
                truncated: false,
            }),
            ..Outcome::empty(Status::Ok)
        };
        assert_eq!(shown(&outcome, &Style::default()), "== Plan ==\nscan\n");
        let mut out = Vec::new();
        write(&outcome, true, &Style::default(), &mut out).unwrap();
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("│ == Plan ==\\nscan\\n\\n │")
        );
    }

    #[test]
    fn what_cannot_be_shown_is_named_with_its_size() {
        let mut outcome = Outcome {
            images: vec![Image {
                mime: "image/png".to_owned(),
                base64: "A".repeat(16_000),
            }],
            others: vec![("text/html".to_owned(), json!("<b>x</b>"))],
            ..Outcome::empty(Status::Ok)
        };
        let image = "[image/png, 12 kB; use -o json to get it]\n";
        assert_eq!(
            shown(&outcome, &Style::default()),
            format!("<b>x</b>\n{image}")
        );
        outcome.text = Some("x".to_owned());
        assert_eq!(
            shown(&outcome, &Style::default()),
            format!("x\n[text/html, 8 bytes; use -o json to get it]\n{image}")
        );
    }

    #[test]
    fn json_is_laid_out_and_safe_on_a_terminal() {
        let outcome = Outcome {
            json: Some(json!({"a": ["\u{9b}"]})),
            ..Outcome::empty(Status::Ok)
        };
        let style = Style {
            terminal: true,
            ..Style::default()
        };
        assert_eq!(
            shown(&outcome, &style),
            "{\n  \"a\": [\n    \"\\u009b\"\n  ]\n}\n"
        );
    }
}
