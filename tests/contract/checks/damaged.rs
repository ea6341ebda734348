//! Interpreters that died, and a result that is too large for the channel (sections 5, 7.3, 10 and 16).
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::server::{text, wait};

pub const GROUP: Group = Group {
    name: "damaged",
    setting: Setting::Faithful,
    session: Some(|| {
        // our R is without SparkR, which PyPI's Spark has not
        let conf = json!({"livy.rsc.rpc.max.size": CHANNEL.to_string(), "livysh.r.plain": "true"});
        json!({"kind": "pyspark", "conf": conf})
    }),
    opening: &[],
    checks: &[CHECKS],
};

/// What the session's channel carries at most, in bytes.
const CHANNEL: usize = 300_000;

/// In this order: the first ends R, the last ones the channel.
const CHECKS: &[Check] = checks![
    "7.3": r_that_quits_is_an_interpreter_that_died,
    "5": a_dead_interpreter_makes_the_session_an_error,
    "5": a_session_in_error_takes_statements_and_r_stays_dead,
    "5": another_kind_goes_on_and_the_session_is_idle_again,
    "10": a_result_below_the_channels_limit_arrives,
    "10": a_result_beyond_the_channels_limit_does_not_arrive,
    "16": a_closed_channel_refuses_all_and_the_state_stays,
    "16": a_session_without_a_channel_can_be_deleted,
];

const DIED: &str = "Interpreter died:\n";

/// Ends R, or finds it dead: what the statement answers.
#[track_caller]
fn quit(s: &Scene) -> Value {
    s.run("q()", Some("sparkr"))["output"].clone()
}

fn r_that_quits_is_an_interpreter_that_died(s: &Scene) {
    let output = quit(s);
    assert_eq!(output["status"], "error", "{output}");
    assert_eq!(output["ename"], "Error", "{output}");
    assert!(text(&output["evalue"]).starts_with(DIED), "{output}");
    assert_eq!(output["traceback"], json!([]), "{output}");
}

/// The driver tells its state before the statement is through, on the same channel.
#[track_caller]
fn settled(s: &Scene) -> String {
    wait("a state that is not busy", || {
        let now = s.server.state(s.session);
        if now == "busy" { Err(now) } else { Ok(now) }
    })
}

fn a_dead_interpreter_makes_the_session_an_error(s: &Scene) {
    quit(s);
    assert_eq!(settled(s), "error");
}

fn a_session_in_error_takes_statements_and_r_stays_dead(s: &Scene) {
    quit(s);
    for _ in 0..2 {
        let output = s.run("1 + 1", Some("sparkr"))["output"].clone();
        assert!(text(&output["evalue"]).starts_with(DIED), "{output}");
    }
}

fn another_kind_goes_on_and_the_session_is_idle_again(s: &Scene) {
    quit(s);
    assert_eq!(s.answer("1 + 1", Some("pyspark")), "2");
    assert_eq!(settled(s), "idle");
}

fn a_result_below_the_channels_limit_arrives(s: &Scene) {
    let length = CHANNEL / 3;
    let answer = s.answer(&format!("print('x' * {length})"), None);
    assert_eq!(answer.len(), length);
}

const CLOSED: &str = "java.lang.IllegalStateException: RPC channel is closed.";
/// How long an answer is waited for that never comes.
const PATIENCE: Duration = Duration::from_secs(8);

/// What becomes of a result that is too large.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Came,
    NeverCame,
    Refused,
}

#[track_caller]
fn overflow(s: &Scene) -> Fate {
    let body = json!({"code": format!("print('x' * {})", CHANNEL * 2)});
    let made = s.post("/statements", &body);
    if made.status == 500 {
        return Fate::Refused;
    }
    let path = s.path(&format!("/statements/{}", made.is(201)["id"]));
    wait("the result, or none", || {
        let Some(answer) = s.server.place.get_within(&path, PATIENCE) else {
            return Ok(Fate::NeverCame);
        };
        match answer.status {
            200 if answer.is(200)["state"] == "available" => Ok(Fate::Came),
            200 => Err("it runs".to_owned()),
            _ => Ok(Fate::Refused),
        }
    })
}

fn a_result_beyond_the_channels_limit_does_not_arrive(s: &Scene) {
    // without an answer for good, or called off with the channel: whichever is first
    assert_ne!(overflow(s), Fate::Came);
}

fn a_closed_channel_refuses_all_and_the_state_stays(s: &Scene) {
    assert_ne!(overflow(s), Fate::Came);
    wait("the end of the channel", || {
        let answer = s
            .server
            .place
            .get_within(&s.path("/statements"), PATIENCE)
            .ok_or("no answer")?;
        // at first, what was under way is called off
        let said = answer.json();
        let closed = said.as_str().is_some_and(|it| it.contains(CLOSED));
        closed.then_some(()).ok_or(answer.to_string())
    });
    s.get("/statements").tells(500, CLOSED);
    s.post("/statements", &json!({"code": "1"}))
        .tells(500, CLOSED);
    let state = s.server.state(s.session);
    assert!(matches!(state.as_str(), "idle" | "busy"), "{state}");
}

fn a_session_without_a_channel_can_be_deleted(s: &Scene) {
    overflow(s);
    s.server.delete(&s.path("")).says(200, "deleted");
    assert_eq!(s.server.state(s.session), "404");
}
