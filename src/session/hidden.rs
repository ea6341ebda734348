//! Statements that are not the user's: what the shell asks a session of itself, for Tab and for its own commands.
//!
//! A user's statement always comes first. A hidden one is sent only to an idle session of ours in which nothing of the
//! user's waits, one at a time; it is cancelled when its time is over, when whoever asked drops the question, and when
//! a user's statement comes, which waits for that a bounded time. It has no number of ours and stands in no
//! history. Its answer is never looked for: a lost one is silence. What a user's own command asks goes to sessions of
//! others, too: it is what the user wants of that session, as a statement would be.
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, oneshot, watch};

use super::Session;
use super::poll::statement_interval;
use crate::livy::{Error, Kind, Outcome, SessionState, Statement, StatementState};

/// How long a user's statement waits for the cancel of a hidden one.
const YIELDS: Duration = Duration::from_secs(1);
/// How long a session may still call itself busy when its last statement has ended, for a command that asks it.
const LAGS: Duration = Duration::from_secs(1);
/// Time between two looks at it.
const LOOKS: Duration = Duration::from_millis(50);
/// The comment before the code, by which it is known in lists of statements.
const MARK: &str = "livysh: ";

/// What is asked of a session.
#[derive(Clone, Debug)]
pub struct Question {
    /// What for, in a word: lists of statements show it.
    pub about: &'static str,
    /// The code's kind.
    pub kind: Kind,
    /// The code. It must end soon by itself, since no cancel reaches code that is no Spark job; it must leave no name
    /// behind and change nothing.
    pub code: String,
    /// How long the answer may take.
    pub limit: Duration,
}

impl Question {
    /// The code as it is sent. The mark stands in the first line, and in Scala beside it: there a line that is only
    /// a comment would count as unfinished.
    fn marked(&self) -> String {
        let Self { about, code, .. } = self;
        match self.kind {
            Kind::Spark => format!("/* {MARK}{about} */ {code}"),
            Kind::Pyspark | Kind::Sparkr => format!("# {MARK}{about}\n{code}"),
            Kind::Sql => format!("-- {MARK}{about}\n{code}"),
        }
    }
}

/// Is it the code of a hidden statement?
pub fn is_hidden(code: &str) -> bool {
    let mut comments = ["# ", "-- ", "/* "].iter();
    comments.any(|sign| {
        let comment = code.trim_start().strip_prefix(sign);
        comment.is_some_and(|rest| rest.starts_with(MARK))
    })
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// It was not sent: hidden statements are off, or the session is not ours.
    #[error("livysh sends nothing of its own to this session")]
    Off,
    /// It was not sent: something runs in the session, or it is not there.
    #[error("the session is busy")]
    Busy,
    /// It was not sent: the session takes no statement any more.
    #[error("the session is {0}")]
    Over(SessionState),
    /// It was not sent: the session's id is another session's by now.
    #[error("the server was restarted, and the session's id is another session's now")]
    Replaced,
    /// It was not sent: a result that was left behind could be lost for it.
    #[error("a statement that was left behind still has a result that nobody has read")]
    Unread,
    /// Not sent, or never again: the server does not show the code of statements, by which they are told apart.
    #[error("the server is too old")]
    TooOld,
    /// Its time was over, or a user's statement came.
    #[error("no answer in time")]
    Late,
    /// The server refused it, or its answer was lost.
    #[error("{0}")]
    Failed(Error),
}

/// May hidden statements be sent, and who comes first? Clones share it.
#[derive(Clone, Debug)]
pub struct Hidden(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allowed: AtomicBool,
    /// The server was seen to show no code.
    codeless: AtomicBool,
    /// Held by the one that is under way.
    lane: Arc<Mutex<()>>,
    /// Statements of the user's that wait or run.
    users: watch::Sender<usize>,
}

