//! The newest statements of a session, by single looks: a list carries every result that the server keeps,
//! and one of large results can kill the session.
use super::hidden::is_hidden;
use crate::livy::{Client, Error, Reason, SessionId, Statement};

/// Statements that a server keeps at most, by default: of so many neighbours one is surely there.
const KEPT: i64 = 100;
/// Looks for one that is there, in a session whose first statements are forgotten, or that has none.
const LOOKS: i64 = 20;
/// More statements than any session has had.
const MOST: i64 = 1 << 24;

/// The newest `most` statements, oldest first. Do not ask before the session takes statements: servers let such a
/// look hang.
pub async fn newest(client: &Client, id: &SessionId, most: usize) -> Result<Vec<Statement>, Error> {
    newest_that(client, id, most, |_| true).await
}

/// The same without hidden statements of ours, or of another of our own processes.
pub async fn newest_of_users(
    client: &Client,
    id: &SessionId,
    most: usize,
) -> Result<Vec<Statement>, Error> {
    let is_users = |statement: &Statement| !statement.code.as_deref().is_some_and(is_hidden);
    newest_that(client, id, most, is_users).await
}

async fn newest_that(
    client: &Client,
    id: &SessionId,
    most: usize,
    wanted: impl Fn(&Statement) -> bool,
) -> Result<Vec<Statement>, Error> {
    let Some(last) = last(client, id).await? else {
        return Ok(Vec::new());
    };
    let mut number = last.id;
    let mut found: Vec<Statement> = Some(last).into_iter().filter(&wanted).collect();
    while found.len() < most && number > 0 {
        number -= 1;
        match look(client, id, number).await? {
            Some(statement) => found.extend(Some(statement).filter(&wanted)),
            None => break,
        }
    }
    found.reverse();
    Ok(found)
}

async fn look(client: &Client, id: &SessionId, number: i64) -> Result<Option<Statement>, Error> {
    match client.statement(id, number).await {
        Ok(statement) => {
            // the number that was asked for: what a broken server tells would lead astray
            let id = number;
            Ok(Some(Statement { id, ..statement }))
        }
        Err(error) if error.reason() == Some(Reason::NoSuchStatement) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest: numbers are given one after the other, and the oldest are forgotten.
async fn last(client: &Client, id: &SessionId) -> Result<Option<Statement>, Error> {
    let Some(mut last) = some(client, id).await? else {
        return Ok(None);
    };
    // the first number behind it that is not there, by doubling steps and then by halving them
    let (mut known, mut step) = (last.id, 1);
    let mut missing = loop {
        let next = known + step;
        if next > MOST {
            // a server that has every statement has none that is the newest
            return Ok(Some(last));
        }
        match look(client, id, next).await? {
            Some(statement) => {
                (known, last) = (next, statement);
                step *= 2;
            }
            None => break next,
        }
    };
    while missing - known > 1 {
        let middle = known + (missing - known) / 2;
        match look(client, id, middle).await? {
            Some(statement) => (known, last) = (middle, statement),
            None => missing = middle,
        }
    }
    Ok(Some(last))
}

/// One of those that are there.
async fn some(client: &Client, id: &SessionId) -> Result<Option<Statement>, Error> {
    for number in 0..LOOKS {
        if let Some(statement) = look(client, id, number * KEPT).await? {
            return Ok(Some(statement));
        }
    }
    Ok(None)
}
