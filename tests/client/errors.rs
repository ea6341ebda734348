use std::time::Duration;

use livysh::livy::{Credentials, Deleted, Problem, Reach, Reason, Scheme};

use super::support::{Reply, Server};
use super::*;

async fn failure_of(status: u16, body: &'static str) -> Failure {
    let server = Server::start(move |_| Reply::with(status, &[], body));
    refusal(client(&server).session(&id("7")).await)
}

#[tokio::test]
async fn each_refusal_has_its_reason() {
    let cases = [
        (
            404,
            r#"{"msg":"Session '7' not found."}"#,
            Reason::NoSuchSession,
        ),
        (404, r#""Session '7' not found.""#, Reason::NoSuchSession),
        (404, r#""Statement not found""#, Reason::NoSuchStatement),
        (404, "", Reason::NoSuchRoute),
        (
            404,
            "<html><title>Error 404 Not Found</title>/sessions/7",
            Reason::NoSuchRoute,
        ),
        (405, "", Reason::NoSuchRoute),
        (
            400,
            r#"{"msg":"Rejected, too many sessions are being created!"}"#,
            Reason::TooManySessions,
        ),
        (
            400,
            r#"{"msg":"Rejected, Reason: Duplicate session name: Some(x) for session 9"}"#,
            Reason::DuplicateName,
        ),
        (
            400,
            r#"{"msg":"Duplicate session name: Some(x) for session 9"}"#,
            Reason::DuplicateName,
        ),
        (
            400,
            "<html><title>Error 400 Missing Required Header for CSRF protection.</title>",
            Reason::Csrf,
        ),
        (400, "", Reason::BadRequest),
        (
            500,
            r#""Unrecognized field \"kind\" (class x)""#,
            Reason::UnknownField,
        ),
        (
            500,
            r#""java.lang.IllegalStateException: Session is in state starting""#,
            Reason::NotReady,
        ),
        (
            500,
            r#""java.lang.IllegalStateException: Session is in state shutting_down""#,
            Reason::SessionOver,
        ),
        (
            500,
            r#""java.lang.IllegalStateException: RPC channel is closed.""#,
            Reason::SessionOver,
        ),
        (
            400,
            r#"{"msg":"requirement failed: Session isn't active."}"#,
            Reason::SessionOver,
        ),
        (
            500,
            r#""java.util.concurrent.CancellationException""#,
            Reason::DriverGone,
        ),
        (500, "<html><title>Error 500</title>", Reason::Server),
        (401, "", Reason::WrongCredentials),
        (403, "{}", Reason::Forbidden),
        (
            403,
            r#"{"msg":"User 'alice' not allowed to impersonate 'Some(bob)'."}"#,
            Reason::Forbidden,
        ),
        (503, "<html>busy", Reason::Busy),
        (502, "", Reason::Busy),
        (418, "tea", Reason::Other),
    ];
    for (status, body, reason) in cases {
        assert_eq!(
            failure_of(status, body).await.reason,
            reason,
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn a_page_with_403_means_a_wrong_password_only_where_one_was_sent() {
    let page = r#"{"servlet":"x","message":"Error validating LDAP user","url":"/sessions","status":"403"}"#;
    let listed = "<html><title>Error 403 User not authorised to use Livy.</title>";
    assert_eq!(failure_of(403, page).await.reason, Reason::Forbidden);
    for (body, reason) in [
        (page, Reason::WrongCredentials),
        (listed, Reason::Forbidden),
        ("{}", Reason::Forbidden),
    ] {
        let server = Server::start(move |_| Reply::with(403, &[], body));
        let mut connection = connection(&server.url(""));
        connection.credentials = Credentials::Basic {
            user: "u".to_owned(),
            password: "p".into(),
        };
        let client = Client::new(connection).unwrap();
        assert_eq!(
            refusal(client.session(&id("7")).await).reason,
            reason,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_message_is_the_cause_on_one_clean_line_and_the_rest_is_kept() {
    let failure = failure_of(
        500,
        "\"java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: java.io.FileNotFoundException: File \\u001b[31mx\\n\\tat a.B(C.java:1)\"",
    )
    .await;
    assert_eq!(failure.message, "java.io.FileNotFoundException: File [31mx");
    assert_eq!(failure.detail.as_deref(), Some("\tat a.B(C.java:1)"));
    let nested = failure_of(
        400,
        r#"{"error":{"code":"X","message":"the pool is paused"}}"#,
    )
    .await;
    assert_eq!(nested.message, "the pool is paused");
    let long = format!("\"{}\"", "x".repeat(100_000));
    let server = Server::start(move |_| Reply::json(500, &long));
    assert!(refusal(client(&server).version().await).message.len() < 1100);
}

#[tokio::test]
async fn a_401_tells_the_ways_to_log_in_and_a_503_when_to_come_back() {
    let server = Server::start(|request| match request.target.as_str() {
        "/version" => Reply::with(
            401,
            &[
                ("WWW-Authenticate", "Negotiate"),
                ("WWW-Authenticate", "Basic realm=\"x\""),
            ],
            "",
        ),
        "/sessions/1" => Reply::with(429, &[("Retry-After", "7")], ""),
        "/sessions/2" => Reply::with(503, &[("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")], ""),
        _ => Reply::with(503, &[("Retry-After", "soon")], ""),
    });
    let client = client(&server);
    assert_eq!(
        refusal(client.version().await).asks_for,
        [Scheme::Negotiate, Scheme::Basic]
    );
    let later = |failure: Failure| failure.retry_after;
    assert_eq!(
        later(refusal(client.session(&id("1")).await)),
        Some(Duration::from_secs(7))
    );
    assert_eq!(
        later(refusal(client.session(&id("2")).await)),
        Some(Duration::ZERO)
    );
    assert_eq!(later(refusal(client.session(&id("3")).await)), None);
}

#[tokio::test]
async fn a_session_that_is_gone_counts_as_deleted_and_a_missing_route_does_not() {
    let server = Server::start(|request| match request.line().as_str() {
        "DELETE /sessions/1" => Reply::json(200, r#"{"msg":"deleted"}"#),
        "DELETE /sessions/2" => Reply::json(404, r#"{"msg":"Session '2' not found."}"#),
        "DELETE /sessions/3" => Reply::with(200, &[], ""),
        "DELETE /sessions/4" => Reply::with(405, &[], ""),
        "POST /sessions/4" => {
            assert_eq!(request.header("x-http-method-override"), Some("DELETE"));
            Reply::json(200, r#"{"msg":"deleted"}"#)
        }
        _ => Reply::html(404, "<html>no"),
    });
    let client = client(&server);
    assert_eq!(client.delete(&id("1")).await.unwrap(), Deleted::Now);
    assert_eq!(client.delete(&id("2")).await.unwrap(), Deleted::AlreadyGone);
    assert_eq!(client.delete(&id("3")).await.unwrap(), Deleted::Now);
    assert_eq!(client.delete(&id("4")).await.unwrap(), Deleted::Now);
    assert_eq!(
        refusal(client.delete(&id("5")).await).reason,
        Reason::NoSuchRoute
    );
}

#[tokio::test]
async fn a_port_without_a_server_is_no_connection_and_a_broken_one_may_have_acted() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let client = Client::new(connection(&format!("http://127.0.0.1:{port}"))).unwrap();
    let error = client.version().await.unwrap_err();
    assert!(!error.may_have_arrived() && error.is_passing());
    assert!(
        matches!(&*error.problem, Problem::Reach(Reach::Connect { to, .. }) if to == &format!("127.0.0.1:{port}")),
        "{error}"
    );

    let server = Server::start(|_| Reply::dropped());
    let broken = super::client(&server).version().await.unwrap_err();
    assert!(broken.may_have_arrived());
    assert!(
        matches!(&*broken.problem, Problem::Reach(Reach::Broken { .. })),
        "{broken}"
    );
}

#[tokio::test]
async fn a_host_that_has_no_address_is_named() {
    // No name has a part of more than 63 characters: resolvers know that without asking anybody.
    let host = "x".repeat(64);
    let mut connection = connection(&format!("http://{host}:1"));
    connection.proxy = livysh::livy::ProxyChoice::None;
    let reach = unreached(Client::new(connection).unwrap().version().await);
    assert!(
        matches!(&reach, Reach::Dns { host: said } if *said == host),
        "{reach}"
    );
}
