//! One look at the server with the real host. The main job has tests of its own.
use std::path::Path;

use crate::support::Rig;

/// The host's program as it stands in the source tree.
fn host_files() -> &'static [(&'static str, &'static str)] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local/host");
    let files: Vec<(&str, &str)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "py"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (&*name.leak(), &*text.leak())
        })
        .collect();
    files.leak()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real Spark: LIVYSH_TEST_PYTHON is a Python with pyspark"]
async fn a_real_spark_answers_in_python_scala_and_sql() {
    let python = std::env::var_os("LIVYSH_TEST_PYTHON").expect("LIVYSH_TEST_PYTHON");
    let rig = Rig::with(|options| {
        options.launcher.python = python.into();
        options.launcher.files = host_files();
        for name in ["JAVA_HOME", "SPARK_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                options.launcher.env.push((name.to_owned(), value));
            }
        }
    })
    .await;
    let session = rig.session(r#"{"kind":"pyspark","name":"real"}"#).await;
    let text = rig
        .run(
            session,
            "spark.range(10).createOrReplaceTempView('t')\nspark.table('t').count()",
        )
        .await;
    assert_eq!(text, "10");
    for (kind, code, words) in [
        ("spark", "spark.table(\"t\").count()", "10"),
        ("sql", "select count(*) from t", "[[10]]"),
    ] {
        let body = serde_json::json!({"kind": kind, "code": code}).to_string();
        let answer = rig
            .post(&format!("/sessions/{session}/statements"), &body)
            .await
            .json();
        let done = rig
            .statement(session, answer["id"].as_i64().unwrap(), "available")
            .await;
        assert!(done["output"].to_string().contains(words), "{done}");
    }
    let looping = rig.submit(session, "while True: pass").await;
    rig.statement(session, looping, "running").await;
    let path = format!("/sessions/{session}/statements/{looping}/cancel");
    rig.post(&path, "").await;
    rig.statement(session, looping, "cancelled").await;
    assert_eq!(rig.run(session, "1 + 1").await, "2");
    let host = rig.run(session, "import os; os.getpid()").await;
    let started = std::time::Instant::now();
    rig.delete(&format!("/sessions/{session}")).await;
    println!("deleted in {:?}", started.elapsed());
    assert!(!crate::support::is_alive(host.parse().unwrap()));
    rig.stop().await;
}
