//! What was sent to a session, as far as it takes to find a statement again whose answer was lost.
use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::livy::{RETAINED_STATEMENTS, Statement};

/// How long a statement is looked for: the time-out of a slow gateway, which may deliver until then.
const SEARCH: Duration = Duration::from_secs(60);
/// How far behind the newest a result that nobody has read may be while hidden statements are still sent: half of what
/// a server keeps, which leaves the rest to the user's own.
const UNREAD: i64 = RETAINED_STATEMENTS / 2;
/// More statements than any session has had: a server that tells a higher id is wrong.
pub(super) const MOST: i64 = 1 << 24;

/// The newest statement known, and the statements whose fate is open. Clones share it.
#[derive(Clone, Debug)]
pub struct Sent {
    known: Arc<Mutex<Known>>,
    search: Duration,
}

#[derive(Debug, Default)]
struct Known {
    newest: Option<i64>,
    /// None was found, which is no proof that there is none.
    unsure: bool,
    ours: BTreeSet<i64>,
    /// Those of ours that are not the user's.
    hidden: BTreeSet<i64>,
    /// Hidden ones that were sent and whose ids are not known.
    strays: usize,
    /// The user's, accepted, and not read to their end.
    unread: BTreeSet<i64>,
    /// The newest of the user's whose answer was read.
    answered: Option<i64>,
    doubts: HashSet<u64>,
}

impl Default for Sent {
    /// To a session that others may have used before: its newest statement is not known.
    fn default() -> Self {
        Self {
            known: Arc::default(),
            search: search(),
        }
    }
}

impl Sent {
    /// To a session that has just been made: it has no statement.
    pub(super) fn nothing() -> Self {
        let sent = Self::default();
        sent.saw(-1);
        sent
    }

    /// Changes how long a statement is looked for.
    #[must_use]
    pub fn searching(self, search: Duration) -> Self {
        Self { search, ..self }
    }

    /// How long a statement is looked for.
    pub(super) fn search(&self) -> Duration {
        self.search
    }

    /// The session has a statement of this id: what is sent from now on gets a higher one. One that cannot be is not
    /// believed: every later search would begin behind all that is there, and find no trace.
    pub fn saw(&self, id: i64) {
        if id > MOST {
            return;
        }
        self.known(|known| {
            known.newest = known.newest.max(Some(id));
            known.unsure &= id < 0;
        });
    }

    /// A look found no statement in it: it has none, or so many that the look missed those that are kept.
    pub fn saw_none(&self) {
        self.known(|known| {
            known.unsure = known.newest.is_none();
            known.newest = known.newest.max(Some(-1));
        });
    }

    /// Has the session surely no statement?
    pub fn has_none(&self) -> bool {
        self.known(|known| known.newest == Some(-1) && !known.unsure)
    }

    /// May there be newer ones than the newest that is known, which a search would not come to?
    pub(super) fn is_unsure(&self) -> bool {
        self.known(|known| known.unsure)
    }

    /// A statement of ours has got this id.
    pub(super) fn got(&self, id: i64) {
        self.saw(id);
        self.known(|known| known.ours.insert(id));
    }

    /// Did we send the statement of this id?
    pub fn is_ours(&self, id: i64) -> bool {
        self.known(|known| known.ours.contains(&id))
    }

    /// A hidden statement is sent: until its id is known it can be taken for another.
    pub(super) fn strays(&self) {
        self.known(|known| known.strays += 1);
    }

    /// It surely did not arrive.
    pub(super) fn never_strayed(&self) {
        self.known(|known| known.strays = known.strays.saturating_sub(1));
    }

    /// It has got this id.
    pub(super) fn got_hidden(&self, id: i64) {
        self.never_strayed();
        self.got(id);
        self.known(|known| known.hidden.insert(id));
    }

    /// Is the statement of this id a hidden one of ours?
    pub fn is_hidden(&self, id: i64) -> bool {
        self.known(|known| known.hidden.contains(&id))
    }

    /// May a statement that shows no code be a hidden one of ours?
    pub(super) fn has_strays(&self) -> bool {
        self.known(|known| known.strays > 0)
    }

    /// A statement of the user's runs, and its result is still to be read.
    pub(super) fn unread(&self, id: i64) {
        self.known(|known| known.unread.insert(id));
    }

    /// Its result is read, or gone.
    pub(super) fn read(&self, id: i64) {
        self.known(|known| known.unread.remove(&id));
    }

    /// Its answer, with an output, is there: what was sent before it has ended, as a session runs one after the other.
    pub(super) fn answered(&self, id: i64) {
        self.known(|known| known.answered = known.answered.max(Some(id)));
    }

    /// Has a statement behind that one been answered?
    pub(super) fn has_answered(&self, id: i64) -> bool {
        self.known(|known| known.answered > Some(id))
    }

