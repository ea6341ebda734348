//! What Enter does, and what of a typed text is submitted. Pure functions.

use crate::language::{self, Completeness, Language};

/// What a press of Enter leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enter {
    /// The text is submitted.
    Submit,
    /// This is inserted at the cursor: a newline and the indentation of the next line.
    Newline(String),
}

/// How an Enter reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A person pressed it.
    Typed,
    /// Within milliseconds of the keys before it: a paste that the terminal did not mark, or keys that were
    /// typed ahead. Such text brings its own indentation and its own blank lines.
    Burst,
    /// Typed before this prompt was there, and the statement before it failed: nothing may run by itself.
    Held,
}

/// The language of a buffer and the part of it that is code, given the language of the prompt.
///
/// A first line such as `%sql` switches. `None` for an in-shell command (`:help`).
pub fn code_of(prompt: Language, buffer: &str) -> Option<(Language, &str)> {
    if buffer.trim_start().starts_with(':') {
        return None;
    }
    Some(language::magic(buffer).unwrap_or((prompt, buffer)))
}

/// Decides about Enter, with the cursor at byte `cursor` of `buffer`.
pub fn enter(prompt: Language, buffer: &str, cursor: usize, arrival: Arrival) -> Enter {
    if arrival == Arrival::Held {
        return Enter::Newline("\n".to_owned());
    }
    let Some((language, code)) = code_of(prompt, buffer) else {
        return Enter::Submit;
    };
    if buffer.trim().is_empty() || language::question(code).is_some() {
        return Enter::Submit;
    }
    let (before, after) = buffer.split_at(cursor);
    let second_enter = arrival == Arrival::Typed
        && after.trim().is_empty()
        && before
            .rsplit_once('\n')
            .is_some_and(|(_, line)| line.trim().is_empty());
    if second_enter {
        return Enter::Submit;
    }
    let only_magic = code.trim().is_empty();
    // `%sql select 1` on one line is one query: nobody who types that expects to be asked for a `;`
    let one_line_query =
        language == Language::Sql && code.len() < buffer.len() && !buffer.contains('\n');
    if one_line_query && !only_magic {
        return Enter::Submit;
    }
    if !only_magic && !goes_on(language, code, arrival) {
        return Enter::Submit;
    }
    let indent = match arrival {
        Arrival::Typed if !only_magic => {
            // The part of the code that stands before the cursor.
            let code_start = buffer.len() - code.len();
            language.next_indent(before.get(code_start..).unwrap_or_default())
        }
        _ => String::new(),
    };
    Enter::Newline(format!("\n{indent}"))
}

fn goes_on(language: Language, code: &str, arrival: Arrival) -> bool {
    let pasted = language::pasted(language, code).map(|it| it.code);
    let code = pasted.as_deref().unwrap_or(code);
    if language.completeness(code) == Completeness::Incomplete {
        return true;
    }
    // A blank line that a person types always ends the entry. One in a paste may stand between brackets or quotes.
    let blank_end = code
        .rsplit_once('\n')
        .is_some_and(|(_, line)| line.trim().is_empty());
    if arrival != Arrival::Burst || !blank_end {
        return false;
    }
    let lexed = language.lex(code);
    !lexed.wrong && (lexed.open_text || !lexed.unclosed.is_empty())
}

/// The text to submit: without control characters that a paste brought along, and without blank lines at its end.
pub fn submitted(buffer: &str) -> String {
    let mut text = printable(buffer);
    while let Some((rest, last)) = text.rsplit_once('\n') {
        if !last.trim().is_empty() {
            break;
        }
        text.truncate(rest.len());
    }
    if text.trim().is_empty() {
        text.clear();
    }
    text
}

/// The text without control characters other than newline and tab: they have no meaning in code, and a
/// terminal acts on them.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !is_unwanted(*c)).collect()
}

/// Is this a control character that code has no use for?
pub fn is_unwanted(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(language: Language, buffer: &str) -> Enter {
        enter(language, buffer, buffer.len(), Arrival::Typed)
    }

    #[test]
    fn complete_code_is_submitted() {
        assert_eq!(typed(Language::Python, "1 + 1"), Enter::Submit);
    }

    #[test]
    fn an_open_block_gets_a_line_with_its_indentation() {
        assert_eq!(
            typed(Language::Python, "if x:"),
            Enter::Newline("\n    ".into())
        );
    }

    #[test]
    fn a_burst_brings_its_own_indentation() {
        let text = "if x:";
        assert_eq!(
            enter(Language::Python, text, text.len(), Arrival::Burst),
            Enter::Newline("\n".into())
        );
    }

    #[test]
    fn two_enters_in_a_row_submit_whatever_is_open() {
        assert_eq!(typed(Language::Python, "f(1,\n    "), Enter::Submit);
    }

    #[test]
    fn a_blank_line_of_a_burst_does_not_submit_an_open_bracket() {
        let text = "f(1,\n";
        assert_eq!(
            enter(Language::Python, text, text.len(), Arrival::Burst),
            Enter::Newline("\n".into())
        );
    }

    #[test]
    fn nothing_that_was_typed_ahead_runs_by_itself_after_a_failure() {
        assert_eq!(
            enter(Language::Python, "1 + 1", 5, Arrival::Held),
            Enter::Newline("\n".into())
        );
        assert_eq!(
            enter(Language::Python, ":quit", 5, Arrival::Held),
            Enter::Newline("\n".into())
        );
    }

    #[test]
    fn a_command_is_complete_at_once_even_with_an_open_bracket() {
        assert_eq!(typed(Language::Python, ":py f("), Enter::Submit);
    }

    #[test]
    fn a_question_about_a_name_is_complete_in_every_language() {
        for language in [
            Language::Python,
            Language::Scala,
            Language::R,
            Language::Sql,
        ] {
            assert_eq!(typed(language, "df.select?"), Enter::Submit);
        }
    }

    #[test]
    fn a_magic_line_alone_waits_for_its_code() {
        assert_eq!(typed(Language::Python, "%sql"), Enter::Newline("\n".into()));
    }

    #[test]
    fn a_magic_line_switches_the_language_that_decides() {
        assert_eq!(
            typed(Language::Python, "%sql\nselect 1"),
            Enter::Newline("\n".into())
        );
        assert_eq!(typed(Language::Python, "%sql\nselect 1;"), Enter::Submit);
    }

    #[test]
    fn an_empty_line_is_handed_over_for_the_shell_to_ignore() {
        assert_eq!(typed(Language::Sql, "  "), Enter::Submit);
        assert_eq!(submitted("  \n "), "");
    }

    #[test]
    fn blank_lines_at_the_end_go_and_the_rest_stays() {
        assert_eq!(submitted("if x:\n\n    y\n    \n\n"), "if x:\n\n    y");
        assert_eq!(submitted("\nx"), "\nx");
    }

    #[test]
    fn control_characters_of_a_paste_are_not_submitted() {
        assert_eq!(submitted("a\u{7}\tb\u{1b}[31m\u{9b}"), "a\tb[31m");
    }
}
