//! `livysh config`: the config file.
use crate::cli::ConfigAction;
use crate::config::{self, Config, ConfigError};
use crate::paths::{self, Create, PathError, Paths};
use crate::report::{Report, code, note};

use super::{child, failed, print};

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
    child::edit(paths.config_file())?;
    check(paths)?;
    note("the config file is well formed");
    Ok(code::OK)
}
