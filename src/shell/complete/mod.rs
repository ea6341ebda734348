//! What Tab offers: in-shell commands and their arguments, file names, and names of the live session. Scala's come from
//! the server's completion, all others by hidden statements. Nothing holds the typing: a key ends the wait.
pub(super) mod answer;
mod argument;
mod catalog;
mod command;
pub(super) mod python;
mod r;
pub(super) mod sql;

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::command as commands;
use crate::editor::{Complete, Offer};
use crate::language::{self, wanted};
use crate::livy::Kind;
use crate::session::{Question, Session};
use crate::source;
use crate::terminal;
use catalog::Catalog;
use sql::Asked;

/// A name is looked up so long (Scala's first take seconds); a key ends the wait before.
const PATIENCE: Duration = Duration::from_secs(5);
/// Numbers of statements that are offered.
const STATEMENTS: usize = 100;

/// What the shell knows and Tab needs.
#[derive(Debug, Default)]
struct Known {
    session: Option<Session>,
    kind: Option<Kind>,
    /// The server's sessions, as last listed.
    sessions: Vec<Offer>,
    /// What was left behind or waits, under its number.
    jobs: Vec<Offer>,
    /// The shell's newest statements: number and first line.
    statements: Vec<(u64, String)>,
    /// The last answer, for a longer word in the same place.
    last: Option<Last>,
    /// A question whose answer is not there yet.
    pending: Option<Pending>,
}

/// What could stand somewhere, and the byte where the word begins.
type Answer = Option<(usize, Vec<Offer>)>;
type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A question under way; it is dropped with this.
#[derive(Debug)]
struct Pending {
    kind: Kind,
    /// The code up to the cursor.
    before: String,
    answer: mpsc::Receiver<Answer>,
    /// Can be read when the answer is there.
    wake: UnixStream,
    task: AbortHandle,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Debug)]
struct Last {
    kind: Kind,
    /// The code up to the cursor, and where the word begins.
    before: String,
    start: usize,
    offers: Vec<Offer>,
}

/// Answers Tab.
#[derive(Clone, Debug)]
pub struct Completer {
    runtime: Handle,
    known: Arc<Mutex<Known>>,
    catalog: Catalog,
}

impl Completer {
    /// One that knows no session yet.
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            known: Arc::default(),
            catalog: Catalog::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that names are asked of; none while there is none.
    pub fn set_session(&self, session: Option<Session>) {
        let mut known = self.known();
        (known.session, known.last, known.pending) = (session, None, None);
    }

    /// The kind of what is typed.
    pub fn set_kind(&self, kind: Kind) {
        self.known().kind = Some(kind);
    }

    /// The server has these sessions: id or name, and their state.
    pub fn saw_sessions(&self, sessions: Vec<Offer>) {
        self.known().sessions = sessions;
    }

    /// These are left behind or wait, under their numbers.
    pub fn saw_jobs(&self, jobs: Vec<Offer>) {
        self.known().jobs = jobs;
    }

    /// Ctrl-C: nobody waits for anything any more.
    pub fn give_up(&self) {
        self.catalog.give_up();
        self.known().pending = None;
    }

    /// A statement of the user's ran: names may be others now.
    pub fn ran(&self, number: u64, kind: Kind, code: &str) {
        self.catalog.ran(kind, code);
        let first = code.lines().next().unwrap_or_default();
        let mut known = self.known();
        known.last = None;
        known
            .statements
            .push((number, first.chars().take(60).collect()));
        let spare = known.statements.len().saturating_sub(STATEMENTS);
        known.statements.drain(..spare);
    }

    /// Begins work whose end wakes the reader.
    fn begin(&self, kind: Kind, before: &str, work: Asking) -> Option<Pending> {
        let (wake, theirs) = UnixStream::pair().ok()?;
        let (sender, answer) = mpsc::channel();
        let task = self.runtime.spawn(async move {
            let _ = sender.send(work.await);
            drop(theirs);
        });
        Some(Pending {
            kind,
            before: before.to_owned(),
            answer,
            wake,
            task: task.abort_handle(),
        })
    }

    /// The answer to a question; none when a key comes before. Then the question goes on as long as nothing else is
    /// typed: the key may be a second Tab, which waits for the same.
    fn answer(&self, kind: Kind, before: &str, ask: impl FnOnce() -> Option<Asking>) -> Answer {
        let pending = self.known().pending.take();
        let pending = match pending.filter(|it| it.kind == kind && it.before == before) {
            Some(pending) => pending,
            None => self.begin(kind, before, ask()?)?,
        };
        if !terminal::unless_key(pending.wake.as_fd(), PATIENCE) {
            self.known().pending = Some(pending);
            return None;
        }
        pending.answer.recv_timeout(PATIENCE).ok()?
    }

