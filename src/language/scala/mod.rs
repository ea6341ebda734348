//! Scala 2.12 and 2.13: completeness as people expect it, parts with companions kept together, and the
//! joining that Livy's line-by-line interpreter needs.

mod flow;
mod join;
mod lex;

use std::ops::Range;

pub use join::join;
pub use lex::{lex, nested_comment};

use super::scan::{began, line_indent, slice};
use super::{Class, Completeness, Lexed, Token};
pub(super) use flow::MODIFIERS;
use flow::{Flow, Need};

/// Whether an entry that ends here can be run.
pub fn completeness(buffer: &str) -> Completeness {
    let lexed = lex(buffer);
    if lexed.wrong {
        return Completeness::Wrong;
    }
    if lexed.open_text || !lexed.unclosed.is_empty() {
        return Completeness::Incomplete;
    }
    let last = statements(buffer, &lexed).pop();
    if last.is_some_and(|statement| !matches!(statement.need, Need::Nothing | Need::Argument)) {
        Completeness::Incomplete
    } else {
        Completeness::Complete
    }
}

/// A statement at the top level, or several on one line.
struct Statement<'a> {
    /// From its first to its last token.
    range: Range<usize>,
    /// From the first comment that belongs to it.
    start: usize,
    /// The column that it begins in, in bytes.
    column: usize,
    /// What it still needs at its end.
    need: Need,
    /// The line ends inside it, outside brackets, each with what the text before it needs.
    breaks: Vec<(usize, Need)>,
    /// The class, trait or object that it is, and the name.
    template: Option<(&'a str, &'a str)>,
    magic: bool,
}

/// Takes a text apart into statements: at a line end outside brackets, unless what comes before needs
/// more or what comes after can begin no statement.
fn statements<'a>(text: &'a str, lexed: &Lexed) -> Vec<Statement<'a>> {
    let mut found: Vec<Statement> = Vec::new();
    let mut flow = Flow::new();
    // Line ends (and where the first is) since the last solid token, and the first comment after one.
    let mut ends = Vec::new();
    let mut blank = false;
    let mut comment = None;
    for token in &lexed.tokens {
        let word = slice(text, token.range.clone());
        match token.class {
            Class::Newline => {
                blank |= ends
                    .last()
                    .is_some_and(|end: &usize| is_blank(text, *end, token.range.start));
                ends.push(token.range.start);
                continue;
            }
            Class::Space => continue,
            Class::Comment => {
                if !ends.is_empty() || found.is_empty() {
                    comment.get_or_insert(token.range.start);
                }
                continue;
            }
            _ => {}
        }
        let need = flow.need();
        let column = token.range.start - ends.last().map_or(0, |end: &usize| end + 1);
        let joins = flow.depth() > 0
            || ends.is_empty()
            || continues(need, blank, column, token, word, found.last());
        match found.last_mut() {
            Some(statement) if joins => {
                statement.range.end = token.range.end;
                if flow.depth() == 0
                    && let Some(&end) = ends.first()
                {
                    statement.breaks.push((end, need));
                }
            }
            _ => {
                flow = Flow::new();
                found.push(Statement {
                    start: comment.unwrap_or(token.range.start),
                    column,
                    range: token.range.clone(),
                    need: Need::Nothing,
                    breaks: Vec::new(),
                    template: None,
                    magic: token.class == Class::Magic,
                });
            }
        }
        flow.feed(token.class, word);
        if let Some(statement) = found.last_mut() {
            statement.need = flow.need();
        }
        ends.clear();
        (blank, comment) = (false, None);
    }
    name_templates(text, lexed, &mut found);
    found
}

fn is_blank(text: &str, from: usize, to: usize) -> bool {
    slice(text, from..to).trim().is_empty()
}

