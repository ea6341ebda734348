//! The tokens of Scala 2.12 and 2.13.

use crate::language::scan::{Frame, Quote, Scanner, in_name, slice, starts_name};
use crate::language::{Class, Lexed};

pub const KEYWORDS: &[&str] = &[
    "abstract",
    "case",
    "catch",
    "class",
    "def",
    "do",
    "else",
    "extends",
    "final",
    "finally",
    "for",
    "forSome",
    "if",
    "implicit",
    "import",
    "lazy",
    "macro",
    "match",
    "new",
    "object",
    "override",
    "package",
    "private",
    "protected",
    "return",
    "sealed",
    "super",
    "this",
    "throw",
    "trait",
    "try",
    "type",
    "val",
    "var",
    "while",
    "with",
    "yield",
    "_",
];
const CONSTANTS: &[&str] = &["true", "false", "null"];
const BUILTINS: &[&str] = &[
    "Any",
    "AnyRef",
    "AnyVal",
    "Array",
    "BigDecimal",
    "BigInt",
    "Boolean",
    "Byte",
    "Char",
    "DataFrame",
    "Dataset",
    "Double",
    "Either",
    "Float",
    "Int",
    "Iterator",
    "Left",
    "List",
    "Long",
    "Map",
    "Nil",
    "None",
    "Nothing",
    "Null",
    "Option",
    "Right",
    "Row",
    "Seq",
    "Set",
    "Short",
    "Some",
    "String",
    "Unit",
    "Vector",
    "println",
    "print",
    "require",
    "spark",
    "sc",
];
const NAMING: &[&str] = &["class", "def", "object", "trait", "type", "val", "var"];

/// Takes a Scala text apart.
pub fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        scan: Scanner::new(text),
        announced: false,
    };
    while !lexer.scan.at_end() {
        lexer.step();
    }
    lexer.scan.finish()
}

struct Lexer<'a> {
    scan: Scanner<'a>,
    /// Whether the last word was one that a definition's name follows.
    announced: bool,
}

