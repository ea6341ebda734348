//! What we owe the server: a session that we made is deleted on every way out.
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use super::Session;
use super::delete::{comes_again, delete};
use super::identity::Identity;
use crate::livy::{self, Client, Error, Reach, SessionId};

/// How long a creation that nobody answered yet is waited for before it is looked up by name.
const CREATION_ANSWER: Duration = Duration::from_secs(8);
/// How long the list is waited for in which a session of an unanswered creation would stand.
const LOOK_UP: Duration = Duration::from_secs(10);
/// How long after its creation failed a session may surface on the server's list, and the time
/// between two looks for it.
const SURFACING: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
    /// The creation was answered by nobody, since then: the session may exist under this name.
    Doubtful(String, Instant),
    /// It exists.
    Made(SessionId, Identity),
    /// It is gone, by the id that it had; none where nothing was made, and nothing will be.
    Done(Option<SessionId>),
}

/// How a lease ended.
#[derive(Debug)]
pub enum Closed {
    /// There was nothing to delete.
    Nothing,
    /// The session is deleted, or was gone already.
    Deleted(SessionId),
    /// It was closed before.
    Before,
    /// Nothing was deleted: the session of that id is not the one that we made. Whether ours is still there is unknown.
    Replaced(SessionId),
    /// It may still be there.
    Left {
        /// Its id, or the name that it was to get.
        session: String,
        /// Why it could not be deleted.
        error: Error,
    },
    /// Its creation was answered by nobody and the server does not list it: it may still surface.
    Unlisted {
        /// The name that it was to get.
        name: String,
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
        self.learned(Duty::Creating(name.to_owned()))
    }

    /// Closes a lease under which nothing was ever made: nothing will be.
    fn seal(&self) -> bool {
        self.0.duty.send_if_modified(|duty| {
            let empty = *duty == Duty::Nothing;
            if empty {
                *duty = Duty::Done(None);
            }
            empty
        })
    }

    /// The session exists. False when the lease was closed before without it: then whoever learned of it closes again.
    #[must_use]
    pub(super) fn made(&self, id: &SessionId, identity: &Identity) -> bool {
        let mut open = true;
        self.0.duty.send_if_modified(|duty| {
            if let Duty::Done(deleted) = duty {
                if deleted.as_ref() == Some(id) {
                    // the way out found it by its name before this answer came
                    return false;
                }
                open = false;
            }
            *duty = Duty::Made(id.clone(), identity.clone());
            true
        });
        open
    }

    /// A session that is there is to be deleted. False when the lease was closed before: then it is not.
    #[must_use]
    pub fn take(&self, session: &Session) -> bool {
        self.learned(Duty::Made(session.id.clone(), session.identity.clone()))
    }

    /// The session is to stay: nothing is owed any more.
    pub fn release(&self) {
        self.learned(Duty::Nothing);
    }

    /// The creation was answered by nobody.
    pub(super) fn doubtful(&self, name: &str) {
        self.learned(Duty::Doubtful(name.to_owned(), Instant::now()));
    }

    /// The creation was refused.
    pub(super) fn nothing(&self) {
        self.learned(Duty::Nothing);
    }

    /// What became of the creation. False when the lease was closed by now, and stays so.
    fn learned(&self, now: Duty) -> bool {
        self.0.duty.send_if_modified(|duty| {
            let open = !matches!(duty, Duty::Done(_));
            if open {
                *duty = now;
            }
            open
        })
    }

    /// The id of the session that would be deleted, once known.
    pub fn session(&self) -> Option<SessionId> {
        match &*self.0.duty.borrow() {
            Duty::Made(id, _) => Some(id.clone()),
            _ => None,
        }
    }

