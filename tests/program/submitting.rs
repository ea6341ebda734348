//! A statement is sent at most once, and found again when the answer to its submission is lost.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use livysh::livy::{Client, Connection, Kind, SessionId};
use livysh::session::{Interrupts, Lost, Session, Submission};
use serde_json::{Value, json};

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
    searching(livy, 300, &[])
}

/// A lost statement is looked for this long.
fn searching(livy: &Livy, milliseconds: u32, more: &[&str]) -> run::Ended {
    let url = livy.url();
    let arguments = [&["-o", "ndjson", "-e", "1 + 1", &url], more].concat();
    Home::new()
        .livysh(&arguments)
        .env("LIVYSH_TEST_SEARCH_MS", &milliseconds.to_string())
        .run()
}

/// The first submission meets this, and no other does.
fn once(fault: fn() -> Fault) -> Plan {
    let met = AtomicBool::new(false);
    Plan {
        fault: Box::new(move |request| {
            if request.line() == SUBMIT && !met.swap(true, Ordering::SeqCst) {
                fault()
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    }
}

fn status(ended: &run::Ended) -> Value {
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    object["status"].clone()
}

/// All that can take an answer away: a broken connection before, in and after it, a gateway, the server itself.
const LOSSES: [fn() -> Reply; 14] = [
    Reply::dropped,
    || Reply::raw("HTTP/1.1 201 Created\r\nContent-Le"),
    || {
        let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 80";
        Reply::raw(format!("{head}\r\n\r\n{{\"id\":0,"))
    },
    || Reply::json(500, "\"java.lang.RuntimeException\""),
    || Reply::html(502, "<title>Bad Gateway</title>"),
    || Reply::html(503, ""),
    || Reply::html(504, "<title>Gateway Time-out</title>"),
    || Reply::html(201, "<html>"),
    || Reply::html(408, "<title>Request Time-out</title>"),
    || Reply::html(499, ""),
    || Reply::html(524, "<title>A timeout occurred</title>"),
    || Reply::redirect(303, "/sessions/0/statements/0"),
    // a proxy that names the host behind it
    || Reply::redirect(302, "http://inner.invalid:8998/sessions/0/statements/0"),
    || Reply::redirect(303, "http://inner.invalid:8998/sessions/0/statements/0"),
];

#[test]
fn a_statement_whose_answer_is_lost_is_found_and_goes_on_as_if_nothing_had_happened() {
    for loss in LOSSES {
        let livy = Livy::failing(move |request| match request.line().as_str() {
            SUBMIT => Fault::Then(loss()),
            _ => Fault::None,
        });
        let ended = searching(&livy, 60_000, &["-e", "after"]).exits(0).silent();
        let ids: Vec<Value> = ended
            .out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|one| json!([one["server_id"], one["status"], one["text"]]))
            .collect();
        assert_eq!(ids, [json!([0, "ok", "2"]), json!([1, "ok", "after"])]);
        assert_eq!(livy.submitted(), ["1 + 1", "after"]);
        assert_eq!(
            livy.asked("GET /sessions/0/statements?"),
            0,
            "never by listing"
        );
        livy.assert_clean();
    }
}

#[test]
fn a_statement_that_is_delivered_late_is_waited_for() {
    for loss in [Reply::dropped, || Reply::html(504, "")] {
        let livy = Livy::start(Plan {
            fault: Box::new(move |request| match request.line().as_str() {
                SUBMIT => Fault::Later(5, loss()),
                _ => Fault::None,
            }),
            ..Plan::default()
        });
        let ended = searching(&livy, 120_000, &[]).exits(0).silent();
        assert_eq!(status(&ended), "ok");
        assert_eq!(livy.asked(SUBMIT), 1);
        livy.assert_clean();
    }
}

#[test]
fn what_the_server_has_no_trace_of_is_unknown_and_is_not_sent_again() {
    for loss in LOSSES {
        let livy = Livy::failing(move |request| match request.line().as_str() {
            SUBMIT => Fault::Instead(loss()),
            _ => Fault::None,
        });
        let ended = run(&livy).exits(1).says(&[
            "may or may not have run",
            "no trace of it after 0.3 s",
            "not sent again",
        ]);
        assert_eq!(status(&ended), "unknown");
        assert_eq!(livy.asked(SUBMIT), 1);
        livy.assert_clean();
    }
}

#[test]
fn resend_sends_once_more_what_the_server_has_no_trace_of() {
    let livy = Livy::start(once(|| Fault::Instead(Reply::dropped())));
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    assert_eq!(status(&ended), "ok");
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    let waited = object["waited_ms"].as_f64().unwrap();
    assert!(waited >= 300.0, "from the first submission on: {waited}");
    ended.says(&["it is sent again (--resend)"]);
    assert_eq!(livy.asked(SUBMIT), 2);
    livy.assert_clean();
    // once, and not for ever
    let livy = failing(|| Fault::Instead(Reply::dropped()));
    let ended = searching(&livy, 300, &["--resend"]).exits(1);
    assert_eq!(status(&ended), "unknown");
    assert_eq!(livy.asked(SUBMIT), 2);
    ended
        .says(&["it was sent twice, and may run twice"])
        .hides("not sent again");
    // nor what was found
    let livy = Livy::start(once(|| Fault::Then(Reply::dropped())));
    searching(&livy, 60_000, &["--resend"]).exits(0).silent();
    assert_eq!(livy.asked(SUBMIT), 1);
}

#[test]
fn a_double_that_arrives_late_is_cancelled_while_it_waits() {
    let livy = Livy::start(Plan {
        queues: true,
        interpreter: Box::new(|_, _| Ran::Ends(3, livy::text("2"))),
        ..once(|| Fault::Behind(Reply::dropped()))
    });
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    assert_eq!(status(&ended), "ok");
    ended.says(&["statement 1, and was cancelled before it ran"]);
    assert_eq!(livy.asked("POST /sessions/0/statements/1/cancel"), 1);
    livy.assert_clean();
}

#[test]
fn a_double_that_runs_as_well_is_told() {
    let livy = Livy::start(once(|| Fault::Behind(Reply::dropped())));
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    ended.says(&[
        "statement 1, and runs as well: the code runs twice; the end of its session ends it",
    ]);
    livy.assert_clean();
    let livy = Livy::start(once(|| Fault::Behind(Reply::dropped())));
    searching(&livy, 300, &["--resend", "--keep"])
        .exits(0)
        .says(&["the code runs twice; session 0 stays, and `livysh sessions statements 0"]);
}

#[test]
fn a_double_that_arrives_when_the_statement_has_ended_is_told_after_its_answer() {
    let livy = Livy::start(once(|| Fault::Ended(Reply::dropped())));
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    assert_eq!(status(&ended), "ok");
    ended.says(&["statement 1, and runs as well: the code runs twice"]);
    livy.assert_clean();
}

#[test]
fn a_double_that_runs_is_told_also_where_the_second_sending_ends_without_an_answer() {
    let (met, seen) = (AtomicBool::new(false), AtomicBool::new(false));
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT if !met.swap(true, Ordering::SeqCst) => Fault::Behind(Reply::dropped()),
        "GET /sessions/0/statements/1" => {
            seen.store(true, Ordering::SeqCst);
            Fault::None
        }
        // the second sending's, which is forgotten once the first has been seen
        "GET /sessions/0/statements/0" if seen.load(Ordering::SeqCst) => {
            Fault::Instead(Reply::json(404, "\"Statement not found\""))
        }
        _ => Fault::None,
    });
    let ended = searching(&livy, 300, &["--resend"]).exits(1);
    assert_eq!(status(&ended), "unknown");
    ended.says(&["statement 1, and runs as well: the code runs twice"]);
    livy.assert_clean();
}

