use std::time::Duration;

use livysh::livy::{Problem, Reach};
use serde_json::json;

use super::support::{Reply, Server};
use super::*;

#[tokio::test]
async fn a_file_arrives_whole_under_its_name_and_field() {
    let content: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my lib.jar");
    std::fs::write(&path, &content).unwrap();
    let expected = content.clone();
    let server = Server::start(move |request| {
        let kind = request.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(request.header("x-requested-by").is_some());
        assert!(request.header("content-length").is_some());
        let split = request
            .body
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8_lossy(&request.body[..split]).into_owned();
        let field = if request.target.ends_with("upload-jar") {
            "jar"
        } else {
            "file"
        };
        assert!(
            head.contains(&format!("name=\"{field}\"; filename=\"my lib.jar\"")),
            "{head}"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        assert!(request.body.ends_with(end.as_bytes()));
        assert!(request.body[split + 4..request.body.len() - end.len()] == expected);
        Reply::with(200, &[], "")
    });
    let client = client(&server);
    client.upload_jar(&id("1"), &path).await.unwrap();
    client.upload_file(&id("1"), &path).await.unwrap();
    client.upload_pyfile(&id("1"), &path).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "POST /sessions/1/upload-jar",
            "POST /sessions/1/upload-file",
            "POST /sessions/1/upload-pyfile"
        ]
    );
}

#[tokio::test]
async fn a_redirected_upload_is_sent_whole_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.py");
    std::fs::write(&path, "print(1)").unwrap();
    let server = Server::start(|request| {
        if request.target == "/sessions/1/upload-pyfile" {
            return Reply::redirect(307, "/there");
        }
        assert!(String::from_utf8_lossy(&request.body).contains("print(1)"));
        Reply::with(200, &[], "")
    });
    client(&server)
        .upload_pyfile(&id("1"), &path)
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_is_no_file_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| Reply::json(200, ""));
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing.jar")] {
        let refused = problem(client(&server).upload_jar(&id("1"), &path).await);
        assert!(
            matches!(&refused, Problem::Setup(text) if text.contains(&path.display().to_string())),
            "{refused}"
        );
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_upload_that_nobody_answers_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jar");
    std::fs::write(&path, "x").unwrap();
    let server = Server::start(|_| Reply::never());
    let reach = unreached(hasty(&server).upload_jar(&id("1"), &path).await);
    assert!(
        matches!(reach, Reach::Timeout { after } if after == Duration::from_millis(400)),
        "{reach}"
    );
}

#[tokio::test]
async fn references_are_sent_as_they_are() {
    let server = Server::start(|request| {
        assert_eq!(request.json(), json!({"uri": "wasb://c@a/x y.jar"}));
        Reply::with(200, &[], "")
    });
    let client = client(&server);
    client
        .add_jar(&id("1"), "wasb://c@a/x y.jar")
        .await
        .unwrap();
    client
        .add_file(&id("1"), "wasb://c@a/x y.jar")
        .await
        .unwrap();
    client
        .add_pyfile(&id("1"), "wasb://c@a/x y.jar")
        .await
        .unwrap();
    assert_eq!(server.lines()[2], "POST /sessions/1/add-pyfile");
}
