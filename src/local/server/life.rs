//! How a session lives: its phases, the clocks that end it, and what it cannot do in a phase.
use std::time::{Duration, Instant};

use crate::livy::SessionState;

/// The session cannot do what was asked in the state that it is in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("Session is in state {0}")]
pub(super) struct NotReady(pub(super) SessionState);

/// The session is over, and its statements with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over;

/// A question to the host came to nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum AskError {
    #[error("{0}")]
    NotReady(#[from] NotReady),
    /// The host ended.
    #[error("no answer")]
    NoAnswer,
    /// The host said no.
    #[error("{0}")]
    Refused(String),
}

/// Why the watchdog ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// Nobody asked for anything below it in its heartbeat time.
    Heartbeat,
    /// Nobody used it in its idle time.
    Idle,
    /// It is over, and was shown for long enough.
    Retained,
}

/// Times that hold for all sessions of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) idle: Duration,
    pub(super) retain: Duration,
    pub(super) start: Duration,
    pub(super) cancel: Duration,
    pub(super) end: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Starting,
    Ready,
    ShuttingDown,
    Dead,
}

impl Life {
    /// The word that clients read.
    pub(super) fn state(self, busy: bool) -> SessionState {
        match self {
            Self::Starting => SessionState::Starting,
            Self::Ready if busy => SessionState::Busy,
            Self::Ready => SessionState::Idle,
            Self::ShuttingDown => SessionState::ShuttingDown,
            Self::Dead => SessionState::Dead,
        }
    }

    /// Can its statements be seen?
    pub(super) fn shows_statements(self) -> Result<(), Over> {
        match self {
            Self::Starting | Self::Ready => Ok(()),
            Self::ShuttingDown | Self::Dead => Err(Over),
        }
    }
}

/// When what happened last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// Somebody used it.
    pub(super) used: Instant,
    /// Somebody asked for something below it.
    pub(super) heard_of: Instant,
    /// It came to its end.
    pub(super) over_since: Option<Instant>,
}

impl Clocks {
    /// Those of a session that begins.
    pub(super) fn start(now: Instant) -> Self {
        Self {
            used: now,
            heard_of: now,
            over_since: None,
        }
    }

    /// Is there a reason to end the session, or to forget it? Without `heartbeat` nobody need ask for it.
    pub(super) fn expiry(
        &self,
        now: Instant,
        life: Life,
        heartbeat: Option<Duration>,
        times: &Times,
    ) -> Option<Expiry> {
        if let Some(over) = self.over_since {
            return (now.duration_since(over) > times.retain).then_some(Expiry::Retained);
        }
        let silent = now.saturating_duration_since(self.heard_of);
        if heartbeat.is_some_and(|limit| silent > limit) {
            return Some(Expiry::Heartbeat);
        }
        // A start has its own limit.
        let idle = life == Life::Ready && now.saturating_duration_since(self.used) > times.idle;
        idle.then_some(Expiry::Idle)
    }
}
