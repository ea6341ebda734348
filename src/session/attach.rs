//! Using a session that is there.
use std::fmt;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::name::is_unique_name_of;
use super::start::Follower;
use super::{Session, StartError, Starting};
use crate::livy::{self, Client, Error, Kind, Problem, SessionId, SessionState};

/// Why a word leads to no session.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// What the server said.
    #[error("{0}")]
    Refused(#[from] Error),
    /// It leads to more than one.
    #[error("{0}")]
    Several(#[from] Several),
}

/// Sessions that share a name: livysh does not guess which is meant.
#[derive(Debug)]
pub struct Several {
    name: String,
    /// Those that can be used first.
    sessions: Vec<(SessionId, SessionState)>,
}

impl std::error::Error for Several {}

impl fmt::Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is the name of {} sessions:",
            self.name,
            self.sessions.len()
        )?;
        for (at, (id, state)) in self.sessions.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma} {id} ({state})")?;
        }
        Ok(())
    }
}

/// The session of that id or name. Releases that know no names in their paths are asked for the list; names are not
/// unique there: one that is not over goes before those that are, and of several such none is guessed.
pub async fn find(client: &Client, word: &str) -> Result<livy::Session, NotFound> {
    let direct = client.session(&SessionId::new(word)).await;
    let is_name = !word.chars().all(|c| c.is_ascii_digit());
    let error = match direct {
        // a name in the path of an old release is a 404 or a 400
        Err(error) if is_name && !error.is_passing() => error,
        direct => return Ok(direct?),
    };
    // what the direct look said explains better
    let mut named = match all_of(client, word).await {
        Ok(named) => named,
        Err(cut) if matches!(&*cut.problem, Problem::TooMany { .. }) => return Err(cut.into()),
        Err(_) => return Err(error.into()),
    };
    if named.iter().any(|it| !it.state.is_over()) {
        named.retain(|it| !it.state.is_over());
    }
    Ok(only(word, named)?.ok_or(error)?)
}

/// The sessions of that id or name, as the server lists them; where there is none, those of ours whose names begin with
/// that word of the user's. A list that is cut does not tell that there is none.
pub async fn all_of(client: &Client, word: &str) -> Result<Vec<livy::Session>, Error> {
    let list = client.all_sessions().await?;
    let named = |it: &livy::Session| it.id.as_str() == word || it.name.as_deref() == Some(word);
    let exact = list.sessions.iter().any(named);
    if !exact {
        list.is_whole()?;
    }
    let mut all = list.sessions;
    all.retain(|it| named(it) || (!exact && has_word(it.name.as_deref(), word)));
    Ok(all)
}

fn has_word(name: Option<&str>, word: &str) -> bool {
    name.is_some_and(|name| is_unique_name_of(name, word))
}

impl Session {
    /// Is that its id, its name, or the user's word in its name?
    pub fn is_called(&self, word: &str) -> bool {
        let name = self.name.as_deref();
        self.id.as_str() == word || name == Some(word) || has_word(name, word)
    }
}

/// The only one of them, where there is one.
pub fn only(name: &str, mut all: Vec<livy::Session>) -> Result<Option<livy::Session>, Several> {
    if all.len() < 2 {
        return Ok(all.pop());
    }
    all.sort_by_key(|it| it.state.is_over());
    Err(Several {
        name: name.to_owned(),
        sessions: all.into_iter().map(|it| (it.id, it.state)).collect(),
    })
}

/// Follows a session that was shown until it takes statements. Its kind is the server's word, else
/// `otherwise`.
pub async fn attach(
    client: &Client,
    shown: &livy::Session,
    otherwise: Kind,
    timeout: Duration,
    events: &UnboundedSender<Starting>,
) -> Result<Session, StartError> {
    let mut session = Session::of(client.clone(), shown, shown.kind_or(otherwise));
    session.identity.learn(shown);
    if let Some(rows) = rows(shown) {
        session.row_limit = rows;
    }
    if !shown.state.takes_statements() {
        let mut follower = Follower::new(client, &session.id, &session.identity, events);
        follower.follow(timeout).await?;
    }
    Ok(session)
}

/// Rows of its SQL answers, where the server shows its configuration.
fn rows(shown: &livy::Session) -> Option<usize> {
    let conf = shown.more.get("conf")?;
    match conf.get("livy.rsc.sql.num-rows")? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        _ => None,
    }
}
