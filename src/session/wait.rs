//! Waiting for a statement's final answer, through whatever trouble there is on the way to the server.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::Session;
use super::cancel::Cancel;
use super::double::{Double, LookOut};
use super::execute::{BAD_ANSWERS, Running};
use super::identity::Check;
use super::interrupt::Interrupts;
use super::lost::Lost;
use super::poll::{
    Backoff, SECOND_LOOK, Tolerance, asked, is_denial, is_early, is_outage, is_session_denied,
    may_be_its_own, passes, statement_interval,
};
use super::sent::has_other_code;
use super::underway::Waited;
use crate::livy::{Error, Problem, Reach, Reason, Statement, StatementState};

/// Time-outs in a row, each while the session was well, after which a statement is given up by name: an answer too
/// large for Livy's channel hangs for ever. The same for other failures, once they are many.
const HUNG_ANSWERS: u32 = 2;
/// Failures in a row are many after this time, too: a gateway may take its time over each.
const BAD_FOR: Duration = Duration::from_secs(120);
/// Failures in a row, the last of which say that the driver is gone while the session's state says that it is not.
const CUT_OFF: u32 = 4;
/// How long after its state a statement's output may follow.
const OUTPUT_FOLLOWS: Duration = Duration::from_secs(1);
/// A look that takes longer is told of.
const SLOW: Duration = Duration::from_secs(5);

pub(super) struct Wait<'a> {
    pub(super) session: &'a Session,
    pub(super) id: i64,
    began: Instant,
    pub(super) events: &'a UnboundedSender<Running>,
    pub(super) cancel: Cancel,
    /// Was it ever seen running? Then a cancel without output says nothing about the code.
    pub(super) ran: bool,
    backoff: Backoff,
    tolerance: Tolerance,
    pub(super) trouble: Option<Instant>,
    /// Since when it has been seen ended without output.
    without_output: Option<Instant>,
    /// Failures in a row while the session was well, all those that may be this statement's alone and since when, and
    /// those of a dying driver: an outage before them does not count.
    hung: u32,
    bad: u32,
    bad_since: Option<Instant>,
    dying: u32,
    /// Answers in a row that the statement, or its session, is not there.
    denied: u32,
    /// Since when the server, which is there, says so and does not tell the session's state.
    untold: Option<Instant>,
    /// Since when it has been shown in a session that nothing proves to be ours.
    unproved: Option<Instant>,
    /// What was sent: other code under its number is another session's, or the server's way of writing it.
    code: Option<&'a str>,
    /// Where it is ours: a way out that leaves the session knows by this that somebody waits.
    pub(super) waited: Option<Waited>,
    /// Where it was sent twice: the look-out for the first sending.
    pub(super) double: Option<Double>,
    /// It was left behind: its output is wanted as late as it comes.
    pub(super) left: bool,
}

/// One look at the statement.
enum Look {
    /// The server told.
    Statement(Box<Statement>),
    /// It did not; look again after this.
    Again(Duration),
}

impl<'a> Wait<'a> {
    pub(super) fn new(
        session: &'a Session,
        id: i64,
        began: Instant,
        code: Option<&'a str>,
        events: &'a UnboundedSender<Running>,
    ) -> Self {
        Self {
            session,
            id,
            began,
            events,
            cancel: Cancel::default(),
            ran: false,
            backoff: Backoff::default(),
            tolerance: Tolerance::default(),
            trouble: None,
            without_output: None,
            hung: 0,
            bad: 0,
            bad_since: None,
            dying: 0,
            denied: 0,
            untold: None,
            unproved: None,
            code,
            waited: None,
            double: None,
            left: false,
        }
    }

    /// The look-out for the first sending, which is not over with the answer.
    pub(super) fn look_out(&mut self) -> Option<LookOut> {
        let double = self.double.take()?;
        let ours = self.id;
        Some(LookOut { double, ours })
    }

