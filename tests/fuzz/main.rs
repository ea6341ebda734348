//! What comes from elsewhere, damaged at random: nothing that reads it may panic, hang, or take more than
//! its size explains. Each target replays the corpus kept in `corpus/NAME/`, then mutations of it and
//! of what else the tests hold.
//!
//! By default a fixed number of mutations from a fixed seed. By hand, ten minutes of one target:
//!
//! ```sh
//! LIVYSH_FUZZ_SECONDS=600 cargo test --test fuzz -- readers::answers --nocapture
//! ```
//!
//! `LIVYSH_FUZZ_SEED` takes another way. An input that fails is written to a file whose name is told: mend the
//! fault, and put the file into the target's corpus.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a helper of a test fails as the test does, and a run by hand tells its figures"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod support;

mod growth;
mod mutate;
mod readers;
mod run;
