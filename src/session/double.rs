//! A statement was sent again: its first sending may arrive after all, and is to be kept from running.
use std::time::{Duration, Instant};

use super::Session;
use super::interrupt::Interrupts;
use super::sent::has_other_code;
use crate::livy::StatementState;

/// Time between two looks for it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What became of a first sending that arrived late, under this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It was cancelled before it ran.
    Cancelled(i64),
    /// It ran as well.
    Ran(i64),
}

/// How long it is looked for when the second sending has ended, and the time between two looks then. It was looked for
/// much longer before that, so that this is only for what is on its last yards.
const LAST_LOOKS: Duration = Duration::from_secs(2);
const LAST_EVERY: Duration = Duration::from_millis(100);

/// The look-out for a late first sending.
#[derive(Debug)]
pub(super) struct Double {
    next: i64,
    seen: Option<Instant>,
    /// What became of it, once that is known.
    pub(super) fate: Option<Late>,
}

impl Double {
    /// From the ids on that were free when the search for the first ended; none where that is not known.
    pub(super) fn of(session: &Session) -> Option<Self> {
        // what others send may look the same
        let newest = session.sent.newest().filter(|_| !session.shared);
        newest.map(|newest| Self {
            next: newest.saturating_add(1),
            seen: None,
            fate: None,
        })
    }

    /// Looks, unless it did a moment ago; `ours` is the second sending.
    pub(super) async fn look(&mut self, session: &Session, ours: i64, code: &str) {
        if self.seen.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return;
        }
        self.look_now(session, ours, code).await;
        self.seen = Some(Instant::now());
    }

    /// Looks in any case.
    pub(super) async fn look_now(&mut self, session: &Session, ours: i64, code: &str) {
        while self.fate.is_none() {
            if self.next == ours {
                self.next = ours.saturating_add(1);
            }
            let id = self.next;
            // what does not answer now is asked again with the next look
            let Ok(found) = session.client.statement(&session.id, id).await else {
                return;
            };
            // by the number that was asked for, as every look
            session.sent.saw(id);
            self.next = id.saturating_add(1);
            // without its code nothing says whose it is
            if found.code.is_none() || has_other_code(&found, code) {
                continue;
            }
            session.sent.got(id);
            let waits = found.state == StatementState::Waiting;
            let kept = waits && cancelled(session, id).await;
            self.fate = Some(if kept {
                Late::Cancelled(id)
            } else {
                Late::Ran(id)
            });
        }
    }
}

/// A look-out that goes on when the second sending has its answer.
#[derive(Debug)]
pub struct LookOut {
    pub(super) double: Double,
    pub(super) ours: i64,
}

impl LookOut {
    /// What became of a first sending that arrives after the second has ended; none where it does not within a short
    /// time, or until an interrupt.
    pub async fn last(
        mut self,
        session: &Session,
        code: &str,
        interrupts: &mut Interrupts,
    ) -> Option<Late> {
        let began = Instant::now();
        while self.double.fate.is_none() && began.elapsed() < LAST_LOOKS {
            let look = async {
                self.double.look_now(session, self.ours, code).await;
                tokio::time::sleep(LAST_EVERY).await;
            };
            tokio::select! {
                biased;
                () = interrupts.next() => break,
                () = look => {}
            }
        }
        self.double.fate
    }
}

/// Cancels what waits: did it surely not run? Then it has no output.
async fn cancelled(session: &Session, id: i64) -> bool {
    if session.client.cancel(&session.id, id).await.is_err() {
        return false;
    }
    let after = session.client.statement(&session.id, id).await;
    after.is_ok_and(|after| after.state == StatementState::Cancelled && after.output.is_none())
}
