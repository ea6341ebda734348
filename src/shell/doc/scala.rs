//! Scala: signatures. What an expression is, the server's completion says for `CODE // typeAt FROM TO`; a name with
//! several signatures is looked up by Scala's reflection, in a statement that evaluates nothing of the user's: it is only
//! typed. `val _ =` leaves neither a name nor a number behind.
use std::time::Duration;

use super::super::Shell;
use super::super::complete::answer::{lines, mark};
use super::super::complete::is_name;
use super::super::inquire::{Inquiry, LIMIT};
use super::{Columns, no_name, unanswered, unknown};
use crate::livy::{Kind, Outcome, Raised};
use crate::report::{Report, code};
use crate::session::Question;

/// Scala's reflection on what runs.
const UNIVERSE: &str = "scala.reflect.runtime.universe";
/// What has columns.
const DATASET: &str = "org.apache.spark.sql.Dataset[_]";
/// Where the functions are that a session has imported.
const IMPORTED: &str = "org.apache.spark.sql.functions";

impl Shell {
    pub(super) fn scala_signatures(&mut self, name: &str) -> Result<String, Report> {
        let name = name.trim();
        let (of, last) = parts(name).ok_or_else(|| no_name(Kind::Spark, name))?;
        let mut found = match of {
            Some(of) => self.members(of, last).or_else(|inquiry| {
                // a busy session still completes
                let typed = self.type_at(name)?;
                if typed.is_empty() {
                    Err(inquiry)
                } else {
                    Ok(typed)
                }
            })?,
            None => self.type_at(name)?,
        };
        if found.is_empty() && of.is_some() {
            // what only an implicit conversion gives it
            found = self.type_at(name)?;
        }
        if found.is_empty() && of.is_none() {
            found = self.typed(&format!("{name} _"), itself)?;
        }
        if found.is_empty() && of.is_none() {
            found = self.members(IMPORTED, name)?;
        }
        if found.is_empty() {
            return Err(unknown(Kind::Spark, name));
        }
        found.sort_by_key(String::len);
        found.dedup();
        let all = found.iter().map(|it| format!("{}\n", signature(last, it)));
        Ok(all.collect())
    }

    fn members(&mut self, of: &str, name: &str) -> Result<Vec<String>, Inquiry> {
        let name = serde_json::json!(name.trim_matches('`'));
        self.typed(of, |mark| {
            format!(
                "livysh_t.member({UNIVERSE}.TermName({name}).encodedName).alternatives.filter(_.isTerm).foreach {{ s => println(\"{mark}\" + s.typeSignatureIn(livysh_t)) }}"
            )
        })
    }

    /// What a statement prints that only types an expression; `tell` has its type as `livysh_t`.
    fn typed(&mut self, of: &str, tell: impl Fn(&str) -> String) -> Result<Vec<String>, Inquiry> {
        self.printed("doc", |mark| typed(of, &tell(mark)))
    }

    /// The lines that a statement prints behind the mark; none where it does not compile.
    fn printed(
        &mut self,
        about: &'static str,
        code: impl Fn(&str) -> String,
    ) -> Result<Vec<String>, Inquiry> {
        Ok(self.asked(about, code)?.1)
    }

    /// The same, and the outcome.
    fn asked(
        &mut self,
        about: &'static str,
        code: impl Fn(&str) -> String,
    ) -> Result<(Outcome, Vec<String>), Inquiry> {
        let mark = mark();
        let outcome = self.inquire(Question {
            about,
            kind: Kind::Spark,
            code: code(&mark),
            limit: LIMIT,
        })?;
        let lines = lines(&outcome, &mark).map(str::to_owned).collect();
        Ok((outcome, lines))
    }

