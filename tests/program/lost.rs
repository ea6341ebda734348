//! A session that is gone: one message with the reason, and what was typed stands in the editor again.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::pty::Pty;
use super::shell::{self, enter, shell};
use super::*;

/// Waits until the screen ends with that prompt and text.
#[track_caller]
fn stands(pty: &Pty, text: &str) {
    pty.wait_until(&format!("{text:?} in the editor"), |screen| {
        screen.contents().trim_end().ends_with(text)
    });
}

fn unknown() -> Fault {
    Fault::Instead(support::Reply::json(
        404,
        r#"{"msg": "Session '0' not found."}"#,
    ))
}

#[test]
fn a_session_that_ends_while_a_line_is_typed_leaves_the_line() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "x = 1");
    pty.wait_for("pyspark 2>");
    pty.send("kept = 1");
    pty.wait_for("kept = 1");
    livy.forget();
    pty.wait_for("the session is gone: the server no longer knows it");
    pty.wait_for(":replay also runs again what still matters (1 statement)");
    stands(&pty, "pyspark 2> kept = 1");
    pty.send("\r");
    pty.wait_for("not sent: the session is gone");
    stands(&pty, "pyspark 2> kept = 1");
    assert_eq!(livy.submitted(), ["x = 1"]);
    pty.send("\x03\x04");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn what_met_a_dead_session_and_what_was_to_follow_comes_back() {
    let (gone, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let livy = Livy::failing(move |request| {
        let second = request.line() == "POST /sessions/0/statements"
            && sent.fetch_add(1, Ordering::SeqCst) == 1;
        if second {
            gone.store(true, Ordering::SeqCst);
        }
        if gone.load(Ordering::SeqCst) && request.target.starts_with("/sessions/0") {
            unknown()
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    pty.paste("a = 1\nb = 2\nc = 3");
    pty.wait_for("c = 3");
    pty.press("\r");
    pty.wait_for("the statement was not run: the session is gone");
    pty.wait_for("stopped at statement 2 of 3");
    pty.wait_until("the rest in the editor", |screen| {
        let text = screen.contents();
        let last = text.rsplit("pyspark 3>").next().unwrap_or("").to_owned();
        text.contains("pyspark 3>") && last.contains("b = 2") && last.contains("c = 3")
    });
    assert_eq!(livy.submitted().len(), 2);
    pty.send("\x03\x04");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn the_log_of_a_driver_that_ran_out_of_memory_gives_the_cause() {
    let gone = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&gone);
    let livy = Livy::start(Plan {
        log: vec![
            "stderr: ".to_owned(),
            "Application report (state: ACCEPTED)".to_owned(),
            "java.lang.OutOfMemoryError: Java heap space".to_owned(),
        ],
        fault: Box::new(move |request| {
            let dead = seen.load(Ordering::SeqCst);
            match request.line().as_str() {
                "POST /sessions/0/statements" if dead => Fault::Instead(support::Reply::json(
                    400,
                    r#""requirement failed: Session is in state dead""#,
                )),
                "GET /sessions/0" if dead => unknown(),
                _ => Fault::None,
            }
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "600"]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    gone.store(true, Ordering::SeqCst);
    enter(&mut pty, "big()");
    pty.wait_for("the session is gone");
    pty.wait_for("OutOfMemoryError");
    pty.wait_for("the driver ran out of memory");
    stands(&pty, "> big()");
    pty.send("\x03\x04");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_driver_that_is_cut_off_while_its_state_is_idle_is_lost() {
    let livy = Livy::failing(|request| {
        if request.line() == "GET /sessions/0/statements/0" {
            let text = r#""java.util.concurrent.CancellationException""#;
            Fault::Instead(support::Reply::json(500, text))
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    home.livysh(&["-e", "1 + 1", &livy.url()])
        .start()
        .end()
        .exits(1)
        .says(&["the session is gone", "cannot reach its driver any more"]);
    livy.assert_clean();
}

#[test]
fn a_server_that_was_away_and_forgot_its_sessions_was_restarted() {
    let down = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&down);
    let livy = Livy::failing(move |_| {
        if seen.load(Ordering::SeqCst) {
            Fault::Instead(support::Reply::dropped())
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    let pty = shell(&livy, &home, &["--heartbeat", "30"]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    down.store(true, Ordering::SeqCst);
    let before = livy.requests().len();
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while livy.requests().len() < before + 4 {
        assert!(std::time::Instant::now() < end, "nobody asks");
        std::thread::sleep(Duration::from_millis(5));
    }
    livy.forget();
    down.store(false, Ordering::SeqCst);
    pty.wait_for("the session is gone");
    pty.wait_for("the server was restarted");
}

/// Each request that begins so is met once by an answer that the session is not there, which is not true.
fn blinking(begins: &'static [&'static str], begin_at: usize) -> Livy {
    let seen: Vec<AtomicUsize> = begins.iter().map(|_| AtomicUsize::new(0)).collect();
    Livy::start(Plan {
        interpreter: Box::new(|code, _| Ran::Ends(3, livy::text(code))),
        fault: Box::new(move |request| {
            let at = begins.iter().position(|begin| request.line() == *begin);
            if at.is_some_and(|at| seen[at].fetch_add(1, Ordering::SeqCst) == begin_at) {
                unknown()
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    })
}

#[test]
fn one_answer_that_the_session_is_not_there_ends_no_wait() {
    for begins in [
        &["GET /sessions/0/statements/0"][..],
        &["GET /sessions/0/statements/0", "GET /sessions/0/state"],
        &["POST /sessions/0/statements"],
        &["POST /sessions/0/statements", "GET /sessions/0/state"],
    ] {
        let (livy, home) = (blinking(begins, 0), Home::new());
        let ended = home.livysh(&["-e", "7", &livy.url()]).run();
        ended.exits(0).prints("7\n").silent();
        livy.assert_clean();
    }
}

#[test]
fn one_answer_that_a_statement_is_not_there_does_not_lose_it() {
    let met = AtomicBool::new(false);
    let livy = Livy::start(Plan {
        interpreter: Box::new(|code, _| Ran::Ends(3, livy::text(code))),
        fault: Box::new(move |request| {
            let look = request.line() == "GET /sessions/0/statements/0";
            if look && !met.swap(true, Ordering::SeqCst) {
                return Fault::Instead(support::Reply::json(
                    404,
                    r#"{"msg": "Statement not found"}"#,
                ));
            }
            Fault::None
        }),
        ..Plan::default()
    });
    let ended = Home::new().livysh(&["-e", "7", &livy.url()]).run();
    ended.exits(0).prints("7\n").silent();
    livy.assert_clean();
}

/// The session comes back after a restart of the server: that many requests that begin so meet this, and its state is
/// recovering meanwhile.
fn recovering(begins: &'static str, most: usize, meet: fn() -> support::Reply) -> Livy {
    let met = AtomicUsize::new(0);
    Livy::start(Plan {
        interpreter: Box::new(|code, _| Ran::Ends(3, livy::text(code))),
        fault: Box::new(move |request| {
            let before = met.load(Ordering::SeqCst);
            match request.line().as_str() {
                line if line == begins && before < most => {
                    met.store(before + 1, Ordering::SeqCst);
                    Fault::Instead(meet())
                }
                "GET /sessions/0/state" if (1..most).contains(&before) => {
                    let state = r#"{"id": 0, "state": "recovering"}"#;
                    Fault::Instead(support::Reply::json(200, state))
                }
                _ => Fault::None,
            }
        }),
        ..Plan::default()
    })
}

/// What the session says of its statements then.
const RECOVERING: [fn() -> support::Reply; 2] = [
    || {
        let text = r#""java.lang.IllegalStateException: Session is in state recovering""#;
        support::Reply::json(500, text)
    },
    || {
        let text = r#"{"msg": "requirement failed: Session is in state recovering"}"#;
        support::Reply::json(400, text)
    },
];

#[test]
fn a_session_that_comes_back_after_a_restart_still_has_its_statement() {
    let absent = || support::Reply::json(404, r#"{"msg": "Statement not found"}"#);
    for meet in [RECOVERING[0], RECOVERING[1], absent] {
        let livy = recovering("GET /sessions/0/statements/0", 6, meet);
        let ended = Home::new().livysh(&["-e", "7", &livy.url()]).run();
        ended.exits(0).prints("7\n").silent();
        assert_eq!(livy.submitted(), ["7"]);
        livy.assert_clean();
    }
}

#[test]
fn a_statement_waits_for_a_session_that_comes_back_after_a_restart() {
    for meet in RECOVERING {
        let livy = recovering("POST /sessions/0/statements", 5, meet);
        let ended = Home::new().livysh(&["-e", "7", &livy.url()]).run();
        ended.exits(0).prints("7\n").silent();
        // refused unread each time but the last
        assert_eq!(livy.submitted().len(), 6);
        livy.assert_clean();
    }
}

#[test]
fn one_answer_that_the_session_is_not_there_is_no_news_at_the_prompt() {
    let (livy, home) = (blinking(&["GET /sessions/0"], 2), Home::new());
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    pty.wait_for("pyspark 1>");
    let end = std::time::Instant::now() + Duration::from_secs(40);
    while livy.asked("GET /sessions/0") < 6 {
        assert!(std::time::Instant::now() < end);
        std::thread::sleep(Duration::from_millis(5));
    }
    enter(&mut pty, "7");
    pty.wait_for("pyspark 2>");
    assert!(!pty.screen().contains("gone"), "{}", pty.screen());
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

/// A statement that the server does not know while it answers so when asked for the session's state, for so many looks.
fn denied(state: fn() -> support::Reply, looks: usize) -> Livy {
    let seen = AtomicUsize::new(0);
    Livy::failing(move |request| {
        let before = seen.load(Ordering::SeqCst);
        match request.line().as_str() {
            "GET /sessions/0/statements/0" if before < looks => {
                Fault::Instead(support::Reply::json(404, "\"Statement not found\""))
            }
            "GET /sessions/0/state" if before < looks => {
                seen.fetch_add(1, Ordering::SeqCst);
                Fault::Instead(state())
            }
            _ => Fault::None,
        }
    })
}

#[test]
fn a_statement_that_is_gone_ends_in_doubt_where_the_state_cannot_be_read_for_good() {
    let states: [fn() -> support::Reply; 2] = [
        || support::Reply::json(500, "\"java.lang.NullPointerException\""),
        || support::Reply::html(200, "<html>welcome</html>"),
    ];
    for state in states {
        let livy = denied(state, usize::MAX);
        Home::new()
            .livysh(&["-e", "1 + 1", &livy.url()])
            .run()
            .exits(1)
            .prints("")
            .says(&["no longer knows its statement 0", "is unknown"]);
        livy.assert_clean();
    }
}

#[test]
fn while_the_state_cannot_be_had_for_an_outage_a_statement_is_waited_for() {
    let states: [fn() -> support::Reply; 2] = [support::Reply::dropped, || {
        support::Reply::html(503, "<title>Service Unavailable</title>")
    }];
    for state in states {
        let livy = denied(state, 8);
        Home::new()
            .livysh(&["-e", "1 + 1", &livy.url()])
            .env("LIVYSH_TEST_SEARCH_MS", "1")
            .run()
            .exits(0)
            .prints("2\n");
        livy.assert_clean();
    }
}

/// A look that is under way when the shell is stopped fails once it goes on; that is not why the session is gone.
#[test]
fn a_session_that_ends_while_the_shell_is_stopped_is_said_to_have_ended_for_that() {
    let (gate, holds) = (support::Gate::default(), Arc::new(AtomicBool::new(false)));
    let (held, seen) = (gate.clone(), Arc::clone(&holds));
    let livy = Livy::failing(move |request| {
        if request.line() == "GET /sessions/0" && seen.load(Ordering::SeqCst) {
            return Fault::Instead(support::Reply::dropped().held(&held));
        }
        Fault::None
    });
    let home = Home::new();
    let mut pty = shell::answered(&livy, &home, &["--heartbeat", "9"]);
    holds.store(true, Ordering::SeqCst);
    let before = livy.asked("GET /sessions/0");
    while livy.asked("GET /sessions/0") == before {
        std::thread::sleep(Duration::from_millis(20));
    }
    pty.signal(rustix::process::Signal::STOP);
    // longer than a program that may run pauses, and than the heartbeat
    std::thread::sleep(Duration::from_secs(14));
    holds.store(false, Ordering::SeqCst);
    livy.forget();
    gate.open();
    pty.signal(rustix::process::Signal::CONT);
    pty.wait_for("the session is gone");
    assert!(
        pty.screen().contains("livysh was stopped"),
        "{}",
        pty.screen()
    );
    assert_eq!(pty.leave(), 0);
}
