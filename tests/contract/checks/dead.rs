//! Sessions that never started: states, names, pages of the list and of the log (sections 2, 4, 5 and 10).
use std::sync::PoisonError;

use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::http::Answer;
use crate::server::{keys, name, number, text, wait};

pub const GROUP: Group = Group {
    name: "dead",
    setting: Setting::Plain,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "3": a_start_that_fails_ends_dead_or_killed,
    "2": a_state_has_id_and_state,
    "2" since 6: a_session_is_found_by_its_name,
    "5": a_dead_session_takes_no_statements,
    "5": a_dead_session_shows_no_statements,
    "5": a_dead_session_completes_and_cancels_nothing,
    "2": a_dead_session_takes_no_files,
    "16": connect_on_a_dead_session_answers_its_state,
    "10": the_log_has_four_keys_and_both_markers,
    "10": a_page_of_the_log_starts_at_from,
    "10": the_log_without_from_is_its_tail,
    "10": a_from_past_the_log_gives_nothing_and_is_told_back,
    "10": a_log_page_by_text_is_refused,
    "4": a_session_shows_ten_lines_of_its_log,
    "2": the_list_goes_by_position_and_counts_the_dead,
    "2": a_dead_session_is_deleted_once,
    "3" since 6: a_name_is_free_again_after_delete,
];

/// A session that is dead, and still listed.
#[track_caller]
fn dead(s: &Scene, body: Value) -> i64 {
    let id = number(&s.server.doomed(body)["id"]);
    s.server.until(id, OVER);
    id
}

/// The dead session that all look at who only look.
#[track_caller]
fn looked_at(s: &Scene) -> i64 {
    let mut known = s.server.dead.lock().unwrap_or_else(PoisonError::into_inner);
    *known.get_or_insert_with(|| {
        wait("a dead session with its log", || {
            let id = dead(s, json!({}));
            let log = s.server.get(&format!("/sessions/{id}/log?size=-1")).is(200);
            // what a process wrote just before its end may be lost for good: then the next one is looked at
            let whole = log["log"].as_array().unwrap().len() > 2;
            whole.then_some(id).ok_or_else(|| log.to_string())
        })
    })
}

/// How a start that fails may end: where the server itself ends what is left of the process, it says `killed`.
pub const OVER: &[&str] = &["dead", "killed"];

/// Is it what such a session may call itself from then on? The server may yet end what is left of the process, and a dead
/// one then shuts down and is killed.
pub fn is_over(state: &str) -> bool {
    OVER.contains(&state) || state == "shutting_down"
}

/// What such a session answers to whoever would use it.
#[track_caller]
pub fn over(answer: &Answer) {
    answer.tells(500, "java.lang.IllegalStateException: Session is in state ");
    let text = answer.text();
    assert!(
        text.split(|c: char| c != '_' && !c.is_alphanumeric())
            .any(is_over),
        "{answer}"
    );
}

fn a_start_that_fails_ends_dead_or_killed(s: &Scene) {
    let made = s.server.doomed(json!({}));
    assert_eq!(made["state"], "starting");
    let seen = s.server.until(number(&made["id"]), OVER);
    for state in &seen {
        let known = ["starting", "error", "shutting_down", "dead", "killed"];
        assert!(known.contains(&state.as_str()), "{seen:?}");
    }
}

fn a_state_has_id_and_state(s: &Scene) {
    let id = looked_at(s);
    let state = s.server.get(&format!("/sessions/{id}/state")).is(200);
    assert_eq!(keys(&state), ["id", "state"]);
    assert_eq!(state["id"], id);
    assert!(is_over(state["state"].as_str().unwrap()), "{state}");
}

fn a_session_is_found_by_its_name(s: &Scene) {
    let name = format!("{} a", name());
    let id = dead(s, json!({"name": name}));
    let path = format!("/sessions/{}", name.replace(' ', "%20"));
    assert_eq!(s.server.get(&path).is(200)["id"], id);
    assert_eq!(s.server.get(&format!("{path}/state")).is(200)["id"], id);
    s.server.delete(&path).says(200, "deleted");
    assert_eq!(s.server.state(id), "404");
}

fn a_dead_session_takes_no_statements(s: &Scene) {
    let path = format!("/sessions/{}", looked_at(s));
    let body = &json!({"code": "1", "kind": "sql"});
    over(&s.server.post(&format!("{path}/statements"), body));
}

fn a_dead_session_shows_no_statements(s: &Scene) {
    let path = format!("/sessions/{}/statements", looked_at(s));
    let why = "requirement failed: Session isn't active.";
    s.server.get(&path).says(400, why);
    s.server.get(&format!("{path}/0")).says(400, why);
}

fn a_dead_session_completes_and_cancels_nothing(s: &Scene) {
    let path = format!("/sessions/{}", looked_at(s));
    let body = json!({"code": "sc.", "kind": "spark", "cursor": 3});
    over(&s.server.post(&format!("{path}/completion"), &body));
    let cancel = format!("{path}/statements/0/cancel");
    over(&s.server.post_text(&cancel, ""));
}

