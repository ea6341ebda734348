//! What the host is given, what it is kept from, and what is left when everything ends.
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use livysh::local::server::{Server, StartError};
use serde_json::{Value, json};

use crate::support::{Rig, is_alive, options, until_gone};

/// Set for the child process of the kill test: where it may work.
const CHILD: &str = "LIVYSH_TEST_SERVER_CHILD";

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_told_what_was_asked_and_sees_no_more_of_the_environment_than_it_needs() {
    let rig = Rig::with(|options| {
        options.auth = true;
        options.defaults.driver_memory = Some("3g".to_owned());
        options.defaults.conf = [("spark.a", "1"), ("spark.b", "1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
    });
    let mut rig = rig.await;
    let secret = {
        use secrecy::ExposeSecret;
        let running = rig.server.as_ref().unwrap();
        running.secret.as_ref().unwrap().expose_secret().to_owned()
    };
    rig.authorize(Some(format!("Basic {}", base64(&format!("me:{secret}")))));
    let session = rig
        .session(
            r#"{"kind":"pyspark","conf":{"spark.b":2,"spark.ui.enabled":"true","livy.rsc.sql.num-rows":"5"},"jars":["hdfs://h/x.jar"]}"#,
        )
        .await;
    let started: Value = serde_json::from_str(&rig.run(session, "started").await).unwrap();
    for (key, value) in [
        ("name", json!("livy-session-0")),
        ("kind", json!("pyspark")),
        ("driver_memory", json!("3g")),
        ("sql_rows", json!(5)),
        ("ui", json!(true)),
        ("faithful", json!(false)),
        ("jars", json!(["hdfs://h/x.jar"])),
    ] {
        assert_eq!(started[key], value, "{key}");
    }
    assert_eq!(
        (&started["conf"]["spark.a"], &started["conf"]["spark.b"]),
        (&json!("1"), &json!("2"))
    );
    let who = rig.whoami(session).await;
    let names: Vec<&String> = who["env"].as_object().unwrap().keys().collect();
    assert!(!names.iter().any(|name| name.starts_with("LIVYSH")));
    assert!(!names.iter().any(|name| name.starts_with("CARGO")));
    assert!(!who.to_string().contains(&secret));
    assert_eq!(who["env"]["SPARK_LOCAL_IP"], "127.0.0.1");
    for folder in [&who["cwd"], &started["work_dir"]] {
        let mode = std::fs::metadata(folder.as_str().unwrap())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    rig.stop().await;
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_added_and_uploaded_and_bad_ones_refused() {
    let rig = Rig::with(|options| options.limits.upload = 1_000).await;
    let session = rig.session(r#"{"kind":"spark"}"#).await;
    let path = |action: &str| format!("/sessions/{session}/{action}");
    let jar = rig.root.path().join("x.jar");
    std::fs::write(&jar, "jar").unwrap();
    let body = json!({ "uri": jar }).to_string();
    let added = rig.post(&path("add-jar"), &body).await;
    assert_eq!((added.status, added.text.as_str()), (200, ""));
    let missing = rig.post(&path("add-file"), "{}").await;
    assert_eq!(missing.status, 500);
    assert!(missing.text.contains("NullPointerException"));
    let remote = rig
        .post(&path("add-pyfile"), r#"{"uri":"hdfs://h/x.py"}"#)
        .await;
    assert_eq!(remote.status, 500, "the host's refusal is passed on");

    let upload = async |action: &str, field: &str, bytes: &str| {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"../../up.jar\"\r\n\r\n{bytes}\r\n--B--\r\n"
        );
        let headers = [("Content-Type", "multipart/form-data; boundary=B")];
        rig.send("POST", &path(action), &headers, body.as_bytes())
            .await
    };
    assert_eq!(upload("upload-jar", "jar", "jar").await.status, 200);
    assert_eq!(upload("upload-pyfile", "file", "py").await.status, 200);
    let wrong = upload("upload-jar", "file", "jar").await;
    assert_eq!(
        (wrong.status, wrong.text.as_str()),
        (400, r#""No file sent!""#)
    );
    assert_eq!(rig.post(&path("upload-file"), "{}").await.status, 400);
    let large = upload("upload-file", "file", &"x".repeat(2_000)).await;
    assert_eq!(large.status, 500);
    assert!(large.text.contains("Too large request or file"));
    let log = rig.get(&path("log?size=-1")).await.text;
    assert!(
        log.contains("added jar") && log.contains("added pyfile"),
        "{log}"
    );
    assert!(log.contains("/up.jar") && !log.contains(".."), "{log}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_and_foreign_names_are_refused_and_large_bodies_too() {
    let rig = Rig::with(|options| options.limits.body = 1_000).await;
    for headers in [
        [("Host", "evil.example")],
        [("Origin", "http://evil.example")],
    ] {
        let answer = rig.send("GET", "/sessions", &headers, b"").await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    let large = rig.post("/sessions", &" ".repeat(2_000)).await;
    assert_eq!(large.status, 413);
    let version = rig.get("/version").await.json();
    assert!(version["version"].as_str().unwrap().starts_with("0.9.0"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_a_root_and_nothing_else_and_an_end_leaves_nothing() {
    let one = Rig::with(|options| options.auth = false).await;
    let root = one.root.path().to_owned();
    let two = Rig::with(|options| {
        options.work_root = root.join("work");
        options.auth = true;
        options.secret_folder = Some(root.join("state"));
    })
    .await;
    let session = one.session(r#"{"kind":"pyspark"}"#).await;
    let pid = one.whoami(session).await["pid"].as_i64().unwrap();
    assert_eq!(two.get("/sessions").await.status, 401);
    let secret_file = two
        .server
        .as_ref()
        .unwrap()
        .secret_file()
        .unwrap()
        .to_owned();
    assert!(secret_file.exists());
    two.stop().await;
    assert!(!secret_file.exists());
    assert!(is_alive(pid), "the other server's host is not ours to end");
    assert_eq!(one.run(session, "1 + 1").await, "2");
    let root = one.stop().await;
    assert!(!is_alive(pid));
    assert_eq!(left(&root.path().join("work")), Vec::<String>::new());
}

/// What stands in the work root beside its lock.
fn left(root: &Path) -> Vec<String> {
    std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said() {
    let rig = Rig::start().await;
    let mut options = options(rig.root.path());
    options.port = rig.server.as_ref().unwrap().addr.port();
    let error = Server::start(options).await.err().unwrap();
    assert!(matches!(error, StartError::PortTaken { .. }), "{error}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_with_no_chance_to_clean_up_leaves_no_host_and_the_next_one_sweeps() {
    let root = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "host::the_server_that_gets_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, root.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let host = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find_map(|line| line.split_once("host=")?.1.parse::<i64>().ok())
        .unwrap();
    assert!(is_alive(host));
    child.kill().unwrap();
    child.wait().unwrap();
    until_gone(host).await;
    assert_eq!(left(&root.path().join("work")).len(), 1);
    let next = Server::start(options(root.path())).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while left(&root.path().join("work")).len() > 1 {
        assert!(std::time::Instant::now() < deadline, "not swept");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    next.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child process of the test above"]
async fn the_server_that_gets_killed() {
    let Some(root) = std::env::var_os(CHILD) else {
        return;
    };
    let rig = Rig::with(|options| options.work_root = Path::new(&root).join("work")).await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    println!("host={}", rig.whoami(session).await["pid"]);
    std::future::pending::<()>().await;
}
