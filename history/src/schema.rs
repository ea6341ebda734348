//! Opening the file: its mode, its locks, its form.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::RecordError;

/// How long a shell may wait for another program's lock.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);

/// Step N takes the file from form N to form N + 1. Never change a step that was released.
const STEPS: &[&str] = &[
    "
    CREATE TABLE statements (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        server TEXT NOT NULL,
        session TEXT,
        session_name TEXT,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        code TEXT NOT NULL,
        status TEXT NOT NULL,
        started_ms INTEGER,
        completed_ms INTEGER,
        waited_ms REAL
    ) STRICT;
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        server TEXT NOT NULL,
        name TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        process_start TEXT NOT NULL,
        kept INTEGER NOT NULL,
        session TEXT,
        heartbeat_s INTEGER,
        deleted_ms INTEGER
    ) STRICT;
    CREATE INDEX sessions_alive ON sessions (server) WHERE deleted_ms IS NULL;
",
    // Until now Up-arrow showed the statements, whoever sent them: nobody shall lose them with the step.
    "
    CREATE TABLE typed (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        server TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT;
    INSERT INTO typed (time_ms, server, kind, text)
        SELECT time_ms, server, kind, code FROM statements ORDER BY id;
",
    "
    ALTER TABLE sessions ADD COLUMN owner_lock TEXT;
    ALTER TABLE sessions ADD COLUMN options TEXT;
",
];

/// Opens the file, makes it when it is not there, and brings it to our form.
pub(crate) fn open(path: &Path) -> Result<Connection, RecordError> {
    open_with(path, STEPS)
}

fn open_with(path: &Path, steps: &[&str]) -> Result<Connection, RecordError> {
    make_private(path)?;
    // No URI names: a '?' in a path is a letter.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let deadline = Instant::now() + PATIENCE;
    // Two shells that open a new file at once: SQLite reports some of these collisions without
    // asking the busy handler.
    loop {
        match prepare(&mut connection, steps) {
            Err(RecordError::Locked) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        tighten(&file);
    }
    Ok(connection)
}

fn prepare(connection: &mut Connection, steps: &[&str]) -> Result<(), RecordError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    // Before anything is changed: a newer form stays as it is.
    let found = form(connection)?;
    if found > known {
        return Err(RecordError::Newer { found, known });
    }
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    // A crash of the program loses nothing; a power cut may lose the last entries, not the file. What it may not lose
    // is written with another setting.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if found == known {
        return Ok(());
    }
    bring_up(connection, steps, known)
}

fn bring_up(connection: &mut Connection, steps: &[&str], known: i64) -> Result<(), RecordError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another shell may have been faster, and newer.
    let found = form(&transaction)?;
    if found > known {
        return Err(RecordError::Newer { found, known });
    }
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn form(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Makes the file readable by its owner only, before `SQLite` could make it otherwise.
fn make_private(path: &Path) -> Result<(), RecordError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let writable = fs::metadata(path).is_ok_and(|about| about.mode() & 0o022 != 0);
            if writable {
                Err(RecordError::Writable)
            } else {
                Ok(())
            }
        }
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            Err(RecordError::ReadOnly)
        }
        Err(error) if is_full(&error) => Err(RecordError::Full),
        Err(error) => Err(RecordError::Open(error)),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Takes away what others could do with a file of ours. When that fails the file is another's or
/// the disk is read-only; both show themselves at the first write.
fn tighten(path: &Path) {
    let open = fs::metadata(path).is_ok_and(|about| about.mode() & 0o077 != 0);
    if open {
        drop(fs::set_permissions(path, Permissions::from_mode(0o600)));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn all_three_files_are_their_owners_only_even_when_they_were_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        for _ in 0..2 {
            let connection = open(&path).unwrap();
            connection
                .execute_batch("CREATE TABLE IF NOT EXISTS x (y)")
                .unwrap();
            for ending in ["", "-wal", "-shm"] {
                assert_eq!(mode(&beside(&path, ending)), 0o600, "{ending}");
            }
            drop(connection);
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        }
    }

    #[test]
    fn an_older_form_is_brought_up_and_keeps_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let first = "CREATE TABLE a (x); INSERT INTO a VALUES (7)";
        drop(open_with(&path, &[first]).unwrap());
        let connection =
            open_with(&path, &[first, "ALTER TABLE a ADD COLUMN y DEFAULT 8"]).unwrap();
        let sum: i64 = connection
            .query_row("SELECT x + y FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!((sum, form(&connection).unwrap()), (15, 2));
    }

    #[test]
    fn what_ran_under_the_first_form_can_still_be_recalled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let connection = open_with(&path, &STEPS[..1]).unwrap();
        for code in ["a\n  b", "c"] {
            let insert = "INSERT INTO statements (time_ms, server, number, kind, code, status)
                          VALUES (1, 's', 1, 'sql', ?1, 'ok')";
            connection.execute(insert, [code]).unwrap();
        }
        drop(connection);
        let record = crate::Record::open(&path).unwrap();
        let found = record.recall(9).unwrap();
        let texts: Vec<_> = found.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["a\n  b", "c"]);
    }

    #[test]
    fn a_failing_step_leaves_the_older_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        drop(open_with(&path, &["CREATE TABLE a (x)"]).unwrap());
        let steps = ["", "CREATE TABLE b (x)", "nonsense"];
        assert!(open_with(&path, &steps).is_err());
        let connection = open_with(&path, &["CREATE TABLE a (x)"]).unwrap();
        assert_eq!(form(&connection).unwrap(), 1);
        assert!(connection.execute_batch("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_newer_form_is_left_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE z (x); PRAGMA user_version = 99")
            .unwrap();
        drop(connection);
        let before = fs::read(&path).unwrap();
        assert!(matches!(
            open(&path),
            Err(RecordError::Newer { found: 99, .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_form_that_became_newer_while_we_looked_is_not_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let mut connection =
            open_with(&path, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let late = bring_up(&mut connection, &["CREATE TABLE a (x)"], 1);
        assert!(matches!(
            late,
            Err(RecordError::Newer { found: 2, known: 1 })
        ));
        assert_eq!(form(&connection).unwrap(), 2);
    }

    #[test]
    fn a_torn_file_is_left_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sqlite");
        let garbage = b"this was never a database, and is long enough to look at ".repeat(40);
        fs::write(&path, &garbage).unwrap();
        assert!(matches!(open(&path), Err(RecordError::Torn)));
        assert_eq!(fs::read(&path).unwrap(), garbage);
    }

    #[test]
    fn a_folder_that_is_not_there_is_reported_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(&folder.path().join("no/record.sqlite")).unwrap_err();
        assert!(matches!(error, RecordError::Open(_)));
    }
}
