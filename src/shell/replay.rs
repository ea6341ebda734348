//! `:replay`: what still matters of a shell's statements runs again in a fresh session.
use super::Shell;
use super::commands::say;
use super::link::Link;
use super::ran::{Done, statements};
use crate::editor::{Input, Prompt, Start};
use crate::language::Language;
use crate::render::safe_line;
use crate::report::{complain, note};

/// Lines of the list that is shown before the question.
const LISTED: usize = 20;

impl Shell {
    /// Runs again in this session, or in a fresh one where it is gone, what it has not run yet.
    pub(super) fn replay(&mut self) {
        if let Err(report) = self.nothing_waits() {
            return complain(&report);
        }
        self.link.take_if_ready(&self.runtime);
        if self.ran.left() == 0 {
            note("there is nothing to replay: no statement of this shell left anything behind");
            return;
        }
        if self.is_gone() {
            note("starting a fresh session");
            self.link.lost(&self.runtime);
            self.restart();
        }
        let current = self.opened().map(|opened| opened.session.identity.clone());
        let missing = self.ran.missing(current.as_ref());
        if missing.is_empty() {
            note(
                "there is nothing to replay: this session has run it all; :restart gets a fresh one",
            );
            return;
        }
        self.show(&missing);
        // others may rely on what stands in it
        let foreign = self.link.is_attached();
        if foreign
            && self.ask(
                "this shell did not start this session: run them in it? [y/N] ",
                false,
            ) != Some(true)
        {
            note("nothing is replayed; :restart starts a session of your own");
            return;
        }
        let Some(chosen) = self.chosen(missing) else {
            note("nothing is replayed");
            return;
        };
        if !chosen.is_empty() {
            self.quietly(|shell| shell.wait_for_session(":replay") && shell.run_chosen(&chosen));
        }
    }

    /// Is there no session that takes statements, nor one on its way?
    fn is_gone(&self) -> bool {
        match &self.link {
            Link::Open(_) => self.link.is_known_to_be_gone(),
            Link::Opening(..) => self.link.has_failed(),
            Link::Closed(_) => true,
        }
    }

    fn show(&self, missing: &[Done]) {
        let writers = missing.iter().filter(|done| done.writes.is_some()).count();
        let asked = match writers {
            0 => String::new(),
            1 => ", one of which may write".to_owned(),
            _ => format!(", {writers} of which may write"),
        };
        let lines = missing.iter().take(LISTED).map(|done| {
            let writes = if done.writes.is_some() { "?" } else { " " };
            format!("  {writes} {}", first_line(done))
        });
        let head = format!(
            "{} of {} still matter{asked}:",
            missing.len(),
            statements(self.ran.count())
        );
        let more = missing.len().saturating_sub(LISTED);
        let more = (more > 0).then(|| format!("    … and {more} more"));
        let lines: Vec<String> = std::iter::once(head).chain(lines).chain(more).collect();
        let text = format!("{}\n", lines.join("\n"));
        say(&text);
    }

    /// What the user wants to run again: none where nothing is to run. Each that may write is asked for by itself.
    fn chosen(&mut self, missing: Vec<Done>) -> Option<Vec<Done>> {
        let plain = missing.iter().filter(|done| done.writes.is_none()).count();
        if plain > 0 {
            let question = format!("run {} again? [Y/n] ", statements(plain));
            if !self.ask(&question, true)? {
                return None;
            }
        }
        let mut chosen = Vec::new();
        for done in missing {
            let wanted = match &done.writes {
                None => true,
                Some(what) => {
                    note(&format!("this may write ({what}): {}", first_line(&done)));
                    self.ask("run it again? [y/N] ", false)?
                }
            };
            if wanted {
                chosen.push(done);
            }
        }
        Some(chosen)
    }

    /// A question to the user; none after Ctrl-C or Ctrl-D.
    fn ask(&mut self, question: &str, default: bool) -> Option<bool> {
        let prompt = Prompt {
            text: question.to_owned(),
        };
        loop {
            let start = Start {
                // what was typed before the question does not answer it
                hold_typeahead: true,
                interrupts: self.interrupts.count(),
                ..Start::default()
            };
            let Input::Line(answer) = self.editor.read(&prompt, Language::Python, start) else {
                return None;
            };
            match answer.trim().to_ascii_lowercase().as_str() {
                "" => return Some(default),
                "y" | "yes" => return Some(true),
                "n" | "no" => return Some(false),
                _ => note("please answer y or n"),
            }
        }
    }

    /// Stops at the first that does not end well; what ran is not missing any more.
    fn run_chosen(&mut self, chosen: &[Done]) -> bool {
        let count = chosen.len();
        for (n, done) in chosen.iter().enumerate() {
            let place = format!("{} of {count}: {}", n + 1, first_line(done));
            note(&format!("replaying {place}"));
            let Some((number, session)) = self.send_one(&done.piece) else {
                note(&format!("stopped at {place}; :replay goes on from there"));
                return false;
            };
            self.ran.well_again(done.number, number, &session);
        }
        true
    }
}

fn first_line(done: &Done) -> String {
    const LONGEST: usize = 70;
    let mut lines = done
        .piece
        .code
        .lines()
        .filter(|line| !line.trim().is_empty());
    let line = safe_line(lines.next().unwrap_or(""), true).into_owned();
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() || lines.next().is_some() {
        short.push_str(" …");
    }
    short
}
