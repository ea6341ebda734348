//! Answers for other programs, one object each; the fields are a promise to scripts.
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::Answer;
use super::sanitize::safe_json;

#[derive(Serialize)]
struct Object<'a> {
    statement: u64,
    server_id: Option<i64>,
    kind: &'static str,
    code: &'a str,
    state: &'a str,
    status: &'static str,
    text: Option<&'a str>,
    table: Option<TableObject<'a>>,
    images: Vec<ImageObject<'a>>,
    error: Option<ErrorObject<'a>>,
    started_ms: Option<i64>,
    completed_ms: Option<i64>,
    waited_ms: f64,
    /// What `%json` gave. Beyond the promised fields, and only there when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a Value>,
    /// Other MIME types, likewise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    others: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
struct TableObject<'a> {
    columns: Vec<ColumnObject<'a>>,
    rows: &'a [Vec<Value>],
    truncated: bool,
}

#[derive(Serialize)]
struct ColumnObject<'a> {
    name: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct ImageObject<'a> {
    mime: &'a str,
    base64: &'a str,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    name: &'a str,
    value: &'a str,
    traceback: &'a [String],
}

impl<'a> Object<'a> {
    fn of(answer: &Answer<'a>) -> Self {
        let outcome = answer.outcome;
        // Servers say 0 for "not yet".
        let time = |ms: Option<i64>| ms.filter(|ms| *ms > 0);
        Self {
            statement: answer.number,
            server_id: answer.server_id,
            kind: answer.kind.name(),
            code: answer.code,
            state: answer.state,
            status: outcome.status.name(),
            text: outcome.text.as_deref(),
            table: outcome.table.as_ref().map(|table| TableObject {
                columns: table
                    .columns
                    .iter()
                    .map(|column| ColumnObject {
                        name: &column.name,
                        r#type: &column.type_name,
                    })
                    .collect(),
                rows: &table.rows,
                truncated: table.truncated,
            }),
            images: outcome
                .images
                .iter()
                .map(|image| ImageObject {
                    mime: &image.mime,
                    base64: &image.base64,
                })
                .collect(),
            error: outcome.error.as_ref().map(|error| ErrorObject {
                name: &error.name,
                value: &error.value,
                traceback: &error.traceback,
            }),
            started_ms: time(answer.started_ms),
            completed_ms: time(answer.completed_ms),
            waited_ms: (answer.waited.as_secs_f64() * 1e6).round() / 1e3,
            json: outcome.json.as_ref(),
            others: outcome
                .others
                .iter()
                .map(|(mime, value)| (mime.as_str(), value))
                .collect(),
        }
    }
}

/// Writes the answer as one object on one line, without the line's end.
pub(super) fn write(answer: &Answer<'_>, terminal: bool, out: &mut dyn Write) -> io::Result<()> {
    let object = Object::of(answer);
    if terminal {
        let text = serde_json::to_string(&object)?;
        out.write_all(safe_json(text, terminal).as_bytes())
    } else {
        Ok(serde_json::to_writer(out, &object)?)
    }
}
