//! The entries that Up and Ctrl-R show. Nothing is stored here: the record is elsewhere and feeds this.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustyline::Result;
use rustyline::history::{History, SearchDirection, SearchResult};

use super::enter::printable;
use super::shared::lock;

/// An earlier entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What was typed, whole.
    pub text: String,
    /// Where and when, in a few words: what a search shows beside it. Empty for nothing.
    pub about: String,
}

impl From<&str> for Past {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            about: String::new(),
        }
    }
}

/// The most entries that are kept; the oldest go first.
pub const MAX_ENTRIES: usize = 10_000;

/// The entries, shared with those who add to them while the editor reads.
///
/// To the line editor there are always [`MAX_ENTRIES`] places, filled from the end: so an entry keeps its
/// place when older ones are put before it in the middle of a read.
#[derive(Clone, Default)]
pub(super) struct Entries(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: Mutex<VecDeque<Past>>,
    /// The place that the last search ended at.
    found: Mutex<Option<usize>>,
    walk: Mutex<Option<Walk>>,
    /// Older ones are on their way.
    expected: Mutex<bool>,
    loaded: Condvar,
}

/// A walk with Up and Down through the entries that begin as what was typed.
struct Walk {
    /// What stood before the cursor.
    prefix: String,
    /// What was typed, and where the cursor stood in it: Down comes back to it.
    origin: (String, usize),
    /// The entry shown, or the origin.
    shown: String,
    /// Its place, [`MAX_ENTRIES`] for the origin.
    at: usize,
}

/// How long a search waits for older entries that are on their way.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);

impl Entries {
    /// Adds an entry as the newest, unless it is blank or the newest already.
    pub fn push(&self, entry: impl Into<Past>) -> bool {
        let mut entry = entry.into();
        entry.text = printable(&entry.text);
        let mut entries = lock(&self.0.entries);
        if entry.text.trim().is_empty() || entries.back().is_some_and(|it| it.text == entry.text) {
            return false;
        }
        if entries.len() == MAX_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
        true
    }

    /// Older entries will be loaded: who asks for one before waits a moment for them.
    pub fn expect(&self) {
        *lock(&self.0.expected) = true;
    }

    /// No older entries are on their way any more.
    pub fn expect_no_more(&self) {
        *lock(&self.0.expected) = false;
        self.0.loaded.notify_all();
    }

