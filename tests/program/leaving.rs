//! Every way out: no session is left, and the exit code says how it ended.
use std::time::Instant;

use rustix::process::Signal;

use super::support::Reply;
use super::*;

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];
const LOOK: &str = "GET /sessions/0/statements/0";

/// Sends the signal once a request that begins so was made, and waits for the end.
fn signalled(livy: &Livy, code: &str, begin: &str, signal: Signal) -> run::Ended {
    let home = Home::new();
    let started = home
        .livysh(&["-e", code, "-e", "never", &livy.url()])
        .start();
    livy.until(begin);
    started.signal(signal);
    started.end()
}

#[test]
fn a_signal_before_the_creation_is_answered_leaves_no_session() {
    for (signal, code) in SIGNALS {
        let livy = Livy::failing(|request| match request.line().as_str() {
            "POST /sessions" => Fault::Late(Duration::from_secs(1)),
            _ => Fault::None,
        });
        signalled(&livy, "1", "POST /sessions", signal).exits(code);
        livy.assert_clean();
    }
}

#[test]
fn a_signal_while_the_session_starts_deletes_it() {
    for (signal, code) in SIGNALS {
        let livy = Livy::start(Plan {
            starting: 10_000,
            ..Plan::default()
        });
        signalled(&livy, "1", "GET /sessions/0", signal)
            .exits(code)
            .prints("");
        livy.assert_clean();
        assert!(livy.submitted().is_empty());
    }
}

#[test]
fn an_interrupt_while_a_statement_runs_cancels_it_and_then_deletes() {
    let livy = Livy::new();
    signalled(&livy, "hang", LOOK, Signal::INT)
        .exits(130)
        .says(&["cancelled"]);
    let lines: Vec<String> = livy.requests().iter().map(support::Request::line).collect();
    let at = |line: &str| lines.iter().position(|it| it == line).unwrap();
    assert!(at("POST /sessions/0/statements/0/cancel") < at("DELETE /sessions/0"));
    assert_eq!(livy.submitted(), ["hang"]);
    livy.assert_clean();
}

#[test]
fn term_and_hup_while_a_statement_runs_delete_the_session() {
    for (signal, code) in &SIGNALS[1..] {
        let livy = Livy::new();
        let ended = signalled(&livy, "hang", LOOK, *signal).exits(*code);
        assert!(!ended.err.contains("the session is gone"), "{}", ended.err);
        assert_eq!(livy.submitted(), ["hang"]);
        livy.assert_clean();
    }
}

#[test]
fn a_second_interrupt_does_not_wait_for_code_that_no_cancel_reaches() {
    let livy = Livy::answering(|_, _| Ran::Spins);
    let home = Home::new();
    let started = home.livysh(&["-e", "spin", &livy.url()]).start();
    livy.until(LOOK);
    started.signal(Signal::INT);
    livy.until("POST /sessions/0/statements/0/cancel");
    started.signal(Signal::INT);
    started
        .end()
        .exits(130)
        .says(&["not waited for any longer"]);
    livy.assert_clean();
}

#[test]
fn a_signal_while_the_session_is_deleted_does_not_lose_the_delete() {
    for (signal, code) in &SIGNALS[1..] {
        let livy = Livy::failing(|request| match request.method.as_str() {
            "DELETE" => Fault::Late(Duration::from_secs(1)),
            _ => Fault::None,
        });
        let home = Home::new();
        let started = home.livysh(&["-e", "1", &livy.url()]).start();
        livy.until("DELETE /sessions/0");
        started.signal(*signal);
        started.end().exits(*code).prints("1\n");
        livy.assert_clean();
    }
}

#[test]
fn an_interrupt_while_the_session_is_deleted_leaves_at_once_and_prints_its_id() {
    let livy = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    let started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("DELETE /sessions/0");
    std::thread::sleep(moment());
    let began = Instant::now();
    started.signal(Signal::INT);
    started
        .end()
        .exits(130)
        .prints("1\n")
        .says(&["session 0 may still be there"]);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_second_term_leaves_at_once_and_prints_the_id() {
    let livy = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    let started = home.livysh(&["-e", "hang", &livy.url()]).start();
    livy.until(LOOK);
    started.signal(Signal::TERM);
    livy.until("DELETE /sessions/0");
    std::thread::sleep(moment());
    started.signal(Signal::TERM);
    started
        .end()
        .exits(143)
        .says(&["session 0 may still be there"]);
}

/// A run whose DELETE gets that answer: its session may still be there, with that reason. The server, and the home.
#[track_caller]
fn not_deleted(reply: fn() -> Reply, why: &str) -> (Livy, Home) {
    let livy = Livy::failing(move |request| match request.method.as_str() {
        "DELETE" => Fault::Instead(reply()),
        _ => Fault::None,
    });
    let home = Home::new();
    let ended = home
        .livysh(&["-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .prints("2\n");
    ended.says(&["session 0 could not be deleted and may still be there", why]);
    (livy, home)
}

#[test]
fn a_delete_that_fails_is_said_with_the_id_and_changes_no_exit_code() {
    let reply = || Reply::json(500, "\"java.lang.IllegalStateException\"");
    let (livy, _) = not_deleted(reply, "500");
    assert_eq!(livy.asked("DELETE /sessions/0"), 3);
}

#[test]
fn a_page_in_the_place_of_an_answer_deletes_nothing_and_the_journal_keeps_the_session() {
    let page = || Reply::html(200, "<!doctype html><title>Sign in</title>");
    let (_, home) = not_deleted(page, "HTML page");
    assert_eq!(exits::left_behind(&home).len(), 1);
}

#[test]
fn a_delete_that_the_network_loses_is_tried_again() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.method == "DELETE"
            && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0
        {
            return Fault::Instead(Reply::dropped());
        }
        Fault::None
    });
    let home = Home::new();
    home.livysh(&["-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .silent();
    livy.assert_clean();
}

/// A run at whose DELETEs such a fault comes as often.
fn deleted_after(times: usize, fault: fn() -> Fault) -> (Livy, run::Ended) {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.method == "DELETE"
            && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < times
        {
            return fault();
        }
        Fault::None
    });
    let ended = Home::new().livysh(&["-e", "1 + 1", &livy.url()]).run();
    (livy, ended)
}

