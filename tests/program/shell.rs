//! The interactive shell in a real terminal, against a Livy in memory.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::pty::{self, Builder, Pty};
pub use super::typing::enter;
use super::*;

/// The colour of a prompt whose session is idle.
const IDLE: vt100::Color = vt100::Color::Idx(2);

/// A shell on that server in a terminal of its own.
pub fn shell(livy: &Livy, home: &Home, options: &[&str]) -> Pty {
    shell_at(&livy.url(), home, options)
}

/// The same at that address. A lost statement is looked for only for a moment.
pub fn shell_at(url: &str, home: &Home, options: &[&str]) -> Pty {
    builder(url, home, options).spawn()
}

/// The same, not yet started.
pub fn builder(url: &str, home: &Home, options: &[&str]) -> Builder {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .env("LIVYSH_TEST_SEARCH_MS", "500")
        .size(100, 30);
    let builder = options
        .iter()
        .fold(builder, |builder, option| builder.arg(*option));
    builder.arg(url)
}

/// A shell whose session has answered a first statement: it is at its second prompt.
pub fn answered(livy: &Livy, home: &Home, options: &[&str]) -> Pty {
    let mut pty = shell(livy, home, options);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    pty
}

/// Sends as a shell's first statement one that hangs, and leaves it behind.
pub fn leave_behind(pty: &mut Pty, code: &str) {
    pty.wait_for("pyspark 1>");
    enter(pty, code);
    pty.wait_for("Ctrl-C cancels");
    pty.send("\x03");
    pty.wait_for("Ctrl-C again stops waiting");
    pty.send("\x03");
    pty.wait_for("goes on as the server's statement 0");
    pty.wait_for("pyspark 2>");
}

/// The mark that a hidden statement is to print.
pub fn mark(code: &str) -> Option<&str> {
    let at = code.find("livysh-")?;
    code.get(at..at + 24)
}

/// A home, and a shell on that server at its first prompt.
fn at_prompt(livy: &Livy, options: &[&str]) -> (Home, Pty) {
    let home = Home::new();
    let pty = shell(livy, &home, options);
    pty.wait_for("pyspark 1>");
    (home, pty)
}

/// Leaves with Ctrl-D, and the session goes too.
#[track_caller]
fn leave(mut pty: Pty, livy: &Livy) {
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn the_prompt_is_there_before_the_session_is_and_what_is_typed_runs_when_it_is() {
    let ready = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&ready);
    let livy = Livy::failing(move |request| {
        let line = request.line();
        let look = matches!(line.as_str(), "GET /sessions/0" | "GET /sessions/0/state");
        let starting = look && !gate.load(Ordering::SeqCst);
        if starting {
            Fault::Instead(support::Reply::json(200, r#"{"id":0,"state":"starting"}"#))
        } else {
            Fault::None
        }
    });
    let (_home, mut pty) = at_prompt(&livy, &[]);
    enter(&mut pty, "1 + 1");
    pty.wait_for("runs when it is ready");
    pty.wait_for("pyspark 2>");
    assert!(livy.submitted().is_empty());
    ready.store(true, Ordering::SeqCst);
    pty.wait_for("pyspark 2>");
    pty.wait_for("\n2");
    leave(pty, &livy);
}

#[test]
fn ctrl_c_with_nothing_typed_gives_a_starting_session_up() {
    let livy = Livy::start(Plan {
        starting: 10_000,
        ..Plan::default()
    });
    let (_home, mut pty) = at_prompt(&livy, &[]);
    livy.until("GET /sessions/0");
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
    let (_home, mut pty) = at_prompt(&livy, &[]);
    enter(&mut pty, "kept = 1");
    pty.wait_for("Ctrl-C takes it back");
    pty.wait_for("pyspark 2>");
    pty.send("\x03");
    pty.wait_for("statement 1 does not wait any more");
    pty.wait_until("the code back in the editor", |screen| {
        screen
            .contents()
            .trim_end()
            .ends_with("pyspark 1> kept = 1")
    });
    assert_eq!(pty.clear_and_leave(), 0);
    assert!(livy.submitted().is_empty());
    livy.assert_clean();
}

#[test]
fn ctrl_c_cancels_what_runs_and_the_next_statement_works() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &[]);
    enter(&mut pty, "hang");
    pty.wait_for("Ctrl-C cancels");
    pty.send("\x03");
    pty.wait_for("cancelled");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 3>");
    leave(pty, &livy);
}

