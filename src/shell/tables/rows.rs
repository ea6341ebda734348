//! What Spark answers about tables and columns, and what it is asked.
use serde_json::{Map, Value, json};

use crate::livy::{Column, Kind, Table};
use crate::shell::complete::python;
use crate::shell::complete::sql::{column, quoted_parts};

/// What is told of a table beside its columns, as Spark calls it.
const DETAILS: &[&str] = &[
    "Catalog",
    "Database",
    "Table",
    "Type",
    "Provider",
    "Owner",
    "Created Time",
    "Location",
    "Comment",
    "Statistics",
    "View Text",
    "View Original Text",
];

/// A query by that language's `spark.sql`, whose rows are printed as objects.
pub(super) fn query_code(kind: Kind, query: &str, mark: &str) -> String {
    let query = json!(query);
    match kind {
        Kind::Pyspark => python::code(
            "print(ask[\"mark\"] + \"[\" + \",\".join(ns[\"spark\"].sql(ask[\"query\"]).toJSON().collect()) + \"]\")\n",
            &json!({"mark": mark, "query": query}),
        ),
        Kind::Sparkr => format!(
            "cat(\"{mark}[\", paste(SparkR::collect(SparkR::toJSON(SparkR::sql({query})))$value, collapse = \",\"), \"]\\n\", sep = \"\")"
        ),
        Kind::Spark | Kind::Sql => format!(
            "val _ = println(\"{mark}\" + spark.sql({query}).toJSON.collect.mkString(\"[\", \",\", \"]\"))"
        ),
    }
}

/// Rows as a table; what is null stands in no object.
pub(super) fn of_objects(rows: Vec<Map<String, Value>>) -> Table {
    let mut names: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let cells = rows.into_iter().map(|mut row| {
        let cells = names
            .iter()
            .map(|name| row.remove(name).unwrap_or_default());
        cells.collect()
    });
    let cells = cells.collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    table(&names, cells)
}

pub(super) fn table(names: &[&str], rows: Vec<Vec<Value>>) -> Table {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        type_name: "string".to_owned(),
    };
    Table {
        columns: names.iter().map(column).collect(),
        rows,
        truncated: false,
    }
}

/// `show tables`, as it is shown here.
pub(super) fn tables_of(found: &Table) -> Table {
    let database = column(found, &["namespace", "database"]);
    let name = column(found, &["tableName"]);
    let temporary = column(found, &["isTemporary"]);
    let cell = |row: &[Value], at: Option<usize>| at.and_then(|at| row.get(at)).cloned();
    let rows = found.rows.iter().map(|row| {
        let is_temporary = match cell(row, temporary) {
            Some(Value::Bool(is)) => is,
            Some(Value::String(is)) => is == "true",
            _ => false,
        };
        let database = cell(row, database).filter(|it| it.as_str() != Some(""));
        vec![
            database.unwrap_or_default(),
            cell(row, name).unwrap_or_default(),
            Value::Bool(is_temporary),
        ]
    });
    let mut all = table(&["database", "name", "temporary"], rows.collect());
    all.truncated = found.truncated;
    all
}

pub(super) fn show_tables(pattern: Option<&str>) -> String {
    let Some(pattern) = pattern else {
        return "show tables".to_owned();
    };
    let bare = pattern
        .trim_end_matches(';')
        .trim()
        .trim_matches(['\'', '"']);
    // a dot in backticks parts nothing
    let dots = bare.rmatch_indices('.').map(|(at, _)| bare.split_at(at));
    let is_part = |(before, _): &(&str, &str)| before.matches('`').count() % 2 == 0;
    let (database, pattern) = match dots.into_iter().find(is_part) {
        Some((database, pattern)) => (format!(" in {}", quoted(&parts(database))), &pattern[1..]),
        None => (String::new(), bare),
    };
    let pattern = parts(pattern).join(".");
    let pattern = pattern.replace('\\', "\\\\").replace('\'', "\\'");
    format!("show tables{database} like '{pattern}'")
}

/// The parts of a table's name; a dot in backticks parts nothing, and two of them there are one.
pub(super) fn parts(name: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' if quoted && chars.next_if_eq(&'`').is_some() => part.push('`'),
            '`' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts
}

pub(super) fn quoted(parts: &[String]) -> String {
    quoted_parts(parts.iter().map(String::as_str))
}

/// A table that was described.
#[derive(Debug, PartialEq)]
pub(super) struct Described {
    pub(super) columns: Table,
    pub(super) details: Vec<(String, String)>,
}

impl Described {
    /// All columns, where the answer was cut.
    pub(super) fn complete(&mut self, all: &[Column]) {
        for column in all.get(self.columns.rows.len()..).unwrap_or_default() {
            let row = vec![
                column.name.clone().into(),
                column.type_name.clone().into(),
                Value::Null,
            ];
            self.columns.rows.push(row);
        }
    }
}

