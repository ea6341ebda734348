//! Scripts: results on standard output, exit codes, four languages in one session.
use serde_json::Value;

use super::*;

/// The objects of `-o ndjson`.
fn objects(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[test]
fn one_expression_prints_its_value_and_leaves_nothing_behind() {
    let _slot = spark::slot();
    let home = Home::new();
    local(&home, &["-e", "1 + 1"])
        .run()
        .exits(0)
        .prints("2\n")
        .silent();
    assert!(
        processes::of(&home).is_empty(),
        "{:?}",
        processes::of(&home)
    );
    let work = std::fs::read_dir(home.path("livysh/state/work")).unwrap();
    let folders: Vec<_> = work
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .collect();
    assert!(folders.is_empty(), "{folders:?}");
}

#[test]
fn scala_runs_jobs_with_case_classes_and_prints() {
    let _slot = spark::slot();
    let home = Home::new();
    let ended = local(
        &home,
        &[
            "-k",
            "spark",
            "-o",
            "ndjson",
            "-e",
            "sc.parallelize(1 to 100).sum",
            "-e",
            "case class P(a: Int)\nsc.parallelize(1 to 3).map(i => P(i)).collect",
            "-e",
            "println(\"kept\"); 1 / 0",
        ],
    )
    .run()
    .exits(1);
    let all = objects(&ended.out);
    let texts: Vec<&str> = all
        .iter()
        .map(|object| object["text"].as_str().unwrap_or_default())
        .collect();
    assert!(texts[0].contains("Double = 5050.0"), "{}", ended.out);
    let classes = texts.iter().find(|text| text.contains("Array[P]"));
    assert!(
        classes.is_some_and(|text| text.contains("Array(P(1), P(2), P(3))")),
        "{}",
        ended.out
    );
    let last = all.last().unwrap();
    assert_eq!(last["status"], "error");
    assert_eq!(last["text"].as_str().map(str::trim), Some("kept"));
    assert!(last["error"].to_string().contains("/ by zero"), "{last}");
}

#[test]
fn sql_as_csv_is_nothing_but_csv() {
    let _slot = spark::slot();
    let home = Home::new();
    local(
        &home,
        &["-k", "sql", "-o", "csv", "-e", "select 1 as a, \"x\" as b"],
    )
    .run()
    .exits(0)
    .prints("a,b\n1,x\n")
    .silent();
}

#[test]
fn standard_input_is_a_file_and_ndjson_is_valid() {
    let _slot = spark::slot();
    let home = Home::new();
    let ended = local(&home, &["-o", "ndjson"])
        .stdin("x = 20\nfor i in range(3):\n    x += i\n\nx\n")
        .run()
        .exits(0)
        .silent();
    let all = objects(&ended.out);
    assert_eq!(all.len(), 3, "{}", ended.out);
    assert_eq!(all[2]["text"], "23");
    assert!(all.iter().all(|object| object["status"] == "ok"));
}

#[test]
fn files_of_three_languages_share_a_session_whose_options_act() {
    let _slot = spark::slot();
    let home = Home::new();
    home.write("module.py", "WORD = 'from a module'\n");
    home.write("table.txt", "a file\n");
    let python = home.write(
        "prepare.py",
        "import module\nfrom pyspark import SparkFiles\n\
         spark.range(3).createOrReplaceTempView(\"t\")\n\
         print(module.WORD, open(SparkFiles.get(\"table.txt\")).read().strip())\n\
         print(spark.conf.get(\"spark.sql.shuffle.partitions\"), sc.getConf().get(\"spark.driver.memory\"))\n",
    );
    let sql = home.write("count.sql", "select count(*) as n from t;\nselect 'two';\n");
    let scala = home.write(
        "more.scala",
        "val n = spark.table(\"t\").count()\nprintln(s\"scala sees $n\")\n",
    );
    let module = home.path("module.py");
    let table = home.path("table.txt");
    let options = format!(
        "--driver-memory 700m --conf spark.sql.shuffle.partitions=7 --py-files {} --files {} \
         --executor-cores 2 --num-executors 3 --queue etl --continue -f {python} -f {sql} -f {scala}",
        module.display(),
        table.display()
    );
    let mut arguments: Vec<&str> = options.split(' ').collect();
    for code in [
        "%sql\nselect sum(id) as total from t",
        "%spark\nspark.table(\"t\").count()",
        "%sparkr\n1 + 1",
        "print(\"kept\"); 1/0",
    ] {
        arguments.extend(["-e", code]);
    }
    let ended = local(&home, &arguments).run().exits(1);
    for text in [
        "from a module a file",
        "7 700m",
        "│ 3 │",
        "two",
        "scala sees 3",
        "│ total │",
        "Long = 3",
        "kept\n",
    ] {
        assert!(ended.out.contains(text), "no {text:?} in: {}", ended.out);
    }
    ended.says(&[
        "--executor-cores, --num-executors and --queue have no effect",
        "ZeroDivisionError: division by zero",
        // a machine without R, or one without SparkR: PyPI's Spark has none
        " is missing:",
        "SparkR package",
    ]);
}

#[test]
fn two_at_once_do_not_meet() {
    let _slots = spark::slots(2);
    let home = Home::new();
    let run = |value: &str| {
        local(
            &home,
            &[
                "-k",
                "sql",
                "-o",
                "csv",
                "-e",
                "create table meeting (who string) using parquet",
                "-e",
                &format!("insert into meeting values ('{value}')"),
                "-e",
                "select who from meeting",
            ],
        )
        .start()
    };
    let (one, other) = (run("one"), run("other"));
    let out = |run: run::Started| run.end().exits(0).out;
    assert!(out(one).ends_with("who\none\n"));
    assert!(out(other).ends_with("who\nother\n"));
}

#[test]
fn errors_of_the_real_interpreters_are_told_with_the_lines_of_the_file() {
    let _slot = spark::slot();
    let home = Home::new();
    home.write(
        "job.py",
        "x = 1\n\n\ndef f():\n    return x / 0\n\n\nf()\ny = (1 +\n  ${two}))\n",
    );
    home.write(
        "q.sql",
        "select 1;\n\nselect\n  nope;\n\nselect\n  1 frm x y;\n",
    );
    local(
        &home,
        &[
            "--continue",
            "--var",
            "two=2",
            "-f",
            "job.py",
            "-f",
            "q.sql",
        ],
    )
    .run()
    .exits(1)
    .says(&[
        "  File \"job.py\", line 5, in f\nZeroDivisionError",
        "  File \"job.py\", line 10\n    2))\n",
        "line 4 pos 2",
        "(line 7, pos 8)",
        // the query that Spark repeats, with its caret
        "1 frm x y\n--------^^^",
    ]);
}
