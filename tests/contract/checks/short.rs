//! Sessions that nobody uses: heartbeats, the idle rule, retention (sections 2, 5 and 10).
//!
//! The genuine server looks for idle sessions once a minute, so these checks run beside the others.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::server::{number, wait};

use super::resources::upload;

pub const GROUP: Group = Group {
    name: "short",
    setting: Setting::Short,
    session: Some(|| json!({"kind": "pyspark", "heartbeatTimeoutInSecond": HEARTBEAT})),
    opening: &[],
    checks: &[CHECKS],
};

/// The heartbeat of the group's session, in seconds.
const HEARTBEAT: u64 = 10;

/// In this order: the last ends the session.
const CHECKS: &[Check] = checks![
    "2": an_upload_of_the_largest_size_is_taken,
    "2": an_upload_beyond_the_largest_size_is_500,
    "1.1": the_refusal_of_a_large_upload_is_a_bare_text,
    "3" since 9: a_lifetime_ends_no_session_while_none_is_checked,
    "5": an_idle_session_goes_though_it_is_polled_and_connect_keeps_another,
    "10": a_dead_session_is_forgotten_after_its_retention,
    "2": reading_a_session_is_its_heartbeat,
    "2": the_list_is_no_heartbeat,
];

/// As the servers of this setting are told, in bytes.
pub const LARGEST_UPLOAD: usize = 2_000;

fn an_upload_of_the_largest_size_is_taken(s: &Scene) {
    let sent = upload(s, "file", "file", "largest.txt", &[b'x'; LARGEST_UPLOAD]);
    sent.is_empty(200);
}

const TOO_LARGE: &str =
    "org.scalatra.servlet.SizeConstraintExceededException: Too large request or file";

fn an_upload_beyond_the_largest_size_is_500(s: &Scene) {
    for length in [LARGEST_UPLOAD + 1, LARGEST_UPLOAD * 4] {
        let answer = upload(s, "file", "file", "larger.txt", &vec![b'x'; length]);
        assert_eq!(answer.status, 500, "{answer}");
        assert!(answer.text().contains(TOO_LARGE), "{answer}");
    }
}

/// The container refuses it, before the servlet that would write JSON.
fn the_refusal_of_a_large_upload_is_a_bare_text(s: &Scene) {
    let bytes = [b'x'; LARGEST_UPLOAD + 1];
    let answer = upload(s, "file", "file", "larger.txt", &bytes);
    assert_eq!(answer.text(), TOO_LARGE);
    let kind = answer.header("Content-Type");
    assert_eq!(kind, Some("text/html;charset=utf-8"), "{answer}");
}

/// It is over long before the session is up.
fn a_lifetime_ends_no_session_while_none_is_checked(s: &Scene) {
    let body = json!({"kind": "pyspark", "ttl": "1ms"});
    let id = number(&s.server.post("/sessions", &body).is(201)["id"]);
    wait("the start of a session whose time is over", || {
        // two servers' idle rules go on meanwhile
        assert_eq!(s.server.post_text(&s.path("/connect"), "").status, 200);
        match s.server.state(id).as_str() {
            "idle" => Ok(()),
            now @ ("starting" | "busy") => Err(now.to_owned()),
            now => panic!("it went: {now}"),
        }
    });
    s.server.delete(&format!("/sessions/{id}")).is(200);
}

/// Is it still there? The list is no heartbeat and no use.
#[track_caller]
fn listed(s: &Scene, session: i64) -> bool {
    let list = s.server.get("/sessions?size=10000").is(200);
    list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .any(|it| it["id"] == session)
}

fn an_idle_session_goes_though_it_is_polled_and_connect_keeps_another(s: &Scene) {
    let made = s
        .server
        .post("/sessions", &json!({"kind": "pyspark"}))
        .is(201);
    let idle = number(&made["id"]);
    wait("the end of an idle session", || {
        // kept before the other is asked: the collector finds one in its time, and one past it
        let kept = s.server.post_text(&s.path("/connect"), "");
        assert_eq!(kept.status, 200, "connect did not keep it: {kept}");
        match s.server.state(idle).as_str() {
            "404" => Ok(()),
            now => Err(now.to_owned()),
        }
    });
    assert!(listed(s, s.session), "the other one was kept by connect");
}

fn a_dead_session_is_forgotten_after_its_retention(s: &Scene) {
    let id = number(&s.server.doomed(json!({}))["id"]);
    wait("the end of retention", || {
        assert_eq!(s.server.post_text(&s.path("/connect"), "").status, 200);
        match s.server.state(id).as_str() {
            "404" => Ok(()),
            now => Err(now.to_owned()),
        }
    });
}

fn reading_a_session_is_its_heartbeat(s: &Scene) {
    s.post("/connect", &json!({})).is(200);
    let end = Instant::now() + Duration::from_secs(HEARTBEAT + 1);
    while Instant::now() < end {
        s.get("/state").is(200);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn the_list_is_no_heartbeat(s: &Scene) {
    wait("the end of a session without a heartbeat", || {
        (!listed(s, s.session))
            .then_some(())
            .ok_or("listed".to_owned())
    });
    s.get("")
        .says(404, &format!("Session '{}' not found.", s.session));
}
