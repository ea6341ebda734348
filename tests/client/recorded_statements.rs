//! Every recorded answer of a statement is read, also those before the last; and no record is passed over.
use std::collections::VecDeque;
use std::sync::Mutex;

use livysh::livy::Reason;
use serde_json::Value;

use super::recorded::{agrees, exchanges, of_statement, replay};
use super::support::{Reply, Server};
use super::*;

const FILES: [&str; 5] = ["python", "scala", "sql", "r", "cancel"];

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/recorded/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What was answered to a statement: name of the case, status and content, in turn.
fn answers(file: &str) -> Vec<(String, u16, Value)> {
    let mut all = Vec::new();
    for case in cases(file) {
        // the others are single exchanges
        let given = case.get("code").and(case["answers"].as_array()).cloned();
        for answer in given.unwrap_or_default() {
            let name = format!("{file} {}", case["case"].as_str().unwrap());
            let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
            let content = answer.get("body").or(answer.get("text")).unwrap();
            all.push((name, status, content.clone()));
        }
    }
    all
}

#[tokio::test]
async fn every_answer_of_a_recorded_statement_is_read_as_it_was_said() {
    let all: Vec<_> = FILES.iter().flat_map(|file| answers(file)).collect();
    let replies: VecDeque<Reply> = all
        .iter()
        .map(|(_, status, content)| match content {
            Value::String(page) => Reply::html(*status, page),
            json => Reply::json(*status, json.to_string()),
        })
        .collect();
    let replies = Mutex::new(replies);
    let server = Server::start(move |_| replies.lock().unwrap().pop_front().unwrap());
    let client = client(&server);
    let session = id("6");
    let mut refused = Vec::new();
    for (name, status, said) in &all {
        let read = match status {
            201 => client.submit(&session, "1", None).await,
            _ => client.statement(&session, 0).await,
        };
        match read {
            Ok(statement) => {
                let read = of_statement(statement);
                assert!(agrees(&read, said), "{name}: {read} is not {said}");
            }
            Err(error) => refused.push((name.as_str(), error.reason())),
        }
    }
    // no client can read this one: the server cannot write it
    let expected = ("python lone-surrogate", Some(Reason::Server));
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|one| *one == expected), "{refused:?}");
    assert!(all.len() > 900, "{}", all.len());
}

#[tokio::test]
async fn recorded_cancels_are_taken_or_refused_for_their_reason() {
    let mut refused = Vec::new();
    let all = exchanges("cancel");
    for exchange in all.iter().filter(|one| !one.request.is_null()) {
        match replay(exchange).await {
            Ok(read) => {
                let said = exchange.value.clone().unwrap_or_default();
                assert!(agrees(&read, &said), "{}: {read}", exchange.case);
            }
            Err(error) => refused.push((exchange.case.as_str(), error.reason())),
        }
    }
    assert_eq!(
        refused,
        [
            ("cancel-not-numeric", Some(Reason::BadRequest)),
            ("cancel-unknown-session", Some(Reason::NoSuchSession)),
        ]
    );
}

#[test]
fn nothing_recorded_is_passed_over_but_answers_that_never_came() {
    let mut without: Vec<String> = Vec::new();
    for file in ["session", "errors", "completion"] {
        let read = exchanges(file);
        for case in cases(file) {
            let name = case["case"].as_str().unwrap();
            let given = case["answers"].as_array().map_or(1, Vec::len);
            let known = read.iter().filter(|one| one.case == name).count();
            let same = cases(file).iter().filter(|one| one["case"] == name).count();
            if known < given * same {
                without.push(name.to_owned());
            }
        }
    }
    // each hung until the recorder gave up; tests/program and tests/client/limits.rs let answers hang
    assert_eq!(
        without,
        ["driver-killed", "big-get", "statements-before-idle-get"]
    );
}
