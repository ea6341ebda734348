//! The line editor's questions (colours, hints, completion), answered.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustyline::CompletionType;
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{Changeset, Context, Helper, Result};

use super::Complete;
use super::colour::{self, Paint};
use super::enter::Arrival;
use super::handle::PromptState;
use super::menu::{self, Candidate};
use super::shared::{Shared, lock};
use crate::terminal;

/// The width of a window that does not tell.
const COLUMNS: usize = 80;
/// A narrower window has no room for a word behind the prompt.
const NARROW: usize = 40;

pub(super) struct Questions {
    pub shared: Arc<Shared>,
    pub completer: Option<Box<dyn Complete>>,
    /// The buffer is painted for the last time: no marks that only help while typing.
    pub last_painting: Cell<bool>,
}

/// The rest of an earlier entry that begins as what is typed.
pub(super) struct Rest {
    /// None where nothing is offered, only told.
    whole: Option<String>,
    shown: String,
    /// Whose session's state is told instead: as it is when the line editor paints, which may be later.
    state: Option<Arc<Shared>>,
}

impl Hint for Rest {
    fn display(&self) -> &str {
        match &self.state {
            Some(shared) => word(shared.state()),
            None => &self.shown,
        }
    }

    fn completion(&self) -> Option<&str> {
        self.whole.as_deref()
    }
}

impl Rest {
    // Many lines of grey text under the cursor would push the screen around: the first is enough.
    fn new(whole: String) -> Self {
        let shown = match whole.split_once('\n') {
            Some((first, _)) => format!("{first} …"),
            None => whole.clone(),
        };
        Self {
            whole: Some(whole),
            shown,
            state: None,
        }
    }

    /// Where and when what a search found was typed.
    fn about(about: &str) -> Self {
        Self {
            whole: None,
            shown: format!("   ({about})"),
            state: None,
        }
    }

    /// What the prompt's colour says, for eyes that do not see it. Nothing for the state that nobody has to know.
    fn state(shared: &Arc<Shared>) -> Self {
        Self {
            whole: None,
            shown: String::new(),
            state: Some(Arc::clone(shared)),
        }
    }
}

/// The state of a session that runs nothing now. Where nobody has to know it a blank: what shows nothing at all is never
/// asked again while nothing is typed, whatever the state becomes.
fn word(state: PromptState) -> &'static str {
    match state {
        // it would wrap
        _ if terminal::width().is_some_and(|columns| columns < NARROW) => " ",
        PromptState::Starting => "(starting)",
        PromptState::Silent => "(no answer)",
        PromptState::Dead => "(dead)",
        PromptState::Idle | PromptState::Busy => " ",
    }
}

impl Hinter for Questions {
    type Hint = Rest;

    // Asked after every change and at the start of a read: so this is also where the buffer is noted.
    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Rest> {
        self.shared.saw(line, pos);
        self.shared.worked();
        if let Some(completer) = &self.completer {
            completer.shows(line, pos);
        }
        if self.shared.searching.load(Ordering::Relaxed) {
            return self
                .shared
                .history
                .about_found(line)
                .as_deref()
                .map(Rest::about);
        }
        if self.shared.pasting.load(Ordering::Relaxed) {
            return None;
        }
        if line.is_empty() {
            return Some(Rest::state(&self.shared));
        }
        if !self.shared.color || pos < line.len() || self.shared.arrival() != Arrival::Typed {
            return None;
        }
        // not through the line editor, whose lookups wait for entries on their way: typing must not
        let found = self.shared.history.newest_beginning(line)?;
        let rest = found.get(line.len()..)?;
        (!rest.is_empty()).then(|| Rest::new(rest.to_owned()))
    }
}

impl Highlighter for Questions {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let paint = Paint {
            color: self.shared.color,
            cursor: (!self.last_painting.get()).then_some(pos),
        };
        let painted = colour::buffer(self.shared.language(), line, paint);
        self.shared.worked();
        Cow::Owned(painted)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        default: bool,
    ) -> Cow<'b, str> {
        if default {
            self.shared.painting();
        }
        // Not the default one: a history search, which is no session's state.
        if default && self.shared.color {
            Cow::Owned(colour::prompt(prompt, self.shared.state()))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.shared.color {
            Cow::Owned(colour::hint(hint))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_candidate<'c>(&self, shown: &'c str, _: CompletionType) -> Cow<'c, str> {
        match menu::parts(shown) {
            Some((name, about)) if self.shared.color => {
                Cow::Owned(format!("{name}{}", colour::hint(about)))
            }
            _ => Cow::Borrowed(shown),
        }
    }

    fn highlight_char(&self, line: &str, pos: usize, kind: CmdKind) -> bool {
        self.last_painting.set(kind == CmdKind::ForcedRefresh);
        if !self.shared.color {
            return false;
        }
        match kind {
            CmdKind::MoveCursor => colour::shows_bracket(self.shared.language(), line, pos),
            CmdKind::ForcedRefresh => true,
            // Painting all of a growing buffer for each key of an unmarked paste costs seconds.
            CmdKind::Other => self.shared.arrival() == Arrival::Typed,
        }
    }
}

impl Completer for Questions {
    type Candidate = Candidate;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<Candidate>)> {
        if let Some(moved) = &*lock(&self.shared.redent) {
            return Ok((moved.start, menu::alone(moved.line.clone())));
        }
        let answer = self
            .completer
            .as_ref()
            .and_then(|completer| completer.complete(line, pos))
            .filter(|(start, _)| *start <= pos && line.is_char_boundary(*start));
        let Some((start, offers)) = answer else {
            return Ok((pos, Vec::new()));
        };
        let columns = terminal::width().unwrap_or(COLUMNS);
        let candidates = menu::lay_out(offers, columns);
        let listing = candidates.len() > 1;
        self.shared.listing.store(listing, Ordering::Relaxed);
        Ok((start, candidates))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        if let Some(moved) = lock(&self.shared.redent).take() {
            // a change of its own: the first undo gives the line back as it was typed
            line.insert(moved.typed, 1, changes);
        }
        let end = line.pos();
        line.replace(start..end, elected, changes);
    }
}

// Enter decides for itself, see keys.rs.
impl Validator for Questions {}

impl Helper for Questions {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_shows_one_line_and_inserts_all() {
        let rest = Rest::new("x in y:\n    z".to_owned());
        assert_eq!(rest.display(), "x in y: …");
        assert_eq!(rest.completion(), Some("x in y:\n    z"));
    }
}
