//! The answer to a submission was lost: did the server get the statement? It is looked for by single looks at the ids
//! after the newest known one. A list would carry every result that the server keeps, which can kill the session.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::Session;
use super::cancel::Cancel;
use super::execute::{BAD_ANSWERS, Running};
use super::identity::Check;
use super::interrupt::Interrupts;
use super::lost::Lost;
use super::poll::{Backoff, Tolerance, is_early, may_be_its_own, passes};
use super::sent::has_other_code;
use crate::livy::{Error, Reason, Statement};

impl Session {
    /// Looks for a statement until it is there or its time is over. The first interrupt is for the statement, which is
    /// to be cancelled when it is found; the second ends the search, as a stop does at once.
    pub(super) async fn look_for(
        &self,
        code: &str,
        error: Error,
        cancel: &mut Cancel,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Statement, Lost> {
        let Some(newest) = self.sent.newest() else {
            // there is nothing to begin at
            self.sent.doubt(code);
            return Err(doubt(error, None));
        };
        let mut search = Search {
            session: self,
            code,
            events,
            began: Instant::now(),
            answering: None,
            next: newest.saturating_add(1),
            absent: Backoff::default(),
            failing: Backoff::default(),
            tolerance: Tolerance::default(),
            trouble: None,
            bad: 0,
            alone: 0,
            unproved: None,
        };
        search.say();
        let mut pause = Duration::ZERO;
        let ended = loop {
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    if cancel.wanted || interrupts.is_stop() {
                        break Step::Left;
                    }
                    cancel.wanted = true;
                    let _ = events.send(Running::Cancelling);
                }
                step = search.look(pause) => match step {
                    Step::Again(wait) => pause = wait,
                    ended => break ended,
                },
            }
        };
        if !matches!(ended, Step::Found(_)) {
            self.sent.doubt(code);
        }
        match ended {
            Step::Found(statement) => Ok(*statement),
            Step::Lost(lost) => Err(*lost),
            Step::Maybe(id) => Err(doubt(error, id)),
            // whoever wanted it cancelled does not want it sent again
            Step::NoTrace if !cancel.wanted => Err(Lost::Doubt {
                error,
                candidate: None,
                no_trace: Some(self.sent.search()),
                again: false,
            }),
            _ => Err(Lost::Left { id: None }),
        }
    }
}

fn doubt(error: Error, candidate: Option<i64>) -> Lost {
    Lost::Doubt {
        error,
        candidate,
        no_trace: None,
        again: false,
    }
}

/// What a look said.
enum Step {
    /// There it is.
    Found(Box<Statement>),
    /// Nothing yet; look again after this.
    Again(Duration),
    /// Nothing is known for sure; that one may be it.
    Maybe(Option<i64>),
    /// The server answers, and has nothing of it.
    NoTrace,
    /// The session is over, or another's.
    Lost(Box<Lost>),
    /// Nobody waits any more.
    Left,
}

struct Search<'a> {
    session: &'a Session,
    code: &'a str,
    events: &'a UnboundedSender<Running>,
    began: Instant,
    /// Since when the server answers, but for the outages since: a gateway that comes back may deliver then.
    answering: Option<Instant>,
    next: i64,
    /// Waits while it is not there, and while nobody answers.
    absent: Backoff,
    failing: Backoff,
    tolerance: Tolerance,
    trouble: Option<Instant>,
    bad: u32,
    /// Of the bad answers those, once they are many, at which the session was well.
    alone: u32,
    /// Since when one that may be it has been shown in a session that nothing proves to be ours.
    unproved: Option<Instant>,
}

