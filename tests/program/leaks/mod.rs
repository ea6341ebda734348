//! Every way out at every stage of a session: none is left, the exit code says how it ended, and the
//! terminal is as it was.
#[cfg(target_os = "linux")]
mod bugs;
mod chance;
mod closing;
mod neighbours;
mod scene;
mod scripts;
mod shells;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use rustix::process::Signal;
use scene::{Scene, Stage, Way};

use super::*;

/// Runs at the same time.
const AT_ONCE: usize = 8;

/// How often every combination is run, each time with other pauses in it; `LIVYSH_TEST_LEAK_ROUNDS` says another number.
fn rounds() -> u64 {
    let asked = std::env::var("LIVYSH_TEST_LEAK_ROUNDS").ok();
    asked.map_or(10, |rounds| rounds.parse().unwrap())
}

/// Every case in every round, some at once; all that fail are named.
#[track_caller]
fn in_all<C: Copy + Debug + Sync>(cases: &[C], rounds: u64, run: impl Fn(C, &mut Rng) + Sync) {
    let total = cases.len() * usize::try_from(rounds).unwrap();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if at >= total {
                return;
            }
            let case = cases[at % cases.len()];
            let mut random = Rng::with_seed(at.try_into().unwrap());
            let ran = catch_unwind(AssertUnwindSafe(|| run(case, &mut random)));
            if let Err(panic) = ran {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
                let said = said.unwrap_or_default();
                failed
                    .lock()
                    .unwrap()
                    .push(format!("{case:?}, seed {at}: {said}"));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {total} failed:\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}

/// A pause of up to so many milliseconds.
fn pause(random: &mut Rng, most: u64) {
    std::thread::sleep(Duration::from_millis(random.u64(0..=most)));
}

/// A file that holds up whoever reads it until somebody writes.
fn fifo(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}
