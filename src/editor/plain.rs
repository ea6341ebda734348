//! Reading lines where none can be edited: a dumb terminal, or no terminal.

use std::io::{BufRead, Write};

use super::Input;
use super::enter::{Arrival, Enter, enter, submitted};
use crate::language::Language;

/// Reads one entry, line by line until it is complete; what the end of the input cuts off is an entry too.
pub(super) fn read(
    mut from: impl BufRead,
    mut to: impl Write,
    prompt: &str,
    language: Language,
) -> Input {
    let mut buffer = String::new();
    // Dots under the prompt, so that the code lines up.
    let more = format!(
        "{:>width$} ",
        "...",
        width = prompt.trim_end().chars().count()
    );
    loop {
        let shown = if buffer.is_empty() { prompt } else { &more };
        if let Err(error) = to.write_all(shown.as_bytes()).and_then(|()| to.flush()) {
            return Input::Other(error.to_string());
        }
        let mut bytes = Vec::new();
        match from.read_until(b'\n', &mut bytes) {
            Ok(0) if buffer.is_empty() => return Input::End,
            Ok(0) => return Input::Line(submitted(&buffer)),
            Ok(_) => {}
            Err(error) => return Input::Other(error.to_string()),
        }
        // A dumb terminal's encoding may be anything; the rest of the line is worth keeping.
        let line = String::from_utf8_lossy(&bytes);
        buffer.push_str(line.trim_end_matches(['\n', '\r']));
        match enter(language, &buffer, buffer.len(), Arrival::Typed) {
            Enter::Submit => return Input::Line(submitted(&buffer)),
            // Nobody can remove an indentation here, so none is offered.
            Enter::Newline(_) => buffer.push('\n'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &[u8]) -> (Vec<String>, String) {
        let mut from = text;
        let mut shown = Vec::new();
        let mut entries = Vec::new();
        while let Input::Line(entry) = read(&mut from, &mut shown, "py 1> ", Language::Python) {
            entries.push(entry);
        }
        (entries, String::from_utf8(shown).unwrap())
    }

    #[test]
    fn an_entry_goes_on_until_it_is_complete() {
        let (entries, shown) = entries(b"f(1,\n2)\nx\n");
        assert_eq!(entries, ["f(1,\n2)", "x"]);
        assert_eq!(shown, "py 1>   ... py 1> py 1> ");
    }

    #[test]
    fn what_the_end_cuts_off_is_still_an_entry() {
        assert_eq!(entries(b"f(1,").0, ["f(1,"]);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_end_the_shell() {
        assert_eq!(entries(b"a\xffb\r\n").0, ["a\u{fffd}b"]);
    }
}
