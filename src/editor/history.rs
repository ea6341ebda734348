//! The entries that Up and Ctrl-R show. Nothing is stored here: the record is elsewhere and feeds this.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustyline::Result;
use rustyline::history::{History, SearchDirection, SearchResult};

use super::enter::printable;
use super::shared::lock;

/// The most entries that are kept; the oldest go first.
pub const MAX_ENTRIES: usize = 10_000;

/// The entries, shared with those who add to them while the editor reads.
///
/// To the line editor there are always [`MAX_ENTRIES`] places, filled from the end: so an entry keeps its
/// place when older ones are put before it in the middle of a read.
#[derive(Clone, Default)]
pub(super) struct Entries(Arc<Mutex<VecDeque<String>>>);

impl Entries {
    /// Adds an entry as the newest, unless it is blank or the newest already.
    pub fn push(&self, entry: &str) -> bool {
        let entry = printable(entry);
        let mut entries = lock(&self.0);
        if entry.trim().is_empty() || entries.back() == Some(&entry) {
            return false;
        }
        if entries.len() == MAX_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
        true
    }

    /// Puts older entries, oldest first, before all that are there.
    pub fn load(&self, older: Vec<String>) {
        let mut entries = lock(&self.0);
        for entry in older.into_iter().rev() {
            if entries.len() == MAX_ENTRIES {
                return;
            }
            let entry = printable(&entry);
            if !entry.trim().is_empty() && entries.front() != Some(&entry) {
                entries.push_front(entry);
            }
        }
    }

    /// Is this text an entry, whole?
    pub fn contains(&self, text: &str) -> bool {
        lock(&self.0).iter().any(|entry| entry == text)
    }

    fn find(
        &self,
        start: usize,
        direction: SearchDirection,
        matches: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'static>> {
        let entries = lock(&self.0);
        let first = MAX_ENTRIES - entries.len();
        let hit = |(at, entry): (usize, &String)| {
            let pos = matches(entry)?;
            let entry = Cow::Owned(entry.clone());
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

impl History for Entries {
    fn get(&self, index: usize, direction: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        let entries = lock(&self.0);
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
                entry: Cow::Owned(entry.clone()),
                idx: index,
                pos: 0,
            }))
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        Ok(self.push(line))
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        Ok(self.push(&line))
    }

    fn len(&self) -> usize {
        MAX_ENTRIES
    }

    fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
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
        Ok(self.find(start, direction, |entry| entry.find(term)))
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        if term.is_empty() {
            return Ok(None);
        }
        Ok(self.find(start, direction, |entry| {
            entry.starts_with(term).then_some(term.len())
        }))
    }

    fn clear(&mut self) -> Result<()> {
        lock(&self.0).clear();
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
            history.push(entry);
        }
        history
    }

    fn at(history: &Entries, index: usize, direction: SearchDirection) -> Option<String> {
        let found = history.get(index, direction).unwrap();
        found.map(|found| found.entry.into_owned())
    }

    const NEWEST: usize = MAX_ENTRIES - 1;

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
            history.push(&number.to_string());
        }
        assert_eq!(at(&history, 0, SearchDirection::Forward).unwrap(), "1");
        history.load(vec!["older".into()]);
        assert_eq!(at(&history, 0, SearchDirection::Forward).unwrap(), "1");
    }
}
