//! The interactive shell: reads, sends, shows, until the user leaves.
mod commands;
mod complete;
mod link;

use std::io::{self, IsTerminal};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::command;
use crate::editor::{Editor, Input, Prompt, PromptState, Start};
use crate::livy::Kind;
use crate::opening::{Opened, Opener};
use crate::record::Record;
use crate::report::{Report, code, complain, note};
use crate::runner::{Ended, Runner};
use crate::session::Interrupts;
use crate::shutdown::Shutdown;
use crate::source::{self, Piece};
use crate::terminal::Quiet;
pub use complete::Completer;
use link::{Link, Wait};

/// Everything that the shell works with.
pub struct Shell {
    runtime: Handle,
    opener: Opener,
    runner: Runner,
    editor: Editor,
    completer: Completer,
    record: Record,
    interrupts: Interrupts,
    link: Link,
    kind: Kind,
    timing: bool,
    /// Statements that were left behind: our number, the server's.
    left: Vec<(u64, i64)>,
    /// What stands in the line editor at the next prompt.
    initial: Option<String>,
    /// What was typed before the next prompt does not run by itself: something failed.
    hold: bool,
    /// The last Ctrl-D was answered with a warning.
    warned: bool,
    ever_open: bool,
    /// The `init` files have run in this session.
    initialised: bool,
}

/// What the loop does after a line.
enum Next {
    Go,
    Leave(u8),
}

impl Shell {
    /// A shell whose session is already on its way.
    pub fn new(
        runtime: Handle,
        opener: Opener,
        runner: Runner,
        editor: Editor,
        completer: Completer,
        record: Record,
        shutdown: &Shutdown,
    ) -> Self {
        let settings = opener.settings();
        let kind = settings.session.kind_or_default();
        let timing = settings.shell.timing.unwrap_or(false);
        let link = Link::open(&opener, kind, &runtime, editor.handle(), completer.clone());
        completer.set_kind(kind);
        Self {
            interrupts: shutdown.interrupts(),
            timing,
            runtime,
            opener,
            runner,
            editor,
            completer,
            record,
            link,
            kind,
            left: Vec::new(),
            initial: None,
            hold: false,
            initialised: false,
            warned: false,
            ever_open: false,
        }
    }

    /// Reads and runs until the user leaves; the answer is the exit code.
    pub fn run(&mut self) -> u8 {
        loop {
            let prompt = Prompt {
                text: format!("{} {}> ", self.kind, self.runner.next_number()),
            };
            let initial = self.initial.take();
            let start = Start {
                initial: initial.as_deref(),
                hold_typeahead: std::mem::take(&mut self.hold),
            };
            let input = self
                .editor
                .read(&prompt, source::language(self.kind), start);
            self.link.announce();
            let next = match input {
                Input::Line(text) => self.entered(&text),
                Input::Interrupted { had_text } => self.interrupted(had_text),
                Input::End => self.end(),
                Input::Other(reason) => {
                    complain(&Report::new(
                        code::USAGE,
                        format!("the terminal cannot be read: {reason}"),
                    ));
                    Next::Leave(code::USAGE)
                }
            };
            if let Next::Leave(code) = next {
                // a reader that has gone is no failure on the way out
                let _ = self.runner.finish();
                return code;
            }
        }
    }

    fn entered(&mut self, text: &str) -> Next {
        let text = text.trim_end();
        if command::leaves(text) {
            return self.end();
        }
        self.warned = false;
        if text.trim().is_empty() {
            return Next::Go;
        }
        self.editor.add_history(text);
        if command::is_command(text.trim_start()) {
            return self.command(text.trim_start());
        }
        self.run_text(text, self.kind);
        Next::Go
    }

    /// Ctrl-C at the prompt: the line is gone; without one, a session that starts is given up.
    fn interrupted(&mut self, had_text: bool) -> Next {
        self.warned = false;
        if !had_text && self.link.is_opening() {
            note("given up: the session is deleted");
            return Next::Leave(code::INTERRUPTED);
        }
        Next::Go
    }

    fn end(&mut self) -> Next {
        if !self.warned && self.something_runs() {
            note(
                "a statement that you left behind still runs and will end with the session; Ctrl-D again leaves",
            );
            self.warned = true;
            return Next::Go;
        }
        Next::Leave(self.code())
    }

    /// A shell that never had a session has failed.
    fn code(&self) -> u8 {
        if self.ever_open || !self.link.has_failed() {
            code::OK
        } else {
            code::SERVER
        }
    }

