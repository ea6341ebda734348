//! The newest statements of a session, by single looks: a list carries every result that the server keeps,
//! and one of large results can kill the session.
use std::ops::Range;
use std::pin::pin;

use futures_util::stream::{self, StreamExt};

use super::Session;
use super::hidden::is_hidden;
use super::sent::MOST;
use crate::livy::{
    Client, Error, Problem, RETAINED_STATEMENTS, Reason, SessionId, Statement, StatementState,
};

/// Looks for one that is there, in a session whose first statements are forgotten, or that has none: where somebody
/// waits, and where nobody does.
const NEAR: i64 = 20;
const FAR: i64 = 200;
/// What it means, in words, that none was found.
pub const NONE_FOUND: &str = "no statement is there: it has none yet, or more than 20,000";
/// The same where livysh's own were found.
pub const NONE_OF_USERS: &str = "no statement of a user is there yet";
/// Looks that are made together: where somebody waits, and where nobody does.
const AT_A_TIME: usize = 8;
const BESIDE: usize = 2;

/// Statements whose looks the server answers with a failure of its own, one of them for good, after which it is the
/// server that fails.
const UNREADABLE: u32 = 5;

/// The newest statements of a session, as far as they were found.
#[derive(Debug, Default)]
pub struct Newest {
    /// Oldest first. One that the server has and cannot show ([`is_unreadable`]) stands in its place with nothing but its
    /// number.
    pub statements: Vec<Statement>,
    /// Were there only such that were not wanted?
    pub others: bool,
}

impl Newest {
    /// What it means, in words, where there is none.
    pub fn none(&self) -> Option<&'static str> {
        let why = if self.others {
            NONE_OF_USERS
        } else {
            NONE_FOUND
        };
        self.statements.is_empty().then_some(why)
    }
}

/// The newest `most` statements of the first 20,000, without hidden ones of ours, or of another of our own processes. Do
/// not ask before the session takes statements: servers let such a look hang.
///
/// # Errors
/// What a look met; several that cannot be shown are a failure of the server.
pub async fn newest_of_users(
    client: &Client,
    id: &SessionId,
    most: usize,
) -> Result<Newest, Error> {
    Looks::of(client, id).newest(most, is_users).await
}

/// The same of the first 2,000 alone, in a few round trips, for somebody who waits.
pub async fn newest_nearby(client: &Client, id: &SessionId, most: usize) -> Result<Newest, Error> {
    let mut looks = Looks::of(client, id);
    looks.range.end = NEAR;
    looks.newest(most, is_users).await
}

/// The same of those behind them, with few looks at a time.
pub async fn newest_far_off(client: &Client, id: &SessionId, most: usize) -> Result<Newest, Error> {
    let mut looks = Looks::of(client, id);
    (looks.range.start, looks.at_a_time) = (NEAR, BESIDE);
    looks.newest(most, is_users).await
}

fn is_users(statement: &Statement) -> bool {
    !statement.code.as_deref().is_some_and(is_hidden)
}

impl Session {
    /// Are there so many newer statements that the server may keep that one no longer? What it does not say is no proof.
    pub(super) async fn has_pushed_out(&self, statement: i64) -> bool {
        let many = |newest: i64| newest - statement >= RETAINED_STATEMENTS;
        if self.sent.newest().is_some_and(many) {
            return true;
        }
        let newest = Looks::of(&self.client, &self.id).newest(1, |_| true).await;
        newest.is_ok_and(|newest| newest.statements.last().is_some_and(|last| many(last.id)))
    }
}

/// Did the server fail to show it? Then nothing but its number is known.
pub fn is_unreadable(statement: &Statement) -> bool {
    statement.state == unreadable()
}

fn unreadable() -> StatementState {
    StatementState::Other("unreadable".to_owned())
}

/// Single looks at the statements of a session.
struct Looks<'a> {
    client: &'a Client,
    id: &'a SessionId,
    /// Which hundreds are looked through for one that is there.
    range: Range<i64>,
    at_a_time: usize,
    /// How many there were that could not be shown.
    unreadable: u32,
}

impl<'a> Looks<'a> {
    fn of(client: &'a Client, id: &'a SessionId) -> Self {
        Self {
            client,
            id,
            range: 0..FAR,
            at_a_time: AT_A_TIME,
            unreadable: 0,
        }
    }

    async fn newest(
        mut self,
        most: usize,
        wanted: impl Fn(&Statement) -> bool,
    ) -> Result<Newest, Error> {
        let Some(last) = self.last().await? else {
            return Ok(Newest::default());
        };
        let mut number = last.id;
        let mut found: Vec<Statement> = Some(last).into_iter().filter(&wanted).collect();
        while found.len() < most && number > 0 {
            number -= 1;
            match self.at(number).await? {
                Some(statement) => found.extend(Some(statement).filter(&wanted)),
                None => break,
            }
        }
        found.reverse();
        Ok(Newest {
            others: found.is_empty(),
            statements: found,
        })
    }

    async fn at(&mut self, number: i64) -> Result<Option<Statement>, Error> {
        let look = self.client.statement(self.id, number).await;
        self.took(number, look)
    }

    /// What a look at that number says.
    fn took(
        &mut self,
        number: i64,
        look: Result<Statement, Error>,
    ) -> Result<Option<Statement>, Error> {
        // the number that was asked for: what a broken server tells would lead astray
        let id = number;
        match look {
            Ok(statement) => Ok(Some(Statement { id, ..statement })),
            Err(error) if error.reason() == Some(Reason::NoSuchStatement) => Ok(None),
            Err(error) if is_its_own(&error) && self.unreadable < UNREADABLE => {
                self.unreadable += 1;
                Ok(Some(Statement::bare(id, unreadable())))
            }
            Err(error) => Err(error),
        }
    }

    /// The newest: numbers are given one after the other, and the oldest are forgotten.
    async fn last(&mut self) -> Result<Option<Statement>, Error> {
        let Some(mut last) = self.some().await? else {
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
            match self.at(next).await? {
                Some(statement) => {
                    (known, last) = (next, statement);
                    step *= 2;
                }
                None => break next,
            }
        };
        while missing - known > 1 {
            let middle = known + (missing - known) / 2;
            match self.at(middle).await? {
                Some(statement) => (known, last) = (middle, statement),
                None => missing = middle,
            }
        }
        Ok(Some(last))
    }

    /// One of those that are there: of as many neighbours as a server keeps, one is among them. Most sessions still
    /// have their first.
    async fn some(&mut self) -> Result<Option<Statement>, Error> {
        if self.range.contains(&0)
            && let Some(first) = self.at(0).await?
        {
            return Ok(Some(first));
        }
        let behind = self.range.start.max(1)..self.range.end;
        let (client, id) = (self.client, self.id);
        let look = async |nth| {
            let number = nth * RETAINED_STATEMENTS;
            (number, client.statement(id, number).await)
        };
        let mut looks = pin!(stream::iter(behind).map(look).buffered(self.at_a_time));
        while let Some((number, look)) = looks.next().await {
            if let Some(statement) = self.took(number, look)? {
                return Ok(Some(statement));
            }
        }
        Ok(None)
    }
}

/// Does it concern that statement alone? An output too large, or one that the server cannot write.
fn is_its_own(error: &Error) -> bool {
    let broken = matches!(
        &*error.problem,
        Problem::Garbled { .. } | Problem::TooLarge { .. }
    );
    broken || error.reason() == Some(Reason::Server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_know_how_many_are_looked_at() {
        assert_eq!(FAR * RETAINED_STATEMENTS, 20_000);
        assert!(NONE_FOUND.ends_with("20,000"));
    }
}
