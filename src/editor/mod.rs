//! The line editor: reads code from a person at a terminal. The only place that names rustyline.

mod colour;
mod enter;
mod handle;
mod helper;
mod history;
mod indent;
mod keys;
mod menu;
mod plain;
mod shared;
mod wake;

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;

use rustyline::config::{BellStyle, Builder};
use rustyline::error::ReadlineError;
use rustyline::{ColorMode, CompletionType, EditMode};

use crate::language::Language;
use crate::terminal::{self, Kept};
use helper::Questions;
use history::Entries;
use shared::{Buffer, Shared, lock};

pub use handle::{Expected, Handle, Lent, PromptState};
pub use history::{MAX_ENTRIES as MAX_HISTORY, Past};

/// What came from the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// An entry, complete as far as the editor can tell; empty when only Enter was pressed.
    Line(String),
    /// Ctrl-C: what was typed is gone.
    Interrupted {
        /// Something was typed.
        had_text: bool,
    },
    /// The text is wanted in an editor program (Ctrl-X Ctrl-E, or `v` in vi's command mode).
    Edit(String),
    /// The session no longer starts, see [`Start::until_ready`]; this was being typed.
    Ready(String),
    /// Ctrl-D on an empty line, the end of the input, or the terminal is gone.
    End,
    /// The terminal failed in another way; the system's words. Reading again may fail again at once.
    Other(String),
}

/// Something that could stand before the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// What replaces the word. One with control characters is not offered.
    pub name: String,
    /// Its type or signature, for the menu; may be empty.
    pub about: String,
}

impl Offer {
    /// A name of which nothing more is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            about: String::new(),
        }
    }
}

/// Offers names for what stands before the cursor. Called on the reading thread: what takes time must end when a key
/// is typed.
pub trait Complete: Send {
    /// The byte offset where the word to replace starts, and what could stand there; `None` for nothing.
    fn complete(&self, line: &str, pos: usize) -> Option<(usize, Vec<Offer>)>;

    /// The line and the cursor are these now: nobody waits any more for what was asked for others.
    fn shows(&self, _line: &str, _pos: usize) {}
}

/// How the editor is to be.
#[derive(Default)]
pub struct Options {
    /// Keys as in vi instead of emacs.
    pub vi: bool,
    /// Colours, and with them brackets shown and grey hints from the history.
    pub color: bool,
    /// Earlier entries, oldest first, many-line ones whole. [`Handle::load_history`] adds them later.
    pub history: Vec<Past>,
    /// Who answers Tab.
    pub completer: Option<Box<dyn Complete>>,
}

/// The text in front of the input. Its colour is the session's state, see [`Handle::set_state`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Without colours, with the space at its end: `py 3> `.
    pub text: String,
}

/// Why there is no editor.
#[derive(Debug, thiserror::Error)]
#[error(
    "The line editor could not be started: {reason}. Is this a usable terminal? TERM=dumb reads plain lines."
)]
pub struct EditorError {
    /// The system's words.
    pub reason: String,
}

/// What a read starts with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Start<'a> {
    /// Text that stands in the buffer, to be edited.
    pub initial: Option<&'a str>,
    /// Keys typed before now go into the buffer, but no Enter among them submits and no Ctrl-D among them ends:
    /// for the read after an error or a cancel.
    pub hold_typeahead: bool,
    /// Ctrl-C up to this number was for what ran before, see [`Handle::interrupt`].
    pub interrupts: u64,
    /// Everything up to Ctrl-D is one entry: Enter only adds lines.
    pub pasting: bool,
    /// Ends the read as soon as the session no longer starts.
    pub until_ready: bool,
}

/// Reads entries from the terminal.
pub struct Editor {
    lines: Lines,
    handle: Handle,
    /// From a read that gave nothing to do until the next one is over.
    kept: Option<Kept>,
}

enum Lines {
    /// Edited.
    Edited(Box<rustyline::Editor<Questions, Entries>>),
    /// As the terminal sends them.
    Plain(plain::Lines),
}

impl Editor {
    /// An editor on standard input and output; where these are no terminal that can edit, it reads plain lines.
    pub fn new(options: Options) -> Result<Self, EditorError> {
        let entries = Entries::default();
        entries.load(options.history);
        if !terminal::is_interactive() || terminal::is_dumb() {
            let shared = Arc::new(Shared::new(false, entries, None));
            let (lines, interrupt) = plain::Lines::start().map_err(|error| EditorError {
                reason: error.to_string(),
            })?;
            return Ok(Self {
                lines: Lines::Plain(lines),
                handle: Handle {
                    shared,
                    jobs: None,
                    interrupt: Some(interrupt),
                },
                kept: None,
            });
        }
        let failed = |error: ReadlineError| EditorError {
            reason: error.to_string(),
        };
        let mut lines =
            rustyline::Editor::with_history(config(options.vi), entries.clone()).map_err(failed)?;
        let printer = lines.create_external_printer().map_err(failed)?;
        let (jobs, waiting) = mpsc::channel();
        let shared = Arc::new(Shared::new(options.color, entries, Some(jobs.clone())));
        let served = Arc::clone(&shared);
        thread::Builder::new()
            .name(handle::PRINTER.to_owned())
            .spawn(move || handle::serve(printer, &waiting, &served))
            .map_err(|error| EditorError {
                reason: error.to_string(),
            })?;
        keys::bind(&mut lines, &shared);
        lines.set_helper(Some(Questions {
            shared: Arc::clone(&shared),
            completer: options.completer,
            last_painting: Cell::new(false),
        }));
        Ok(Self {
            lines: Lines::Edited(Box::new(lines)),
            handle: Handle {
                shared,
                jobs: Some(jobs),
                interrupt: None,
            },
            kept: None,
        })
    }

