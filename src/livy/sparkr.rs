//! What Livy's R interpreter adds to an answer, and how its errors are packed.
use super::Outcome;

/// Takes the noise off an R answer and unpacks its error.
pub(super) fn clean(outcome: &mut Outcome, code: Option<&str>) {
    if let Some(text) = &mut outcome.text {
        text.truncate(without_device(text).len());
        if text == "NULL" && code.is_some_and(is_blank) {
            text.clear();
        }
    }
    let Some(error) = &mut outcome.error else {
        return;
    };
    let Some((before, message, after)) = unpack(without_device(&error.value)) else {
        return;
    };
    let printed = [before, after].concat();
    if !printed.is_empty() {
        outcome.text.get_or_insert_default().push_str(&printed);
    }
    error.value = match code.and_then(|code| without_echo(&message, code)) {
        Some(rest) => rest.to_owned(),
        None => message,
    };
}

/// Livy closes the device of a plot, and R prints what is left: `null device` and `1`. It does
/// so whenever the code has a word like `plot` or `pie` in it, drawn or not.
fn without_device(text: &str) -> &str {
    text.trim_end()
        .strip_suffix('1')
        .map(str::trim_end)
        .and_then(|rest| rest.strip_suffix("null device"))
        .filter(|rest| rest.is_empty() || rest.ends_with('\n'))
        .unwrap_or(text)
}

/// R prints `NULL` for code that says nothing.
fn is_blank(code: &str) -> bool {
    code.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    })
}

/// An error's text is R's *printed* string: earlier output, then `[1] "Error in ...: boom"` with
/// R's escapes. Gives what stood before, the message, and what stood after.
fn unpack(value: &str) -> Option<(&str, String, &str)> {
    const MARK: &str = "[1] \"";
    let start = value
        .rmatch_indices("[1] \"Error")
        .map(|(at, _)| at)
        .find(|at| value[..*at].is_empty() || value[..*at].ends_with('\n'))?;
    let mut message = String::new();
    let mut chars = value[start + MARK.len()..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let after = &value[start + MARK.len() + at + 1..];
                let after = after.strip_prefix('\n').unwrap_or(after);
                return Some((&value[..start], message, after));
            }
            '\\' => unescape(&mut chars, &mut message),
            plain => message.push(plain),
        }
    }
    None
}

fn unescape(chars: &mut std::str::CharIndices<'_>, into: &mut String) {
    let Some((_, letter)) = chars.next() else {
        into.push('\\');
        return;
    };
    let longest = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => {
            into.push(match letter {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\x07',
                'b' => '\x08',
                'f' => '\x0c',
                'v' => '\x0b',
                '0' => '\0',
                other => other,
            });
            return;
        }
    };
    let digits: String = chars
        .as_str()
        .chars()
        .take(longest)
        .take_while(char::is_ascii_hexdigit)
        .collect();
    match u32::from_str_radix(&digits, 16)
        .ok()
        .and_then(char::from_u32)
    {
        Some(c) => {
            into.push(c);
            for _ in 0..digits.len() {
                chars.next();
            }
        }
        None => into.extend(['\\', letter]),
    }
}

/// The message without the call that Livy wrapped around the code: it repeats the whole of it.
fn without_echo<'a>(message: &'a str, code: &str) -> Option<&'a str> {
    let mut quoted = String::with_capacity(code.len() + 2);
    for c in code.replace("\r\n", "\n").chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            plain => quoted.push(plain),
        }
    }
    [
        ("Error in eval(parse(text = \"", "\")): "),
        ("Error in parse(text = \"", "\"): "),
    ]
    .into_iter()
    .find_map(|(open, close)| {
        message
            .strip_prefix(open)?
            .strip_prefix(quoted.as_str())?
            .strip_prefix(close)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Raised, Status};
    use super::*;

    fn error(code: &str, value: &str) -> (Option<String>, String) {
        let mut outcome = Outcome::empty(Status::Error);
        outcome.error = Some(Raised {
            name: "Error".to_owned(),
            value: value.to_owned(),
            traceback: Vec::new(),
        });
        clean(&mut outcome, Some(code));
        (outcome.text, outcome.error.unwrap().value)
    }

    fn text(code: &str, text: &str) -> String {
        let mut outcome = Outcome::empty(Status::Ok);
        outcome.text = Some(text.to_owned());
        clean(&mut outcome, Some(code));
        outcome.text.unwrap()
    }

    #[test]
    fn an_error_is_unpacked_and_what_was_printed_before_it_is_text() {
        let packed = r#"[1] "kept?"
[1] "Error in eval(parse(text = \"print(\\\"kept?\\\")\\nstop(\\\"boom\\\")\")): boom""#;
        let code = "print(\"kept?\")\nstop(\"boom\")";
        assert_eq!(
            error(code, packed),
            (Some("[1] \"kept?\"\n".to_owned()), "boom".to_owned())
        );
        let (_, whole) = error("other code", packed);
        assert!(
            whole.starts_with("Error in eval(parse(text = \"print("),
            "{whole}"
        );
    }

    #[test]
    fn escapes_are_read_as_r_writes_them() {
        let (_, value) = error(
            "",
            r#"[1] "Error: a\tb\\c \"q\" \u00e9\x41\U0001f600 \xzz""#,
        );
        assert_eq!(value, "Error: a\tb\\c \"q\" éA😀 \\xzz");
    }

    #[test]
    fn text_after_the_error_is_kept_too() {
        let (printed, value) = error("", "a\n[1] \"Error in f(): x\"\nWarning message:\nw");
        assert_eq!(printed.as_deref(), Some("a\nWarning message:\nw"));
        assert_eq!(value, "Error in f(): x");
    }

    #[test]
    fn an_error_in_another_form_stays_as_it_is() {
        for value in [
            "Interpreter died:\nnull",
            "",
            "[1] \"Error never closed",
            "x [1] \"Error\"",
        ] {
            assert_eq!(error("q()", value), (None, value.to_owned()));
        }
    }

    #[test]
    fn the_closed_device_is_not_shown() {
        assert_eq!(text("plot(1)", "null device \n          1 "), "");
        assert_eq!(
            text("plot(1)", "[1] \"a\"\nnull device \n          1 "),
            "[1] \"a\"\n"
        );
        assert_eq!(
            text("x", "not a null device \n 1"),
            "not a null device \n 1"
        );
        assert_eq!(text("x", "[1] 1"), "[1] 1");
    }

    #[test]
    fn null_is_hidden_only_for_code_that_says_nothing() {
        assert_eq!(text(" # a\n\n", "NULL"), "");
        assert_eq!(text("NULL", "NULL"), "NULL");
    }
}
