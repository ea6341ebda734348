//! What Tab offers: in-shell commands and their arguments, file names, and names of the live session. Scala's come from
//! the server's completion, all others by hidden statements. Nothing holds the typing: a key ends the wait.
mod answer;
mod command;
mod python;
mod r;
mod sql;

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::command as commands;
use crate::editor::{Complete, Offer};
use crate::language::{self, wanted};
use crate::livy::Kind;
use crate::session::{Question, Session};
use crate::source;
use crate::terminal;
use sql::{Asked, Catalog, Found};

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
    /// The shell's newest statements: number and first line.
    statements: Vec<(u64, String)>,
    /// The last answer, for a longer word in the same place.
    last: Option<Last>,
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
        (known.session, known.last) = (session, None);
    }

    /// The kind of what is typed.
    pub fn set_kind(&self, kind: Kind) {
        self.known().kind = Some(kind);
    }

    /// The server has these sessions: id or name, and their state.
    pub fn saw_sessions(&self, sessions: Vec<Offer>) {
        self.known().sessions = sessions;
    }

    /// A statement of the user's ran: names may be others now.
    pub fn ran(&self, number: u64, code: &str) {
        self.catalog.ages();
        let first = code.lines().next().unwrap_or_default();
        let mut known = self.known();
        known.last = None;
        known
            .statements
            .push((number, first.chars().take(60).collect()));
        let spare = known.statements.len().saturating_sub(STATEMENTS);
        known.statements.drain(..spare);
    }

    /// Waits on the reading thread for work on the others; none when a key or time comes before, and then the work
    /// is dropped.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (ours, theirs) = UnixStream::pair().ok()?;
        let (sender, answer) = mpsc::channel();
        let task = self.runtime.spawn(async move {
            let _ = sender.send(work.await);
            // its end wakes the reader
            drop(theirs);
        });
        if !terminal::unless_key(ours.as_fd(), PATIENCE) {
            task.abort();
            return None;
        }
        answer.recv_timeout(PATIENCE).ok()
    }

    /// The names that a hidden statement prints.
    fn asked(&self, session: Session, (question, mark): (Question, String)) -> Option<Vec<Offer>> {
        let outcome = self.wait(async move { session.hidden(question).await.ok() });
        answer::offers(&outcome??, &mark)
    }

    fn python(&self, session: Session, before: &str) -> Option<(usize, Vec<Offer>)> {
        let wanted = wanted::python(before)?;
        let mut offers = self.asked(session, python::question(&wanted, PATIENCE))?;
        offers.retain(|offer| {
            offer.name.starts_with(wanted.word) && python::fits(&wanted.place, &offer.name)
        });
        Some((wanted.start, offers))
    }

    fn r(&self, session: Session, before: &str) -> Option<(usize, Vec<Offer>)> {
        let line = before.rsplit('\n').next().unwrap_or_default();
        if line.trim().is_empty() {
            return None;
        }
        let mut offers = self
            .asked(session, r::question(line, PATIENCE))?
            .into_iter();
        // the first is the token
        let token = offers.next()?.name;
        let start = before.len().checked_sub(token.len())?;
        (before[..].get(start..)? == token).then(|| (start, offers.collect()))
    }

    fn scala(&self, session: Session, code: &str, pos: usize) -> Option<(usize, Vec<Offer>)> {
        let before = code.get(..pos)?;
        let start = word_start(before, |c| c.is_alphanumeric() || c == '_' || c == '$');
        let (typed, code) = (&before[start..], code.to_owned());
        let ask = async move {
            if session.is_replaced().await {
                return None;
            }
            let names = session
                .client
                .complete(&session.id, &code, Kind::Spark, pos);
            names.await.ok()
        };
        let mut names = self.wait(ask)??;
        // Livy sends operators and encoded names too, and does not say what they are to replace
        names.retain(|name| name.starts_with(typed) && is_name(name));
        names.sort();
        names.dedup();
        names.truncate(answer::MOST);
        Some((start, names.into_iter().map(Offer::named).collect()))
    }

    fn sql(&self, session: Option<Session>, code: &str, pos: usize) -> Option<(usize, Vec<Offer>)> {
        let wanted = wanted::sql(code, pos)?;
        let (mut lists, mut functions) = (Vec::new(), Vec::new());
        if let Some(session) = session {
            for (at, asked) in sql::needs(&wanted).into_iter().enumerate() {
                lists.extend(self.listed(&session, asked, at == 0));
            }
            functions = self.listed(&session, Asked::Functions, false);
            // what is likely to be asked for next
            self.listed(&session, Asked::Tables(None), false);
        }
        let offers = sql::all(&wanted, lists, functions);
        Some((wanted.start, offers))
    }

    /// What is known of a list. One of which nothing is known is waited for, where it is wanted now; an old one is
    /// asked for again behind the back.
    fn listed(&self, session: &Session, asked: Asked, now: bool) -> Vec<Offer> {
        let (found, ask) = self.catalog.look(session, &asked);
        let fetch = |limit| {
            let (catalog, session) = (self.catalog.clone(), session.clone());
            catalog.fetch(session, asked.clone(), limit)
        };
        match found {
            Found::Nothing if ask && now => {
                let _ = self.wait(fetch(PATIENCE));
                match self.catalog.look(session, &asked).0 {
                    Found::Known(offers) => offers,
                    Found::Nothing => Vec::new(),
                }
            }
            found => {
                if ask {
                    self.runtime.spawn(fetch(Catalog::patience()));
                }
                match found {
                    Found::Known(offers) => offers,
                    Found::Nothing => Vec::new(),
                }
            }
        }
    }

    /// The last answer, where the word has only grown.
    fn again(&self, kind: Kind, before: &str) -> Option<(usize, Vec<Offer>)> {
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

    fn in_code(&self, kind: Kind, code: &str, pos: usize) -> Option<(usize, Vec<Offer>)> {
        let before = code.get(..pos)?;
        let session = self.known().session.clone();
        if kind == Kind::Sql {
            return self.sql(session, code, pos);
        }
        if let Some(again) = self.again(kind, before) {
            return Some(again);
        }
        let session = session?;
        let (start, offers) = match kind {
            Kind::Pyspark => self.python(session, before),
            Kind::Sparkr => self.r(session, before),
            _ => self.scala(session, code, pos),
        }?;
        self.known().last = Some(Last {
            kind,
            before: before.to_owned(),
            start,
            offers: offers.clone(),
        });
        Some((start, offers))
    }
}

impl Complete for Completer {
    fn complete(&self, line: &str, pos: usize) -> Option<(usize, Vec<Offer>)> {
        let before = line.get(..pos)?;
        let (kind, code) = match language::magic(line) {
            Some((language, rest)) => (Some(source::kind(language)), rest),
            None if commands::is_command(line) || line == ":" => match commands::code_of(line) {
                Some((kind, rest)) => (kind.parse().ok(), rest),
                None => return command::offers(before, &self.known()),
            },
            None => (self.known().kind, line),
        };
        let skipped = line.len() - code.len();
        let inside = pos.checked_sub(skipped)?;
        let (start, offers) = self.in_code(kind?, code, inside)?;
        Some((skipped + start, offers))
    }
}

fn is_name(name: &str) -> bool {
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
        completer.ran(1, "df = 1");
        assert_eq!(again(Kind::Pyspark, "df.sel"), None);
        set();
        completer.set_session(None);
        assert_eq!(again(Kind::Pyspark, "df.sel"), None);
    }
}
