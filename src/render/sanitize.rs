//! Text from elsewhere, made safe for a terminal.
//!
//! A server, or whoever wrote the data, must not move the cursor, change the title, answer
//! queries or reorder what stands on the screen. Control characters therefore become visible
//! escapes, colours included. What is piped stays as it came.
use std::borrow::Cow;

/// Text for a stream: on a terminal, control and direction characters are shown as escapes
/// (`\x1b`, `\u{202e}`); newlines and tabs stay, `\r\n` becomes `\n`.
pub fn safe(text: &str, terminal: bool) -> Cow<'_, str> {
    if !terminal || is_plain(text, true) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            _ => push_visible(c, &mut shown),
        }
    }
    Cow::Owned(shown)
}

/// Text that must stay on one line (names, ids, table cells): as [`safe`], with newlines and tabs
/// as `\n` and `\t` too.
pub fn safe_line(text: &str, terminal: bool) -> Cow<'_, str> {
    if !terminal || is_plain(text, false) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    push_line(text, &mut shown);
    Cow::Owned(shown)
}

/// Appends `text` as one line, whatever the stream.
pub(super) fn push_line(text: &str, into: &mut String) {
    for c in text.chars() {
        push_visible(c, into);
    }
}

/// Can `text` stand on one line of any terminal as it is?
pub(super) fn is_line(text: &str) -> bool {
    is_plain(text, false)
}

/// The same for text that is JSON already: what JSON leaves raw becomes `\u....`, which reads back
/// as the same text.
pub(super) fn safe_json(json: String, terminal: bool) -> String {
    if !terminal || is_plain(&json, true) {
        return json;
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) && !matches!(c, '\n' | '\t') {
            push_unicode(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    shown
}

fn push_unicode(c: char, into: &mut String) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        into.push_str("\\u");
        push_hex(u32::from(*unit), 4, into);
    }
}

fn push_visible(c: char, into: &mut String) {
    match c {
        '\n' => into.push_str("\\n"),
        '\t' => into.push_str("\\t"),
        '\r' => into.push_str("\\r"),
        c if is_hidden(c) => {
            let code = u32::from(c);
            if code < 0x100 {
                into.push_str("\\x");
                push_hex(code, 2, into);
            } else {
                into.push_str("\\u{");
                push_hex(code, 1, into);
                into.push('}');
            }
        }
        c => into.push(c),
    }
}

/// The number in at least so many digits. By hand: a server's text may be nothing but such characters, and a formatter
/// takes five times as long.
fn push_hex(number: u32, least: u32, into: &mut String) {
    let digits = (u32::BITS - number.leading_zeros()).div_ceil(4).max(least);
    for at in (0..digits).rev() {
        let digit = (number >> (4 * at)) & 0xf;
        into.extend(char::from_digit(digit, 16));
    }
}

fn is_plain(text: &str, layout: bool) -> bool {
    let plain_byte =
        |byte: u8| matches!(byte, b' '..=b'~') || layout && matches!(byte, b'\n' | b'\t');
    text.bytes().all(plain_byte)
        || text
            .chars()
            .all(|c| !is_hidden(c) || layout && matches!(c, '\n' | '\t'))
}

/// C0, DEL and C1; marks, embeddings, overrides and isolates of direction; line and paragraph
/// separators; interlinear annotation; spaces without width, invisible operators and tags, which make
/// two names look the same. The joiners stay: scripts and emoji are written with them.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_every_sort_become_visible_on_a_terminal() {
        for (given, shown) in [
            ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
            ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
            ("\u{9b}2J", "\\x9b2J"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            (
                "a\u{200b}b\u{feff}\u{e0041}",
                "a\\u{200b}b\\u{feff}\\u{e0041}",
            ),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
            ("nul\0 del\x7f bs\x08", "nul\\x00 del\\x7f bs\\x08"),
            ("dos\r\nline", "dos\nline"),
            ("50%\r60%", "50%\\r60%"),
            ("tab\tGrüße 日本 😀\n", "tab\tGrüße 日本 😀\n"),
        ] {
            assert_eq!(safe(given, true), shown);
            assert_eq!(safe(given, false), given);
        }
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(safe("a\n\tb é", true), Cow::Borrowed(_)));
        assert!(matches!(safe_line("b é", true), Cow::Borrowed(_)));
    }

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(safe_line("a\r\nb\tc\x1b", true), "a\\r\\nb\\tc\\x1b");
        assert_eq!(safe_line("a\nb", false), "a\nb");
    }

    #[test]
    fn json_made_safe_reads_back_as_the_same_text() {
        let text = "\u{9b}\x7f\u{202e}é\n\x1b";
        let json = safe_json(serde_json::to_string(text).unwrap(), true);
        assert!(json.is_ascii() || !json.contains('\u{9b}'));
        assert!(!json.chars().any(is_hidden), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
