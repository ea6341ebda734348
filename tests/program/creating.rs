//! The start of a session, and what goes wrong with it.
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::support::Reply;
use super::*;

fn run(livy: &Livy, more: &[&str]) -> run::Ended {
    let home = Home::new();
    home.livysh(&[&["-e", "1 + 1", &livy.url()], more].concat())
        .run()
}

#[test]
fn a_session_that_dies_shows_the_likely_cause_and_the_useful_lines_of_its_log() {
    let log = ["stderr: ", "26/01/01 10:00:00 INFO Client: uploading",
        "Exception in thread \"main\" java.lang.NumberFormatException: Size must be specified as bytes (b)",
        "\tat org.apache.spark.Foo", "\nYARN Diagnostics: "].map(str::to_owned);
    let livy = Livy::start(Plan {
        started: "dead",
        log: log.to_vec(),
        ..Plan::default()
    });
    let ended = run(&livy, &["--conf", "spark.driver.memory=2quarts"])
        .exits(3)
        .prints("");
    let ended = ended.says(&[
        "session 0 ended while it started (state dead)",
        "Size must be specified",
        "a memory size cannot be read",
        "--driver-memory 2g",
    ]);
    assert!(
        !ended.err.contains("uploading") && !ended.err.contains("\tat"),
        "{}",
        ended.err
    );
    livy.assert_clean();
}

#[test]
fn a_session_in_error_or_killed_is_no_session() {
    for state in ["error", "killed", "shutting_down"] {
        let livy = Livy::start(Plan {
            started: state,
            ..Plan::default()
        });
        run(&livy, &[]).exits(3).says(&[state]);
        livy.assert_clean();
    }
}

#[test]
fn a_start_that_takes_too_long_is_given_up_and_deleted() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    run(&livy, &["--start-timeout", "1"])
        .exits(3)
        .says(&["not ready within 1 s", "--start-timeout"]);
    livy.assert_clean();
}

#[test]
fn too_many_sessions_is_told_with_what_to_do() {
    let livy = Livy::failing(|_| {
        Fault::Instead(Reply::json(
            400,
            r#"{"msg":"Rejected, too many sessions are being created!"}"#,
        ))
    });
    run(&livy, &[])
        .exits(3)
        .says(&["limit of sessions", "livysh sessions"]);
    assert_eq!(livy.asked("POST /sessions"), 1);
}

#[test]
fn an_old_release_gets_the_request_once_more_without_the_field_it_does_not_know() {
    let livy = Livy::start(Plan {
        unknown_fields: &["idleTimeout"],
        ..Plan::default()
    });
    run(&livy, &["--idle-timeout", "2h"])
        .exits(0)
        .prints("2\n")
        .says(&["does not know idleTimeout: left out"]);
    let bodies = livy.bodies("POST /sessions");
    assert_eq!(bodies.len(), 2);
    assert_eq!(
        (&bodies[0]["idleTimeout"], bodies[1].get("idleTimeout")),
        (&json!("2h"), None)
    );
    livy.assert_clean();
}

#[test]
fn a_session_whose_creation_nobody_answered_is_found_by_its_name_and_used() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "POST /sessions" => Fault::Then(Reply::dropped()),
        _ => Fault::None,
    });
    run(&livy, &[]).exits(0).prints("2\n");
    assert_eq!(livy.bodies("POST /sessions").len(), 1);
    livy.assert_clean();
}

#[test]
fn a_session_whose_creation_was_answered_by_a_gateway_is_found_and_used() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "POST /sessions" => Fault::Then(Reply::html(504, "<title>Gateway Time-out</title>")),
        _ => Fault::None,
    });
    run(&livy, &[]).exits(0).prints("2\n");
    livy.assert_clean();
}

#[test]
fn a_session_whose_creation_was_answered_by_an_odd_gateway_is_found_and_used() {
    let odd: [fn() -> Reply; 4] = [
        || Reply::html(408, "<title>Request Time-out</title>"),
        || Reply::html(524, "<title>A timeout occurred</title>"),
        || Reply::redirect(303, "/sessions/0"),
        || Reply::redirect(302, "/sessions/0"),
    ];
    for reply in odd {
        let livy = Livy::failing(move |request| match request.line().as_str() {
            "POST /sessions" => Fault::Then(reply()),
            _ => Fault::None,
        });
        run(&livy, &[]).exits(0).prints("2\n");
        assert_eq!(livy.bodies("POST /sessions").len(), 1);
        livy.assert_clean();
    }
}

#[test]
fn a_login_page_elsewhere_in_answer_to_a_creation_leaves_no_doubt() {
    let livy = Livy::failing(|_| Fault::Instead(Reply::redirect(302, "https://login.invalid/")));
    let ended = run(&livy, &[])
        .exits(3)
        .says(&["redirected to https://login.invalid/"]);
    ended.hides("may still be there");
    assert_eq!(livy.asked(""), 1);
}

