//! A submission: sent once. What surely did not reach the server is sent when it can be reached; what may have is
//! looked for.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::Session;
use super::cancel::Cancel;
use super::execute::{Running, Submission};
use super::identity::{Check, STATEMENT_FRESH};
use super::interrupt::Interrupts;
use super::lost::Lost;
use super::poll::{Backoff, asked, is_early, is_session_denied, passes};
use super::underway::{LAST_ANSWER, OnItsWay};
use crate::livy::{Error, Reason, Statement};

/// How often a statement is sent again that a server refuses for want of the session, which it shows all the same.
const DENIALS: u32 = 2;

impl Session {
    pub(super) async fn submit(
        &self,
        submission: Submission<'_>,
        on_its_way: &mut OnItsWay,
        cancel: &mut Cancel,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Statement, Lost> {
        let mut backoff = Backoff::default();
        let mut trouble = None;
        let mut denied = 0;
        let code = submission.code;
        loop {
            let error = match self.still_ours(trouble, interrupts).await? {
                // nothing is sent to where nothing comes back from
                Some(error) => error,
                None if !on_its_way.leaves() => return Err(Lost::GivenUp),
                None => match self
                    .send_once(submission, cancel, interrupts, events)
                    .await?
                {
                    Ok(statement) => {
                        self.sent.got(statement.id);
                        return Ok(statement);
                    }
                    Err(error) if error.never_arrived() => error,
                    // refused unread: by who may have lost the session from sight for a moment, or for a session that
                    // comes back after a restart
                    Err(error) if is_session_denied(&error) || is_early(&error) => {
                        let look = unless(interrupts, self.is_surely_over()).await;
                        let look = look.ok_or(Lost::GivenUp)?;
                        denied += u32::from(look.is_some() || is_session_denied(&error));
                        match look {
                            Some(true) => return Err(self.end(true, code, interrupts).await),
                            _ if denied > DENIALS => return Err(Lost::NotSent(error)),
                            _ => error,
                        }
                    }
                    Err(error) => {
                        return self
                            .after_refusal(code, error, cancel, interrupts, events)
                            .await;
                    }
                },
            };
            on_its_way.stayed();
            let since = *trouble.get_or_insert_with(Instant::now);
            let over = self.patience.is_some_and(|most| since.elapsed() >= most);
            if over || cancel.wanted {
                return Err(Lost::NotSent(error));
            }
            let pause = backoff.next(asked(&error));
            let _ = events.send(Running::Trouble { since, error });
            wait(pause, interrupts).await?;
        }
    }

    /// One request. The first interrupt is for the statement, the second for the wait; after a stop its answer, which
    /// tells what is to be cancelled, is waited for a moment longer.
    async fn send_once(
        &self,
        submission: Submission<'_>,
        cancel: &mut Cancel,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Result<Statement, Error>, Lost> {
        let sending = self
            .client
            .submit(&self.id, submission.code, Some(submission.kind));
        tokio::pin!(sending);
        loop {
            tokio::select! {
                answer = &mut sending => return Ok(answer),
                () = interrupts.next() => {
                    if interrupts.is_stop()
                        && let Ok(answer) = tokio::time::timeout(LAST_ANSWER, &mut sending).await
                    {
                        return Ok(answer);
                    }
                    if cancel.wanted || interrupts.is_stop() {
                        return Err(self.left(submission.code));
                    }
                    cancel.wanted = true;
                    let _ = events.send(Running::CancelLater);
                }
            }
        }
    }

    async fn after_refusal(
        &self,
        code: &str,
        error: Error,
        cancel: &mut Cancel,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Statement, Lost> {
        // a driver that drops the call may be dying, with the session
        if error.reason() == Some(Reason::DriverGone) {
            match unless(interrupts, self.is_surely_over()).await {
                Some(Some(true)) => return Err(self.end(false, code, interrupts).await),
                Some(_) => {}
                None if cancel.wanted => return Err(self.left(code)),
                None => cancel.wanted = true,
            }
        }
        if error.may_have_arrived() {
            return self.look_for(code, error, cancel, interrupts, events).await;
        }
        match error.reason() {
            Some(Reason::SessionOver) => Err(self.end(true, code, interrupts).await),
            _ => Err(Lost::NotSent(error)),
        }
    }

    /// The session is over: what can still be learned of that, unless nobody waits for it. `refused`: it did not take
    /// the statement.
    async fn end(&self, refused: bool, code: &str, interrupts: &mut Interrupts) -> Lost {
        match unless(interrupts, self.post_mortem(None, refused)).await {
            Some(lost) => lost,
            None if refused => Lost::GivenUp,
            None => self.left(code),
        }
    }

    /// Nobody waits for it, and it may have arrived.
    fn left(&self, code: &str) -> Lost {
        self.sent.doubt(code);
        Lost::Left { id: None }
    }

    /// The look before a statement: why the server cannot be reached, where that is so, `since` then. Who interrupts it
    /// has nothing sent.
    async fn still_ours(
        &self,
        since: Option<Instant>,
        interrupts: &mut Interrupts,
    ) -> Result<Option<Error>, Lost> {
        let look = unless(interrupts, self.way(since)).await;
        look.unwrap_or(Err(Lost::GivenUp))
    }

    /// A statement that is sent into an outage may be lost, and nothing need be sent: a gateway's word for it counts as
    /// much as a connection that breaks. A server that only fails to show this session for good, which its state
    /// tells, gets the statement all the same after some time.
    async fn way(&self, since: Option<Instant>) -> Result<Option<Error>, Lost> {
        let check = self.identity.check(&self.client, &self.id, STATEMENT_FRESH);
        let error = match check.await {
            Check::Replaced => return Err(Lost::Replaced { id: None }),
            Check::Unknown(error) if passes(&self.client, &error) => error,
            // a server that does not say is no proof
            _ => return Ok(None),
        };
        let long = since.is_some_and(|since| since.elapsed() >= self.sent.search());
        let shows = long && self.client.state(&self.id).await.is_ok();
        Ok((!shows).then_some(error))
    }
}

async fn wait(pause: Duration, interrupts: &mut Interrupts) -> Result<(), Lost> {
    let slept = unless(interrupts, tokio::time::sleep(pause)).await;
    slept.ok_or(Lost::GivenUp)
}

/// What that comes to; none at an interrupt.
async fn unless<T>(interrupts: &mut Interrupts, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = interrupts.next() => None,
        done = work => Some(done),
    }
}
