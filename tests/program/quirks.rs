//! What Livy servers do that nobody would expect, and what becomes of it here. Each stands in `tests/traps.txt`.
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::shell::{enter, shell};
use super::support::{Gate, Reply, Request};
use super::*;

const LOOK: &str = "GET /sessions/0/statements/0";
const CANCELLED_CALL: &str = "\"java.util.concurrent.CancellationException\"";
const CLOSED: &str = "\"java.lang.IllegalStateException: RPC channel is closed.\"";

fn run(livy: &Livy, arguments: &[&str]) -> run::Ended {
    let url = livy.url();
    Home::new().livysh(&[arguments, &[&url]].concat()).run()
}

/// A look at the session or its state.
fn looks(request: &Request) -> bool {
    ["GET /sessions/0", "GET /sessions/0/state"].contains(&request.line().as_str())
}

#[test]
fn the_sessions_state_does_not_decide_whether_a_statement_has_ended() {
    // busy after its end, idle before it
    for state in ["busy", "idle"] {
        let submitted = AtomicUsize::new(0);
        let livy = Livy::start(Plan {
            interpreter: Box::new(|code, _| Ran::Ends(6, livy::text(code))),
            fault: Box::new(move |request| {
                if request.line() == "POST /sessions/0/statements" {
                    submitted.store(1, Ordering::SeqCst);
                }
                if looks(request) && submitted.load(Ordering::SeqCst) > 0 {
                    Fault::Shown(state)
                } else {
                    Fault::None
                }
            }),
            ..Plan::default()
        });
        run(&livy, &["-e", "one", "-e", "two"])
            .exits(0)
            .prints("one\ntwo\n")
            .silent();
        livy.assert_clean();
    }
}

#[test]
fn a_progress_of_one_is_no_end_and_one_that_falls_does_no_harm() {
    let seen = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        let progress = [0.25, 1.0, 0.5, 1.0];
        match progress.get(seen.load(Ordering::SeqCst)) {
            Some(progress) if request.line() == LOOK => {
                seen.fetch_add(1, Ordering::SeqCst);
                let at = json!({"id": 0, "state": "running", "progress": progress, "output": null});
                Fault::Instead(Reply::json(200, at.to_string()))
            }
            _ => Fault::None,
        }
    });
    run(&livy, &["-e", "1 + 1"]).exits(0).prints("2\n").silent();
    assert!(livy.asked(LOOK) > 4);
    livy.assert_clean();
}

#[test]
fn before_the_session_is_idle_nothing_is_asked_of_its_statements() {
    let livy = Livy::start(Plan {
        starting: 3,
        ..Plan::default()
    });
    run(&livy, &["-e", "1 + 1"]).exits(0).prints("2\n");
    let requests = livy.requests();
    let first = requests
        .iter()
        .position(|it| it.target.contains("/statements"));
    let before = requests[..first.unwrap()].iter().filter(|it| looks(it));
    assert!(before.count() > 3);
    livy.assert_clean();
}

#[test]
fn a_cancel_takes_no_route_that_ends_the_session() {
    let livy = Livy::new();
    let home = Home::new();
    let started = home.livysh(&["-e", "hang", &livy.url()]).start();
    livy.until(LOOK);
    started.signal(Signal::INT);
    started.end().exits(130);
    for request in livy.requests() {
        let line = request.line();
        assert!(
            !line.ends_with("/interrupt") && !line.ends_with("/stop"),
            "{line}"
        );
    }
    livy.assert_clean();
}

#[test]
fn a_statement_shows_that_it_runs_and_its_output_when_it_has_ended() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "hang");
    pty.wait_for("running (Ctrl-C cancels)");
    assert!(!pty.screen().contains("finished"));
    livy.finish();
    pty.wait_for("finished");
    pty.wait_for("pyspark 2>");
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn the_kind_shared_and_names_that_livy_refuses_are_refused_before_anything_is_sent() {
    let livy = Livy::new();
    for arguments in [["-k", "shared"], ["--name", "12345"], ["--name", ""]] {
        run(&livy, &[&["-e", "1"], arguments.as_slice()].concat())
            .exits(2)
            .prints("");
    }
    assert!(livy.requests().is_empty());
}

