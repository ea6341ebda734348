//! Cross-site requests, and a server that is full (sections 1.2 and 3).
use serde_json::json;

use crate::check::{Check, Group, Scene, Setting, checks};

pub const GROUP: Group = Group {
    name: "closed",
    setting: Setting::Closed,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "1.2": a_post_without_x_requested_by_is_refused_with_a_page,
    "1.1": the_refusal_is_no_json_string,
    "16": a_delete_without_x_requested_by_is_refused,
    "1.2": any_value_of_x_requested_by_will_do,
    "1.2": reading_needs_no_x_requested_by,
    "3": a_server_that_is_full_says_so_with_400,
];

const REASON: &str = "Missing Required Header for CSRF protection.";

fn a_post_without_x_requested_by_is_refused_with_a_page(s: &Scene) {
    let headers = [("Content-Type", "application/json")];
    let answer = s.server.send("POST", "/sessions", &headers, b"{}");
    assert_eq!(answer.status, 400, "{answer}");
    let kind = answer.header("Content-Type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{answer}");
    assert!(answer.text().contains(REASON), "{answer}");
}

/// Older servlet containers give their page to those who accept JSON, too; newer ones their own JSON.
fn the_refusal_is_no_json_string(s: &Scene) {
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
    ];
    let answer = s.server.send("POST", "/sessions", &headers, b"{}");
    assert_eq!(answer.status, 400, "{answer}");
    match serde_json::from_slice::<serde_json::Value>(&answer.body) {
        Ok(body) => assert_eq!(
            (&body["message"], &body["status"]),
            (&json!(REASON), &json!("400"))
        ),
        Err(_) => assert!(answer.text().contains(REASON), "{answer}"),
    }
}

/// Some containers send their page, some nothing.
fn a_delete_without_x_requested_by_is_refused(s: &Scene) {
    let answer = s.server.send("DELETE", "/sessions/9999", &[], b"");
    assert_eq!(answer.status, 400, "{answer}");
    let text = answer.text();
    assert!(text.is_empty() || text.contains(REASON), "{answer}");
}

fn any_value_of_x_requested_by_will_do(s: &Scene) {
    for value in ["me", "1"] {
        let headers = [("X-Requested-By", value)];
        let answer = s.server.send("DELETE", "/sessions/9999", &headers, b"");
        answer.says(404, "Session '9999' not found.");
    }
}

fn reading_needs_no_x_requested_by(s: &Scene) {
    s.server.send("GET", "/sessions", &[], b"").is(200);
    assert_eq!(s.server.send("HEAD", "/sessions", &[], b"").status, 200);
}

fn a_server_that_is_full_says_so_with_400(s: &Scene) {
    let answer = s.server.post("/sessions", &json!({}));
    answer.says(400, "Rejected, too many sessions are being created!");
}
