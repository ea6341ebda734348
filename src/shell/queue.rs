//! What was entered before the session was there: it waits, can be listed, taken back and edited, and runs as soon as it can.
use std::collections::VecDeque;

use super::Shell;
use super::commands::say;
use crate::livy::{Column, Kind, Table};
use crate::report::{Report, note};
use crate::source::Piece;

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
    /// Code that means the same behind other code.
    fn is_plain(&self, kind: Kind) -> bool {
        self.line == self.text && self.kind == kind && crate::language::magic(&self.text).is_none()
    }
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

    /// Ctrl-C: the newest entry that waits stands in the editor again. False where none waits.
    pub(super) fn take_back(&mut self) -> bool {
        let number = self.number_of(self.queue.len().saturating_sub(1));
        let Some(newest) = self.queue.pop() else {
            return false;
        };
        note(&format!("statement {number} does not wait any more"));
        self.initial = Some(newest.line);
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
        self.give_back_waiting(queue, typed);
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
                self.initial = Some(entry.line.clone());
            }
        }
        false
    }

    /// What was not sent stands in the editor, before what was being typed.
    fn give_back_waiting(&mut self, queue: VecDeque<Waiting>, typed: Option<String>) {
        let mut texts: Vec<String> = self.initial.take().into_iter().collect();
        let mut lost = 0;
        for entry in queue {
            if texts.is_empty() || entry.is_plain(self.kind) {
                texts.push(entry.line);
            } else {
                lost += 1;
            }
        }
        if lost > 0 {
            note(&format!("{lost} more were not sent: Up brings them back"));
        }
        texts.extend(typed.filter(|typed| !typed.trim().is_empty()));
        if !texts.is_empty() {
            self.initial = Some(joined(&texts, self.kind));
        }
    }

    /// `:jobs`: what waits, and what was left behind and still runs.
    pub(super) fn jobs(&mut self) -> Result<(), Report> {
        if !self.look_after() {
            return Ok(());
        }
        let left = self.left.iter().map(|(number, _)| {
            let code = self.ran.piece(*number).map(|piece| piece.code);
            (*number, "left behind", code.unwrap_or_default())
        });
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

fn joined(texts: &[String], kind: Kind) -> String {
    let Some((last, before)) = texts.split_last() else {
        return String::new();
    };
    let mut text = String::new();
    for one in before {
        text.push_str(one);
        // an empty line ended it where it was entered
        if kind == Kind::Sql && !one.trim_end().ends_with(';') {
            text.push(';');
        }
        text.push('\n');
    }
    text + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_were_ended_by_an_empty_line_stay_apart() {
        let texts = ["select 1", "select 2;", "select"].map(str::to_owned);
        assert_eq!(joined(&texts, Kind::Sql), "select 1;\nselect 2;\nselect");
        assert_eq!(joined(&texts[..2], Kind::Pyspark), "select 1\nselect 2;");
    }
}
