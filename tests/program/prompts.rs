//! Ctrl-C, TERM and HUP wherever something is asked or waited for on a terminal.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::json;

use super::pty::{Builder, Pty};
use super::shell::{enter, leave_behind, shell};
use super::support::{Gate, Reply};
use super::*;

/// The program in a terminal, with a home and these arguments.
fn program(home: &Home, terminal: &str, arguments: &[&str]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .env("TERM", terminal)
        .size(100, 30);
    let builder = arguments
        .iter()
        .fold(builder, |builder, it| builder.arg(*it));
    builder.spawn()
}

/// It ends so, and the terminal shows again what is typed.
#[track_caller]
fn ends(pty: &mut Pty, code: u32, device: &std::fs::File) {
    assert_eq!(pty.exit_code(), code, "{}", pty.screen());
    let mode = tcgetattr(device).unwrap().local_modes;
    assert!(
        mode.contains(LocalModes::ECHO | LocalModes::ICANON),
        "{mode:?}"
    );
}

/// The terminal's mode outlives the program only as long as somebody holds it.
fn held(pty: &Pty) -> std::fs::File {
    std::fs::File::open(Path::new(&pty.device())).unwrap()
}

/// How to end the program, and its exit code then.
const ENDS: [(Option<Signal>, u32); 4] = [
    (None, 130),
    (Some(Signal::TERM), 143),
    (Some(Signal::HUP), 129),
    (Some(Signal::QUIT), 131),
];

fn end_by(pty: &mut Pty, how: Option<Signal>) {
    match how {
        None => pty.send("\x03"),
        Some(how) => pty.signal(how),
    }
}

#[test]
fn the_password_prompt_is_left_at_once_and_the_echo_is_back() {
    for script in [true, false] {
        for (how, code) in ENDS {
            let (livy, home) = (Livy::new(), Home::new());
            let url = livy.url();
            let mut arguments = vec!["--user", "me", &url];
            if script {
                arguments.extend(["-e", "1 + 1"]);
            }
            let mut pty = program(&home, "xterm", &arguments);
            let device = held(&pty);
            pty.wait_for("assword");
            std::thread::sleep(moment());
            end_by(&mut pty, how);
            ends(&mut pty, code, &device);
            livy.assert_untouched();
        }
    }
}

#[test]
fn the_question_before_an_installation_is_left_at_once() {
    for (how, code) in ENDS {
        let home = Home::new();
        let mut pty = program(&home, "xterm", &["local"]);
        let device = held(&pty);
        pty.wait_for("Go on? [Y/n]");
        end_by(&mut pty, how);
        ends(&mut pty, code, &device);
    }
}

#[test]
fn on_a_dumb_terminal_ctrl_c_gives_a_starting_session_up() {
    for (how, code) in ENDS {
        let livy = Livy::start(Plan {
            starting: 10_000,
            ..Plan::default()
        });
        let home = Home::new();
        let mut pty = program(&home, "dumb", &[&livy.url()]);
        let device = held(&pty);
        pty.wait_for("pyspark 1>");
        livy.until("GET /sessions/0");
        end_by(&mut pty, how);
        ends(&mut pty, code, &device);
        livy.assert_clean();
    }
}

#[test]
fn on_a_dumb_terminal_ctrl_c_drops_the_entry_and_the_next_one_runs() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = program(&home, "dumb", &[&livy.url()]);
    pty.wait_for("pyspark 1>");
    pty.send("1 + 1\r");
    pty.wait_for("pyspark 2>");
    pty.send("f(1,\r");
    pty.wait_for("...");
    pty.send("half\x03");
    pty.wait_until("a new prompt", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2>")
    });
    pty.send("after\r");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.submitted(), ["1 + 1", "after"]);
    livy.assert_clean();
}

#[test]
fn on_a_dumb_terminal_text_that_was_not_sent_is_shown_again() {
    let livy = Livy::start(Plan {
        started: "dead",
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = program(&home, "dumb", &[&livy.url()]);
    pty.wait_for("pyspark 1>");
    pty.send("1 + 1\r");
    pty.wait_for("enter this again to run it:\n1 + 1\npyspark 1>");
    assert_eq!(pty.leave(), 3);
    assert!(livy.submitted().is_empty());
    livy.assert_clean();
}

#[test]
fn on_a_dumb_terminal_what_was_typed_ahead_does_not_run_after_a_failure() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "POST /sessions/0/statements" => Fault::Late(4 * moment()),
        _ => Fault::None,
    });
    let home = Home::new();
    let mut pty = program(&home, "dumb", &[&livy.url()]);
    pty.wait_for("pyspark 1>");
    pty.send("raise\r");
    livy.until("POST /sessions/0/statements");
    pty.send("never\r");
    pty.wait_for("what was typed before this prompt is dropped\npyspark 2>");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.submitted(), ["raise"]);
    livy.assert_clean();
}

