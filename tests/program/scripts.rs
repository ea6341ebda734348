//! Running code from the command line: order, kinds, failures, limits.
use serde_json::{Value, json};

use super::*;

fn kinds(livy: &Livy) -> Vec<Value> {
    let bodies = livy.bodies("POST /sessions/0/statements");
    bodies.iter().map(|body| body["kind"].clone()).collect()
}

#[test]
fn code_and_files_run_in_the_order_given_in_one_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let file = home.write("b.py", "two\n");
    let ended = home
        .livysh(&["-e", "one", "-f", &file, "-e", "three", &livy.url()])
        .run();
    ended.exits(0).prints("one\ntwo\nthree\n").silent();
    assert_eq!(livy.submitted(), ["one", "two", "three"]);
    livy.assert_clean();
}

#[test]
fn several_kinds_share_one_session() {
    let (livy, home) = (Livy::new(), Home::new());
    let sql = home.write("a.sql", "select 1");
    let code = "%spark\nval x = 1";
    home.livysh(&[
        "-e",
        "py",
        "-f",
        &sql,
        "-e",
        code,
        "-e",
        "%r\nx <- 1",
        &livy.url(),
    ])
    .run()
    .exits(0);
    assert_eq!(kinds(&livy), ["pyspark", "sql", "spark", "sparkr"]);
    livy.assert_clean();
}

#[test]
fn standard_input_is_the_file_and_is_sent_statement_by_statement() {
    let (livy, home) = (Livy::new(), Home::new());
    let code = "x = 20\nfor i in range(3):\n    x += i\n\nx\n";
    let ended = home
        .livysh(&[&livy.url(), "-o", "ndjson"])
        .stdin(code)
        .run()
        .exits(0);
    let texts: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone())
        .collect();
    assert_eq!(texts, ["x = 20", "for i in range(3):\n    x += i", "x"]);
    livy.assert_clean();
}

#[test]
fn whole_sends_a_file_as_one_statement() {
    let (livy, home) = (Livy::new(), Home::new());
    let file = home.write("a.py", "x = 1\nx\n");
    home.livysh(&["--whole", "-f", &file, &livy.url()])
        .run()
        .exits(0);
    assert_eq!(livy.submitted().len(), 1);
    home.livysh(&["-f", "-", &livy.url()])
        .stdin("x = 1\nx\n")
        .run()
        .exits(0);
    assert_eq!(livy.submitted().len(), 3);
}

#[test]
fn a_failure_ends_the_run_with_1_and_says_what_was_not_run() {
    let (livy, home) = (Livy::new(), Home::new());
    let ended = home
        .livysh(&["-e", "one", "-e", "raise", "-e", "three", &livy.url()])
        .run()
        .exits(1);
    ended.prints("one\n").says(&[
        "ValueError: boom",
        "stopped at statement 2 of 3",
        "--continue",
    ]);
    assert_eq!(livy.submitted(), ["one", "raise"]);
    livy.assert_clean();
}

#[test]
fn continue_goes_on_and_still_ends_with_1() {
    let (livy, home) = (Livy::new(), Home::new());
    let ended = home
        .livysh(&["--continue", "-e", "raise", "-e", "three", &livy.url()])
        .run();
    ended.exits(1).prints("three\n").says(&["ValueError: boom"]);
    livy.assert_clean();
}

#[test]
fn a_cut_table_is_said_and_fails_only_where_that_was_asked_for() {
    let livy = Livy::answering(|_, _| Ran::Ends(1, livy::table(&json!([[1, "x"], [2, "y"]]))));
    let home = Home::new();
    let url = livy.url();
    let run = [
        "-k", "sql", "-o", "csv", "--rows", "2", "-e", "select 1", "-e", "select 2", &url,
    ];
    home.livysh(&run)
        .run()
        .exits(0)
        .prints("a,b\n1,x\n2,y\n\na,b\n1,x\n2,y\n")
        .says(&["cut at 2 rows"]);
    let ended = home
        .livysh(&[&run[..], &["--fail-truncated"]].concat())
        .run();
    ended
        .exits(1)
        .prints("a,b\n1,x\n2,y\n")
        .says(&["cut at 2 rows"]);
    let conf = &livy.bodies("POST /sessions")[0]["conf"];
    assert_eq!(conf, &json!({"livy.rsc.sql.num-rows": "2"}));
}

