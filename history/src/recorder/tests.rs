use super::*;
use crate::record::tests::sent;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::time::{Duration, Instant};

const ENDED: Ended = Ended {
    status: Status::Ok,
    started_ms: None,
    completed_ms: None,
    waited_ms: Some(1.0),
};

fn codes(recorder: &Recorder) -> Vec<String> {
    let entries = recorder.recent(100).value;
    entries.into_iter().map(|entry| entry.code).collect()
}

fn at(time_ms: i64, code: &str) -> Sent<'_> {
    Sent {
        time_ms,
        ..sent(code)
    }
}

/// A session is about to be asked for.
fn creating(recorder: &Recorder) -> Noted<JournalKey> {
    let owner = Owner {
        host: "h".to_owned(),
        pid: 1,
        process_start: "1".to_owned(),
        lock: None,
    };
    recorder.creating(&Creating {
        time_ms: 1,
        server: "s",
        name: "n",
        owner: &owner,
        kept: false,
        options: None,
    })
}

#[test]
fn a_good_file_needs_no_warning_and_outlives_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let opened = Recorder::open(&path);
    assert!(opened.warning.is_none());
    let begun = opened.value.begin(&sent("1 + 1"));
    assert!(begun.warning.is_none() && begun.withheld.is_none());
    assert!(opened.value.finish(begun.value, &ENDED).warning.is_none());
    drop(opened);
    let entry = Recorder::open(&path).value.recent(1).value.remove(0);
    assert_eq!((entry.code.as_str(), entry.status), ("1 + 1", Status::Ok));
}

#[test]
fn without_a_file_the_shell_keeps_its_own_history_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    fs::write(&path, b"no database ".repeat(100)).unwrap();
    let opened = Recorder::open(&path);
    let text = opened.warning.unwrap().to_string();
    assert!(
        text.contains("record.sqlite") && text.contains("damaged"),
        "{text}"
    );
    let recorder = opened.value;
    for (time, code) in ["a", "b", "b", "c"].into_iter().enumerate() {
        let begun = recorder.begin(&at(i64::try_from(time).unwrap(), code));
        assert!(begun.warning.is_none());
        assert!(recorder.finish(begun.value, &ENDED).warning.is_none());
    }
    assert_eq!(codes(&recorder), ["c", "b", "a"]);
    assert_eq!(recorder.recent(1).value[0].status, Status::Ok);
    assert_eq!(recorder.search("B", 9).value.len(), 1);
    let key = creating(&recorder).value;
    assert!(recorder.created(key, "1", None).warning.is_none());
    assert!(recorder.left_behind(|_| false).value.is_empty());
}

#[test]
fn a_newer_form_or_a_missing_folder_is_a_warning_not_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let warning = Recorder::open(&path).warning.unwrap();
    assert!(matches!(
        warning.error,
        RecordError::Newer { found: 99, .. }
    ));
    let warning = Recorder::open(&folder.path().join("no/r.sqlite"))
        .warning
        .unwrap();
    assert!(matches!(warning.error, RecordError::Open(_)));
}

#[test]
fn a_lock_is_waited_for_once_and_not_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let recorder = Recorder::open(&path).value;
    let _ = recorder.begin(&at(1, "before"));
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    let begun = recorder.begin(&at(2, "during"));
    assert!(matches!(begun.warning.unwrap().error, RecordError::Locked));
    for time in 3..40 {
        assert!(recorder.begin(&at(time, "later")).warning.is_none());
    }
    // One wait of 0.3 s, not 38; the bound leaves room for a busy machine.
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(codes(&recorder), ["later", "during", "before"]);
    holder.execute_batch("ROLLBACK").unwrap();
    recorder.lock().writes = Writes::NotBefore(Instant::now());
    assert!(recorder.begin(&at(50, "free again")).warning.is_none());
    assert_eq!(recorder.recent(1).value[0].code, "free again");
    assert!(recorder.recent(1).value[0].id.is_some());
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    // A shell that starts now does not hang either: the file's form needs no change.
    assert!(Recorder::open(&path).warning.is_none());
}

#[test]
fn the_journal_waits_for_a_lock_and_tries_again_soon_after_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let recorder = Recorder::open(&path).value;
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let holder = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(600));
        holder.execute_batch("ROLLBACK").unwrap();
        holder
    });
    let created = creating(&recorder);
    assert!(created.warning.is_none());
    assert_eq!(recorder.own_sessions().value.len(), 1);
    let holder = holder.join().unwrap();
    // statements are not tried again for a while
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = recorder.begin(&at(2, "during"));
    assert!(matches!(begun.warning.unwrap().error, RecordError::Locked));
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(recorder.deleted(created.value, 2).warning.is_none());
    assert!(recorder.own_sessions().value.is_empty());
}

