//! What is entered before the session is there waits for it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pty::{Builder, Pty};
use super::shell::{enter, shell};
use super::typing::prompt;
use super::*;

/// A server whose session starts for as long as the switch is off.
fn starting() -> (Livy, Arc<AtomicBool>) {
    let ready = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&ready);
    let livy = Livy::failing(move |request| {
        let line = request.line();
        let look = matches!(line.as_str(), "GET /sessions/0" | "GET /sessions/0/state");
        if look && !gate.load(Ordering::SeqCst) {
            Fault::Instead(support::Reply::json(200, r#"{"id":0,"state":"starting"}"#))
        } else {
            Fault::None
        }
    });
    (livy, ready)
}

fn at_prompt(livy: &Livy) -> (Home, Pty) {
    let home = Home::new();
    let pty = shell(livy, &home, &[]);
    prompt(&pty, "pyspark 1>");
    (home, pty)
}

/// Enters lines that wait; the next prompt has a number for each of their statements.
fn waits(pty: &mut Pty, line: &str, next: &str) {
    enter(pty, line);
    prompt(pty, next);
}

#[test]
fn what_waits_is_listed_dropped_and_taken_back_and_runs_in_order_when_the_session_is_ready() {
    let (livy, ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "a = 1", "pyspark 2>");
    pty.wait_for("runs when it is ready");
    waits(&mut pty, "b = 2", "pyspark 3>");
    waits(&mut pty, ":sql select 3", "pyspark 4>");
    waits(&mut pty, "d = 4", "pyspark 5>");
    enter(&mut pty, ":jobs");
    pty.wait_for("│ 3 │ waiting │ :sql select 3 │");
    waits(&mut pty, ":cancel 2", "pyspark 4>");
    // the newest comes back, to be edited
    pty.send("\x03");
    pty.wait_until("it stands in the editor", |screen| {
        typing::before_cursor(screen) == "pyspark 3> d = 4"
    });
    waits(&mut pty, "0", "pyspark 4>");
    pty.send("half");
    pty.wait_for("pyspark 4> half");
    assert!(livy.submitted().is_empty());
    ready.store(true, Ordering::SeqCst);
    livy.until("POST /sessions/0/statements");
    pty.wait_until("what was typed is there again", |screen| {
        let text = screen.contents();
        text.matches("pyspark 3> d = 40\n").count() == 2 && text.ends_with("pyspark 4> half")
    });
    assert_eq!(livy.submitted(), ["a = 1", "select 3", "d = 40"]);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn after_a_failure_what_waited_behind_it_stands_in_the_editor() {
    let (livy, ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "raise", "pyspark 2>");
    waits(&mut pty, "b = 2", "pyspark 3>");
    waits(&mut pty, "c = 3", "pyspark 4>");
    pty.send("half");
    pty.wait_for("pyspark 4> half");
    ready.store(true, Ordering::SeqCst);
    pty.wait_until("the rest is in the editor", |screen| {
        screen.contents().ends_with("pyspark 2> b = 2\nc = 3\nhalf")
    });
    assert_eq!(livy.submitted(), ["raise"]);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn an_entry_of_another_language_comes_back_as_that_and_not_joined_with_others() {
    let (livy, ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "raise", "pyspark 2>");
    waits(&mut pty, "b = 2", "pyspark 3>");
    waits(&mut pty, ":kind sql", "sql 3>");
    waits(&mut pty, "select 3;", "sql 4>");
    waits(&mut pty, ":kind spark", "spark 4>");
    waits(&mut pty, "%pyspark d = 4", "spark 5>");
    // one taken back has its language, too
    waits(&mut pty, ":kind sql", "sql 5>");
    waits(&mut pty, "select 5;", "sql 6>");
    waits(&mut pty, ":kind spark", "spark 6>");
    pty.send("\x03");
    pty.wait_until("the query, as one", |screen| {
        screen.contents().ends_with("spark 5> %sql\nselect 5;")
    });
    pty.send("\x03");
    prompt(&pty, "spark 5>");
    pty.send("half");
    pty.wait_for("spark 5> half");
    ready.store(true, Ordering::SeqCst);
    pty.wait_until("the next in the editor", |screen| {
        screen.contents().ends_with("spark 2> %pyspark\nb = 2")
    });
    pty.wait_for("3 more were not sent: Up brings them back");
    assert_eq!(livy.submitted(), ["raise"]);
    // what was being typed is there, too
    pty.send("\x03");
    prompt(&pty, "spark 2>");
    pty.send("\x1b[A");
    pty.wait_for("spark 2> half");
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn a_text_up_to_ctrl_d_waits_as_that_text() {
    let (livy, ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "raise", "pyspark 2>");
    enter(&mut pty, ":paste");
    prompt(&pty, "pyspark paste>");
    pty.send("b = 2\r");
    pty.wait_until("its second line", |screen| {
        typing::before_cursor(screen).is_empty()
    });
    pty.press("\x04");
    prompt(&pty, "pyspark 3>");
    ready.store(true, Ordering::SeqCst);
    pty.wait_until("the text in the editor", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2> b = 2")
    });
    assert_eq!(livy.submitted(), ["raise"]);
    assert_eq!(pty.clear_and_leave(), 0);
    livy.assert_clean();
}

#[test]
fn nothing_takes_the_session_from_what_waits_nor_comes_before_it() {
    let (livy, ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "a = 1", "pyspark 2>");
    let theirs = livy.make(serde_json::json!({"kind": "spark", "name": "theirs"}));
    for command in [
        &format!(":attach {theirs}"),
        ":doc a",
        ":tables",
        ":describe a",
    ] {
        typing::ask(
            &mut pty,
            command,
            "an entry waits for the session, and comes first",
            "pyspark 2>",
        );
    }
    ready.store(true, Ordering::SeqCst);
    livy.until("POST /sessions/0/statements");
    assert_eq!(livy.submitted(), ["a = 1"]);
    assert_eq!(pty.clear_and_leave(), 0);
}

/// The read that ends by an Enter may be the one that is to end by itself in the same moment.
#[test]
fn a_session_that_is_ready_in_the_instant_of_an_enter_leaves_the_terminal_as_it_was() {
    for round in 0..12 {
        let (livy, ready) = starting();
        let (_home, mut pty) = at_prompt(&livy);
        waits(&mut pty, "a = 1", "pyspark 2>");
        pty.send("b = 2");
        pty.wait_for("pyspark 2> b = 2");
        let opens = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(130 + 5 * round));
            ready.store(true, Ordering::SeqCst);
        });
        pty.press("\r");
        opens.join().unwrap();
        pty.wait_until("both ran", |screen| {
            screen.contents().contains("pyspark 2> b = 2\n") && livy.submitted().len() == 2
        });
        prompt(&pty, "pyspark 3>");
        // a program sees the terminal as it was before
        typing::ask(
            &mut pty,
            ":! stty -a | tr ';' '\\n' | grep -o ' icanon'",
            "icanon",
            "pyspark 3>",
        );
        assert_eq!(pty.leave(), 0);
        livy.assert_clean();
    }
}

