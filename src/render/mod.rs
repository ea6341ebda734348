//! Outcome -> text on a `Write`, given a [`Style`].
//!
//! Results go to one stream (stdout), all else to another (notes, stderr): errors, the warning
//! of a cut table, and in the table-only formats what is no table.
mod cell;
mod delimited;
mod expanded;
#[cfg(test)]
mod golden;
mod json;
mod raised;
#[cfg(test)]
mod replay;
mod sanitize;
mod style;
mod table;
mod text;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;
use std::time::Duration;

use crate::livy::{Kind, Outcome, Status};
use delimited::Separator;
pub use sanitize::{safe, safe_line};
use style::Ink;
pub use style::Style;

/// The form of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As the shell shows it.
    #[default]
    Text,
    /// As text, and every table with borders, whatever it holds.
    Table,
    /// Comma-separated, tables only.
    Csv,
    /// Tab-separated, tables only.
    Tsv,
    /// One JSON array for the run.
    Json,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// Every format, in the order in which help texts list them.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Table,
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Ndjson,
    ];

    /// The name as `-o` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no format.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no output format; use one of text, table, csv, tsv, json, ndjson")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A statement and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Our own number of the statement.
    pub number: u64,
    /// The server's id; none where the statement may never have arrived.
    pub server_id: Option<i64>,
    /// The kind that it ran as.
    pub kind: Kind,
    /// The code as sent.
    pub code: &'a str,
    /// The last state, as the server says it.
    pub state: &'a str,
    /// What it answered.
    pub outcome: &'a Outcome,
    /// When the server started it, in epoch milliseconds; 0 counts as not known.
    pub started_ms: Option<i64>,
    /// When it ended, likewise.
    pub completed_ms: Option<i64>,
    /// From the first byte of the submission to the parsed result, by our clock.
    pub waited: Duration,
}

/// Writes the answers of one run in one format.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    out: Style,
    notes: Style,
    /// How many tables (csv, tsv) or objects (json) stand in the results.
    written: u64,
    finished: bool,
}

impl Renderer {
    /// A renderer for results on a stream of style `out` and all else on one of style `notes`.
    pub fn new(format: Format, out: Style, notes: Style) -> Self {
        Self {
            format,
            out,
            notes,
            written: 0,
            finished: false,
        }
    }

    /// The terminal has this many columns now. What goes elsewhere stays as wide as its content.
    pub fn resized(&mut self, columns: Option<usize>) {
        for style in [&mut self.out, &mut self.notes] {
            if style.terminal {
                style.width = columns;
            }
        }
    }

    /// Writes one answer. Results are flushed before notes are written, so that on a terminal
    /// they stand in the order in which they happened. A closed pipe is an `io::Error` as any other:
    /// the caller knows whether it matters.
    pub fn answer(
        &mut self,
        answer: &Answer<'_>,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, out);
        self.result(answer, &mut out, notes)?;
        out.flush()?;
        if !matches!(self.format, Format::Json | Format::Ndjson) {
            write_ending(answer, &self.notes, notes)?;
        }
        write_cut(answer.outcome, &self.notes, notes)?;
        notes.flush()
    }

    /// Ends the run: closes the JSON array, which is `[]` when nothing was answered. Safe to call
    /// on every way out, also twice.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.format == Format::Json && !std::mem::replace(&mut self.finished, true) {
            out.write_all(if self.written == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        out.flush()
    }

    fn result(
        &mut self,
        answer: &Answer<'_>,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> io::Result<()> {
        let outcome = answer.outcome;
        match self.format {
            Format::Text => text::write(outcome, false, &self.out, out),
            Format::Table => text::write(outcome, true, &self.out, out),
            Format::Csv => self.delimited(outcome, Separator::Comma, out, notes),
            Format::Tsv => self.delimited(outcome, Separator::Tab, out, notes),
            Format::Json => {
                out.write_all(if self.written == 0 { b"[\n" } else { b",\n" })?;
                self.written += 1;
                json::write(answer, self.out.terminal, out)
            }
            Format::Ndjson => {
                json::write(answer, self.out.terminal, out)?;
                out.write_all(b"\n")
            }
        }
    }

