//! Python's tokens, up to 3.14: f-strings and t-strings nest as they have since 3.12.

use crate::language::scan::{Frame, Quote, Scanner, in_name, slice, starts_name};
use crate::language::{Class, Lexed};

const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
const CONSTANTS: &[&str] = &["True", "False", "None", "Ellipsis", "NotImplemented"];
const BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "display",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "self",
    "set",
    "setattr",
    "slice",
    "sorted",
    "spark",
    "sc",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// Takes a Python text apart.
pub fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        scan: Scanner::new(text),
        fresh_line: true,
        previous: Class::Newline,
    };
    while !lexer.scan.at_end() {
        lexer.step();
    }
    lexer.scan.finish()
}

struct Lexer<'a> {
    scan: Scanner<'a>,
    /// Whether nothing solid was read since a line end outside brackets.
    fresh_line: bool,
    /// The class of the last solid token; `Definition` announces a name.
    previous: Class,
}

impl Lexer<'_> {
    fn step(&mut self) {
        if let Some(&Frame::Text(quote)) = self.scan.frames.last() {
            return self.text(quote);
        }
        let (start, byte) = (self.scan.pos, self.scan.byte(0));
        if byte == b'\n' {
            self.fresh_line = self.scan.frames.is_empty();
            self.scan.space();
            return;
        }
        if self.scan.space() {
            return;
        }
        if byte == b'#' {
            self.scan.eat_line();
            return self.scan.push(Class::Comment, start);
        }
        if byte == b'\\' && self.continued() {
            return;
        }
        let fresh = std::mem::replace(&mut self.fresh_line, false);
        let announced = std::mem::replace(&mut self.previous, Class::Operator) == Class::Definition;
        match byte {
            b'%' if fresh && self.is_magic() => {
                self.scan.eat_line();
                self.scan.push(Class::Magic, start);
            }
            b'@' if fresh => {
                self.scan.pos += 1;
                self.scan.eat_while(|c| in_name(c) || c == '.');
                self.scan.push(Class::Annotation, start);
            }
            b'"' | b'\'' => self.string(start, ""),
            b'0'..=b'9' => self.scan.number(),
            b'.' if self.scan.byte(1).is_ascii_digit() => self.scan.number(),
            b':' if let Some(text) = self.text_around_field() => {
                self.scan.pos += 1;
                self.scan.push(Class::Operator, start);
                self.scan.frames.push(Frame::Text(Quote {
                    mark: 0,
                    triple: text.triple,
                    raw: true,
                    joins: true,
                    format: true,
                }));
            }
            _ if self.scan.bracket() => {}
            _ if self.scan.char().is_some_and(starts_name) => self.name(start, fresh, announced),
            _ => self.operator(start),
        }
    }

    /// A `%word` at column 0: Livy's, or a mistake that nothing else could be.
    fn is_magic(&self) -> bool {
        let column = self.scan.pos
            - self
                .scan
                .text
                .get(..self.scan.pos)
                .and_then(|head| head.rfind('\n'))
                .map_or(0, |n| n + 1);
        column == 0 && self.scan.frames.is_empty() && self.scan.byte(1).is_ascii_alphabetic()
    }

    /// A backslash at the end of a line takes the line end away.
    fn continued(&mut self) -> bool {
        let start = self.scan.pos;
        let length = ["\\\n", "\\\r\n"]
            .iter()
            .find(|end| self.scan.at(end))
            .map_or(0, |end| end.len());
        self.scan.pos += length;
        self.scan.push(Class::Space, start);
        length > 0
    }

    /// The text that has the position in the code of a replacement field, outside further brackets.
    fn text_around_field(&self) -> Option<Quote> {
        match self.scan.frames.as_slice() {
            [.., Frame::Text(text), Frame::Bracket { open: b'{', .. }] => Some(*text),
            _ => None,
        }
    }

    fn operator(&mut self, start: usize) {
        const ASCII: &str = "+-*/%@&|^~<>=!.,:;\\";
        let class = if self.scan.char().is_some_and(|c| ASCII.contains(c)) {
            Class::Operator
        } else {
            Class::Unknown
        };
        self.scan.bump();
        if class == Class::Operator
            && self.scan.byte(0) == b'='
            && self.text_around_field().is_none()
        {
            self.scan.pos += 1;
        } else if matches!(slice(self.scan.text, start..self.scan.pos), "*" | "-" | "/") {
            // `**`, `->`, `//`
            if matches!(
                (self.scan.text.as_bytes().get(start), self.scan.byte(0)),
                (Some(b'*'), b'*') | (Some(b'-'), b'>') | (Some(b'/'), b'/')
            ) {
                self.scan.pos += 1;
            }
        }
        self.scan.push(class, start);
    }

    fn name(&mut self, start: usize, fresh: bool, announced: bool) {
        self.scan.eat_while(in_name);
        let name = slice(self.scan.text, start..self.scan.pos);
        if matches!(self.scan.byte(0), b'"' | b'\'') && is_prefix(name) {
            return self.string(start, name);
        }
        let attribute = self
            .scan
            .tokens
            .last()
            .is_some_and(|token| slice(self.scan.text, token.range.clone()) == ".");
        let class = if announced {
            Class::Definition
        } else if attribute {
            Class::Name
        } else if KEYWORDS.contains(&name) || (fresh && self.is_soft_keyword(name)) {
            Class::Keyword
        } else if CONSTANTS.contains(&name) {
            Class::Constant
        } else if BUILTINS.contains(&name) {
            Class::Builtin
        } else {
            Class::Name
        };
        self.previous = if matches!(name, "def" | "class") && class == Class::Keyword {
            Class::Definition
        } else {
            class
        };
        self.scan.push(class, start);
    }

    /// Whether `match`, `case` or `type` at the start of a line is the keyword: then a name or a value follows.
    fn is_soft_keyword(&self, name: &str) -> bool {
        let rest = self.scan.rest();
        let line = rest.split('\n').next().unwrap_or("");
        let code = line.trim_start();
        match name {
            "match" | "case" => !code.starts_with(['=', '.', ',', ':', ';']) && line.contains(':'),
            "type" => line.starts_with(' ') && code.starts_with(starts_name),
            _ => false,
        }
    }

    fn string(&mut self, start: usize, prefix: &str) {
        let prefix = prefix.to_ascii_lowercase();
        let mark = self.scan.byte(0);
        let triple = self.scan.byte(1) == mark && self.scan.byte(2) == mark;
        let quote = Quote {
            mark,
            triple,
            raw: prefix.contains('r'),
            joins: true,
            format: false,
        };
        if prefix.contains(['f', 't']) {
            self.scan.pos += if triple { 3 } else { 1 };
            self.scan.push(Class::String, start);
            self.scan.frames.push(Frame::Text(quote));
        } else {
            // In Python, a raw string's backslash keeps a quote from closing too.
            self.scan.string(
                start,
                Quote {
                    raw: false,
                    ..quote
                },
            );
        }
    }

    /// The text of an f-string, or of the format in one of its fields, up to the next field or its end.
    fn text(&mut self, quote: Quote) {
        let start = self.scan.pos;
        loop {
            let (byte, next) = (self.scan.byte(0), self.scan.byte(1));
            match byte {
                0 if self.scan.at_end() => break,
                b'{' if next == b'{' && !quote.format => self.scan.pos += 2,
                b'{' => {
                    self.scan.push(Class::String, start);
                    self.scan.bracket();
                    return;
                }
                b'}' if quote.format => {
                    self.scan.frames.pop();
                    break;
                }
                b'\\' if matches!(next, b'{' | b'}') => self.scan.pos += 1,
                b'\\' if !quote.raw && self.scan.at("\\N{") => {
                    self.scan.eat_while(|c| c != '}' && c != '\n');
                }
                b'\\' if !quote.format => {
                    let line_end = self.scan.at_line_end(1);
                    self.scan.escape();
                    if self.scan.at_end() && line_end {
                        // A backslash at the end of the buffer: the string goes on in the next line.
                        self.scan.open_text = true;
                        break;
                    }
                }
                b'\n' if !quote.triple => {
                    self.scan.fail();
                    self.drop_string();
                    break;
                }
                _ if !quote.format && self.scan.closes(quote) => {
                    self.scan.pos += if quote.triple { 3 } else { 1 };
                    self.scan.frames.pop();
                    break;
                }
                _ => self.scan.bump(),
            }
        }
        self.scan.push(Class::String, start);
    }

    /// Leaves a string that its line left open, with what is open inside it.
    fn drop_string(&mut self) {
        while let Some(frame) = self.scan.frames.pop() {
            if matches!(frame, Frame::Text(quote) if !quote.format) {
                break;
            }
        }
    }
}

fn is_prefix(name: &str) -> bool {
    name.len() <= 2 && !name.is_empty() && name.chars().all(|c| "rbuftRBUFT".contains(c))
}
