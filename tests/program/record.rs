//! A record that cannot be used never stops a run.
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::shell::{enter, shell};
use super::*;

const RECORD: &str = "livysh/data/record.sqlite";

/// The run goes well, and what is wrong is said once.
#[track_caller]
fn goes_on(home: &Home, said: &str) {
    let livy = Livy::new();
    let run = [
        "--continue",
        "-e",
        "1 + 1",
        "-e",
        "raise",
        "-e",
        "three",
        &livy.url(),
    ];
    let ended = home
        .livysh(&run)
        .run()
        .exits(1)
        .prints("2\nthree\n")
        .says(&[said, "ValueError: boom"]);
    assert_eq!(ended.err.matches("livysh: ").count(), 1, "{}", ended.err);
    livy.assert_clean();
}

/// A home with a record of one run.
fn used() -> Home {
    let (livy, home) = (Livy::new(), Home::new());
    home.livysh(&["-e", "1", &livy.url()])
        .run()
        .exits(0)
        .silent();
    home
}

fn chmod(home: &Home, name: &str, mode: u32) {
    std::fs::set_permissions(home.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn it_is_readable_by_its_owner_only() {
    let home = used();
    let mode = |name: &str| {
        std::fs::metadata(home.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("livysh/data"), mode(RECORD)), (0o700, 0o600));
}

#[test]
fn a_torn_record_is_said_once() {
    let home = used();
    home.write(
        RECORD,
        "this is no database, and longer than a header of one would be",
    );
    chmod(&home, RECORD, 0o600);
    goes_on(&home, "The record");
    home.livysh(&["history"])
        .run()
        .exits(2)
        .says(&["The record".to_lowercase().as_str()]);
}

#[test]
fn a_record_of_a_newer_release_is_left_alone() {
    let home = used();
    let mut bytes = std::fs::read(home.path(RECORD)).unwrap();
    // the user_version of the header
    bytes[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    home.write(RECORD, &bytes);
    chmod(&home, RECORD, 0o600);
    goes_on(&home, "The record");
    assert_eq!(std::fs::read(home.path(RECORD)).unwrap(), bytes);
}

/// A home with a record that cannot be written.
fn unwritable() -> Home {
    let home = used();
    chmod(&home, RECORD, 0o400);
    chmod(&home, "livysh/data", 0o500);
    if std::fs::OpenOptions::new()
        .append(true)
        .open(home.path(RECORD))
        .is_ok()
    {
        // the superuser may write everything: a folder in the file's place is as bad
        chmod(&home, "livysh/data", 0o700);
        std::fs::remove_file(home.path(RECORD)).unwrap();
        std::fs::create_dir(home.path(RECORD)).unwrap();
    }
    home
}

/// Gives the folder back to whoever removes it.
fn writable(home: &Home) {
    chmod(home, "livysh/data", 0o700);
}

#[test]
fn a_record_that_cannot_be_written_is_said_once() {
    let home = unwritable();
    goes_on(&home, "The record");
    writable(&home);
}

/// How a session is called of which no later run knows.
fn unknown(id: u32) -> String {
    format!("livysh: session {id} is not in the record: ")
}

#[test]
fn a_session_that_the_record_does_not_hold_is_said_to_be_so_once() {
    let (livy, home) = (Livy::new(), unwritable());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("livysh: The record");
    for id in 1..=2 {
        pty.wait_for("pyspark 1>");
        livy.until(&format!("GET /sessions/{}", id - 1));
        enter(&mut pty, ":restart");
        pty.wait_for(&unknown(id));
    }
    pty.wait_for("`:sessions clean`");
    enter(&mut pty, ":detach");
    pty.wait_for("session 2 stays");
    pty.wait_for("it is not in the record");
    assert_eq!(pty.leave(), 0);
    let shown = String::from_utf8_lossy(&pty.raw()).into_owned();
    let count = |text: &str| shown.matches(text).count();
    // of the first the record's own trouble has told
    assert_eq!([0, 1, 2].map(|id| count(&unknown(id))), [0, 1, 1]);
    assert_eq!(count("The record"), 1);
    writable(&home);
}

#[test]
fn a_session_that_stays_and_that_no_later_run_finds_is_said_to_be_so() {
    let (livy, home) = (Livy::new(), unwritable());
    let kept = |options: &[&str]| {
        let url = livy.url();
        let arguments = [options, &["-e", "1", &url]].concat();
        home.livysh(&arguments).run().exits(0).err
    };
    let not_found = "neither `--reuse` nor `livysh sessions clean` will find it";
    for (id, options) in [&["--keep"][..], &["--reuse"], &["--no-history", "--keep"]]
        .into_iter()
        .enumerate()
    {
        let said = kept(options);
        let told = format!("{}{not_found}", unknown(u32::try_from(id).unwrap()));
        assert_eq!(said.matches(&told).count(), 1, "{options:?}: {said}");
    }
    assert!(!kept(&[]).contains("not in the record"));
    writable(&home);
    let (livy, home) = (Livy::new(), Home::new());
    let ended = home.livysh(&["--keep", "-e", "1", &livy.url()]).run();
    ended.exits(0).hides("not in the record");
}

#[test]
fn a_folder_that_cannot_be_made_is_said_once() {
    let home = Home::new();
    home.write("livysh/data", "a file in the folder's place");
    goes_on(&home, "nothing is recorded");
    let home = Home::new();
    home.write("livysh", "a file in the home's place");
    let livy = Livy::new();
    home.livysh(&["--no-config", "-e", "1", &livy.url()])
        .run()
        .exits(0)
        .says(&["nothing is recorded"]);
}

#[test]
fn a_record_that_others_can_write_is_neither_read_nor_written() {
    let home = used();
    let bytes = std::fs::read(home.path(RECORD)).unwrap();
    let path = home.path(RECORD).display().to_string();
    for mode in [0o602, 0o620, 0o666] {
        chmod(&home, RECORD, mode);
        goes_on(
            &home,
            &format!("The record {path} can be written by other users"),
        );
        // its code is not shown, either: somebody may have put it there
        home.livysh(&["history"]).run().exits(2).prints("").says(&[
            &path,
            "can be written by other users",
            "chmod 600",
        ]);
        assert_eq!(std::fs::read(home.path(RECORD)).unwrap(), bytes);
    }
}

#[test]
fn a_record_in_a_folder_that_others_can_write_is_neither_read_nor_written() {
    let home = used();
    let bytes = std::fs::read(home.path(RECORD)).unwrap();
    let path = home.path("livysh/data").display().to_string();
    for mode in [0o702, 0o720, 0o777] {
        chmod(&home, "livysh/data", mode);
        goes_on(&home, "nothing is recorded");
        home.livysh(&["-e", "1", "http://127.0.0.1:1"])
            .run()
            .says(&["Other users can write the folder", &path, "chmod go-w"]);
        home.livysh(&["history"]).run().exits(2).prints("").says(&[
            "Other users can write the folder",
            &path,
            "chmod go-w",
        ]);
        assert_eq!(std::fs::read(home.path(RECORD)).unwrap(), bytes);
    }
}

#[test]
fn trouble_that_comes_while_somebody_types_is_told_above_the_prompt() {
    let ready = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&ready);
    let livy = Livy::failing(move |request| {
        while request.line() == "POST /sessions" && !gate.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Fault::None
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("POST /sessions");
    let other = rusqlite::Connection::open(home.path(RECORD)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    pty.send("half");
    pty.wait_for("pyspark 1> half");
    // the session is made, and its place in the journal meets the lock
    ready.store(true, Ordering::SeqCst);
    pty.wait_until("the warning above the prompt", |screen| {
        let text = screen.contents();
        let warned = text
            .lines()
            .any(|line| line.starts_with("livysh: The record"));
        warned && text.trim_end().ends_with("\npyspark 1> half")
    });
    drop(other);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn many_runs_at_once_record_all_that_they_ran() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let runs: Vec<_> = (0..6)
        .map(|n| home.livysh(&["-e", &format!("run {n}"), &url]).start())
        .collect();
    for run in runs {
        run.end().exits(0).silent();
    }
    let ended = home.livysh(&["history", "-o", "ndjson"]).run().exits(0);
    assert_eq!(ended.out.lines().count(), 6, "{}", ended.out);
}