    fn delimited(
        &mut self,
        outcome: &Outcome,
        separator: Separator,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> io::Result<()> {
        text::write_untabled(outcome, &self.notes, notes)?;
        match &outcome.table {
            Some(table) if !table.columns.is_empty() => {
                if self.written > 0 {
                    out.write_all(b"\n")?;
                }
                self.written += 1;
                delimited::write(table, separator, &self.out, out)
            }
            _ => Ok(()),
        }
    }
}

/// How it ended, where it did not end well.
fn write_ending(answer: &Answer<'_>, style: &Style, notes: &mut dyn Write) -> io::Result<()> {
    let (yellow, plain) = style.ink(Ink::Note);
    match answer.outcome.status {
        Status::Ok => Ok(()),
        // The error of a cancelled statement tells of the cancel, in many lines.
        Status::Cancelled => writeln!(notes, "{yellow}cancelled{plain}"),
        Status::Unknown => writeln!(
            notes,
            "{yellow}unknown: the server may or may not have run this statement{plain}"
        ),
        Status::Error => match &answer.outcome.error {
            Some(error) => raised::write(error, answer.kind, style, notes),
            None => writeln!(notes, "Error"),
        },
    }
}

fn write_cut(outcome: &Outcome, style: &Style, notes: &mut dyn Write) -> io::Result<()> {
    let Some(table) = outcome.table.as_ref().filter(|table| table.truncated) else {
        return Ok(());
    };
    let (yellow, plain) = style.ink(Ink::Note);
    writeln!(
        notes,
        "{yellow}cut at {} rows by the server; use --rows N or LIMIT{plain}",
        table.rows.len()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::livy::{Column, Image, Raised, Table};

    fn table(rows: Value, truncated: bool) -> Outcome {
        let column = Column {
            name: "a".to_owned(),
            type_name: "integer".to_owned(),
        };
        Outcome {
            table: Some(Table {
                columns: vec![column],
                rows: serde_json::from_value(rows).unwrap(),
                truncated,
            }),
            ..Outcome::empty(Status::Ok)
        }
    }

    fn text(text: &str) -> Outcome {
        Outcome {
            text: Some(text.to_owned()),
            ..Outcome::empty(Status::Ok)
        }
    }

    /// Results and notes of a run.
    fn run(format: Format, outcomes: &[Outcome]) -> (String, String) {
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut renderer = Renderer::new(format, Style::default(), Style::default());
        for (number, outcome) in (1..).zip(outcomes) {
            let answer = Answer {
                number,
                server_id: None,
                kind: Kind::Sql,
                code: "c",
                state: "available",
                outcome,
                started_ms: Some(0),
                completed_ms: Some(1_700_000_000_350),
                waited: Duration::from_micros(1_500),
            };
            renderer.answer(&answer, &mut out, &mut notes).unwrap();
        }
        renderer.finish(&mut out).unwrap();
        renderer.finish(&mut out).unwrap();
        (
            String::from_utf8(out).unwrap(),
            String::from_utf8(notes).unwrap(),
        )
    }

    #[test]
    fn a_second_csv_table_starts_with_an_empty_line_and_text_goes_to_the_notes() {
        let outcomes = [
            text("first"),
            table(json!([[1]]), false),
            text("between\n"),
            table(json!([]), false),
        ];
        let (out, notes) = run(Format::Csv, &outcomes);
        assert_eq!(
            (out.as_str(), notes.as_str()),
            ("a\n1\n\na\n", "first\nbetween\n")
        );
        assert_eq!(run(Format::Tsv, &outcomes), (out, notes));
    }

    #[test]
    fn a_cut_table_is_warned_of_in_every_format_and_never_in_the_results() {
        for format in Format::ALL {
            let (out, notes) = run(format, &[table(json!([[1], [2]]), true)]);
            assert_eq!(
                notes, "cut at 2 rows by the server; use --rows N or LIMIT\n",
                "{format}"
            );
            assert!(!out.contains("LIMIT"), "{format}");
        }
    }

    #[test]
    fn an_error_goes_to_the_notes_and_what_was_printed_before_it_to_the_results() {
        let outcome = Outcome {
            status: Status::Error,
            error: Some(Raised {
                name: "Error".to_owned(),
                value: "boom".to_owned(),
                traceback: vec!["java".to_owned()],
            }),
            ..text("kept")
        };
        let printed = ("kept\n".to_owned(), "boom\n".to_owned());
        assert_eq!(run(Format::Text, std::slice::from_ref(&outcome)), printed);
        let (out, notes) = run(Format::Csv, &[outcome]);
        assert_eq!((out.as_str(), notes.as_str()), ("", "kept\nboom\n"));
    }

    #[test]
    fn cancelled_and_unknown_are_one_line_each() {
        let cancelled = Outcome {
            error: Some(Raised::default()),
            ..Outcome::empty(Status::Cancelled)
        };
        let (out, notes) = run(Format::Text, &[cancelled, Outcome::empty(Status::Unknown)]);
        assert_eq!(out, "");
        assert_eq!(
            notes,
            "cancelled\nunknown: the server may or may not have run this statement\n"
        );
    }

    #[test]
    fn the_json_array_is_whole_for_any_number_of_answers() {
        for count in [0, 1, 3] {
            let (out, _) = run(Format::Json, &vec![text("x"); count]);
            let array: Vec<Value> = serde_json::from_str(&out).unwrap();
            assert_eq!(array.len(), count);
            assert!(out.ends_with("]\n"));
        }
        assert_eq!(run(Format::Ndjson, &[]).0, "");
    }

    #[test]
    fn an_object_has_the_promised_fields_and_more_only_where_there_is_more() {
        let full = Outcome {
            status: Status::Error,
            text: Some("t".to_owned()),
            images: vec![Image {
                mime: "image/png".to_owned(),
                base64: "aGk=".to_owned(),
            }],
            error: Some(Raised {
                name: "E".to_owned(),
                value: "v".to_owned(),
                traceback: vec!["l".to_owned()],
            }),
            ..table(json!([[1, null]]), true)
        };
        let more = Outcome {
            json: Some(Value::Null),
            others: vec![("text/html".to_owned(), json!("<b>"))],
            ..Outcome::empty(Status::Ok)
        };
        let (out, _) = run(Format::Ndjson, &[full, more]);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"statement":1,"server_id":null,"kind":"sql","code":"c","state":"available","status":"error","text":"t","table":{"columns":[{"name":"a","type":"integer"}],"rows":[[1,null]],"truncated":true},"images":[{"mime":"image/png","base64":"aGk="}],"error":{"name":"E","value":"v","traceback":["l"]},"started_ms":null,"completed_ms":1700000000350,"waited_ms":1.5}"#
        );
        assert!(
            lines[1].ends_with(r#""json":null,"others":{"text/html":"<b>"}}"#),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn every_format_is_known_by_its_name_and_no_other_is() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        assert_eq!(
            "xml".parse::<Format>(),
            Err(UnknownFormat("xml".to_owned()))
        );
    }
}
