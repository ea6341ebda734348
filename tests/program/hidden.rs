//! Statements that are not the user's: when they are sent, how they end, and that the user's come first.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use livysh::livy::{Client, Connection, Kind, SessionId, SessionState};
use livysh::session::{
    Execution, Health, Interrupts, KeepAlive, Lost, Question, Session, Submission, Unheard,
    is_hidden,
};
use tokio::sync::mpsc::unbounded_channel;

use super::support::{Gate, Reply};
use super::*;

/// A session of ours that is there.
async fn session(livy: &Livy) -> Session {
    livy.make(serde_json::json!({"kind": "pyspark", "name": "ours"}));
    let client = Client::new(Connection::new(livy.url().parse().unwrap())).unwrap();
    let shown = client.session(&SessionId::new("0")).await.unwrap();
    let session = Session::of(client, &shown, Kind::Pyspark);
    session.hidden.allow(true);
    session.sent.saw(-1);
    session
}

fn question(code: &str, limit: Duration) -> Question {
    Question {
        about: "completion",
        kind: Kind::Pyspark,
        code: code.to_owned(),
        limit,
    }
}

/// Long enough for whatever happens in time.
fn long(code: &str) -> Question {
    question(code, Duration::from_secs(60))
}

async fn execute(session: &Session, code: &str) -> Result<Execution, Lost> {
    let (events, _seen) = unbounded_channel();
    let submission = Submission {
        code,
        kind: Kind::Pyspark,
    };
    let mut never = Interrupts::never();
    session.execute(submission, &mut never, &events).await
}

fn text(execution: Result<Execution, Lost>) -> String {
    execution.unwrap().outcome.text.unwrap()
}

/// Waits until a request was made.
fn asked(livy: &Livy, begin: &str) {
    tokio::task::block_in_place(|| livy.until(begin));
}

