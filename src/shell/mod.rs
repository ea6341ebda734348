//! The interactive shell: reads, sends, shows, until the user leaves.
mod commands;
mod complete;
mod doc;
mod habits;
mod inquire;
mod left;
mod link;
mod queue;
mod ran;
mod replay;
mod sending;
mod sessions;
mod tables;
mod typing;

use std::io::{self, IsTerminal};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::command::{self, Command};
use crate::editor::{Editor, Input, Prompt, Start};
use crate::language;
use crate::livy::Kind;
use crate::opening::{Opened, Opener, Phase, Status};
use crate::record::Record;
use crate::report::{Report, code, complain, note, say};
use crate::runner::Runner;
use crate::session::Interrupts;
use crate::settings::Which;
use crate::shutdown::Shutdown;
use crate::source::{self, Piece};
use crate::terminal::Quiet;
pub use complete::Completer;
use left::{Leaving, Left, is_detach};
use link::{Link, Wait};
use queue::Waiting;
use ran::Ran;
use sessions::Follower;
pub use typing::past;

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
    /// How the newest session started, also when it is gone.
    start: Option<watch::Receiver<Status>>,
    kind: Kind,
    timing: bool,
    /// Statements that were left behind, in whatever session.
    left: Vec<Left>,
    /// The statements of this shell.
    ran: Ran,
    /// Entries that wait for the session.
    queue: Vec<Waiting>,
    /// What stands in the line editor at the next prompt.
    initial: Option<String>,
    /// That is what is left of an entry, not the entry as it was typed.
    rest: bool,
    /// What was typed before the next prompt does not run by itself: something failed.
    hold: bool,
    /// The last entry was a way out, and was answered with a warning.
    warned: Option<Leaving>,
    ever_open: bool,
    /// Sessions of ours that were left for another one.
    parked: Vec<Opened>,
    follower: Option<Follower>,
    /// The session is left to itself: nothing more is to be done.
    detached: bool,
    /// The language of the prompt waits for the session to tell its own.
    kind_open: bool,
}