    /// The entries, with those that are on their way.
    fn whole(&self) -> MutexGuard<'_, VecDeque<Past>> {
        self.wait(ON_THEIR_WAY);
        lock(&self.0.entries)
    }

    fn wait(&self, limit: Duration) {
        let expected = lock(&self.0.expected);
        let waited = self
            .0
            .loaded
            .wait_timeout_while(expected, limit, |expected| *expected);
        // one wait is enough: no key after it is held up again
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    /// The newest entry that begins as this text, of those that are there: waits for none.
    pub fn newest_beginning(&self, text: &str) -> Option<String> {
        let entries = lock(&self.0.entries);
        let texts = entries.iter().rev().map(|entry| &entry.text);
        texts.into_iter().find(|it| it.starts_with(text)).cloned()
    }

    /// Puts older entries, oldest first, before all that are there.
    pub fn load(&self, older: Vec<Past>) {
        self.put_before(older);
        self.expect_no_more();
    }

    fn put_before(&self, older: Vec<Past>) {
        let mut entries = lock(&self.0.entries);
        for mut entry in older.into_iter().rev() {
            if entries.len() == MAX_ENTRIES {
                return;
            }
            entry.text = printable(&entry.text);
            let same = entries.front().is_some_and(|it| it.text == entry.text);
            if !entry.text.trim().is_empty() && !same {
                entries.push_front(entry);
            }
        }
    }

    /// Is this text an entry, whole?
    pub fn contains(&self, text: &str) -> bool {
        lock(&self.0.entries).iter().any(|it| it.text == text)
    }

    /// Where and when the entry that the last search found was typed, if this is its text.
    pub fn about_found(&self, text: &str) -> Option<String> {
        let at = (*lock(&self.0.found))?;
        let entries = lock(&self.0.entries);
        let entry = entries.get(at.checked_sub(MAX_ENTRIES - entries.len())?)?;
        (entry.text == text && !entry.about.is_empty()).then(|| entry.about.clone())
    }

    /// Up was pressed with that text before the cursor of that buffer: the walk goes on, or a new one begins.
    pub fn walk_up(&self, buffer: &str, before_cursor: &str) {
        let mut walk = lock(&self.0.walk);
        if walk.as_ref().is_some_and(|walk| walk.shows(buffer)) {
            return;
        }
        // nobody looks for entries that begin with blanks
        let prefix = if before_cursor.trim().is_empty() {
            ""
        } else {
            before_cursor
        };
        *walk = Some(Walk {
            prefix: prefix.to_owned(),
            origin: (buffer.to_owned(), before_cursor.len()),
            shown: buffer.to_owned(),
            at: MAX_ENTRIES,
        });
    }

    /// Does Down have somewhere to go: is an entry of a walk shown?
    pub fn walks(&self, buffer: &str) -> bool {
        lock(&self.0.walk)
            .as_ref()
            .is_some_and(|walk| walk.shows(buffer))
    }

    /// A read begins: nothing was walked yet.
    pub fn stand(&self) {
        *lock(&self.0.walk) = None;
        *lock(&self.0.found) = None;
    }

    /// The walk's next entry; where there is none, the one that it shows, so that the line editor's place
    /// stays the walk's.
    fn step(&self, walk: &mut Walk, direction: SearchDirection) -> SearchResult<'static> {
        let fits = |entry: &str| {
            let other = entry != walk.shown && entry.starts_with(&walk.prefix);
            other.then_some(entry.len())
        };
        let next = match direction {
            SearchDirection::Reverse => walk
                .at
                .checked_sub(1)
                .and_then(|at| self.find(at, direction, fits)),
            SearchDirection::Forward => self.find(walk.at + 1, direction, fits),
        };
        match (next, direction) {
            (Some(found), _) => {
                walk.shown = found.entry.clone().into_owned();
                walk.at = found.idx;
            }
            (None, SearchDirection::Forward) => {
                walk.shown.clone_from(&walk.origin.0);
                walk.at = MAX_ENTRIES;
            }
            (None, SearchDirection::Reverse) => {}
        }
        SearchResult {
            pos: if walk.at == MAX_ENTRIES {
                walk.origin.1
            } else {
                walk.shown.len()
            },
            entry: Cow::Owned(walk.shown.clone()),
            idx: walk.at,
        }
    }

    fn find(
        &self,
        start: usize,
        direction: SearchDirection,
        matches: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'static>> {
        let entries = self.whole();
        let first = MAX_ENTRIES - entries.len();
        let hit = |(at, entry): (usize, &Past)| {
            let pos = matches(&entry.text)?;
            let entry = Cow::Owned(entry.text.clone());
            Some(SearchResult {
                entry,
                idx: first + at,
                pos,
            })
        };
        let start = (start + 1).saturating_sub(first);
        let mut numbered = entries.iter().enumerate();
        match direction {
            SearchDirection::Reverse => numbered.take(start).rev().find_map(hit),
            SearchDirection::Forward => numbered
                .by_ref()
                .skip(start.saturating_sub(1))
                .find_map(hit),
        }
    }
}

impl Walk {
    /// Is an entry of it what the buffer holds?
    fn shows(&self, buffer: &str) -> bool {
        self.at < MAX_ENTRIES && self.shown == buffer
    }
}