#[test]
fn leaving_says_once_what_did_not_run() {
    let (livy, _ready) = starting();
    let (_home, mut pty) = at_prompt(&livy);
    waits(&mut pty, "a = 1", "pyspark 2>");
    pty.send("\x04");
    pty.wait_for("a statement that you entered did not run yet; Ctrl-D again leaves");
    prompt(&pty, "pyspark 2>");
    pty.send("\x04");
    assert_eq!(pty.exit_code(), 0);
    assert!(livy.submitted().is_empty());
    livy.assert_clean();
}

/// A command that is half typed and a search are finished first.
#[test]
fn in_vis_command_mode_and_behind_a_search_it_runs_as_well() {
    for (keys, shown, end) in [
        ("half\x1b", "pyspark 2> half", ""),
        ("half\x1bd", "pyspark 2> half", "\x1b"),
        ("\x12a =", "`a ='", "\x1b"),
    ] {
        let (livy, ready) = starting();
        let home = Home::new();
        let config = home.write("config.toml", "[shell]\nedit-mode = \"vi\"\n");
        let mut pty = Builder::new(env!("CARGO_BIN_EXE_livysh"))
            .env("LIVYSH_HOME", home.path("livysh"))
            .env("LIVYSH_CONFIG", config)
            .env("HOME", home.path(""))
            .size(100, 30)
            .arg(livy.url())
            .spawn();
        prompt(&pty, "pyspark 1>");
        waits(&mut pty, "a = 1", "pyspark 2>");
        pty.send(keys);
        pty.wait_for(shown);
        ready.store(true, Ordering::SeqCst);
        pty.send(end);
        pty.wait_until(&format!("it ran ({keys:?})"), |screen| {
            screen.contents().matches("pyspark 1> a = 1\n").count() == 2
        });
        livy.until("POST /sessions/0/statements");
        assert_eq!(livy.submitted(), ["a = 1"]);
        assert_eq!(pty.clear_and_leave(), 0, "{keys:?}");
        livy.assert_clean();
    }
}
