//! What a run is put together from.
use std::io::{self, IsTerminal, Write as _};

use crate::auth;
use crate::editor::{self, Editor};
use crate::livy::Credentials;
use crate::output::Results;
use crate::report::{Report, code, note};
use crate::settings::values::EditMode;
use crate::settings::{RunSettings, SessionSettings, Settings};
use crate::shell::Completer;
use crate::{style, terminal, tools};

/// The credentials for that server; may ask, on the terminal.
pub(super) fn credentials(sources: &auth::Sources, url: &url::Url) -> Result<Credentials, Report> {
    let env = |name: &str| std::env::var(name).ok();
    let home = crate::paths::home();
    let silently = |text: &str| {
        // before the question is seen: a Ctrl-D that answers it would else be an end of input that is lost when the
        // terminal stops reading whole lines
        let _kept = terminal::Kept::start();
        auth::prompt(text)
    };
    let ask: Option<&auth::Ask<'_>> = if io::stdin().is_terminal() {
        Some(&silently)
    } else {
        None
    };
    let around = auth::Surroundings {
        env: &env,
        named_at_start: true,
        home: home.as_deref(),
        ask,
    };
    let found = auth::find(url, sources, &around).map_err(|error| match error {
        // the prompt reads Ctrl-C as a key
        auth::AuthError::Prompt(error) if error.kind() == io::ErrorKind::Interrupted => {
            Report::new(code::INTERRUPTED, "given up")
        }
        error => {
            let code = if error.is_usage() {
                code::USAGE
            } else {
                code::SERVER
            };
            Report::new(code, error.to_string())
        }
    })?;
    for warning in &found.warnings {
        note(&warning.to_string());
    }
    Ok(found.credentials)
}

/// Paths for a Spark on this machine, checked before it starts.
pub(super) fn with_local_files(session: SessionSettings) -> Result<SessionSettings, Report> {
    let bad = |what: String| Report::new(code::USAGE, what);
    let folder = std::env::current_dir()
        .map_err(|error| bad(format!("the current folder cannot be found: {error}")))?;
    session
        .with_local_files(&folder)
        .map_err(|error| bad(error.to_string()))
}

/// Where results go.
pub(super) fn results(run: &RunSettings) -> Result<Results, Report> {
    match &run.output {
        None => Ok(Results::Stdout),
        Some(path) => Results::file(path).map_err(|error| tools::unwritable(path, &error)),
    }
}

/// The line editor, as the settings want it.
pub(super) fn editor(settings: &Settings, completer: &Completer) -> Result<Editor, Report> {
    let color = style::of(settings.run.color_or_default(), &io::stdout(), None).color;
    Editor::new(editor::Options {
        vi: settings.shell.edit_mode == Some(EditMode::Vi),
        color,
        history: Vec::new(),
        completer: Some(Box::new(completer.clone())),
    })
    .map_err(|error| Report::new(code::USAGE, error.to_string()))
}

/// The results of a script without a statement.
pub(super) fn nothing_to_run(run: &RunSettings) -> Result<u8, Report> {
    let text = match run.format_or_default() {
        crate::render::Format::Json => "[]\n",
        _ => "",
    };
    let Some(path) = &run.output else {
        return tools::print(text);
    };
    let mut results = results(run)?;
    let written = results
        .begin()
        .and_then(|()| results.write_all(text.as_bytes()));
    written.map_err(|error| tools::unwritable(path, &error))?;
    Ok(code::OK)
}
