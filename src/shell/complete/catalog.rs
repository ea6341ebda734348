//! What a session has of databases, tables and columns. It is asked once for each list, and the answer kept: until a
//! statement may have changed it, or for a minute, after which it is asked again behind the back of whoever types.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::sql::{Asked, code, empty_result, offers};
use crate::editor::Offer;
use crate::livy::{Kind, Status};
use crate::session::{Identity, Question, Session};

/// How long an answer may take: it is kept, also when nobody waits for it any more.
const BEHIND: Duration = Duration::from_secs(10);
/// Others may change what a session has, too.
const KEPT: Duration = Duration::from_secs(60);

/// The lists of a session. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog(Arc<Mutex<Known>>, watch::Sender<()>);

#[derive(Debug, Default)]
struct Known {
    session: Option<Identity>,
    lists: HashMap<Asked, List>,
    /// Each with its number.
    under_way: HashMap<Asked, (u64, Option<AbortHandle>)>,
    asked: u64,
    /// How many statements may have changed something.
    age: u64,
}

#[derive(Clone, Debug)]
struct List {
    offers: Vec<Offer>,
    /// The server has more.
    cut: bool,
    /// When it was asked for.
    age: u64,
    at: Instant,
}

/// What is known of a list.
#[derive(Debug)]
pub(super) struct Look {
    /// What the session last told; none where it never did.
    pub(super) offers: Option<Vec<Offer>>,
    /// The server has more of them.
    pub(super) cut: bool,
    /// Nothing is known to have changed since.
    pub(super) holds: bool,
    /// The caller is to [`fetch`](Catalog::fetch) it (again).
    pub(super) ask: Option<UnderWay>,
}

impl Catalog {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement of the user's ran.
    pub(super) fn ran(&self, kind: Kind, code: &str) {
        if may_change(kind, code) {
            self.known().age += 1;
        }
    }

    /// What is known of that session's list.
    pub(super) fn look(&self, session: &Session, asked: &Asked) -> Look {
        let mut known = self.known();
        if known.session.as_ref() != Some(&session.identity) {
            known.session = Some(session.identity.clone());
            known.lists.clear();
            stop(&mut known);
        }
        let age = known.age;
        let list = known.lists.get(asked).cloned();
        let holds = list.as_ref().is_some_and(|list| list.age == age);
        let old = list.as_ref().is_none_or(|list| list.at.elapsed() > KEPT);
        let ask = (!holds || old) && !known.under_way.contains_key(asked);
        let ask = ask.then(|| {
            known.asked += 1;
            let number = known.asked;
            known.under_way.insert(asked.clone(), (number, None));
            UnderWay {
                catalog: self.clone(),
                asked: asked.clone(),
                number,
            }
        });
        Look {
            cut: list.as_ref().is_some_and(|list| list.cut),
            offers: list.map(|list| list.offers),
            holds,
            ask,
        }
    }

    /// That task fetches it.
    pub(super) fn fetched_by(&self, asked: &Asked, task: AbortHandle) {
        if let Some((_, by)) = self.known().under_way.get_mut(asked) {
            *by = Some(task);
        }
    }

    /// Nobody wants an answer any more.
    pub(super) fn give_up(&self) {
        stop(&mut self.known());
        self.1.send_replace(());
    }

    /// Waits until nothing is under way for that list.
    pub(super) async fn settled(&self, asked: &Asked) {
        let mut ended = self.1.subscribe();
        while self.known().under_way.contains_key(asked) {
            // the sender lives as long as this does
            let _ = ended.changed().await;
        }
    }
}

fn stop(known: &mut Known) {
    for (_, (_, task)) in known.under_way.drain() {
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// A question is under way, until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    catalog: Catalog,
    asked: Asked,
    number: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut known = self.catalog.known();
        let is_it = |(number, _): &(u64, _)| *number == self.number;
        if known.under_way.get(&self.asked).is_some_and(is_it) {
            known.under_way.remove(&self.asked);
        }
        drop(known);
        self.catalog.1.send_replace(());
    }
}

impl UnderWay {
    /// Asks the session, and keeps the answer. A question that the session did not take is forgotten; a list that it
    /// cannot give is empty.
    pub(super) async fn fetch(self, session: Session) {
        let (age, at) = (self.catalog.known().age, Instant::now());
        let Some((offers, cut)) = self.answer(&session).await else {
            return;
        };
        let list = List {
            offers,
            cut,
            age,
            at,
        };
        let mut known = self.catalog.known();
        if known.session.as_ref() == Some(&session.identity) {
            known.lists.insert(self.asked.clone(), list);
        }
    }

