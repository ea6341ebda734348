//! An error that the user's code raised, as each language's users know it.
use std::borrow::Cow;
use std::io::{self, Write};

use super::sanitize::safe;
use super::style::{Ink, Style};
use crate::livy::{Damage, Kind, Raised};

/// Of a dead interpreter's log (all it ever wrote to stderr) the last lines tell why.
const LAST_LINES: usize = 20;

/// Writes the error, and what to do where the interpreter is lost.
pub(super) fn write(
    raised: &Raised,
    kind: Kind,
    style: &Style,
    notes: &mut dyn Write,
) -> io::Result<()> {
    let damage = raised.damage();
    let text = text(raised, kind, style.full_errors);
    let text = if damage == Some(Damage::InterpreterDied) && !style.full_errors {
        last_lines(&text)
    } else {
        Cow::Borrowed(text.as_str())
    };
    let text = safe(text.trim_end_matches('\n'), style.terminal);
    let (start, end) = headline(&text, raised, kind);
    let (red, plain) = style.ink(Ink::Error);
    let (before, head, after) = (&text[..start], &text[start..end], &text[end..]);
    writeln!(notes, "{before}{red}{head}{plain}{after}")?;
    if let Some(advice) = damage.map(|damage| advice(damage, kind)) {
        let (yellow, plain) = style.ink(Ink::Note);
        writeln!(notes, "{yellow}{advice}{plain}")?;
    }
    Ok(())
}

/// Python's trace says it all; SQL's is Java's and of no use to its reader; Scala's is the rest
/// of what its shell printed, the first line of which is the value.
fn text(raised: &Raised, kind: Kind, full: bool) -> String {
    let trace = joined(&raised.traceback);
    let value = raised.value.trim_matches('\n');
    let mut text = if value.is_empty() && raised.name.trim().is_empty() {
        "an error without a name or a text".to_owned()
    } else if value.is_empty() {
        raised.name.clone()
    } else if raised.name == "Error" && names_itself(value, kind) {
        value.to_owned()
    } else {
        format!("{}: {value}", raised.name)
    };
    let with_trace = match kind {
        Kind::Pyspark if !trace.trim().is_empty() => return trace,
        Kind::Sql => full,
        _ => true,
    };
    if with_trace && !trace.is_empty() {
        text.push('\n');
        text.push_str(&trace);
    }
    text
}

/// The name `Error` says nothing where the value begins with what it is.
fn names_itself(value: &str, kind: Kind) -> bool {
    match kind {
        Kind::Spark | Kind::Sql => true,
        Kind::Sparkr | Kind::Pyspark => {
            value.starts_with("Error") || value.starts_with("Interpreter died")
        }
    }
}

