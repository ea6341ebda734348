//! A cancel that was asked for, and how it reaches the server.
use super::execute::{BAD_ANSWERS, Running};
use super::poll::is_denial;
use super::underway::Waited;
use super::wait::Wait;
use crate::livy::{Problem, Reason};

/// How far a cancel is.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    /// It was asked for.
    pub(super) wanted: bool,
    /// The server took it, or refused it for good.
    pub(super) accepted: bool,
    /// Answers that there is no such statement, or session, and such as cannot be read.
    pub(super) denied: u32,
}

impl Wait<'_> {
    pub(super) async fn ask_for_cancel(&mut self) {
        // not before a look has told that the session is still ours
        let doubtful = self.trouble.is_some();
        if !self.cancel.wanted || self.cancel.accepted || doubtful {
            return;
        }
        match self.session.client.cancel(&self.session.id, self.id).await {
            Ok(()) => {
                self.cancel.accepted = true;
                self.waited.iter().for_each(Waited::cancelling);
                let _ = self.events.send(Running::Cancelling);
            }
            // the next look asks again
            Err(error) if error.is_passing() => {}
            Err(error) => {
                let over = is_denial(&error) || error.reason() == Some(Reason::SessionOver);
                // a page in the place of an answer says that it has not come through
                let again = over || matches!(&*error.problem, Problem::Garbled { .. });
                self.cancel.denied += u32::from(again);
                // the look at the statement tells whether that is so
                if again && self.cancel.denied < BAD_ANSWERS {
                    return;
                }
                // a server without that route, or without that right: the answer still comes
                self.cancel.accepted = true;
                let _ = self.events.send(Running::NoCancel(error));
            }
        }
    }
}
