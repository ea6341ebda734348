//! The cursor that the four lexers share: it walks a text once, collects tokens and pairs brackets.
//!
//! Everything here is a loop over one position that only grows, with open brackets and strings on a
//! stack of our own: no input can make it recurse deeply, stand still or go quadratic.

use std::ops::Range;

use super::{Class, Lexed, Token};

#[cfg(test)]
thread_local! {
    /// How many characters and tokens were looked at: what a test of linear time counts.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn count(steps: usize) {
    STEPS.with(|all| all.set(all.get() + steps));
}

#[cfg(not(test))]
fn count(_steps: usize) {}

/// A string with code inside (Python's f-strings, Scala's interpolations) that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// The quote character.
    pub mark: u8,
    /// Whether three of them close it, and lines may end inside. A format takes this from its string.
    pub triple: bool,
    /// Whether a backslash is an ordinary character.
    pub raw: bool,
    /// Whether a backslash at the end of a line takes the line end away.
    pub joins: bool,
    /// Whether this is the format after the `:` of a replacement field rather than a string.
    pub format: bool,
}

/// What is open around the position of the scanner.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// A bracket, and where it stands.
    Bracket { open: u8, at: usize },
    /// The text of a string; brackets above it in the stack are code inside the string.
    Text(Quote),
}

