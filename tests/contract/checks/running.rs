//! Statements: creation, order, pages, kinds (section 6).
use serde_json::{Value, json};

use crate::check::{Check, Scene, checks};
use crate::server::{keys, number, wait};

pub const CHECKS: &[Check] = checks![
    "6" since 7: a_statement_is_created_with_its_location_and_keys,
    "6": numbers_go_up_by_one_and_are_the_execution_count,
    "6": code_that_succeeds_is_available_and_ok,
    "6": code_that_fails_is_available_too,
    "6" since 7: an_ended_statement_knows_when_it_began_and_ended,
    "6": a_running_statement_has_no_output,
    "5": a_session_is_busy_while_a_statement_runs,
    "6": statements_run_one_by_one_in_their_order,
    "6": the_list_of_statements_has_all_in_order,
    "6": a_statement_that_ends_while_listed_is_in_every_list,
    "2": a_page_of_statements_goes_by_position,
    "2": a_negative_size_of_statements_gives_none,
    "2": a_page_of_statements_by_text_is_refused,
    "2" since 8: order_desc_gives_the_newest_first,
    "2": an_unknown_statement_is_404_as_a_string,
    "2": a_statement_of_no_number_is_400,
    "6": empty_code_is_legal,
    "6": a_number_as_code_is_its_text,
    "6": missing_code_is_500,
    "16": null_code_is_500,
    "6": carriage_returns_are_taken_out,
    "1": code_is_utf_8,
    "1": a_statement_with_an_unknown_field_is_refused,
    "1.1": a_statement_of_malformed_json_is_refused,
    "1.1": a_statement_without_a_body_is_refused,
    "1": a_statement_in_a_form_is_refused,
    "6.1" since 5: an_unknown_kind_of_statement_is_500,
    "6.1" since 5: a_kind_in_upper_case_runs_nowhere,
    "16" since 5: a_null_kind_is_the_sessions_kind,
    "6.1" since 5: a_statement_of_another_kind_runs_in_that_kind,
    "7.4" since 5: sql_answers_with_schema_and_data,
];

#[track_caller]
fn post(s: &Scene, body: &str) -> crate::http::Answer {
    s.server.post_text(&s.path("/statements"), body)
}

fn a_statement_is_created_with_its_location_and_keys(s: &Scene) {
    let answer = s.post("/statements", &json!({"code": "1 + 1"}));
    let made = answer.is(201);
    let location = s.path(&format!("/statements/{}", made["id"]));
    assert_eq!(answer.header("Location"), Some(location.as_str()));
    let known = [
        "code",
        "completed",
        "id",
        "output",
        "progress",
        "started",
        "state",
    ];
    assert_eq!(keys(&made), known);
    assert_eq!(made["code"], "1 + 1");
    let states = [json!("waiting"), json!("running"), json!("available")];
    assert!(states.contains(&made["state"]), "{made}");
    assert_eq!(keys(&s.until(number(&made["id"]), "available")), known);
}

fn numbers_go_up_by_one_and_are_the_execution_count(s: &Scene) {
    let first = s.run("1", None);
    let second = s.run("2", None);
    assert_eq!(number(&second["id"]), number(&first["id"]) + 1);
    assert_eq!(second["output"]["execution_count"], second["id"]);
}

fn code_that_succeeds_is_available_and_ok(s: &Scene) {
    let ended = s.run("6 * 7", None);
    assert_eq!(ended["output"]["status"], "ok");
    assert_eq!(ended["output"]["data"], json!({"text/plain": "42"}));
    assert_eq!(ended["progress"], 1.0);
}

fn code_that_fails_is_available_too(s: &Scene) {
    let ended = s.run("1 / 0", None);
    assert_eq!(ended["state"], "available");
    let output = &ended["output"];
    assert_eq!(
        keys(output),
        ["ename", "evalue", "execution_count", "status", "traceback"]
    );
    assert_eq!(
        (&output["status"], &output["ename"]),
        (&json!("error"), &json!("ZeroDivisionError"))
    );
    assert!(output["traceback"].is_array(), "{output}");
}

fn an_ended_statement_knows_when_it_began_and_ended(s: &Scene) {
    let id = s.submit("1");
    let ended = s.until(id, "available");
    let (started, completed) = (number(&ended["started"]), number(&ended["completed"]));
    assert!(
        1_500_000_000_000 < started && started <= completed,
        "{ended}"
    );
}