    fn sql(&self, session: Option<Session>, code: &str, pos: usize) -> Answer {
        let wanted = wanted::sql(code, pos)?;
        let (mut lists, mut functions) = (Vec::new(), Vec::new());
        if let Some(session) = session {
            for asked in sql::needs(&wanted) {
                lists.extend(self.listed(&session, asked, wanted.word, true));
            }
            functions = self.listed(&session, Asked::Functions, wanted.word, false);
            // what is likely to be asked for next
            self.listed(&session, Asked::Tables(None), "", false);
        }
        let offers = sql::all(&wanted, lists, functions);
        Some((wanted.start, offers))
    }

    /// What is known of a list. An old one is asked for again behind the back; one of which nothing is known, or that a
    /// statement may have changed, is waited for, where it is wanted `now`. A key ends the wait, not the question: its
    /// answer is kept. Of a list that the server cuts, what begins as the word is asked for by itself.
    fn listed(&self, session: &Session, asked: Asked, word: &str, now: bool) -> Vec<Offer> {
        let (offers, cut) = self.kept(session, &asked, now);
        let whole = !cut || word.is_empty() || matches!(asked, Asked::Columns(_));
        if whole || !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return offers;
        }
        let begun = Asked::Begun(Box::new(asked), word.to_lowercase());
        let (more, _) = self.kept(session, &begun, now);
        if more.is_empty() { offers } else { more }
    }

    /// Likewise, and whether the server has more of them.
    fn kept(&self, session: &Session, asked: &Asked, now: bool) -> (Vec<Offer>, bool) {
        let look = self.catalog.look(session, asked);
        if let Some(under_way) = look.ask {
            let task = self.runtime.spawn(under_way.fetch(session.clone()));
            self.catalog.fetched_by(asked, task.abort_handle());
        }
        if look.holds || !now {
            return (look.offers.unwrap_or_default(), look.cut);
        }
        let (catalog, awaited) = (self.catalog.clone(), asked.clone());
        let work: Asking = Box::pin(async move {
            catalog.settled(&awaited).await;
            None
        });
        if let Some(waiting) = self.begin(Kind::Sql, "", work) {
            terminal::unless_key(waiting.wake.as_fd(), PATIENCE);
        }
        let look = self.catalog.look(session, asked);
        (look.offers.unwrap_or_default(), look.cut)
    }

    /// The last answer, where the word has only grown.
    fn again(&self, kind: Kind, before: &str) -> Answer {
        let known = self.known();
        let last = known.last.as_ref().filter(|last| last.kind == kind)?;
        let typed = before.strip_prefix(&last.before)?;
        let word = before.get(last.start..)?;
        // one that was cut may lack what is wanted now
        if !typed.chars().all(|c| c.is_alphanumeric() || c == '_')
            || last.offers.len() >= answer::MOST
        {
            return None;
        }
        let fits = last.offers.iter().filter(|it| it.name.starts_with(word));
        Some((last.start, fits.cloned().collect()))
    }

    fn in_code(&self, kind: Kind, code: &str, pos: usize) -> Answer {
        let before = code.get(..pos)?;
        let session = self.known().session.clone();
        if kind == Kind::Sql {
            return self.sql(session, code, pos);
        }
        if let Some(again) = self.again(kind, before) {
            return Some(again);
        }
        let (start, offers) = self.answer(kind, before, || match kind {
            Kind::Pyspark => python(session?, before),
            Kind::Sparkr => r(session?, before),
            _ => scala(session?, code, pos),
        })?;
        // nothing may also mean that the server failed, which it does not say: the next Tab asks again
        if !offers.is_empty() {
            self.known().last = Some(Last {
                kind,
                before: before.to_owned(),
                start,
                offers: offers.clone(),
            });
        }
        Some((start, offers))
    }
}

impl Complete for Completer {
    fn complete(&self, line: &str, pos: usize) -> Answer {
        let before = line.get(..pos)?;
        let (kind, code) = match language::magic(line) {
            Some((language, rest)) => (Some(source::kind(language)), rest),
            None if commands::is_command(line) || line == ":" => {
                let Some((kind, rest)) = commands::code_of(line) else {
                    let named = command::offers(before, &self.known());
                    return named.or_else(|| self.argument(line, pos));
                };
                (kind.parse().ok(), rest)
            }
            None => (self.known().kind, line),
        };
        let skipped = line.len() - code.len();
        let inside = pos.checked_sub(skipped)?;
        let (start, offers) = self.in_code(kind?, code, inside)?;
        Some((skipped + start, offers))
    }

