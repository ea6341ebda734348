//! From settings to a live session: the server (ours, where asked for), the client, the session.
//! It runs beside the prompt, so it speaks through a status and notes and draws nothing.
mod attach;
mod ends;
mod init;
mod left;
mod made;
mod owed;
mod recap;
mod reuse;
mod server;
mod telling;
mod wait;
mod wanted;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex as Lock, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use crate::livy::{Client, Credentials, Kind, Trace};
use crate::local::serving::LocalSpark;
use crate::record::Record;
use crate::report::Report;
use crate::session::{Health, KeepAlive, Lease, Session};
use crate::settings::{Settings, Target, Which};
use crate::shutdown::{Duty, Shutdown};
use ends::Ends;
pub use init::{Init, init};
use made::Making;
pub use owed::Owed;
use recap::PickedUp;
use telling::Telling;
pub use telling::{Note, Notes};
pub use wait::News;
use wanted::wanted;
pub use wanted::{ignored, wanted_as_named};

/// A session that can be used, with what keeps it alive.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// Its heartbeat.
    pub keep_alive: KeepAlive,
    /// The duty to delete it, or to leave it there.
    pub owed: Owed,
    /// What is found out while it is used, and the status that changes with each word.
    pub notes: Notes,
    /// See `notes`.
    pub status: watch::Receiver<Status>,
    ours: bool,
    ends: Ends,
    _picked_up: Option<PickedUp>,
}

/// How far a session on its way is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// On its way.
    Opening,
    /// It takes statements.
    Ready {
        /// The session.
        session: Session,
        /// How it is from now on.
        health: watch::Receiver<Health>,
    },
    /// It will not come.
    Failed(Report),
}

/// What is being done.
#[derive(Clone, Debug)]
pub struct Status {
    /// In a few words.
    pub text: String,
    /// How far it is.
    pub phase: Phase,
    /// The kind of a session that is there, once it is known.
    pub kind: Option<Kind>,
}

/// A session on its way.
pub struct Opening {
    /// The work; its answer is the session.
    pub task: JoinHandle<Result<Opened, Report>>,
    /// What is being done.
    pub status: watch::Receiver<Status>,
    /// What the user should know; the status changes with each.
    pub notes: Notes,
    /// What would have to be deleted.
    pub lease: Lease,
    /// Was the session there before us?
    pub attached: bool,
    /// How, once that is known.
    owed: Promise,
}

impl Opened {
    /// Ends the use of the session now, as `:restart` does: one that we made is deleted, also when it was to
    /// stay. The answer is what the user should know.
    pub async fn close(self) -> Option<String> {
        if self.ours && self.owed.stays() && !self.owed.delete_later(&self.session) {
            return None;
        }
        // the heartbeat lasts as long as the session may
        self.owed.close().await
    }

    /// The session takes no statement any more. One that we made is deleted where it still stands on the
    /// server's list; another's is let be, and nothing is said of it.
    pub async fn lost(self) -> Option<String> {
        if self.ours {
            return self.close().await;
        }
        self.owed.given_up();
        None
    }

    /// Would [`Opened::close`] delete it?
    pub fn is_ours(&self) -> bool {
        self.ours || !self.owed.stays()
    }

    /// Was it there before us, and not left by us for the next?
    pub fn is_attached(&self) -> bool {
        !self.ours
    }

    /// Does it stay on the server when we leave?
    pub fn stays(&self) -> bool {
        self.owed.stays()
    }

    /// Has a look at it found that it is gone?
    pub fn is_known_to_be_gone(&self) -> bool {
        let health = self.keep_alive.health();
        let health = health.borrow();
        matches!(*health, Health::Gone(_) | Health::Replaced)
    }

    /// What becomes of it when we leave, in words.
    pub fn when_left(&self) -> String {
        if self.owed.stays() {
            format!("it stays: {}", self.ends.text())
        } else {
            "it is deleted".to_owned()
        }
    }

    /// From now on the session stays when we leave; the answer says when it ends.
    pub fn detach(&self) -> String {
        self.owed.stay(None);
        let stays = format!("session {} stays: {}", self.session.id, self.ends.text());
        if self.ours && !self.owed.is_recorded() {
            return format!("{stays}; it {}", owed::unrecorded(true));
        }
        stays
    }
}

impl Opening {
    /// What stays behind when nothing is deleted.
    pub fn left(&self) -> Option<String> {
        owed::left(&self.lease)
    }

    /// Gives the session up, and deletes what there is of it; the answer is what the user should know.
    pub async fn give_up(self) -> Option<String> {
        self.task.abort();
        // where it came after all, it is closed as well
        let _opened = self.task.await;
        let owed = self.owed.lock();
        let owed = owed.unwrap_or_else(PoisonError::into_inner).clone();
        match owed {
            Some(owed) => owed.close().await,
            None => None,
        }
    }
}

