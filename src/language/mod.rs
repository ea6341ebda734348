//! Minimal copy of the signatures, until the language branch is merged.
#![allow(missing_docs)]
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    Scala,
    R,
    Sql,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    Incomplete,
    Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenClass {
    Keyword,
    String,
    Number,
    Comment,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub range: Range<usize>,
    pub class: TokenClass,
}

impl Language {
    pub fn completeness(self, text: &str) -> Completeness {
        if self == Self::Sql {
            return if text.trim_end().ends_with(';') {
                Completeness::Complete
            } else {
                Completeness::Incomplete
            };
        }
        let open = text.matches(['(', '[']).count();
        let shut = text.matches([')', ']']).count();
        if open > shut || (text.contains(":\n") || text.ends_with(':')) && !text.ends_with('\n') {
            Completeness::Incomplete
        } else {
            Completeness::Complete
        }
    }
    pub fn next_indent(self, text: &str) -> String {
        if text.ends_with(':') {
            "    ".into()
        } else {
            String::new()
        }
    }
    pub fn tokens(self, text: &str) -> Vec<Token> {
        text.match_indices("def")
            .map(|(at, word)| Token {
                range: at..at + word.len(),
                class: TokenClass::Keyword,
            })
            .collect()
    }
    pub fn bracket_partner(self, text: &str, at: usize) -> Option<usize> {
        (text.as_bytes().get(at) == Some(&b'('))
            .then(|| text.find(')'))
            .flatten()
    }
    pub fn magic(text: &str) -> Option<(Language, &str)> {
        let rest = text.strip_prefix("%sql")?;
        Some((Self::Sql, rest))
    }
}
