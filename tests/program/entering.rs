//! Ways to enter code other than typing it at the prompt, and the user's own programs.
use std::os::unix::fs::PermissionsExt;

use super::pty::{Builder, Pty};
use super::shell::enter;
use super::*;

/// A shell on that server, with these variables besides.
fn shell(livy: &Livy, home: &Home, environment: &[(&str, &str)]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .env("TMPDIR", home.path(""))
        .env("LIVYSH_TOKEN", "t0ps3cret")
        .folder(home.path(""))
        .size(100, 30);
    let builder = environment
        .iter()
        .fold(builder, |builder, (name, value)| builder.env(*name, *value));
    let pty = builder.arg(livy.url()).spawn();
    pty.wait_for("pyspark 1>");
    pty
}

/// An editor program: a shell script that gets the file as `$1`.
fn editor(home: &Home, script: &str) -> String {
    let path = home.write("editor", format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    path
}

/// Waits until the screen ends in this text.
#[track_caller]
fn ends_in(pty: &Pty, text: &str) {
    pty.wait_until(&format!("{text:?} at the end"), |screen| {
        screen.contents().trim_end().ends_with(text)
    });
}

#[track_caller]
fn leave(mut pty: Pty, livy: &Livy) {
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn what_the_editor_leaves_stands_at_the_prompt_and_nothing_of_ours_was_shown_to_others() {
    let (livy, home) = (Livy::new(), Home::new());
    let script = r#"
        { stat -c %a "$1" "$(dirname "$1")"; echo "$1"; stty -a | grep -o ' icanon'; echo "[$LIVYSH_TOKEN]"; } > report
        printf 'x = 1\nx\n' > "$1""#;
    let mut pty = shell(
        &livy,
        &home,
        &[("VISUAL", &editor(&home, script)), ("EDITOR", "false")],
    );
    enter(&mut pty, ":edit");
    ends_in(&pty, "pyspark 1> x = 1\nx");
    assert!(livy.submitted().is_empty());
    let report = std::fs::read_to_string(home.path("report")).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    let [file, folder, path, mode, token] = lines.as_slice() else {
        panic!("{report}")
    };
    assert_eq!(
        (*file, *folder, *mode, *token),
        ("600", "700", " icanon", "[]")
    );
    let path = std::path::Path::new(path);
    assert_eq!(path.extension().unwrap(), "py");
    assert!(!path.exists() && !path.parent().unwrap().exists());
    pty.press("\r");
    pty.wait_for("pyspark 3>");
    assert_eq!(livy.submitted(), ["x = 1", "x"]);
    leave(pty, &livy);
}

#[test]
fn an_earlier_statement_goes_to_the_editor_in_its_own_kind() {
    let (livy, home) = (Livy::new(), Home::new());
    let script = r#"echo "$1" > report; sed -i s/1/2/ "$1""#;
    let mut pty = shell(&livy, &home, &[("EDITOR", &editor(&home, script))]);
    enter(&mut pty, ":sql select 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":edit 1");
    ends_in(&pty, "pyspark 2> %sql\nselect 2");
    assert!(
        std::fs::read_to_string(home.path("report"))
            .unwrap()
            .ends_with(".sql\n")
    );
    pty.press("\x03");
    enter(&mut pty, ":edit 7");
    pty.wait_for("there is no statement 7");
    leave(pty, &livy);
}

#[test]
fn what_is_typed_goes_to_the_editor_and_stays_when_that_fails() {
    let (livy, home) = (Livy::new(), Home::new());
    let script = r#"grep -q bad "$1" && exit 3; printf ' + 2' >> "$1""#;
    let mut pty = shell(&livy, &home, &[("EDITOR", &editor(&home, script))]);
    pty.send("bad");
    pty.wait_for("pyspark 1> bad");
    pty.press("\x18\x05");
    pty.wait_for("ended with exit status: 3");
    ends_in(&pty, "pyspark 1> bad");
    pty.press("\x15");
    pty.send("%sql good");
    ends_in(&pty, "pyspark 1> %sql good");
    pty.press("\x18\x05");
    ends_in(&pty, "pyspark 1> %sql good\n + 2");
    leave(pty, &livy);
}

#[test]
fn an_editor_that_is_missing_is_said() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[("EDITOR", "/nowhere/ed -x")]);
    enter(&mut pty, ":edit");
    pty.wait_for("the editor `/nowhere/ed -x` cannot be started");
    pty.wait_for("set EDITOR");
    // Ctrl-C on an empty line would give up a session that still starts
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_shell_command_has_the_terminal_and_no_secret_and_its_exit_code_is_told() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    enter(
        &mut pty,
        ":! stty -a | grep -o ' icanon'; echo \"[$LIVYSH_TOKEN]\"; exit 7",
    );
    pty.wait_for("\n icanon\n[]\n");
    pty.wait_for("the command ended with exit code 7");
    enter(&mut pty, ":!read answer; echo got:$answer");
    // it waits for a line of its own
    pty.press("yes\r");
    pty.wait_for("got:yes");
    // Ctrl-C is for the command
    enter(&mut pty, ":! echo begun; exec sleep 600");
    pty.wait_for("\nbegun");
    pty.press("\x03");
    pty.wait_for("the command ended with signal 2");
    enter(&mut pty, "1 + 1");
    pty.wait_for("pyspark 2>");
    leave(pty, &livy);
}

#[test]
fn a_statement_runs_again_in_its_kind_under_a_new_number() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    enter(&mut pty, ":sql select 1");
    pty.wait_for("pyspark 2>");
    enter(&mut pty, ":run 1");
    pty.wait_for("statement 1 again: select 1");
    pty.wait_for("pyspark 3>");
    enter(&mut pty, ":run 3");
    pty.wait_for("there is no statement 3");
    pty.wait_for("this shell's are 1 to 2");
    assert_eq!(livy.submitted(), ["select 1", "select 1"]);
    let bodies = livy.bodies("POST /sessions/0/statements");
    assert!(bodies.iter().all(|body| body["kind"] == "sql"));
    leave(pty, &livy);
}

