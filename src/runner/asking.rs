//! A statement whose answer was lost and that the server has no trace of: is it sent again? Never unasked.
use std::io::{self, Write};
use std::time::Duration;

use super::Runner;
use crate::livy::SessionId;
use crate::report::note;
use crate::session::{Interrupts, Late, LookOut, Lost, Session};
use crate::terminal;

/// Time between two looks for a key.
const KEYS: Duration = Duration::from_millis(20);

impl Runner {
    /// Does the user take the risk that it runs twice?
    pub(super) fn sends_again(&mut self, lost: &Lost, interrupts: &mut Interrupts) -> bool {
        let Lost::Doubt {
            error,
            no_trace: Some(looked),
            ..
        } = lost
        else {
            return false;
        };
        let problem = crate::render::safe_line(&error.problem.to_string(), true).into_owned();
        let told = format!(
            "the answer to the submission was lost ({problem}), and the server has no trace of the statement after {} s",
            looked.as_secs_f32()
        );
        if self.script {
            if self.resend {
                note(&format!("{told}: it is sent again (--resend)"));
            }
            return self.resend;
        }
        // a dumb terminal's lines are read by somebody else
        if !terminal::is_interactive() || terminal::is_dumb() {
            return false;
        }
        self.typed
            .push_str(&String::from_utf8_lossy(&terminal::typed()));
        say(&format!(
            "livysh: {told}; if it arrives late, it runs twice. Send it again? [y/N] "
        ));
        let answer = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupts.next() => String::new(),
                answer = line() => answer,
            }
        });
        say("\r\n");
        matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Tells of a first sending that arrives after the second has its answer, which is shown by now.
    pub(super) fn look_out(
        &self,
        look_out: LookOut,
        session: &Session,
        code: &str,
        interrupts: &mut Interrupts,
    ) {
        let last = look_out.last(session, code, interrupts);
        if let Some(late) = self.runtime.block_on(last) {
            self.tell_late(late, session);
        }
    }

    /// Tells what became of a first sending that arrived late.
    pub(super) fn tell_late(&self, late: Late, session: &Session) {
        note(&word(late, &self.of_double(&session.id)));
    }

    /// What can be done about a first sending that runs as well.
    fn of_double(&self, session: &SessionId) -> String {
        match (&self.lasting, self.script) {
            (Some(look), _) => format!("session {session} stays, and {look} shows it"),
            (None, true) => "the end of its session ends it".to_owned(),
            (None, false) => "what you send next waits for it, and :restart ends it".to_owned(),
        }
    }

    /// What was typed before a question, for the line editor.
    pub fn take_typed(&mut self) -> Option<String> {
        let typed = std::mem::take(&mut self.typed);
        let typed = typed.replace("\x1b[200~", "").replace("\x1b[201~", "");
        let typed = typed.replace('\r', "\n");
        (!typed.trim().is_empty()).then(|| typed.trim_end().to_owned())
    }
}

/// What became of the first sending of a statement that was sent again; `next` is what can be done where it runs.
fn word(late: Late, next: &str) -> String {
    match late {
        Late::Cancelled(id) => format!(
            "the first sending arrived late, as the server's statement {id}, and was cancelled before it ran"
        ),
        Late::Ran(id) => format!(
            "the first sending arrived late, as the server's statement {id}, and runs as well: the code runs twice; {next}"
        ),
    }
}

/// A line, typed while keys are silent; what is typed is shown.
async fn line() -> String {
    let mut line = String::new();
    loop {
        for byte in terminal::typed() {
            match byte {
                b'\r' | b'\n' => return line,
                // Ctrl-D
                4 => return String::new(),
                8 | 127 if line.pop().is_some() => say("\x08 \x08"),
                b' '..=b'~' => {
                    line.push(char::from(byte));
                    say(&char::from(byte).to_string());
                }
                _ => {}
            }
        }
        tokio::time::sleep(KEYS).await;
    }
}

/// A terminal that has gone is noticed elsewhere.
fn say(text: &str) {
    let _ = io::stderr()
        .write_all(text.as_bytes())
        .and_then(|()| io::stderr().flush());
}
