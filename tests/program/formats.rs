//! The exact bytes of each form of results.
use serde_json::{Value, json};

use super::*;

/// A table, a text and an error, in one run that goes on.
fn run(format: &str) -> (run::Ended, Home) {
    let (livy, home) = (Livy::new(), Home::new());
    let sql = "%sql\nselect 1";
    let ended = home
        .livysh(&[
            "--continue",
            "-o",
            format,
            "-e",
            sql,
            "-e",
            "1 + 1",
            "-e",
            "raise",
            &livy.url(),
        ])
        .run();
    livy.assert_clean();
    (ended.exits(1), home)
}

const ERROR: &str = "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\nValueError: boom\n";

#[test]
fn text_is_as_the_shell_shows_it_and_errors_are_on_stderr() {
    let (ended, _home) = run("text");
    assert_eq!(ended.err, ERROR);
    let table = "┌───┬──────┐\n│ a │ b    │\n├───┼──────┤\n│ 1 │ x    │\n│ 2 │ NULL │\n└───┴──────┘\n2 rows\n";
    ended.prints(&format!("{table}2\n"));
}

#[test]
fn csv_and_tsv_hold_tables_only() {
    let (ended, _home) = run("csv");
    assert_eq!(ended.err, format!("2\n{ERROR}"));
    ended.prints("a,b\n1,x\n2,\n");
    let (ended, _home) = run("tsv");
    ended.prints("a\tb\n1\tx\n2\t\n").says(&["2\n"]);
}

#[test]
fn json_is_one_array_that_holds_every_statement() {
    let (ended, _home) = run("json");
    assert_eq!(ended.err, "");
    assert!(
        ended.out.starts_with("[\n{\"statement\":1,") && ended.out.ends_with("}\n]\n"),
        "{}",
        ended.out
    );
    let mut all: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    for one in &mut all {
        assert!(
            one.as_object_mut()
                .unwrap()
                .remove("waited_ms")
                .unwrap()
                .as_f64()
                .unwrap()
                > 0.0
        );
    }
    let started = 1_700_000_000_000_u64;
    let table = json!({"columns": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}],
        "rows": [[1, "x"], [2, null]], "truncated": false});
    assert_eq!(
        all,
        [
            json!({"statement": 1, "server_id": 0, "kind": "sql", "code": "select 1", "state": "available", "status": "ok",
            "text": null, "table": table, "images": [], "error": null, "started_ms": started, "completed_ms": null}),
            json!({"statement": 2, "server_id": 1, "kind": "pyspark", "code": "1 + 1", "state": "available", "status": "ok",
            "text": "2", "table": null, "images": [], "error": null, "started_ms": started, "completed_ms": null}),
            json!({"statement": 3, "server_id": 2, "kind": "pyspark", "code": "raise", "state": "available", "status": "error",
            "text": null, "table": null, "images": [], "error": livy_error(), "started_ms": started, "completed_ms": null}),
        ]
    );
}

fn livy_error() -> Value {
    json!({"name": "ValueError", "value": "boom", "traceback": ["Traceback (most recent call last):\n",
        "  File \"<stdin>\", line 1, in <module>\n", "ValueError: boom\n"]})
}

#[test]
fn ndjson_is_an_object_a_line() {
    let (ended, _home) = run("ndjson");
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |key: &str| {
        lines
            .iter()
            .map(|line| line[key].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("statement"), [1, 2, 3]);
    assert_eq!(of("status"), ["ok", "ok", "error"]);
    assert!(ended.out.ends_with("}\n"));
}

#[test]
fn the_json_array_is_closed_when_no_session_came() {
    let home = Home::new();
    let livy = Livy::start(Plan {
        started: "dead",
        ..Plan::default()
    });
    home.livysh(&["-o", "json", "-e", "1", &livy.url()])
        .run()
        .exits(3)
        .prints("[]\n");
}

#[test]
fn the_json_array_is_closed_when_a_failure_the_time_or_a_signal_cuts_the_run_short() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    let failed = home
        .livysh(&["-o", "json", "-e", "raise", "-e", "1", &url])
        .run()
        .exits(1);
    let late = home
        .livysh(&[
            "-o",
            "json",
            "--timeout",
            "1",
            "-e",
            "1",
            "-e",
            "hang",
            &url,
        ])
        .run()
        .exits(1);
    let started = home
        .livysh(&["-o", "json", "-e", "1", "-e", "hang", &url])
        .start();
    livy.until("GET /sessions/2/statements/1");
    started.signal(rustix::process::Signal::INT);
    let interrupted = started.end().exits(130);
    for (ended, count) in [(failed, 1), (late, 2), (interrupted, 2)] {
        let all: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(all.len(), count, "{}", ended.out);
    }
}

#[test]
fn the_json_array_is_closed_when_the_program_is_terminated() {
    let (livy, home) = (Livy::new(), Home::new());
    let started = home
        .livysh(&["-o", "json", "-e", "1", "-e", "hang", &livy.url()])
        .start();
    livy.until("GET /sessions/0/statements/1");
    started.signal(rustix::process::Signal::TERM);
    let ended = started.end().exits(143);
    let all: Vec<Value> =
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out));
    assert_eq!(all[0]["text"], "1");
    livy.assert_clean();
}

#[test]
fn table_draws_tables_with_borders_and_leaves_text_alone() {
    let (ended, _home) = run("table");
    assert_eq!(ended.err, ERROR);
    let table = "┌───┬──────┐\n│ a │ b    │\n├───┼──────┤\n│ 1 │ x    │\n│ 2 │ NULL │\n└───┴──────┘\n2 rows\n";
    ended.prints(&format!("{table}2\n"));
}
