//! From TOML to [`Config`], keeping the line of everything that can be wrong.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError, Profile, nearest};
use crate::settings::values::{self, Header};
use crate::settings::{
    ConnectionSettings, SUBCOMMANDS, SessionSettings, ShellSettings, ValueError,
};

/// The keys whose values are paths: `~/` is the home, others begin at the config file's folder.
const PATHS: &[&str] = &["password-file", "cacert", "cert", "key"];

/// One key with its value and where they stand.
type Entry<'a> = (&'a str, &'a Spanned<DeValue<'a>>, usize);

pub(super) struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    home: Option<&'a Path>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, path: &'a Path, home: Option<&'a Path>) -> Self {
        Self { text, path, home }
    }

    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let document = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            path: self.path.to_owned(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            reason: error.message().trim_end_matches('.').to_owned(),
        })?;
        let mut config = Config::default();
        let mut default_line = 1;
        for entry in self.entries(document.get_ref()) {
            let (key, value, line) = entry;
            match key {
                "default" => {
                    config.default = Some(self.scalar(entry)?);
                    default_line = line;
                }
                "shell" => config.shell = self.shell(self.table(entry)?)?,
                "servers" => {
                    for (name, server, line) in self.entries(self.table((key, value, line))?) {
                        self.check_profile_name(name, line)?;
                        let profile = self.profile((name, server, line))?;
                        config.servers.insert(name.to_owned(), profile);
                    }
                }
                _ => {
                    let known = ["default", "shell", "servers"];
                    return Err(self.unknown(entry, "the config file", known.into_iter()));
                }
            }
        }
        self.check_default(&config, default_line)?;
        Ok(config)
    }

    fn shell(&self, table: &DeTable<'_>) -> Result<ShellSettings, ConfigError> {
        let mut shell = ShellSettings::default();
        for entry in self.entries(table) {
            if entry.0 == "init" {
                shell.init = self.paths(entry)?;
            } else if !self.set(entry, ShellSettings::SCALARS, |key, text| {
                shell.set(key, text)
            })? {
                let known = ShellSettings::SCALARS.iter().copied().chain(["init"]);
                return Err(self.unknown(entry, "[shell]", known));
            }
        }
        Ok(shell)
    }

    fn profile(&self, entry: Entry<'_>) -> Result<Profile, ConfigError> {
        let (name, _, line) = entry;
        let mut url = None;
        let mut connection = ConnectionSettings::default();
        let mut user_in_url = None;
        let mut session = SessionSettings::default();
        let mut init = Vec::new();
        for entry in self.entries(self.table(entry)?) {
            match entry.0 {
                "url" => {
                    let text = self.scalar(entry)?;
                    let (base, user) =
                        values::server_url(&text).map_err(|error| self.value(entry, error))?;
                    url = Some(base);
                    user_in_url = user;
                }
                "header" => connection.headers = self.headers(self.table(entry)?)?,
                "init" => init = self.paths(entry)?,
                "session" => session = self.session(name, self.table(entry)?)?,
                _ => {
                    let set = self.set(entry, ConnectionSettings::SCALARS, |key, text| {
                        connection.set(key, text)
                    })?;
                    if !set {
                        let known = ConnectionSettings::SCALARS.iter().copied();
                        let known = known.chain(["url", "header", "init", "session"]);
                        return Err(self.unknown(entry, &format!("[servers.{name}]"), known));
                    }
                }
            }
        }
        connection.user = connection.user.or(user_in_url);
        let url = url.ok_or_else(|| ConfigError::NoUrl {
            path: self.path.to_owned(),
            line,
            profile: name.to_owned(),
        })?;
        Ok(Profile {
            url,
            connection,
            session,
            init,
        })
    }

    fn session(&self, profile: &str, table: &DeTable<'_>) -> Result<SessionSettings, ConfigError> {
        let mut session = SessionSettings::default();
        for entry in self.entries(table) {
            let (key, _, line) = entry;
            if key == "conf" {
                for setting in self.entries(self.table(entry)?) {
                    let value = self.scalar(setting)?;
                    session.conf.insert(setting.0.to_owned(), value);
                }
            } else if SessionSettings::LISTS.contains(&key) {
                for (item, _) in self.items(entry)? {
                    session
                        .set(key, &item)
                        .map_err(|error| self.value((key, entry.1, line), error))?;
                }
            } else if !self.set(entry, SessionSettings::SCALARS, |key, text| {
                session.set(key, text)
            })? {
                let known = SessionSettings::SCALARS
                    .iter()
                    .chain(SessionSettings::LISTS);
                let known = known.copied().chain(["conf"]);
                return Err(self.unknown(entry, &format!("[servers.{profile}.session]"), known));
            }
        }
        Ok(session)
    }

    fn headers(&self, table: &DeTable<'_>) -> Result<Vec<Header>, ConfigError> {
        self.entries(table)
            .map(|entry| {
                let value = self.scalar(entry)?;
                Header::new(entry.0, &value).map_err(|error| self.value(entry, error))
            })
            .collect()
    }

    /// Hands a known key's value on as text; false for a key that is not in the list.
    fn set(
        &self,
        entry: Entry<'_>,
        known: &[&str],
        set: impl FnOnce(&str, &str) -> Result<bool, ValueError>,
    ) -> Result<bool, ConfigError> {
        let key = entry.0;
        if !known.contains(&key) {
            return Ok(false);
        }
        let mut text = self.scalar(entry)?;
        if PATHS.contains(&key) && !text.is_empty() {
            text = self.absolute(&text).to_string_lossy().into_owned();
        }
        set(key, &text).map_err(|error| self.value(entry, error))
    }

    fn paths(&self, entry: Entry<'_>) -> Result<Vec<PathBuf>, ConfigError> {
        let items = self.items(entry)?;
        Ok(items.iter().map(|(item, _)| self.absolute(item)).collect())
    }

    /// An array of texts, or one text alone.
    fn items(&self, entry: Entry<'_>) -> Result<Vec<(String, usize)>, ConfigError> {
        let (key, value, line) = entry;
        match value.get_ref() {
            DeValue::Array(array) => array
                .iter()
                .map(|item| {
                    let line = self.line(item.span().start);
                    self.scalar((key, item, line)).map(|text| (text, line))
                })
                .collect(),
            _ => self.scalar(entry).map(|text| vec![(text, line)]),
        }
    }

    fn scalar(&self, entry: Entry<'_>) -> Result<String, ConfigError> {
        let (key, value, line) = entry;
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
            DeValue::Float(number) => Ok(number.as_str().to_owned()),
            DeValue::Boolean(truth) => Ok(truth.to_string()),
            _ => Err(self.form(key, line, "a text, a number, or true or false")),
        }
    }

    fn table<'t>(&self, entry: Entry<'t>) -> Result<&'t DeTable<'t>, ConfigError> {
        let (key, value, line) = entry;
        value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.form(key, line, "a table"))
    }

    fn entries<'t>(&self, table: &'t DeTable<'t>) -> impl Iterator<Item = Entry<'t>> {
        table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), value, self.line(key.span().start)))
    }

    fn absolute(&self, text: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), self.home) {
            return home.join(rest);
        }
        self.path.parent().unwrap_or(Path::new("")).join(text)
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        // A text without a line end splits into one part: the count is the line, from 1.
        before.split(|byte| *byte == b'\n').count()
    }

    fn check_profile_name(&self, name: &str, line: usize) -> Result<(), ConfigError> {
        let reason = if SUBCOMMANDS.contains(&name) {
            "it is a subcommand of livysh"
        } else if !values::is_name(name) {
            "a name begins with a letter and has letters, digits, '-', '_' and '.'"
        } else {
            return Ok(());
        };
        Err(ConfigError::ProfileName {
            path: self.path.to_owned(),
            line,
            profile: name.to_owned(),
            reason,
        })
    }

    fn check_default(&self, config: &Config, line: usize) -> Result<(), ConfigError> {
        let Some(name) = &config.default else {
            return Ok(());
        };
        if name == "local" || config.servers.contains_key(name) {
            return Ok(());
        }
        if name.contains("://") {
            let checked = values::server_url(name).map(|_| ());
            return checked.map_err(|error| ConfigError::Value {
                path: self.path.to_owned(),
                line,
                key: "default".to_owned(),
                error,
            });
        }
        Err(ConfigError::NoDefault {
            path: self.path.to_owned(),
            line,
            name: name.clone(),
            nearest: config.nearest_profile(name),
        })
    }

    fn unknown<'k>(
        &self,
        entry: Entry<'_>,
        section: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigError {
        ConfigError::UnknownKey {
            path: self.path.to_owned(),
            line: entry.2,
            key: entry.0.to_owned(),
            section: section.to_owned(),
            nearest: nearest(entry.0, known),
        }
    }

    fn value(&self, entry: Entry<'_>, error: ValueError) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_owned(),
            line: entry.2,
            key: entry.0.to_owned(),
            error,
        }
    }

    fn form(&self, key: &str, line: usize, expected: &'static str) -> ConfigError {
        ConfigError::Form {
            path: self.path.to_owned(),
            line,
            key: key.to_owned(),
            expected,
        }
    }
}
