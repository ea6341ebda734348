//! One session of Python from its creation to its stop (sections 3 to 6, 9 and 10).
use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::server::{keys, name, wait};

use super::{cancelling, completing, ending, resources, running};

pub const GROUP: Group = Group {
    name: "living",
    setting: Setting::Plain,
    session: Some(|| json!({"kind": "python", "name": name()})),
    opening: OPENING,
    checks: &[
        CHECKS,
        running::CHECKS,
        cancelling::CHECKS,
        completing::CHECKS,
        resources::CHECKS,
        ending::CHECKS,
    ],
};

const OPENING: &[Check] = checks![
    "4": a_new_session_is_starting_and_bare,
    "5": statements_cannot_be_queued_before_idle,
    "16": completion_before_idle_is_500,
    "16": cancel_before_idle_is_500,
    "2": connect_while_starting_answers_the_session,
    "2": a_file_added_before_idle_waits_for_the_session,
];

const CHECKS: &[Check] = checks![
    "5": a_start_goes_from_starting_to_idle,
    "4": the_kind_is_told_by_its_first_name,
    "4": without_a_cluster_there_is_no_application_id,
    "2": connect_answers_the_session,
    "10": a_living_session_has_a_log,
];

fn a_new_session_is_starting_and_bare(s: &Scene) {
    let created = s.created.as_ref().expect("a session").is(201);
    assert_eq!(created["state"], "starting");
    assert_eq!(created["kind"], "pyspark");
    for key in ["appId", "owner", "proxyUser"] {
        assert_eq!(created[key], Value::Null, "{key}");
    }
    assert_eq!(created["appInfo"]["driverLogUrl"], Value::Null);
    assert!(created["log"].is_array(), "{created}");
}

/// The refusal tells itself that the session still starts.
const STARTING: &str = "java.lang.IllegalStateException: Session is in state starting";

fn statements_cannot_be_queued_before_idle(s: &Scene) {
    s.post("/statements", &json!({"code": "1"}))
        .tells(500, STARTING);
}

fn completion_before_idle_is_500(s: &Scene) {
    let body = json!({"code": "sc.", "kind": "spark", "cursor": 3});
    s.post("/completion", &body).tells(500, STARTING);
}

fn cancel_before_idle_is_500(s: &Scene) {
    s.cancel(0).tells(500, STARTING);
}

fn connect_while_starting_answers_the_session(s: &Scene) {
    let session = s.post("/connect", &json!({})).is(200);
    assert_eq!(session["id"], s.session);
    // what still starts afterwards started then
    if s.server.state(s.session) == "starting" {
        assert_eq!(session["state"], "starting");
    }
}

/// The answer comes when the start is over.
fn a_file_added_before_idle_waits_for_the_session(s: &Scene) {
    let uri = format!("file:{}", s.folder.join("added.txt").display());
    s.post("/add-file", &json!({ "uri": uri })).is_empty(200);
    // the driver answers this and the server's own first call side by side
    s.server.until(s.session, &["idle", "busy"]);
}

fn a_start_goes_from_starting_to_idle(s: &Scene) {
    assert_eq!(s.states.last().map(String::as_str), Some("idle"));
    let between = |state: &String| matches!(state.as_str(), "starting" | "busy" | "idle");
    assert!(s.states.iter().all(between), "{:?}", s.states);
}

fn the_kind_is_told_by_its_first_name(s: &Scene) {
    assert_eq!(s.get("").is(200)["kind"], "pyspark");
}

fn without_a_cluster_there_is_no_application_id(s: &Scene) {
    assert_eq!(s.get("").is(200)["appId"], Value::Null);
}

fn connect_answers_the_session(s: &Scene) {
    let answer = s.server.post_text(&s.path("/connect"), "");
    let session = answer.is(200);
    assert_eq!(session["id"], s.session);
    assert_eq!(keys(&session), keys(&s.get("").is(200)));
}

fn a_living_session_has_a_log(s: &Scene) {
    let lines = wait("markers and more", || {
        let log = s.get("/log?size=-1").is(200);
        let lines = log["log"].as_array().unwrap();
        (lines.len() > 2)
            .then(|| lines.clone())
            .ok_or_else(|| log.to_string())
    });
    assert!(
        lines.len() <= 402,
        "two hundred lines of each stream: {}",
        lines.len()
    );
}
