//! What a shell uses: a record that never fails.
mod warning;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::schema::PATIENCE;
use crate::{
    Creating, Ended, Entry, OwnSession, Owner, Recalled, Record, RecordError, Sent, Status, Typed,
    looks_secret,
};
pub use warning::Warning;

/// How many entries without a file are kept for this shell's Up-arrow.
const REMEMBERED: usize = 1000;

/// How long a shell goes on without the file after another program held it too long.
const AFTER_A_LOCK: Duration = Duration::from_secs(30);
/// How long the journal waits for another program's lock, once.
const FOR_THE_JOURNAL: Duration = Duration::from_secs(2);

/// The record as a shell sees it. Every call answers; what is wrong with the file is said once, as
/// a [`Warning`] beside an answer. Without a usable file the shell's own entries stay in memory.
#[derive(Debug)]
pub struct Recorder {
    inner: Mutex<Inner>,
}

/// An answer, and what the user should be told about it.
#[derive(Debug)]
#[must_use]
pub struct Noted<T> {
    /// The answer.
    pub value: T,
    /// What is wrong with the record: once, when it is found.
    pub warning: Option<Warning>,
    /// What in the code looks like a credential; then it is not in the file.
    pub withheld: Option<&'static str>,
}

/// A statement that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryKey(Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    File(i64),
    /// Counted from the first entry ever remembered, so that forgetting old ones moves nothing.
    Memory(usize),
}

/// A session in the journal; without a file it is in no journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalKey(Option<i64>);

impl JournalKey {
    /// Of a session that is in no journal: it is not ours.
    pub const NONE: Self = Self(None);

    /// Of a session that the journal told.
    pub fn of(session: &OwnSession) -> Self {
        Self(Some(session.key))
    }

    /// Is it in the journal?
    pub fn is_written(self) -> bool {
        self.0.is_some()
    }
}

/// Whether the file is written.
#[derive(Debug, Clone, Copy)]
enum Writes {
    Yes,
    /// Another program held it; not before this moment.
    NotBefore(Instant),
    /// No file, a full disk: not in this shell's life.
    No,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: Option<Record>,
    writes: Writes,
    /// What kinds of trouble were told.
    warned: Vec<std::mem::Discriminant<RecordError>>,
    memory: Vec<Entry>,
    forgotten: usize,
}

impl Recorder {
    /// Opens the record; when that fails, goes on in memory.
    pub fn open(path: &Path) -> Noted<Self> {
        let mut inner = Inner::new(path.to_owned());
        let warning = inner.reopen();
        plainly(
            Self {
                inner: Mutex::new(inner),
            },
            warning,
        )
    }

    /// No file at all, as `--no-history` asks.
    pub fn in_memory() -> Self {
        Self {
            inner: Mutex::new(Inner::new(PathBuf::new())),
        }
    }

    /// A statement is being sent. Code that looks like it holds a credential stays in memory.
    pub fn begin(&self, sent: &Sent<'_>) -> Noted<EntryKey> {
        let mut inner = self.lock();
        let withheld = looks_secret(sent.code);
        let (id, warning) = match withheld {
            Some(_) => (None, None),
            None => inner.write(|record| record.begin(sent)),
        };
        let place = id.map_or_else(|| Place::Memory(inner.remember(sent)), Place::File);
        Noted {
            value: EntryKey(place),
            warning,
            withheld,
        }
    }

    /// A statement has ended.
    pub fn finish(&self, key: EntryKey, ended: &Ended) -> Noted<()> {
        let mut inner = self.lock();
        match key.0 {
            Place::File(id) => plainly((), inner.write(|record| record.finish(id, ended)).1),
            Place::Memory(place) => {
                let at = place.checked_sub(inner.forgotten);
                if let Some(entry) = at.and_then(|at| inner.memory.get_mut(at)) {
                    entry.status = ended.status;
                    entry.started_ms = ended.started_ms;
                    entry.completed_ms = ended.completed_ms;
                    entry.waited_ms = ended.waited_ms;
                }
                plainly((), None)
            }
        }
    }

