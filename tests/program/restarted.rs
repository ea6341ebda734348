//! A server that restarts counts its sessions from 0 again: a stranger's session can have our id. Nothing is sent to
//! it, its answers are not taken for ours, and it is not deleted.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use super::exits::left_behind;
use super::pty::Builder;
use super::shell::{enter, shell};
use super::*;

/// A server that can be down.
fn server(plan: Plan) -> (Livy, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&down);
    let livy = Livy::start(Plan {
        fault: Box::new(move |_| {
            if seen.load(Ordering::SeqCst) {
                Fault::Instead(support::Reply::dropped())
            } else {
                Fault::None
            }
        }),
        ..plan
    });
    (livy, down)
}

/// Takes the server down, until that was noticed: an idle connection that broke is made anew without a word.
fn go_down(livy: &Livy, down: &AtomicBool) {
    down.store(true, Ordering::SeqCst);
    let before = livy.requests().len();
    let end = std::time::Instant::now() + Duration::from_secs(40);
    while livy.requests().len() < before + 4 {
        assert!(std::time::Instant::now() < end, "nobody asks");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Is the stranger's session there still, and without a statement of ours?
fn assert_untouched(livy: &Livy, submitted: usize) {
    assert_eq!(livy.counts(), (1, 0, 1));
    assert_eq!(livy.submitted().len(), submitted, "{:?}", livy.submitted());
}

#[test]
fn an_idle_shell_notices_that_its_id_is_anothers_and_leaves_that_one_alone() {
    for name in [json!("other"), json!(null)] {
        let livy = Livy::new();
        let home = Home::new();
        let mut pty = Builder::new(env!("CARGO_BIN_EXE_livysh"))
            .env("LIVYSH_HOME", home.path("livysh"))
            .env("HOME", home.path(""))
            .size(100, 30)
            .arg(livy.url())
            .arg("--heartbeat")
            .arg("3")
            .spawn();
        pty.wait_for("pyspark 1>");
        livy.until("GET /sessions/0");
        livy.restart(json!({"kind": "pyspark", "name": name}), None);
        pty.wait_for("the session is gone (the server was restarted, and its id is another's)");
        pty.send("'for' + ' us'");
        pty.wait_for("'for' + ' us'");
        pty.press("\r");
        pty.wait_for("not sent: the session is gone");
        pty.wait_until("the code in the editor again", |screen| {
            screen
                .contents()
                .trim_end()
                .ends_with("pyspark 1> 'for' + ' us'")
        });
        pty.send("\x03:statements");
        pty.wait_for(":statements");
        pty.press("\r");
        pty.wait_for("there is no session yet");
        pty.wait_until("the prompt", |screen| {
            screen.contents().trim_end().ends_with("pyspark 1> (dead)")
        });
        assert_eq!(pty.leave(), 0, "{}", pty.screen());
        pty.wait_for("session 0 was not deleted: its id is another session's now");
        assert_eq!(left_behind(&home).len(), 1);
        assert_untouched(&livy, 0);
    }
}

/// Some servers leave the name out, or spell the kind otherwise, or know an owner only later.
#[test]
fn a_session_that_is_shown_otherwise_than_its_creation_told_is_ours_still() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "GET /sessions/0" => Fault::Instead(support::Reply::json(
            200,
            r#"{"id": 0, "state": "idle", "kind": "PySpark", "owner": "ann", "appId": ""}"#,
        )),
        _ => Fault::None,
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    pty.wait_for("pyspark 1>");
    // the creation, the keep-alive and the way out look at it
    while livy.asked("GET /sessions/0") < 4 {
        std::thread::sleep(Duration::from_millis(20));
    }
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(pty.leave(), 0);
    assert!(!pty.screen().contains("not deleted"), "{}", pty.screen());
    assert!(left_behind(&home).is_empty());
    livy.assert_clean();
}

#[test]
fn another_code_under_the_statements_number_is_not_taken_for_its_answer() {
    let livy = Livy::new();
    let home = Home::new();
    let url = livy.url();
    let started = home.livysh(&["-e", "hang()", "-e", "1 + 1", &url]).start();
    livy.until("GET /sessions/0/statements/0");
    livy.restart(
        json!({"kind": "pyspark", "name": "other"}),
        Some("'theirs'"),
    );
    started.end().exits(1).prints("").says(&[
        "the session's id is another session's now",
        "session 0 was not deleted",
    ]);
    assert_eq!(left_behind(&home).len(), 1);
    assert_untouched(&livy, 1);
}

/// A server that is back may show its statements before its sessions. Where they carry no code, that it was away for a
/// moment must do.
#[test]
fn a_strangers_answer_is_not_taken_while_the_look_at_its_session_fails() {
    for documented in [false, true] {
        let back = Arc::new(AtomicBool::new(false));
        let (seen, cut) = (Arc::clone(&back), AtomicBool::new(false));
        let looks = AtomicUsize::new(0);
        let livy = Livy::start(Plan {
            documented,
            fault: Box::new(move |request| {
                if !seen.load(Ordering::SeqCst) {
                    return Fault::None;
                }
                let meets = match request.line() {
                    line if line.starts_with("GET /sessions/0/statements") => {
                        !cut.swap(true, Ordering::SeqCst)
                    }
                    line if line == "GET /sessions/0" => looks.fetch_add(1, Ordering::SeqCst) < 6,
                    _ => false,
                };
                if meets {
                    Fault::Instead(support::Reply::html(503, ""))
                } else {
                    Fault::None
                }
            }),
            ..Plan::default()
        });
        let home = Home::new();
        let url = livy.url();
        let started = home
            .livysh(&["-e", "hang()", "-e", "1 + 1", &url])
            .env("LIVYSH_TEST_SEARCH_MS", "60000")
            .start();
        livy.until("GET /sessions/0/statements");
        let theirs = if documented {
            json!({"kind": "spark"})
        } else {
            json!({"kind": "pyspark", "name": "other"})
        };
        // first: a look between the two would meet the stranger's without a sign of trouble
        back.store(true, Ordering::SeqCst);
        livy.restart(theirs, Some("'theirs'"));
        started
            .end()
            .exits(1)
            .prints("")
            .says(&["the session's id is another session's now"]);
        assert!(livy.asked("GET /sessions/0") > 6);
        assert_untouched(&livy, 1);
    }
}

/// The session was last seen long ago, and what stands under its id now cannot be seen.
#[test]
fn nothing_is_deleted_that_cannot_be_looked_at() {
    for (status, looks) in [(500, usize::MAX), (503, 3)] {
        let back = Arc::new(AtomicBool::new(false));
        let (seen, met) = (Arc::clone(&back), AtomicUsize::new(0));
        let livy = Livy::failing(move |request| {
            let fails = seen.load(Ordering::SeqCst)
                && request.line().starts_with("GET /sessions/0")
                && met.fetch_add(1, Ordering::SeqCst) < looks;
            if fails {
                Fault::Instead(support::Reply::json(
                    status,
                    "\"java.lang.RuntimeException\"",
                ))
            } else {
                Fault::None
            }
        });
        let home = Home::new();
        let mut pty = shell(&livy, &home, &[]);
        pty.wait_for("pyspark 1>");
        enter(&mut pty, "1 + 1");
        pty.wait_for("pyspark 2>");
        back.store(true, Ordering::SeqCst);
        livy.restart(json!({"kind": "pyspark", "name": "other"}), None);
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(pty.leave(), 0, "{}", pty.screen());
        pty.wait_for(if looks == usize::MAX {
            "session 0 could not be deleted and may still be there"
        } else {
            "session 0 was not deleted: its id is another session's now"
        });
        assert_eq!(left_behind(&home).len(), 1);
        assert_eq!(livy.asked("DELETE"), 0);
        assert_untouched(&livy, 1);
    }
}

/// Its statements carry no code, its sessions no name: that it did not answer for a while must do.
#[test]
fn after_a_silence_an_old_servers_answer_is_taken_only_from_a_session_of_ours() {
    let (livy, down) = server(Plan {
        documented: true,
        ..Plan::default()
    });
    let home = Home::new();
    let url = livy.url();
    let started = home.livysh(&["-e", "hang()", "-e", "1 + 1", &url]).start();
    livy.until("POST /sessions/0/statements");
    go_down(&livy, &down);
    livy.restart(json!({"kind": "spark"}), Some("theirs"));
    down.store(false, Ordering::SeqCst);
    started
        .end()
        .exits(1)
        .prints("")
        .says(&["another session's"]);
    assert_untouched(&livy, 1);
}

#[test]
fn a_start_that_the_server_forgot_does_not_go_on_with_a_strangers_session() {
    let (livy, down) = server(Plan {
        starting: 1000,
        ..Plan::default()
    });
    let home = Home::new();
    let started = home.livysh(&["-e", "1 + 1", &livy.url()]).start();
    livy.until("GET /sessions/0");
    go_down(&livy, &down);
    livy.restart(json!({"kind": "pyspark", "name": "other"}), None);
    down.store(false, Ordering::SeqCst);
    started
        .end()
        .exits(3)
        .prints("")
        .says(&["ended while it started", "gone"]);
    assert_untouched(&livy, 0);
}

#[test]
fn a_statement_that_a_session_does_not_take_yet_is_not_said_to_meet_a_start_alone() {
    let livy = Livy::failing(|request| {
        if request.line() == "POST /sessions/0/statements" {
            let early = r#"{"msg":"requirement failed: Session is in state recovering"}"#;
            return Fault::Instead(support::Reply::json(400, early));
        }
        Fault::None
    });
    Home::new()
        .livysh(&["-e", "1 + 1", &livy.url()])
        .run()
        .exits(1)
        .says(&["was not run", "it starts, or comes back after a restart"]);
    livy.assert_clean();
}
