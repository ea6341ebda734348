//! What can go wrong with credentials. No text repeats a secret.

use std::io;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Why there are no credentials to show.
#[derive(Debug, Error)]
pub enum AuthError {
    /// The secret would travel in the open.
    #[error(
        "Credentials are not sent over plain http to {host}: everybody on the way could read them. Use an https:// URL; or --auth none if the server needs none; or --insecure-http if you accept that."
    )]
    PlainHttp {
        /// The other machine.
        host: String,
    },
    /// A header that is a credential would travel in the open.
    #[error(
        "The header {name} holds a credential, which is not sent over plain http to {host}: everybody on the way could read it. Use an https:// URL; or leave the header away; or --insecure-http if you accept that."
    )]
    PlainHttpHeader {
        /// The header's name; never its value.
        name: String,
        /// The other machine.
        host: String,
    },
    /// Basic was asked for, or a password is there, but no user.
    #[error(
        "There is a password or --auth basic, but no user. Add --user NAME (or 'user' in the profile, LIVYSH_USER, or a netrc entry for the host)."
    )]
    NoUser,
    /// A user, but no password and nobody to ask.
    #[error(
        "There is no password for user '{user}', and no terminal to ask for it. Use --password-file FILE, 'password-command' in the profile, LIVYSH_PASSWORD, or a netrc entry for the host."
    )]
    NoPassword {
        /// The user.
        user: String,
    },
    /// Bearer was asked for, but nothing gives a token.
    #[error(
        "There is no token. Use --token-command COMMAND (or 'token-command' in the profile), or LIVYSH_TOKEN."
    )]
    NoToken,
    /// The prompt was left, or the terminal failed.
    #[error("The password could not be read from the terminal: {0}.")]
    Prompt(io::Error),
    /// A password file cannot be read.
    #[error("The password file {path} cannot be read: {error}.")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// Others could put their own password into the file.
    #[error(
        "Other users can write the password file {path}: it is not used. Look at what is in it, then: chmod 600 '{path}'."
    )]
    Writable {
        /// The file.
        path: PathBuf,
    },
    /// A password file begins with an empty line.
    #[error("The first line of the password file {path} is empty; it should be the password.")]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// A command could not be started.
    #[error("The {option} could not be started: {error}.")]
    CommandStart {
        /// Which of the settings.
        option: &'static str,
        /// The cause.
        error: io::Error,
    },
    /// A command failed.
    #[error("The {option} failed ({how}). Try it in a terminal.{}", said(stderr))]
    CommandFailed {
        /// Which of the settings.
        option: &'static str,
        /// Its exit code or signal.
        how: String,
        /// The first line that it wrote to standard error.
        stderr: String,
    },
    /// A command wrote nothing to its standard output.
    #[error(
        "The {option} ended well but wrote no first line; it should be the secret.{}",
        said(stderr)
    )]
    CommandSilent {
        /// Which of the settings.
        option: &'static str,
        /// The first line that it wrote to standard error.
        stderr: String,
    },
    /// A command did not end.
    #[error(
        "The {option} did not end within {seconds} s and was stopped. Does it wait for input? Try it in a terminal.{}",
        said(stderr)
    )]
    CommandHangs {
        /// Which of the settings.
        option: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The first line that it wrote to standard error.
        stderr: String,
    },
    /// What should be a token cannot stand in a header.
    #[error(
        "What should be a token has blanks, quotes or other signs that no token has. The first line of output must be the token alone (not JSON, for instance)."
    )]
    BadToken,
    /// A user or a password with a sign that cannot be sent.
    #[error(
        "The user name or the password has a control character in it, or the user name a ':', which HTTP Basic cannot carry."
    )]
    BadLogin,
}

impl AuthError {
    /// Is it what was asked for that cannot be done, and not the access that is missing?
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::PlainHttp { .. } | Self::PlainHttpHeader { .. })
    }
}

fn said(stderr: &str) -> String {
    if stderr.is_empty() {
        String::new()
    } else {
        format!(" It said: {stderr}")
    }
}

/// Something that is not as it should be, and no reason to stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Warning {
    /// Others can read a file with a password in it.
    #[error("Other users can read {path}, and it holds a password: chmod 600 '{path}'.")]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// A netrc file that says nothing because it cannot be read.
    #[error("The netrc file {path} was left out: {reason}.")]
    Netrc {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A token is visible ASCII without quotes or braces: anything else is a slip, or an injection.
pub(super) fn check_token(token: &SecretString) -> Result<(), AuthError> {
    let text = token.expose_secret();
    let good = |c: char| c.is_ascii_graphic() && !"\"'{}<>,".contains(c);
    if text.is_empty() || !text.chars().all(good) {
        return Err(AuthError::BadToken);
    }
    Ok(())
}

pub(super) fn check_login(user: &str, password: &SecretString) -> Result<(), AuthError> {
    let controls = user.chars().chain(password.expose_secret().chars());
    if user.contains(':') || controls.into_iter().any(char::is_control) {
        return Err(AuthError::BadLogin);
    }
    Ok(())
}
