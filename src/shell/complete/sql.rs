//! SQL's names: keywords and functions, and what the session has of databases, tables and columns. That is asked of
//! the session once, kept, and asked again behind the back of whoever types when a statement may have changed it.
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::editor::Offer;
use crate::language::wanted::{Relation, WantedSql};
use crate::language::{SQL_FUNCTIONS, SQL_KEYWORDS};
use crate::livy::{Kind, Status, Table};
use crate::session::{Identity, Question, Session};

/// How long an answer may take: it is kept, also when nobody waits for it any more.
const BEHIND: Duration = Duration::from_secs(10);

/// One list that a session has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// The tables and views of that database, else of the current one.
    Tables(Option<String>),
    Databases,
    Functions,
    /// The columns of that table.
    Columns(String),
}

/// What is known of a session's tables. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog(Arc<Mutex<Known>>, watch::Sender<()>);

#[derive(Debug, Default)]
struct Known {
    session: Option<Identity>,
    lists: HashMap<Asked, List>,
    under_way: HashSet<Asked>,
    /// How many statements the user has run.
    age: u64,
}

#[derive(Clone, Debug)]
struct List {
    offers: Vec<Offer>,
    /// When it was asked for.
    age: u64,
}

impl Catalog {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement of the user's ran: everything may be old.
    pub(super) fn ages(&self) {
        self.known().age += 1;
    }

    /// What is known of that session, and whether the caller is to [`fetch`](Self::fetch) it (again).
    pub(super) fn look(&self, session: &Session, asked: &Asked) -> (Option<Vec<Offer>>, bool) {
        let mut known = self.known();
        if known.session.as_ref() != Some(&session.identity) {
            known.session = Some(session.identity.clone());
            known.lists.clear();
        }
        let list = known.lists.get(asked);
        let old = list.is_none_or(|list| list.age != known.age);
        let ask = old && !known.under_way.contains(asked);
        let offers = list.map(|list| list.offers.clone());
        if ask {
            known.under_way.insert(asked.clone());
        }
        (offers, ask)
    }

    /// Asks the session, and keeps the answer. A question that the session did not take is forgotten; a list that it
    /// cannot give is empty.
    pub(super) async fn fetch(self, session: Session, asked: Asked) {
        let age = self.known().age;
        let _done = Done(&self, &asked);
        let question = Question {
            about: "completion",
            kind: Kind::Sql,
            code: code(&asked),
            limit: BEHIND,
        };
        let Ok(outcome) = session.hidden(question).await else {
            return;
        };
        let offers = match outcome.table.filter(|_| outcome.status == Status::Ok) {
            Some(table) => offers(&asked, &table),
            None => Vec::new(),
        };
        let mut known = self.known();
        if known.session.as_ref() == Some(&session.identity) {
            known.lists.insert(asked.clone(), List { offers, age });
        }
    }

    /// Waits until nothing is under way for that list.
    pub(super) async fn settled(&self, asked: &Asked) {
        let mut ended = self.1.subscribe();
        while self.known().under_way.contains(asked) {
            // the sender lives as long as this does
            let _ = ended.changed().await;
        }
    }
}

/// A question is under way, until this is dropped.
struct Done<'a>(&'a Catalog, &'a Asked);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.known().under_way.remove(self.1);
        self.0.1.send_replace(());
    }
}

fn code(asked: &Asked) -> String {
    match asked {
        Asked::Tables(None) => "show tables".to_owned(),
        Asked::Tables(Some(database)) => format!("show tables in {}", quoted(database)),
        Asked::Databases => "show databases".to_owned(),
        Asked::Functions => "show functions".to_owned(),
        Asked::Columns(table) => format!("describe {}", quoted(table)),
    }
}

fn quoted(name: &str) -> String {
    let parts = name
        .split('.')
        .map(|part| format!("`{}`", part.replace('`', "``")));
    parts.collect::<Vec<_>>().join(".")
}

/// The rows of the answer that are names.
fn offers(asked: &Asked, table: &Table) -> Vec<Offer> {
    let column = |names: &[&str]| {
        let is = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
        table.columns.iter().position(|column| is(&column.name))
    };
    let cell = |row: &[serde_json::Value], at: Option<usize>| {
        let cell = at.and_then(|at| row.get(at))?;
        cell.as_str().map(str::to_owned)
    };
    let (name, about) = match asked {
        Asked::Tables(_) => (column(&["tableName"]), column(&["isTemporary"])),
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
            Asked::Tables(_) => {
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
    tables.map(|it| Asked::Columns(it.name.clone())).collect()
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
                quoted(&it.name.replace('.', "\u{0}")).replace('\u{0}', ".")
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
    }
}