    /// Reads one entry. Blocks; belongs on a thread that runs no tasks.
    ///
    /// The terminal's mode while this does not read is whatever it was before: drop a
    /// [`Quiet`](crate::terminal::Quiet) first. After Ctrl-C, Ctrl-D or an empty line it is silent, for the
    /// next read, until this is dropped: what runs then must not want Ctrl-C.
    pub fn read(&mut self, prompt: &Prompt, language: Language, start: Start<'_>) -> Input {
        terminal::unless_handed_back();
        let input = self.read_entry(prompt, language, start);
        let idle = match &input {
            // Ctrl-D may only be answered with a warning, and the next one stand behind it already
            Input::Interrupted { .. } | Input::End => true,
            Input::Line(text) => text.is_empty(),
            Input::Edit(_) | Input::Ready(_) | Input::Other(_) => false,
        };
        if !idle {
            self.kept = None;
        } else if self.kept.is_none() && matches!(self.lines, Lines::Edited(_)) {
            self.kept = Kept::start();
        }
        input
    }

    /// Can a read end when the session is ready? Not where lines come as the terminal sends them.
    pub fn can_wait(&self) -> bool {
        matches!(self.lines, Lines::Edited(_))
    }

    /// Lets Ctrl-C act again before the next read, for something that takes time.
    pub fn hear(&mut self) {
        self.kept = None;
    }

    fn read_entry(&mut self, prompt: &Prompt, language: Language, start: Start<'_>) -> Input {
        let lines = match &mut self.lines {
            Lines::Edited(lines) => lines,
            Lines::Plain(lines) => return lines.read(&prompt.text, language, start),
        };
        let shared = &self.handle.shared;
        let initial = start.initial.map(enter::printable).unwrap_or_default();
        let mut buffer = Buffer {
            cursor: initial.len(),
            text: initial,
        };
        let mut hold = start.hold_typeahead;
        loop {
            shared.begin(language, hold);
            shared.pasting.store(start.pasting, Ordering::Relaxed);
            shared
                .until_ready
                .store(start.until_ready, Ordering::Relaxed);
            let (left, right) = buffer.text.split_at(buffer.cursor);
            let result = lines.readline_with_initial(prompt.text.as_str(), (left, right));
            shared.end();
            let interrupted = shared.interrupted.load(Ordering::Relaxed);
            if let Some(text) = lock(&shared.taken).take() {
                terminal::line_up();
                return Input::Ready(enter::printable(&text));
            }
            match result {
                Ok(text) if interrupted => {
                    let had_text = !text.trim().is_empty();
                    return Input::Interrupted { had_text };
                }
                Ok(text) if shared.edit_wanted.load(Ordering::Relaxed) => {
                    return Input::Edit(enter::printable(&text));
                }
                Ok(text) => return Input::Line(enter::submitted(&text)),
                // A byte that is no UTF-8: go on with what was there. It may have been the middle of a paste, so
                // nothing that follows at once may run.
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    buffer = shared.buffer();
                    hold = true;
                }
                Err(error) => return ended(error),
            }
        }
    }

    /// Adds an entry to what Up and Ctrl-R show, as the newest.
    pub fn add_history(&mut self, entry: impl Into<Past>) {
        self.handle.shared.history.push(entry);
    }

    /// A way to this editor for other threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

fn config(vi: bool) -> rustyline::Config {
    let mode = if vi { EditMode::Vi } else { EditMode::Emacs };
    Builder::new()
        .edit_mode(mode)
        // Whether to write colours is decided in colour.rs, which also keeps control characters out.
        .color_mode(ColorMode::Forced)
        .completion_type(CompletionType::List)
        // Its question would take no Ctrl-C.
        .completion_prompt_limit(usize::MAX)
        .bell_style(BellStyle::None)
        .auto_add_history(false)
        .indent_size(u8::try_from(indent::INDENT).unwrap_or(4))
        .build()
}

fn ended(error: ReadlineError) -> Input {
    let error = match error {
        ReadlineError::Eof => return Input::End,
        ReadlineError::Interrupted => return Input::Interrupted { had_text: false },
        ReadlineError::Errno(number) => io::Error::from(number),
        ReadlineError::Io(error) => error,
        other => return Input::Other(other.to_string()),
    };
    // What a terminal that was closed answers.
    let gone = [
        rustix::io::Errno::IO,
        rustix::io::Errno::NXIO,
        rustix::io::Errno::BADF,
        rustix::io::Errno::NOTTY,
    ];
    if gone
        .iter()
        .any(|number| error.raw_os_error() == Some(number.raw_os_error()))
    {
        Input::End
    } else {
        Input::Other(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_was_closed_is_the_end() {
        let closed = io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error());
        assert_eq!(ended(ReadlineError::Io(closed)), Input::End);
        assert_eq!(ended(ReadlineError::Eof), Input::End);
    }

    #[test]
    fn any_other_failure_is_told() {
        let full = io::Error::from_raw_os_error(rustix::io::Errno::NOMEM.raw_os_error());
        assert!(matches!(ended(ReadlineError::Io(full)), Input::Other(text) if !text.is_empty()));
    }
}