impl Search<'_> {
    fn say(&self) {
        let since = self.began;
        let _ = self.events.send(Running::Looking { since });
    }

    async fn look(&mut self, pause: Duration) -> Step {
        tokio::time::sleep(pause).await;
        let session = self.session;
        match session.client.statement(&session.id, self.next).await {
            Ok(statement) => self.judge(statement).await,
            Err(error) => match error.reason() {
                Some(Reason::NoSuchStatement) => {
                    self.answered();
                    let answering = *self.answering.get_or_insert_with(Instant::now);
                    let left = session.sent.search().saturating_sub(answering.elapsed());
                    if !left.is_zero() {
                        return Step::Again(self.absent.next(None).min(left));
                    }
                    if session.is_other().await {
                        return Step::Lost(Box::new(Lost::Replaced { id: None }));
                    }
                    // among others' statements the next id may be forgotten already, and ours stand behind it
                    if session.shared || session.sent.is_unsure() {
                        return Step::Maybe(None);
                    }
                    Step::NoTrace
                }
                Some(Reason::NoSuchSession) => self.denied().await,
                Some(Reason::SessionOver) => self.over().await,
                _ => self.after_failure(error).await,
            },
        }
    }

    async fn judge(&mut self, statement: Statement) -> Step {
        let session = self.session;
        // the number that was asked for: what a broken server tells would lead every later search astray
        let id = self.next;
        session.sent.saw(id);
        if session.sent.is_hidden(id) || has_other_code(&statement, self.code) {
            // somebody else's, or one of ours that nobody sees
            self.answered();
            self.next = id.saturating_add(1);
            return Step::Again(Duration::ZERO);
        }
        match session.whose().await {
            Check::Replaced => return Step::Lost(Box::new(Lost::Replaced { id: None })),
            // a server that was restarted may show a stranger's: it is looked at until that can be told
            Check::Unknown(error) if passes(&session.client, &error) => {
                let since = *self.unproved.get_or_insert_with(Instant::now);
                if since.elapsed() >= session.sent.search() {
                    return Step::Maybe(Some(id));
                }
                return self.again(error);
            }
            _ => self.answered(),
        }
        // others may have sent the same, and so may we before
        let hidden = statement.code.is_none() && session.sent.has_strays();
        if session.shared || hidden || session.sent.is_doubtful(self.code) {
            return Step::Maybe(Some(id));
        }
        session.sent.got(id);
        Step::Found(Box::new(Statement { id, ..statement }))
    }

    fn answered(&mut self) {
        self.failing.reset();
        self.tolerance.reset();
        (self.bad, self.alone) = (0, 0);
        self.unproved = None;
        if let Some(since) = self.trouble.take() {
            // an outage is no time in which it could have come
            self.answering = self.answering.map(|at| at + since.elapsed());
            self.say();
        }
    }

    /// Is the session over? One answer alone is no proof.
    async fn denied(&mut self) -> Step {
        self.bad += 1;
        match self.session.is_surely_over().await {
            Some(true) => self.over().await,
            _ if self.bad >= BAD_ANSWERS => Step::Maybe(None),
            _ => Step::Again(self.failing.next(None)),
        }
    }

    async fn over(&self) -> Step {
        Step::Lost(Box::new(self.session.post_mortem(None, false).await))
    }

    async fn after_failure(&mut self, error: Error) -> Step {
        let session = self.session;
        if !self.tolerance.passes(&session.client, &error) && !is_early(&error) {
            if error.reason() == Some(Reason::WrongCredentials) {
                return Step::Lost(Box::new(Lost::Refused { id: None, error }));
            }
            return Step::Maybe(None);
        }
        let dying = error.reason() == Some(Reason::DriverGone);
        let counts = dying || may_be_its_own(&error);
        self.bad = if counts { self.bad + 1 } else { 0 };
        let enough = self.bad >= BAD_ANSWERS && self.began.elapsed() >= session.sent.search();
        if dying || enough {
            match session.is_surely_over().await {
                Some(true) => return self.over().await,
                // a statement that the server cannot write as JSON, or a gateway let through, is there, and cannot
                // be shown
                Some(false) if enough => {
                    self.alone += 1;
                    if self.alone > 1 {
                        return Step::Maybe(Some(self.next));
                    }
                }
                Some(false) => {}
                // an outage is not the statement's
                None => (self.bad, self.alone) = (0, 0),
            }
        }
        self.again(error)
    }

    /// Another look, as long as the session may live.
    fn again(&mut self, error: Error) -> Step {
        let since = *self.trouble.get_or_insert_with(Instant::now);
        let most = self.session.patience;
        if most.is_some_and(|most| since.elapsed() >= most) {
            return Step::Maybe(None);
        }
        let wait = self
            .failing
            .next(error.failure().and_then(|failure| failure.retry_after));
        let _ = self.events.send(Running::Trouble { since, error });
        Step::Again(wait)
    }
}
