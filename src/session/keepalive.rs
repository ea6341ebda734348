//! Keeping a session alive while nobody types, and noticing when it is gone.
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Session;
use crate::livy::{Reason, SessionState};

/// How the session is, at the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its state.
    Alive(SessionState),
    /// The server has not answered since then.
    Silent {
        /// First failed look.
        since: Instant,
    },
    /// It will never answer again: over in that state, or unknown to the server.
    Gone(Option<SessionState>),
}

/// Looks at a session at a third of its heartbeat period, which every `GET` of the session
/// satisfies (the list does not). Ends when dropped, or when the session is gone.
#[derive(Debug)]
pub struct KeepAlive {
    task: JoinHandle<()>,
    health: watch::Receiver<Health>,
}

/// Without a heartbeat the look only serves to notice that the session is gone.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl KeepAlive {
    /// Starts looking; `heartbeat` is the period that the session was created with.
    pub fn start(session: &Session, heartbeat: Option<Duration>) -> Self {
        let every = heartbeat
            .map_or(LOOK_EVERY, |period| (period / 3).min(LOOK_EVERY))
            .max(Duration::from_millis(200));
        let (sender, health) = watch::channel(Health::Alive(SessionState::Idle));
        let session = session.clone();
        let task = tokio::spawn(async move { look(&session, every, &sender).await });
        Self { task, health }
    }

    /// How the session is; changes can be awaited.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(session: &Session, every: Duration, health: &watch::Sender<Health>) {
    let mut silent = None;
    loop {
        tokio::time::sleep(if silent.is_some() {
            every.min(Duration::from_secs(5))
        } else {
            every
        })
        .await;
        let now = match session.client.state(&session.id).await {
            Ok(state) if state.is_over() => Health::Gone(Some(state)),
            Ok(state) => Health::Alive(state),
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => Health::Gone(None),
            Err(_) => Health::Silent {
                since: *silent.get_or_insert_with(Instant::now),
            },
        };
        if !matches!(now, Health::Silent { .. }) {
            silent = None;
        }
        let gone = matches!(now, Health::Gone(_));
        health.send_if_modified(|old| {
            let changed = *old != now;
            *old = now;
            changed
        });
        if gone {
            return;
        }
    }
}
