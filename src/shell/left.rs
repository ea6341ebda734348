//! Statements that were left behind: they go on in the session while nobody waits for them.
use std::time::Duration;

use super::link::Link;
use super::{Next, Shell};
use crate::command::{self, Command};
use crate::editor::PromptState;
use crate::livy::{RETAINED_STATEMENTS, SessionId};
use crate::report::note;
use crate::runner::Ended;
use crate::terminal::Quiet;

/// How long statements that were left behind are looked after.
const LOOK: Duration = Duration::from_secs(3);

/// How a shell is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// With all its sessions.
    All,
    /// The session of now is left to itself, and what waits ends as it always does.
    ThisStays,
}

/// Does the entry ask for [`Leaving::ThisStays`]?
pub(super) fn is_detach(text: &str) -> bool {
    let text = text.trim_start();
    command::is_command(text) && matches!(command::parse(text), Ok(Command::Detach))
}

/// A session in which statements run that were left behind.
struct Runs {
    session: SessionId,
    statements: usize,
    /// The command that shows what goes on there, where the session stays when we leave.
    look: Option<String>,
}

/// What becomes of such statements when the shell is left, in words.
fn fates(all: &[Runs]) -> String {
    let fates = all.iter().map(|runs| {
        let id = &runs.session;
        let what = counted(runs.statements);
        let (run, they, go) = match runs.statements {
            1 => ("runs", "it", "goes"),
            _ => ("run", "they", "go"),
        };
        let fate = match &runs.look {
            Some(look) => format!(", which stays: {they} {go} on there ({look} shows it)"),
            None => " and will end with it".to_owned(),
        };
        format!("{what} that you left behind still {run} in session {id}{fate}")
    });
    fates.collect::<Vec<_>>().join("; ")
}

fn counted(statements: usize) -> String {
    match statements {
        1 => "a statement".to_owned(),
        many => format!("{many} statements"),
    }
}

impl Shell {
    pub(super) fn end(&mut self) -> Next {
        if self.warned != Some(Leaving::All) {
            let Some(running) = self.all_that_runs() else {
                // Ctrl-C
                return Next::Go;
            };
            let mut words = Vec::new();
            if !self.queue.is_empty() {
                let entered = counted(self.queue.len());
                words.push(format!("{entered} that you entered did not run yet"));
            }
            if !running.is_empty() {
                words.push(fates(&running));
            }
            if !words.is_empty() {
                note(&format!("{}; Ctrl-D again leaves", words.join("; ")));
                self.warned = Some(Leaving::All);
                return Next::Go;
            }
        }
        Next::Leave(self.code())
    }

    /// Says what ends in the sessions that wait for this shell, when it leaves and the session of now stays. True when
    /// there is nothing to say, or it was said.
    pub(super) fn may_detach(&mut self) -> bool {
        if self.warned == Some(Leaving::ThisStays) {
            return true;
        }
        let Some(mut running) = self.all_that_runs() else {
            // Ctrl-C
            return false;
        };
        let here = self.opened().map(|opened| opened.session.id.clone());
        running.retain(|runs| Some(&runs.session) != here.as_ref());
        if running.is_empty() {
            return true;
        }
        note(&format!("{}; :detach again leaves", fates(&running)));
        self.warned = Some(Leaving::ThisStays);
        false
    }

    /// The sessions, also those that wait, in which statements run that were left behind. None when the look was
    /// interrupted.
    fn all_that_runs(&mut self) -> Option<Vec<Runs>> {
        if !self.look_after() {
            return None;
        }
        let here = self.opened().map(|opened| (opened, &self.left));
        let parked = (self.parked.iter()).map(|parked| (&*parked.opened, &parked.left));
        let running = (here.into_iter().chain(parked))
            .filter(|(_, left)| !left.is_empty())
            .map(|(opened, left)| Runs {
                session: opened.session.id.clone(),
                statements: left.len(),
                look: opened.owed.way_to_look(),
            });
        Some(running.collect())
    }

