//! What `POST /sessions` refuses, and what it tells back (sections 3 and 4).
//!
//! Sessions that are made here never start: their Java gets a memory that it does not understand.
use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::http::Answer;
use crate::server::{keys, name, number};

pub const GROUP: Group = Group {
    name: "creating",
    setting: Setting::Plain,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "1.1": malformed_json_is_400,
    "1.1": json_that_ends_early_is_400,
    "1.1": an_empty_body_is_400,
    "1.1": an_array_is_400,
    "1": an_unknown_field_is_refused_by_its_name,
    "3": an_unknown_kind_is_refused,
    "3": a_kind_in_upper_case_is_refused,
    "3": a_kind_that_is_no_text_is_refused,
    "3": a_kind_of_null_is_500,
    "3": a_number_as_text_is_500,
    "3": a_heartbeat_that_is_no_number_is_400,
    "3": a_conf_that_is_no_object_is_400,
    "3": jars_that_are_no_list_are_400,
    "3" since 8: a_forbidden_conf_is_refused,
    "2": a_relative_path_is_refused,
    "2": a_local_path_that_is_not_allowed_is_refused,
    "3" since 8: a_ttl_that_is_no_duration_is_refused,
    "3" since 8: a_ttl_is_told_back_as_it_was_written,
    "3" since 9: an_idle_timeout_that_is_no_duration_is_refused,
    "3" until 7: a_ttl_is_an_unknown_field,
    "3" until 8: an_idle_timeout_is_an_unknown_field,
    "3" since 6: a_digits_only_name_is_refused,
    "3" since 6: an_empty_name_is_refused,
    "3" since 6: a_name_that_is_taken_is_refused,
    "3": a_refused_session_takes_an_id,
    "2": a_session_is_created_with_its_location,
    "4": a_session_has_the_keys_of_its_release,
    "4" since 8: a_session_tells_back_what_was_asked,
    "4" since 8: what_was_not_asked_is_told_back_as_nothing,
    "3" since 8: scalars_in_conf_become_text,
    "3": aliases_of_kinds_come_back_as_one,
    "1.2": proxy_user_is_ignored_while_impersonation_is_off,
];

#[track_caller]
fn create(s: &Scene, body: &Value) -> Answer {
    s.server.post("/sessions", body)
}

#[track_caller]
fn refuses(s: &Scene, body: &Value, reason: &str) {
    create(s, body).says(400, &s.server.rejected(reason));
}

fn malformed_json_is_400(s: &Scene) {
    let answer = s.server.post_text("/sessions", "{kind: spark}");
    answer.tells(400, "nexpected character");
}

fn json_that_ends_early_is_400(s: &Scene) {
    let answer = s.server.post_text("/sessions", "{\"kind\": ");
    answer.tells(400, "nexpected end-of-input");
}

fn an_empty_body_is_400(s: &Scene) {
    let answer = s.server.post_text("/sessions", "");
    answer.tells(400, "No content to map due to end-of-input");
}

fn an_array_is_400(s: &Scene) {
    create(s, &json!(["spark"])).tells(400, "START_ARRAY");
}

fn an_unknown_field_is_refused_by_its_name(s: &Scene) {
    let answer = create(s, &json!({"kind": "spark", "foo": 1}));
    answer.tells(400, "Unrecognized field \"foo\"");
}

fn an_unknown_kind_is_refused(s: &Scene) {
    create(s, &json!({"kind": "foo"})).tells(400, "Invalid kind: foo (through reference chain:");
}

fn a_kind_in_upper_case_is_refused(s: &Scene) {
    create(s, &json!({"kind": "SQL"})).tells(400, "Invalid kind: SQL");
}

fn a_kind_that_is_no_text_is_refused(s: &Scene) {
    create(s, &json!({"kind": 1})).tells(400, "Kind should be a string.");
}

fn a_kind_of_null_is_500(s: &Scene) {
    create(s, &json!({"kind": null})).tells(500, "java.lang.NullPointerException");
}

