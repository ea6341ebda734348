//! `:doc NAME` and `NAME?`: what a name is, as the session tells it.
pub(super) mod python;
pub(super) mod r;
pub(super) mod scala;
mod sql;

use super::Shell;
use crate::livy::{Kind, Outcome};
use crate::report::{Report, code};

/// What is known of a name: labels and texts. Texts that follow each other under one label are its lines.
type Facts = Vec<(String, String)>;

/// The columns of a `DataFrame`: names, types and comments.
pub(super) type Columns = Vec<(String, String, String)>;

/// Where the texts stand that have one line.
const INDENT: usize = 11;

impl Shell {
    /// Shows what a name of that language is.
    pub(super) fn doc(&mut self, kind: Kind, name: &str) -> Result<(), Report> {
        let text = self.with_session(|shell| shell.documented(kind, name))?;
        text.map_or(Ok(()), |text| self.page(&text))
    }

    fn documented(&mut self, kind: Kind, name: &str) -> Result<String, Report> {
        match kind {
            Kind::Spark => self.scala_signatures(name),
            Kind::Sql => self.sql_function(name),
            Kind::Pyspark => {
                let asked = python::question(name).ok_or_else(|| no_name(kind, name))?;
                self.facts(kind, name, asked)
            }
            Kind::Sparkr => {
                let asked = r::question(name).ok_or_else(|| no_name(kind, name))?;
                self.facts(kind, name, asked)
            }
        }
    }

    /// What a statement tells that prints facts behind a mark.
    fn facts(
        &mut self,
        kind: Kind,
        name: &str,
        (question, mark): (crate::session::Question, String),
    ) -> Result<String, Report> {
        let outcome = self.inquire(question)?;
        let facts: Facts =
            super::complete::answer::read(&outcome, &mark).ok_or_else(|| unanswered(&outcome))?;
        if facts.is_empty() {
            return Err(unknown(kind, name));
        }
        Ok(shown(&facts))
    }
}

/// The language's name, as people say it.
pub(super) const fn spoken(kind: Kind) -> &'static str {
    match kind {
        Kind::Spark => "Scala",
        Kind::Pyspark => "Python",
        Kind::Sparkr => "R",
        Kind::Sql => "SQL",
    }
}

fn no_name(kind: Kind, name: &str) -> Report {
    let what = format!("`{name}` is no name in {}", spoken(kind));
    Report::new(code::USAGE, what)
        .advise("ask for a variable, a function or an attribute of one; :kind changes the language")
}

fn unknown(kind: Kind, name: &str) -> Report {
    let what = format!(
        "`{name}` is not known in this session's {}, or only by running code",
        spoken(kind)
    );
    Report::new(code::STATEMENT, what).advise(match kind {
        Kind::Sql => ":describe tells of tables; :kind changes the language",
        _ => "define or import it first; :kind changes the language",
    })
}

/// A session that did not do what was asked: its own words where it has some.
pub(super) fn unanswered(outcome: &Outcome) -> Report {
    let report = Report::new(code::STATEMENT, "the session did not tell");
    match outcome.error.as_ref().map(first_line) {
        Some(line) if !line.is_empty() => report.because(line),
        _ => report,
    }
}

/// The first line of an error.
pub(super) fn first_line(raised: &crate::livy::Raised) -> String {
    let mut lines = raised.value.lines().map(str::trim);
    lines
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// Facts as a text: short ones beside their labels, long ones below.
fn shown(facts: &[(String, String)]) -> String {
    let blocks = facts.chunk_by(|(a, _), (b, _)| a == b).map(|same| {
        let label = format!("{}:", same[0].0);
        let lines: Vec<&str> = same.iter().flat_map(|(_, text)| text.split('\n')).collect();
        match lines.as_slice() {
            [line] => format!("{label:<INDENT$}{line}\n"),
            lines => format!("{label}\n{}\n", lines.join("\n").trim_end()),
        }
    });
    blocks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_facts_stand_beside_their_labels_and_long_ones_below() {
        let fact = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        let facts = [
            fact("Signature", "f(x)"),
            fact("Help", "Title"),
            fact("Help", ""),
            fact("Help", "  more"),
            fact("Docstring", "a\n\nb\n"),
            fact("Type", "function"),
        ];
        assert_eq!(
            shown(&facts),
            "Signature: f(x)\nHelp:\nTitle\n\n  more\nDocstring:\na\n\nb\nType:      function\n"
        );
    }
}
