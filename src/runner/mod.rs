//! One statement on its whole way: sent, waited for with a status line, rendered, recorded.
//! The shell and scripts share it.
mod asking;
mod behind;
mod left;
mod lost;
mod waiting;

use std::io::{self, Write};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;

use crate::livy::{Outcome, Status};
use crate::output::Results;
use crate::record::{Entry, Record};
use crate::render::{Answer, Format, Renderer, Style};
use crate::report::{is_quiet, note};
use crate::session::{Execution, Interrupts, Late, Lost, Session, Submission};
use crate::source::{Lines, Piece};
use crate::terminal;
use waiting::Waiting;

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
        /// It goes on there, and its answer can be picked up later.
        left: Option<Behind>,
        /// The session is gone with it.
        session_gone: bool,
        /// The server takes the login no longer.
        no_access: bool,
    },
    /// Its results cannot be written.
    Unwritten(io::Error),
}

/// A statement that was left behind.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Our number.
    pub number: u64,
    /// The server's.
    pub id: i64,
    /// What was sent.
    pub piece: Piece,
    entry: Option<Entry>,
    began: Instant,
}

/// Runs statements and shows their answers.
pub struct Runner {
    runtime: Handle,
    format: Format,
    /// Of the results, and of all else.
    styles: (Style, Style),
    renderer: Renderer,
    record: Record,
    results: Results,
    /// A statement's answer has been shown.
    answered: bool,
    status_line: bool,
    number: u64,
    /// Is it a script? What it does not wait for ends with its session.
    script: bool,
    /// The command that shows what goes on in a session that outlasts the script.
    lasting: Option<String>,
    unwritable: bool,
    /// Is a statement sent again, unasked, that the server has no trace of?
    resend: bool,
    /// What was typed before a question.
    typed: String,
    lines: Lines,
    /// What can be done in the shell where the session is gone.
    offer: String,
}

impl Runner {
    /// Results go to `results`; a status line is drawn where a person sees it.
    pub fn new(
        runtime: Handle,
        format: Format,
        styles: (Style, Style),
        record: Record,
        results: Results,
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
            answered: false,
            status_line,
            number: 0,
            script: false,
            lasting: None,
            unwritable: false,
            resend: false,
            typed: String::new(),
            lines: Lines::default(),
            offer: String::new(),
        }
    }

    /// The runner for a script, whose session ends when nothing is waited for any more.
    #[must_use]
    pub fn for_script(self, resend: bool) -> Self {
        Self {
            script: true,
            resend,
            ..self
        }
    }

    /// The script's session stays after it; then this command shows what goes on there.
    pub fn leaves_session(&mut self, look: Option<String>) {
        self.lasting = look;
    }

    /// What is offered from now on where the session is gone.
    pub fn offer(&mut self, offer: String) {
        self.offer = offer;
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

    /// Runs one statement to its end and shows it.
    pub fn run(&mut self, session: &Session, piece: &Piece, interrupts: &mut Interrupts) -> Ended {
        self.number += 1;
        let entry = self.record.sent(self.number, session, piece);
        self.lines.sent(piece);
        let began = Instant::now();
        let submission = Submission {
            code: &piece.code,
            kind: piece.kind,
        };
        let part = piece.place.part;
        let mut late = None;
        let mut answer = self.wait(session, submission, part, interrupts, None);
        if let Err(lost) = &answer
            && self.sends_again(lost, interrupts)
        {
            let first = Some((began, &mut late));
            answer = self.wait(session, submission, part, interrupts, first);
        }
        match answer {
            Ok(mut execution) => {
                let look_out = execution.look_out.take();
                let ended = self.answered((self.number, entry), piece, &execution, session);
                if let Some(look_out) = look_out {
                    self.look_out(look_out, session, &piece.code, interrupts);
                }
                ended
            }
            Err(lost) => {
                // the user knows that it goes on
                if let Lost::Left { id: Some(id) } = lost
                    && !self.script
                {
                    session.underway.let_go(id);
                }
                let ended = self.lost(entry, piece, &lost, began);
                if let Some(late) = late {
                    self.tell_late(late, session);
                }
                ended
            }
        }
    }

    /// Submits it, again where its `first` sending left no trace, and waits with a status line for its answer.
    fn wait(
        &self,
        session: &Session,
        submission: Submission<'_>,
        part: (usize, usize),
        interrupts: &mut Interrupts,
        first: Option<(Instant, &mut Option<Late>)>,
    ) -> Result<Execution, Lost> {
        let (sender, events) = unbounded_channel();
        let waiting = Waiting::new(self.status_line, part, session.clone());
        let answer = async {
            match first {
                Some(first) => {
                    session
                        .execute_again(submission, first, interrupts, &sender)
                        .await
                }
                None => session.execute(submission, interrupts, &sender).await,
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = answer => answer,
                never = waiting.show(events) => match never {},
            }
        })
    }

    fn answered(
        &mut self,
        (number, entry): (u64, Option<Entry>),
        piece: &Piece,
        execution: &Execution,
        session: &Session,
    ) -> Ended {
        let Execution {
            statement,
            outcome,
            waited,
            runs_on,
            look_out: _,
        } = execution;
        self.record
            .ended(entry, recorded(outcome.status), statement, *waited);
        let raised = outcome.error.as_ref();
        let with_lines = raised
            .filter(|_| !self.is_machine_readable())
            .map(|raised| Outcome {
                error: Some(self.lines.of_text(raised, piece)),
                ..outcome.clone()
            });
        let outcome = with_lines.as_ref().unwrap_or(outcome);
        let answer = Answer {
            number,
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
            note(&self.runs_on(session));
        }
        match outcome.status {
            Status::Ok => Ended::Ok {
                truncated: outcome.table.as_ref().is_some_and(|table| table.truncated),
            },
            Status::Cancelled => Ended::Cancelled,
            Status::Error | Status::Unknown => Ended::Failed,
        }
    }

    /// Then each statement stands in the results, also one without an answer.
    fn is_machine_readable(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }

    fn show(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        self.answered = true;
        // a window may have been resized since the last one
        self.renderer.resized(terminal::width());
        // what is said beside a result that is well is no failure
        let beside: &mut dyn Write = if is_quiet() && answer.outcome.status == Status::Ok {
            &mut io::sink()
        } else {
            &mut Notes
        };
        let shown = self
            .renderer
            .answer(answer, &mut self.results, beside)
            .and_then(|()| self.results.flush());
        let shown = self.unless_closed(shown);
        self.unwritable |= shown.is_err();
        shown
    }

    /// Ends the results (a JSON array is closed even when the run is cut short). A file that no
    /// statement's answer was written to stays as it is.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.results.is_file() && !self.answered {
            return Ok(());
        }
        let finished = self
            .results
            .begin()
            .and_then(|()| self.renderer.finish(&mut self.results))
            .and_then(|()| self.results.flush());
        self.unless_closed(finished)
    }

    /// A closed pipe is no failure: whoever read has enough. What else there is to run runs, and
    /// its results go nowhere.
    fn unless_closed(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.results = Results::Nowhere;
                Ok(())
            }
            other => other,
        }
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
