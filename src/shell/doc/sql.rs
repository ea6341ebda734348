//! SQL: what Spark says of a function.
use super::super::Shell;
use super::super::complete::{is_name, sql::quoted};
use super::super::inquire::LIMIT;
use super::{no_name, unanswered, unknown};
use crate::config;
use crate::language::SQL_FUNCTIONS;
use crate::livy::{Kind, Outcome};
use crate::report::Report;
use crate::session::Question;

/// Operators that Spark documents as functions.
const OPERATORS: &[&str] = &[
    "!", "!=", "%", "&", "*", "+", "-", "/", "<", "<=", "<=>", "<>", "=", "==", ">", ">=", "^",
    "|", "||", "~",
];

impl Shell {
    pub(super) fn sql_function(&mut self, name: &str) -> Result<String, Report> {
        let code = code(name).ok_or_else(|| no_name(Kind::Sql, name))?;
        let outcome = self.inquire(Question {
            about: "doc",
            kind: Kind::Sql,
            code,
            limit: LIMIT,
        })?;
        let lines = lines(&outcome);
        let words = ["NOT_FOUND", "UNRESOLVED_ROUTINE", "Undefined function"];
        let missing = match &outcome.error {
            Some(raised) => words.iter().any(|it| raised.value.contains(it)),
            // as older releases say it
            None => lines.len() == 1 && lines.iter().all(|line| line.ends_with("not found.")),
        };
        if missing {
            let known = SQL_FUNCTIONS.iter().copied();
            let near = config::nearest(name, known.filter(|it| *it != name));
            let report = unknown(Kind::Sql, name);
            return Err(match near {
                Some(near) => report.advise(format!("did you mean `{near}`?")),
                None => report,
            });
        }
        if lines.is_empty() {
            return Err(unanswered(&outcome));
        }
        Ok(format!("{}\n", lines.join("\n").trim_end()))
    }
}

/// The statement; none for what is no name of a function.
fn code(name: &str) -> Option<String> {
    let bare = name.replace('`', "");
    let function = if OPERATORS.contains(&name) {
        name.to_owned()
    } else if bare.split('.').all(is_name) {
        quoted(&bare)
    } else {
        return None;
    };
    Some(format!("describe function extended {function}"))
}

fn lines(outcome: &Outcome) -> Vec<&str> {
    let rows = outcome.table.iter().flat_map(|table| &table.rows);
    let cells = rows.filter_map(|row| row.first().and_then(serde_json::Value::as_str));
    cells.flat_map(str::lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_operators_are_asked_for_and_nothing_else() {
        let of = |name| code(name).unwrap_or_default();
        assert_eq!(of("explode"), "describe function extended `explode`");
        assert_eq!(of("db.f"), "describe function extended `db`.`f`");
        assert_eq!(of("<=>"), "describe function extended <=>");
        for none in ["", "a b", "f(x)", "a;", "1", "--", "a..b"] {
            assert_eq!(code(none), None, "{none}");
        }
    }
}
