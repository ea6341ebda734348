//! What was typed at prompts, as it was typed: one entry may be a command, or hold several statements.

use rusqlite::params;

use crate::{Record, RecordError};

/// An entry that was typed at a shell's prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed<'a> {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The server's URL, or `local`.
    pub server: &'a str,
    /// The language at the prompt, by Livy's name.
    pub kind: &'a str,
    /// The text, whole.
    pub text: &'a str,
}

/// An entry that comes back to a line editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// When it was typed, in milliseconds since 1970.
    pub time_ms: i64,
    /// The language at the prompt, by Livy's name.
    pub kind: String,
    /// The text, whole.
    pub text: String,
}

impl Record {
    /// Writes an entry down.
    pub fn typed(&self, typed: &Typed<'_>) -> Result<(), RecordError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO typed (time_ms, server, kind, text) VALUES (?1, ?2, ?3, ?4)",
        )?;
        insert.execute(params![typed.time_ms, typed.server, typed.kind, typed.text])?;
        Ok(())
    }

    /// The newest entries of all shells, oldest of them first. The same text several times one
    /// after the other counts as one.
    pub fn recall(&self, limit: usize) -> Result<Vec<Recalled>, RecordError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT text, time_ms, kind FROM typed ORDER BY id DESC")?;
        let mut found: Vec<Recalled> = Vec::new();
        let mut rows = select.query([])?;
        while found.len() < limit {
            let Some(row) = rows.next()? else { break };
            let text: String = row.get(0)?;
            if found.last().is_none_or(|newer| newer.text != text) {
                found.push(Recalled {
                    time_ms: row.get(1)?,
                    kind: row.get(2)?,
                    text,
                });
            }
        }
        found.reverse();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed<'_> {
        Typed {
            time_ms: 1_700_000_000_000,
            server: "https://h/livy",
            kind: "pyspark",
            text,
        }
    }

    #[test]
    fn the_newest_entries_come_back_whole_and_in_order_and_repetitions_count_once() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("record.sqlite")).unwrap();
        for text in ["old", "a = 1\nb = 2", ":sql select 1", ":help", ":help"] {
            record.typed(&typed(text)).unwrap();
        }
        let found = record.recall(3).unwrap();
        let texts: Vec<_> = found.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["a = 1\nb = 2", ":sql select 1", ":help"]);
        assert_eq!(
            (found[0].time_ms, found[0].kind.as_str()),
            (1_700_000_000_000, "pyspark")
        );
        assert_eq!(record.recall(9).unwrap().len(), 4);
        assert!(record.recall(0).unwrap().is_empty());
    }
}
