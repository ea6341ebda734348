//! What people type out of habit at another shell's prompt, and no session can run.

use super::Language;

/// A statement that is no code of its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit<'a> {
    /// `!ls`: this command is for the user's own shell.
    Shell(&'a str),
    /// `%time x`, `%%bash`: this word is a magic of a notebook's, or of the session's.
    Magic(&'a str),
}

/// What of another shell's a statement begins with, below its comments.
///
/// `!x` and `%x` at the beginning are code in no language but that `!` negates in Scala and R. Livy knows magics of its
/// own: which words are nobody's is not told here.
pub fn habit(language: Language, statement: &str) -> Option<Habit<'_>> {
    let comment = match language {
        Language::Python | Language::R => "#",
        Language::Scala => "//",
        Language::Sql => "--",
    };
    let mut lines = statement.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with(comment))?;
    if let Some(word) = line.strip_prefix('%') {
        let word = word.strip_prefix('%').unwrap_or(word);
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        let word = word.get(..end)?;
        let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        return is_word.then_some(Habit::Magic(word));
    }
    let command = line.strip_prefix('!')?;
    let command = command.strip_prefix('!').unwrap_or(command).trim_start();
    let negates = matches!(language, Language::Scala | Language::R);
    (!negates && !command.is_empty() && !command.starts_with('=')).then_some(Habit::Shell(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shells_command_and_a_notebooks_magic_are_seen() {
        use Language::{Python, R, Scala, Sql};
        for (language, text, seen) in [
            (Python, "!ls -l", Habit::Shell("ls -l")),
            (Python, "  !!ls", Habit::Shell("ls")),
            (Python, "# files\n\n! ls\n", Habit::Shell("ls")),
            (Sql, "!sh ls;", Habit::Shell("sh ls;")),
            (Python, "%time f(x)", Habit::Magic("time")),
            (Python, "%%bash\nls", Habit::Magic("bash")),
            (Python, "%json x", Habit::Magic("json")),
            (Scala, "// it\n%table x", Habit::Magic("table")),
            (R, "%matplotlib", Habit::Magic("matplotlib")),
            (Sql, "-- it\n%%time\nselect 1", Habit::Magic("time")),
        ] {
            assert_eq!(habit(language, text), Some(seen), "{text:?}");
        }
    }

    #[test]
    fn code_is_code() {
        use Language::{Python, R, Scala, Sql};
        for (language, text) in [
            (R, "!x"),
            (R, "%in% x"),
            (Scala, "!done"),
            (Scala, "%(1)"),
            (Python, "x % y"),
            (Python, "x = '!ls'"),
            (Python, "# !ls"),
            (Python, "f(\n!ls)"),
            (Python, "!"),
            (Python, "!= 1"),
            (Python, "% time"),
            (Python, "%"),
            (Sql, "select 1 -- %time"),
            (Python, ""),
        ] {
            assert_eq!(habit(language, text), None, "{text:?}");
        }
    }
}
