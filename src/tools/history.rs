//! `livysh history`: a look at the record.
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use livysh_history::{Entry, Record, RecordError};
use serde_json::json;

use crate::cli::HistoryAction;
use crate::livy::{Column, Table};
use crate::output;
use crate::report::{Report, code};
use crate::settings::RunSettings;

use super::{failed, print, shown, unwritable};

/// Shows what was asked for; the answer is the exit code.
pub fn run(action: &HistoryAction, file: &Path, run: &RunSettings) -> u8 {
    if !file.exists() {
        return failed(
            &Report::new(code::USAGE, "nothing is recorded yet")
                .because(format!("{} is not there", file.display())),
        );
    }
    act(action, file, run).unwrap_or_else(|report| failed(&report))
}

fn act(action: &HistoryAction, file: &Path, run: &RunSettings) -> Result<u8, Report> {
    let bad = |error: RecordError| {
        Report::new(
            code::USAGE,
            format!("the record {} {error}", file.display()),
        )
    };
    let record = Record::open(file).map_err(bad)?;
    match action {
        HistoryAction::Recent { limit } => {
            let entries = record.recent(*limit as usize).map_err(bad)?;
            print(&shown(&table(entries), run)?)
        }
        HistoryAction::Search { text, limit } => {
            let entries = record.search(text, *limit as usize).map_err(bad)?;
            print(&shown(&table(entries), run)?)
        }
        HistoryAction::Show(id) => match record.show(i64::from(*id)).map_err(bad)? {
            Some(entry) => print(&format!("{}\n", entry.code.trim_end())),
            None => Err(
                Report::new(code::USAGE, format!("the record has no entry {id}"))
                    .advise("`livysh history` lists the newest"),
            ),
        },
        HistoryAction::Export => match &run.output {
            None => export(&record, &mut io::stdout().lock()).or_else(|error| match error {
                // whoever read has enough
                Export::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                Export::Write(error) => Err(Report::new(
                    code::USAGE,
                    format!("the result cannot be written: {error}"),
                )),
                Export::Read(error) => Err(bad(error)),
            }),
            Some(path) => {
                output::replace(path, |out| export(&record, out)).map_err(|error| match error {
                    Export::Write(error) => unwritable(path, &error),
                    Export::Read(error) => bad(error),
                })
            }
        }
        .map(|()| code::OK),
    }
}

/// What ends an export early.
enum Export {
    Read(RecordError),
    Write(io::Error),
}

impl From<io::Error> for Export {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Writes every entry, a line each.
fn export(record: &Record, out: &mut dyn Write) -> Result<(), Export> {
    let mut written = Ok(());
    let read = record.export(|entry| {
        written = writeln!(out, "{}", object(&entry));
        written.is_ok()
    });
    read.map_err(Export::Read)?;
    written?;
    Ok(out.flush()?)
}

fn object(entry: &Entry) -> serde_json::Value {
    json!({
        "id": entry.id,
        "time_ms": entry.time_ms,
        "server": entry.server,
        "session": entry.session,
        "session_name": entry.session_name,
        "statement": entry.number,
        "kind": entry.kind,
        "code": entry.code,
        "status": entry.status.as_str(),
        "started_ms": entry.started_ms,
        "completed_ms": entry.completed_ms,
        "waited_ms": entry.waited_ms,
    })
}

/// Entries as a table, oldest first.
pub fn table(mut entries: Vec<Entry>) -> Table {
    entries.sort_by_key(|entry| entry.time_ms);
    let column = |name: &str, type_name: &str| Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
    };
    let rows = entries.iter().map(|entry| {
        vec![
            json!(entry.id),
            json!(clock(entry.time_ms)),
            json!(entry.kind),
            json!(entry.status.as_str()),
            json!(entry.waited_ms.map(|ms| (ms / 10.0).round() / 100.0)),
            json!(entry.code.trim_end()),
        ]
    });
    Table {
        columns: vec![
            column("id", "long"),
            column("time", "string"),
            column("kind", "string"),
            column("status", "string"),
            column("seconds", "double"),
            column("code", "string"),
        ],
        rows: rows.collect(),
        truncated: false,
    }
}

/// The local time, to the second.
pub fn clock(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms)
        .map(|time| {
            TimeZone::system()
                .to_datetime(time)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        })
        .unwrap_or_default()
}
