//! A statement's answer, understood: what every renderer starts from.
use base64::Engine as _;
use serde_json::{Map, Value};

use super::{Kind, Output, Statement, StatementState, sparkr, table};

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It ran to its end.
    Ok,
    /// It failed.
    Error,
    /// It was cancelled; it may have left an output all the same.
    Cancelled,
    /// The server may or may not have run it.
    Unknown,
}

impl Status {
    /// The word in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name; names may repeat.
    pub name: String,
    /// Type as the server says it (`integer`, `decimal(10,2)`, `BIGINT_TYPE`, `array<int>`).
    pub type_name: String,
}

/// A table: an SQL answer, or the result of `%table`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Columns, in the order of the cells.
    pub columns: Vec<Column>,
    /// Rows; may be shorter or longer than `columns`.
    pub rows: Vec<Vec<Value>>,
    /// Was it probably cut at the server's row limit? Livy has no flag for it: a table with
    /// exactly as many rows as the limit counts as cut.
    pub truncated: bool,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Such as `image/png`.
    pub mime: String,
    /// The bytes, as they travel.
    pub base64: String,
}

/// An error that the user's code raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Its name, such as `ValueError`; `Error` for Scala, R and SQL.
    pub name: String,
    /// Its text; may be empty.
    pub value: String,
    /// Its trace.
    pub traceback: Vec<String>,
}

/// What a statement answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// `text/plain`, as sent.
    pub text: Option<String>,
    /// A table.
    pub table: Option<Table>,
    /// `application/json` that is no table (`%json`).
    pub json: Option<Value>,
    /// Pictures.
    pub images: Vec<Image>,
    /// MIME types that livysh has no form for, with their values.
    pub others: Vec<(String, Value)>,
    /// The error; also with `Cancelled`, where it tells what was interrupted.
    pub error: Option<Raised>,
}

/// What an error says about the interpreter that raised it: it will not recover by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Its process is gone; every later statement of that kind fails.
    InterpreterDied,
    /// Its process never came up.
    InterpreterMissing,
    /// A child process wrote into the channel of replies: from here on, every reply of that
    /// kind belongs to an earlier statement, or is empty.
    RepliesShifted,
}

impl Raised {
    /// Is the interpreter of that kind lost for this session? Livy has no state for it: its
    /// texts tell, and they are read here only.
    pub fn damage(&self) -> Option<Damage> {
        match self.name.as_str() {
            "Error" if self.value.starts_with("Interpreter died") => Some(Damage::InterpreterDied),
            "InterpreterError" => Some(Damage::InterpreterMissing),
            "com.fasterxml.jackson.core.JsonParseException"
                if self.value.starts_with("Unrecognized token") =>
            {
                Some(Damage::RepliesShifted)
            }
            _ => None,
        }
    }

    /// An error as `output` carries it, also inside `content` of a broken magic.
    fn from_map(map: &Map<String, Value>) -> Self {
        let text = |key| map.get(key).and_then(plain_text);
        Self {
            name: text("ename").unwrap_or_else(|| "Error".to_owned()),
            value: text("evalue").unwrap_or_default(),
            traceback: match map.get("traceback") {
                Some(Value::Array(pieces)) => pieces.iter().filter_map(plain_text).collect(),
                Some(other) => plain_text(other).into_iter().collect(),
                None => Vec::new(),
            },
        }
    }
}

impl Outcome {
    /// An outcome that holds nothing but its status.
    pub fn empty(status: Status) -> Self {
        Self {
            status,
            text: None,
            table: None,
            json: None,
            images: Vec::new(),
            others: Vec::new(),
            error: None,
        }
    }

    /// Reads the last answer about a statement that ran as `kind`; [`Outcome::take`] on a copy.
    pub fn read(statement: &Statement, kind: Kind, row_limit: Option<usize>) -> Self {
        Self::take(&mut statement.clone(), kind, row_limit)
    }