    /// Looks after the statements that were left behind, wherever: those that have ended are none any more. False
    /// when the look was interrupted.
    pub(super) fn look_after(&mut self) -> bool {
        let here = match &self.link {
            Link::Open(opened) => Some((&**opened, &mut self.left)),
            _ => None,
        };
        let parked = (self.parked.iter_mut()).map(|parked| (&*parked.opened, &mut parked.left));
        let mut all: Vec<_> = (here.into_iter().chain(parked))
            .filter(|(_, left)| !left.is_empty())
            .collect();
        if all.is_empty() {
            return true;
        }
        // Ctrl-C ends the look, and other keys wait for the next prompt
        self.editor.hear();
        let _silent = Quiet::start();
        let runtime = &self.runtime;
        let mut looks = Vec::new();
        for (at, (opened, left)) in all.iter_mut().enumerate() {
            let gone = opened.is_known_to_be_gone();
            for (number, id) in left.drain(..).filter(|_| !gone) {
                let session = opened.session.clone();
                let look = runtime.spawn(async move {
                    // no answer in time: better one warning too many
                    let look = tokio::time::timeout(LOOK, session.has_ended(id));
                    look.await.unwrap_or(false)
                });
                looks.push((at, number, id, look));
            }
        }
        self.interrupts.forget();
        let interrupts = &mut self.interrupts;
        let interrupted = runtime.block_on(async {
            let mut interrupted = false;
            for (at, number, id, look) in looks {
                let over = tokio::select! {
                    biased;
                    () = interrupts.next(), if !interrupted => {
                        interrupted = true;
                        false
                    }
                    over = look, if !interrupted => over.unwrap_or(false),
                    else => false,
                };
                if !over {
                    all[at].1.push((number, id));
                }
            }
            interrupted
        });
        !interrupted
    }

    pub(super) fn take_note_of(&mut self, number: u64, ended: &Ended) {
        self.forget_evicted();
        // a look at the session's health may have met the statement that has now ended
        if matches!(ended, Ended::Ok { .. } | Ended::Failed | Ended::Cancelled) {
            self.editor.handle().set_state(PromptState::Idle);
        }
        if let Ended::Unwritten(error) = ended {
            note(&format!("the results cannot be written: {error}"));
        }
        if let Ended::Lost {
            left, session_gone, ..
        } = ended
        {
            if let Some(id) = left {
                self.left.push((number, *id));
            }
            if *session_gone {
                self.link.lost(&self.runtime);
                self.editor.handle().set_state(PromptState::Dead);
            }
        }
    }

    /// Tells which answers of statements left behind are gone. They have ended: a session runs one after the other.
    fn forget_evicted(&mut self) {
        let Link::Open(opened) = &self.link else {
            return;
        };
        let oldest = opened.session.sent.newest().unwrap_or(-1) - RETAINED_STATEMENTS;
        self.left.retain(|(number, id)| {
            let kept = *id > oldest;
            if !kept {
                note(&format!(
                    "the answer of statement {number}, which you left behind, is gone: the server keeps those of its newest {RETAINED_STATEMENTS} statements"
                ));
            }
            kept
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_says_of_each_session_what_becomes_of_its_statements() {
        let runs = |id: &str, statements, look: Option<&str>| Runs {
            session: SessionId::new(id),
            statements,
            look: look.map(str::to_owned),
        };
        assert_eq!(
            fates(&[runs("0", 1, None)]),
            "a statement that you left behind still runs in session 0 and will end with it"
        );
        assert_eq!(
            fates(&[runs("0", 2, Some("livysh sessions")), runs("7", 1, None)]),
            "2 statements that you left behind still run in session 0, which stays: they go on there (livysh sessions shows it); \
             a statement that you left behind still runs in session 7 and will end with it"
        );
    }
}
