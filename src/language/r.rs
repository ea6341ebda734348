//! R 4: completeness as R's own parser has it, parts by top-level expressions.

use std::ops::Range;

use super::scala::bracket_indent;
use super::scan::{Scanner, in_name, line_indent, slice, starts_name};
use super::{Class, Completeness, Lexed};

const KEYWORDS: &[&str] = &[
    "break", "else", "for", "function", "if", "in", "next", "repeat", "while",
];
const CONSTANTS: &[&str] = &[
    "FALSE",
    "Inf",
    "NA",
    "NA_character_",
    "NA_complex_",
    "NA_integer_",
    "NA_real_",
    "NULL",
    "NaN",
    "TRUE",
];
const BUILTINS: &[&str] = &[
    "abs",
    "any",
    "all",
    "apply",
    "as.character",
    "as.integer",
    "as.numeric",
    "c",
    "cat",
    "cbind",
    "collect",
    "data.frame",
    "dim",
    "do.call",
    "factor",
    "head",
    "invisible",
    "is.na",
    "is.null",
    "lapply",
    "length",
    "library",
    "list",
    "list2env",
    "matrix",
    "max",
    "mean",
    "min",
    "names",
    "ncol",
    "nrow",
    "paste",
    "paste0",
    "print",
    "rbind",
    "rep",
    "return",
    "sapply",
    "seq",
    "seq_along",
    "seq_len",
    "setdiff",
    "stop",
    "str",
    "sum",
    "summary",
    "table",
    "tail",
    "unique",
    "vapply",
    "warning",
    "which",
];
/// Longest first.
const OPERATORS: &[&str] = &[
    "<<-", "->>", ":::", "<-", "->", "<=", ">=", "==", "!=", "&&", "||", "|>", "=>", "::", ":=",
    "**", "+", "-", "*", "/", "^", "<", ">", "=", "!", "&", "|", "~", "?", ":", "$", "@", ",", ";",
    "\\",
];

/// Takes an R text apart.
pub fn lex(text: &str) -> Lexed {
    let mut scan = Scanner::new(text);
    while !scan.at_end() {
        if !scan.space() {
            step(&mut scan);
        }
    }
    scan.finish()
}

fn step(scan: &mut Scanner) {
    let (start, byte) = (scan.pos, scan.byte(0));
    match byte {
        b'#' => {
            scan.eat_line();
            scan.push(Class::Comment, start);
        }
        b'"' | b'\'' => text(scan, start, byte, Class::String),
        b'`' => text(scan, start, byte, Class::Name),
        b'0'..=b'9' => scan.number(),
        b'.' if scan.byte(1).is_ascii_digit() => scan.number(),
        b'r' | b'R' if matches!(scan.byte(1), b'"' | b'\'') && raw_string(scan) => {}
        b'%' => special_operator(scan),
        _ if scan.bracket() => {}
        _ if byte == b'.' || scan.char().is_some_and(starts_name) => name(scan),
        _ => {
            let known = OPERATORS.iter().find(|operator| scan.at(operator));
            match known {
                Some(operator) => scan.pos += operator.len(),
                None => scan.bump(),
            }
            scan.push(
                if known.is_some() {
                    Class::Operator
                } else {
                    Class::Unknown
                },
                start,
            );
        }
    }
}

/// A string or a quoted name, over as many lines as it takes.
fn text(scan: &mut Scanner, start: usize, mark: u8, class: Class) {
    scan.pos += 1;
    loop {
        match scan.byte(0) {
            0 if scan.at_end() => {
                scan.open_text = true;
                break;
            }
            b'\\' => scan.escape(),
            byte if byte == mark => {
                scan.pos += 1;
                break;
            }
            _ => scan.bump(),
        }
    }
    scan.push(class, start);
}

/// `r"(...)"`, `R'--[...]--'`: false when this is none.
fn raw_string(scan: &mut Scanner) -> bool {
    let (start, mark) = (scan.pos, scan.byte(1));
    let dashes = slice(scan.text, start + 2..scan.text.len())
        .bytes()
        .take_while(|byte| *byte == b'-')
        .count();
    let close = match scan.byte(2 + dashes) {
        b'(' => ')',
        b'[' => ']',
        b'{' => '}',
        _ => return false,
    };
    scan.pos += 3 + dashes;
    let end = format!("{close}{}{}", "-".repeat(dashes), char::from(mark));
    scan.open_text |= !scan.eat_past(&end);
    scan.push(Class::String, start);
    true
}

/// `%in%`, `%%`; a lone `%` is nothing that R knows.
fn special_operator(scan: &mut Scanner) {
    let start = scan.pos;
    scan.pos += 1;
    scan.eat_while(|c| c != '%' && c != '\n');
    if scan.byte(0) == b'%' {
        scan.pos += 1;
        scan.push(Class::Operator, start);
    } else {
        scan.fail();
        scan.push(Class::Unknown, start);
    }
}

