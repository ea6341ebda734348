//! A bug of livysh's own: what a panic says, and that the way out is taken all the same.
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::task;

use crate::report::{Report, code, complain, shown};
use crate::session::WORKER;
use crate::shutdown::Shutdown;
use crate::terminal;

/// What is owed before the program ends, once it is known.
static WAY_OUT: OnceLock<Shutdown> = OnceLock::new();
/// The program ends for a bug, and that has been told.
static ENDS: AtomicBool = AtomicBool::new(false);

/// Shows lines above a prompt that is being typed at; false when they must be shown otherwise.
type Tell = Box<dyn Fn(&str) -> bool + Send + Sync>;
/// How a bug after which livysh goes on is told where there is a prompt.
static ABOVE: OnceLock<Tell> = OnceLock::new();

/// What the standard library says where it aborts next, with no way back: the sign of a bug that left a lock behind,
/// which the unwinding met.
const NO_WAY_BACK: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

const GOES_ON: &str = "livysh goes on, but something in it no longer works: save what you need and leave; please report this text and what you did";
const GOES: &str = "livysh ends now; please report this text and what you did";
const GOES_WITH_SESSION: &str =
    "livysh ends now and deletes its session; please report this text and what you did";

/// The way out of this program. The first one stands.
pub fn way_out(shutdown: &Shutdown) {
    let _ = WAY_OUT.set(shutdown.clone());
}

/// From now on a bug after which livysh goes on is offered to `tell` first. It is called by the thread that met the bug,
/// whatever that holds: it must wait for nothing. The first one stands.
pub fn tell_through(tell: impl Fn(&str) -> bool + Send + Sync + 'static) {
    let _ = ABOVE.set(Box::new(tell));
}

/// The exit code of some work. A panic has been told by the hook: what is left of the work then is its exit code,
/// and the way out is taken all the same.
pub fn guarded(work: impl FnOnce() -> u8) -> u8 {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(code::STATEMENT)
}

/// What a panic says: one paragraph, on a terminal that works again. On the main thread the way out
/// is taken after it; any other thread ends alone. Where the program would abort instead, or heed no signal from then on,
/// the way out is taken here.
pub fn hook(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str();
    let is_main = thread::current().name() == Some("main");
    let aborts = said.is_some_and(|said| NO_WAY_BACK.contains(&said)) || is_outside_of_tasks();
    let here = aborts || WAY_OUT.get().is_some_and(Shutdown::heeds_signals);
    let ends = here || is_main || thread::current().name() == Some(WORKER);
    if ends {
        terminal::restore();
    }
    let told = if ends {
        ENDS.swap(true, Ordering::SeqCst)
    } else {
        ENDS.load(Ordering::SeqCst)
    };
    // what comes of the first is no news
    if !told {
        tell(panic, ends);
    }
    if here && let Some(shutdown) = WAY_OUT.get() {
        shutdown.last_resort(code::STATEMENT);
    }
}

thread_local! {
    /// The task that a worker of the runtime is itself, as long as it is in none of those that it runs.
    static OUTSIDE: Cell<Option<task::Id>> = const { Cell::new(None) };
}

/// To be called by a worker of the runtime that is in no task. A panic there aborts the program; one inside of a task
/// ends that task alone.
pub fn outside_of_tasks() {
    OUTSIDE.set(task::try_id());
}

/// Is this thread a worker of the runtime, and in no task?
fn is_outside_of_tasks() -> bool {
    let outside = OUTSIDE.get();
    outside.is_some() && outside == task::try_id()
}

fn tell(panic: &PanicHookInfo<'_>, ends: bool) {
    let what = panic.payload_as_str().unwrap_or("it gave no reason");
    let place = panic
        .location()
        .map(|at| format!(" ({at})"))
        .unwrap_or_default();
    let next = if !ends {
        GOES_ON
    } else if WAY_OUT.get().is_some_and(Shutdown::may_be_owing) {
        GOES_WITH_SESSION
    } else {
        GOES
    };
    let report = Report::new(
        code::STATEMENT,
        format!("livysh met a bug of its own: {what}{place}"),
    )
    .advise(next);
    if !ends {
        if ABOVE.get().is_some_and(|above| above(&shown(&report))) {
            return;
        }
        terminal::below_the_line();
    }
    complain(&report);
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};
    use tokio::runtime::Builder;

    use super::*;
    use crate::shutdown::Duty;

    /// Set in the process that is to end: how.
    const HOW: &str = "LIVYSH_TEST_ABORT";

    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("the second");
        }
    }

    extern "C" fn cannot_unwind() {
        panic!("the first");
    }

    #[test]
    fn the_standard_library_tells_of_no_way_back_in_the_words_that_are_known() {
        match std::env::var(HOW).as_deref() {
            Ok("0") => {
                let _panics = Panics;
                panic!("the first");
            }
            Ok("1") => return cannot_unwind(),
            _ => {}
        }
        let name =
            "bug::tests::the_standard_library_tells_of_no_way_back_in_the_words_that_are_known";
        for (how, words) in NO_WAY_BACK.into_iter().enumerate() {
            let aborted = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--nocapture"])
                .env(HOW, how.to_string())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&aborted.stderr);
            assert!(said.lines().any(|line| line == words), "{said}");
        }
    }

    /// A program whose duty meets a bug in the task that heeds signals.
    fn signalled() -> ! {
        std::panic::set_hook(Box::new(hook));
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        let shutdown = Shutdown::install(runtime.handle()).unwrap();
        way_out(&shutdown);
        let duty = Duty::new(|| Some("a session".to_owned()), async {
            panic!("on the way out")
        });
        let duty = duty.or_anew(|| async { Some("deleted anew".to_owned()) });
        assert!(shutdown.owe(duty));
        kill_process(getpid(), Signal::TERM).unwrap();
        thread::sleep(Duration::from_secs(20));
        panic!("it goes on");
    }

    #[test]
    fn a_bug_in_the_task_that_heeds_signals_ends_the_program_by_the_way_out() {
        if std::env::var_os(HOW).is_some() {
            signalled();
        }
        let name =
            "bug::tests::a_bug_in_the_task_that_heeds_signals_ends_the_program_by_the_way_out";
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(HOW, "")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        for text in [
            "a bug of its own: on the way out",
            GOES_WITH_SESSION,
            "livysh: deleted anew",
        ] {
            assert_eq!(said.matches(text).count(), 1, "{said}");
        }
    }
}
