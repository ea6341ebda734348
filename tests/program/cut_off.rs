//! The way to the server is gone for a while: nothing is lost. A proxy closes every connection.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::proxy::{Proxy, Weather};
use super::shell::enter;
use super::support::Reply;
use super::*;

/// Longer than the status line takes to tell of it.
const SHORT: Duration = Duration::from_secs(7);
const LONG: Duration = Duration::from_secs(120);

/// Nothing passes for that long.
fn outage(proxy: &Proxy, long: Duration) {
    proxy.down(true);
    std::thread::sleep(long);
    proxy.down(false);
}

/// A Livy whose answers to this say something else until the gate is open.
fn gated(lines: &'static [&str], meanwhile: &'static str) -> (Arc<AtomicBool>, Livy) {
    let gate = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&gate);
    let livy = Livy::failing(move |request| {
        if lines.contains(&&*request.line()) && !open.load(Ordering::SeqCst) {
            Fault::Instead(Reply::json(200, meanwhile))
        } else {
            Fault::None
        }
    });
    (gate, livy)
}

fn in_the_middle_of(lines: &'static [&str], meanwhile: &'static str, long: Duration) {
    let (gate, livy) = gated(lines, meanwhile);
    let proxy = Proxy::start(&livy.url(), Weather::default());
    let home = Home::new();
    let started = home.livysh(&["-e", "1 + 1", &proxy.url()]).start();
    livy.until(lines[0]);
    outage(&proxy, long);
    gate.store(true, Ordering::SeqCst);
    started.end().exits(0).prints("2\n").silent();
    assert_eq!(livy.submitted(), ["1 + 1"]);
    livy.assert_clean();
}

fn of_a_statement(long: Duration) {
    let running = r#"{"id":0,"state":"running","code":"1 + 1","output":null}"#;
    in_the_middle_of(&["GET /sessions/0/statements/0"], running, long);
}

fn of_a_start(long: Duration) {
    let starting = r#"{"id":0,"state":"starting"}"#;
    in_the_middle_of(
        &["GET /sessions/0/state", "GET /sessions/0"],
        starting,
        long,
    );
}

fn of_a_prompt(long: Duration) {
    let livy = Livy::new();
    let proxy = Proxy::start(&livy.url(), Weather::default());
    let home = Home::new();
    let mut pty = shell::shell_at(&proxy.url(), &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "40 + 1");
    pty.wait_for("pyspark 2>");
    proxy.down(true);
    std::thread::sleep(long);
    // nothing was heard for some seconds, so that the way is tried before the statement is sent
    enter(&mut pty, "1 + 1");
    pty.wait_for("still trying");
    pty.wait_for("connection lost");
    assert_eq!(livy.submitted(), ["40 + 1"]);
    proxy.down(false);
    pty.wait_for("\n2");
    pty.wait_for("pyspark 3>");
    assert_eq!(livy.submitted(), ["40 + 1", "1 + 1"]);
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn an_outage_in_the_middle_of_a_statement_is_survived() {
    of_a_statement(SHORT);
}

#[test]
fn an_outage_in_the_middle_of_a_start_is_survived() {
    of_a_start(SHORT);
}

#[test]
fn an_outage_at_the_prompt_is_survived() {
    of_a_prompt(SHORT);
}

type Says = fn() -> Reply;

/// A Livy behind a gateway that answers these with that while the flag is up.
fn behind_a_gateway(is_met: fn(&str) -> bool, says: fn() -> Reply) -> (Arc<AtomicBool>, Livy) {
    let down = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&down);
    let livy = Livy::failing(move |request| {
        if seen.load(Ordering::SeqCst) && is_met(&request.line()) {
            Fault::Instead(says())
        } else {
            Fault::None
        }
    });
    (down, livy)
}

