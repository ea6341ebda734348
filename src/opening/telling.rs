//! What happens while a session starts, in words.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::{Phase, Status};
use crate::livy::{Kind, SessionId};
use crate::render::safe_line;
use crate::report::{is_quiet, noted, say, trouble};
use crate::session::Starting;

/// A word to the user about a session on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The word.
    pub text: String,
    /// Is it about something that failed? Then it is said to those too who asked for quiet.
    pub failed: bool,
    /// Is it a line of a result, which stands as it is?
    pub bare: bool,
}

impl Note {
    /// As it is shown.
    pub fn shown(&self) -> String {
        if self.bare {
            safe_line(&self.text, true).into_owned()
        } else {
            noted(&self.text)
        }
    }

    /// Writes it to standard error.
    pub fn show(&self) {
        if self.failed || !is_quiet() {
            say(&self.shown());
        }
    }
}

/// Words that nobody has shown yet. Clones share them; each word is taken once.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Vec<Note>>>);

impl Notes {
    /// Takes what is there, oldest first.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Is there nothing to show?
    pub fn is_empty(&self) -> bool {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.is_empty()
    }

    fn add(&self, note: Note) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(note);
    }
}

/// The ways to whoever watches.
#[derive(Clone)]
pub(super) struct Telling {
    pub(super) status: watch::Sender<Status>,
    pub(super) notes: Notes,
}

impl Telling {
    /// A status may quote the server, and is drawn on a terminal.
    pub(super) fn status(&self, text: &str) {
        let text = safe_line(text, true).into_owned();
        self.status.send_modify(|status| status.text = text);
    }

    pub(super) fn phase(&self, phase: Phase) {
        self.status.send_modify(|status| status.phase = phase);
    }

    pub(super) fn note(&self, text: &str) {
        self.tell(text, false);
    }

    pub(super) fn failed(&self, text: &str) {
        self.tell(text, true);
    }

    /// Lines of a result, not of ours.
    pub(super) fn show(&self, text: &str) {
        self.add(text, false, true);
    }

    /// The kind of a session that is there.
    pub(super) fn kind(&self, kind: Kind) {
        self.status.send_modify(|status| status.kind = Some(kind));
    }

    fn tell(&self, text: &str, failed: bool) {
        self.add(text, failed, false);
    }

    fn add(&self, text: &str, failed: bool, bare: bool) {
        for line in text.lines() {
            let text = line.to_owned();
            self.notes.add(Note { text, failed, bare });
        }
        // wakes whoever shows them
        self.status.send_modify(|_| ());
    }
}

/// Turns what happens while a session starts into words.
pub(super) struct Words {
    asked_user: Option<String>,
    asked_heartbeat: bool,
    session: String,
    state: String,
    doing: Option<String>,
    trouble: Option<Instant>,
}

impl Words {
    pub(super) fn new(asked_user: Option<String>, asked_heartbeat: bool) -> Self {
        Self {
            asked_user,
            asked_heartbeat,
            session: String::new(),
            state: "starting".to_owned(),
            doing: None,
            trouble: None,
        }
    }

    /// Of a session that is there.
    pub(super) fn of(id: &SessionId) -> Self {
        Self {
            session: format!("session {id}"),
            ..Self::new(None, false)
        }
    }

    pub(super) fn hear(&mut self, event: Starting, telling: &Telling) {
        match event {
            Starting::Created {
                id,
                left_out,
                proxy_user,
            } => {
                self.session = format!("session {id}");
                if !left_out.is_empty() {
                    telling.note(&format!(
                        "this server does not know {}: left out",
                        left_out.join(", ")
                    ));
                }
                if self.asked_heartbeat && !keeps_heartbeat(&left_out) {
                    telling.note(
                        "without that heartbeat, a session that a crash of livysh leaves behind stays until the server's own idle limit",
                    );
                }
                if let Some(asked) = &self.asked_user
                    && proxy_user.as_ref() != Some(asked)
                {
                    telling.note(&format!(
                        "the server did not take over --proxy-user {asked}: the session runs as {}",
                        proxy_user.as_deref().unwrap_or("its own user")
                    ));
                }
            }
            Starting::State(state) => {
                self.trouble = None;
                self.state = state.to_string();
            }
            Starting::Log(lines) => {
                if let Some(line) = lines.iter().rev().find_map(|line| doing(line)) {
                    self.doing = Some(line);
                }
            }
            Starting::Trouble(error) => {
                let since = *self.trouble.get_or_insert_with(Instant::now);
                let trouble = trouble(since.elapsed(), &error);
                // nothing is there to be named before the creation is answered
                let session = format!("{} {}", self.session, self.state);
                telling.status(&format!("{}: {trouble}", session.trim_start()));
                return;
            }
            Starting::Looking => {
                telling.status("the session's creation was not answered: looking for it");
                return;
            }
        }
        let doing = self
            .doing
            .as_ref()
            .map(|line| format!(": {line}"))
            .unwrap_or_default();
        telling.status(&format!("{} {}{doing}", self.session, self.state));
    }
}

/// Does a server that left these fields out of the creation keep the heartbeat?
pub(super) fn keeps_heartbeat(left_out: &[String]) -> bool {
    !left_out.iter().any(|field| field == HEARTBEAT)
}

/// The field of a creation that asks for a heartbeat.
const HEARTBEAT: &str = "heartbeatTimeoutInSecond";

/// What a line of the launcher's log says is being done, if it says so.
fn doing(line: &str) -> Option<String> {
    let line = line.trim();
    if line.is_empty() || matches!(line, "stdout:" | "stderr:" | "YARN Diagnostics:") {
        return None;
    }
    // "26/01/01 12:00:00 INFO Client: Application report for application_1 (state: ACCEPTED)"
    let text = line
        .split_once(": ")
        .filter(|(head, _)| head.contains("INFO") || head.contains("WARN"))
        .map_or(line, |(_, text)| text);
    let text: String = text.chars().take(100).collect();
    Some(text)
}
