//! A session's log: the host's stderr, kept as Livy keeps it, in a ring of lines.
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Livy's `livy.cache-log.size`.
const LINES: usize = 200;
/// A line longer than this many bytes is cut: a log line must not cost the memory of a result.
const LINE_BYTES: usize = 16 * 1024;

/// One page of a log, as it travels.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Page {
    id: i32,
    from: i64,
    total: usize,
    log: Vec<String>,
}

/// The ring. Positions shift once it is full, as Livy's do.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Mutex<VecDeque<String>>,
}

impl Log {
    /// Adds one line, or several when the text has newlines.
    pub(super) fn push(&self, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for line in text.lines() {
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(cut(line).to_owned());
        }
    }

    /// Both streams with their markers. What the user's code writes to stdout goes to its statement, so that
    /// part is always empty.
    fn all(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        ["stdout: ", "\nstderr: "]
            .into_iter()
            .map(str::to_owned)
            .chain(lines.iter().cloned())
            .collect()
    }

    /// The last `count` lines.
    pub(super) fn tail(&self, count: usize) -> Vec<String> {
        let mut all = self.all();
        all.split_off(all.len().saturating_sub(count))
    }

    /// A page: no or a negative `from` is the tail, a negative `size` is everything.
    pub(super) fn page(&self, id: i32, from: Option<i32>, size: Option<i32>) -> Page {
        let all = self.all();
        let size = usize::try_from(size.unwrap_or(100)).unwrap_or(all.len());
        let from = from
            .and_then(|from| usize::try_from(from).ok())
            .unwrap_or_else(|| all.len().saturating_sub(size));
        Page {
            id,
            from: i64::try_from(from).unwrap_or(i64::MAX),
            total: all.len(),
            log: all.into_iter().skip(from).take(size).collect(),
        }
    }
}

fn cut(line: &str) -> &str {
    let mut end = line.len().min(LINE_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: usize) -> Log {
        let log = Log::default();
        for number in 0..lines {
            log.push(&format!("line {number}"));
        }
        log
    }

    #[test]
    fn an_empty_log_is_its_two_markers() {
        assert_eq!(Log::default().tail(10), ["stdout: ", "\nstderr: "]);
    }

    #[test]
    fn only_the_last_two_hundred_lines_are_kept() {
        let page = with(250).page(6, None, Some(-1));
        assert_eq!((page.from, page.total), (0, 202));
        assert_eq!(page.log[2], "line 50");
    }

    #[test]
    fn pages_follow_livys_rules() {
        let log = with(200);
        assert_eq!(log.page(6, None, Some(2)).from, 200);
        assert_eq!(log.page(6, Some(-1), Some(2)).from, 200);
        assert_eq!(log.page(6, None, None).log.len(), 100);
        let first = log.page(6, Some(0), Some(3));
        assert_eq!(first.log, ["stdout: ", "\nstderr: ", "line 0"]);
        let past = log.page(6, Some(10_000), Some(3));
        assert_eq!((past.from, past.total, past.log.len()), (10_000, 202, 0));
    }

    #[test]
    fn a_huge_line_is_cut_between_characters() {
        let log = Log::default();
        log.push(&"\u{e9}".repeat(LINE_BYTES));
        assert!(log.tail(1)[0].len() <= LINE_BYTES);
    }
}