pub(super) struct Scanner<'a> {
    pub text: &'a str,
    pub pos: usize,
    pub tokens: Vec<Token>,
    pub frames: Vec<Frame>,
    pairs: Vec<(usize, usize)>,
    /// A string or comment that may span lines is open at the end.
    pub open_text: bool,
    wrong: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            pos: 0,
            tokens: Vec::new(),
            frames: Vec::new(),
            pairs: Vec::new(),
            open_text: false,
            wrong: false,
        }
    }

    pub fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }

    /// The byte `ahead` of the position, 0 beyond the end.
    pub fn byte(&self, ahead: usize) -> u8 {
        count(1);
        let at = self.pos + ahead;
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub fn char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn at(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    pub fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// Steps over one character, whatever it is.
    pub fn bump(&mut self) {
        self.pos += self.char().map_or(0, char::len_utf8);
    }

    pub fn eat_while(&mut self, mut wanted: impl FnMut(char) -> bool) {
        let rest = self.rest();
        let width = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        count(width + 1);
        self.pos += width;
    }

    /// Steps to the end of the line, before its `\n`.
    pub fn eat_line(&mut self) {
        self.eat_while(|c| c != '\n');
    }

    /// Steps over the next `what`; false, and to the end, when there is none.
    pub fn eat_past(&mut self, what: &str) -> bool {
        let rest = self.rest();
        let found = rest.find(what).map(|found| found + what.len());
        let width = found.unwrap_or(rest.len());
        count(width + 1);
        self.pos += width;
        found.is_some()
    }

    /// Makes a token of what lies between `start` and the position.
    pub fn push(&mut self, class: Class, start: usize) {
        if start < self.pos {
            self.tokens.push(Token {
                range: start..self.pos,
                class,
            });
        }
    }

    /// Remembers that no continuation can make this text right.
    pub fn fail(&mut self) {
        self.wrong = true;
    }

    /// Reads white space or a line end, if the position is at one.
    pub fn space(&mut self) -> bool {
        let start = self.pos;
        if self.byte(0) == b'\n' {
            self.pos += 1;
            self.push(Class::Newline, start);
            return true;
        }
        // U+001A..U+001F separate lines or fields in some languages; nobody types them.
        self.eat_while(|c| c != '\n' && (c.is_whitespace() || c == '\u{feff}'));
        self.push(Class::Space, start);
        start < self.pos
    }

    /// Reads one bracket, if the position is at one.
    pub fn bracket(&mut self) -> bool {
        let (start, byte) = (self.pos, self.byte(0));
        match byte {
            b'(' | b'[' | b'{' => self.frames.push(Frame::Bracket {
                open: byte,
                at: start,
            }),
            b')' | b']' | b'}' => self.close(byte, start),
            _ => return false,
        }
        self.pos += 1;
        self.push(Class::Bracket, start);
        true
    }

    fn close(&mut self, byte: u8, start: usize) {
        match self.frames.last() {
            Some(&Frame::Bracket { open, at }) => {
                if closer(open) == byte {
                    self.pairs.push((at, start));
                } else {
                    self.fail();
                }
                self.frames.pop();
            }
            _ => self.fail(),
        }
    }

    /// A number: digits, letters and dots, and the sign of an exponent.
    pub fn number(&mut self) {
        let start = self.pos;
        let radix =
            self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X' | b'b' | b'B' | b'o' | b'O');
        loop {
            let byte = self.byte(0);
            let exponent =
                !radix && matches!(byte, b'e' | b'E') && matches!(self.byte(1), b'+' | b'-');
            let fraction = byte == b'.' && (self.byte(1).is_ascii_digit() || self.pos == start);
            if exponent && self.byte(2).is_ascii_digit() {
                self.pos += 2;
            } else if byte.is_ascii_alphanumeric() || byte == b'_' || fraction {
                self.pos += 1;
            } else {
                break;
            }
        }
        self.push(Class::Number, start);
    }

    /// Reads a string without code inside, from its opening quotes on; `start` is where its prefix is.
    pub fn string(&mut self, start: usize, quote: Quote) {
        self.pos += if quote.triple { 3 } else { 1 };
        loop {
            match self.byte(0) {
                0 if self.at_end() => {
                    if quote.triple {
                        self.open_text = true;
                    } else {
                        self.fail();
                    }
                    break;
                }
                b'\\' if !quote.raw && self.escapes(quote) => {
                    let line_end = self.at_line_end(1);
                    self.escape();
                    if self.at_end() && line_end {
                        // A backslash at the end of the buffer: the string goes on in the next line.
                        self.open_text = true;
                        break;
                    }
                }
                b'\n' if !quote.triple => {
                    self.fail();
                    break;
                }
                byte if byte == quote.mark && self.closes(quote) => {
                    self.pos += if quote.triple { 3 } else { 1 };
                    break;
                }
                _ => self.bump(),
            }
        }
        self.push(Class::String, start);
    }

    /// Whether the line, or the text, ends `ahead` of the position.
    pub fn at_line_end(&self, ahead: usize) -> bool {
        let rest = self.text.get(self.pos + ahead..).unwrap_or("");
        rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n")
    }

    /// Whether the backslash at the position escapes what follows it, rather than standing alone at a line's end.
    pub fn escapes(&self, quote: Quote) -> bool {
        quote.joins || quote.triple || !self.at_line_end(1)
    }

    /// A backslash and what it escapes, also a `\r\n`.
    pub fn escape(&mut self) {
        self.pos += 1;
        if self.at("\r\n") {
            self.pos += 1;
        }
        self.bump();
    }

    /// Whether the quote at the position ends the string.
    pub fn closes(&self, quote: Quote) -> bool {
        self.byte(0) == quote.mark
            && (!quote.triple || (self.byte(1) == quote.mark && self.byte(2) == quote.mark))
    }

    pub fn finish(self) -> Lexed {
        let mut unclosed = Vec::new();
        let mut text = None;
        for frame in &self.frames {
            match frame {
                Frame::Bracket { at, .. } => unclosed.push(*at),
                Frame::Text(quote) if !quote.format => text = Some(*quote),
                Frame::Text(_) => {}
            }
        }
        // Inside the code of a string, the code is what is open.
        let text = text.filter(|_| matches!(self.frames.last(), Some(Frame::Text(_))));
        let open_text = self.open_text || text.is_some_and(|quote| quote.triple);
        Lexed {
            tokens: self.tokens,
            pairs: self.pairs,
            unclosed,
            open_text,
            wrong: self.wrong || (text.is_some() && !open_text),
        }
    }
}

pub(super) fn closer(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

pub(super) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(super) fn in_name(c: char) -> bool {
    // Combining marks are no letters, but stand inside names (and in normalised text, everywhere).
    c == '_' || c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// The white space at the start of the line that `at` is in.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let head = text.get(..at).unwrap_or(text);
    let line = head.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(line..).unwrap_or("");
    let width = rest.find(|c| c != ' ' && c != '\t').unwrap_or(rest.len());
    count(width + at - line.min(at));
    rest.get(..width).unwrap_or("")
}

/// The place whose line began what the line of `at` goes on with: where a bracket opened that was closed
/// before `at` in the same line, and so on.
pub(super) fn began(text: &str, lexed: &Lexed, mut at: usize) -> usize {
    loop {
        let line = text
            .get(..at)
            .and_then(|head| head.rfind('\n'))
            .map_or(0, |newline| newline + 1);
        let closed = lexed.pairs.partition_point(|pair| pair.1 < line)
            ..lexed.pairs.partition_point(|pair| pair.1 < at);
        let opened = lexed.pairs.get(closed).unwrap_or(&[]).iter();
        match opened.map(|pair| pair.0).min() {
            Some(open) if open < line => at = open,
            _ => return at,
        }
    }
}

/// Whether the last line is empty and not the only one: two Enters in a row.
pub(super) fn ends_in_blank_line(buffer: &str) -> bool {
    buffer
        .rsplit_once('\n')
        .is_some_and(|(_, last)| last.trim().is_empty())
}

/// Counts line ends up to places that are asked for in rising order.
pub(super) struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 0,
        }
    }

    /// The line (0-based) of the byte `at`, which is not before the one asked for last.
    pub fn line_of(&mut self, at: usize) -> usize {
        self.line += self
            .text
            .get(self.at..at)
            .map_or(0, |passed| passed.matches('\n').count());
        self.at = self.at.max(at);
        self.line
    }
}

/// The text of a range that came from a token of it.
pub(super) fn slice(text: &str, range: Range<usize>) -> &str {
    count(1);
    text.get(range).unwrap_or("")
}
