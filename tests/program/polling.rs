//! Waiting for a statement's answer through trouble.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

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

/// A driver writes a statement's state and its output one after the other.
#[test]
fn an_end_without_output_is_not_believed_at_once() {
    let torn = || Reply::json(200, r#"{"id":0,"state":"available","output":null}"#);
    let livy = looks(3, torn);
    run(&livy, &[]).exits(0).prints("2\n").silent();
    assert!(livy.asked(LOOK) > 3);
    livy.assert_clean();
}

#[test]
fn an_end_that_stays_without_output_is_believed_in_the_end() {
    let livy = looks(usize::MAX, || {
        Reply::json(200, r#"{"id":0,"state":"available","output":null}"#)
    });
    run(&livy, &[]).exits(0).prints("").silent();
    livy.assert_clean();
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

/// What a gateway says while what is behind it is away, or in need of a pause.
#[test]
fn whatever_a_gateway_says_for_a_while_is_survived() {
    // each with the seconds that it asks for
    let faults: [(fn() -> Reply, u64); 10] = [
        (|| Reply::html(200, "<html>We will be back soon</html>"), 0),
        (|| Reply::html(404, "default backend - 404"), 0),
        (|| Reply::html(504, "<title>Gateway Time-out</title>"), 0),
        (|| Reply::html(408, "<title>Request Time-out</title>"), 0),
        (|| Reply::html(524, "<title>A timeout occurred</title>"), 0),
        // no host of that name is asked: another host's login page is not visited
        (|| Reply::redirect(302, "https://login.invalid/"), 0),
        (|| Reply::html(403, "<title>Forbidden</title>"), 0),
        (|| Reply::with(429, &[("Retry-After", "1")], ""), 1),
        (|| Reply::with(503, &[("Retry-After", "1")], "<html>"), 1),
        (
            || Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"id\":0"),
            0,
        ),
    ];
    for (fault, asks) in faults {
        let seen = AtomicUsize::new(0);
        let fault = move |request: &support::Request| {
            // the server has shown that it knows the route
            let bad =
                request.line() == LOOK && (1..3).contains(&seen.fetch_add(1, Ordering::SeqCst));
            if bad {
                Fault::Instead(fault())
            } else {
                Fault::None
            }
        };
        let livy = Livy::start(Plan {
            fault: Box::new(fault),
            interpreter: Box::new(|_, _| Ran::Ends(3, livy::text("slow"))),
            ..Plan::default()
        });
        let code = "slow";
        let home = Home::new();
        let began = Instant::now();
        let ended = home.livysh(&["-e", code, &livy.url()]).run();
        ended.exits(0).prints("slow\n").silent();
        // both times
        assert!(began.elapsed() >= Duration::from_secs(2 * asks));
        assert!(livy.asked(LOOK) > 3);
        assert_eq!(livy.asked("GET /sessions/0/statements?"), 0);
        assert_eq!(livy.submitted(), [code]);
        livy.assert_clean();
    }
}

#[test]
fn a_token_that_expires_while_a_statement_runs_is_fetched_anew() {
    let home = Home::new();
    let token = home.write("token", "first-token");
    let seen = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        let looked = if request.line() == LOOK {
            seen.fetch_add(1, Ordering::SeqCst)
        } else {
            0
        };
        let valid = if looked >= 1 || seen.load(Ordering::SeqCst) > 1 {
            "Bearer second-token"
        } else {
            "Bearer first-token"
        };
        if request.header("authorization") == Some(valid) {
            if looked == 1 {
                return Fault::None;
            }
            return match request.line().as_str() {
                LOOK if looked < 1 => {
                    Fault::Instead(Reply::json(200, r#"{"id":0,"state":"running"}"#))
                }
                _ => Fault::None,
            };
        }
        Fault::Instead(Reply::with(
            401,
            &[("WWW-Authenticate", "Bearer")],
            "<html>expired</html>",
        ))
    });
    let command = format!("cat {token} && printf second-token > {token}");
    home.livysh(&["--token-command", &command, "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .prints("2\n")
        .silent();
    livy.assert_clean();
}

#[test]
fn a_token_that_is_refused_for_good_is_told() {
    let livy =
        Livy::failing(|_| Fault::Instead(Reply::with(401, &[("WWW-Authenticate", "Bearer")], "")));
    let home = Home::new();
    let ended = home
        .livysh(&[
            "--token-command",
            "echo no-good-token",
            "-e",
            "1",
            &livy.url(),
        ])
        .run();
    ended.exits(3).says(&["401"]).hides("no-good-token");
    assert_eq!(
        livy.asked("POST /sessions"),
        1,
        "the same token is not shown again"
    );
}

#[test]
fn an_answer_that_cannot_be_fetched_is_given_up_by_name_while_the_session_is_well() {
    let failures: [fn() -> Reply; 4] = [
        || Reply::html(500, "<title>Error 500</title>"),
        || Reply::html(504, "<title>Gateway Time-out</title>"),
        || Reply::html(502, ""),
        Reply::dropped,
    ];
    let all = failures.map(|failure| {
        std::thread::spawn(move || {
            let livy = looks(usize::MAX, failure);
            let ended = run(&livy, &["--continue", "-e", "after"])
                .exits(1)
                .prints("after\n");
            ended.says(&["statement 0 cannot be fetched", "the session goes on"]);
            livy.assert_clean();
        })
    });
    for one in all {
        one.join().unwrap();
    }
}

#[test]
fn who_is_not_let_in_any_more_is_told_so_after_a_while() {
    let told = |said: &str, fault: fn() -> Reply| {
        let livy = looks(usize::MAX, fault);
        run(&livy, &[])
            .exits(1)
            .prints("")
            .says(&["statement 0 cannot be fetched", said]);
        assert_eq!(livy.asked(LOOK), 8);
        livy.assert_clean();
    };
    let page = "https://login.invalid/";
    told(page, || Reply::redirect(302, "https://login.invalid/"));
    told("403", || Reply::html(403, "<title>Forbidden</title>"));
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

/// A server that no longer knows the first statement, and has others up to that one.
fn without_the_first(newest: u32) -> Livy {
    Livy::failing(move |request| {
        let line = request.line();
        let number = line.strip_prefix("GET /sessions/0/statements/");
        match number.and_then(|number| number.parse().ok()) {
            Some(0) => Fault::Instead(Reply::json(404, "\"Statement not found\"")),
            Some(number) if number <= newest => Fault::Instead(Reply::json(
                200,
                format!(r#"{{"id":{number},"state":"available","code":"others"}}"#),
            )),
            _ => Fault::None,
        }
    })
}

#[test]
fn an_evicted_statement_is_told_as_that() {
    let livy = without_the_first(120);
    run(&livy, &[]).exits(1).says(&[
        "no longer keeps the answer of its statement 0",
        "keeps only the newest (100, unless its operator set another number)",
    ]);
    livy.assert_clean();
}

#[test]
fn a_statement_that_nothing_pushed_out_is_not_told_as_evicted() {
    for newest in [0, 60] {
        let livy = without_the_first(newest);
        run(&livy, &[]).exits(1).says(&[
            "the server no longer knows its statement 0",
            "whether it ran to its end is unknown",
        ]);
        assert!(livy.asked(LOOK) > 4);
        livy.assert_clean();
    }
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

/// No answer is waited for longer than this below.
const HANGS: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_way_that_hangs_for_several_time_outs_is_survived() {
    let seen = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| match request.line().as_str() {
        LOOK => match seen.fetch_add(1, Ordering::SeqCst) {
            0..4 => Fault::Instead(Reply::never()),
            _ => Fault::None,
        },
        // nothing else gets through either
        "GET /sessions/0/state" => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let session = submitting::session_within(&livy, HANGS).await;
    let ended = submitting::execute(&session, "1 + 1").await.unwrap();
    assert_eq!(ended.statement.id, 0);
    assert_eq!(livy.asked(LOOK), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_alone_hangs_is_given_up_by_name() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        LOOK => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let session = submitting::session_within(&livy, HANGS).await;
    let ended = submitting::execute(&session, "1 + 1").await;
    assert!(
        matches!(ended, Err(livysh::session::Lost::Unreadable { id: 0, .. })),
        "{ended:?}"
    );
    assert_eq!(livy.asked(LOOK), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_submission_that_is_not_answered_in_time_is_looked_for() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "POST /sessions/0/statements" if request.json()["code"] == "1 + 1" => {
            Fault::Then(Reply::never())
        }
        _ => Fault::None,
    });
    let session = submitting::session_within(&livy, HANGS).await;
    submitting::execute(&session, "before").await.unwrap();
    let ended = submitting::execute(&session, "1 + 1").await.unwrap();
    assert_eq!(ended.statement.id, 1);
    assert_eq!(livy.submitted(), ["before", "1 + 1"]);
}

/// The server takes no login any more once a statement runs; a command gives these secrets, one a line, and its
/// last for ever.
fn locked_out(option: &str, secrets: &[&str]) -> (run::Ended, usize) {
    let running = std::sync::atomic::AtomicBool::new(false);
    let livy = Livy::failing(move |request| {
        if request.line() == LOOK {
            running.store(true, Ordering::SeqCst);
        }
        if running.load(Ordering::SeqCst) {
            let headers = [
                ("WWW-Authenticate", "Bearer"),
                ("WWW-Authenticate", "Basic"),
            ];
            return Fault::Instead(Reply::with(401, &headers, ""));
        }
        Fault::None
    });
    let home = Home::new();
    let asked = home.write("asked", "");
    let given = home.write("secrets", secrets.join("\n"));
    let command = format!(
        "echo >> {asked}; n=$(wc -l < {asked}); sed -n \"${{n}}p;\\$p\" {given} | head -n 1"
    );
    home.config(&format!(
        "[servers.prod]\nurl = {:?}\nuser = \"ann\"\n{option} = {command:?}\n",
        livy.url()
    ));
    let ended = home
        .livysh(&["--continue", "-e", "hang", "-e", "never", "prod"])
        // a minute's patience with a login that was taken before
        .env("LIVYSH_TEST_RENEWAL_MS", "1")
        .run();
    assert_eq!(livy.submitted(), ["hang"]);
    (
        ended,
        std::fs::read_to_string(asked).unwrap().lines().count(),
    )
}

#[test]
fn a_command_that_gives_the_refused_secret_again_ends_the_wait_with_3() {
    for option in ["password-command", "token-command"] {
        let (ended, asked) = locked_out(option, &["the-only-secret"]);
        ended.exits(3).hides("the-only-secret").says(&[
            "whether its statement 0 runs to its end is unknown",
            "gave the secret again that the server had refused",
            "run the command in a terminal",
            "session 0 could not be deleted and may still be there",
        ]);
        // at the start, for the look, and for what the way out asks
        assert!((3..=5).contains(&asked), "{asked}");
    }
}

#[test]
fn new_secrets_that_are_refused_one_after_the_other_end_the_wait_too() {
    let secrets: Vec<String> = (0..100).map(|n| format!("secret-{n:03}")).collect();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let (ended, asked) = locked_out("token-command", &secrets);
    ended
        .exits(3)
        .says(&["what it gave was refused as well"])
        .hides("secret-0");
    assert!((4..=8).contains(&asked), "{asked}");
}
