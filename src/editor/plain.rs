//! Reading lines where none can be edited: a dumb terminal, or no terminal.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use super::enter::{Arrival, Enter, enter, printable, submitted};
use super::{Input, Start};
use crate::language::Language;
use crate::terminal;

/// What happens while a line is waited for.
pub(super) enum Event {
    /// A line with its end; empty at the end of the input.
    Line(io::Result<Vec<u8>>),
    /// Ctrl-C, with its number.
    Interrupt(u64),
}

/// Lines of standard input, read on a thread of its own: a read that blocks must not hold Ctrl-C up.
pub(super) struct Lines {
    ask: Sender<()>,
    events: Receiver<Event>,
    /// A line was asked for and has not come: it was interrupted.
    asked: bool,
    /// What was taken from `events` before it was wanted.
    early: VecDeque<Event>,
}

impl Lines {
    /// The lines, and the way to interrupt whoever waits for one.
    pub(super) fn start() -> io::Result<(Self, Sender<Event>)> {
        let (ask, asks) = mpsc::channel::<()>();
        let (sender, events) = mpsc::channel();
        let interrupt = sender.clone();
        thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                for () in asks {
                    let mut bytes = Vec::new();
                    let read = io::stdin().lock().read_until(b'\n', &mut bytes);
                    if sender.send(Event::Line(read.map(|_| bytes))).is_err() {
                        return;
                    }
                }
            })?;
        let lines = Self {
            ask,
            events,
            asked: false,
            early: VecDeque::new(),
        };
        Ok((lines, interrupt))
    }

    /// Reads one entry.
    pub(super) fn read(&mut self, prompt: &str, language: Language, start: Start<'_>) -> Input {
        if let Err(error) = self.begin(io::stdout(), start, terminal::drop_typed) {
            return Input::Other(error.to_string());
        }
        let next = || self.next(start.interrupts);
        let language = (!start.pasting).then_some(language);
        read(next, io::stdout(), prompt, language)
    }

    /// What the line editor would put into its buffer has no place here: text that is given back is
    /// shown, and lines typed before are dropped where they must not run by themselves.
    fn begin(
        &mut self,
        mut to: impl Write,
        start: Start<'_>,
        drop_typed: impl FnOnce() -> bool,
    ) -> io::Result<()> {
        if let Some(text) = start.initial {
            writeln!(to, "enter this again to run it:\n{}", printable(text))?;
        }
        if start.hold_typeahead {
            let mut dropped = drop_typed();
            let mut others = Vec::new();
            while let Ok(event) = self.events.try_recv() {
                match event {
                    Event::Line(Ok(bytes)) if !bytes.is_empty() => {
                        self.asked = false;
                        dropped = true;
                    }
                    // the end of the input stays the end
                    other => others.push(other),
                }
            }
            self.early.extend(others);
            if dropped {
                writeln!(to, "what was typed before this prompt is dropped")?;
            }
        }
        Ok(())
    }

    fn next(&mut self, before: u64) -> Event {
        loop {
            let event = self.early.pop_front().unwrap_or_else(|| {
                if !self.asked {
                    self.asked = self.ask.send(()).is_ok();
                }
                self.events.recv().unwrap_or(Event::Line(Ok(Vec::new())))
            });
            match event {
                // it was for what ran then, however late it comes here
                Event::Interrupt(number) if number <= before => {}
                Event::Interrupt(_) => return event,
                Event::Line(_) => {
                    self.asked = false;
                    return event;
                }
            }
        }
    }
}

/// Reads one entry, line by line until it is complete; what the end of the input cuts off is an entry too.
/// Without a language only the end of the input ends it.
fn read(
    mut next: impl FnMut() -> Event,
    mut to: impl Write,
    prompt: &str,
    language: Option<Language>,
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
        let bytes = match next() {
            Event::Line(Ok(bytes)) if bytes.is_empty() && buffer.is_empty() => return Input::End,
            Event::Line(Ok(bytes)) if bytes.is_empty() => return Input::Line(submitted(&buffer)),
            Event::Line(Ok(bytes)) => bytes,
            Event::Line(Err(error)) => return Input::Other(error.to_string()),
            Event::Interrupt(_) => {
                // The terminal has dropped the line that stood there.
                let _ = to.write_all(b"\n").and_then(|()| to.flush());
                let had_text = !buffer.is_empty();
                return Input::Interrupted { had_text };
            }
        };
        // A dumb terminal's encoding may be anything; the rest of the line is worth keeping.
        let line = String::from_utf8_lossy(&bytes);
        buffer.push_str(line.trim_end_matches(['\n', '\r']));
        match language.map(|it| enter(it, &buffer, buffer.len(), Arrival::Typed)) {
            Some(Enter::Submit) => return Input::Line(submitted(&buffer)),
            // Nobody can remove an indentation here, so none is offered.
            Some(Enter::Newline(_)) | None => buffer.push('\n'),
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
        let mut next = || {
            let mut bytes = Vec::new();
            Event::Line(from.read_until(b'\n', &mut bytes).map(|_| bytes))
        };
        while let Input::Line(entry) = read(&mut next, &mut shown, "py 1> ", Some(Language::Python))
        {
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
    fn an_interrupt_drops_the_lines_of_an_entry() {
        let mut events = vec![Event::Interrupt(1), Event::Line(Ok(b"f(1,\n".to_vec()))];
        let next = || events.pop().unwrap();
        let input = read(next, &mut Vec::new(), "py 1> ", Some(Language::Python));
        assert_eq!(input, Input::Interrupted { had_text: true });
    }

    /// Lines without a thread that reads; and who sends them.
    fn lines() -> (Lines, Sender<Event>, Receiver<()>) {
        let (ask, asks) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let lines = Lines {
            ask,
            events,
            asked: false,
            early: VecDeque::new(),
        };
        (lines, sender, asks)
    }

    fn begun(lines: &mut Lines, start: Start<'_>, typed: bool) -> String {
        let mut shown = Vec::new();
        lines.begin(&mut shown, start, || typed).unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn an_interrupt_that_was_for_something_else_hits_no_prompt_however_late_it_comes() {
        let (mut lines, sender, _asks) = lines();
        for event in [1, 2, 3].map(Event::Interrupt) {
            sender.send(event).unwrap();
        }
        assert!(matches!(lines.next(2), Event::Interrupt(3)));
    }

    #[test]
    fn text_that_is_given_back_is_shown_where_it_cannot_be_edited() {
        let start = Start {
            initial: Some("f(1,\n2)\u{1b}[2J"),
            ..Start::default()
        };
        let shown = begun(&mut lines().0, start, true);
        assert_eq!(shown, "enter this again to run it:\nf(1,\n2)[2J\n");
    }

    #[test]
    fn after_a_failure_lines_that_were_typed_before_are_dropped_and_that_is_said() {
        let (mut lines, sender, _asks) = lines();
        let start = Start {
            hold_typeahead: true,
            ..Start::default()
        };
        assert_eq!(begun(&mut lines, start, false), "");
        let said = "what was typed before this prompt is dropped\n";
        assert_eq!(begun(&mut lines, start, true), said);
        for bytes in ["x\n", ""] {
            sender.send(Event::Line(Ok(bytes.into()))).unwrap();
        }
        assert_eq!(begun(&mut lines, start, false), said);
        // the end of the input is kept
        assert!(matches!(lines.next(0), Event::Line(Ok(bytes)) if bytes.is_empty()));
    }

    #[test]
    fn bytes_that_are_no_text_do_not_end_the_shell() {
        assert_eq!(entries(b"a\xffb\r\n").0, ["a\u{fffd}b"]);
    }
}
