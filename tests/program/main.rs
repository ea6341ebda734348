//! The built program against a Livy in memory: what users and scripts see of it.
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
#[path = "../support/livy.rs"]
mod livy;
#[path = "../support/proxy.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod proxy;
#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod pty;
mod run;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod support;
#[path = "../support/typing.rs"]
mod typing;
#[path = "../support/window.rs"]
mod window;

mod alive;
mod attach;
mod behind;
#[cfg(target_os = "linux")]
mod bugs;
mod completing;
mod config;
mod connecting;
mod creating;
mod cut_off;
mod entering;
mod exits;
mod fates;
mod formats;
mod hdinsight;
mod hidden;
mod hostile;
mod init;
mod leaks;
mod leaving;
mod listing;
mod lost;
mod naming;
mod netrc;
mod parts;
mod planted;
mod poison;
mod polling;
#[cfg(target_os = "linux")]
mod power;
mod prompts;
mod quirks;
mod recall;
mod record;
mod replay;
mod resending;
mod restarted;
mod scripts;
mod secrets;
mod sessions_kept;
mod shell;
mod sources;
mod staying;
mod submitting;
mod terminal;
mod waiting;

use std::time::Duration;

use livy::{Fault, Livy, Plan, Ran};
use run::Home;

/// A moment that is long for the program and short for a test.
fn moment() -> Duration {
    Duration::from_millis(300)
}