fn a_number_as_text_is_500(s: &Scene) {
    for key in ["driverCores", "executorCores", "numExecutors"] {
        let answer = create(s, &json!({key: "2"}));
        answer.tells(500, "java.lang.ClassCastException: class java.lang.String");
    }
}

fn a_heartbeat_that_is_no_number_is_400(s: &Scene) {
    create(s, &json!({"heartbeatTimeoutInSecond": "soon"})).tells(400, "\"soon\"");
}

fn a_conf_that_is_no_object_is_400(s: &Scene) {
    create(s, &json!({"conf": "x"})).tells(400, "[\"conf\"]");
}

fn jars_that_are_no_list_are_400(s: &Scene) {
    create(s, &json!({"jars": "x"})).tells(400, "[\"jars\"]");
}

fn a_forbidden_conf_is_refused(s: &Scene) {
    refuses(
        s,
        &json!({"conf": {"spark.submit.deployMode": "cluster"}}),
        "Blacklisted configuration values in session config: spark.submit.deployMode",
    );
}

fn a_relative_path_is_refused(s: &Scene) {
    for key in ["jars", "pyFiles", "files", "archives"] {
        let reason = "requirement failed: Path 'x.jar' is not absolute.";
        refuses(s, &json!({key: ["x.jar"]}), reason);
    }
}

fn a_local_path_that_is_not_allowed_is_refused(s: &Scene) {
    refuses(
        s,
        &json!({"jars": ["file:/nowhere/x.jar"]}),
        "requirement failed: Local path /nowhere/x.jar cannot be added to user sessions.",
    );
}

#[track_caller]
fn refuses_durations(s: &Scene, key: &str) {
    for (text, reason) in [
        ("abc", "Invalid time string: abc"),
        ("5x", "Invalid suffix: \"x\""),
        ("-1", "Invalid value: -1"),
    ] {
        refuses(s, &json!({key: text}), reason);
    }
}

fn a_ttl_that_is_no_duration_is_refused(s: &Scene) {
    refuses_durations(s, "ttl");
}

fn an_idle_timeout_that_is_no_duration_is_refused(s: &Scene) {
    refuses_durations(s, "idleTimeout");
}

fn a_ttl_is_told_back_as_it_was_written(s: &Scene) {
    for written in ["90000", "5M", "2h", "100us"] {
        assert_eq!(s.server.doomed(json!({"ttl": written}))["ttl"], written);
    }
}

fn a_ttl_is_an_unknown_field(s: &Scene) {
    create(s, &json!({"ttl": "1h"})).tells(400, "Unrecognized field \"ttl\"");
}

fn an_idle_timeout_is_an_unknown_field(s: &Scene) {
    create(s, &json!({"idleTimeout": "1h"})).tells(400, "Unrecognized field \"idleTimeout\"");
}

/// The name is judged after the launch: the memory ends the driver that would be left.
#[track_caller]
fn refuses_name(s: &Scene, name: &str, reason: &str) {
    let body = json!({"name": name, "driverMemory": "bad"});
    refuses(s, &body, reason);
}

fn a_digits_only_name_is_refused(s: &Scene) {
    refuses_name(s, "12345", "Invalid session name: 12345");
}

fn an_empty_name_is_refused(s: &Scene) {
    refuses_name(s, "", "Invalid session name: ");
}

fn a_name_that_is_taken_is_refused(s: &Scene) {
    let name = name();
    let first = s.server.doomed(json!({"name": name}));
    assert_eq!(first["name"], name);
    let next = number(&first["id"]) + 1;
    let reason = format!("Duplicate session name: Some({name}) for session {next}");
    refuses_name(s, &name, &reason);
    s.server
        .delete(&format!("/sessions/{}", first["id"]))
        .is(200);
}

