//! What was entered before the session was there: it waits, can be listed, taken back and edited, and runs as soon as it can.
use std::collections::VecDeque;

use super::Shell;
use super::commands::say;
use crate::command;
use crate::editor::Offer;
use crate::language::{self, magic};
use crate::livy::{Column, Kind, Table};
use crate::report::{Report, code, note};
use crate::source::{self, Piece};

/// An entry that waits for the session.
pub(super) struct Waiting {
    /// The line as it was typed.
    pub line: String,
    /// The kind of the prompt.
    pub kind: Kind,
    text: String,
    pieces: Vec<Piece>,
}

impl Waiting {
    /// As it was typed, for the editor; behind a word for its language where the prompt's is another now.
    pub(super) fn as_typed(&self, kind: Kind) -> String {
        if self.line != self.text || self.kind == kind || magic(&self.text).is_some() {
            self.line.clone()
        } else {
            format!("%{}\n{}", self.kind, self.line)
        }
    }
}

/// Does this text mean the same behind other code, and other code behind it?
fn is_plain(text: &str, kind: Kind) -> bool {
    !command::is_command(text.trim_start())
        && magic(text).is_none()
        && language::question(text).is_none()
        && language::pasted(source::language(kind), text).is_none()
}

impl Shell {
    /// The number of what is entered next: what waits comes before it.
    pub(super) fn next_number(&self) -> u64 {
        self.number_of(self.queue.len())
    }

    /// The first number that the entry will have which waits there.
    fn number_of(&self, at: usize) -> u64 {
        let before = self.queue.iter().take(at);
        let pieces: usize = before.map(|it| it.pieces.len()).sum();
        self.runner.next_number() + u64::try_from(pieces).unwrap_or(0)
    }

    /// Would what is entered now have to wait?
    pub(super) fn must_wait(&self) -> bool {
        let starts = self.link.is_opening() && self.editor.handle().is_starting();
        self.editor.can_wait() && (starts || !self.queue.is_empty())
    }

    pub(super) fn enqueue(&mut self, text: &str, pieces: &[Piece]) {
        if self.queue.is_empty() {
            let doing = self.start.as_ref().map(|start| start.borrow().text.clone());
            note(&format!(
                "{}: runs when it is ready; Ctrl-C takes it back, :jobs lists what waits",
                doing.unwrap_or_default()
            ));
        } else {
            note("waits, too");
        }
        self.queue.push(Waiting {
            line: text.to_owned(),
            kind: self.kind,
            text: text.to_owned(),
            pieces: pieces.to_vec(),
        });
    }

    /// Tells the completer what `:cancel` may name.
    pub(super) fn tell_jobs(&self) {
        let offer = |number: u64, about: &str| Offer {
            name: number.to_string(),
            about: about.to_owned(),
        };
        let left = self
            .left
            .iter()
            .map(|left| offer(left.behind.number, "left behind"));
        let waiting = self.queue.iter().enumerate();
        let waiting = waiting.map(|(at, entry)| {
            let first = entry.line.lines().next().unwrap_or_default();
            offer(self.number_of(at), first)
        });
        self.completer.saw_jobs(left.chain(waiting).collect());
    }

