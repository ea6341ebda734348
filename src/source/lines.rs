//! Line numbers in errors: servers count from the start of a statement, people from the start of the file.
//! A number is changed only where it is sure whose it is.
use super::{Piece, Place};
use crate::language::{Class, Language};
use crate::livy::{Kind, Raised};

/// The functions that this run's Python statements define, to tell whose line a frame names.
#[derive(Debug, Default)]
pub struct Lines {
    definitions: Vec<Definition>,
}

#[derive(Debug)]
struct Definition {
    /// As frames name it.
    function: String,
    /// The name that its statement defines: a method's class, else the function itself.
    outermost: String,
    /// Lines of the sent code that it may be on, from 1.
    lines: std::ops::RangeInclusive<usize>,
    place: Place,
}

impl Lines {
    /// A statement is sent.
    pub fn sent(&mut self, piece: &Piece) {
        if piece.kind != Kind::Pyspark || !piece.code.contains("def ") {
            return;
        }
        let code = &piece.code;
        let lines = code.lines().count();
        let mut outermost = "";
        let mut after_def = false;
        // where the definition's line begins, and what of the code is counted
        let (mut start, mut counted, mut first) = (0, 0, 1);
        for token in Language::Python.tokens(code) {
            let word = &code[token.range.clone()];
            match token.class {
                Class::Keyword => after_def = word == "def",
                Class::Definition => {
                    let above = &code[counted..token.range.start];
                    if let Some(at) = above.rfind('\n') {
                        start = counted + at + 1;
                        first += above.matches('\n').count();
                    }
                    counted = token.range.start;
                    if !code[start..].starts_with(char::is_whitespace) {
                        outermost = word;
                    }
                    if after_def {
                        self.definitions.push(Definition {
                            function: word.to_owned(),
                            outermost: outermost.to_owned(),
                            lines: first..=lines,
                            place: piece.place.clone(),
                        });
                    }
                    after_def = false;
                }
                _ => {}
            }
        }
    }

    /// The error of that statement with the lines of its text.
    pub fn of_text(&self, raised: &Raised, piece: &Piece) -> Raised {
        let mut shown = raised.clone();
        match piece.kind {
            Kind::Pyspark => {
                let syntax = matches!(
                    &*raised.name,
                    "SyntaxError" | "IndentationError" | "TabError"
                );
                let line = |line: &str| self.python(line, &piece.place, syntax);
                shown.value = by_lines(&raised.value, line);
                for text in &mut shown.traceback {
                    *text = by_lines(text, line);
                }
            }
            Kind::Sql if piece.place.first_line > 0 => {
                shown.value = sql(&raised.value, &piece.place);
            }
            // Scala counts from its session's start, and R not at all
            Kind::Sql | Kind::Spark | Kind::Sparkr => {}
        }
        shown
    }

