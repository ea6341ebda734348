//! Python's names: a program of ours looks for them in the session, and leaves nothing behind.
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::mark;
use crate::language::wanted::{Place, Wanted};
use crate::livy::Kind;
use crate::session::Question;

/// What programs of ours find things with, without running anybody's code.
const LOOKUP: &str = include_str!("lookup.py");
const NAMES: &str = include_str!("names.py");

/// What to ask the session, and the mark of the answer.
pub(super) fn question(wanted: &Wanted<'_>, limit: Duration) -> (Question, String) {
    let mark = mark();
    let mut ask = of(&wanted.place);
    ask["word"] = json!(wanted.word);
    ask["mark"] = json!(mark);
    let question = Question {
        about: "completion",
        kind: Kind::Pyspark,
        code: code(NAMES, &ask),
        limit,
    };
    (question, mark)
}

/// Runs a program of ours with two names: `ns`, the session's own, and `ask`, what is wanted. An expression without a
/// value: nothing is printed for it, and `_` stays as it is. JSON's strings are Python's too.
pub(in crate::shell) fn code(program: &str, ask: &Value) -> String {
    let program = json!(format!("{LOOKUP}{program}"));
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

#[cfg(test)]
pub(in crate::shell) mod tests {
    use std::process::Command;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::language::wanted;

    /// What a session of this code tells, in which nothing is left behind.
    pub(in crate::shell) fn told<T: DeserializeOwned>(
        session: &str,
        (question, mark): (Question, String),
    ) -> T {
        let code = format!(
            "{session}\nbefore = 0; before = set(globals())\n{}\nprint(set(globals()) == before)",
            question.code
        );
        let run = Command::new("python3")
            .args(["-c", &code])
            .output()
            .unwrap();
        let out = String::from_utf8(run.stdout).unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        assert!(
            out.ends_with("\nTrue\n"),
            "something is left behind: {out}{error}"
        );
        let line = out
            .lines()
            .find_map(|line| line.strip_prefix(&mark))
            .unwrap();
        serde_json::from_str(line).unwrap()
    }

    /// The names that it answers for a text.
    fn names(session: &str, before: &str) -> Vec<String> {
        let wanted = wanted::python(before).unwrap();
        let asked = question(&wanted, Duration::from_secs(1));
        let pairs: Vec<(String, String)> = told(session, asked);
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, about)| format!("{name} {about}"))
            .collect()
    }

    const SESSION: &str = r#"
import json as js
class DataFrame:
    __module__ = "pyspark.sql.dataframe"
    dtypes = [("customer", "bigint"), ("a b", "string"), ("class", "int")]
    def cut(self, cuts: int = 1) -> "DataFrame": ...
    @property
    def cursed(self): raise SystemExit("evaluated")
    @property
    def cure(self) -> "Cure": raise SystemExit("evaluated")
class Cure:
    def heal(self): ...
class Odd:
    def __getattr__(self, name): raise SystemExit("evaluated")
class Impostor:
    @property
    def dtypes(self): raise SystemExit("evaluated")
Impostor.__name__ = "DataFrame"
impostor = Impostor()
frame, odd, mapping = DataFrame(), Odd(), {"key": 1, 2: 3, "keys": "x"}
"#;

    #[test]
    fn attributes_are_told_without_running_anybodys_code() {
        assert_eq!(
            names(SESSION, "frame.cu"),
            [
                "customer column: bigint",
                "cure Cure",
                "cursed property",
                "cut function(cuts: int = 1) -> DataFrame"
            ]
        );
        assert_eq!(names(SESSION, "frame.cure.h"), ["heal function()"]);
        assert_eq!(
            names(SESSION, "frame.cut().cur"),
            ["cure Cure", "cursed property"]
        );
        for nothing in ["frame.cursed.x", "odd.anything.x", "missing.x"] {
            assert_eq!(names(SESSION, nothing), [""; 0], "{nothing}");
        }
        assert_eq!(names(SESSION, "js.dump"), names("import json", "json.dump"));
    }

    #[test]
    fn names_arguments_keys_columns_and_modules_are_found_where_they_stand() {
        assert_eq!(names(SESSION, "frame.cut(cut")[..1], ["cuts= argument"]);
        assert_eq!(names(SESSION, "mapp"), ["mapping dict"]);
        assert_eq!(names(SESSION, "asser"), ["assert keyword"]);
        assert_eq!(names(SESSION, "mapping['ke"), ["key int", "keys str"]);
        assert_eq!(names(SESSION, "frame['a"), ["a b column: string"]);
        assert_eq!(
            names(SESSION, "frame.cut('cust"),
            ["customer column: bigint"]
        );
        assert_eq!(names(SESSION, "col('cust"), ["customer column: bigint"]);
        let modules = names("", "import jso");
        assert!(modules.contains(&"json module".to_owned()), "{modules:?}");
        let of_json = names("import json", "from json import dump");
        assert!(
            of_json.iter().any(|it| it.starts_with("dumps function(")),
            "{of_json:?}"
        );
    }

    #[test]
    fn a_string_names_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data.csv"), "").unwrap();
        // its name is no text
        let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"da\xff");
        let odd: &std::ffi::OsStr = odd;
        std::fs::write(folder.path().join(odd), "").unwrap();
        let here = folder.path().display();
        assert_eq!(
            names("", &format!("open('{here}/da")),
            [
                format!("{here}/data/ folder"),
                format!("{here}/data.csv file")
            ]
        );
    }
}
