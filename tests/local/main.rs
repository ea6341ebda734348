//! The main job, end to end: the built program on a real Spark of this machine.
//!
//! What they need they install themselves (`support/spark.rs`). A Spark takes seconds to start, so that one
//! session serves many claims.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod pty;
#[path = "../program/run.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod run;
#[path = "../support/spark.rs"]
mod spark;

#[cfg(target_os = "linux")]
mod dying;
mod processes;
mod record;
mod scripts;
mod serve;
mod shell;

use std::time::{Duration, Instant};

use pty::{Builder, Pty};
use run::{Home, Job};

/// The program with a home of its own, about to be run on the real Spark.
fn livysh(home: &Home, arguments: &[&str]) -> Job {
    spark::environment()
        .iter()
        .fold(home.livysh(arguments), |job, (name, value)| {
            job.env(name, value)
        })
}

/// A script on a Spark of its own.
fn local(home: &Home, arguments: &[&str]) -> Job {
    livysh(home, &[&["local"], arguments].concat())
}

/// A shell in a terminal.
fn shell(home: &Home, arguments: &[&str]) -> Pty {
    let builder = Builder::new(env!("CARGO_BIN_EXE_livysh"))
        .env("HOME", home.path(""))
        .env("LIVYSH_HOME", home.path("livysh"))
        .folder(home.path(""))
        .size(100, 30);
    let builder = spark::environment()
        .into_iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value));
    arguments
        .iter()
        .fold(builder, |builder, argument| builder.arg(*argument))
        .spawn()
}

/// Types a line as a person does: the Enter a moment after the text, or it counts as a paste.
fn enter(pty: &mut Pty, text: &str) {
    pty.send(text);
    pty.wait_until(&format!("{text:?} before the cursor"), |screen| {
        before_cursor(screen).ends_with(text.trim())
    });
    std::thread::sleep(Duration::from_millis(60));
    pty.send("\r");
}

/// The text of the cursor's row up to the cursor.
fn before_cursor(screen: &vt100::Screen) -> String {
    let (row, column) = screen.cursor_position();
    let (_, columns) = screen.size();
    let text = screen.rows(0, columns.get()).nth(usize::from(row));
    text.unwrap_or_default()
        .chars()
        .take(usize::from(column))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, limit: Duration, so: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !so() {
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
