//! A session in use is kept, one that nobody uses is not, and its end is told before.
use std::sync::{Arc, Mutex};
use std::time::Instant;

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

/// A server that asks for a pause of a second at some of the looks at its session, and when each came.
fn asking_for_pauses(
    looked_at: &'static [&'static str],
    starting: u32,
    at: std::ops::Range<usize>,
) -> (Livy, Arc<Mutex<Vec<Instant>>>) {
    let looks = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&looks);
    let livy = Livy::start(Plan {
        starting,
        fault: Box::new(move |request| {
            if !looked_at.contains(&&*request.line()) {
                return Fault::None;
            }
            let mut looks = seen.lock().unwrap();
            looks.push(Instant::now());
            if at.contains(&(looks.len() - 1)) {
                let later = [("Retry-After", "1")];
                return Fault::Instead(support::Reply::with(503, &later, "<html>"));
            }
            Fault::None
        }),
        ..Plan::default()
    });
    (livy, looks)
}

#[track_caller]
fn assert_heeded(looks: &Mutex<Vec<Instant>>, at: std::ops::Range<usize>) {
    let looks = looks.lock().unwrap();
    for at in at {
        let pause = looks[at + 1] - looks[at];
        assert!(pause >= Duration::from_secs(1), "after {at}: {pause:?}");
    }
}

#[test]
fn a_pause_that_the_server_asks_for_is_made_while_a_session_starts() {
    let (livy, looks) = asking_for_pauses(&["GET /sessions/0", "GET /sessions/0/state"], 6, 2..4);
    let home = Home::new();
    let ended = home.livysh(&["-e", "1 + 1", &livy.url()]).run();
    ended.exits(0).prints("2\n");
    assert_heeded(&looks, 2..4);
    livy.assert_clean();
}

#[test]
fn a_pause_that_the_server_asks_for_is_made_between_heartbeats() {
    let (livy, looks) = asking_for_pauses(&["GET /sessions/0"], 1, 3..5);
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "6"]);
    pty.wait_for("pyspark 1>");
    let end = Instant::now() + Duration::from_secs(60);
    while looks.lock().unwrap().len() < 6 {
        assert!(Instant::now() < end, "no heartbeat");
        std::thread::sleep(Duration::from_millis(20));
    }
    enter(&mut pty, "1 + 1");
    pty.wait_for("\n2");
    assert_eq!(pty.leave(), 0);
    assert_heeded(&looks, 3..5);
    livy.assert_clean();
}
