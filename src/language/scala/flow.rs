//! Whether a Scala statement can end where it is: fed with its tokens one by one, answered at any time.

use super::lex::{KEYWORDS, is_operator};
use crate::language::Class;

/// The keywords that a statement may end with; after all others more must come.
const ENDING: &[&str] = &["return", "this", "_"];
/// What may stand before a definition.
pub(in crate::language) const MODIFIERS: &[&str] = &[
    "abstract",
    "final",
    "implicit",
    "lazy",
    "override",
    "private",
    "protected",
    "sealed",
];

/// Why more must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing must.
    Nothing,
    /// Scala itself would wait: a bracket, a word or a sign that cannot end a statement.
    Sure,
    /// Scala would take the operator at the end for a postfix one; people go on in the next line.
    Operand,
    /// Nothing must, but an indented next line would be the argument of the method at the end: `buf append`.
    Argument,
    /// A `def` without a body, a `val` without a value, an `import` of a mere package: Scala's own
    /// prompt waits for them.
    Body,
}

/// What surrounds the tokens inside one bracket.
struct Level {
    /// The word before the bracket: `if`, `for`, `do` ...
    head: Head,
    /// Uses of `do` at this level that wait for their `while`.
    waiting_do: usize,
    /// The last word or sign at this level.
    last: Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// `if` or `while`: a body follows the bracket.
    Condition,
    For,
    Do,
    Annotation,
    /// That of `private[this]` or `super[A]`, which say no more than without it.
    Qualifier,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Start,
    /// A word after which more must come, with what it means for a bracket.
    Leading(Head),
    /// The `while` at the end of a `do`.
    ClosingWhile,
    Operator,
    /// `=`, `=>`, `.` and the like: never at an end.
    Reserved,
    Comma,
    Annotation,
    /// The bracket after `if`, `for` or `do`.
    AfterHead,
    /// The name of a method between its object and its argument: `xs map f`.
    Infix,
    /// Anything that can end a statement.
    Value,
}

/// The state of a statement up to some token.
pub struct Flow {
    levels: Vec<Level>,
    top: Level,
    /// The signs of which one must come: `=` or `{` after `def`.
    awaited: &'static [&'static str],
    /// Whether only modifiers were seen so far.
    heading: bool,
    previous_dot: bool,
}

impl Flow {
    pub fn new() -> Self {
        Self {
            levels: Vec::new(),
            top: Level {
                head: Head::Other,
                waiting_do: 0,
                last: Last::Start,
            },
            awaited: &[],
            heading: true,
            previous_dot: false,
        }
    }

    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Takes the next token that is neither space nor comment.
    pub fn feed(&mut self, class: Class, word: &str) {
        let member = std::mem::replace(&mut self.previous_dot, word == ".");
        if self.depth() == 0 {
            self.watch_definition(class, word);
        }
        match class {
            Class::Bracket if matches!(word, "(" | "[" | "{") => self.open(word),
            Class::Bracket => self.close(),
            Class::Keyword => self.keyword(word, member),
            // Elsewhere it is the annotation of a type: `x: @unchecked`.
            Class::Annotation => {
                let before = matches!(
                    self.top.last,
                    Last::Start | Last::Annotation | Last::Leading(_)
                );
                self.top.last = if before {
                    Last::Annotation
                } else {
                    Last::Value
                };
            }
            Class::Operator => self.top.last = operator(word, member, self.top.last),
            Class::Name | Class::Builtin if self.top.last == Last::Value => {
                self.top.last = Last::Infix;
            }
            // A string with code in it comes in pieces; each ends a statement as well as the whole.
            _ => self.top.last = Last::Value,
        }
    }

    fn watch_definition(&mut self, class: Class, word: &str) {
        let heading = self.heading;
        // `private[this]`, `@deprecated("...")`
        let aside = word == "[" || self.top.last == Last::Annotation;
        self.heading &= aside || class == Class::Annotation || MODIFIERS.contains(&word);
        match (class, word) {
            (Class::Operator, ";") => (self.heading, self.awaited) = (true, &[]),
            (Class::Keyword, "def") if heading => self.awaited = &["=", "{"],
            (Class::Keyword, "val" | "var") if heading => self.awaited = &["=", ":"],
            (Class::Keyword, "import") if heading => self.awaited = &["."],
            // After a result type, braces are part of it.
            (Class::Operator, ":") if self.awaited.contains(&"{") => self.awaited = &["="],
            _ if self.awaited.contains(&word) => self.awaited = &[],
            _ => {}
        }
    }

