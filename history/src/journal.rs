//! The journal of the sessions that we made, so that none is left behind.

use std::time::Duration;

use rusqlite::{Row, params};

use crate::schema::PATIENCE;
use crate::{Record, RecordError};

/// The process that made a session. A pid alone is used again; with its start it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The machine's name: homes are shared between machines.
    pub host: String,
    /// The process's number.
    pub pid: u32,
    /// When the process began, in any form that stays the same for its life.
    pub process_start: String,
    /// The name of a file that the process holds a lock on as long as it lives: what tells two
    /// containers apart that share a home, a host's name and a pid.
    pub lock: Option<String>,
}

/// A session that is about to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creating<'a> {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The server's URL.
    pub server: &'a str,
    /// The session's unique name: the only thing known of it when the answer is lost.
    pub name: &'a str,
    /// Who makes it.
    pub owner: &'a Owner,
    /// Whether it is to outlive its owner on purpose.
    pub kept: bool,
    /// What it was made with, in a form that is the same for the same wishes; for [`Record::adopt`].
    pub options: Option<&'a str>,
}

/// A session that we made and that is not known to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// Its number in the journal, for [`Record::deleted`].
    pub key: i64,
    /// When it was asked for, in milliseconds since 1970.
    pub time_ms: i64,
    /// The server's URL.
    pub server: String,
    /// Its unique name.
    pub name: String,
    /// Its id; none when the answer to its creation never came.
    pub session: Option<String>,
    /// Seconds until the server ends it by itself; none when it has no heartbeat.
    pub heartbeat_s: Option<u32>,
    /// Whether it was kept on purpose.
    pub kept: bool,
    /// What it was made with, as [`Creating::options`].
    pub options: Option<String>,
    /// Who made it, or took it over.
    pub owner: Owner,
}

const COLUMNS: &str = "id, time_ms, server, name, session, heartbeat_s, kept, options, host, pid, process_start, owner_lock";

impl Record {
    /// Does some work of the journal's, and waits for another program's lock for so long: one that forces its row to a
    /// busy disk may hold it for a second.
    pub(crate) fn waiting<T>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Self) -> Result<T, RecordError>,
    ) -> Result<T, RecordError> {
        self.connection.busy_timeout(patience)?;
        let done = work(self);
        let _ = self.connection.busy_timeout(PATIENCE);
        done
    }

    /// Writes a session down before its creation is sent; returns its number in the journal. It is on the disk then:
    /// a power cut that follows leaves a session behind, which the next start can tell of.
    pub fn creating(&self, creating: &Creating<'_>) -> Result<i64, RecordError> {
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let written = self.insert(creating);
        // where that fails, more is brought to the disk than need be
        let _ = self.connection.pragma_update(None, "synchronous", "NORMAL");
        written
    }

    fn insert(&self, creating: &Creating<'_>) -> Result<i64, RecordError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO sessions
                 (time_ms, server, name, host, pid, process_start, owner_lock, kept, options)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        Ok(insert.insert(params![
            creating.time_ms,
            creating.server,
            creating.name,
            creating.owner.host,
            creating.owner.pid,
            creating.owner.process_start,
            creating.owner.lock,
            creating.kept,
            creating.options
        ])?)
    }

    /// The server has made it: its id, and the heartbeat that was asked for.
    pub fn created(
        &self,
        key: i64,
        session: &str,
        heartbeat_s: Option<u32>,
    ) -> Result<(), RecordError> {
        let mut update = self
            .connection
            .prepare_cached("UPDATE sessions SET session = ?2, heartbeat_s = ?3 WHERE id = ?1")?;
        update.execute(params![key, session, heartbeat_s])?;
        Ok(())
    }

    /// It is to outlive its owner, or no longer.
    pub fn keep(&self, key: i64, kept: bool) -> Result<(), RecordError> {
        let mut update = self
            .connection
            .prepare_cached("UPDATE sessions SET kept = ?2 WHERE id = ?1")?;
        update.execute(params![key, kept])?;
        Ok(())
    }

    /// Takes a session over from an owner that is gone: true when it is `new`'s now, false when another
    /// process was faster, or the session is no longer there. Of many who try, one gets it.
    pub fn adopt(&self, session: &OwnSession, new: &Owner) -> Result<bool, RecordError> {
        let old = &session.owner;
        let mut update = self.connection.prepare_cached(
            "UPDATE sessions SET host = ?2, pid = ?3, process_start = ?4, owner_lock = ?5
             WHERE id = ?1 AND deleted_ms IS NULL
                 AND host = ?6 AND pid = ?7 AND process_start = ?8 AND owner_lock IS ?9",
        )?;
        let changed = update.execute(params![
            session.key,
            new.host,
            new.pid,
            new.process_start,
            new.lock,
            old.host,
            old.pid,
            old.process_start,
            old.lock
        ])?;
        Ok(changed == 1)
    }

    /// It is gone: deleted by us, refused by the server, or found to be gone. At `time_ms`.
    pub fn deleted(&self, key: i64, time_ms: i64) -> Result<(), RecordError> {
        let mut update = self
            .connection
            .prepare_cached("UPDATE sessions SET deleted_ms = ?2 WHERE id = ?1")?;
        update.execute(params![key, time_ms])?;
        Ok(())
    }

    /// The sessions of ours that are not known to be gone, oldest first.
    pub fn own_sessions(&self) -> Result<Vec<OwnSession>, RecordError> {
        let query = format!("SELECT {COLUMNS} FROM sessions WHERE deleted_ms IS NULL ORDER BY id");
        let mut select = self.connection.prepare_cached(&query)?;
        let rows = select.query_map([], own_session)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The sessions that nobody looks after any more: not gone, not kept on purpose, and their
    /// owner does not live. `lives` must say true when in doubt, as for a process of another host.
    pub fn left_behind(
        &self,
        lives: impl Fn(&Owner) -> bool,
    ) -> Result<Vec<OwnSession>, RecordError> {
        let mut sessions = self.own_sessions()?;
        sessions.retain(|session| !session.kept && !lives(&session.owner));
        Ok(sessions)
    }
}

