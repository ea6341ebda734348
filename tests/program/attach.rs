//! Sessions that are there: attached to, switched between, left.
use serde_json::json;

use super::shell::{enter, shell};
use super::support::Reply;
use super::*;

/// A session of somebody else's, in which a statement runs that a script sent.
fn busy(livy: &Livy, home: &Home) -> run::Started {
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    for code in ["val a = 1", "val b = 2"] {
        home.livysh(&["--attach", "0", "-e", code, &livy.url()])
            .run()
            .exits(0);
    }
    let started = home
        .livysh(&["--attach", "somebodys", "-e", "hang", &livy.url()])
        .start();
    // a script asks for that one also before it sends it
    let end = std::time::Instant::now() + Duration::from_secs(40);
    let waited_for = || {
        let lines: Vec<String> = livy.requests().iter().map(support::Request::line).collect();
        let sent = |line: &&String| *line == "POST /sessions/0/statements";
        let last = lines.iter().rposition(|line| sent(&line));
        lines.iter().filter(sent).count() == 3
            && lines
                .iter()
                .rposition(|line| line == "GET /sessions/0/statements/2")
                > last
    };
    while !waited_for() {
        assert!(std::time::Instant::now() < end, "{:?}", livy.submitted());
        std::thread::sleep(Duration::from_millis(5));
    }
    started
}

#[test]
fn a_shell_in_anothers_session_shows_what_ran_and_the_answer_of_what_still_runs() {
    let (livy, home, other) = (Livy::new(), Home::new(), Home::new());
    let started = busy(&livy, &other);
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    // in the session's language, and at once
    pty.wait_for("spark 1>");
    pty.wait_for("attached to session 0 (spark, others may use it too");
    pty.wait_for("0  available  val a = 1");
    pty.wait_for("statement 2 still runs");
    started.signal(rustix::process::Signal::INT);
    started.end().exits(130);
    pty.wait_for("statement 2 has ended");
    pty.wait_until("its answer", |screen| {
        let text = screen.contents();
        let answer = text.split_once("statement 2 has ended");
        answer.is_some_and(|(_, answer)| answer.contains("cancelled"))
    });
    assert_eq!(pty.leave(), 0);
    pty.drain();
    assert!(pty.screen().contains("session 0 stays"), "{}", pty.screen());
    assert_eq!(livy.counts(), (0, 0, 1));
    assert_eq!(livy.asked("GET /sessions/0/statements?"), 0, "never a list");
}

#[test]
fn leaving_does_not_cancel_what_somebody_else_runs() {
    let (livy, home, other) = (Livy::new(), Home::new(), Home::new());
    let started = busy(&livy, &other);
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    pty.wait_for("statement 2 still runs");
    enter(&mut pty, ":info");
    pty.wait_for("it stays: ");
    enter(&mut pty, ":quit");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(livy.asked("POST /sessions/0/statements/2/cancel"), 0);
    drop(started);
}

#[test]
fn what_waits_says_behind_whose_statement() {
    let livy = Livy::failing(|request| {
        if request.line() == "GET /sessions/0/statements/3" {
            let waiting = json!({"id": 3, "state": "waiting", "output": null});
            return Fault::Instead(Reply::json(200, waiting.to_string()));
        }
        Fault::None
    });
    let (home, other) = (Home::new(), Home::new());
    let started = busy(&livy, &other);
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    pty.wait_for("statement 2 still runs");
    enter(&mut pty, "val mine = 1");
    pty.wait_for("waits behind statement 2, which you did not send");
    drop((pty, started));
}

#[test]
fn an_unknown_or_dead_session_is_told_with_3_and_no_other_is_made() {
    let (livy, home) = (Livy::new(), Home::new());
    for id in ["7", "nobodys"] {
        home.livysh(&["--attach", id, "-e", "1", &livy.url()])
            .run()
            .exits(3)
            .says(&["not found", "`livysh sessions` lists what is there"]);
    }
    let dead = Livy::start(Plan {
        started: "dead",
        ..Plan::default()
    });
    dead.make(json!({"kind": "spark"}));
    home.livysh(&["--attach", "0", "-e", "1", &dead.url()])
        .run()
        .exits(3)
        .says(&["it is dead", "livysh sessions logs 0"]);
    assert_eq!((livy.counts(), dead.counts()), ((0, 0, 0), (0, 0, 1)));
}