/// The creation is answered by a gateway that gave up, with that status, and each list, by its number, so.
fn unanswered(status: u16, list: impl Fn(usize) -> Fault + Send + Sync + 'static) -> Livy {
    let seen = AtomicUsize::new(0);
    Livy::failing(move |request| match request.line().as_str() {
        "POST /sessions" => Fault::Then(Reply::html(status, "")),
        line if line.starts_with("GET /sessions?") => list(seen.fetch_add(1, Ordering::SeqCst)),
        _ => Fault::None,
    })
}

/// A list without any session.
fn empty() -> Fault {
    Fault::Instead(Reply::json(200, r#"{"from":0,"total":0,"sessions":[]}"#))
}

/// The first lists do not show it.
fn late(lists: usize) -> Livy {
    unanswered(
        502,
        move |at| if at < lists { empty() } else { Fault::None },
    )
}

#[test]
fn a_session_that_the_list_shows_late_is_found_and_used() {
    let livy = late(1);
    run(&livy, &[]).exits(0).prints("2\n");
    assert_eq!(livy.bodies("POST /sessions").len(), 1);
    livy.assert_clean();
}

#[test]
fn a_session_is_looked_for_as_long_as_a_gateway_may_take_and_through_a_login_page() {
    let livy = unanswered(504, |at| match at {
        3 => Fault::Instead(Reply::html(403, "<title>Forbidden</title>")),
        0..7 => empty(),
        _ => Fault::None,
    });
    let (url, home) = (livy.url(), Home::new());
    let run = home
        .livysh(&["-e", "1 + 1", &url])
        .env("LIVYSH_TEST_SEARCH_MS", "60000");
    run.run().exits(0).prints("2\n");
    livy.assert_clean();
}

#[test]
fn a_session_that_shows_up_after_it_was_given_up_is_still_deleted() {
    let livy = late(3);
    run(&livy, &[]).exits(3).prints("").says(&["502"]);
    livy.assert_clean();
}

#[test]
fn a_list_that_fails_in_passing_on_the_way_out_leaves_no_session() {
    let livy = unanswered(502, |at| match at {
        // given up by then
        0..5 => Fault::Instead(Reply::json(500, "\"java.lang.NullPointerException\"")),
        5 => Fault::Instead(Reply::dropped()),
        6 => Fault::Instead(Reply::html(503, "")),
        _ => Fault::None,
    });
    run(&livy, &[]).exits(3).says(&["502"]);
    livy.assert_clean();
}

#[test]
fn trouble_while_the_session_starts_is_got_over() {
    let count = AtomicUsize::new(0);
    let livy = Livy::failing(move |request| {
        if request.method != "GET" {
            return Fault::None;
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Fault::Instead(Reply::dropped()),
            1 => Fault::Instead(Reply::html(503, "")),
            2 => Fault::Instead(Reply::json(500, "\"java.lang.NullPointerException\"")),
            _ => Fault::None,
        }
    });
    run(&livy, &[]).exits(0).prints("2\n");
    livy.assert_clean();
}

#[test]
fn a_proxy_user_that_the_server_ignores_is_said() {
    let livy = Livy::start(Plan {
        documented: true,
        ..Plan::default()
    });
    run(&livy, &["--proxy-user", "bob"])
        .exits(0)
        .says(&["--proxy-user bob"]);
}

#[test]
fn lists_of_files_and_settings_reach_the_body_as_they_were_given() {
    let livy = Livy::new();
    let more = [
        "--jars",
        "/a.jar,/b.jar",
        "--jars",
        "hdfs:///c.jar",
        "--conf",
        "spark.a=1",
        "--conf",
        "b=x=y",
        "--queue",
        "q",
        "--name",
        "mine",
        "--ttl",
        "3h",
        "--heartbeat",
        "0",
        "-k",
        "scala",
    ];
    run(&livy, &more).exits(0);
    let mut sent = livy.bodies("POST /sessions");
    let name = sent[0]["name"].take();
    let random = name.as_str().unwrap().strip_prefix("mine-").unwrap();
    assert_eq!(random.len(), 12, "{name}");
    sent[0]["name"] = json!("mine");
    assert_eq!(
        sent,
        [
            json!({"kind": "spark", "jars": ["/a.jar", "/b.jar", "hdfs:///c.jar"],
        "queue": "q", "name": "mine", "conf": {"b": "x=y", "spark.a": "1"}, "ttl": "3h"})
        ]
    );
}

#[test]
fn headers_and_do_as_go_with_every_request() {
    let livy = Livy::new();
    run(&livy, &["--header", "X-Team: blue", "--do-as", "bob"]).exits(0);
    for request in livy.requests() {
        assert_eq!(request.header("x-team"), Some("blue"), "{}", request.line());
        assert!(request.target.contains("doAs=bob"), "{}", request.line());
    }
}

#[test]
fn a_session_that_the_server_no_longer_knows_is_told_and_still_deleted() {
    let livy = Livy::failing(|request| {
        if request.method == "GET" && request.target.starts_with("/sessions/0") {
            let text = r#"{"msg":"Session '0' not found."}"#;
            return Fault::Instead(Reply::json(404, text));
        }
        Fault::None
    });
    run(&livy, &[]).exits(3).says(&["session 0", "gone"]);
    livy.assert_clean();
}

#[test]
fn files_of_a_local_session_are_taken_from_the_current_folder_and_checked_before_spark_starts() {
    let home = Home::new();
    home.write("lib/a.jar", "");
    home.write("env.zip", "");
    let at = home.path("").canonicalize().unwrap();
    let at = at.to_str().unwrap();
    let job = home.livysh(&[
        "local",
        "--dry-run",
        "-e",
        "1",
        "--jars",
        "lib/a.jar,hdfs:///b.jar",
        "--archives",
        "env.zip#env",
    ]);
    let ended = job.run().exits(0);
    for path in [
        format!("\"{at}/lib/a.jar\""),
        "\"hdfs:///b.jar\"".to_owned(),
        format!("\"{at}/env.zip#env\""),
    ] {
        assert!(ended.out.contains(&path), "no {path} in {}", ended.out);
    }
    for option in ["--jars", "--py-files", "--files", "--archives"] {
        home.livysh(&["local", "-e", "1", option, "lib/a.jar,lib/gone"])
            .run()
            .exits(2)
            .prints("")
            .says(&[option, "lib/gone cannot be read"]);
    }
    // a server's paths are its own
    let livy = Livy::new();
    home.livysh(&["-e", "1 + 1", "--jars", "lib/gone.jar", &livy.url()])
        .run()
        .exits(0);
    assert_eq!(
        livy.bodies("POST /sessions")[0]["jars"],
        json!(["lib/gone.jar"])
    );
}

/// A server that asks for a pause so many times before it makes a session.
fn busy(times: usize, says: fn() -> Reply) -> Livy {
    let seen = AtomicUsize::new(0);
    Livy::failing(move |request| {
        let creates = request.line() == "POST /sessions";
        if creates && seen.fetch_add(1, Ordering::SeqCst) < times {
            return Fault::Instead(says());
        }
        Fault::None
    })
}

#[test]
fn a_server_that_asks_for_a_pause_is_asked_again_for_a_session_and_that_is_said() {
    let livy = busy(2, || Reply::with(429, &[("Retry-After", "1")], ""));
    run(&livy, &[]).exits(0).prints("2\n");
    assert_eq!(livy.asked("POST /sessions"), 3 + 1, "with the statement");
    livy.assert_clean();
    let livy = busy(usize::MAX, || Reply::json(429, r#"{"msg":"slow down"}"#));
    let home = Home::new();
    let mut pty = shell::shell(&livy, &home, &[]);
    shell::enter(&mut pty, "1 + 1");
    pty.wait_for("starting: the server asks to wait, still trying after");
    pty.wait_for("slow down");
    pty.send("\x03");
    pty.wait_until("the entry is back", |screen| {
        typing::before_cursor(screen).ends_with("pyspark 1> 1 + 1")
    });
    // at an empty prompt another Ctrl-C would give the session up, and leave
    let code = pty.clear_and_leave();
    assert_eq!(code, 0, "{}", pty.screen());
    assert_eq!(livy.counts(), (0, 0, 0));
}

#[test]
fn a_server_that_asks_for_pauses_for_good_is_given_up_in_time() {
    for (says, least) in [
        (
            (|| Reply::json(429, r#"{"msg":"slow down"}"#)) as fn() -> Reply,
            2,
        ),
        (
            || Reply::with(429, &[("Retry-After", "30")], r#"{"msg":"slow down"}"#),
            1,
        ),
    ] {
        let livy = busy(usize::MAX, says);
        run(&livy, &["--start-timeout", "2"])
            .exits(3)
            .says(&["429", "try again later"]);
        assert!(livy.asked("POST /sessions") >= least);
    }
}

#[test]
fn a_session_is_not_made_any_more_once_it_was_given_up_in_a_pause() {
    let livy = busy(1, || Reply::with(429, &[("Retry-After", "1")], ""));
    let home = Home::new();
    let started = home.livysh(&["-e", "1 + 1", &livy.url()]).start();
    livy.until("POST /sessions");
    started.signal(rustix::process::Signal::INT);
    started.end().exits(130);
    assert_eq!(livy.asked("POST /sessions"), 1);
    assert_eq!(livy.counts(), (0, 0, 0));
}

#[test]
fn a_server_that_was_never_reached_is_told_at_once() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    Home::new()
        .livysh(&["-e", "1 + 1", "--start-timeout", "3600", &url])
        .run()
        .exits(3)
        .says(&["cannot be reached"]);
}
