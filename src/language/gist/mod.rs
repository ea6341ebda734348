//! What a statement leaves behind: nothing but what it showed, something that later statements need, or a change
//! outside the session. A shell that gets a fresh session runs again only what is needed, and asks before it writes.
//!
//! By rules on tokens, as all of [`language`](super): where they are in doubt they say that it writes, which costs a question.

mod names;
mod python;
mod r;
mod scala;
mod sql;

use std::collections::BTreeSet;

use super::scan::slice;
use super::{Class, Language};

/// What a statement leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gist {
    /// What it showed, and nothing else.
    Shows,
    /// Names, views or settings of the session.
    Matters,
    /// It changes, or may change, something outside the session: what gives that away.
    Writes(String),
}

/// Reads one statement after the other, and remembers which of the user's own functions write.
#[derive(Clone, Debug, Default)]
pub struct Gists {
    writers: BTreeSet<String>,
}

/// A token that means something.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    class: Class,
    /// Round and square brackets around it (in Python and SQL, braces too).
    depth: usize,
}

impl Word<'_> {
    fn is(&self, text: &str) -> bool {
        self.text == text && self.class != Class::String
    }

    fn is_name(&self) -> bool {
        !matches!(
            self.class,
            Class::String | Class::Number | Class::Operator | Class::Bracket | Class::Magic
        )
    }
}

impl Gists {
    /// What that code leaves behind, which ran well.
    pub fn read(&mut self, language: Language, code: &str) -> Gist {
        let parts = language.parts(code).into_iter();
        let gists = parts.map(|part| {
            let part = slice(code, part.range);
            match language {
                Language::Sql => sql::gist(part),
                _ => self.part(language, &words(language, part)),
            }
        });
        gists.fold(Gist::Shows, Gist::beside)
    }

    fn part(&mut self, language: Language, words: &[Word]) -> Gist {
        let statements: Vec<&[Word]> = if language == Language::Python && python::is_block(words) {
            vec![words]
        } else {
            // a `;` inside braces ends no statement of ours
            let mut braces = 0_usize;
            words
                .split(|word| {
                    match word.text {
                        "{" if word.class == Class::Bracket => braces += 1,
                        "}" if word.class == Class::Bracket => braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    word.is(";") && word.depth == 0 && braces == 0
                })
                .collect()
        };
        let gists = statements.into_iter().filter(|it| !it.is_empty());
        gists
            .map(|statement| match language {
                Language::Python => python::gist(statement, self),
                Language::Scala => scala::gist(statement, self),
                _ => r::gist(statement, self),
            })
            .fold(Gist::Shows, Gist::beside)
    }

    /// A function of the user's has that name now; calling it may write.
    fn define(&mut self, name: Option<&Word>, writes: impl FnOnce(&Self) -> bool) {
        let Some(name) = name else { return };
        self.writers.remove(name.text);
        if writes(self) {
            self.writers.insert(name.text.to_owned());
        }
    }

    /// The user's own writing function that is called.
    fn writer(&self, words: &[Word]) -> Option<String> {
        let called = |pair: &&[Word]| {
            pair[0].is_name() && pair[1].is("(") && self.writers.contains(pair[0].text)
        };
        let call = words.windows(2).find(called)?;
        Some(format!("{}()", call[0].text))
    }
}

impl Gist {
    fn beside(self, other: Self) -> Self {
        match (self, other) {
            (Self::Writes(what), _) | (_, Self::Writes(what)) => Self::Writes(what),
            (Self::Matters, _) | (_, Self::Matters) => Self::Matters,
            _ => Self::Shows,
        }
    }

    fn of(writes: Option<String>, matters: bool) -> Self {
        match writes {
            Some(what) => Self::Writes(what),
            None if matters => Self::Matters,
            None => Self::Shows,
        }
    }
}

fn words(language: Language, text: &str) -> Vec<Word<'_>> {
    let lexed = language.lex(text);
    let braces = matches!(language, Language::Python | Language::Sql);
    let mut depth = 0_usize;
    lexed
        .solid()
        .map(|token| {
            let (text, class) = (slice(text, token.range.clone()), token.class);
            let counts = class == Class::Bracket && (braces || !matches!(text, "{" | "}"));
            let closes = counts && matches!(text, ")" | "]" | "}");
            if closes {
                depth = depth.saturating_sub(1);
            }
            let word = Word { text, class, depth };
            if counts && !closes {
                depth += 1;
            }
            word
        })
        .collect()
}

/// Does one of these operators stand outside brackets?
fn assigns(words: &[Word], operators: impl Fn(&str) -> bool) -> bool {
    words
        .iter()
        .any(|word| word.depth == 0 && word.class == Class::Operator && operators(word.text))
}

/// Operators that give a name another value, in Python and Scala.
fn is_assignment(operator: &str) -> bool {
    operator.ends_with('=')
        && !matches!(operator, "==" | "!=" | "<=" | ">=" | "===" | "=!=" | "=/=")
}

