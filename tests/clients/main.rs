//! Clients that are not ours, on `livysh serve` with a real Spark: they find what our own client forgives.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

#[path = "../local/processes.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod processes;
#[path = "../program/run.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod run;
#[path = "../support/spark.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod spark;
#[path = "../support/venv.rs"]
mod venv;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use livysh::local::setup::{Wanted, missing};
use run::{Home, Started};
use rustix::process::Signal;

/// The clients themselves, without all that they ask for: sparkmagic would bring the notebook server and
/// build Kerberos bindings in C, and its client classes import neither. The project pylivy is `livy` there.
const CLIENTS: [&str; 5] = [
    "--no-deps",
    "sparkmagic==0.23.0",
    "hdijupyterutils==0.23.0",
    "requests-kerberos==0.15.0",
    "livy==0.8.0",
];
/// What they do import.
const NEEDED: [&str; 5] = [
    "requests==2.*",
    "pandas==2.*",
    "ipython==8.*",
    "ipywidgets==8.*",
    "pyspnego==0.*",
];

fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let wanted = Wanted::new(spark::runtime());
        let runtime = missing(&wanted).unwrap().ready.unwrap();
        let installs: [&[&str]; 2] = [&CLIENTS, &NEEDED];
        venv::python("clients-python", &runtime.python, &installs, |_| {})
    })
}

/// A `livysh serve` on a free port.
struct Server {
    home: Home,
    program: Started,
    url: String,
    /// The file of its password; none where it asks for none.
    password: Option<String>,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let home = Home::new();
        let serve = home.livysh(&[&["serve", "--port", "0"], options].concat());
        let mut program = spark::environment()
            .iter()
            .fold(serve, |job, (name, value)| job.env(name, value))
            .start();
        let mut lines = BufReader::new(program.child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let said = line();
        let url = said.strip_prefix("Livy's REST API is at ").unwrap();
        let guarded = !options.contains(&"--no-auth");
        let password = guarded.then(|| {
            let said = line();
            said.split_once("the password is in ").unwrap().1.to_owned()
        });
        Self {
            home,
            program,
            url: url.to_owned(),
            password,
        }
    }

    /// Runs parts of a script of this folder against it; each has a session of its own.
    fn meets(&self, script: &str, parts: &[&str]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let user = tempfile::tempdir().unwrap();
        let ended = Command::new(python())
            .args([folder.join(script).to_str().unwrap(), &self.url])
            .arg(self.password.as_deref().unwrap_or("-"))
            .args(parts)
            .current_dir(user.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", user.path())
            .env("LANG", "C.UTF-8")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(
            ended.status.success(),
            "{script}: {}\n{}{}",
            ended.status,
            String::from_utf8_lossy(&ended.stdout),
            String::from_utf8_lossy(&ended.stderr)
        );
    }

    /// Ends it as Ctrl-C does; whatever the clients deleted was gone before.
    fn ends(self) {
        let sessions = processes::of_sessions(&self.home);
        assert!(sessions.is_empty(), "left by DELETE: {sessions:?}");
        self.program.signal(Signal::INT);
        self.program.end().exits(0);
    }
}

#[test]
fn sparkmagic_works_on_our_server() {
    python();
    let _slot = spark::slot();
    let server = Server::start(&[]);
    server.meets("with_sparkmagic.py", &["python", "scala"]);
    server.ends();
}

#[test]
fn pylivy_works_on_our_server() {
    python();
    let _slot = spark::slot();
    let server = Server::start(&[]);
    server.meets("with_pylivy.py", &["python", "scala", "sql"]);
    server.ends();
}

#[test]
fn pylivy_works_without_a_password_where_none_is_asked_for() {
    python();
    let _slot = spark::slot();
    let server = Server::start(&["--no-auth"]);
    server.meets("with_pylivy.py", &["sql"]);
    server.ends();
}