    /// Takes the output out of the last answer about a statement that ran as `kind`, so that a
    /// large one stands in memory once.
    ///
    /// `row_limit` is the number of rows at which the server cuts SQL results, where it is
    /// known. A statement that has neither ended nor produced anything is `Unknown`.
    pub fn take(statement: &mut Statement, kind: Kind, row_limit: Option<usize>) -> Self {
        let mut outcome = Self::empty(Status::Unknown);
        let output = statement.output.take();
        let produced = output.is_some();
        if let Some(mut output) = output {
            outcome.take_data(std::mem::take(&mut output.data), kind, row_limit);
            outcome.take_error(output);
        }
        if kind == Kind::Sparkr {
            sparkr::clean(&mut outcome, statement.code.as_deref());
        }
        let failed = statement.state == StatementState::Error;
        outcome.status = if statement.state == StatementState::Cancelled {
            Status::Cancelled
        } else if outcome.error.is_some() || failed {
            Status::Error
        } else if statement.state.is_over() || produced {
            Status::Ok
        } else {
            Status::Unknown
        };
        if outcome.status == Status::Error && outcome.error.is_none() {
            outcome.error = Some(Raised {
                name: "Error".to_owned(),
                value: "the server says that the statement failed, and gives no reason".to_owned(),
                traceback: Vec::new(),
            });
        }
        outcome
    }

    fn take_data(&mut self, data: Map<String, Value>, kind: Kind, row_limit: Option<usize>) {
        // Python's broken magics report success and carry the error as if it were data.
        let reply = data
            .get("content")
            .and_then(Value::as_object)
            .filter(|content| {
                let failed = content.get("status").and_then(Value::as_str) == Some("error");
                data.contains_key("msg_type") && (failed || content.contains_key("ename"))
            });
        self.error = reply.map(Raised::from_map);
        for (mime, value) in data {
            match mime.as_str() {
                "msg_type" | "content" if self.error.is_some() => {}
                "text/plain" => self.text = into_text(value),
                "application/json" => match table::from_sql(value, kind, row_limit) {
                    Ok(table) => self.table = Some(table),
                    Err(json) => self.json = Some(json),
                },
                "application/vnd.livy.table.v1+json" => match table::from_magic(value) {
                    Ok(table) => self.table = Some(table),
                    Err(other) => self.others.push((mime, other)),
                },
                _ => match image(&mime, &value) {
                    Some(image) => self.images.push(image),
                    None => self.others.push((mime, value)),
                },
            }
        }
    }

    fn take_error(&mut self, output: Output) {
        let failed = match output.status.as_deref() {
            Some(word) if word.eq_ignore_ascii_case("error") => true,
            Some(word) if word.eq_ignore_ascii_case("ok") => false,
            _ => output.ename.is_some() || !output.traceback.is_empty(),
        };
        if failed {
            self.error = Some(Raised {
                name: output.ename.unwrap_or_else(|| "Error".to_owned()),
                value: output.evalue.unwrap_or_default(),
                traceback: output.traceback,
            });
        }
    }
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        other => plain_text(&other),
    }
}

/// Text, also as the list of lines that notebooks use; a value of another sort as its JSON.
fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) if lines.iter().all(Value::is_string) => {
            Some(lines.iter().filter_map(Value::as_str).collect())
        }
        other => Some(other.to_string()),
    }
}