impl History for Entries {
    fn get(&self, index: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        let entries = self.whole();
        let first = MAX_ENTRIES - entries.len();
        // Going to the very first place means to the oldest entry.
        let index = match direction {
            SearchDirection::Forward => index.max(first),
            SearchDirection::Reverse => index,
        };
        Ok(index
            .checked_sub(first)
            .and_then(|at| entries.get(at))
            .map(|entry| SearchResult {
                entry: Cow::Owned(entry.text.clone()),
                idx: index,
                pos: 0,
            }))
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        Ok(self.push(line))
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        Ok(self.push(line.as_str()))
    }

    fn len(&self) -> usize {
        MAX_ENTRIES
    }

    // The line editor asks this before all else when a key wants an entry, and never for other keys.
    fn is_empty(&self) -> bool {
        self.wait(ON_THEIR_WAY);
        lock(&self.0.entries).is_empty()
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        if term.is_empty() {
            return Ok(None);
        }
        let found = self.find(start, direction, |entry| entry.find(term));
        if let Some(found) = &found {
            *lock(&self.0.found) = Some(found.idx);
        }
        Ok(found)
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        if let Some(walk) = lock(&self.0.walk).as_mut() {
            return Ok(Some(self.step(walk, direction)));
        }
        Ok(self.find(start, direction, |entry| {
            entry.starts_with(term).then_some(term.len())
        }))
    }

    fn clear(&mut self) -> Result<()> {
        lock(&self.0.entries).clear();
        Ok(())
    }

    // The rest is about files and policies, which are not the editor's business here.
    fn set_max_len(&mut self, _: usize) -> Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn append(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn load(&mut self, _: &Path) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: &[&str]) -> Entries {
        let history = Entries::default();
        for entry in entries {
            history.push(*entry);
        }
        history
    }

    fn at(history: &Entries, index: usize, direction: SearchDirection) -> Option<String> {
        let found = history.get(index, direction).unwrap();
        found.map(|found| found.entry.into_owned())
    }

    const NEWEST: usize = MAX_ENTRIES - 1;

    #[test]
    fn who_asks_before_older_entries_are_there_gets_them_all_the_same() {
        let history = Entries::default();
        history.expect();
        let waiting = history.clone();
        // longer than any machine stalls: the entries end the wait, not the clock
        let waiter = std::thread::spawn(move || {
            waiting.wait(Duration::from_secs(600));
            waiting.is_empty()
        });
        history.load(vec!["older".into()]);
        assert!(!waiter.join().unwrap());
    }

    #[test]
    fn entries_that_never_come_are_waited_for_once() {
        let history = Entries::default();
        history.expect();
        history.wait(Duration::ZERO);
        // would end in ten minutes
        history.wait(Duration::from_secs(600));
        assert!(history.is_empty());
    }

    #[test]
    fn a_hint_does_not_wait_for_older_entries() {
        let history = of(&["count(1)", "count(2)", "x"]);
        history.expect();
        assert_eq!(history.newest_beginning("co").unwrap(), "count(2)");
        assert_eq!(history.newest_beginning("y"), None);
        assert!(*lock(&history.0.expected));
    }

    #[test]
    fn an_entry_keeps_its_place_when_older_ones_are_loaded() {
        let history = of(&["new"]);
        assert_eq!(
            at(&history, NEWEST, SearchDirection::Reverse).unwrap(),
            "new"
        );
        history.load(vec!["oldest".into(), "old".into()]);
        assert_eq!(
            at(&history, NEWEST, SearchDirection::Reverse).unwrap(),
            "new"
        );
        assert_eq!(
            at(&history, NEWEST - 1, SearchDirection::Reverse).unwrap(),
            "old"
        );
        assert_eq!(at(&history, 0, SearchDirection::Forward).unwrap(), "oldest");
        assert_eq!(at(&history, NEWEST - 3, SearchDirection::Reverse), None);
    }