#[test]
fn a_session_that_starts_is_waited_for_and_init_files_do_not_run_in_it() {
    let livy = Livy::start(Plan {
        starting: 3,
        ..Plan::default()
    });
    let home = Home::new();
    let init = home.write("init.py", "print('init')\n");
    home.config(&format!("[shell]\ninit = [{init:?}]\n"));
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    home.livysh(&["--attach", "somebodys", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .prints("2\n");
    assert_eq!(livy.submitted(), ["1 + 1"]);
    assert_eq!(livy.counts(), (0, 0, 1));
}

#[test]
fn a_signal_leaves_anothers_session_alone() {
    let (livy, home) = (Livy::new(), Home::new());
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    let started = home
        .livysh(&["--attach", "0", "-e", "hang", &livy.url()])
        .start();
    livy.until_after(
        "POST /sessions/0/statements",
        "GET /sessions/0/statements/0",
    );
    started.signal(rustix::process::Signal::TERM);
    started.end().exits(143);
    assert_eq!(livy.counts(), (0, 0, 1));
}

#[test]
fn a_shell_switches_to_anothers_session_and_back_and_deletes_its_own_on_the_way_out() {
    let (livy, home) = (Livy::new(), Home::new());
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "first");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":attach https://elsewhere/sessions/0");
    pty.wait_for("usage: :attach ID");
    enter(&mut pty, ":attach 99");
    pty.wait_for("Session '99' not found");
    enter(&mut pty, ":attach somebodys");
    pty.wait_for("session 1 waits: `:attach 1` goes back to it");
    pty.wait_for("attached to session 0 (spark");
    enter(&mut pty, "second");
    pty.wait_for("spark 3>");
    enter(&mut pty, ":attach 1");
    pty.wait_for("back in session 1");
    enter(&mut pty, "third");
    pty.wait_for("pyspark 4>");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (1, 1, 1));
    let targets: Vec<(String, String)> = livy
        .requests()
        .iter()
        .filter(|it| it.method == "POST" && it.target.ends_with("/statements"))
        .map(|it| {
            (
                it.target.clone(),
                it.json()["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let sent =
        |session: u32, code: &str| (format!("/sessions/{session}/statements"), code.to_owned());
    assert_eq!(
        targets,
        [sent(1, "first"), sent(0, "second"), sent(1, "third")]
    );
}

#[test]
fn detach_leaves_the_session_and_says_when_it_ends() {
    for (options, until) in [
        (&["--heartbeat", "600"][..], "10 min after the last look"),
        (&["--heartbeat", "0"], "1 h without use"),
    ] {
        let (livy, home) = (Livy::new(), Home::new());
        let mut pty = shell(&livy, &home, options);
        pty.wait_for("pyspark 1>");
        enter(&mut pty, "1 + 1");
        pty.wait_for("pyspark 2>");
        enter(&mut pty, ":detach");
        assert_eq!(pty.exit_code(), 0);
        pty.drain();
        let screen = pty.screen().replace('\n', " ");
        assert!(screen.contains("session 0 stays: "), "{screen}");
        assert!(screen.contains(until), "{screen}");
        assert_eq!(livy.counts(), (1, 0, 1));
        assert!(exits::left_behind(&home).is_empty());
    }
}

#[test]
fn sessions_are_killed_and_logs_followed_from_within_the_shell() {
    let (livy, home) = (Livy::new(), Home::new());
    livy.make(json!({"kind": "spark", "name": "old"}));
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":sessions kill 0 77");
    pty.wait_for("session 0 is ended");
    pty.wait_for("there is no session 77");
    enter(&mut pty, ":logs -f");
    pty.wait_for("logline");
    pty.send("\x03");
    enter(&mut pty, "2");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (1, 2, 0));
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let (livy, home) = (Livy::new(), Home::new());
    for options in [
        &["--attach", "0", "--keep"][..],
        &["--attach", "0", "--reuse"],
        &["--keep", "--heartbeat", "60"],
        &["--delete"],
        &["--attach", "https://elsewhere/0"],
    ] {
        let url = livy.url();
        let arguments = [&["-e", "1", &url][..], options].concat();
        home.livysh(&arguments).run().exits(2);
    }
    assert!(livy.requests().is_empty());
}

#[test]
fn sessions_are_killed_by_name_from_the_shell_and_ctrl_c_leaves_a_slow_end() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "DELETE /sessions/2" => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    for name in ["old", "twin", "slow", "twin"] {
        livy.make(json!({"kind": "spark", "name": name}));
    }
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, ":sessions kill old twin nobodys");
    pty.wait_for("session old is ended");
    pty.wait_for("twin is the name of 2 sessions: 1 (starting), 3 (starting)");
    pty.wait_for("there is no session nobodys");
    // a list may lack a session, and an id be no number: the server is asked for it by that word
    assert_eq!(livy.asked("DELETE"), 2);
    enter(&mut pty, ":sessions kill slow 1");
    livy.until("DELETE /sessions/2");
    pty.wait_for("ending session slow (Ctrl-C stops waiting)");
    pty.send("\x03");
    pty.wait_for("session slow may still be there; its deletion goes on");
    pty.wait_for("not ended: 1");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (1, 2, 3));
}

