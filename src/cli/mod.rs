//! The command line: arguments in, one plain value out. Reads no file and no environment.

mod args;
mod options;
mod place;
mod plain;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches};
use thiserror::Error;

use crate::settings::values::{self, ValueError};
use crate::settings::{ConnectionSettings, RunSettings, SessionSettings, Which};
use args::{Cli, ConfigVerb, HistoryVerb, SessionsArgs, SessionsVerb, Verb};

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Only a text: help, version, completions, the manual page.
    Print(Text),
    /// The shell, or a run, on a server.
    Shell(Box<Given>),
    /// The shell, or a run, on a Spark of this machine.
    Local(Box<Given>),
    /// The Livy REST API on this machine.
    Serve(Serve),
    /// The installation.
    Setup(Setup),
    /// A look at a server's sessions.
    Sessions(SessionsAction, Box<Given>),
    /// A look at the record.
    History(HistoryAction, RunSettings),
    /// The config file.
    Config(ConfigAction),
}

/// A text for standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Without colours.
    pub plain: String,
    /// With colours, for a terminal.
    pub styled: String,
}

/// The layer of the flags.
#[derive(Debug, Default)]
pub struct Given {
    /// SERVER as it was typed: a URL or a profile's name.
    pub server: Option<String>,
    /// Options of the session.
    pub session: SessionSettings,
    /// Which session is used.
    pub which: Which,
    /// Options of the connection.
    pub connection: ConnectionSettings,
    /// Options of the run.
    pub run: RunSettings,
    /// Whether the config file is to be left alone.
    pub no_config: bool,
}

/// `livysh serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// The port on loopback; 0 takes a free one.
    pub port: u16,
    /// Whether clients need no secret.
    pub no_auth: bool,
    /// The Spark to use.
    pub spark_home: Option<PathBuf>,
    /// Whether to say only what failed.
    pub quiet: bool,
}

/// `livysh setup`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The version of Spark to install, in full.
    pub spark: Option<String>,
    /// Whether to say only what failed.
    pub quiet: bool,
}

/// `livysh sessions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsAction {
    /// All sessions.
    List,
    /// One session, by id or name.
    Show(String),
    /// The statements of one session, by id or name.
    Statements(String),
    /// The log of one session.
    Logs {
        /// Id or name.
        id: String,
        /// Whether to go on as it grows.
        follow: bool,
    },
    /// End these sessions, by id or name.
    Kill(Vec<String>),
    /// End those of ours that nobody looks after any more.
    Clean,
}

/// `livysh history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryAction {
    /// The newest entries.
    Recent {
        /// How many.
        limit: u32,
    },
    /// The newest entries with a text.
    Search {
        /// The text.
        text: String,
        /// How many.
        limit: u32,
    },
    /// One entry, by its number in the record.
    Show(u32),
    /// Everything; to [`RunSettings::output`] or standard output.
    Export,
}

/// `livysh config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigAction {
    /// Where it is.
    Path,
    /// What it says.
    Show,
    /// Open it in an editor.
    Edit,
    /// Whether it is right.
    Check,
    /// Make one.
    Init,
}

/// A command line that cannot be followed: exit code 2.
#[derive(Debug, Error)]
pub enum CliError {
    /// What clap found, with its advice, as text to show as it is; passwords in URLs are masked.
    #[error("{}", .0.plain.trim_end())]
    Syntax(Text),
    /// A value that only we could check.
    #[error("{option}: {error}")]
    Value {
        /// The option or argument.
        option: &'static str,
        /// What is wrong.
        error: ValueError,
    },
}

/// Reads the command line; the first argument is the program's name.
pub fn parse<I>(arguments: I) -> Result<Invocation, CliError>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let mut command = Cli::command();
    command.build();
    let arguments = place::behind_subcommand(&command, arguments.into_iter().map(Into::into));
    let matches = match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return from_clap(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return from_clap(&error),
    };
    match cli.command {
        None => {
            let args = cli.shell;
            let mut given = plain::given(args.server, args.session, args.connection)?;
            plain::which(&mut given, args.which);
            plain::run(&mut given.run, args.run, plain::sources(&matches))?;
            plain::common(&mut given, &args.common);
            Ok(Invocation::Shell(given))
        }
        Some(Verb::Local(args)) => {
            let mut given = Box::new(Given {
                session: plain::session(args.session)?,
                ..Given::default()
            });
            given.session.spark_home = args.spark.spark_home;
            let below = matches.subcommand_matches("local").unwrap_or(&matches);
            plain::run(&mut given.run, args.run, plain::sources(below))?;
            plain::common(&mut given, &args.common);
            Ok(Invocation::Local(given))
        }
        Some(verb) => other(verb),
    }
}

