//! The local server with a host that has no Spark: protocol, life, guard. Fast, and always run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's helpers fail as the test itself does"
)]

mod host;
mod life;
mod recorded;
mod support;
