//! `livysh config`: the config file.
use std::process::Command;

use crate::auth;
use crate::cli::ConfigAction;
use crate::config::{self, Config, ConfigError};
use crate::paths::{self, Create, PathError, Paths};
use crate::report::{Report, code, note};

use super::{failed, print};

/// Does what was asked for; the answer is the exit code.
pub fn run(action: ConfigAction, paths: &Paths) -> u8 {
    act(action, paths).unwrap_or_else(|report| failed(&report))
}

fn act(action: ConfigAction, paths: &Paths) -> Result<u8, Report> {
    let file = paths.config_file();
    match action {
        ConfigAction::Path => print(&format!("{}\n", file.display())),
        ConfigAction::Show => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Report::new(
                    code::USAGE,
                    format!("{} cannot be read: {error}", file.display()),
                )
                .advise("`livysh config init` makes one")
            })?;
            print(&text)
        }
        ConfigAction::Check => {
            let config = check(paths)?;
            print(&format!(
                "{}: well formed, {} server profile{}\n",
                file.display(),
                config.servers.len(),
                if config.servers.len() == 1 { "" } else { "s" }
            ))
        }
        ConfigAction::Init => {
            init(paths)?;
            print(&format!("{} is written\n", file.display()))
        }
        ConfigAction::Edit => edit(paths),
    }
}

fn check(paths: &Paths) -> Result<Config, Report> {
    Config::load(paths.config_file(), paths::home().as_deref()).map_err(|error| of(&error))
}

fn init(paths: &Paths) -> Result<(), Report> {
    paths
        .config_folder(Create::Yes)
        .map_err(|error: PathError| Report::new(code::USAGE, error.to_string()))?;
    config::init(paths.config_file()).map_err(|error| of(&error))
}

fn of(error: &ConfigError) -> Report {
    Report::new(code::USAGE, error.to_string())
}

/// Opens it in `$VISUAL` or `$EDITOR`, made from the template when it is not there; then checks it.
fn edit(paths: &Paths) -> Result<u8, Report> {
    if !paths.config_file().exists() {
        init(paths)?;
    }
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| {
            std::env::var(name)
                .ok()
                .filter(|text| !text.trim().is_empty())
        })
        .unwrap_or_else(|| "vi".to_owned());
    let words = shell_words::split(&editor).unwrap_or_else(|_| vec![editor.clone()]);
    let failed = |why: String| {
        Report::new(code::USAGE, format!("the editor `{editor}` {why}"))
            .advise("set EDITOR to the editor that you use")
    };
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| failed("is empty".to_owned()))?;
    let mut command = Command::new(program);
    for secret in auth::SECRET_VARIABLES {
        command.env_remove(secret);
    }
    let status = command
        .args(arguments)
        .arg(paths.config_file())
        .status()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if !status.success() {
        return Err(failed(format!("ended with {status}")));
    }
    check(paths)?;
    note("the config file is well formed");
    Ok(code::OK)
}
