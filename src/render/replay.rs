//! Answers recorded from a genuine Livy server (tests/recorded/), read and rendered.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::golden::GOLDEN;
use super::*;
use crate::livy::Statement;

const RECORDED: [(&str, &str); 5] = [
    ("python", include_str!("../../tests/recorded/python.json")),
    ("scala", include_str!("../../tests/recorded/scala.json")),
    ("sql", include_str!("../../tests/recorded/sql.json")),
    ("r", include_str!("../../tests/recorded/r.json")),
    ("cancel", include_str!("../../tests/recorded/cancel.json")),
];

/// A recorded statement's last answer.
#[derive(Debug)]
struct Case {
    name: String,
    kind: Kind,
    statement: Statement,
}

/// Every recorded statement of a file whose last answer is JSON.
fn cases(file: &str) -> Vec<Case> {
    let (_, json) = RECORDED.iter().find(|(name, _)| *name == file).unwrap();
    let usual = file.parse().unwrap_or(Kind::Pyspark);
    let all: Vec<Value> = serde_json::from_str(json).unwrap();
    all.iter()
        .filter_map(|case| {
            let body = case["answers"].as_array()?.last()?.get("body")?;
            Some(Case {
                name: case["case"].as_str()?.to_owned(),
                kind: case["kind"]
                    .as_str()
                    .map_or(usual, |kind| kind.parse().unwrap()),
                statement: serde_json::from_value(body.clone()).ok()?,
            })
        })
        .collect()
}

fn terminal() -> Style {
    Style {
        width: Some(80),
        terminal: true,
        ..Style::default()
    }
}

/// Results and notes of one answer.
fn rendered(case: &Case, format: Format, style: &Style) -> (String, String) {
    let outcome = Outcome::read(&case.statement, case.kind, Some(1000));
    let answer = Answer {
        number: 1,
        server_id: Some(case.statement.id),
        kind: case.kind,
        code: case.statement.code.as_deref().unwrap_or_default(),
        state: case.statement.state.name(),
        outcome: &outcome,
        started_ms: case.statement.started,
        completed_ms: case.statement.completed,
        waited: Duration::from_micros(1500),
    };
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let mut renderer = Renderer::new(format, style.clone(), style.clone());
    renderer.answer(&answer, &mut out, &mut notes).unwrap();
    renderer.finish(&mut out).unwrap();
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(notes).unwrap(),
    )
}

#[test]
fn recorded_answers_look_as_they_should() {
    for (file, name, results, remarks) in GOLDEN {
        let case = cases(file).into_iter().find(|case| case.name == *name);
        let case = case.unwrap_or_else(|| panic!("{file} has no case {name}"));
        let (out, notes) = rendered(&case, Format::Text, &terminal());
        assert_eq!(
            (out.as_str(), notes.as_str()),
            (*results, *remarks),
            "{file} {name}"
        );
    }
}

/// What holds for any answer in any format; gives the reason why not.
fn check(case: &Case) -> Result<(), String> {
    let expanded = Style {
        expanded: true,
        ..terminal()
    };
    for format in Format::ALL {
        for style in [&terminal(), &expanded] {
            let (out, notes) = rendered(case, format, style);
            for text in [&out, &notes] {
                if safe(text, true) != *text {
                    return Err(format!("{format}: control characters in {text:?}"));
                }
                // The last row of a TSV may be one empty cell.
                let blank = format != Format::Tsv && text.len() > 1 && text.ends_with("\n\n");
                if blank || !text.is_empty() && !text.ends_with('\n') {
                    return Err(format!("{format}: not one newline ends {text:?}"));
                }
            }
        }
    }
    check_json(case)?;
    check_delimited(case)
}

fn check_json(case: &Case) -> Result<(), String> {
    const FIELDS: [&str; 13] = [
        "statement",
        "server_id",
        "kind",
        "code",
        "state",
        "status",
        "text",
        "table",
        "images",
        "error",
        "started_ms",
        "completed_ms",
        "waited_ms",
    ];
    let outcome = Outcome::read(&case.statement, case.kind, Some(1000));
    for style in [Style::default(), terminal()] {
        let (array, _) = rendered(case, Format::Json, &style);
        let (line, _) = rendered(case, Format::Ndjson, &style);
        let array: Vec<Value> = serde_json::from_str(&array).map_err(|e| e.to_string())?;
        let object: Value = serde_json::from_str(&line).map_err(|e| e.to_string())?;
        let missing = FIELDS.iter().find(|field| object.get(field).is_none());
        if array != std::slice::from_ref(&object) || line.lines().count() != 1 || missing.is_some()
        {
            return Err(format!("{missing:?} in {line}"));
        }
        if object["text"].as_str() != outcome.text.as_deref() {
            return Err(format!("another text in {line}"));
        }
        let rows = outcome.table.as_ref().map(|table| table.rows.as_slice());
        if object["table"]["rows"]
            .as_array()
            .map(Vec::as_slice)
            .map(<[Value]>::len)
            != rows.map(<[_]>::len)
        {
            return Err(format!("other rows in {line}"));
        }
    }
    Ok(())
}

