//! Every recorded answer of a genuine server is read into the right value or reason.
use std::collections::BTreeMap;

use livysh::livy::{CreateSession, Credentials, Error, Kind, Reason};
use serde_json::{Value, json};
use url::Url;

use super::support::{Reply, Server};
use super::*;

/// One recorded exchange.
pub(super) struct Exchange {
    pub(super) case: String,
    pub(super) request: Value,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// What the body holds, where it is JSON.
    pub(super) value: Option<Value>,
}

pub(super) fn exchanges(file: &str) -> Vec<Exchange> {
    let path = format!("{}/tests/recorded/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    cases.iter().flat_map(of_case).collect()
}

fn of_case(case: &Value) -> Vec<Exchange> {
    let answers = match &case["answers"] {
        Value::Array(answers) => answers.clone(),
        _ => vec![case["response"].clone()],
    };
    let all = answers.into_iter().filter_map(|answer| {
        let request = answer.get("request").unwrap_or(&case["request"]).clone();
        let headers = answer["headers"].as_object().into_iter().flatten();
        Some(Exchange {
            case: case["case"].as_str()?.to_owned(),
            request,
            // An answer that never came has no status; the limits are tested elsewhere.
            status: u16::try_from(answer["status"].as_u64()?).ok()?,
            headers: headers
                // The recorded bodies are unpacked.
                .filter(|(name, _)| *name != "Content-Encoding")
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            body: match answer.get("body") {
                Some(body) => body.to_string(),
                None => answer["text"].as_str().unwrap_or_default().to_owned(),
            },
            value: answer.get("body").cloned(),
        })
    });
    all.collect()
}

/// The call that a recorded request stands for, sent to a server that gives the recorded answer; what was
/// read, as the JSON that it must agree with.
pub(super) async fn replay(exchange: &Exchange) -> Result<Value, Error> {
    let (status, headers, body) = (
        exchange.status,
        exchange.headers.clone(),
        exchange.body.clone(),
    );
    let server = Server::start(move |_| {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Reply::with(status, &headers, &body)
    });
    let mut connection = connection(&server.url(""));
    let authorization = exchange.request["headers"]["Authorization"].as_str();
    if authorization.is_some_and(|value| value.starts_with("Basic")) {
        connection.credentials = Credentials::Basic {
            user: "bob".to_owned(),
            password: "secret".into(),
        };
    }
    let client = Client::new(connection).unwrap();
    let method = exchange.request["method"].as_str().unwrap();
    let target = Url::parse(&format!(
        "http://h{}",
        exchange.request["path"].as_str().unwrap()
    ))
    .unwrap();
    let segments: Vec<&str> = target.path_segments().unwrap().collect();
    let session = id("6");
    match (method, segments.as_slice()) {
        ("GET", ["version"]) => client.version().await.map(|read| json!({"version": read.version, "date": read.date})),
        ("GET", ["sessions"]) => client.sessions(None, None).await.map(|page| {
            let ids: Vec<String> = page.sessions.iter().map(|one| one.id.to_string()).collect();
            json!({"from": page.from, "total": page.total, "sessions": ids})
        }),
        ("GET", ["sessions", _, "state"]) => client.state(&session).await.map(|state| json!({"state": state.name()})),
        ("GET", ["sessions", _, "log"]) => client.log(&session, None, None).await.map(|page| json!({"from": page.from, "total": page.total, "log": page.log})),
        ("GET", ["sessions", _, "statements"]) => client.statements(&session, None, None, None).await.map(|page| json!({"total_statements": page.total_statements, "statements": page.statements.iter().map(|one| one.id).collect::<Vec<_>>()})),
        ("GET", ["sessions", _, "statements", _]) => client.statement(&session, 0).await.map(of_statement),
        ("POST", ["sessions", _, "statements"]) => client.submit(&session, "1", None).await.map(of_statement),
        ("POST", ["sessions"]) => client.create(&CreateSession::default()).await.map(|created| of_session(&created.session)),
        ("POST", ["sessions", _, "completion"]) => client.complete(&session, "x", Kind::Spark, 1).await.map(|names| json!({"candidates": names})),
        ("POST", ["sessions", _, "connect"]) => client.connect(&session).await.map(|session| of_session(&session)),
        ("POST", ["sessions", _, "add-jar"]) => client.add_jar(&session, "x").await.map(|()| json!({})),
        ("DELETE", _) => client.delete(&session).await.map(|_| json!({})),
        // Requests that the client never makes: their answers are read by a call that keeps nothing, or a session's.
        ("GET", [_, ..]) if exchange.case != "root" => client.session(&session).await.map(|session| of_session(&session)),
        _ => client.cancel(&session, 0).await.map(|()| json!({})),
    }
}

fn of_session(session: &livysh::livy::Session) -> Value {
    json!({"id": session.id.to_string().parse::<i64>().unwrap(), "state": session.state.name(), "name": session.name,
        "kind": session.kind, "log": session.log, "owner": session.owner, "appId": session.app_id})
}

pub(super) fn of_statement(statement: livysh::livy::Statement) -> Value {
    let output = statement
        .output
        .map(|output| json!({"status": output.status, "data": output.data}));
    json!({"id": statement.id, "state": statement.state.name(), "code": statement.code, "output": output,
        "progress": statement.progress, "started": statement.started, "completed": statement.completed})
}

/// Is everything that was read what the server said?
pub(super) fn agrees(read: &Value, said: &Value) -> bool {
    match (read, said) {
        (Value::Object(read), _) if read.is_empty() => true,
        (Value::Object(read), Value::Object(said)) => read
            .iter()
            .all(|(key, value)| agrees(value, said.get(key).unwrap_or(&Value::Null))),
        (Value::Array(read), Value::Array(said)) => {
            // Lists of sessions and statements are read as their ids.
            let id = |value: &Value| match value.get("id") {
                Some(Value::Number(id)) if read.iter().all(Value::is_string) => {
                    json!(id.to_string())
                }
                Some(id) => id.clone(),
                None => value.clone(),
            };
            read.len() == said.len() && read.iter().zip(said).all(|(read, said)| *read == id(said))
        }
        _ => read == said,
    }
}

#[tokio::test]
async fn every_recorded_success_is_read_as_it_was_said() {
    let mut read_ones = 0;
    for file in ["session", "errors", "completion"] {
        for exchange in exchanges(file)
            .iter()
            .filter(|one| (200..300).contains(&one.status))
        {
            // HEAD has no body to read.
            if exchange.request["method"] == "HEAD" {
                continue;
            }
            let read = replay(exchange)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", exchange.case));
            let said = exchange.value.clone().unwrap_or_default();
            assert!(
                agrees(&read, &said),
                "{}: {read} is not {said}",
                exchange.case
            );
            read_ones += 1;
        }
    }
    assert!(read_ones > 80, "{read_ones}");
}

/// The reasons by case; a case with several answers has them in turn.
fn expected() -> BTreeMap<&'static str, Vec<Reason>> {
    use Reason::{
        BadRequest, Csrf, DriverGone, DuplicateName, NoSuchRoute, NoSuchSession, NoSuchStatement,
        NotReady, Other, Server, SessionOver, UnknownField, WrongCredentials,
    };
    let groups: [(Reason, &[&str]); 12] = [
        (
            NotReady,
            &[
                "statements-before-idle-post",
                "completion-before-idle",
                "cancel-before-idle",
            ],
        ),
        (
            NoSuchStatement,
            &[
                "statement-before-idle-get-one",
                "statement-unknown-id",
                "statement-negative-id",
                "statements-first-retired",
            ],
        ),
        (
            NoSuchSession,
            &[
                "statement-unknown-session",
                "statement-get-unknown-session",
                "session-unknown",
                "session-unknown-name",
                "session-unknown-state",
                "session-unknown-log",
                "session-unknown-connect",
                "session-negative-id",
                "get-after-delete",
                "statements-after-delete",
                "unknown-session",
            ],
        ),
        (
            NoSuchRoute,
            &[
                "sub-route-unknown",
                "top-path-unknown",
                "top-path-unknown-json",
                "put",
                "patch",
                "delete-collection",
                "post-on-session",
                "get-on-cancel",
                "get-on-completion",
                "options",
            ],
        ),
        (
            UnknownField,
            &[
                "statement-unknown-field",
                "create-unknown-field",
                "create-no-content-type",
            ],
        ),
        (
            Csrf,
            &[
                "csrf-missing",
                "csrf-missing-json",
                "csrf-delete-missing",
                "csrf-delete-missing-json",
            ],
        ),
        (
            WrongCredentials,
            &[
                "ldap-missing",
                "ldap-missing-json",
                "ldap-not-basic",
                "ldap-wrong",
                "ldap-wrong-json",
            ],
        ),
        (DuplicateName, &["create-duplicate-name"]),
        (
            SessionOver,
            &[
                "statement-after-stop",
                "statements-get-after-stop",
                "big-post-after",
                "big-completion",
            ],
        ),
        (DriverGone, &["big-other-statement"]),
        (Other, &["api-version-unknown", "root"]),
        (
            Server,
            &[
                "statement-missing-code",
                "statement-null-code",
                "statement-unknown-kind",
                "completion-no-kind",
                "create-kind-null",
                "create-number-as-text",
                "create-digit-text",
                "shared-no-kind",
                "no-kind",
                "null-kind",
                "unknown-kind",
                "no-code",
            ],
        ),
    ];
    let mut all: BTreeMap<&str, Vec<Reason>> = groups
        .iter()
        .flat_map(|(reason, cases)| cases.iter().map(|case| (*case, vec![*reason])))
        .collect();
    all.insert(
        "driver-killed",
        vec![
            DriverGone,
            SessionOver,
            SessionOver,
            SessionOver,
            SessionOver,
            SessionOver,
            SessionOver,
        ],
    );
    for case in [
        "statement-malformed-json",
        "statement-array-body",
        "statement-empty-body",
        "statement-form-content-type",
        "statement-not-numeric",
        "statement-huge-id",
        "statements-size-not-numeric",
        "session-huge-id",
        "log-size-not-numeric",
        "create-bad-kind",
        "create-upper-case-kind",
        "create-kind-not-text",
        "create-conf-not-object",
        "create-malformed-json",
        "create-empty-body",
        "create-array",
        "create-form-content-type",
        "create-bad-ttl",
        "create-bad-ttl-suffix",
        "create-bad-idle-timeout",
        "create-bad-conf",
        "create-bad-jar",
        "create-bad-jar-local",
        "add-jar-relative",
        "create-digits-name",
        "list-size-not-numeric",
        "csrf-given",
        "cursor-text",
    ] {
        all.insert(case, vec![BadRequest]);
    }
    all
}

