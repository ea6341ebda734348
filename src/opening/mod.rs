//! From settings to a live session: the server (ours, where asked for), the client, the session.
//! It runs beside the prompt, so it speaks through a status and notes and draws nothing.
mod telling;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;
use url::Url;

use crate::livy::{Client, Connection, Credentials, Kind, ProxyChoice, Reason, Trace};
use crate::local::serving::{LocalSpark, Served};
use crate::record::{JournalKey, Record};
use crate::report::Report;
use crate::session::{self, Closed, Health, KeepAlive, Lease, Session};
use crate::settings::{Settings, Target};
use crate::shutdown::Shutdown;
use telling::{Telling, Words};
pub use wanted::wanted;

/// A session that can be used, with what keeps it alive.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// Its heartbeat.
    pub keep_alive: KeepAlive,
    /// The duty to delete it.
    pub lease: Lease,
    /// Its place in the journal.
    pub journal: JournalKey,
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
}

/// A session on its way.
pub struct Opening {
    /// The work; its answer is the session.
    pub task: JoinHandle<Result<Opened, Report>>,
    /// What is being done.
    pub status: watch::Receiver<Status>,
    /// What the user should know.
    pub notes: mpsc::UnboundedReceiver<String>,
    /// What would have to be deleted.
    pub lease: Lease,
}

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
        }))
    }

    /// The client; the first call makes it, and starts the local server where that is meant.
    pub async fn client(&self) -> Result<Client, Report> {
        let mut client = self.0.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let connection = match (&self.0.settings.target, &self.0.local) {
            (Target::Server { url, .. }, _) => self.connection(url.clone()),
            (Target::Local, Some(local)) => self.serve(local).await?,
            (Target::Local, None) => {
                return Err(Report::new(
                    crate::report::code::SERVER,
                    "there is no Spark on this machine yet",
                )
                .advise("livysh setup installs it"));
            }
        };
        let made = Client::new(connection).map_err(|error| Report::from(&error))?;
        *client = Some(made.clone());
        Ok(made)
    }

    async fn serve(&self, local: &LocalSpark) -> Result<Connection, Report> {
        let Served {
            url,
            secret,
            server,
            ..
        } = local.start().await.map_err(|error| Report::from(&error))?;
        let owed = self.0.shutdown.owe(|| None, async move {
            server.shutdown().await;
            None
        });
        if !owed {
            return Err(given_up());
        }
        let url = Url::parse(&url)
            .map_err(|error| Report::new(crate::report::code::SERVER, format!("{url}: {error}")))?;
        let mut connection = self.connection(url);
        connection.credentials = secret.map_or(Credentials::None, |password| Credentials::Basic {
            user: "livysh".to_owned(),
            password,
        });
        connection.proxy = ProxyChoice::None;
        Ok(connection)
    }

    fn connection(&self, base: Url) -> Connection {
        let asked = &self.0.settings.connection;
        let headers = asked
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.clone()));
        Connection {
            credentials: self.0.credentials.clone(),
            headers: headers.collect::<Vec<(String, SecretString)>>(),
            do_as: asked.do_as.clone(),
            cacert: asked.cacert.clone(),
            cert: asked.cert.clone(),
            key: asked.key.clone(),
            insecure: asked.insecure.unwrap_or(false),
            proxy: match (&asked.proxy, asked.no_proxy) {
                (_, Some(true)) => ProxyChoice::None,
                (Some(url), _) => ProxyChoice::Url(url.clone()),
                (None, _) => ProxyChoice::System,
            },
            connect_timeout: asked.connect_timeout_or_default(),
            trace: self.0.trace.clone(),
            ..Connection::new(base)
        }
    }

    /// Begins to open a session; the prompt need not wait for it.
    pub fn open(&self, kind: Kind) -> Opening {
        let (status, status_seen) = watch::channel(Status {
            text: "connecting".to_owned(),
            phase: Phase::Opening,
        });
        let (notes, notes_seen) = mpsc::unbounded_channel();
        let lease = Lease::default();
        let telling = Telling { status, notes };
        let task = self.0.runtime.spawn({
            let (opener, lease) = (self.clone(), lease.clone());
            async move {
                let opened = opener.opened(kind, lease, &telling).await;
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
            notes: notes_seen,
            lease,
        }
    }

    async fn opened(&self, kind: Kind, lease: Lease, telling: &Telling) -> Result<Opened, Report> {
        let asked = &self.0.settings.session;
        if matches!(self.0.settings.target, Target::Local) {
            telling.status("starting Spark on this machine");
            if let Some(text) = wanted::without_effect(asked) {
                telling.note(&text);
            }
        }
        let mut client = self.client().await?;
        let wanted = wanted(asked, kind);
        let name = wanted.create.name.clone().unwrap_or_default();
        let journal = self.0.record.creating(&name, client.base().as_str());
        if !self.owe_delete(&client, &lease, journal) {
            self.0.record.deleted(journal);
            return Err(given_up());
        }
        let (events, mut seen) = mpsc::unbounded_channel();
        let listening = telling.clone();
        let asked_user = asked.proxy_user.clone();
        let listener = tokio::spawn(async move {
            let mut words = Words::new(asked_user);
            while let Some(event) = seen.recv().await {
                words.hear(event, &listening);
            }
        });
        let mut started = session::start(&client, &wanted, &lease, &events).await;
        if let Err(error) = &started
            && let Some(other) = self.below_livy(&client, error, telling).await
            && self.owe_delete(&other, &lease, journal)
        {
            // from now on every call goes there
            *self.0.client.lock().await = Some(other.clone());
            client = other;
            started = session::start(&client, &wanted, &lease, &events).await;
        }
        drop(events);
        let _ = listener.await;
        match started {
            Ok(session) => {
                let heartbeat = wanted.create.heartbeat_timeout_in_second;
                self.0.record.created(journal, &session, heartbeat);
                let heartbeat = heartbeat.map(|seconds| Duration::from_secs(u64::from(seconds)));
                let keep_alive = KeepAlive::start(&session, heartbeat);
                Ok(Opened {
                    session,
                    keep_alive,
                    lease,
                    journal,
                })
            }
            Err(error) => {
                if lease.is_owed() {
                    // not at the end only: a shell may stay open for hours
                    let (lease, record) = (lease.clone(), self.0.record.clone());
                    tokio::spawn(async move { close(&client, &lease, &record, journal).await });
                } else {
                    self.0.record.deleted(journal);
                }
                Err(Report::from(&error))
            }
        }
    }

    /// A URL without a path that is no Livy is tried once at /livy, where gateways put it.
    async fn below_livy(
        &self,
        client: &Client,
        error: &session::StartError,
        telling: &Telling,
    ) -> Option<Client> {
        let session::StartError::Create(error) = error else {
            return None;
        };
        let other_service = error.reason() == Some(Reason::NoSuchRoute)
            || matches!(&*error.problem, crate::livy::Problem::Garbled { .. });
        let Target::Server { url, .. } = &self.0.settings.target else {
            return None;
        };
        if !other_service || !client.base().path().trim_matches('/').is_empty() {
            return None;
        }
        let below = url.join("livy").ok()?;
        let client = Client::new(self.connection(below.clone())).ok()?;
        client.sessions(None, Some(0)).await.ok()?;
        telling.note(&format!(
            "{url} is no Livy server, {below} is: that one is used"
        ));
        Some(client)
    }

    /// Whatever way the program ends, the session goes first. False when it is ending already.
    fn owe_delete(&self, client: &Client, lease: &Lease, journal: JournalKey) -> bool {
        let (client, lease, record) = (client.clone(), lease.clone(), self.0.record.clone());
        let shown = lease.clone();
        self.0.shutdown.owe(
            move || {
                shown
                    .owed()
                    .map(|session| format!("session {session} may still be there"))
            },
            async move { close(&client, &lease, &record, journal).await },
        )
    }

    /// Deletes a session now, as `:restart` does; the answer is what the user should know.
    pub async fn close(&self, opened: &Opened) -> Option<String> {
        let client = &opened.session.client;
        close(client, &opened.lease, &self.0.record, opened.journal).await
    }

    /// The settings that sessions are opened with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
}

fn given_up() -> Report {
    Report::new(crate::report::code::INTERRUPTED, "given up")
}

async fn close(
    client: &Client,
    lease: &Lease,
    record: &Record,
    journal: JournalKey,
) -> Option<String> {
    match lease.close(client).await {
        Closed::Nothing => None,
        Closed::Deleted(_) => {
            record.deleted(journal);
            None
        }
        Closed::Left { session, error } => Some(format!(
            "session {session} could not be deleted and may still be there: {}",
            error.problem
        )),
    }
}
