//! What a genuine Livy answered, asked again here. Every difference is in the list `DIFFERENT`, with its reason.
use serde_json::{Map, Value};

use crate::support::{Answer, Rig};

/// Cases whose answers differ on purpose; the test fails when one of them comes to agree.
const DIFFERENT: &[(&str, &str)] = &[
    ("root", "there are no web pages to lead to"),
    (
        "create-malformed-json",
        "our JSON reader words an early end in one way only",
    ),
    ("gzip-statements", "on loopback compression only costs time"),
    ("gzip-state", "on loopback compression only costs time"),
];

/// Values that are another run's, not the protocol's.
const VOLATILE: &[&str] = &["state", "output", "progress", "started", "completed", "log"];

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/recorded/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn ask(rig: &Rig, request: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = request["headers"]
        .as_object()
        .map(|map| {
            map.iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                .collect()
        })
        .unwrap_or_default();
    let body = match &request["body"] {
        Value::Null => String::new(),
        // Texts are bodies as they were sent: empty, or broken on purpose.
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (method, path) = (&request["method"], &request["path"]);
    rig.send(
        method.as_str().unwrap(),
        path.as_str().unwrap(),
        &headers,
        body.as_bytes(),
    )
    .await
}

/// What an answer says once times, places in a text and Java frames are taken out.
fn essence(status: u64, header: impl Fn(&str) -> Option<String>, body: &Value) -> Value {
    let mut map = Map::new();
    map.insert("status".to_owned(), status.into());
    for name in ["Content-Type", "Location", "Allow", "Content-Encoding"] {
        map.insert(name.to_owned(), header(name).into());
    }
    map.insert("body".to_owned(), settled(body));
    Value::Object(map)
}

fn settled(value: &Value) -> Value {
    match value {
        Value::String(text) => text
            .split("\n\tat ")
            .next()
            .unwrap()
            .split("\n at [Source")
            .next()
            .unwrap()
            .split(" for session ")
            .next()
            .unwrap()
            .into(),
        Value::Array(items) => items.iter().map(settled).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let value = if VOLATILE.contains(&key.as_str()) {
                    Value::from("(volatile)")
                } else {
                    settled(value)
                };
                (key.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

async fn compare(rig: &Rig, case: &Value) {
    let name = case["case"].as_str().unwrap();
    let wanted = &case["response"];
    let body = if wanted["body"].is_null() {
        &wanted["text"]
    } else {
        &wanted["body"]
    };
    let header = |key: &str| wanted["headers"][key].as_str().map(str::to_owned);
    let wanted = essence(wanted["status"].as_u64().unwrap(), header, body);
    let answer = ask(rig, &case["request"]).await;
    let body = serde_json::from_str(&answer.text).unwrap_or_else(|_| answer.text.clone().into());
    let header = |key: &str| answer.header(key).map(str::to_owned);
    let got = essence(answer.status.into(), header, &body);
    match DIFFERENT.iter().find(|(different, _)| *different == name) {
        None => assert_eq!(got, wanted, "case {name}: {answer:?}"),
        Some((_, why)) => assert_ne!(got, wanted, "case {name} agrees now; listed because {why}"),
    }
}

/// Refused requests use up an id each, as on Livy: so the next session gets the recorded one.
async fn next_id_is(rig: &Rig, id: usize, now: usize) {
    for _ in now..id {
        let refused = rig.post("/sessions", r#"{"name":"1"}"#).await;
        assert_eq!(refused.status, 400);
    }
}

async fn replay(rig: &Rig, cases: &[Value], from: &str, to: &str) {
    let at = |name: &str| {
        cases
            .iter()
            .position(|case| case["case"] == name)
            .unwrap_or_else(|| panic!("no case {name}"))
    };
    for case in &cases[at(from)..=at(to)] {
        let name = case["case"].as_str().unwrap();
        // Lists hold the sessions of that day, logs its lines; `life.rs` looks at both.
        if name.starts_with("list") || name.starts_with("log") || case["response"].is_null() {
            continue;
        }
        compare(rig, case).await;
        if name == "get-right-after-create" {
            rig.until(6, "idle").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_statements_and_errors_are_answered_as_a_genuine_livy_answered_them() {
    let rig = Rig::start().await;
    let (session, errors, completion) = (
        cases("session.json"),
        cases("errors.json"),
        cases("completion.json"),
    );
    next_id_is(&rig, 6, 0).await;
    replay(&rig, &session, "create-all-fields", "gzip-state").await;
    replay(&rig, &errors, "statement-missing-code", "create-kind-null").await;
    replay(&rig, &errors, "create-unknown-field", "create-digits-name").await;
    replay(&rig, &session, "delete", "statements-after-delete").await;

    // The errors above used up ids 7 to 15: eight refusals and the duplicate.
    let next = rig.post("/sessions", "{}").await.json()["id"]
        .as_u64()
        .unwrap();
    next_id_is(&rig, 18, usize::try_from(next + 1).unwrap()).await;
    let id = rig
        .session(r#"{"kind":"shared","name":"rec-shared"}"#)
        .await;
    assert_eq!(id, 18);
    replay(&rig, &session, "shared-get", "state-while-running").await;
    replay(&rig, &errors, "shared-no-kind", "list-size-not-numeric").await;
    replay(&rig, &completion, "no-kind", "unknown-session").await;
    replay(&rig, &session, "stop", "get-after-stop").await;
    replay(
        &rig,
        &errors,
        "statement-after-stop",
        "statements-get-after-stop",
    )
    .await;
    replay(&rig, &session, "delete-after-stop", "delete-after-stop").await;

    next_id_is(&rig, 30, 19).await;
    rig.session(r#"{"kind":"spark","name":"rec-more"}"#).await;
    replay(&rig, &session, "kind-shared-post", "kind-shared-next-post").await;
    rig.statement(30, 1, "available").await;
    replay(
        &rig,
        &session,
        "kind-shared-cancel",
        "kind-shared-after-cancel",
    )
    .await;
    replay(&rig, &session, "override-delete", "override-delete").await;

    rig.session(r#"{"kind":"spark","name":"rec-interrupt"}"#)
        .await;
    replay(&rig, &session, "interrupt", "get-after-interrupt").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_idle_requests_are_refused_as_livy_refuses_them_but_nothing_hangs() {
    let rig = Rig::start().await;
    next_id_is(&rig, 6, 0).await;
    rig.post("/sessions", r#"{"conf":{"fake.start":"hang"}}"#)
        .await;
    for case in cases("errors.json") {
        match case["case"].as_str().unwrap() {
            "statements-before-idle-post"
            | "statement-before-idle-get-one"
            | "completion-before-idle"
            | "cancel-before-idle" => compare(&rig, &case).await,
            _ => {}
        }
    }
    // Here Livy never answers.
    let list = rig.get("/sessions/6/statements").await;
    assert_eq!(list.text, r#"{"total_statements":0,"statements":[]}"#);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_secret_the_answer_is_that_of_livys_login_filter() {
    let rig = Rig::with(|options| options.auth = true).await;
    for case in cases("errors.json") {
        let name = case["case"].as_str().unwrap();
        if ["ldap-missing", "ldap-missing-json", "ldap-not-basic"].contains(&name) {
            compare(&rig, &case).await;
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancels_get_the_recorded_answers() {
    let rig = Rig::start().await;
    next_id_is(&rig, 23, 0).await;
    let id = rig.session(r#"{"kind":"pyspark"}"#).await;
    for _ in 0..15 {
        rig.run(id, "1 + 1").await;
    }
    let mut seen = 0;
    for case in cases("cancel.json") {
        if case["response"].is_object() {
            compare(&rig, &case).await;
            seen += 1;
        }
    }
    assert!(seen > 4);
    rig.stop().await;
}
