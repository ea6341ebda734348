//! `livysh history`: a look at the record.
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use livysh_history::{Entry, Record, RecordError};
use serde_json::json;

use crate::cli::HistoryAction;
use crate::livy::{Column, Table};
use crate::report::{Report, code};
use crate::settings::RunSettings;

use super::{failed, print, shown};

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
        HistoryAction::Export => {
            let mut failure = None;
            record
                .export(|entry| {
                    let written = write(&entry, run);
                    failure = written.err();
                    failure.is_none()
                })
                .map_err(bad)?;
            failure.map_or(Ok(code::OK), Err)
        }
    }
}

fn write(entry: &Entry, run: &RunSettings) -> Result<(), Report> {
    use std::io::Write;
    let line = format!("{}\n", object(entry));
    match &run.output {
        None => print(&line).map(drop),
        Some(path) => std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|error| {
                Report::new(
                    code::USAGE,
                    format!("{} cannot be written: {error}", path.display()),
                )
            }),
    }
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

fn clock(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms)
        .map(|time| {
            TimeZone::system()
                .to_datetime(time)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        })
        .unwrap_or_default()
}
