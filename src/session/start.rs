//! Creating a session and following it until it takes statements.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::cause::Cause;
use super::create::create;
use super::hidden::Hidden;
use super::identity::Identity;
use super::lease::Lease;
use super::life::{Clock, Life};
use super::log::{fresh_lines, useful_lines};
use super::poll::{Backoff, LOG_INTERVAL, Tolerance, start_interval};
use super::sent::Sent;
use super::underway::Underway;
use super::{DEFAULT_ROW_LIMIT, Session};
use crate::livy::{self, Client, CreateSession, Kind, Reason, SessionId, SessionState};

/// The session that is wanted. `create.name` is set and [unique](super::unique_name): it is how a session is found again
/// whose creation was answered by nobody, and what tells it from a stranger's of the same id.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The body of the request.
    pub create: CreateSession,
    /// Kind of a statement that names none.
    pub kind: Kind,
    /// How long the start may take.
    pub timeout: Duration,
    /// Rows per SQL answer, where it was asked for.
    pub row_limit: Option<usize>,
    /// How long the server may be silent while a statement runs; none is for ever.
    pub patience: Option<Duration>,
}

/// What happens while a session starts.
#[derive(Debug)]
pub enum Starting {
    /// It exists; the fields that an old server did not know were left out.
    Created {
        /// Its id.
        id: SessionId,
        /// Fields that this server's release does not know.
        left_out: Vec<String>,
        /// Whom it runs as, where the server tells.
        proxy_user: Option<String>,
    },
    /// Its state, at every look.
    State(SessionState),
    /// New lines of its log.
    Log(Vec<String>),
    /// The server does not answer at the moment.
    Trouble(livy::Error),
    /// Its creation was answered by nobody: it is looked for by its name.
    Looking,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It was not created.
    #[error("{0}")]
    Create(livy::Error),
    /// It was created and then did not come up, or vanished.
    #[error("session {id} ended while it started (state {state})")]
    Died {
        /// Its id.
        id: SessionId,
        /// Its last state.
        state: SessionState,
        /// What its log gives away.
        cause: Option<Cause>,
        /// The useful part of its log.
        lines: Vec<String>,
    },
    /// It took too long.
    #[error("session {id} was not ready within {} s (state {state})", after.as_secs())]
    TimedOut {
        /// Its id.
        id: SessionId,
        /// The limit.
        after: Duration,
        /// Its last state.
        state: SessionState,
        /// What its log gives away.
        cause: Option<Cause>,
        /// The useful part of its log.
        lines: Vec<String>,
    },
    /// The server said something about it that cannot be got over.
    #[error("{error}")]
    Follow {
        /// Its id.
        id: SessionId,
        /// What it said.
        error: livy::Error,
    },
}

/// Lines of a failed session's log that are shown.
const LOG_LINES: usize = 20;
/// How long a session that was just created may be unknown (seen on managed services).
const FIRST_SIGHT: Duration = Duration::from_secs(10);

/// Creates a session and follows it until it takes statements.
///
/// Dropping the future loses nothing: the creation goes on by itself and the lease knows of it,
/// so closing the lease deletes whatever came of it.
pub async fn start(
    client: &Client,
    wanted: &Wanted,
    lease: &Lease,
    events: &UnboundedSender<Starting>,
) -> Result<Session, StartError> {
    let began = Instant::now();
    let (id, identity) = create(client, wanted, lease, events).await?;
    let mut follower = Follower::new(client, &id, &identity, events);
    follower.began = began;
    follower.follow(wanted.timeout).await?;
    Ok(Session {
        client: client.clone(),
        id,
        identity,
        name: wanted.create.name.clone(),
        kind: wanted.kind,
        row_limit: wanted.row_limit.unwrap_or(DEFAULT_ROW_LIMIT),
        patience: wanted.patience,
        shared: false,
        sent: Sent::nothing(),
        underway: Underway::default(),
        life: Life::new(Clock::default()),
        hidden: Hidden::default(),
    })
}

/// The word for the state of a session that the server no longer knows.
const GONE: &str = "gone";

