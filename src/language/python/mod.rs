//! Python: completeness as Python's own prompt has it, parts by logical lines.

mod lex;

use std::ops::Range;

pub use lex::lex;

use super::scan::{ends_in_blank_line, line_indent, slice};
use super::{Class, Completeness, Lexed, Token};

const HEADS: &[&str] = &["class", "def", "for", "if", "try", "while", "with"];
const CLAUSES: &[&str] = &["elif", "else", "except", "finally"];
/// The keywords that can end a statement.
const ENDING: &[&str] = &["break", "continue", "pass", "raise", "return", "yield"];
const LEAVING: &[&str] = &["break", "continue", "pass", "raise", "return"];

/// A line as Python counts them: to the next line end outside brackets and strings. Blank ones are left out.
struct Line<'a> {
    range: Range<usize>,
    /// Width of its indentation, tabs to the next multiple of 8.
    indent: usize,
    first: &'a str,
    second: &'a str,
    /// Its last word, not counting comments.
    last: &'a str,
    last_class: Class,
    /// Whether there is a `:` outside brackets.
    colon: bool,
    /// Whether there is nothing but a comment.
    comment: bool,
    /// Whether it is a string and nothing else.
    lone_string: bool,
}

impl Line<'_> {
    fn is_head(&self) -> bool {
        HEADS.contains(&self.first)
            || (self.first == "async" && HEADS.contains(&self.second))
            || (self.first == "match" && self.last == ":" && self.second != ":")
    }

    fn is_clause(&self) -> bool {
        CLAUSES.contains(&self.first)
    }

    /// Whether nothing can make this line right: a head without its colon, an operator or a word such
    /// as `in` at its end. (A backslash at its end would have made it longer.)
    fn is_wrong(&self) -> bool {
        let hard_head = self.is_clause() || (self.is_head() && self.first != "match");
        match self.last_class {
            _ if hard_head && !self.colon => true,
            Class::Keyword => !ENDING.contains(&self.last),
            Class::Operator if self.last == ":" => !self.opens_block(),
            // `from x import *`
            Class::Operator => !matches!(self.last, ";" | "," | "..." | "*"),
            Class::Annotation => self.last.ends_with(['@', '.']),
            _ => false,
        }
    }

    fn opens_block(&self) -> bool {
        self.is_head() || self.is_clause() || (self.first == "case" && self.second != ":")
    }

    fn is_decorator(&self) -> bool {
        self.first.starts_with('@')
    }
}

fn indent_width(white: &str) -> usize {
    white.chars().fold(0, |width, c| match c {
        '\t' => (width / 8 + 1) * 8,
        '\u{c}' => 0,
        _ => width + 1,
    })
}

fn lines<'a>(text: &'a str, lexed: &Lexed) -> Vec<Line<'a>> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut begin = 0;
    let mut from = 0;
    let tokens = &lexed.tokens;
    for (index, token) in tokens.iter().enumerate() {
        let word = slice(text, token.range.clone());
        match token.class {
            Class::Bracket if matches!(word, "(" | "[" | "{") => depth += 1,
            Class::Bracket => depth = depth.saturating_sub(1),
            Class::Newline if depth == 0 => {
                found.extend(line(text, lexed, from..index, begin));
                from = index + 1;
                begin = token.range.end;
            }
            _ => {}
        }
    }
    found.extend(line(text, lexed, from..tokens.len(), begin));
    found
}

fn line<'a>(text: &'a str, lexed: &Lexed, tokens: Range<usize>, begin: usize) -> Option<Line<'a>> {
    let tokens = lexed.tokens.get(tokens)?;
    let visible = |class: Class| !matches!(class, Class::Space | Class::Newline);
    let start = tokens
        .iter()
        .find(|token| visible(token.class))?
        .range
        .start;
    let end = tokens.iter().rfind(|token| visible(token.class))?.range.end;
    let solid = || {
        tokens
            .iter()
            .filter(|token| visible(token.class) && token.class != Class::Comment)
    };
    let mut words = solid().map(|token| slice(text, token.range.clone()));
    let first = words.next();
    let second = words.next().unwrap_or("");
    let last = solid().next_back();
    Some(Line {
        range: start..end,
        indent: indent_width(slice(text, begin..start)),
        first: first.unwrap_or(""),
        second,
        last: last.map_or("", |token| last_word(text, token.range.clone())),
        last_class: last.map_or(Class::Comment, |token| token.class),
        colon: has_colon(text, tokens),
        comment: first.is_none(),
        lone_string: first.is_some() && solid().all(|token| token.class == Class::String),
    })
}

