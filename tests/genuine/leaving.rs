//! Every way out deletes the session.
use std::io::{BufRead, BufReader};

use rustix::process::{Pid, kill_process};

use super::window::Window;
use super::*;

/// When the way out is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Starting,
    Idle,
    Running,
}

const LOOP: &str = "import time; [time.sleep(0.1) for _ in range(10**6)]";

/// A shell in that state.
fn shell_while(livy: &Genuine, home: &Home, when: When) -> Pty {
    let mut pty = shell(home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    until("a session is there", || !raw::sessions(livy).is_empty());
    match when {
        When::Starting => {}
        When::Idle => until("it is idle", || raw::state(livy) == "idle"),
        When::Running => {
            enter(&mut pty, LOOP);
            pty.wait_for("running (Ctrl-C cancels)");
        }
    }
    pty
}

#[track_caller]
fn leaves(livy: &Genuine, mut pty: Pty, code: u32, what: &str) {
    assert_eq!(pty.exit_code(), code, "{what}: {}", pty.screen());
    pty.drain();
    let screen = pty.screen();
    assert!(!screen.contains("may still be there"), "{what}: {screen}");
    assert_eq!(raw::sessions(livy).len(), 0, "{what}");
    livy.until_childless();
}

#[test]
fn keys_leave_an_idle_and_a_starting_shell_and_nothing_is_left() {
    let livy = Genuine::bare(&[]);
    for (when, keys, code) in [
        (When::Idle, "\x04", 0),
        (When::Idle, ":quit\r", 0),
        (When::Starting, "\x04", 0),
        (When::Starting, "\x03", 130),
    ] {
        let home = Home::new();
        let mut pty = shell_while(&livy, &home, when);
        pty.send(keys);
        leaves(&livy, pty, code, &format!("{keys:?} while {when:?}"));
    }
}

#[test]
fn term_and_hup_leave_a_shell_in_each_state_and_nothing_is_left() {
    let livy = Genuine::bare(&[]);
    for (when, sent, code) in [
        (When::Starting, Signal::TERM, 143),
        (When::Idle, Signal::TERM, 143),
        (When::Running, Signal::TERM, 143),
        (When::Starting, Signal::HUP, 129),
        (When::Idle, Signal::HUP, 129),
        (When::Running, Signal::HUP, 129),
    ] {
        let home = Home::new();
        let pty = shell_while(&livy, &home, when);
        pty.signal(sent);
        leaves(&livy, pty, code, &format!("{sent:?} while {when:?}"));
    }
}

#[test]
fn a_signal_while_the_session_is_being_deleted_does_not_keep_it() {
    let livy = Genuine::bare(&[]);
    for (sent, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = Home::new();
        let mut pty = shell_while(&livy, &home, When::Idle);
        pty.send("\x04");
        // the delete takes a while; where it is over already, the program has ended well
        let pid = Pid::from_raw(i32::try_from(pty.pid()).unwrap()).unwrap();
        let _ = kill_process(pid, sent);
        let ended = pty.exit_code();
        assert!([0, code].contains(&ended), "{sent:?}: {ended}");
        assert_eq!(raw::sessions(&livy).len(), 0, "{sent:?}");
        livy.until_childless();
    }
}

#[test]
fn a_script_that_fails_or_is_ended_by_a_signal_leaves_nothing() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    home.livysh(&[&livy.url, "-e", "1/0", "-e", "2"])
        .run()
        .exits(1)
        .says(&["ZeroDivisionError"]);
    nothing_left(&livy);
    for (sent, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let started = home.livysh(&[&livy.url, "-e", LOOP]).start();
        // a session may be busy before it has one
        until("the statement runs", || raw::statement(&livy) == "running");
        started.signal(sent);
        if sent == Signal::INT {
            // the first cancels, which reaches no loop; the second stops waiting
            let cancelled = || raw::statement(&livy) == "cancelling";
            until("it is being cancelled", cancelled);
            started.signal(sent);
        }
        started.end().exits(code);
        nothing_left(&livy);
    }
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let started = home.livysh(&[&livy.url, "-e", "1"]).start();
        until("a session is there", || !raw::sessions(&livy).is_empty());
        started.signal(sent);
        started.end().exits(code).prints("");
        nothing_left(&livy);
    }
}

#[test]
fn a_closed_window_a_pipe_that_nobody_reads_and_a_bug_of_our_own_leave_nothing() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let home = Home::new();

    let mut window = Window::open(&home, &[&livy.url]);
    window.wait_for("pyspark 1>");
    window.enter(LOOP);
    window.wait_for("running (Ctrl-C cancels)");
    until("the statement runs", || raw::statement(&livy) == "running");
    window.close();
    assert_eq!(window.exit_code(), 129);
    nothing_left(&livy);

    // as `| head -1` does
    let (go, third) = (home.path("go"), home.path("third"));
    let waits = format!(
        "import os, time\nwhile not os.path.exists('{}'): time.sleep(0.05)\nprint(2)",
        go.display()
    );
    let marks = format!("open('{}', 'w').close()", third.display());
    let script = ["-e", "print(1)", "-e", &waits, "-e", &marks, &livy.url];
    let mut started = home.livysh(&script).start();
    let mut first = String::new();
    let mut out = BufReader::new(started.child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    assert_eq!(first, "1\n");
    home.write("go", "");
    started.end().exits(0).silent();
    // what is to be done is done, whoever reads
    assert!(third.exists());
    nothing_left(&livy);

    #[cfg(target_os = "linux")]
    {
        std::fs::remove_file(&go).unwrap();
        let bug = bug::Bug::new(&home);
        let started = bug.within(home.livysh(&["-e", &waits, &livy.url])).start();
        until("the statement runs", || raw::statement(&livy) == "running");
        bug.shows();
        home.write("go", "");
        let ended = started.end();
        assert_eq!(ended.code(), Some(1), "{}", ended.err);
        ended.says(&["a bug of its own", "deletes its session"]);
        nothing_left(&livy);
    }
}
