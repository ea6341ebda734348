//! Statements that were left behind: their answers are fetched and shown as soon as they can be.
use super::shell::{enter, leave_behind, shell};
use super::typing::prompt;
use super::*;

/// A server on which a statement waits for those before it, `spin` is cancelled by nothing, and so many are kept.
fn queueing(retained: usize) -> Livy {
    Livy::start(Plan {
        interpreter: Box::new(|code, _| match code {
            "spin" => Ran::Spins,
            _ => Ran::Ends(1, livy::text(code)),
        }),
        queues: true,
        retained,
        ..Plan::default()
    })
}

/// A shell that has left its first statement behind.
fn left(livy: &Livy, home: &Home) -> pty::Pty {
    let mut pty = shell(livy, home, &[]);
    leave_behind(&mut pty, "spin");
    // where a statement was left, what comes with the prompt counts as typed before it
    pty.press("\r");
    prompt(&pty, "pyspark 2>");
    pty
}

/// The same where each later look at that statement has this answer.
fn left_and_then(home: &Home, answer: fn() -> support::Reply) -> (Livy, pty::Pty) {
    let later = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = std::sync::Arc::clone(&later);
    let livy = Livy::start(Plan {
        interpreter: Box::new(|_, _| Ran::Spins),
        fault: Box::new(move |request| {
            let look = request.line() == "GET /sessions/0/statements/0";
            if look && now.load(std::sync::atomic::Ordering::SeqCst) {
                return Fault::Instead(answer());
            }
            Fault::None
        }),
        ..Plan::default()
    });
    let pty = left(&livy, home);
    later.store(true, std::sync::atomic::Ordering::SeqCst);
    (livy, pty)
}

const ENDED: &str = "statement 1, which you left behind, has ended";

#[test]
fn an_answer_left_behind_is_shown_before_newer_ones_push_it_out() {
    let (livy, home) = (queueing(3), Home::new());
    let many = home.write("many.py", "7\n".repeat(8));
    let mut pty = left(&livy, &home);
    livy.finish();
    enter(&mut pty, &format!(":load {many}"));
    prompt(&pty, "pyspark 10>");
    let screen = pty.screen();
    assert!(screen.contains(ENDED), "{screen}");
    assert!(screen.contains("\nfinished"), "{screen}");
    assert_eq!(pty.leave(), 0, "nothing is left that could run");
    livy.assert_clean();
}

#[test]
fn an_answer_left_behind_is_shown_before_the_prompt_after_it_came() {
    let (livy, home) = (queueing(100), Home::new());
    let mut pty = left(&livy, &home);
    // the server gives the cancel up, and the code runs on
    livy.give_up_cancels();
    enter(&mut pty, ":jobs");
    pty.wait_for("left behind │ spin");
    prompt(&pty, "pyspark 2>");
    livy.finish();
    pty.wait_for("has ended: Enter shows its answer");
    pty.press("\r");
    pty.wait_for("\nfinished");
    prompt(&pty, "pyspark 2>");
    assert_eq!(pty.leave(), 0, "nothing is left that could run");
    assert_eq!(livy.submitted(), ["spin"]);
    livy.assert_clean();
}

#[test]
fn an_answer_left_behind_that_is_pushed_out_all_the_same_is_told() {
    // somebody else's go on while ours runs, as no Livy lets them
    let livy = Livy::start(Plan {
        interpreter: Box::new(|code, _| match code {
            "spin" => Ran::Spins,
            _ => Ran::Ends(1, livy::text(code)),
        }),
        ..Plan::default()
    });
    let home = Home::new();
    let many = home.write("many.py", "7\n".repeat(100));
    let mut pty = left(&livy, &home);
    enter(&mut pty, &format!(":load {many}"));
    prompt(&pty, "pyspark 102>");
    pty.press_until("\r", "what became of it", |screen| {
        let text = screen.contents().replace('\n', " ");
        text.contains("which you left behind: the server no longer keeps the answer")
    });
    pty.press("\r");
    assert_eq!(pty.leave(), 0, "nothing is left that could run");
    livy.assert_clean();
}

#[test]
fn a_restart_shows_the_answer_that_is_there_and_tells_what_ends_with_the_session() {
    let (livy, home) = (queueing(100), Home::new());
    let mut pty = left(&livy, &home);
    livy.give_up_cancels();
    enter(&mut pty, ":restart");
    pty.wait_for("a statement that you left behind ends with the session");
    prompt(&pty, "pyspark 2>");
    // what was typed at the new session is left behind as well, and has ended when it is restarted
    leave_behind(&mut pty, "spin");
    pty.press("\r");
    prompt(&pty, "pyspark 3>");
    livy.give_up_cancels();
    livy.finish();
    enter(&mut pty, ":restart");
    pty.wait_for("\nfinished");
    prompt(&pty, "pyspark 3>");
    let told = pty.screen().matches("ends with the session").count();
    assert_eq!(told, 1, "{}", pty.screen());
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (3, 3, 0));
}

#[test]
fn one_404_does_not_end_a_statement_that_was_left_behind() {
    let home = Home::new();
    let (livy, mut pty) = left_and_then(&home, || {
        support::Reply::json(404, "\"Statement not found\"")
    });
    pty.press("\x04");
    pty.wait_for("a statement that you left behind still runs");
    pty.press("\x04");
    assert_eq!(pty.exit_code(), 0);
    livy.assert_clean();
}

#[test]
fn a_restart_in_anothers_session_waits_on_for_what_was_left_behind_there() {
    let (livy, home) = (queueing(100), Home::new());
    livy.make(serde_json::json!({"kind": "pyspark", "name": "somebodys"}));
    let mut pty = shell(&livy, &home, &["--attach", "0"]);
    pty.wait_for("pyspark 1>");
    leave_behind(&mut pty, "spin");
    pty.press("\r");
    prompt(&pty, "pyspark 2>");
    livy.give_up_cancels();
    enter(&mut pty, ":restart");
    pty.wait_for("session 0 stays");
    livy.finish();
    pty.wait_for("has ended: Enter shows its answer");
    pty.press("\r");
    pty.wait_for("\nfinished");
    assert!(!pty.screen().contains("ends with the session"));
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (1, 1, 1));
}

#[test]
fn a_look_at_what_was_left_behind_that_takes_its_time_says_so() {
    let home = Home::new();
    let (_livy, mut pty) = left_and_then(&home, support::Reply::never);
    pty.press("\x04");
    pty.wait_for("looking after what was left behind (Ctrl-C stops)");
    pty.press("\x03");
    prompt(&pty, "pyspark 2>");
    assert!(!pty.screen().contains("looking after"), "{}", pty.screen());
    drop(pty);
}