/// How long a session that is there may take to tell its kind before the prompt comes without.
const KIND: Duration = Duration::from_secs(2);

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
        let attached = matches!(settings.which, Which::Attached { .. });
        let kind_open = attached && settings.asked_kind.is_none();
        let ran = Ran::default();
        let (link, follower) = Link::open(
            &opener,
            kind,
            &runtime,
            editor.handle(),
            completer.clone(),
            ran.clone(),
        );
        completer.set_kind(kind);
        let (mut keys, prompt) = (shutdown.interrupts(), editor.handle());
        runtime.spawn(async move {
            loop {
                keys.next().await;
                prompt.interrupt(keys.count());
            }
        });
        Self {
            interrupts: shutdown.interrupts(),
            timing,
            runtime,
            opener,
            runner,
            editor,
            completer,
            record,
            start: link.status(),
            link,
            kind,
            left: Vec::new(),
            ran,
            queue: Vec::new(),
            initial: None,
            rest: false,
            hold: false,
            warned: None,
            ever_open: false,
            parked: Vec::new(),
            follower: Some(follower),
            detached: false,
            kind_open,
        }
    }

    /// Reads and runs until the user leaves; the answer is the exit code.
    pub fn run(&mut self) -> u8 {
        self.wait_for_kind();
        loop {
            self.take_kind();
            self.run_waiting();
            self.settle();
            self.tell_jobs();
            let prompt = Prompt {
                text: format!("{} {}> ", self.kind, self.next_number()),
            };
            // what was typed before a question was asked was no answer to it
            let typed = || self.runner.take_typed();
            let initial = self.initial.take().or_else(typed);
            let start = Start {
                initial: initial.as_deref(),
                hold_typeahead: std::mem::take(&mut self.hold),
                interrupts: self.interrupts.count(),
                pasting: false,
                until_ready: !self.queue.is_empty(),
            };
            let input = self
                .editor
                .read(&prompt, source::language(self.kind), start);
            for text in self.editor.handle().take_unprinted() {
                say(text.trim_end());
            }
            self.link.announce();
            let next = match input {
                Input::Line(text) => self.entered(&text),
                Input::Edit(text) => {
                    self.edit_typed(text);
                    Next::Go
                }
                Input::Ready(text) => {
                    self.initial = Some(text).filter(|text| !text.is_empty());
                    Next::Go
                }
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

    /// A session that is there tells its kind in a moment: the first prompt is in its language.
    fn wait_for_kind(&mut self) {
        let Some(mut start) = self.start.clone().filter(|_| self.kind_open) else {
            return;
        };
        let known =
            |status: &Status| status.kind.is_some() || !matches!(status.phase, Phase::Opening);
        let _ = self.runtime.block_on(async {
            tokio::time::timeout(KIND, start.wait_for(known))
                .await
                .is_ok()
        });
    }

    fn take_kind(&mut self) {
        let told = self.start.as_ref().and_then(|start| start.borrow().kind);
        if let Some(kind) = told.filter(|_| self.kind_open) {
            self.kind_open = false;
            self.speak(kind);
        }
    }

    fn entered(&mut self, text: &str) -> Next {
        let text = text.trim_end();
        if command::leaves(text) {
            return self.end();
        }
        self.warned =
            (self.warned.take()).filter(|warned| *warned == Leaving::ThisStays && is_detach(text));
        if text.trim().is_empty() {
            self.keep();
            return Next::Go;
        }
        self.remember(text);
        if command::is_command(text.trim_start()) {
            return self.command(text.trim_start());
        }
        if let Some(question) = self.question(text) {
            return self.carry_out(question, text);
        }
        if let Some(hint) = habits::hint(text, self.kind) {
            note(&hint);
            // what was typed behind it counts on it; more than that one line is worth editing
            self.hold = true;
            self.initial = text.contains('\n').then(|| text.to_owned());
            return Next::Go;
        }
        self.run_text(text, self.kind);
        Next::Go
    }

    /// `NAME?`, also behind a word that picks another language.
    fn question(&self, text: &str) -> Option<Command> {
        let (kind, code) = match language::magic(text) {
            Some((language, code)) => (source::kind(language), code),
            None => (self.kind, text),
        };
        language::question(code)?;
        Some(Command::In {
            kind: kind.name(),
            code: code.to_owned(),
        })
    }

    /// Ctrl-C at the prompt: the line is gone; without one, what waits comes back, and a session that starts is given up.
    fn interrupted(&mut self, had_text: bool) -> Next {
        self.warned = None;
        self.completer.give_up();
        if !had_text && self.take_back() {
            return Next::Go;
        }
        if !had_text && self.link.is_opening() {
            note("given up");
            if self.ever_open {
                self.give_up();
                return Next::Go;
            }
            return Next::Leave(code::INTERRUPTED);
        }
        Next::Go
    }

    /// A shell that never had a session has failed.
    fn code(&self) -> u8 {
        if self.ever_open || !self.link.has_failed() {
            code::OK
        } else {
            code::SERVER
        }
    }

    /// Sends a text, statement by statement; stops at the first that does not end well.
    fn run_text(&mut self, text: &str, kind: Kind) {
        self.run_entered(text, kind, false);
    }

    /// The same; `whole` sends it as one statement.
    fn run_entered(&mut self, text: &str, kind: Kind, whole: bool) {
        let (pieces, left_out) = source::entered(text, kind, whole);
        match left_out {
            0 => {}
            1 => note("one line without a prompt is left out: an answer"),
            lines => note(&format!(
                "{lines} lines without a prompt are left out: answers"
            )),
        }
        self.run_all(text, &pieces);
    }

    /// Sends these statements of a text, likewise.
    fn run_all(&mut self, text: &str, pieces: &[Piece]) {
        if pieces.is_empty() {
            return;
        }
        if self.must_wait() {
            return self.enqueue(text, pieces);
        }
        self.quietly(|shell| shell.run_pieces(text, pieces));
    }

    /// Does work that waits for statements, with silent keys. Did it end well?
    fn quietly(&mut self, work: impl FnOnce(&mut Self) -> bool) {
        self.interrupts.forget();
        let quiet = Quiet::start().map(Arc::new);
        let watch = self
            .runtime
            .spawn(silent_again(quiet.as_ref().map(Arc::downgrade)));
        let well = work(self);
        watch.abort();
        drop(quiet);
        // after a failure nothing runs by itself: what was typed meanwhile waits in the editor
        self.hold = !well;
    }

    fn run_pieces(&mut self, text: &str, pieces: &[Piece]) -> bool {
        self.wait_for_session(text) && self.send(text, pieces)
    }

    /// Is there a session? Waits for one that starts; Ctrl-C stops the wait and gives the text back.
    fn wait_for_session(&mut self, text: &str) -> bool {
        let visible = io::stderr().is_terminal();
        match self.link.wait(&self.runtime, &mut self.interrupts, visible) {
            Wait::Open if self.link.is_known_to_be_gone() => {
                // that has been told, with the reason
                self.ever_open = true;
                self.link.lost(&self.runtime);
                note(&format!(
                    "not sent: the session is gone; {}",
                    self.ran.offer()
                ));
                self.initial = Some(text.to_owned());
                false
            }
            Wait::Open => {
                self.ever_open = true;
                true
            }
            Wait::Interrupted => {
                note("not sent: the session is not ready yet");
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
