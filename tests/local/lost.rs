//! A Spark that dies under the shell, and what mattered runs again in a fresh one.
use rustix::process::{Pid, Signal, kill_process};

use super::*;

#[test]
fn after_its_spark_was_killed_a_replay_brings_the_variables_back() {
    let _slot = spark::slot();
    let home = Home::new();
    let mut pty = shell(&home, &["local"]);
    prompt(&pty, "pyspark 1>");
    enter(&mut pty, "import math; x = spark.range(20).count()");
    prompt(&pty, "pyspark 2>");
    enter(&mut pty, "x + 1");
    prompt(&pty, "pyspark 3>");
    pty.wait_for("\n21\n");
    for process in processes::of_sessions(&home) {
        let pid = Pid::from_raw(i32::try_from(process.pid).unwrap()).unwrap();
        // one may be gone with another
        let _ = kill_process(pid, Signal::KILL);
    }
    // the look at the prompt may tell it first
    enter(&mut pty, "x + 2");
    pty.wait_for("the session is gone");
    pty.wait_until("the code in the editor again", |screen| {
        before_cursor(screen).ends_with("> x + 2")
    });
    pty.send("\x03");
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    pty.wait_for("run 1 statement again? [Y/n]");
    let end = Instant::now() + Duration::from_secs(60);
    while !pty.screen().contains("replaying 1 of 1: import math") {
        assert!(
            Instant::now() < end || pty.screen().contains("starting"),
            "{}",
            pty.screen()
        );
        std::thread::sleep(Duration::from_millis(100));
        if before_cursor_of(&pty).ends_with("[Y/n]") {
            pty.send("\r");
        }
    }
    pty.wait_until("a prompt", |screen| {
        let line = before_cursor(screen);
        line.starts_with("pyspark ") && line.ends_with('>')
    });
    enter(&mut pty, "print('back', math.floor(x + 0.5))");
    pty.wait_for("\nback 20\n");
    assert_eq!(pty.leave(), 0);
}

fn before_cursor_of(pty: &Pty) -> String {
    pty.look(before_cursor)
}
