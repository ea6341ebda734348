//! The life of one remote session on top of the client: start, execute, poll, cancel, keep alive,
//! close. Policy lives here (how often to ask, when to give up, what to delete); it draws nothing.
mod cause;
mod execute;
mod interrupt;
mod keepalive;
mod lease;
mod log;
mod name;
mod poll;
mod start;

pub use cause::Cause;
pub use execute::{Execution, Lost, Running, Submission};
pub use interrupt::{Interrupter, Interrupts};
pub use keepalive::{Health, KeepAlive};
pub use lease::{Closed, Lease};
pub use log::{fresh_lines, useful_lines};
pub use name::unique_name;
pub use start::{StartError, Starting, Wanted, start};

use crate::livy::{Client, Kind, SessionId};

/// A session that takes statements.
#[derive(Clone, Debug)]
pub struct Session {
    /// The server that it lives on.
    pub client: Client,
    /// Its id there.
    pub id: SessionId,
    /// The name that we gave it, or that it had.
    pub name: Option<String>,
    /// Kind of a statement that names none.
    pub kind: Kind,
    /// Rows that the server returns for an SQL statement; a table of exactly that size counts as cut.
    pub row_limit: usize,
}

/// Rows of an SQL answer when nothing else was asked for (`livy.rsc.sql.num-rows`).
pub const DEFAULT_ROW_LIMIT: usize = 1000;
