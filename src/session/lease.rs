//! What we owe the server: a session that we made is deleted on every way out.
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use crate::livy::{Client, Error, Problem, Reach, SessionId};

/// How long a creation that nobody answered yet is waited for before it is looked up by name.
const CREATION_ANSWER: Duration = Duration::from_secs(8);
/// How long the list is waited for in which a session of an unanswered creation would stand.
const LOOK_UP: Duration = Duration::from_secs(10);
/// Tries at a delete that the network loses.
const DELETE_TRIES: u32 = 3;

/// The duty to delete one session; clones share it, and it is done once.
#[derive(Clone, Debug)]
pub struct Lease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    duty: watch::Sender<Duty>,
    closing: Mutex<()>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Duty {
    /// Nothing was sent yet, or the session is not ours to delete.
    Nothing,
    /// The creation is on its way: the session may exist under this name.
    Creating(String),
    /// The creation was answered by nobody: the session may exist under this name.
    Doubtful(String),
    /// It exists.
    Made(SessionId),
    /// It is gone.
    Done,
}

/// How a lease ended.
#[derive(Debug)]
pub enum Closed {
    /// There was nothing to delete.
    Nothing,
    /// The session is deleted (or was gone already).
    Deleted(SessionId),
    /// It may still be there.
    Left {
        /// Its id, or the name that it was to get.
        session: String,
        /// Why it could not be deleted.
        error: Error,
    },
}

impl Default for Lease {
    fn default() -> Self {
        Self(Arc::new(Inner {
            duty: watch::Sender::new(Duty::Nothing),
            closing: Mutex::new(()),
        }))
    }
}

impl Lease {
    /// A creation is about to be sent; false when the lease was closed before: then it must not be.
    #[must_use]
    pub(super) fn creating(&self, name: &str) -> bool {
        self.0.duty.send_if_modified(|duty| {
            let open = *duty != Duty::Done;
            if open {
                *duty = Duty::Creating(name.to_owned());
            }
            open
        })
    }

    /// Closes a lease under which nothing was ever made: nothing will be.
    fn seal(&self) -> bool {
        self.0.duty.send_if_modified(|duty| {
            let empty = *duty == Duty::Nothing;
            if empty {
                *duty = Duty::Done;
            }
            empty
        })
    }

    pub(super) fn made(&self, id: &SessionId) {
        self.0.duty.send_replace(Duty::Made(id.clone()));
    }

    pub(super) fn doubtful(&self, name: &str) {
        self.0.duty.send_replace(Duty::Doubtful(name.to_owned()));
    }

    /// The creation was refused, or the session is known to be gone.
    pub(super) fn nothing(&self) {
        self.0.duty.send_replace(Duty::Nothing);
    }

    /// The id of the session that would be deleted, once known.
    pub fn session(&self) -> Option<SessionId> {
        match &*self.0.duty.borrow() {
            Duty::Made(id) => Some(id.clone()),
            _ => None,
        }
    }

    /// What would be left behind: the session's id, or the name that it was to get.
    pub fn owed(&self) -> Option<String> {
        match &*self.0.duty.borrow() {
            Duty::Made(id) => Some(id.to_string()),
            Duty::Creating(name) | Duty::Doubtful(name) if name.is_empty() => {
                Some("that was asked for".to_owned())
            }
            Duty::Creating(name) | Duty::Doubtful(name) => Some(name.clone()),
            Duty::Nothing | Duty::Done => None,
        }
    }

    /// Is there something that a way out has to delete?
    pub fn is_owed(&self) -> bool {
        self.owed().is_some()
    }

    /// Deletes the session. Safe to call from several places: the second call waits for the first
    /// and then has nothing to do.
    pub async fn close(&self, client: &Client) -> Closed {
        let _one_at_a_time = self.0.closing.lock().await;
        if self.seal() {
            return Closed::Nothing;
        }
        let mut duty = self.0.duty.subscribe();
        let id = match self.settled(&mut duty).await {
            Duty::Nothing | Duty::Done => return Closed::Nothing,
            Duty::Made(id) => id,
            // by a name that the user chose, somebody else's session could be found
            Duty::Creating(name) | Duty::Doubtful(name) if name.is_empty() => {
                let why = "its creation was not answered, and its name is not ours alone";
                return Closed::Left {
                    session: "that was asked for".to_owned(),
                    error: Error {
                        method: "POST",
                        path: "/sessions".to_owned(),
                        problem: Box::new(Problem::Setup(why.to_owned())),
                    },
                };
            }
            Duty::Creating(name) | Duty::Doubtful(name) => match look_up(client, &name).await {
                Ok(Some(id)) => id,
                Ok(None) => {
                    self.0.duty.send_replace(Duty::Done);
                    return Closed::Nothing;
                }
                Err(error) => {
                    return Closed::Left {
                        session: name,
                        error,
                    };
                }
            },
        };
        match delete(client, &id).await {
            Ok(()) => {
                self.0.duty.send_replace(Duty::Done);
                Closed::Deleted(id)
            }
            Err(error) => Closed::Left {
                session: id.to_string(),
                error,
            },
        }
    }

    /// The duty, after a creation under way had its chance to be answered.
    async fn settled(&self, duty: &mut watch::Receiver<Duty>) -> Duty {
        let answered = duty.wait_for(|duty| !matches!(duty, Duty::Creating(_)));
        match tokio::time::timeout(CREATION_ANSWER, answered).await {
            Ok(Ok(duty)) => duty.clone(),
            _ => self.0.duty.borrow().clone(),
        }
    }
}

/// The session of that name, where the server lists one.
pub(super) async fn find_by_name(client: &Client, name: &str) -> Result<Option<SessionId>, Error> {
    Ok(client
        .all_sessions()
        .await?
        .into_iter()
        .find(|session| session.name.as_deref() == Some(name))
        .map(|session| session.id))
}

/// The same on the way out, where nobody waits long for a server that does not answer.
async fn look_up(client: &Client, name: &str) -> Result<Option<SessionId>, Error> {
    let found = tokio::time::timeout(LOOK_UP, find_by_name(client, name)).await;
    found.unwrap_or_else(|_| {
        let after = LOOK_UP;
        Err(Error {
            method: "GET",
            path: "/sessions".to_owned(),
            problem: Box::new(Reach::Timeout { after }.into()),
        })
    })
}

async fn delete(client: &Client, id: &SessionId) -> Result<(), Error> {
    let mut backoff = super::poll::Backoff::default();
    loop {
        match client.delete(id).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                let wait = backoff.next(error.failure().and_then(|failure| failure.retry_after));
                // a server that took minutes over one will not be quicker over the next
                let slow = matches!(&*error.problem, Problem::Reach(Reach::Timeout { .. }));
                if slow || !error.is_passing() || backoff.failures() >= DELETE_TRIES {
                    return Err(error);
                }
                tokio::time::sleep(wait).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_under_a_lease_that_was_closed_before() {
        let lease = Lease::default();
        assert!(lease.seal());
        assert!(!lease.creating("late"));
        assert!(!lease.is_owed());
    }

    #[test]
    fn a_creation_under_way_is_owed_by_its_name_and_a_refused_one_is_not() {
        let lease = Lease::default();
        assert!(lease.creating("name"));
        assert!(!lease.seal());
        assert_eq!(lease.owed().as_deref(), Some("name"));
        lease.nothing();
        assert!(!lease.is_owed());
        lease.made(&SessionId::new("7"));
        assert_eq!(lease.owed().as_deref(), Some("7"));
    }
}
