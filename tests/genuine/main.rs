//! The built program against the genuine Apache Livy server.
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
#[path = "../support/genuine.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod genuine;
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
#[allow(dead_code, reason = "other tests use what this one does not")]
mod spark;
#[path = "../support/storm.rs"]
mod storm;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod support;
#[path = "../support/typing.rs"]
mod typing;
#[path = "../support/window.rs"]
mod window;

mod access;
mod cancelling;
mod dying;
mod gateway;
mod guarded;
mod heartbeat;
mod kept;
mod leaving;
mod prompt;
mod raw;
mod restarted;
mod scripts;
mod trust;

use std::time::{Duration, Instant};

use genuine::Genuine;
use pty::Pty;
use run::Home;
use rustix::process::Signal;
use typing::{ask, before_cursor, enter, prompt};

/// A shell in a terminal.
fn shell(home: &Home, arguments: &[&str]) -> Pty {
    typing::shell(home, Vec::new(), arguments)
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(300);
    while !so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The server lists no session, and nothing of one runs.
#[track_caller]
fn nothing_left(livy: &Genuine) {
    assert_eq!(raw::sessions(livy), Vec::<serde_json::Value>::new());
    livy.until_childless();
}