    fn shows(&self, line: &str, pos: usize) {
        let mut known = self.known();
        let before = line.get(..pos).unwrap_or_default();
        let is_it = |pending: &Pending| before.ends_with(&pending.before);
        if !known.pending.as_ref().is_some_and(is_it) {
            known.pending = None;
        }
    }
}

/// The names that a hidden statement prints.
async fn asked(session: &Session, (question, mark): (Question, String)) -> Option<Vec<Offer>> {
    answer::offers(&session.hidden(question).await.ok()?, &mark)
}

fn python(session: Session, before: &str) -> Option<Asking> {
    let wanted = wanted::python(before)?;
    let question = python::question(&wanted, PATIENCE);
    let (start, word, place) = (wanted.start, wanted.word.to_owned(), wanted.place);
    Some(Box::pin(async move {
        let mut offers = asked(&session, question).await?;
        offers.retain(|it| it.name.starts_with(&word) && python::fits(&place, &it.name));
        Some((start, offers))
    }))
}

fn r(session: Session, before: &str) -> Option<Asking> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.trim().is_empty() {
        return None;
    }
    let (question, before) = (r::question(line, PATIENCE), before.to_owned());
    Some(Box::pin(async move {
        let mut offers = asked(&session, question).await?.into_iter();
        // the first is the token
        let token = offers.next()?.name;
        let start = before.len().checked_sub(token.len())?;
        let fits = |it: &Offer| it.name.starts_with(&token) && it.name != token;
        (before.get(start..)? == token).then(|| (start, offers.filter(fits).collect()))
    }))
}

fn scala(session: Session, code: &str, pos: usize) -> Option<Asking> {
    let before = code.get(..pos)?;
    let start = word_start(before, |c| c.is_alphanumeric() || c == '_' || c == '$');
    let (typed, code) = (before[start..].to_owned(), code.to_owned());
    Some(Box::pin(async move {
        if session.is_replaced().await {
            return None;
        }
        let names = session
            .client
            .complete(&session.id, &code, Kind::Spark, pos);
        let mut names = names.await.ok()?;
        // Livy sends operators and encoded names too, and does not say what they are to replace
        names.retain(|name| name.starts_with(&typed) && is_name(name));
        names.sort();
        names.dedup();
        names.truncate(answer::MOST);
        Some((start, names.into_iter().map(Offer::named).collect()))
    }))
}

pub(super) fn is_name(name: &str) -> bool {
    // every character: what is no name may hold control characters, and is drawn on a terminal
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Where the word before the cursor begins.
fn word_start(before: &str, belongs: impl Fn(char) -> bool) -> usize {
    before
        .char_indices()
        .rev()
        .take_while(|(_, c)| belongs(*c))
        .last()
        .map_or(before.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_behind_the_last_sign_that_is_no_part_of_a_name() {
        let name = |c: char| c.is_alphanumeric() || c == '_';
        assert_eq!(word_start("sc.para", name), 3);
        assert_eq!(word_start("sc.", name), 3);
        assert_eq!(word_start("größe", name), 0);
        assert!(!is_name("a\u{1b}]0;title"));
    }

    #[test]
    fn a_longer_word_in_the_same_place_needs_no_second_answer() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let completer = Completer::new(runtime.handle().clone());
        let set = || {
            completer.known().last = Some(Last {
                kind: Kind::Pyspark,
                before: "df.se".to_owned(),
                start: 3,
                offers: ["select", "selectExpr", "semantic"]
                    .map(Offer::named)
                    .to_vec(),
            });
        };
        set();
        let again = |kind, before| {
            let (start, offers) = completer.again(kind, before)?;
            assert_eq!(start, 3);
            Some(offers.len())
        };
        assert_eq!(again(Kind::Pyspark, "df.se"), Some(3));
        assert_eq!(again(Kind::Pyspark, "df.sel"), Some(2));
        assert_eq!(again(Kind::Pyspark, "df.select('"), None);
        assert_eq!(again(Kind::Pyspark, "dg.sel"), None);
        assert_eq!(again(Kind::Spark, "df.sel"), None);
        completer.ran(1, Kind::Pyspark, "df = 1");
        assert_eq!(again(Kind::Pyspark, "df.sel"), None);
        set();
        completer.set_session(None);
        assert_eq!(again(Kind::Pyspark, "df.sel"), None);
    }
}
