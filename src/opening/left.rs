//! Sessions of ours that a crash or a lost connection left behind: finding, naming and ending them.
//!
//! An id alone is never trusted: a server that restarts gives it again. Only where the server shows our name for
//! it, or lists our name, a session is taken for ours.
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};

use super::telling::Telling;
use super::{Opener, Report};
use crate::livy::{self, Client, Deleted, Error, Reason, SessionId};
use crate::record::{OwnSession, Record, now_ms};
use crate::report::code;
use crate::session;
use crate::settings::Target;

/// How long the look beside a starting session may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// After that time a session surely stands on the list that was asked for and whose creation nobody answered.
const SURFACED_MS: i64 = 10 * 60 * 1000;

/// Sessions that are looked at together.
const AT_A_TIME: usize = 8;

/// A session that was left behind.
struct Left {
    own: OwnSession,
    id: SessionId,
    over: bool,
}

/// What a look found.
#[derive(Default)]
struct Found {
    there: Vec<Left>,
    /// Those of which nothing can be told, and why.
    unknown: Vec<(OwnSession, String)>,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// What became of each, a line each.
    pub said: Vec<String>,
    /// What could not be done.
    pub failed: Vec<Report>,
}

impl Opener {
    /// Looks for them beside what is going on; whoever follows the start hears of them.
    pub(super) fn tell_what_was_left(&self, client: &Client, telling: &Telling) {
        let (client, telling, record) = (client.clone(), telling.clone(), self.0.record.clone());
        let server = self.journal_name(&client);
        let ends_them = if self.is_script() {
            format!("`livysh sessions clean {}`", self.0.settings.target.name())
        } else {
            "`:sessions clean`".to_owned()
        };
        let local = matches!(self.0.settings.target, Target::Local);
        self.0.runtime.spawn(async move {
            if local {
                // this machine's Spark ended with whoever started it
                for own in record.left_behind(&server) {
                    record.forget(&own);
                }
                return;
            }
            let look = tokio::time::timeout(PATIENCE, find(&client, &record, &server));
            if let Ok(found) = look.await
                && let Some(notice) = notice(&found.there, &ends_them, now_ms())
            {
                telling.note(&notice);
            }
        });
    }

    /// Ends those that are there, and strikes off those that are not.
    pub async fn clean(&self) -> Result<Cleaned, Report> {
        let client = self.client().await?;
        let server = self.journal_name(&client);
        let record = &self.0.record;
        let mut cleaned = Cleaned::default();
        let found = find(&client, record, &server).await;
        for left in found.there {
            match end(&client, &left).await {
                Ok(said) => {
                    record.forget(&left.own);
                    cleaned.said.push(said);
                }
                Err(error) => {
                    let mut report = Report::from(&error);
                    report.what = format!("session {} is not ended: {}", left.id, report.what);
                    report.code = code::SERVER;
                    cleaned.failed.push(report);
                }
            }
        }
        for (own, why) in found.unknown {
            let what = own.session.map_or_else(
                || format!("the session {}", own.name),
                |id| format!("session {id} ({})", own.name),
            );
            cleaned.failed.push(
                Report::new(code::SERVER, format!("{what} may still be there: {why}")).advise(
                    "`livysh sessions` shows what is there, `livysh sessions kill ID` ends one",
                ),
            );
        }
        if cleaned.said.is_empty() && cleaned.failed.is_empty() {
            let server = self.0.settings.target.name();
            cleaned
                .said
                .push(format!("nothing of yours is left behind on {server}"));
        }
        Ok(cleaned)
    }

    /// The age in milliseconds of a session that the journal knows.
    pub fn age_of(&self, client: &Client) -> impl Fn(&livy::Session) -> Option<i64> + use<> {
        let own = self.0.record.own_sessions(&self.journal_name(client));
        let now = now_ms();
        move |shown| {
            let name = shown.name.as_deref().filter(|name| !name.is_empty())?;
            let fits = |own: &&OwnSession| {
                own.name == name && own.session.as_deref() == Some(shown.id.as_str())
            };
            own.iter().find(fits).map(|own| now - own.time_ms)
        }
    }
}

/// Which of the journal's are there? Those that the server knows to be gone are struck off.
async fn find(client: &Client, record: &Record, server: &str) -> Found {
    let mut found = Found::default();
    let (known, asked_for): (Vec<_>, _) =
        (record.left_behind(server).into_iter()).partition(|own| own.session.is_some());
    let mut looks = pin!(looks(client, known));
    while let Some((own, look)) = looks.next().await {
        match look {
            Ok(shown) => by_id(&shown, own, record, &mut found),
            Err(error) if error.reason() == Some(Reason::NoSuchSession) => record.forget(&own),
            Err(error) => found.unknown.push((own, error.problem.to_string())),
        }
    }
    if !asked_for.is_empty() {
        let list = client.all_sessions().await;
        for own in asked_for {
            match &list {
                Ok(list) => by_name(list, own, record, &mut found),
                Err(error) => found.unknown.push((own, error.problem.to_string())),
            }
        }
    }
    found
}