    /// What would be left behind: the session's id, or the name that it was to get.
    pub fn owed(&self) -> Option<String> {
        match &*self.0.duty.borrow() {
            Duty::Made(id, _) => Some(id.to_string()),
            Duty::Creating(name) | Duty::Doubtful(name, _) => Some(name.clone()),
            Duty::Nothing | Duty::Done(_) => None,
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
        self.close_anew(client).await
    }

    /// The same whether or not another call is under way: for where that one will never end.
    pub async fn close_anew(&self, client: &Client) -> Closed {
        if self.seal() {
            return Closed::Nothing;
        }
        let found = match self.settled().await {
            Duty::Nothing => Err(self.sealed()),
            Duty::Done(_) => Err(Closed::Before),
            Duty::Made(id, identity) => Ok((id, identity)),
            Duty::Creating(name) => self.search(client, name, Instant::now()).await,
            Duty::Doubtful(name, since) => self.search(client, name, since).await,
        };
        let (id, identity) = match found {
            Ok(found) => found,
            Err(closed) => return closed,
        };
        match delete(client, &id, &identity).await {
            Ok(true) => {
                self.0.duty.send_replace(Duty::Done(Some(id.clone())));
                Closed::Deleted(id)
            }
            Ok(false) => Closed::Replaced(id),
            Err(error) => Closed::Left {
                session: id.to_string(),
                error,
            },
        }
    }

    /// The end of a lease whose creation was refused.
    fn sealed(&self) -> Closed {
        self.seal();
        Closed::Nothing
    }

    /// Finds the session of a creation that nobody answered; it may surface a little late.
    async fn search(
        &self,
        client: &Client,
        name: String,
        mut since: Instant,
    ) -> Result<(SessionId, Identity), Closed> {
        let began = Instant::now();
        loop {
            // the answer may come meanwhile
            let found = tokio::select! {
                biased;
                answered = self.answered() => return answered,
                found = look_up(client, &name) => found,
            };
            match found {
                Ok(Some(session)) => return Ok((session.id.clone(), Identity::of(&session))),
                Ok(None) => {
                    if let Duty::Doubtful(_, at) = &*self.0.duty.borrow() {
                        // what was still on its way when the search began
                        since = since.max(*at);
                    }
                    if since.elapsed() >= SURFACING {
                        return Err(Closed::Unlisted { name });
                    }
                }
                Err(error) if !comes_again(&error) || began.elapsed() >= SURFACING => {
                    let session = name;
                    return Err(Closed::Left { session, error });
                }
                Err(_) => {}
            }
            if let Ok(answered) = tokio::time::timeout(LOOK_AGAIN, self.answered()).await {
                return answered;
            }
        }
    }

    /// Returns when the creation is answered after all: the session, or that there is none.
    async fn answered(&self) -> Result<(SessionId, Identity), Closed> {
        let mut duty = self.0.duty.subscribe();
        let answered =
            duty.wait_for(|duty| !matches!(duty, Duty::Creating(_) | Duty::Doubtful(..)));
        let duty = match answered.await {
            Ok(duty) => duty.clone(),
            // the sender lives as long as this value does
            Err(_) => Duty::Nothing,
        };
        match duty {
            Duty::Made(id, identity) => Ok((id, identity)),
            Duty::Done(_) => Err(Closed::Before),
            _ => Err(self.sealed()),
        }
    }

    /// The duty, after a creation under way had its chance to be answered.
    async fn settled(&self) -> Duty {
        let mut duty = self.0.duty.subscribe();
        let answered = duty.wait_for(|duty| !matches!(duty, Duty::Creating(_)));
        match tokio::time::timeout(CREATION_ANSWER, answered).await {
            Ok(Ok(duty)) => duty.clone(),
            _ => self.0.duty.borrow().clone(),
        }
    }
}

/// The session of that name, where the server lists one.
pub(super) async fn find_by_name(
    client: &Client,
    name: &str,
) -> Result<Option<livy::Session>, Error> {
    let list = client.all_sessions().await?;
    let named = |session: &&livy::Session| session.name.as_deref() == Some(name);
    let found = list.sessions.iter().find(named).cloned();
    if found.is_none() {
        list.is_whole()?;
    }
    Ok(found)
}

/// The same on the way out, where nobody waits long for a server that does not answer.
async fn look_up(client: &Client, name: &str) -> Result<Option<livy::Session>, Error> {
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
        let session = serde_json::from_str(r#"{"id": 7}"#).unwrap();
        assert!(lease.made(&SessionId::new("7"), &Identity::of(&session)));
        assert_eq!(lease.owed().as_deref(), Some("7"));
    }

    #[test]
    fn what_is_heard_of_a_deleted_session_makes_no_new_duty_and_another_session_does() {
        let lease = Lease::default();
        let seven = SessionId::new("7");
        lease.0.duty.send_replace(Duty::Done(Some(seven.clone())));
        let session = serde_json::from_str(r#"{"id": 7}"#).unwrap();
        let identity = Identity::of(&session);
        lease.doubtful("name");
        lease.nothing();
        assert!(lease.made(&seven, &identity));
        assert!(!lease.is_owed());
        assert!(!lease.made(&SessionId::new("8"), &identity));
        assert_eq!(lease.owed().as_deref(), Some("8"));
    }

    #[test]
    fn what_is_released_is_owed_no_more_until_it_is_taken_again() {
        let url = "http://127.0.0.1:1".parse().unwrap();
        let client = Client::new(livy::Connection::new(url)).unwrap();
        let shown = serde_json::from_str(r#"{"id": 7}"#).unwrap();
        let session = Session::of(client, &shown, livy::Kind::Sql);
        let lease = Lease::default();
        assert!(lease.made(&session.id, &session.identity));
        lease.release();
        assert!(!lease.is_owed());
        assert!(lease.take(&session));
        assert_eq!(lease.owed().as_deref(), Some("7"));
        lease.release();
        assert!(lease.seal());
        assert!(!lease.take(&session), "the way out was taken");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_the_search() {
        let lease = Lease::default();
        assert!(lease.creating("name"));
        let ((), answered) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                lease.nothing();
            },
            lease.answered()
        );
        assert!(matches!(answered, Err(Closed::Nothing)));
        assert!(!lease.creating("again"));
    }
}