#[tokio::test]
async fn every_recorded_refusal_has_its_reason_and_a_clean_message() {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, Vec<Reason>> = BTreeMap::new();
    for file in ["session", "errors", "completion"] {
        for exchange in exchanges(file).iter().filter(|one| one.status >= 300) {
            // Deleting what is gone is no failure.
            if matches!(
                exchange.case.as_str(),
                "delete-twice" | "session-delete-unknown"
            ) {
                assert!(replay(exchange).await.is_ok(), "{}", exchange.case);
                continue;
            }
            let error = replay(exchange).await.unwrap_err();
            let Some(failure) = error.failure() else {
                // A redirect that is not followed says so.
                assert_eq!(exchange.status, 302, "{error}");
                continue;
            };
            assert_eq!(failure.status, exchange.status);
            assert!(
                !failure.message.contains(['\n', '<']),
                "{}: {}",
                exchange.case,
                failure.message
            );
            assert!(
                !failure.message.contains("RpcException"),
                "{}: {}",
                exchange.case,
                failure.message
            );
            assert_eq!(
                failure.message.is_empty(),
                exchange.body.is_empty(),
                "{}: {}",
                exchange.case,
                failure.message
            );
            seen.entry(exchange.case.clone())
                .or_default()
                .push(failure.reason);
        }
    }
    let expected = expected();
    for (case, reasons) in &seen {
        if expected.get(case.as_str()) != Some(reasons) {
            wrong.push(format!("{case}: {reasons:?}"));
        }
    }
    let unseen: Vec<&&str> = expected
        .keys()
        .filter(|case| **case != "root" && !seen.contains_key(**case))
        .collect();
    assert!(
        wrong.is_empty() && unseen.is_empty(),
        "{wrong:#?} never seen: {unseen:?}"
    );
}
