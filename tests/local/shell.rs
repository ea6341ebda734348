//! The shell on a real Spark in a real terminal.
use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};

use super::*;

#[test]
fn a_shells_day() {
    let _slot = spark::slot();
    let home = Home::new();
    let mut pty = shell(&home, &["local"]);
    prompt(&pty, "pyspark 1>");
    starts(&mut pty);
    several_lines(&mut pty);
    cancels(&mut pty);
    type_ahead(&mut pty);
    resizes(&mut pty);
    other_kinds(&mut pty);
    completes(&mut pty);
    names(&mut pty);
    commands(&mut pty, &home);
    restart(&mut pty, &home);
    term(&mut pty, &home);
}

/// A session that is given up while it starts is no failure that anybody has to hear of.
#[test]
fn giving_up_a_start_leaves_nothing_and_says_nothing_wrong() {
    let _slot = spark::slot();
    for (way, code) in [("\x03", 130), ("\x04", 0), ("TERM", 143)] {
        let home = Home::new();
        let mut pty = shell(&home, &["local"]);
        prompt(&pty, "pyspark 1>");
        until("a JVM starts", Duration::from_secs(60), || {
            let all = processes::of_sessions(&home);
            !cfg!(target_os = "linux") || all.iter().any(processes::Process::is_jvm)
        });
        if way == "TERM" {
            pty.signal(Signal::TERM);
        } else {
            pty.send(way);
        }
        assert_eq!(pty.exit_code(), code, "{way:?}: {}", pty.screen());
        pty.drain();
        assert!(!pty.screen().contains("ended"), "{way:?}: {}", pty.screen());
        let left = processes::of(&home);
        assert!(left.is_empty(), "{way:?}: {left:?}");
    }
}

/// The prompt was there before the session: what is entered waits for it, and says so.
fn starts(pty: &mut Pty) {
    enter(pty, "1 + 1");
    pty.wait_for("runs when it is ready");
    prompt(pty, "pyspark 2>");
    pty.wait_for("\n2\n");
}

fn several_lines(pty: &mut Pty) {
    enter(pty, "for i in range(3):");
    pty.wait_until("the next line indented", |screen| {
        let (row, column) = screen.cursor_position();
        let above = screen.rows(0, 100).nth(usize::from(row.saturating_sub(1)));
        above.is_some_and(|text| text.contains("for i in range(3):"))
            && before_cursor(screen).is_empty()
            && column >= 4
    });
    enter(pty, "print(i * 11)");
    pty.send("\r");
    pty.wait_for("0\n11\n22\n");
    prompt(pty, "pyspark 3>");
}

/// Ctrl-C cancels a loop and a job, and the session goes on; at the prompt it clears the line.
fn cancels(pty: &mut Pty) {
    for (code, enters, next) in [
        // Python's own shell wants an empty line here, too
        ("while True: pass", 2, 4),
        (
            "spark.range(10**12).selectExpr(\"sum(id)\").collect()",
            1,
            6,
        ),
    ] {
        pty.send("\x0c");
        enter(pty, code);
        if enters == 2 {
            pty.wait_until("the cursor below", |screen| {
                before_cursor(screen).is_empty()
            });
            pty.send("\r");
        }
        pty.wait_for("running (Ctrl-C cancels)");
        pty.send("\x03");
        prompt(pty, &format!("pyspark {next}>"));
        pty.wait_for("cancelled");
        // after a cancel an Enter only adds a line until all that was typed before it is in the editor
        pty.send("\x0c6 * 7");
        pty.wait_for("6 * 7");
        let next = format!("pyspark {}>", next + 1);
        pty.press_until("\r", "it runs, or has run", |screen| {
            let text = screen.contents();
            text.contains("running (Ctrl-C") || text.contains("\n42\n")
        });
        pty.wait_until("42 and the next prompt", |screen| {
            screen.contents().contains("\n42\n") && before_cursor(screen) == next
        });
    }
    pty.send("never sent");
    pty.wait_for("never sent");
    pty.send("\x03");
    prompt(pty, "pyspark 7>");
}