#[test]
fn a_double_that_waits_when_the_statement_has_ended_is_cancelled_and_told() {
    let (sent, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let cancelled = AtomicBool::new(false);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT if sent.fetch_add(1, Ordering::SeqCst) == 0 => Fault::Instead(Reply::dropped()),
        // a statement ends with the first look at it
        "GET /sessions/0/statements/0" if sent.load(Ordering::SeqCst) == 2 => {
            ended.store(true, Ordering::SeqCst);
            Fault::None
        }
        "GET /sessions/0/statements/1" if ended.load(Ordering::SeqCst) => {
            let over = cancelled.load(Ordering::SeqCst);
            let state = if over { "cancelled" } else { "waiting" };
            let shown = json!({"id": 1, "state": state, "code": "1 + 1", "output": null});
            Fault::Instead(Reply::json(200, shown.to_string()))
        }
        "POST /sessions/0/statements/1/cancel" => {
            cancelled.store(true, Ordering::SeqCst);
            Fault::Instead(Reply::json(200, r#"{"msg":"canceled"}"#))
        }
        _ => Fault::None,
    });
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    assert_eq!(status(&ended), "ok");
    ended.says(&["statement 1, and was cancelled before it ran"]);
    assert_eq!(livy.asked("POST /sessions/0/statements/1/cancel"), 1);
    livy.assert_clean();
}

#[test]
fn a_server_that_is_away_while_a_statement_is_looked_for_is_waited_for() {
    let looks = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT => Fault::Then(Reply::dropped()),
        "GET /sessions/0/statements/0" if looks.fetch_add(1, Ordering::SeqCst) < 5 => {
            Fault::Instead(Reply::dropped())
        }
        _ => Fault::None,
    });
    // longer than the search may take: only a server that answers can end it
    let ended = searching(&livy, 1, &[]).exits(0);
    assert_eq!(status(&ended), "ok");
    livy.assert_clean();
}

