//! Sessions that are not there: every route says so alike (sections 1.1 and 2).
use serde_json::json;

use crate::check::{Check, Group, Scene, Setting, checks};

pub const GROUP: Group = Group {
    name: "unknown",
    setting: Setting::Plain,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "2": an_unknown_session_is_404_to_reading,
    "2": an_unknown_session_is_404_to_delete,
    "2": an_unknown_session_is_404_to_connect_stop_and_interrupt,
    "2": an_unknown_session_is_404_to_statements,
    "2": an_unknown_session_is_404_to_cancel,
    "2": an_unknown_session_is_404_to_completion,
    "2": an_unknown_session_is_404_to_add,
    "2": an_unknown_session_is_404_to_upload,
    "2" since 6: an_unknown_name_is_404,
    "2": a_negative_id_is_404,
    "2": an_id_beyond_an_int_is_400,
    "1.1": a_body_is_judged_before_the_session,
];

const NOBODY: &str = "Session '9999' not found.";

fn an_unknown_session_is_404_to_reading(s: &Scene) {
    for below in ["", "/state", "/log", "/statements", "/statements/0"] {
        s.get(below).says(404, NOBODY);
    }
}

fn an_unknown_session_is_404_to_delete(s: &Scene) {
    s.server.delete("/sessions/9999").says(404, NOBODY);
}

fn an_unknown_session_is_404_to_connect_stop_and_interrupt(s: &Scene) {
    for below in ["connect", "stop", "interrupt"] {
        let path = format!("/sessions/9999/{below}");
        s.server.post_text(&path, "").says(404, NOBODY);
    }
}

fn an_unknown_session_is_404_to_statements(s: &Scene) {
    s.post("/statements", &json!({"code": "1"}))
        .says(404, NOBODY);
}

fn an_unknown_session_is_404_to_cancel(s: &Scene) {
    s.cancel(0).says(404, NOBODY);
}

fn an_unknown_session_is_404_to_completion(s: &Scene) {
    let body = json!({"code": "sc.", "kind": "spark", "cursor": 3});
    s.post("/completion", &body).says(404, NOBODY);
}

fn an_unknown_session_is_404_to_add(s: &Scene) {
    for what in ["jar", "file", "pyfile"] {
        let answer = s.post(&format!("/add-{what}"), &json!({"uri": "file:/x"}));
        answer.says(404, NOBODY);
    }
}

fn an_unknown_session_is_404_to_upload(s: &Scene) {
    for what in ["jar", "file", "pyfile"] {
        let field = if what == "jar" { "jar" } else { "file" };
        let answer = super::resources::upload(s, what, field, "x", b"x");
        answer.says(404, NOBODY);
    }
}

fn an_unknown_name_is_404(s: &Scene) {
    s.server
        .get("/sessions/nobody")
        .says(404, "Session 'nobody' not found.");
    s.server
        .delete("/sessions/nobody")
        .says(404, "Session 'nobody' not found.");
}

fn a_negative_id_is_404(s: &Scene) {
    s.server
        .get("/sessions/-1")
        .says(404, "Session '-1' not found.");
}

fn an_id_beyond_an_int_is_400(s: &Scene) {
    let answer = s.server.get("/sessions/99999999999");
    answer.says(400, "For input string: \"99999999999\"");
}

fn a_body_is_judged_before_the_session(s: &Scene) {
    let path = s.path("/statements");
    let answer = s.server.post_text(&path, r#"{"code":"1","foo":1}"#);
    answer.tells(400, "Unrecognized field \"foo\"");
}
