use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::pty::{Builder, DEADLINE};
use crate::{Probe, pause};

#[test]
fn a_line_from_elsewhere_and_a_new_state_leave_what_is_typed() {
    let mut probe = Probe::start(&["color"]);
    probe.pty.send(":later\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("for x in y:\rpri");
    probe.pty.wait_for("    pri");
    probe.open_gate();
    probe
        .pty
        .wait_until("a red prompt below the line", |screen| {
            let text = screen.contents();
            let row = text.lines().position(|line| line.starts_with("py 2> "));
            let red = row.and_then(|row| screen.cell(u16::try_from(row).ok()?, 0));
            text.contains("a line from elsewhere\npy 2> for x in y:\n    pri")
                && red.is_some_and(|cell| cell.fgcolor() == vt100::Color::Idx(1))
        });
    probe.type_slowly("nt\r\r");
    probe.pty.wait_for(r#"got 2: "for x in y:\n    print""#);
}

#[test]
fn history_loaded_while_somebody_sits_at_the_prompt_is_there_at_once() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":later\r");
    probe.pty.wait_for("py 2> ");
    probe.open_gate();
    probe.pty.wait_for("a line from elsewhere");
    // The newest is the command itself, then what was loaded.
    probe.pty.send("\x1b[A\x1b[A");
    probe.pty.wait_for("py 2> for a in b:\n    c");
    probe.pty.send("\x1b[A\x1b[A");
    probe.pty.wait_for("py 2> older entry");
}

#[test]
fn up_in_an_empty_history_waits_for_entries_that_are_on_their_way() {
    let mut probe = Probe::start(&["expects"]);
    probe.pty.send("\x1b[A");
    pause();
    probe.open_gate();
    probe.pty.wait_for("py 1> older entry");
}

#[test]
fn a_resize_keeps_half_typed_text() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("one + two + three + four");
    probe.pty.resize(20, 10);
    // It is drawn again for the next key at the latest.
    probe.type_slowly("!");
    probe.pty.wait_for("four!");
    probe.pty.resize(80, 24);
    probe.type_slowly("\x7f\r");
    probe.pty.wait_for("got 1: \"one + two + three + four\"");
}

/// The window changes while the editor is between one entry and the next.
#[test]
fn a_resize_just_before_a_prompt_is_not_missed() {
    let mut probe = Probe::start(&[]);
    let text = "0123456789".repeat(5);
    for round in 1..=3 {
        probe.pty.resize(40, 24);
        pause();
        probe.pty.send("x\r");
        probe.pty.wait_for(&format!("got {round}: "));
        probe.pty.resize(100, 24);
        let prompt = format!("py {}> ", round + 1);
        probe.pty.wait_for(&prompt);
        // a wrong idea of the window shows as a row that ends where none should
        for chunk in text.as_bytes().chunks(10) {
            probe.pty.send(std::str::from_utf8(chunk).unwrap());
            pause();
        }
        probe.pty.wait_for(&format!("{prompt}{text}"));
        probe.pty.send("\x15");
        probe.pty.wait_until("an empty line", |screen| {
            screen.contents().trim_end().ends_with(prompt.trim_end())
        });
    }
}

#[test]
fn a_closed_terminal_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let probe = crate::builder(&[], &folder);
    // The probe's terminal is script's, and closed when that is killed.
    let pty = Builder::new("/usr/bin/script")
        .arg("-qec")
        .arg(format!("{} ignore-hangup", probe.program().display()))
        .arg("/dev/null")
        .env("PROBE_REPORT", report.as_os_str())
        .spawn();
    pty.wait_for("py 1> ");
    let script = rustix::process::Pid::from_raw(pty.pid().try_into().unwrap()).unwrap();
    rustix::process::kill_process(script, rustix::process::Signal::KILL).unwrap();
    let end = Instant::now() + DEADLINE;
    while fs::read_to_string(&report).unwrap_or_default().is_empty() {
        assert!(Instant::now() < end, "it did not notice");
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(fs::read_to_string(&report).unwrap(), "end");
}

#[test]
fn stopped_and_continued_it_shows_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let probe = crate::builder(&[], &folder);
    let mut pty = Builder::new("/bin/bash")
        .arg("--norc")
        .arg("--noprofile")
        .arg("-i")
        .env("PS1", "bash$ ")
        .env("PROBE", probe.program())
        .spawn();
    pty.wait_for("bash$ ");
    pty.send("$PROBE\r");
    pty.wait_for("py 1> ");
    pty.send("half");
    pty.wait_for("py 1> half");
    pty.send("\x1a");
    pty.wait_for("Stopped");
    pty.send("fg\r");
    pty.wait_until("the prompt again", |screen| {
        screen.contents().matches("py 1> half").count() == 2
    });
    pty.send("way\r");
    pty.wait_for("got 1: \"halfway\"");
    pty.send(":quit\r");
    // Else the editor reads it ahead.
    pty.wait_until("bash again", |screen| {
        screen.contents().trim_end().ends_with("\nbash$")
    });
    pty.send("exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_session_that_dies_while_nothing_is_typed_is_told_by_a_word() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly(":later\r");
    probe.pty.wait_for("py 2> ");
    probe.open_gate();
    probe.pty.wait_for("py 2> (dead)");
}

#[test]
fn a_word_says_what_the_prompts_colour_does_where_nothing_is_typed() {
    let mut probe = Probe::start(&["starts"]);
    probe.pty.wait_for("py 1> (starting)");
    probe
        .pty
        .wait_until("cursor", |screen| screen.cursor_position() == (0, 6));
    probe.type_slowly("\x1b[C:later");
    probe.pty.wait_until("the typed text alone", |screen| {
        screen.contents().trim_end().ends_with("py 1> :later")
    });
    probe.type_slowly("\r");
    // nothing of it stays behind
    probe.pty.wait_for("py 1> :later\ngot 1");
    probe.pty.wait_for("py 2> (starting)");
    probe.open_gate();
    probe.pty.wait_for("a line from elsewhere");
    probe.pty.wait_for("py 2> (dead)");
    probe.pty.send("\r");
    probe.pty.wait_for("py 2> \ngot 2: \"\"\npy 3> (dead)");
    probe.pty.send("\x1b[A");
    probe.pty.wait_until("an earlier entry alone", |screen| {
        screen.contents().trim_end().ends_with("py 3> :later")
    });
}