/// A trace as one text: its pieces end in newlines, or are lines without (SQL).
fn joined(pieces: &[String]) -> String {
    let mut text = String::new();
    for piece in pieces {
        text.push_str(piece);
        if !piece.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn last_lines(text: &str) -> Cow<'_, str> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    match lines.as_slice() {
        [first, rest @ ..] if rest.len() > LAST_LINES => {
            let (left_out, last) = rest.split_at(rest.len() - LAST_LINES);
            let count = left_out.len();
            Cow::Owned(format!(
                "{first}\n... {count} lines left out ...\n{}",
                last.join("\n")
            ))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Where in the text the error's name stands: `[CLASS]`, `ValueError`, `java.lang.Exception`;
/// the first line where nothing looks like a name.
fn headline(text: &str, raised: &Raised, kind: Kind) -> (usize, usize) {
    if kind == Kind::Pyspark {
        // The last line that begins with the name, written with its modules or without.
        let name = safe(&raised.name, true);
        let starts = text.rmatch_indices('\n').map(|(at, _)| at + 1).chain([0]);
        for start in starts {
            let line = text[start..].lines().next().unwrap_or_default();
            let head = line.split(':').next().unwrap_or_default();
            if !head.contains(' ') && head.rsplit('.').next() == Some(&*name) {
                return (start, start + head.len());
            }
        }
    }
    let first = text.lines().next().unwrap_or_default();
    let end = if first.starts_with('[') {
        first.find(']').map(|at| at + 1)
    } else {
        first.find(": ").filter(|at| !first[..*at].contains(' '))
    };
    (0, end.unwrap_or(first.len()))
}

fn advice(damage: Damage, kind: Kind) -> String {
    match damage {
        Damage::InterpreterDied => format!(
            "The session's {kind} interpreter is gone and will not come back; other kinds still work. Start a new session (:restart in the shell) for more {kind} code."
        ),
        Damage::InterpreterMissing => format!(
            "The server could not start the session's {kind} interpreter: it may lack it. The session's log has the reason."
        ),
        Damage::RepliesShifted => format!(
            "A child process wrote into the channel of the {kind} interpreter: its later answers will be empty or belong to other statements. Start a new session (:restart in the shell), and capture the output of child processes."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raised: &Raised, kind: Kind, style: &Style) -> String {
        let mut notes = Vec::new();
        write(raised, kind, style, &mut notes).unwrap();
        String::from_utf8(notes).unwrap()
    }

    fn raised(name: &str, value: &str, traceback: &[&str]) -> Raised {
        Raised {
            name: name.to_owned(),
            value: value.to_owned(),
            traceback: traceback.iter().map(|&piece| piece.to_owned()).collect(),
        }
    }

    #[test]
    fn python_shows_its_trace_only_and_colours_the_name_in_its_last_line() {
        let error = raised(
            "ValueError",
            "boom",
            &[
                "Traceback (most recent call last):\n",
                "  File \"<stdin>\", line 1, in ValueErrors\n",
                "ValueError: boom\n",
            ],
        );
        let color = Style {
            color: true,
            ..Style::default()
        };
        let module = raised("E", "x", &["Traceback:\n", "a.b.E: x: y\n", "E2\n"]);
        let text = shown(&module, Kind::Pyspark, &color);
        assert_eq!(text, "Traceback:\n\x1b[1;31ma.b.E\x1b[0m: x: y\nE2\n");
        let text = shown(&error, Kind::Pyspark, &color);
        assert!(
            text.ends_with("in ValueErrors\n\x1b[1;31mValueError\x1b[0m: boom\n"),
            "{text}"
        );
        assert_eq!(text.matches("boom").count(), 1);
    }

    #[test]
    fn an_error_without_a_trace_shows_name_and_value() {
        let style = Style::default();
        assert_eq!(
            shown(&raised("KeyError", "'k'", &[]), Kind::Pyspark, &style),
            "KeyError: 'k'\n"
        );
        assert_eq!(
            shown(&raised("KeyboardInterrupt", "", &[]), Kind::Pyspark, &style),
            "KeyboardInterrupt\n"
        );
        assert_eq!(
            shown(&raised("Error", "boom", &[]), Kind::Sparkr, &style),
            "Error: boom\n"
        );
        assert_eq!(
            shown(
                &raised("Error", "Error in f(): x", &[]),
                Kind::Sparkr,
                &style
            ),
            "Error in f(): x\n"
        );
        assert_eq!(
            shown(&raised("NameError", "Value j", &[]), Kind::Spark, &style),
            "NameError: Value j\n"
        );
    }

    #[test]
    fn sql_keeps_the_caret_in_its_place_and_hides_java_unless_asked() {
        let error = raised(
            "Error",
            "\n[PARSE] bad\n\n== SQL ==\nselec 1\n^^^\n",
            &["a.b(C.scala:1)"],
        );
        let plain = "[PARSE] bad\n\n== SQL ==\nselec 1\n^^^\n";
        assert_eq!(shown(&error, Kind::Sql, &Style::default()), plain);
        let full = Style {
            full_errors: true,
            ..Style::default()
        };
        assert_eq!(
            shown(&error, Kind::Sql, &full),
            format!("{plain}a.b(C.scala:1)\n")
        );
    }

    #[test]
    fn scala_shows_the_value_and_then_all_of_the_trace() {
        let error = raised(
            "Error",
            "printed",
            &["java.lang.RuntimeException: boom\n", "  at x\n"],
        );
        assert_eq!(
            shown(&error, Kind::Spark, &Style::default()),
            "printed\njava.lang.RuntimeException: boom\n  at x\n"
        );
    }

    #[test]
    fn a_dead_interpreter_shows_its_last_lines_and_what_to_do() {
        let log = (0..1000)
            .map(|n| format!("line {n}"))
            .collect::<Vec<_>>()
            .join("\n");
        let error = raised("Error", &format!("Interpreter died:\n{log}"), &[]);
        let text = shown(&error, Kind::Pyspark, &Style::default());
        assert!(
            text.starts_with("Interpreter died:\n... 980 lines left out ...\nline 980\n"),
            "{text}"
        );
        assert!(
            text.contains("line 999\nThe session's pyspark interpreter is gone"),
            "{text}"
        );
    }

    #[test]
    fn an_error_cannot_reach_the_terminal_raw() {
        let error = raised("E\x1b[2J", "v\u{9b}", &[]);
        let terminal = Style {
            terminal: true,
            ..Style::default()
        };
        assert_eq!(
            shown(&error, Kind::Pyspark, &terminal),
            "E\\x1b[2J: v\\x9b\n"
        );
        assert_eq!(
            shown(&error, Kind::Pyspark, &Style::default()),
            "E\x1b[2J: v\u{9b}\n"
        );
    }
}
