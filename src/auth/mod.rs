//! Where credentials come from: a prompt, a file, a command, the environment, netrc.

use std::path::PathBuf;
use std::str::FromStr;

pub use crate::livy::Credentials;

/// How to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By what there is: a token, else a user and password, else nothing.
    Auto,
    /// Not at all.
    None,
    /// HTTP Basic.
    Basic,
    /// A bearer token.
    Bearer,
}

impl Method {
    /// The words that can be typed, as a message shows them.
    pub const KNOWN: &'static str = "auto, none, basic, bearer";
}

/// The word names no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMethod;

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            "basic" => Ok(Self::Basic),
            "bearer" => Ok(Self::Bearer),
            _ => Err(UnknownMethod),
        }
    }
}

/// What the settings say about credentials.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The method asked for.
    pub method: Method,
    /// The user's name for Basic.
    pub user: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// A command whose first line of output is the password.
    pub password_command: Option<String>,
    /// A command whose first line of output is the bearer token.
    pub token_command: Option<String>,
    /// Whether credentials may go over plain http to another machine.
    pub insecure_http: bool,
}
