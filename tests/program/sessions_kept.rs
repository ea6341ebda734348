//! Sessions that stay: what was left behind is told and ended, what was kept on purpose is used again.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use livysh_history::Recorder;
use serde_json::json;

use super::exits::left_behind;
use super::shell::{enter, shell};
use super::support::Reply;
use super::*;

const LOOK: &str = "GET /sessions/0/statements/0";

/// A session whose owner was killed while its statement ran.
fn killed(livy: &Livy, home: &Home) {
    let mut started = home.livysh(&["-e", "hang", &livy.url()]).start();
    livy.until(LOOK);
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    assert_eq!(left_behind(home).len(), 1);
}

#[test]
fn what_a_kill_left_is_told_above_the_prompt_and_clean_ends_it() {
    let (livy, home) = (Livy::new(), Home::new());
    killed(&livy, &home);
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("a session of yours is still there (0, ");
    pty.wait_for("pyspark 1>");
    enter(&mut pty, ":sessions clean");
    pty.wait_for("is ended");
    assert_eq!(livy.asked("DELETE /sessions/0"), 1);
    enter(&mut pty, ":sessions clean");
    pty.wait_for("nothing of yours is left behind");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (2, 2, 0));
    assert!(left_behind(&home).is_empty());
}

#[test]
fn a_script_tells_what_was_left_without_waiting_for_it_and_sessions_clean_ends_it() {
    let (livy, home) = (Livy::new(), Home::new());
    killed(&livy, &home);
    let started = home.livysh(&["-e", "hang", &livy.url()]).start();
    livy.until("GET /sessions/1/statements/0");
    livy.until("GET /sessions/0");
    std::thread::sleep(moment());
    started.signal(rustix::process::Signal::INT);
    started.end().exits(130).says(&[
        "a session of yours is still there (0, ",
        "`livysh sessions clean http",
    ]);
    let clean = ["sessions", "clean", &livy.url()];
    home.livysh(&clean)
        .run()
        .exits(0)
        .prints("")
        .says(&["session 0 (livysh-", "is ended"]);
    assert_eq!(livy.counts(), (2, 2, 0));
    home.livysh(&clean)
        .run()
        .exits(0)
        .says(&["nothing of yours is left behind"]);
}

#[test]
fn a_look_that_hangs_holds_no_script_up() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "GET /sessions/0" => Fault::Instead(Reply::never()),
        // where it was killed before it had written the id down
        line if line.starts_with("GET /sessions?") => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    // its first look is the start's own: it never ends, and the owner is killed
    let mut started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions/0");
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    home.livysh(&["-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .prints("2\n")
        .silent();
}

#[test]
fn of_two_shells_neither_names_nor_ends_the_others_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut first = shell(&livy, &home, &[]);
    first.wait_for("pyspark 1>");
    enter(&mut first, "1 + 1");
    first.wait_for("pyspark 2>");
    let mut second = shell(&livy, &home, &[]);
    second.wait_for("pyspark 1>");
    enter(&mut second, ":sessions clean");
    second.wait_for("nothing of yours is left behind");
    enter(&mut second, "1 + 1");
    second.wait_for("pyspark 2>");
    home.livysh(&["sessions", "clean", &livy.url()])
        .run()
        .exits(0)
        .says(&["nothing of yours"]);
    assert_eq!(livy.counts(), (2, 0, 2));
    for pty in [&mut first, &mut second] {
        assert_eq!(pty.leave(), 0);
        assert!(!pty.screen().contains("still there"), "{}", pty.screen());
    }
    assert_eq!(livy.counts(), (2, 2, 0));
}

#[test]
fn an_id_that_is_anothers_by_now_is_neither_named_nor_ended() {
    let (livy, home) = (Livy::new(), Home::new());
    killed(&livy, &home);
    livy.restart(json!({"kind": "spark", "name": "somebodys"}), None);
    home.livysh(&["sessions", "clean", &livy.url()])
        .run()
        .exits(0)
        .says(&["nothing of yours is left behind"]);
    assert_eq!(livy.asked("DELETE"), 0);
    assert!(left_behind(&home).is_empty());
}