    /// The newest entries of all shells, newest first, repetitions folded; with this shell's own
    /// that are in no file.
    pub fn recent(&self, limit: usize) -> Noted<Vec<Entry>> {
        self.lock()
            .newest(limit, |_| true, |record| record.recent(limit))
    }

    /// The newest entries whose code has the text, in any case.
    pub fn search(&self, text: &str, limit: usize) -> Noted<Vec<Entry>> {
        let lower = text.to_lowercase();
        let wanted = |entry: &Entry| entry.code.to_lowercase().contains(&lower);
        self.lock()
            .newest(limit, wanted, |record| record.search(text, limit))
    }

    /// An entry was typed. One that looks like it holds a credential is not written down.
    pub fn typed(&self, typed: &Typed<'_>) -> Noted<()> {
        let withheld = looks_secret(typed.text);
        let warning = match withheld {
            Some(_) => None,
            None => self.lock().write(|record| record.typed(typed)).1,
        };
        Noted {
            withheld,
            ..plainly((), warning)
        }
    }

    /// The newest entries that were typed in any shell, newest last; none without a file.
    pub fn recall(&self, limit: usize) -> Noted<Vec<Recalled>> {
        let (entries, warning) = self.lock().read(|record| record.recall(limit));
        plainly(entries.unwrap_or_default(), warning)
    }

    /// A session is about to be asked for; call before the creation is sent.
    pub fn creating(&self, creating: &Creating<'_>) -> Noted<JournalKey> {
        let (key, warning) = self.lock().keep(|record| record.creating(creating));
        plainly(JournalKey(key), warning)
    }

    /// The server has made it.
    pub fn created(&self, key: JournalKey, session: &str, heartbeat_s: Option<u32>) -> Noted<()> {
        self.in_journal(key, |record, key| record.created(key, session, heartbeat_s))
    }

    /// It is to outlive this process, or no longer.
    pub fn keep(&self, key: JournalKey, kept: bool) -> Noted<()> {
        self.in_journal(key, |record, key| record.keep(key, kept))
    }

    /// It is gone.
    pub fn deleted(&self, key: JournalKey, time_ms: i64) -> Noted<()> {
        self.in_journal(key, |record, key| record.deleted(key, time_ms))
    }

    /// A session of [`Self::left_behind`] is gone.
    pub fn forget(&self, session: &OwnSession, time_ms: i64) -> Noted<()> {
        self.deleted(JournalKey(Some(session.key)), time_ms)
    }

    /// The sessions of ours that are not known to be gone, oldest first; none without a file.
    pub fn own_sessions(&self) -> Noted<Vec<OwnSession>> {
        let (sessions, warning) = self.lock().read(Record::own_sessions);
        plainly(sessions.unwrap_or_default(), warning)
    }

    /// Takes a session over, as [`Record::adopt`]; the key with which it is its new owner's.
    pub fn adopt(&self, session: &OwnSession, new: &Owner) -> Noted<Option<JournalKey>> {
        let (taken, warning) = self.lock().keep(|record| record.adopt(session, new));
        let key = taken
            .unwrap_or(false)
            .then_some(JournalKey(Some(session.key)));
        plainly(key, warning)
    }

    /// The sessions that nobody looks after any more; `lives` as in [`Record::left_behind`].
    pub fn left_behind(&self, lives: impl Fn(&Owner) -> bool) -> Noted<Vec<OwnSession>> {
        let (sessions, warning) = self.lock().read(|record| record.left_behind(lives));
        plainly(sessions.unwrap_or_default(), warning)
    }

