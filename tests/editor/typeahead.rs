use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{InputModes, LocalModes, tcgetattr};

use crate::{Probe, pause};

#[test]
fn keys_typed_during_a_statement_are_silent_and_run_after_it() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":run\r");
    probe.pty.wait_for("running");
    probe.pty.send("a1\rb1\rhalf");
    pause();
    assert!(!probe.pty.screen().contains("a1"));
    probe.open_gate();
    probe.pty.wait_for("got 2: \"a1\"");
    probe.pty.wait_for("got 3: \"b1\"");
    probe.pty.wait_for("py 4> half");
}

#[test]
fn a_paste_made_during_a_statement_is_one_entry_after_it() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":run\r");
    probe.pty.wait_for("running");
    assert!(probe.pty.look(vt100::Screen::bracketed_paste));
    probe.pty.paste("a = 1\nb = 2\n");
    probe.open_gate();
    probe.pty.wait_for("py 2> a = 1\nb = 2");
    pause();
    probe.pty.send("\r");
    probe.pty.wait_for(r#"got 2: "a = 1\nb = 2""#);
}

#[test]
fn after_a_failure_what_was_typed_ahead_stands_in_the_buffer() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":run fails\r");
    probe.pty.wait_for("running");
    probe.pty.send("a1\rb12\x7f\rhalf\x04");
    probe.open_gate();
    probe.pty.wait_for("py 2> a1\nb1\nhalf");
    probe.enter_until(r#"got 2: "a1\nb1\nhalf"#);
}

#[test]
fn after_a_cancel_too_and_ctrl_d_typed_ahead_does_not_end_the_shell() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":run\r");
    probe.pty.wait_for("running");
    probe.pty.send("\x04\x04x\r:quit\r\x03");
    probe.pty.wait_for("cancelled");
    probe.pty.wait_for("py 2> x");
    probe.pty.wait_for(":quit");
    pause();
    assert!(!probe.pty.screen().contains("end"));
}

#[test]
fn what_the_line_editor_had_read_ahead_is_held_back_as_well() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":fail\r1 + 1\r:quit\rlast");
    probe.pty.wait_for("py 2> 1 + 1\n:quit\nlast");
    probe.enter_until(r#"got 2: "1 + 1\n:quit\nlast"#);
}

#[test]
fn a_held_prompt_works_as_ever_once_everything_is_in_the_buffer() {
    let mut probe = Probe::start(&[]);
    for round in 0..20 {
        probe.pty.send(":fail\r");
        probe.pty.wait_for(&format!("py {}> ", 2 * round + 2));
        pause();
        probe.pty.send("ok\r");
        probe.pty.wait_for(&format!("got {}: \"ok", 2 * round + 2));
    }
}

#[test]
fn the_terminal_is_as_before_after_a_way_out_without_destructors() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":restore\r");
    probe.pty.wait_for("restored");
    assert!(!probe.pty.look(vt100::Screen::bracketed_paste));
    // The probe waits for the gate: this is the mode that it left, not the editor's.
    let device = open(
        probe.pty.device(),
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )
    .unwrap();
    let mode = tcgetattr(device).unwrap();
    let line_mode = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
    assert!(mode.local_modes.contains(line_mode), "{mode:?}");
    assert!(mode.input_modes.contains(InputModes::ICRNL), "{mode:?}");
}
