//! A driver that dies, as when the kernel kills it for its memory.
use super::*;

#[test]
fn a_driver_that_dies_while_idle_is_noticed_and_restart_gives_another() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url, "--heartbeat", "6"]);
    prompt(&pty, "pyspark 1>");
    ask(&mut pty, "1 + 1", "\n2", "pyspark 2>");
    pty.send("\x0c");
    livy.kill_drivers();
    pty.wait_for("the session is gone");
    pty.wait_for(":restart starts a new one");
    enter(&mut pty, "2 + 2");
    pty.wait_for("not sent: the session is gone");
    pty.wait_until("the code in the editor again", |screen| {
        before_cursor(screen) == "pyspark 2> 2 + 2"
    });
    pty.send("\x03");
    prompt(&pty, "pyspark 2>");
    ask(&mut pty, ":restart", "", "pyspark 2>");
    ask(&mut pty, "3 + 3", "\n6", "pyspark 3>");
    assert_eq!(pty.leave(), 0);
    // a dead session stays listed for ten minutes: it is nobody's duty
    until("only dead ones are left", || {
        raw::sessions(&livy).iter().all(|it| it["state"] == "dead")
    });
    livy.until_childless();
}

#[test]
fn a_driver_that_dies_under_a_statement_is_told_and_restart_gives_another() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    enter(&mut pty, "import time; time.sleep(1000)");
    pty.wait_for("running (Ctrl-C cancels)");
    until("it runs", || raw::statement(&livy) == "running");
    livy.kill_drivers();
    pty.wait_for("the session is gone");
    pty.wait_until("the code in the editor again", |screen| {
        before_cursor(screen).ends_with("time.sleep(1000)")
    });
    pty.send("\x03");
    prompt(&pty, "pyspark 2>");
    ask(&mut pty, ":restart", "", "pyspark 2>");
    ask(&mut pty, "3 + 3", "\n6", "pyspark 3>");
    assert_eq!(pty.leave(), 0);
    livy.until_childless();
}

#[test]
fn a_script_whose_driver_dies_exits_1_and_one_whose_driver_never_comes_exits_3() {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    let code = "import time; time.sleep(1000)";
    let started = home.livysh(&[&livy.url, "-e", code, "-e", "2"]).start();
    until("it runs", || raw::statement(&livy) == "running");
    livy.kill_drivers();
    started
        .end()
        .exits(1)
        .prints("")
        .says(&["the session is gone"]);
    livy.until_childless();
    let started = home.livysh(&[&livy.url, "-e", "1"]).start();
    until("a driver starts", || {
        let all = livy.children();
        all.iter()
            .any(|it| it.command.contains("RSCDriverBootstrapper"))
    });
    livy.kill_drivers();
    started
        .end()
        .exits(3)
        .prints("")
        .says(&["ended while it started"]);
    livy.until_childless();
}