#[test]
fn without_names_nothing_is_ended_and_that_is_said() {
    let (livy, home) = (Livy::new(), Home::new());
    killed(&livy, &home);
    livy.restart(json!({"kind": "spark"}), None);
    home.livysh(&["sessions", "clean", &livy.url()])
        .run()
        .exits(3)
        .says(&[
            "session 0 (livysh-",
            "may still be there",
            "shows no names",
            "livysh sessions kill ID",
        ]);
    assert_eq!(livy.asked("DELETE"), 0);
}

#[test]
fn a_session_whose_creation_nobody_answered_is_found_by_its_name() {
    let up = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&up);
    let livy = Livy::failing(move |request| match request.method.as_str() {
        _ if seen.load(Ordering::SeqCst) => Fault::None,
        "POST" => Fault::Then(Reply::dropped()),
        _ => Fault::Instead(Reply::json(503, "{}")),
    });
    let home = Home::new();
    let mut started = home.livysh(&["-e", "1", &livy.url()]).start();
    livy.until("GET /sessions?");
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    assert_eq!(left_behind(&home)[0].session, None);
    home.livysh(&["sessions", "clean", &livy.url()])
        .run()
        .exits(3)
        .says(&["may still be there"]);
    up.store(true, Ordering::SeqCst);
    home.livysh(&["sessions", "clean", &livy.url()])
        .run()
        .exits(0)
        .says(&["session 0 (livysh-", "is ended"]);
    livy.assert_clean();
}

#[test]
fn a_kept_session_stays_says_until_when_and_is_no_leftover() {
    for (options, until) in [
        (&[][..], "1 h without use"),
        (&["--idle-timeout", "30m"][..], "after 30m without use"),
        (&["--ttl", "8h"][..], "ttl of 8h"),
    ] {
        let (livy, home) = (Livy::new(), Home::new());
        let url = livy.url();
        let arguments = [&["--keep", "-e", "1 + 1", &url][..], options].concat();
        home.livysh(&arguments).run().exits(0).prints("2\n").says(&[
            "session 0 stays: ",
            until,
            "--attach 0` comes back to it",
        ]);
        assert_eq!(livy.counts(), (1, 0, 1));
        let body = &livy.bodies("POST /sessions")[0];
        assert!(body.get("heartbeatTimeoutInSecond").is_none(), "{body}");
        assert!(left_behind(&home).is_empty());
        home.livysh(&["sessions", "clean", &url]).run().exits(0);
        home.livysh(&["--attach", "0", "-e", "x", &url])
            .run()
            .exits(0)
            .prints("x\n")
            .silent();
        assert_eq!(livy.counts(), (1, 0, 1));
        home.livysh(&["--attach", "0", "--delete", "-e", "x", &url])
            .run()
            .exits(0)
            .silent();
        livy.assert_clean();
    }
}

#[test]
fn a_kept_session_that_does_not_come_up_is_deleted() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let started = home.livysh(&["--keep", "-e", "1", &livy.url()]).start();
    livy.until("GET /sessions/0");
    started.signal(rustix::process::Signal::TERM);
    started.end().exits(143);
    livy.assert_clean();
}

#[test]
fn restart_deletes_a_kept_session_and_makes_another_that_stays() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &["--keep"]);
    pty.wait_for("session 0 stays when you leave");
    enter(&mut pty, ":restart");
    pty.wait_for("session 1 stays when you leave");
    assert_eq!(livy.counts(), (2, 1, 1));
    assert_eq!(pty.leave(), 0);
    pty.drain();
    assert!(pty.screen().contains("--attach 1"), "{}", pty.screen());
    assert_eq!(livy.counts(), (2, 1, 1));
}

#[test]
fn a_session_is_reused_by_who_wants_the_same_and_by_nobody_else() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let run = |options: &[&str]| {
        let arguments = [&["--reuse", "-e", "1 + 1", &url][..], options].concat();
        home.livysh(&arguments).run().exits(0)
    };
    run(&[]).says(&["session 0 stays: "]);
    run(&[]).prints("2\n").silent();
    run(&[]);
    assert_eq!(livy.counts(), (1, 0, 1));
    run(&["-k", "sql"]);
    assert_eq!(livy.counts(), (2, 0, 2));
    run(&["--driver-memory", "2g"]);
    assert_eq!(livy.counts(), (3, 0, 3));
    run(&["--driver-memory", "2g"]);
    run(&["-k", "sql"]);
    assert_eq!(livy.counts(), (3, 0, 3));
    // one that is gone is made anew
    livy.forget();
    run(&[]).says(&["session 3 stays: "]);
    let (made, _, there) = livy.counts();
    assert_eq!((made, there), (4, 1));
    // a plain run is a new session, which goes
    home.livysh(&["-e", "1", &url]).run().exits(0).silent();
    assert_eq!(livy.counts(), (5, 1, 1));
}

