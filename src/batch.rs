//! Scripts: `-e`, `-f` and standard input, in order, in one session; nobody is asked anything.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::livy::Kind;
use crate::opening::{News, Note, Notes, Opened, Opener};
use crate::progress::StatusLine;
use crate::report::{Report, code, complain, insist, note};
use crate::runner::{Ended, Runner};
use crate::session::{Interrupter, Interrupts};
use crate::settings::{RunSettings, Source};
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
        let mut texts = run
            .sources
            .iter()
            .map(|from| source::read(from, asked, default))
            .collect::<Result<Vec<Text>, Report>>()?;
        fill(&mut texts, run);
        let pieces: Vec<Piece> = texts
            .iter()
            .flat_map(|text| {
                let pieces = text.pieces(run.whole);
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

/// Puts the values of `--var` into files. One that no file asks for is told: its name may be mistyped.
fn fill(texts: &mut [Text], run: &RunSettings) {
    let mut found = Vec::new();
    for (text, from) in texts.iter_mut().zip(&run.sources) {
        if !run.vars.is_empty() && !matches!(from, Source::Code(_)) {
            let (filled, names) = source::filled(&text.text, &run.vars);
            text.text = filled;
            found.extend(names);
        }
    }
    for (name, _) in &run.vars {
        if !found.contains(name) {
            note(&format!("--var {name}: no file has ${{{name}}}"));
        }
    }
}

/// Runs a script; the answer is the exit code.
pub fn run(
    script: &Script,
    run: &RunSettings,
    opener: &Opener,
    runner: &mut Runner,
    stop: &mut Stop,
    runtime: &Handle,
    visible: bool,
) -> u8 {
    let code = match open(opener, script.kind, stop, runtime, visible) {
        Ok((opened, notes)) => {
            let code = statements(script, run, &opened, runner, stop);
            // what was found out beside; what is not there yet is not waited for
            notes.take().iter().for_each(Note::show);
            code
        }
        Err(Some(report)) => {
            complain(&report);
            report.code
        }
        Err(None) => stop.code(),
    };
    let code = stop.settle(code);
    match runner.finish() {
        // an earlier failure of the same file was told already
        Err(error) if !runner.is_unwritable() => unwritten(&error),
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
    runner.leaves_session(opened.owed.way_to_look());
    for (at, piece) in script.pieces.iter().enumerate() {
        let ended = runner.run(&opened.session, piece, &mut stop.interrupts);
        if let Ended::Unwritten(error) = &ended {
            return unwritten(error);
        }
        if stop.is_asked() {
            return stop.code();
        }
        let failed = match ended {
            Ended::Ok { truncated } => {
                let failed = truncated && run.fail_truncated;
                if failed && run.quiet {
                    insist("the server cut the result");
                }
                failed
            }
            Ended::Lost {
                session_gone: true, ..
            } => {
                opened.owed.no_farewell();
                return code::STATEMENT;
            }
            // each that follows would be refused likewise
            Ended::Lost {
                no_access: true, ..
            } => return code::SERVER,
            _ => true,
        };
        if failed {
            worst = code::STATEMENT;
            let left = script.pieces.len() - at - 1;
            if !run.go_on {
                if left > 0 {
                    note(&format!(
                        "stopped at statement {} of {}{}; --continue goes on after a failure",
                        at + 1,
                        script.pieces.len(),
                        piece.place
                    ));
                }
                return worst;
            }
        }
    }
    worst
}

/// The exit code of results that cannot be written.
fn unwritten(error: &std::io::Error) -> u8 {
    complain(&Report::new(
        code::USAGE,
        format!("the results cannot be written: {error}"),
    ));
    code::USAGE
}

/// Waits for the session; `Err(None)` when the user or the time limit ended the wait.
fn open(
    opener: &Opener,
    kind: Kind,
    stop: &mut Stop,
    runtime: &Handle,
    visible: bool,
) -> Result<(Opened, Notes), Option<Report>> {
    let mut opening = opener.open(kind);
    let notes = opening.notes.clone();
    let line = StatusLine::start("connecting", visible);
    let opened = runtime.block_on(opening.wait(&mut stop.interrupts, |news| match news {
        News::Doing(text) => line.say(text),
        News::Said(said) => line.aside(|| said.show()),
    }));
    if opened.is_none() {
        // what there is of it goes on the way out
        opening.task.abort();
    }
    let opened = opened.map_or(Err(None), |opened| opened.map_err(Some))?;
    Ok((opened, notes))
}

/// What ends a script early: a signal, or the time limit of the whole run. Made before anything
/// else is done for the script, so that no signal is missed and the limit holds for all of it.
pub struct Stop {
    /// For whoever waits on the script's behalf.
    pub interrupts: Interrupts,
    /// Was the run too long? Whichever is first says so, its end or the limit.
    timed_out: Arc<OnceLock<bool>>,
    asked: Arc<AtomicBool>,
    limit: Option<AbortHandle>,
}

impl Stop {
    /// From now on signals end the script, and its time runs.
    pub fn new(run: &RunSettings, shutdown: &Shutdown, runtime: &Handle) -> Self {
        let (interrupter, interrupts) = Interrupter::new();
        let (timed_out, asked) = (Arc::new(OnceLock::new()), Arc::new(AtomicBool::new(false)));
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
        let limit = run.timeout.map(|limit| {
            let (timed_out, asked) = (timed_out.clone(), asked.clone());
            let task = runtime.spawn(async move {
                tokio::time::sleep(limit).await;
                if timed_out.set(true).is_err() {
                    return;
                }
                asked.store(true, Ordering::SeqCst);
                insist(&format!(
                    "the time limit of {} s is over",
                    limit.as_secs_f32()
                ));
                interrupter.interrupt();
                // code that no cancel reaches must not hold the run
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
                interrupter.interrupt();
            });
            task.abort_handle()
        });
        Self {
            interrupts,
            timed_out,
            asked,
            limit,
        }
    }

    /// The statements have ended, with this exit code: the time limit has nothing more to end, for the
    /// way out has one of its own. The answer is the exit code of the run.
    fn settle(&self, code: u8) -> u8 {
        let in_time = self.timed_out.set(false).is_ok();
        if let Some(limit) = &self.limit {
            limit.abort();
        }
        // the limit was told while the last statement ended
        if code == code::OK && !in_time {
            self.code()
        } else {
            code
        }
    }

    /// Is the script to end?
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The exit code of a script that was ended.
    pub fn code(&self) -> u8 {
        if self.timed_out.get() == Some(&true) {
            code::STATEMENT
        } else {
            code::INTERRUPTED
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.settle(code::OK);
    }
}
