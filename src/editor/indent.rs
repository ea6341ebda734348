//! What happens to the indentation while somebody types. Pure functions.

use super::enter::code_of;
use crate::language::Language;

/// The columns of one step.
pub const INDENT: usize = 4;

/// A line that moves now that its last character is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redent {
    /// The byte of the buffer that the line begins at.
    pub start: usize,
    /// The character, which is not in the buffer yet.
    pub typed: char,
    /// The line up to and with that character, where it belongs.
    pub line: String,
}

/// Does a character typed at byte `cursor` of `buffer` end a block, and where does its line belong then? A closing bracket,
/// Python's `else:` and Scala's `case`, with nothing but blanks before and after.
pub fn redent(prompt: Language, buffer: &str, cursor: usize, typed: char) -> Option<Redent> {
    if !matches!(typed, ')' | ']' | '}' | ':' | ' ') {
        return None;
    }
    let (before, after) = buffer.split_at_checked(cursor)?;
    let start = before.rfind('\n')? + 1;
    let word = before.get(start..)?.trim_start_matches([' ', '\t']);
    let rest = after.split('\n').next().unwrap_or_default();
    let (language, code) = code_of(prompt, before)?;
    let ends_block = match typed {
        ':' => language == Language::Python && !word.is_empty(),
        // with the blank, since it could be the beginning of another word without
        ' ' => language == Language::Scala && word == "case",
        _ => word.is_empty(),
    };
    if !ends_block || !rest.trim().is_empty() {
        return None;
    }
    let white = language.redent(&format!("{code}{typed}"))?;
    Some(Redent {
        start,
        typed,
        line: format!("{white}{word}{typed}"),
    })
}

/// Does Backspace take a whole step of indentation in front of the cursor? When only spaces stand there, whole steps of
/// them, on a line after the first.
pub fn dedents(before_cursor: &str) -> bool {
    let Some((_, line)) = before_cursor.rsplit_once('\n') else {
        return false;
    };
    !line.is_empty() && line.chars().all(|c| c == ' ') && line.len() % INDENT == 0
}

/// The spaces that Tab inserts instead of completing: up to the next multiple of four, when only blanks
/// stand in front of the cursor on a line after the first.
pub fn indent(before_cursor: &str) -> Option<String> {
    let (_, line) = before_cursor.rsplit_once('\n')?;
    line.chars()
        .all(|c| c == ' ')
        .then(|| " ".repeat(INDENT - line.len() % INDENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The buffer after that character at its end, `None` where it is only inserted.
    fn typed(language: Language, buffer: &str, typed: char) -> Option<String> {
        let moved = redent(language, buffer, buffer.len(), typed)?;
        assert_eq!(moved.typed, typed);
        Some(format!("{}{}", buffer.get(..moved.start)?, moved.line))
    }

    #[test]
    fn backspace_takes_one_step_of_indentation() {
        assert!(dedents("if x:\n        "));
        assert!(!dedents("if x:\n      "));
        assert!(!dedents("if x:\n    y"));
        assert!(!dedents("    "));
    }

    #[test]
    fn tab_indents_only_where_no_name_stands() {
        assert_eq!(indent("if x:\n  ").as_deref(), Some("  "));
        assert_eq!(indent("if x:\n    na"), None);
        assert_eq!(indent(""), None);
    }

    #[test]
    fn what_ends_a_block_moves_under_what_began_it() {
        use Language::{Python, R, Scala, Sql};
        let cases = [
            (Python, "if x:\n    y\n    else", ':', "if x:\n    y\nelse:"),
            (
                Python,
                "if x:\n    if y:\n        z\n        elif w",
                ':',
                "if x:\n    if y:\n        z\n    elif w:",
            ),
            (
                Python,
                "try:\n    x\n    except (A, B) as e",
                ':',
                "try:\n    x\nexcept (A, B) as e:",
            ),
            (Python, "f(\n    a\n    ", ')', "f(\n    a\n)"),
            (Scala, "class A {\n  ", '}', "class A {\n}"),
            (
                Scala,
                "x match {\n  case 1 =>\n    y\n    case",
                ' ',
                "x match {\n  case 1 =>\n    y\n  case ",
            ),
            (
                R,
                "f <- function() {\n  x\n  ",
                '}',
                "f <- function() {\n  x\n}",
            ),
            (Sql, "select (\n  1\n  ", ')', "select (\n  1\n)"),
            // in the language that the first line asks for
            (
                Sql,
                "%py\nif x:\n    y\n    else",
                ':',
                "%py\nif x:\n    y\nelse:",
            ),
        ];
        for (language, buffer, key, after) in cases {
            assert_eq!(
                typed(language, buffer, key).as_deref(),
                Some(after),
                "{buffer:?}"
            );
        }
    }

    #[test]
    fn nothing_else_moves() {
        use Language::{Python, R, Scala};
        let cases = [
            // no block
            (Python, "else", ':'),
            (Python, "if x:\n    y\nelse", ':'),
            (Python, "if x:\n    d[a", ':'),
            (Python, "if x:\n    print(", ')'),
            // strings and comments
            (Python, "if x:\n    s = \"\"\"\n    else", ':'),
            (Python, "if x:\n    # else", ':'),
            (Python, "f(\"\"\"\n    ", ')'),
            (R, "f(\"\n    ", ')'),
            (Scala, "f { /*\n    ", '}'),
            (Scala, "x match {\n  case 1 => /*\n    case", ' '),
            (Scala, "x match {\n  case 1 => \"\"\"\n    case", ' '),
            // words that only begin so, and other languages'
            (Scala, "x match {\n  case 1 =>\n    cas", 'e'),
            (Scala, "if (x) {\n    else", ':'),
            (R, "f(function() {\n    case", ' '),
            // a command of ours
            (Python, ":py f(\n    ", ')'),
        ];
        for (language, buffer, key) in cases {
            assert_eq!(typed(language, buffer, key), None, "{buffer:?}");
        }
    }

    #[test]
    fn a_line_goes_as_it_is_when_more_stands_in_it() {
        let buffer = "f(\n    a\n    b";
        assert_eq!(
            redent(Language::Python, buffer, buffer.len() - 1, ')'),
            None
        );
        // lines below do not matter
        let buffer = "if x:\n    y\n    else\n    z";
        let moved = redent(Language::Python, buffer, buffer.len() - 6, ':').unwrap();
        assert_eq!((moved.start, moved.line.as_str()), (12, "else:"));
    }
}
