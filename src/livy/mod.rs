//! The Livy REST protocol: the client, and the values that travel.
//!
//! Lenient in, strict out: an answer may lack keys, have unknown ones, carry numbers as text and
//! ids as GUIDs; a request carries only what was asked for. This module knows no terminal and no
//! policy, and nothing above it matches on an error's text.
mod answer;
mod client;
mod connection;
mod cookies;
mod create;
mod credentials;
mod error;
mod headers;
mod kind;
mod lenient;
mod loopback;
mod outcome;
mod patience;
mod reach;
mod redirect;
mod renewal;
mod repair;
mod request;
mod scheme;
mod session;
mod sparkr;
mod statement;
mod submission;
mod table;
mod text;
mod trace;
mod transport;
mod upload;
mod version;

pub use client::{Client, Created, Deleted, SessionList};
pub use connection::{Connection, ProxyChoice};
pub use create::CreateSession;
pub use credentials::Credentials;
pub use error::{Error, Failure, Problem, Reach, Reason, TlsWhy};
pub use kind::{Kind, UnknownKind};
pub use loopback::is_loopback;
pub use outcome::{Column, Damage, Image, Outcome, Raised, Status, Table};
pub use renewal::{Renewal, Renewed};
pub use scheme::Scheme;
pub use session::{AppInfo, LogPage, Session, SessionId, SessionPage, SessionState};
pub use statement::{Output, RETAINED_STATEMENTS, Statement, StatementPage, StatementState};
pub use submission::Order;
pub use trace::{HIDDEN, Trace, names_a_secret};
pub use version::Version;
