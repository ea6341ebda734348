//! Asking for a session: it is made once, and found again where nobody answers.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::identity::Identity;
use super::lease::{Lease, find_by_name};
use super::poll::{Backoff, Tolerance, asked};
use super::sent::search;
use super::start::{StartError, Starting, Wanted};
use crate::livy::{self, Client, CreateSession, Reach, Reason, SessionId};

/// How long a server is waited for that may have made a session and cannot be reached.
const AWAY: Duration = Duration::from_secs(180);
/// Bad answers in the place of a list after which a session whose creation nobody answered is not looked for any more.
const BAD_LISTS: u32 = 5;
/// The same where the server has never shown that it is a Livy: its address may be wrong.
const PAGES: u32 = 2;
/// Time between two looks at a list that does not have it.
const LIST_INTERVAL: Duration = Duration::from_secs(1);

/// Its id and what tells it from others. The lease knows of it, also when nobody waits any more.
pub(super) async fn create(
    client: &Client,
    wanted: &Wanted,
    lease: &Lease,
    events: &UnboundedSender<Starting>,
) -> Result<(SessionId, Identity), StartError> {
    let began = Instant::now();
    let name = wanted.create.name.clone().unwrap_or_default();
    if !lease.creating(&name) {
        return Err(StartError::Create(given_up()));
    }
    let after = wanted.timeout;
    let mut backoff = Backoff::default();
    let answer = loop {
        // in a task of its own: whoever gives up waiting must not lose the id
        let task = tokio::spawn(ask(
            client.clone(),
            wanted.create.clone(),
            lease.clone(),
            name.clone(),
        ));
        let left = after.saturating_sub(began.elapsed());
        let Ok(answer) = tokio::time::timeout(left, task).await else {
            return Err(StartError::Create(failed(Reach::Timeout { after }.into())));
        };
        let interrupted = || livy::Problem::Setup("the creation was interrupted".to_owned());
        let error = match answer.unwrap_or_else(|_| Err(failed(interrupted()))) {
            Err(error) if may_be_made_later(client, &error) => error,
            answer => break answer,
        };
        let pause = backoff.next(asked(&error));
        if began.elapsed() + pause >= after {
            break Err(error);
        }
        let _ = events.send(Starting::Trouble(error.clone()));
        tokio::time::sleep(pause).await;
        // the machine may have slept
        if began.elapsed() >= after {
            break Err(error);
        }
        // who gave up meanwhile has found that nothing was made
        if !lease.creating(&name) {
            return Err(StartError::Create(given_up()));
        }
    };
    match answer {
        Ok((livy::Created { session, left_out }, identity)) => {
            let _ = events.send(Starting::Created {
                id: session.id.clone(),
                left_out,
                proxy_user: session.proxy_user,
            });
            Ok((session.id, identity))
        }
        Err(error) if may_be_there(&error) => {
            let _ = events.send(Starting::Looking);
            // a server that is away may come back
            let left = after.saturating_sub(began.elapsed()).min(AWAY);
            let found = tokio::time::timeout(left, found_again(client, &name)).await;
            let Ok(Some(session)) = found else {
                return Err(StartError::Create(error));
            };
            let (identity, id) = (Identity::of(&session), session.id);
            let _ = lease.made(&id, &identity);
            let _ = events.send(Starting::Created {
                id: id.clone(),
                left_out: Vec::new(),
                proxy_user: None,
            });
            Ok((id, identity))
        }
        Err(error) => Err(StartError::Create(error)),
    }
}

fn failed(problem: livy::Problem) -> livy::Error {
    livy::Error {
        method: "POST",
        path: "/sessions".to_owned(),
        problem: Box::new(problem),
    }
}

fn given_up() -> livy::Error {
    failed(livy::Problem::Setup(
        "given up before it was asked for".to_owned(),
    ))
}

/// Was it surely not made, for a reason that passes? Where a server was never reached at all, its address may be wrong,
/// which is told at once.
fn may_be_made_later(client: &Client, error: &livy::Error) -> bool {
    let asks_to_wait = error.failure().is_some_and(|it| it.status == 429);
    asks_to_wait || (error.never_arrived() && client.has_served())
}

/// Asks for a session, and has the lease know what came of it, also when nobody waits for it any more.
async fn ask(
    client: Client,
    body: CreateSession,
    lease: Lease,
    name: String,
) -> Result<(livy::Created, Identity), livy::Error> {
    let answer = client.create(&body).await.map(|created| {
        let identity = Identity::of(&created.session);
        (created, identity)
    });
    match &answer {
        // the way out was taken before, and nobody else deletes it
        Ok((created, identity)) if !lease.made(&created.session.id, identity) => {
            let _ = lease.close(&client).await;
        }
        Ok(_) => {}
        Err(error) if !may_be_there(error) => lease.nothing(),
        Err(_) => lease.doubtful(&name),
    }
    answer
}

/// Can there be a session although its creation looks failed? Nobody else's has its name: where that is taken, a gateway
/// sent the creation twice.
fn may_be_there(error: &livy::Error) -> bool {
    error.may_have_arrived() || error.reason() == Some(Reason::DuplicateName)
}

/// Looks for a session whose creation was answered by nobody. A gateway that gave up may still deliver it: the server's
/// list is believed when it did not have it for as long as a gateway waits, outages not counted.
async fn found_again(client: &Client, name: &str) -> Option<livy::Session> {
    let (mut backoff, mut tolerance) = (Backoff::default(), Tolerance::default());
    let (mut absent, mut bad) = (None::<Instant>, 0);
    loop {
        let wait = match find_by_name(client, name).await {
            Ok(Some(session)) => return Some(session),
            Ok(None) => {
                backoff.reset();
                tolerance.reset();
                if absent.get_or_insert_with(Instant::now).elapsed() >= search() {
                    return None;
                }
                LIST_INTERVAL
            }
            // it answers badly, or never did: as good as without
            Err(error) if error.reason() == Some(Reason::Server) || !client.has_served() => {
                bad += 1;
                let page = matches!(&*error.problem, livy::Problem::Garbled { .. });
                let most = if page && !client.has_served() {
                    PAGES
                } else {
                    BAD_LISTS
                };
                if bad >= most {
                    return None;
                }
                LIST_INTERVAL
            }
            Err(error) if tolerance.passes(client, &error) => {
                absent = None;
                backoff.next(asked(&error))
            }
            Err(_) => return None,
        };
        tokio::time::sleep(wait).await;
    }
}