    fn open(&mut self, word: &str) {
        let head = match self.top.last {
            Last::Leading(Head::Condition) if word == "(" => Head::Condition,
            Last::Leading(head @ (Head::For | Head::Do)) => head,
            // `@throws[E]("...")`
            Last::Annotation if word != "{" => Head::Annotation,
            Last::Leading(_) if word == "[" => Head::Qualifier,
            _ => Head::Other,
        };
        let inner = Level {
            head,
            waiting_do: 0,
            last: Last::Start,
        };
        self.levels.push(std::mem::replace(&mut self.top, inner));
    }

    fn close(&mut self) {
        let Some(outer) = self.levels.pop() else {
            self.top.last = Last::Value;
            return;
        };
        let inner = std::mem::replace(&mut self.top, outer);
        self.top.last = match inner.head {
            Head::Condition | Head::For => Last::AfterHead,
            Head::Annotation => Last::Annotation,
            Head::Qualifier => Last::Leading(Head::Other),
            Head::Do | Head::Other => Last::Value,
        };
    }

    fn keyword(&mut self, word: &str, member: bool) {
        self.top.last = match word {
            "type" if member => Last::Value,
            "while" if self.top.waiting_do > 0 => {
                self.top.waiting_do -= 1;
                Last::ClosingWhile
            }
            "if" | "while" => Last::Leading(Head::Condition),
            "for" => Last::Leading(Head::For),
            "do" => {
                self.top.waiting_do += 1;
                Last::Leading(Head::Do)
            }
            word if KEYWORDS.contains(&word) && !ENDING.contains(&word) => {
                Last::Leading(Head::Other)
            }
            _ => Last::Value,
        };
    }

    /// Whether the next line belongs inside what ends here, rather than beside it.
    pub fn wants_step(&self) -> bool {
        self.depth() == 0
            && !matches!(self.top.last, Last::Annotation | Last::Comma)
            && matches!(self.need(), Need::Sure | Need::Operand)
    }

    /// What must still come if the text ended here.
    pub fn need(&self) -> Need {
        if self.depth() > 0 || self.top.waiting_do > 0 {
            return Need::Sure;
        }
        match self.top.last {
            Last::Leading(_)
            | Last::ClosingWhile
            | Last::Reserved
            | Last::Comma
            | Last::Annotation
            | Last::AfterHead => Need::Sure,
            Last::Operator => Need::Operand,
            _ if !self.awaited.is_empty() => Need::Body,
            Last::Infix => Need::Argument,
            Last::Start | Last::Value => Need::Nothing,
        }
    }
}

fn operator(word: &str, member: bool, before: Last) -> Last {
    match word {
        ";" => Last::Start,
        "," => Last::Comma,
        "." | "=" | "=>" | "<-" | ":" | "#" | "@" | "<:" | ">:" | "<%" | "⇒" | "←" => {
            Last::Reserved
        }
        "???" => Last::Value,
        // A method named by its operator (`p.!`), a wildcard (`import a.*`).
        _ if member => Last::Value,
        _ if !word.chars().all(is_operator) => Last::Value,
        // The name of a method: `def +`.
        _ if before == Last::Leading(Head::Other) => Last::Reserved,
        _ => Last::Operator,
    }
}

/// Whether an expression can begin with this token.
pub fn begins_expression(class: Class, word: &str) -> bool {
    match class {
        Class::Keyword => matches!(
            word,
            "_" | "do" | "for" | "if" | "new" | "super" | "this" | "throw" | "try" | "while"
        ),
        Class::Operator => matches!(word, "-" | "+" | "!" | "~"),
        Class::Bracket => matches!(word, "(" | "{"),
        Class::Name | Class::Builtin | Class::Constant | Class::Number | Class::String => true,
        _ => false,
    }
}

/// Whether a line that begins with this token goes on with the statement before it: what can begin no
/// statement in Scala.
pub fn continues(class: Class, word: &str) -> bool {
    match class {
        Class::Keyword => matches!(
            word,
            "catch" | "else" | "extends" | "finally" | "forSome" | "match" | "with" | "yield"
        ),
        Class::Operator => matches!(
            word,
            "." | "," | ":" | "=" | "=>" | "<-" | "<:" | "<%" | ">:" | "#"
        ),
        Class::Bracket => matches!(word, ")" | "]" | "}" | "["),
        _ => false,
    }
}
