//! What is said of sessions and statements that a shell leaves.
use serde_json::json;

use super::shell::{enter, leave_behind, shell};
use super::*;

#[test]
fn ctrl_d_names_what_runs_on_in_a_session_that_waits_and_stays() {
    let livy = Livy::answering(|_, _| Ran::Spins);
    let home = Home::new();
    let mut pty = shell(&livy, &home, &["--keep"]);
    leave_behind(&mut pty, "spin");
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    enter(&mut pty, ":attach somebodys");
    pty.wait_for("session 0 waits: `:attach 0` goes back to it");
    pty.wait_for("attached to session 1 (spark");
    pty.wait_for("spark 2>");
    pty.send("\x04");
    pty.wait_for("a statement that you left behind still runs in session 0, which stays");
    assert_eq!(pty.leave(), 0);
    assert_eq!(livy.counts(), (1, 0, 2));
}

#[test]
fn a_kept_session_that_has_ended_is_not_said_to_stay() {
    let (livy, home) = (Livy::new(), Home::new());
    let mut pty = shell(&livy, &home, &["--keep"]);
    pty.wait_for("session 0 stays when you leave");
    livy.forget();
    assert_eq!(pty.leave(), 0);
    pty.drain();
    let screen = pty.screen();
    assert!(
        screen.contains("session 0 has ended: the server does not know it any more"),
        "{screen}"
    );
    assert!(!screen.contains("comes back to it"), "{screen}");
}

#[test]
fn detach_asks_where_a_statement_runs_in_a_session_that_waits_and_will_end() {
    let livy = Livy::answering(|_, _| Ran::Spins);
    let home = Home::new();
    let mut pty = shell(&livy, &home, &[]);
    leave_behind(&mut pty, "spin");
    livy.make(json!({"kind": "spark", "name": "somebodys"}));
    enter(&mut pty, ":attach somebodys");
    pty.wait_for("attached to session 1 (spark");
    pty.wait_for("spark 2>");
    let asks = "still runs in session 0 and will end with it; :detach again leaves";
    // it is told of before it is the shell's
    let mut early = 0;
    while !pty.screen().contains(asks) {
        enter(&mut pty, ":detach");
        pty.wait_until("the question", |screen| {
            let text = screen.contents();
            text.contains(asks) || text.matches("is not ready yet").count() > early
        });
        early = pty.screen().matches("is not ready yet").count();
    }
    // anything else takes the first one back
    enter(&mut pty, ":kind");
    pty.wait_for("\nspark\n");
    enter(&mut pty, ":detach");
    pty.wait_until("the question once more", |screen| {
        screen.contents().matches(asks).count() == 2
    });
    enter(&mut pty, ":detach");
    assert_eq!(pty.exit_code(), 0);
    pty.drain();
    assert!(pty.screen().contains("session 1 stays"), "{}", pty.screen());
    assert_eq!(livy.counts(), (1, 1, 1));
}