#[test]
fn one_answer_that_a_session_is_not_there_strikes_none_off() {
    let wrong = Arc::new(AtomicBool::new(false));
    let wrong_once = || {
        let wrong = Arc::clone(&wrong);
        Livy::failing(move |request| {
            if request.line() == "GET /sessions/0" && wrong.swap(false, Ordering::SeqCst) {
                Fault::Instead(Reply::json(404, r#"{"msg":"Session '0' not found."}"#))
            } else {
                Fault::None
            }
        })
    };
    let livy = wrong_once();
    let (home, url) = (Home::new(), livy.url());
    let reuse = || {
        home.livysh(&["--reuse", "-e", "1 + 1", &url])
            .run()
            .exits(0)
    };
    reuse().says(&["session 0 stays: "]);
    wrong.store(true, Ordering::SeqCst);
    reuse().prints("2\n").silent();
    assert!(!wrong.load(Ordering::SeqCst), "the wrong answer was given");
    assert_eq!(livy.counts(), (1, 0, 1));
    // nor one that was left behind
    let (livy, home) = (wrong_once(), Home::new());
    killed(&livy, &home);
    wrong.store(true, Ordering::SeqCst);
    let clean = ["sessions", "clean", &livy.url()];
    let ended = home.livysh(&clean).run().exits(0);
    ended.says(&["session 0 (livysh-", "is ended"]);
    assert_eq!(livy.counts(), (1, 1, 0));
}

#[test]
fn a_session_in_use_or_busy_is_not_shared_by_a_second_reuse() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let first = home.livysh(&["--reuse", "-e", "hang", &url]).start();
    livy.until(LOOK);
    home.livysh(&["--reuse", "-e", "1", &url])
        .run()
        .exits(0)
        .says(&["session 1 stays"]);
    first.signal(rustix::process::Signal::INT);
    first.end().exits(130);
    assert_eq!(livy.counts(), (2, 0, 2));
}

#[test]
fn a_name_tells_reused_sessions_apart_and_the_word_behind_may_be_the_server() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    for _ in 0..2 {
        home.livysh(&["--reuse", "mine", "-e", "1", &url])
            .run()
            .exits(0);
    }
    let bodies = livy.bodies("POST /sessions");
    let name = bodies[0]["name"].as_str().unwrap();
    assert!(name.starts_with("mine-") && name.len() == 17, "{name}");
    assert_eq!(livy.counts(), (1, 0, 1));
    for _ in 0..2 {
        home.livysh(&["-e", "1", "--reuse", &url]).run().exits(0);
    }
    assert_eq!(livy.counts(), (2, 0, 2));
    home.livysh(&["-e", "1", &url, "--reuse", "no name"])
        .run()
        .exits(2);
}

#[test]
fn without_a_record_a_session_for_reuse_is_deleted_and_that_is_said() {
    let (livy, home) = (Livy::new(), Home::new());
    home.livysh(&["--no-history", "--reuse", "-e", "1", &livy.url()])
        .run()
        .exits(0)
        .says(&["without the record"]);
    livy.assert_clean();
}

#[test]
fn the_list_tells_what_a_session_has_and_its_age_where_it_is_ours() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    home.livysh(&["--keep", "--driver-memory", "2g", "-e", "1", &url])
        .run()
        .exits(0);
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    let ended = home
        .livysh(&["sessions", "list", &url, "-o", "json"])
        .run()
        .exits(0);
    let rows: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(rows[0]["driver_memory"], "2g");
    assert!(rows[0]["age_seconds"].is_u64(), "{rows}");
    assert_eq!(rows[1]["age_seconds"], serde_json::Value::Null);
    let ended = home.livysh(&["sessions", "list", &url]).run().exits(0);
    assert!(!ended.out.contains("executor"), "{}", ended.out);
    assert!(ended.out.contains("driver memory"), "{}", ended.out);
    // people are told in their units
    assert!(ended.out.contains(" age "), "{}", ended.out);
    assert!(!ended.out.contains("age seconds"), "{}", ended.out);
}