    /// The columns of a `Dataset` in a `val` or `var`, each with type and comment; none for what is no `Dataset`. What
    /// would run the user's code (a `def`, a `lazy val`) is refused.
    pub(in crate::shell) fn scala_frame(&mut self, name: &str) -> Result<Option<Columns>, Inquiry> {
        if !is_name(name)
            || self
                .printed("describe", |mark| is_frame(name, mark))?
                .is_empty()
        {
            return Ok(None);
        }
        for first in [of_val(name), of_var(name)] {
            let (outcome, lines) = self.asked("describe", |mark| fields(&first, name, mark))?;
            if !lines.is_empty() {
                return Ok(Some(lines.iter().filter_map(|it| field(it)).collect()));
            }
            let ran = |raised: &Raised| !raised.value.contains("<console>");
            if outcome.error.as_ref().is_some_and(ran) {
                return Err(Inquiry::Report(unanswered(&outcome)));
            }
        }
        let what = format!("to describe `{name}` would run it: it is no val or var");
        let report = Report::new(code::STATEMENT, what);
        Err(Inquiry::Report(report.advise(format!(
            "`val x = {name}` runs it, then `:describe x`"
        ))))
    }

    /// The type of an expression, by the server's completion; none where it cannot tell.
    fn type_at(&mut self, name: &str) -> Result<Vec<String>, Inquiry> {
        let Some(session) = self.opened().map(|opened| opened.session.clone()) else {
            return Ok(Vec::new());
        };
        let code = format!("{name} // typeAt 0 {}", name.encode_utf16().count());
        let asked = async move {
            if session.is_replaced().await {
                return None;
            }
            let complete = session
                .client
                .complete(&session.id, &code, Kind::Spark, code.len());
            let limit: Duration = LIMIT;
            tokio::time::timeout(limit, complete).await.ok()?.ok()
        };
        let names = self.waiting(asked)?.unwrap_or_default();
        // other servers take it for code to complete, and answer with names
        Ok(match names.as_slice() {
            [empty, told] if empty.is_empty() && !told.is_empty() && told != "<error>" => {
                vec![told.clone()]
            }
            _ => Vec::new(),
        })
    }
}

/// Code that types an expression, evaluates nothing of it, and does something with the type, `livysh_t`.
fn typed(of: &str, tell: &str) -> String {
    format!(
        "val _ = {{ def livysh_of[T: {UNIVERSE}.WeakTypeTag](e: => T) = {UNIVERSE}.weakTypeOf[T]; val livysh_t = livysh_of({of}); {tell} }}"
    )
}

/// Prints the type itself.
fn itself(mark: &str) -> String {
    format!("println(\"{mark}\" + livysh_t)")
}

/// Prints a line where the name is of a `Dataset`.
fn is_frame(name: &str, mark: &str) -> String {
    let dataset = format!("{UNIVERSE}.weakTypeOf[{DATASET}]");
    let tell = format!("if (livysh_t <:< {dataset}) println(\"{mark}\")");
    typed(name, &tell)
}

/// What compiles for a `val` alone, also a lazy one, and is true where it is not lazy.
fn of_val(name: &str) -> String {
    format!("!{UNIVERSE}.weakTypeOf[{name}.type].termSymbol.asTerm.isLazy")
}

/// What compiles for a `var` alone. The name is set in no case.
fn of_var(name: &str) -> String {
    format!("{{ if (false) {name} = {name}; true }}")
}

/// Prints the columns where that is so: a first line, and one for each.
fn fields(first: &str, name: &str, mark: &str) -> String {
    format!(
        r#"val _ = if ({first}) ({name}: {DATASET}) match {{ case null => println("{mark}"); case livysh_d => println("{mark}"); livysh_d.schema.fields.foreach(f => println("{mark}" + f.dataType.catalogString + "\t" + f.getComment.getOrElse("").replaceAll("\\s", " ") + "\t" + f.name.replaceAll("[\r\n]", " "))) }}"#
    )
}

/// A column of those; the first line is none.
fn field(line: &str) -> Option<(String, String, String)> {
    let mut parts = line.splitn(3, '\t').map(str::to_owned);
    let (kind, comment) = (parts.next()?, parts.next()?);
    Some((parts.next()?, kind, comment))
}

/// What stands before the last dot, and the name behind it; none for what is more than an expression.
fn parts(name: &str) -> Option<(Option<&str>, &str)> {
    if name.contains(['\n', ';', '{', '}']) || name.contains("//") || name.contains("/*") {
        return None;
    }
    let (mut depth, mut dot) = (0_i32, None);
    let mut quoted = false;
    for (at, c) in name.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '.' if depth == 0 => dot = Some(at),
            c if depth == 0 && c.is_whitespace() => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    if depth != 0 || quoted {
        return None;
    }
    let (of, last) = match dot {
        Some(at) => (Some(name.get(..at)?), name.get(at + 1..)?),
        None => (None, name),
    };
    let odd = |c: char| c.is_whitespace() || "()[]\"',".contains(c);
    (!last.is_empty() && of != Some("") && !last.contains(odd)).then_some((of, last))
}