#[test]
fn a_delete_outlives_an_outage_of_seconds_whatever_a_gateway_asks_for() {
    let faults: [(usize, fn() -> Fault); 3] = [
        (5, || Fault::Instead(Reply::dropped())),
        (6, || Fault::Instead(Reply::html(502, ""))),
        // the answer alone is lost
        (1, || Fault::Then(Reply::html(504, ""))),
    ];
    for (times, fault) in faults {
        let (livy, ended) = deleted_after(times, fault);
        ended.exits(0).silent();
        livy.assert_clean();
    }
}

#[test]
fn a_server_that_wants_a_delete_later_than_a_way_out_may_take_is_asked_once_more_at_the_end() {
    let (livy, ended) = deleted_after(1, || {
        let later = [("Content-Type", "text/html"), ("Retry-After", "60")];
        Fault::Instead(Reply::with(503, &later, ""))
    });
    ended.exits(0).silent();
    assert_eq!(livy.asked("DELETE /sessions/0"), 2);
    livy.assert_clean();
}

#[test]
fn one_answer_that_a_session_is_not_there_is_no_proof_that_it_is_deleted() {
    let (livy, ended) = deleted_after(1, || {
        Fault::Instead(Reply::json(404, r#"{"msg":"Session '0' not found."}"#))
    });
    ended.exits(0).silent();
    livy.assert_clean();
}

#[test]
fn a_session_that_is_gone_already_is_no_failure_of_the_delete() {
    let livy = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Instead(Reply::json(404, r#"{"msg":"Session '0' not found."}"#)),
        _ => Fault::None,
    });
    Home::new()
        .livysh(&["-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .silent();
}

#[test]
fn a_signal_while_the_script_is_still_read_ends_the_program() {
    for (signal, code) in SIGNALS {
        let (livy, home) = (Livy::new(), Home::new());
        let started = home.livysh(&[&livy.url()]).stdin_stays_open().start();
        // its handlers are there when it has begun to read
        std::thread::sleep(moment());
        started.signal(signal);
        started.end().exits(code).prints("");
        assert!(livy.requests().is_empty());
    }
}

#[test]
fn a_delete_that_fails_after_a_signal_is_said_with_the_id() {
    for (signal, code) in SIGNALS {
        let livy = Livy::failing(|request| match request.method.as_str() {
            "DELETE" => Fault::Instead(Reply::json(403, "{}")),
            _ => Fault::None,
        });
        let ended = signalled(&livy, "hang", LOOK, signal).exits(code);
        ended.says(&["session 0 could not be deleted and may still be there"]);
    }
}

#[test]
fn a_cancel_that_a_page_answers_is_sent_again() {
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let livy = Livy::start(Plan {
        interpreter: Box::new(|_, _| Ran::Runs),
        fault: Box::new(move |request| {
            let page = request.line().ends_with("/cancel")
                && pages.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            if page {
                Fault::Instead(Reply::html(200, "<html>Sign in</html>"))
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    });
    signalled(&livy, "slow", LOOK, Signal::INT).exits(130);
    assert!(livy.asked("POST /sessions/0/statements/0/cancel") > 1);
    livy.assert_clean();
}

#[test]
fn a_refused_cancel_costs_no_answer() {
    let livy = Livy::start(Plan {
        interpreter: Box::new(|_, _| Ran::Ends(40, livy::text("the answer"))),
        fault: Box::new(|request| {
            if request.line().ends_with("/cancel") {
                Fault::Instead(Reply::json(403, "{}"))
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    });
    signalled(&livy, "slow", LOOK, Signal::INT)
        .exits(130)
        .prints("the answer\n");
    livy.assert_clean();
}
