//! `:tables` and `:describe`: what the session has of tables and views, and the columns of one. They are asked for in SQL
//! whatever the prompt speaks; where statements have no kind, by the `spark.sql` of the session's language.
use serde_json::{Map, Value, json};

use super::Shell;
use super::commands::say;
use super::complete::answer::{lines, mark, read};
use super::complete::python;
use super::doc::{first_line, spoken, unanswered};
use super::inquire::{Inquiry, LIMIT};
use crate::config;
use crate::livy::{Column, Kind, Outcome, Reason, Status, Table};
use crate::render::{Format, safe_line};
use crate::report::{Report, code, note};
use crate::session::{Question, Unheard};

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

impl Shell {
    /// `:tables`.
    pub(super) fn tables(&mut self, pattern: Option<&str>) -> Result<(), Report> {
        let query = show_tables(pattern);
        let Some(table) = self.with_session(|shell| shell.listed(&query, pattern))? else {
            return Ok(());
        };
        if table.rows.is_empty() {
            note(match pattern {
                Some(_) => {
                    "no table or view is called so; :tables lists all of the current database"
                }
                None => {
                    "there are no tables or views in the current database; `:tables db.*` looks into another"
                }
            });
            return Ok(());
        }
        self.listing(&table)?;
        if table.truncated {
            note(&format!(
                "cut at {} rows by the server; use --rows N or a PATTERN",
                table.rows.len()
            ));
        }
        Ok(())
    }

    fn listed(&mut self, query: &str, pattern: Option<&str>) -> Result<Table, Report> {
        let found = match self.query(query)? {
            Ok(found) => found,
            Err(raised) => {
                let database = pattern.and_then(|it| it.rsplit_once('.')).map(|(it, _)| it);
                return Err(match database.filter(|_| is_missing(&raised)) {
                    Some(database) => self.no_database(database),
                    None => refused(&raised),
                });
            }
        };
        Ok(tables_of(&found))
    }

    fn no_database(&mut self, database: &str) -> Report {
        let report = Report::new(
            code::STATEMENT,
            format!("there is no database `{database}`"),
        );
        let Ok(Ok(all)) = self.query("show databases") else {
            return report;
        };
        let names = all.rows.iter().filter_map(|row| row.first()?.as_str());
        near(report, database, names)
    }

    /// `:describe`: a variable of the prompt's language first, then a table.
    pub(super) fn describe(&mut self, name: &str) -> Result<(), Report> {
        let name = name.trim_end_matches(';').trim_end();
        let Some(found) = self.with_session(|shell| shell.described(name))? else {
            return Ok(());
        };
        self.listing(&found.columns)?;
        // no program reads them
        if matches!(self.runner.format(), Format::Text | Format::Table) {
            let lines = found.details.iter().map(|(label, text)| {
                let text = safe_line(text, true);
                format!("{label}: {text}\n")
            });
            say(&lines.collect::<String>());
        }
        Ok(())
    }

    fn described(&mut self, name: &str) -> Result<Described, Report> {
        if let Some(columns) = self.frame(name)? {
            let what = format!("a DataFrame in {}", spoken(self.kind));
            return Ok(Described {
                columns,
                details: vec![(name.to_owned(), what)],
            });
        }
        let parts = parts(name);
        let table = quoted(&parts);
        let found = match self.query(&format!("describe extended {table}"))? {
            Ok(found) => found,
            Err(raised) if is_missing(&raised) => return Err(self.no_table(name, &parts)),
            Err(raised) => return Err(refused(&raised)),
        };
        let mut described = described(&found);
        if found.truncated
            && let Ok(Ok(empty)) = self.query(&format!("select * from {table} limit 0"))
        {
            described.complete(&empty.columns);
        }
        Ok(described)
    }

    /// The columns of a DataFrame in a variable; none where it is no such variable.
    fn frame(&mut self, name: &str) -> Result<Option<Table>, Report> {
        let asked = match self.kind {
            Kind::Pyspark => super::doc::python::frame(name),
            Kind::Sparkr => super::doc::r::frame(name),
            Kind::Spark => super::doc::scala::frame(name),
            Kind::Sql => None,
        };
        let Some((question, mark)) = asked else {
            return Ok(None);
        };
        let outcome = match self.inquire(question) {
            // a server without statements of several kinds: not in this language
            Err(inquiry) if is_kindless(&inquiry) => return Ok(None),
            answer => answer?,
        };
        let columns: Vec<(String, String, String)> = if self.kind == Kind::Spark {
            let fields = lines(&outcome, &mark).filter_map(|line| {
                let mut parts = line.splitn(3, '\t').map(str::to_owned);
                let (kind, comment) = (parts.next()?, parts.next()?);
                Some((parts.next()?, kind, comment))
            });
            fields.collect()
        } else {
            read(&outcome, &mark).unwrap_or_default()
        };
        let rows = columns.into_iter().map(|(name, kind, comment)| {
            let comment = if comment.is_empty() {
                Value::Null
            } else {
                comment.into()
            };
            vec![name.into(), kind.into(), comment]
        });
        let table = table(&["column", "type", "comment"], rows.collect());
        Ok((!table.rows.is_empty()).then_some(table))
    }

