//! The interactive shell in a real terminal, against a Livy in memory.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pty::{Builder, Pty};
use super::*;

/// A shell on that server in a terminal of its own.
fn shell(livy: &Livy, home: &Home, options: &[&str]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .size(100, 30);
    let builder = options
        .iter()
        .fold(builder, |builder, option| builder.arg(*option));
    builder.arg(livy.url()).spawn()
}

/// Types a line as a person does: the Enter a moment after the text, or it counts as a paste.
fn enter(pty: &mut Pty, text: &str) {
    pty.send(text);
    pty.wait_for(text.trim());
    std::thread::sleep(Duration::from_millis(60));
    pty.send("\r");
}

#[test]
fn the_prompt_is_there_before_the_session_is_and_what_is_typed_runs_when_it_is() {
    let ready = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&ready);
    let livy = Livy::failing(move |request| {
        let starting = request.line() == "GET /sessions/0/state" && !gate.load(Ordering::SeqCst);
        if starting {
            Fault::Instead(support::Reply::json(200, r#"{"id":0,"state":"starting"}"#))
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("session 0 starting");
    assert!(livy.submitted().is_empty());
    ready.store(true, Ordering::SeqCst);
    pty.wait_for("pyspark 2>");
    pty.wait_for("\n2");
    pty.send("\x04");
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}

#[test]
fn ctrl_c_with_nothing_typed_gives_a_starting_session_up() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0/state");
    pty.send("\x03");
    assert_eq!(pty.exit_code(), 130);
    livy.assert_clean();
}

#[test]
fn ctrl_c_while_typed_code_waits_gives_the_code_back() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "kept = 1");
    pty.wait_for("Ctrl-C drops it");
    pty.send("\x03");
    pty.wait_for("not sent: the session is still starting");
    pty.wait_until("the code back in the editor", |screen| {
        screen
            .contents()
            .trim_end()
            .ends_with("pyspark 1> kept = 1")
    });
    pty.send("\x03\x04");
    assert_eq!(pty.exit_code(), 0);
    assert!(livy.submitted().is_empty());
    livy.assert_clean();
}

#[test]
fn ctrl_c_cancels_what_runs_and_the_next_statement_works() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "hang");
    pty.wait_for("Ctrl-C cancels");
    pty.send("\x03");
    pty.wait_for("cancelled");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 3>");
    pty.send("\x04");
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}

#[test]
fn term_at_the_prompt_deletes_the_session_and_restores_the_terminal() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0/state");
    let pid = i32::try_from(pty.pid()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // held open: the terminal's mode outlives the program only as long as somebody holds it
    let device = std::fs::File::open(pty.device()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(pty.exit_code(), 143);
    let mode = rustix::termios::tcgetattr(&device).unwrap().local_modes;
    let cooked = rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ICANON;
    assert!(mode.contains(cooked), "{mode:?}");
    livy.assert_clean();
}

#[test]
fn an_idle_shell_keeps_its_session_alive_and_notices_its_end() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0/state");
    let seen = livy.asked("GET /sessions/0/state");
    // nobody types: only the heartbeat asks
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while livy.asked("GET /sessions/0/state") < seen + 4 {
        assert!(std::time::Instant::now() < end, "no heartbeat");
        std::thread::sleep(Duration::from_millis(50));
    }
    livy.forget();
    pty.wait_for("the session is gone");
    pty.send("\x04");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn restart_deletes_the_session_and_makes_another() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":restart");
    livy.until("DELETE /sessions/0");
    livy.until("GET /sessions/1/state");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 3>");
    pty.send("\x04");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(livy.submitted().len(), 2);
    // made, deleted, left
    assert_eq!(livy.counts(), (2, 2, 0));
}

#[test]
fn an_unreachable_server_leaves_the_shell_and_what_was_typed() {
    let home = Home::new();
    let mut pty = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .size(100, 30)
        .arg("http://127.0.0.1:1")
        .spawn();
    pty.wait_for("the server cannot be reached");
    enter(&mut pty, "kept = 1");
    pty.wait_for("not sent; :restart tries to get a session again");
    pty.wait_until("the code back in the editor", |screen| {
        screen
            .contents()
            .trim_end()
            .ends_with("pyspark 1> kept = 1")
    });
    pty.send("\x03\x04");
    assert_eq!(pty.exit_code(), 3);
}

#[test]
fn commands_show_what_they_are_for() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    for (line, shown) in [
        (":info", "rows per SQL answer"),
        (":sessions", "livysh-"),
        (":statements", "1 + 1"),
        (":logs", "logline"),
        (":history 1 +", "pyspark"),
        (":kind", "pyspark"),
        (":format", "text"),
        (":timing", "timing is on"),
        (":help load", "run a file, statement by statement"),
        (":nope", "there is no command :nope"),
        (":cancel", "no such statement was left running"),
    ] {
        pty.send("\x0c");
        enter(&mut pty, line);
        pty.wait_for(shown);
    }
    enter(&mut pty, ":quit");
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}
