//! The life of one remote session on top of the client: start, execute, poll, cancel, keep alive,
//! close. Policy lives here (how often to ask, when to give up, what to delete); it draws nothing.
mod attach;
mod behind;
mod cancel;
mod cause;
mod create;
mod delete;
mod double;
mod execute;
mod hidden;
mod identity;
mod interrupt;
mod keepalive;
mod lease;
mod life;
mod log;
mod lost;
mod name;
mod newest;
mod poll;
mod search;
mod sent;
mod start;
mod submit;
mod underway;
mod wait;

pub use attach::{NotFound, Several, all_of, attach, find, only};
pub use cause::{Away, Cause};
pub use double::{Late, LookOut};
pub use execute::{Execution, Running, Submission};
pub use hidden::{Hidden, Question, Unheard, is_hidden};
pub use interrupt::{Interrupter, Interrupts, WORKER};
pub use keepalive::{Health, KeepAlive};
pub use lease::{Closed, Lease};
pub use life::{Clock, Fading, Life, spoken};
pub use log::{follow_log, fresh_lines, useful_lines};
pub use lost::{Gone, Lost};
pub use name::{is_unique_name, unique_name, unique_name_of};
pub use newest::{Newest, is_unreadable, newest_far_off, newest_nearby, newest_of_users};
pub use poll::look_twice;
pub use sent::Sent;
pub use start::{StartError, Starting, Wanted, start};
pub use underway::{Parting, Underway};

use std::time::Duration;

use crate::livy::{self, Client, Kind, SessionId};
pub use identity::Identity;
use identity::{Check, STATEMENT_FRESH};

/// A session that takes statements.
#[derive(Clone, Debug)]
pub struct Session {
    /// The server that it lives on.
    pub client: Client,
    /// Its id there.
    pub id: SessionId,
    /// What tells it from another of the same id.
    pub identity: Identity,
    /// The name that we gave it, or that it had.
    pub name: Option<String>,
    /// Kind of a statement that names none.
    pub kind: Kind,
    /// Rows that the server returns for an SQL statement; a table of exactly that size counts as cut.
    pub row_limit: usize,
    /// How long a server may be silent while a statement runs before its answer is given up; none
    /// waits until the user has enough.
    pub patience: Option<Duration>,
    /// Others may send statements to it: it is not ours, or another of our own processes uses it.
    pub shared: bool,
    /// What was sent to it.
    pub sent: Sent,
    /// What is waited for in it.
    pub underway: Underway,
    /// What may end it while nobody looks.
    pub life: Life,
    /// May statements be sent that are not the user's?
    pub hidden: Hidden,
}

/// Rows of an SQL answer when nothing else was asked for (`livy.rsc.sql.num-rows`).
pub const DEFAULT_ROW_LIMIT: usize = 1000;

impl Session {
    /// The session that a server showed, as it is from now on known.
    pub fn of(client: Client, shown: &livy::Session, kind: Kind) -> Self {
        Self {
            client,
            id: shown.id.clone(),
            identity: Identity::of(shown),
            name: shown.name.clone(),
            kind,
            row_limit: DEFAULT_ROW_LIMIT,
            patience: None,
            shared: false,
            sent: Sent::default(),
            underway: Underway::default(),
            life: Life::new(Clock::default()),
            hidden: Hidden::default(),
        }
    }

    /// Is its id another session's now? Asks the server only when it has not answered for some seconds, in which it
    /// can have been restarted. A server that does not say is no proof.
    pub async fn is_replaced(&self) -> bool {
        let check = self
            .identity
            .check(&self.client, &self.id, STATEMENT_FRESH)
            .await;
        matches!(check, Check::Replaced)
    }

    /// Whose is the session of its id? Asked in any case.
    async fn whose(&self) -> Check {
        let fresh = Duration::ZERO;
        self.identity.check(&self.client, &self.id, fresh).await
    }

    /// Is its id surely another session's?
    async fn is_other(&self) -> bool {
        matches!(self.whose().await, Check::Replaced)
    }
}