#[test]
fn a_bracket_moves_under_what_opened_it_in_each_language_and_a_case_under_its_first() {
    for (kind, lines, shown) in [
        ("spark", &["def f(x: Int) = {", "x", "}"][..], "{\n  x\n}"),
        (
            "spark",
            &["x match {", "case 1 =>", "y", "case "],
            "{\n  case 1 =>\n    y\n  case",
        ),
        ("sparkr", &["f <- function(x) {", "x", "}"], "{\n  x\n}"),
        ("pyspark", &["f(", "x", ")"], "f(\n    x\n)"),
    ] {
        let (livy, home) = (Livy::new(), Home::new());
        let mut pty = shell(&livy, &home, &[]);
        pty.wait_for("pyspark 1>");
        enter(&mut pty, &format!(":kind {kind}"));
        typing::prompt(&pty, &format!("{kind} 1>"));
        let (last, before) = lines.split_last().unwrap();
        for line in before {
            enter(&mut pty, line);
        }
        pty.wait_until("the line below", |screen| {
            typing::before_cursor(screen).is_empty()
        });
        for key in last.chars() {
            pty.press(&key.to_string());
        }
        pty.wait_until(&format!("{kind}: {shown:?}"), |screen| {
            screen.contents().trim_end().ends_with(shown)
        });
        leave(pty, &livy);
    }
}

#[test]
fn what_was_typed_behind_a_line_that_no_session_knows_waits_in_the_editor() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    pty.send("%run setup.py\rmain()\r");
    pty.wait_for("not sent: no session knows `%run`");
    pty.wait_until("the line behind it, held", |screen| {
        screen.contents().trim_end().ends_with("pyspark 1> main()")
    });
    assert!(livy.submitted().is_empty());
    leave(pty, &livy);
}

