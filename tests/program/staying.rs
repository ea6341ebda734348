//! What is left in a session that stays: no statement of ours runs there for nobody.
use rustix::process::Signal;
use serde_json::json;

use super::shell::{enter, leave_behind, shell};
use super::support::{Gate, Reply};
use super::*;

const SEND: &str = "POST /sessions/0/statements";
const LOOK: &str = "GET /sessions/0/statements/0";
const CANCEL: &str = "POST /sessions/0/statements/0/cancel";

/// A session that stays, each way, in which a statement hangs.
fn hanging(livy: &Livy, home: &Home, way: &str, more: &[&str]) -> run::Started {
    let url = livy.url();
    let mut arguments = vec!["-e", "hang", "-e", "never", &url, way];
    if way == "--attach" {
        livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
        arguments.push("0");
    }
    let started = home.livysh(&[&arguments, more].concat()).start();
    livy.until_after(SEND, LOOK);
    started
}

#[test]
fn a_signal_cancels_the_statement_in_a_session_that_stays_and_names_it() {
    for way in ["--keep", "--reuse", "--attach"] {
        for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
            let (livy, home) = (Livy::new(), Home::new());
            let started = hanging(&livy, &home, way, &[]);
            started.signal(signal);
            started
                .end()
                .exits(code)
                .says(&["statement 0 of session 0 is cancelled"])
                .hides("it ends when its session does");
            assert_eq!(livy.asked(CANCEL), 1, "{way}");
            assert_eq!(livy.counts().2, 1, "{way}: the session stays");
            assert_eq!(livy.submitted(), ["hang"]);
        }
    }
}

#[test]
fn a_signal_that_meets_a_submission_waits_a_moment_for_what_is_to_be_cancelled() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        SEND => Fault::Late(Duration::from_millis(200)),
        _ => Fault::None,
    });
    let home = Home::new();
    let started = home.livysh(&["-e", "hang", &livy.url(), "--keep"]).start();
    livy.until(SEND);
    started.signal(Signal::TERM);
    started
        .end()
        .exits(143)
        .says(&["statement 0 of session 0 is cancelled"]);
    assert_eq!(livy.asked(CANCEL), 1);
}

/// Nobody ever answers a submission, which is held until this is dropped.
fn silent() -> (Livy, Gate) {
    let held = Gate::default();
    let gate = held.clone();
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SEND => Fault::Held(gate.clone()),
        _ => Fault::None,
    });
    (livy, held)
}

#[test]
fn what_has_no_id_when_a_session_is_left_is_said_once_with_the_way_to_look() {
    let ((livy, held), home) = (silent(), Home::new());
    let started = home.livysh(&["-e", "hang", &livy.url(), "--keep"]).start();
    livy.until(SEND);
    started.signal(Signal::TERM);
    let look = format!("`livysh sessions statements 0 {}/` shows", livy.url());
    let ended = started.end().exits(143).says(&[
        "not waited for any longer: it may or may not have reached the server",
        &look,
    ]);
    ended.hides("a statement that was being sent");
    held.open();
    assert_eq!(livy.counts(), (1, 0, 1), "the session stays");
}

#[test]
fn a_shell_that_is_ended_while_a_statement_has_no_id_names_the_session_that_may_have_it() {
    let ((livy, held), home) = (silent(), Home::new());
    let mut pty = shell(&livy, &home, &["--keep"]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "hang");
    livy.until(SEND);
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    pty.drain();
    held.open();
    let screen = pty.screen().replace('\n', " ");
    assert!(
        screen.contains("a statement that was being sent may have reached session 0, which stays"),
        "{screen}"
    );
    assert_eq!(livy.counts().1, 0, "the session stays");
}

#[test]
fn the_time_limit_says_what_no_cancel_reaches_and_how_to_look_at_it() {
    let (livy, home) = (Livy::answering(|_, _| Ran::Spins), Home::new());
    let started = hanging(&livy, &home, "--keep", &["--timeout", "3"]);
    let look = format!("`livysh sessions statements 0 {}/` shows it", livy.url());
    started
        .end()
        .exits(1)
        .says(&["statement 0 may still run in session 0, which stays", &look])
        .hides("it ends when its session does");
    assert_eq!(livy.asked(CANCEL), 1, "once");
    assert_eq!(livy.counts(), (1, 0, 1));
}

#[test]
fn a_cancel_that_is_not_answered_holds_no_way_out_up() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        CANCEL => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    let started = hanging(&livy, &home, "--keep", &[]);
    started.signal(Signal::TERM);
    started
        .end()
        .exits(143)
        .says(&["statement 0 may still run in session 0, which stays"])
        .hides("no answer within 30 s");
    assert_eq!(livy.asked(CANCEL), 1);
}

#[test]
fn a_shell_that_is_ended_cancels_what_it_waits_for_and_not_what_was_left_behind() {
    let (livy, home) = (Livy::answering(|_, _| Ran::Spins), Home::new());
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    leave_behind(&mut pty, "left");
    // where a statement was left, the prompt ends by no Ctrl-D that comes with it
    enter(&mut pty, ":timing");
    pty.wait_until("the next prompt", |screen| {
        screen.contents().matches("pyspark 2>").count() == 2
    });
    pty.send("\x04");
    pty.wait_for("which stays: it goes on there");
    enter(&mut pty, "waited for");
    livy.until("GET /sessions/0/statements/1");
    pty.wait_for("Ctrl-C cancels");
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    assert_eq!(livy.asked(CANCEL), 1, "by the user");
    assert_eq!(livy.asked("POST /sessions/0/statements/1/cancel"), 1);
    pty.drain();
    let screen = pty.screen().replace('\n', " ");
    assert!(screen.contains("statement 1 may still run"), "{screen}");
}
