//! livysh: the Spark shell for any Apache Livy endpoint.
//!
//! config -> server -> session -> shell or batch -> close. Each module says at its head what it
//! is for; `tests/structure.rs` says who may know whom.
pub mod auth;
pub mod batch;
pub mod cli;
pub mod command;
pub mod config;
pub mod dry_run;
pub mod editor;
pub mod language;
pub mod listing;
pub mod livy;
pub mod local;
pub mod opening;
pub mod paths;
pub mod progress;
pub mod record;
pub mod render;
pub mod report;
pub mod resolve;
pub mod runner;
pub mod running;
pub mod session;
pub mod settings;
pub mod shell;
pub mod shutdown;
pub mod source;
pub mod style;
pub mod terminal;
pub mod tools;
pub mod verbose;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use cli::CliError;
use report::{Report, code, complain};
use resolve::{Command, UsageError};
use running::Running;

/// The whole program: reads the command line, does what it says, answers with the exit code.
pub fn run(arguments: impl Iterator<Item = OsString>) -> u8 {
    terminal::remember();
    std::panic::set_hook(Box::new(bug));
    let env = |name: &str| std::env::var(name).ok();
    match resolve::parse(arguments, &env) {
        Ok(Command::Print(text)) => {
            let text = if std::io::stdout().is_terminal() {
                text.styled
            } else {
                text.plain
            };
            tools::print(&text).unwrap_or_else(|report| tools::failed(&report))
        }
        Ok(command) => go(command, &env).unwrap_or_else(|report| {
            complain(&report);
            report.code
        }),
        Err(error) => misunderstood(&error),
    }
}

fn go(command: Command, env: &dyn Fn(&str) -> Option<String>) -> Result<u8, Report> {
    let paths = paths::Paths::find(env).map_err(|error| Report::from(&error))?;
    match command {
        Command::Config(action, _) => return Ok(tools::config::run(action, &paths)),
        Command::History(action, run) => {
            let file = paths
                .record(paths::Create::No)
                .map_err(|error| Report::from(&error))?;
            return Ok(tools::history::run(&action, &file, &run));
        }
        _ => {}
    }
    let running = Running::start(paths)?;
    match command {
        Command::Run(settings) => running.run(*settings),
        Command::Sessions(action, settings) => running.sessions(&action, *settings),
        Command::Serve(serve) => running.serve(&serve),
        Command::Setup(setup) => running.setup(&setup),
        Command::Print(_) | Command::Config(..) | Command::History(..) => Ok(code::OK),
    }
}

/// A command line that cannot be followed: clap's text stands as it is, ours gets our name.
fn misunderstood(error: &UsageError) -> u8 {
    if let UsageError::Cli(CliError::Syntax(text)) = error {
        let text = if std::io::stderr().is_terminal() {
            &text.styled
        } else {
            &text.plain
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
    } else {
        complain(&Report::new(code::USAGE, error.to_string()));
    }
    code::USAGE
}

/// What a panic says: one paragraph, on a terminal that works again. The way out is taken after it.
fn bug(panic: &std::panic::PanicHookInfo<'_>) {
    terminal::restore();
    let what = panic.payload_as_str().unwrap_or("it gave no reason");
    let place = panic
        .location()
        .map(|at| format!(" ({at})"))
        .unwrap_or_default();
    complain(
        &Report::new(
            code::STATEMENT,
            format!("livysh met a bug of its own: {what}{place}"),
        )
        .advise("your session is being deleted; please report this text and what you did"),
    );
}