/// What is typed while a statement runs goes on after success, and waits in the editor after an error.
fn type_ahead(pty: &mut Pty) {
    enter(pty, "import time; time.sleep(2)");
    pty.wait_for("running (Ctrl-C cancels)");
    pty.send("'a' + 'head'\r");
    pty.wait_for("'ahead'");
    prompt(pty, "pyspark 9>");
    enter(pty, "time.sleep(2); 1/0");
    pty.wait_for("running (Ctrl-C cancels)");
    pty.send("'not ' + 'sent'\r");
    pty.wait_for("ZeroDivisionError: division by zero");
    pty.wait_until("the text typed ahead in the editor", |screen| {
        screen
            .contents()
            .trim_end()
            .ends_with("pyspark 10> 'not ' + 'sent'")
    });
    pty.send("\x03");
    prompt(pty, "pyspark 10>");
    assert!(!pty.screen().contains("'not sent'"), "{}", pty.screen());
}

fn resizes(pty: &mut Pty) {
    let long = format!("len('{}", "x".repeat(70));
    pty.send(&long);
    pty.wait_for(&long);
    pty.resize(50, 20);
    pty.send("yy')");
    pty.wait_for("yy')");
    pty.press("\r");
    pty.wait_for("\n72");
    pty.resize(100, 30);
    prompt(pty, "pyspark 11>");
}

fn other_kinds(pty: &mut Pty) {
    ask(
        pty,
        "spark.range(5).createOrReplaceTempView('t')",
        "",
        "pyspark 12>",
    );
    ask(
        pty,
        ":sql select max(id) as top from t",
        "│   4 │",
        "pyspark 13>",
    );
    ask(
        pty,
        ":scala spark.table(\"t\").count()",
        "Long = 5",
        "pyspark 14>",
    );
    ask(pty, "%sql select 7 as seven", "│     7 │", "pyspark 15>");
    ask(pty, ":kind sql", "", "sql 15>");
    ask(pty, "select 8 as eight;", "│     8 │", "sql 16>");
    ask(pty, ":kind", "sql", "sql 16>");
    ask(pty, ":py", "", "pyspark 16>");
}

/// Tab shows what the live session has, in each language, and leaves the line as it was.
fn completes(pty: &mut Pty) {
    for (begin, typed, shown) in [
        (
            "",
            "spark.table('t').col",
            &["colRegex", "function(colName: str) -> Column"][..],
        ),
        (
            "",
            "spark.re",
            &["read        DataFrameReader", "readStream"],
        ),
        ("", "from pyspark.sql import f", &["functions"]),
        (
            ":sql ",
            "select i from t where i",
            &["id", "bigint", "keyword"],
        ),
        (":scala ", "spark.re", &["read", "readStream"]),
    ] {
        pty.send("\x0c");
        let line = format!("{begin}{typed}");
        pty.send(&line);
        pty.wait_until(&line, |screen| before_cursor(screen).ends_with(&line));
        pty.press_until("\t", &format!("{shown:?} for {line:?}"), |screen| {
            let text = screen.contents();
            shown.iter().all(|shown| text.contains(shown))
        });
        pty.send("\x03");
        prompt(pty, "pyspark 16>");
    }
}