fn a_running_statement_has_no_output(s: &Scene) {
    let (id, gate) = s.gated();
    let running = s.until(id, "running");
    assert_eq!(
        (&running["output"], &running["completed"]),
        (&Value::Null, &json!(0))
    );
    assert!(number(&running["started"]) > 0, "{running}");
    gate.open();
    assert_eq!(
        s.until(id, "available")["output"]["data"]["text/plain"],
        "through"
    );
}

fn a_session_is_busy_while_a_statement_runs(s: &Scene) {
    let (id, gate) = s.gated();
    s.until(id, "running");
    s.server.until(s.session, &["busy"]);
    gate.open();
    s.until(id, "available");
    s.server.until(s.session, &["idle"]);
}

fn statements_run_one_by_one_in_their_order(s: &Scene) {
    s.answer("order = []", None);
    let (first, gate) = s.gated();
    let later: Vec<i64> = (0..3)
        .map(|i| s.submit(&format!("order.append({i})")))
        .collect();
    s.until(first, "running");
    for id in &later {
        let waiting = s.statement(*id);
        assert_eq!(waiting["state"], "waiting");
        assert_eq!(
            (&waiting["started"], &waiting["output"]),
            (&json!(0), &Value::Null)
        );
    }
    gate.open();
    assert_eq!(s.answer("order", None), "[0, 1, 2]");
}

/// All that the session has, with at least three: their numbers.
#[track_caller]
fn listed(s: &Scene) -> Vec<i64> {
    for _ in 0..3 {
        s.submit("1");
    }
    let list = s.get("/statements").is(200);
    assert_eq!(keys(&list), ["statements", "total_statements"]);
    let ids = numbers(&list);
    assert_eq!(list["total_statements"], ids.len());
    ids
}