    fn in_journal(
        &self,
        key: JournalKey,
        write: impl FnOnce(&Record, i64) -> Result<(), RecordError>,
    ) -> Noted<()> {
        let warning = key
            .0
            .and_then(|key| self.lock().keep(|record| write(record, key)).1);
        plainly((), warning)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves nothing half done here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            writes: Writes::No,
            file: None,
            warned: Vec::new(),
            memory: Vec::new(),
            forgotten: 0,
        }
    }

    /// Opens the file. One that another program holds is tried again, at the first write after a while.
    fn reopen(&mut self) -> Option<Warning> {
        match Record::open(&self.path) {
            Ok(record) => {
                self.file = Some(record);
                self.writes = Writes::Yes;
                None
            }
            Err(error) => self.trouble(error),
        }
    }

    fn trouble(&mut self, error: RecordError) -> Option<Warning> {
        match error {
            // A shell that waits for a lock at every statement is no shell.
            RecordError::Locked => {
                self.writes = Writes::NotBefore(Instant::now() + AFTER_A_LOCK);
            }
            // Such a file can still be read.
            RecordError::Full | RecordError::ReadOnly => self.writes = Writes::No,
            _ => {
                self.writes = Writes::No;
                self.file = None;
            }
        }
        self.warn(error)
    }

    fn write<T>(
        &mut self,
        write: impl FnOnce(&Record) -> Result<T, RecordError>,
    ) -> (Option<T>, Option<Warning>) {
        match self.writes {
            Writes::No => return (None, None),
            Writes::NotBefore(moment) if Instant::now() < moment => return (None, None),
            Writes::NotBefore(_) if self.file.is_none() => {
                let warning = self.reopen();
                if self.file.is_none() {
                    return (None, warning);
                }
            }
            Writes::Yes | Writes::NotBefore(_) => self.writes = Writes::Yes,
        }
        self.read(write)
    }

    /// [`Inner::write`] for the journal: a row that is not written, or not struck off, is worth a wait, and a try also
    /// soon after a lock.
    fn keep<T>(
        &mut self,
        write: impl FnOnce(&Record) -> Result<T, RecordError>,
    ) -> (Option<T>, Option<Warning>) {
        let locked = matches!(self.writes, Writes::NotBefore(_));
        let patience = if locked { PATIENCE } else { FOR_THE_JOURNAL };
        if locked && self.file.is_some() {
            self.writes = Writes::Yes;
        }
        self.write(|record| record.waiting(patience, write))
    }

    fn read<T>(
        &mut self,
        read: impl FnOnce(&Record) -> Result<T, RecordError>,
    ) -> (Option<T>, Option<Warning>) {
        let Some(record) = &self.file else {
            return (None, None);
        };
        match read(record) {
            Ok(value) => (Some(value), None),
            Err(error) => (None, self.trouble(error)),
        }
    }

    fn warn(&mut self, error: RecordError) -> Option<Warning> {
        let kind = std::mem::discriminant(&error);
        if self.warned.contains(&kind) {
            return None;
        }
        self.warned.push(kind);
        let path = self.path.clone();
        Some(Warning { path, error })
    }

    fn remember(&mut self, sent: &Sent<'_>) -> usize {
        if self.memory.len() == REMEMBERED {
            self.memory.remove(0);
            self.forgotten += 1;
        }
        self.memory.push(Entry {
            id: None,
            time_ms: sent.time_ms,
            server: sent.server.to_owned(),
            session: sent.session.map(str::to_owned),
            session_name: sent.session_name.map(str::to_owned),
            number: sent.number,
            kind: sent.kind.to_owned(),
            code: sent.code.to_owned(),
            status: Status::Sent,
            started_ms: None,
            completed_ms: None,
            waited_ms: None,
        });
        self.forgotten + self.memory.len() - 1
    }

    fn newest(
        &mut self,
        limit: usize,
        wanted: impl Fn(&Entry) -> bool,
        from_file: impl FnOnce(&Record) -> Result<Vec<Entry>, RecordError>,
    ) -> Noted<Vec<Entry>> {
        let (in_file, warning) = self.read(from_file);
        let mut entries: Vec<Entry> = self
            .memory
            .iter()
            .rev()
            .filter(|e| wanted(e))
            .cloned()
            .collect();
        entries.extend(in_file.unwrap_or_default());
        // Stable: of one millisecond, memory's own order and the file's stay.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
        entries.dedup_by(|later, kept| later.code == kept.code && later.kind == kept.kind);
        entries.truncate(limit);
        plainly(entries, warning)
    }
}

fn plainly<T>(value: T, warning: Option<Warning>) -> Noted<T> {
    Noted {
        value,
        warning,
        withheld: None,
    }
}

#[cfg(test)]
mod tests;