fn name(scan: &mut Scanner) {
    let start = scan.pos;
    scan.eat_while(|c| in_name(c) || c == '.');
    let name = slice(scan.text, start..scan.pos);
    let class = if KEYWORDS.contains(&name) {
        Class::Keyword
    } else if CONSTANTS.contains(&name) {
        Class::Constant
    } else if BUILTINS.contains(&name) && scan.byte(0) == b'(' {
        Class::Builtin
    } else {
        Class::Name
    };
    scan.push(class, start);
}

/// Whether an R expression can end where it is: fed with its tokens one by one.
struct Flow {
    /// Whether the bracket at each level follows `if`, `for`, `while` or `function`.
    heads: Vec<bool>,
    last: Last,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// A separator, or nothing yet.
    Start,
    Value,
    /// A word that a bracket follows.
    Head,
    /// An operator, `else`, `repeat`, or the bracket of a head.
    Open,
}

impl Flow {
    fn new() -> Self {
        Self {
            heads: Vec::new(),
            last: Last::Start,
        }
    }

    fn feed(&mut self, class: Class, word: &str) {
        self.last = match (class, word) {
            (Class::Bracket, "(" | "[" | "{") => {
                self.heads.push(self.last == Last::Head && word == "(");
                Last::Start
            }
            (Class::Bracket, _) if self.heads.pop() == Some(true) => Last::Open,
            (Class::Keyword, "if" | "for" | "while" | "function") | (Class::Operator, "\\") => {
                Last::Head
            }
            (Class::Operator, ";" | ",") => Last::Start,
            (Class::Operator, _) | (Class::Keyword, "else" | "repeat" | "in") => Last::Open,
            _ => Last::Value,
        };
    }

    fn needs_more(&self) -> bool {
        !self.heads.is_empty() || matches!(self.last, Last::Head | Last::Open)
    }
}

/// Whether an entry that ends here is one that R's prompt would run.
pub fn completeness(buffer: &str) -> Completeness {
    let lexed = lex(buffer);
    if lexed.wrong {
        return Completeness::Wrong;
    }
    let (_, needs_more) = expressions(buffer, &lexed);
    if lexed.open_text || needs_more {
        Completeness::Incomplete
    } else {
        Completeness::Complete
    }
}

/// The top-level expressions, and whether the last one needs more.
fn expressions(text: &str, lexed: &Lexed) -> (Vec<Range<usize>>, bool) {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut flow = Flow::new();
    // Whether the next token begins an expression, and the first comment before it.
    let mut ended = true;
    let mut fresh_line = true;
    let mut comment = None;
    for token in &lexed.tokens {
        let word = slice(text, token.range.clone());
        match token.class {
            Class::Newline => {
                ended |= !flow.needs_more();
                fresh_line = true;
            }
            Class::Comment if ended && fresh_line => {
                comment.get_or_insert(token.range.start);
            }
            Class::Space | Class::Comment => {}
            Class::Operator if word == ";" && flow.heads.is_empty() && !flow.needs_more() => {
                ended = true;
                fresh_line = false;
            }
            _ => {
                // R itself refuses an `else` in a line of its own here; alone it would read worse.
                let joins = !ended || word == "else";
                match found.last_mut() {
                    Some(range) if joins => range.end = token.range.end,
                    _ => {
                        flow = Flow::new();
                        found.push(comment.unwrap_or(token.range.start)..token.range.end);
                    }
                }
                flow.feed(token.class, word);
                (ended, fresh_line, comment) = (false, false, None);
            }
        }
    }
    (found, flow.needs_more() && !ended)
}

/// The top-level expressions, those divided by `;` too, so that R prints the value of each.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    expressions(text, &lex(text)).0
}

/// The indentation of the line after `buffer`: two more inside a bracket that this line opened, and
/// after a line that needs more.
pub fn next_indent(buffer: &str) -> String {
    let lexed = lex(buffer);
    if lexed.open_text {
        return String::new();
    }
    let indent = bracket_indent(buffer, &lexed, |inside| {
        let mut flow = Flow::new();
        for token in inside {
            flow.feed(token.class, slice(buffer, token.range.clone()));
        }
        flow.needs_more()
    });
    // A chain of pipes keeps the indentation of its second line.
    let here = line_indent(buffer, buffer.len());
    let chained = buffer
        .trim_end()
        .rsplit('\n')
        .nth(1)
        .is_some_and(|line| ends_in_pipe(line) && ends_in_pipe(buffer));
    if chained { here.to_owned() } else { indent }
}

fn ends_in_pipe(line: &str) -> bool {
    let line = line.trim_end();
    ["|>", "%>%", "+"].iter().any(|pipe| line.ends_with(pipe))
}
