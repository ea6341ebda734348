//! The record as the shell and scripts use it: what ran, and which sessions are ours. It never
//! stops anybody; what is wrong with it is said once.
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use livysh_history::JournalKey;
pub use livysh_history::OwnSession;
use livysh_history::{Creating, Ended, EntryKey, Noted, Recorder, Sent, Status, Typed};

use crate::livy::{Kind, SessionId, Statement};
use crate::owner::Ourselves;
use crate::report::{note, noted};
use crate::session::Session;
use crate::source::Piece;

/// Shared by whoever records. Clones write to the same file.
#[derive(Clone)]
pub struct Record(Arc<Inner>);

struct Inner {
    recorder: Recorder,
    server: String,
    /// Does it outlive this run?
    is_kept: bool,
    ourselves: Ourselves,
    tell: OnceLock<Tell>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("server", &self.0.server)
            .finish_non_exhaustive()
    }
}

/// Shows a line where it disturbs nobody; false when it must be shown otherwise.
type Tell = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A statement that was begun.
pub type Entry = EntryKey;

/// How many entries the line editor starts with.
const RECALLED: usize = 5000;

impl Record {
    /// Opens the file, or keeps this run's entries in memory when there is none.
    pub fn open(file: Option<&Path>, server: &str) -> Self {
        let recorder = match file {
            Some(file) => told(Recorder::open(file), None),
            None => Recorder::in_memory(),
        };
        Self(Arc::new(Inner {
            recorder,
            server: server.to_owned(),
            is_kept: file.is_some(),
            ourselves: Ourselves::beside(file.and_then(Path::parent)),
            tell: OnceLock::new(),
        }))
    }

    /// From now on what is wrong is offered to `tell` first: while somebody types, a line that
    /// another thread writes must go above the prompt.
    pub fn tell_through(&self, tell: impl Fn(&str) -> bool + Send + Sync + 'static) {
        // a second one would be as good as the first
        let _ = self.0.tell.set(Box::new(tell));
    }

    fn told<T>(&self, found: Noted<T>) -> T {
        told(found, self.0.tell.get())
    }

    fn say(&self, text: &str) {
        say(text, self.0.tell.get());
    }

    /// Entries for the line editor, as they were typed, oldest first.
    pub fn recalled(&self) -> Vec<livysh_history::Recalled> {
        self.told(self.0.recorder.recall(RECALLED))
    }

    /// An entry was typed at a prompt of that kind.
    pub fn typed(&self, kind: Kind, text: &str) {
        // a secret in it is told when its statement is sent
        self.told(self.0.recorder.typed(&Typed {
            time_ms: now_ms(),
            server: &self.0.server,
            kind: kind.name(),
            text,
        }));
    }

    /// The newest entries, with that text in them, oldest first.
    pub fn found(&self, text: Option<&str>, limit: usize) -> Vec<livysh_history::Entry> {
        let mut entries = match text {
            Some(text) => self.told(self.0.recorder.search(text, limit)),
            None => self.told(self.0.recorder.recent(limit)),
        };
        entries.sort_by_key(|entry| entry.time_ms);
        entries
    }

    /// A statement is sent.
    pub fn sent(&self, number: u64, session: &Session, piece: &Piece) -> Option<Entry> {
        let begun = self.0.recorder.begin(&Sent {
            time_ms: now_ms(),
            server: &self.0.server,
            session: Some(session.id.as_str()),
            session_name: session.name.as_deref(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            kind: piece.kind.name(),
            code: &piece.code,
        });
        if let Some(what) = begun.withheld {
            self.say(&format!(
                "not recorded: this looks like it holds a secret ({what})"
            ));
        }
        Some(self.told(begun))
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
            self.told(self.0.recorder.finish(entry, ended));
        }
    }

    /// Is there a file that a later run will find?
    pub fn is_kept(&self) -> bool {
        self.0.is_kept
    }

    /// A session is about to be asked for; `options` tells what it is made with.
    pub fn creating(&self, name: &str, server: &str, options: Option<&str>) -> JournalKey {
        self.told(self.0.recorder.creating(&Creating {
            time_ms: now_ms(),
            server,
            name,
            owner: &self.0.ourselves.owner(),
            kept: false,
            options,
        }))
    }

    /// Is it to outlive this run?
    pub fn keep(&self, key: JournalKey, kept: bool) {
        self.told(self.0.recorder.keep(key, kept));
    }

    /// The sessions of ours on a server that are not known to be gone, oldest first.
    pub fn own_sessions(&self, server: &str) -> Vec<OwnSession> {
        let mut own = self.told(self.0.recorder.own_sessions());
        own.retain(|session| session.server == server);
        own
    }

    /// Those that nobody looks after any more, and that were not kept on purpose.
    pub fn left_behind(&self, server: &str) -> Vec<OwnSession> {
        let lives = |owner: &livysh_history::Owner| self.0.ourselves.lives(owner);
        let mut left = self.told(self.0.recorder.left_behind(lives));
        left.retain(|session| session.server == server);
        left
    }

    /// Does another process use it? True when in doubt.
    pub fn is_in_use(&self, session: &OwnSession) -> bool {
        self.0.ourselves.lives(&session.owner)
    }

    /// From now on it is ours to look after; none when another process was faster.
    pub fn adopt(&self, session: &OwnSession) -> Option<JournalKey> {
        let owner = self.0.ourselves.owner();
        self.told(self.0.recorder.adopt(session, &owner))
    }

    /// A session of the journal was found, whose creation nobody had answered.
    pub fn found_again(&self, session: &OwnSession, id: &SessionId) {
        let key = JournalKey::of(session);
        self.told(
            self.0
                .recorder
                .created(key, id.as_str(), session.heartbeat_s),
        );
    }

    /// A session of the journal is gone.
    pub fn forget(&self, session: &OwnSession) {
        self.told(self.0.recorder.forget(session, now_ms()));
    }

    /// It exists.
    pub fn created(&self, key: JournalKey, session: &SessionId, heartbeat_s: Option<u32>) {
        self.told(self.0.recorder.created(key, session.as_str(), heartbeat_s));
    }

    /// It is gone.
    pub fn deleted(&self, key: JournalKey) {
        self.told(self.0.recorder.deleted(key, now_ms()));
    }
}

/// Says what is wrong with the record, and goes on.
fn told<T>(found: Noted<T>, elsewhere: Option<&Tell>) -> T {
    if let Some(warning) = found.warning {
        say(&warning.to_string(), elsewhere);
    }
    found.value
}

fn say(text: &str, elsewhere: Option<&Tell>) {
    if !elsewhere.is_some_and(|tell| tell(&noted(text))) {
        note(text);
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
