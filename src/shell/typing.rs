//! Other ways to enter code than typing it at the prompt: the user's editor, a statement again, a text
//! up to Ctrl-D. And the user's own shell.
use std::os::unix::process::ExitStatusExt;

use livysh_history::Recalled;

use super::Shell;
use crate::editor::{Input, Past, Prompt, Start};
use crate::livy::Kind;
use crate::report::{Report, code, note};
use crate::source::{self, Piece};
use crate::tools::{child, history};

/// The first line of a statement is shown up to this many characters.
const SHOWN: usize = 60;

impl Shell {
    /// `:edit`: what the editor leaves stands at the next prompt, not sent.
    pub(super) fn edit(&mut self, number: Option<u64>) -> Result<(), Report> {
        let (kind, text) = match number {
            Some(number) => {
                if let Some(waiting) = self.take_waiting(number) {
                    self.edit_typed(waiting.as_typed(self.kind));
                    return Ok(());
                }
                let piece = self.ran(number)?;
                (piece.kind, piece.code)
            }
            None => (self.kind, String::new()),
        };
        let edited = self.in_editor(&text, kind)?;
        if edited.trim().is_empty() {
            note("the editor left nothing");
            return Ok(());
        }
        self.initial = Some(if kind == self.kind {
            edited
        } else {
            format!("%{kind}\n{edited}")
        });
        Ok(())
    }

    /// What stands in the line editor goes to the editor, and comes back.
    pub(super) fn edit_typed(&mut self, text: String) {
        let (kind, at) = match crate::language::magic(&text) {
            Some((language, code)) => (source::kind(language), text.len() - code.len()),
            None => (self.kind, 0),
        };
        match self.in_editor(&text[at..], kind) {
            Ok(edited) => self.initial = Some(format!("{}{edited}", &text[..at])),
            Err(report) => {
                crate::report::complain(&report);
                self.initial = Some(text);
            }
        }
    }

    fn in_editor(&self, text: &str, kind: Kind) -> Result<String, Report> {
        let prompt = self.editor.handle();
        let _lent = prompt.lend_terminal();
        child::edit_text(text, extension(kind))
    }

    /// `:!`: the exit code is told where it is a failure.
    pub(super) fn shell_command(&self, command: &str) -> Result<(), Report> {
        let prompt = self.editor.handle();
        let _lent = prompt.lend_terminal();
        let status = child::shell(command)?;
        if status.success() {
            return Ok(());
        }
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => status.to_string(),
        };
        Err(Report::new(
            code::STATEMENT,
            format!("the command ended with {how}"),
        ))
    }

    /// `:run N`.
    pub(super) fn run_again(&mut self, number: u64) -> Result<(), Report> {
        let piece = self.ran(number)?;
        let first = piece.code.lines().next().unwrap_or_default();
        let mut shown: String = first.chars().take(SHOWN).collect();
        if shown.len() < piece.code.len() {
            shown.push_str(" …");
        }
        note(&format!("statement {number} again: {shown}"));
        let text = piece.code.clone();
        self.run_all(&text, &[piece]);
        Ok(())
    }

    /// The statement of ours with that number.
    fn ran(&self, number: u64) -> Result<Piece, Report> {
        self.ran.piece(number).ok_or_else(|| {
            let advice = match self.ran.len() {
                0 => "nothing was sent in this shell yet; :history shows older ones".to_owned(),
                count => format!("this shell's are 1 to {count}; :history shows older ones"),
            };
            Report::new(code::USAGE, format!("there is no statement {number}")).advise(advice)
        })
    }

    /// `:paste`: all up to Ctrl-D is one statement.
    pub(super) fn paste(&mut self) {
        note("type or paste; Ctrl-D sends all of it as one statement, Ctrl-C drops it");
        let prompt = Prompt {
            text: format!("{} paste> ", self.kind),
        };
        let start = Start {
            pasting: true,
            interrupts: self.interrupts.count(),
            ..Start::default()
        };
        let input = self
            .editor
            .read(&prompt, source::language(self.kind), start);
        match input {
            Input::Line(text) if !text.trim().is_empty() => {
                self.remember(&text);
                self.run_entered(&text, self.kind, true);
            }
            Input::Edit(text) => self.edit_typed(text),
            Input::Interrupted { .. } => note("dropped"),
            // an end of the terminal is met again by the next read
            Input::Line(_) | Input::Ready(_) | Input::End | Input::Other(_) => {
                note("nothing to send");
            }
        }
    }

    /// An entry was typed: Up and the record have it from now on.
    pub(super) fn remember(&mut self, text: &str) {
        let now = jiff::Timestamp::now().as_millisecond();
        self.editor
            .add_history(entry(text.to_owned(), self.kind.name(), now));
        self.record.typed(self.kind, text);
    }
}

/// Entries of earlier shells as the line editor takes them.
pub fn past(entries: Vec<Recalled>) -> Vec<Past> {
    let past = entries
        .into_iter()
        .map(|it| entry(it.text, &it.kind, it.time_ms));
    past.collect()
}

fn entry(text: String, kind: &str, time_ms: i64) -> Past {
    let clock = history::clock(time_ms);
    Past {
        text,
        // to the minute
        about: format!("{kind}, {}", clock.get(..16).unwrap_or(&clock)),
    }
}

/// The extension by which an editor knows the language.
const fn extension(kind: Kind) -> &'static str {
    match kind {
        Kind::Spark => "scala",
        Kind::Pyspark => "py",
        Kind::Sparkr => "R",
        Kind::Sql => "sql",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_entry_comes_with_its_kind_and_its_minute() {
        let all = past(vec![Recalled {
            time_ms: 1_700_000_000_000,
            kind: "sql".to_owned(),
            text: "select 1".to_owned(),
        }]);
        assert_eq!(all[0].text, "select 1");
        let date = all[0].about.strip_prefix("sql, 2023-11-1").unwrap();
        assert_eq!(date.len(), "4 22:13".len(), "{date}");
    }
}