impl Default for Hidden {
    /// Off.
    fn default() -> Self {
        Self(Arc::new(Inner {
            allowed: AtomicBool::new(false),
            codeless: AtomicBool::new(false),
            lane: Arc::default(),
            users: watch::Sender::new(0),
        }))
    }
}

impl Hidden {
    /// Switches hidden statements on or off: only a session of ours, used by nobody else, may have them.
    pub fn allow(&self, allowed: bool) {
        self.0.allowed.store(allowed, Ordering::Relaxed);
    }

    /// A user's statement comes: what is under way is cancelled, and nothing is sent until this is dropped.
    pub(super) async fn yields(&self) -> Turn {
        self.0.users.send_modify(|users| *users += 1);
        let turn = Turn(self.clone());
        let _ = tokio::time::timeout(YIELDS, self.0.lane.lock()).await;
        turn
    }

    /// Is one under way? Then a busy session is no news to the user.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.lane.try_lock().is_err()
    }

    fn is_wanted(&self) -> bool {
        *self.0.users.borrow() > 0
    }
}

/// A user's turn.
#[derive(Debug)]
pub(super) struct Turn(Hidden);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.users.send_modify(|users| *users -= 1);
    }
}

impl Session {
    /// Asks the session something that is not the user's, and waits for the outcome, which may be a failure of the
    /// code. Dropping the future cancels the statement.
    pub async fn hidden(&self, question: Question) -> Result<Outcome, Unheard> {
        self.ask(question, false).await
    }

    /// The same for a command of the user's: also where nothing is sent unasked.
    pub async fn hidden_for_command(&self, question: Question) -> Result<Outcome, Unheard> {
        self.ask(question, true).await
    }

    async fn ask(&self, question: Question, wanted: bool) -> Result<Outcome, Unheard> {
        self.may_ask(wanted)?;
        let (answer, heard) = oneshot::channel();
        let asking = Asking {
            session: self.clone(),
            wanted,
            until: Instant::now() + question.limit,
            kind: question.kind,
            code: question.marked(),
            answer: Some(answer),
        };
        // in a task of its own: whoever gives up waiting must not lose its id, nor its cancel
        tokio::spawn(asking.run());
        heard.await.unwrap_or(Err(Unheard::Late))
    }

    /// Can nothing of the user's be harmed, as far as it is known without asking?
    fn may_ask(&self, wanted: bool) -> Result<(), Unheard> {
        let state = &*self.hidden.0;
        if !wanted && (!state.allowed.load(Ordering::Relaxed) || self.shared) {
            return Err(Unheard::Off);
        }
        if !wanted && state.codeless.load(Ordering::Relaxed) {
            return Err(Unheard::TooOld);
        }
        if self.hidden.is_wanted() || self.life.is_working() {
            return Err(Unheard::Busy);
        }
        if self.sent.guards_unread() {
            return Err(Unheard::Unread);
        }
        Ok(())
    }
}

/// A question under way.
struct Asking {
    session: Session,
    /// A command of the user's wants it.
    wanted: bool,
    kind: Kind,
    code: String,
    until: Instant,
    /// None once it is given.
    answer: Option<oneshot::Sender<Result<Outcome, Unheard>>>,
}

impl Asking {
    async fn run(mut self) {
        let answer = self.ask().await;
        self.tell(answer);
    }

    fn tell(&mut self, answer: Result<Outcome, Unheard>) {
        if let Some(waiting) = self.answer.take() {
            let _ = waiting.send(answer);
        }
    }

    async fn ask(&mut self) -> Result<Outcome, Unheard> {
        let lane = Arc::clone(&self.session.hidden.0.lane);
        let _lane = self.unless_stopped(lane.lock_owned()).await?;
        let session = self.session.clone();
        self.until_idle().await?;
        // again: this was some time ago
        session.may_ask(self.wanted)?;
        let statement = self.sent_once().await?;
        session.life.used();
        let found = match self.answer {
            Some(_) => self.until_final(statement.id).await,
            None => Err(Unheard::Late),
        };
        let ended = match found {
            Ok(ended) => Ok(ended),
            Err(unheard) => {
                // the answer first: whoever waits for it need not wait for the cancel
                self.tell(Err(unheard));
                let _ = session.client.cancel(&session.id, statement.id).await;
                return Err(Unheard::Late);
            }
        };
        ended.map(|mut ended| Outcome::take(&mut ended, self.kind, None))
    }

