//! A session that we use, and what leaving it takes.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::livy::{Client, Reason};
use crate::record::{JournalKey, Record};
use crate::report::is_quiet;
use crate::session::{Closed, Lease, Parting, Session};

/// The duty to delete one session, on the server and in the journal; or to leave it there. Clones share it.
#[derive(Clone, Debug)]
pub struct Owed {
    pub(super) client: Client,
    pub(super) lease: Lease,
    pub(super) record: Record,
    row: Arc<Mutex<Row>>,
    stays: Arc<Mutex<Stays>>,
    /// Once it is there.
    used: Arc<Mutex<Option<Used>>>,
}

/// The session, as it is used.
#[derive(Clone, Debug)]
struct Used {
    session: Session,
    /// The command that shows its statements.
    look: String,
}

/// Its row in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// Not yet written.
    Due,
    /// As long as the session may be there.
    Written(JournalKey),
    /// There is no session, and will be none. The way out may be over by now: what is written then stays for ever.
    Over,
}

/// Does it stay when we leave?
#[derive(Clone, Debug)]
enum Stays {
    No,
    /// With a word about that, which is said once.
    Yes(Option<Farewell>),
}

/// How long the last look at a session that stays may take.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// What is said of a session that stays, unless it is gone by then.
#[derive(Clone, Debug)]
pub(super) struct Farewell {
    pub(super) session: Session,
    pub(super) text: String,
}

impl Farewell {
    /// Nobody comes back to a session that has ended.
    async fn said(self) -> String {
        let Self { session, text } = self;
        let look = session.client.session(&session.id);
        let ended = match tokio::time::timeout(LAST_LOOK, look).await {
            Ok(Ok(shown)) if shown.state.is_over() => format!("it is {}", shown.state),
            Ok(Err(error)) if error.reason() == Some(Reason::NoSuchSession) => {
                "the server does not know it any more".to_owned()
            }
            Ok(Ok(_)) if session.is_replaced().await => {
                "its id is another session's now".to_owned()
            }
            // what cannot be told is taken for well
            _ => return text,
        };
        format!("session {} has ended: {ended}", session.id)
    }
}

impl Owed {
    /// Of a session that is not asked for yet.
    pub(super) fn new(client: Client, lease: Lease, record: Record) -> Self {
        Self {
            client,
            lease,
            record,
            row: Arc::new(Mutex::new(Row::Due)),
            stays: Arc::new(Mutex::new(Stays::No)),
            used: Arc::default(),
        }
    }

    /// Of a session that is there, with its row.
    pub(super) fn of(client: Client, lease: Lease, record: Record, row: JournalKey) -> Self {
        let owed = Self::new(client, lease, record);
        *owed.row() = Row::Written(row);
        owed
    }

    /// Writes its row, in the place of one that it has. False when it was closed before: then nothing is written,
    /// and no session may be asked for.
    #[must_use]
    pub(super) fn write(&self, write: impl FnOnce() -> JournalKey) -> bool {
        let mut row = self.row();
        match *row {
            Row::Over => return false,
            Row::Written(before) => self.record.deleted(before),
            Row::Due => {}
        }
        *row = Row::Written(write());
        true
    }

    /// There is no session, and will be none.
    pub(super) fn erase(&self) {
        let mut row = self.row();
        if let Row::Written(written) = *row {
            self.record.deleted(written);
        }
        *row = Row::Over;
    }

    /// Its row; none when there is none.
    pub(super) fn journal(&self) -> JournalKey {
        match *self.row() {
            Row::Written(written) => written,
            Row::Due | Row::Over => JournalKey::NONE,
        }
    }

    /// Does the journal hold it, so that a later run finds it?
    pub(super) fn is_recorded(&self) -> bool {
        self.journal().is_written()
    }

    /// Held while it is written or erased: whoever closes meanwhile waits, and finds what was done.
    fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session is there; `look` is the command that shows its statements.
    pub(super) fn uses(&self, session: &Session, look: String) {
        let session = session.clone();
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(Used { session, look });
    }

