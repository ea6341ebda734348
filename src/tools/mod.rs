//! The subcommands beside the shell: a look at sessions, the record, the config; the installation
//! and the server of a local Spark. Each answers with an exit code.
pub mod child;
pub mod config;
pub mod history;
pub mod serve;
pub mod sessions;
pub mod setup;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::listing::Ages;
use crate::livy::{Kind, Outcome, Status, Table};
use crate::render::{Answer, Format, Renderer};
use crate::report::{Report, code, complain};
use crate::settings::RunSettings;
use crate::style;

/// Shows a failure and answers with its exit code.
pub fn failed(report: &Report) -> u8 {
    complain(report);
    report.code
}

/// Writes results to standard output; a reader that has gone is no failure.
pub fn print(text: &str) -> Result<u8, Report> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Report::new(
            code::USAGE,
            format!("the result cannot be written: {error}"),
        )),
        _ => Ok(code::OK),
    }
}

/// A file that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Report {
    Report::new(
        code::USAGE,
        format!("{} cannot be written: {error}", path.display()),
    )
}

/// A table in the form that was asked for. As JSON it is an array of objects, a row each.
pub fn shown(table: &Table, run: &RunSettings) -> Result<String, Report> {
    shown_at_most(table, run, None)
}

/// The same; a table that is drawn has at most so many rows.
pub fn shown_at_most(
    table: &Table,
    run: &RunSettings,
    max_rows: Option<usize>,
) -> Result<String, Report> {
    let format = run.format_or_default();
    match format {
        Format::Json => {
            let rows: Vec<Value> = objects(table).collect();
            Ok(format!("{:#}\n", Value::Array(rows)))
        }
        Format::Ndjson => Ok(objects(table).map(|row| format!("{row}\n")).collect()),
        _ => drawn(table, format, run, max_rows),
    }
}

/// How ages stand in a list of that format.
pub fn ages(run: &RunSettings) -> Ages {
    match run.format_or_default() {
        Format::Text | Format::Table => Ages::Spoken,
        Format::Csv | Format::Tsv | Format::Json | Format::Ndjson => Ages::Seconds,
    }
}

fn objects(table: &Table) -> impl Iterator<Item = Value> {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.name.replace(' ', "_"))
        .collect();
    table.rows.iter().map(move |row| {
        let pairs = names.iter().cloned().zip(row.iter().cloned());
        Value::Object(pairs.collect::<Map<String, Value>>())
    })
}

fn drawn(
    table: &Table,
    format: Format,
    run: &RunSettings,
    max_rows: Option<usize>,
) -> Result<String, Report> {
    let out = style::of(run.color_or_default(), &io::stdout(), max_rows);
    let mut table = table.clone();
    if matches!(format, Format::Text | Format::Table) {
        leave_out_empty(&mut table);
    }
    // what a server does not tell is no NULL of anybody's data
    for cell in table
        .rows
        .iter_mut()
        .flatten()
        .filter(|cell| cell.is_null())
    {
        *cell = Value::String(String::new());
    }
    let outcome = Outcome {
        table: Some(table),
        ..Outcome::empty(Status::Ok)
    };
    let answer = Answer {
        number: 1,
        server_id: None,
        kind: Kind::Sql,
        code: "",
        state: "available",
        outcome: &outcome,
        started_ms: None,
        completed_ms: None,
        waited: Duration::ZERO,
    };
    let mut text = Vec::new();
    Renderer::new(format, out.clone(), out)
        .answer(&answer, &mut text, &mut io::sink())
        .map_err(|error| Report::new(code::USAGE, error.to_string()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Takes away the columns in which nothing stands: people look at a table, and no script counts on it.
fn leave_out_empty(table: &mut Table) {
    let full: Vec<bool> = (0..table.columns.len())
        .map(|at| table.rows.is_empty() || table.rows.iter().any(|row| !row[at].is_null()))
        .collect();
    let mut of = full.iter().cycle();
    table.columns.retain(|_| of.next() == Some(&true));
    for row in &mut table.rows {
        let mut of = full.iter();
        row.retain(|_| of.next() == Some(&true));
    }
}

/// Is standard output looked at by a person?
pub fn is_seen() -> bool {
    io::stdout().is_terminal()
}
/// What is said when the system gives no thread to read or ask with.
#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands errors on by value"
)]
pub fn no_thread(error: io::Error) -> Report {
    Report::new(
        code::STATEMENT,
        format!("no thread can be started: {error}"),
    )
    .because("a limit on processes or memory is reached")
}