#[test]
fn ctrl_c_at_a_restart_that_hangs_gives_the_prompt_back() {
    let livy = Livy::failing(|request| match request.line().as_str() {
        "DELETE /sessions/0" => Fault::Instead(Reply::never()),
        _ => Fault::None,
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":restart");
    livy.until("DELETE /sessions/0");
    std::thread::sleep(moment());
    pty.send("\x03");
    pty.wait_for("session 0 may still be there; its deletion goes on");
    livy.until("GET /sessions/1");
    enter(&mut pty, "2 + 2");
    pty.wait_for("pyspark 3>");
    pty.send("\x04");
    // the second session goes first, then the first one still hangs
    livy.until("DELETE /sessions/1");
    std::thread::sleep(moment());
    pty.send("\x03");
    assert_eq!(pty.exit_code(), 130);
    assert_eq!(livy.counts(), (2, 1, 1));
}

/// Presses Ctrl-D until something is so: where a statement was left, the next prompt hears none of the keys that were
/// pressed before it.
#[track_caller]
fn ctrl_d_until(pty: &mut Pty, so: impl Fn() -> bool) {
    for _ in 0..300 {
        pty.send("\x04");
        for _ in 0..40 {
            if so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    panic!("never: {}", pty.screen());
}

#[test]
fn ctrl_c_while_ctrl_d_looks_after_statements_gives_the_prompt_back() {
    let hangs = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&hangs);
    let livy = Livy::start(Plan {
        interpreter: Box::new(|_, _| Ran::Spins),
        fault: Box::new(move |request| {
            if gate.load(Ordering::SeqCst) && request.target.contains("/statements/") {
                Fault::Instead(Reply::never())
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    leave_behind(&mut pty, "spin");
    hangs.store(true, Ordering::SeqCst);
    let looks = livy.asked("GET /sessions/0/statements/0");
    ctrl_d_until(&mut pty, || {
        livy.asked("GET /sessions/0/statements/0") > looks
    });
    pty.send("\x03");
    std::thread::sleep(Duration::from_millis(100));
    enter(&mut pty, ":kind");
    pty.wait_until("the kind", |screen| {
        screen
            .contents()
            .lines()
            .any(|line| line.trim() == "pyspark")
    });
    // had the look ended by itself, it would have told
    assert!(!pty.screen().contains("still runs"), "{}", pty.screen());
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    livy.assert_clean();
}

#[test]
fn quit_at_the_prompt_ends_as_term_does() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    let device = held(&pty);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    pty.signal(Signal::QUIT);
    ends(&mut pty, 131, &device);
    livy.assert_clean();
}

#[test]
fn a_script_cut_by_ctrl_c_while_it_is_piped_in_is_not_run() {
    let (livy, home) = (Livy::new(), Home::new());
    let line = format!(
        "(echo '1 + 1'; echo begun >&2; exec sleep 60) | {} {}",
        env!("CARGO_BIN_EXE_livysh"),
        livy.url()
    );
    let pty = Builder::new("/bin/sh")
        .env("LIVYSH_HOME", home.path("livysh"))
        .arg("-c")
        .arg(line);
    let mut pty = pty.spawn();
    pty.wait_for("begun");
    std::thread::sleep(moment());
    pty.send("\x03");
    pty.drain();
    assert!(livy.requests().is_empty());
}

/// A terminal that is held by Ctrl-S shows no question: what is done before the question is seen can be waited for.
#[test]
fn ctrl_d_at_the_password_prompt_is_not_lost_however_early_it_comes() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = program(&home, "xterm", &["--user", "me", "-e", "1", &livy.url()]);
    let device = held(&pty);
    pty.send("\x13");
    let end = std::time::Instant::now() + Duration::from_secs(60);
    let reads_lines = || {
        let mode = tcgetattr(&device).unwrap().local_modes;
        mode.contains(LocalModes::ICANON)
    };
    while reads_lines() {
        assert!(std::time::Instant::now() < end, "the question comes first");
        std::thread::sleep(Duration::from_millis(5));
    }
    pty.send("\x04\x11");
    ends(&mut pty, 3, &device);
    assert!(pty.screen().contains("assword"), "{}", pty.screen());
    livy.assert_untouched();
}

#[test]
fn on_a_dumb_terminal_the_loss_of_a_session_is_told() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = program(&home, "dumb", &["--heartbeat", "1", &livy.url()]);
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    livy.restart(json!({"kind": "pyspark", "name": "other"}), None);
    pty.wait_for("the session is gone (the server was restarted, and its id is another's)");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn ctrl_c_while_a_statement_is_being_sent_says_that_the_cancel_follows() {
    for waits in [true, false] {
        let gate = Gate::default();
        let hold = gate.clone();
        let livy = Livy::failing(move |request| match request.line().as_str() {
            "POST /sessions/0/statements" => Fault::Held(hold.clone()),
            _ => Fault::None,
        });
        let home = Home::new();
        let mut pty = shell(&livy, &home, &[]);
        pty.wait_for("pyspark 1>");
        enter(&mut pty, "hang");
        livy.until("POST /sessions/0/statements");
        pty.wait_for("sending");
        pty.send("\x03");
        pty.wait_for("still being sent; the cancel follows the server's answer (Ctrl-C again");
        if waits {
            gate.open();
            pty.wait_for("cancelled");
            livy.until("POST /sessions/0/statements/0/cancel");
        } else {
            pty.send("\x03");
        }
        pty.wait_for("pyspark 2>");
        gate.open();
        assert_eq!(pty.leave(), 0);
        livy.assert_clean();
    }
}
