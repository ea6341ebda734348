//! What Livy's line-by-line interpreter needs joined. See [`crate::language::scala_join`].

use std::borrow::Cow;
use std::ops::Range;

use super::flow::Need;
use super::{are_companions, lex, slice, statements};
use crate::language::{Class, Lexed};

/// A line end to take away.
struct Seam {
    /// From the end of the last token before it to the start of the first after it.
    gap: Range<usize>,
    separator: &'static str,
}

/// Joins what Livy would run too early.
pub fn join(text: &str) -> Cow<'_, str> {
    let lexed = lex(text);
    let seams = seams(text, &lexed);
    if seams.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut from = 0;
    let mut tokens = lexed.tokens.iter().peekable();
    for seam in &seams {
        joined.push_str(slice(text, from..seam.gap.start));
        joined.push_str(seam.separator);
        // Block comments stay; line comments would hide what is joined.
        while tokens
            .next_if(|token| token.range.start < seam.gap.start)
            .is_some()
        {}
        while let Some(token) = tokens.next_if(|token| token.range.start < seam.gap.end) {
            let word = slice(text, token.range.clone());
            if token.class == Class::Comment && word.starts_with("/*") {
                joined.push_str(word);
                joined.push(' ');
            }
        }
        from = seam.gap.end;
    }
    joined.push_str(slice(text, from..text.len()));
    Cow::Owned(joined)
}

fn seams(text: &str, lexed: &Lexed) -> Vec<Seam> {
    let mut seams = Vec::new();
    let gap = Gaps::new(lexed);
    let statements = statements(text, lexed);
    let mut paired = false;
    for (index, statement) in statements.iter().enumerate() {
        for &(end, need) in &statement.breaks {
            // What Scala itself waits for needs no help.
            if need != Need::Sure {
                seams.push(Seam {
                    gap: gap.around(end),
                    separator: " ",
                });
            }
        }
        let next = statements.get(index + 1);
        paired = !paired && next.is_some_and(|next| are_companions(statement, next));
        if paired {
            seams.push(Seam {
                gap: gap.around(statement.range.end),
                separator: "; ",
            });
        }
    }
    seams
}

/// The solid tokens of a text, to find those around a line end.
struct Gaps(Vec<Range<usize>>);

impl Gaps {
    fn new(lexed: &Lexed) -> Self {
        Self(lexed.solid().map(|token| token.range.clone()).collect())
    }

    fn around(&self, at: usize) -> Range<usize> {
        let after = self.0.partition_point(|range| range.start < at);
        let start = after
            .checked_sub(1)
            .and_then(|before| self.0.get(before))
            .map_or(0, |range| range.end);
        start..self.0.get(after).map_or(start, |range| range.start)
    }
}
