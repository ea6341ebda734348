//! The record as the shell and scripts use it: what ran, and which sessions are ours. It never
//! stops anybody; what is wrong with it is said once.
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use livysh_history::JournalKey;
use livysh_history::{Creating, Ended, EntryKey, Noted, Owner, Recorder, Sent, Status};

use crate::livy::Statement;
use crate::report::note;
use crate::session::Session;
use crate::source::Piece;

/// Shared by whoever records. Clones write to the same file.
#[derive(Clone, Debug)]
pub struct Record(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: Recorder,
    server: String,
    owner: Owner,
}

/// A statement that was begun.
pub type Entry = EntryKey;

/// How many entries the line editor starts with.
const RECALLED: usize = 5000;

impl Record {
    /// Opens the file, or keeps this run's entries in memory when there is none.
    pub fn open(file: Option<&Path>, server: &str) -> Self {
        let recorder = match file {
            Some(file) => told(Recorder::open(file)),
            None => Recorder::in_memory(),
        };
        Self(Arc::new(Inner {
            recorder,
            server: server.to_owned(),
            owner: this_process(),
        }))
    }

    /// Entries for the line editor, oldest first.
    pub fn recalled(&self) -> Vec<String> {
        let mut entries = told(self.0.recorder.recent(RECALLED));
        entries.sort_by_key(|entry| entry.time_ms);
        entries.into_iter().map(|entry| entry.code).collect()
    }

    /// The newest entries, with that text in them, oldest first.
    pub fn found(&self, text: Option<&str>, limit: usize) -> Vec<livysh_history::Entry> {
        let mut entries = match text {
            Some(text) => told(self.0.recorder.search(text, limit)),
            None => told(self.0.recorder.recent(limit)),
        };
        entries.sort_by_key(|entry| entry.time_ms);
        entries
    }

    /// A statement is sent.
    pub fn sent(&self, number: u64, session: &Session, piece: &Piece) -> Option<Entry> {
        let noted = self.0.recorder.begin(&Sent {
            time_ms: now_ms(),
            server: &self.0.server,
            session: Some(session.id.as_str()),
            session_name: session.name.as_deref(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            kind: piece.kind.name(),
            code: &piece.code,
        });
        if let Some(what) = noted.withheld {
            note(&format!(
                "not recorded: this looks like it holds a secret ({what})"
            ));
        }
        Some(told(noted))
    }

    /// It has its answer.
    pub fn ended(
        &self,
        entry: Option<Entry>,
        status: Status,
        statement: &Statement,
        waited: Duration,
    ) {
        let some = |ms: Option<i64>| ms.filter(|ms| *ms > 0);
        self.finish(
            entry,
            &Ended {
                status,
                started_ms: some(statement.started),
                completed_ms: some(statement.completed),
                waited_ms: Some(waited.as_secs_f64() * 1000.0),
            },
        );
    }

    /// It has no answer.
    pub fn lost(&self, entry: Option<Entry>, status: Status, waited: Duration) {
        self.finish(
            entry,
            &Ended {
                status,
                started_ms: None,
                completed_ms: None,
                waited_ms: Some(waited.as_secs_f64() * 1000.0),
            },
        );
    }

    fn finish(&self, entry: Option<Entry>, ended: &Ended) {
        if let Some(entry) = entry {
            told(self.0.recorder.finish(entry, ended));
        }
    }

    /// A session is about to be asked for.
    pub fn creating(&self, name: &str, server: &str) -> JournalKey {
        told(self.0.recorder.creating(&Creating {
            time_ms: now_ms(),
            server,
            name,
            owner: &self.0.owner,
            kept: false,
        }))
    }

    /// It exists.
    pub fn created(&self, key: JournalKey, session: &Session, heartbeat_s: Option<u32>) {
        told(
            self.0
                .recorder
                .created(key, session.id.as_str(), heartbeat_s),
        );
    }

    /// It is gone.
    pub fn deleted(&self, key: JournalKey) {
        told(self.0.recorder.deleted(key, now_ms()));
    }
}

/// Says what is wrong with the record, and goes on.
fn told<T>(noted: Noted<T>) -> T {
    if let Some(warning) = noted.warning {
        note(&warning.to_string());
    }
    noted.value
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Host, pid and start time: a pid alone is used again.
fn this_process() -> Owner {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let pid = std::process::id();
    Owner {
        host,
        pid,
        process_start: process_start(pid).unwrap_or_default(),
    }
}

/// The start of a process in the kernel's own clock ticks, where the system tells.
fn process_start(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the command's name may hold blanks and brackets: the fields begin behind the last bracket
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}
