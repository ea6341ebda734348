//! What the shell knows of the four languages: when an entry is complete, how to colour and indent it,
//! where its top-level statements begin and end, and what of them is really sent.
//!
//! One hand-written lexer a language, pure functions on text. They are total: any text has an answer,
//! in linear time. They decide by rules, not by a grammar: an error in the middle of an entry is the
//! server's to explain, so all that matters here is whether more typing could still be wanted.

#[cfg(test)]
mod cases;
mod gist;
mod habit;
mod magic;
mod pasted;
mod python;
mod question;
mod r;
mod scala;
mod scan;
mod sql;
mod sql_block;
mod sql_functions;
mod sql_words;
#[cfg(test)]
mod tests;
pub mod wanted;

use std::borrow::Cow;
use std::ops::Range;

pub use gist::{Gist, Gists};
pub use habit::{Habit, habit};
pub use magic::magic;
pub use pasted::{Pasted, pasted};
pub use python::future_imports as python_future_imports;
pub use question::question;
pub use sql_functions::FUNCTIONS as SQL_FUNCTIONS;
pub use sql_words::KEYWORDS as SQL_KEYWORDS;

/// A language that a Livy session can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python, Livy's kind `pyspark`.
    Python,
    /// Scala 2.12 and 2.13, Livy's kind `spark`.
    Scala,
    /// R, Livy's kind `sparkr`.
    R,
    /// Spark's SQL, Livy's kind `sql`.
    Sql,
}

/// What Enter at the end of a buffer should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Send it.
    Complete,
    /// Give the user another line.
    Incomplete,
    /// Send it as well: no further line could make it right, and the server explains best why.
    Wrong,
}

/// What a token is, as far as colours need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A word of the language.
    Keyword,
    /// A word for a value: `True`, `null`, `NA`.
    Constant,
    /// A name that the language brings along (functions, types).
    Builtin,
    /// The name that a `def`, `class`, `val` ... gives.
    Definition,
    /// Any other name.
    Name,
    /// A string or character, with its quotes; the code inside an interpolated one has its own tokens.
    String,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// An operator or a separator.
    Operator,
    /// One of `( ) [ ] { }`.
    Bracket,
    /// A decorator's or annotation's `@name`, an SQL hint.
    Annotation,
    /// A line that is Livy's, not the language's: `%json x`.
    Magic,
    /// White space inside a line.
    Space,
    /// One `\n`.
    Newline,
    /// A character that the language has no use for.
    Unknown,
}

/// A piece of a text. The tokens of a text follow one another without gap or overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub class: Class,
}

/// A text taken apart, for an editor that wants colours and brackets of one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexed {
    /// All of the text, in order.
    pub tokens: Vec<Token>,
    /// The bytes of brackets that belong together, in the order of the closing ones.
    pub pairs: Vec<(usize, usize)>,
    /// The bytes of brackets not yet closed, outermost first.
    pub unclosed: Vec<usize>,
    /// Whether the text ends inside a string or comment that may go on in the next line.
    pub open_text: bool,
    /// Whether nothing that follows could make it right.
    pub wrong: bool,
}

impl Lexed {
    /// The byte of the bracket that belongs to the one at byte `at`.
    pub fn partner(&self, at: usize) -> Option<usize> {
        self.pairs.iter().find_map(|&(open, close)| match at {
            _ if at == open => Some(close),
            _ if at == close => Some(open),
            _ => None,
        })
    }

    /// The tokens that mean something, without white space, line ends and comments.
    fn solid(&self) -> impl DoubleEndedIterator<Item = &Token> {
        self.tokens
            .iter()
            .filter(|token| !matches!(token.class, Class::Space | Class::Newline | Class::Comment))
    }
}