fn own_session(row: &Row<'_>) -> rusqlite::Result<OwnSession> {
    Ok(OwnSession {
        key: row.get(0)?,
        time_ms: row.get(1)?,
        server: row.get(2)?,
        name: row.get(3)?,
        session: row.get(4)?,
        heartbeat_s: row.get(5)?,
        kept: row.get(6)?,
        options: row.get(7)?,
        owner: Owner {
            host: row.get(8)?,
            pid: row.get(9)?,
            process_start: row.get(10)?,
            lock: row.get(11)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(pid: u32) -> Owner {
        Owner {
            host: "here".into(),
            pid,
            process_start: "123".into(),
            lock: None,
        }
    }

    fn creating<'a>(name: &'a str, owner: &'a Owner) -> Creating<'a> {
        Creating {
            time_ms: 1,
            server: "https://h/livy",
            name,
            owner,
            kept: false,
            options: None,
        }
    }

    fn names(sessions: &[OwnSession]) -> Vec<&str> {
        sessions
            .iter()
            .map(|session| session.name.as_str())
            .collect()
    }

    #[test]
    fn a_session_is_known_from_before_its_creation_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("record.sqlite")).unwrap();
        let me = owner(1);
        let key = record.creating(&creating("livysh-a", &me)).unwrap();
        let dead = |_: &Owner| false;
        assert_eq!(record.left_behind(dead).unwrap()[0].session, None);
        record.created(key, "42", Some(600)).unwrap();
        let left = record.left_behind(dead).unwrap();
        assert_eq!(
            (left[0].session.as_deref(), left[0].heartbeat_s),
            (Some("42"), Some(600))
        );
        assert_eq!((&left[0].owner, left[0].key), (&me, key));
        record.deleted(key, 2).unwrap();
        assert!(record.left_behind(dead).unwrap().is_empty());
        assert!(record.own_sessions().unwrap().is_empty());
    }

    #[test]
    fn living_owners_and_kept_sessions_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(&folder.path().join("record.sqlite")).unwrap();
        let (alive, gone) = (owner(1), owner(2));
        record.creating(&creating("of-the-living", &alive)).unwrap();
        record.creating(&creating("left", &gone)).unwrap();
        let kept = record.creating(&creating("kept", &gone)).unwrap();
        record.keep(kept, true).unwrap();
        let left = record.left_behind(|owner| *owner == alive).unwrap();
        assert_eq!(names(&left), ["left"]);
        assert_eq!(
            names(&record.own_sessions().unwrap()),
            ["of-the-living", "left", "kept"]
        );
    }

    #[test]
    fn of_two_who_take_a_session_over_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let (first, second) = (Record::open(&path).unwrap(), Record::open(&path).unwrap());
        let mut locked = owner(1);
        locked.lock = Some("a.lock".into());
        for gone in [owner(1), locked] {
            let made = Creating {
                options: Some("sql"),
                kept: true,
                ..creating("reused", &gone)
            };
            let key = first.creating(&made).unwrap();
            let seen = first.own_sessions().unwrap().pop().unwrap();
            assert_eq!(seen.options.as_deref(), Some("sql"));
            assert!(first.adopt(&seen, &owner(2)).unwrap());
            assert!(!second.adopt(&seen, &owner(3)).unwrap());
            let taken = second.own_sessions().unwrap().pop().unwrap();
            assert_eq!((taken.owner.pid, taken.kept), (2, true));
            first.deleted(key, 5).unwrap();
            assert!(!second.adopt(&taken, &owner(3)).unwrap());
        }
    }
}
