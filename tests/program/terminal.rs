//! Results on a real terminal: nothing that a server says reaches it raw.
use std::io::Read;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::*;

/// What a terminal gets to see of a run.
fn seen(livy: &Livy, arguments: &[&str], code: u32) -> String {
    seen_while(livy, arguments, code, |_| ())
}

/// The same; meanwhile something is done to the process.
fn seen_while(livy: &Livy, arguments: &[&str], code: u32, act: impl Fn(Pid)) -> String {
    let home = Home::new();
    let size = PtySize {
        rows: 24,
        cols: 80,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_livysh"));
    command.args(arguments);
    command.arg(livy.url());
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("HOME", home.path(""));
    command.env("LIVYSH_HOME", home.path("livysh"));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // the end of a terminal is an error on Linux
        let _ = reader.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let id = i32::try_from(child.process_id().unwrap()).unwrap();
    act(Pid::from_raw(id).unwrap());
    let status = child.wait().unwrap();
    drop(pair.master);
    let text = reading.join().unwrap();
    assert_eq!(status.exit_code(), code, "{text}");
    text
}

const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\rback";

#[track_caller]
fn is_harmless(text: &str) {
    assert!(text.contains("owned"), "{text:?}");
    for raw in ["\u{1b}]0;", "\u{1b}[2J", "\u{9b}", "\u{7}", "\u{8}"] {
        assert!(!text.contains(raw), "{raw:?} in {text:?}");
    }
}

#[test]
fn hostile_results_errors_and_tables_are_harmless_in_every_format() {
    let livy = Livy::answering(|code, _| {
        Ran::Ends(
            1,
            match code {
                "text" => livy::text(HOSTILE),
                "table" => livy::table(&json!([[1, HOSTILE]])),
                _ => {
                    json!({"status": "error", "ename": HOSTILE, "evalue": HOSTILE, "traceback": [HOSTILE]})
                }
            },
        )
    });
    for format in ["text", "table", "csv", "tsv", "json", "ndjson"] {
        is_harmless(&seen(&livy, &["-o", format, "-e", "text"], 0));
        is_harmless(&seen(&livy, &["-o", format, "-e", "table"], 0));
        is_harmless(&seen(&livy, &["-o", format, "-e", "error"], 1));
    }
}

#[test]
fn hostile_logs_and_refusals_are_harmless() {
    let livy = Livy::start(Plan {
        started: "dead",
        log: vec![HOSTILE.to_owned()],
        ..Plan::default()
    });
    is_harmless(&seen(&livy, &["-e", "1"], 3));
    let said = json!({"msg": HOSTILE}).to_string();
    let livy = Livy::failing(move |_| Fault::Instead(support::Reply::json(400, &said)));
    is_harmless(&seen(&livy, &["-vv", "-e", "1"], 3));
}

#[test]
fn hostile_names_and_logs_of_other_peoples_sessions_are_harmless() {
    let livy = Livy::start(Plan {
        log: vec![HOSTILE.to_owned()],
        ..Plan::default()
    });
    livy.make(json!({"kind": "spark", "name": HOSTILE}));
    is_harmless(&seen(&livy, &["sessions", "list"], 0));
    is_harmless(&seen(&livy, &["sessions", "show", "0"], 0));
    is_harmless(&seen(&livy, &["sessions", "logs", "0"], 0));
}

#[test]
fn term_and_hup_in_the_shell_delete_the_session_at_the_prompt_and_while_it_starts() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        for starting in [0, 10_000] {
            let livy = Livy::start(Plan {
                starting,
                ..Plan::default()
            });
            seen_while(&livy, &[], code, |process| {
                livy.until("GET /sessions/0");
                std::thread::sleep(moment());
                kill_process(process, signal).unwrap();
            });
            livy.assert_clean();
        }
    }
}
