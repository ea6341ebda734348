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

#[cfg(target_os = "linux")]
#[path = "../support/bug.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod bug;
#[path = "../support/proxy.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod proxy;
#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod pty;
#[path = "../program/run.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod run;
#[path = "../support/spark.rs"]
mod spark;
#[path = "../support/storm.rs"]
mod storm;
#[path = "../support/typing.rs"]
mod typing;

#[cfg(target_os = "linux")]
mod dying;
#[cfg(target_os = "linux")]
mod lost;
mod processes;
mod record;
mod scripts;
mod serve;
mod shell;
mod trust;

use std::time::{Duration, Instant};

use pty::Pty;
use run::{Home, Job};
use typing::{ask, before_cursor, enter, prompt};

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
    typing::shell(home, spark::environment(), arguments)
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
