//! A session in use is kept, one that nobody uses is not, and its end is told before.
use super::shell::{enter, shell};
use super::*;

const CONNECT: &str = "POST /sessions/0/connect";

#[test]
fn an_idle_shell_warns_before_the_servers_idle_rule_acts_and_enter_keeps_the_session() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--idle-timeout", "12s"]);
    pty.wait_for("pyspark 1>");
    pty.wait_for("this session ends in about");
    pty.wait_for("press Enter on an empty line to keep it");
    assert_eq!(livy.asked(CONNECT), 0, "nobody works");
    pty.send("\r");
    pty.wait_for("the session is kept");
    assert_eq!(livy.asked(CONNECT), 1);
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_statement_that_outlasts_the_idle_limit_keeps_its_session() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--idle-timeout", "3s"]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "hang");
    livy.until(CONNECT);
    assert!(!pty.screen().contains("for idleness"), "{}", pty.screen());
    pty.wait_for("Ctrl-C cancels");
    pty.send("\x03");
    pty.wait_for("pyspark 2>");
    // what is typed before the prompt is there would be held
    std::thread::sleep(moment());
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}
