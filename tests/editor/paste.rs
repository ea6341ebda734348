use std::fmt::Write;

use crate::{Probe, pause};

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "value_{number:04} = {number:012}").unwrap();
        text
    })
}

#[test]
fn a_thousand_pasted_lines_are_one_entry() {
    let mut probe = Probe::start(&["color"]);
    let text = lines(1_000);
    assert!(text.len() > 24_000);
    probe.pty.paste(&text);
    probe.pty.wait_for("value_0999");
    pause();
    probe.pty.send("\r");
    let expected = format!("got 1: {} bytes, 1000 lines", text.trim_end().len());
    probe.pty.wait_for(&expected);
}

#[test]
fn a_pasted_control_character_reaches_neither_the_terminal_nor_the_entry() {
    let mut probe = Probe::start(&[]);
    probe.pty.paste("a\x07\x0e\r\nb\n\n");
    probe.pty.wait_for("py 1> a\nb");
    pause();
    probe.pty.send("\r");
    probe.pty.wait_for(r#"got 1: "a\nb""#);
    assert!(!probe.pty.raw().iter().any(|byte| matches!(byte, 7 | 14)));
}

#[test]
fn an_unmarked_paste_gets_no_indentation_of_ours_and_loses_no_line() {
    let mut probe = Probe::start(&["color"]);
    probe
        .pty
        .send("def f():\r    if x:\r        return 1\r    return 2\r\rf()\r");
    probe
        .pty
        .wait_for(r#"got 1: "def f():\n    if x:\n        return 1\n    return 2""#);
    probe.pty.wait_for(r#"got 2: "f()""#);
}

#[test]
fn tabs_in_an_unmarked_paste_are_text() {
    let mut probe = Probe::start(&[]);
    probe.pty.send("f(1,\t\t'a\tb',\r\t\t\t2)\r");
    probe.pty.wait_for(r#"got 1: "f(1,\t\t'a\tb',\n\t\t\t2)""#);
}
