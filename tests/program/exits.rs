//! Ways out that are taken from places where nothing seems to listen, and what is told of them.
use std::sync::atomic::{AtomicUsize, Ordering};

use livysh_history::{OwnSession, Recorder};
use rustix::process::Signal;

use super::shell::{enter, shell};
use super::support::Reply;
use super::*;

/// What the journal says is left behind.
pub fn left_behind(home: &Home) -> Vec<OwnSession> {
    let record = Recorder::open(&home.path("livysh/data/record.sqlite")).value;
    record.left_behind(|_| false).value
}

/// A Livy whose creations break off, and whose list is empty for so many looks.
fn surfacing(after: usize) -> Livy {
    let looks = AtomicUsize::new(0);
    Livy::failing(move |request| match request.method.as_str() {
        "POST" if request.target == "/sessions" => Fault::Then(Reply::dropped()),
        "GET" if request.target.starts_with("/sessions?") => {
            if looks.fetch_add(1, Ordering::SeqCst) < after {
                Fault::Instead(Reply::json(200, r#"{"from":0,"total":0,"sessions":[]}"#))
            } else {
                Fault::None
            }
        }
        _ => Fault::None,
    })
}

#[test]
fn a_session_that_surfaces_late_on_the_way_out_is_deleted() {
    let (livy, home) = (surfacing(3), Home::new());
    let started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions?");
    started.signal(Signal::INT);
    started.end().exits(130).silent();
    livy.assert_clean();
    assert!(left_behind(&home).is_empty());
}

#[test]
fn a_creation_that_nobody_confirms_is_told_and_stays_in_the_journal() {
    let (livy, home) = (surfacing(usize::MAX), Home::new());
    let started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions?");
    started.signal(Signal::INT);
    let left = {
        let ended = started
            .end()
            .exits(130)
            .says(&["the creation of session livysh-"]);
        ended.says(&["was not confirmed", "it may still appear"]);
        left_behind(&home)
    };
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].session, None);
}

#[test]
fn a_kill_while_the_session_starts_leaves_its_id_in_the_journal() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let mut started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions/0/log");
    started.signal(Signal::KILL);
    started.child.wait().unwrap();
    let left = left_behind(&home);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].session.as_deref(), Some("0"));
    assert_eq!(left[0].heartbeat_s, Some(600));
}

#[test]
fn a_heartbeat_that_the_server_does_not_know_is_told_and_not_relied_on() {
    let livy = Livy::start(Plan {
        unknown_fields: &["heartbeatTimeoutInSecond"],
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions/0/log");
    assert_eq!(left_behind(&home)[0].heartbeat_s, None);
    started.signal(Signal::INT);
    started
        .end()
        .exits(130)
        .says(&["stays until the server's own idle limit"]);
    livy.assert_clean();
}

#[test]
fn restart_while_a_session_starts_deletes_it_and_closes_its_row() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    enter(&mut pty, ":restart");
    livy.until("GET /sessions/1");
    assert_eq!(livy.asked("DELETE /sessions/0"), 1);
    let left = left_behind(&home);
    assert_eq!(left.len(), 1, "{left:?}");
    pty.send("\x03");
    assert_eq!(pty.exit_code(), 130);
    assert_eq!(livy.counts(), (2, 2, 0));
    assert!(left_behind(&home).is_empty());
}

#[test]
fn a_dead_session_is_deleted_as_soon_as_it_is_known_to_be_dead() {
    let dead = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let gate = std::sync::Arc::clone(&dead);
    let livy = Livy::failing(move |request| {
        if !gate.load(Ordering::SeqCst) || request.method == "DELETE" {
            return Fault::None;
        }
        match request.line().as_str() {
            "POST /sessions/0/statements" => Fault::Instead(Reply::json(
                400,
                r#"{"msg":"requirement failed: Session is in state dead"}"#,
            )),
            "GET /sessions/0/state" => {
                Fault::Instead(Reply::json(200, r#"{"id":0,"state":"dead"}"#))
            }
            _ => Fault::None,
        }
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    dead.store(true, Ordering::SeqCst);
    enter(&mut pty, "2 + 2");
    pty.wait_for("the session is gone");
    livy.until("DELETE /sessions/0");
    // what met the dead session stands in the editor: it goes first
    pty.wait_for("pyspark 3> 2 + 2");
    pty.send("\x03");
    // what is typed before the prompt is there would be held
    std::thread::sleep(moment());
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn the_time_limit_holds_while_the_script_is_still_read() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = home.livysh(&["--timeout", "1", &livy.url()]);
    let ended = run.stdin("1 + 1\n").stdin_stays_open().run();
    ended
        .exits(1)
        .prints("")
        .says(&["the time limit of 1 s is over"]);
    livy.assert_untouched();
}

#[test]
fn a_closed_pipe_hides_no_later_failure() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = ["-e", "one", "-e", "raise", "-e", "never", &livy.url()];
    let mut started = home.livysh(&run).start();
    drop(started.child.stdout.take());
    started.end().exits(1).says(&["ValueError: boom"]);
    assert_eq!(livy.submitted(), ["one", "raise"]);
    livy.assert_clean();
}

#[test]
fn quiet_leaves_nothing_but_failures_on_standard_error() {
    let livy = Livy::start(Plan {
        unknown_fields: &["heartbeatTimeoutInSecond"],
        ..Plan::default()
    });
    let home = Home::new();
    let run = [
        "-q",
        "-o",
        "csv",
        "-e",
        "1 + 1",
        "-e",
        "%sql\nselect 1",
        &livy.url(),
    ];
    home.livysh(&run)
        .run()
        .exits(0)
        .prints("a,b\n1,x\n2,\n")
        .silent();
    let failing = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Instead(Reply::json(403, "{}")),
        _ => Fault::None,
    });
    home.livysh(&["-q", "-e", "raise", "-e", "never", &failing.url()])
        .run()
        .exits(1)
        .says(&["ValueError: boom", "session 0 could not be deleted"])
        .hides("stopped at statement");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_that_is_silent_for_longer_than_the_limit_is_given_up() {
    use livysh::livy::{Client, Connection, Kind, SessionId};
    use livysh::session::{Interrupts, Lost, Session, Submission};
    let livy = Livy::failing(|request| match request.line().as_str() {
        "GET /sessions/0/statements/0" => Fault::Instead(Reply::dropped()),
        _ => Fault::None,
    });
    livy.make(serde_json::json!({"kind": "pyspark"}));
    let client = Client::new(Connection::new(livy.url().parse().unwrap())).unwrap();
    let shown = client.session(&SessionId::new("0")).await.unwrap();
    let session = Session {
        patience: Some(Duration::from_millis(300)),
        ..Session::of(client, &shown, Kind::Pyspark)
    };
    let submission = Submission {
        code: "1 + 1",
        kind: Kind::Pyspark,
    };
    let (events, _seen) = tokio::sync::mpsc::unbounded_channel();
    let ended = session
        .execute(submission, &mut Interrupts::never(), &events)
        .await;
    assert!(
        matches!(ended, Err(Lost::Silent { id: 0, .. })),
        "{ended:?}"
    );
}