    #[test]
    fn search_goes_back_from_where_it_starts_and_forward_again() {
        let history = of(&["a count", "b", "c count"]);
        let find = |start, direction| {
            let found = history.search("count", start, direction).unwrap();
            found.map(|found| (found.idx, found.pos))
        };
        assert_eq!(find(NEWEST, SearchDirection::Reverse), Some((NEWEST, 2)));
        assert_eq!(
            find(NEWEST - 1, SearchDirection::Reverse),
            Some((NEWEST - 2, 2))
        );
        assert_eq!(
            find(NEWEST - 1, SearchDirection::Forward),
            Some((NEWEST, 2))
        );
        assert_eq!(find(NEWEST - 3, SearchDirection::Reverse), None);
        assert_eq!(find(0, SearchDirection::Forward), Some((NEWEST - 2, 2)));
    }

    #[test]
    fn repeats_and_blanks_are_not_kept_and_control_characters_neither() {
        let history = of(&["a", "a", " \n", "b\u{7}"]);
        assert_eq!(at(&history, NEWEST, SearchDirection::Reverse).unwrap(), "b");
        assert_eq!(
            at(&history, NEWEST - 1, SearchDirection::Reverse).unwrap(),
            "a"
        );
        assert_eq!(at(&history, NEWEST - 2, SearchDirection::Reverse), None);
    }

    #[test]
    fn the_oldest_entries_go_when_it_is_full() {
        let history = Entries::default();
        for number in 0..=MAX_ENTRIES {
            history.push(number.to_string().as_str());
        }
        assert_eq!(at(&history, 0, SearchDirection::Forward).unwrap(), "1");
        history.load(vec!["older".into()]);
        assert_eq!(at(&history, 0, SearchDirection::Forward).unwrap(), "1");
    }

    /// What Up (true) and Down show, one after the other, from that buffer with the cursor at its end.
    fn walked(history: &Entries, typed: &str, ups: &[bool]) -> Vec<String> {
        let mut buffer = typed.to_owned();
        let mut shown = Vec::new();
        for up in ups {
            let direction = if *up {
                history.walk_up(&buffer, &buffer);
                SearchDirection::Reverse
            } else if history.walks(&buffer) {
                SearchDirection::Forward
            } else {
                continue;
            };
            let found = history.starts_with(&buffer, 0, direction).unwrap().unwrap();
            buffer = found.entry.into_owned();
            shown.push(buffer.clone());
        }
        shown
    }

    #[test]
    fn up_walks_through_what_begins_as_the_text_and_down_comes_back_to_it() {
        let history = of(&["df.show()", "x", "df.count()", "y"]);
        assert_eq!(
            walked(&history, "df", &[true, true, true, false, false, false]),
            ["df.count()", "df.show()", "df.show()", "df.count()", "df"]
        );
    }

    #[test]
    fn up_from_nothing_walks_through_all_and_past_the_same_text_once() {
        let history = of(&["a", "b", "a", "b"]);
        assert_eq!(walked(&history, " ", &[true, true, true]), ["b", "a", "b"]);
    }

    #[test]
    fn up_with_nothing_that_fits_keeps_what_was_typed() {
        let history = of(&["a"]);
        assert_eq!(walked(&history, "zz", &[true, false, true]), ["zz", "zz"]);
    }

    #[test]
    fn an_entry_that_was_changed_begins_a_walk_of_its_own() {
        let history = of(&["ab", "b", "a"]);
        assert_eq!(walked(&history, "", &[true, true]), ["a", "b"]);
        assert_eq!(walked(&history, "a", &[true, true]), ["ab", "ab"]);
    }

    #[test]
    fn a_search_tells_where_and_when_what_it_found_was_typed() {
        let history = Entries::default();
        for about in ["yesterday", "today"] {
            history.push(Past {
                text: "count".to_owned(),
                about: about.to_owned(),
            });
            history.push("x");
        }
        let found = |start| {
            let found = history.search("cou", start, SearchDirection::Reverse);
            found.unwrap().unwrap().idx
        };
        let at = found(NEWEST);
        assert_eq!(history.about_found("count").unwrap(), "today");
        found(at - 1);
        assert_eq!(history.about_found("count").unwrap(), "yesterday");
        assert_eq!(history.about_found("x"), None);
    }
}
