//! One host: the Python program behind a session, its process and the pipe to it.
//!
//! JSON lines both ways. The host ends by itself when its stdin closes, so it cannot outlive this process,
//! however that ends; `Host::end` is the quicker and surer way.
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::log::Log;

/// One line of the host is at most this long: 128 MiB, the limit of one statement's answer, and the JSON around it.
const LINE_BYTES: usize = 128 * 1024 * 1024 + 4096;
/// What a host may take from our environment. Nothing of livysh's own and no secret is among it.
const ENVIRONMENT: [&str; 9] = [
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "TMPDIR",
];

/// How to start a host.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The Python to run it with.
    pub python: PathBuf,
    /// Environment beyond the few common variables: `JAVA_HOME`, `SPARK_HOME`, `PYSPARK_PYTHON`, `SPARK_LOCAL_IP`, ...
    pub env: Vec<(String, OsString)>,
    /// The host's program: name and text of each file; `main.py` is where it starts.
    pub files: &'static [(&'static str, &'static str)],
}

/// Why a host could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The session's folder cannot be filled.
    #[error("The host's files cannot be written to {}: {source}. Is the disk full?", path.display())]
    Files {
        /// Which folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Python cannot be started.
    #[error("{} cannot be started: {source}. `livysh setup` checks and repairs what the local Spark needs.", python.display())]
    Python {
        /// Which program.
        python: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What the host tells. Keys are as in its lines; which are there depends on `name`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "event")]
    pub(super) name: String,
    pub(super) id: Option<i64>,
    pub(super) seq: Option<u64>,
    pub(super) error: Option<String>,
    pub(super) started: Option<i64>,
    pub(super) completed: Option<i64>,
    pub(super) progress: Option<f64>,
    pub(super) output: Option<Box<RawValue>>,
    pub(super) candidates: Vec<String>,
    pub(super) ui: Option<String>,
    pub(super) spark: Option<String>,
    pub(super) java: Option<String>,
    pub(super) python: Option<String>,
}

/// One thing that came through the pipe.
#[derive(Debug)]
pub(super) enum Heard {
    /// A line.
    Event(Box<Event>),
    /// A line beyond the limit, dropped.
    TooLong,
    /// A line that is no event.
    Garbled(String),
}

/// A running host.
pub(super) struct Host {
    /// What it tells; ends with the pipe.
    pub(super) heard: mpsc::Receiver<Heard>,
    pub(super) child: Child,
    /// Its process group, known even after it is reaped.
    group: Option<rustix::process::Pid>,
    closing: CancellationToken,
    pipes: Vec<JoinHandle<()>>,
}

impl Launcher {
    /// Writes the host's files below `folder` and starts it, alone in its process group. `requests` feeds its stdin.
    pub(super) fn launch(
        &self,
        folder: &Path,
        log: &Arc<Log>,
        requests: mpsc::UnboundedReceiver<String>,
    ) -> Result<Host, LaunchError> {
        let program = folder.join("host");
        let cwd = folder.join("cwd");
        for path in [&program, &cwd] {
            make_folder(path).map_err(|source| LaunchError::Files {
                path: path.clone(),
                source,
            })?;
        }
        for (name, text) in self.files {
            let path = program.join(name);
            write_file(&path, text).map_err(|source| LaunchError::Files { path, source })?;
        }
        let mut child =
            self.command(&program, &cwd)
                .spawn()
                .map_err(|source| LaunchError::Python {
                    python: self.python.clone(),
                    source,
                })?;
        let group = child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        let closing = CancellationToken::new();
        let (told, heard) = mpsc::channel(64);
        let mut pipes = Vec::new();
        if let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        {
            tokio::spawn(write_requests(stdin, requests, closing.clone()));
            pipes.push(tokio::spawn(read_events(stdout, told)));
            pipes.push(tokio::spawn(read_log(
                BufReader::new(stderr),
                Arc::clone(log),
            )));
        }
        Ok(Host {
            heard,
            child,
            group,
            closing,
            pipes,
        })
    }

