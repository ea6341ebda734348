//! Second chance for an answer whose JSON is broken in its text only.

/// The body with bytes that are no UTF-8 and halves of surrogate pairs replaced by U+FFFD; `None` where
/// neither is in it. A statement's output holds whatever the user's code printed, and one bad
/// character must not cost the rest of it.
pub(super) fn json(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let repaired = without_halves(&text);
    (repaired.as_bytes() != body).then_some(repaired)
}

fn without_halves(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        repaired.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match unit(rest) {
            Some(0xD800..=0xDBFF)
                if matches!(rest.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) =>
            {
                12
            }
            Some(0xD800..=0xDFFF) => {
                repaired.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            Some(_) => 6,
            // Any other escape is a backslash and a character, which may be a backslash.
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        repaired.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    repaired.push_str(rest);
    repaired
}

/// The code unit of a `\uXXXX` at the start of the text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_a_whole_one_stays() {
        let broken = br#"["\ud83d", "\ud83d\ude00", "\\ud83d", "\ude00x", "\u00e9\n"]"#;
        let values: Vec<String> = serde_json::from_str(&json(broken).unwrap()).unwrap();
        assert_eq!(
            values,
            ["\u{fffd}", "\u{1F600}", "\\ud83d", "\u{fffd}x", "é\n"]
        );
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        assert_eq!(json(b"\"a\xffb\"").unwrap(), "\"a\u{fffd}b\"");
    }

    #[test]
    fn sound_text_needs_no_repair_and_a_cut_escape_does_no_harm() {
        assert_eq!(json(br#"{"a": "\n\\"}"#), None);
        assert_eq!(json(b"\"\\"), None);
        assert_eq!(json(b"\"\\u12"), None);
    }
}
