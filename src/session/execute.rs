//! One statement: submitted once, polled until its answer is final, cancelled when asked.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::Session;
use super::cause::Cause;
use super::interrupt::Interrupts;
use super::log::useful_lines;
use super::poll::{Backoff, statement_interval};
use crate::livy::{
    Error, Kind, Outcome, Problem, Reach, Reason, SessionState, Statement, StatementState,
};

/// Code to run.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The code, as it is sent.
    pub code: &'a str,
    /// Its kind.
    pub kind: Kind,
}

/// What happens while a statement runs.
#[derive(Debug)]
pub enum Running {
    /// The server has it.
    Accepted(i64),
    /// At every look.
    State {
        /// Its state.
        state: StatementState,
        /// A hint from 0.0 to 1.0, not monotonic.
        progress: f64,
    },
    /// A cancel was asked for.
    Cancelling,
    /// The server refuses to cancel; the statement goes on.
    NoCancel(Error),
    /// The server does not answer at the moment.
    Trouble {
        /// Since when.
        since: Instant,
        /// Why.
        error: Error,
    },
}

/// A statement with a final answer.
#[derive(Debug)]
pub struct Execution {
    /// The final answer, as it came.
    pub statement: Statement,
    /// The final answer, understood.
    pub outcome: Outcome,
    /// From the first byte of the submission to the parsed answer.
    pub waited: Duration,
    /// Its cancel was accepted, but nothing says that its code has stopped: the server only gave
    /// up waiting for it, and later statements wait behind it.
    pub runs_on: bool,
}

/// A statement without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It never ran: the server refused it, or never got it.
    #[error("{0}")]
    NotSent(Error),
    /// It may or may not have run: the answer to its submission was lost.
    #[error("{0}")]
    Doubt(Error),
    /// The session is gone, and its answer with it.
    #[error("the session is gone")]
    SessionGone {
        /// Its statement id, where the server had accepted it.
        id: Option<i64>,
        /// The session's last state; none when the server no longer knows it.
        state: Option<SessionState>,
        /// What its log gives away.
        cause: Option<Cause>,
        /// The useful part of its log.
        lines: Vec<String>,
    },
    /// The server no longer keeps it (it keeps the newest 100).
    #[error("the server no longer keeps statement {id}")]
    Evicted {
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
    /// The caller stopped waiting; it may go on.
    #[error("left behind")]
    Left {
        /// Its id, where the server had accepted it.
        id: Option<i64>,
    },
}

/// 5xx answers in a row for one statement after which it is given up by name, where the session is well.
const BAD_ANSWERS: u32 = 8;
/// Time-outs in a row, likewise: an answer too large for Livy's channel hangs for ever.
const HUNG_ANSWERS: u32 = 2;
/// While a statement runs, the idle rule (1 h by default) is told this often that somebody waits.
const CONNECT_EVERY: Duration = Duration::from_secs(20 * 60);
const LOG_LINES: usize = 20;

impl Session {
    /// Submits the code once and waits for its final answer.
    ///
    /// The first interrupt cancels the statement, and waiting goes on; the second stops waiting, as
    /// a stop does at once.
    pub async fn execute(
        &self,
        submission: Submission<'_>,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Execution, Lost> {
        let began = Instant::now();
        let mut cancel = Cancel::default();
        let statement = self.submit(submission, &mut cancel, interrupts).await?;
        let _ = events.send(Running::Accepted(statement.id));
        let mut wait = Wait {
            session: self,
            id: statement.id,
            began,
            events,
            cancel,
            ran: false,
            backoff: Backoff::default(),
            trouble: None,
            hung: 0,
            connected: began,
        };
        let mut statement = wait.until_final(statement, interrupts).await?;
        let waited = began.elapsed();
        let runs_on =
            statement.state == StatementState::Cancelled && statement.output.is_none() && wait.ran;
        Ok(Execution {
            outcome: Outcome::take(&mut statement, submission.kind, Some(self.row_limit)),
            statement,
            waited,
            runs_on,
        })
    }

    async fn submit(
        &self,
        submission: Submission<'_>,
        cancel: &mut Cancel,
        interrupts: &mut Interrupts,
    ) -> Result<Statement, Lost> {
        let sending = self
            .client
            .submit(&self.id, submission.code, Some(submission.kind));
        tokio::pin!(sending);
        let answer = loop {
            tokio::select! {
                answer = &mut sending => break answer,
                () = interrupts.next() => {
                    if cancel.wanted || interrupts.is_stop() {
                        return Err(Lost::Left { id: None });
                    }
                    cancel.wanted = true;
                }
            }
        };
        match answer {
            Ok(statement) => Ok(statement),
            Err(error) if error.may_have_arrived() => Err(Lost::Doubt(error)),
            Err(error) => match error.reason() {
                Some(Reason::NoSuchSession | Reason::SessionOver | Reason::DriverGone) => {
                    Err(self.post_mortem(None).await)
                }
                _ => Err(Lost::NotSent(error)),
            },
        }
    }

