//! What a bug of livysh's own looks like where only a part of it ends.
use super::bug::Bug;
use super::shell::builder;
use super::support::Gate;
use super::*;

#[test]
fn a_bug_that_ends_a_task_alone_is_told_above_the_prompt() {
    let held = Gate::default();
    let gate = held.clone();
    let livy = Livy::failing(move |request| match request.line().as_str() {
        "POST /sessions" => Fault::Held(gate.clone()),
        _ => Fault::None,
    });
    let home = Home::new();
    let bug = Bug::in_a_task(&home);
    let variables = bug.variables().into_iter();
    let mut pty = variables
        .fold(builder(&livy.url(), &home, &[]), |shell, (name, value)| {
            shell.env(name, value)
        })
        .spawn();
    pty.wait_for("pyspark 1>");
    livy.until("POST /sessions");
    pty.send("half");
    pty.wait_for("pyspark 1> half");
    bug.shows();
    held.open();
    pty.wait_until("the bug above the prompt", |screen| {
        let text = screen.contents();
        let told = text.contains("livysh: livysh met a bug of its own")
            && text.contains("what to do: livysh goes on");
        let prompts = text.matches("pyspark 1>").count();
        told && prompts == 1 && text.trim_end().ends_with("\npyspark 1> half")
    });
    // the task that opened the session
    assert_eq!(pty.clear_and_leave(), 3);
    let shown = String::from_utf8_lossy(&pty.raw()).into_owned();
    assert_eq!(shown.matches("a bug of its own").count(), 1, "{shown}");
    livy.assert_clean();
}
