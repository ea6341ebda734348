//! Where credentials come from: a file, a command, the environment, netrc, a prompt.
//!
//! [`find`] decides by the settings which kind is wanted, refuses to send it in the open, and only
//! then fetches the secret.

mod command;
mod error;
mod file;
mod netrc;
mod prompt;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;
use url::Url;

pub use crate::livy::Credentials;
use crate::livy::{is_loopback, names_a_secret};
pub use error::{AuthError, Warning};
pub use prompt::prompt;

/// The variables that hold secrets. Every command that livysh starts must be started without them.
pub const SECRET_VARIABLES: [&str; 2] = [PASSWORD, TOKEN];

const PASSWORD: &str = "LIVYSH_PASSWORD";
const TOKEN: &str = "LIVYSH_TOKEN";

/// How to authenticate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// By what there is: a token, else a user and password, else nothing.
    #[default]
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
#[derive(Debug, Clone, Default)]
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
    /// Whether the file or the command was given on the command line, which beats the environment;
    /// the environment beats what comes from a profile.
    pub from_flags: bool,
    /// Whether credentials may go over plain http to another machine.
    pub insecure_http: bool,
    /// The names of the headers that every request carries: some are credentials themselves.
    pub headers: Vec<String>,
}

/// Asks for a password: the text of the prompt in, the answer out.
pub type Ask<'a> = dyn Fn(&str) -> std::io::Result<SecretString> + 'a;

/// The world around: a value, so that tests have their own.
pub struct Surroundings<'a> {
    /// The process's environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether this is the server named at start: only it gets what the environment holds.
    pub named_at_start: bool,
    /// The home folder, for `~/.netrc`.
    pub home: Option<&'a Path>,
    /// Asks for a password without showing it, see [`prompt`]; none without a terminal.
    pub ask: Option<&'a Ask<'a>>,
}

/// Where a secret came from, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No secret.
    Nowhere,
    /// A file.
    File(PathBuf),
    /// A command.
    Command,
    /// A variable.
    Environment(&'static str),
    /// A netrc file.
    Netrc(PathBuf),
    /// The user typed it.
    Prompt,
}

/// Credentials, where they came from, and what the user should know.
#[derive(Debug)]
pub struct Found {
    /// What to show to the server.
    pub credentials: Credentials,
    /// Where the secret came from.
    pub origin: Origin,
    /// What is not as it should be, and no reason to stop.
    pub warnings: Vec<Warning>,
}

/// Finds the credentials for a server. Call it again when a token has expired.
pub fn find(url: &Url, sources: &Sources, around: &Surroundings<'_>) -> Result<Found, AuthError> {
    let mut search = Search {
        url,
        sources,
        around,
        warnings: Vec::new(),
    };
    if let Some(header) = sources.headers.iter().find(|name| is_credential(name)) {
        search.refuse_plain_http(Some(header))?;
    }
    let (credentials, origin) = match sources.method {
        Method::Bearer => search.bearer()?,
        Method::Basic => search.basic()?,
        Method::Auto if search.has_token() => search.bearer()?,
        Method::Auto if search.has_login() => search.basic()?,
        Method::Auto | Method::None => (Credentials::None, Origin::Nowhere),
    };
    Ok(Found {
        credentials,
        origin,
        warnings: search.warnings,
    })
}

/// Is the value of a header of this name a credential? What names a secret anywhere, and what only headers are called.
fn is_credential(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let headers = ["authorization", "cookie", "subscription-key"];
    names_a_secret(name) || headers.iter().any(|word| lower.contains(word))
}

struct Search<'a> {
    url: &'a Url,
    sources: &'a Sources,
    around: &'a Surroundings<'a>,
    warnings: Vec<Warning>,
}

type Secret = (SecretString, Origin);

