//! The shell's prompt does not wait for the cluster.
use super::*;

#[test]
fn the_prompt_is_there_before_the_session_and_what_is_typed_ahead_runs() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    // a session takes seconds: nothing can have been ready by now
    let state = raw::state(&livy);
    assert!(
        ["", "starting", "not_started"].contains(&&*state),
        "{state}"
    );
    enter(&mut pty, "print('typed', 'ahead')");
    pty.wait_for("runs when it is ready");
    prompt(&pty, "pyspark 2>");
    pty.wait_for("\ntyped ahead\n");
    ask(&mut pty, ":info", "0.7.1-incubating", "pyspark 2>");
    ask(
        &mut pty,
        "spark.range(3).createOrReplaceTempView('v')",
        "",
        "pyspark 3>",
    );
    ask(
        &mut pty,
        ":sql select max(id) as top from v",
        "│   2 │",
        "pyspark 4>",
    );
    ask(
        &mut pty,
        "1/0",
        "ZeroDivisionError: division by zero",
        "pyspark 5>",
    );
    ask(&mut pty, ":statements", "select max(id)", "pyspark 5>");
    ask(&mut pty, ":logs", "", "pyspark 5>");
    restart(&livy, &mut pty);
    names(&mut pty);
    what_names_are(&mut pty);
    assert_eq!(pty.leave(), 0, "{}", pty.screen());
    nothing_left(&livy);
}

/// `:restart` gives a fresh session, and the old one is gone.
fn restart(livy: &Genuine, pty: &mut Pty) {
    ask(pty, "kept = 5", "", "pyspark 6>");
    ask(pty, ":restart", "deleting the session", "pyspark 6>");
    ask(pty, "'kept' in globals()", "False", "pyspark 7>");
    let ids: Vec<_> = raw::sessions(livy)
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(ids, [1], "the first is deleted");
}

/// Tab asks this server's session, R too.
fn names(pty: &mut Pty) {
    let frame = ":r frame <- data.frame(alpha = 1, alps = 2)";
    ask(pty, frame, "", "pyspark 8>");
    for (line, shown) in [
        (":r frame$al", ["frame$alpha", "frame$alps"]),
        ("spark.re", ["read", "readStream"]),
    ] {
        pty.send("\x0c");
        pty.send(line);
        pty.wait_until(line, |screen| before_cursor(screen).ends_with(line));
        pty.press_until("\t", &format!("{shown:?} for {line:?}"), |screen| {
            let text = screen.contents();
            shown.iter().all(|shown| text.contains(shown)) && text.lines().count() > 1
        });
        pty.send("\x03");
        prompt(pty, "pyspark 8>");
    }
}

/// Documentation and signatures, in each language, and nothing of asking for them is left.
fn what_names_are(pty: &mut Pty) {
    let here = "pyspark 8>";
    for (line, shown) in [
        ("len?", "Signature: len(obj, /)"),
        (":r frame?", "Columns:   alpha, alps"),
        (":sql explode?", "explode(expr)"),
        (":scala spark.range?", "range(end: Long): Dataset[Long]"),
        (":scala sc?", "sc: SparkContext"),
        (":tables", "there are no tables"),
        (":describe nothing", "there is no table or view `nothing`"),
    ] {
        ask(pty, line, shown, here);
    }
    pty.send("\x0c");
    enter(pty, ":r sd?");
    pty.wait_for("Standard Deviation");
    pty.send("q");
    prompt(pty, here);
    ask(pty, ":statements", "frame <- data.frame", here);
    assert!(!pty.screen().contains("livysh:"), "{}", pty.screen());
}