/// A top-level statement of a text, to be sent on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its bytes, from its first comment or word to the end of its last line.
    pub range: Range<usize>,
    /// The line of the text that it begins in, 0-based: what to add to a line number in its errors.
    pub first_line: usize,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Python, Self::Scala, Self::R, Self::Sql];

    /// The language that a user or Livy calls `word`: its own name, short names, and Livy's kinds.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "python" | "py" | "pyspark" | "python3" | "pyspark3" => Some(Self::Python),
            "scala" | "sc" | "spark" => Some(Self::Scala),
            "r" | "sparkr" => Some(Self::R),
            "sql" => Some(Self::Sql),
            _ => None,
        }
    }

    /// The language of a file with this extension (without the dot).
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "py" => Some(Self::Python),
            "scala" | "sc" => Some(Self::Scala),
            "r" => Some(Self::R),
            "sql" => Some(Self::Sql),
            _ => None,
        }
    }

    /// Its name as people write it in lower case: `python`, `scala`, `r`, `sql`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Scala => "scala",
            Self::R => "r",
            Self::Sql => "sql",
        }
    }

    /// Takes a text apart.
    pub fn lex(self, text: &str) -> Lexed {
        match self {
            Self::Python => python::lex(text),
            Self::Scala => scala::lex(text),
            Self::R => r::lex(text),
            Self::Sql => sql::lex(text),
        }
    }

    /// The tokens of a text, which cover all of it.
    pub fn tokens(self, text: &str) -> Vec<Token> {
        self.lex(text).tokens
    }

    /// The byte of the bracket that belongs to the one at byte `at`, if there is one.
    pub fn bracket_partner(self, text: &str, at: usize) -> Option<usize> {
        self.lex(text).partner(at)
    }

    /// What Enter at the end of `buffer` should do. An empty last line always submits: whatever the
    /// rules think, nobody is stuck.
    pub fn completeness(self, buffer: &str) -> Completeness {
        if buffer.trim().is_empty() || scan::ends_in_blank_line(buffer) {
            return Completeness::Complete;
        }
        match self {
            Self::Python => python::completeness(buffer),
            Self::Scala => scala::completeness(buffer),
            Self::R => r::completeness(buffer),
            Self::Sql => sql::completeness(buffer),
        }
    }

    /// The white space that a new line after `buffer` should begin with.
    pub fn next_indent(self, buffer: &str) -> String {
        match self {
            Self::Python => python::next_indent(buffer),
            Self::Scala => scala::next_indent(buffer),
            Self::R => r::next_indent(buffer),
            Self::Sql => scan::line_indent(buffer, buffer.len()).to_owned(),
        }
    }

    /// The white space that the last line of `buffer` should begin with now that its last character
    /// was typed: a closing bracket goes under the line that opened it, Python's `else:` under its
    /// `if`. `None` leaves the line as it is.
    pub fn redent(self, buffer: &str) -> Option<String> {
        let line = buffer.get(buffer.rfind('\n')? + 1..)?;
        let now = scan::line_indent(buffer, buffer.len());
        let wanted = match line.trim() {
            ")" | "]" | "}" => {
                let lexed = self.lex(buffer);
                let open = lexed.partner(buffer.trim_end().len() - 1)?;
                match self {
                    Self::Scala => scala::block_indent(buffer, &lexed, open),
                    _ => scan::line_indent(buffer, scan::began(buffer, &lexed, open)),
                }
            }
            word if self == Self::Python => python::redent(buffer, word)?,
            "case" if self == Self::Scala => scala::case_indent(buffer)?,
            _ => return None,
        };
        (wanted != now).then(|| wanted.to_owned())
    }

    /// The top-level statements of a text, in order. Comments belong to the statement after them;
    /// those after the last statement, and blank lines, belong to none. In R and SQL, neither does a
    /// comment in the line that a statement ends in.
    pub fn parts(self, text: &str) -> Vec<Part> {
        let ranges = match self {
            Self::Python => python::parts(text),
            Self::Scala => scala::parts(text),
            Self::R => r::parts(text),
            Self::Sql => sql::parts(text),
        };
        let mut lines = scan::LineCounter::new(text);
        let part = |range: Range<usize>| Part {
            first_line: lines.line_of(range.start),
            range,
        };
        ranges.into_iter().map(part).collect()
    }

    /// What is really sent for a part or a whole entry; `None` when there is nothing to run.
    ///
    /// Lines keep their numbers in Python, R and SQL, and in Scala but for what [`scala_join`] joins.
    pub fn clean(self, part: &str) -> Option<Cow<'_, str>> {
        self.lex(part).solid().next()?;
        match self {
            Self::Python | Self::R => Some(Cow::Borrowed(part.trim_end())),
            Self::Scala => Some(scala_join(part.trim_end())),
            Self::Sql => sql::clean(part).map(Cow::Borrowed),
        }
    }
}

/// Rewrites Scala so that Livy, which runs it line by line, sees what the user sees.
///
/// Livy's interpreter runs a line as soon as it parses by itself, so a line that begins with `.`,
/// `else`, `catch`, `yield`, `with` and the like would come too late. Such a line is joined to the one
/// before it with a space, and so is a line after a trailing operator, and an opening brace on a line
/// of its own. `//` comments that would swallow what is joined are dropped, as are the blank
/// lines between. Companions (a class or trait and its object, one right after the other) are joined with `;`
/// where the first ends and the second begins, which makes Livy compile them as one; wrapping them in
/// braces would hide their names. Inside brackets and strings nothing is changed.
pub fn scala_join(text: &str) -> Cow<'_, str> {
    scala::join(text)
}