#[test]
fn kinds_are_sent_as_livy_spells_them() {
    for (given, sent) in [
        ("sql", "sql"),
        ("scala", "spark"),
        ("python", "pyspark"),
        ("r", "sparkr"),
    ] {
        let livy = Livy::new();
        run(&livy, &["-k", given, "-e", "1"]).exits(0);
        assert_eq!(livy.bodies("POST /sessions")[0]["kind"], sent);
        let kind = livy.bodies("POST /sessions/0/statements")[0]["kind"].clone();
        assert!(kind == sent || kind == Value::Null, "{kind}");
    }
}

#[test]
fn a_session_is_made_with_a_heartbeat_that_ends_it_should_we_crash() {
    let livy = Livy::new();
    run(&livy, &["-e", "1"]).exits(0);
    let asked = livy.bodies("POST /sessions")[0]["heartbeatTimeoutInSecond"].as_u64();
    assert!(
        asked.is_some_and(|seconds| (60..=600).contains(&seconds)),
        "{asked:?}"
    );
    livy.assert_clean();
}

#[test]
fn a_shell_whose_session_has_gone_offers_a_new_one() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    livy.forget();
    enter(&mut pty, "2 + 2");
    pty.wait_for("the session is gone");
    pty.wait_for(":restart");
    // what met the gone session stands in the editor: it goes first
    pty.wait_for("pyspark 3> 2 + 2");
    pty.send("\x03");
    // what is typed before the prompt is there would be held
    std::thread::sleep(moment());
    enter(&mut pty, ":restart");
    livy.until("GET /sessions/1");
    assert_eq!(
        livy.submitted()
            .iter()
            .filter(|code| *code == "2 + 2")
            .count(),
        1
    );
}

#[test]
fn a_ttl_is_sent_only_where_it_was_asked_for_since_releases_differ_in_its_meaning() {
    let livy = Livy::new();
    run(&livy, &["-e", "1"]).exits(0);
    run(&livy, &["-e", "1", "--ttl", "2h"]).exits(0);
    let sent = livy.bodies("POST /sessions");
    assert_eq!((sent[0].get("ttl"), &sent[1]["ttl"]), (None, &json!("2h")));
}

#[test]
fn scalas_words_in_a_refusal_are_understood_and_shown() {
    let said = json!({"msg": "Duplicate session name: Some(mine) for session 3"}).to_string();
    let livy = Livy::failing(move |request| match request.line().as_str() {
        "POST /sessions" => Fault::Instead(Reply::json(400, &said)),
        _ => Fault::None,
    });
    run(&livy, &["-e", "1"]).exits(3).says(&[
        "Duplicate session name: Some(mine) for session 3",
        "a gateway may have sent the request twice",
        "the server does not list it",
    ]);
}

#[test]
fn a_creation_that_a_gateway_sent_twice_made_one_session_which_is_used() {
    let said = json!({"msg": "Duplicate session name: Some(mine) for session 0"}).to_string();
    let livy = Livy::failing(move |request| match request.line().as_str() {
        "POST /sessions" => Fault::Then(Reply::json(400, &said)),
        _ => Fault::None,
    });
    run(&livy, &["-e", "1 + 1"]).exits(0).prints("2\n");
    livy.assert_clean();
}

#[test]
fn a_delete_that_takes_long_is_told_and_can_be_left() {
    let gate = Gate::default();
    let held = gate.clone();
    let livy = Livy::failing(move |request| match request.method.as_str() {
        "DELETE" => Fault::Held(held.clone()),
        _ => Fault::None,
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    pty.send("\x04");
    pty.wait_for("deleting the session (Ctrl-C leaves at once)");
    gate.open();
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}

#[test]
fn a_delete_that_is_refused_with_nothing_but_a_status_is_told_with_the_id() {
    let livy = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Instead(Reply::with(400, &[], "")),
        _ => Fault::None,
    });
    run(&livy, &["-e", "1 + 1"])
        .exits(0)
        .prints("2\n")
        .says(&["session 0 could not be deleted", "400"]);
}

