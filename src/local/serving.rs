//! The installed Spark and the server in one: what `livysh local` and `livysh serve` start.
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use super::server::{Running as Server, StartError as ServeError};

use super::host;
use super::server::{Launcher, Limits, Options, SparkDefaults};
use super::setup::Runtime;

/// As good as never.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A Spark of this machine that can be served.
#[derive(Clone, Debug)]
pub struct LocalSpark {
    runtime: Runtime,
    state: PathBuf,
}

/// A running server and how to talk to it.
pub struct Served {
    /// Its address, without the secret.
    pub url: String,
    /// The password, with any user name; none when it asks for none.
    pub secret: Option<SecretString>,
    /// The file that holds the password, where other clients are to find it.
    pub secret_file: Option<PathBuf>,
    /// The server itself: shut it down at the end.
    pub server: Server,
}

impl LocalSpark {
    /// `state` is a private folder: sessions work below it, and secrets for other clients lie in it.
    pub fn new(runtime: Runtime, state: PathBuf) -> Self {
        Self { runtime, state }
    }

    /// Starts a server for this process alone: a free port, and the secret in memory only.
    pub async fn start(&self) -> Result<Served, ServeError> {
        // the shell's own session ends with the shell, not with an idle hour
        let limits = Limits {
            idle: YEAR,
            ..Limits::default()
        };
        self.run(self.options(0, true, None, limits)).await
    }

    /// Starts a server for other clients.
    pub async fn serve(&self, port: u16, auth: bool) -> Result<Served, ServeError> {
        self.run(self.options(port, auth, Some(self.state.clone()), Limits::default()))
            .await
    }

    fn options(
        &self,
        port: u16,
        auth: bool,
        secret_folder: Option<PathBuf>,
        limits: Limits,
    ) -> Options {
        let runtime = &self.runtime;
        Options {
            port,
            auth,
            secret_folder: secret_folder.filter(|_| auth),
            work_root: self.state.join("work"),
            launcher: Launcher {
                python: runtime.python.clone(),
                env: runtime.env.clone(),
                files: host::FILES,
            },
            defaults: SparkDefaults::default(),
            limits,
        }
    }

    async fn run(&self, options: Options) -> Result<Served, ServeError> {
        let server = super::server::Server::start(options).await?;
        Ok(Served {
            url: server.url.clone(),
            secret: server.secret.clone(),
            secret_file: server.secret_file().map(ToOwned::to_owned),
            server,
        })
    }
}
