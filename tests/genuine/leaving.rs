//! Every way out deletes the session.
use rustix::process::{Pid, kill_process};

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