    /// Could a hidden statement be one too many for a result that nobody has read? Servers keep the newest statements
    /// only. A result is read as soon as its statement has ended, and nothing hidden is sent before; what is unread
    /// was left behind.
    pub(super) fn guards_unread(&self) -> bool {
        self.known(|known| {
            let Some(newest) = known.newest else {
                return false;
            };
            // those are gone, by the user's own statements
            known
                .unread
                .retain(|id| newest.saturating_sub(*id) < RETAINED_STATEMENTS);
            known
                .unread
                .iter()
                .any(|id| newest.saturating_sub(*id) >= UNREAD)
        })
    }

    /// The newest id that is known.
    pub fn newest(&self) -> Option<i64> {
        self.known(|known| known.newest)
    }

    /// This code was sent and never found: it may still arrive.
    pub(super) fn doubt(&self, code: &str) {
        self.known(|known| known.doubts.insert(digest(code)));
    }

    /// May a statement of this code be an earlier one that arrives late?
    pub(super) fn is_doubtful(&self, code: &str) -> bool {
        self.known(|known| known.doubts.contains(&digest(code)))
    }

    fn known<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Does the server show this statement with other code than was sent? Servers change blanks and line ends; one that
/// shows no code is no proof.
pub(super) fn has_other_code(statement: &Statement, sent: &str) -> bool {
    match &statement.code {
        // nearly always it comes back as it was sent, and each look at a long one would take it apart
        Some(told) => sent != told && !sent.split_whitespace().eq(told.split_whitespace()),
        None => false,
    }
}

fn digest(code: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for word in code.split_whitespace() {
        word.hash(&mut hasher);
    }
    hasher.finish()
}

/// Tests of the whole program, which is built for debugging then, cannot wait for a minute each time.
#[cfg(debug_assertions)]
pub(super) fn search() -> Duration {
    let asked = std::env::var("LIVYSH_TEST_SEARCH_MS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    asked.map_or(SEARCH, Duration::from_millis)
}

#[cfg(not(debug_assertions))]
pub(super) fn search() -> Duration {
    SEARCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_only_grow_and_clones_share_them() {
        let sent = Sent::nothing();
        assert_eq!(sent.newest(), Some(-1));
        sent.clone().saw(7);
        sent.saw(3);
        assert_eq!(sent.newest(), Some(7));
        sent.saw(i64::MAX);
        assert_eq!(sent.newest(), Some(7), "no server has so many");
        assert_eq!(Sent::default().newest(), None);
        assert!(!sent.is_unsure());
        assert!(Sent::nothing().has_none() && !sent.has_none());
    }

    #[test]
    fn a_look_that_finds_nothing_leaves_it_open_until_a_statement_is_seen() {
        let sent = Sent::default();
        sent.saw_none();
        assert_eq!(sent.newest(), Some(-1));
        assert!(sent.is_unsure() && !sent.has_none());
        sent.saw(2500);
        assert!(!sent.is_unsure());
        sent.saw_none();
        assert_eq!(sent.newest(), Some(2500));
        assert!(!sent.is_unsure());
    }

    #[test]
    fn a_result_that_nobody_has_read_is_not_pushed_out_by_hidden_statements() {
        let sent = Sent::nothing();
        sent.got(0);
        sent.unread(0);
        let mut hidden = 0;
        while !sent.guards_unread() {
            hidden += 1;
            sent.strays();
            sent.got_hidden(hidden);
        }
        assert_eq!(hidden, UNREAD);
        assert!(sent.is_hidden(1) && sent.is_ours(1) && !sent.is_hidden(0));
        assert!(!sent.has_strays());
        // the user's own push it out: there is nothing left to guard
        sent.got(RETAINED_STATEMENTS);
        assert!(!sent.guards_unread());
        sent.unread(RETAINED_STATEMENTS);
        sent.read(RETAINED_STATEMENTS);
        sent.got(RETAINED_STATEMENTS + UNREAD);
        assert!(!sent.guards_unread());
    }

    #[test]
    fn code_is_the_same_whatever_the_server_does_to_its_blanks() {
        let shown = |text: &str| serde_json::from_str::<Statement>(text).unwrap();
        let told = shown(r#"{"id": 0, "state": "waiting", "code": "a\nb"}"#);
        assert!(!has_other_code(&told, "a\r\nb\n"));
        assert!(has_other_code(&told, "ab"));
        assert!(!has_other_code(
            &shown(r#"{"id": 0, "state": "waiting"}"#),
            "c"
        ));
        let sent = Sent::nothing();
        sent.doubt("a\r\nb");
        assert!(sent.is_doubtful("a\nb\n") && !sent.is_doubtful("ab"));
    }
}
