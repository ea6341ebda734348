//! Using a session that is there.
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::lease::find_by_name;
use super::start::Follower;
use super::{Session, StartError, Starting};
use crate::livy::{self, Client, Error, Kind, SessionId};

/// The session of that id or name. Releases that know no names in their paths are asked for the list.
pub async fn find(client: &Client, word: &str) -> Result<livy::Session, Error> {
    let direct = client.session(&SessionId::new(word)).await;
    let is_name = !word.chars().all(|c| c.is_ascii_digit());
    match direct {
        // a name in the path of an old release is a 404 or a 400
        Err(error) if is_name && !error.is_passing() => match find_by_name(client, word).await {
            Ok(Some(session)) => Ok(session),
            // what the direct look said explains better
            Ok(None) | Err(_) => Err(error),
        },
        direct => direct,
    }
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
