//! Tables for other programs: CSV (RFC 4180, lines end in `\n`) and TSV (tabs, newlines and
//! backslashes as `\t`, `\n`, `\r`, `\\`; no quotes).
use std::io::{self, Write};

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
    let mut lines = match separator {
        Separator::Comma => Lines::Comma(Box::new(
            csv::WriterBuilder::new()
                .flexible(true)
                .buffer_capacity(room_for(table))
                .from_writer(out),
        )),
        Separator::Tab => Lines::Tab(out, false),
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
    lines.flush()
}

/// The bytes that the longest cell of text takes at most, each quote doubled: with a smaller buffer the writer looks
/// through all that is left of a field each time that it is full.
fn room_for(table: &Table) -> usize {
    const LEAST: usize = 8 * 1024;
    const MOST: usize = 16 * 1024 * 1024;
    let cells = table.rows.iter().flatten();
    let longest = cells.filter_map(|cell| Some(cell.as_str()?.len())).max();
    (2 * longest.unwrap_or(0) + 2).clamp(LEAST, MOST)
}

enum Lines<'a> {
    Comma(Box<csv::Writer<&'a mut dyn Write>>),
    /// The flag: has the line a field already?
    Tab(&'a mut dyn Write, bool),
}

impl Lines<'_> {
    fn field(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Comma(csv) => Ok(csv.write_field(text)?),
            Self::Tab(out, started) => {
                if std::mem::replace(started, true) {
                    out.write_all(b"\t")?;
                }
                write_escaped(text, *out)
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Comma(csv) => Ok(csv.write_record(None::<&[u8]>)?),
            Self::Tab(out, started) => {
                *started = false;
                out.write_all(b"\n")
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Comma(csv) => csv.flush(),
            Self::Tab(..) => Ok(()),
        }
    }
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
    fn a_large_cell_fits_into_the_buffer_so_that_it_is_looked_through_once() {
        let table = |cell: &str| Table {
            columns: Vec::new(),
            rows: vec![vec![json!(1)], vec![json!(cell)]],
            truncated: false,
        };
        assert_eq!(room_for(&table("")), 8 * 1024);
        let quotes = "\"".repeat(1 << 20);
        assert!(room_for(&table(&quotes)) >= 2 * quotes.len() + 2);
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
