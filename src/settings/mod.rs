//! What one run of livysh was asked to do, as plain values.
//!
//! The same structs hold one layer (the flags, the environment, a profile) and the merged result:
//! `None` and an empty list mean "not asked for", so that only what was asked for is ever sent.

pub mod values;

mod connection;
mod local_files;
mod running;
mod session;
mod which;

use url::Url;

use crate::livy::SessionId;

pub use connection::ConnectionSettings;
pub use local_files::BadFile;
pub use running::{RunSettings, ShellSettings, Source};
pub use session::SessionSettings;
pub use values::{Color, EditMode, Format, Header, Kind, ValueError};
pub use which::Which;

/// The words that mean a subcommand, and so can name no profile.
pub const SUBCOMMANDS: &[&str] = &[
    "local",
    "serve",
    "setup",
    "sessions",
    "history",
    "config",
    "completions",
    "man",
    "help",
];

/// Where the statements run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A real Spark on this machine, started by us.
    Local,
    /// A Livy server.
    Server {
        /// Its base URL: no user, no password, no query.
        url: Url,
        /// The profile that it came from, for messages and for the record.
        profile: Option<String>,
    },
}

impl Target {
    /// What people call it: the profile's name, else the URL, else `local`.
    pub fn name(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Server { url, profile } => profile.as_deref().unwrap_or(url.as_str()),
        }
    }

    /// The command that comes back to that session, as a message shows it.
    pub fn way_back(&self, session: &SessionId) -> String {
        format!("`livysh {} --attach {session}`", self.name())
    }

    /// The command that shows what ran and runs in that session.
    pub fn way_to_look(&self, session: &SessionId) -> String {
        format!("`livysh sessions statements {session} {}`", self.name())
    }
}

/// Everything that one run needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to run.
    pub target: Target,
    /// How to get there.
    pub connection: ConnectionSettings,
    /// The kind that a flag asked for: only it beats a file's extension.
    pub asked_kind: Option<Kind>,
    /// Flags that only the creation of a session heeds ([`SessionSettings::for_creation`]).
    pub asked_of_creation: Vec<&'static str>,
    /// Which session is used.
    pub which: Which,
    /// What to ask of the session.
    pub session: SessionSettings,
    /// What to run and how to show it.
    pub run: RunSettings,
    /// The shell's own habits, from `[shell]`.
    pub shell: ShellSettings,
}

/// Takes from the lower layer what the upper one leaves open.
macro_rules! fill {
    ($upper:ident, $lower:ident: $($field:ident),+ $(,)?) => {
        $( if $upper.$field.is_none() { $upper.$field = $lower.$field; } )+
    };
}
pub(crate) use fill;
