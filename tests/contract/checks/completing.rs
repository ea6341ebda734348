//! Completion (section 9).
use serde_json::{Value, json};

use crate::check::{Check, Scene, checks};

pub const CHECKS: &[Check] = checks![
    "9" since 5: scala_is_completed_with_whole_names,
    "9" since 5: a_missing_cursor_is_0,
    "9" since 5: a_cursor_past_the_end_finds_nothing,
    "9" since 5: only_scala_is_completed,
    "16" since 5: completion_of_kind_shared_is_empty,
    "9" since 5: completion_without_a_kind_is_500,
    "9" since 5: completion_of_an_unknown_kind_is_500,
    "16" since 5: completion_without_code_is_500,
    "9" since 5: a_cursor_that_is_no_number_is_400,
    "9" since 5: completion_with_an_unknown_field_is_refused,
    "9" since 5: completion_answers_while_a_statement_runs,
];

#[track_caller]
fn candidates(s: &Scene, body: &Value) -> Vec<String> {
    let answer = s.post("/completion", body).is(200);
    let list = answer["candidates"].as_array().unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    list.iter().map(crate::server::text).collect()
}

fn scala(code: &str, cursor: usize) -> Value {
    json!({"code": code, "kind": "spark", "cursor": cursor})
}

fn scala_is_completed_with_whole_names(s: &Scene) {
    assert_eq!(candidates(s, &scala("sc.para", 7)), ["parallelize"]);
    let inside = scala("val r = sc.para + 1", 15);
    assert_eq!(candidates(s, &inside), ["parallelize"]);
}

fn a_missing_cursor_is_0(s: &Scene) {
    let all = candidates(s, &json!({"code": "sc.para", "kind": "spark"}));
    assert_eq!(all, candidates(s, &scala("sc.para", 0)));
    assert!(!all.contains(&"parallelize".to_owned()), "{all:?}");
}

fn a_cursor_past_the_end_finds_nothing(s: &Scene) {
    assert_eq!(candidates(s, &scala("sc.para", 70)), Vec::<String>::new());
}

fn only_scala_is_completed(s: &Scene) {
    for kind in ["pyspark", "python", "sql"] {
        let body = json!({"code": "spark.re", "kind": kind, "cursor": 8});
        assert_eq!(candidates(s, &body), Vec::<String>::new(), "{kind}");
    }
}

fn completion_of_kind_shared_is_empty(s: &Scene) {
    let body = json!({"code": "sc.para", "kind": "shared", "cursor": 7});
    assert_eq!(candidates(s, &body), Vec::<String>::new());
}

fn completion_without_a_kind_is_500(s: &Scene) {
    for body in [
        json!({"code": "sc.para", "cursor": 7}),
        json!({"code": "sc.para", "kind": null, "cursor": 7}),
    ] {
        s.post("/completion", &body)
            .tells(500, "Invalid kind: null");
    }
}

fn completion_of_an_unknown_kind_is_500(s: &Scene) {
    let body = json!({"code": "sc.para", "kind": "foo", "cursor": 7});
    s.post("/completion", &body).tells(500, "Invalid kind: foo");
}

fn completion_without_code_is_500(s: &Scene) {
    let body = json!({"kind": "spark", "cursor": 0});
    s.post("/completion", &body)
        .tells(500, "java.lang.NullPointerException");
}

fn a_cursor_that_is_no_number_is_400(s: &Scene) {
    let body = json!({"code": "sc.", "kind": "spark", "cursor": "x"});
    s.post("/completion", &body).tells(400, "\"x\"");
}

fn completion_with_an_unknown_field_is_refused(s: &Scene) {
    let body = json!({"code": "sc.", "kind": "spark", "cursor": 3, "foo": 1});
    s.post("/completion", &body)
        .tells(400, "Unrecognized field \"foo\"");
}

fn completion_answers_while_a_statement_runs(s: &Scene) {
    let (id, gate) = s.gated();
    s.until(id, "running");
    assert_eq!(candidates(s, &scala("sc.para", 7)), ["parallelize"]);
    assert_eq!(s.statement(id)["state"], "running");
    gate.open();
    s.until(id, "available");
}
