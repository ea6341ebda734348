//! A cancel that was asked for, and how it reaches the server.
use super::execute::Running;
use super::lost::Lost;
use super::underway::Waited;
use super::wait::Wait;
use crate::livy::Reason;

/// How far a cancel is.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    /// It was asked for.
    pub(super) wanted: bool,
    /// The server took it, or refused it for good.
    pub(super) accepted: bool,
}

impl Wait<'_> {
    pub(super) async fn ask_for_cancel(&mut self) -> Result<(), Lost> {
        // not before a look has told that the session is still ours
        let doubtful = self.trouble.is_some();
        if !self.cancel.wanted || self.cancel.accepted || doubtful {
            return Ok(());
        }
        match self.session.client.cancel(&self.session.id, self.id).await {
            Ok(()) => {
                self.cancel.accepted = true;
                self.waited.iter().for_each(Waited::cancelling);
                let _ = self.events.send(Running::Cancelling);
                Ok(())
            }
            // the next look asks again
            Err(error) if error.is_passing() => Ok(()),
            Err(error) => {
                let over = [
                    Reason::NoSuchSession,
                    Reason::SessionOver,
                    Reason::NoSuchStatement,
                ];
                if error.reason().is_some_and(|reason| over.contains(&reason)) {
                    return Err(self.given_up(error).await);
                }
                // a server without that route, or without that right: the answer still comes
                self.cancel.accepted = true;
                let _ = self.events.send(Running::NoCancel(error));
                Ok(())
            }
        }
    }
}
