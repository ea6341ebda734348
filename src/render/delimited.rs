//! Tables for other programs: CSV (RFC 4180, lines end in `\n`) and TSV (tabs, newlines and
//! backslashes as `\t`, `\n`, `\r`, `\\`; no quotes).
use std::io::{self, BufWriter, Write};

use super::cell;
use super::sanitize::safe;
use super::style::Style;
use crate::livy::Table;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Writes header and rows. A row shorter than the header is filled up; a longer one stays longer.
pub(super) fn write(
    table: &Table,
    separator: Separator,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut lines = Lines {
        separator,
        out: &mut out,
        fields: 0,
        blank: true,
    };
    for column in &table.columns {
        lines.field(&safe(&column.name, style.terminal))?;
    }
    lines.end()?;
    let mut scratch = String::new();
    for row in &table.rows {
        for value in row {
            let text = cell::raw(value, &mut scratch);
            lines.field(&safe(text, style.terminal))?;
        }
        for _ in row.len()..table.columns.len() {
            lines.field("")?;
        }
        lines.end()?;
    }
    out.flush()
}

struct Lines<'a> {
    separator: Separator,
    out: &'a mut dyn Write,
    /// Fields and signs of this line so far.
    fields: usize,
    blank: bool,
}

impl Lines<'_> {
    fn field(&mut self, text: &str) -> io::Result<()> {
        if self.fields > 0 {
            self.out.write_all(match self.separator {
                Separator::Comma => b",",
                Separator::Tab => b"\t",
            })?;
        }
        self.fields += 1;
        self.blank &= self.fields == 1 && text.is_empty();
        match self.separator {
            Separator::Comma => write_quoted(text, self.out),
            Separator::Tab => write_escaped(text, self.out),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        // readers of CSV skip empty lines
        if self.blank && self.separator == Separator::Comma {
            self.out.write_all(b"\"\"")?;
        }
        (self.fields, self.blank) = (0, true);
        self.out.write_all(b"\n")
    }
}

/// In one pass: the writer of the csv crate looks through all that is left of a field for each 8 KiB that it writes.
fn write_quoted(text: &str, out: &mut dyn Write) -> io::Result<()> {
    if !text.contains([',', '"', '\n', '\r']) {
        return out.write_all(text.as_bytes());
    }
    out.write_all(b"\"")?;
    let mut parts = text.split('"');
    out.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        out.write_all(b"\"\"")?;
        out.write_all(part.as_bytes())?;
    }
    out.write_all(b"\"")
}

fn write_escaped(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let special = ['\t', '\n', '\r', '\\'];
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        out.write_all(&rest.as_bytes()[..at])?;
        out.write_all(match rest.as_bytes()[at] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => b"\\\\",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::livy::Column;

    fn written(names: &[&str], rows: Value, separator: Separator, terminal: bool) -> String {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            type_name: String::new(),
        };
        let table = Table {
            columns: names.iter().map(column).collect(),
            rows: serde_json::from_value(rows).unwrap(),
            truncated: false,
        };
        let style = Style {
            terminal,
            ..Style::default()
        };
        let mut out = Vec::new();
        write(&table, separator, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_what_needs_it_and_leaves_null_empty() {
        let rows = json!([[1, "a,b"], [null, "say \"hi\"\nthere"], [true, {"k": [1]}], [2.5]]);
        assert_eq!(
            written(&["n", "a b"], rows, Separator::Comma, false),
            "n,a b\n1,\"a,b\"\n,\"say \"\"hi\"\"\nthere\"\ntrue,\"{\"\"k\"\":[1]}\"\n2.5,\n"
        );
    }

    #[test]
    fn a_sole_empty_field_is_no_empty_line() {
        let text = written(&["a"], json!([[null], [""]]), Separator::Comma, false);
        assert_eq!(text, "a\n\"\"\n\"\"\n");
    }

    #[test]
    fn tsv_escapes_what_would_break_its_lines() {
        let rows = json!([["a\tb\nc\r", "back\\slash"], [null, ""]]);
        assert_eq!(
            written(&["x", "y\t"], rows, Separator::Tab, false),
            "x\ty\\t\na\\tb\\nc\\r\tback\\\\slash\n\t\n"
        );
    }

    #[test]
    fn control_characters_are_raw_in_a_pipe_and_visible_on_a_terminal() {
        let rows = json!([["\u{1b}[2J"]]);
        assert_eq!(
            written(&["a"], rows.clone(), Separator::Comma, false),
            "a\n\x1b[2J\n"
        );
        assert_eq!(
            written(&["a"], rows, Separator::Comma, true),
            "a\n\\x1b[2J\n"
        );
    }
}
