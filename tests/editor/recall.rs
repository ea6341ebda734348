//! Earlier entries: Up with a beginning, Ctrl-R with its rows, hints.
use crate::{Probe, pause};

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";

/// A probe in which these entries were entered.
fn after(options: &[&str], entries: &[&str]) -> Probe {
    let mut probe = Probe::start(options);
    for (at, entry) in entries.iter().enumerate() {
        probe.pty.send(entry);
        pause();
        probe.pty.send("\r");
        probe.pty.wait_for(&format!("got {}: ", at + 1));
        probe.pty.wait_for(&format!("py {}> ", at + 2));
    }
    probe
}

/// Waits until the prompt's line is this, with the cursor in that column behind the prompt.
#[track_caller]
fn shows(probe: &Probe, line: &str, column: usize) {
    probe
        .pty
        .wait_until(&format!("{line:?}, cursor {column}"), |screen| {
            let text = screen.contents();
            let row = text.rsplit("py ").next().unwrap_or_default();
            let shown = row.split_once("> ").map_or("", |(_, shown)| shown);
            shown.trim_end() == line && usize::from(screen.cursor_position().1) == column + 6
        });
}

#[test]
fn up_goes_through_what_begins_as_the_text_before_the_cursor_and_down_back_to_it() {
    let mut probe = after(&[], &["df.show()", "other", "df.count()", "last"]);
    probe.type_slowly("df");
    for (key, line) in [
        (UP, "df.count()"),
        (UP, "df.show()"),
        // there is none before it
        (UP, "df.show()"),
        (DOWN, "df.count()"),
        (DOWN, "df"),
    ] {
        probe.pty.send(key);
        shows(&probe, line, line.len());
    }
    probe.type_slowly("\x7f\x7f");
    probe.pty.send(UP);
    shows(&probe, "last", 4);
    probe.pty.send(UP);
    shows(&probe, "df.count()", 10);
    probe.type_slowly("\r");
    probe.pty.wait_for("got 5: \"df.count()\"");
}

#[test]
fn up_moves_inside_an_entry_of_many_lines_before_it_goes_on() {
    let mut probe = after(&[], &["alpha"]);
    probe.type_slowly("if x:\ry\r\r");
    probe.pty.wait_for("py 3> ");
    probe.pty.send(UP);
    probe.pty.wait_for("py 3> if x:\n    y");
    probe.pty.send(UP);
    probe
        .pty
        .wait_until("the cursor in the first line", |screen| {
            let (row, _) = screen.cursor_position();
            let text = screen.contents();
            text.lines()
                .nth(row.into())
                .is_some_and(|it| it.contains("if x:"))
        });
    probe.pty.send(UP);
    shows(&probe, "alpha", 5);
    probe.pty.send(DOWN);
    probe.pty.wait_for("py 3> if x:\n    y");
}

#[test]
fn ctrl_r_tells_where_and_when_what_it_found_was_entered() {
    for options in [&["color"][..], &[]] {
        let mut probe = after(options, &["count(1)", "x", "count(2)"]);
        probe.type_slowly("\x12coun");
        probe
            .pty
            .wait_for("(reverse-i-search)`coun': count(2)   (entry 3)");
        probe.type_slowly("\x12");
        probe
            .pty
            .wait_for("(reverse-i-search)`coun': count(1)   (entry 1)");
        // taken, it is the entry alone
        probe.type_slowly("\x05");
        shows(&probe, "count(1)", 8);
        probe.type_slowly("\r");
        probe.pty.wait_for("got 4: \"count(1)\"");
        assert!(!probe.pty.screen().contains("count(1)   (entry"));
    }
}

#[test]
fn ctrl_r_finds_entries_of_many_lines_whole() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("if x:\ry\r\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("\x12x:");
    probe
        .pty
        .wait_for("(reverse-i-search)`x:': if x:\n    y   (entry 1)");
    probe.type_slowly("\r");
    probe.pty.wait_for(r#"got 2: "if x:\n    y""#);
}

#[test]
fn end_takes_a_hint_and_without_colours_there_is_none() {
    let mut probe = after(&["color"], &["spark.range(5)"]);
    probe.type_slowly("sp");
    probe.pty.wait_for("py 2> spark.range(5)");
    probe.type_slowly("\x1b[F");
    shows(&probe, "spark.range(5)", 14);
    probe.type_slowly("\r");
    probe.pty.wait_for("got 2: \"spark.range(5)\"");
    let mut plain = after(&[], &["spark.range(5)"]);
    plain.type_slowly("sp");
    shows(&plain, "sp", 2);
    plain.type_slowly("\x1b[F\r");
    plain.pty.wait_for("got 2: \"sp\"");
}

#[test]
fn vi_keys_go_through_the_history_and_the_lines_of_an_entry() {
    let mut probe = after(&["vi"], &["alpha", "beta"]);
    // a lone Escape is told from a sequence once it moves the cursor back
    probe.type_slowly("a\x1b");
    shows(&probe, "a", 0);
    probe.type_slowly("kk");
    probe.pty.wait_for("py 3> alpha");
    probe.type_slowly("j");
    probe.pty.wait_for("py 3> beta");
    probe.type_slowly("j");
    shows(&probe, "a", 0);
    // the same keys with a beginning, in insert mode
    probe.type_slowly("al");
    probe.pty.send("\x7f");
    probe.pty.send(UP);
    probe.pty.wait_for("py 3> alpha");
    probe.type_slowly("\r");
    probe.pty.wait_for("got 3: \"alpha\"");
}

#[test]
fn ctrl_x_ctrl_e_and_vis_v_hand_the_text_over_and_it_comes_back() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("f(1,\r2");
    probe.pty.send("\x18\x05");
    probe.pty.wait_for("edit 1: \"f(1,\\n");
    probe.pty.wait_for("2edited");
    let mut probe = Probe::start(&["vi"]);
    probe.type_slowly("ab\x1b");
    shows(&probe, "ab", 1);
    probe.type_slowly("v");
    probe.pty.wait_for("edit 1: \"ab\"");
    probe.pty.wait_for("py 2> abedited");
}

#[test]
fn pasting_takes_blank_lines_and_half_a_block_until_ctrl_d() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly(":paste\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("if x:\r  y\r\r1 + 1\r:quit\x04");
    probe.pty.wait_for(r#"got 2: "if x:\n  y\n\n1 + 1\n:quit""#);
    // afterwards Enter submits again
    probe.pty.wait_for("py 3> ");
    probe.type_slowly("1\r");
    probe.pty.wait_for("got 3: \"1\"");
}

#[test]
fn on_a_dumb_terminal_pasting_ends_at_the_end_of_the_input_too() {
    let mut probe = Probe::with(&[], |builder| builder.env("TERM", "dumb"));
    probe.pty.send(":paste\n");
    probe.pty.wait_for("py 2> ");
    probe.pty.send("1\n\n2\n\x04");
    probe.pty.wait_for(r#"got 2: "1\n\n2""#);
    probe.pty.send("3\n");
    probe.pty.wait_for("got 3: \"3\"");
}
