//! What happens while a session starts, in words.
use tokio::sync::{mpsc, watch};

use super::{Phase, Status};
use crate::render::safe_line;
use crate::session::Starting;

/// The ways to whoever watches.
#[derive(Clone)]
pub(super) struct Telling {
    pub(super) status: watch::Sender<Status>,
    pub(super) notes: mpsc::UnboundedSender<String>,
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
        let _ = self.notes.send(text.to_owned());
    }
}

/// Turns what happens while a session starts into words.
pub(super) struct Words {
    asked_user: Option<String>,
    session: String,
    state: String,
    doing: Option<String>,
}

impl Words {
    pub(super) fn new(asked_user: Option<String>) -> Self {
        Self {
            asked_user,
            session: String::new(),
            state: "starting".to_owned(),
            doing: None,
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
                if let Some(asked) = &self.asked_user
                    && proxy_user.as_ref() != Some(asked)
                {
                    telling.note(&format!(
                        "the server did not take over --proxy-user {asked}: the session runs as {}",
                        proxy_user.as_deref().unwrap_or("its own user")
                    ));
                }
            }
            Starting::State(state) => self.state = state.to_string(),
            Starting::Log(lines) => {
                if let Some(line) = lines.iter().rev().find_map(|line| doing(line)) {
                    self.doing = Some(line);
                }
            }
            Starting::Trouble(error) => {
                telling.status(&format!(
                    "{} {}: no answer, still trying ({})",
                    self.session, self.state, error.problem
                ));
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
