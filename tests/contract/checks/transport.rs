//! Transport: content types, methods, headers, versions of the API (sections 1 and 2).
use std::io::Read;

use serde_json::json;

use crate::check::{Check, Group, Scene, Setting, checks};
use crate::http::JSON;
use crate::server::keys;

pub const GROUP: Group = Group {
    name: "transport",
    setting: Setting::Plain,
    session: None,
    opening: &[],
    checks: &[CHECKS],
};

const CHECKS: &[Check] = checks![
    "2": the_version_has_six_keys,
    "2": the_list_has_from_total_and_sessions,
    "2": a_page_of_the_list_tells_its_from,
    "2": a_page_by_text_is_refused_in_javas_words,
    "1": answers_are_json_whatever_is_accepted,
    "1": the_one_api_version_is_accepted,
    "1": another_api_version_is_406,
    "1": answers_are_gzipped_when_that_is_accepted,
    "1": a_form_swallows_the_body,
    "1": a_text_that_says_no_content_type_is_read,
    "1": a_text_that_says_plain_text_is_read,
    "1": the_override_header_turns_a_post_into_a_delete,
    "1.2": x_requested_by_is_harmless,
    "1.2": do_as_is_ignored_while_impersonation_is_off,
    "1.1": a_wrong_method_on_the_collection_is_405,
    "1.1": a_wrong_method_on_a_session_is_405,
    "1.1": a_get_of_what_is_only_posted_is_405,
    "1.1": a_post_of_what_is_only_read_is_405,
    "1.1": a_sub_route_that_nobody_has_is_an_empty_404,
    "16": a_top_path_that_nobody_has_is_an_empty_404_in_html,
    "16": the_root_leads_elsewhere,
    "1": head_is_get_without_a_body,
];

fn the_version_has_six_keys(s: &Scene) {
    let version = s.server.get("/version").is(200);
    let known = ["branch", "date", "revision", "url", "user", "version"];
    assert_eq!(keys(&version), known);
    for key in known {
        assert!(version[key].is_string(), "{version}");
    }
}

fn the_list_has_from_total_and_sessions(s: &Scene) {
    let list = s.server.get("/sessions").is(200);
    assert_eq!(keys(&list), ["from", "sessions", "total"]);
    assert_eq!(list["from"], 0);
    assert!(
        list["total"].is_u64() && list["sessions"].is_array(),
        "{list}"
    );
}

fn a_page_of_the_list_tells_its_from(s: &Scene) {
    let list = s.server.get("/sessions?from=1000&size=5").is(200);
    assert_eq!(
        (&list["from"], &list["sessions"]),
        (&json!(1000), &json!([]))
    );
}

fn a_page_by_text_is_refused_in_javas_words(s: &Scene) {
    for query in ["from=abc", "size=abc"] {
        let answer = s.server.get(&format!("/sessions?{query}"));
        answer.says(400, "For input string: \"abc\"");
    }
}

fn answers_are_json_whatever_is_accepted(s: &Scene) {
    for accepted in ["text/html", "*/*", "application/xml"] {
        let answer = s
            .server
            .send("GET", "/sessions", &[("Accept", accepted)], b"");
        answer.is(200);
    }
    s.server.send("GET", "/sessions", &[], b"").is(200);
}

fn the_one_api_version_is_accepted(s: &Scene) {
    let accepted = [("Accept", "application/vnd.livy.v0.1+json")];
    s.server.send("GET", "/sessions", &accepted, b"").is(200);
}

fn another_api_version_is_406(s: &Scene) {
    let accepted = [("Accept", "application/vnd.livy.v9.9+json")];
    let answer = s.server.send("GET", "/sessions", &accepted, b"");
    answer.says(406, "No value found for '9.9'");
}

fn answers_are_gzipped_when_that_is_accepted(s: &Scene) {
    let accepted = [("Accept-Encoding", "gzip")];
    let answer = s.server.send("GET", "/sessions", &accepted, b"");
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&answer.body[..])
        .read_to_string(&mut text)
        .unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(list["sessions"].is_array(), "{list}");
}

/// A body that is refused for its kind, so that nothing is made.
const BAD_KIND: &str = r#"{"kind":"foo"}"#;

#[track_caller]
fn create(s: &Scene, headers: &[(&str, &str)]) -> crate::http::Answer {
    let all = [headers, &[("X-Requested-By", "contract")]].concat();
    s.server
        .send("POST", "/sessions", &all, BAD_KIND.as_bytes())
}

