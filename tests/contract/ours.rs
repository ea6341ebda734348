//! Our own server: the built program's `serve`, and in this process where limits must be short.
use std::io::{BufRead, BufReader};
use std::time::Duration;

use base64::Engine;
use livysh::local::host;
use livysh::local::server::{Launcher, Limits, Options, Running, SparkDefaults};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::check::Setting;
use super::checks::LARGEST_UPLOAD;
use super::genuine;
use super::http::Place;
use super::run::{Home, Started};
use super::spark;

/// A server of ours, ended when it is dropped.
pub enum Ours {
    Built(Built),
    Here(Here),
}

impl Ours {
    pub fn start(setting: Setting) -> Self {
        match setting {
            Setting::Plain => Self::Built(Built::start()),
            Setting::Faithful | Setting::Short | Setting::Closed | Setting::Users => {
                Self::Here(Here::start(limits(setting)))
            }
        }
    }

    pub fn place(&self) -> Place {
        match self {
            Self::Built(built) => built.place.clone(),
            Self::Here(here) => here.place.clone(),
        }
    }
}

fn limits(setting: Setting) -> Limits {
    let mut limits = Limits::default();
    match setting {
        Setting::Short => {
            limits.idle = Duration::from_secs(15);
            limits.retain = Duration::from_secs(2);
            limits.watchdog = Duration::from_millis(200);
            limits.upload = u64::try_from(LARGEST_UPLOAD).unwrap();
        }
        Setting::Closed => limits.sessions = 0,
        Setting::Plain | Setting::Faithful | Setting::Users => {}
    }
    limits
}

/// `livysh serve`, a process of its own.
pub struct Built {
    place: Place,
    program: Option<Started>,
    _home: Home,
}

impl Built {
    fn start() -> Self {
        let home = Home::new();
        let job = spark::environment().into_iter().fold(
            home.livysh(&["serve", "--port", "0"]),
            |job, (name, value)| job.env(name, &value),
        );
        let mut program = job.start();
        let mut out = BufReader::new(program.child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("for example:") {
            assert_ne!(out.read_line(&mut said).unwrap(), 0, "serve ended: {said}");
        }
        let after = |start: &str| {
            let (_, rest) = said.split_once(start).expect("serve says it");
            rest.lines().next().unwrap().trim().to_owned()
        };
        let secret = std::fs::read_to_string(after("the password is in ")).unwrap();
        let pair = format!("any:{}", secret.trim());
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        Self {
            place: Place {
                authority: after("API is at http://"),
                base: String::new(),
                authorization: Some(format!("Basic {pair}")),
            },
            program: Some(program),
            _home: home,
        }
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        if let Some(program) = self.program.take() {
            program.signal(Signal::INT);
            program.end();
        }
    }
}

/// A server in this process, whose statements run as Livy's do.
pub struct Here {
    place: Place,
    server: Option<Running>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Here {
    fn start(limits: Limits) -> Self {
        let installed = genuine::runtime();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            port: 0,
            auth: false,
            secret_folder: None,
            work_root: folder.path().join("work"),
            launcher: Launcher {
                python: installed.python.clone(),
                env: installed.env.clone(),
                files: host::FILES,
            },
            defaults: SparkDefaults {
                faithful: true,
                ..SparkDefaults::default()
            },
            limits,
        };
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(livysh::local::server::Server::start(options))
            .unwrap();
        Self {
            place: Place {
                authority: server.addr.to_string(),
                base: String::new(),
                authorization: None,
            },
            server: Some(server),
            runtime,
            _folder: folder,
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}
