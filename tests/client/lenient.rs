use livysh::livy::{Problem, Reason, SessionState, StatementState};

use super::support::{Reply, Server};
use super::*;

fn garbled<T: std::fmt::Debug>(answer: Result<T, livysh::livy::Error>) -> (String, String) {
    match problem(answer) {
        Problem::Garbled { reason, begin } => (reason, begin),
        other => panic!("{other}"),
    }
}

/// The six operations of the service's documentation, answered with its own examples.
#[tokio::test]
async fn a_server_without_a_state_route_and_with_a_list_of_statements_only_serves() {
    let session = r#"{"id": 1, "state": "idle", "kind": "spark", "log": ["logline"]}"#;
    let statements = r#"{"total_statements": 1, "statements": [{"id": 0, "state": "available", "output": {"status": "ok", "execution_count": 1, "data": {"text/plain": "res1: Int = 2"}}}]}"#;
    let server = Server::start(move |request| match request.line().as_str() {
        "GET /livy/sessions/1" => Reply::json(200, session),
        "GET /livy/sessions/1/statements" => Reply::json(200, statements),
        "POST /livy/sessions/1/statements" => {
            Reply::json(200, r#"{"id": 0, "state": "running", "output": null}"#)
        }
        "GET /livy/sessions?from=0&size=100" => Reply::json(
            200,
            format!(r#"{{"from": "0", "total": "1", "sessions": [{session}]}}"#),
        ),
        "DELETE /livy/sessions/1" => Reply::json(200, r#"{"msg": "deleted"}"#),
        _ => Reply::html(
            404,
            "<html><title>404 - File or directory not found.</title>",
        ),
    });
    let client = Client::new(connection(&server.url("/livy"))).unwrap();
    for _ in 0..2 {
        assert_eq!(client.state(&id("1")).await.unwrap(), SessionState::Idle);
        let statement = client.statement(&id("1"), 0).await.unwrap();
        assert_eq!(statement.state, StatementState::Available);
        assert_eq!(
            statement.output.unwrap().data["text/plain"],
            "res1: Int = 2"
        );
    }
    assert_eq!(client.submit(&id("1"), "1 + 1", None).await.unwrap().id, 0);
    assert_eq!(client.all_sessions().await.unwrap().sessions.len(), 1);
    client.delete(&id("1")).await.unwrap();
    let asked = server.lines();
    let times = |line: &str| asked.iter().filter(|one| *one == line).count();
    assert_eq!(
        times("GET /livy/sessions/1/state"),
        1,
        "learned once: {asked:?}"
    );
    assert_eq!(
        times("GET /livy/sessions/1/statements/0"),
        1,
        "learned once: {asked:?}"
    );
    assert_eq!(times("GET /livy/sessions/1/statements"), 2);
    let missing = refusal(client.statement(&id("1"), 9).await);
    assert_eq!(missing.reason, Reason::NoSuchStatement);
}

#[tokio::test]
async fn a_wrong_base_path_teaches_nothing() {
    let server = Server::start(|_| Reply::html(404, "<html>nothing here"));
    let client = client(&server);
    for _ in 0..2 {
        assert_eq!(
            refusal(client.state(&id("1")).await).reason,
            Reason::NoSuchRoute
        );
        assert_eq!(
            refusal(client.statement(&id("1"), 0).await).reason,
            Reason::NoSuchRoute
        );
    }
    assert_eq!(
        server
            .lines()
            .iter()
            .filter(|line| line.ends_with("/state"))
            .count(),
        2
    );
}

#[tokio::test]
async fn a_missing_statement_does_not_make_the_client_ask_for_the_list() {
    let server = Server::start(|_| Reply::json(404, "\"Statement not found\""));
    let failure = refusal(client(&server).statement(&id("1"), 5).await);
    assert_eq!(failure.reason, Reason::NoSuchStatement);
    assert_eq!(server.lines(), ["GET /sessions/1/statements/5"]);
}

#[tokio::test]
async fn html_nothing_and_garbage_are_told_apart_and_shown_clean() {
    let server = Server::start(|request| match request.target.as_str() {
        "/sessions/1" => Reply::html(200, "<!DOCTYPE html><title>Sign in</title>\u{1b}[2J"),
        "/sessions/2" => Reply::with(200, &[], ""),
        "/sessions/3" => Reply::json(200, "{\"id\": 1, \"sta"),
        "/sessions/4" => Reply::json(200, "[]"),
        "/sessions/5" => Reply::json(200, "{}"),
        "/sessions/6" => Reply::with(204, &[], ""),
        _ => Reply::json(200, "[".repeat(100_000)),
    });
    let client = client(&server);
    let (reason, begin) = garbled(client.session(&id("1")).await);
    assert!(reason.contains("HTML"), "{reason}");
    assert!(
        begin.starts_with("<!DOCTYPE") && !begin.contains('\u{1b}'),
        "{begin}"
    );
    assert!(garbled(client.session(&id("2")).await).0.contains("empty"));
    assert!(garbled(client.session(&id("6")).await).0.contains("empty"));
    for odd in ["3", "4", "5", "deep"] {
        let (reason, begin) = garbled(client.session(&id(odd)).await);
        assert!(
            !reason.is_empty() && begin.chars().count() <= 201,
            "{odd}: {reason} {begin}"
        );
    }
}

#[tokio::test]
async fn a_broken_character_does_not_cost_the_answer() {
    let body = b"\xEF\xBB\xBF{\"id\":0,\"state\":\"available\",\"output\":{\"status\":\"ok\",\"data\":{\"text/plain\":\"a\\ud83db\xff\"}}}";
    let server = Server::start(move |_| Reply::with(200, &[], body));
    let statement = client(&server).statement(&id("1"), 0).await.unwrap();
    assert_eq!(
        statement.output.unwrap().data["text/plain"],
        "a\u{fffd}b\u{fffd}"
    );
}

#[tokio::test]
async fn calls_that_need_no_answer_take_an_empty_one() {
    let server = Server::start(|request| match request.target.as_str() {
        "/sessions/1" => Reply::json(200, r#"{"id":1,"state":"idle"}"#),
        _ => Reply::with(200, &[], ""),
    });
    let client = client(&server);
    client.cancel(&id("1"), 3).await.unwrap();
    client.add_jar(&id("1"), "hdfs:///x.jar").await.unwrap();
    assert_eq!(
        client.connect(&id("1")).await.unwrap().state,
        SessionState::Idle
    );
}

#[tokio::test]
async fn every_session_is_listed_whatever_the_totals_say() {
    // (what the server says, whether it heeds `from`, how many it has)
    for (total, heeds, has) in [
        ("250", true, 250u64),
        ("\"250\"", true, 250),
        ("1", true, 250),
        ("null", true, 250),
        ("9999", false, 100),
        ("-3", true, 100),
        ("0", true, 0),
    ] {
        let server = Server::start(move |request| {
            let url = url::Url::parse(&format!("http://h{}", request.target)).unwrap();
            let from: u64 = url
                .query_pairs()
                .find(|(name, _)| name == "from")
                .unwrap()
                .1
                .parse()
                .unwrap();
            let from = if heeds { from } else { 0 };
            let sessions: Vec<String> = (from..has.min(from + 100))
                .map(|id| format!("{{\"id\":{id}}}"))
                .collect();
            Reply::json(
                200,
                format!(
                    r#"{{"from":{from},"total":{total},"sessions":[{}]}}"#,
                    sessions.join(",")
                ),
            )
        });
        let all = client(&server).all_sessions().await.unwrap();
        assert_eq!(all.sessions.len() as u64, has, "total {total}");
        assert!(!all.cut, "total {total}");
        assert!(server.requests().len() <= 4, "total {total}");
    }
}