fn a_refused_session_takes_an_id(s: &Scene) {
    let before = number(&s.server.doomed(json!({}))["id"]);
    create(s, &json!({"jars": ["x.jar"]})).is(400);
    let after = number(&s.server.doomed(json!({}))["id"]);
    assert_eq!(after, before + 2);
}

fn a_session_is_created_with_its_location(s: &Scene) {
    let answer = create(s, &json!({"driverMemory": "bad"}));
    let id = number(&answer.is(201)["id"]);
    let location = format!("/sessions/{id}");
    assert_eq!(answer.header("Location"), Some(location.as_str()));
}

fn a_session_has_the_keys_of_its_release(s: &Scene) {
    let mut expected = vec!["id", "owner", "proxyUser", "state", "kind", "log", "appId"];
    expected.push("appInfo");
    let mut info = vec!["driverLogUrl", "sparkUiUrl"];
    let release = s.server.release;
    if release >= 6 {
        expected.push("name");
    }
    if release >= 8 {
        expected.extend([
            "ttl",
            "driverMemory",
            "executorMemory",
            "queue",
            "driverCores",
        ]);
        expected.extend(["executorCores", "numExecutors", "heartbeatTimeoutInSecond"]);
        expected.extend(["conf", "jars", "files", "archives", "pyFiles"]);
    }
    if release >= 9 {
        expected.push("idleTimeout");
        info.insert(1, "executorLogUrls");
    }
    expected.sort_unstable();
    let session = s.server.doomed(json!({}));
    assert_eq!(keys(&session), expected);
    assert_eq!(keys(&session["appInfo"]), info);
    let again = s
        .server
        .get(&format!("/sessions/{}", session["id"]))
        .is(200);
    assert_eq!(keys(&again), expected);
}

fn a_session_tells_back_what_was_asked(s: &Scene) {
    let mut asked = json!({
        "name": name(), "ttl": "8h", "executorMemory": "1g", "queue": "default", "driverCores": 1,
        "executorCores": 2, "numExecutors": 3, "heartbeatTimeoutInSecond": 600,
        "conf": {"spark.ui.enabled": "false"}, "jars": [], "files": [], "archives": [], "pyFiles": [],
    });
    if s.server.release >= 9 {
        asked["idleTimeout"] = "30m".into();
    }
    let told = s.server.doomed(asked.clone());
    for (key, value) in asked.as_object().unwrap() {
        assert_eq!(&told[key], value, "{key}");
    }
}

fn what_was_not_asked_is_told_back_as_nothing(s: &Scene) {
    let told = s.server.doomed(json!({}));
    for key in [
        "name",
        "ttl",
        "executorMemory",
        "queue",
        "owner",
        "proxyUser",
        "appId",
    ] {
        assert_eq!(told[key], Value::Null, "{key}");
    }
    for key in [
        "driverCores",
        "executorCores",
        "numExecutors",
        "heartbeatTimeoutInSecond",
    ] {
        assert_eq!(told[key], 0, "{key}");
    }
    for key in ["jars", "files", "archives", "pyFiles"] {
        assert_eq!(told[key], json!([]), "{key}");
    }
    assert_eq!(told["conf"], json!({}));
}

fn scalars_in_conf_become_text(s: &Scene) {
    let told = s.server.doomed(json!({"conf": {"a": 4, "b": true}}));
    assert_eq!(told["conf"], json!({"a": "4", "b": "true"}));
}

fn aliases_of_kinds_come_back_as_one(s: &Scene) {
    for (asked, kind) in [
        ("scala", "spark"),
        ("python", "pyspark"),
        ("r", "sparkr"),
        ("sql", "sql"),
    ] {
        assert_eq!(s.server.doomed(json!({"kind": asked}))["kind"], kind);
    }
    assert_eq!(s.server.doomed(json!({}))["kind"], "shared");
}

fn proxy_user_is_ignored_while_impersonation_is_off(s: &Scene) {
    let session = s.server.doomed(json!({"proxyUser": "somebody"}));
    assert_eq!(session["proxyUser"], Value::Null);
}
