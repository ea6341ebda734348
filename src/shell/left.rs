//! Statements that were left behind: they go on in the session, and their answers are shown before a later prompt.
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use super::inquire::status_line;
use super::{Next, Shell};
use crate::command::{self, Command};
use crate::editor::{self, PromptState};
use crate::livy::{SessionId, Statement};
use crate::report::{Report, complain, is_quiet, note, noted};
use crate::runner::{Behind, Ended};
use crate::session::{Lost, Session};
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

/// A statement that was left behind, and whoever waits for its answer beside the prompt.
pub(super) struct Left {
    pub(super) behind: Behind,
    pub(super) session: Session,
    waits: JoinHandle<Result<Statement, Lost>>,
    /// A look at it took too long: only `waits` looks.
    slow: bool,
}

impl Left {
    fn new(behind: Behind, session: Session, prompt: editor::Handle, runtime: &Handle) -> Self {
        let (there, code) = (session.clone(), behind.piece.code.clone());
        let (id, number) = (behind.id, behind.number);
        let waits = runtime.spawn(async move {
            let ended = there.pick_up_left(id, &code).await;
            if ended.is_ok() && prompt.is_reading() && !is_quiet() {
                prompt.print(&noted(&format!(
                    "statement {number}, which you left behind, has ended: Enter shows its answer"
                )));
            }
            ended
        });
        Self {
            behind,
            session,
            waits,
            slow: false,
        }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        self.waits.abort();
    }
}

/// What a look at one found.
enum Found {
    Ended(Box<Statement>),
    Nothing,
    Late,
}

/// A look at each of these, by their numbers.
fn looks<'a>(
    all: impl Iterator<Item = &'a Left>,
) -> impl Future<Output = Vec<(u64, Found)>> + 'static {
    let asked: Vec<_> = all
        .map(|left| (left.session.clone(), left.behind.clone()))
        .collect();
    async move {
        let mut looks = JoinSet::new();
        for (
            session,
            Behind {
                number, id, piece, ..
            },
        ) in asked
        {
            looks.spawn(async move {
                let look = session.left_answer(id, &piece.code);
                let found = match tokio::time::timeout(LOOK, look).await {
                    Ok(Some(statement)) => Found::Ended(Box::new(statement)),
                    Ok(None) => Found::Nothing,
                    Err(_) => Found::Late,
                };
                (number, found)
            });
        }
        let mut found = looks.join_all().await;
        found.sort_by_key(|(number, _)| *number);
        found
    }
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
        let here = self.opened().into_iter();
        let all = here.chain(&self.parked);
        let running = all
            .map(|opened| Runs {
                session: opened.session.id.clone(),
                statements: (self.left.iter())
                    .filter(|left| left.session.identity == opened.session.identity)
                    .count(),
                look: opened.owed.way_to_look(),
            })
            .filter(|runs| runs.statements > 0);
        Some(running.collect())
    }

    /// Looks after the statements that were left behind, wherever: those that have ended are shown, and none any more.
    /// False when the look was interrupted.
    pub(super) fn look_after(&mut self) -> bool {
        self.settle();
        if self.left.is_empty() {
            return true;
        }
        // Ctrl-C ends the look, and other keys wait for the next prompt
        self.editor.hear();
        let _silent = Quiet::start();
        let looks = looks(self.left.iter());
        let line = status_line("looking after what was left behind (Ctrl-C stops)");
        let found = self.unless_interrupted(looks);
        drop(line);
        let interrupted = found.is_none();
        self.take_found(found.unwrap_or_default());
        !interrupted
    }

    /// A statement has been answered: what was left behind in its session has ended, and is fetched before newer ones
    /// can push it out.
    fn fetch_left(&mut self) {
        self.settle();
        let here = self.opened().map(|opened| opened.session.identity.clone());
        let of_here = |left: &&Left| Some(&left.session.identity) == here.as_ref() && !left.slow;
        let looks = looks(self.left.iter().filter(of_here));
        // a Ctrl-C meanwhile is for what is sent next
        let found = self.runtime.block_on(looks);
        self.take_found(found);
    }

    /// Shows what has come of statements that were left behind, as far as it is there.
    pub(super) fn settle(&mut self) {
        let ended = self.left.extract_if(.., |left| left.waits.is_finished());
        for mut left in ended.collect::<Vec<_>>() {
            match self.runtime.block_on(&mut left.waits) {
                Ok(Ok(statement)) => self.show_left(&left, statement),
                // another look can be let in
                Ok(Err(Lost::Refused { .. })) => {
                    left.waits = self.runtime.spawn(std::future::pending());
                    self.left.push(left);
                }
                // whoever looks after the session tells that
                Ok(Err(Lost::SessionGone { .. } | Lost::Replaced { .. })) | Err(_) => {}
                Ok(Err(lost)) => {
                    let mut report = Report::from(&lost);
                    let number = left.behind.number;
                    report.what =
                        format!("statement {number}, which you left behind: {}", report.what);
                    complain(&report);
                }
            }
        }
    }

    fn take_found(&mut self, found: Vec<(u64, Found)>) {
        for (number, found) in found {
            let Some(at) = self.left.iter().position(|it| it.behind.number == number) else {
                continue;
            };
            match found {
                Found::Ended(statement) => {
                    let left = self.left.remove(at);
                    self.show_left(&left, *statement);
                }
                Found::Late => self.left[at].slow = true,
                Found::Nothing => {}
            }
        }
    }

    fn show_left(&mut self, left: &Left, statement: Statement) {
        let ended = self.runner.settled(&left.behind, statement, &left.session);
        if matches!(ended, Ended::Ok { .. }) {
            self.ran.well(left.behind.number, &left.session.identity);
        }
        if let Ended::Unwritten(error) = ended {
            note(&format!("the results cannot be written: {error}"));
        }
    }

    pub(super) fn take_note_of(&mut self, ended: Ended) {
        // a look at the session's health may have met the statement that has now ended
        if matches!(ended, Ended::Ok { .. } | Ended::Failed | Ended::Cancelled) {
            self.editor.handle().set_state(PromptState::Idle);
        }
        match ended {
            Ended::Unwritten(error) => note(&format!("the results cannot be written: {error}")),
            Ended::Lost {
                left, session_gone, ..
            } => {
                let opened = self.opened().map(|opened| opened.session.clone());
                if let (Some(behind), Some(session)) = (left, opened) {
                    let left = Left::new(behind, session, self.editor.handle(), &self.runtime);
                    self.left.push(left);
                }
                if session_gone {
                    self.forget_left();
                    self.link.lost(&self.runtime);
                    self.editor.handle().set_state(PromptState::Dead);
                }
            }
            Ended::Ok { .. } | Ended::Failed | Ended::Cancelled => self.fetch_left(),
        }
    }

    /// The session of now is parted from: answers that are there are shown. What ends with it is told; what goes on in
    /// one that stays is waited for as before.
    pub(super) fn part_from_left(&mut self) {
        // a Ctrl-C ends the look alone
        let _seen = self.look_after();
        if self.opened().is_some_and(|opened| !opened.is_ours()) {
            return;
        }
        let all = self.left.len();
        self.forget_left();
        let ended = all - self.left.len();
        if ended > 0 {
            let what = counted(ended);
            let end = if ended == 1 { "ends" } else { "end" };
            note(&format!(
                "{what} that you left behind {end} with the session"
            ));
        }
    }

    /// What was left behind in the session of now goes with it.
    pub(super) fn forget_left(&mut self) {
        let here = self.opened().map(|opened| opened.session.identity.clone());
        self.left
            .retain(|left| Some(&left.session.identity) != here.as_ref());
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
