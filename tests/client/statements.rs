use livysh::livy::{Kind, Order, Reason, StatementState};
use serde_json::json;

use super::support::{Reply, Server};
use super::*;

const UNKNOWN_KIND: &str = r#""Unrecognized field \"kind\" (class com.cloudera.livy.ExecuteRequest), not marked as ignorable""#;

/// A server of before 0.5, whose one session speaks `own`.
fn old_server(own: &'static str) -> Server {
    Server::start(
        move |request| match (request.method.as_str(), request.target.as_str()) {
            ("GET", "/sessions/1") => {
                Reply::json(200, format!(r#"{{"id":1,"state":"idle","kind":"{own}"}}"#))
            }
            ("POST", "/sessions/1/statements") if request.json().get("kind").is_some() => {
                Reply::json(400, UNKNOWN_KIND)
            }
            ("POST", _) => Reply::json(201, r#"{"id":0,"state":"running","output":null}"#),
            _ => Reply::json(404, ""),
        },
    )
}

#[tokio::test]
async fn code_and_kind_travel_as_they_are_and_once() {
    let code = "é\u{1F600} \"x\"\n\tif a:\r\n";
    let server = Server::start(move |request| {
        assert_eq!(request.json(), json!({"code": code, "kind": "pyspark"}));
        Reply::json(
            201,
            r#"{"id":3,"code":"x","state":"waiting","output":null,"progress":0.0}"#,
        )
    });
    let statement = client(&server)
        .submit(&id("1"), code, Some(Kind::Pyspark))
        .await
        .unwrap();
    assert_eq!(
        (statement.id, statement.state),
        (3, StatementState::Waiting)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_statement_of_one_megabyte_arrives_whole() {
    let server = Server::start(|request| {
        assert_eq!(request.json()["code"].as_str().unwrap().len(), 1 << 20);
        Reply::json(201, r#"{"id":0,"state":"waiting"}"#)
    });
    client(&server)
        .submit(&id("1"), &"#".repeat(1 << 20), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_old_server_gets_the_code_without_kind_where_the_session_speaks_it() {
    let server = old_server("pyspark3");
    let client = client(&server);
    client
        .submit(&id("1"), "1", Some(Kind::Pyspark))
        .await
        .unwrap();
    let refused = server
        .requests()
        .iter()
        .filter(|one| one.method == "POST")
        .count();
    assert_eq!(refused, 2, "refused once, then sent");
    client
        .submit(&id("1"), "2", Some(Kind::Pyspark))
        .await
        .unwrap();
    let posts = server
        .requests()
        .iter()
        .filter(|one| one.method == "POST")
        .count();
    assert_eq!(posts, 3, "the refusal is remembered");
}

#[tokio::test]
async fn an_old_server_never_gets_code_in_another_language_than_the_sessions() {
    let server = old_server("spark");
    let client = client(&server);
    for _ in 0..2 {
        let failure = refusal(client.submit(&id("1"), "1", Some(Kind::Pyspark)).await);
        assert_eq!(failure.reason, Reason::UnknownField);
    }
    let unmarked = server
        .requests()
        .iter()
        .filter(|one| one.method == "POST" && one.json().get("kind").is_none())
        .count();
    assert_eq!(unmarked, 0);
}

#[tokio::test]
async fn a_lost_submission_is_not_sent_again() {
    let server = Server::start(|_| Reply::dropped());
    let error = client(&server)
        .submit(&id("1"), "1", Some(Kind::Sql))
        .await
        .unwrap_err();
    assert!(error.may_have_arrived());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_died_unseen_does_not_make_a_statement_run_twice() {
    let server = Server::start(|request| match request.method.as_str() {
        "GET" => Reply::json(200, r#"{"state":"idle"}"#),
        _ => Reply::dropped(),
    });
    let client = client(&server);
    client.state(&id("1")).await.unwrap();
    client.submit(&id("1"), "1", None).await.unwrap_err();
    let posts = server
        .requests()
        .iter()
        .filter(|one| one.method == "POST")
        .count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn lists_and_cancel_ask_as_documented() {
    let server = Server::start(|request| match request.method.as_str() {
        "GET" => Reply::json(
            200,
            r#"{"total_statements":1,"statements":[{"id":4,"state":"cancelled","output":null}]}"#,
        ),
        _ => Reply::json(200, r#"{"msg":"canceled"}"#),
    });
    let client = client(&server);
    let page = client
        .statements(&id("1"), Some(2), Some(5), Some(Order::Descending))
        .await
        .unwrap();
    assert_eq!((page.total_statements, page.statements[0].id), (Some(1), 4));
    client.cancel(&id("1"), 4).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /sessions/1/statements?from=2&size=5&order=desc",
            "POST /sessions/1/statements/4/cancel"
        ]
    );
}

#[tokio::test]
async fn the_cursor_of_a_completion_counts_as_java_does() {
    let code = "val é😀 = sc.para";
    let server = Server::start(move |request| {
        assert_eq!(
            request.json(),
            json!({"code": code, "kind": "spark", "cursor": 17})
        );
        Reply::json(200, r#"{"candidates":["parallelize"]}"#)
    });
    let names = client(&server)
        .complete(&id("1"), code, Kind::Spark, code.len())
        .await
        .unwrap();
    assert_eq!(names, ["parallelize"]);
}