pub(super) struct Follower<'a> {
    client: &'a Client,
    id: &'a SessionId,
    identity: &'a Identity,
    events: &'a UnboundedSender<Starting>,
    began: Instant,
    /// When its creation was answered: only from then on can it be seen.
    created: Instant,
    state: SessionState,
    log: Vec<String>,
    log_seen: Option<Instant>,
    /// Was it looked at as a whole?
    looked: bool,
    /// The server did not answer the last time: it may have been restarted.
    troubled: bool,
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        client: &'a Client,
        id: &'a SessionId,
        identity: &'a Identity,
        events: &'a UnboundedSender<Starting>,
    ) -> Self {
        let now = Instant::now();
        Self {
            client,
            id,
            identity,
            events,
            began: now,
            created: now,
            state: SessionState::Starting,
            log: Vec::new(),
            log_seen: None,
            looked: false,
            troubled: false,
        }
    }

    pub(super) async fn follow(&mut self, timeout: Duration) -> Result<(), StartError> {
        let (mut backoff, mut tolerance) = (Backoff::default(), Tolerance::default());
        let mut missed = false;
        loop {
            let mut wait = start_interval(self.began.elapsed());
            match self.look().await {
                Ok(None) => {
                    self.state = SessionState::Other(GONE.to_owned());
                    // the log is a stranger's
                    return Err(self.died_so());
                }
                Ok(Some(state)) => {
                    missed = false;
                    backoff.reset();
                    tolerance.reset();
                    self.state = state;
                    let _ = self.events.send(Starting::State(self.state.clone()));
                    match &self.state {
                        SessionState::Error => return Err(self.died().await),
                        state if state.takes_statements() => return Ok(()),
                        state if state.is_over() => return Err(self.died().await),
                        _ => self.look_at_log().await,
                    }
                }
                Err(error) => match error.reason() {
                    Some(Reason::NoSuchSession)
                        if missed && self.created.elapsed() > FIRST_SIGHT =>
                    {
                        self.state = SessionState::Other(GONE.to_owned());
                        return Err(self.died().await);
                    }
                    // one answer alone is no proof
                    Some(Reason::NoSuchSession) => missed = true,
                    // the first look may be at a server that is none of Livy's
                    _ if error.is_passing()
                        || (self.looked && tolerance.passes(self.client, &error)) =>
                    {
                        self.troubled = true;
                        wait = backoff.next(error.failure().and_then(|it| it.retry_after));
                        let _ = self.events.send(Starting::Trouble(error));
                    }
                    _ => {
                        return Err(StartError::Follow {
                            id: self.id.clone(),
                            error,
                        });
                    }
                },
            }
            let left = timeout.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return Err(self.timed_out(timeout).await);
            }
            tokio::time::sleep(wait.min(left)).await;
        }
    }

    /// Its state; none when its id is another session's by now.
    async fn look(&mut self) -> Result<Option<SessionState>, livy::Error> {
        if self.looked && !self.troubled {
            return self.client.state(self.id).await.map(Some);
        }
        let session = self.client.session(self.id).await?;
        let first = !std::mem::replace(&mut self.looked, true);
        if first && !self.troubled {
            self.identity.learn(&session);
        }
        self.troubled = false;
        Ok(self.identity.fits(&session).then_some(session.state))
    }

    /// Not every server has a log route; whoever has none is simply not shown one.
    async fn look_at_log(&mut self) {
        if self.log_seen.is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return;
        }
        self.log_seen = Some(Instant::now());
        self.read_log().await;
    }

    async fn read_log(&mut self) {
        let Ok(page) = self.client.log(self.id, None, Some(-1)).await else {
            return;
        };
        let fresh = fresh_lines(&self.log, &page.log).to_vec();
        self.log = page.log;
        if !fresh.is_empty() {
            let _ = self.events.send(Starting::Log(fresh));
        }
    }

    async fn died(&mut self) -> StartError {
        self.read_log().await;
        self.died_so()
    }

    fn died_so(&self) -> StartError {
        StartError::Died {
            id: self.id.clone(),
            state: self.state.clone(),
            cause: Cause::of(&self.log),
            lines: useful_lines(&self.log, LOG_LINES),
        }
    }

    async fn timed_out(&mut self, after: Duration) -> StartError {
        self.read_log().await;
        StartError::TimedOut {
            id: self.id.clone(),
            after,
            state: self.state.clone(),
            cause: Cause::of(&self.log),
            lines: useful_lines(&self.log, LOG_LINES),
        }
    }
}
