//! The config file: the shell's habits and the profiles of servers.

mod read;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use thiserror::Error;
use url::Url;

use crate::settings::{ConnectionSettings, SessionSettings, ShellSettings, ValueError};

/// The commented file that `livysh config init` writes; it changes nothing as it stands.
pub const TEMPLATE: &str = include_str!("template.toml");

/// No config file of people is longer; what is, is a slip, and must not fill the memory.
const LARGEST: u64 = 1024 * 1024;

/// How long a config file that is a pipe may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the config file says.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where to go without a SERVER: a profile's name, a URL or `local`.
    pub default: Option<String>,
    /// `[shell]`.
    pub shell: ShellSettings,
    /// `[servers.*]` by name.
    pub servers: BTreeMap<String, Profile>,
}

/// A named set of connection settings.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The server's base URL, without a user in it.
    pub url: Url,
    /// How to reach it.
    pub connection: ConnectionSettings,
    /// What to ask of its sessions.
    pub session: SessionSettings,
    /// Files that run when a session on it is idle, after those of `[shell]`.
    pub init: Vec<PathBuf>,
}

/// Why the config file cannot be used. Each names the file, and the line where there is one.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("The config file {path} cannot be read: {error}.")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A pipe that nobody writes to, or that has no end.
    #[error(
        "The config file {path} is no regular file, and did not end within {seconds} s. Is it the right file?"
    )]
    Endless {
        /// The file.
        path: PathBuf,
        /// How long it was read.
        seconds: u64,
    },
    /// Far too long.
    #[error("The config file {path} is larger than 1 MiB. Is it the right file?")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Other users could put commands into it that we then run.
    #[error(
        "Other users can write the config file {path}, and it names commands to run. Take that right away: chmod go-w '{path}'."
    )]
    Writable {
        /// The file.
        path: PathBuf,
    },
    /// No TOML.
    #[error("{path}, line {line}: this is no TOML: {reason}.")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the reader says, without the text of the line.
        reason: String,
    },
    /// A key that means nothing here.
    #[error("{path}, line {line}: '{key}' means nothing in {section}.{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The key.
        key: String,
        /// Where it stands.
        section: String,
        /// The known key that is most like it.
        nearest: Option<String>,
    },
    /// A value that cannot be.
    #[error("{path}, line {line}: {key}: {error}")]
    Value {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong.
        error: ValueError,
    },
    /// A table where a text should be, or the like.
    #[error("{path}, line {line}: {key} must be {expected}.")]
    Form {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A profile without a URL.
    #[error(
        "{path}, line {line}: the profile '{profile}' has no url. Add a line such as: url = \"https://host.example.net/livy\"."
    )]
    NoUrl {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Its name.
        profile: String,
    },
    /// A profile with a name that cannot be typed as SERVER.
    #[error("{path}, line {line}: '{profile}' cannot name a profile: {reason}.")]
    ProfileName {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Its name.
        profile: String,
        /// Why not.
        reason: &'static str,
    },
    /// `default` names nothing.
    #[error("{path}, line {line}: default = \"{name}\", but there is no [servers.{name}].{}", hint(nearest.as_deref()))]
    NoDefault {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What it names.
        name: String,
        /// The profile that is most like it.
        nearest: Option<String>,
    },
    /// `config init` where there is a file.
    #[error("There is a config file already: {path}. It was left as it is.")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// `config init` cannot write.
    #[error("The config file {path} cannot be written: {error}.")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
}

/// The half sentence that names what was probably meant.
fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" Did you mean '{nearest}'?"))
}

impl Config {
    /// Reads the file; no file is an empty config. `home` is what `~/` stands for.
    ///
    /// What is no regular file (`<(command)`, `/dev/stdin`) must come to its end within a few seconds.
    pub fn load(path: &Path, home: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_within(path, home, PATIENCE)
    }

    fn load_within(
        path: &Path,
        home: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, ConfigError> {
        let text = if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            // opening a pipe may wait as well as reading it does
            let (sender, text) = mpsc::channel();
            let from = path.to_owned();
            thread::spawn(move || sender.send(content(&from)));
            text.recv_timeout(patience).unwrap_or_else(|_| {
                Err(ConfigError::Endless {
                    path: path.to_owned(),
                    seconds: patience.as_secs(),
                })
            })
        } else {
            content(path)
        }?;
        text.map_or_else(
            || Ok(Self::default()),
            |text| Self::parse(&text, path, home),
        )
    }

    /// Reads a text as the content of the file at `path`.
    pub fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Self, ConfigError> {
        read::Reader::new(text, path, home).config()
    }

    /// The profile whose name is most like this one, for a message.
    pub fn nearest_profile(&self, name: &str) -> Option<String> {
        nearest(name, self.servers.keys().map(String::as_str))
    }
}

/// What is in the file; none where there is no file.
fn content(path: &Path) -> Result<Option<String>, ConfigError> {
    let failed = |error| ConfigError::Read {
        path: path.to_owned(),
        error,
    };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(failed)?;
    if about.is_file() && about.mode() & 0o022 != 0 {
        return Err(ConfigError::Writable {
            path: path.to_owned(),
        });
    }
    let mut text = String::new();
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(ConfigError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(Some(text))
}

/// Writes the commented template, 0600, where there is no file yet. The folder must be there.
pub fn init(path: &Path) -> Result<(), ConfigError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::AlreadyExists {
            ConfigError::Exists { path }
        } else {
            ConfigError::Write { path, error }
        }
    })
}

/// The known word that is most like the given one, when it is like it at all.
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let given = given.replace('_', "-").to_ascii_lowercase();
    known
        .map(|word| (strsim::jaro_winkler(&given, word), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests;
