//! The statements of the record.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{RecordError, schema};

/// The `SQLite` file, open. Many shells can have it open at once.
#[derive(Debug)]
pub struct Record {
    pub(crate) connection: Connection,
}

/// How a statement ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Sent; its end was never recorded, for instance because the program was killed.
    Sent,
    /// It ended well.
    Ok,
    /// It failed.
    Error,
    /// It was cancelled.
    Cancelled,
    /// The server may or may not have run it.
    Unknown,
}

impl Status {
    const ALL: [Self; 5] = [
        Self::Sent,
        Self::Ok,
        Self::Error,
        Self::Cancelled,
        Self::Unknown,
    ];

    /// Its word, as the record and every output has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    fn read(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == word);
        known.unwrap_or(Self::Unknown)
    }
}

/// A statement that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<'a> {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The server's URL, or `local`.
    pub server: &'a str,
    /// The session's id, as text.
    pub session: Option<&'a str>,
    /// The session's name.
    pub session_name: Option<&'a str>,
    /// The shell's own number for the statement.
    pub number: u32,
    /// The language, by Livy's name.
    pub kind: &'a str,
    /// The code, whole.
    pub code: &'a str,
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// The outcome.
    pub status: Status,
    /// When the server began, in milliseconds since 1970 by its clock, where it tells.
    pub started_ms: Option<i64>,
    /// When the server was done, likewise.
    pub completed_ms: Option<i64>,
    /// Our wall time from the first byte of the submission to the parsed result, in milliseconds.
    pub waited_ms: Option<f64>,
}

/// One statement of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number in the record, for `history show`; none when it is not in the file.
    pub id: Option<i64>,
    /// When it was sent, in milliseconds since 1970.
    pub time_ms: i64,
    /// The server's URL, or `local`.
    pub server: String,
    /// The session's id.
    pub session: Option<String>,
    /// The session's name.
    pub session_name: Option<String>,
    /// The shell's own number for the statement.
    pub number: u32,
    /// The language, by Livy's name.
    pub kind: String,
    /// The code, whole.
    pub code: String,
    /// How it ended.
    pub status: Status,
    /// When the server began.
    pub started_ms: Option<i64>,
    /// When the server was done.
    pub completed_ms: Option<i64>,
    /// Our wall time in milliseconds.
    pub waited_ms: Option<f64>,
}

const COLUMNS: &str = "id, time_ms, server, session, session_name, number, kind, code, status, \
                       started_ms, completed_ms, waited_ms";

