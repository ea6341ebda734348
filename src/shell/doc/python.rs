//! Python: signature, documentation, file and type, as notebooks show them.
use serde_json::{Value, json};

use super::super::complete::{answer::mark, python};
use super::super::inquire::LIMIT;
use crate::language::wanted::{self, Place};
use crate::livy::Kind;
use crate::session::Question;

const DOC: &str = include_str!("doc.py");
const FRAME: &str = include_str!("frame.py");

/// What to ask the session about a name, and the mark of the answer; none for what is more than a name.
pub(super) fn question(name: &str) -> Option<(Question, String)> {
    asked(DOC, "doc", name)
}

/// The same for the columns of a `DataFrame`.
pub(in crate::shell) fn frame(name: &str) -> Option<(Question, String)> {
    asked(FRAME, "describe", name)
}

fn asked(program: &str, about: &'static str, name: &str) -> Option<(Question, String)> {
    let steps = steps(name)?;
    let mark = mark();
    let ask: Value = json!({"of": steps, "mark": mark});
    let question = Question {
        about,
        kind: Kind::Pyspark,
        code: python::code(program, &ask),
        limit: LIMIT,
    };
    Some((question, mark))
}

/// The steps from the left: a name, attributes, calls and items.
fn steps(name: &str) -> Option<Vec<String>> {
    let attribute = format!("{}.", name.trim());
    let wanted = wanted::python(&attribute)?;
    let Place::Attribute { of } = wanted.place else {
        return None;
    };
    // all of it: in `1 + x` only the end is a name
    let length: usize = of.iter().filter(|it| !is_call(it)).map(String::len).sum();
    let plain = name
        .trim()
        .chars()
        .all(|c| c.is_alphanumeric() || "_.".contains(c));
    let called = of.iter().any(|it| is_call(it)) && name.trim().starts_with(of.first()?.as_str());
    (called || plain && length == name.trim().len()).then_some(of)
}

fn is_call(step: &str) -> bool {
    matches!(step, "()" | "[]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::complete::python::tests::told;

    fn doc(name: &str) -> String {
        let facts: super::super::Facts = told(SESSION, question(name).unwrap());
        let facts: Vec<_> = facts
            .into_iter()
            .filter(|(label, _)| label != "File")
            .collect();
        super::super::shown(&facts)
    }

    const SESSION: &str = r#"
import json
class Made:
    "What is made."
    def __init__(self, size: int = 1): ...
    def grow(self, by: int, *more) -> "Made":
        """Grows it.

        By that much."""
    @classmethod
    def new(cls, size): "A new one."
    @staticmethod
    def help(of): "Helps."
    @property
    def cursed(self) -> "Made":
        "Is never asked."
        raise SystemExit("evaluated")
class Other(Made):
    def grow(self, by): ...
class Odd:
    def __getattr__(self, name): raise SystemExit("evaluated")
class Proxy:
    @property
    def __class__(self): raise SystemExit("evaluated")
class DataFrame:
    __module__ = "pandas.core.frame"
    # a column is an attribute, too
    dtypes = {"a": "int64"}
    def __init__(self): self.schema = "a column"
class Empty(DataFrame):
    __module__ = "pandas.core.frame"
    dtypes = {}
Empty.__name__ = "DataFrame"
empty, proxy = Empty(), Proxy()
made, other, odd, numbers, frame, nothing = Made(), Other(), Odd(), [1, 2], DataFrame(), None
def plain(x, *, y=2): ...
"#;

    #[test]
    fn a_name_is_told_with_signature_documentation_and_type() {
        for (name, shown) in [
            (
                "made.grow",
                "Signature: grow(by: int, *more) -> 'Made'\nDocstring:\nGrows it.\n\nBy that much.\nType:      method\n",
            ),
            (
                "Made.new",
                "Signature: new(size)\nDocstring: A new one.\nType:      method\n",
            ),
            (
                "made.help",
                "Signature: help(of)\nDocstring: Helps.\nType:      function\n",
            ),
            (
                "plain",
                "Signature: plain(x, *, y=2)\nType:      function\n",
            ),
            (
                "Made",
                "Signature: Made(size: int = 1)\nDocstring: What is made.\nType:      class\n",
            ),
            (
                "made",
                "Type:      __main__.Made\nDocstring: What is made.\n",
            ),
            (
                "made.cursed",
                "Type:      property of Made: Made\nDocstring: Is never asked.\n",
            ),
            ("frame.a", "Type:      column: int64\n"),
        ] {
            assert_eq!(doc(name), shown, "{name}");
        }
        assert!(doc("other.grow").contains("By that much."), "inherited");
        assert!(doc("made.cursed.grow").starts_with("Signature: grow(by: int"));
        assert!(doc("made.grow(1).grow").starts_with("Signature: grow(by: int"));
        assert!(doc("numbers").starts_with("Type:      list\nLength:    2\n"));
        assert!(doc("frame").contains("Columns:   a: int64"));
        assert!(doc("nothing").starts_with("Type:      NoneType"));
        assert_eq!(doc("proxy"), "Type:      __main__.Proxy\n");
        assert!(doc("json.dumps").starts_with("Signature: dumps(obj, *"));
        assert!(doc("len").contains("Type:      builtin"));
        // not imported, and loaded
        assert!(doc("json.decoder.JSONDecoder").contains("Type:      class"));
        for unknown in [
            "missing",
            "missing.x",
            "odd.x",
            "made.missing",
            "made.cursed.missing",
        ] {
            assert_eq!(doc(unknown), "", "{unknown}");
        }
    }

    #[test]
    fn what_is_more_than_a_name_is_none() {
        for code in [
            "1 + x",
            "x y",
            "",
            "f(",
            "x.",
            "lambda: 1",
            "for",
            "x; y",
            "\"a\"",
        ] {
            assert!(question(code).is_none(), "{code}");
        }
        assert!(question("df.groupBy('x').agg").is_some());
    }

    #[test]
    fn a_frame_tells_its_columns_and_nothing_else_does() {
        assert_eq!(
            told::<Value>(SESSION, frame("frame").unwrap()),
            json!([["a", "int64", ""]])
        );
        assert_eq!(told::<Value>(SESSION, frame("empty").unwrap()), json!([]));
        for none in ["made", "proxy", "missing", "odd.x", "db.table"] {
            assert_eq!(
                told::<Value>(SESSION, frame(none).unwrap()),
                Value::Null,
                "{none}"
            );
        }
    }
}
