//! From the command line, the environment and the config file to one value that says what to do.

use std::ffi::OsString;

use thiserror::Error;

use crate::cli::{
    self, CliError, ConfigAction, Given, HistoryAction, Invocation, Serve, SessionsAction, Setup,
    Text,
};
use crate::config::{self, Config, ConfigError, Profile};
use crate::paths::{self, PathError, Paths};
use crate::settings::values::{self, ValueError};
use crate::settings::{
    ConnectionSettings, RunSettings, SUBCOMMANDS, SessionSettings, Settings, ShellSettings, Target,
    Which,
};

/// What to do, with everything that was said about it merged.
#[derive(Debug)]
pub enum Command {
    /// Write a text to standard output.
    Print(Text),
    /// The shell; or a run, when there are sources or standard input is no terminal.
    Run(Box<Settings>),
    /// The Livy REST API on this machine.
    Serve(Serve),
    /// The installation.
    Setup(Setup),
    /// A look at a server's sessions; the target is always a server.
    Sessions(SessionsAction, Box<Settings>),
    /// A look at the record.
    History(HistoryAction, RunSettings),
    /// The config file, which has not been read: it may be what is wrong.
    Config(ConfigAction),
}

/// What cannot be done as it was said: exit code 2.
#[derive(Debug, Error)]
pub enum UsageError {
    /// On the command line.
    #[error(transparent)]
    Cli(#[from] CliError),
    /// In the config file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// On disk.
    #[error(transparent)]
    Path(#[from] PathError),
    /// In the environment.
    #[error("The environment variable {variable}: {error}")]
    Environment {
        /// The variable.
        variable: String,
        /// What is wrong with its value.
        error: ValueError,
    },
    /// A URL that came from the environment, from `default` or from a list of ids.
    #[error("{place}: {error}")]
    Value {
        /// Where it stands.
        place: &'static str,
        /// What is wrong.
        error: ValueError,
    },
    /// No server was named anywhere.
    #[error(
        "No server is named. Three ways to start:\n  livysh local                          a real Spark on this machine (installed on first use)\n  livysh https://host.example.net/livy  any Apache Livy server\n  livysh prod                           a profile of the config file (`livysh config init` makes one; its 'default', or LIVYSH_SERVER, is used when none is named)"
    )]
    NoServer,
    /// A word that is neither a profile nor a subcommand.
    #[error("There is no profile '{name}' in {config}.{}", advice(nearest.as_deref()))]
    NoProfile {
        /// The word.
        name: String,
        /// The config file, or that it was not read.
        config: String,
        /// The profile or subcommand that is most like it.
        nearest: Option<String>,
    },
    /// A host without `http://`. Not repeated when it may hold a password.
    #[error("'{given}' is no URL. Write http:// or https:// before it.")]
    NoScheme {
        /// What was typed.
        given: String,
    },
    /// `sessions` without a server.
    #[error(
        "Sessions of `livysh local` end with it, so there are none to look at. Name a server: livysh sessions list SERVER (a running `livysh serve` is http://127.0.0.1:8998)."
    )]
    LocalSessions,
    /// `--keep`, `--reuse` or `--attach` on this machine's own Spark.
    #[error(
        "Sessions of `livysh local` end with it, so none can be kept, reused or attached to. Run `livysh serve`, and name it as the server: http://127.0.0.1:8998."
    )]
    LocalStays,
    /// `--key` alone.
    #[error(
        "A key for our certificate was given, but no certificate. Add --cert FILE (or 'cert' in the profile)."
    )]
    KeyWithoutCert,
}

fn advice(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || {
            " Profiles are tables such as [servers.prod]; a server can also be given by its URL."
                .to_owned()
        },
        |nearest| format!(" Did you mean '{nearest}'?"),
    )
}

/// Reads the command line (the first argument is the program's name), the environment and, where
/// it matters, the config file. Help, version and the like touch no file.
pub fn parse<I>(arguments: I, env: &dyn Fn(&str) -> Option<String>) -> Result<Command, UsageError>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let env = &|name: &str| env(name).filter(|text| !text.is_empty());
    let invocation = cli::parse(arguments)?;
    let needs_config = match &invocation {
        Invocation::Shell(given) | Invocation::Local(given) | Invocation::Sessions(_, given) => {
            !given.no_config
        }
        _ => false,
    };
    if !needs_config {
        return Resolver::new(&Config::default(), None, env).command(invocation);
    }
    let paths = Paths::find(env)?;
    let file = paths.config_file();
    let config = Config::load(file, paths::home().as_deref())?;
    let file = file.display().to_string();
    Resolver::new(&config, Some(file), env).command(invocation)
}