    pub(super) async fn until_final(
        &mut self,
        mut statement: Statement,
        interrupts: &mut Interrupts,
    ) -> Result<Statement, Lost> {
        let mut pause = Duration::ZERO;
        loop {
            if statement.state == StatementState::Running && !self.ran {
                self.ran = true;
                self.waited.iter().for_each(Waited::runs);
            }
            if self.is_final(&statement) {
                return Ok(statement);
            }
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    if self.cancel.wanted || interrupts.is_stop() {
                        self.waited.iter_mut().for_each(Waited::left);
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

    /// Can nothing follow? A driver writes a statement's state and output one after the other, so that an answer taken
    /// in between has ended without output (seen on 0.7.1): that is believed only after some time. What was
    /// cancelled before it ran has none for good.
    fn is_final(&mut self, statement: &Statement) -> bool {
        let torn = statement.output.is_none()
            && match statement.state {
                StatementState::Available => true,
                StatementState::Cancelled => self.ran,
                _ => false,
            };
        if !torn {
            return statement.state.is_over();
        }
        if self.left && statement.state == StatementState::Cancelled {
            return self.session.has_settled(statement, self.id);
        }
        let since = *self.without_output.get_or_insert_with(Instant::now);
        since.elapsed() >= OUTPUT_FOLLOWS
    }

    async fn look(&mut self, pause: Duration) -> Result<Look, Lost> {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.ask_for_cancel().await;
        if let (Some(double), Some(code)) = (&mut self.double, self.code) {
            double.look(self.session, self.id, code).await;
        }
        match self.asked().await {
            Ok(statement) => {
                self.tolerance.reset();
                (self.hung, self.bad, self.dying, self.denied) = (0, 0, 0, 0);
                (self.bad_since, self.untold) = (None, None);
                if let Some(again) = self.unless_ours(&statement).await? {
                    return Ok(again);
                }
                self.backoff.reset();
                (self.trouble, self.unproved) = (None, None);
                self.session.identity.seen();
                Ok(Look::Statement(Box::new(statement)))
            }
            Err(error) => self.after_failure(error).await,
        }
    }

    /// One question; that its answer takes long is told while it does.
    async fn asked(&self) -> Result<Statement, Error> {
        let since = Instant::now();
        let answer = self.session.client.statement(&self.session.id, self.id);
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => return answer,
            () = tokio::time::sleep(SLOW) => {}
        }
        if self.trouble.is_none() {
            let _ = self.events.send(Running::Slow { since });
        }
        answer.await
    }

    /// A server that did not answer for a while, or that has other code under that number, may have been restarted:
    /// what it shows is taken when its session proves to be ours, and looked at again until that can be told. None
    /// where it is ours.
    async fn unless_ours(&mut self, statement: &Statement) -> Result<Option<Look>, Lost> {
        let other = self
            .code
            .is_some_and(|sent| has_other_code(statement, sent));
        if self.trouble.is_none() && !other {
            return Ok(None);
        }
        let id = self.id;
        let whose = self.session.whose().await;
        let since = *self.unproved.get_or_insert_with(Instant::now);
        let long = since.elapsed() >= self.session.sent.search();
        match whose {
            Check::Replaced => return Err(Lost::Replaced { id: Some(id) }),
            // the next look tells that it is gone
            Check::Gone if other && !long => {
                return Ok(Some(Look::Again(self.backoff.next(None))));
            }
            Check::Gone if other => return Err(Lost::Replaced { id: Some(id) }),
            Check::Unknown(error) if other || passes(&self.session.client, &error) => {
                if !long {
                    let wait = self.backoff.next(asked(&error));
                    return self.again(error, wait).map(Some);
                }
                // a server that fails to show its sessions for good: the code alone must do
                if other || statement.code.is_none() {
                    let after = since.elapsed();
                    return Err(Lost::Silent { id, after, error });
                }
            }
            _ => {}
        }
        self.code = self.code.filter(|_| !other);
        Ok(None)
    }

    /// What says that it is not there, or its session, is believed only when a second look says so as well, and the
    /// session is well: one that comes back after a restart has none of them yet.
    async fn after_denial(&mut self, error: Error) -> Result<Look, Lost> {
        self.denied += 1;
        // the second look comes soon, later ones as after any failure
        let wait = self.backoff.next(None);
        let first = self.denied == 1;
        let of_session = is_session_denied(&error);
        if of_session || !first {
            let look = self.session.surely_over().await;
            let untold = look.as_ref().is_err_and(|error| !is_outage(error));
            self.untold = untold.then(|| self.untold.unwrap_or_else(Instant::now));
            match look.ok().flatten() {
                Some(true) => {
                    return Err(self.session.post_mortem(Some(self.id), false).await);
                }
                // a server that is there, and fails for good to tell more
                None if self
                    .untold
                    .is_some_and(|since| since.elapsed() >= self.session.sent.search()) =>
                {
                    let lost = self.missing().await;
                    return Err(lost.unwrap_or(Lost::Vanished { id: self.id }));
                }
                Some(false) if !of_session => {
                    if let Some(lost) = self.missing().await {
                        return Err(lost);
                    }
                }
                // the server says both, for good
                Some(false) if self.denied >= BAD_ANSWERS => {
                    return Err(Lost::Unreadable { id: self.id, error });
                }
                Some(false) => {}
                None => self.denied = 1,
            }
        }
        self.again(error, if first { SECOND_LOOK } else { wait })
    }

    /// Why a session that is well has no statement of that number; none where a later look may find it.
    async fn missing(&self) -> Option<Lost> {
        let id = self.id;
        if self.session.is_other().await {
            Some(Lost::Replaced { id: Some(id) })
        } else if self.session.has_pushed_out(id).await {
            Some(Lost::Evicted { id })
        } else {
            (self.denied >= BAD_ANSWERS).then_some(Lost::Vanished { id })
        }
    }

    /// Another look, as long as the session may live.
    fn again(&mut self, error: Error, wait: Duration) -> Result<Look, Lost> {
        let since = *self.trouble.get_or_insert_with(Instant::now);
        let after = since.elapsed();
        if self.session.patience.is_some_and(|most| after >= most) {
            let id = self.id;
            return Err(Lost::Silent { id, after, error });
        }
        let _ = self.events.send(Running::Trouble { since, error });
        Ok(Look::Again(wait))
    }

    async fn after_failure(&mut self, error: Error) -> Result<Look, Lost> {
        if is_denial(&error) {
            return self.after_denial(error).await;
        }
        self.untold = None;
        if !self.tolerance.passes(&self.session.client, &error) && !is_early(&error) {
            return Err(self.given_up(error).await);
        }
        let wait = self.backoff.next(asked(&error));
        let hangs = matches!(&*error.problem, Problem::Reach(Reach::Timeout { .. }));
        let dying = error.reason() == Some(Reason::DriverGone);
        (self.bad, self.bad_since) = if may_be_its_own(&error) {
            (
                self.bad + 1,
                self.bad_since.or_else(|| Some(Instant::now())),
            )
        } else {
            (0, None)
        };
        self.dying = if dying { self.dying + 1 } else { 0 };
        let long = self
            .bad_since
            .is_some_and(|since| since.elapsed() >= BAD_FOR);
        if dying || hangs || long || self.bad >= BAD_ANSWERS {
            match self.session.is_surely_over().await {
                Some(true) => return Err(self.session.post_mortem(Some(self.id), false).await),
                // a driver that ends tells its state soon; one that is cut off never does
                Some(false) if self.dying >= CUT_OFF => {
                    return Err(self.session.post_mortem(Some(self.id), false).await);
                }
                Some(false) if dying => {}
                // only this one fails
                Some(false) => self.hung += 1,
                // nothing answers, or a session comes back after a restart: the trouble is not the statement's
                None => {
                    (self.hung, self.bad, self.dying) = (0, 0, 0);
                    self.bad_since = None;
                }
            }
        }
        if self.hung >= HUNG_ANSWERS {
            return Err(Lost::Unreadable { id: self.id, error });
        }
        self.again(error, wait)
    }

    /// Names what cannot be got over.
    async fn given_up(&self, error: Error) -> Lost {
        match error.reason() {
            // the server's own word; what it shows as the state may be out of date then
            Some(Reason::SessionOver) => self.session.post_mortem(Some(self.id), false).await,
            Some(Reason::WrongCredentials) => Lost::Refused {
                id: Some(self.id),
                error,
            },
            _ => Lost::Unreadable { id: self.id, error },
        }
    }
}