#[test]
fn output_goes_to_a_file_and_nothing_to_stdout() {
    let (livy, home) = (Livy::new(), Home::new());
    let out = home.path("out.csv");
    let run = [
        "-k",
        "sql",
        "-o",
        "csv",
        "--output",
        out.to_str().unwrap(),
        "-e",
        "select 1",
        &livy.url(),
    ];
    home.livysh(&run).run().exits(0).prints("").silent();
    assert_eq!(std::fs::read_to_string(out).unwrap(), "a,b\n1,x\n2,\n");
}

#[test]
fn an_output_file_that_cannot_be_made_is_told_before_a_session_is_made() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = ["--output", "/nowhere/out", "-e", "1", &livy.url()];
    home.livysh(&run)
        .run()
        .exits(2)
        .says(&["/nowhere/out cannot be written"]);
    livy.assert_untouched();
}

#[test]
fn sql_goes_query_by_query_whole_or_not_and_the_help_says_so() {
    let (livy, home) = (Livy::new(), Home::new());
    let file = home.write("two.sql", "select 1;\nselect 2;\n");
    home.livysh(&["--whole", "-f", &file, &livy.url()])
        .run()
        .exits(0);
    assert_eq!(livy.submitted(), ["select 1", "select 2"]);
    let help = home.livysh(&["--help"]).run().exits(0).out;
    let words: Vec<&str> = help.split_whitespace().collect();
    assert!(words.join(" ").contains("SQL always goes query by query"));
}

#[test]
fn an_output_file_keeps_what_it_holds_until_there_is_a_result() {
    let dead = Livy::start(Plan {
        started: "dead",
        ..Plan::default()
    });
    let home = Home::new();
    let old = home.write("old", "of yesterday");
    let new = home.path("new");
    for format in ["text", "json"] {
        for file in [old.as_str(), new.to_str().unwrap()] {
            let run = ["-o", format, "--output", file, "-e", "1", &dead.url()];
            home.livysh(&run).run().exits(3).prints("");
        }
    }
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "of yesterday");
    assert!(!new.exists());
    // a run whose statements print nothing has an empty result
    let livy = Livy::answering(|_, _| Ran::Ends(1, livy::text("")));
    let run = ["--output", &old, "-e", "x = 1", &livy.url()];
    home.livysh(&run).run().exits(0).prints("").silent();
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "");
}

#[test]
fn results_that_cannot_be_written_are_a_failure_that_is_told() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = ["--output", "/dev/full", "-e", "1", "-e", "2", &livy.url()];
    home.livysh(&run)
        .run()
        .exits(2)
        .says(&["cannot be written", "No space left"]);
    assert_eq!(livy.submitted(), ["1"]);
    livy.assert_clean();
}

#[test]
fn the_time_limit_cancels_and_ends_with_1() {
    let (livy, home) = (Livy::new(), Home::new());
    let ended = home
        .livysh(&["--timeout", "1", "-e", "hang", "-e", "never", &livy.url()])
        .run();
    ended.exits(1).says(&["the time limit of 1 s is over"]);
    assert_eq!(livy.asked("POST /sessions/0/statements/0/cancel"), 1);
    assert_eq!(livy.submitted(), ["hang"]);
    livy.assert_clean();
}

#[test]
fn the_time_limit_also_ends_a_start() {
    let (home, livy) = (
        Home::new(),
        Livy::start(Plan {
            starting: 1000,
            ..Plan::default()
        }),
    );
    home.livysh(&["--timeout", "1", "-e", "1", &livy.url()])
        .run()
        .exits(1)
        .says(&["the time limit"]);
    livy.assert_clean();
}

#[test]
fn the_way_out_is_no_part_of_what_the_time_limit_ends() {
    let home = Home::new();
    let livy = Livy::failing(|request| match request.method.as_str() {
        "DELETE" => Fault::Late(Duration::from_secs(5)),
        _ => Fault::None,
    });
    let ended = home
        .livysh(&["--timeout", "4", "-e", "1", &livy.url()])
        .run();
    ended.exits(0).prints("1\n").silent();
    livy.assert_clean();
}

