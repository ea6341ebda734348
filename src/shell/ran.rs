//! The statements of this shell, and what they left behind in its sessions.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::language::{Gist, Gists};
use crate::session::Identity;
use crate::source::{self, Piece};

/// All that was sent, in order: the first one's number is 1. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Ran(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    gists: Gists,
    all: Vec<(Piece, Outcome)>,
}

/// What came of a statement, as far as later ones may need it.
#[derive(Clone, Debug)]
enum Outcome {
    /// It did not end well, or has not ended.
    Nothing,
    /// It ended well, and only showed something.
    Showed,
    /// It ended well, and left something behind.
    Left {
        /// What gives away that it changed something outside the session.
        writes: Option<String>,
        /// The newest session that has run it.
        session: Identity,
    },
    /// It ran an earlier one again, which knows of it.
    Replay,
}

/// A statement that ran well, and left something behind.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its number.
    pub number: u64,
    /// The statement.
    pub piece: Piece,
    /// What gives away that it changed something outside the session.
    pub writes: Option<String>,
}

impl Ran {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is sent now, under the next number.
    pub fn sent(&self, piece: &Piece) -> u64 {
        let mut inner = self.inner();
        inner.all.push((piece.clone(), Outcome::Nothing));
        u64::try_from(inner.all.len()).unwrap_or(u64::MAX)
    }

    /// The statement of that number ran well there.
    pub fn well(&self, number: u64, session: &Identity) {
        let mut inner = self.inner();
        let Inner { gists, all } = &mut *inner;
        let Some((piece, outcome)) = at(number).and_then(|at| all.get_mut(at)) else {
            return;
        };
        let writes = match gists.read(source::language(piece.kind), &piece.code) {
            Gist::Shows => {
                *outcome = Outcome::Showed;
                return;
            }
            Gist::Matters => None,
            Gist::Writes(what) => Some(what),
        };
        let session = session.clone();
        *outcome = Outcome::Left { writes, session };
    }

    /// The statement of that number ran well there again, under a number of its own.
    pub fn well_again(&self, number: u64, replay: u64, newest: &Identity) {
        let mut inner = self.inner();
        let mut change = |number, to: &dyn Fn(&mut Outcome)| {
            if let Some((_, outcome)) = at(number).and_then(|at| inner.all.get_mut(at)) {
                to(outcome);
            }
        };
        change(replay, &|outcome| *outcome = Outcome::Replay);
        change(number, &|outcome| {
            if let Outcome::Left { session, .. } = outcome {
                *session = newest.clone();
            }
        });
    }

    /// What that session has not run, in order.
    pub fn missing(&self, current: Option<&Identity>) -> Vec<Done> {
        let inner = self.inner();
        let all = (1..).zip(&inner.all);
        all.filter_map(|(number, (piece, outcome))| match outcome {
            Outcome::Left { writes, session } if Some(session) != current => Some(Done {
                number,
                piece: piece.clone(),
                writes: writes.clone(),
            }),
            _ => None,
        })
        .collect()
    }

    /// How many left something behind.
    pub fn left(&self) -> usize {
        let left = |outcome: &Outcome| matches!(outcome, Outcome::Left { .. });
        let inner = self.inner();
        inner.all.iter().filter(|(_, it)| left(it)).count()
    }

    /// How many statements ran well, replays left out.
    pub fn count(&self) -> usize {
        let inner = self.inner();
        let well = |outcome: &Outcome| matches!(outcome, Outcome::Showed | Outcome::Left { .. });
        inner.all.iter().filter(|(_, it)| well(it)).count()
    }

    /// How many were sent.
    pub fn len(&self) -> usize {
        self.inner().all.len()
    }

    /// The statement of that number.
    pub fn piece(&self, number: u64) -> Option<Piece> {
        let inner = self.inner();
        let (piece, _) = inner.all.get(at(number)?)?;
        Some(piece.clone())
    }

    /// What can be done where the session is gone.
    pub fn offer(&self) -> String {
        match self.left() {
            0 => ":restart starts a new one".to_owned(),
            count => format!(
                ":restart starts a new one; :replay also runs again what still matters ({})",
                statements(count)
            ),
        }
    }
}

/// Where the statement of that number stands.
fn at(number: u64) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}

/// A number of statements.
pub fn statements(count: usize) -> String {
    match count {
        1 => "1 statement".to_owned(),
        count => format!("{count} statements"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livy::{Client, Connection, Kind};
    use crate::session::Session;

    fn session() -> Identity {
        let connection = Connection::new("http://127.0.0.1:1".parse().unwrap());
        let shown = serde_json::from_str(r#"{"id": 0}"#).unwrap();
        let client = Client::new(connection).unwrap();
        Session::of(client, &shown, Kind::Pyspark).identity
    }

    #[test]
    fn a_replay_has_a_number_of_its_own_and_does_not_count_again() {
        let (ran, old, new) = (Ran::default(), session(), session());
        let sent = |code: &str| ran.sent(&source::pieces(code, Kind::Pyspark, false)[0]);
        for code in ["x = 1", "x"] {
            ran.well(sent(code), &old);
        }
        assert_eq!(sent("y = fails"), 3);
        let missing = |session| -> Vec<u64> {
            let all = ran.missing(Some(session)).into_iter();
            all.map(|done| done.number).collect()
        };
        assert_eq!((missing(&old), missing(&new)), (vec![], vec![1]));
        ran.well_again(1, sent("x = 1"), &new);
        assert_eq!((missing(&old), missing(&new)), (vec![1], vec![]));
        assert_eq!((ran.count(), ran.len()), (2, 4));
        assert_eq!(ran.piece(4).unwrap().code, "x = 1");
        assert!(ran.piece(0).is_none() && ran.piece(5).is_none());
    }
}
