//! What to run and how to show it.

use std::path::PathBuf;
use std::time::Duration;

use super::fill;
use super::values::{self, Color, EditMode, Format, Kind, ValueError};

/// One piece of code to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Code from the command line.
    Code(String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// How a run goes and what it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunSettings {
    /// What to run, in the order of the command line; empty means the shell, or standard input
    /// when that is no terminal.
    pub sources: Vec<Source>,
    /// The form of the results.
    pub format: Option<Format>,
    /// A file for the results instead of standard output.
    pub output: Option<PathBuf>,
    /// Whether to go on after a failed statement.
    pub go_on: bool,
    /// Whether a file is one statement; an SQL query always is one.
    pub whole: bool,
    /// Whether a statement is sent again that the server has no trace of.
    pub resend: bool,
    /// What `${NAME}` in a file stands for.
    pub vars: Vec<(String, String)>,
    /// Whether a cut result is a failure.
    pub fail_truncated: bool,
    /// Whether to show the requests and send nothing.
    pub dry_run: bool,
    /// How long the whole run may take.
    pub timeout: Option<Duration>,
    /// Whether to say only what failed.
    pub quiet: bool,
    /// 1: what is sent and received; 2: with headers and bodies.
    pub verbose: u8,
    /// When to use colours.
    pub color: Option<Color>,
    /// Whether nothing is to be recorded.
    pub no_history: bool,
    /// Whether no pager is to be used.
    pub no_pager: bool,
}

impl RunSettings {
    /// The form of the results, `text` unless asked otherwise.
    pub fn format_or_default(&self) -> Format {
        self.format.unwrap_or(Format::Text)
    }

    /// When to use colours, `auto` unless asked otherwise.
    pub fn color_or_default(&self) -> Color {
        self.color.unwrap_or(Color::Auto)
    }
}

/// The shell's habits: `[shell]` in the config file, or `LIVYSH_*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellSettings {
    /// The kind when neither flag nor profile names one.
    pub kind: Option<Kind>,
    /// The form of results.
    pub format: Option<Format>,
    /// How many rows of a table the shell shows.
    pub max_rows: Option<u32>,
    /// Whether the time of each statement is shown.
    pub timing: Option<bool>,
    /// The line editor's keys.
    pub edit_mode: Option<EditMode>,
    /// When to use colours.
    pub colors: Option<Color>,
    /// The command that shows what is longer than the screen; a word for "no" shows it without.
    pub pager: Option<String>,
    /// Whether the shell asks its session things of its own, for Tab.
    pub hidden_statements: Option<bool>,
    /// Files that run when the session is idle; a profile's are added behind.
    pub init: Vec<PathBuf>,
}

impl ShellSettings {
    /// Whether the shell asks its session things of its own, true unless asked otherwise.
    pub fn asks_hidden(&self) -> bool {
        self.hidden_statements.unwrap_or(true)
    }

    /// The keys that hold one value.
    pub const SCALARS: &[&str] = &[
        "kind",
        "format",
        "max-rows",
        "timing",
        "edit-mode",
        "colors",
        "pager",
        "hidden-statements",
    ];

    /// Sets a key from a text; false when it is none of ours.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, ValueError> {
        match key {
            "kind" => self.kind = Some(value.parse()?),
            "format" => self.format = Some(value.parse()?),
            "max-rows" => self.max_rows = Some(values::count(value)?),
            "timing" => self.timing = Some(values::switch(value)?),
            "edit-mode" => self.edit_mode = Some(value.parse()?),
            "colors" => self.colors = Some(value.parse()?),
            "pager" => self.pager = Some(value.trim().to_owned()),
            "hidden-statements" => self.hidden_statements = Some(values::switch(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fills what is open from a lower layer.
    #[must_use]
    pub fn or(mut self, lower: Self) -> Self {
        fill!(self, lower: kind, format, max_rows, timing, edit_mode, colors, pager, hidden_statements);
        if self.init.is_empty() {
            self.init = lower.init;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_shell_can_be_set_and_comes_through_an_upper_layer() {
        let mut all = ShellSettings::default();
        for key in ShellSettings::SCALARS {
            let set = ["sql", "csv", "7", "true", "vi", "never"]
                .iter()
                .any(|value| all.set(key, value) == Ok(true));
            assert!(set, "{key}");
        }
        assert_eq!(ShellSettings::default().or(all.clone()), all);
    }
}