impl Lexer<'_> {
    fn step(&mut self) {
        if let Some(&Frame::Text(quote)) = self.scan.frames.last() {
            return self.text(quote);
        }
        if self.scan.space() {
            return;
        }
        let (start, byte) = (self.scan.pos, self.scan.byte(0));
        if self.scan.at("//") {
            self.scan.eat_line();
            return self.scan.push(Class::Comment, start);
        }
        if self.scan.at("/*") {
            nested_comment(&mut self.scan);
            return self.scan.push(Class::Comment, start);
        }
        let announced = std::mem::take(&mut self.announced);
        match byte {
            b'"' => self.string(start, false),
            b'\'' => self.quoted(start),
            b'`' => {
                self.scan.pos += 1;
                self.scan.eat_while(|c| c != '`' && c != '\n');
                if self.scan.byte(0) == b'`' {
                    self.scan.pos += 1;
                } else {
                    self.scan.fail();
                }
                self.scan.push(Class::Name, start);
            }
            b'0'..=b'9' => self.scan.number(),
            b'.' if self.scan.byte(1).is_ascii_digit() => self.scan.number(),
            b'@' if starts_name(self.scan.rest().chars().nth(1).unwrap_or(' ')) => {
                self.scan.pos += 1;
                self.scan.eat_while(|c| in_name(c) || c == '.');
                self.scan.push(Class::Annotation, start);
            }
            b'%' if self.is_magic() => {
                self.scan.eat_line();
                self.scan.push(Class::Magic, start);
            }
            b'.' | b',' | b';' => {
                self.scan.pos += 1;
                self.scan.push(Class::Operator, start);
            }
            _ if self.scan.bracket() => {}
            _ if self.scan.char().is_some_and(starts_word) => self.name(start, announced),
            _ if self.scan.char().is_some_and(is_operator) => self.operator(start),
            _ => {
                self.scan.bump();
                self.scan.push(Class::Unknown, start);
            }
        }
    }

    /// A line that is Livy's: `%word` or `%word name` and nothing else, outside brackets.
    fn is_magic(&self) -> bool {
        let head = self.scan.text.get(..self.scan.pos).unwrap_or("");
        if !self.scan.frames.is_empty() || !(head.is_empty() || head.ends_with('\n')) {
            return false;
        }
        let mut words = self
            .scan
            .rest()
            .split('\n')
            .next()
            .unwrap_or("")
            .split_whitespace();
        let is_word =
            |word: &str| word.len() > 1 && word.bytes().skip(1).all(|b| b.is_ascii_lowercase());
        words.next().is_some_and(is_word)
            && words.next().is_none_or(|name| name.chars().all(in_name))
            && words.next().is_none()
    }

    fn operator(&mut self, start: usize) {
        // An operator ends where a comment begins.
        while self.scan.char().is_some_and(is_operator)
            && !(self.scan.at("//") || self.scan.at("/*"))
        {
            self.scan.bump();
        }
        if self.scan.pos == start {
            self.scan.bump();
        }
        self.scan.push(Class::Operator, start);
    }

    fn name(&mut self, start: usize, announced: bool) {
        self.scan.eat_while(|c| in_name(c) || c == '$');
        let plain = slice(self.scan.text, start..self.scan.pos);
        if plain.ends_with('_') && plain.len() > 1 {
            // `unary_-`, `name_=`
            let end = self.scan.pos;
            self.scan.eat_while(is_operator);
            if matches!(slice(self.scan.text, end..self.scan.pos), ":" | "=>" | "<-") {
                self.scan.pos = end;
            }
        }
        let name = slice(self.scan.text, start..self.scan.pos);
        if self.scan.byte(0) == b'"' && !KEYWORDS.contains(&name) {
            return self.string(start, true);
        }
        let member = self
            .scan
            .tokens
            .last()
            .is_some_and(|token| slice(self.scan.text, token.range.clone()) == ".");
        let class = if KEYWORDS.contains(&name) {
            Class::Keyword
        } else if announced {
            Class::Definition
        } else if CONSTANTS.contains(&name) {
            Class::Constant
        } else if BUILTINS.contains(&name) && !member {
            Class::Builtin
        } else {
            Class::Name
        };
        self.announced = NAMING.contains(&name) && !member;
        self.scan.push(class, start);
    }

    /// A character, or a symbol such as `'name`.
    fn quoted(&mut self, start: usize) {
        let mut ahead = self.scan.rest().chars().skip(1);
        let (first, second) = (ahead.next(), ahead.next());
        let class = match (first, second) {
            (Some('\\'), _) => {
                self.scan.pos += 2;
                self.scan.bump();
                // `'\u0041'`, `'\101'`
                self.scan.eat_while(|c| c.is_ascii_hexdigit() || c == 'u');
                if self.scan.byte(0) == b'\'' {
                    self.scan.pos += 1;
                }
                Class::String
            }
            (Some(first), Some('\'')) if first != '\n' => {
                self.scan.pos += 2 + first.len_utf8();
                Class::String
            }
            (Some(first), _) if starts_word(first) => {
                self.scan.pos += 1;
                self.scan.eat_while(|c| in_name(c) || c == '$');
                Class::String
            }
            _ => {
                self.scan.pos += 1;
                Class::Unknown
            }
        };
        self.scan.push(class, start);
    }

    fn string(&mut self, start: usize, interpolated: bool) {
        let triple = self.scan.at("\"\"\"");
        let quote = Quote {
            mark: b'"',
            triple,
            raw: triple,
            joins: false,
            format: false,
        };
        if interpolated {
            self.scan.pos += if triple { 3 } else { 1 };
            self.scan.push(Class::String, start);
            self.scan.frames.push(Frame::Text(quote));
            return;
        }
        if !triple {
            return self.scan.string(start, quote);
        }
        self.scan.pos += 3;
        if self.scan.eat_past("\"\"\"") {
            // Quotes before the last three belong to the text.
            self.scan.eat_while(|c| c == '"');
        } else {
            self.scan.open_text = true;
        }
        self.scan.push(Class::String, start);
    }

    /// The text of an interpolated string, up to its next piece of code or its end.
    fn text(&mut self, quote: Quote) {
        let start = self.scan.pos;
        loop {
            let (byte, next) = (self.scan.byte(0), self.scan.byte(1));
            match byte {
                0 if self.scan.at_end() => break,
                b'$' if matches!(next, b'$' | b'"') => self.scan.pos += 2,
                b'$' if next == b'{' => {
                    self.scan.pos += 1;
                    self.scan.push(Class::String, start);
                    self.scan.bracket();
                    return;
                }
                b'$' if starts_name(self.scan.rest().chars().nth(1).unwrap_or(' ')) => {
                    self.scan.pos += 1;
                    self.scan.push(Class::String, start);
                    let name = self.scan.pos;
                    self.scan.eat_while(in_name);
                    return self.scan.push(Class::Name, name);
                }
                // An escaped quote does not end it: so in 2.13, and an error before.
                b'\\' if !quote.raw && self.scan.escapes(quote) => self.scan.escape(),
                b'\n' if !quote.triple => {
                    self.scan.fail();
                    self.scan.frames.pop();
                    break;
                }
                b'"' if self.scan.closes(quote) => {
                    self.scan.pos += if quote.triple { 3 } else { 1 };
                    if quote.triple {
                        self.scan.eat_while(|c| c == '"');
                    }
                    self.scan.frames.pop();
                    break;
                }
                _ => self.scan.bump(),
            }
        }
        self.scan.push(Class::String, start);
    }
}

/// Steps over a comment that may hold others, as Scala and Spark's SQL have them.
pub fn nested_comment(scan: &mut Scanner) {
    let mut depth = 0_usize;
    loop {
        if scan.at("/*") {
            depth += 1;
            scan.pos += 2;
        } else if scan.at("*/") {
            depth -= 1;
            scan.pos += 2;
            if depth == 0 {
                return;
            }
        } else if scan.at_end() {
            scan.open_text = true;
            return;
        } else {
            scan.bump();
        }
    }
}

fn starts_word(c: char) -> bool {
    starts_name(c) || c == '$'
}

/// Operator characters: the ASCII ones, and other mathematical and symbol characters.
pub fn is_operator(c: char) -> bool {
    "!#%&*+-/:<=>?@\\^|~".contains(c)
        || matches!(c, '\u{2190}'..='\u{22ff}' | '×' | '÷' | '¬' | '±')
}
