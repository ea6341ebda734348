//! SQL's names: keywords and functions, and what the session has of databases, tables and columns.
use std::collections::HashSet;

use crate::editor::Offer;
use crate::language::wanted::{Relation, WantedSql};
use crate::language::{SQL_FUNCTIONS, SQL_KEYWORDS};
use crate::livy::Table;

/// Words that name files where a table could stand: what is behind their dot is a path.
const FORMATS: &[&str] = &[
    "avro",
    "binaryfile",
    "csv",
    "delta",
    "hudi",
    "json",
    "orc",
    "parquet",
    "text",
    "xml",
];

/// One list that a session has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// The tables and views of that database, else of the current one.
    Tables(Option<String>),
    Databases,
    Functions,
    /// The columns of that table.
    Columns(String),
    /// Those of a list that begin so: the server cuts the whole one.
    Begun(Box<Asked>, String),
}

pub(super) fn code(asked: &Asked) -> String {
    let (asked, like) = match asked {
        Asked::Begun(asked, begin) => (&**asked, format!(" like '{begin}*'")),
        asked => (asked, String::new()),
    };
    match asked {
        Asked::Tables(None) | Asked::Begun(..) => format!("show tables{like}"),
        Asked::Tables(Some(database)) => format!("show tables in {}{like}", quoted(database)),
        Asked::Databases => format!("show databases{like}"),
        Asked::Functions => format!("show functions{like}"),
        Asked::Columns(table) => format!("describe {}", quoted(table)),
    }
}

/// All columns of a table that has more of them than the server returns rows: as those of an empty result.
pub(super) fn empty_result(table: &str) -> String {
    format!("select * from {} limit 0", quoted(table))
}

/// A name of several parts, its dots between them.
pub(in crate::shell) fn quoted(name: &str) -> String {
    quoted_parts(name.split('.'))
}

/// The same of parts that may have dots of their own.
pub(in crate::shell) fn quoted_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let parts = parts.into_iter();
    let parts = parts.map(|part| format!("`{}`", part.replace('`', "``")));
    parts.collect::<Vec<_>>().join(".")
}

/// A column of an answer; releases call the same thing by other names.
pub(in crate::shell) fn column(of: &Table, names: &[&str]) -> Option<usize> {
    let is = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    of.columns.iter().position(|column| is(&column.name))
}

/// The rows of the answer that are names.
pub(super) fn offers(asked: &Asked, table: &Table) -> Vec<Offer> {
    let column = |names: &[&str]| column(table, names);
    let cell = |row: &[serde_json::Value], at: Option<usize>| {
        let cell = at.and_then(|at| row.get(at))?;
        cell.as_str().map(str::to_owned)
    };
    let asked = match asked {
        Asked::Begun(asked, _) => asked,
        asked => asked,
    };
    let (name, about) = match asked {
        Asked::Tables(_) | Asked::Begun(..) => (column(&["tableName"]), column(&["isTemporary"])),
        Asked::Columns(_) => (column(&["col_name"]), column(&["data_type"])),
        Asked::Databases | Asked::Functions => (Some(0), None),
    };
    let mut found = Vec::new();
    for row in &table.rows {
        let Some(text) = cell(row, name) else {
            continue;
        };
        match asked {
            // what follows the columns tells of partitions and storage
            Asked::Columns(_) if text.is_empty() || text.starts_with('#') => break,
            Asked::Functions => {
                // the built-in ones have no database, and some are operators
                let bare = text.rsplit('.').next().unwrap_or_default();
                if super::is_name(bare) {
                    found.push(offer(bare, "function"));
                }
            }
            Asked::Columns(_) => {
                let kind = cell(row, about).unwrap_or_default();
                found.push(offer(&text, &kind));
            }
            Asked::Tables(_) | Asked::Begun(..) => {
                let temporary = about.and_then(|at| row.get(at));
                let temporary = temporary.and_then(serde_json::Value::as_bool);
                let about = if temporary == Some(true) {
                    "view"
                } else {
                    "table"
                };
                found.push(offer(&text, about));
            }
            Asked::Databases => found.push(offer(&text, "database")),
        }
    }
    found
}

fn offer(name: &str, about: &str) -> Offer {
    Offer {
        name: name.to_owned(),
        about: about.to_owned(),
    }
}

/// What is to be known of the session to complete that.
pub(super) fn needs(wanted: &WantedSql<'_>) -> Vec<Asked> {
    if wanted.table {
        if wanted.of.is_empty() {
            return vec![Asked::Tables(None), Asked::Databases];
        }
        return vec![Asked::Tables(Some(wanted.of.clone()))];
    }
    let relations = wanted.relations.iter();
    let tables = relations.filter(|it| wanted.of.is_empty() || is_called(it, &wanted.of));
    // to describe a path, Spark reads the files
    let tables = tables.filter(|it| !is_path(&it.name));
    tables.map(|it| Asked::Columns(it.name.clone())).collect()
}

fn is_path(name: &str) -> bool {
    let format = name.split_once('.').map_or("", |(format, _)| format);
    name.contains(['/', '\\', ':']) || FORMATS.contains(&format.to_ascii_lowercase().as_str())
}

fn is_called(relation: &Relation, name: &str) -> bool {
    let is = |it: &str| it.eq_ignore_ascii_case(name);
    let last = relation.name.rsplit('.').next().unwrap_or_default();
    relation
        .alias
        .as_deref()
        .map_or_else(|| is(&relation.name) || is(last), is)
}

