//! Waiting for a statement's answer through trouble.
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::support::Reply;
use super::*;

const LOOK: &str = "GET /sessions/0/statements/0";

/// The first looks at the first statement meet these faults, in turn.
fn looks(faults: usize, fault: fn() -> Reply) -> Livy {
    let seen = AtomicUsize::new(0);
    Livy::failing(move |request| {
        if request.line() == LOOK && seen.fetch_add(1, Ordering::SeqCst) < faults {
            Fault::Instead(fault())
        } else {
            Fault::None
        }
    })
}

fn run(livy: &Livy, more: &[&str]) -> run::Ended {
    Home::new()
        .livysh(&[&["-e", "1 + 1", &livy.url()], more].concat())
        .run()
}

#[test]
fn a_few_5xx_answers_to_polls_are_survived() {
    for fault in [
        || Reply::html(502, ""),
        || Reply::html(503, ""),
        || Reply::json(500, "\"java.io.IOException\""),
    ] {
        let livy = looks(3, fault);
        run(&livy, &[]).exits(0).prints("2\n").silent();
        assert_eq!(livy.submitted().len(), 1);
        livy.assert_clean();
    }
}

#[test]
fn connections_that_break_during_polls_are_survived() {
    let livy = looks(4, Reply::dropped);
    run(&livy, &[]).exits(0).prints("2\n").silent();
    livy.assert_clean();
}

#[test]
fn an_answer_that_cannot_be_fetched_is_given_up_by_name_while_the_session_is_well() {
    let livy = looks(usize::MAX, || Reply::html(500, "<title>Error 500</title>"));
    let ended = run(&livy, &["--continue", "-e", "after"])
        .exits(1)
        .prints("after\n");
    ended.says(&["statement 0 cannot be fetched", "the session goes on"]);
    livy.assert_clean();
}

#[test]
fn a_session_that_vanishes_ends_the_run() {
    let livy = Livy::new();
    let home = Home::new();
    let started = home
        .livysh(&[
            "--continue",
            "-o",
            "ndjson",
            "-e",
            "hang",
            "-e",
            "after",
            &livy.url(),
        ])
        .start();
    livy.until(LOOK);
    livy.forget();
    let ended = started.end().exits(1).says(&["the session is gone"]);
    let first: Value = serde_json::from_str(ended.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["status"], &first["server_id"]),
        (&"unknown".into(), &0.into())
    );
    assert_eq!(livy.submitted(), ["hang"]);
}

#[test]
fn a_driver_that_dies_is_told_with_the_log_of_its_session() {
    let livy = Livy::start(Plan {
        log: vec!["java.lang.OutOfMemoryError: Java heap space".to_owned()],
        fault: Box::new(|request| match request.line().as_str() {
            LOOK => Fault::Instead(Reply::json(
                400,
                r#"{"msg":"requirement failed: Session isn't active."}"#,
            )),
            _ => Fault::None,
        }),
        ..Plan::default()
    });
    run(&livy, &[]).exits(1).says(&[
        "the session is gone",
        "ran out of memory",
        "OutOfMemoryError",
    ]);
    livy.assert_clean();
}

#[test]
fn an_evicted_statement_is_told_as_that() {
    let livy = looks(usize::MAX, || Reply::json(404, "\"Statement not found\""));
    run(&livy, &[]).exits(1).says(&[
        "no longer keeps the answer of its statement 0",
        "newest 100",
    ]);
    livy.assert_clean();
}

#[test]
fn a_late_answer_is_waited_for() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        LOOK => Fault::Late(Duration::from_secs(2)),
        _ => Fault::None,
    });
    run(&livy, &[]).exits(0).prints("2\n");
}

#[test]
fn polls_become_rarer_with_age() {
    let livy = Livy::new();
    let home = Home::new();
    home.livysh(&["--timeout", "4", "-e", "hang", &livy.url()])
        .run()
        .exits(1);
    let asked = livy.asked(LOOK);
    assert!((10..120).contains(&asked), "{asked}");
}

#[test]
fn control_characters_reach_a_pipe_as_they_are() {
    let livy = Livy::answering(|_, _| Ran::Ends(1, livy::text("\u{1b}[31mred\u{7}")));
    run(&livy, &[]).exits(0).prints("\u{1b}[31mred\u{7}\n");
}

#[test]
fn control_characters_in_errors_and_logs_never_reach_the_messages() {
    let livy = Livy::start(Plan {
        started: "dead",
        log: vec!["Error \u{1b}]0;owned\u{7} \u{9b}31m".to_owned()],
        ..Plan::default()
    });
    let ended = run(&livy, &[]).exits(3);
    assert!(ended.err.contains("owned"), "{}", ended.err);
    let livy = Livy::failing(|_| Fault::Instead(Reply::json(500, "\"\\u001b[2Jcleared\\u0007\"")));
    let refused = run(&livy, &[]).exits(3);
    for err in [ended.err, refused.err] {
        assert!(!err.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{err:?}");
    }
}