/// A signature as it is written: `select(cols: Column*): DataFrame`.
fn signature(name: &str, told: &str) -> String {
    let told = short(told);
    if let Some(result) = told.strip_prefix("=> ") {
        return format!("{name}: {result}");
    }
    let lists = lists(&told);
    let (lists, result) = told.split_at(lists);
    // a tuple, or a function, is a value
    if lists.is_empty() || result.is_empty() || result.starts_with(' ') {
        format!("{name}: {told}")
    } else {
        format!("{name}{lists}: {result}")
    }
}

/// Where the lists of type parameters and parameters end.
fn lists(told: &str) -> usize {
    let (mut depth, mut end) = (0_i32, 0);
    for (at, c) in told.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth -= 1;
                if depth == 0 {
                    end = at + 1;
                }
            }
            _ if depth == 0 => return end,
            _ => {}
        }
    }
    end
}

/// Without the packages of what is no class of Java's, which Scala's own may be called like.
fn short(told: &str) -> String {
    let belongs = |c: char| c.is_alphanumeric() || "_.$".contains(c);
    let mut text = String::new();
    let mut rest = told;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
        let (path, more) = rest.split_at(end);
        let upper = |part: &str| part.starts_with(char::is_uppercase);
        let parts: Vec<&str> = path.split('.').collect();
        match parts.iter().position(|part| upper(part)) {
            Some(at) if parts[0] != "java" => text.push_str(&parts[at..].join(".")),
            _ => text.push_str(path),
        }
        let next = more.find(belongs).unwrap_or(more.len());
        text.push_str(&more[..next]);
        rest = &more[next..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parted_at_its_last_dot_outside_brackets() {
        for (name, of, last) in [
            ("df", None, "df"),
            ("df.select", Some("df"), "select"),
            (
                "df.groupBy(\"a.b\").agg",
                Some("df.groupBy(\"a.b\")"),
                "agg",
            ),
            ("List(1.0).::", Some("List(1.0)"), "::"),
        ] {
            assert_eq!(parts(name), Some((of, last)), "{name}");
        }
        for none in [
            "", "a; b", "a) + (b", "a b", "f(1)", "a.", ".b", "{ x }", "a // b", "\"a", "a.f(1)",
        ] {
            assert_eq!(parts(none), None, "{none}");
        }
    }

    #[test]
    fn signatures_are_written_as_scala_writes_them() {
        for (told, shown) in [
            (
                "(col: String, cols: String*)org.apache.spark.sql.DataFrame",
                "f(col: String, cols: String*): DataFrame",
            ),
            (
                "[U](c: org.apache.spark.sql.TypedColumn[org.apache.spark.sql.Row,U])org.apache.spark.sql.Dataset[U]",
                "f[U](c: TypedColumn[Row,U]): Dataset[U]",
            ),
            (
                "=> org.apache.spark.sql.DataFrameReader",
                "f: DataFrameReader",
            ),
            ("org.apache.spark.sql.SparkSession", "f: SparkSession"),
            ("Int => (String => Int)", "f: Int => (String => Int)"),
            ("(Int, Int) => Int", "f: (Int, Int) => Int"),
            (
                "(x: java.util.Map[String,String])Unit",
                "f(x: java.util.Map[String,String]): Unit",
            ),
            ("(Int, String)", "f: (Int, String)"),
            ("scala.collection.immutable.List.type", "f: List.type"),
            ("()Unit", "f(): Unit"),
        ] {
            assert_eq!(signature("f", told), shown);
        }
    }

    #[test]
    fn a_users_text_is_never_taken_for_a_place_to_fill() {
        let code = typed("OF.TELL(\"MARK\")", &itself("m"));
        assert!(code.contains("livysh_of(OF.TELL(\"MARK\"));"), "{code}");
    }
}