/// Whether a line that begins with `token` belongs to the statement before it.
fn continues(
    need: Need,
    blank: bool,
    column: usize,
    token: &Token,
    word: &str,
    before: Option<&Statement>,
) -> bool {
    let magic = token.class == Class::Magic || before.is_some_and(|statement| statement.magic);
    match need {
        _ if magic => false,
        Need::Sure => true,
        _ if flow::continues(token.class, word) => true,
        // Scala lets one line end stand before a block and after an operator, but no blank line.
        Need::Operand => !blank,
        Need::Body => !blank && matches!(word, "{" | "("),
        Need::Nothing => !blank && word == "{",
        Need::Argument => {
            let deeper = before.is_some_and(|statement| column > statement.column);
            !blank && (word == "{" || deeper && flow::begins_expression(token.class, word))
        }
    }
}

/// Finds out which statements define a class, trait or object.
fn name_templates<'a>(text: &'a str, lexed: &Lexed, statements: &mut [Statement<'a>]) {
    let mut tokens = lexed.solid().peekable();
    for statement in statements {
        while tokens
            .next_if(|token| token.range.start < statement.range.start)
            .is_some()
        {}
        let mut kind = None;
        let mut depth = 0_usize;
        while let Some(token) = tokens.next_if(|token| token.range.start < statement.range.end) {
            let word = slice(text, token.range.clone());
            match (token.class, word) {
                (Class::Bracket, "(" | "[") => depth += 1,
                (Class::Bracket, ")" | "]") => depth = depth.saturating_sub(1),
                (Class::Annotation, _) => {}
                (Class::Keyword, "class" | "object" | "trait") if depth == 0 => kind = Some(word),
                (Class::Keyword, _) if depth == 0 => {}
                (Class::Definition, _) if depth == 0 => {
                    statement.template = kind.map(|kind| (kind, word));
                    break;
                }
                _ if depth == 0 => break,
                _ => {}
            }
        }
    }
}

/// Whether two statements define a class or trait and its companion.
fn are_companions(first: &Statement, second: &Statement) -> bool {
    let (Some((kind, name)), Some((other, same))) = (first.template, second.template) else {
        return false;
    };
    name == same && (kind == "object") != (other == "object")
}

/// The top-level statements; companions, and a magic with the value before it, in one.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let lexed = lex(text);
    let statements = statements(text, &lexed);
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut before: Option<&Statement> = None;
    let mut paired = false;
    for statement in &statements {
        let pair = before.is_some_and(|before| !paired && are_companions(before, statement));
        match parts.last_mut() {
            Some(part)
                if pair || (statement.magic && before.is_some_and(|before| !before.magic)) =>
            {
                part.end = statement.range.end;
            }
            _ => parts.push(statement.start..statement.range.end),
        }
        paired = pair;
        before = Some(statement);
    }
    parts
}

/// The indentation of the line after `buffer`: two more inside a bracket that this line opened, after
/// `=>`, and after a line that needs more.
pub fn next_indent(buffer: &str) -> String {
    let lexed = lex(buffer);
    let here = line_indent(buffer, buffer.len());
    let comment = lexed
        .tokens
        .last()
        .is_some_and(|token| token.class == Class::Comment);
    if lexed.open_text {
        return if comment {
            here.to_owned()
        } else {
            String::new()
        };
    }
    let line = buffer.rfind('\n').map_or(0, |newline| newline + 1);
    if let Some(&open) = lexed.unclosed.last().filter(|open| **open >= line) {
        // Parameters of a definition go in twice, so that its body stands out.
        let step = if opens_parameters(buffer, &lexed, line..open) {
            "    "
        } else {
            "  "
        };
        return format!("{}{step}", block_indent(buffer, &lexed, open));
    }
    bracket_indent(buffer, &lexed, |inside| {
        let mut flow = Flow::new();
        for token in inside {
            flow.feed(token.class, slice(buffer, token.range.clone()));
        }
        flow.wants_step()
    })
}