    fn python(&self, line: &str, place: &Place, syntax: bool) -> Option<String> {
        if syntax && let Some(at) = line.find("(<stdin>, line ") {
            let (message, rest) = line.split_at(at);
            let (sent, end) = number(rest.strip_prefix("(<stdin>, line ")?)?;
            // "expected an indented block after 'if' statement on line 1"
            let message = replaced(message, "on line ", "", place);
            return Some(format!(
                "{message}({}, line {}{end}",
                file(place),
                place.line(sent)?
            ));
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let (sent, rest) = number(line.trim_start().strip_prefix("File \"<stdin>\", line ")?)?;
        let place = match rest.trim_end().strip_prefix(", in ") {
            Some(function) => self.place_of(function, sent)?,
            None if rest.trim().is_empty() && syntax => place,
            None => return None,
        };
        Some(format!(
            "{indent}File \"{}\", line {}{rest}",
            file(place),
            place.line(sent)?
        ))
    }

    /// Where the function that a frame names was defined: the newest of that name, unless different
    /// statements have one (methods of two classes).
    fn place_of(&self, function: &str, sent: usize) -> Option<&Place> {
        let mut named = self
            .definitions
            .iter()
            .rev()
            .filter(|it| it.function == function);
        let newest = named.next()?;
        let sure = named.all(|it| it.outermost == newest.outermost) && newest.lines.contains(&sent);
        sure.then_some(&newest.place)
    }
}

fn file(place: &Place) -> &str {
    place.file.as_deref().unwrap_or("<stdin>")
}

/// The text with those of its lines changed that `change` has another for.
fn by_lines(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let lines = text.split_inclusive('\n');
    let lines = lines.map(|line| change(line).unwrap_or_else(|| line.to_owned()));
    lines.collect()
}

/// The number that a text begins with, and the rest.
fn number(text: &str) -> Option<(usize, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// Spark writes `(line 2, pos 7)`, `(line 2, position 8)` and `; line 2 pos 7`; below them stands the query
/// itself, which is left alone.
fn sql(value: &str, place: &Place) -> String {
    let mut query = false;
    let lines = value.split_inclusive('\n').map(|line| {
        if query {
            return line.to_owned();
        }
        query = line.starts_with("== SQL");
        replaced(line, "line ", "pos", place)
    });
    lines.collect()
}

/// The numbers behind `before` are the text's lines from now on, where `after` follows them.
fn replaced(text: &str, before: &str, after: &str, place: &Place) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(before) {
        let (head, tail) = rest.split_at(at + before.len());
        out.push_str(head);
        rest = tail;
        let Some((sent, behind)) = number(tail) else {
            continue;
        };
        let fits = behind.trim_start_matches([',', ' ']).starts_with(after);
        if let Some(line) = place.line(sent).filter(|_| fits) {
            out.push_str(&line.to_string());
            rest = behind;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    fn file(name: &str, kind: Kind, text: &str) -> Vec<Piece> {
        let text = Text {
            name: name.to_owned(),
            kind,
            text: text.to_owned(),
            is_file: true,
        };
        text.pieces(false)
    }

    fn raised(name: &str, value: &str, traceback: &[&str]) -> Raised {
        Raised {
            name: name.to_owned(),
            value: value.to_owned(),
            traceback: traceback.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    const JOB: &str = "x = 1\n\n\ndef f():\n    return 1/0\n\n\nclass A:\n    def go(self):\n        f()\n\n\nA().go()\n";

    fn frames(lines: &Lines, piece: &Piece, frame: &str) -> String {
        let error = raised("ZeroDivisionError", "division by zero", &[frame]);
        lines.of_text(&error, piece).traceback.concat()
    }

    #[test]
    fn a_frame_names_the_file_and_its_line_whichever_part_defined_the_function() {
        let parts = file("job.py", Kind::Pyspark, JOB);
        let mut lines = Lines::default();
        for part in &parts {
            lines.sent(part);
        }
        let last = parts.last().unwrap();
        let shown = frames(&lines, last, "  File \"<stdin>\", line 2, in f\n");
        assert_eq!(shown, "  File \"job.py\", line 5, in f\n");
        let shown = frames(&lines, last, "  File \"<stdin>\", line 3, in go\n");
        assert_eq!(shown, "  File \"job.py\", line 10, in go\n");
    }

    #[test]
    fn a_frame_that_may_be_anothers_stays_as_it_is() {
        let mut lines = Lines::default();
        let parts = file("a.py", Kind::Pyspark, &JOB.replace("class A", "class B"));
        let both = file("b.py", Kind::Pyspark, JOB);
        for part in parts.iter().chain(&both) {
            lines.sent(part);
        }
        for frame in [
            // two classes have it
            "  File \"<stdin>\", line 3, in go\n",
            "  File \"<stdin>\", line 1, in elsewhere\n",
            "  File \"<stdin>\", line 1, in <lambda>\n",
            "  File \"/usr/lib/x.py\", line 1, in f\n",
            // no line of it
            "  File \"<stdin>\", line 77, in f\n",
        ] {
            assert_eq!(frames(&lines, &both[0], frame), frame);
        }
        // a function of the same name is the newer one
        let shown = frames(&lines, &both[0], "  File \"<stdin>\", line 2, in f\n");
        assert_eq!(shown, "  File \"b.py\", line 5, in f\n");
    }

    #[test]
    fn a_syntax_error_names_the_file_in_its_frame_and_in_its_message() {
        let text = "from __future__ import annotations\nx = 1\nif x:\nprint(\n";
        let parts = file("job.py", Kind::Pyspark, text);
        let part = &parts[2];
        assert_eq!(part.place.added, 1, "{part:?}");
        let message = "expected an indented block after 'if' statement on line 2 (<stdin>, line 3)";
        let error = raised(
            "IndentationError",
            message,
            &[
                "  File \"<stdin>\", line 3\n",
                "    print(\n",
                "IndentationError: a\n",
            ],
        );
        let shown = Lines::default().of_text(&error, part);
        assert_eq!(
            shown.value,
            "expected an indented block after 'if' statement on line 3 (job.py, line 4)"
        );
        assert_eq!(shown.traceback[0], "  File \"job.py\", line 4\n");
        assert_eq!(shown.traceback[1..], error.traceback[1..]);
        // the same words of another error are the program's own
        let own = raised("ValueError", message, &[message]);
        assert_eq!(Lines::default().of_text(&own, part), own);
    }

    #[test]
    fn sql_counts_from_the_files_start_but_in_the_query_that_it_repeats() {
        let parts = file("q.sql", Kind::Sql, "select 1;\n\nselect\n  nope from t;\n");
        let value = "[X] no such column; line 2 pos 2\n(line 2, pos 2)\n\n== SQL (line 2, position 3) ==\nselect\n  line 2 pos 2\n^^^\n";
        let shown = Lines::default().of_text(&raised("Error", value, &[]), &parts[1]);
        assert_eq!(
            shown.value,
            "[X] no such column; line 4 pos 2\n(line 4, pos 2)\n\n== SQL (line 4, position 3) ==\nselect\n  line 2 pos 2\n^^^\n"
        );
    }

    #[test]
    fn other_languages_errors_stay_as_they_are() {
        let error = raised("Error", "<console>:25: error: line 2, pos 2", &["a"]);
        for kind in [Kind::Spark, Kind::Sparkr] {
            let part = file("a", kind, "a\nb\n").pop().unwrap();
            assert_eq!(Lines::default().of_text(&error, &part), error);
        }
    }
}