#[track_caller]
fn numbers(list: &Value) -> Vec<i64> {
    list["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| number(&it["id"]))
        .collect()
}

fn the_list_of_statements_has_all_in_order(s: &Scene) {
    let ids = listed(s);
    let first = ids[0];
    let expected: Vec<i64> = (first..).take(ids.len()).collect();
    assert_eq!(ids, expected);
}

/// What a list says of it goes on and never back.
fn a_statement_that_ends_while_listed_is_in_every_list(s: &Scene) {
    let (id, gate) = s.gated();
    s.until(id, "running");
    let mut asked = 0;
    wait("its end in the list", || {
        let list = s.get("/statements").is(200);
        let all = list["statements"].as_array().unwrap();
        assert_eq!(list["total_statements"], all.len());
        let of = all.iter().find(|it| it["id"] == id);
        let state = crate::server::text(&of.expect("it is listed")["state"]);
        assert!(["running", "available"].contains(&&*state), "{state}");
        asked += 1;
        // the second list on are those in which it ends
        if asked == 1 {
            assert_eq!(state, "running");
            gate.open();
        }
        (state == "available").then_some(()).ok_or(state)
    });
    s.until(id, "available");
}

fn a_page_of_statements_goes_by_position(s: &Scene) {
    let ids = listed(s);
    let page = s.get("/statements?from=1&size=2").is(200);
    assert_eq!(numbers(&page), ids[1..3]);
    assert_eq!(page["total_statements"], ids.len());
    let past = s.get("/statements?from=10000&size=2").is(200);
    assert_eq!(numbers(&past), Vec::<i64>::new());
}

fn a_negative_size_of_statements_gives_none(s: &Scene) {
    let ids = listed(s);
    let page = s.get("/statements?size=-1").is(200);
    assert_eq!(numbers(&page), Vec::<i64>::new());
    assert_eq!(page["total_statements"], ids.len());
}

fn a_page_of_statements_by_text_is_refused(s: &Scene) {
    s.get("/statements?size=abc")
        .says(400, "For input string: \"abc\"");
}

fn order_desc_gives_the_newest_first(s: &Scene) {
    let mut ids = listed(s);
    ids.reverse();
    assert_eq!(numbers(&s.get("/statements?order=desc").is(200)), ids);
    let page = s.get("/statements?order=desc&from=0&size=2").is(200);
    assert_eq!(numbers(&page), ids[..2]);
}

fn an_unknown_statement_is_404_as_a_string(s: &Scene) {
    for id in ["999999", "-1"] {
        let answer = s.get(&format!("/statements/{id}"));
        assert_eq!(answer.is(404), "Statement not found");
    }
}

fn a_statement_of_no_number_is_400(s: &Scene) {
    for id in ["abc", "99999999999"] {
        let answer = s.get(&format!("/statements/{id}"));
        answer.says(400, &format!("For input string: \"{id}\""));
    }
}

fn empty_code_is_legal(s: &Scene) {
    assert_eq!(s.answer("", None), "");
}

fn a_number_as_code_is_its_text(s: &Scene) {
    let made = s.post("/statements", &json!({"code": 12})).is(201);
    assert_eq!(made["code"], "12");
    let ended = s.until(number(&made["id"]), "available");
    assert_eq!(ended["output"]["data"]["text/plain"], "12");
}

fn missing_code_is_500(s: &Scene) {
    s.post("/statements", &json!({}))
        .tells(500, "java.lang.NullPointerException");
}

fn null_code_is_500(s: &Scene) {
    s.post("/statements", &json!({"code": null}))
        .tells(500, "java.lang.NullPointerException");
}

fn carriage_returns_are_taken_out(s: &Scene) {
    let ended = s.run("a = 1\r\nb = 2\r\na + b", None);
    assert_eq!(ended["code"], "a = 1\nb = 2\na + b");
    assert_eq!(ended["output"]["data"]["text/plain"], "3");
}

fn code_is_utf_8(s: &Scene) {
    let code = "'\u{e4}\u{20ac}\u{1f600}'";
    let ended = s.run(code, None);
    assert_eq!(
        (&ended["code"], &ended["output"]["data"]["text/plain"]),
        (&json!(code), &json!(code))
    );
}

fn a_statement_with_an_unknown_field_is_refused(s: &Scene) {
    post(s, r#"{"code":"1","foo":1}"#).tells(400, "Unrecognized field \"foo\"");
}

fn a_statement_of_malformed_json_is_refused(s: &Scene) {
    post(s, "{\"code\": ").tells(400, "nexpected end-of-input");
    post(s, "[\"x\"]").tells(400, "START_ARRAY");
}

fn a_statement_without_a_body_is_refused(s: &Scene) {
    post(s, "").tells(400, "No content to map due to end-of-input");
}

fn a_statement_in_a_form_is_refused(s: &Scene) {
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Requested-By", "contract"),
    ];
    let answer = s
        .server
        .send("POST", &s.path("/statements"), &headers, br#"{"code":"1"}"#);
    answer.tells(400, "No content to map due to end-of-input");
}

#[track_caller]
fn refuses_kind(s: &Scene, kind: &str) {
    let answer = s.post("/statements", &json!({"code": "1", "kind": kind}));
    answer.tells(
        500,
        &format!("java.lang.IllegalArgumentException: Invalid kind: {kind}"),
    );
    let start = "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: ";
    answer.tells(500, start);
}

fn an_unknown_kind_of_statement_is_500(s: &Scene) {
    refuses_kind(s, "foo");
}

fn a_kind_in_upper_case_runs_nowhere(s: &Scene) {
    let before = s.get("/statements").is(200)["total_statements"].clone();
    refuses_kind(s, "SQL");
    assert_eq!(s.get("/statements").is(200)["total_statements"], before);
}

fn a_null_kind_is_the_sessions_kind(s: &Scene) {
    let made = s
        .post("/statements", &json!({"code": "type(1)", "kind": null}))
        .is(201);
    let ended = s.until(number(&made["id"]), "available");
    assert_eq!(ended["output"]["data"]["text/plain"], "<class 'int'>");
}

fn a_statement_of_another_kind_runs_in_that_kind(s: &Scene) {
    s.answer(
        "spark.range(3).createOrReplaceTempView('shared_view')",
        None,
    );
    let ended = s.run("select count(*) as n from shared_view", Some("sql"));
    assert_eq!(
        ended["output"]["data"]["application/json"]["data"],
        json!([[3]]),
        "{ended}"
    );
}

fn sql_answers_with_schema_and_data(s: &Scene) {
    let ended = s.run("select 1 as a", Some("sql"));
    let answer = &ended["output"]["data"]["application/json"];
    let field = json!({"name": "a", "type": "integer", "nullable": false, "metadata": {}});
    assert_eq!(
        answer["schema"],
        json!({"type": "struct", "fields": [field]})
    );
    assert_eq!(answer["data"], json!([[1]]));
    wait("idle after sql", || {
        let now = s.server.state(s.session);
        (now == "idle").then_some(()).ok_or(now)
    });
}
