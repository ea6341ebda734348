//! A driver that dies while a statement runs (sections 5 and 16).
use serde_json::json;

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::server::wait;

pub const GROUP: Group = Group {
    name: "killed",
    setting: Setting::Faithful,
    session: Some(|| json!({"kind": "spark"})),
    opening: &[],
    checks: &[CHECKS],
};

/// In this order: the first kills the driver.
const CHECKS: &[Check] = checks![
    "5": a_dying_driver_answers_500_until_the_session_is_dead,
    "5": a_session_whose_driver_died_is_dead_and_listed,
    "5": a_dead_driver_takes_and_shows_nothing,
    "16": connect_after_the_death_answers_dead,
    "2": delete_after_the_death_forgets_the_session,
];

/// Scala that ends its own JVM at once, as a killed process ends.
#[track_caller]
fn kill(s: &Scene) {
    if s.server.state(s.session) != "dead" {
        let body = json!({"code": "Runtime.getRuntime.halt(9)"});
        let answer = s.post("/statements", &body);
        assert!(matches!(answer.status, 201 | 500), "{answer}");
        s.server.until(s.session, &["dead"]);
    }
}

fn a_dying_driver_answers_500_until_the_session_is_dead(s: &Scene) {
    let id = s.submit("Runtime.getRuntime.halt(9)");
    let path = format!("/statements/{id}");
    wait("the refusal of a dead session", || {
        let answer = s.get(&path);
        match answer.status {
            // it still runs, or its end is not known yet
            200 => assert_ne!(answer.is(200)["state"], "available", "{answer}"),
            500 => answer.tells(500, ""),
            _ => {
                answer.says(400, "requirement failed: Session isn't active.");
                return Ok(());
            }
        }
        Err(answer.to_string())
    });
    s.server.until(s.session, &["dead"]);
}

fn a_session_whose_driver_died_is_dead_and_listed(s: &Scene) {
    kill(s);
    assert_eq!(s.get("").is(200)["state"], "dead");
    let list = s.server.get("/sessions?size=10000").is(200);
    let sessions = list["sessions"].as_array().unwrap();
    assert!(sessions.iter().any(|it| it["id"] == s.session), "{list}");
}

fn a_dead_driver_takes_and_shows_nothing(s: &Scene) {
    kill(s);
    let answer = s.post("/statements", &json!({"code": "1"}));
    answer.tells(
        500,
        "java.lang.IllegalStateException: Session is in state dead",
    );
    s.get("/statements")
        .says(400, "requirement failed: Session isn't active.");
}

fn connect_after_the_death_answers_dead(s: &Scene) {
    kill(s);
    let answer = s.server.post_text(&s.path("/connect"), "");
    assert_eq!(answer.is(200)["state"], "dead");
}

fn delete_after_the_death_forgets_the_session(s: &Scene) {
    kill(s);
    s.server.delete(&s.path("")).says(200, "deleted");
    assert_eq!(s.server.state(s.session), "404");
}
