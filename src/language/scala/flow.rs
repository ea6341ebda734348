//! Whether a Scala statement can end where it is: fed with its tokens one by one, answered at any time.

use super::lex::is_operator;
use crate::language::Class;

/// Words after which more must come.
const LEADING: &[&str] = &[
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
    "sealed",
    "super",
    "throw",
    "trait",
    "try",
    "type",
    "val",
    "var",
    "while",
    "with",
    "yield",
];
const MODIFIERS: &[&str] = &[
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
    /// A `def` without a body, as Scala's own prompt waits for one.
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
    Annotation,
    /// The bracket after `if`, `for` or `do`.
    AfterHead,
    /// Anything that can end a statement.
    Value,
}

/// The state of a statement up to some token.
pub struct Flow {
    levels: Vec<Level>,
    top: Level,
    /// Whether the statement is a `def` whose `=` or `{` has not come.
    bodiless: bool,
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
            bodiless: false,
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
            Class::Annotation => self.top.last = Last::Annotation,
            Class::Operator => self.top.last = operator(word, member, self.top.last),
            // A string with code in it comes in pieces; each ends a statement as well as the whole.
            _ => self.top.last = Last::Value,
        }
    }

    fn watch_definition(&mut self, class: Class, word: &str) {
        let heading = self.heading;
        // `private[this]`, `@deprecated("...")`
        let aside = word == "[" || self.top.last == Last::Annotation;
        self.heading &= aside || class == Class::Annotation || MODIFIERS.contains(&word);
        if heading && class == Class::Keyword && word == "def" {
            self.bodiless = true;
        } else if matches!(word, "=" | "{") {
            self.bodiless = false;
        }
    }

    fn open(&mut self, word: &str) {
        let head = match self.top.last {
            Last::Leading(Head::Condition) if word == "(" => Head::Condition,
            Last::Leading(head @ (Head::For | Head::Do)) => head,
            Last::Annotation if word == "(" => Head::Annotation,
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
            word if LEADING.contains(&word) => Last::Leading(Head::Other),
            _ => Last::Value,
        };
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
            | Last::Annotation
            | Last::AfterHead => Need::Sure,
            Last::Operator => Need::Operand,
            _ if self.bodiless => Need::Body,
            Last::Start | Last::Value => Need::Nothing,
        }
    }
}

fn operator(word: &str, member: bool, before: Last) -> Last {
    match word {
        ";" => Last::Start,
        "." | "," | "=" | "=>" | "<-" | ":" | "#" | "@" | "<:" | ">:" | "<%" | "⇒" | "←" => {
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