/// The word there; three dots, which are three tokens, are one.
fn last_word(text: &str, range: Range<usize>) -> &str {
    let start = range.start.saturating_sub(2);
    match text.get(start..range.end) {
        Some("...") => "...",
        _ => slice(text, range),
    }
}

/// Whether there is a `:` outside brackets.
fn has_colon(text: &str, tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    tokens.iter().any(|token| {
        let word = slice(text, token.range.clone());
        match token.class {
            Class::Bracket if matches!(word, "(" | "[" | "{") => depth += 1,
            Class::Bracket => depth = depth.saturating_sub(1),
            Class::Operator => return depth == 0 && word == ":",
            _ => {}
        }
        false
    })
}

/// Whether an entry that ends here is one that Python's own prompt would run.
pub fn completeness(buffer: &str) -> Completeness {
    let lexed = lex(buffer);
    if lexed.wrong {
        return Completeness::Wrong;
    }
    if lexed.open_text || !lexed.unclosed.is_empty() || ends_in_backslash(buffer, &lexed) {
        return Completeness::Incomplete;
    }
    let mut lines = lines(buffer, &lexed);
    lines.retain(|line| !line.comment);
    let Some(last) = lines.last() else {
        return Completeness::Complete;
    };
    if last.is_wrong() {
        return Completeness::Wrong;
    }
    let statement = lines.iter().rfind(|line| line.indent == 0);
    let in_block = statement.is_some_and(|line| line.is_head() || line.is_clause());
    if in_block || last.last == ":" || last.is_decorator() {
        Completeness::Incomplete
    } else {
        Completeness::Complete
    }
}

fn ends_in_backslash(buffer: &str, lexed: &Lexed) -> bool {
    let code = lexed
        .tokens
        .last()
        .is_some_and(|token| token.class != Class::Comment);
    code && buffer.trim_end_matches('\r').ends_with('\\')
}

/// The indentation of the line after `buffer`.
pub fn next_indent(buffer: &str) -> String {
    let lexed = lex(buffer);
    if lexed.open_text {
        return String::new();
    }
    let here = line_indent(buffer, buffer.len());
    let lines = lines(buffer, &lexed);
    let unit = unit(buffer, &lines);
    if let Some(&open) = lexed.unclosed.last() {
        let line = buffer.rfind('\n').map_or(0, |newline| newline + 1);
        // Further lines stay where the first was put, which those of brackets since closed do not tell.
        let mut closed = lexed.pairs.iter().rev().take_while(|pair| pair.1 >= line);
        let back = closed.any(|pair| pair.0 < line);
        return if open >= line || back {
            inside_bracket(buffer, &lexed, open, unit)
        } else {
            here.to_owned()
        };
    }
    if ends_in_blank_line(buffer) {
        return here.to_owned();
    }
    let Some(at) = lines.iter().rposition(|line| !line.comment) else {
        return here.to_owned();
    };
    let Some(last) = lines.get(at) else {
        return here.to_owned();
    };
    let base = line_indent(buffer, last.range.start);
    // A comment says where the next line goes, unless it stands where none can.
    let comment = at + 1 < lines.len();
    if comment && (last.last != ":" || here.len() > base.len()) {
        return here.to_owned();
    }
    if ends_in_backslash(buffer, &lexed) {
        // Further continued lines stay where the first was put.
        let first = !slice(buffer, last.range.clone()).contains('\n');
        return if first {
            format!("{here}{unit}")
        } else {
            here.to_owned()
        };
    }
    if last.last == ":" {
        return format!("{base}{unit}");
    }
    if LEAVING.contains(&last.first) {
        let outer = lines.get(..at).and_then(|before| {
            before
                .iter()
                .rfind(|line| !line.comment && line.indent < last.indent)
        });
        return outer
            .map_or("", |line| line_indent(buffer, line.range.start))
            .to_owned();
    }
    base.to_owned()
}

