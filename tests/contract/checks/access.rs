//! Several users, and what each of them may do (sections 1.2, 2 and 4). Their sessions never start.
use serde_json::{Value, json};

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::http::Answer;
use crate::server::number;

pub const GROUP: Group = Group {
    name: "access",
    setting: Setting::Users,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "4": a_session_names_its_owner,
    "1.2": others_see_that_a_session_is_there,
    "4": others_see_no_line_of_its_log,
    "1.2": others_read_neither_log_nor_statements,
    "1.2": others_end_nothing,
    "1.2": a_viewer_reads_and_ends_nothing,
    "1.2": a_modifier_may_end_anothers_session,
    "1.2": the_superuser_may_read_and_end_all,
    "1.2": the_owner_may_read_and_end,
    "1.1": who_is_not_on_the_list_is_kept_out,
    "1.2" since 6: acting_as_another_needs_the_superusers_right,
];

/// ann and bob may use the server; carl may view all, mona change all; root is the superuser; eve is on no list.
#[track_caller]
fn send(s: &Scene, user: &str, method: &str, path: &str, body: &str) -> Answer {
    let pair = match user {
        "ann" => "YW5uOmE=",
        "bob" => "Ym9iOmI=",
        "carl" => "Y2FybDpj",
        "mona" => "bW9uYTpt",
        "root" => "cm9vdDpy",
        _ => "ZXZlOmU=",
    };
    let basic = format!("Basic {pair}");
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Requested-By", "contract"),
        ("Authorization", &basic),
    ];
    s.server.send(method, path, &headers, body.as_bytes())
}

/// A session of ann's, as it was created.
#[track_caller]
fn anns(s: &Scene) -> Value {
    let body = r#"{"driverMemory":"bad"}"#;
    send(s, "ann", "POST", "/sessions", body).is(201)
}

/// The path of one that is over, and has its log.
#[track_caller]
fn over(s: &Scene) -> String {
    let id = number(&anns(s)["id"]);
    s.server.until(id, &["dead", "killed"]);
    format!("/sessions/{id}")
}

#[track_caller]
fn forbidden(s: &Scene, user: &str, method: &str, path: &str) {
    let answer = send(s, user, method, path, "");
    assert_eq!(answer.is(403), json!({}), "{user} {method} {path}");
}

fn a_session_names_its_owner(s: &Scene) {
    let made = anns(s);
    assert_eq!(made["owner"], "ann");
    let path = format!("/sessions/{}", made["id"]);
    assert_eq!(send(s, "bob", "GET", &path, "").is(200)["owner"], "ann");
}

fn others_see_that_a_session_is_there(s: &Scene) {
    let made = anns(s);
    let path = format!("/sessions/{}", made["id"]);
    assert_eq!(send(s, "bob", "GET", &path, "").is(200)["id"], made["id"]);
    send(s, "bob", "GET", &format!("{path}/state"), "").is(200);
    let list = send(s, "bob", "GET", "/sessions?size=10000", "").is(200);
    let sessions = list["sessions"].as_array().unwrap();
    assert!(sessions.iter().any(|it| it["id"] == made["id"]), "{list}");
}

fn others_see_no_line_of_its_log(s: &Scene) {
    let path = over(s);
    assert_eq!(send(s, "bob", "GET", &path, "").is(200)["log"], json!([]));
    let own = send(s, "ann", "GET", &path, "").is(200);
    assert_ne!(own["log"], json!([]));
}

fn others_read_neither_log_nor_statements(s: &Scene) {
    let path = over(s);
    for below in ["log", "statements", "statements/0"] {
        forbidden(s, "bob", "GET", &format!("{path}/{below}"));
    }
}

fn others_end_nothing(s: &Scene) {
    let path = over(s);
    for below in ["/stop", "/interrupt", "/connect", "/statements/0/cancel"] {
        forbidden(s, "bob", "POST", &format!("{path}{below}"));
    }
    forbidden(s, "bob", "DELETE", &path);
    send(s, "ann", "GET", &path, "").is(200);
}

fn a_viewer_reads_and_ends_nothing(s: &Scene) {
    let path = over(s);
    send(s, "carl", "GET", &format!("{path}/log"), "").is(200);
    forbidden(s, "carl", "POST", &format!("{path}/stop"));
    forbidden(s, "carl", "DELETE", &path);
}

#[track_caller]
fn reads_and_ends(s: &Scene, user: &str) {
    let path = over(s);
    send(s, user, "GET", &format!("{path}/log"), "").is(200);
    send(s, user, "DELETE", &path, "").says(200, "deleted");
}

fn a_modifier_may_end_anothers_session(s: &Scene) {
    reads_and_ends(s, "mona");
}

fn the_superuser_may_read_and_end_all(s: &Scene) {
    reads_and_ends(s, "root");
}

fn the_owner_may_read_and_end(s: &Scene) {
    reads_and_ends(s, "ann");
}

fn who_is_not_on_the_list_is_kept_out(s: &Scene) {
    let answer = send(s, "eve", "GET", "/sessions", "");
    assert_eq!(answer.status, 403, "{answer}");
    assert_ne!(
        answer.text(),
        "{}",
        "a page, before any session is looked at"
    );
}

fn acting_as_another_needs_the_superusers_right(s: &Scene) {
    let body = r#"{"driverMemory":"bad"}"#;
    let answer = send(s, "ann", "POST", "/sessions?doAs=bob", body);
    let why = "User 'ann' not allowed to impersonate 'Some(bob)'.";
    answer.says(403, why);
    let made = send(s, "root", "POST", "/sessions?doAs=bob", body).is(201);
    assert_eq!(
        (&made["owner"], &made["proxyUser"]),
        (&json!("root"), &json!("bob"))
    );
}
