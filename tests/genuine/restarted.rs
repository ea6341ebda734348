//! A server that restarts counts its sessions from 0 again: a stranger's session can have our id.
use super::*;

/// What runs before is gone, and another's session has the id 0.
fn restart_with_a_stranger(livy: &mut Genuine, name: Option<&str>) {
    livy.crash();
    livy.kill_drivers();
    livy.restart();
    let stranger = raw::create(livy, name);
    assert_eq!(stranger["id"], 0);
}

/// The stranger's session is there, and nothing was sent to it.
fn untouched(livy: &Genuine) {
    until("the stranger's session is idle", || {
        raw::get(livy, "/sessions/0")["state"] == "idle"
    });
    let statements = raw::get(livy, "/sessions/0/statements");
    assert_eq!(statements["total_statements"], 0, "{statements}");
}

#[test]
fn the_shell_sends_nothing_to_a_strangers_session_and_gets_one_of_its_own() {
    let _slots = spark::slots(2);
    let mut livy = Genuine::bare(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url]);
    prompt(&pty, "pyspark 1>");
    ask(&mut pty, "1 + 1", "\n2", "pyspark 2>");
    restart_with_a_stranger(&mut livy, Some("stranger"));
    untouched(&livy);
    enter(&mut pty, "'for' + ' us'");
    pty.wait_until("the code in the editor again", |screen| {
        let text = screen.contents();
        // a look at the prompt may have told it before
        let told = ["another session's now", "not sent: the session is gone"];
        told.iter().any(|told| text.contains(told))
            && before_cursor(screen).ends_with("> 'for' + ' us'")
    });
    assert!(!pty.screen().contains("for us"), "{}", pty.screen());
    untouched(&livy);
    pty.send("\x03");
    pty.wait_until("an empty prompt", |screen| {
        before_cursor(screen).ends_with('>')
    });
    let number = pty.look(before_cursor);
    let next = if number == "pyspark 2>" {
        "pyspark 3>"
    } else {
        "pyspark 4>"
    };
    ask(&mut pty, ":restart", "", &number);
    ask(&mut pty, "'for' + ' us'", "for us", next);
    assert_eq!(pty.leave(), 0);
    let left = raw::sessions(&livy);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["name"], "stranger");
    untouched(&livy);
}

#[test]
fn an_idle_shell_notices_by_itself_and_leaving_does_not_delete_a_strangers_session() {
    let mut livy = Genuine::bare(&[]);
    let home = Home::new();
    let mut pty = shell(&home, &[&livy.url, "--heartbeat", "6"]);
    prompt(&pty, "pyspark 1>");
    ask(&mut pty, "1 + 1", "\n2", "pyspark 2>");
    restart_with_a_stranger(&mut livy, None);
    pty.wait_for("the session is gone");
    assert_eq!(pty.leave(), 0);
    assert_eq!(raw::sessions(&livy).len(), 1);
    untouched(&livy);
}

#[test]
fn a_script_whose_server_restarts_fails_and_leaves_a_strangers_session_alone() {
    let mut livy = Genuine::bare(&[]);
    let home = Home::new();
    let code = "import time; time.sleep(1000)";
    // its status line tells that the submission is answered
    let mut pty = shell(&home, &[&livy.url, "-e", code, "-e", "'not ' + 'sent'"]);
    pty.wait_for("running (Ctrl-C cancels)");
    restart_with_a_stranger(&mut livy, Some("stranger"));
    assert_eq!(pty.exit_code(), 1, "{}", pty.screen());
    pty.drain();
    let screen = pty.screen();
    assert!(screen.contains("the session is gone"), "{screen}");
    assert!(!screen.contains("not sent'"), "{screen}");
    untouched(&livy);
}