const CANCEL: &str = "POST /sessions/0/statements/0/cancel";

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_of_ours_answers_and_the_code_is_known_as_hidden() {
    let livy = Livy::new();
    let session = session(&livy).await;
    let outcome = session.hidden(long("names")).await.unwrap();
    assert!(outcome.text.unwrap().ends_with("names"));
    let sent = livy.submitted();
    assert!(sent.len() == 1 && is_hidden(&sent[0]), "{sent:?}");
    assert!(session.sent.is_hidden(0));
    assert!(!session.sent.is_hidden(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_a_session_that_is_not_ours_or_not_idle() {
    for (state, told) in [
        ("busy", "the session is busy"),
        ("starting", "the session is busy"),
        ("dead", "the session is dead"),
        ("shutting_down", "the session is shutting_down"),
    ] {
        let livy = Livy::start(Plan {
            started: state,
            ..Plan::default()
        });
        let session = session(&livy).await;
        let unheard = session.hidden(long("names")).await.unwrap_err();
        assert_eq!(unheard.to_string(), told);
        assert_eq!(livy.submitted().len(), 0, "{state}");
    }
    let livy = Livy::new();
    let ours = session(&livy).await;
    livy.restart(
        serde_json::json!({"kind": "pyspark", "name": "anothers"}),
        None,
    );
    let unheard = ours.hidden(long("names")).await.unwrap_err();
    assert!(matches!(unheard, Unheard::Replaced), "{unheard:?}");
    let livy = Livy::new();
    let mut session = session(&livy).await;
    session.hidden.allow(false);
    assert!(matches!(
        session.hidden(long("names")).await,
        Err(Unheard::Off)
    ));
    session.hidden.allow(true);
    session.shared = true;
    assert!(matches!(
        session.hidden(long("names")).await,
        Err(Unheard::Off)
    ));
    // not even a look
    assert_eq!(livy.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_time_is_over_or_that_nobody_waits_for_is_cancelled() {
    let livy = Livy::new();
    let session = session(&livy).await;
    let late = session.hidden(question("hang", moment())).await;
    assert!(matches!(late, Err(Unheard::Late)), "{late:?}");
    asked(&livy, CANCEL);
    let given_up = tokio::time::timeout(moment(), session.hidden(long("hang"))).await;
    assert!(given_up.is_err());
    asked(&livy, "POST /sessions/0/statements/1/cancel");
    // and the next is answered
    assert!(session.hidden(long("names")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_statement_has_a_hidden_one_cancelled_and_none_is_sent_while_it_runs() {
    let livy = Livy::start(Plan {
        queues: true,
        ..Plan::default()
    });
    let session = session(&livy).await;
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.hidden(long("hang")).await }
    });
    asked(&livy, "GET /sessions/0/statements/0");
    assert_eq!(text(execute(&session, "1 + 1").await), "2");
    assert!(matches!(asking.await.unwrap(), Err(Unheard::Late)));
    let lines: Vec<String> = livy.requests().iter().map(support::Request::line).collect();
    let at = |line: &str| lines.iter().rposition(|it| it == line).unwrap();
    assert!(at(CANCEL) < at("POST /sessions/0/statements"), "{lines:?}");
    let running = tokio::spawn({
        let session = session.clone();
        async move { execute(&session, "hang").await }
    });
    asked(&livy, "GET /sessions/0/statements/2");
    let busy = session.hidden(long("names")).await;
    assert!(matches!(busy, Err(Unheard::Busy)), "{busy:?}");
    assert_eq!(livy.submitted().len(), 3);
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_a_users_statement_only_for_a_bounded_time() {
    let gate = Gate::default();
    let held = gate.clone();
    let livy = Livy::failing(move |request| {
        let hidden =
            request.method == "POST" && is_hidden(request.json()["code"].as_str().unwrap_or(""));
        if hidden {
            Fault::Held(held.clone())
        } else {
            Fault::None
        }
    });
    let session = session(&livy).await;
    let late = session.hidden(question("names", moment())).await;
    assert!(matches!(late, Err(Unheard::Late)), "{late:?}");
    assert_eq!(text(execute(&session, "1 + 1").await), "2");
    assert!(!gate.is_open());
    gate.open();
    asked(&livy, CANCEL);
}

/// Loses the answers of the first so many submissions.
fn losing(most: usize, documented: bool) -> Livy {
    let lost = std::sync::atomic::AtomicUsize::new(0);
    Livy::start(Plan {
        documented,
        fault: Box::new(move |request| {
            let submission = request.method == "POST" && request.target.ends_with("/statements");
            if submission && lost.fetch_add(1, Ordering::SeqCst) < most {
                Fault::Then(Reply::dropped())
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_silence_and_a_lost_users_statement_is_not_taken_for_it() {
    let livy = losing(2, false);
    let session = session(&livy).await;
    let lost = session.hidden(long("names")).await;
    assert!(matches!(lost, Err(Unheard::Failed(_))), "{lost:?}");
    let found = execute(&session, "1 + 1").await.unwrap();
    assert_eq!(
        (found.statement.id, found.outcome.text.as_deref()),
        (1, Some("2"))
    );
    assert_eq!(livy.submitted().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_code_is_shown_nothing_is_taken_for_the_users_and_nothing_hidden_is_sent_again() {
    let livy = losing(2, true);
    let mut session = session(&livy).await;
    session.sent = session.sent.searching(moment());
    let lost = session.hidden(long("names")).await;
    assert!(matches!(lost, Err(Unheard::Failed(_))), "{lost:?}");
    let lost = execute(&session, "1 + 1").await.unwrap_err();
    assert!(
        matches!(
            lost,
            Lost::Doubt {
                candidate: Some(0),
                ..
            }
        ),
        "{lost:?}"
    );

    let livy = losing(0, true);
    let session = self::session(&livy).await;
    assert!(session.hidden(long("names")).await.is_ok());
    let old = session.hidden(long("names")).await;
    assert!(matches!(old, Err(Unheard::TooOld)), "{old:?}");
    assert_eq!(livy.submitted().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_left_behind_is_not_pushed_out() {
    let livy = Livy::new();
    let session = session(&livy).await;
    let left = tokio::time::timeout(moment(), execute(&session, "hang"));
    assert!(left.await.is_err());
    livy.finish();
    let mut sent = 0;
    let refused = loop {
        match session.hidden(long("names")).await {
            Ok(_) if sent == 100 => panic!("nothing is guarded"),
            Ok(_) => sent += 1,
            Err(unheard) => break unheard,
        }
    };
    assert!(matches!(refused, Unheard::Unread), "{refused:?}");
    assert!((10..100).contains(&sent), "{sent}");
}

/// The prompt's colour follows the session's health.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_busy_with_a_hidden_one_is_idle_for_the_user() {
    let busy = Arc::new(AtomicBool::new(false));
    let says = Arc::clone(&busy);
    let livy = Livy::failing(move |request| {
        if request.line() == "GET /sessions/0" && says.load(Ordering::SeqCst) {
            let shown = serde_json::json!({"id": 0, "name": "ours", "state": "busy"});
            return Fault::Instead(Reply::json(200, shown.to_string()));
        }
        Fault::None
    });
    let session = session(&livy).await;
    let keep_alive = KeepAlive::start(&session, Some(Duration::from_millis(600)));
    let mut health = keep_alive.health();
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.hidden(long("hang")).await }
    });
    asked(&livy, "GET /sessions/0/statements/0");
    busy.store(true, Ordering::SeqCst);
    // one look follows the other: what the first of them said is told by now
    let looks = || {
        let requests = livy.requests();
        let looks = requests.iter().filter(|it| it.line() == "GET /sessions/0");
        looks.count()
    };
    let enough = looks() + 3;
    let end = std::time::Instant::now() + Duration::from_secs(40);
    while looks() < enough {
        assert!(std::time::Instant::now() < end, "nobody looks");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(*health.borrow(), Health::Alive(SessionState::Idle));
    asking.abort();
    // whoever else has it at work is told of
    let told = health.wait_for(|now| *now == Health::Alive(SessionState::Busy));
    let told = tokio::time::timeout(Duration::from_secs(40), told).await;
    assert!(told.is_ok(), "the hidden one is over");
}
