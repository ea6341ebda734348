//! One statement on its whole way: sent, waited for with a status line, rendered, recorded.
//! The shell and scripts share it.
use std::io::{self, Write};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::livy::{Outcome, Raised, StatementState, Status};
use crate::progress::StatusLine;
use crate::record::{Entry, Record};
use crate::render::{Answer, Format, Renderer, Style, safe_line};
use crate::report::{Report, code, complain, note};
use crate::session::{Execution, Interrupts, Lost, Running, Session, Submission};
use crate::source::Piece;

/// A wait this short shows no status line: it would only flicker.
const STATUS_AFTER: Duration = Duration::from_millis(200);
/// Trouble shorter than this is not worth a word.
const TROUBLE_AFTER: Duration = Duration::from_secs(3);

/// How a statement ended, for whoever decides what comes next.
#[derive(Debug)]
pub enum Ended {
    /// Well.
    Ok {
        /// Its table was cut by the server.
        truncated: bool,
    },
    /// The user's code failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// There is no answer; the report has been shown.
    Lost {
        /// Its number on the server, where it goes on there.
        left: Option<i64>,
        /// The session is gone with it.
        session_gone: bool,
    },
    /// Its results cannot be written; a closed pipe says that nobody reads them any more.
    Unwritten(io::Error),
}

/// Runs statements and shows their answers.
pub struct Runner {
    runtime: Handle,
    format: Format,
    /// Of the results, and of all else.
    styles: (Style, Style),
    renderer: Renderer,
    record: Record,
    results: Box<dyn Write + Send>,
    status_line: bool,
    number: u64,
    /// Is it a script? What it does not wait for ends with its session.
    script: bool,
    unwritable: bool,
}

impl Runner {
    /// Results go to `results`; a status line is drawn where a person sees it.
    pub fn new(
        runtime: Handle,
        format: Format,
        styles: (Style, Style),
        record: Record,
        results: Box<dyn Write + Send>,
        status_line: bool,
    ) -> Self {
        let (out, notes) = styles.clone();
        Self {
            runtime,
            format,
            styles,
            renderer: Renderer::new(format, out, notes),
            record,
            results,
            status_line,
            number: 0,
            script: false,
            unwritable: false,
        }
    }

    /// The runner for a script, whose session ends when nothing is waited for any more.
    #[must_use]
    pub fn for_script(self) -> Self {
        Self {
            script: true,
            ..self
        }
    }

    /// Has writing results failed?
    pub fn is_unwritable(&self) -> bool {
        self.unwritable
    }

    /// The number that the next statement gets: the shell's own, hidden statements have none.
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// The form of results.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Changes the form of results.
    pub fn set_format(&mut self, format: Format) {
        // what was begun in the old form is ended in it (a JSON array is closed)
        let _ = self.finish();
        self.format = format;
        let (out, notes) = self.styles.clone();
        self.renderer = Renderer::new(format, out, notes);
    }

    /// Writes a text of our own where results go; a reader that has gone is noticed by the next result.
    pub fn say(&mut self, text: &str) {
        let _ = self.results.write_all(text.as_bytes());
        let _ = self.results.flush();
    }

    /// Runs one statement to its end and shows it.
    pub fn run(&mut self, session: &Session, piece: &Piece, interrupts: &mut Interrupts) -> Ended {
        self.number += 1;
        let entry = self.record.sent(self.number, session, piece);
        let began = Instant::now();
        let (sender, events) = unbounded_channel();
        let submission = Submission {
            code: &piece.code,
            kind: piece.kind,
        };
        let waiting = Waiting {
            line: None,
            visible: self.status_line,
        };
        let answer = self.runtime.block_on(async {
            tokio::select! {
                answer = session.execute(submission, interrupts, &sender) => answer,
                never = waiting.show(events) => match never {},
            }
        });
        match answer {
            Ok(execution) => self.answered(entry, piece, &execution),
            Err(lost) => self.lost(entry, piece, &lost, began.elapsed()),
        }
    }

    fn answered(&mut self, entry: Option<Entry>, piece: &Piece, execution: &Execution) -> Ended {
        let Execution {
            statement,
            outcome,
            waited,
            runs_on,
        } = execution;
        self.record
            .ended(entry, recorded(outcome.status), statement, *waited);
        let answer = Answer {
            number: self.number,
            server_id: Some(statement.id),
            kind: piece.kind,
            code: &piece.code,
            state: statement.state.name(),
            outcome,
            started_ms: statement.started.filter(|ms| *ms > 0),
            completed_ms: statement.completed.filter(|ms| *ms > 0),
            waited: *waited,
        };
        if let Err(error) = self.show(&answer) {
            return Ended::Unwritten(error);
        }
        if *runs_on {
            note(
                "the server gave up waiting for the cancelled code, which may still run; what you send next waits for it (:restart gets a fresh session)",
            );
        }
        match outcome.status {
            Status::Ok => Ended::Ok {
                truncated: outcome.table.as_ref().is_some_and(|table| table.truncated),
            },
            Status::Cancelled => Ended::Cancelled,
            Status::Error | Status::Unknown => Ended::Failed,
        }
    }