#[test]
fn term_at_the_prompt_deletes_the_session_and_restores_the_terminal() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &[]);
    livy.until("GET /sessions/0");
    // held open: the terminal's mode outlives the program only as long as somebody holds it
    let device = std::fs::File::open(pty.device()).unwrap();
    pty.signal(rustix::process::Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    let mode = rustix::termios::tcgetattr(&device).unwrap().local_modes;
    let cooked = rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ICANON;
    assert!(mode.contains(cooked), "{mode:?}");
    livy.assert_clean();
}

#[test]
fn an_idle_shell_keeps_its_session_alive_and_notices_its_end() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &["--heartbeat", "1"]);
    livy.until("GET /sessions/0");
    let seen = livy.asked("GET /sessions/0");
    // nobody types: only the heartbeat asks
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while livy.asked("GET /sessions/0") < seen + 4 {
        assert!(std::time::Instant::now() < end, "no heartbeat");
        std::thread::sleep(Duration::from_millis(50));
    }
    livy.forget();
    pty.wait_for("the session is gone");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn restart_deletes_the_session_and_makes_another() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &[]);
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":restart");
    livy.until("DELETE /sessions/0");
    livy.until("GET /sessions/1");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
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
    assert_eq!(pty.clear_and_leave(), 3);
}

#[test]
fn with_an_output_file_commands_still_speak_to_the_terminal() {
    let livy = Livy::new();
    let home = Home::new();
    let out = home.path("out");
    let mut pty = shell(&livy, &home, &["--output", out.to_str().unwrap()]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, ":help load");
    pty.wait_for("run a file, statement by statement");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":info");
    pty.wait_for("rows per SQL answer");
    enter(&mut pty, ":quit");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(std::fs::read_to_string(out).unwrap(), "2\n");
    livy.assert_clean();
}

#[test]
fn commands_show_what_they_are_for() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &[]);
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

#[test]
fn what_a_notebook_runs_and_no_session_does_is_told_and_not_sent() {
    let livy = Livy::new();
    let (_home, mut pty) = at_prompt(&livy, &[]);
    for (line, shown) in [
        ("!ls -l", "`:! ls -l` runs it on this machine"),
        ("%time 1 + 1", "`:timing` shows"),
    ] {
        typing::ask(&mut pty, line, shown, "pyspark 1>");
    }
    // what has more lines stands there again
    pty.send("\x0c\x1b[200~2 + 2\n%cd y\x1b[201~");
    pty.wait_for("%cd y");
    std::thread::sleep(Duration::from_millis(150));
    pty.send("\r");
    pty.wait_for("`os.chdir(…)`");
    pty.wait_until("the code back in the editor", |screen| {
        let shown = screen.contents();
        shown.trim_end().ends_with("pyspark 1> 2 + 2\n%cd y")
    });
    pty.send("\x03");
    typing::prompt(&pty, "pyspark 1>");
    // the session judges what is its own, and what is asked for in so many words
    for (line, next) in [("%json 1", "pyspark 2>"), (":py %time 1", "pyspark 3>")] {
        enter(&mut pty, line);
        typing::prompt(&pty, next);
    }
    assert_eq!(livy.submitted(), ["%json 1", "%time 1"]);
    leave(pty, &livy);
}