#[test]
fn a_result_that_closes_the_channel_ends_the_session_and_its_driver_is_said_to_go_on() {
    let looked = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.line() != LOOK {
            return Fault::None;
        }
        // the first look hangs until the connection breaks
        match looked.fetch_add(1, Ordering::SeqCst) {
            0 => Fault::Instead(Reply::dropped().after(Duration::from_millis(200))),
            1 => Fault::Instead(Reply::json(500, CANCELLED_CALL)),
            _ => Fault::Instead(Reply::json(500, CLOSED)),
        }
    });
    run(&livy, &["-e", "'x' * 10**9", "-e", "never", "--continue"])
        .exits(1)
        .prints("")
        .says(&[
            "the session is gone",
            "lost its channel to the driver",
            "may go on",
        ]);
    assert_eq!(livy.submitted().len(), 1);
    livy.assert_clean();
}

#[test]
fn a_closed_channel_refuses_the_next_statement_unrun() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "POST /sessions/0/statements" => Fault::Instead(Reply::json(500, CLOSED)),
        _ => Fault::None,
    });
    run(&livy, &["-e", "1"])
        .exits(1)
        .says(&["the statement was not run", "may go on"]);
    livy.assert_clean();
}

#[test]
fn a_driver_that_dies_is_known_by_its_one_dropped_call() {
    let looked = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.line() == LOOK {
            looked.fetch_add(1, Ordering::SeqCst);
            return Fault::Instead(Reply::json(500, CANCELLED_CALL));
        }
        // it is called busy for a moment yet
        match looked.load(Ordering::SeqCst) {
            1 if looks(request) => Fault::Shown("busy"),
            2.. if looks(request) => Fault::Shown("dead"),
            _ => Fault::None,
        }
    });
    run(&livy, &["-e", "1"])
        .exits(1)
        .says(&["the session is gone: its state is dead"])
        .hides("may go on");
    livy.assert_clean();
}

#[test]
fn a_session_that_starts_is_asked_for_no_names() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["-k", "scala"]);
    pty.wait_for("spark 1>");
    livy.until("GET /sessions/0");
    pty.send("sc.para");
    pty.wait_for("sc.para");
    tab(&mut pty);
    pty.send("llel");
    pty.wait_for("llel");
    pty.send("\x03\x03");
    assert_eq!(pty.exit_code(), 130);
    assert_eq!(livy.asked("POST /sessions/0/completion"), 0);
    livy.assert_clean();
}

#[test]
fn names_are_asked_of_scala_only_and_a_refusal_costs_no_typed_text() {
    let refused = "\"java.lang.IllegalStateException: Session is in state starting\"";
    for (kind, asked) in [("scala", true), ("python", false)] {
        let livy = Livy::failing(move |request| {
            if request.target.ends_with("/completion") {
                Fault::Instead(Reply::json(500, refused))
            } else {
                Fault::None
            }
        });
        let home = Home::new();
        let mut pty = shell(&livy, &home, &["-k", kind]);
        pty.wait_for(" 1>");
        enter(&mut pty, "1 + 1");
        pty.wait_for(" 2>");
        pty.send("sc.para");
        pty.wait_for("sc.para");
        tab(&mut pty);
        if asked {
            livy.until("POST /sessions/0/completion");
        }
        pty.send("llel");
        pty.wait_for("llel");
        let bodies = livy.bodies("POST /sessions/0/completion");
        assert_eq!(bodies.is_empty(), !asked);
        assert!(
            bodies
                .iter()
                .all(|body| body["kind"] == "spark" && body["code"] == "sc.para")
        );
        pty.send("\x03");
        pty.wait_until("an empty prompt", |screen| {
            screen.contents().trim_end().ends_with(" 2>")
        });
        assert_eq!(pty.leave(), 0);
        livy.assert_clean();
    }
}

/// Types Tab a moment after what was typed before, or it is a part of a paste.
fn tab(pty: &mut pty::Pty) {
    std::thread::sleep(moment());
    pty.send("\t");
    std::thread::sleep(moment());
}
