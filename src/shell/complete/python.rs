//! Python's names: a program of ours looks for them in the session, and leaves nothing behind.
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::mark;
use crate::language::wanted::{Place, Wanted};
use crate::livy::Kind;
use crate::session::Question;

/// It runs with two names: `ns`, the session's own, and `ask`, what is wanted.
const PROGRAM: &str = include_str!("names.py");

/// What to ask the session, and the mark of the answer.
pub(super) fn question(wanted: &Wanted<'_>, limit: Duration) -> (Question, String) {
    let mark = mark();
    let mut ask = of(&wanted.place);
    ask["word"] = json!(wanted.word);
    ask["mark"] = json!(mark);
    let question = Question {
        about: "completion",
        kind: Kind::Pyspark,
        code: code(&ask),
        limit,
    };
    (question, mark)
}

/// An expression without a value: nothing is printed for it, and `_` stays as it is. JSON's strings are Python's too.
fn code(ask: &Value) -> String {
    let program = json!(PROGRAM);
    let ask = json!(ask.to_string());
    format!(
        "exec({program}, {{\"ns\": globals(), \"ask\": __import__(\"json\").loads({ask}), \"__name__\": \"livysh\"}})"
    )
}

fn of(place: &Place) -> Value {
    let (mode, of) = match place {
        Place::Name { call } => ("name", json!(call)),
        Place::Attribute { of } => ("attribute", json!(of)),
        Place::Module { of } if of.is_empty() => ("module", json!([])),
        Place::Module { of } => ("module", json!([of])),
        Place::Member { of } => ("member", json!([of])),
        Place::Key { of } => ("key", json!(of)),
        Place::Text { of, .. } => ("text", json!(of)),
    };
    let column = matches!(place, Place::Text { column: true, .. });
    json!({"mode": mode, "of": of, "column": column})
}

/// Can this stand there?
pub(super) fn fits(place: &Place, name: &str) -> bool {
    match place {
        // it would end the string
        Place::Key { .. } | Place::Text { .. } => !name.contains(['"', '\'', '\\']),
        Place::Name { .. } => super::is_name(name.strip_suffix('=').unwrap_or(name)),
        _ => super::is_name(name),
    }
}
