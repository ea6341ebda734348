//! A statement is sent at most once.
use serde_json::Value;

use super::support::Reply;
use super::*;

const SUBMIT: &str = "POST /sessions/0/statements";

fn failing(fault: fn() -> Fault) -> Livy {
    Livy::failing(move |request| match request.line().as_str() {
        SUBMIT => fault(),
        _ => Fault::None,
    })
}

fn run(livy: &Livy) -> run::Ended {
    Home::new()
        .livysh(&["-o", "ndjson", "-e", "1 + 1", &livy.url()])
        .run()
}

fn status(ended: &run::Ended) -> Value {
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    object["status"].clone()
}

#[test]
fn an_answer_lost_on_the_way_back_leaves_the_status_unknown_and_nothing_is_sent_again() {
    let faults: [fn() -> Fault; 5] = [
        || Fault::Then(Reply::dropped()),
        || Fault::Instead(Reply::dropped()),
        || Fault::Then(Reply::html(504, "<title>Gateway Time-out</title>")),
        || Fault::Then(Reply::json(500, "\"java.lang.RuntimeException\"")),
        || Fault::Then(Reply::html(201, "<html>")),
    ];
    for fault in faults {
        let livy = failing(fault);
        let ended = run(&livy)
            .exits(1)
            .says(&["may or may not have run", "not sent again"]);
        assert_eq!(status(&ended), "unknown");
        assert_eq!(livy.asked(SUBMIT), 1);
        livy.assert_clean();
    }
}

#[test]
fn a_refusal_is_no_doubt_the_statement_was_not_run() {
    let faults: [fn() -> Fault; 2] = [
        || Fault::Instead(Reply::json(429, r#"{"msg":"slow down"}"#)),
        || Fault::Instead(Reply::json(403, "{}")),
    ];
    for fault in faults {
        let livy = failing(fault);
        let ended = run(&livy).exits(1).says(&["the statement was not run"]);
        assert_eq!(status(&ended), "error");
        assert_eq!(livy.asked(SUBMIT), 1);
        livy.assert_clean();
    }
}

#[test]
fn a_session_gone_before_the_submission_is_told() {
    let livy = failing(|| Fault::Instead(Reply::json(404, r#"{"msg":"Session '0' not found."}"#)));
    run(&livy).exits(1).says(&["the session is gone"]);
    assert_eq!(livy.asked(SUBMIT), 1);
    livy.assert_clean();
}

#[test]
fn an_old_release_gets_statements_without_a_kind_once_it_refused_one() {
    let livy = Livy::failing(|request| {
        if request.method == "POST"
            && request.target.ends_with("/statements")
            && request.json().get("kind").is_some()
        {
            let text = "\"Unrecognized field \\\"kind\\\" (class x.ExecuteRequest), not marked as ignorable\"";
            return Fault::Instead(Reply::json(400, text));
        }
        Fault::None
    });
    let home = Home::new();
    home.livysh(&["-e", "one", "-e", "two", &livy.url()])
        .run()
        .exits(0)
        .prints("one\ntwo\n");
    assert_eq!(
        livy.submitted(),
        ["one", "one", "two"],
        "the first was refused unread"
    );
    // code must not run as another language than its own
    let ended = home
        .livysh(&["-e", "one", "-e", "%sql\nselect 1", &livy.url()])
        .run()
        .exits(1)
        .prints("one\n");
    ended.says(&["the statement was not run"]);
}

#[test]
fn a_statement_that_is_answered_at_once_costs_no_look() {
    let livy = failing(|| {
        let body =
            r#"{"id":0,"state":"available","output":{"status":"ok","data":{"text/plain":"now"}}}"#;
        Fault::Then(Reply::json(201, body))
    });
    let ended = run(&livy).exits(0);
    assert_eq!(status(&ended), "ok");
    assert_eq!(livy.asked("GET /sessions/0/statements"), 0);
}