/// What was found out about SERVER.
struct Place {
    target: Target,
    /// The layer of the profile; also the user of a URL that is `default`.
    connection: ConnectionSettings,
    profile: Option<Profile>,
}

struct Resolver<'a> {
    config: &'a Config,
    file: Option<String>,
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Resolver<'a> {
    fn new(
        config: &'a Config,
        file: Option<String>,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self { config, file, env }
    }

    fn command(&self, invocation: Invocation) -> Result<Command, UsageError> {
        match invocation {
            Invocation::Print(text) => Ok(Command::Print(text)),
            Invocation::Shell(mut given) => {
                self.behind_reuse(&mut given)?;
                let place = self.place(given.server.as_deref())?;
                if place.target == Target::Local && given.which != Which::New {
                    return Err(UsageError::LocalStays);
                }
                Ok(Command::Run(Box::new(self.settings(*given, place)?)))
            }
            Invocation::Local(given) => Ok(Command::Run(Box::new(self.settings(*given, local())?))),
            Invocation::Serve(mut serve) => {
                let env = self.session_environment()?;
                serve.spark_home = serve.spark_home.or(env.spark_home);
                Ok(Command::Serve(serve))
            }
            Invocation::Setup(setup) => Ok(Command::Setup(setup)),
            Invocation::Sessions(action, given) => self.sessions(action, *given),
            Invocation::History(action, run) => Ok(Command::History(action, self.run(run)?)),
            Invocation::Config(action) => Ok(Command::Config(action)),
        }
    }

    /// The word behind --reuse is the server where none is named otherwise and it can be one.
    fn behind_reuse(&self, given: &mut Given) -> Result<(), UsageError> {
        let Which::Reused { name, .. } = &mut given.which else {
            return Ok(());
        };
        let is_server =
            |word: &String| word.contains("://") || self.config.servers.contains_key(word);
        if given.server.is_none() {
            given.server = name.take_if(|word| is_server(word));
        }
        if let Some(name) = name {
            let place = "--reuse";
            values::session_name(name).map_err(|error| UsageError::Value { place, error })?;
        }
        Ok(())
    }

    fn sessions(
        &self,
        mut action: SessionsAction,
        mut given: Given,
    ) -> Result<Command, UsageError> {
        if let SessionsAction::Kill(ids) = &mut action {
            let is_server =
                |word: &String| word.contains("://") || self.config.servers.contains_key(word);
            if ids.len() > 1 {
                given.server = ids.pop_if(|last| is_server(last));
            }
            for id in ids.iter() {
                values::session_id(id).map_err(|error| UsageError::Value { place: "ID", error })?;
            }
        }
        let format = given.run.format;
        let place = self.place(given.server.as_deref())?;
        if place.target == Target::Local {
            return Err(UsageError::LocalSessions);
        }
        let mut settings = self.settings(given, place)?;
        // How the shell shows results says nothing about how to list sessions.
        settings.run.format = format;
        Ok(Command::Sessions(action, Box::new(settings)))
    }

    fn settings(&self, given: Given, place: Place) -> Result<Settings, UsageError> {
        let (profile_session, profile_init) = place
            .profile
            .map_or_else(Default::default, |profile| (profile.session, profile.init));
        let mut shell = self.shell_environment()?.or(self.config.shell.clone());
        let asked_kind = given.session.kind;
        let asked_of_creation = given.session.for_creation();
        let mut session = given
            .session
            .or(self.session_environment()?)
            .or(profile_session);
        session.kind = session.kind.or(shell.kind);
        shell.init.extend(profile_init);
        let mut run = self.run(given.run)?;
        run.format = run.format.or(shell.format);
        run.color = run.color.or(shell.colors);
        let connection = if place.target == Target::Local {
            ConnectionSettings::default()
        } else {
            given
                .connection
                .or(self.connection_environment()?)
                .or(place.connection)
        };
        if connection.key.is_some() && connection.cert.is_none() {
            return Err(UsageError::KeyWithoutCert);
        }
        Ok(Settings {
            target: place.target,
            connection,
            asked_kind,
            asked_of_creation,
            which: given.which,
            session,
            run,
            shell,
        })
    }

    /// Where to go: SERVER, else `LIVYSH_SERVER`, else `default`.
    fn place(&self, server: Option<&str>) -> Result<Place, UsageError> {
        if let Some(server) = server {
            return self.look_up(server, "SERVER");
        }
        let from_env = (self.env)("LIVYSH_SERVER");
        let (server, from) = match (&from_env, &self.config.default) {
            (Some(server), _) => (server, "LIVYSH_SERVER"),
            (None, Some(server)) => (server, "default"),
            (None, None) => return Err(UsageError::NoServer),
        };
        if server == "local" {
            return Ok(local());
        }
        self.look_up(server, from)
    }

    fn look_up(&self, server: &str, place: &'static str) -> Result<Place, UsageError> {
        if server.contains("://") {
            let (url, user) =
                values::server_url(server).map_err(|error| UsageError::Value { place, error })?;
            return Ok(Place {
                target: Target::Server { url, profile: None },
                connection: ConnectionSettings {
                    user,
                    ..ConnectionSettings::default()
                },
                profile: None,
            });
        }
        if let Some(profile) = self.config.servers.get(server) {
            return Ok(Place {
                target: Target::Server {
                    url: profile.url.clone(),
                    profile: Some(server.to_owned()),
                },
                connection: profile.connection.clone(),
                profile: Some(profile.clone()),
            });
        }
        Err(self.no_such(server, place))
    }

    fn no_such(&self, server: &str, place: &'static str) -> UsageError {
        if server.contains('@') && server.contains(':') {
            let error = ValueError::UrlPassword;
            return UsageError::Value { place, error };
        }
        if server == "local" && place == "SERVER" {
            return UsageError::LocalSessions;
        }
        if server == "localhost" || server.contains([':', '/', '@']) {
            let given = server.to_owned();
            return UsageError::NoScheme { given };
        }
        let names = self.config.servers.keys().map(String::as_str);
        UsageError::NoProfile {
            name: server.to_owned(),
            config: self
                .file
                .clone()
                .unwrap_or_else(|| "the config file, which --no-config leaves unread".to_owned()),
            nearest: config::nearest(server, names.chain(SUBCOMMANDS.iter().copied())),
        }
    }

    fn run(&self, mut run: RunSettings) -> Result<RunSettings, UsageError> {
        if run.color.is_none() {
            run.color = self.variable("color", str::parse)?;
        }
        if !run.no_history {
            run.no_history = self
                .variable("no-history", values::switch)?
                .unwrap_or(false);
        }
        Ok(run)
    }

    fn session_environment(&self) -> Result<SessionSettings, UsageError> {
        let mut layer = SessionSettings::default();
        let keys = SessionSettings::SCALARS
            .iter()
            .chain(SessionSettings::LISTS);
        for key in keys.chain(&[SessionSettings::SPARK_HOME]) {
            self.variable(key, |text| layer.set(key, text))?;
        }
        Ok(layer)
    }

    fn connection_environment(&self) -> Result<ConnectionSettings, UsageError> {
        let mut layer = ConnectionSettings::default();
        for key in ConnectionSettings::SCALARS {
            self.variable(key, |text| layer.set(key, text))?;
        }
        Ok(layer)
    }

    fn shell_environment(&self) -> Result<ShellSettings, UsageError> {
        let mut layer = ShellSettings::default();
        for key in ShellSettings::SCALARS {
            self.variable(key, |text| layer.set(key, text))?;
        }
        Ok(layer)
    }

    /// Reads the variable that stands for an option, when it is set.
    fn variable<T>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Result<Option<T>, UsageError> {
        let variable = format!("LIVYSH_{}", key.replace('-', "_").to_uppercase());
        let Some(text) = (self.env)(&variable) else {
            return Ok(None);
        };
        match read(&text) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(UsageError::Environment { variable, error }),
        }
    }
}

fn local() -> Place {
    Place {
        target: Target::Local,
        connection: ConnectionSettings::default(),
        profile: None,
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
