//! Cancelling a statement (section 8); what takes the driver's own loops is in `shared`.
use serde_json::{Value, json};

use crate::check::{Check, Scene, checks};

pub const CHECKS: &[Check] = checks![
    "8": a_waiting_statement_is_cancelled_at_once_and_never_runs,
    "8": spark_work_is_cancelled_with_an_error_for_output,
    "8": the_next_statement_runs_after_a_cancel,
    "2": cancel_of_an_ended_statement_changes_nothing,
    "2": cancel_of_an_unknown_statement_says_the_same,
    "2": cancel_of_no_number_is_400,
    "8": cancel_takes_any_body,
];

/// Spark work of many seconds that no one waits for: 200 tasks of a second each.
const LONG: &str = "select count(*) from (select java_method('java.lang.Thread', 'sleep', 1000L) from range(0, 200, 1, 200))";

fn a_waiting_statement_is_cancelled_at_once_and_never_runs(s: &Scene) {
    let (first, gate) = s.gated();
    let second = s.submit("ran = True");
    s.until(first, "running");
    s.cancel(second).says(200, "canceled");
    let cancelled = s.until(second, "cancelled");
    assert_eq!(cancelled["output"], Value::Null);
    assert_eq!(
        s.statement(first)["state"],
        "running",
        "it is the other one that runs"
    );
    gate.open();
    s.until(first, "available");
    assert_eq!(s.answer("'ran' in globals()", None), "False");
    assert_eq!(s.statement(second)["output"], Value::Null);
}

fn spark_work_is_cancelled_with_an_error_for_output(s: &Scene) {
    let id = s.submit_as(LONG, Some("sql"));
    s.until_it(id, "at work", |it| {
        it["progress"].as_f64().is_some_and(|it| it > 0.0)
    });
    s.cancel(id).says(200, "canceled");
    let cancelled = s.until_it(id, "cancelled, with its output", |it| {
        it["state"] == "cancelled" && it["output"] != Value::Null
    });
    assert_eq!(cancelled["output"]["status"], "error", "{cancelled}");
    assert!(
        cancelled["output"]
            .to_string()
            .contains("cancelled part of cancelled job group"),
        "{cancelled}"
    );
    assert_eq!(cancelled["progress"], 1.0);
}

fn the_next_statement_runs_after_a_cancel(s: &Scene) {
    let id = s.submit_as(LONG, Some("sql"));
    let next = s.submit("'next'");
    s.until(id, "running");
    s.cancel(id).says(200, "canceled");
    s.until(id, "cancelled");
    assert_eq!(
        s.until(next, "available")["output"]["data"]["text/plain"],
        "'next'"
    );
}

fn cancel_of_an_ended_statement_changes_nothing(s: &Scene) {
    let id = s.submit("1 + 1");
    let before = s.until(id, "available");
    s.cancel(id).says(200, "canceled");
    assert_eq!(s.statement(id), before);
}

fn cancel_of_an_unknown_statement_says_the_same(s: &Scene) {
    for id in [999_999, -1] {
        s.cancel(id).says(200, "canceled");
    }
}

fn cancel_of_no_number_is_400(s: &Scene) {
    let answer = s.server.post_text(&s.path("/statements/abc/cancel"), "");
    answer.says(400, "For input string: \"abc\"");
}

fn cancel_takes_any_body(s: &Scene) {
    s.post("/statements/999999/cancel", &json!({}))
        .says(200, "canceled");
    s.post("/statements/999999/cancel", &json!({"any": 1}))
        .says(200, "canceled");
}
