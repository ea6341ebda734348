//! All sessions of one server.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::SparkDefaults;
use super::answer::Refusal;
use super::create::Create;
use super::host::Launcher;
use super::keeper;
use super::life::{Expiry, Times};
use super::session::Session;
use axum::http::StatusCode;

/// The sessions, by id.
pub(super) struct Registry {
    folder: PathBuf,
    launcher: Arc<Launcher>,
    defaults: Arc<SparkDefaults>,
    times: Times,
    most: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    sessions: BTreeMap<i32, Arc<Session>>,
    next_id: i32,
    closed: bool,
}

impl Registry {
    /// `folder` holds a folder per session; `most` sessions may live at once.
    pub(super) fn new(
        folder: PathBuf,
        launcher: Launcher,
        defaults: SparkDefaults,
        times: Times,
        most: usize,
    ) -> Self {
        Self {
            folder,
            launcher: Arc::new(launcher),
            defaults: Arc::new(defaults),
            times,
            most,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a session and starts its host. Like Livy, a refused request uses up an id.
    pub(super) fn create(&self, create: Create) -> Result<Arc<Session>, Refusal> {
        let (session, to_host) = {
            let mut known = self.known();
            let live = known
                .sessions
                .values()
                .filter(|session| session.is_live())
                .count();
            if known.closed || live >= self.most {
                return Err(Refusal::Message(
                    StatusCode::BAD_REQUEST,
                    "Rejected, too many sessions are being created!".to_owned(),
                ));
            }
            let id = known.next_id;
            known.next_id += 1;
            create.check()?;
            if let Some(name) = &create.name
                && known
                    .sessions
                    .values()
                    .any(|session| session.create.name.as_ref() == Some(name))
            {
                return Err(Refusal::rejected(&format!(
                    "Duplicate session name: Some({name}) for session {id}"
                )));
            }
            let folder = self.folder.join(format!("session-{id}"));
            let (session, to_host) = Session::new(id, create, folder, self.times);
            known.sessions.insert(id, Arc::clone(&session));
            (session, to_host)
        };
        tokio::spawn(keeper::keep(
            Arc::clone(&session),
            Arc::clone(&self.launcher),
            Arc::clone(&self.defaults),
            to_host,
        ));
        Ok(session)
    }

    /// The session of an id or a name; digits are always an id. Counts as a heartbeat.
    pub(super) fn find(&self, asked: &str) -> Result<Arc<Session>, Refusal> {
        let known = self.known();
        let session = if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
            let id: i32 = asked.parse().map_err(|_| Refusal::not_a_number(asked))?;
            known.sessions.get(&id)
        } else {
            known
                .sessions
                .values()
                .find(|session| session.create.name.as_deref() == Some(asked))
        };
        let session = session.ok_or_else(|| Refusal::no_session(asked))?;
        session.heard_of();
        Ok(Arc::clone(session))
    }

    /// All, in order of creation, those that are over included.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        self.known().sessions.values().cloned().collect()
    }

    /// Ends a session and forgets it. Goes on when the caller stops waiting.
    pub(super) async fn delete(self: &Arc<Self>, session: Arc<Session>) {
        let registry = Arc::clone(self);
        let deletion = tokio::spawn(async move {
            session.end().await;
            registry.known().sessions.remove(&session.id);
        });
        // It cannot panic, and is not aborted while the runtime lives.
        let _ = deletion.await;
    }

    /// Ends what has expired and forgets what was retained for long enough.
    pub(super) fn collect(self: &Arc<Self>, now: Instant) {
        for session in self.all() {
            match session.expiry(now) {
                None => {}
                Some(Expiry::Retained) => {
                    self.known().sessions.remove(&session.id);
                }
                Some(Expiry::Heartbeat | Expiry::Idle) => {
                    let registry = Arc::clone(self);
                    tokio::spawn(async move { registry.delete(session).await });
                }
            }
        }
    }

    /// Takes no more sessions, and ends all that live; true when all were gone in time.
    pub(super) async fn close(self: &Arc<Self>, limit: Duration) -> bool {
        self.known().closed = true;
        let mut ends = JoinSet::new();
        for session in self.all() {
            ends.spawn(async move { session.end().await });
        }
        tokio::time::timeout(limit, ends.join_all()).await.is_ok()
    }

    /// Tells all sessions to end, without waiting.
    pub(super) fn abandon(&self) {
        self.known().closed = true;
        for session in self.all() {
            session.stop.cancel();
        }
    }
}