    /// A look at the session; who wants the answer waits a moment for one whose word for its state lags behind.
    async fn until_idle(&mut self) -> Result<(), Unheard> {
        let session = self.session.clone();
        let began = Instant::now();
        loop {
            let look = session.client.session(&session.id);
            let shown = self.unless_stopped(look).await?.map_err(Unheard::Failed)?;
            if !session.identity.fits(&shown) {
                return Err(Unheard::Replaced);
            }
            if shown.state.is_over() {
                return Err(Unheard::Over(shown.state));
            }
            if shown.state == SessionState::Idle {
                return Ok(());
            }
            let lags = shown.state == SessionState::Busy && began.elapsed() < LAGS;
            if !self.wanted || !lags {
                return Err(Unheard::Busy);
            }
            self.unless_stopped(tokio::time::sleep(LOOKS)).await?;
        }
    }

    /// One request. It is waited for also when nobody wants the answer any more: its id must be known before the next
    /// statement is sent, or a search for that one could take this one for it.
    async fn sent_once(&mut self) -> Result<Statement, Unheard> {
        let session = self.session.clone();
        let code = self.code.clone();
        session.sent.strays();
        let mut sending = pin!(session.client.submit(&session.id, &code, Some(self.kind)));
        let answer = tokio::select! {
            answer = &mut sending => answer,
            () = self.stopped() => {
                self.tell(Err(Unheard::Late));
                sending.await
            }
        };
        match answer {
            Ok(statement) => {
                session.sent.got_hidden(statement.id);
                if statement.code.is_none() {
                    let codeless = &session.hidden.0.codeless;
                    codeless.store(true, Ordering::Relaxed);
                }
                Ok(statement)
            }
            Err(error) => {
                if !error.may_have_arrived() {
                    session.sent.never_strayed();
                }
                Err(Unheard::Failed(error))
            }
        }
    }

    async fn until_final(&mut self, id: i64) -> Result<Statement, Unheard> {
        let session = self.session.clone();
        let began = Instant::now();
        loop {
            let look = session.client.statement(&session.id, id);
            let statement = self.unless_stopped(look).await?.map_err(Unheard::Failed)?;
            // a state without its output is half an answer
            if statement.state.is_over() && statement.output.is_some() {
                return Ok(statement);
            }
            if statement.state == StatementState::Cancelled {
                return Err(Unheard::Late);
            }
            let pause = statement_interval(began.elapsed());
            self.unless_stopped(tokio::time::sleep(pause)).await?;
        }
    }

    async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Unheard> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(Unheard::Late),
            done = work => Ok(done),
        }
    }

    /// Its time is over, nobody waits for it, or a user's statement comes.
    async fn stopped(&mut self) {
        let mut users = self.session.hidden.0.users.subscribe();
        let gone = async {
            if let Some(answer) = &mut self.answer {
                answer.closed().await;
            }
        };
        tokio::select! {
            () = gone => {}
            _ = users.wait_for(|users| *users > 0) => {}
            () = tokio::time::sleep_until(self.until.into()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: Kind) -> Question {
        Question {
            about: "completion",
            kind,
            code: "1".to_owned(),
            limit: Duration::from_secs(1),
        }
    }

    #[test]
    fn hidden_code_is_known_by_its_mark_in_every_language() {
        for kind in Kind::ALL {
            assert!(is_hidden(&question(kind).marked()), "{kind}");
        }
        assert_eq!(question(Kind::Spark).marked().lines().count(), 1);
        assert!(!is_hidden("# livysh is fine\n1"));
        assert!(!is_hidden("x = '# livysh: '"));
    }
}
