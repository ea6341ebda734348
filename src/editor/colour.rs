//! Colours of the buffer and of the prompt, from the 16 colours of the terminal's own palette.

use super::enter::{code_of, is_unwanted};
use super::handle::PromptState;
use crate::language::{Class, Language, Lexed};

const RESET: &str = "\x1b[0m";
const COMMAND: &str = "\x1b[36m";
const BRACKET: &str = "\x1b[1;7m";
const HINT: &str = "\x1b[90m";

/// What to paint of a buffer.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    /// Off: only what no terminal should get is taken out.
    pub color: bool,
    /// Byte offset of the cursor, whose bracket's partner is shown; `None` for the last, lasting painting.
    pub cursor: Option<usize>,
}

/// The buffer as it is written to the terminal: as wide as it is, since control characters count as nothing.
pub fn buffer(language: Language, text: &str, paint: Paint) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    if !paint.color {
        push(&mut out, text);
        return out;
    }
    let Some((language, code)) = code_of(language, text) else {
        painted(&mut out, COMMAND, text);
        return out;
    };
    let code_start = text.len() - code.len();
    painted(&mut out, COMMAND, &text[..code_start]);
    let lexed = language.lex(code);
    let brackets = paint
        .cursor
        .and_then(|cursor| bracket_pair(&lexed, cursor.checked_sub(code_start)?));
    for token in lexed.tokens {
        piece(&mut out, code, token.range, color_of(token.class), brackets);
    }
    out
}

/// The prompt in the colour of its state.
pub fn prompt(text: &str, state: PromptState) -> String {
    let color = match state {
        PromptState::Starting | PromptState::Silent => "\x1b[33m",
        PromptState::Idle => "\x1b[1;32m",
        PromptState::Busy => "\x1b[36m",
        PromptState::Dead => "\x1b[1;31m",
    };
    format!("{color}{text}{RESET}")
}

/// Text offered and not yet typed.
pub fn hint(text: &str) -> String {
    format!("{HINT}{text}{RESET}")
}

/// Does a bracket under or before the cursor have a partner to show?
pub fn shows_bracket(language: Language, text: &str, cursor: usize) -> bool {
    // Most cursors are at none, and that is seen without reading the code.
    let bytes = text.as_bytes();
    let bracket = |at: usize| bytes.get(at).is_some_and(|byte| b"()[]{}".contains(byte));
    if !bracket(cursor) && !cursor.checked_sub(1).is_some_and(bracket) {
        return false;
    }
    code_of(language, text).is_some_and(|(language, code)| {
        cursor
            .checked_sub(text.len() - code.len())
            .is_some_and(|cursor| bracket_pair(&language.lex(code), cursor).is_some())
    })
}

fn color_of(class: Class) -> &'static str {
    match class {
        Class::Keyword => "\x1b[35m",
        Class::Constant | Class::Number => "\x1b[36m",
        Class::Builtin | Class::Definition => "\x1b[34m",
        Class::String => "\x1b[32m",
        Class::Comment => "\x1b[90m",
        Class::Annotation | Class::Magic => "\x1b[33m",
        Class::Unknown => "\x1b[31m",
        Class::Name | Class::Operator | Class::Bracket | Class::Space | Class::Newline => "",
    }
}

// The bracket under the cursor first, else the one just typed.
fn bracket_pair(lexed: &Lexed, cursor: usize) -> Option<(usize, usize)> {
    [Some(cursor), cursor.checked_sub(1)]
        .into_iter()
        .flatten()
        .find_map(|at| Some((at, lexed.partner(at)?)))
}

// One token, or what lies between two; the brackets to show may be inside.
fn piece(
    out: &mut String,
    code: &str,
    range: std::ops::Range<usize>,
    color: &str,
    brackets: Option<(usize, usize)>,
) {
    let mut at = range.start;
    let mut marks = brackets.map_or([usize::MAX; 2], |(a, b)| [a.min(b), a.max(b)]);
    for mark in &mut marks {
        if !range.contains(mark) || *mark < at {
            continue;
        }
        painted(out, color, &code[at..*mark]);
        painted(out, BRACKET, &code[*mark..=*mark]);
        at = *mark + 1;
    }
    painted(out, color, &code[at..range.end]);
}

fn painted(out: &mut String, color: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    if color.is_empty() {
        push(out, text);
        return;
    }
    out.push_str(color);
    push(out, text);
    out.push_str(RESET);
}

fn push(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| !is_unwanted(*c)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_colours(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('\x1b') {
            out.push_str(&rest[..at]);
            let end = rest[at..].find('m').unwrap();
            rest = &rest[at + end + 1..];
        }
        out + rest
    }

    fn on(cursor: Option<usize>) -> Paint {
        Paint {
            color: true,
            cursor,
        }
    }

    #[test]
    fn painting_changes_no_character() {
        for text in [
            "def f(x):\n    return \"ü\" + '漢字'  # ok",
            "%sql\nselect (1)",
            ":help kind",
            "f((1), [2]",
            "",
        ] {
            for cursor in 0..=text.len() {
                if !text.is_char_boundary(cursor) {
                    continue;
                }
                let painted = buffer(Language::Python, text, on(Some(cursor)));
                assert_eq!(without_colours(&painted), text, "cursor {cursor}");
            }
        }
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let paint = Paint {
            color: false,
            cursor: None,
        };
        assert_eq!(buffer(Language::Python, "def f(): 1", paint), "def f(): 1");
    }

    #[test]
    fn a_bell_in_the_buffer_never_reaches_the_terminal() {
        let paint = Paint {
            color: false,
            cursor: None,
        };
        assert_eq!(buffer(Language::Python, "a\u{7}\u{1b}b", paint), "ab");
    }

    #[test]
    fn keywords_are_coloured_and_commands_too() {
        assert!(buffer(Language::Python, "def f(): 1", on(None)).contains("\x1b[35mdef\x1b[0m"));
        assert_eq!(
            buffer(Language::Python, ":help", on(None)),
            "\x1b[36m:help\x1b[0m"
        );
    }

    #[test]
    fn the_partner_of_the_bracket_at_the_cursor_is_shown_until_the_line_is_done() {
        let shown = buffer(Language::Python, "f(1)", on(Some(1)));
        assert_eq!(shown.matches(BRACKET).count(), 2);
        assert!(!buffer(Language::Python, "f(1)", on(None)).contains(BRACKET));
        assert!(shows_bracket(Language::Python, "f(1)", 1));
        assert!(!shows_bracket(Language::Python, "f(1)", 0));
    }
}
