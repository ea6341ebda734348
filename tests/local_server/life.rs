//! The life of sessions and statements beyond single answers.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Rig, until_gone};

#[tokio::test(flavor = "multi_thread")]
async fn statements_run_in_order_and_the_session_is_busy_meanwhile() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    let gate = rig.root.path().join("gate");
    let first = rig
        .submit(session, &format!("progress 0.25\nuntil {}", gate.display()))
        .await;
    let second = rig.submit(session, "\"second\"").await;
    rig.statement(session, first, "running").await;
    assert_eq!(rig.state(session).await, "busy");
    assert_eq!(
        rig.statement(session, second, "waiting").await["started"],
        0
    );
    while rig.statement(session, first, "running").await["progress"] != json!(0.25) {}
    std::fs::write(&gate, "").unwrap();
    let done = rig.statement(session, second, "available").await;
    assert_eq!(done["output"]["data"]["text/plain"], "second");
    assert_eq!(done["output"]["execution_count"], second);
    let (started, completed) = (done["started"].as_i64(), done["completed"].as_i64());
    assert!(started > Some(0) && completed >= started);
    rig.until(session, "idle").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_statement_is_cancelled_with_the_hosts_output_and_a_waiting_one_never_runs() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    let running = rig.submit(session, "sleep 60").await;
    let mark = rig.root.path().join("ran");
    let waiting = rig
        .submit(
            session,
            &format!("__import__('os').mkdir('{}')", mark.display()),
        )
        .await;
    rig.statement(session, running, "running").await;
    for id in [waiting, running] {
        let path = format!("/sessions/{session}/statements/{id}/cancel");
        assert_eq!(rig.post(&path, "").await.text, r#"{"msg":"canceled"}"#);
    }
    let waited = rig.statement(session, waiting, "cancelled").await;
    assert_eq!(
        (&waited["output"], &waited["progress"]),
        (&Value::Null, &json!(1.0))
    );
    assert!(waited["completed"].as_i64() > Some(0));
    let ran = rig.statement(session, running, "cancelled").await;
    assert_eq!(ran["output"]["ename"], "KeyboardInterrupt");
    assert_eq!(rig.run(session, "1 + 1").await, "2");
    assert!(!mark.exists());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_takes_too_long_is_called_cancelled_and_the_output_arrives_late() {
    let rig = Rig::start().await;
    let session = rig
        .session(r#"{"kind":"pyspark","conf":{"livy.rsc.job-cancel.timeout":"50ms"}}"#)
        .await;
    let gate = rig.root.path().join("gate");
    let id = rig
        .submit(session, &format!("until {}\n42", gate.display()))
        .await;
    rig.statement(session, id, "running").await;
    let path = format!("/sessions/{session}/statements/{id}");
    rig.post(&format!("{path}/cancel"), "").await;
    assert_eq!(
        rig.statement(session, id, "cancelled").await["output"],
        Value::Null
    );
    assert_eq!(rig.state(session).await, "busy");
    std::fs::write(&gate, "").unwrap();
    rig.until(session, "idle").await;
    let late = rig.get(&path).await.json();
    assert_eq!(late["state"], "cancelled");
    assert_eq!(late["output"]["data"]["text/plain"], "42");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_statements_are_remembered() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    for number in 0..103 {
        rig.submit(session, &number.to_string()).await;
    }
    rig.statement(session, 102, "available").await;
    let list = rig
        .get(&format!("/sessions/{session}/statements"))
        .await
        .json();
    assert_eq!(list["total_statements"], 100);
    assert_eq!(list["statements"][0]["id"], 3);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_crashes_takes_the_session_with_it_and_leaves_nothing() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    let child = rig.run(session, "child").await.parse().unwrap();
    let folder = rig.whoami(session).await["cwd"]
        .as_str()
        .unwrap()
        .to_owned();
    rig.submit(session, "log last words\ndie").await;
    rig.until(session, "dead").await;
    until_gone(child).await;
    assert!(!std::path::Path::new(&folder).exists());
    let statements = format!("/sessions/{session}/statements");
    let (get, post) = (
        rig.get(&statements).await,
        rig.post(&statements, r#"{"code":"1"}"#).await,
    );
    assert_eq!(
        (get.status, get.text.as_str()),
        (
            400,
            r#"{"msg":"requirement failed: Session isn't active."}"#
        )
    );
    assert_eq!(
        (post.status, post.text.as_str()),
        (
            500,
            r#""java.lang.IllegalStateException: Session is in state dead""#
        )
    );
    let log = rig.get(&format!("/sessions/{session}/log")).await.text;
    assert!(
        log.contains("last words") && log.contains("exit status: 3"),
        "{log}"
    );
    assert_eq!(
        rig.post(&format!("/sessions/{session}/connect"), "")
            .await
            .json()["state"],
        "dead"
    );
    assert_eq!(
        rig.delete(&format!("/sessions/{session}")).await.status,
        200
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_from_outside_is_noticed() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    let pid = rig.whoami(session).await["pid"].as_i64().unwrap();
    rig.submit(session, "sleep 60").await;
    let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    rig.until(session, "dead").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_fail_end_dead_with_the_reason_in_the_log() {
    let rig = Rig::start().await;
    for (conf, words) in [
        (
            r#"{"fake.start":"fail"}"#,
            "There is no Java on this machine.",
        ),
        (r#"{"fake.start":"exit"}"#, "Invalid maximum heap size"),
        (
            r#"{"fake.start":"hang","livy.rsc.server.connect.timeout":"100ms"}"#,
            "not ready within 0.1 s",
        ),
    ] {
        let answer = rig.post("/sessions", &format!("{{\"conf\":{conf}}}")).await;
        let id = answer.json()["id"].as_i64().unwrap();
        rig.until(id, "dead").await;
        let log = rig.get(&format!("/sessions/{id}/log")).await.text;
        assert!(log.contains(words), "{log}");
    }
    rig.stop().await;
    let none = Rig::with(|options| options.launcher.python = "/nowhere/python3".into()).await;
    none.post("/sessions", "{}").await;
    none.until(0, "dead").await;
    let log = none.get("/sessions/0/log").await.text;
    assert!(log.contains("/nowhere/python3 cannot be started"), "{log}");
    none.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_gives_up_ends_its_session_and_one_that_babbles_does_not() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"pyspark"}"#).await;
    assert_eq!(rig.run(session, "garbage\n7").await, "7");
    assert_eq!(rig.run(session, "big 3000000").await.len(), 3_000_000);
    rig.submit(session, "dead").await;
    rig.until(session, "dead").await;
    let log = rig.get(&format!("/sessions/{session}/log")).await.text;
    assert!(log.contains("SparkContext was stopped"), "{log}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_ends_the_silent_and_the_unused_and_forgets_the_dead() {
    let rig = Rig::with(|options| {
        options.limits.watchdog = Duration::from_millis(10);
        options.limits.retain = Duration::from_millis(50);
    })
    .await;
    let gone = async |id: i64| {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            // The list is no heartbeat.
            let list = rig.get("/sessions").await.json();
            let sessions = list["sessions"].as_array().unwrap();
            if !sessions.iter().any(|session| session["id"] == id) {
                return;
            }
            assert!(Instant::now() < deadline, "session {id} is still there");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let silent = rig
        .post("/sessions", r#"{"heartbeatTimeoutInSecond":1}"#)
        .await
        .json()["id"]
        .as_i64()
        .unwrap();
    gone(silent).await;
    let unused = rig
        .post("/sessions", r#"{"idleTimeout":"100ms"}"#)
        .await
        .json()["id"]
        .as_i64()
        .unwrap();
    // Looking at it is no use of it.
    rig.until(unused, "404").await;
    let stopped = rig.session("{}").await;
    assert_eq!(
        rig.post(&format!("/sessions/{stopped}/stop"), "")
            .await
            .status,
        204
    );
    rig.until(stopped, "404").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_goes_on_when_its_client_hangs_up_and_may_be_asked_twice() {
    let rig = Rig::with(|options| options.limits.end = Duration::from_secs(2)).await;
    let session = rig
        .session(r#"{"kind":"pyspark","conf":{"fake.end":"stay"}}"#)
        .await;
    let pid = rig.whoami(session).await["pid"].as_i64().unwrap();
    let path = format!("/sessions/{session}");
    tokio::select! {
        answer = rig.delete(&path) => panic!("the host ends late, so the answer does: {answer:?}"),
        () = rig.until(session, "shutting_down") => {}
    }
    let (one, two) = tokio::join!(rig.delete(&path), rig.delete(&path));
    assert_eq!((one.status, two.status), (200, 200));
    until_gone(pid).await;
    assert_eq!(rig.delete(&path).await.status, 404);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_logs_show_what_there_is() {
    let rig = Rig::start().await;
    let dead = rig
        .session(r#"{"name":"first","numExecutors":4,"queue":"q","proxyUser":"bob"}"#)
        .await;
    rig.post(&format!("/sessions/{dead}/stop"), "").await;
    let live = rig.session(r#"{"name":"second"}"#).await;
    let list = rig.get("/sessions").await.json();
    assert_eq!((&list["from"], &list["total"]), (&json!(0), &json!(2)));
    let states: Vec<&str> = list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["dead", "idle"]);
    let first = &list["sessions"][0];
    assert_eq!(
        (&first["numExecutors"], &first["queue"], &first["proxyUser"]),
        (&json!(4), &json!("q"), &json!(null))
    );
    let log = rig.get(&format!("/sessions/{dead}/log?size=-1")).await.text;
    for field in ["numExecutors", "queue", "proxyUser"] {
        assert!(
            log.contains(&format!("{field} has no effect here")),
            "{log}"
        );
    }
    for (query, from, count) in [
        ("from=1&size=1", 1, 1),
        ("size=-1", 0, 0),
        ("from=100", 100, 0),
    ] {
        let page = rig.get(&format!("/sessions?{query}")).await.json();
        let length = page["sessions"].as_array().unwrap().len();
        assert_eq!(
            (page["from"].as_i64(), length),
            (Some(from), count),
            "{query}"
        );
    }
    assert_eq!(rig.get("/sessions/second").await.json()["id"], live);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sessions_than_allowed_are_refused_until_one_ends() {
    let rig = Rig::with(|options| options.limits.sessions = 1).await;
    let session = rig.session("{}").await;
    let refused = rig.post("/sessions", "{}").await;
    assert_eq!(
        (refused.status, refused.text.as_str()),
        (
            400,
            r#"{"msg":"Rejected, too many sessions are being created!"}"#
        )
    );
    rig.delete(&format!("/sessions/{session}")).await;
    rig.session("{}").await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_is_scalas_only_and_answers_while_a_statement_runs() {
    let rig = Rig::start().await;
    let session = rig.session(r#"{"kind":"spark"}"#).await;
    let running = rig.submit(session, "sleep 60").await;
    rig.statement(session, running, "running").await;
    for (kind, answer) in [
        ("spark", r#"{"candidates":["parallelize"]}"#),
        ("pyspark", r#"{"candidates":[]}"#),
    ] {
        let body = json!({"code": "sc.para", "kind": kind, "cursor": 7}).to_string();
        let path = format!("/sessions/{session}/completion");
        assert_eq!(rig.post(&path, &body).await.text, answer);
    }
    rig.stop().await;
}
