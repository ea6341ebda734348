//! The local server: a Spark on this machine behind the Livy REST API, on a loopback port.
//!
//! It answers as Livy 0.9 answers, so that `livysh local` is a client like any other, and any other client can
//! use `livysh serve`. `api` takes a request apart and `actions` does what it asks, `registry` the sessions, `session` one session's life, `keeper` and
//! `host` the process behind it, `guard` who may ask.
mod actions;
mod answer;
mod api;
mod body;
mod create;
mod durations;
mod guard;
mod host;
mod keeper;
mod kinds;
mod life;
mod log;
mod query;
mod registry;
mod routes;
mod session;
mod statements;
mod upload;
mod view;
mod work;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use host::{LaunchError, Launcher};

use api::App;
use guard::{Guard, SecretFile};
use life::Times;
use registry::Registry;
use work::WorkFolder;

/// What every session of the server gets unless its own request says otherwise.
#[derive(Clone, Debug, Default)]
pub struct SparkDefaults {
    /// Spark configuration; a session's own `conf` comes over it.
    pub conf: BTreeMap<String, String>,
    /// Driver memory such as `2g`; `None` leaves it to the host.
    pub driver_memory: Option<String>,
    /// Without the host's additions to what Livy does; for tests that compare with Livy.
    pub faithful: bool,
}

/// What the server allows, in the units of the standard library. The defaults are Livy's where Livy has one.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions that live at the same time.
    pub sessions: usize,
    /// How long a session may go unused.
    pub idle: Duration,
    /// How long a session that is over is still shown.
    pub retain: Duration,
    /// How long a host may take until Spark is ready.
    pub start: Duration,
    /// How long a statement may be `cancelling`.
    pub cancel: Duration,
    /// How long a host may take to end by itself before it is killed with all that it started.
    pub end: Duration,
    /// How often heartbeats, idle times and the retained are looked at.
    pub watchdog: Duration,
    /// Largest JSON body of a request, in bytes.
    pub body: usize,
    /// Largest uploaded file, in bytes.
    pub upload: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 10,
            idle: Duration::from_secs(3_600),
            retain: Duration::from_secs(600),
            start: Duration::from_secs(90),
            cancel: Duration::from_secs(30),
            end: Duration::from_secs(5),
            watchdog: Duration::from_secs(60),
            body: 16 * 1024 * 1024,
            upload: 100 * 1024 * 1024,
        }
    }
}

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Ask for the secret? Without it every user of the machine can run code as this one.
    pub auth: bool,
    /// Also write the secret into this folder, as `serve-<port>.secret` (0600, removed at the end).
    pub secret_folder: Option<PathBuf>,
    /// Where sessions have their private folders; made when it is missing.
    pub work_root: PathBuf,
    /// How to start a host.
    pub launcher: Launcher,
    /// What sessions get by default.
    pub defaults: SparkDefaults,
    /// What is allowed.
    pub limits: Limits,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody listens there already.
    #[error(
        "Port {port} is taken: another program, perhaps another `livysh serve`, listens there. Choose another one with --port, or 0 for any free one."
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The system does not let us listen.
    #[error(
        "Port {port} cannot be opened: {source}. Ports below 1024 belong to the system; choose a higher one with --port."
    )]
    Port {
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder for sessions cannot be made.
    #[error("The work folder {} cannot be used: {source}. It must be on a disk with room and belong to you.", path.display())]
    Work {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file for the secret cannot be written.
    #[error("The secret cannot be written to {}: {source}. Clients need it; make the folder writable.", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("The system gives no random bytes for the secret: {0}. Nothing is served without one.")]
    Random(#[from] getrandom::Error),
}

/// The server.
#[derive(Debug)]
pub struct Server;

/// A running server. Dropping it stops it without waiting; `shutdown` is the orderly way.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The password, with any user name; `None` when it asks for none.
    pub secret: Option<SecretString>,
    /// Its address for clients, without the secret.
    pub url: String,
    registry: Arc<Registry>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    watching: JoinHandle<()>,
    secret_file: Option<SecretFile>,
    /// Last: its folder goes when everything else has ended.
    _work: WorkFolder,
}

impl Server {
    /// Starts listening. Must be called inside a tokio runtime; hosts start with their sessions.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let port = options.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|source| port_error(port, source))?;
        let addr = listener
            .local_addr()
            .map_err(|source| port_error(port, source))?;
        let secret = options.auth.then(guard::new_secret).transpose()?;
        let secret_file = secret_file(&options, addr.port(), secret.as_ref())?;
        let work = WorkFolder::claim(&options.work_root).map_err(|source| StartError::Work {
            path: options.work_root.clone(),
            source,
        })?;
        let limits = options.limits;
        let times = Times {
            idle: limits.idle,
            retain: limits.retain,
            start: limits.start,
            cancel: limits.cancel,
            end: limits.end,
        };
        let registry = Arc::new(Registry::new(
            work.path().to_owned(),
            options.launcher,
            options.defaults,
            times,
            limits.sessions,
        ));
        let app = Arc::new(App {
            guard: Guard::new(secret.clone()),
            registry: Arc::clone(&registry),
            body_limit: limits.body,
            upload_limit: limits.upload,
        });
        let stop = CancellationToken::new();
        Ok(Running {
            addr,
            secret,
            url: format!("http://{addr}"),
            serving: tokio::spawn(serve(listener, app, stop.clone())),
            watching: tokio::spawn(watch(Arc::clone(&registry), limits.watchdog)),
            registry,
            stop,
            secret_file,
            _work: work,
        })
    }
}

impl Running {
    /// The file that holds the secret, where one was asked for.
    pub fn secret_file(&self) -> Option<&Path> {
        self.secret_file.as_ref().map(SecretFile::path)
    }

    /// Ends all sessions with their hosts, then the server, and removes its files; takes 10 seconds at most.
    pub async fn shutdown(mut self) {
        self.watching.abort();
        // Hosts that are not gone by then are killed when the runtime drops them.
        self.registry.close(Duration::from_secs(9)).await;
        self.stop.cancel();
        // Answers on their way get a moment; a client that holds its connection open does not keep us.
        let _ = tokio::time::timeout(Duration::from_millis(500), &mut self.serving).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watching.abort();
        self.serving.abort();
        self.registry.abandon();
    }
}

async fn serve(listener: TcpListener, app: Arc<App>, stop: CancellationToken) {
    let routes = Router::new().fallback(api::serve).with_state(app);
    let listener = listener.tap_io(|stream| {
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
    });
    // It ends when it is told to; errors of single connections stay theirs.
    let _ = axum::serve(listener, routes)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await;
}

async fn watch(registry: Arc<Registry>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        registry.collect(Instant::now());
    }
}

fn port_error(port: u16, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        StartError::PortTaken { port }
    } else {
        StartError::Port { port, source }
    }
}

fn secret_file(
    options: &Options,
    port: u16,
    secret: Option<&SecretString>,
) -> Result<Option<SecretFile>, StartError> {
    let (Some(folder), Some(secret)) = (&options.secret_folder, secret) else {
        return Ok(None);
    };
    let path = folder.join(format!("serve-{port}.secret"));
    SecretFile::write(&path, secret)
        .map(Some)
        .map_err(|source| StartError::SecretFile { path, source })
}
