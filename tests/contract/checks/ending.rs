//! The end of a session that lived: stop, and what is left of it (sections 2 and 5).
use serde_json::json;

use crate::check::{Check, Scene, checks};

use super::dead::{OVER, is_over, over};

/// In this order: the first ends the session.
pub const CHECKS: &[Check] = checks![
    "2": stop_is_204_and_leaves_a_dead_session,
    "5": the_statements_of_a_stopped_session_are_gone,
    "2": delete_of_a_stopped_session_forgets_it,
];

#[track_caller]
fn stopped(s: &Scene) {
    let answer = s.server.post_text(&s.path("/stop"), "");
    assert!(matches!(answer.status, 200 | 204), "{answer}");
    s.server.until(s.session, OVER);
}

fn stop_is_204_and_leaves_a_dead_session(s: &Scene) {
    let answer = s.server.post_text(&s.path("/stop"), "");
    assert_eq!((answer.status, answer.text()), (204, String::new()));
    let seen = s.server.until(s.session, OVER);
    let known = |state: &String| is_over(state);
    assert!(seen.iter().all(known), "{seen:?}");
}

fn the_statements_of_a_stopped_session_are_gone(s: &Scene) {
    stopped(s);
    s.get("/statements")
        .says(400, "requirement failed: Session isn't active.");
    let answer = s.post("/statements", &json!({"code": "1"}));
    over(&answer);
}

fn delete_of_a_stopped_session_forgets_it(s: &Scene) {
    stopped(s);
    s.server.delete(&s.path("")).says(200, "deleted");
    let nobody = format!("Session '{}' not found.", s.session);
    s.get("").says(404, &nobody);
    s.server.delete(&s.path("")).says(404, &nobody);
}