#[test]
fn an_outage_does_not_use_up_the_time_in_which_a_late_statement_is_looked_for() {
    // the waits after six failing looks are 2.1 s at least, and the statement comes with the look after next
    let looks = AtomicUsize::new(0);
    let met = AtomicBool::new(false);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT if !met.swap(true, Ordering::SeqCst) => Fault::Later(9, Reply::dropped()),
        "GET /sessions/0/statements/0" if looks.fetch_add(1, Ordering::SeqCst) < 6 => {
            Fault::Instead(Reply::dropped())
        }
        _ => Fault::None,
    });
    let ended = searching(&livy, 2_000, &["--resend"]).exits(0).silent();
    assert_eq!(status(&ended), "ok");
    assert_eq!(livy.asked(SUBMIT), 1, "it is not sent again");
    livy.assert_clean();
}

/// A script in a search that takes long, after its first interrupt.
fn interrupted_search(livy: &Livy, home: &Home) -> run::Started {
    let started = home
        .livysh(&["-o", "ndjson", "-e", "1 + 1", &livy.url()])
        .env("LIVYSH_TEST_SEARCH_MS", "120000")
        .start();
    livy.until("GET /sessions/0/statements/0");
    started.signal(rustix::process::Signal::INT);
    started
}

#[test]
fn an_interrupt_during_the_search_cancels_what_is_found() {
    let livy = Livy::start(Plan {
        interpreter: Box::new(|_, _| Ran::Runs),
        fault: Box::new(|request| match request.line().as_str() {
            SUBMIT => Fault::Later(12, Reply::dropped()),
            _ => Fault::None,
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let started = interrupted_search(&livy, &home);
    let ended = started.end().exits(130);
    assert_eq!(status(&ended), "cancelled");
    assert_eq!(livy.asked("POST /sessions/0/statements/0/cancel"), 1);
    livy.assert_clean();
}

#[test]
fn a_second_interrupt_ends_the_search() {
    let livy = failing(|| Fault::Instead(Reply::dropped()));
    let home = Home::new();
    let started = interrupted_search(&livy, &home);
    std::thread::sleep(Duration::from_millis(300));
    started.signal(rustix::process::Signal::INT);
    let ended = started.end().exits(130);
    assert_eq!(status(&ended), "unknown");
    assert_eq!(livy.asked(SUBMIT), 1);
    livy.assert_clean();
}

/// A session on that server, as the library has it.
async fn session(livy: &Livy) -> Session {
    session_within(livy, Duration::from_secs(60)).await
}

/// The same; no answer is waited for longer than that.
pub async fn session_within(livy: &Livy, limit: Duration) -> Session {
    livy.make(json!({"kind": "pyspark"}));
    let mut connection = Connection::new(livy.url().parse().unwrap());
    connection.read_timeout = limit;
    let client = Client::new(connection).unwrap();
    let shown = client.session(&SessionId::new("0")).await.unwrap();
    let session = Session::of(client, &shown, Kind::Pyspark);
    Session {
        sent: session.sent.clone().searching(Duration::from_millis(300)),
        ..session
    }
}

pub async fn execute(session: &Session, code: &str) -> Result<livysh::session::Execution, Lost> {
    let submission = Submission {
        code,
        kind: Kind::Pyspark,
    };
    let (events, _seen) = tokio::sync::mpsc::unbounded_channel();
    session
        .execute(submission, &mut Interrupts::never(), &events)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn in_a_session_that_others_use_equal_code_is_doubt_and_no_proof() {
    let lost = AtomicBool::new(false);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT if lost.swap(true, Ordering::SeqCst) => Fault::Then(Reply::dropped()),
        _ => Fault::None,
    });
    let mut session = session(&livy).await;
    session.shared = true;
    execute(&session, "1 + 1").await.unwrap();
    let ended = execute(&session, "1 + 1").await;
    assert!(
        matches!(
            ended,
            Err(Lost::Doubt {
                candidate: Some(1),
                no_trace: None,
                ..
            })
        ),
        "{ended:?}"
    );
    let report = livysh::report::Report::from(&ended.unwrap_err()).to_string();
    assert!(report.contains("statement 1"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn where_the_newest_statement_is_not_known_there_is_nothing_to_look_at() {
    let livy = failing(|| Fault::Then(Reply::dropped()));
    let session = session(&livy).await;
    let ended = execute(&session, "1 + 1").await;
    assert!(
        matches!(
            ended,
            Err(Lost::Doubt {
                candidate: None,
                no_trace: None,
                ..
            })
        ),
        "{ended:?}"
    );
    assert_eq!(livy.asked("GET /sessions/0/statements"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_earlier_statement_that_arrives_late_is_not_taken_for_a_later_one() {
    let sent = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT => match sent.fetch_add(1, Ordering::SeqCst) {
            0 => Fault::None,
            1 => Fault::Behind(Reply::dropped()),
            _ => Fault::Then(Reply::dropped()),
        },
        _ => Fault::None,
    });
    let session = session(&livy).await;
    execute(&session, "first").await.unwrap();
    let ended = execute(&session, "count()").await;
    assert!(
        matches!(
            ended,
            Err(Lost::Doubt {
                no_trace: Some(_),
                ..
            })
        ),
        "{ended:?}"
    );
    // the server has two of them now, and which is which cannot be told
    let ended = execute(&session, "count()").await;
    assert!(
        matches!(
            ended,
            Err(Lost::Doubt {
                candidate: Some(1),
                ..
            })
        ),
        "{ended:?}"
    );
    // other code is told from both
    assert_eq!(execute(&session, "other").await.unwrap().statement.id, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wrong_id_in_an_answer_leads_no_later_search_astray() {
    // the first look tells that id, and all submissions but the first are lost
    let (sent, looked) = (AtomicUsize::new(0), AtomicBool::new(false));
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT if sent.fetch_add(1, Ordering::SeqCst) > 0 => Fault::Then(Reply::dropped()),
        "GET /sessions/0/statements/1" if !looked.swap(true, Ordering::SeqCst) => {
            let body = r#"{"id":1e300,"state":"running","code":"second","output":null}"#;
            Fault::Instead(Reply::json(200, body))
        }
        _ => Fault::None,
    });
    let session = session(&livy).await;
    execute(&session, "first").await.unwrap();
    for (id, code) in [(1, "second"), (2, "third")] {
        assert_eq!(execute(&session, code).await.unwrap().statement.id, id);
        assert_eq!(session.sent.newest(), Some(id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wrong_id_of_a_submission_leads_no_later_search_astray() {
    let sent = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        SUBMIT => match sent.fetch_add(1, Ordering::SeqCst) {
            0 => Fault::None,
            1 => {
                let body = r#"{"id":1e300,"state":"waiting","output":null}"#;
                Fault::Then(Reply::json(201, body))
            }
            _ => Fault::Then(Reply::dropped()),
        },
        _ => Fault::None,
    });
    let session = session(&livy).await;
    execute(&session, "first").await.unwrap();
    execute(&session, "second").await.unwrap_err();
    let third = execute(&session, "third").await.unwrap();
    assert_eq!(third.statement.id, 2);
}

#[test]
fn a_double_is_told_by_its_number_whatever_id_its_answer_has() {
    let livy = Livy::start(Plan {
        fault: Box::new({
            let met = AtomicBool::new(false);
            move |request| match request.line().as_str() {
                SUBMIT if !met.swap(true, Ordering::SeqCst) => Fault::Behind(Reply::dropped()),
                "GET /sessions/0/statements/1" => {
                    let body = r#"{"id":1e300,"state":"running","code":"1 + 1","output":null}"#;
                    Fault::Instead(Reply::json(200, body))
                }
                _ => Fault::None,
            }
        }),
        ..Plan::default()
    });
    let ended = searching(&livy, 300, &["--resend"]).exits(0);
    ended.says(&["statement 1, and runs as well: the code runs twice"]);
    livy.assert_clean();
}

#[test]
fn a_refusal_is_no_doubt_the_statement_was_not_run() {
    const ELSEWHERE: &str = "https://livy.invalid/sessions/0/statements";
    let faults: [fn() -> Fault; 2] = [
        || Fault::Instead(Reply::json(403, "{}")),
        // the standby of two servers
        || Fault::Instead(Reply::redirect(307, ELSEWHERE)),
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
fn what_surely_did_not_arrive_is_sent_again_after_a_pause() {
    // each with the seconds that it asks for
    let refusals: [(fn() -> Reply, u64); 6] = [
        (|| Reply::json(429, r#"{"msg":"slow down"}"#), 0),
        (|| Reply::with(429, &[("Retry-After", "1")], ""), 1),
        (|| Reply::html(521, "<title>Web server is down</title>"), 0),
        (|| Reply::html(523, ""), 0),
        (|| Reply::html(525, ""), 0),
        (|| Reply::html(526, ""), 0),
    ];
    for (refusal, asks) in refusals {
        let met = AtomicUsize::new(0);
        let livy = Livy::failing(move |request| {
            if request.line() == SUBMIT && met.fetch_add(1, Ordering::SeqCst) < 2 {
                Fault::Instead(refusal())
            } else {
                Fault::None
            }
        });
        let began = std::time::Instant::now();
        let ended = run(&livy).exits(0).silent();
        assert_eq!(status(&ended), "ok");
        // both times
        assert!(began.elapsed() >= Duration::from_secs(2 * asks));
        assert_eq!(livy.asked(SUBMIT), 3);
        livy.assert_clean();
    }
}

/// From the first submission on, each request about the session is answered so; but for its delete.
fn over_from_submission(reply: fn() -> Reply) -> Livy {
    let over = AtomicBool::new(false);
    Livy::failing(move |request| {
        over.fetch_or(request.line() == SUBMIT, Ordering::SeqCst);
        if over.load(Ordering::SeqCst) && request.method != "DELETE" {
            Fault::Instead(reply())
        } else {
            Fault::None
        }
    })
}

#[test]
fn a_session_gone_before_the_submission_is_told() {
    let livy = over_from_submission(|| Reply::json(404, r#"{"msg":"Session '0' not found."}"#));
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

#[test]
fn a_session_that_takes_no_statement_any_more_surely_did_not_run_it() {
    let gone = || Reply::json(404, r#"{"msg":"Session '0' not found."}"#);
    let dead = Livy::failing(|request| match request.line().as_str() {
        SUBMIT => {
            let said = r#"{"msg":"requirement failed: Session is in state dead"}"#;
            Fault::Instead(Reply::json(400, said))
        }
        "GET /sessions/0/state" => Fault::Instead(Reply::json(200, r#"{"id":0,"state":"dead"}"#)),
        _ => Fault::None,
    });
    for livy in [over_from_submission(gone), dead] {
        let ended = run(&livy)
            .exits(1)
            .says(&["the statement was not run: the session is gone"])
            .hides(":restart");
        assert_eq!(status(&ended), "error");
        livy.assert_clean();
    }
}

#[test]
fn a_driver_that_drops_the_call_is_looked_after_once() {
    let dropped = "\"java.util.concurrent.CancellationException\"";
    for (state, said) in [
        ("dead", "the session is gone: its state is dead"),
        ("idle", "may or may not have run"),
    ] {
        let submitted = AtomicBool::new(false);
        let livy = Livy::failing(move |request| match request.line().as_str() {
            SUBMIT => {
                submitted.store(true, Ordering::SeqCst);
                Fault::Instead(Reply::json(500, dropped))
            }
            "GET /sessions/0" | "GET /sessions/0/state" => {
                let after = submitted.load(Ordering::SeqCst);
                let state = if after { state } else { "idle" };
                Fault::Instead(Reply::json(200, format!(r#"{{"id":0,"state":"{state}"}}"#)))
            }
            _ => Fault::None,
        });
        let ended = run(&livy).exits(1).says(&[said]);
        assert_eq!(status(&ended), "unknown");
        assert_eq!(livy.asked(SUBMIT), 1);
        livy.assert_clean();
    }
}

#[test]
fn a_search_that_a_gateway_cuts_off_for_good_ends_while_the_session_is_well() {
    for cut in [|| Reply::html(504, ""), Reply::dropped] {
        let livy = Livy::failing(move |request| match request.line().as_str() {
            SUBMIT => Fault::Then(Reply::html(504, "")),
            "GET /sessions/0/statements/0" => Fault::Instead(cut()),
            _ => Fault::None,
        });
        let ended = run(&livy).exits(1);
        assert_eq!(status(&ended), "unknown");
        ended.says(&["it may be the server's statement 0"]);
        assert_eq!(livy.submitted().len(), 1);
        livy.assert_clean();
    }
}