#[test]
fn a_statement_left_behind_is_known_until_it_has_ended_though_it_is_being_cancelled() {
    let livy = Livy::answering(|_, _| Ran::Spins);
    let (_home, mut pty) = at_prompt(&livy, &[]);
    enter(&mut pty, "spin");
    pty.wait_for("Ctrl-C cancels");
    pty.send("\x03");
    livy.until("POST /sessions/0/statements/0/cancel");
    pty.send("\x03");
    pty.wait_for("left behind");
    pty.wait_for("pyspark 2>");
    for count in 1..=2 {
        pty.send(":cancel 1");
        // while keys typed before the prompt are held back, an Enter only adds a line
        let end = std::time::Instant::now() + pty::DEADLINE;
        while pty.screen().matches("is being cancelled").count() < count {
            assert!(std::time::Instant::now() < end, "{}", pty.screen());
            pty.press("\r");
        }
    }
    // an Enter too many may stand in the line: Ctrl-C clears it, and Ctrl-D then is on an empty one
    let end = std::time::Instant::now() + pty::DEADLINE;
    while !pty
        .screen()
        .contains("a statement that you left behind still runs")
    {
        assert!(std::time::Instant::now() < end, "{}", pty.screen());
        pty.send("\x03");
        std::thread::sleep(Duration::from_millis(100));
        pty.send("\x04");
        std::thread::sleep(Duration::from_millis(300));
    }
    leave(pty, &livy);
}

#[test]
fn the_log_of_a_session_that_did_not_start_can_still_be_read() {
    let livy = Livy::start(Plan {
        started: "dead",
        log: vec!["the queue is full".to_owned()],
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("the queue is full");
    livy.until("DELETE /sessions/0");
    pty.wait_for("pyspark 1>");
    enter(&mut pty, ":clear");
    pty.wait_until("an empty screen", |screen| {
        screen.contents().trim() == "pyspark 1> (dead)"
    });
    enter(&mut pty, ":logs");
    pty.wait_for("session 0 ended while it started");
    pty.wait_for("\nthe queue is full");
    pty.wait_for("it is deleted, and the rest of its log with it");
    enter(&mut pty, ":quit");
    assert_eq!(pty.exit_code(), 3);
    livy.assert_clean();
}

#[test]
fn the_prompt_is_no_longer_busy_when_the_statement_has_ended() {
    let busy = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&busy);
    let livy = Livy::failing(move |request| {
        if request.line() == "GET /sessions/0" && now.load(Ordering::SeqCst) {
            Fault::Shown("busy")
        } else {
            Fault::None
        }
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    let colour = |screen: &vt100::Screen, prompt: &str| {
        let text = screen.contents();
        let row = text.lines().position(|line| line.starts_with(prompt))?;
        Some(screen.cell(u16::try_from(row).ok()?, 0)?.fgcolor())
    };
    pty.wait_until("an idle prompt", |screen| {
        colour(screen, "pyspark 1>") == Some(IDLE)
    });
    busy.store(true, Ordering::SeqCst);
    pty.wait_until("a busy prompt", |screen| {
        colour(screen, "pyspark 1>").is_some_and(|colour| colour != IDLE)
    });
    enter(&mut pty, "1 + 1");
    pty.wait_until("an idle prompt again", |screen| {
        colour(screen, "pyspark 2>") == Some(IDLE)
    });
    leave(pty, &livy);
}

#[test]
fn a_table_is_as_wide_as_the_window_is_when_its_answer_comes() {
    let livy = Livy::answering(|_, _| Ran::Ends(1, livy::table(&json!([[1, "long ".repeat(40)]]))));
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["-k", "sql"]);
    // the last line of the newest table's frame
    let frame = |screen: &vt100::Screen| {
        let text = screen.contents();
        let line = text.lines().rfind(|line| line.starts_with('└'));
        line.map(|line| (line.chars().count(), line.ends_with('┘')))
    };
    pty.wait_for("sql 1>");
    enter(&mut pty, "select 1;");
    pty.wait_for("sql 2>");
    assert_eq!(pty.look(frame), Some((100, true)));
    for (columns, prompt) in [(60, "sql 3>"), (90, "sql 4>")] {
        pty.resize(columns, 30);
        enter(&mut pty, "select 2;");
        pty.wait_for(prompt);
        assert_eq!(pty.look(frame), Some((columns.into(), true)));
    }
    leave(pty, &livy);
}