/// A picture. SVG travels as its text; everything else as base64, with or without line breaks.
fn image(mime: &str, value: &Value) -> Option<Image> {
    let text = value.as_str().filter(|_| mime.starts_with("image/"))?;
    let base64 = if text.trim_start().starts_with('<') {
        base64::engine::general_purpose::STANDARD.encode(text)
    } else {
        text.split_ascii_whitespace().collect()
    };
    Some(Image {
        mime: mime.to_owned(),
        base64,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: Kind, state: &str, output: &Value) -> Outcome {
        let statement =
            serde_json::from_value(json!({"id": 0, "state": state, "code": "x", "output": output}));
        Outcome::read(&statement.unwrap(), kind, Some(2))
    }

    #[test]
    fn a_broken_magic_is_an_error_although_it_says_ok_and_keeps_the_text() {
        let outcome = read(
            Kind::Pyspark,
            "available",
            &json!({"status": "ok", "data": {"msg_type": "execute_reply", "text/plain": "hi",
                "content": {"status": "error", "ename": "KeyError", "evalue": "'v'", "traceback": ["KeyError: 'v'\n"]}}}),
        );
        assert_eq!(outcome.status, Status::Error);
        assert_eq!(outcome.text.as_deref(), Some("hi"));
        assert_eq!(outcome.error.unwrap().name, "KeyError");
        assert_eq!(outcome.others, []);
    }

    #[test]
    fn text_printed_before_an_exception_is_kept() {
        let outcome = read(
            Kind::Pyspark,
            "available",
            &json!({"status": "error", "ename": "E", "evalue": "v", "traceback": [], "data": {"text/plain": "kept\n"}}),
        );
        assert_eq!(outcome.text.as_deref(), Some("kept\n"));
        assert_eq!(outcome.status, Status::Error);
    }

    #[test]
    fn cancelled_wins_over_any_output() {
        let good = json!({"status": "ok", "data": {"text/plain": "99"}});
        let bad = json!({"status": "error", "ename": "Error", "evalue": "cancelled job group"});
        for output in [good, bad, Value::Null] {
            let outcome = read(Kind::Pyspark, "cancelled", &output);
            assert_eq!(outcome.status, Status::Cancelled, "{output}");
            assert_eq!(outcome.error.is_some(), output["status"] == "error");
        }
    }

    #[test]
    fn the_state_error_without_an_output_is_an_error_that_says_so() {
        let outcome = read(Kind::Pyspark, "error", &Value::Null);
        assert_eq!(outcome.status, Status::Error);
        assert!(outcome.error.unwrap().value.contains("no reason"));
    }

    #[test]
    fn nothing_yet_is_unknown_and_an_ended_statement_without_output_is_well() {
        assert_eq!(
            read(Kind::Sql, "running", &Value::Null).status,
            Status::Unknown
        );
        assert_eq!(
            read(Kind::Sql, "cancelling", &Value::Null).status,
            Status::Unknown
        );
        assert_eq!(
            read(Kind::Sql, "available", &Value::Null),
            Outcome::empty(Status::Ok)
        );
    }

    #[test]
    fn an_error_without_name_or_value_is_still_an_error() {
        let outcome = read(Kind::Spark, "available", &json!({"status": "error"}));
        assert_eq!(outcome.error.unwrap().name, "Error");
        let outcome = read(Kind::Spark, "available", &json!({"traceback": ["x"]}));
        assert_eq!(outcome.status, Status::Error);
    }

    #[test]
    fn pictures_lose_line_breaks_and_svg_gets_encoded() {
        let outcome = read(
            Kind::Pyspark,
            "available",
            &json!({"status": "ok", "data": {"image/png": "aGk\n=\n", "image/svg+xml": "<svg/>", "image/gif": 3}}),
        );
        let images: Vec<_> = outcome.images.iter().map(|i| i.base64.as_str()).collect();
        assert_eq!(images, ["aGk=", "PHN2Zy8+"]);
        assert_eq!(outcome.others, [("image/gif".to_owned(), json!(3))]);
    }

    #[test]
    fn unknown_types_and_a_table_that_is_none_are_kept_as_others() {
        let outcome = read(
            Kind::Pyspark,
            "available",
            &json!({"status": "ok", "data": {"text/html": "<b>", "application/vnd.livy.table.v1+json": 5, "msg_type": "m"}}),
        );
        let mimes: Vec<_> = outcome
            .others
            .iter()
            .map(|(mime, _)| mime.as_str())
            .collect();
        assert_eq!(
            mimes,
            [
                "text/html",
                "application/vnd.livy.table.v1+json",
                "msg_type"
            ]
        );
    }

    #[test]
    fn json_null_is_a_result_and_not_an_absence() {
        let outcome = read(
            Kind::Pyspark,
            "available",
            &json!({"status": "ok", "data": {"application/json": null}}),
        );
        assert_eq!(outcome.json, Some(Value::Null));
    }

    #[test]
    fn the_three_ways_to_lose_an_interpreter_are_told_apart() {
        let raised = |name: &str, value: &str| Raised {
            name: name.to_owned(),
            value: value.to_owned(),
            traceback: Vec::new(),
        };
        let parse = "com.fasterxml.jackson.core.JsonParseException";
        for (error, damage) in [
            (
                raised("Error", "Interpreter died:\nnull"),
                Some(Damage::InterpreterDied),
            ),
            (
                raised("InterpreterError", "Fail to start interpreter"),
                Some(Damage::InterpreterMissing),
            ),
            (
                raised(parse, "Unrecognized token 'x': was"),
                Some(Damage::RepliesShifted),
            ),
            (raised(parse, "Non-standard token 'NaN'"), None),
            (raised("Error", "incomplete statement"), None),
        ] {
            assert_eq!(error.damage(), damage, "{error:?}");
        }
    }
}