    /// For what would come before the entries that wait, or take their session from them.
    pub(super) fn nothing_waits(&self) -> Result<(), Report> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let many = self.queue.len();
        let what = match many {
            1 => "an entry waits for the session, and comes first".to_owned(),
            many => format!("{many} entries wait for the session, and come first"),
        };
        Err(Report::new(code::USAGE, what).advise(
            "ask again when they have run; each Ctrl-C takes back the newest, :jobs lists them",
        ))
    }

    /// Ctrl-C: the newest entry that waits stands in the editor again. False where none waits.
    pub(super) fn take_back(&mut self) -> bool {
        let number = self.number_of(self.queue.len().saturating_sub(1));
        let Some(newest) = self.queue.pop() else {
            return false;
        };
        note(&format!("statement {number} does not wait any more"));
        self.initial = Some(newest.as_typed(self.kind));
        true
    }

    /// The entry that waits under that number, which waits no more.
    pub(super) fn take_waiting(&mut self, number: u64) -> Option<Waiting> {
        let at = (0..self.queue.len())
            .find(|at| (self.number_of(*at)..self.number_of(*at + 1)).contains(&number))?;
        Some(self.queue.remove(at))
    }

    /// Runs what has waited, once the session is there. After a failure the rest is not sent by itself.
    pub(super) fn run_waiting(&mut self) {
        if self.queue.is_empty() || self.editor.handle().is_starting() {
            return;
        }
        let typed = self.initial.take();
        let mut queue: VecDeque<Waiting> = std::mem::take(&mut self.queue).into();
        self.quietly(|shell| {
            while let Some(entry) = queue.pop_front() {
                if !shell.run_entry(&entry) {
                    return false;
                }
            }
            true
        });
        self.rest = false;
        self.give_back_waiting(&queue, typed);
    }

    fn run_entry(&mut self, entry: &Waiting) -> bool {
        let there = self.wait_for_session(&entry.line);
        if there {
            let number = self.runner.next_number();
            say(&format!("{} {number}> {}\n", entry.kind, entry.line));
            if self.send(&entry.text, &entry.pieces) {
                return true;
            }
            // its rest stands there as it is
            if self.initial.is_some() && !self.rest {
                self.initial = Some(entry.as_typed(self.kind));
            }
        }
        false
    }

    /// What was not sent stands in the editor, before what was being typed, as far as one text can hold it.
    fn give_back_waiting(&mut self, queue: &VecDeque<Waiting>, typed: Option<String>) {
        let waited = queue.iter().map(|entry| entry.as_typed(self.kind));
        let typed = typed.filter(|typed| !typed.trim().is_empty());
        let first: Vec<String> = self.initial.take().into_iter().collect();
        let all = first.into_iter().chain(waited).chain(typed);
        let (text, apart) = one_text(all, self.kind);
        self.initial = text;
        if apart.is_empty() {
            return;
        }
        note(&format!(
            "{} more were not sent: Up brings them back",
            apart.len()
        ));
        // what was entered as it stands here is there already
        for text in &apart {
            if !queue.iter().any(|entry| entry.line == *text) {
                self.remember(text);
            }
        }
    }

    /// `:jobs`: what waits, and what was left behind and still runs.
    pub(super) fn jobs(&mut self) -> Result<(), Report> {
        if !self.look_after() {
            return Ok(());
        }
        let left = (self.left.iter().map(|left| &left.behind))
            .map(|it| (it.number, "left behind", it.piece.code.clone()));
        let waiting = self.queue.iter().enumerate();
        let waiting =
            waiting.map(|(at, entry)| (self.number_of(at), "waiting", entry.line.clone()));
        let rows: Vec<_> = left.chain(waiting).collect();
        if rows.is_empty() {
            note("nothing waits, and nothing was left behind");
            return Ok(());
        }
        let column = |(name, type_name): (&str, &str)| Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
        };
        let columns = [("n", "long"), ("state", "string"), ("code", "string")];
        let rows = rows
            .into_iter()
            .map(|(number, state, code)| vec![number.into(), state.into(), code.into()]);
        let table = Table {
            columns: columns.map(column).to_vec(),
            rows: rows.collect(),
            truncated: false,
        };
        self.table(&table)
    }
}

/// These texts as one, as far as they mean the same so, and those that do not.
fn one_text(texts: impl Iterator<Item = String>, kind: Kind) -> (Option<String>, Vec<String>) {
    let mut texts = texts.peekable();
    let Some(mut text) = texts.next() else {
        return (None, Vec::new());
    };
    if is_plain(&text, kind) {
        while let Some(more) = texts.next_if(|it| is_plain(it, kind)) {
            // an empty line ended it where it was entered
            if kind == Kind::Sql && !text.trim_end().ends_with(';') {
                text.push(';');
            }
            text = format!("{text}\n{more}");
        }
    }
    (Some(text), texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(texts: &[&str], kind: Kind) -> (String, Vec<String>) {
        let (text, apart) = one_text(texts.iter().map(|it| (*it).to_owned()), kind);
        (text.unwrap_or_default(), apart)
    }

    #[test]
    fn queries_that_were_ended_by_an_empty_line_stay_apart() {
        assert_eq!(
            joined(&["select 1", "select 2;", "select"], Kind::Sql).0,
            "select 1;\nselect 2;\nselect"
        );
        assert_eq!(
            joined(&["select 1", "select 2;"], Kind::Pyspark).0,
            "select 1\nselect 2;"
        );
    }

    #[test]
    fn code_of_another_language_and_commands_stand_in_no_text_with_others() {
        for (texts, text, apart) in [
            (&["%sql\nselect 1", "x"][..], "%sql\nselect 1", &["x"][..]),
            (&["x", "%sql\nselect 1", "y"], "x", &["%sql\nselect 1", "y"]),
            (&[":sql select 1", "x"], ":sql select 1", &["x"]),
            (&["x", "df?", "y"], "x", &["df?", "y"]),
            (&[">>> x", "y"], ">>> x", &["y"]),
            (&["x", "y"], "x\ny", &[]),
        ] {
            let (all, others) = joined(texts, Kind::Pyspark);
            assert_eq!(
                (all.as_str(), others),
                (text, apart.iter().map(|it| (*it).to_owned()).collect())
            );
        }
        assert_eq!(one_text(std::iter::empty(), Kind::Sql), (None, Vec::new()));
    }

    #[test]
    fn an_entry_keeps_its_language_where_the_prompts_is_another_now() {
        let entry = |line: &str, text: &str| Waiting {
            line: line.to_owned(),
            kind: Kind::Sql,
            text: text.to_owned(),
            pieces: Vec::new(),
        };
        let select = entry("select 1", "select 1");
        assert_eq!(select.as_typed(Kind::Sql), "select 1");
        assert_eq!(select.as_typed(Kind::Pyspark), "%sql\nselect 1");
        let command = entry(":scala f", "f");
        assert_eq!(command.as_typed(Kind::Pyspark), ":scala f");
    }
}
