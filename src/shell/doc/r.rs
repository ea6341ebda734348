//! R: a function's arguments, and the help page.
use super::super::complete::answer::mark;
use super::super::inquire::LIMIT;
use crate::livy::Kind;
use crate::session::Question;

const DOC: &str = include_str!("doc.R");
const FRAME: &str = include_str!("frame.R");

/// What to ask the session about `NAME` or `PACKAGE::NAME`, and the mark of the answer; none for what is more than that.
pub(super) fn question(name: &str) -> Option<(Question, String)> {
    let (package, name) = name.split_once("::").unwrap_or(("", name));
    asked(DOC, "doc", name.trim_start_matches(':'), package)
}

/// The same for the columns of a data frame.
pub(in crate::shell) fn frame(name: &str) -> Option<(Question, String)> {
    asked(FRAME, "describe", name, "")
}

fn asked(
    program: &str,
    about: &'static str,
    name: &str,
    package: &str,
) -> Option<(Question, String)> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "()[]{};,\"'#$@".contains(c);
    if name.is_empty() || name.contains(odd) || package.contains(odd) {
        return None;
    }
    let mark = mark();
    let code = program
        .replace("NAME", &letters(name))
        .replace("PACKAGE", &letters(package))
        .replace("MARK", &mark);
    let question = Question {
        about,
        kind: Kind::Sparkr,
        code,
        limit: LIMIT,
    };
    Some((question, mark))
}

/// Not as a text: where the words of a plot stand in a statement, Livy opens a picture for it.
fn letters(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let letters: Vec<String> = text.chars().map(|c| u32::from(c).to_string()).collect();
    format!("intToUtf8(c({}))", letters.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_a_package_and_no_word_of_a_plot_is_sent() {
        let (asked, mark) = question("graphics::hist").unwrap();
        assert!(asked.code.contains(&mark) && asked.code.contains("intToUtf8(c(104,105,115,116))"));
        // as Livy's own list has them
        let all = [
            question("barplot").unwrap().0.code,
            frame("pie").unwrap().0.code,
        ];
        for word in [
            "bagplot",
            "barplot",
            "boxplot",
            "dotchart",
            "hist",
            "lines",
            "pie",
            "plot",
            "qqline",
            "qqnorm",
            "splom",
            "stripchart",
        ] {
            assert!(all.iter().all(|code| !code.contains(word)), "{word}");
        }
        for none in ["", "f(x)", "a b", "x; y", "x$y", "stats::"] {
            assert!(question(none).is_none(), "{none}");
        }
        assert!(question("+").is_some() && question("is.na").is_some());
    }
}
