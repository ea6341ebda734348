//! The durable record of livysh: what ran, where, how it ended; what was typed
//! at prompts; which sessions are ours.
//!
//! [`Record`] is the `SQLite` file, and says what goes wrong. [`Recorder`] is what a shell uses: it
//! never fails, goes on without a file when it must, and says so once.

mod error;
mod journal;
mod record;
mod recorder;
mod schema;
mod secret;
mod typed;

pub use error::RecordError;
pub use journal::{Creating, OwnSession, Owner};
pub use record::{Ended, Entry, Record, Sent, Status};
pub use recorder::{EntryKey, JournalKey, Noted, Recorder, Warning};
pub use secret::{looks_secret, names_a_secret};
pub use typed::{Recalled, Typed};