fn a_form_swallows_the_body(s: &Scene) {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    create(s, &form).tells(400, "No content to map due to end-of-input");
}

fn a_text_that_says_no_content_type_is_read(s: &Scene) {
    create(s, &[]).tells(400, "Invalid kind: foo");
}

fn a_text_that_says_plain_text_is_read(s: &Scene) {
    create(s, &[("Content-Type", "text/plain")]).tells(400, "Invalid kind: foo");
}

fn the_override_header_turns_a_post_into_a_delete(s: &Scene) {
    let headers = [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Requested-By", "contract"),
    ];
    let answer = s.server.send("POST", "/sessions/9999", &headers, b"");
    answer.says(404, "Session '9999' not found.");
}

fn x_requested_by_is_harmless(s: &Scene) {
    let headers = [("X-Requested-By", "anybody")];
    s.server.send("GET", "/sessions", &headers, b"").is(200);
}

fn do_as_is_ignored_while_impersonation_is_off(s: &Scene) {
    s.server.get("/sessions?doAs=somebody").is(200);
    let answer = s.server.get("/sessions/9999?doAs=somebody");
    answer.says(404, "Session '9999' not found.");
}

#[track_caller]
fn refused(s: &Scene, method: &str, path: &str, allowed: &[&str]) {
    let answer = s
        .server
        .send(method, path, &[("X-Requested-By", "contract")], b"");
    answer.is_empty(405);
    let allow = answer.header("Allow").unwrap_or_default();
    let mut methods: Vec<&str> = allow.split(", ").collect();
    methods.sort_unstable();
    assert_eq!(methods, allowed, "{method} {path}");
}

fn a_wrong_method_on_the_collection_is_405(s: &Scene) {
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
        refused(s, method, "/sessions", &["GET", "HEAD", "POST"]);
    }
}

fn a_wrong_method_on_a_session_is_405(s: &Scene) {
    for method in ["PUT", "PATCH", "POST", "OPTIONS"] {
        refused(s, method, "/sessions/9999", &["DELETE", "GET", "HEAD"]);
    }
}

fn a_get_of_what_is_only_posted_is_405(s: &Scene) {
    let paths = [
        "connect",
        "stop",
        "interrupt",
        "completion",
        "add-jar",
        "add-file",
        "add-pyfile",
        "upload-jar",
        "upload-file",
        "upload-pyfile",
        "statements/0/cancel",
    ];
    for path in paths {
        refused(s, "GET", &format!("/sessions/9999/{path}"), &["POST"]);
    }
}

fn a_post_of_what_is_only_read_is_405(s: &Scene) {
    for path in ["state", "log", "statements/0"] {
        refused(
            s,
            "POST",
            &format!("/sessions/9999/{path}"),
            &["GET", "HEAD"],
        );
    }
}

fn a_sub_route_that_nobody_has_is_an_empty_404(s: &Scene) {
    for path in ["/sessions/9999/foo", "/sessions/9999/statements/0/foo"] {
        s.server.get(path).is_empty(404);
    }
}

fn a_top_path_that_nobody_has_is_an_empty_404_in_html(s: &Scene) {
    for headers in [&[][..], &[("Accept", "application/json")]] {
        let answer = s.server.send("GET", "/foo", headers, b"");
        assert_eq!(answer.status, 404, "{answer}");
        assert_eq!(answer.text(), "");
        let kind = answer.header("Content-Type");
        assert_eq!(kind, Some("text/html;charset=utf-8"));
    }
}

fn the_root_leads_elsewhere(s: &Scene) {
    let answer = s.server.send("GET", "/", &[], b"");
    assert_eq!(answer.status, 302, "{answer}");
    let location = answer.header("Location").unwrap_or_default();
    assert!(location.starts_with("http://"), "{location}");
}

fn head_is_get_without_a_body(s: &Scene) {
    for path in ["/sessions", "/version"] {
        let answer = s.server.send("HEAD", path, &[], b"");
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("Content-Type"), Some(JSON), "{answer}");
        assert_eq!(answer.text(), "");
    }
    let nothing = s.server.send("HEAD", "/sessions/9999", &[], b"");
    assert_eq!(nothing.status, 404, "{nothing}");
}