fn a_dead_session_takes_no_files(s: &Scene) {
    let path = format!("/sessions/{}", looked_at(s));
    let uri = format!("file:{}", s.folder.join("added.txt").display());
    for what in ["jar", "file", "pyfile"] {
        let answer = s
            .server
            .post(&format!("{path}/add-{what}"), &json!({ "uri": uri }));
        answer.says(400, "requirement failed: Session isn't active.");
    }
}

fn connect_on_a_dead_session_answers_its_state(s: &Scene) {
    let id = looked_at(s);
    let answer = s.server.post_text(&format!("/sessions/{id}/connect"), "");
    let state = text(&answer.is(200)["state"]);
    assert!(is_over(&state), "{answer}");
}

fn the_log_has_four_keys_and_both_markers(s: &Scene) {
    let id = looked_at(s);
    let log = s.server.get(&format!("/sessions/{id}/log?size=-1")).is(200);
    assert_eq!(keys(&log), ["from", "id", "log", "total"]);
    assert_eq!((&log["id"], &log["from"]), (&json!(id), &json!(0)));
    let lines = log["log"].as_array().unwrap();
    assert_eq!(log["total"], lines.len());
    assert!(lines.contains(&json!("stdout: ")), "{log}");
    assert!(lines.contains(&json!("\nstderr: ")), "{log}");
}

/// A dead session's log, and what it answers to these paths meanwhile. What its process wrote may arrive after its
/// death: the log is the same before and after.
#[track_caller]
fn logged(s: &Scene, paths: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let session = format!("/sessions/{}", looked_at(s));
    let all = || {
        let log = s.server.get(&format!("{session}/log?size=-1")).is(200);
        log["log"].as_array().unwrap().clone()
    };
    wait("a log that does not grow", || {
        let before = all();
        let ask = |path: &&str| s.server.get(&format!("{session}{path}")).is(200);
        let answers = paths.iter().map(ask).collect();
        let after = all();
        let whole = before == after && after.len() > 2;
        whole
            .then_some((before, answers))
            .ok_or_else(|| format!("{after:?}"))
    })
}

fn a_page_of_the_log_starts_at_from(s: &Scene) {
    let (lines, pages) = logged(s, &["/log?from=1&size=2"]);
    assert_eq!(pages[0]["from"], 1);
    assert_eq!(pages[0]["total"], lines.len());
    assert_eq!(pages[0]["log"].as_array().unwrap()[..], lines[1..3]);
}

fn the_log_without_from_is_its_tail(s: &Scene) {
    let (lines, pages) = logged(s, &["/log?size=1", "/log?from=-1&size=1", "/log"]);
    let from = lines.len() - 1;
    for page in &pages[..2] {
        assert_eq!(page["from"], from, "{page}");
        assert_eq!(page["log"].as_array().unwrap()[..], lines[from..], "{page}");
    }
    let tail = &lines[lines.len().saturating_sub(100)..];
    assert_eq!(pages[2]["log"].as_array().unwrap()[..], *tail);
}

fn a_from_past_the_log_gives_nothing_and_is_told_back(s: &Scene) {
    let (lines, pages) = logged(s, &["/log?from=10000&size=3"]);
    let page = &pages[0];
    assert_eq!((&page["from"], &page["log"]), (&json!(10_000), &json!([])));
    assert_eq!(page["total"], lines.len());
}

fn a_log_page_by_text_is_refused(s: &Scene) {
    let id = looked_at(s);
    let answer = s.server.get(&format!("/sessions/{id}/log?from=x"));
    answer.says(400, "For input string: \"x\"");
}

fn a_session_shows_ten_lines_of_its_log(s: &Scene) {
    let (lines, answers) = logged(s, &[""]);
    let shown = answers[0]["log"].as_array().unwrap();
    assert_eq!(shown[..], lines[lines.len().saturating_sub(10)..]);
}

fn the_list_goes_by_position_and_counts_the_dead(s: &Scene) {
    let (first, second) = (dead(s, json!({})), dead(s, json!({})));
    let all = s.server.get("/sessions?size=10000").is(200);
    let ids: Vec<i64> = all["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| number(&it["id"]))
        .collect();
    assert_eq!(all["total"], ids.len());
    let at = ids
        .iter()
        .position(|id| *id == first)
        .expect("the first is listed");
    assert_eq!(ids.get(at + 1), Some(&second), "in order of creation");
    let page = s.server.get(&format!("/sessions?from={at}&size=1")).is(200);
    assert_eq!(page["from"], at);
    assert_eq!(page["total"], ids.len());
    let sessions = page["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(number(&sessions[0]["id"]), first);
}

fn a_dead_session_is_deleted_once(s: &Scene) {
    let path = format!("/sessions/{}", dead(s, json!({})));
    s.server.delete(&path).says(200, "deleted");
    assert_eq!(s.server.delete(&path).status, 404);
    assert_eq!(s.server.get(&path).status, 404);
}

fn a_name_is_free_again_after_delete(s: &Scene) {
    let name = name();
    let first = dead(s, json!({"name": name}));
    s.server.delete(&format!("/sessions/{first}")).is(200);
    let second = s.server.doomed(json!({"name": name}));
    assert_ne!(number(&second["id"]), first);
}
