//! A secret from a command's output.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::{AuthError, SECRET_VARIABLES};

/// How long a command may take: a token service may be slow, and some ask on a phone.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait for the rest of the output of a command that has ended: it may have left
/// something in the background that holds the pipe.
const REST: Duration = Duration::from_secs(1);

/// More than any secret; a command that writes for ever is not read for ever.
const LARGEST: u64 = 64 * 1024;

/// How much of standard error's first line a message shows.
const SHOWN: usize = 300;

/// Runs the command through `sh -c`, without our secrets in its environment and with nothing on its
/// standard input; returns the first line of its output without blanks around it.
pub(super) fn first_line(option: &'static str, text: &str) -> Result<SecretString, AuthError> {
    first_line_within(option, text, PATIENCE)
}

fn first_line_within(
    option: &'static str,
    text: &str,
    patience: Duration,
) -> Result<SecretString, AuthError> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(text);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in SECRET_VARIABLES {
        command.env_remove(variable);
    }
    let start = |error| AuthError::CommandStart { option, error };
    let mut child = command.spawn().map_err(start)?;
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let ended = wait(&mut child, patience).map_err(start)?;
    let said = |stderr: &Receiver<Zeroizing<Vec<u8>>>| {
        shown(&stderr.recv_timeout(REST).unwrap_or_default())
    };
    let Some(status) = ended else {
        return Err(AuthError::CommandHangs {
            option,
            seconds: patience.as_secs(),
            stderr: said(&stderr),
        });
    };
    if !status.success() {
        return Err(AuthError::CommandFailed {
            option,
            how: status.to_string(),
            stderr: said(&stderr),
        });
    }
    let output = stdout.recv_timeout(REST).unwrap_or_default();
    let line = output
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match std::str::from_utf8(line).map(str::trim) {
        Ok(secret) if !secret.is_empty() => Ok(SecretString::from(secret)),
        _ => Err(AuthError::CommandSilent {
            option,
            stderr: said(&stderr),
        }),
    }
}

/// Reads a pipe to its end on a thread of its own, so that neither pipe can block the other.
fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            let mut bytes = Zeroizing::new(Vec::new());
            // What was read before a failure is still worth showing.
            drop(pipe.take(LARGEST).read_to_end(&mut bytes));
            drop(sender.send(bytes));
        });
    }
    receiver
}

/// Waits, and ends a child that takes too long: none then.
fn wait(child: &mut Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The first line of standard error that says something, without control characters. Not more: a
/// command that is traced or dumps what it got may write the secret itself there.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean = |line: &str| -> String { line.chars().filter(|c| !c.is_control()).collect() };
    let first = text.lines().map(clean).find(|line| !line.trim().is_empty());
    let first = first.unwrap_or_default();
    first.trim().chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn run(text: &str) -> Result<SecretString, AuthError> {
        first_line("token-command", text)
    }

    #[test]
    fn the_first_line_is_the_secret_without_blanks_around_it() {
        let secret = run("echo '  abc def '; echo more").unwrap();
        assert_eq!(secret.expose_secret(), "abc def");
    }

    #[test]
    fn a_failing_command_is_quoted_by_its_first_line_on_stderr_only() {
        let error = run(
            "echo s3cret; echo >&2; echo 'log in first\u{1b}[31m' >&2; echo got s3cret >&2; exit 3",
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("log in first") && text.contains("exit status: 3"),
            "{text}"
        );
        assert!(
            !text.contains("s3cret") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn a_silent_command_is_an_error() {
        for text in ["true", "echo", "echo; echo abc"] {
            assert!(
                matches!(run(text), Err(AuthError::CommandSilent { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let ended = first_line_within("token-command", "exec sleep 600", Duration::from_millis(50));
        assert!(matches!(ended, Err(AuthError::CommandHangs { .. })));
    }

    #[test]
    fn much_output_on_either_pipe_blocks_nothing() {
        let noise = "i=0; while [ $i -lt 4000 ]; do echo 0123456789012345678901234567890123456789 >&2; \
                     i=$((i+1)); done; echo abc; head -c 30000 /dev/zero";
        // The pipes are read up to a bound; a writer beyond it gets a broken pipe.
        match run(noise) {
            Ok(secret) => assert_eq!(secret.expose_secret(), "abc"),
            Err(error) => assert!(matches!(error, AuthError::CommandFailed { .. })),
        }
    }
}