    fn no_table(&mut self, name: &str, parts: &[String]) -> Report {
        let what = match self.kind {
            Kind::Sql => format!("there is no table or view `{name}`"),
            kind => format!(
                "there is no table or view `{name}`, and no DataFrame of that name in {}",
                spoken(kind)
            ),
        };
        let report = Report::new(code::STATEMENT, what);
        let (last, database) = match parts {
            [database @ .., last] => (last.as_str(), database),
            [] => return report,
        };
        let query = match database {
            [] => "show tables".to_owned(),
            database => format!("show tables in {}", quoted(database)),
        };
        match self.query(&query) {
            Ok(Ok(all)) => {
                let all = tables_of(&all);
                let names = all.rows.iter().filter_map(|row| row.get(1)?.as_str());
                near(report, last, names)
            }
            _ => report.advise(":tables lists what is there"),
        }
    }

    /// The rows of a query, or what Spark says against it. Where the server cuts them, the session's own language is
    /// asked, which has no such limit.
    fn query(&mut self, query: &str) -> Result<Result<Table, String>, Report> {
        let (own, limit) = match self.opened() {
            Some(opened) => (opened.session.kind, opened.session.row_limit),
            None => (Kind::Sql, usize::MAX),
        };
        let asked = self.inquire(Question {
            about: "tables",
            kind: Kind::Sql,
            code: query.to_owned(),
            limit: LIMIT,
        });
        let mut outcome = match asked {
            Err(inquiry) if own != Kind::Sql && is_kindless(&inquiry) => {
                return self.query_in(own, query);
            }
            answer => answer?,
        };
        match outcome
            .table
            .take()
            .filter(|_| outcome.status == Status::Ok)
        {
            Some(cut) if cut.rows.len() >= limit => {
                let all = (own != Kind::Sql).then(|| self.query_in(own, query));
                Ok(match all {
                    Some(Ok(Ok(all))) => Ok(all),
                    _ => Ok(Table {
                        truncated: true,
                        ..cut
                    }),
                })
            }
            Some(table) => Ok(Ok(table)),
            None => said(&outcome),
        }
    }

    fn query_in(&mut self, kind: Kind, query: &str) -> Result<Result<Table, String>, Report> {
        let mark = mark();
        let outcome = self.inquire(Question {
            about: "tables",
            kind,
            code: query_code(kind, query, &mark),
            limit: LIMIT,
        })?;
        match read::<Vec<Map<String, Value>>>(&outcome, &mark) {
            Some(rows) => Ok(Ok(of_objects(rows))),
            None => said(&outcome),
        }
    }
}

fn said(outcome: &Outcome) -> Result<Result<Table, String>, Report> {
    match &outcome.error {
        Some(raised) => Ok(Err(first_line(raised))),
        None => Err(unanswered(outcome)),
    }
}

/// Does the server know no kind of a statement, or none but the session's own?
fn is_kindless(inquiry: &Inquiry) -> bool {
    let Inquiry::Unheard(Unheard::Failed(error)) = inquiry else {
        return false;
    };
    let failure = error.failure();
    failure
        .is_some_and(|it| it.reason == Reason::UnknownField && it.field.as_deref() == Some("kind"))
}

/// A query by that language's `spark.sql`, whose rows are printed as objects.
fn query_code(kind: Kind, query: &str, mark: &str) -> String {
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
fn of_objects(rows: Vec<Map<String, Value>>) -> Table {
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

fn table(names: &[&str], rows: Vec<Vec<Value>>) -> Table {
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

/// A column of an answer; releases call the same thing by other names.
fn column(of: &Table, names: &[&str]) -> Option<usize> {
    let is = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    of.columns.iter().position(|column| is(&column.name))
}

/// `show tables`, as it is shown here.
fn tables_of(found: &Table) -> Table {
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

fn show_tables(pattern: Option<&str>) -> String {
    let Some(pattern) = pattern else {
        return "show tables".to_owned();
    };
    let bare = pattern
        .trim_end_matches(';')
        .trim()
        .trim_matches(['\'', '"']);
    let (database, pattern) = match bare.rsplit_once('.') {
        Some((database, pattern)) => (format!(" in {}", quoted(&parts(database))), pattern),
        None => (String::new(), bare),
    };
    let pattern = pattern.trim_matches('`');
    let pattern = pattern.replace('\\', "\\\\").replace('\'', "\\'");
    format!("show tables{database} like '{pattern}'")
}

/// The parts of a table's name; a dot in backticks parts nothing.
fn parts(name: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in name.chars() {
        match c {
            '`' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

fn quoted(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
    parts.join(".")
}

/// A table that was described.
#[derive(Debug, PartialEq)]
struct Described {
    columns: Table,
    details: Vec<(String, String)>,
}

impl Described {
    /// All columns, where the answer was cut.
    fn complete(&mut self, all: &[Column]) {
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
fn described(found: &Table) -> Described {
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

/// Does Spark say that there is no such thing? Releases say it in other words.
fn is_missing(raised: &str) -> bool {
    let words = [
        "NOT_FOUND",
        "not found",
        "cannot be found",
        "NoSuch",
        "does not exist",
    ];
    words.iter().any(|it| raised.contains(it))
}

fn refused(raised: &str) -> Report {
    Report::new(code::STATEMENT, "Spark does not tell").because(raised)
}

/// The report with the name that was probably meant.
fn near<'a>(report: Report, name: &str, all: impl Iterator<Item = &'a str>) -> Report {
    match config::nearest(name, all) {
        Some(near) => report.advise(format!("did you mean `{near}`?")),
        None => report.advise(":tables lists what is there"),
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