/// The indentation inside a bracket: under what follows it in its line, else one step in.
fn inside_bracket(buffer: &str, lexed: &Lexed, open: usize, unit: &str) -> String {
    let outer = line_indent(buffer, open);
    let rest = slice(buffer, open + 1..buffer.len());
    let rest = rest.split('\n').next().unwrap_or("");
    let content = rest.trim_start();
    let start = buffer.len().min(open + 1 + rest.len() - content.len());
    let comment = content.starts_with('#');
    if content.is_empty() || comment || lexed.unclosed.binary_search(&start).is_ok() {
        return format!("{outer}{unit}");
    }
    let line = slice(buffer, 0..open).rfind('\n').map_or(0, |n| n + 1);
    let width = slice(buffer, line + outer.len()..start).chars().count();
    format!("{outer}{}", " ".repeat(width))
}

/// The indentation that the text itself uses for a block, else four spaces.
fn unit<'a>(text: &'a str, lines: &[Line<'a>]) -> &'a str {
    let indented = lines.iter().filter(|line| line.indent > 0 && !line.comment);
    let least = indented.min_by_key(|line| line.indent);
    least.map_or("    ", |line| line_indent(text, line.range.start))
}

/// The indentation that the clause `word` (`else:`) at the end of `buffer` should have.
pub fn redent<'a>(buffer: &'a str, word: &str) -> Option<&'a str> {
    let clause = word.strip_suffix(':')?;
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let (clause, rest) = clause.split_at(clause.find(|c| !is_name(c)).unwrap_or(clause.len()));
    // a name like any other: `case: int`, `case = lambda:`
    if clause == "case" && !rest.starts_with(char::is_whitespace)
        || rest.trim_start().starts_with(['=', ':'])
    {
        return None;
    }
    let heads: &[&str] = match clause {
        "else" => &["if", "elif", "for", "while", "try", "except"],
        "elif" => &["if", "elif"],
        "except" => &["try", "except"],
        "finally" => &["try", "except", "else"],
        "case" => &["case"],
        _ => return None,
    };
    let lexed = lex(buffer);
    if lexed.open_text || !lexed.unclosed.is_empty() {
        return None;
    }
    let lines = lines(buffer, &lexed);
    let (last, before) = lines.split_last()?;
    // what goes on in this line began above it
    if last.range.start < buffer.rfind('\n').map_or(0, |at| at + 1) {
        return None;
    }
    let mut within = last.indent;
    for line in before.iter().rev().filter(|line| !line.comment) {
        let head = heads.contains(&line.first);
        if line.indent < within && head {
            return Some(line_indent(buffer, line.range.start));
        }
        // Under its head already, or the first of its `match`.
        if (line.indent == last.indent && head) || (clause == "case" && line.first == "match") {
            return None;
        }
        within = within.min(line.indent);
    }
    None
}

/// The top-level statements.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let lexed = lex(text);
    let mut parts: Vec<Range<usize>> = Vec::new();
    // Where the comments begin that belong to the next part.
    let mut pending: Option<usize> = None;
    // Whether the next line belongs to the last part whatever it is: after a decorator.
    let mut held = false;
    let mut documents = false;
    for line in lines(text, &lexed) {
        let inner = line.indent > 0 || line.is_clause();
        match parts.last_mut() {
            Some(part) if held || (inner && !line.comment) => {
                part.end = line.range.end;
                pending = None;
            }
            Some(part) if line.comment && line.indent > 0 && pending.is_none() => {
                part.end = line.range.end;
            }
            _ if line.comment => {
                pending.get_or_insert(line.range.start);
            }
            _ => {
                let start = pending.take().unwrap_or(line.range.start);
                // A text for readers at the head of a file: alone it would only be echoed.
                match parts.last_mut() {
                    Some(part) if documents => part.end = line.range.end,
                    _ => parts.push(start..line.range.end),
                }
                documents = parts.len() == 1 && line.lone_string && !documents;
            }
        }
        if !line.comment {
            held = line.is_decorator() && line.indent == 0;
            documents &= line.lone_string;
        }
    }
    parts
}

/// The `from __future__ import` statements of a text, as they stand in it. They have to go with every
/// part that is sent by itself.
pub fn future_imports(text: &str) -> Vec<&str> {
    let lexed = lex(text);
    let lines = lines(text, &lexed);
    let imports = lines
        .iter()
        .filter(|line| line.first == "from" && line.second == "__future__");
    imports
        .map(|line| slice(text, line.range.clone()))
        .collect()
}