/// What could stand there, of what the session has and of what the language has.
pub(super) fn all(wanted: &WantedSql<'_>, lists: Vec<Offer>, functions: Vec<Offer>) -> Vec<Offer> {
    let mut found: Vec<Offer> = (lists.into_iter())
        .map(|it| Offer {
            name: if super::is_name(&it.name) {
                it.name
            } else {
                quoted_parts([it.name.as_str()])
            },
            about: it.about,
        })
        .collect();
    if wanted.of.is_empty() {
        let named = wanted.relations.iter();
        if !wanted.table {
            found.extend(named.map(|it| {
                let name = it.alias.as_deref().unwrap_or(&it.name);
                offer(name, "table")
            }));
        }
        // all of them, where nothing is typed, would hide the others
        if !wanted.word.is_empty() || found.is_empty() {
            let upper = wanted.word.starts_with(char::is_uppercase);
            let cased = |word: &str| {
                if upper {
                    word.to_uppercase()
                } else {
                    word.to_owned()
                }
            };
            if !wanted.table {
                let fixed = SQL_FUNCTIONS.iter().map(|name| offer(name, "function"));
                found.extend(
                    fixed
                        .chain(functions)
                        .map(|it| offer(&cased(&it.name), "function")),
                );
            }
            found.extend(
                SQL_KEYWORDS
                    .iter()
                    .map(|word| offer(&cased(word), "keyword")),
            );
        }
    }
    let typed = wanted.word.to_lowercase();
    let fits = |name: &str| {
        name.trim_start_matches('`')
            .to_lowercase()
            .starts_with(&typed)
    };
    found.retain(|offer| fits(&offer.name));
    let mut seen = HashSet::new();
    found.retain(|offer| seen.insert(offer.name.to_lowercase()));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::language::wanted;
    use crate::livy::Column;

    fn table(columns: &[&str], rows: serde_json::Value) -> Table {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            type_name: "string".to_owned(),
        };
        Table {
            columns: columns.iter().map(column).collect(),
            rows: serde_json::from_value(rows).unwrap(),
            truncated: false,
        }
    }

    fn shown(offers: &[Offer]) -> Vec<String> {
        let lines = offers.iter().map(|it| format!("{} {}", it.name, it.about));
        lines.collect()
    }

    #[test]
    fn the_rows_of_every_answer_become_names() {
        let tables = table(
            &["namespace", "tableName", "isTemporary"],
            json!([["default", "sales", false], ["", "v", true]]),
        );
        let asked = Asked::Tables(None);
        assert_eq!(shown(&offers(&asked, &tables)), ["sales table", "v view"]);
        let columns = table(
            &["col_name", "data_type", "comment"],
            json!([
                ["id", "bigint", null],
                ["a b", "string", null],
                ["# Partition Information", "", ""],
                ["x", "y", ""]
            ]),
        );
        let asked = Asked::Columns("t".to_owned());
        assert_eq!(
            shown(&offers(&asked, &columns)),
            ["id bigint", "a b string"]
        );
        let functions = table(
            &["function"],
            json!([["!="], ["abs"], ["spark_catalog.default.mine"]]),
        );
        let found = offers(&Asked::Functions, &functions);
        assert_eq!(shown(&found), ["abs function", "mine function"]);
        assert_eq!(
            code(&Asked::Columns("db.a`b".to_owned())),
            "describe `db`.`a``b`"
        );
        let begun = |asked| code(&Asked::Begun(Box::new(asked), "sa".to_owned()));
        assert_eq!(
            begun(Asked::Tables(Some("db".to_owned()))),
            "show tables in `db` like 'sa*'"
        );
        assert_eq!(begun(Asked::Functions), "show functions like 'sa*'");
    }

    #[test]
    fn a_word_completes_to_columns_functions_and_keywords_as_it_is_typed() {
        let all = |text: &str, lists: &[(&str, &str)]| {
            let wanted = wanted::sql(text, text.len()).unwrap();
            let lists = lists.iter().map(|(name, about)| offer(name, about));
            shown(&all(
                &wanted,
                lists.collect(),
                vec![offer("selfmade", "function")],
            ))
        };
        assert_eq!(all("SEL", &[]), ["SELFMADE function", "SELECT keyword"]);
        let columns = [("id", "bigint"), ("a b", "string"), ("If", "int")];
        assert_eq!(all("select * from t where a", &columns)[0], "`a b` string");
        assert_eq!(all("select * from t x where ", &columns).len(), 4);
        let found = all("select * from t where i", &columns);
        assert_eq!(found[..2], ["id bigint", "If int"], "{found:?}");
        assert!(
            !found.contains(&"if function".to_owned()),
            "one of each: {found:?}"
        );
        assert_eq!(
            all("select * from sa", &[("sales", "table")])[0],
            "sales table"
        );
    }

    #[test]
    fn the_columns_of_an_alias_are_those_of_its_table() {
        let needs = |text: &str| needs(&wanted::sql(text, text.len()).unwrap());
        let columns = |name: &str| Asked::Columns(name.to_owned());
        assert_eq!(
            needs("select * from db.t a join u where a."),
            [columns("db.t")]
        );
        assert_eq!(
            needs("select * from db.t join u where t."),
            [columns("db.t")]
        );
        assert_eq!(
            needs("select * from t join u where "),
            [columns("t"), columns("u")]
        );
        assert_eq!(
            needs("select * from db."),
            [Asked::Tables(Some("db".to_owned()))]
        );
        assert_eq!(needs("sel"), []);
        for path in ["parquet.`/data/t`", "csv.`t.csv`", "`s3://b/t`"] {
            assert_eq!(needs(&format!("select * from {path} where ")), [], "{path}");
        }
    }
}
