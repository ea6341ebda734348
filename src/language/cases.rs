//! Hand-made texts and what they should give, one file a language.
//!
//! A case begins with `=== WHAT` and goes to the next one: `complete`, `incomplete`, `wrong`; `parts`, with `---` before
//! each part; `join` and `clean`, with the answer after a line `>>>`; `indent WIDTH` and `redent WIDTH|none`; `tokens`, with a line
//! `CLASS TEXT` for each that is no space after `>>>` (a line end inside is `\n`); `words`, the same on one line with `|`
//! between, without comments.

use std::borrow::Cow;

use super::{Class, Completeness, Language, Token, scala_join};

pub(super) fn cases(text: &str) -> Vec<(&str, String)> {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if let Some(what) = line.strip_prefix("=== ") {
            cases.push((what, Vec::new()));
        } else {
            cases
                .last_mut()
                .expect("a case begins with ===")
                .1
                .push(line);
        }
    }
    cases
        .into_iter()
        .map(|(what, lines)| (what, lines.join("\n")))
        .collect()
}

/// What is wrong with the answer to a case, if anything is.
fn fault(language: Language, what: &str, body: &str) -> Option<String> {
    let (ask, wanted) = what.split_once(' ').unwrap_or((what, ""));
    let (text, after) = body.split_once("\n>>>\n").unwrap_or((body, ""));
    let (got, wanted) = match ask {
        "complete" => (
            format!("{:?}", language.completeness(body)),
            format!("{:?}", Completeness::Complete),
        ),
        "incomplete" => (
            format!("{:?}", language.completeness(body)),
            format!("{:?}", Completeness::Incomplete),
        ),
        "wrong" => (
            format!("{:?}", language.completeness(body)),
            format!("{:?}", Completeness::Wrong),
        ),
        "indent" => (
            language.next_indent(body).len().to_string(),
            wanted.to_owned(),
        ),
        "redent" => (
            language
                .redent(body)
                .map_or("none".to_owned(), |white| white.len().to_string()),
            wanted.to_owned(),
        ),
        "join" => (scala_join(text).into_owned(), after.to_owned()),
        "clean" => (
            language.clean(text).map_or(String::new(), Cow::into_owned),
            after.to_owned(),
        ),
        "tokens" => {
            let tokens = language.tokens(text);
            let solid = tokens
                .iter()
                .filter(|it| !matches!(it.class, Class::Space | Class::Newline));
            (shown(text, solid).join("\n"), after.to_owned())
        }
        "words" => {
            let lexed = language.lex(text);
            (shown(text, lexed.solid()).join("|"), after.to_owned())
        }
        "parts" => {
            let plain = body.replace("---", "");
            let mut marked = plain.clone();
            for part in language.parts(&plain).iter().rev() {
                assert_eq!(
                    part.first_line,
                    plain[..part.range.start].matches('\n').count()
                );
                marked.insert_str(part.range.start, "---");
            }
            (marked, body.to_owned())
        }
        _ => (String::new(), "a case of a known kind".to_owned()),
    };
    (got != wanted).then(|| format!("{what}: {body}\n  got    {got}\n  wanted {wanted}\n"))
}

/// `CLASS TEXT` of each token.
fn shown<'a>(text: &str, tokens: impl Iterator<Item = &'a Token>) -> Vec<String> {
    tokens
        .map(|token| {
            let word = text[token.range.clone()].replace('\n', "\\n");
            format!("{:?} {word}", token.class)
        })
        .collect()
}

/// Holds a list to its answers, and to `least` cases, so that none is lost unseen.
fn check(language: Language, text: &str, least: usize) {
    let cases = cases(text);
    assert!(cases.len() >= least, "only {} cases", cases.len());
    let faults: Vec<String> = cases
        .iter()
        .filter_map(|(what, body)| fault(language, what, body))
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {} cases:\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
}

#[test]
fn python_cases_hold() {
    check(Language::Python, include_str!("cases/python.txt"), 490);
}

#[test]
fn scala_cases_hold() {
    check(Language::Scala, include_str!("cases/scala.txt"), 540);
}

#[test]
fn r_cases_hold() {
    check(Language::R, include_str!("cases/r.txt"), 450);
}

#[test]
fn sql_cases_hold() {
    check(Language::Sql, include_str!("cases/sql.txt"), 370);
}