#[test]
fn a_lock_on_the_whole_file_does_not_stop_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let opened = Recorder::open(&path);
    assert!(matches!(opened.warning.unwrap().error, RecordError::Locked));
    let recorder = opened.value;
    assert!(recorder.begin(&at(1, "during")).warning.is_none());
    // Still held when it is tried again: that was told.
    recorder.lock().writes = Writes::NotBefore(Instant::now());
    assert!(recorder.begin(&at(2, "still")).warning.is_none());
    holder.execute_batch("ROLLBACK").unwrap();
    recorder.lock().writes = Writes::NotBefore(Instant::now());
    assert!(recorder.begin(&at(3, "free again")).warning.is_none());
    let newest = recorder.recent(1).value.remove(0);
    assert_eq!(newest.code, "free again");
    assert!(newest.id.is_some());
}

#[test]
fn a_full_disk_ends_the_writing_but_not_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let recorder = Recorder::open(&path).value;
    let first = recorder.begin(&at(1, "first"));
    recorder
        .lock()
        .file
        .as_ref()
        .unwrap()
        .connection
        .pragma_update(None, "max_page_count", 1)
        .unwrap();
    let long = "x".repeat(100_000);
    let begun = recorder.begin(&at(2, &long));
    assert!(matches!(begun.warning.unwrap().error, RecordError::Full));
    assert!(recorder.begin(&at(3, "third")).warning.is_none());
    assert!(recorder.finish(first.value, &ENDED).warning.is_none());
    assert_eq!(codes(&recorder), ["third", &long, "first"]);
}

#[test]
fn a_read_only_file_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let writer = Record::open(&path).unwrap();
    writer.begin(&at(1, "old")).unwrap();
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut inner = Inner::new(path);
    inner.file = Some(Record { connection });
    inner.writes = Writes::Yes;
    let recorder = Recorder {
        inner: Mutex::new(inner),
    };
    let begun = recorder.begin(&at(2, "new"));
    assert!(matches!(
        begun.warning.unwrap().error,
        RecordError::ReadOnly
    ));
    assert_eq!(codes(&recorder), ["new", "old"]);
}

#[test]
fn a_file_that_breaks_under_a_running_shell_does_not_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let recorder = Recorder::open(&path).value;
    recorder
        .lock()
        .file
        .as_ref()
        .unwrap()
        .connection
        .execute_batch("DROP TABLE statements")
        .unwrap();
    assert!(recorder.begin(&at(1, "a")).warning.is_some());
    assert!(recorder.begin(&at(2, "b")).warning.is_none());
    assert_eq!(codes(&recorder), ["b", "a"]);
}

#[test]
fn code_with_a_credential_is_in_memory_only_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let recorder = Recorder::open(&path).value;
    let begun = recorder.begin(&at(1, "password = 'hunter2'"));
    assert_eq!(begun.withheld, Some("a password"));
    let _ = recorder.begin(&at(2, "1"));
    assert_eq!(codes(&recorder), ["1", "password = 'hunter2'"]);
    drop(recorder);
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"));
    }
    assert_eq!(codes(&Recorder::open(&path).value), ["1"]);
}

#[test]
fn memory_has_a_bound_and_late_ends_find_their_entry() {
    let recorder = Recorder::in_memory();
    let keys: Vec<EntryKey> = (0..1010)
        .map(|time| recorder.begin(&at(time, &format!("{time}"))).value)
        .collect();
    let _ = recorder.finish(keys[0], &ENDED);
    let _ = recorder.finish(keys[1009], &ENDED);
    let entries = recorder.recent(2000).value;
    assert_eq!(entries.len(), 1000);
    let ended: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.status == Status::Ok)
        .map(|entry| entry.code.as_str())
        .collect();
    assert_eq!(ended, ["1009"]);
}

#[test]
fn what_was_typed_is_recalled_by_the_next_shell_but_for_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let typed = |text| Typed {
        time_ms: 1,
        server: "s",
        kind: "sql",
        text,
    };
    let recorder = Recorder::open(&path).value;
    for text in ["a = 1\nb = 2", ":help"] {
        let noted = recorder.typed(&typed(text));
        assert!(noted.warning.is_none() && noted.withheld.is_none());
    }
    let secret = recorder.typed(&typed(":py password = 'hunter2'\nx = 1"));
    assert!(secret.withheld.is_some());
    let found = Recorder::open(&path).value.recall(9).value;
    let texts: Vec<_> = found.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["a = 1\nb = 2", ":help"]);
    let none = Recorder::in_memory();
    assert!(none.typed(&typed("a")).warning.is_none());
    assert!(none.recall(9).value.is_empty());
}
