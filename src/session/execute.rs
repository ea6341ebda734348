//! One statement: submitted once, polled until its answer is final, cancelled when asked.
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::Session;
use super::cancel::Cancel;
use super::double::{Double, Late, LookOut};
use super::interrupt::Interrupts;
use super::log::useful_lines;
use super::lost::{Gone, Lost};
use super::poll::SECOND_LOOK;
use super::underway::Waited;
use super::wait::Wait;
use crate::livy::{Error, Kind, Outcome, Reason, SessionState, Statement, StatementState};

/// Code to run.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The code, as it is sent.
    pub code: &'a str,
    /// Its kind.
    pub kind: Kind,
}

/// What happens while a statement runs.
#[derive(Debug)]
pub enum Running {
    /// The server has it.
    Accepted(i64),
    /// The answer to the submission was lost; the statement is looked for.
    Looking {
        /// Since when.
        since: Instant,
    },
    /// At every look.
    State {
        /// Its state.
        state: StatementState,
        /// A hint from 0.0 to 1.0, not monotonic.
        progress: f64,
    },
    /// A cancel is wanted, and follows once the server has answered the submission.
    CancelLater,
    /// A cancel was asked for.
    Cancelling,
    /// The server refuses to cancel; the statement goes on.
    NoCancel(Error),
    /// The server takes long to answer a look.
    Slow {
        /// When it was asked.
        since: Instant,
    },
    /// The server does not answer at the moment.
    Trouble {
        /// Since when.
        since: Instant,
        /// Why.
        error: Error,
    },
}

/// A statement with a final answer.
#[derive(Debug)]
pub struct Execution {
    /// The final answer, as it came.
    pub statement: Statement,
    /// The final answer, understood.
    pub outcome: Outcome,
    /// From the first byte of the submission to the parsed answer.
    pub waited: Duration,
    /// Its cancel was accepted, but nothing says that its code has stopped: the server only gave
    /// up waiting for it, and later statements wait behind it.
    pub runs_on: bool,
    /// It was sent twice: the first sending may have arrived as well, or still do so.
    pub look_out: Option<LookOut>,
}

/// 5xx answers in a row for one statement after which it is given up by name, where the session is well.
pub(super) const BAD_ANSWERS: u32 = 8;
const LOG_LINES: usize = 20;

