//! Ctrl-C, and what a genuine Livy makes of it.
use super::*;

#[test]
fn ctrl_c_cancels_a_spark_job_and_the_next_statement_works() {
    let _slot = spark::slot();
    let livy = Genuine::start(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    enter(
        &mut pty,
        "spark.range(10**12).selectExpr(\"sum(id)\").collect()",
    );
    pty.wait_for("running (Ctrl-C cancels)");
    until("the job runs", || {
        raw::get(&livy, "/sessions/0/statements/0")["state"] == "running"
    });
    pty.send("\x03");
    prompt(&pty, "pyspark 2>");
    pty.wait_for("cancelled");
    assert!(!pty.screen().contains("Py4JJavaError"), "{}", pty.screen());
    ask(&mut pty, "6 * 7", "\n42", "pyspark 3>");
    assert_eq!(pty.leave(), 0);
    nothing_left(&livy);
}

/// What is no Spark job goes on: the second Ctrl-C gives the prompt back, and the statement is named.
#[test]
fn a_loop_is_not_interrupted_and_the_second_ctrl_c_gives_the_prompt_back() {
    let livy = Genuine::bare(&["livy.rsc.job-cancel.timeout = 60s"]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    let flag = home.path("go");
    leave_behind(&livy, &mut pty, &flag);
    // it does not wait for the cancelled one to end before it says so
    ask(
        &mut pty,
        ":cancel 1",
        "statement 1 is being cancelled",
        "pyspark 2>",
    );
    ask(&mut pty, ":statements", "cancelling", "pyspark 2>");
    ask(&mut pty, ":restart", "deleting the session", "pyspark 2>");
    ask(&mut pty, "6 * 7", "\n42", "pyspark 3>");
    assert_eq!(pty.leave(), 0);
    nothing_left(&livy);
}

/// Starts a loop that ends when the file is there.
fn start_loop(livy: &Genuine, pty: &mut Pty, flag: &std::path::Path) {
    let code = format!(
        "import os, time; exec(\"while not os.path.exists('{}'): time.sleep(0.05)\"); 'ended'",
        flag.display()
    );
    pty.send(&format!("{code}\r"));
    pty.wait_for("running (Ctrl-C cancels)");
    until("the loop runs", || {
        raw::get(livy, "/sessions/0/statements/0")["state"] == "running"
    });
}

/// Starts such a loop, and leaves it running.
fn leave_behind(livy: &Genuine, pty: &mut Pty, flag: &std::path::Path) {
    start_loop(livy, pty, flag);
    pty.send("\x03");
    pty.wait_for("cancelling (Ctrl-C again stops waiting)");
    pty.send("\x03");
    prompt(pty, "pyspark 2>");
    pty.wait_for("left behind");
}

#[test]
fn a_cancel_that_the_server_gives_up_is_said_to_run_on() {
    let livy = Genuine::bare(&["livy.rsc.job-cancel.timeout = 1s"]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    let flag = home.path("go");
    start_loop(&livy, &mut pty, &flag);
    pty.send("\x03");
    prompt(&pty, "pyspark 2>");
    pty.wait_for("may still run");
    enter(&mut pty, "6 * 7");
    pty.wait_for("waiting for its turn");
    std::fs::write(&flag, "").unwrap();
    prompt(&pty, "pyspark 3>");
    pty.wait_for("\n42\n");
    assert_eq!(pty.leave(), 0);
    nothing_left(&livy);
}
