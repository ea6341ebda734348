//! `:tables` and `:describe`: what the session has of tables and views, and the columns of one. They are asked for in SQL
//! whatever the prompt speaks; where statements have no kind, by the `spark.sql` of the session's language.
mod rows;

use serde_json::{Map, Value};

use super::Shell;
use super::commands::say;
use super::complete::answer::{mark, read};
use super::doc::{Columns, first_line, spoken, unanswered};
use super::inquire::{Inquiry, LIMIT};
use crate::config;
use crate::livy::{Kind, Outcome, Reason, Status, Table};
use crate::render::{Format, safe_line};
use crate::report::{Report, code, note};
use crate::session::{Question, Unheard};
use rows::{
    Described, described, of_objects, parts, query_code, quoted, show_tables, table, tables_of,
};

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

    /// The columns of a `DataFrame` in a variable; none where it is no such variable.
    fn frame(&mut self, name: &str) -> Result<Option<Table>, Report> {
        let columns = match self.frame_columns(name) {
            // a server without statements of several kinds: not in this language
            Err(inquiry) if is_kindless(&inquiry) => None,
            columns => columns?,
        };
        let Some(columns) = columns else {
            return Ok(None);
        };
        let rows = columns.into_iter().map(|(name, kind, comment)| {
            let comment = if comment.is_empty() {
                Value::Null
            } else {
                comment.into()
            };
            vec![name.into(), kind.into(), comment]
        });
        let columns = table(&["column", "type", "comment"], rows.collect());
        Ok(Some(columns))
    }

    fn frame_columns(&mut self, name: &str) -> Result<Option<Columns>, Inquiry> {
        let asked = match self.kind {
            Kind::Pyspark => super::doc::python::frame(name),
            Kind::Sparkr => super::doc::r::frame(name),
            Kind::Spark => return self.scala_frame(name),
            Kind::Sql => None,
        };
        let Some((question, mark)) = asked else {
            return Ok(None);
        };
        let outcome = self.inquire(question)?;
        let read = read(&outcome, &mark);
        // an interpreter that does not run here has no variables
        if read.is_none() && outcome.error.is_none() {
            return Err(Inquiry::Report(unanswered(&outcome)));
        }
        Ok(read.flatten())
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