/// Two live sessions and one that is dead, of the same name, on a server that knows no names in its paths.
fn namesakes() -> Livy {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "GET /sessions/twin" | "GET /sessions/lone" => {
            Fault::Instead(Reply::json(404, "\"Session 'twin' not found.\""))
        }
        "GET /sessions?from=0&size=100" => {
            let of = |id: u8, name: &str, state: &str| json!({"id": id, "name": name, "kind": "spark", "state": state});
            let all = [
                of(0, "twin", "dead"),
                of(1, "twin", "idle"),
                of(2, "twin", "busy"),
                of(3, "lone", "dead"),
                of(4, "lone", "idle"),
            ];
            let page = json!({"from": 0, "total": all.len(), "sessions": all});
            Fault::Instead(Reply::json(200, page.to_string()))
        }
        _ => Fault::None,
    });
    for _ in 0..5 {
        livy.make(json!({"kind": "spark"}));
    }
    livy
}

#[test]
fn of_several_sessions_with_a_name_none_is_guessed_and_of_one_that_lives_the_dead_are_no_rivals() {
    let (livy, home) = (namesakes(), Home::new());
    let named = "twin is the name of 3 sessions: 1 (idle), 2 (busy), 0 (dead)";
    let live = "twin is the name of 2 sessions: 1 (idle), 2 (busy)";
    home.livysh(&["--attach", "twin", "-e", "1", &livy.url()])
        .run()
        .exits(3)
        .says(&[live, "name the one that you mean by its id"]);
    for action in ["show", "statements", "logs"] {
        home.livysh(&["sessions", action, "twin", &livy.url()])
            .run()
            .exits(3)
            .says(&[live]);
    }
    home.livysh(&["sessions", "kill", "twin", &livy.url()])
        .run()
        .exits(3)
        .says(&[named]);
    assert_eq!(livy.asked("DELETE"), 0);
    home.livysh(&["--attach", "lone", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0);
    assert_eq!(livy.asked("POST /sessions/4/statements"), 1);
    let mut pty = shell(&livy, &home, &["--attach", "1"]);
    pty.wait_for("spark 1>");
    enter(&mut pty, ":attach twin");
    pty.wait_for(live);
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_session_that_is_to_be_deleted_is_deleted_though_it_never_took_a_statement() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    let started = home
        .livysh(&["--attach", "somebodys", "--delete", "-e", "1", &livy.url()])
        .start();
    // it was found by its name, and is waited for by its id
    livy.until("GET /sessions/0");
    started.signal(rustix::process::Signal::TERM);
    started.end().exits(143);
    assert_eq!(livy.counts(), (0, 1, 0));
}

#[test]
fn the_word_of_a_session_leads_to_it_unless_another_has_that_very_name() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let attached = |says: &str| {
        let attach = ["--attach", "etl", "-e", "1 + 1", &url];
        let ended = home.livysh(&attach).run();
        if says.is_empty() {
            ended.exits(0).prints("2\n");
        } else {
            ended.exits(3).says(&[says]);
        }
    };
    let kept = ["--keep", "-e", "1", "--name", "etl", &url];
    home.livysh(&kept).run().exits(0);
    attached("");
    assert_eq!(livy.asked("POST /sessions/0/statements"), 2);
    home.livysh(&kept).run().exits(0);
    attached("etl is the name of 2 sessions: 0 (idle), 1 (idle)");
    livy.make(json!({"kind": "pyspark", "name": "etl"}));
    attached("");
    assert_eq!(livy.asked("POST /sessions/2/statements"), 1);
}

#[test]
fn options_that_only_a_creation_heeds_are_named_beside_attach() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    let attached = |options: &[&str]| {
        let arguments = [&["--attach", "0", "-e", "1 + 1"][..], options].concat();
        home.livysh(&arguments).run().exits(0).prints("2\n")
    };
    let ended = attached(&["--conf", "a=b", "--rows", "5", "--name", "n", &url]);
    assert_eq!(
        ended.err,
        "livysh: --name, --conf and --rows have no effect beside --attach: the session is there already\n"
    );
    // what the profile wishes for new sessions is no news, and these have an effect
    home.config(&format!(
        "[servers.prod]\nurl = {url:?}\nsession = {{ driver-memory = \"2g\" }}\n"
    ));
    attached(&["-k", "pyspark", "--start-timeout", "9", "prod"]).silent();
    home.livysh(&["--reuse", "one", "--name", "two", "-e", "1", &url])
        .run()
        .exits(0)
        .says(&["--name has no effect beside --reuse NAME"]);
}

