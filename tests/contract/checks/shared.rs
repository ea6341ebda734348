//! A session without a kind: kinds of statements, retention, rows, and cancels that take long (sections 6, 8 and 10).
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::server::number;

pub const GROUP: Group = Group {
    name: "shared",
    setting: Setting::Faithful,
    session: Some(|| {
        json!({"conf": {
            "livy.rsc.retained-statements": "4", "livy.rsc.job-cancel.timeout": "2s",
            "livy.rsc.sql.num-rows": "5",
        }})
    }),
    opening: &[],
    checks: &[CHECKS],
};

/// The session's `livy.rsc.job-cancel.timeout`.
const GIVEN_UP: Duration = Duration::from_secs(2);

const CHECKS: &[Check] = checks![
    "6.1" since 5: a_statement_without_any_kind_is_500,
    "6.1" since 5: each_kind_runs_where_it_is_named,
    "6.1" since 5: a_statement_of_kind_shared_waits_and_holds_up_nobody,
    "16" since 5: a_statement_of_kind_shared_can_be_cancelled,
    "6": only_the_newest_statements_are_kept,
    "10": sql_gives_no_more_rows_than_configured,
    "8": a_loop_is_cancelled_without_output_while_it_runs_on,
    "8": code_that_ends_while_cancelling_keeps_its_output,
    "2": interrupt_ends_the_session,
];

fn a_statement_without_any_kind_is_500(s: &Scene) {
    let answer = s.post("/statements", &json!({"code": "1"}));
    answer.tells(
        500,
        "Code type should be specified if session kind is shared",
    );
}

fn each_kind_runs_where_it_is_named(s: &Scene) {
    for kind in ["spark", "scala"] {
        let text = s.answer("1 + 1", Some(kind));
        assert!(text.ends_with(": Int = 2\n"), "{kind}: {text:?}");
    }
    for kind in ["pyspark", "python"] {
        assert_eq!(s.answer("1 + 1", Some(kind)), "2");
    }
    let sql = s.run("select 1", Some("sql"));
    assert_eq!(
        sql["output"]["data"]["application/json"]["data"],
        json!([[1]])
    );
}

/// A statement that waits for ever.
#[track_caller]
fn stuck(s: &Scene) -> i64 {
    let id = s.submit_as("1", Some("shared"));
    assert_eq!(s.answer("1", Some("pyspark")), "1", "the next one runs");
    assert_eq!(s.statement(id)["state"], "waiting");
    id
}

fn a_statement_of_kind_shared_waits_and_holds_up_nobody(s: &Scene) {
    stuck(s);
}

fn a_statement_of_kind_shared_can_be_cancelled(s: &Scene) {
    let id = stuck(s);
    s.cancel(id).says(200, "canceled");
    assert_eq!(s.until(id, "cancelled")["output"], Value::Null);
}

fn only_the_newest_statements_are_kept(s: &Scene) {
    let (first, gate) = s.gated();
    s.until(first, "running");
    let later: Vec<i64> = (0..4)
        .map(|_| s.submit_as("kept = 'kept'", Some("pyspark")))
        .collect();
    let list = s.get("/statements").is(200);
    assert_eq!(list["total_statements"], 4);
    let ids: Vec<i64> = list["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| number(&it["id"]))
        .collect();
    assert_eq!(ids, later);
    let answer = s.get(&format!("/statements/{first}"));
    assert_eq!(answer.is(404), "Statement not found", "though it runs");
    gate.open();
    s.until(later[3], "available");
    assert_eq!(s.answer("kept", Some("pyspark")), "'kept'");
}

fn sql_gives_no_more_rows_than_configured(s: &Scene) {
    let ended = s.run("select * from range(10)", Some("sql"));
    let rows = ended["output"]["data"]["application/json"]["data"]
        .as_array()
        .unwrap();
    assert_eq!(rows.len(), 5);
}

fn a_loop_is_cancelled_without_output_while_it_runs_on(s: &Scene) {
    let (id, gate) = s.gated();
    s.until(id, "running");
    let asked = Instant::now();
    s.cancel(id).says(200, "canceled");
    let now = s.statement(id);
    // on a machine that is slow enough, the server has given it up already
    let given_up = now["state"] == "cancelled" && asked.elapsed() >= GIVEN_UP;
    assert!(now["state"] == "cancelling" || given_up, "{now}");
    let later = s.submit_as("'later'", Some("pyspark"));
    let given_up = s.until(id, "cancelled");
    assert_eq!(given_up["output"], Value::Null);
    assert_eq!(s.server.state(s.session), "busy");
    assert_eq!(s.statement(later)["state"], "waiting");
    gate.open();
    let late = s.until_it(id, "its output after all", |it| it["output"] != Value::Null);
    assert_eq!(late["state"], "cancelled");
    assert_eq!(late["output"]["data"]["text/plain"], "through");
    s.until(later, "available");
}

fn code_that_ends_while_cancelling_keeps_its_output(s: &Scene) {
    let (id, gate) = s.gated();
    s.until(id, "running");
    s.cancel(id).says(200, "canceled");
    gate.open();
    let ended = s.until_it(id, "cancelled, with its output", |it| {
        it["state"] == "cancelled" && it["output"] != Value::Null
    });
    assert_eq!(ended["output"]["status"], "ok");
    assert_eq!(ended["output"]["data"]["text/plain"], "through");
}

fn interrupt_ends_the_session(s: &Scene) {
    let answer = s.server.post_text(&s.path("/interrupt"), "");
    answer.says(200, "interrupted");
    s.server.until(s.session, &["dead", "killed", "404"]);
    let answer = s.post("/statements", &json!({"code": "1", "kind": "sql"}));
    assert!(matches!(answer.status, 404 | 500), "{answer}");
}
