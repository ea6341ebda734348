//! How to reach a server, and as whom.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::fill;
use super::values::{self, Header, ValueError};
use crate::auth::{self, Method};
use crate::livy::Renewal;

/// The settings of a connection. Only where secrets come from, never a secret itself, except for
/// the values of headers, which cannot be printed.
#[derive(Debug, Clone, Default)]
pub struct ConnectionSettings {
    /// How to authenticate; none given means [`Method::Auto`].
    pub auth: Option<Method>,
    /// The user's name for Basic.
    pub user: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// A command whose first line of output is the password.
    pub password_command: Option<String>,
    /// A command whose first line of output is the bearer token.
    pub token_command: Option<String>,
    /// Whether the password file or the token command is a flag, see [`crate::auth::Sources`].
    pub secret_from_flags: bool,
    /// The user to act as, sent as `doAs` with every request.
    pub do_as: Option<String>,
    /// Headers for every request.
    pub headers: Vec<Header>,
    /// Certificates to trust besides the system's.
    pub cacert: Option<PathBuf>,
    /// Our own certificate.
    pub cert: Option<PathBuf>,
    /// Its key, when it is not in the same file.
    pub key: Option<PathBuf>,
    /// Whether the server's certificate goes unchecked.
    pub insecure: Option<bool>,
    /// Whether credentials may go over plain http to another machine.
    pub insecure_http: Option<bool>,
    /// The proxy to use instead of the environment's.
    pub proxy: Option<Url>,
    /// Whether to use no proxy at all.
    pub no_proxy: Option<bool>,
    /// How long to try to connect.
    pub connect_timeout: Option<Duration>,
}

impl ConnectionSettings {
    /// The options that hold one value, by their long names.
    pub const SCALARS: &[&str] = &[
        "auth",
        "user",
        "password-file",
        "password-command",
        "token-command",
        "do-as",
        "cacert",
        "cert",
        "key",
        "insecure",
        "insecure-http",
        "proxy",
        "no-proxy",
        "connect-timeout",
    ];

    /// Sets an option by its long name from a text; false when the name is none of ours.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, ValueError> {
        match key {
            "auth" => {
                self.auth = Some(value.parse().map_err(|_| ValueError::Choice {
                    given: value.to_owned(),
                    known: Method::KNOWN,
                })?);
            }
            "user" => self.user = Some(values::user(value)?),
            "password-file" => self.password_file = Some(values::text(value)?.into()),
            "password-command" => self.password_command = Some(values::text(value)?),
            "token-command" => self.token_command = Some(values::text(value)?),
            "do-as" => self.do_as = Some(values::text(value)?),
            "cacert" => self.cacert = Some(values::text(value)?.into()),
            "cert" => self.cert = Some(values::text(value)?.into()),
            "key" => self.key = Some(values::text(value)?.into()),
            "insecure" => self.insecure = Some(values::switch(value)?),
            "insecure-http" => self.insecure_http = Some(values::switch(value)?),
            "proxy" => self.proxy = Some(values::proxy_url(value)?),
            "no-proxy" => self.no_proxy = Some(values::switch(value)?),
            "connect-timeout" => self.connect_timeout = Some(values::time(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fills what is open from a lower layer; headers name by name. A source of a password or a
    /// token hides all of a lower layer's, so that a flag never loses to a profile's command.
    #[must_use]
    pub fn or(mut self, lower: Self) -> Self {
        let named = self.password_file.is_some()
            || self.password_command.is_some()
            || self.token_command.is_some();
        if !named {
            fill!(self, lower: password_file, password_command, token_command);
        }
        if self.proxy.is_none() && self.no_proxy.is_none() {
            fill!(self, lower: proxy, no_proxy);
        }
        if self.cert.is_none() && self.key.is_none() {
            fill!(self, lower: cert, key);
        }
        fill!(self, lower: auth, user, do_as, cacert, insecure, insecure_http, connect_timeout);
        for header in lower.headers {
            let same = |h: &Header| h.name.eq_ignore_ascii_case(&header.name);
            if !self.headers.iter().any(same) {
                self.headers.push(header);
            }
        }
        self
    }

    /// How long to try to connect: 10 s unless asked otherwise.
    pub fn connect_timeout_or_default(&self) -> Duration {
        self.connect_timeout.unwrap_or(Duration::from_secs(10))
    }

    /// How to fetch credentials again that a command gave: they may run out while a session lives.
    pub fn renewal(&self, server: &Url) -> Option<Renewal> {
        if self.token_command.is_none() && self.password_command.is_none() {
            return None;
        }
        let (sources, server) = (self.sources(), server.clone());
        Some(Renewal::new(move || {
            // nothing but the command can have a new one
            let around = auth::Surroundings {
                env: &|_| None,
                named_at_start: true,
                home: None,
                ask: None,
            };
            let found = auth::find(&server, &sources, &around).ok()?;
            (found.origin == auth::Origin::Command).then_some(found.credentials)
        }))
    }

    /// Where this connection's credentials come from, for [`crate::auth`].
    pub fn sources(&self) -> auth::Sources {
        auth::Sources {
            method: self.auth.unwrap_or(Method::Auto),
            user: self.user.clone(),
            password_file: self.password_file.clone(),
            password_command: self.password_command.clone(),
            token_command: self.token_command.clone(),
            from_flags: self.secret_from_flags,
            insecure_http: self.insecure_http.unwrap_or(false),
            headers: self
                .headers
                .iter()
                .map(|header| header.name.clone())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> ConnectionSettings {
        let mut settings = ConnectionSettings::default();
        for (key, value) in pairs {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        settings
    }

    #[test]
    fn every_listed_option_can_be_set() {
        for key in ConnectionSettings::SCALARS {
            let mut settings = ConnectionSettings::default();
            let set = ["basic", "true", "3", "http://p:1"]
                .iter()
                .any(|value| settings.set(key, value) == Ok(true));
            assert!(set, "{key}");
        }
    }

    #[test]
    fn a_source_of_a_secret_hides_the_lower_layers_sources() {
        let merged = with(&[("token-command", "mint")])
            .or(with(&[("password-file", "/p"), ("user", "alice")]));
        assert_eq!(merged.password_file, None);
        assert_eq!(merged.user.as_deref(), Some("alice"));
    }

    #[test]
    fn asking_for_no_proxy_hides_the_profiles_proxy() {
        let merged = with(&[("no-proxy", "true")]).or(with(&[("proxy", "http://p:3128")]));
        assert_eq!(merged.proxy, None);
    }

    #[test]
    fn headers_are_merged_whatever_their_case() {
        let mut upper = ConnectionSettings::default();
        upper.headers.push(Header::new("X-Team", "a").unwrap());
        let mut lower = ConnectionSettings::default();
        lower.headers.push(Header::new("x-team", "b").unwrap());
        lower.headers.push(Header::new("x-more", "c").unwrap());
        let names: Vec<String> = upper
            .or(lower)
            .headers
            .into_iter()
            .map(|h| h.name)
            .collect();
        assert_eq!(names, ["X-Team", "x-more"]);
    }
}
