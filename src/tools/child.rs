//! Programs of the user's that run on the terminal while we wait: the editor, the pager, a shell command.
//! None of them gets our secrets.
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::auth;
use crate::report::{Report, code};

/// Opens a file in `$VISUAL` or `$EDITOR`, else in vi, and waits until it is left.
pub fn edit(file: &Path) -> Result<(), Report> {
    let editor = variable("VISUAL")
        .or_else(|| variable("EDITOR"))
        .unwrap_or_else(|| "vi".to_owned());
    let words = shell_words::split(&editor).unwrap_or_else(|_| vec![editor.clone()]);
    let failed = |why: String| {
        Report::new(code::USAGE, format!("the editor `{editor}` {why}"))
            .advise("set EDITOR to the editor that you use")
    };
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| failed("is empty".to_owned()))?;
    let status = without_secrets(program)
        .args(arguments)
        .arg(file)
        .status()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(format!("ended with {status}")))
    }
}

/// Gives a text to the editor, in a file that only the user can read and that is gone afterwards;
/// the answer is the text as it was left.
pub fn edit_text(text: &str, extension: &str) -> Result<String, Report> {
    let failed = |error: std::io::Error| {
        Report::new(
            code::USAGE,
            format!("no file can be made for the editor: {error}"),
        )
        .advise("look at the space and the rights in $TMPDIR")
    };
    let folder = tempfile::Builder::new()
        .prefix("livysh-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(failed)?;
    let path = folder.path().join("statement").with_extension(extension);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    let end = if text.is_empty() { "" } else { "\n" };
    file.write_all(format!("{text}{end}").as_bytes())
        .map_err(failed)?;
    drop(file);
    edit(&path)?;
    let edited = fs::read_to_string(&path).map_err(|error| {
        Report::new(
            code::USAGE,
            format!("what the editor left cannot be read: {error}"),
        )
        .advise("save it as UTF-8, under the name that it was opened with")
    })?;
    Ok(edited.replace("\r\n", "\n").trim_end().to_owned())
}

/// Runs a command in the user's own shell.
pub fn shell(command: &str) -> Result<ExitStatus, Report> {
    let shell = variable("SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
    without_secrets(&shell)
        .arg("-c")
        .arg(command)
        .status()
        .map_err(|error| {
            Report::new(
                code::USAGE,
                format!("the shell `{shell}` cannot be started: {error}"),
            )
            .advise("set SHELL to a shell that is there")
        })
}

/// Shows a text in that pager, else in `$PAGER`, else in less, until it is left.
pub fn page(text: &str, pager: Option<&str>) -> Result<(), Report> {
    let pager = pager.map(str::to_owned).or_else(|| variable("PAGER"));
    let pager = pager.unwrap_or_else(|| "less".to_owned());
    let failed = |why: String| {
        Report::new(code::USAGE, format!("the pager `{pager}` {why}")).advise(
            "set `pager` under [shell] in the config file, or PAGER; \"off\" shows texts without",
        )
    };
    let words = shell_words::split(&pager).map_err(|error| failed(error.to_string()))?;
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| failed("is empty".to_owned()))?;
    let mut command = without_secrets(program);
    if variable("LESS").is_none() {
        // R: colours; X: what was read stays on the screen
        command.env("LESS", "RX");
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if let Some(mut input) = child.stdin.take() {
        // who leaves it before the end has read enough
        let _ = input.write_all(text.as_bytes());
    }
    let status = child
        .wait()
        .map_err(|error| failed(format!("is lost: {error}")))?;
    // a signal is a person's way to leave it
    match status.code() {
        Some(code) if code != 0 => Err(failed(format!("ended with exit code {code}"))),
        _ => Ok(()),
    }
}

fn without_secrets(program: &str) -> Command {
    let mut command = Command::new(program);
    for secret in auth::SECRET_VARIABLES {
        command.env_remove(secret);
    }
    command
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|text| !text.trim().is_empty())
}
