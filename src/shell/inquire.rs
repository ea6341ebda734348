//! What commands ask the session, and how a long answer is shown.
use std::io::{self, IsTerminal};
use std::time::Duration;

use super::Shell;
use super::commands::say;
use crate::livy::Outcome;
use crate::progress::StatusLine;
use crate::render::safe;
use crate::report::{Report, code, is_quiet};
use crate::session::{Question, Unheard};
use crate::settings::values;
use crate::terminal;
use crate::tools::child;

/// How long an answer may take: an interpreter that has not run yet starts first.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

impl Shell {
    /// Does work that needs a session; waits for one that starts. None where there is none, which has been told.
    pub(super) fn with_session<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Report>,
    ) -> Result<Option<T>, Report> {
        self.nothing_waits()?;
        let mut done = None;
        self.quietly(|shell| {
            if shell.wait_for_session(":") {
                done = Some(work(shell));
            }
            matches!(done, Some(Ok(_)))
        });
        done.transpose()
    }

    /// Asks the session for the user, by a statement that is not the user's; Ctrl-C stops it.
    pub(super) fn inquire(&mut self, question: Question) -> Result<Outcome, Inquiry> {
        let Some(session) = self.opened().map(|opened| opened.session.clone()) else {
            return Err(Inquiry::Report(Report::new(
                code::SERVER,
                "there is no session",
            )));
        };
        let answer = self.waiting(async move { session.hidden_for_command(question).await });
        answer?.map_err(Inquiry::Unheard)
    }

    /// Waits for an answer of the session, with a status line.
    pub(super) fn waiting<T>(&mut self, answer: impl Future<Output = T>) -> Result<T, Inquiry> {
        let line = status_line("asking the session (Ctrl-C stops)");
        let answer = self.unless_interrupted(answer);
        drop(line);
        answer.ok_or_else(|| Inquiry::Report(Report::new(code::INTERRUPTED, "given up")))
    }

    /// Shows a text, in the pager where it is longer than the screen.
    pub(super) fn page(&self, text: &str) -> Result<(), Report> {
        let text = safe(text, true);
        let settings = self.opener.settings();
        let pager = settings.shell.pager.as_deref();
        let off = |it: &str| it.is_empty() || values::switch(it) == Ok(false);
        let paged = !settings.run.no_pager && !pager.is_some_and(off);
        if !paged || !is_tall(&text) || terminal::is_dumb() {
            say(&text);
            return Ok(());
        }
        let prompt = self.editor.handle();
        let _lent = prompt.lend_terminal();
        let shown = child::page(&text, pager);
        if shown.is_err() {
            say(&text);
        }
        shown
    }
}

/// What is waited for while a command works, where somebody is to see it.
pub(super) fn status_line(text: &str) -> StatusLine {
    let visible = io::stderr().is_terminal() && !is_quiet();
    StatusLine::start(text, visible)
}

/// Why a command has no answer.
#[derive(Debug)]
pub(super) enum Inquiry {
    /// As it is to be told.
    Report(Report),
    /// The session did not answer.
    Unheard(Unheard),
}

impl From<Inquiry> for Report {
    fn from(inquiry: Inquiry) -> Self {
        let unheard = match inquiry {
            Inquiry::Report(report) => return report,
            Inquiry::Unheard(unheard) => unheard,
        };
        match &unheard {
            Unheard::Failed(error) => Self::from(error),
            Unheard::Busy => Self::new(code::SERVER, "the session is busy")
                .advise("ask again when its statement has ended; :statements shows what runs"),
            Unheard::Over(_) | Unheard::Replaced => {
                Self::new(code::SERVER, unheard.to_string()).advise(":restart starts a new session")
            }
            Unheard::Unread => Self::new(code::SERVER, unheard.to_string())
                .advise("run any statement, or :restart"),
            Unheard::Late => {
                let what = format!("no answer within {} s", LIMIT.as_secs());
                Self::new(code::SERVER, what)
            }
            Unheard::Off | Unheard::TooOld => Self::new(code::SERVER, unheard.to_string()),
        }
    }
}

/// Does the text fill the window?
fn is_tall(text: &str) -> bool {
    let Some((columns, rows)) = terminal::size().filter(|_| io::stdout().is_terminal()) else {
        return false;
    };
    let needed = text
        .lines()
        .map(|line| line.chars().count().div_ceil(columns).max(1));
    // the prompt comes below
    needed.sum::<usize>() >= rows
}
