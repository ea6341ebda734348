//! Scripts: the main job in each kind.
use serde_json::{Value, json};

use super::*;
use crate::run::Ended;

/// The objects of an ndjson run.
fn lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs statements of one kind, each of them whatever became of those before.
fn run_all(livy: &Genuine, kind: &str, codes: &[&str]) -> Vec<Value> {
    let home = Home::new();
    let mut arguments = vec![
        &*livy.url,
        "-k",
        kind,
        "-o",
        "ndjson",
        "--continue",
        "--whole",
    ];
    for code in codes {
        arguments.extend(["-e", code]);
    }
    let ended = home.livysh(&arguments).run().exits(1);
    let answers = lines(&ended);
    assert_eq!(answers.len(), codes.len(), "{}", ended.out);
    nothing_left(livy);
    answers
}

#[test]
fn python_results_errors_and_magics_in_one_session() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let answers = run_all(
        &livy,
        "pyspark",
        &[
            "print('kept in order'); 6 * 7",
            "def fails():\n    raise ValueError('boom')\n\nfails()",
            "1 +",
            "x = {'a': [1, 2]}\n%json x",
            "t = [[1, 'one'], [2, 'two']]\n%table t",
            "spark.range(5).selectExpr('sum(id) as s').collect()",
        ],
    );
    assert_eq!(answers[0]["text"], "kept in order\n42");
    assert_eq!(answers[0]["status"], "ok");
    assert_eq!(answers[0]["state"], "available");
    assert_eq!(answers[1]["status"], "error");
    assert_eq!(answers[1]["error"]["name"], "ValueError");
    assert_eq!(answers[1]["error"]["value"], "boom");
    let traceback = answers[1]["error"]["traceback"].to_string();
    assert!(traceback.contains("line 2, in fails"), "{traceback}");
    assert_eq!(answers[2]["error"]["name"], "SyntaxError");
    assert_eq!(answers[3]["status"], "ok", "{}", answers[3]);
    assert_eq!(answers[4]["table"]["rows"], json!([[1, "one"], [2, "two"]]));
    assert_eq!(answers[5]["text"], "[Row(s=10)]");
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer["statement"], at + 1);
        assert_eq!(answer["server_id"], at);
        // a driver tells the time of the end a moment after the end
        let (started, completed) = (&answer["started_ms"], &answer["completed_ms"]);
        assert!(
            completed.is_null() || completed.as_i64() >= started.as_i64(),
            "{answer}"
        );
    }
}

#[test]
fn scala_results_errors_and_a_table() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let answers = run_all(
        &livy,
        "spark",
        &[
            "val x = 6 * 7",
            "println(x)\nx + 1",
            "throw new IllegalStateException(\"boom\")",
            "val y: Int = \"text\"",
            "val rows = List(List(1, \"one\"), List(2, \"two\"))\n%table rows",
            "spark.range(5).count()",
        ],
    );
    assert_eq!(answers[0]["text"], "x: Int = 42\n");
    let printed = answers[1]["text"].as_str().unwrap();
    assert!(printed.starts_with("42\nres"), "{printed}");
    assert!(printed.ends_with(": Int = 43\n"), "{printed}");
    let told = |answer: &Value| answer["error"].to_string();
    assert!(told(&answers[2]).contains("java.lang.IllegalStateException: boom"));
    assert!(told(&answers[3]).contains("type mismatch"));
    assert_eq!(answers[4]["table"]["rows"], json!([[1, "one"], [2, "two"]]));
    assert!(answers[5]["text"].as_str().unwrap().contains("Long = 5"));
}

#[test]
fn sql_tables_in_each_format_and_its_errors() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let answers = run_all(
        &livy,
        "sql",
        &[
            "select 1 as a, 'x' as b, cast(null as date) as c",
            "select * from nowhere",
            "selec 1",
        ],
    );
    let table = &answers[0]["table"];
    assert_eq!(table["rows"], json!([[1, "x", null]]));
    assert_eq!(table["columns"][0], json!({"name": "a", "type": "integer"}));
    let told = |answer: &Value| answer["error"]["value"].to_string();
    assert!(told(&answers[1]).contains("TABLE_OR_VIEW_NOT_FOUND"));
    assert!(told(&answers[2]).contains("PARSE_SYNTAX_ERROR"));
    let home = Home::new();
    let code = "select 1 as a, 'x' as b";
    for (format, out) in [("csv", "a,b\n1,x\n"), ("tsv", "a\tb\n1\tx\n")] {
        home.livysh(&[&livy.url, "-k", "sql", "-o", format, "-e", code])
            .run()
            .exits(0)
            .prints(out);
    }
    home.livysh(&[&livy.url, "-k", "sql", "-e", "select 1 a; select 2 b"])
        .run()
        .exits(0);
    nothing_left(&livy);
}

#[test]
fn r_results_errors_and_a_plots_image() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let answers = run_all(
        &livy,
        "sparkr",
        &[
            "x <- 6 * 7\nx",
            "stop('boom \"quoted\"')",
            "plot(1:3)",
            "cat('after\\n'); x + 1",
        ],
    );
    assert_eq!(answers[0]["text"], "[1] 42");
    assert_eq!(answers[1]["status"], "error");
    let value = answers[1]["error"]["value"].as_str().unwrap();
    assert!(
        value.contains("boom \"quoted\"") && !value.contains('\\'),
        "{value}"
    );
    assert_eq!(answers[2]["status"], "ok", "{}", answers[2]);
    assert_eq!(answers[2]["images"][0]["mime"], "image/png");
    let image = answers[2]["images"][0]["base64"].as_str().unwrap();
    assert!(image.starts_with("iVBORw0KGgo"), "{image}");
    assert_eq!(answers[3]["text"], "after\n[1] 43");
}

#[test]
fn a_script_of_several_kinds_shares_one_session_and_its_views() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let home = Home::new();
    let python = home.write("a.py", "spark.range(5).createOrReplaceTempView('t')\n");
    let sql = home.write(
        "b.sql",
        "select max(id) as top from t;\nselect 8 as eight;\n",
    );
    let scala = home.write("c.scala", "val n = spark.table(\"t\")\n  .count()\n");
    let r = home.write("d.R", "1 + 1\n");
    let ended = home
        .livysh(&[
            &livy.url,
            "-o",
            "ndjson",
            "-f",
            &python,
            "-f",
            &sql,
            "-f",
            &scala,
            "-f",
            &r,
            "-e",
            "%sql select count(*) as c from t",
        ])
        .run()
        .exits(0);
    let answers = lines(&ended);
    let kinds: Vec<_> = answers
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["pyspark", "sql", "sql", "spark", "sparkr", "sql"]);
    assert_eq!(answers[1]["table"]["rows"], json!([[4]]));
    assert_eq!(answers[2]["table"]["rows"], json!([[8]]));
    assert!(answers[3]["text"].as_str().unwrap().contains("n: Long = 5"));
    assert_eq!(answers[4]["text"], "[1] 2");
    assert_eq!(answers[5]["table"]["rows"], json!([[5]]));
    let ids: Vec<_> = answers
        .iter()
        .map(|it| it["server_id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5], "one session");
    nothing_left(&livy);
}