/// The newest duty to delete that stands for a session on its way.
type Promise = Arc<Lock<Option<Owed>>>;

/// Opens sessions on one server; the connection is made once.
#[derive(Clone)]
pub struct Opener(Arc<Inner>);

struct Inner {
    runtime: Handle,
    settings: Settings,
    credentials: Credentials,
    local: Option<LocalSpark>,
    trace: Option<mpsc::UnboundedSender<Trace>>,
    shutdown: Shutdown,
    record: Record,
    client: Mutex<Option<Client>>,
    /// A session was made here before.
    has_made: AtomicBool,
}

impl Opener {
    /// For the server that the settings name; `local` is the Spark of this machine, where that is meant.
    pub fn new(
        runtime: Handle,
        settings: Settings,
        credentials: Credentials,
        local: Option<LocalSpark>,
        trace: Option<mpsc::UnboundedSender<Trace>>,
        shutdown: Shutdown,
        record: Record,
    ) -> Self {
        Self(Arc::new(Inner {
            runtime,
            settings,
            credentials,
            local,
            trace,
            shutdown,
            record,
            client: Mutex::new(None),
            has_made: AtomicBool::new(false),
        }))
    }

    /// Begins to open the session that the settings name; the prompt need not wait for it.
    pub fn open(&self, kind: Kind) -> Opening {
        self.open_as(kind, self.0.settings.which.clone())
    }

    /// The same with another one.
    pub fn open_as(&self, kind: Kind, which: Which) -> Opening {
        let (status, status_seen) = watch::channel(Status {
            text: "connecting".to_owned(),
            phase: Phase::Opening,
            kind: None,
        });
        let notes = Notes::default();
        let (lease, owed) = (Lease::default(), Promise::default());
        let attached = matches!(which, Which::Attached { .. });
        let telling = Telling {
            status,
            notes: notes.clone(),
        };
        let task = self.0.runtime.spawn({
            let (opener, lease, owed) = (self.clone(), lease.clone(), Arc::clone(&owed));
            async move {
                let asked = Asked {
                    kind,
                    lease,
                    promise: &owed,
                    telling: &telling,
                };
                let opened = opener.opened(which, asked).await;
                match &opened {
                    Ok(opened) => telling.phase(Phase::Ready {
                        session: opened.session.clone(),
                        health: opened.keep_alive.health(),
                    }),
                    // that a session which we give up does not come is no failure
                    Err(_) if opener.0.shutdown.is_leaving() => {}
                    Err(report) => telling.phase(Phase::Failed(report.clone())),
                }
                opened
            }
        });
        Opening {
            task,
            status: status_seen,
            notes,
            lease,
            attached,
            owed,
        }
    }

    async fn opened(&self, which: Which, asked: Asked<'_>) -> Result<Opened, Report> {
        match which {
            Which::New => self.made(asked, Making::default()).await,
            Which::Kept => {
                let stays = true;
                self.made(
                    asked,
                    Making {
                        stays,
                        ..Making::default()
                    },
                )
                .await
            }
            Which::Attached { session, delete } => self.attached(&session, delete, asked).await,
            Which::Reused { name, fresh } => self.reused(name, fresh, asked).await,
        }
    }

    /// How the journal calls the server: a session of this machine's Spark ends with it, whatever its port was.
    fn journal_name(&self, client: &Client) -> String {
        match self.0.settings.target {
            Target::Local => "local".to_owned(),
            Target::Server { .. } => client.base().as_str().to_owned(),
        }
    }

    /// Does it run a script, which nobody types at?
    fn is_script(&self) -> bool {
        !self.0.settings.run.sources.is_empty()
    }

    /// Whatever way the program ends, the session goes first. False when it is ending already.
    fn owe(&self, owed: &Owed, promise: &Promise) -> bool {
        let (left, work, anew) = (owed.clone(), owed.clone(), owed.clone());
        let duty = Duty::new(move || left.left(), async move { work.close().await });
        // a server that is this process would never answer, and ends with it
        let is_us = matches!(self.0.settings.target, Target::Local);
        let taken = self.0.shutdown.owe(duty.or_anew(move || {
            let anew = anew.clone();
            async move {
                if is_us {
                    anew.erase();
                    return None;
                }
                anew.close_anew().await
            }
        }));
        if taken {
            *promise.lock().unwrap_or_else(PoisonError::into_inner) = Some(owed.clone());
        }
        taken
    }

    /// The settings that sessions are opened with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
}

/// What is wanted of an opening, and who hears of it.
struct Asked<'a> {
    kind: Kind,
    lease: Lease,
    promise: &'a Promise,
    telling: &'a Telling,
}

fn given_up() -> Report {
    Report::new(crate::report::code::INTERRUPTED, "given up")
}