#[test]
fn a_statement_that_the_server_cannot_show_hides_no_other() {
    let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&broken);
    let livy = Livy::failing(move |request| {
        let one = request.line() == "GET /sessions/0/statements/1";
        if one && seen.load(std::sync::atomic::Ordering::SeqCst) {
            return Fault::Instead(Reply::json(500, "\"java.lang.IllegalStateException\""));
        }
        Fault::None
    });
    let (home, other) = (Home::new(), Home::new());
    let started = busy(&livy, &other);
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    pty.wait_for("0  available  val a = 1");
    pty.wait_for("1  unreadable");
    pty.wait_for("statement 2 still runs");
    assert_eq!(pty.leave(), 0);
    let arguments = ["sessions", "statements", "0", &livy.url(), "-o", "csv"];
    let ended = home.livysh(&arguments).run().exits(0);
    let rows: Vec<&str> = ended.out.lines().skip(1).collect();
    let starts = |at: usize, text: &str| assert!(rows[at].starts_with(text), "{rows:?}");
    starts(0, "0,available");
    starts(1, "1,unreadable");
    starts(2, "2,running");
    drop(started);
}

/// A session that has had many statements, of which the server keeps a hundred.
fn long_used(newest: i64) -> Livy {
    let livy = Livy::failing(move |request| {
        let line = request.line();
        let number = line.strip_prefix("GET /sessions/0/statements/");
        match number.and_then(|number| number.parse::<i64>().ok()) {
            Some(number) if number <= newest && number > newest - 100 => {
                Fault::Instead(Reply::json(
                    200,
                    format!(r#"{{"id":{number},"state":"available","code":"val a = {number}"}}"#),
                ))
            }
            _ => Fault::None,
        }
    });
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    livy
}

#[test]
fn the_newest_statements_of_a_session_of_many_thousands_are_found_by_single_looks() {
    for newest in [99, 4711, 19_950] {
        let (livy, home) = (long_used(newest), Home::new());
        let mut pty = shell(&livy, &home, &["--attach", "0"]);
        pty.wait_for(&format!("{newest}  available  val a = {newest}"));
        enter(&mut pty, ":statements");
        pty.wait_for("available");
        assert_eq!(pty.leave(), 0);
        assert_eq!(livy.asked("GET /sessions/0/statements?"), 0, "never a list");
    }
}

#[test]
fn where_no_statement_is_found_it_is_said_what_that_can_mean() {
    for livy in [long_used(-1), long_used(50_000)] {
        let home = Home::new();
        let mut pty = shell(&livy, &home, &["--attach", "0"]);
        pty.wait_for("none yet, or more than 20,000");
        assert_eq!(pty.leave(), 0);
        home.livysh(&["sessions", "statements", "0", &livy.url()])
            .run()
            .exits(0)
            .says(&["none yet, or more than 20,000"]);
    }
}

#[test]
fn a_server_that_can_show_no_statement_is_told_and_not_asked_for_ever() {
    let livy = Livy::failing(|request| {
        if request.target.starts_with("/sessions/0/statements/") {
            return Fault::Instead(Reply::json(500, "\"java.lang.IllegalStateException\""));
        }
        Fault::None
    });
    let home = Home::new();
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    home.livysh(&["sessions", "statements", "0", &livy.url()])
        .run()
        .exits(3)
        .says(&["500"]);
    assert_eq!(livy.asked("GET /sessions/0/statements/"), 6);
}

#[test]
fn only_a_session_of_ours_is_told_that_it_is_used_again() {
    const CONNECT: &str = "POST /sessions/0/connect";
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    home.livysh(&["--keep", "-e", "1", &url]).run().exits(0);
    assert_eq!(livy.asked(CONNECT), 0);
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    pty.wait_for("one of yours");
    livy.until(CONNECT);
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.asked(CONNECT), 1, "once");
    let mut pty = shell(&livy, &Home::new(), &["--attach", "0"]);
    pty.wait_for("others may use it too");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.asked(CONNECT), 1);
}

#[test]
fn the_answer_of_what_ran_before_us_is_shown_when_the_session_is_back() {
    for finish_first in [true, false] {
        let (livy, home, other) = (Livy::new(), Home::new(), Home::new());
        let mut started = busy(&livy, &other);
        let second = livy.make(json!({"kind": "pyspark", "name": "second"}));
        let mut pty = shell(&livy, &home, &["--attach", "0", "--delete"]);
        pty.wait_for("statement 2 still runs");
        enter(&mut pty, &format!(":attach {second}"));
        pty.wait_for("session 0 waits");
        pty.wait_for("attached to session 1");
        if finish_first {
            livy.finish();
        }
        started.child.kill().unwrap();
        started.child.wait().unwrap();
        enter(&mut pty, ":attach 0");
        pty.wait_for("back in session 0");
        if !finish_first {
            livy.finish();
        }
        pty.wait_for("statement 2 has ended");
        pty.wait_for("finished");
        assert_eq!(pty.leave(), 0);
    }
}
