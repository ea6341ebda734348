//! The statements that are waited for: a way out that leaves their session there must not leave them running.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Session;
use crate::livy::{Error, Reason, StatementState};

/// How long a way out waits for one to end that it has cancelled.
const PATIENCE: Duration = Duration::from_secs(4);
/// Time between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long after its state a statement's output may follow.
const OUTPUT_FOLLOWS: Duration = Duration::from_millis(500);

/// How long the server has to answer a submission that a way out has met.
pub(super) const LAST_ANSWER: Duration = Duration::from_secs(1);
/// The same, with the time that whoever sent it takes to hear of that.
const ANSWERED: Duration = Duration::from_millis(1500);

/// The statements of a session that somebody waits for. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Underway(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By their ids.
    waited: Mutex<BTreeMap<i64, Seen>>,
    /// How many have left, and have no id yet.
    on_their_way: watch::Sender<usize>,
    parted: AtomicBool,
}

/// A statement that is to be sent, until this is dropped: then it has its id, or whoever sent it gives it up.
#[derive(Debug)]
pub(super) struct OnItsWay {
    underway: Underway,
    /// It may have reached the server.
    left: bool,
}

impl OnItsWay {
    /// It leaves now. False where its session is being left: it would run for nobody.
    #[must_use]
    pub(super) fn leaves(&mut self) -> bool {
        self.set(true);
        // in this order: whoever parts says so first, and looks at what is on its way after
        let goes = !self.underway.is_parted();
        if !goes {
            self.set(false);
        }
        goes
    }

    /// It surely did not reach the server.
    pub(super) fn stayed(&mut self) {
        self.set(false);
    }

    fn set(&mut self, left: bool) {
        if std::mem::replace(&mut self.left, left) == left {
            return;
        }
        let count = &self.underway.0.on_their_way;
        count.send_modify(|count| *count = if left { *count + 1 } else { *count - 1 });
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// What is known of one.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// It was seen running: a cancel without output says nothing about its code then.
    ran: bool,
    /// The server took a cancel of it.
    cancelling: bool,
}

/// What became of a statement that was still waited for when its session was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// It was cancelled.
    Cancelled(i64),
    /// It had ended by itself.
    Ended(i64),
    /// It may run on.
    MayRun(i64),
    /// The server has not answered its submission, and may have it.
    MayHave,
}

/// Somebody waits for a statement, until this is dropped.
#[derive(Debug)]
pub(super) struct Waited {
    underway: Underway,
    id: i64,
    /// It goes on when this is dropped, and nobody wanted that.
    left: bool,
}

impl Waited {
    /// It was seen running.
    pub(super) fn runs(&self) {
        self.change(|seen| seen.ran = true);
    }

    /// The server took its cancel.
    pub(super) fn cancelling(&self) {
        self.change(|seen| seen.cancelling = true);
    }

    /// The wait is over, the statement is not.
    pub(super) fn left(&mut self) {
        self.left = true;
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        self.underway.all(|all| all.get_mut(&self.id).map(change));
    }
}

impl Drop for Waited {
    fn drop(&mut self) {
        if !self.left {
            self.underway.let_go(self.id);
        }
    }
}

impl Underway {
    /// One is to be sent.
    pub(super) fn sending(&self) -> OnItsWay {
        OnItsWay {
            underway: self.clone(),
            left: false,
        }
    }

    /// From now on it is waited for.
    pub(super) fn begun(&self, id: i64) -> Waited {
        self.all(|all| all.insert(id, Seen::default()));
        Waited {
            underway: self.clone(),
            id,
            left: false,
        }
    }

    /// Is the session being left? What is sent from now on would run for nobody.
    pub(super) fn is_parted(&self) -> bool {
        self.0.parted.load(Ordering::SeqCst)
    }

    /// It has ended, or whoever waited wants it to go on alone.
    pub fn let_go(&self, id: i64) {
        self.all(|all| all.remove(&id));
    }

    fn all<T>(&self, change: impl FnOnce(&mut BTreeMap<i64, Seen>) -> T) -> T {
        change(&mut self.0.waited.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Session {
    /// Cancels what is still waited for, once, and waits a few seconds at most for each to end; the answer says what
    /// became of them.
    pub async fn part(&self) -> Vec<Parting> {
        self.underway.0.parted.store(true, Ordering::SeqCst);
        // a hidden one, too, ends for a moment's wait
        drop(self.hidden.yields().await);
        let mut partings = Vec::new();
        // what has no id can be neither cancelled nor named
        let mut on_their_way = self.underway.0.on_their_way.subscribe();
        let answered = on_their_way.wait_for(|count| *count == 0);
        if tokio::time::timeout(ANSWERED, answered).await.is_err() {
            partings.push(Parting::MayHave);
        }
        for (id, seen) in self.underway.all(std::mem::take) {
            let parting = tokio::time::timeout(PATIENCE, self.parting(id, seen)).await;
            partings.extend(parting.unwrap_or(Some(Parting::MayRun(id))));
        }
        partings
    }

    /// None where it is gone, as with its session.
    async fn parting(&self, id: i64, seen: Seen) -> Option<Parting> {
        let gone = |error: &Error| {
            let reason = error.reason();
            matches!(
                reason,
                Some(Reason::NoSuchStatement | Reason::NoSuchSession)
            )
        };
        if self.is_replaced().await {
            return None;
        }
        if !seen.cancelling
            && let Err(error) = self.client.cancel(&self.id, id).await
        {
            return (!gone(&error)).then_some(Parting::MayRun(id));
        }
        let mut cancelled = None;
        loop {
            match self.client.statement(&self.id, id).await {
                Ok(shown) if shown.state == StatementState::Cancelled => {
                    if shown.output.is_some() || !seen.ran {
                        return Some(Parting::Cancelled(id));
                    }
                    // without output the server has only given up waiting for code that ran
                    let since = *cancelled.get_or_insert_with(Instant::now);
                    if since.elapsed() >= OUTPUT_FOLLOWS {
                        return Some(Parting::MayRun(id));
                    }
                }
                Ok(shown) if shown.state.is_over() => return Some(Parting::Ended(id)),
                // its time to end has gone by
                Ok(_) if seen.cancelling => return Some(Parting::MayRun(id)),
                Err(error) if gone(&error) => return None,
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
