//! Python: a name, an attribute, a module, or what a string names.
use super::word_start;
use crate::language::{Class, Language, Lexed, Token};

/// What could stand before the cursor in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The byte where the word begins.
    pub start: usize,
    /// The word so far; it may be empty.
    pub word: &'a str,
    /// What it is part of.
    pub place: Place,
}

/// Where a word stands in Python. An expression is given by its steps from the left: a name, then `.name` for an
/// attribute, `()` for a call and `[]` for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is a name, in the arguments of that call where there is one.
    Name {
        /// What is called.
        call: Vec<String>,
    },
    /// It is an attribute.
    Attribute {
        /// Of what.
        of: Vec<String>,
    },
    /// It is (part of) a module's name: `import a.b`.
    Module {
        /// What stands before its last dot; may be empty.
        of: String,
    },
    /// It is a name in a module: `from a import b`.
    Member {
        /// The module.
        of: String,
    },
    /// It is the text of a string that is a key: `x["`.
    Key {
        /// Of what.
        of: Vec<String>,
    },
    /// It is the text of another string.
    Text {
        /// What it may name a column of: whose methods are called around it, innermost first.
        of: Vec<Vec<String>>,
        /// It names a column: `col("`.
        column: bool,
    },
}

/// What is wanted at the end of this Python text; none where nothing can be offered.
pub fn python(before: &str) -> Option<Wanted<'_>> {
    let lexed = Language::Python.lex(before);
    let solid: Vec<&Token> = lexed.solid().collect();
    let text = Text {
        text: before,
        lexed: &lexed,
        solid,
    };
    match lexed.tokens.last() {
        Some(last) if matches!(last.class, Class::Comment | Class::Magic) => None,
        Some(last) if last.class == Class::String => text.in_string(last),
        _ => text.in_code(),
    }
}

struct Text<'a, 't> {
    text: &'a str,
    lexed: &'t Lexed,
    /// The tokens that mean something.
    solid: Vec<&'t Token>,
}

impl<'a> Text<'a, '_> {
    fn of(&self, token: &Token) -> &'a str {
        self.text.get(token.range.clone()).unwrap_or_default()
    }

    /// Inside a string that is still open.
    fn in_string(&self, last: &Token) -> Option<Wanted<'a>> {
        let whole = self.of(last);
        let quoted = whole.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let mark = quoted.chars().next().filter(|c| "'\"".contains(*c))?;
        let triple = mark.to_string().repeat(3);
        let inner = quoted.strip_prefix(&triple);
        let inner = inner.unwrap_or_else(|| quoted.get(1..).unwrap_or_default());
        // closed, or with what is no part of a name
        if inner.contains([mark, '\\', '\n']) {
            return None;
        }
        let at = self.solid.iter().position(|token| *token == last)?;
        let place = match at.checked_sub(1).map(|at| self.of(self.solid[at])) {
            Some("[") if at >= 2 => self
                .chain(at - 2)
                .map_or_else(|| self.text_place(), |of| Place::Key { of }),
            _ => self.text_place(),
        };
        Some(Wanted {
            start: self.text.len() - inner.len(),
            word: inner,
            place,
        })
    }

    /// The text of a string, in the calls that are open around it.
    fn text_place(&self) -> Place {
        let (mut of, mut column) = (Vec::new(), false);
        for (depth, open) in self.lexed.unclosed.iter().rev().enumerate() {
            let Some(mut called) = self.called(*open) else {
                continue;
            };
            let Some(method) = called.pop() else { continue };
            let name = method.trim_start_matches('.');
            column |= depth == 0 && matches!(name, "col" | "column" | "expr");
            if !called.is_empty() {
                of.push(called);
            }
        }
        Place::Text { of, column }
    }

    fn in_code(&self) -> Option<Wanted<'a>> {
        let start = word_start(self.text);
        let word = &self.text[start..];
        if word.starts_with(|c: char| c.is_numeric()) {
            return None;
        }
        let before = self
            .solid
            .iter()
            .rposition(|token| token.range.end <= start);
        let place = match self.imported(start) {
            Some(place) => place?,
            None => match before.map(|at| (at, self.of(self.solid[at]))) {
                Some((at, ".")) => Place::Attribute {
                    of: self.chain(at.checked_sub(1)?)?,
                },
                Some((_, "def" | "class")) => return None,
                Some((_, "(" | ",")) => Place::Name {
                    call: self.call().unwrap_or_default(),
                },
                // a float
                Some((at, _))
                    if self.solid[at].class == Class::Number
                        && self.solid[at].range.end == start =>
                {
                    return None;
                }
                _ => Place::Name { call: Vec::new() },
            },
        };
        Some(Wanted { start, word, place })
    }

    /// In an `import`: what of it; `Some(None)` where nothing can be offered.
    fn imported(&self, start: usize) -> Option<Option<Place>> {
        let line = self.text[..start].rfind(['\n', ';']).map_or(0, |at| at + 1);
        // the names of a `from` may go on in brackets over many lines
        let open = self.lexed.unclosed.last().map(|open| {
            let before = &self.text[..*open];
            before.rfind(['\n', ';']).map_or(0, |at| at + 1)
        });
        let text = self.text.get(open.unwrap_or(line).min(line)..start)?;
        let mut words = text
            .split([' ', '\t', '\n', '('])
            .filter(|it| !it.is_empty());
        let first = words.next()?;
        let rest: Vec<&str> = words.collect();
        let dotted = |text: &str| {
            let of = text.rsplit_once('.').map_or("", |(of, _)| of);
            Place::Module { of: of.to_owned() }
        };
        match first {
            "import" | "from" if rest.last() == Some(&"as") => Some(None),
            "import" => {
                let last = text.rsplit([' ', '\t', ',']).next().unwrap_or_default();
                Some(Some(dotted(last)))
            }
            "from" => match rest.as_slice() {
                [] => Some(Some(dotted(""))),
                [module] if text.ends_with(module) => Some(Some(dotted(module))),
                [module, "import", ..] => Some(Some(Place::Member {
                    of: (*module).to_owned(),
                })),
                _ => Some(None),
            },
            _ => None,
        }
    }

    /// What the innermost open bracket calls.
    fn call(&self) -> Option<Vec<String>> {
        self.called(*self.lexed.unclosed.last()?)
    }

    fn called(&self, open: usize) -> Option<Vec<String>> {
        let at = self
            .solid
            .iter()
            .position(|token| token.range.start == open)?;
        (self.of(self.solid[at]) == "(").then_some(())?;
        self.chain(at.checked_sub(1)?)
    }

    /// The steps of the expression whose last token is that one; none where it is more than names, attributes,
    /// items and calls.
    fn chain(&self, last: usize) -> Option<Vec<String>> {
        let (mut at, mut steps) = (last, Vec::new());
        loop {
            let token = self.solid.get(at)?;
            match (token.class, self.of(token)) {
                (Class::Bracket, close @ (")" | "]")) => {
                    steps.push(if close == ")" { "()" } else { "[]" }.to_owned());
                    let open = self.lexed.partner(token.range.start)?;
                    let open = self.solid.iter().position(|it| it.range.start == open)?;
                    at = open.checked_sub(1)?;
                    continue;
                }
                (Class::Name | Class::Builtin | Class::Definition, name) => {
                    let dot = at.checked_sub(1).map(|at| self.of(self.solid[at]));
                    if dot == Some(".") {
                        steps.push(format!(".{name}"));
                        at = at.checked_sub(2)?;
                        continue;
                    }
                    steps.push(name.to_owned());
                }
                _ => return None,
            }
            steps.reverse();
            return Some(steps);
        }
    }
}
