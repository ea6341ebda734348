//! A panic of the main thread at every stage of a session: none is left.
#[path = "../../tests/support/livy.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "other tests use what this one does not"
)]
mod livy;
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod support;

use livy::{Fault, Livy, Plan};
use livysh_history::Recorder;
use support::Gate;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::opening::Opened;
use crate::resolve::{self, Command};
use crate::session::{Interrupter, Submission};

/// How often a panic comes at each stage.
const ROUNDS: u32 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Before,
    Sent,
    Starting,
    Idle,
    Running,
    Cancelling,
    Deleting,
}

/// A Livy that answers neither a creation nor a delete before the gate is opened, where the stage is that.
fn livy(stage: Stage, gate: &Gate) -> Livy {
    let gate = gate.clone();
    Livy::start(Plan {
        starting: if stage == Stage::Starting { 10_000 } else { 0 },
        interpreter: Box::new(|_, _| livy::Ran::Spins),
        fault: Box::new(move |request| {
            let here = match stage {
                Stage::Sent => request.line() == "POST /sessions",
                Stage::Deleting => request.method == "DELETE",
                _ => false,
            };
            if here {
                Fault::Held(gate.clone())
            } else {
                Fault::None
            }
        }),
        ..Plan::default()
    })
}

/// A run of `-e spin` whose main thread panics at that stage; the answer is the exit code.
fn panicking(stage: Stage, livy: &Livy, home: &TempDir, gate: &Gate) -> u8 {
    let place = home.path().to_str().unwrap().to_owned();
    let env = |name: &str| (name == "LIVYSH_HOME").then(|| place.clone());
    let running = Running::start(Paths::find(&env).unwrap()).unwrap();
    let url = livy.url();
    let arguments = ["livysh", "-e", "spin", url.as_str()];
    let Ok(Command::Run(settings)) = resolve::parse(arguments, &env) else {
        panic!("these arguments run a script");
    };
    let code = guarded(|| {
        let record = running.record(&settings);
        let mut interrupts = running.shutdown.interrupts();
        let opener = running.opener(*settings, None, record, Consent::Given, &mut interrupts);
        if stage != Stage::Before {
            open_until(stage, &running, &opener.unwrap(), livy);
        }
        panic!("a bug on purpose");
    });
    gate.open();
    running.leave(code, true)
}

/// Opens a session, and returns when it is at that stage; what was under way then is dropped, as a panic does.
fn open_until(stage: Stage, running: &Running, opener: &Opener, livy: &Livy) {
    let opening = opener.open(crate::livy::Kind::Pyspark);
    match stage {
        Stage::Sent => return livy.until("POST /sessions"),
        Stage::Starting => return livy.until("GET /sessions/0"),
        _ => {}
    }
    running.runtime.block_on(async {
        let opened = opening.task.await.unwrap().unwrap();
        match stage {
            Stage::Running => {
                until_asked(
                    livy,
                    "GET /sessions/0/statements/0",
                    execute(&opened, false),
                )
                .await;
            }
            Stage::Cancelling => {
                let cancel = "POST /sessions/0/statements/0/cancel";
                until_asked(livy, cancel, execute(&opened, true)).await;
            }
            Stage::Deleting => until_asked(livy, "DELETE /sessions/0", opened.close()).await,
            _ => {}
        }
    });
}

/// Goes on with work until such a request was made.
async fn until_asked<T>(livy: &Livy, begin: &str, work: impl Future<Output = T>) {
    let asked = async {
        while livy.asked(begin) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = asked => {}
        _ = work => panic!("it ended before {begin}"),
    }
}

async fn execute(opened: &Opened, cancel: bool) {
    let (interrupter, mut interrupts) = Interrupter::new();
    let submission = Submission {
        code: "spin",
        kind: crate::livy::Kind::Pyspark,
    };
    let (events, mut seen) = mpsc::unbounded_channel();
    let interrupting = async {
        // once the server has it
        seen.recv().await;
        if cancel {
            interrupter.interrupt();
        }
        std::future::pending::<()>().await;
    };
    let running = opened.session.execute(submission, &mut interrupts, &events);
    tokio::select! {
        () = interrupting => {}
        _ = running => {}
    }
}

#[test]
fn a_panic_of_the_main_thread_at_any_stage_leaves_no_session() {
    let stages = [
        Stage::Before,
        Stage::Sent,
        Stage::Starting,
        Stage::Idle,
        Stage::Running,
        Stage::Cancelling,
        Stage::Deleting,
    ];
    let hook = std::panic::take_hook();
    // hundreds of them, each on purpose
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some("a bug on purpose") {
            hook(panic);
        }
    }));
    std::thread::scope(|scope| {
        for stage in stages {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let (gate, home) = (Gate::default(), tempfile::tempdir().unwrap());
                    let livy = livy(stage, &gate);
                    assert_eq!(panicking(stage, &livy, &home, &gate), code::STATEMENT);
                    if stage == Stage::Before {
                        livy.assert_untouched();
                    } else {
                        let (made, _, left) = livy.counts();
                        assert_eq!((made, left), (1, 0), "{stage:?}");
                    }
                    let record = Recorder::open(&home.path().join("data/record.sqlite"));
                    let left = record.value.left_behind(|_| false).value;
                    assert!(left.is_empty(), "{stage:?}: {left:?}");
                }
            });
        }
    });
}
