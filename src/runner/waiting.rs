//! What is shown while a statement is waited for.
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::behind;
use crate::livy::StatementState;
use crate::progress::StatusLine;
use crate::render::safe_line;
use crate::report::trouble;
use crate::session::{Running, Session};

/// A wait this short shows no status line: it would only flicker.
const STATUS_AFTER: Duration = Duration::from_millis(200);
/// Trouble shorter than this is not worth a word.
const TROUBLE_AFTER: Duration = Duration::from_secs(3);

/// The status line of one statement, where a person sees it.
pub(super) struct Waiting {
    line: Option<StatusLine>,
    visible: bool,
    /// Before all else on the line: which part of a long text it is.
    part: String,
    session: Session,
}

impl Waiting {
    /// For that part of so many.
    pub(super) fn new(visible: bool, (part, count): (usize, usize), session: Session) -> Self {
        let part = if count > 1 {
            format!("part {part} of {count}: ")
        } else {
            String::new()
        };
        Self {
            line: None,
            visible,
            part,
            session,
        }
    }

    /// Shows what happens until it is dropped.
    pub(super) async fn show(
        mut self,
        mut events: UnboundedReceiver<Running>,
    ) -> std::convert::Infallible {
        let mut text = "sending".to_owned();
        let mut share = None;
        // a cancel that was asked for stays in sight, also where the server's state does not tell of it
        let mut cancel: Option<String> = None;
        let (mut id, mut queued) = (None, false);
        let appear = tokio::time::sleep(STATUS_AFTER);
        tokio::pin!(appear);
        // how long nothing was heard counts on while nothing is
        let mut silence: Option<Running> = None;
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = &mut appear, if self.line.is_none() => {
                    if queued && cancel.is_none() && self.visible
                        && let Some(id) = id
                    {
                        text = behind::what(&self.session, id).await.unwrap_or(text);
                    }
                    self.line = Some(StatusLine::start(&self.shown(&text), self.visible));
                }
                _ = second.tick(), if silence.is_some() => {
                    if let Some(event) = &silence {
                        text = Self::word(event).0;
                    }
                }
                event = events.recv() => match event {
                    Some(event) => {
                        let (word, part) = Self::word(&event);
                        let waits = matches!(&event, Running::State { state: StatementState::Waiting, .. });
                        // what it waits for is looked up once, and stands until it runs
                        if !(waits && queued && self.line.is_some()) {
                            text = word;
                        }
                        (share, queued) = (part, waits);
                        silence = None;
                        match event {
                            Running::Accepted(number) => {
                                id = Some(number);
                                if cancel.is_some() {
                                    // it follows now
                                    text = Self::word(&Running::Cancelling).0;
                                    cancel = Some(text.clone());
                                }
                            }
                            Running::CancelLater | Running::Cancelling | Running::NoCancel(_) => {
                                cancel = Some(text.clone());
                            }
                            Running::State { .. } => text = cancel.clone().unwrap_or(text),
                            Running::Trouble { .. } | Running::Slow { .. } | Running::Looking { .. } => {
                                silence = Some(event);
                            }
                        }
                    }
                    None => std::future::pending().await,
                }
            }
            if let Some(line) = &self.line {
                line.say(&self.shown(&text));
                line.share(share);
            }
        }
    }

    fn shown(&self, text: &str) -> String {
        format!("{}{text}", self.part)
    }

    fn word(event: &Running) -> (String, Option<f64>) {
        match event {
            Running::Accepted(_) => ("running (Ctrl-C cancels)".to_owned(), None),
            Running::State {
                state: StatementState::Waiting,
                ..
            } => ("waiting for its turn (Ctrl-C cancels)".to_owned(), None),
            Running::State {
                state: StatementState::Cancelling,
                ..
            }
            | Running::Cancelling => ("cancelling (Ctrl-C again stops waiting)".to_owned(), None),
            Running::CancelLater => (
                "still being sent; the cancel follows the server's answer (Ctrl-C again stops waiting)"
                    .to_owned(),
                None,
            ),
            Running::State { progress, .. } => (
                "running (Ctrl-C cancels)".to_owned(),
                // Livy says 1.0 between two jobs as well: a full bar would lie
                (*progress > 0.0 && *progress < 1.0).then_some(*progress),
            ),
            Running::Looking { since } => (
                format!(
                    "the answer to the submission was lost {} s ago; looking for the statement (Ctrl-C cancels it when it is found)",
                    since.elapsed().as_secs()
                ),
                None,
            ),
            Running::Slow { since } => (
                format!(
                    "no answer from the server for {} s, still waiting (Ctrl-C cancels)",
                    since.elapsed().as_secs()
                ),
                None,
            ),
            Running::NoCancel(error) => (
                format!(
                    "running; the server refuses to cancel it ({}), Ctrl-C again stops waiting",
                    safe_line(&error.problem.to_string(), true)
                ),
                None,
            ),
            Running::Trouble { since, error } if since.elapsed() >= TROUBLE_AFTER => (
                trouble(since.elapsed(), error),
                None,
            ),
            Running::Trouble { .. } => ("waiting for the server".to_owned(), None),
        }
    }
}
