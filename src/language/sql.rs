//! Spark's SQL: statements end at a `;` outside strings and comments.

use std::ops::Range;

use super::scala::nested_comment;
use super::scan::{Scanner, in_name, slice, starts_name};
use super::sql_block::Blocks;
use super::sql_words::{CONSTANTS, KEYWORDS, TYPES};
use super::{Class, Completeness, Lexed};

/// Takes an SQL text apart. Nothing in it is ever `wrong`: a `;` submits in any case.
pub fn lex(text: &str) -> Lexed {
    let mut scan = Scanner::new(text);
    while !scan.at_end() {
        if !scan.space() {
            step(&mut scan);
        }
    }
    let lexed = scan.finish();
    Lexed {
        wrong: false,
        ..lexed
    }
}

fn step(scan: &mut Scanner) {
    let (start, byte) = (scan.pos, scan.byte(0));
    match byte {
        b'-' if scan.byte(1) == b'-' => line_comment(scan),
        b'/' if scan.byte(1) == b'*' => {
            let class = if scan.byte(2) == b'+' {
                Class::Annotation
            } else {
                Class::Comment
            };
            nested_comment(scan);
            scan.push(class, start);
        }
        b'\'' | b'"' => string(scan, start, false),
        b'r' | b'R' if matches!(scan.byte(1), b'\'' | b'"') => {
            scan.pos += 1;
            string(scan, start, true);
        }
        b'x' | b'X' if matches!(scan.byte(1), b'\'' | b'"') => {
            scan.pos += 1;
            string(scan, start, false);
        }
        b'`' => {
            scan.pos += 1;
            // A doubled backtick is read as two names side by side, which ends at the same place.
            scan.open_text |= !scan.eat_past("`");
            scan.push(Class::Name, start);
        }
        b'0'..=b'9' => scan.number(),
        b'.' if scan.byte(1).is_ascii_digit() => scan.number(),
        _ if scan.bracket() => {}
        _ if scan.char().is_some_and(starts_name) => name(scan),
        _ => {
            scan.bump();
            let known = b"+-*/%=<>!&|^~.,;:?@$".contains(&byte);
            if byte == b'<' && scan.at("=>") {
                scan.pos += 2;
            } else if matches!(
                (byte, scan.byte(0)),
                (b'<' | b'>' | b'=' | b'!', b'=')
                    | (b'<' | b'=' | b'-', b'>')
                    | (b'|', b'|')
                    | (b':', b':')
            ) {
                scan.pos += 1;
            }
            scan.push(
                if known {
                    Class::Operator
                } else {
                    Class::Unknown
                },
                start,
            );
        }
    }
}

/// To the end of the line; with a backslash there, Spark goes on in the next.
fn line_comment(scan: &mut Scanner) {
    let start = scan.pos;
    let in_line = |c| c != '\n' && c != '\r';
    scan.eat_while(in_line);
    while slice(scan.text, start..scan.pos).ends_with('\\') && scan.byte(0) == b'\n' {
        scan.bump();
        scan.eat_while(in_line);
    }
    scan.push(Class::Comment, start);
}

/// A string over as many lines as it takes. A doubled quote is read as two strings side by side.
fn string(scan: &mut Scanner, start: usize, raw: bool) {
    let mark = scan.byte(0);
    scan.pos += 1;
    loop {
        match scan.byte(0) {
            0 if scan.at_end() => {
                scan.open_text = true;
                break;
            }
            b'\\' if !raw => scan.escape(),
            byte if byte == mark => {
                scan.pos += 1;
                break;
            }
            _ => scan.bump(),
        }
    }
    scan.push(Class::String, start);
}

fn name(scan: &mut Scanner) {
    let start = scan.pos;
    scan.eat_while(in_name);
    let name = slice(scan.text, start..scan.pos);
    let lower = if name.len() <= 20 {
        name.to_ascii_lowercase()
    } else {
        String::new()
    };
    let member = scan
        .tokens
        .last()
        .is_some_and(|token| slice(scan.text, token.range.clone()) == ".");
    let class = if member {
        Class::Name
    } else if CONSTANTS.contains(&lower.as_str()) {
        Class::Constant
    } else if KEYWORDS.binary_search(&lower.as_str()).is_ok() {
        Class::Keyword
    } else if TYPES.contains(&lower.as_str()) || scan.byte(0) == b'(' {
        Class::Builtin
    } else {
        Class::Name
    };
    scan.push(class, start);
}

/// A `;` ends an entry; without one it goes on.
pub fn completeness(buffer: &str) -> Completeness {
    let lexed = lex(buffer);
    let mut blocks = Blocks::new();
    let mut ended = true;
    for token in lexed.solid() {
        let word = slice(buffer, token.range.clone());
        blocks.feed(word);
        ended = word == ";" && !blocks.is_open();
    }
    if ended && !lexed.open_text {
        Completeness::Complete
    } else {
        Completeness::Incomplete
    }
}

/// The statements, each with its `;`. What is blank or only a comment is none, and a comment after
/// a `;` in the same line is about what stands before it.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let lexed = lex(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut blocks = Blocks::new();
    let mut comment = None;
    // Whether a statement has begun, and whether nothing ended in this line before.
    let (mut open, mut fresh_line) = (false, true);
    for token in &lexed.tokens {
        match token.class {
            Class::Newline => fresh_line = true,
            Class::Comment => {
                if !open && fresh_line {
                    comment.get_or_insert(token.range.start);
                }
                fresh_line |= slice(text, token.range.clone()).contains('\n');
            }
            Class::Space => {}
            _ => {
                let word = slice(text, token.range.clone());
                blocks.feed(word);
                let end = word == ";" && !blocks.is_open();
                match found.last_mut() {
                    Some(range) if open => range.end = token.range.end,
                    _ if end => {}
                    _ => found.push(comment.unwrap_or(token.range.start)..token.range.end),
                }
                (open, comment) = (!end, None);
                fresh_line = false;
            }
        }
    }
    found
}

/// One statement as the server takes it: without the `;` and what follows it; `None` when there is none.
pub fn clean(part: &str) -> Option<&str> {
    let lexed = lex(part);
    let mut end = part.len();
    for token in lexed.tokens.iter().rev() {
        match token.class {
            Class::Space | Class::Newline | Class::Comment => {}
            Class::Operator if slice(part, token.range.clone()) == ";" => end = token.range.start,
            _ => return Some(slice(part, 0..end).trim_end()),
        }
    }
    None
}