    fn command(&self, program: &Path, cwd: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command
            .arg("-u")
            .arg(program.join("main.py"))
            .current_dir(cwd)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        for name in ENVIRONMENT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Host {
    /// Ends it and reaps it: its stdin closes, which is enough for a well host; after `grace` it is killed with
    /// all that it started.
    pub(super) async fn end(mut self, grace: Duration) {
        self.closing.cancel();
        self.heard.close();
        let group = self.group;
        if tokio::time::timeout(grace, self.child.wait())
            .await
            .is_err()
        {
            kill_group(group);
            // A killed process is gone at once unless the kernel holds it; then nobody can help.
            let _ = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        }
        // A JVM that the host left behind is in its group, which keeps the number from being given away; an empty
        // group's number is not given away within the moment since the host was reaped.
        kill_group(group);
        for pipe in self.pipes {
            let abort = pipe.abort_handle();
            if tokio::time::timeout(Duration::from_millis(200), pipe)
                .await
                .is_err()
            {
                abort.abort();
            }
        }
    }
}

fn kill_group(group: Option<rustix::process::Pid>) {
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// A folder for its owner only.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// Feeds stdin until it is told to close it. A host that reads no more must not keep us from closing.
async fn write_requests(
    mut stdin: ChildStdin,
    mut requests: mpsc::UnboundedReceiver<String>,
    closing: CancellationToken,
) {
    let feed = async {
        while let Some(mut line) = requests.recv().await {
            line.push('\n');
            if stdin.write_all(line.as_bytes()).await.is_err() {
                break;
            }
        }
        closing.cancelled().await;
    };
    tokio::select! {
        () = feed => {}
        () = closing.cancelled() => {}
    }
}

async fn read_events(stdout: ChildStdout, told: mpsc::Sender<Heard>) {
    let mut pipe = BufReader::with_capacity(64 * 1024, stdout);
    loop {
        let heard = match bounded_line(&mut pipe, LINE_BYTES).await {
            Ok(Line::Whole(line)) if line.is_empty() => continue,
            Ok(Line::Whole(line)) => match serde_json::from_slice(&line) {
                Ok(event) => Heard::Event(Box::new(event)),
                Err(error) => Heard::Garbled(error.to_string()),
            },
            Ok(Line::TooLong) => Heard::TooLong,
            Ok(Line::End) | Err(_) => return,
        };
        if told.send(heard).await.is_err() {
            return;
        }
    }
}

async fn read_log(mut pipe: impl AsyncBufRead + Unpin, log: Arc<Log>) {
    loop {
        match bounded_line(&mut pipe, 1024 * 1024).await {
            Ok(Line::Whole(line)) => log.push(&String::from_utf8_lossy(&line)),
            Ok(Line::TooLong) => log.push("(a log line of more than 1 MiB was left out)"),
            Ok(Line::End) | Err(_) => return,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// Reads to the next newline or the end, holding at most `limit` bytes of the line.
async fn bounded_line(pipe: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    AsyncReadExt::take(&mut *pipe, most.saturating_add(1))
        .read_until(b'\n', &mut line)
        .await?;
    let complete = line.pop_if(|last| *last == b'\n').is_some();
    if !complete && line.is_empty() {
        return Ok(Line::End);
    }
    if complete || line.len() <= limit {
        return Ok(Line::Whole(line));
    }
    drop(line);
    loop {
        let held = pipe.fill_buf().await?;
        if held.is_empty() {
            return Ok(Line::End);
        }
        let newline = held.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(held.len(), |at| at + 1);
        pipe.consume(used);
        if newline.is_some() {
            return Ok(Line::TooLong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_beyond_the_limit_is_dropped_and_the_next_is_read() {
        let mut pipe = BufReader::with_capacity(4, &b"short\n0123456789abc\nafter\ncut"[..]);
        let mut lines = Vec::new();
        for _ in 0..5 {
            lines.push(bounded_line(&mut pipe, 10).await.unwrap());
        }
        assert_eq!(
            lines,
            [
                Line::Whole(b"short".to_vec()),
                Line::TooLong,
                Line::Whole(b"after".to_vec()),
                Line::Whole(b"cut".to_vec()),
                Line::End
            ]
        );
    }

    #[tokio::test]
    async fn a_python_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let launcher = Launcher {
            python: "/nowhere/python3".into(),
            env: Vec::new(),
            files: &[("main.py", "")],
        };
        let (_keep, requests) = mpsc::unbounded_channel();
        let error = launcher
            .launch(folder.path(), &Arc::new(Log::default()), requests)
            .err()
            .unwrap();
        assert!(error.to_string().contains("/nowhere/python3"), "{error}");
    }
}
