//! `:replay` runs again in a fresh session what still matters, in order, and asks before what may write.
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::pty::{self, Pty};
use super::shell::{enter, shell};
use super::*;

/// Runs these, one after the other.
fn run(pty: &mut Pty, codes: &[&str]) {
    for (at, code) in codes.iter().enumerate() {
        pty.wait_for(&format!("pyspark {}>", at + 1));
        enter(pty, code);
    }
    pty.wait_for(&format!("pyspark {}>", codes.len() + 1));
}

/// Answers a question: keys typed before it was there are held back, so that an Enter may only add a line.
fn answer(pty: &mut Pty, question: &str, word: &str, then: &str) {
    pty.wait_for(question);
    pty.send(word);
    let end = std::time::Instant::now() + pty::DEADLINE;
    while !pty.screen().contains(then) {
        assert!(std::time::Instant::now() < end, "{}", pty.screen());
        std::thread::sleep(Duration::from_millis(80));
        pty.send("\r");
        std::thread::sleep(Duration::from_millis(80));
    }
}

const CODES: &[&str] = &[
    "import os",
    "x = 1",
    "x",
    "y = raise",
    "df.write.save('p')",
    "z = 3",
];

#[test]
fn what_matters_runs_again_in_a_fresh_session_and_what_writes_is_asked_for() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--heartbeat", "1"]);
    run(&mut pty, CODES);
    livy.forget();
    pty.wait_for("the session is gone");
    pty.wait_for("(4 statements)");
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    pty.wait_for("4 of 5 statements still matter, one of which may write:");
    answer(
        &mut pty,
        "run 3 statements again? [Y/n]",
        "",
        "this may write (df.write): df.write.save('p')",
    );
    answer(
        &mut pty,
        "run it again? [y/N]",
        "n",
        "replaying 1 of 3: import os",
    );
    pty.wait_for("replaying 3 of 3: z = 3");
    pty.wait_for("pyspark 10>");
    let submitted = livy.submitted();
    assert_eq!(submitted[..6], CODES[..]);
    assert_eq!(submitted[6..], ["import os", "x = 1", "z = 3"]);
    livy.until("POST /sessions/1/statements");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn a_replay_stops_at_the_first_failure_and_goes_on_from_there() {
    let count = AtomicUsize::new(0);
    let livy = Livy::answering(move |code, kind| {
        // the second time is the replay's first
        if code == "y = 2" && count.fetch_add(1, Ordering::SeqCst) == 1 {
            return livy::interpret("raise", kind);
        }
        livy::interpret(code, kind)
    });
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    run(&mut pty, &["x = 1", "y = 2", "z = 3"]);
    enter(&mut pty, ":replay");
    pty.wait_for("this session has run it all");
    enter(&mut pty, ":restart");
    pty.wait_for(":replay runs again in it what still matters");
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    answer(
        &mut pty,
        "run 3 statements again? [Y/n]",
        "y",
        "stopped at 2 of 3: y = 2; :replay goes on from there",
    );
    pty.wait_until("the prompt", |screen| {
        screen.contents().trim_end().ends_with("pyspark 6>")
    });
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    answer(
        &mut pty,
        "run 2 statements again? [Y/n]",
        "",
        "replaying 2 of 2: z = 3",
    );
    pty.wait_for("pyspark 8>");
    assert_eq!(
        livy.submitted(),
        [
            "x = 1", "y = 2", "z = 3", "x = 1", "y = 2", "y = 2", "z = 3"
        ]
    );
}

#[test]
fn nothing_is_replayed_into_a_session_that_the_shell_did_not_start_unless_it_is_asked_for() {
    let livy = Livy::new();
    livy.make(json!({"kind": "pyspark", "name": "somebodys"}));
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    run(&mut pty, &["x = 1"]);
    enter(&mut pty, ":attach somebodys");
    pty.wait_for("attached to session 0");
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    answer(
        &mut pty,
        "this shell did not start this session: run them in it? [y/N]",
        "",
        "nothing is replayed; :restart starts a session of your own",
    );
    pty.wait_until("the prompt", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2>")
    });
    assert_eq!(livy.asked("POST /sessions/0/statements"), 0);
    pty.send("\x0c");
    enter(&mut pty, ":replay");
    answer(
        &mut pty,
        "run them in it? [y/N]",
        "y",
        "run 1 statement again? [Y/n]",
    );
    answer(
        &mut pty,
        "run 1 statement again? [Y/n]",
        "",
        "replaying 1 of 1: x = 1",
    );
    pty.wait_for("pyspark 3>");
    let sent = livy.asked("POST /sessions/0/statements");
    assert_eq!(sent, 1, "{}", pty.screen());
}

#[test]
fn who_says_no_replays_nothing() {
    let livy = Livy::new();
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    run(&mut pty, &["x = 1", "x"]);
    enter(&mut pty, ":restart");
    pty.wait_for(":replay runs again");
    enter(&mut pty, ":replay");
    answer(
        &mut pty,
        "run 1 statement again? [Y/n]",
        "n",
        "nothing is replayed",
    );
    assert_eq!(livy.submitted(), ["x = 1", "x"]);
}
