//! What is on the screen: wide characters, buffers taller than the window, other window sizes.
use crate::{Probe, pause};

fn cursor(screen: &vt100::Screen) -> (u16, u16) {
    screen.cursor_position()
}

#[test]
fn wide_characters_take_two_columns_and_the_cursor_knows() {
    let mut probe = Probe::start(&["color"]);
    probe.pty.send("'日本語é'");
    probe.pty.wait_for("py 1> '日本語é'");
    probe.pty.wait_until("the cursor behind it", |screen| {
        cursor(screen) == (0, 6 + 9)
    });
    // Left over the quote, the é and two wide ones, a wide one in between, and Home
    for (keys, column) in [
        ("\x1b[D\x1b[D\x1b[D\x1b[D", 6 + 3),
        ("中", 6 + 5),
        ("\x01", 6),
    ] {
        probe.pty.send(keys);
        probe.pty.wait_until(&format!("column {column}"), |screen| {
            cursor(screen) == (0, column)
        });
    }
    pause();
    probe.pty.send("\r");
    probe.pty.wait_for("got 1: \"'日中本語é'\"");
}

#[test]
fn a_wide_character_that_does_not_fit_begins_the_next_row() {
    let mut probe = Probe::with(&[], |builder| builder.size(10, 8));
    probe.pty.send("abc日本");
    // six columns of prompt, three letters: one column is left
    probe.pty.wait_until("the second row", |screen| {
        screen.contents().contains("日本") && cursor(screen) == (1, 4)
    });
    pause();
    probe.pty.send("\r");
    probe.pty.wait_for("日本");
    probe.pty.wait_for("py 2>");
}

#[test]
fn a_buffer_taller_than_the_window_is_edited_at_its_end_and_submitted_whole() {
    let mut probe = Probe::with(&["color"], |builder| builder.size(40, 8));
    let text: String = (0..30).map(|n| format!("line_{n}(\n")).collect();
    probe.pty.paste(&text);
    probe.pty.wait_for("line_29(");
    for key in ["a", "b", "\x7f", "c"] {
        probe.pty.send(key);
        pause();
    }
    probe
        .pty
        .wait_until("the end of the buffer above the window's", |screen| {
            let text = screen.contents();
            text.contains("line_29(\n") && text.trim_end().ends_with("ac")
        });
    // the first line cannot be seen, and is there
    pause();
    probe.type_slowly("\r\r");
    probe.pty.wait_for(r#"line_29(\nac""#);
}

#[test]
fn a_smaller_and_a_larger_window_show_all_lines_of_the_buffer() {
    let mut probe = Probe::start(&["color"]);
    probe
        .pty
        .paste("f('one',\n  'a text that is as long as a narrow window is not',\n  'three'");
    probe.pty.wait_for("'three'");
    for (columns, rows) in [(30, 12), (120, 40), (50, 10)] {
        probe.pty.resize(columns, rows);
        // it is drawn again for the next key at the latest
        probe.type_slowly("!\x7f");
        probe
            .pty
            .wait_until(&format!("all lines in {columns} columns"), |screen| {
                let text: String = screen.contents().split_whitespace().collect();
                text.contains("f('one','atextthatisaslongasanarrowwindowisnot','three'")
                    && !text.ends_with('!')
            });
    }
    probe.type_slowly(")\r");
    probe.pty.wait_for(r#"got 1: "f('one',\n"#);
}
