use std::time::Duration;

use crate::{Probe, pause};

#[test]
fn complete_code_is_submitted_and_ctrl_d_ends() {
    let mut probe = Probe::start(&[]);
    probe.pty.send("1 + 1\r");
    probe.pty.wait_for("got 1: \"1 + 1\"");
    probe.pty.wait_for("py 2> ");
    probe.pty.send("\x04");
    probe.pty.wait_for("end");
    assert_eq!(probe.pty.exit_code(), 0);
}

#[test]
fn a_block_is_indented_and_a_second_enter_ends_it() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("if x:\r");
    probe.type_slowly("y\r\r");
    probe.pty.wait_for(r#"got 1: "if x:\n    y""#);
}

#[test]
fn backspace_takes_a_step_of_indentation_and_tab_gives_one() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("f(\r\t\x7f\x7f\ty)\r");
    probe.pty.wait_for(r#"got 1: "f(\n    y)""#);
    // at the first column it joins the lines
    probe.type_slowly("if x:\r\x7f\x7f y\r\r");
    probe.pty.wait_for(r#"got 2: "if x: y""#);
}

#[test]
fn alt_enter_always_adds_a_line_and_ctrl_j_is_enter() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("a\x1b");
    probe.pty.send("\r");
    probe.type_slowly("b\n");
    probe.pty.wait_for(r#"got 1: "a\nb""#);
}

#[test]
fn ctrl_c_clears_the_line_and_loses_no_key_after_it() {
    let mut probe = Probe::start(&[]);
    probe.pty.send("abc\x03xyz\r");
    probe.pty.wait_for("interrupted");
    probe.pty.wait_for("got 2: \"xyz\"");
}

#[test]
fn ctrl_c_between_two_reads_still_ends_the_search_that_stands_before_it() {
    let mut probe = Probe::start(&["slow"]);
    probe.type_slowly("alpha\r");
    probe.pty.wait_for("py 2> ");
    // the editor reads the beginning of a search ahead; the rest comes while it does not read at all
    probe.pty.send("abc\x03\x12");
    probe.pty.wait_for("interrupted 2");
    probe.pty.send("alp\x03");
    pause();
    probe.open_gate();
    probe.pty.wait_for("interrupted 3");
    probe.open_gate();
    probe.pty.wait_for("py 4> ");
    probe.type_slowly("xyz\r");
    probe.pty.wait_for("got 4: \"xyz\"");
}

#[test]
fn ctrl_d_between_two_reads_is_ctrl_d_in_the_next() {
    let mut probe = Probe::start(&["stays"]);
    for number in 1..=2 {
        probe.pty.send("\x04");
        probe.pty.wait_for(&format!("end {number}"));
        if number == 2 {
            probe.pty.send("\x04");
            pause();
        }
        probe.open_gate();
        let next = format!("py {}> ", number + 1);
        probe.pty.wait_for(&next);
    }
    assert_eq!(probe.pty.exit_code(), 0);
}

#[test]
fn ctrl_c_in_a_search_clears_what_it_found() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("alpha\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("\x12alp");
    probe.pty.wait_for("(reverse-i-search)`alp': alpha");
    probe.pty.send("\x03");
    probe.pty.wait_for("interrupted 2");
    probe.type_slowly("xyz\r");
    probe.pty.wait_for("got 3: \"xyz\"");
}

#[test]
fn vi_keys_edit_and_indent() {
    let mut probe = Probe::start(&["vi"]);
    probe.type_slowly("ax\x1b");
    probe.pty.wait_for("py 1> ax");
    // The lone Escape has been told from a sequence once the cursor steps back.
    probe
        .pty
        .wait_until("command mode", |screen| screen.cursor_position().1 == 7);
    probe.type_slowly("0xAy\r");
    probe.pty.wait_for("got 1: \"xy\"");
}

#[test]
fn up_recalls_a_many_line_entry_whole_and_ctrl_r_finds_it() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("if x:\ry\r\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("other\r");
    probe.pty.wait_for("py 3> ");
    probe.pty.send("\x1b[A\x1b[A");
    probe.pty.wait_for("py 3> if x:\n    y");
    pause();
    probe.type_slowly("\r");
    probe.pty.wait_for(r#"got 3: "if x:\n    y""#);
    probe.pty.wait_for("py 4> ");
    probe.type_slowly("\x12if");
    probe.pty.wait_for("(reverse-i-search)`if': if x:\n    y");
    probe.type_slowly("\r");
    probe.pty.wait_for(r#"got 4: "if x:\n    y""#);
}

#[test]
fn tab_completes_commands() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly(":k\t");
    probe.pty.wait_for("py 1> :kind");
    probe.pty.send("\r");
    probe.pty.wait_for("got 1: \":kind\"");
    probe.type_slowly(":h\t\t");
    probe.pty.wait_for(":help");
    probe.pty.wait_for(":history");
}

#[test]
fn tabs_that_are_read_together_are_keys_and_leave_no_tab_in_the_line() {
    let mut probe = Probe::start(&[]);
    // what is on the screen has been worked on; a moment later no key can be taken for a part of it
    let moment = || std::thread::sleep(Duration::from_millis(300));
    probe.pty.send(":h");
    probe.pty.wait_for("py 1> :h");
    moment();
    // as they come to a program that was busy while they were pressed
    probe.pty.send("\t\t\t\t\t");
    probe.pty.wait_for(":history");
    moment();
    probe.pty.send("elp\r");
    probe.pty.wait_for(r#"got 1: ":help""#);
    probe.pty.wait_for("py 2> ");
    probe.pty.send("f(");
    probe.pty.wait_for("py 2> f(");
    moment();
    probe.pty.send("\r");
    probe
        .pty
        .wait_until("the next line", |screen| screen.cursor_position().1 == 4);
    moment();
    probe.pty.send("\t\t\t");
    probe.pty.wait_until("three more steps", |screen| {
        screen.cursor_position().1 == 16
    });
    moment();
    probe.pty.send("y)\r");
    probe.pty.wait_for(r#"got 2: "f(\n                y)""#);
}

#[test]
fn text_given_at_the_start_can_be_edited() {
    let mut probe = Probe::start(&[]);
    probe.pty.send(":initial 1 + 1\r");
    probe.pty.wait_for("py 2> 1 + 1");
    probe.pty.send("0\r");
    probe.pty.wait_for("got 2: \"1 + 10\"");
}

#[test]
fn a_byte_that_is_no_utf8_costs_no_text() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("ab");
    probe.pty.wait_for("py 1> ab");
    probe.pty.send_bytes(b"\xff");
    probe.pty.wait_until("the prompt again", |screen| {
        screen.contents().matches("py 1> ab").count() == 2
    });
    probe.type_slowly("c");
    probe.pty.wait_for("py 1> abc");
    probe.enter_until("got 1: \"abc\"");
}

#[test]
fn a_dumb_terminal_reads_plain_lines() {
    let mut probe = Probe::with(&[], |builder| builder.env("TERM", "dumb"));
    probe.pty.send("f(1,\n2)\n");
    probe.pty.wait_for(r#"got 1: "f(1,\n2)""#);
    assert!(!probe.pty.raw().contains(&0x1b));
}

#[test]
fn without_colour_no_colour_is_written_and_with_it_the_prompt_has_one() {
    let mut probe = Probe::start(&[]);
    probe.pty.send("not 1\r");
    probe.pty.wait_for("got 1");
    let plain = String::from_utf8(probe.pty.raw()).unwrap();
    assert!(
        !plain.contains("\x1b[3") && !plain.contains("\x1b[9"),
        "{plain:?}"
    );
    let probe = Probe::start(&["color", "starts"]);
    let colour = probe
        .pty
        .look(|screen| screen.cell(0, 0).unwrap().fgcolor());
    assert_eq!(colour, vt100::Color::Idx(3));
}

#[test]
fn a_hint_from_the_history_is_taken_with_right() {
    let mut probe = Probe::start(&["color"]);
    probe.pty.send("spark.range(5)\r");
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("sp");
    probe.pty.wait_for("py 2> spark.range(5)");
    probe.type_slowly("\x1b[C\r");
    probe.pty.wait_for("got 2: \"spark.range(5)\"");
}

#[test]
fn the_end_of_a_block_moves_under_its_beginning_and_undo_gives_it_back_in_steps() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("if x:\ry\relse");
    probe.pty.wait_for("if x:\n    y\n    else");
    probe.type_slowly(":");
    probe.pty.wait_for("if x:\n    y\nelse:");
    // the cursor stands behind it
    probe
        .pty
        .wait_until("cursor", |screen| screen.cursor_position() == (2, 5));
    probe.type_slowly("\x1f");
    probe.pty.wait_for("    y\n    else:");
    probe.type_slowly("\x1f");
    probe
        .pty
        .wait_until("no colon", |screen| screen.contents().ends_with("    else"));
    probe.type_slowly(":");
    probe.pty.wait_for("    y\nelse:");
    probe.type_slowly("\rz\r\r");
    probe.pty.wait_for(r#"got 1: "if x:\n    y\nelse:\n    z""#);
    probe.pty.wait_for("py 2> ");
    probe.type_slowly("f(\ra\r)\r");
    probe.pty.wait_for(r#"got 2: "f(\n    a\n)""#);
}

#[test]
fn a_block_that_ends_in_the_middle_of_a_buffer_moves_its_line_alone() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("if x:\ry\relse");
    probe.pty.send("\x1b\r");
    probe.type_slowly("    z");
    probe.pty.wait_for("    else\n    z");
    for key in ["\x1b[A", "\x1b[F"] {
        probe.pty.send(key);
        pause();
    }
    probe.type_slowly(":");
    probe.pty.wait_for("    y\nelse:\n    z");
    probe.type_slowly("#");
    probe.pty.wait_for("else:#\n    z");
    // the undo has the cursor where it was
    probe.type_slowly("\x1f\x1f!");
    probe.pty.wait_for("    y\n    else:!\n    z");
}

#[test]
fn the_end_of_a_block_and_backspace_move_in_vi_mode_too() {
    let mut probe = Probe::start(&["vi"]);
    probe.type_slowly("if x:\rif y:\rz\relse");
    probe.pty.wait_for("        else");
    probe.type_slowly(":");
    probe.pty.wait_for("        z\n    else:");
    probe.type_slowly("\r\x7f");
    let stands = |probe: &Probe, place| {
        let there = |screen: &vt100::Screen| screen.cursor_position() == place;
        probe.pty.wait_until("the cursor there", there);
    };
    stands(&probe, (4, 4));
    // in command mode Backspace only goes back
    probe.pty.send("\x1b");
    stands(&probe, (4, 3));
    probe.pty.send("\x7f");
    stands(&probe, (4, 2));
    probe.type_slowly("iw\r\r");
    probe
        .pty
        .wait_for(r#"got 1: "if x:\n    if y:\n        z\n    else:\n  w""#);
}

#[test]
fn nothing_moves_in_a_paste_marked_or_not() {
    let mut probe = Probe::start(&[]);
    probe.pty.send("\x1b[200~if x:\n    y\n    else:\x1b[201~");
    probe.pty.wait_for("    else:");
    probe.type_slowly("\r\r");
    probe.pty.wait_for(r#"got 1: "if x:\n    y\n    else:"#);
    probe.pty.wait_for("py 2> ");
    probe.pty.send("f(\r    a\r    )\r");
    probe.pty.wait_for(r#"got 2: "f(\n    a\n    )""#);
}

#[test]
fn words_and_the_ends_of_lines_are_reached_over_many_lines() {
    let mut probe = Probe::start(&[]);
    probe.type_slowly("f(\raa bb\rcc dd");
    probe.pty.wait_for("py 1> f(\n    aa bb\n    cc dd");
    for (keys, typed, shown) in [
        // back over the line's beginning
        (
            &["\x1bb", "\x1bb", "\x1bb"][..],
            "X",
            "    aa Xbb\n    cc dd",
        ),
        (&["\x1bf"], "Y", "    aa XbbY\n    cc dd"),
        (&["\x1b[H"], "Z", "Z    aa XbbY\n    cc dd"),
        (&["\x1b[F"], "W", "Z    aa XbbYW\n    cc dd"),
        // and forward over its end
        (&["\x1b[1;5C"], "V", "Z    aa XbbYW\n    ccV dd"),
        (
            &["\x1b[1;5D", "\x1b[1;5D"],
            "U",
            "Z    aa UXbbYW\n    ccV dd",
        ),
    ] {
        for key in keys {
            probe.pty.send(key);
            pause();
        }
        probe.type_slowly(typed);
        probe.pty.wait_for(shown);
    }
}
