//! Spark 4's `BEGIN ... END` scripts, whose inner `;` end no statement of ours.
//!
//! Only a statement that begins with `BEGIN` (or `LABEL: BEGIN`) is one; Spark 3 refuses those anyway.

/// What waits for its `END`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `BEGIN`, or an `IF`, `CASE`, `FOR` ... that holds statements.
    Statements,
    /// A `CASE` that is an expression.
    Expression,
}

/// Whether a script is open, fed with the words and separators of a text one by one.
pub(super) struct Blocks {
    open: Vec<Open>,
    /// A statement may begin here.
    start: bool,
    /// The word before was the first of a statement: before a `:` it is a label.
    label: bool,
    /// The word before was `END`: `END IF` opens nothing.
    ended: bool,
    /// The word before was the outermost `BEGIN`.
    begun: bool,
    /// The statement declares a handler, which a `BEGIN` may follow.
    handler: bool,
}

impl Blocks {
    pub fn new() -> Self {
        Self {
            open: Vec::new(),
            start: true,
            label: false,
            ended: false,
            begun: false,
            handler: false,
        }
    }

    /// Whether a `;` here would be one of the script's.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes the next token that is no space or comment.
    pub fn feed(&mut self, word: &str) {
        if word == ";" {
            self.separator();
        } else if self.is_open() || self.start || self.label {
            // Longer words are none of ours.
            let lower = if word.len() <= 11 {
                word.to_ascii_lowercase()
            } else {
                String::new()
            };
            self.word(&lower);
        }
    }

    fn separator(&mut self) {
        // Other databases' `BEGIN;`: an error to Spark, and nothing to wait for.
        if self.begun {
            self.open.clear();
        }
        (self.start, self.label, self.ended) = (true, false, false);
        (self.begun, self.handler) = (false, false);
    }

    fn word(&mut self, word: &str) {
        let (start, label) = (self.start, self.label);
        let (ended, begun) = (self.ended, self.begun);
        (self.start, self.label) = (false, false);
        (self.ended, self.begun) = (false, false);
        let inside = self.is_open();
        match word {
            "if" | "while" | "loop" | "repeat" | "for" | "case" if ended => {}
            "begin" if start || self.handler => {
                self.open.push(Open::Statements);
                (self.start, self.begun) = (true, !inside);
            }
            // `BEGIN TRANSACTION` and the like are no scripts.
            "work" | "transaction" if begun => self.open.clear(),
            "not" | "atomic" if start => self.start = true,
            ":" if label => self.start = true,
            _ if !inside => self.label = start,
            "case" if !start => self.open.push(Open::Expression),
            "if" | "while" | "for" | "case" if start => self.open.push(Open::Statements),
            "loop" | "repeat" if start => {
                self.open.push(Open::Statements);
                self.start = true;
            }
            "then" | "else" | "do" => self.start = self.open.last() == Some(&Open::Statements),
            "end" => {
                self.open.pop();
                self.ended = true;
            }
            "handler" => self.handler = true,
            _ => self.label = start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a script is still open after these words.
    fn open(words: &str) -> bool {
        let mut blocks = Blocks::new();
        words.split(' ').for_each(|word| blocks.feed(word));
        blocks.is_open()
    }

    #[test]
    fn each_end_closes_what_began_last() {
        assert!(open("begin if a then x ; else y ; end if ;"));
        assert!(!open("begin if a then x ; else y ; end if ; end"));
        assert!(open("begin select case when a then b end ;"));
        assert!(!open("begin select case when a then b end ; end"));
    }

    #[test]
    fn only_the_first_word_of_a_statement_opens_a_script() {
        assert!(open("select 1 ; l : BEGIN"));
        assert!(!open("select begin"));
        assert!(!open("select l : begin"));
        assert!(!open("begin ; select 1"));
    }
}