/// What stands between the bracket at `open` and its partner.
fn inside<'a, 'b>(words: &'b [Word<'a>], open: usize) -> &'b [Word<'a>] {
    let depth = words.get(open).map_or(0, |word| word.depth);
    let rest = words.get(open + 1..).unwrap_or(&[]);
    let end = rest
        .iter()
        .position(|word| word.depth == depth && word.is(")"))
        .unwrap_or(rest.len());
    &rest[..end]
}

/// The text of a string without its quotes.
fn unquoted(text: &str) -> &str {
    let quotes = ['"', '\''];
    let begin = text
        .find(quotes)
        .filter(|at| *at <= 3 && text[..*at].chars().all(char::is_alphabetic));
    text[begin.unwrap_or(0)..].trim_matches(quotes)
}

/// The member that is called or read at `at`: a name after a dot.
fn is_member(words: &[Word], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| words.get(before))
        .is_some_and(|word| word.is("."))
}

/// What a query does that a call hands over; a text that is made elsewhere may do anything.
fn query(words: &[Word], open: usize) -> Gist {
    let arguments = inside(words, open);
    let text: String = arguments
        .iter()
        .filter(|word| word.class == Class::String)
        .map(|word| unquoted(word.text))
        .collect();
    if text.trim().is_empty() {
        return Gist::Writes("a query whose text is made elsewhere".to_owned());
    }
    sql::gist(&text)
}

/// The queries that are handed to `sql(…)`.
fn queries(words: &[Word]) -> Gist {
    let calls = words.windows(2).enumerate();
    calls
        .filter(|(_, pair)| pair[0].is("sql") && pair[1].is("("))
        .map(|(at, _)| query(words, at + 1))
        .fold(Gist::Shows, Gist::beside)
}

/// What of that code, in Python or Scala, changes something outside the session.
fn writes(words: &[Word], known: &Gists) -> Option<String> {
    if let Gist::Writes(what) = queries(words) {
        return Some(what);
    }
    let found = words.iter().enumerate().find_map(|(at, word)| {
        if !word.is_name() {
            return None;
        }
        let next = |text| words.get(at + 1).is_some_and(|next| next.is(text));
        let member = is_member(words, at);
        let owner = at
            .checked_sub(2)
            .filter(|_| member)
            .map(|owner| words[owner]);
        let of = || owner.map_or("", |owner| owner.text);
        // a class goes by its full name, too
        let class = word.text.starts_with(char::is_uppercase);
        let writes = if class && names::WRITING_NAMES.contains(&word.text) {
            return Some(word.text.to_owned());
        } else if member {
            names::WRITING_MEMBERS.contains(&word.text)
                || (of() == "os" && names::WRITING_OS.contains(&word.text))
                || (of() == "Files" && !names::READING_FILES.contains(&word.text))
                || (word.is("open") && next("(") && opens_to_write(inside(words, at + 1), true))
        } else {
            names::WRITING_NAMES.contains(&word.text)
                || (word.is("exec") && next("("))
                || (word.is("open") && next("(") && opens_to_write(inside(words, at + 1), false))
        };
        writes.then(|| match owner {
            Some(owner) if owner.is_name() => format!("{}.{}", owner.text, word.text),
            _ => word.text.to_owned(),
        })
    });
    found.or_else(|| known.writer(words))
}

/// Do these arguments of `open` ask for more than reading? A mode that is no plain text may.
fn opens_to_write(arguments: &[Word], is_method: bool) -> bool {
    let base = arguments.first().map_or(0, |word| word.depth);
    let mut all = arguments.split(|word| word.depth == base && word.is(","));
    let positional = |argument: &&[Word]| !argument.get(1).is_some_and(|word| word.is("="));
    let named = arguments
        .split(|word| word.depth == base && word.is(","))
        .find(|argument| argument.first().is_some_and(|word| word.is("mode")));
    let wants = |argument: &[Word]| match argument {
        [.., text] if text.class == Class::String => {
            unquoted(text.text).contains(['w', 'a', 'x', '+'])
        }
        _ => true,
    };
    let is_mode = |argument: &&[Word]| {
        matches!(argument, [text] if text.class == Class::String
            && unquoted(text.text).chars().all(|c| "rwaxbt+U".contains(c)))
    };
    if let Some(named) = named {
        return wants(named);
    }
    let first = all.next();
    if is_method && first.is_some_and(|first| is_mode(&first)) {
        return first.is_some_and(wants);
    }
    all.next().filter(positional).is_some_and(wants)
}

/// Does a call of that code change something in the session: a view, a setting, a list?
fn changes_session(words: &[Word]) -> bool {
    queries(words) == Gist::Matters
        || words.iter().enumerate().any(|(at, word)| {
            let called = words.get(at + 1).is_some_and(|next| next.is("("));
            called && is_member(words, at) && names::CHANGING_MEMBERS.contains(&word.text)
        })
}

#[cfg(test)]
mod tests;