fn check_delimited(case: &Case) -> Result<(), String> {
    let outcome = Outcome::read(&case.statement, case.kind, None);
    let (csv, _) = rendered(case, Format::Csv, &Style::default());
    let (tsv, _) = rendered(case, Format::Tsv, &Style::default());
    let Some(table) = outcome.table.filter(|table| !table.columns.is_empty()) else {
        return if csv.is_empty() && tsv.is_empty() {
            Ok(())
        } else {
            Err(format!("no table, yet {csv:?}"))
        };
    };
    let mut scratch = String::new();
    let names = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let cells = table.rows.iter().map(|row| {
        let blank = table.columns.len().saturating_sub(row.len());
        let cells = row
            .iter()
            .map(|cell| cell::raw(cell, &mut scratch).to_owned());
        cells.chain(vec![String::new(); blank]).collect()
    });
    let expected: Vec<Vec<String>> = std::iter::once(names).chain(cells).collect();
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader
        .has_headers(false)
        .flexible(true)
        .from_reader(csv.as_bytes());
    let read: Vec<Vec<String>> = reader
        .into_deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    if read != expected {
        return Err(format!("{csv:?} reads as {read:?}"));
    }
    let unescaped: Vec<Vec<String>> = tsv
        .strip_suffix('\n')
        .unwrap_or_default()
        .split('\n')
        .map(|line| line.split('\t').map(unescape).collect())
        .collect();
    if unescaped != expected {
        return Err(format!("{tsv:?} reads as {unescaped:?}"));
    }
    Ok(())
}

fn unescape(field: &str) -> String {
    let mut text = String::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        text.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap(),
            },
            (plain, false) => plain,
        });
    }
    text
}

#[test]
fn every_recorded_answer_is_safe_whole_and_ends_in_one_newline() {
    let mut count = 0;
    for (file, _) in RECORDED {
        for case in cases(file) {
            check(&case).unwrap_or_else(|why| panic!("{file} {}: {why}", case.name));
            count += 1;
        }
    }
    assert!(count > 350, "only {count} recorded answers were read");
}

fn any_text() -> impl Strategy<Value = String> {
    let c = prop_oneof![
        any::<char>(),
        prop::sample::select(vec![
            '\x1b', '\n', '\r', '\t', '"', '\\', ',', '\u{9b}', '日', '\u{301}', '\u{202e}', 'a'
        ]),
    ];
    // A byte order mark at the start of a file is the reader's to drop: no text begins with one.
    prop::collection::vec(c, 0..12)
        .prop_map(|chars| chars.into_iter().filter(|c| *c != '\u{feff}').collect())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any_text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_table() -> impl Strategy<Value = Value> {
    let header =
        (any_text(), any_json()).prop_map(|(name, kind)| json!({"name": name, "type": kind}));
    let headers = prop::collection::vec(header, 0..5);
    let rows = prop::collection::vec(prop::collection::vec(any_json(), 0..5), 0..5);
    (headers, rows).prop_map(|(headers, rows)| {
        json!({"schema": {"type": "struct", "fields": headers}, "headers": headers, "data": rows})
    })
}

fn any_data() -> impl Strategy<Value = Value> {
    let mimes = prop::sample::select(vec![
        "text/plain",
        "text/html",
        "application/json",
        "application/vnd.livy.table.v1+json",
        "image/png",
        "msg_type",
        "content",
        "x\u{1b}",
    ]);
    let value = prop_oneof![any_json(), any_table(), any_text().prop_map(Value::from)];
    prop::collection::hash_map(mimes, value, 0..5).prop_map(|map| {
        Value::Object(
            map.into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let status = prop::sample::select(vec![json!("ok"), json!("error"), json!(null), json!("odd")]);
    let output = (any_data(), status, any_json(), any_json(), any_json()).prop_map(
        |(data, status, ename, evalue, traceback)| {
            json!({"data": data, "status": status, "ename": ename, "evalue": evalue, "traceback": traceback})
        },
    );
    let output = prop_oneof![4 => output, 1 => Just(Value::Null)];
    let state = prop::sample::select(vec!["available", "cancelled", "error", "running", "other"]);
    let kind = prop::sample::select(Kind::ALL.to_vec());
    (output, state, kind, any_text()).prop_map(|(output, state, kind, code)| Case {
        name: String::new(),
        kind,
        statement: serde_json::from_value(
            json!({"id": 3, "state": state, "code": code, "output": output}),
        )
        .unwrap(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_answer_is_rendered_safe_and_whole(case in any_case()) {
        check(&case).map_err(TestCaseError::fail)?;
    }
}