    async fn answer(&self, session: &Session) -> Option<(Vec<Offer>, bool)> {
        let ask = |code| {
            session.hidden(Question {
                about: "completion",
                kind: Kind::Sql,
                code,
                limit: BEHIND,
            })
        };
        let outcome = ask(code(&self.asked)).await.ok()?;
        let table = outcome.table.filter(|_| outcome.status == Status::Ok);
        let Some(table) = table else {
            return Some((Vec::new(), false));
        };
        let cut = table.rows.len() >= session.row_limit;
        match &self.asked {
            Asked::Columns(name) if cut => {
                // what is there is more than nothing
                let Some(all) = ask(empty_result(name)).await.ok().and_then(|it| it.table) else {
                    return Some((offers(&self.asked, &table), true));
                };
                let all = all.columns.into_iter();
                let all = all.map(|column| Offer {
                    name: column.name,
                    about: column.type_name,
                });
                Some((all.collect(), false))
            }
            asked => Some((offers(asked, &table), cut)),
        }
    }
}

/// Statements of SQL that make, change or drop what a session has, by their first words.
const CHANGES: &[&str] = &[
    "create", "drop", "alter", "use", "refresh", "cache", "uncache", "replace", "insert", "set",
    "msck", "load", "import", "undrop", "reset",
];
/// Calls of the other languages that do the same.
const CALLS: &[&str] = &[
    "TempView",
    "TempTable",
    "saveAsTable",
    "writeTo",
    "catalog",
    "createTable",
    "ExternalTable",
    "dropTable",
    "cacheTable",
    "refreshTable",
    "insertInto",
    "udf.register",
    "registerFunction",
    "setCurrentDatabase",
];

/// Calls with a query that stands there to be read.
const QUERIES: &[&str] = &["sql(\"", "sql('", "sql(f", "sql(r", "sql(s\""];

/// May this statement have changed what the session has of tables, views and functions?
fn may_change(kind: Kind, code: &str) -> bool {
    let changes = |word: &str| CHANGES.iter().any(|it| word.eq_ignore_ascii_case(it));
    let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let verb = words.any(changes);
    // a comment or a `with` may come before it
    if kind == Kind::Sql {
        return verb;
    }
    let query = code.contains("sql(") && (verb || !QUERIES.iter().any(|it| code.contains(it)));
    query || CALLS.iter().any(|call| code.contains(call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livy::{Client, Connection};

    fn session() -> Session {
        let connection = Connection::new("http://127.0.0.1:1".parse().unwrap());
        let shown = serde_json::from_str(r#"{"id": 0}"#).unwrap();
        Session::of(Client::new(connection).unwrap(), &shown, Kind::Sql)
    }

    #[test]
    fn only_what_may_change_the_catalog_makes_its_lists_old() {
        for (kind, code) in [
            (Kind::Sql, "create or replace temp view v as select 1"),
            (Kind::Sql, "-- new\nDROP TABLE t"),
            (Kind::Sql, "use db"),
            (Kind::Pyspark, "df.createOrReplaceTempView('v')"),
            (Kind::Pyspark, "spark.sql('create table t (a int)')"),
            (Kind::Pyspark, "spark.sql(query)"),
            (Kind::Spark, "df.write.saveAsTable(\"t\")"),
            (Kind::Sparkr, "createOrReplaceTempView(df, 'v')"),
        ] {
            assert!(may_change(kind, code), "{code}");
        }
        for (kind, code) in [
            (Kind::Sql, "select * from created where user = 1"),
            (Kind::Sql, "show tables"),
            (Kind::Pyspark, "df.count()"),
            (Kind::Pyspark, "spark.sql('select 1').show()"),
            (Kind::Pyspark, "drop = 1"),
        ] {
            assert!(!may_change(kind, code), "{code}");
        }
    }

    #[test]
    fn a_list_is_asked_for_once_and_again_when_it_is_old_or_of_another_session() {
        let (catalog, session, other) = (Catalog::default(), session(), session());
        let asked = Asked::Databases;
        let first = catalog.look(&session, &asked);
        assert!(first.offers.is_none() && !first.holds);
        let task = first.ask.unwrap();
        assert!(catalog.look(&session, &asked).ask.is_none(), "under way");
        // what was under way in one session is nothing to wait for in another
        let theirs = catalog.look(&other, &asked).ask.unwrap();
        drop(task);
        assert!(catalog.look(&other, &asked).ask.is_none());
        drop(theirs);
        let list = |age, at| List {
            offers: vec![Offer::named("db")],
            cut: false,
            age,
            at,
        };
        let set = |list| catalog.known().lists.insert(asked.clone(), list);
        set(list(0, Instant::now()));
        let look = catalog.look(&other, &asked);
        assert!(look.holds && look.ask.is_none());
        catalog.ran(Kind::Sql, "select 1");
        assert!(catalog.look(&other, &asked).holds);
        catalog.ran(Kind::Sql, "drop database db");
        let look = catalog.look(&other, &asked);
        assert!(!look.holds && look.ask.is_some() && look.offers.is_some());
        drop(look);
        if let Some(long_ago) = Instant::now().checked_sub(KEPT * 2) {
            set(list(1, long_ago));
            let look = catalog.look(&other, &asked);
            assert!(look.holds && look.ask.is_some());
        }
    }
}