#[test]
fn what_is_no_code_in_a_copy_of_another_shells_window_is_left_out_and_told() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.paste(">>> x = 1\n>>> x\n1\n2");
    pty.wait_for("\n2");
    pty.press("\r");
    pty.wait_for("2 lines without a prompt are left out: answers");
    pty.wait_for("pyspark 3>");
    assert_eq!(livy.submitted(), ["x = 1", "x"]);
    leave(pty, &livy);
}

#[test]
fn a_paste_up_to_ctrl_d_is_one_statement_and_ctrl_c_drops_it() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    enter(&mut pty, ":paste");
    ends_in(&pty, "pyspark paste>");
    pty.send("a = 1\r\rb = 2\r");
    pty.wait_for("b = 2");
    pty.press("\x04");
    pty.wait_for("pyspark 2>");
    assert_eq!(livy.submitted(), ["a = 1\n\nb = 2"]);
    enter(&mut pty, ":paste");
    pty.wait_until("the second", |screen| {
        screen.contents().matches("paste>").count() == 2
    });
    pty.send("c = 3");
    ends_in(&pty, "paste> c = 3");
    pty.press("\x03");
    pty.wait_for("dropped");
    pty.wait_until("the prompt", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2>")
    });
    assert_eq!(livy.submitted().len(), 1);
    leave(pty, &livy);
}

#[test]
fn ctrl_r_says_in_which_kind_and_when_an_entry_of_an_older_shell_was_typed() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut first = shell(&livy, &home, &[("TZ", "UTC")]);
    enter(&mut first, ":kind sql");
    first.wait_for("sql 1>");
    enter(&mut first, "select 1;");
    first.wait_for("sql 2>");
    first.press("\x04");
    assert_eq!(first.exit_code(), 0);
    let mut second = shell(&livy, &home, &[("TZ", "UTC")]);
    second.send("\x12sele");
    second.wait_for("(reverse-i-search)`sele': select 1;   (sql, 20");
    second.press("\x05");
    ends_in(&second, "pyspark 1> select 1;");
    second.press("\x03");
    second.press("\x04");
    assert_eq!(second.exit_code(), 0);
}

#[test]
fn vi_keys_come_from_the_config_file() {
    let (livy, home) = (Livy::new(), Home::new());
    home.config("[shell]\nedit-mode = \"vi\"\n");
    let mut pty = shell(&livy, &home, &[]);
    pty.send("xabc");
    pty.wait_for("pyspark 1> xabc");
    pty.press("\x1b");
    pty.wait_until("command mode", |screen| screen.cursor_position().1 == 14);
    pty.press("0x");
    ends_in(&pty, "pyspark 1> abc");
    pty.press("\r");
    pty.wait_for("pyspark 2>");
    assert_eq!(livy.submitted(), ["abc"]);
    pty.press("\x04");
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}

#[test]
fn a_message_waits_until_the_terminal_is_ours_again() {
    let (livy, home) = (Livy::new(), Home::new());
    let url = livy.url();
    home.config(&format!(
        "[servers.s]\nurl = \"{url}\"\n[servers.s.session]\nheartbeat = 1\n"
    ));
    let mut pty = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("LIVYSH_HOME", home.path("livysh"))
        .env("HOME", home.path(""))
        .size(100, 30)
        .arg("s")
        .spawn();
    pty.wait_for("pyspark 1>");
    livy.until("GET /sessions/0");
    enter(&mut pty, ":! echo begun; read answer; echo ended");
    pty.wait_for("\nbegun");
    livy.forget();
    // it has been noticed by then, or is at the next look
    let seen = livy.asked("GET /sessions/0");
    let end = std::time::Instant::now() + pty::DEADLINE;
    while livy.asked("GET /sessions/0") == seen {
        assert!(std::time::Instant::now() < end, "no heartbeat");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(moment());
    assert!(!pty.screen().contains("the session is gone"));
    pty.press("\r");
    pty.wait_for("\nended");
    pty.wait_for("the session is gone");
    pty.press("\x04");
    assert_eq!(pty.exit_code(), 0);
}
