//! Sessions and statements as tables, for the shell and for `livysh sessions`.
use std::time::Duration;

use serde_json::{Value, json};

use crate::livy::{Column, Session, Statement, Table};
use crate::session::spoken;

/// Characters of code that a list shows.
const CODE_SHOWN: usize = 60;

fn table(columns: &[(&str, &str)], rows: Vec<Vec<Value>>) -> Table {
    let columns = columns.iter().map(|(name, type_name)| Column {
        name: (*name).to_owned(),
        type_name: (*type_name).to_owned(),
    });
    Table {
        columns: columns.collect(),
        rows,
        truncated: false,
    }
}

/// How ages stand in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ages {
    /// In seconds, for programs.
    Seconds,
    /// As people say them.
    Spoken,
}

impl Ages {
    fn column(self) -> (&'static str, &'static str) {
        match self {
            Self::Seconds => ("age seconds", "long"),
            Self::Spoken => ("age", "string"),
        }
    }

    fn value(self, age_ms: Option<i64>) -> Value {
        match self {
            Self::Seconds => json!(age_ms.map(|ms| ms / 1000)),
            // a clock that was set back makes nothing younger than new
            Self::Spoken => json!(age_ms.map(|ms| {
                let age = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
                spoken(age)
            })),
        }
    }
}

/// The sessions of a server; `age` tells a session's age in milliseconds, where it is known.
pub fn sessions(all: &[Session], ages: Ages, age: impl Fn(&Session) -> Option<i64>) -> Table {
    let rows = all.iter().map(|session| {
        let told = |key: &str| session.more.get(key).filter(|value| !is_empty(value));
        let mut row = vec![
            json!(session.id.as_str()),
            json!(session.name),
            json!(session.kind),
            json!(session.state.name()),
            json!(session.owner),
            json!(session.proxy_user),
            json!(session.app_id),
            ages.value(age(session)),
        ];
        row.extend(RESOURCES.map(|(_, key, _)| json!(told(key))));
        row.push(json!(session.app_info.spark_ui_url));
        row
    });
    let mut columns = vec![
        ("id", "string"),
        ("name", "string"),
        ("kind", "string"),
        ("state", "string"),
        ("owner", "string"),
        ("proxy user", "string"),
        ("application", "string"),
        ages.column(),
    ];
    columns.extend(RESOURCES.map(|(name, _, type_name)| (name, type_name)));
    columns.push(("Spark UI", "string"));
    table(&columns, rows.collect())
}

/// What a session was given, where the server tells: the column, the server's word, the type.
const RESOURCES: [(&str, &str, &str); 5] = [
    ("driver memory", "driverMemory", "string"),
    ("driver cores", "driverCores", "long"),
    ("executors", "numExecutors", "long"),
    ("executor memory", "executorMemory", "string"),
    ("executor cores", "executorCores", "long"),
];

/// One session, a property a row; empty ones are left out.
pub fn session(one: &Session, ages: Ages, age_ms: Option<i64>) -> Table {
    let mut rows: Vec<(String, Value)> = vec![
        ("id".to_owned(), json!(one.id.as_str())),
        ("name".to_owned(), json!(one.name)),
        ("kind".to_owned(), json!(one.kind)),
        ("state".to_owned(), json!(one.state.name())),
        ("owner".to_owned(), json!(one.owner)),
        ("proxy user".to_owned(), json!(one.proxy_user)),
        ("application".to_owned(), json!(one.app_id)),
        (ages.column().0.to_owned(), ages.value(age_ms)),
        ("Spark UI".to_owned(), json!(one.app_info.spark_ui_url)),
        ("driver log".to_owned(), json!(one.app_info.driver_log_url)),
    ];
    // whatever else the server tells, in its own words
    rows.extend(
        one.more
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    let rows = rows.into_iter().filter(|(_, value)| !is_empty(value));
    table(
        &[("property", "string"), ("value", "string")],
        rows.map(|(key, value)| vec![json!(key), value]).collect(),
    )
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        _ => false,
    }
}

/// The statements of a session, without what they answered.
pub fn statements(all: &[Statement]) -> Table {
    let rows = all.iter().map(|statement| {
        let status = statement
            .output
            .as_ref()
            .and_then(|output| output.status.clone());
        vec![
            json!(statement.id),
            json!(statement.state.name()),
            json!(status),
            json!(seconds(statement)),
            json!(statement.code.as_deref().map(first_line)),
        ]
    });
    table(
        &[
            ("id", "long"),
            ("state", "string"),
            ("status", "string"),
            ("seconds", "double"),
            ("code", "string"),
        ],
        rows.collect(),
    )
}

fn seconds(statement: &Statement) -> Option<f64> {
    let (started, completed) = (statement.started?, statement.completed?);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference of clock times is far below 2^52 ms"
    )]
    (started > 0 && completed >= started).then(|| (completed - started) as f64 / 1000.0)
}

fn first_line(code: &str) -> String {
    let mut lines = code.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let mut shown: String = first.chars().take(CODE_SHOWN).collect();
    if lines.next().is_some() || first.chars().count() > CODE_SHOWN {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_code_shows_its_first_line_and_that_there_is_more() {
        assert_eq!(first_line("\nx = 1\ny = 2"), "x = 1…");
        assert_eq!(first_line("x = 1"), "x = 1");
    }

    #[test]
    fn a_sessions_empty_properties_are_left_out_and_the_servers_own_words_are_shown() {
        let one: Session = serde_json::from_value(json!({
            "id": "a-b", "state": "idle", "owner": null, "driverMemory": "1g", "jars": [], "driverCores": 0
        }))
        .unwrap();
        let rows = session(&one, Ages::Spoken, None).rows;
        let keys: Vec<&str> = rows.iter().filter_map(|row| row[0].as_str()).collect();
        assert_eq!(keys, ["id", "state", "driverMemory"]);
    }

    #[test]
    fn an_age_is_in_peoples_units_for_people_and_in_seconds_for_programs() {
        let one: Session = serde_json::from_value(json!({"id": 0})).unwrap();
        for (ages, column, value) in [
            (Ages::Spoken, "age", json!("3 h")),
            (Ages::Seconds, "age seconds", json!(10_800)),
        ] {
            let list = sessions(std::slice::from_ref(&one), ages, |_| Some(10_800_000));
            let at = list.columns.iter().position(|it| it.name == column);
            assert_eq!(list.rows[0][at.unwrap()], value);
            let rows = session(&one, ages, Some(10_800_000)).rows;
            assert!(rows.contains(&vec![json!(column), value]), "{rows:?}");
        }
    }

    #[test]
    fn the_time_of_a_statement_is_known_once_both_ends_are() {
        let done: Statement = serde_json::from_value(
            json!({"id": 0, "state": "available", "started": 1000, "completed": 1350}),
        )
        .unwrap();
        assert_eq!(seconds(&done), Some(0.35));
        let running: Statement = serde_json::from_value(
            json!({"id": 0, "state": "running", "started": 1000, "completed": 0}),
        )
        .unwrap();
        assert_eq!(seconds(&running), None);
    }
}