/// What the server says of sessions whose ids the journal knows, in its order, some at a time.
pub(super) fn looks(
    client: &Client,
    rows: Vec<OwnSession>,
) -> impl Stream<Item = (OwnSession, Result<livy::Session, Error>)> {
    let look = async |own: OwnSession| {
        let id = SessionId::new(own.session.as_deref().unwrap_or_default());
        let look = session::look_twice(client, &id).await;
        (own, look)
    };
    stream::iter(rows).map(look).buffered(AT_A_TIME)
}

fn by_id(shown: &livy::Session, own: OwnSession, record: &Record, found: &mut Found) {
    match shown.name.as_deref() {
        Some(name) if name == own.name => found.there.push(Left {
            id: shown.id.clone(),
            over: shown.state.is_over(),
            own,
        }),
        None | Some("") => {
            let why = "the server shows no names, and ids are given again".to_owned();
            found.unknown.push((own, why));
        }
        // ours is gone, and its id is another's
        Some(_) => record.forget(&own),
    }
}

/// One whose creation was answered by nobody.
fn by_name(list: &livy::SessionList, own: OwnSession, record: &Record, found: &mut Found) {
    let named = |shown: &&livy::Session| shown.name.as_deref() == Some(own.name.as_str());
    let settled = now_ms() - own.time_ms > SURFACED_MS;
    if let Some(shown) = list.sessions.iter().find(named) {
        record.found_again(&own, &shown.id);
        by_id(shown, own, record, found);
    } else if list.cut {
        let why = "the server lists too many sessions to be looked through".to_owned();
        found.unknown.push((own, why));
    } else if settled {
        record.forget(&own);
    } else {
        let why = "its creation was not answered, and it may still appear".to_owned();
        found.unknown.push((own, why));
    }
}

/// Ends one, after a last look at its name.
async fn end(client: &Client, left: &Left) -> Result<String, Error> {
    let Left { own, id, .. } = left;
    let gone = format!("session {id} ({}) was gone already", own.name);
    match session::look_twice(client, id).await {
        Ok(shown) if shown.name.as_deref() != Some(own.name.as_str()) => return Ok(gone),
        Err(error) if error.reason() == Some(Reason::NoSuchSession) => return Ok(gone),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(match client.delete(id).await? {
        Deleted::Now => format!(
            "session {id} ({}, {}) is ended",
            own.name,
            age(own, now_ms())
        ),
        Deleted::AlreadyGone => gone,
    })
}

fn age(own: &OwnSession, now: i64) -> String {
    let age = u64::try_from(now - own.time_ms).unwrap_or_default();
    session::spoken(Duration::from_millis(age))
}

/// What is said of them; nothing where there is none that holds anything.
fn notice(there: &[Left], ends_them: &str, now: i64) -> Option<String> {
    let there: Vec<String> = there
        .iter()
        .filter(|left| !left.over)
        .map(|left| format!("{}, {}", left.id, age(&left.own, now)))
        .collect();
    match there.as_slice() {
        [] => None,
        [one] => Some(format!(
            "a session of yours is still there ({one}); {ends_them} ends it"
        )),
        many => Some(format!(
            "{} sessions of yours are still there ({}); {ends_them} ends them",
            many.len(),
            many.join("; ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(id: &str, age_ms: i64, over: bool) -> Left {
        let own = OwnSession {
            key: 1,
            time_ms: 1_000_000_000 - age_ms,
            server: "s".to_owned(),
            name: "livysh-a".to_owned(),
            session: Some(id.to_owned()),
            heartbeat_s: None,
            kept: false,
            options: None,
            owner: livysh_history::Owner {
                host: String::new(),
                pid: 1,
                process_start: String::new(),
                lock: None,
            },
        };
        let id = SessionId::new(id);
        Left { own, id, over }
    }

    #[test]
    fn a_notice_has_ids_and_ages_and_leaves_out_what_holds_nothing() {
        let all = [
            left("0", 180_000, false),
            left("1", 0, true),
            left("4", 7_200_000, false),
        ];
        let text = notice(&all, "`:sessions clean`", 1_000_000_000);
        assert_eq!(
            text.as_deref(),
            Some(
                "2 sessions of yours are still there (0, 3 min; 4, 2 h); `:sessions clean` ends them"
            )
        );
        let text = notice(&all[..2], "`x`", 1_000_000_000);
        let one = "a session of yours is still there (0, 3 min); `x` ends it";
        assert_eq!(text.as_deref(), Some(one));
        assert_eq!(notice(&all[1..2], "`x`", 0), None);
    }
}