    fn used(&self) -> Option<Used> {
        let used = self.used.lock();
        used.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The command that shows what goes on in it when we have left; none where it is deleted then.
    pub fn way_to_look(&self) -> Option<String> {
        let used = self.used().filter(|_| self.stays())?;
        Some(used.look)
    }

    /// In a session that stays, nothing of ours is to run for nobody.
    async fn part(&self) -> Vec<String> {
        let Some(Used { session, look }) = self.used() else {
            return Vec::new();
        };
        let partings = session.part().await.into_iter();
        let id = &session.id;
        let said = partings.filter_map(|parting| match parting {
            Parting::MayRun(statement) => Some(format!(
                "statement {statement} may still run in session {id}, which stays: {look} shows it"
            )),
            Parting::MayHave => Some(format!(
                "a statement that was being sent may have reached session {id}, which stays: {look} shows it"
            )),
            _ if is_quiet() => None,
            Parting::Cancelled(statement) => Some(format!(
                "statement {statement} of session {id} is cancelled"
            )),
            Parting::Ended(statement) => Some(format!(
                "statement {statement} of session {id} has ended: {look} shows it"
            )),
        });
        said.collect()
    }

    /// From now on it stays when we leave; then that is said, and the journal does not take it for left behind.
    pub(super) fn stay(&self, farewell: Option<Farewell>) {
        self.record.keep(self.journal(), true);
        self.let_be(farewell);
    }

    /// It is not deleted by us, for now.
    pub(super) fn let_be(&self, farewell: Option<Farewell>) {
        self.set(Stays::Yes(farewell));
        self.lease.release();
    }

    /// It seems to be gone, and stays for nobody: a later look finds out whether that is so.
    pub(super) fn given_up(&self) {
        self.record.keep(self.journal(), false);
        self.let_be(None);
    }

    /// From now on it is deleted when we leave. False when the way out was taken already.
    pub(super) fn delete_later(&self, session: &Session) -> bool {
        // first: what cannot be deleted is left behind
        self.record.keep(self.journal(), false);
        self.set(Stays::No);
        self.lease.take(session)
    }

    fn set(&self, stays: Stays) -> Stays {
        let mut now = self.stays.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *now, stays)
    }

    /// Does it stay when we leave?
    pub(super) fn stays(&self) -> bool {
        let now = self.stays.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*now, Stays::Yes(_))
    }

    /// A session that is gone stays for nobody: there is nothing to say of it on the way out.
    pub fn no_farewell(&self) {
        if self.stays() {
            self.given_up();
        }
    }

    /// Deletes the session, unless it is to stay; the answer is what the user should know. Safe to call more than
    /// once.
    pub(super) async fn close(&self) -> Option<String> {
        if self.stays() {
            let mut said = self.part().await;
            if let Stays::Yes(Some(farewell)) = self.set(Stays::Yes(None))
                && !is_quiet()
            {
                said.push(farewell.said().await);
            }
            return (!said.is_empty()).then(|| said.join("; "));
        }
        self.told(self.lease.close(&self.client).await)
    }

    /// The same where a bug of ours broke the client, or holds whoever closes already.
    pub(super) async fn close_anew(&self) -> Option<String> {
        if self.stays() {
            return None;
        }
        match self.client.anew() {
            Ok(client) => self.told(self.lease.close_anew(&client).await),
            Err(_) => self.left(),
        }
    }

    /// What the user should know of that end.
    fn told(&self, closed: Closed) -> Option<String> {
        match closed {
            // whoever closed it before may not write that down any more, where the program ends meanwhile
            Closed::Nothing | Closed::Deleted(_) | Closed::Before => {
                self.erase();
                None
            }
            // the journal keeps its row: ours may go on under an id that we do not know
            Closed::Replaced(id) => Some(format!(
                "session {id} was not deleted: its id is another session's now, as after a restart of the server; should yours go on, `livysh sessions` lists it"
            )),
            Closed::Left { session, error } => Some(format!(
                "session {session} could not be deleted and may still be there: {}",
                error.problem
            )),
            // the journal keeps its row: a later look may find the session
            Closed::Unlisted { name } => Some(format!(
                "the creation of session {name} was not confirmed and the server does not list it; it may still appear"
            )),
        }
    }

    /// What stays behind when it is not closed.
    pub fn left(&self) -> Option<String> {
        left(&self.lease)
    }
}

/// What it means for a session that no journal holds it, in words.
pub(super) fn unrecorded(stays: bool) -> &'static str {
    if stays {
        "is not in the record: neither `--reuse` nor `livysh sessions clean` will find it"
    } else {
        "is not in the record: should livysh be killed, `:sessions clean` will not find it; `livysh sessions` lists it"
    }
}

pub(super) fn left(lease: &Lease) -> Option<String> {
    let session = lease.owed()?;
    Some(format!("session {session} may still be there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livy::Connection;

    const SERVER: &str = "http://127.0.0.1:1";

    fn owed(record: &Record) -> Owed {
        let client = Client::new(Connection::new(SERVER.parse().unwrap())).unwrap();
        Owed::new(client, Lease::default(), record.clone())
    }

    /// The rows of sessions that may be there.
    fn rows(record: &Record) -> usize {
        record.own_sessions(SERVER).len()
    }

    #[tokio::test]
    async fn the_way_out_erases_the_row_that_is_there_and_none_is_written_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::open(Some(&folder.path().join("record.sqlite")), SERVER);
        let write = |owed: &Owed, name| owed.write(|| record.creating(name, SERVER, None));

        let before = owed(&record);
        assert!(write(&before, "a") && write(&before, "b"));
        assert_eq!(rows(&record), 1);
        before.close().await;
        assert_eq!(rows(&record), 0);

        let after = owed(&record);
        after.close().await;
        assert!(!write(&after, "c"));
        assert_eq!(rows(&record), 0);
    }
}
