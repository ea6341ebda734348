//! The built binary with a home of its own and nothing of this machine's settings.
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

/// No run may take longer, whatever goes wrong.
const LIMIT: Duration = Duration::from_secs(400);

/// A user's home folder; `LIVYSH_HOME` is its folder `livysh`.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes the config file.
    pub fn config(&self, text: &str) {
        self.write("livysh/config.toml", text);
    }

    /// The program, about to be run.
    pub fn livysh(&self, arguments: &[&str]) -> Job {
        let mut command = Command::new(env!("CARGO_BIN_EXE_livysh"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.0.path())
            .env("LIVYSH_HOME", self.path("livysh"))
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            // a lost statement is looked for so long; a minute is too long for a test
            .env("LIVYSH_TEST_SEARCH_MS", "1000")
            .current_dir(self.0.path());
        Job {
            command,
            stdin: Vec::new(),
            open: false,
            errors: None,
        }
    }
}

/// A run that has not begun.
pub struct Job {
    command: Command,
    stdin: Vec<u8>,
    open: bool,
    errors: Option<File>,
}

impl Job {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Standard error goes to this file, and is not kept.
    pub fn errors_to(mut self, path: &str) -> Self {
        self.errors = Some(File::options().write(true).open(path).unwrap());
        self
    }

    /// Whoever writes its standard input never ends.
    pub fn stdin_stays_open(mut self) -> Self {
        self.open = true;
        self
    }

    pub fn start(mut self) -> Started {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(self.errors.take().map_or_else(Stdio::piped, Stdio::from));
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take();
        let held = stdin.take_if(|_| self.open);
        // a program that does not read its input closes the pipe
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&self.stdin)));
        let err = child.stderr.take().map(collect);
        Started {
            child,
            err,
            _stdin: held,
        }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().end()
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// A run under way; it is killed when it is dropped.
pub struct Started {
    pub child: Child,
    err: Option<JoinHandle<Vec<u8>>>,
    _stdin: Option<ChildStdin>,
}

impl Started {
    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let out = self.child.stdout.take().map(collect);
        let end = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break None;
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        let read = |thread: Option<JoinHandle<Vec<u8>>>| {
            let bytes = thread.map(|thread| thread.join().unwrap());
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        let (out, err) = (read(out), read(self.err.take()));
        let status = status.unwrap_or_else(|| panic!("it did not end: {err}"));
        Ended {
            code: status.code(),
            out,
            err,
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that has ended.
pub struct Ended {
    code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Its exit code; none when a signal ended it before it could listen.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// It ended with this code, and did not meet a bug of its own.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Self { out, err, .. } = &self;
        assert_eq!(self.code, Some(code), "stdout: {out}\nstderr: {err}");
        assert!(!err.contains("a bug of its own"), "{err}");
        self
    }

    /// Standard output was this.
    #[track_caller]
    pub fn prints(self, out: &str) -> Self {
        assert_eq!(self.out, out, "stderr: {}", self.err);
        self
    }

    /// Standard error has these texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "no {text:?} in: {}", self.err);
        }
        self
    }

    /// Neither output has this text.
    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(!self.out.contains(secret), "{}", self.out);
        assert!(!self.err.contains(secret), "{}", self.err);
        self
    }

    /// Standard error is empty.
    #[track_caller]
    pub fn silent(self) -> Self {
        assert_eq!(self.err, "", "stdout: {}", self.out);
        self
    }
}
