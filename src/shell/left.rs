//! Statements that were left behind: they go on in the session while nobody waits for them.
use std::time::Duration;

use super::link::Link;
use super::{Next, Shell};
use crate::editor::PromptState;
use crate::report::note;
use crate::runner::Ended;
use crate::terminal::Quiet;

/// How long statements that were left behind are looked after.
const LOOK: Duration = Duration::from_secs(3);
/// How many statements a server keeps (`livy.rsc.retained-statements`, unless it is set otherwise).
const RETAINED: i64 = 100;

impl Shell {
    pub(super) fn end(&mut self) -> Next {
        if !self.warned {
            match self.something_runs() {
                Some(false) => {}
                Some(true) => {
                    let look = self.opened().and_then(|opened| opened.owed.way_to_look());
                    let until = look.map_or_else(
                        || "will end with the session".to_owned(),
                        |look| format!("goes on in the session, which stays ({look} shows it)"),
                    );
                    note(&format!(
                        "a statement that you left behind still runs and {until}; Ctrl-D again leaves"
                    ));
                    self.warned = true;
                    return Next::Go;
                }
                // Ctrl-C
                None => return Next::Go,
            }
        }
        Next::Leave(self.code())
    }

    /// Does a statement run that was left behind? None when the look was interrupted.
    pub(super) fn something_runs(&mut self) -> Option<bool> {
        let Link::Open(opened) = &self.link else {
            return Some(false);
        };
        if self.left.is_empty() {
            return Some(false);
        }
        // Ctrl-C ends the look, and other keys wait for the next prompt
        self.editor.hear();
        let _silent = Quiet::start();
        let looks: Vec<_> = std::mem::take(&mut self.left)
            .into_iter()
            .map(|(number, id)| {
                let session = opened.session.clone();
                let look = self.runtime.spawn(async move {
                    // no answer in time: better one warning too many
                    let look = tokio::time::timeout(LOOK, session.has_ended(id));
                    look.await.unwrap_or(false)
                });
                (number, id, look)
            })
            .collect();
        self.interrupts.forget();
        let interrupts = &mut self.interrupts;
        let left = &mut self.left;
        let interrupted = self.runtime.block_on(async {
            let mut interrupted = false;
            for (number, id, look) in looks {
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
                    left.push((number, id));
                }
            }
            interrupted
        });
        (!interrupted).then_some(!self.left.is_empty())
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
        let oldest = opened.session.sent.newest().unwrap_or(-1) - RETAINED;
        self.left.retain(|(number, id)| {
            let kept = *id > oldest;
            if !kept {
                note(&format!(
                    "the answer of statement {number}, which you left behind, is gone: the server keeps those of its newest {RETAINED} statements"
                ));
            }
            kept
        });
    }
}