#[test]
fn sessions_of_this_machine_cannot_stay() {
    let home = Home::new();
    home.config("default = \"local\"\n");
    for option in [&["--keep"][..], &["--reuse"], &["--attach", "0"]] {
        let arguments = [&["-e", "1"][..], option].concat();
        home.livysh(&arguments)
            .run()
            .exits(2)
            .says(&["Sessions of `livysh local` end with it", "livysh serve"]);
    }
}

#[test]
fn a_row_that_was_adopted_is_its_new_owners() {
    let (livy, home) = (Livy::new(), Home::new());
    home.livysh(&["--keep", "-e", "1", &livy.url()])
        .run()
        .exits(0);
    let row = || {
        let record = Recorder::open(&home.path("livysh/data/record.sqlite")).value;
        record.own_sessions().value.remove(0)
    };
    let before = row();
    assert!(before.kept && before.owner.lock.is_some());
    home.livysh(&["--attach", "0", "-e", "1", &livy.url()])
        .run()
        .exits(0);
    assert_ne!(row().owner, before.owner);
}

#[test]
fn a_dry_run_shows_what_reuse_looks_for_and_would_make() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let shown = |options: &[&str]| {
        let arguments = [&["--dry-run", "-e", "1", &url][..], options].concat();
        home.livysh(&arguments).run().exits(0).silent().out
    };
    let reused = shown(&["--reuse", "mine"]);
    let begin = format!(
        "# for each session in the record that was made by the name mine with these options and left for the next, \
         the newest first:\nGET {url}/sessions/ID\n# where none of them is idle:\nPOST {url}/sessions\n"
    );
    assert!(reused.starts_with(&begin), "{reused}");
    assert!(reused.contains("\"name\": \"mine-"), "{reused}");
    for stays in [&reused, &shown(&["--keep"])] {
        assert!(!stays.contains("heartbeat"), "{stays}");
        assert!(!stays.contains("DELETE"), "{stays}");
    }
    // nobody finds it again
    let forgotten = shown(&["--reuse", "mine", "--no-history"]);
    assert!(forgotten.starts_with("POST"), "{forgotten}");
    assert!(forgotten.contains("heartbeat"), "{forgotten}");
    assert!(forgotten.ends_with("/sessions/ID\n"), "{forgotten}");
    assert!(livy.requests().is_empty());
}

fn rows(home: &Home) -> Vec<livysh_history::OwnSession> {
    let record = Recorder::open(&home.path("livysh/data/record.sqlite")).value;
    record.own_sessions().value
}

#[test]
fn a_session_left_behind_that_is_attached_to_and_stays_is_no_leftover_any_more() {
    let (livy, home) = (Livy::new(), Home::new());
    killed(&livy, &home);
    let url = livy.url();
    home.livysh(&["--attach", "0", "-e", "1", &url])
        .run()
        .exits(0);
    assert!(rows(&home)[0].kept);
    let ended = home.livysh(&["sessions", "clean", &url]).run().exits(0);
    ended.says(&["nothing of yours is left behind"]);
    assert_eq!(livy.counts(), (1, 0, 1));
}

#[test]
fn a_kept_session_that_should_go_and_cannot_is_left_behind() {
    let refuses = |request: &support::Request| match request.line().as_str() {
        "DELETE /sessions/0" => Fault::Instead(Reply::json(403, "{}")),
        _ => Fault::None,
    };
    let (livy, home) = (Livy::failing(refuses), Home::new());
    let mut pty = shell(&livy, &home, &["--keep"]);
    pty.wait_for("session 0 stays when you leave");
    enter(&mut pty, ":restart");
    pty.wait_for("session 0 could not be deleted");
    pty.wait_for("session 1 stays when you leave");
    let kept: Vec<bool> = rows(&home).iter().map(|row| row.kept).collect();
    assert_eq!(kept, [false, true]);
    assert_eq!(pty.leave(), 0);

    let (livy, home) = (Livy::failing(refuses), Home::new());
    let url = livy.url();
    home.livysh(&["--keep", "-e", "1", &url]).run().exits(0);
    home.livysh(&["--attach", "0", "--delete", "-e", "1", &url])
        .run()
        .exits(0)
        .says(&["session 0 could not be deleted"]);
    assert_eq!(left_behind(&home).len(), 1);
}
