//! What Up and Ctrl-R bring back: what was typed, as it was typed.
use super::pty::Pty;
use super::shell::{enter, shell};
use super::*;

const UP: &str = "\x1b[A";

/// Presses Up and waits until the entry stands behind the prompt, alone.
#[track_caller]
fn up(pty: &mut Pty, expected: &str) {
    pty.send(UP);
    pty.wait_until(&format!("{expected:?} behind the prompt"), |screen| {
        let text = screen.contents();
        let shown = text.rsplit_once("pyspark 1> ").map(|(_, shown)| shown);
        let lines = |text: &str| {
            let lines = text.lines().map(|line| line.trim_end().to_owned());
            lines.collect::<Vec<_>>()
        };
        shown.is_some_and(|shown| lines(shown.trim_end()) == lines(expected))
    });
}

#[test]
fn a_second_shell_recalls_entries_as_they_were_typed_and_nothing_of_scripts() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut first = shell(&livy, &home, &[]);
    first.wait_for("pyspark 1>");
    first.paste("a = 1\nb = 2");
    first.wait_for("b = 2");
    first.press("\r");
    first.wait_for("pyspark 3>");
    enter(&mut first, ":sql select 1");
    first.wait_for("pyspark 4>");
    enter(&mut first, "%sql select 2");
    first.wait_for("pyspark 5>");
    enter(&mut first, "password = 'hunter2'");
    first.wait_for("not recorded");
    first.wait_for("pyspark 6>");
    enter(&mut first, ":help load");
    first.wait_for("run a file, statement by statement");
    assert_eq!(first.leave(), 0);
    home.livysh(&["-e", "of_a_script", &livy.url()])
        .run()
        .exits(0);
    let mut second = shell(&livy, &home, &[]);
    second.wait_for("pyspark 1>");
    livy.until("GET /sessions/2");
    for expected in [
        ":help load",
        "%sql select 2",
        ":sql select 1",
        "a = 1\nb = 2",
    ] {
        up(&mut second, expected);
    }
    assert_eq!(second.clear_and_leave(), 0);
    assert_eq!(livy.counts(), (3, 3, 0));
}

#[test]
fn without_history_this_run_alone_is_recalled_and_nothing_is_written() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &["--no-history"]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, ":kind");
    up(&mut pty, ":kind");
    assert_eq!(pty.clear_and_leave(), 0);
    assert!(!home.path("livysh/data/record.sqlite").exists());
}
