//! Scripts: `-e`, `-f` and standard input, in order, in one session; nobody is asked anything.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;

use crate::livy::Kind;
use crate::opening::{Opened, Opener, Status};
use crate::progress::StatusLine;
use crate::report::{Report, code, complain, note};
use crate::runner::{Ended, Runner};
use crate::session::{Interrupter, Interrupts};
use crate::settings::RunSettings;
use crate::shutdown::Shutdown;
use crate::source::{self, Piece, Text};

/// A script, read whole before a session is started for it.
#[derive(Debug)]
pub struct Script {
    /// Kind of the session: the one asked for, else the first text's.
    pub kind: Kind,
    /// The statements of all its texts, in order.
    pub pieces: Vec<Piece>,
}

impl Script {
    /// Is there nothing to run?
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Reads all sources.
    pub fn read(run: &RunSettings, asked: Option<Kind>, default: Kind) -> Result<Self, Report> {
        let texts = run
            .sources
            .iter()
            .map(|from| source::read(from, asked, default))
            .collect::<Result<Vec<Text>, Report>>()?;
        let pieces: Vec<Piece> = texts
            .iter()
            .flat_map(|text| {
                let pieces = source::pieces(&text.text, text.kind, run.whole);
                if pieces.is_empty() {
                    note(&format!("{} holds no statement", text.name));
                }
                pieces
            })
            .collect();
        let kind = asked
            .or_else(|| pieces.first().map(|piece| piece.kind))
            .unwrap_or(default);
        Ok(Self { kind, pieces })
    }
}

/// Runs a script; the answer is the exit code.
pub fn run(
    script: &Script,
    run: &RunSettings,
    opener: &Opener,
    runner: &mut Runner,
    shutdown: &Shutdown,
    runtime: &Handle,
    visible: bool,
) -> u8 {
    let mut stop = Stop::new(run, shutdown, runtime);
    let code = match open(opener, script.kind, &mut stop, runtime, visible) {
        Ok(opened) => statements(script, run, &opened, runner, &mut stop),
        Err(Some(report)) => {
            complain(&report);
            report.code
        }
        Err(None) => stop.code(),
    };
    match runner.finish() {
        // an earlier failure of the same file was told already
        Err(error) if !runner.is_unwritable() => unwritten(&error).unwrap_or(code),
        _ => code,
    }
}

fn statements(
    script: &Script,
    run: &RunSettings,
    opened: &Opened,
    runner: &mut Runner,
    stop: &mut Stop,
) -> u8 {
    let mut worst = code::OK;
    for (at, piece) in script.pieces.iter().enumerate() {
        let ended = runner.run(&opened.session, piece, &mut stop.interrupts);
        let failed = match ended {
            Ended::Unwritten(error) => return unwritten(&error).unwrap_or(worst),
            Ended::Ok { truncated } => truncated && run.fail_truncated,
            Ended::Failed
            | Ended::Cancelled
            | Ended::Lost {
                session_gone: false,
                ..
            } => true,
            Ended::Lost {
                session_gone: true, ..
            } => return code::STATEMENT,
        };
        if stop.is_asked() {
            return stop.code();
        }
        if failed {
            worst = code::STATEMENT;
            let left = script.pieces.len() - at - 1;
            if !run.go_on {
                if left > 0 && !run.quiet {
                    note(&format!(
                        "stopped at statement {} of {}; --continue goes on after a failure",
                        at + 1,
                        script.pieces.len()
                    ));
                }
                return worst;
            }
        }
    }
    worst
}

/// The exit code of results that cannot be written. A closed pipe is no failure: whoever read has enough.
fn unwritten(error: &std::io::Error) -> Option<u8> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return None;
    }
    complain(&Report::new(
        code::USAGE,
        format!("the results cannot be written: {error}"),
    ));
    Some(code::USAGE)
}

/// Waits for the session; `Err(None)` when the user or the time limit ended the wait.
fn open(
    opener: &Opener,
    kind: Kind,
    stop: &mut Stop,
    runtime: &Handle,
    visible: bool,
) -> Result<Opened, Option<Report>> {
    let mut opening = opener.open(kind);
    let quiet = opener.settings().run.quiet;
    let line = StatusLine::start("connecting", visible);
    let opened = runtime.block_on(async {
        loop {
            tokio::select! {
                biased;
                () = stop.interrupts.next() => {
                    opening.task.abort();
                    return Err(None);
                }
                Some(text) = opening.notes.recv() => if !quiet {
                    line.aside(|| note(&text));
                },
                changed = opening.status.changed(), if changed_is_open(&opening.status) => {
                    if changed.is_ok() {
                        line.say(&opening.status.borrow_and_update().text);
                    }
                }
                ended = &mut opening.task => return match ended {
                    Ok(ended) => ended.map_err(Some),
                    Err(_) => Err(Some(Report::new(code::SERVER, "opening the session met a bug of livysh"))),
                },
            }
        }
    });
    while let Ok(text) = opening.notes.try_recv() {
        if !quiet {
            line.aside(|| note(&text));
        }
    }
    opened
}

/// A closed channel answers at once, for ever: it must not be asked again.
fn changed_is_open(status: &tokio::sync::watch::Receiver<Status>) -> bool {
    status.has_changed().is_ok()
}

/// What ends a script early: Ctrl-C, or the time limit of the whole run.
struct Stop {
    interrupts: Interrupts,
    timed_out: Arc<AtomicBool>,
    asked: Arc<AtomicBool>,
}

impl Stop {
    fn new(run: &RunSettings, shutdown: &Shutdown, runtime: &Handle) -> Self {
        let (interrupter, interrupts) = Interrupter::new();
        let (timed_out, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let mut keys = shutdown.interrupts();
        runtime.spawn({
            let (interrupter, asked) = (interrupter.clone(), asked.clone());
            async move {
                loop {
                    keys.next().await;
                    asked.store(true, Ordering::SeqCst);
                    interrupter.interrupt();
                }
            }
        });
        runtime.spawn({
            let (interrupter, asked, shutdown) =
                (interrupter.clone(), asked.clone(), shutdown.clone());
            async move {
                shutdown.ended().await;
                asked.store(true, Ordering::SeqCst);
                interrupter.stop();
            }
        });
        if let Some(limit) = run.timeout {
            let (timed_out, asked) = (timed_out.clone(), asked.clone());
            runtime.spawn(async move {
                tokio::time::sleep(limit).await;
                timed_out.store(true, Ordering::SeqCst);
                asked.store(true, Ordering::SeqCst);
                note(&format!(
                    "the time limit of {} s is over: cancelling",
                    limit.as_secs_f32()
                ));
                interrupter.interrupt();
                // code that no cancel reaches must not hold the run
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
                interrupter.interrupt();
            });
        }
        Self {
            interrupts,
            timed_out,
            asked,
        }
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    fn code(&self) -> u8 {
        if self.timed_out.load(Ordering::SeqCst) {
            code::STATEMENT
        } else {
            code::INTERRUPTED
        }
    }
}
