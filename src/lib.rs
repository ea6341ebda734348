//! livysh: the Spark shell for any Apache Livy endpoint.
//!
//! config -> server -> session -> shell or batch -> close. Each module says at its head what it
//! is for; `tests/structure.rs` says who may know whom.
pub mod auth;
pub mod batch;
pub mod bug;
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
pub mod output;
pub mod owner;
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
    keep_memory_private();
    terminal::remember();
    std::panic::set_hook(Box::new(bug::hook));
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
        // the way out behind the work may meet a bug of its own
        Ok(command) => bug::guarded(|| go(command, &env)),
        Err(error) => misunderstood(&error),
    }
}

/// Passwords and tokens are in this process's memory: no core dump of it is written, and no other process
/// of the user may look into it, where the system offers that. Children inherit the first and not
/// the second. What cannot be had is no reason not to run.
fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Carries it out, and takes the way out: also after a bug of ours.
fn go(command: Command, env: &dyn Fn(&str) -> Option<String>) -> u8 {
    let quiet = is_quiet(&command);
    let mut running = None;
    let code = bug::guarded(|| {
        carry_out(command, env, &mut running).unwrap_or_else(|report| tools::failed(&report))
    });
    match running {
        Some(running) => running.leave(code, quiet),
        None => code,
    }
}

fn carry_out(
    command: Command,
    env: &dyn Fn(&str) -> Option<String>,
    running: &mut Option<Running>,
) -> Result<u8, Report> {
    let paths = paths::Paths::find(env).map_err(|error| Report::from(&error))?;
    match command {
        Command::Config(action) => return Ok(tools::config::run(action, &paths)),
        Command::History(action, run) => {
            let file = paths
                .record(paths::Create::No)
                .map_err(|error| Report::from(&error))?;
            return Ok(tools::history::run(&action, &file, &run));
        }
        _ => {}
    }
    if is_quiet(&command) {
        report::be_quiet();
    }
    let running = running.insert(Running::start(paths)?);
    match command {
        Command::Run(settings) => running.run(*settings),
        Command::Sessions(action, settings) => running.sessions(&action, *settings),
        Command::Serve(serve) => running.serve(&serve),
        Command::Setup(setup) => running.setup(&setup),
        Command::Print(_) | Command::Config(..) | Command::History(..) => Ok(code::OK),
    }
}

fn is_quiet(command: &Command) -> bool {
    match command {
        Command::Run(settings) | Command::Sessions(_, settings) => settings.run.quiet,
        Command::Serve(serve) => serve.quiet,
        Command::Setup(setup) => setup.quiet,
        Command::History(_, run) => run.quiet,
        Command::Print(_) | Command::Config(..) => false,
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