impl Record {
    /// Opens the file, or makes it (0600; its folder must be there). Waits 0.3 s at most for
    /// others; a file that is damaged or newer than this program is left as it is.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        schema::open(path).map(|connection| Self { connection })
    }

    /// Writes a statement down as sent, before its answer is known; returns its number.
    pub fn begin(&self, sent: &Sent<'_>) -> Result<i64, RecordError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO statements (time_ms, server, session, session_name, number, kind, code, status)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'sent')",
        )?;
        Ok(insert.insert(params![
            sent.time_ms,
            sent.server,
            sent.session,
            sent.session_name,
            sent.number,
            sent.kind,
            sent.code
        ])?)
    }

    /// Writes down how it ended.
    pub fn finish(&self, id: i64, ended: &Ended) -> Result<(), RecordError> {
        let mut update = self.connection.prepare_cached(
            "UPDATE statements SET status = ?2, started_ms = ?3, completed_ms = ?4, waited_ms = ?5
             WHERE id = ?1",
        )?;
        update.execute(params![
            id,
            ended.status.as_str(),
            ended.started_ms,
            ended.completed_ms,
            ended.waited_ms
        ])?;
        Ok(())
    }

    /// The newest entries, newest first. Entries with the same code and kind one after the other
    /// count as one, the newest.
    pub fn recent(&self, limit: usize) -> Result<Vec<Entry>, RecordError> {
        self.newest(limit, |_| true)
    }

    /// The newest entries whose code has the text, in any case; newest first, folded likewise.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Entry>, RecordError> {
        let text = text.to_lowercase();
        // In Rust, not in SQL: SQLite knows the case of ASCII letters only.
        self.newest(limit, |entry| entry.code.to_lowercase().contains(&text))
    }

    fn newest(
        &self,
        limit: usize,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Vec<Entry>, RecordError> {
        let query = format!("SELECT {COLUMNS} FROM statements ORDER BY id DESC");
        let mut select = self.connection.prepare_cached(&query)?;
        let mut found: Vec<Entry> = Vec::new();
        let mut rows = select.query([])?;
        while found.len() < limit {
            let Some(row) = rows.next()? else { break };
            let entry = entry(row)?;
            let again = found
                .last()
                .is_some_and(|last| last.code == entry.code && last.kind == entry.kind);
            if !again && wanted(&entry) {
                found.push(entry);
            }
        }
        Ok(found)
    }

    /// One entry by its number in the record.
    pub fn show(&self, id: i64) -> Result<Option<Entry>, RecordError> {
        let query = format!("SELECT {COLUMNS} FROM statements WHERE id = ?1");
        let mut select = self.connection.prepare_cached(&query)?;
        Ok(select.query_row([id], entry).optional()?)
    }

    /// Hands on every entry, oldest first, nothing folded, until one is answered with false.
    pub fn export(&self, mut take: impl FnMut(Entry) -> bool) -> Result<(), RecordError> {
        let query = format!("SELECT {COLUMNS} FROM statements ORDER BY id");
        let mut select = self.connection.prepare_cached(&query)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if !take(entry(row)?) {
                break;
            }
        }
        Ok(())
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: Some(row.get(0)?),
        time_ms: row.get(1)?,
        server: row.get(2)?,
        session: row.get(3)?,
        session_name: row.get(4)?,
        number: row.get(5)?,
        kind: row.get(6)?,
        code: row.get(7)?,
        status: Status::read(&row.get::<_, String>(8)?),
        started_ms: row.get(9)?,
        completed_ms: row.get(10)?,
        waited_ms: row.get(11)?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tempfile::TempDir;

    pub(crate) fn sent(code: &str) -> Sent<'_> {
        Sent {
            time_ms: 1_700_000_000_000,
            server: "https://h/livy",
            session: Some("7"),
            session_name: Some("livysh-a"),
            number: 3,
            kind: "pyspark",
            code,
        }
    }

    fn record() -> (TempDir, Record) {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("record.sqlite")).unwrap();
        (folder, record)
    }

    fn codes(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.code.as_str()).collect()
    }

    #[test]
    fn a_statement_is_there_as_sent_before_it_ends_and_whole_after() {
        let (folder, record) = record();
        let id = record.begin(&sent("x = '''\n\u{0}é\n'''")).unwrap();
        let other = Record::open(&folder.path().join("record.sqlite")).unwrap();
        assert_eq!(other.show(id).unwrap().unwrap().status, Status::Sent);
        let ended = Ended {
            status: Status::Cancelled,
            started_ms: Some(5),
            completed_ms: None,
            waited_ms: Some(12.5),
        };
        record.finish(id, &ended).unwrap();
        let entry = other.show(id).unwrap().unwrap();
        assert_eq!(entry.code, "x = '''\n\u{0}é\n'''");
        assert_eq!(
            (entry.status, entry.started_ms, entry.waited_ms),
            (Status::Cancelled, Some(5), Some(12.5))
        );
        assert_eq!((entry.server.as_str(), entry.number), ("https://h/livy", 3));
        assert_eq!(other.show(id + 1).unwrap(), None);
    }

    #[test]
    fn recent_is_newest_first_and_folds_repetitions() {
        let (_folder, record) = record();
        for code in ["a", "b\n  c", "b\n  c", "a", "a"] {
            record.begin(&sent(code)).unwrap();
        }
        assert_eq!(codes(&record.recent(10).unwrap()), ["a", "b\n  c", "a"]);
        assert_eq!(codes(&record.recent(2).unwrap()), ["a", "b\n  c"]);
        assert!(record.recent(0).unwrap().is_empty());
    }

    #[test]
    fn search_finds_inside_words_in_any_case_with_any_signs() {
        let (_folder, record) = record();
        for code in ["df.count()", "SELECT \"Größe\"", "100% _x"] {
            record.begin(&sent(code)).unwrap();
        }
        assert_eq!(codes(&record.search("OUNT", 9).unwrap()), ["df.count()"]);
        assert_eq!(
            codes(&record.search("\"GRÖ", 9).unwrap()),
            ["SELECT \"Größe\""]
        );
        assert_eq!(codes(&record.search("%", 9).unwrap()), ["100% _x"]);
        assert!(record.search("'", 9).unwrap().is_empty());
    }

    #[test]
    fn export_gives_everything_oldest_first_until_it_is_told_to_stop() {
        let (_folder, record) = record();
        for code in ["a", "a", "b"] {
            record.begin(&sent(code)).unwrap();
        }
        let mut all = Vec::new();
        record
            .export(|entry| {
                all.push(entry);
                true
            })
            .unwrap();
        assert_eq!(codes(&all), ["a", "a", "b"]);
        let mut count = 0;
        record
            .export(|_| {
                count += 1;
                false
            })
            .unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn every_status_is_read_as_it_was_written() {
        for status in Status::ALL {
            assert_eq!(Status::read(status.as_str()), status);
        }
        assert_eq!(Status::read("of a later release"), Status::Unknown);
    }
}