/// The subcommands that run nothing of the user's.
fn other(verb: Verb) -> Result<Invocation, CliError> {
    match verb {
        Verb::Local(_) => Ok(Invocation::Local(Box::default())),
        Verb::Serve(args) => Ok(Invocation::Serve(Serve {
            port: args.port,
            no_auth: args.no_auth,
            spark_home: args.spark.spark_home,
            quiet: args.quiet.quiet,
        })),
        Verb::Setup(args) => Ok(Invocation::Setup(Setup {
            spark: args.spark,
            quiet: args.quiet.quiet,
        })),
        Verb::Sessions(args) => sessions(*args),
        Verb::History(args) => Ok(history(args)),
        Verb::Config(args) => Ok(Invocation::Config(match args.verb {
            Some(ConfigVerb::Path) => ConfigAction::Path,
            None | Some(ConfigVerb::Show) => ConfigAction::Show,
            Some(ConfigVerb::Edit) => ConfigAction::Edit,
            Some(ConfigVerb::Check) => ConfigAction::Check,
            Some(ConfigVerb::Init) => ConfigAction::Init,
        })),
        Verb::Completions { shell } => Ok(Invocation::Print(completions(shell))),
        Verb::Man => Ok(Invocation::Print(manual())),
    }
}

fn sessions(args: SessionsArgs) -> Result<Invocation, CliError> {
    let (action, list) = match args.verb {
        None => (SessionsAction::List, args.list),
        Some(SessionsVerb::List(list)) => (SessionsAction::List, *list),
        Some(SessionsVerb::Show(one)) => (SessionsAction::Show(one.id), one.list),
        Some(SessionsVerb::Statements(one)) => (SessionsAction::Statements(one.id), one.list),
        Some(SessionsVerb::Logs(logs)) => {
            let (id, follow) = (logs.id, logs.follow);
            let given = plain::remote(logs.remote.server, logs.remote.options)?;
            return Ok(Invocation::Sessions(
                SessionsAction::Logs { id, follow },
                given,
            ));
        }
        Some(SessionsVerb::Kill(kill)) => {
            let mut given = plain::remote(None, kill.options)?;
            given.run.quiet = kill.quiet.quiet;
            return Ok(Invocation::Sessions(SessionsAction::Kill(kill.ids), given));
        }
        Some(SessionsVerb::Clean(clean)) => {
            let mut given = plain::remote(clean.remote.server, clean.remote.options)?;
            given.run.quiet = clean.quiet.quiet;
            return Ok(Invocation::Sessions(SessionsAction::Clean, given));
        }
    };
    let mut given = plain::remote(list.remote.server, list.remote.options)?;
    plain::table(&mut given.run, &list.table);
    Ok(Invocation::Sessions(action, given))
}

fn history(args: args::HistoryArgs) -> Invocation {
    let mut run = RunSettings::default();
    let action = match args.verb {
        None => {
            plain::table(&mut run, &args.list.table);
            let limit = args.list.limit;
            HistoryAction::Recent { limit }
        }
        Some(HistoryVerb::Search { text, entries }) => {
            plain::table(&mut run, &entries.table);
            let limit = entries.limit;
            HistoryAction::Search { text, limit }
        }
        Some(HistoryVerb::Show { number }) => HistoryAction::Show(number),
        Some(HistoryVerb::Export { output }) => {
            run.output = output;
            HistoryAction::Export
        }
    };
    Invocation::History(action, run)
}

/// clap reports help and version as errors too; they are texts for standard output.
fn from_clap(error: &clap::Error) -> Result<Invocation, CliError> {
    let rendered = error.render();
    let text = Text {
        plain: values::without_url_passwords(&rendered.to_string()),
        styled: values::without_url_passwords(&rendered.ansi().to_string()),
    };
    if error.use_stderr() {
        Err(CliError::Syntax(text))
    } else {
        Ok(Invocation::Print(text))
    }
}

fn completions(shell: clap_complete::Shell) -> Text {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "livysh", &mut script);
    same(&script)
}

/// One page for everything: the main page, then each subcommand's synopsis and options.
fn manual() -> Text {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    // Writing to memory cannot fail; a page cut short would be seen at once.
    let mut whole = clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .is_ok();
    for sub in command.get_subcommands() {
        if sub.get_name() == "help" {
            continue;
        }
        page.extend(format!(".SH \"LIVYSH {}\"\n", sub.get_name().to_uppercase()).bytes());
        let man = clap_mangen::Man::new(sub.clone());
        let mut part = Vec::new();
        whole &= man.render_synopsis_section(&mut part).is_ok()
            && man.render_description_section(&mut part).is_ok()
            && man.render_options_section(&mut part).is_ok();
        let part = String::from_utf8_lossy(&part).replace(".SH ", ".SS ");
        page.extend(part.bytes());
    }
    debug_assert!(whole);
    same(&page)
}

fn same(bytes: &[u8]) -> Text {
    let plain = String::from_utf8_lossy(bytes).into_owned();
    Text {
        styled: plain.clone(),
        plain,
    }
}

#[cfg(test)]
mod tests;