/// What names are, in each language, on the screen and in a pager; none of the questions has a number or leaves a name.
fn names(pty: &mut Pty) {
    let here = "pyspark 16>";
    for (line, shown) in [
        ("spark.version?", "Type:      property of SparkSession: str"),
        ("len?", "Type:      builtin"),
        ("spark.nothing?", "is not known in this session's Python"),
        (":sql explode?", "explode(expr)"),
        (":sql explod?", "did you mean `explode`?"),
        (
            ":scala spark.range?",
            "range(start: Long, end: Long): Dataset[Long]",
        ),
        (":scala spark.read?", "read: DataFrameReader"),
        (":scala sum?", "sum(columnName: String): Column"),
        (":scala lit?", "lit: Any => Column"),
        (":scala nope?", "is not known in this session's Scala"),
        (":tables", "│ t    │ true"),
        (":tables x*", "no table or view is called so"),
        (":tables defaul.*", "did you mean `default`?"),
        (":describe t", "│ id     │ bigint"),
        (":describe tt", "did you mean `t`?"),
    ] {
        ask(pty, line, shown, here);
    }
    ask(
        pty,
        "frame = spark.range(3).toDF('only')",
        "",
        "pyspark 17>",
    );
    ask(pty, ":describe frame", "│ only   │ bigint", "pyspark 17>");
    ask(pty, ":kind scala", "", "spark 17>");
    ask(
        pty,
        "val held = spark.range(3).toDF(\"k\"); var n = 0; def d = { n += 1; held }; lazy val l = d",
        "held:",
        "spark 18>",
    );
    ask(pty, ":describe held", "│ k      │ bigint", "spark 18>");
    ask(pty, ":describe d", "would run it", "spark 18>");
    ask(pty, ":describe l", "would run it", "spark 18>");
    ask(pty, ":describe n", "no DataFrame of that", "spark 18>");
    ask(pty, "held.count + n", "res1: Long = 3", "spark 19>");
    // in the pager of the machine, which stays until it is left
    ask(pty, ":py", "", "pyspark 19>");
    pty.send("\x0c");
    enter(pty, "spark.createDataFrame?");
    pty.wait_for("Signature: createDataFrame(");
    pty.send("q");
    prompt(pty, "pyspark 19>");
}

/// Every command does what it is for, on a session that has done something.
fn commands(pty: &mut Pty, home: &Home) {
    let script = home.write("part.py", "loaded = 5\nloaded * 5\n");
    let data = home.write("data.txt", "uploaded\n");
    let prompt = "pyspark 19>";
    for (line, shown) in [
        (":help restart", "start a fresh session"),
        (":help load", "run a file"),
        (":info", "pyspark"),
        // idle, or busy with what nobody sees
        (":sessions", "│ livysh-"),
        (":statements", "select 8 as eight"),
        (":history eight", "select 8 as eight"),
        (":timing", "timing is on"),
        (":timing", "timing is off"),
        (":cancel", "no such statement was left running"),
        (":format csv", ""),
        (":format", "csv"),
        (":format text", ""),
        (&format!(":upload {data}"), "data.txt is in the session"),
    ] {
        ask(pty, line, shown, prompt);
    }
    ask(pty, ":logs", "", prompt);
    ask(pty, &format!(":load {script}"), "25", "pyspark 21>");
    ask(
        pty,
        "from pyspark import SparkFiles; open(SparkFiles.get('data.txt')).read()",
        "uploaded",
        "pyspark 22>",
    );
}

/// `:restart` gives a fresh session, and the old one's processes are gone.
fn restart(pty: &mut Pty, home: &Home) {
    let before: Vec<u32> = processes::of_sessions(home)
        .iter()
        .map(|process| process.pid)
        .collect();
    ask(pty, ":restart", "deleting the session", "pyspark 22>");
    ask(pty, "'loaded' in globals()", "False", "pyspark 23>");
    let old: Vec<_> = processes::of_sessions(home)
        .into_iter()
        .filter(|process| before.contains(&process.pid))
        .collect();
    assert!(old.is_empty(), "{old:?}");
}

/// TERM at the prompt deletes the session and gives the terminal back as it was.
fn term(pty: &mut Pty, home: &Home) {
    // held open: the terminal's mode outlives the program only as long as somebody holds it
    let device = std::fs::File::open(pty.device()).unwrap();
    let raw = tcgetattr(&device).unwrap().local_modes;
    assert!(!raw.contains(LocalModes::ICANON), "no editor: {raw:?}");
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    let mode = tcgetattr(&device).unwrap().local_modes;
    let cooked = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    assert!(mode.contains(cooked), "{mode:?}");
    assert!(processes::of(home).is_empty(), "{:?}", processes::of(home));
}
