//! The shell asks before it sends a statement again that the server has no trace of.
use std::sync::atomic::{AtomicBool, Ordering};

use super::shell::{enter, shell};
use super::support::Reply;
use super::*;

const QUESTION: &str = "Send it again? [y/N]";

/// The first submission never reaches the server.
fn swallowing() -> Livy {
    let met = AtomicBool::new(false);
    Livy::failing(move |request| {
        if request.line() == "POST /sessions/0/statements" && !met.swap(true, Ordering::SeqCst) {
            Fault::Instead(Reply::dropped())
        } else {
            Fault::None
        }
    })
}

/// A shell that has asked.
fn asked(livy: &Livy, home: &Home) -> pty::Pty {
    let mut pty = shell(livy, home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    pty.wait_for(QUESTION);
    assert_eq!(livy.submitted(), ["1 + 1"], "not unasked");
    pty
}

/// The next statement runs. After a failure a Ctrl-D that comes with the prompt would count as typed before it.
fn goes_on(pty: &mut pty::Pty) {
    enter(pty, "43");
    pty.wait_for("pyspark 3>");
    assert_eq!(pty.leave(), 0);
}

#[test]
fn yes_sends_it_once_more() {
    let (livy, home) = (swallowing(), Home::new());
    let mut pty = asked(&livy, &home);
    pty.send("x\x7fy\r");
    pty.wait_for("\n2");
    pty.wait_for("pyspark 2>");
    assert_eq!(livy.submitted(), ["1 + 1", "1 + 1"]);
    assert_eq!(pty.leave(), 0);
    livy.assert_clean();
}

#[test]
fn anything_else_leaves_it_unknown() {
    for keys in ["\r", "n\r", "\x03", "\x04"] {
        let (livy, home) = (swallowing(), Home::new());
        let mut pty = asked(&livy, &home);
        pty.send(keys);
        pty.wait_for("may or may not have run");
        pty.wait_for("pyspark 2>");
        assert_eq!(livy.submitted(), ["1 + 1"], "{keys:?}");
        goes_on(&mut pty);
        livy.assert_clean();
    }
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_and_is_kept() {
    let (livy, home) = (swallowing(), Home::new());
    let mut pty = shell(&livy, &home, &[]);
    pty.wait_for("pyspark 1>");
    enter(&mut pty, "1 + 1");
    livy.until("GET /sessions/0/statements/0");
    pty.send("y\r");
    pty.wait_for(QUESTION);
    pty.send("\r");
    pty.wait_until("the text in the editor", |screen| {
        screen.contents().trim_end().ends_with("pyspark 2> y")
    });
    assert_eq!(livy.submitted(), ["1 + 1"]);
    pty.send("\x03");
    goes_on(&mut pty);
}