fn opens_parameters(text: &str, lexed: &Lexed, before: Range<usize>) -> bool {
    let mut words = lexed
        .solid()
        .skip_while(|token| token.range.start < before.start)
        .take_while(|token| token.range.start < before.end)
        .map(|token| slice(text, token.range.clone()));
    let parenthesis = slice(text, before.end..text.len()).starts_with('(');
    parenthesis && words.any(|word| matches!(word, "class" | "def")) && !words.any(|w| w == "=")
}

/// The indentation of what the block that opens at `open` belongs to.
pub fn block_indent<'a>(text: &'a str, lexed: &Lexed, open: usize) -> &'a str {
    let mut at = began(text, lexed, open);
    loop {
        let head = slice(text, 0..at);
        let line = head.rfind('\n').map_or(0, |newline| newline + 1);
        let word = slice(text, line..text.len()).trim_start();
        if line == 0 || !(word.starts_with("extends ") || word.starts_with("with ")) {
            return line_indent(text, at);
        }
        at = began(text, lexed, line - 1);
    }
}

/// The indentation after a line in a language with braces. `needs_more` judges the tokens of a line.
pub fn bracket_indent(
    buffer: &str,
    lexed: &Lexed,
    needs_more: impl Fn(&[&Token]) -> bool,
) -> String {
    // A line that closes a bracket stands for the one that opened it.
    let begun = began(buffer, lexed, buffer.len());
    let here = line_indent(buffer, begun);
    let start_of = |at: usize| {
        let head = slice(buffer, 0..at);
        head.rfind('\n').map_or(0, |newline| newline + 1)
    };
    let line = start_of(buffer.len());
    if let Some(&open) = lexed.unclosed.last().filter(|open| **open >= line) {
        let outer = line_indent(buffer, began(buffer, lexed, open));
        return format!("{outer}  ");
    }
    let tokens: Vec<&Token> = lexed.solid().collect();
    let split = |tokens: &[&Token], line| tokens.partition_point(|token| token.range.start < line);
    let last = tokens.get(split(&tokens, line)..).unwrap_or(&[]);
    let mut before = tokens.get(..split(&tokens, start_of(begun))).unwrap_or(&[]);
    let Some(end) = last.last() else {
        return here.to_owned();
    };
    // What the line that put this one in looks like: the lines between stand beside this one.
    let mut outer = None;
    while let Some(head) = before.last() {
        let from = start_of(head.range.start);
        let (rest, head_tokens) = before.split_at(split(before, from));
        let opened = head_tokens
            .iter()
            .any(|token| lexed.unclosed.binary_search(&token.range.start).is_ok());
        if opened || !needs_more(head_tokens) || slice(buffer, head.range.clone()) == "=>" {
            break;
        }
        let indent = line_indent(buffer, head.range.start);
        if indent.len() != here.len() {
            outer = (indent.len() < here.len()).then_some(indent);
            break;
        }
        before = rest;
    }
    let arrow = matches!(slice(buffer, end.range.clone()), "=>" | "=" | "<-");
    match outer {
        // Further operands stand beside the first.
        Some(_) if needs_more(last) && end.class == Class::Operator && !arrow => here.to_owned(),
        _ if needs_more(last) => format!("{here}  "),
        Some(outer) => outer.to_owned(),
        None => here.to_owned(),
    }
}

/// The indentation for a `case` typed at the end of `buffer`: one step inside its braces.
pub fn case_indent(buffer: &str) -> Option<&str> {
    let lexed = lex(buffer);
    if lexed.open_text {
        return None;
    }
    let open = *lexed.unclosed.last()?;
    // That of the first case of the same braces; beside the brace it is aligned by hand.
    let first = lexed.solid().find(|token| token.range.start > open)?;
    if !slice(buffer, open..first.range.start).contains('\n') {
        return None;
    }
    let is_case = slice(buffer, first.range.clone()) == "case";
    is_case.then(|| line_indent(buffer, first.range.start))
}