#[test]
fn nothing_is_sent_into_an_outage_at_the_prompt_that_a_gateway_tells_of() {
    let pages: [(Says, &str); 4] = [
        (
            || Reply::html(503, "<title>Service Unavailable</title>"),
            "connection lost",
        ),
        (
            || Reply::with(429, &[("Retry-After", "1")], ""),
            "the server asks to wait",
        ),
        (
            || Reply::with(503, &[("Retry-After", "1")], ""),
            "the server asks to wait",
        ),
        (
            || Reply::html(200, "<html>back soon</html>"),
            "connection lost",
        ),
    ];
    for (says, told) in pages {
        let (down, livy) = behind_a_gateway(|_| true, says);
        let home = Home::new();
        let mut pty = shell::answered(&livy, &home, &[]);
        down.store(true, Ordering::SeqCst);
        std::thread::sleep(SHORT);
        enter(&mut pty, "2 + 2");
        pty.wait_for("still trying");
        pty.wait_for(told);
        assert_eq!(livy.submitted(), ["1 + 1"]);
        down.store(false, Ordering::SeqCst);
        pty.wait_for("pyspark 3>");
        assert_eq!(livy.submitted(), ["1 + 1", "2 + 2"]);
        assert_eq!(pty.leave(), 0);
        livy.assert_clean();
    }
}

#[test]
fn a_session_that_a_server_fails_to_show_for_good_holds_no_statement_for_ever() {
    let (down, livy) = behind_a_gateway(
        |line| line == "GET /sessions/0",
        || Reply::json(500, r#""java.lang.NullPointerException""#),
    );
    let home = Home::new();
    let mut pty = shell::answered(&livy, &home, &[]);
    down.store(true, Ordering::SeqCst);
    std::thread::sleep(SHORT);
    let before = livy.asked("GET /sessions/0");
    enter(&mut pty, "2 + 2");
    pty.wait_for("pyspark 3>");
    assert_eq!(livy.submitted(), ["1 + 1", "2 + 2"]);
    let looks = livy.asked("GET /sessions/0") - before;
    assert!(looks > 2, "{looks}");
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn outages_of_two_minutes_are_survived() {
    let all = [of_a_statement, of_a_start, of_a_prompt];
    let all = all.map(|one| std::thread::spawn(move || one(LONG)));
    for one in all {
        one.join().unwrap();
    }
}

#[test]
fn ctrl_c_leaves_a_wait_for_a_server_that_is_away() {
    let (_gate, livy) = gated(
        &["GET /sessions/0/statements/0"],
        r#"{"id":0,"state":"running"}"#,
    );
    let proxy = Proxy::start(&livy.url(), Weather::default());
    let home = Home::new();
    let mut pty = shell::shell_at(&proxy.url(), &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    livy.until("GET /sessions/0/statements/0");
    proxy.down(true);
    pty.wait_for("connection lost");
    pty.send("\x03");
    std::thread::sleep(moment());
    pty.send("\x03");
    pty.wait_for("goes on as the server's statement 0");
    pty.wait_for("pyspark 2>");
    proxy.down(false);
    // after a failure, a Ctrl-D that comes with the prompt would count as typed before it
    enter(&mut pty, "43");
    pty.wait_for("pyspark 3>");
    pty.send("\x04");
    pty.wait_for("still runs in session 0 and will end with it");
    pty.wait_until("the prompt again", |screen| {
        screen.contents().matches("pyspark 3>").count() == 2
    });
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_server_that_asks_for_a_pause_is_waited_for_and_ctrl_c_takes_the_statement_back() {
    let (down, livy) = behind_a_gateway(
        |line| line == "POST /sessions/0/statements",
        || Reply::json(429, r#"{"msg":"slow down"}"#),
    );
    let home = Home::new();
    let mut pty = shell::answered(&livy, &home, &[]);
    down.store(true, Ordering::SeqCst);
    enter(&mut pty, "2 + 2");
    pty.wait_for("still trying");
    pty.wait_for("slow down");
    pty.send("\x03");
    pty.wait_for("pyspark 3>");
    down.store(false, Ordering::SeqCst);
    let sent = livy.submitted().len();
    // after a failure, a Ctrl-D that comes with the prompt would count as typed before it
    enter(&mut pty, "43");
    pty.wait_for("pyspark 4>");
    assert_eq!(livy.submitted()[sent..], ["43"]);
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}
