//! Answers that no Livy gives: never a panic, never a hang without a limit, always the right exit code.
use std::time::Instant;

use serde_json::{Value, json};

use super::support::{Reply, Request};
use super::*;

/// Runs one statement on a Livy that answers so in one place; the end must come soon.
#[track_caller]
fn run(livy: &Livy, more: &[&str]) -> run::Ended {
    let began = Instant::now();
    let home = Home::new();
    let ended = home
        .livysh(&[&["-e", "1 + 1", &livy.url()], more].concat())
        .run();
    assert!(began.elapsed().as_secs() < 60);
    ended
}

fn is_submission(request: &Request) -> bool {
    request.method == "POST" && request.target.ends_with("/statements")
}

fn is_creation(request: &Request) -> bool {
    request.method == "POST" && request.target.ends_with("/sessions")
}

/// What is said of an answer, and the answer.
type Broken = (&'static str, fn() -> Reply);

fn broken() -> [Broken; 7] {
    [
        ("is empty", || Reply::json(200, "")),
        ("unpacked", || {
            Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n{\"id\":1}\r\n")
        }),
        ("unexpected end of file", || {
            // the head of a gzip stream, and nothing behind it
            let torn: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            Reply::with(200, &[("Content-Encoding", "gzip")], torn)
        }),
        ("broke", || {
            Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\": 1}")
        }),
        ("broke", || Reply::raw("HTTP/1.1 200 O")),
        ("broke", || Reply::raw("SSH-2.0-OpenSSH_9\r\n")),
        ("[[[[", || {
            Reply::json(200, "[".repeat(100_000) + &"]".repeat(100_000))
        }),
    ]
}

#[test]
fn a_creation_that_is_answered_by_rubbish_is_told_as_what_it_is() {
    for (said, answer) in broken() {
        let livy = Livy::failing(move |request| {
            if is_creation(request) {
                Fault::Instead(answer())
            } else {
                Fault::None
            }
        });
        run(&livy, &[])
            .exits(3)
            .prints("")
            .says(&[said, "what to do"]);
    }
}

#[test]
fn a_submission_that_is_answered_by_rubbish_is_in_doubt_and_not_sent_again() {
    for (said, answer) in broken() {
        let livy = Livy::failing(move |request| {
            if is_submission(request) {
                Fault::Instead(answer())
            } else {
                Fault::None
            }
        });
        run(&livy, &[])
            .exits(1)
            .prints("")
            .says(&["may or may not have run", said]);
        assert_eq!(livy.asked("POST /sessions/0/statements"), 1);
        livy.assert_clean();
    }
}

#[test]
fn rubbish_for_every_look_at_the_start_ends_at_the_start_time_out() {
    // each takes its time on the way out, too
    std::thread::scope(|scope| {
        for (_, answer) in broken() {
            scope.spawn(move || {
                let livy = Livy::failing(move |request| {
                    let line = request.line();
                    if matches!(line.as_str(), "GET /sessions/0" | "GET /sessions/0/state") {
                        Fault::Instead(answer())
                    } else {
                        Fault::None
                    }
                });
                run(&livy, &["--start-timeout", "1"]).exits(3).prints("");
            });
        }
    });
}

#[test]
fn wrong_types_in_a_session_cost_no_more_than_what_they_stand_for() {
    let wrong = [
        json!(1.5),
        json!(true),
        json!(null),
        json!([1]),
        json!({"a": 1}),
        json!(-3),
    ];
    for key in [
        "name",
        "appId",
        "owner",
        "proxyUser",
        "kind",
        "appInfo",
        "log",
    ] {
        for value in &wrong {
            let mut session = json!({"id": 0, "state": "idle", "kind": "pyspark"});
            session[key] = value.clone();
            let livy = Livy::failing(move |request| {
                if is_creation(request) {
                    Fault::Then(Reply::json(201, session.to_string()))
                } else {
                    Fault::None
                }
            });
            run(&livy, &[]).exits(0).prints("2\n");
        }
    }
}

#[test]
fn wrong_types_in_an_output_are_shown_as_far_as_they_can_be() {
    let data = |data: Value| json!({"status": "ok", "execution_count": 0, "data": data});
    for (output, shown) in [
        (data(json!("x")), ""),
        (data(json!([1])), ""),
        (data(json!({"text/plain": ["a", "b"]})), "a"),
        (data(json!({"text/plain": 5})), "5"),
        (data(json!({"text/plain": null})), ""),
        (
            data(json!({"application/vnd.livy.table.v1+json": {"headers": "x", "data": 1}})),
            "livy.table",
        ),
        (
            data(json!({"application/json": {"schema": 1, "data": 2}})),
            "schema",
        ),
        (data(json!({"image/png": 5})), "image/png"),
    ] {
        let livy = Livy::answering(move |_, _| Ran::Ends(0, output.clone()));
        for format in ["text", "csv", "table", "ndjson"] {
            let ended = run(&livy, &["-o", format]).exits(0);
            let all = ended.out + &ended.err;
            assert!(all.contains(shown), "{shown} in {format}: {all}");
        }
    }
    let odd = json!({"status": "error", "ename": 1, "evalue": 2, "traceback": 3});
    let livy = Livy::answering(move |_, _| Ran::Ends(0, odd.clone()));
    run(&livy, &[]).exits(1).prints("").says(&["1: 2"]);
}

#[test]
fn a_state_that_nobody_knows_is_named_when_the_time_is_over() {
    let livy = Livy::start(Plan {
        started: "wandering",
        ..Plan::default()
    });
    run(&livy, &["--start-timeout", "1"]).exits(3).says(&[
        "not ready within 1 s",
        "does not know the state 'wandering'",
    ]);
    livy.assert_clean();
}

#[test]
fn a_line_of_a_log_that_is_megabytes_long_is_cut_in_the_message() {
    let livy = Livy::start(Plan {
        started: "dead",
        log: vec!["y".repeat(5 << 20)],
        ..Plan::default()
    });
    let ended = run(&livy, &[]).exits(3).says(&["yyyy", "…"]);
    assert!(ended.err.len() < 5000, "{}", ended.err.len());
}

#[test]
fn an_answer_beyond_the_limit_is_told_in_mib_and_the_session_goes() {
    let livy = Livy::failing(|request| {
        if request.line() == "GET /sessions/0/statements/0" {
            Fault::Then(Reply::flood(
                200,
                "{\"id\":0,\"code\":\"",
                vec![b'x'; 1 << 20],
                200,
            ))
        } else {
            Fault::None
        }
    });
    run(&livy, &[]).exits(1).says(&["larger than 128 MiB"]);
    livy.assert_clean();
}