impl Search<'_> {
    fn has_token(&self) -> bool {
        if self.sources.token_command.is_some() {
            return true;
        }
        // A password file on the command line says that a password is meant.
        !self.sources.from_flags && self.variable(TOKEN).is_some()
    }

    fn has_login(&mut self) -> bool {
        let sources = self.sources;
        sources.user.is_some()
            || sources.password_file.is_some()
            || sources.password_command.is_some()
            || self.variable(PASSWORD).is_some()
            // The entry for any other host is no reason to show a password to a server that may not
            // even ask for one.
            || self.netrc().is_some_and(|(_, entry)| entry.host.is_some())
    }

    fn bearer(&self) -> Result<(Credentials, Origin), AuthError> {
        self.refuse_plain_http(None)?;
        let command = || -> Result<Option<Secret>, AuthError> {
            let Some(text) = &self.sources.token_command else {
                return Ok(None);
            };
            Ok(Some((
                command::first_line("token-command", text)?,
                Origin::Command,
            )))
        };
        let found = if self.sources.from_flags {
            command()?.or_else(|| self.variable(TOKEN))
        } else {
            self.variable(TOKEN)
                .map_or_else(command, |token| Ok(Some(token)))?
        };
        let (token, origin) = found.ok_or(AuthError::NoToken)?;
        error::check_token(&token)?;
        Ok((Credentials::Bearer { token }, origin))
    }

    fn basic(&mut self) -> Result<(Credentials, Origin), AuthError> {
        self.refuse_plain_http(None)?;
        let entry = self.netrc();
        let user = self.sources.user.clone();
        let user = user.or_else(|| entry.as_ref().and_then(|(_, entry)| entry.login.clone()));
        let user = user.ok_or(AuthError::NoUser)?;
        let from_netrc = || {
            let (path, entry) = entry?;
            Some((entry.password?, Origin::Netrc(path)))
        };
        let found = match self.given_password()? {
            Some(found) => Some(found),
            None => from_netrc(),
        };
        let (password, origin) = match found {
            Some(found) => found,
            None => (self.ask(&user)?, Origin::Prompt),
        };
        error::check_login(&user, &password)?;
        Ok((Credentials::Basic { user, password }, origin))
    }

    /// The password from a file, a command or the environment.
    fn given_password(&mut self) -> Result<Option<Secret>, AuthError> {
        if !self.sources.from_flags
            && let Some(secret) = self.variable(PASSWORD)
        {
            return Ok(Some(secret));
        }
        if let Some(path) = &self.sources.password_file {
            let (secret, warning) = file::first_line(path)?;
            self.warnings.extend(warning);
            return Ok(Some((secret, Origin::File(path.clone()))));
        }
        if let Some(text) = &self.sources.password_command {
            let secret = command::first_line("password-command", text)?;
            return Ok(Some((secret, Origin::Command)));
        }
        Ok(self.variable(PASSWORD))
    }

    fn ask(&self, user: &str) -> Result<SecretString, AuthError> {
        let user_name = user.to_owned();
        let ask = self
            .around
            .ask
            .ok_or(AuthError::NoPassword { user: user_name })?;
        let host = self.url.host_str().unwrap_or_default();
        ask(&format!("Password of {user} on {host}: ")).map_err(AuthError::Prompt)
    }

    /// A secret of the environment, which is meant for the server named at start only.
    fn variable(&self, name: &'static str) -> Option<Secret> {
        if !self.around.named_at_start {
            return None;
        }
        let text = (self.around.env)(name).filter(|text| !text.is_empty())?;
        Some((SecretString::from(text), Origin::Environment(name)))
    }

    /// The entry for this host, and this user when one is named.
    fn netrc(&mut self) -> Option<(PathBuf, netrc::Entry)> {
        let named = (self.around.env)("NETRC").filter(|text| !text.is_empty());
        let path = match (&named, self.around.home) {
            (Some(path), _) => PathBuf::from(path),
            (None, Some(home)) => home.join(".netrc"),
            (None, None) => return None,
        };
        let host = self.url.host_str()?;
        match netrc::look_up(&path, named.is_some(), host, self.sources.user.as_deref()) {
            Ok((entry, warning)) => {
                self.warn(warning);
                entry.map(|entry| (path, entry))
            }
            Err(warning) => {
                self.warn(Some(warning));
                None
            }
        }
    }

    /// Says a thing once, however often it is found.
    fn warn(&mut self, warning: Option<Warning>) {
        if let Some(warning) = warning
            && !self.warnings.contains(&warning)
        {
            self.warnings.push(warning);
        }
    }

    /// `header`: the header that is the credential, where it is one.
    fn refuse_plain_http(&self, header: Option<&str>) -> Result<(), AuthError> {
        if self.url.scheme() == "https" || self.sources.insecure_http || is_loopback(self.url) {
            return Ok(());
        }
        let host = self.url.host_str().unwrap_or_default().to_owned();
        Err(match header {
            None => AuthError::PlainHttp { host },
            Some(name) => AuthError::PlainHttpHeader {
                name: name.to_owned(),
                host,
            },
        })
    }
}

#[cfg(test)]
mod tests;
