//! Runs programs that must not outlive us.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdin, Command};

/// Prepended to every Python program that runs for long: it ends its whole process group when its
/// standard input ends, which also happens when this process is killed with -9.
const WATCH: &str = include_str!("watch.py");

/// How a finished program ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// The last lines of what it printed, errors last.
    pub fn last_lines(&self) -> Vec<String> {
        let all: Vec<&str> = self
            .stdout
            .lines()
            .chain(self.stderr.lines())
            .filter(|line| !line.trim().is_empty())
            .collect();
        all[all.len().saturating_sub(15)..]
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

/// A started program in its own process group; dropping it kills the group.
pub(super) struct Running {
    pub child: Child,
    group: Option<Pid>,
    /// Kept open: a watched program ends with it.
    _stdin: Option<ChildStdin>,
}

impl Running {
    pub fn start(mut command: Command) -> io::Result<Self> {
        // a Java or a Python that is only asked for its version needs no secret either
        for variable in super::REMOVED_ENV
            .iter()
            .filter(|it| it.starts_with("LIVYSH_"))
        {
            command.env_remove(variable);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self {
            _stdin: child.stdin.take(),
            child,
            group,
        })
    }

    /// Waits for the end; the group is no longer killed on drop.
    pub async fn ended(&mut self) -> io::Result<std::process::ExitStatus> {
        let status = self.child.wait().await?;
        self.group = None;
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may be gone already, which is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end and gathers what it prints. Its exit status is in the answer; an error
/// means that it could not be started or did not end in time.
pub(super) async fn run(command: Command, limit: Duration) -> io::Result<Finished> {
    let mut running = Running::start(command)?;
    let mut stdout = running.child.stdout.take();
    let mut stderr = running.child.stderr.take();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let all = async {
        let read_out = async {
            match stdout.as_mut() {
                Some(pipe) => pipe.read_to_end(&mut out).await,
                None => Ok(0),
            }
        };
        let read_err = async {
            match stderr.as_mut() {
                Some(pipe) => pipe.read_to_end(&mut err).await,
                None => Ok(0),
            }
        };
        let (read_out, read_err) = tokio::join!(read_out, read_err);
        read_out.and(read_err)?;
        running.ended().await
    };
    let status = tokio::time::timeout(limit, all).await.map_err(|_| {
        let text = format!("it did not end within {} s", limit.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, text)
    })??;
    Ok(Finished {
        success: status.success(),
        stdout: String::from_utf8_lossy(&out).into_owned(),
        stderr: String::from_utf8_lossy(&err).into_owned(),
    })
}

/// `python -c PROGRAM NAME …`, free of the user's Python settings and watched. `name` tells the
/// programs apart in a process list.
pub(super) fn python(python: &Path, program: &str, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg("-c")
        .arg(format!("{WATCH}\n{program}"))
        .arg(name)
        .env_remove("PYTHONPATH")
        .env_remove("__PYVENV_LAUNCHER__")
        .env("PYTHONNOUSERSITE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env("PYTHONIOENCODING", "utf-8");
    for variable in super::REMOVED_ENV {
        command.env_remove(variable);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        command
    }

    #[tokio::test]
    async fn both_outputs_and_the_status_come_back() {
        let finished = run(
            shell("echo out; echo err >&2; exit 3"),
            Duration::from_secs(60),
        )
        .await
        .unwrap();
        assert!(!finished.success);
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert_eq!(finished.last_lines(), ["out", "err"]);
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let script = format!("sleep 600 & echo $! > '{}'; wait", pid.display());
        let wait_for_pid = async {
            loop {
                match std::fs::read_to_string(&pid) {
                    Ok(text) if text.ends_with('\n') => break text.trim().parse().unwrap(),
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let child: i32 = tokio::select! {
            _ = run(shell(&script), Duration::from_secs(600)) => panic!("it cannot end"),
            child = wait_for_pid => child,
        };
        // Where nobody reaps orphans, a dead one stays as a zombie.
        let alive = || {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            let pid = Pid::from_raw(child).unwrap();
            rustix::process::test_kill_process(pid).is_ok()
                && !stat.is_ok_and(|stat| stat.contains(") Z"))
        };
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while alive() && std::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!alive());
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_an_error() {
        let error = run(shell("sleep 600"), Duration::from_millis(1)).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