    fn lost(
        &mut self,
        entry: Option<Entry>,
        piece: &Piece,
        lost: &Lost,
        waited: Duration,
    ) -> Ended {
        let server_id = match lost {
            Lost::NotSent(_) | Lost::Doubt(_) => None,
            Lost::SessionGone { id, .. } | Lost::Left { id } => *id,
            Lost::Evicted { id } | Lost::Unreadable { id, .. } => Some(*id),
        };
        let report = match lost {
            Lost::Left { .. } if self.script => Report::new(
                code::STATEMENT,
                "not waited for any longer: it ends with its session",
            ),
            _ => Report::from(lost),
        };
        // what was refused never ran, and says so; all else may have
        let status = if matches!(lost, Lost::NotSent(_)) {
            Status::Error
        } else {
            Status::Unknown
        };
        self.record.lost(entry, recorded(status), waited);
        let outcome = Outcome {
            error: Some(Raised {
                name: "NoAnswer".to_owned(),
                value: report.what.clone(),
                traceback: Vec::new(),
            }),
            ..Outcome::empty(status)
        };
        let answer = Answer {
            number: self.number,
            server_id,
            kind: piece.kind,
            code: &piece.code,
            state: "unknown",
            outcome: &outcome,
            started_ms: None,
            completed_ms: None,
            waited,
        };
        if self.is_machine_readable()
            && let Err(error) = self.show(&answer)
        {
            return Ended::Unwritten(error);
        }
        complain(&report);
        Ended::Lost {
            left: matches!(lost, Lost::Left { .. })
                .then_some(server_id)
                .flatten(),
            session_gone: matches!(lost, Lost::SessionGone { .. }),
        }
    }

    /// Then each statement stands in the results, also one without an answer.
    fn is_machine_readable(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }

    fn show(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        let shown = self
            .renderer
            .answer(answer, &mut self.results, &mut Notes)
            .and_then(|()| self.results.flush());
        self.unwritable |= shown.is_err();
        shown
    }

    /// Ends the results (a JSON array is closed even when the run is cut short).
    pub fn finish(&mut self) -> io::Result<()> {
        self.renderer.finish(&mut self.results)?;
        self.results.flush()
    }
}

/// Standard error for the renderer: one that is closed must not end the run.
struct Notes;

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The record's word for how it ended.
const fn recorded(status: Status) -> livysh_history::Status {
    match status {
        Status::Ok => livysh_history::Status::Ok,
        Status::Error => livysh_history::Status::Error,
        Status::Cancelled => livysh_history::Status::Cancelled,
        Status::Unknown => livysh_history::Status::Unknown,
    }
}

struct Waiting {
    line: Option<StatusLine>,
    visible: bool,
}

impl Waiting {
    /// Shows what happens until it is dropped.
    async fn show(mut self, mut events: UnboundedReceiver<Running>) -> std::convert::Infallible {
        let mut text = "sending".to_owned();
        let mut share = None;
        let appear = tokio::time::sleep(STATUS_AFTER);
        tokio::pin!(appear);
        loop {
            tokio::select! {
                () = &mut appear, if self.line.is_none() => {
                    self.line = Some(StatusLine::start(&text, self.visible));
                }
                event = events.recv() => match event {
                    Some(event) => (text, share) = Self::word(&event),
                    None => std::future::pending().await,
                }
            }
            if let Some(line) = &self.line {
                line.say(&text);
                line.share(share);
            }
        }
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
            Running::State { progress, .. } => (
                "running (Ctrl-C cancels)".to_owned(),
                // Livy says 1.0 between two jobs as well: a full bar would lie
                (*progress > 0.0 && *progress < 1.0).then_some(*progress),
            ),
            Running::NoCancel(error) => (
                format!(
                    "running; the server refuses to cancel it ({}), Ctrl-C again stops waiting",
                    safe_line(&error.problem.to_string(), true)
                ),
                None,
            ),
            Running::Trouble { since, error } if since.elapsed() >= TROUBLE_AFTER => (
                format!(
                    "connection lost {} s ago, still trying ({})",
                    since.elapsed().as_secs(),
                    safe_line(&error.problem.to_string(), true)
                ),
                None,
            ),
            Running::Trouble { .. } => ("waiting for the server".to_owned(), None),
        }
    }
}
