//! Deleting a session that is ours: never without proof that it still is, and not given up at the first word.
use std::time::{Duration, Instant};

use super::identity::{Check, DELETE_FRESH, Identity};
use super::poll::{Backoff, SECOND_LOOK};
use crate::livy::{Client, Deleted, Error, Problem, Reach, Reason, SessionId};

/// How long a look is waited for that tells whether the session is still ours.
const LOOK: Duration = Duration::from_secs(5);
/// Tries at a delete that the server itself fails to do.
const TRIES: u32 = 3;
/// For how long a delete is tried that does not come through, of the time that a way out may take: where nobody
/// listens, and where something does and fails.
const NOBODY: Duration = Duration::from_secs(3);
const NO_WAY_THROUGH: Duration = Duration::from_secs(12);

/// Ends it. False when the session of that id is not ours, and nothing was deleted.
///
/// # Errors
/// What the last try met: the session may still be there.
pub(super) async fn delete(
    client: &Client,
    id: &SessionId,
    identity: &Identity,
) -> Result<bool, Error> {
    let mut backoff = Backoff::default();
    let began = Instant::now();
    loop {
        let error = match tried(client, id, identity).await {
            Err(error) => error,
            deleted => return deleted,
        };
        let wait = backoff.next(error.failure().and_then(|failure| failure.retry_after));
        let left = patience(&error, backoff.failures()).saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(error);
        }
        tokio::time::sleep(wait.min(left)).await;
    }
}

async fn tried(client: &Client, id: &SessionId, identity: &Identity) -> Result<bool, Error> {
    match look(client, id, identity, DELETE_FRESH).await {
        Check::Replaced => return Ok(false),
        // behind what fails in passing, a server that was restarted may have another's session
        Check::Unknown(error) if comes_again(&error) => return Err(error),
        // a service may not show what it has
        Check::Ours | Check::Gone | Check::Unknown(_) => {}
    }
    if client.delete(id).await? == Deleted::AlreadyGone {
        // one answer alone is no proof
        tokio::time::sleep(SECOND_LOOK).await;
        match look(client, id, identity, Duration::ZERO).await {
            Check::Ours => _ = client.delete(id).await?,
            Check::Unknown(error) if comes_again(&error) => return Err(error),
            Check::Gone | Check::Replaced | Check::Unknown(_) => {}
        }
    }
    Ok(true)
}

async fn look(client: &Client, id: &SessionId, identity: &Identity, fresh: Duration) -> Check {
    let look = identity.check(client, id, fresh);
    let seen = tokio::time::timeout(LOOK, look).await;
    seen.unwrap_or_else(|_| {
        let after = LOOK;
        Check::Unknown(Error {
            method: "GET",
            path: format!("/sessions/{id}"),
            problem: Box::new(Reach::Timeout { after }.into()),
        })
    })
}

/// May the next try say something else?
pub(super) fn comes_again(error: &Error) -> bool {
    let passes = matches!(&*error.problem, Problem::Reach(_) | Problem::Garbled { .. });
    passes || error.is_passing()
}

/// For how long it is tried in all, where this was the last answer and there were so many.
fn patience(error: &Error, failures: u32) -> Duration {
    match &*error.problem {
        Problem::Reach(Reach::Connect { .. } | Reach::Dns { .. }) | Problem::Garbled { .. } => {
            NOBODY
        }
        Problem::Failure(failure) if failure.reason == Reason::Server && failures >= TRIES => {
            Duration::ZERO
        }
        _ if error.is_passing() => NO_WAY_THROUGH,
        _ => Duration::ZERO,
    }
}