impl Session {
    /// Submits the code once and waits for its final answer.
    ///
    /// The first interrupt cancels the statement, and waiting goes on; the second stops waiting, as
    /// a stop does at once.
    pub async fn execute(
        &self,
        submission: Submission<'_>,
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Execution, Lost> {
        let since = Instant::now();
        self.run(submission, (since, &mut None), interrupts, events)
            .await
    }

    /// Submits code again of whose first sending, at `since`, the server had no trace ([`Lost::Doubt`]). Should the first arrive
    /// while this one is waited for, it is cancelled, unless it runs by then; `late` says so where this one ends without
    /// an answer.
    pub async fn execute_again(
        &self,
        submission: Submission<'_>,
        (since, late): (Instant, &mut Option<Late>),
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Execution, Lost> {
        let mut double = Double::of(self);
        let ended = self.run(submission, (since, &mut double), interrupts, events);
        let ended = ended.await;
        *late = double.and_then(|double| double.fate);
        ended.map_err(|mut lost| {
            if let Lost::Doubt { again, .. } = &mut lost {
                *again = true;
            }
            lost
        })
    }

    async fn run(
        &self,
        submission: Submission<'_>,
        (since, double): (Instant, &mut Option<Double>),
        interrupts: &mut Interrupts,
        events: &UnboundedSender<Running>,
    ) -> Result<Execution, Lost> {
        let began = Instant::now();
        let _working = self.life.work();
        let _turn = self.hidden.yields().await;
        let mut on_its_way = self.underway.sending();
        let mut cancel = Cancel::default();
        let submitted = self.submit(submission, &mut on_its_way, &mut cancel, interrupts, events);
        // in a place of its own, as large as both are
        let statement = Box::pin(submitted).await?;
        let waited = self.underway.begun(statement.id);
        drop(on_its_way);
        let _ = events.send(Running::Accepted(statement.id));
        let mut wait = Wait::new(self, statement.id, began, Some(submission.code), events);
        wait.waited = Some(waited);
        wait.cancel = cancel;
        wait.double = double.take();
        self.sent.unread(statement.id);
        let id = statement.id;
        let ended = Box::pin(wait.until_final(statement, interrupts)).await;
        let cut_off = matches!(ended, Err(Lost::Silent { .. } | Lost::Refused { .. }));
        if cut_off {
            // it goes on, and nobody wanted that
            wait.waited.iter_mut().for_each(Waited::left);
        }
        let left = cut_off || matches!(ended, Err(Lost::Left { .. } | Lost::Unreadable { .. }));
        if !left {
            self.sent.read(id);
        }
        let mut statement = match ended {
            Ok(statement) => statement,
            Err(lost) => {
                *double = wait.double.take();
                return Err(lost);
            }
        };
        if statement.output.is_some() {
            self.sent.answered(id);
        }
        let waited = since.elapsed();
        let runs_on =
            statement.state == StatementState::Cancelled && statement.output.is_none() && wait.ran;
        Ok(Execution {
            outcome: Outcome::take(&mut statement, submission.kind, Some(self.row_limit)),
            look_out: wait.look_out(),
            statement,
            waited,
            runs_on,
        })
    }

    /// Waits for the final answer of a statement that was there before us, with the looks of one of ours. Nothing of
    /// this wait cancels it.
    ///
    /// # Errors
    /// Why it has none, or none that can be had.
    pub async fn pick_up(&self, statement: Statement) -> Result<Statement, Lost> {
        let code = statement.code.clone();
        self.await_unheard(statement, code.as_deref(), false).await
    }

    /// Is the session over, or unknown to the server? None when that cannot be told yet.
    async fn told_over(&self) -> Result<Option<bool>, Error> {
        match self.client.state(&self.id).await {
            // what a session that starts, or comes back after a restart, says of its statements is no answer
            Ok(state) if !state.is_over() && !state.takes_statements() => Ok(None),
            Ok(state) => Ok(Some(state.is_over())),
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => Ok(Some(true)),
            Err(error) => Err(error),
        }
    }

    /// The same, where a second look some time later agrees: one answer of a gateway that has lost its way for a moment
    /// ends no session.
    pub(super) async fn is_surely_over(&self) -> Option<bool> {
        self.surely_over().await.ok().flatten()
    }

    /// The same, with what the look met.
    pub(super) async fn surely_over(&self) -> Result<Option<bool>, Error> {
        match self.told_over().await {
            Ok(Some(true)) => {
                tokio::time::sleep(SECOND_LOOK).await;
                self.told_over().await
            }
            look => look,
        }
    }

    /// What can still be learned of a session that is gone; `refused`: it took no statement any more.
    pub(super) async fn post_mortem(&self, id: Option<i64>, refused: bool) -> Lost {
        let seen = self.client.session(&self.id).await.ok();
        if seen.as_ref().is_some_and(|it| !self.identity.fits(it)) {
            return Lost::Replaced { id };
        }
        let gone = self.gone(seen.map(|session| session.state)).await;
        Lost::SessionGone { refused, id, gone }
    }

    /// What can be learned of its end, in that state.
    pub(super) async fn gone(&self, state: Option<SessionState>) -> Gone {
        let log = self.client.log(&self.id, None, Some(-1)).await;
        let log = log.map(|page| page.log).unwrap_or_default();
        Gone {
            cause: self.life.cause(state.as_ref(), &log),
            lines: useful_lines(&log, LOG_LINES),
            state,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::livy::{Client, Connection};
    use crate::session::Interrupter;

    /// What one statement comes to where the server acts so, interrupted as soon as it has acted.
    async fn interrupted<T: Send + 'static>(
        rests: bool,
        server: impl FnOnce(&TcpListener) -> T + Send + 'static,
    ) -> (Lost, T) {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let client = Client::new(Connection::new(url.parse().unwrap())).unwrap();
        let shown = serde_json::from_str(r#"{"id": 0}"#).unwrap();
        let session = Session::of(client, &shown, Kind::Pyspark);
        if rests {
            session.identity.rests();
        }
        let (interrupter, mut interrupts) = Interrupter::new();
        let (events, _seen) = unbounded_channel();
        let submission = Submission {
            code: "1",
            kind: Kind::Pyspark,
        };
        let (lost, acted) = tokio::join!(
            tokio::time::timeout(
                Duration::from_secs(40),
                session.execute(submission, &mut interrupts, &events)
            ),
            tokio::task::spawn_blocking(move || {
                let acted = server(&silent);
                interrupter.interrupt();
                // nothing more is answered, and no connection refused
                (acted, silent)
            })
        );
        let lost = lost.expect("the interrupt is heard");
        (lost.unwrap_err(), acted.unwrap().0)
    }

    /// Takes a connection, and reads the request on it.
    fn asked(server: &TcpListener) -> (String, TcpStream) {
        let mut stream = server.accept().unwrap().0;
        let (mut read, mut piece) = (String::new(), [0; 4096]);
        let whole = |read: &str| {
            let ends = if read.starts_with("POST") {
                "}"
            } else {
                "\r\n\r\n"
            };
            read.len() > 3 && read.ends_with(ends)
        };
        while !whole(&read) {
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "{read:?}");
            read.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
        (read, stream)
    }

    fn answer(stream: &mut TcpStream, status: &str, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
    }

    #[tokio::test]
    async fn an_interrupt_during_the_look_before_a_statement_sends_nothing() {
        // the connection is taken, and nothing is answered
        let (lost, (asked, _held)) = interrupted(true, asked).await;
        assert!(asked.starts_with("GET"), "{asked}");
        assert!(matches!(lost, Lost::GivenUp), "{lost:?}");
    }

    #[tokio::test]
    async fn an_interrupt_is_heard_during_the_look_after_a_refusal() {
        let dying = r#""java.util.concurrent.CancellationException""#;
        for (status, body, not_run) in [
            (
                "404 Not Found",
                r#"{"msg": "Session '0' not found."}"#,
                true,
            ),
            ("500 Server Error", dying, false),
        ] {
            let (lost, (looked, _held)) = interrupted(false, move |server| {
                let (posted, mut stream) = asked(server);
                assert!(posted.starts_with("POST"), "{posted}");
                answer(&mut stream, status, body);
                asked(server)
            })
            .await;
            assert!(looked.starts_with("GET /sessions/0/state"), "{looked}");
            assert_eq!(lost.surely_not_run(), not_run, "{lost:?}");
        }
    }

    #[tokio::test]
    async fn an_interrupt_is_heard_while_the_end_of_a_session_is_looked_into() {
        let (lost, (looked, _held)) = interrupted(false, |server| {
            let (_, mut stream) = asked(server);
            let over = r#"{"msg": "requirement failed: Session is in state dead"}"#;
            answer(&mut stream, "400 Bad Request", over);
            asked(server)
        })
        .await;
        assert!(looked.starts_with("GET /sessions/0 "), "{looked}");
        assert!(matches!(lost, Lost::GivenUp), "{lost:?}");
    }
}
