//! Why a statement has no answer.
use std::time::Duration;

use super::cause::Cause;
use crate::livy::{Error, Reason, SessionState};

/// What can still be learned of a session that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Its last state; none when the server no longer knows it.
    pub state: Option<SessionState>,
    /// What its state, its log and the clocks give away.
    pub cause: Option<Cause>,
    /// The useful part of its log.
    pub lines: Vec<String>,
}

/// A statement without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It never ran: the server refused it, or never got it.
    #[error("{0}")]
    NotSent(Error),
    /// It never ran: the caller gave it up before it was sent.
    #[error("given up before it was sent")]
    GivenUp,
    /// It may or may not have run: the answer to its submission was lost, and it was not found.
    #[error("{error}")]
    Doubt {
        /// How the answer was lost.
        error: Error,
        /// The id of a statement that may be it.
        candidate: Option<i64>,
        /// It was looked for this long, and the server, which answers, has nothing of it.
        no_trace: Option<Duration>,
        /// It had been sent before, with the same end.
        again: bool,
    },
    /// The session is gone, and its answer with it.
    #[error("the session is gone")]
    SessionGone {
        /// The server refused the statement: it did not run.
        refused: bool,
        /// Its statement id, where the server had accepted it.
        id: Option<i64>,
        /// What is known of its end.
        gone: Gone,
    },
    /// The session's id is another session's by now, and the answer is gone with ours.
    #[error("the server was restarted, and the session's id is another session's now")]
    Replaced {
        /// Its statement id, where the server had accepted it.
        id: Option<i64>,
    },
    /// The server no longer keeps it (of the newest, 100 unless its operator set another number).
    #[error("the server no longer keeps statement {id}")]
    Evicted {
        /// Its id.
        id: i64,
    },
    /// The server knows it no longer, and nothing says why.
    #[error("the server no longer knows statement {id}")]
    Vanished {
        /// Its id.
        id: i64,
    },
    /// The server has it, but its answer cannot be fetched.
    #[error("the answer of statement {id} cannot be fetched: {error}")]
    Unreadable {
        /// Its id.
        id: i64,
        /// Why.
        error: Error,
    },
    /// The server takes the login no longer: what became of the statement cannot be asked.
    #[error("the server takes the login no longer: {error}")]
    Refused {
        /// Its id, where the server had accepted it.
        id: Option<i64>,
        /// The refusal.
        error: Error,
    },
    /// The server has been silent for longer than the session's limit.
    #[error("no answer about statement {id} for {} s: {error}", after.as_secs())]
    Silent {
        /// Its id.
        id: i64,
        /// How long.
        after: Duration,
        /// What the last try met.
        error: Error,
    },
    /// The caller stopped waiting; it may go on.
    #[error("left behind")]
    Left {
        /// Its id, where the server had accepted it.
        id: Option<i64>,
    },
}

impl Lost {
    /// The statement's id on the server, where it is known.
    pub fn server_id(&self) -> Option<i64> {
        match self {
            Self::NotSent(_) | Self::GivenUp | Self::Doubt { .. } => None,
            Self::SessionGone { id, .. }
            | Self::Replaced { id }
            | Self::Left { id }
            | Self::Refused { id, .. } => *id,
            Self::Evicted { id }
            | Self::Vanished { id }
            | Self::Unreadable { id, .. }
            | Self::Silent { id, .. } => Some(*id),
        }
    }

    /// Is there no access to the server any more?
    pub fn is_no_access(&self) -> bool {
        match self {
            Self::NotSent(error) => error.reason() == Some(Reason::WrongCredentials),
            Self::Refused { .. } => true,
            _ => false,
        }
    }

    /// Did it certainly not run?
    pub fn surely_not_run(&self) -> bool {
        matches!(
            self,
            Self::NotSent(_) | Self::GivenUp | Self::SessionGone { refused: true, .. }
        )
    }
}
