//! The `init` files: they run when a session is idle, before anything else.
use super::shell::{enter, shell};
use super::*;

/// A home whose config names these init files.
fn home(files: &[(&str, &str)]) -> Home {
    let home = Home::new();
    let names: Vec<String> = files
        .iter()
        .map(|(name, text)| format!("{:?}", home.write(name, text)))
        .collect();
    home.config(&format!("[shell]\ninit = [{}]\n", names.join(", ")));
    home
}

#[test]
fn init_files_run_in_scripts_before_the_first_statement_and_are_no_results() {
    let home = home(&[("a.py", "first\nsecond\n"), ("b.sql", "select 1")]);
    let livy = Livy::new();
    home.livysh(&["-o", "ndjson", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .says(&["livysh: first\nlivysh: second\n"]);
    assert_eq!(livy.submitted(), ["first", "second", "select 1", "1 + 1"]);
    let kinds = livy.bodies("POST /sessions/0/statements");
    assert_eq!(kinds[2]["kind"], "sql");
    livy.assert_clean();
    let history = home.livysh(&["history"]).run().exits(0).out;
    assert!(
        history.contains("1 + 1") && !history.contains("first"),
        "{history}"
    );
}

#[test]
fn an_init_file_that_fails_stops_neither_the_others_nor_the_script() {
    let home = home(&[("a.py", "raise\nnever\n"), ("b.py", "after"), ("c.py", "x")]);
    std::fs::remove_file(home.path("c.py")).unwrap();
    let livy = Livy::new();
    home.livysh(&["-q", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .prints("2\n")
        .says(&[
            "a.py did not end well: ValueError: boom",
            "c.py cannot be read",
        ])
        .hides("livysh: after");
    assert_eq!(livy.submitted(), ["raise", "after", "1 + 1"]);
    livy.assert_clean();
}

#[test]
fn no_config_runs_no_init_file() {
    let (home, livy) = (home(&[("a.py", "first")]), Livy::new());
    home.livysh(&["--no-config", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0)
        .silent();
    home.livysh(&["sessions", "list", &livy.url()])
        .run()
        .exits(0);
    assert_eq!(livy.submitted(), ["1 + 1"]);
}

#[test]
fn in_the_shell_they_run_when_the_session_is_idle_and_again_after_restart() {
    let (home, livy) = (home(&[("a.py", "prepared")]), Livy::new());
    let mut pty = shell(&livy, &home, &[]);
    // nobody has typed anything
    pty.wait_for("livysh: prepared");
    pty.wait_for("pyspark 1>");
    pty.send("\x0c");
    enter(&mut pty, ":restart");
    livy.until("POST /sessions/1/statements");
    pty.wait_for("livysh: prepared");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.submitted(), ["prepared", "prepared"]);
    assert_eq!(livy.counts(), (2, 2, 0));
}

#[test]
fn ctrl_c_while_an_init_file_runs_gives_up() {
    let (home, livy) = (home(&[("a.py", "hang")]), Livy::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("POST /sessions/0/statements");
    pty.send("\x03");
    assert_eq!(pty.exit_code(), 130);
    livy.assert_clean();
}

#[test]
fn a_session_that_dies_in_an_init_file_is_a_failed_start_and_what_was_typed_comes_back() {
    let home = home(&[("a.py", "die")]);
    let livy = Livy::failing(|request| match request.line().as_str() {
        "GET /sessions/0/statements/0" | "GET /sessions/0/state" => {
            std::thread::sleep(moment());
            Fault::Instead(support::Reply::json(
                404,
                r#"{"msg":"Session '0' not found."}"#,
            ))
        }
        _ => Fault::None,
    });
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "kept = 1");
    pty.wait_for("the session is gone");
    pty.wait_until("the code back in the editor", |screen| {
        screen
            .contents()
            .trim_end()
            .ends_with("pyspark 1> kept = 1")
    });
    assert_eq!(pty.clear_and_leave(), 3);
    assert_eq!(livy.submitted(), ["die"]);
    livy.assert_clean();
}

#[test]
fn a_server_that_restarts_under_an_init_file_is_a_failed_start() {
    let (home, livy) = (home(&[("a.py", "hang")]), Livy::new());
    let started = home.livysh(&["-e", "1 + 1", &livy.url()]).start();
    livy.until("GET /sessions/0/statements/0");
    let other = serde_json::json!({"kind": "pyspark", "name": "other"});
    livy.restart(other, Some("'theirs'"));
    started
        .end()
        .exits(3)
        .prints("")
        .says(&["the init file", "another session's now"]);
    assert_eq!(livy.submitted(), ["hang"]);
    assert_eq!(livy.counts(), (1, 0, 1));
}

#[test]
fn a_dry_run_shows_their_statements_too() {
    let (home, livy) = (home(&[("a.py", "prepared")]), Livy::new());
    let ended = home
        .livysh(&["--dry-run", "-e", "1 + 1", &livy.url()])
        .run()
        .exits(0);
    let at = |text: &str| ended.out.find(text).unwrap();
    assert!(at("prepared") < at("1 + 1"), "{}", ended.out);
    assert!(livy.requests().is_empty());
}