    /// What can still be learned of a session that is gone.
    pub(super) async fn post_mortem(&self, id: Option<i64>) -> Lost {
        let state = self.client.state(&self.id).await.ok();
        let log = self.client.log(&self.id, None, Some(-1)).await;
        let log = log.map(|page| page.log).unwrap_or_default();
        Lost::SessionGone {
            id,
            state,
            cause: Cause::of(&log),
            lines: useful_lines(&log, LOG_LINES),
        }
    }
}

#[derive(Debug, Default)]
struct Cancel {
    wanted: bool,
    accepted: bool,
}

struct Wait<'a> {
    session: &'a Session,
    id: i64,
    began: Instant,
    events: &'a UnboundedSender<Running>,
    cancel: Cancel,
    /// Was it ever seen running? Then a cancel without output says nothing about the code.
    ran: bool,
    backoff: Backoff,
    trouble: Option<Instant>,
    hung: u32,
    connected: Instant,
}

/// One look at the statement.
enum Look {
    /// The server told.
    Statement(Box<Statement>),
    /// It did not; look again after this.
    Again(Duration),
}

impl Wait<'_> {
    async fn until_final(
        &mut self,
        mut statement: Statement,
        interrupts: &mut Interrupts,
    ) -> Result<Statement, Lost> {
        let mut pause = Duration::ZERO;
        loop {
            self.ran |= statement.state == StatementState::Running;
            if statement.state.is_over() {
                return Ok(statement);
            }
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    if self.cancel.wanted || interrupts.is_stop() {
                        return Err(Lost::Left { id: Some(self.id) });
                    }
                    self.cancel.wanted = true;
                    pause = Duration::ZERO;
                }
                look = self.look(pause) => match look? {
                    Look::Statement(next) => {
                        let _ = self.events.send(Running::State {
                            state: next.state.clone(),
                            progress: next.progress.unwrap_or(0.0),
                        });
                        statement = *next;
                        pause = statement_interval(self.began.elapsed());
                    }
                    Look::Again(wait) => pause = wait,
                }
            }
        }
    }

    async fn look(&mut self, pause: Duration) -> Result<Look, Lost> {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.ask_for_cancel().await?;
        self.tell_idle_rule();
        match self
            .session
            .client
            .statement(&self.session.id, self.id)
            .await
        {
            Ok(statement) => {
                self.backoff.reset();
                self.trouble = None;
                self.hung = 0;
                Ok(Look::Statement(Box::new(statement)))
            }
            Err(error) => self.after_failure(error).await,
        }
    }

    async fn ask_for_cancel(&mut self) -> Result<(), Lost> {
        if !self.cancel.wanted || self.cancel.accepted {
            return Ok(());
        }
        match self.session.client.cancel(&self.session.id, self.id).await {
            Ok(()) => {
                self.cancel.accepted = true;
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

    fn tell_idle_rule(&mut self) {
        if self.connected.elapsed() < CONNECT_EVERY {
            return;
        }
        self.connected = Instant::now();
        let session = self.session.clone();
        // not every server has the route, and no answer of it matters here
        tokio::spawn(async move { session.client.connect(&session.id).await });
    }

    async fn after_failure(&mut self, error: Error) -> Result<Look, Lost> {
        if !error.is_passing() {
            return Err(self.given_up(error).await);
        }
        let wait = self
            .backoff
            .next(error.failure().and_then(|failure| failure.retry_after));
        if matches!(&*error.problem, Problem::Reach(Reach::Timeout { .. })) {
            self.hung += 1;
        }
        let dying = error.reason() == Some(Reason::DriverGone);
        let answered = error.reason() == Some(Reason::Server);
        let enough =
            self.hung >= HUNG_ANSWERS || (answered && self.backoff.failures() >= BAD_ANSWERS);
        if dying || enough {
            match self.session.client.state(&self.session.id).await {
                Ok(state) if state.is_over() => {
                    return Err(self.session.post_mortem(Some(self.id)).await);
                }
                Ok(_) if enough => return Err(Lost::Unreadable { id: self.id, error }),
                Ok(_) => {}
                Err(other) if other.reason() == Some(Reason::NoSuchSession) => {
                    return Err(self.session.post_mortem(Some(self.id)).await);
                }
                // nothing answers: the trouble is the network's, not the statement's
                Err(_) => self.hung = 0,
            }
        }
        let since = *self.trouble.get_or_insert_with(Instant::now);
        let _ = self.events.send(Running::Trouble { since, error });
        Ok(Look::Again(wait))
    }

    /// Names what cannot be got over.
    async fn given_up(&self, error: Error) -> Lost {
        match error.reason() {
            Some(Reason::NoSuchStatement) => Lost::Evicted { id: self.id },
            Some(Reason::NoSuchSession | Reason::SessionOver) => {
                self.session.post_mortem(Some(self.id)).await
            }
            _ => Lost::Unreadable { id: self.id, error },
        }
    }
}