#[test]
fn a_dry_run_shows_the_requests_and_sends_nothing() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = [
        "--dry-run",
        "--name",
        "n",
        "--driver-memory",
        "2g",
        "-e",
        "1 + 1",
        "-e",
        "%sql\nselect 1",
        &livy.url(),
    ];
    let ended = home.livysh(&run).run().exits(0);
    let url = livy.url();
    for text in [
        format!("POST {url}/sessions\n"),
        "\"driverMemory\": \"2g\"".to_owned(),
        format!("POST {url}/sessions/ID/statements\n{{\"code\":\"1 + 1\",\"kind\":\"pyspark\"}}\n"),
        "{\"code\":\"select 1\",\"kind\":\"sql\"}".to_owned(),
        format!("DELETE {url}/sessions/ID\n"),
    ] {
        assert!(ended.out.contains(&text), "{text} in {}", ended.out);
    }
    assert!(livy.requests().is_empty());
}

#[test]
fn a_reader_that_has_enough_is_no_error_and_all_statements_run() {
    use std::io::{BufRead, BufReader};
    let (livy, home) = (
        Livy::answering(|code, _| match code {
            "one" => Ran::Ends(1, livy::text("one")),
            _ => Ran::Ends(3, livy::text(&"x".repeat(1 << 20))),
        }),
        Home::new(),
    );
    let mut started = home
        .livysh(&["-e", "one", "-e", "two", "-e", "three", &livy.url()])
        .start();
    let mut out = BufReader::new(started.child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    drop(out);
    started.end().exits(0).silent();
    assert_eq!(first, "one\n");
    assert_eq!(livy.submitted(), ["one", "two", "three"]);
    livy.assert_clean();
}

#[test]
fn quiet_says_only_what_failed() {
    let (home, livy) = (
        Home::new(),
        Livy::start(Plan {
            unknown_fields: &["idleTimeout"],
            ..Plan::default()
        }),
    );
    let run = [
        "-q",
        "--idle-timeout",
        "1h",
        "-e",
        "one",
        "-e",
        "raise",
        "-e",
        "two",
        &livy.url(),
    ];
    let ended = home
        .livysh(&run)
        .run()
        .exits(1)
        .prints("one\n")
        .says(&["ValueError: boom"]);
    assert!(
        !ended.err.contains("stopped at") && !ended.err.contains("idleTimeout"),
        "{}",
        ended.err
    );
}

#[test]
fn usage_errors_end_with_2_and_touch_nothing() {
    let (livy, home) = (Livy::new(), Home::new());
    for wrong in [
        &["--driver-cores", "many"][..],
        &["-o", "xml"],
        &["--no-such"],
        &["-k", "perl"],
        &["--timeout", "-1"],
    ] {
        let url = livy.url();
        let run = [wrong, &["-e", "1", url.as_str()]].concat();
        home.livysh(&run).run().exits(2).prints("");
    }
    home.livysh(&["-e", "1"])
        .run()
        .exits(2)
        .says(&["No server is named", "livysh local"]);
    assert!(livy.requests().is_empty());
}

#[test]
fn an_error_stream_that_takes_nothing_ends_no_run() {
    let (livy, home) = (Livy::new(), Home::new());
    let run = [
        "-o",
        "csv",
        "-e",
        "told",
        "-e",
        "%sql\nselect 1",
        &livy.url(),
    ];
    let ended = home.livysh(&run).errors_to("/dev/full").run().exits(0);
    ended.prints("a,b\n1,x\n2,\n");
    livy.assert_clean();
}

#[test]
fn code_without_a_statement_is_said_and_makes_no_session() {
    let (livy, home) = (Livy::new(), Home::new());
    for code in ["", "  \n", "%sql\n;"] {
        let ended = home.livysh(&["-e", code, &livy.url()]).run().exits(0);
        ended.prints("").says(&["-e holds no statement"]);
    }
    assert!(livy.requests().is_empty());
}
