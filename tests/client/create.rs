use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use livysh::livy::{CreateSession, Credentials, Reason};
use serde_json::json;

use super::support::tls::Authority;
use super::support::{Reply, Server};
use super::*;

/// The example of the service's own documentation.
fn documented() -> CreateSession {
    CreateSession {
        kind: Some("spark"),
        jars: vec!["wasb://box@account.blob.core.windows.net/helper.jar".to_owned()],
        files: vec!["wasb://box@account.blob.core.windows.net/config.xml".to_owned()],
        driver_memory: Some("1G".to_owned()),
        driver_cores: Some(2),
        executor_memory: Some("1G".to_owned()),
        executor_cores: Some(10),
        num_executors: Some(10),
        ..CreateSession::default()
    }
}

#[tokio::test]
async fn the_documented_create_works_under_livy_with_basic_auth_over_a_private_ca() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server(&["127.0.0.1"]), |request| {
        assert_eq!(request.line(), "POST /livy/sessions");
        assert!(request.is_from("admin", "geheim"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert!(request.header("x-requested-by").is_some());
        assert_eq!(
            request.json(),
            json!({"kind": "spark", "jars": ["wasb://box@account.blob.core.windows.net/helper.jar"],
                "files": ["wasb://box@account.blob.core.windows.net/config.xml"], "driverMemory": "1G",
                "driverCores": 2, "executorMemory": "1G", "executorCores": 10, "numExecutors": 10})
        );
        Reply::json(
            200,
            r#"{"id": 1, "state": "starting", "kind": "spark", "log": ["logline"]}"#,
        )
    });
    let mut connection = connection(&server.url("/livy/"));
    connection.cacert = Some(authority.file());
    connection.credentials = Credentials::Basic {
        user: "admin".to_owned(),
        password: "geheim".into(),
    };
    let created = Client::new(connection)
        .unwrap()
        .create(&documented())
        .await
        .unwrap();
    assert_eq!(created.session.id, id("1"));
    assert_eq!(created.session.log, ["logline"]);
    assert!(created.left_out.is_empty());
}

#[tokio::test]
async fn a_field_that_is_unknown_is_left_out_and_named() {
    let server = Server::start(|request| {
        let body = request.json();
        for field in ["idleTimeout", "ttl"] {
            if body.get(field).is_some() {
                return Reply::json(
                    400,
                    format!(
                        "\"Unrecognized field \\\"{field}\\\" (class x.CreateInteractiveRequest), not marked as ignorable\\n at [Source: y]\""
                    ),
                );
            }
        }
        assert_eq!(body, json!({"kind": "pyspark", "conf": {"a": "b"}}));
        Reply::json(201, r#"{"id":"abc"}"#)
    });
    let wanted = CreateSession {
        kind: Some("pyspark"),
        conf: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        ttl: Some("1h".to_owned()),
        idle_timeout: Some("1h".to_owned()),
        ..CreateSession::default()
    };
    let created = client(&server).create(&wanted).await.unwrap();
    assert_eq!(created.left_out, ["idleTimeout", "ttl"]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_field_that_was_never_sent_is_not_tried_again() {
    let server = Server::start(|_| Reply::json(400, r#""Unrecognized field \"foo\" (class x)""#));
    let failure = refusal(client(&server).create(&documented()).await);
    assert_eq!(failure.reason, Reason::UnknownField);
    assert_eq!(failure.field.as_deref(), Some("foo"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_failed_create_is_sent_once_whatever_the_failure() {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|_| match TURN.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::json(500, "\"boom\""),
        1 => Reply::json(503, ""),
        2 => Reply::dropped(),
        _ => Reply::raw("HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{\"id\":"),
    });
    let client = client(&server);
    for turn in 1..=4 {
        let error = client.create(&documented()).await.unwrap_err();
        assert!(error.may_have_arrived(), "{error}");
        assert_eq!(server.requests().len(), turn);
    }
}