    fn something_runs(&mut self) -> bool {
        let Link::Open(opened) = &self.link else {
            return false;
        };
        let session = &opened.session;
        let left = std::mem::take(&mut self.left);
        let still = self.runtime.block_on(async {
            let mut still = Vec::new();
            for (number, id) in left {
                let look = session.client.statement(&session.id, id);
                // no answer in time: better one warning too many
                let over = tokio::time::timeout(Duration::from_secs(3), look)
                    .await
                    .is_ok_and(|answer| answer.map_or(true, |statement| statement.state.is_over()));
                if !over {
                    still.push((number, id));
                }
            }
            still
        });
        self.left = still;
        !self.left.is_empty()
    }

    /// Sends a text, statement by statement; stops at the first that does not end well.
    fn run_text(&mut self, text: &str, kind: Kind) {
        let pieces = source::pieces(text, kind, false);
        if pieces.is_empty() {
            return;
        }
        self.interrupts.forget();
        let quiet = Quiet::start().map(Arc::new);
        let watch = self
            .runtime
            .spawn(silent_again(quiet.as_ref().map(Arc::downgrade)));
        let well = self.run_pieces(text, &pieces);
        watch.abort();
        drop(quiet);
        // after a failure nothing runs by itself: what was typed meanwhile waits in the editor
        self.hold = !well;
    }

    fn run_pieces(&mut self, text: &str, pieces: &[Piece]) -> bool {
        self.wait_for_session(text) && self.send(pieces)
    }

    fn send(&mut self, pieces: &[Piece]) -> bool {
        for (at, piece) in pieces.iter().enumerate() {
            let Link::Open(opened) = &self.link else {
                return false;
            };
            let number = self.runner.next_number();
            let began = std::time::Instant::now();
            let ended = self
                .runner
                .run(&opened.session, piece, &mut self.interrupts);
            if self.timing {
                note(&format!("{:.3} s", began.elapsed().as_secs_f64()));
            }
            let well = matches!(ended, Ended::Ok { .. });
            self.take_note_of(number, &ended);
            if !well {
                if at + 1 < pieces.len() {
                    note(&format!(
                        "stopped at statement {} of {}",
                        at + 1,
                        pieces.len()
                    ));
                }
                return false;
            }
        }
        true
    }

    fn take_note_of(&mut self, number: u64, ended: &Ended) {
        if let Ended::Unwritten(error) = ended {
            note(&format!("the results cannot be written: {error}"));
        }
        if let Ended::Lost { left, session_gone } = ended {
            if let Some(id) = left {
                self.left.push((number, *id));
            }
            if *session_gone {
                self.link.lost();
                self.editor.handle().set_state(PromptState::Dead);
            }
        }
    }

    /// Is there a session? Waits for one that starts; Ctrl-C stops the wait and gives the text back.
    fn wait_for_session(&mut self, text: &str) -> bool {
        let visible = io::stderr().is_terminal();
        match self.link.wait(&self.runtime, &mut self.interrupts, visible) {
            Wait::Open => {
                self.ever_open = true;
                self.initialise();
                true
            }
            Wait::Interrupted => {
                note("not sent: the session is still starting");
                self.initial = Some(text.to_owned());
                false
            }
            Wait::Failed(report) => {
                complain(&report);
                note("not sent; :restart tries to get a session again");
                self.initial = Some(text.to_owned());
                false
            }
        }
    }

    /// Runs the `init` files of the config, once in each session; one that fails stops no other.
    fn initialise(&mut self) {
        if std::mem::replace(&mut self.initialised, true) {
            return;
        }
        for file in self.opener.settings().shell.init.clone() {
            match source::read_file(&file, None, self.kind) {
                Ok(text) => {
                    let pieces = source::pieces(&text.text, text.kind, false);
                    if !self.send(&pieces) {
                        note(&format!("the init file {} did not end well", text.name));
                    }
                }
                Err(report) => complain(&report),
            }
        }
    }

    fn opened(&self) -> Option<&Opened> {
        match &self.link {
            Link::Open(opened) => Some(opened),
            _ => None,
        }
    }
}

/// After Ctrl-Z and `fg` the user's own shell has set another mode: keys are made silent again.
async fn silent_again(quiet: Option<Weak<Quiet>>) {
    let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    let (Some(quiet), Ok(mut signals)) = (quiet, signal(continued)) else {
        return;
    };
    while signals.recv().await.is_some() {
        match quiet.upgrade() {
            Some(quiet) => quiet.resume(),
            None => return,
        }
    }
}