/// The answer of `describe extended`: columns up to an empty row or a heading, then details.
pub(super) fn described(found: &Table) -> Described {
    let at = |names: &[&str], usual| column(found, names).unwrap_or(usual);
    let (name, kind) = (at(&["col_name"], 0), at(&["data_type"], 1));
    let comment = column(found, &["comment"]);
    let text = |row: &[Value], at: usize| match row.get(at) {
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => String::new(),
    };
    let heading = |row: &Vec<Value>| {
        let name = text(row, name);
        name.is_empty() || name.starts_with('#')
    };
    let end = found
        .rows
        .iter()
        .position(heading)
        .unwrap_or(found.rows.len());
    let (columns, rest) = found.rows.split_at(end);
    let columns = columns.iter().map(|row| {
        let comment = comment.map(|at| text(row, at)).filter(|it| !it.is_empty());
        vec![
            text(row, name).into(),
            text(row, kind).into(),
            comment.map_or(Value::Null, Value::from),
        ]
    });
    let mut details = Vec::new();
    for row in rest {
        let (label, told) = (text(row, name), text(row, kind));
        if DETAILS.contains(&label.as_str()) && !told.is_empty() {
            details.push((label.to_lowercase(), told));
        }
    }
    let partitions: Vec<String> = (rest.iter().map(|row| text(row, name)))
        .skip_while(|it| it != "# Partition Information")
        .skip(2)
        .take_while(|it| !it.is_empty() && !it.starts_with('#'))
        .collect();
    if !partitions.is_empty() {
        details.push(("partitioned by".to_owned(), partitions.join(", ")));
    }
    Described {
        columns: table(&["column", "type", "comment"], columns.collect()),
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_may_name_a_database_and_cannot_leave_its_quotes() {
        for (pattern, query) in [
            ("sa*|v*", "show tables like 'sa*|v*'"),
            ("db.*", "show tables in `db` like '*'"),
            ("cat.db.s*", "show tables in `cat`.`db` like 's*'"),
            ("`a.b`.s*", "show tables in `a.b` like 's*'"),
            ("`a.b`", "show tables like 'a.b'"),
            ("`a``b`", "show tables like 'a`b'"),
            ("'x'", "show tables like 'x'"),
            ("a'b;", "show tables like 'a\\'b'"),
        ] {
            assert_eq!(show_tables(Some(pattern)), query);
        }
        assert_eq!(show_tables(None), "show tables");
    }

    #[test]
    fn a_dot_in_backticks_parts_no_name() {
        assert_eq!(parts("db.t"), ["db", "t"]);
        assert_eq!(quoted(&parts("parquet.`/a/b.c`")), "`parquet`.`/a/b.c`");
        assert_eq!(parts("`a``.b`.``"), ["a`.b", ""]);
        assert_eq!(quoted(&parts("`a``b`.c")), "`a``b`.`c`");
    }

    #[test]
    fn the_tables_of_every_release_are_shown_alike() {
        let rows = vec![
            vec!["default".into(), "sales".into(), false.into()],
            vec!["".into(), "v".into(), true.into()],
        ];
        for database in ["namespace", "database"] {
            let found = tables_of(&table(
                &[database, "tableName", "isTemporary"],
                rows.clone(),
            ));
            assert_eq!(
                found.rows,
                [
                    vec![json!("default"), json!("sales"), json!(false)],
                    vec![json!(null), json!("v"), json!(true)]
                ]
            );
        }
    }

    #[test]
    fn columns_end_where_the_details_begin() {
        let row = |name: &str, kind: &str, comment: Value| vec![name.into(), kind.into(), comment];
        let rows = vec![
            row("id", "bigint", json!("the key")),
            row("day", "date", json!(null)),
            row("# Partition Information", "", json!("")),
            row("# col_name", "data_type", json!("comment")),
            row("day", "date", json!(null)),
            row("", "", json!("")),
            row("# Detailed Table Information", "", json!("")),
            row("Database", "default", json!("")),
            row("Provider", "parquet", json!("")),
            row("Created By", "Spark 3.5.9", json!("")),
        ];
        let mut told = described(&table(&["col_name", "data_type", "comment"], rows));
        assert_eq!(
            told.columns.rows,
            [
                vec![json!("id"), json!("bigint"), json!("the key")],
                vec![json!("day"), json!("date"), json!(null)]
            ]
        );
        let details: Vec<String> = told
            .details
            .iter()
            .map(|(a, b)| format!("{a}: {b}"))
            .collect();
        assert_eq!(
            details,
            [
                "database: default",
                "provider: parquet",
                "partitioned by: day"
            ]
        );
        let all = table(&["id", "day", "more"], Vec::new()).columns;
        told.complete(&all);
        assert_eq!(told.columns.rows.len(), 3);
        assert_eq!(told.columns.rows[2][0], "more");
    }

    #[test]
    fn rows_that_came_as_objects_are_a_table_again() {
        let rows = json!([{"col_name": "a", "data_type": "int"}, {"col_name": "b", "data_type": "int", "comment": "c"}]);
        let found = of_objects(serde_json::from_value(rows).unwrap());
        let names: Vec<&str> = found.columns.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["col_name", "data_type", "comment"]);
        assert_eq!(found.rows[0][2], Value::Null);
        for kind in [Kind::Pyspark, Kind::Spark, Kind::Sparkr] {
            let code = query_code(kind, "show tables like 'a'", "mark ");
            assert!(
                code.contains("mark ") && code.contains("show tables like 'a'"),
                "{code}"
            );
        }
    }
}
