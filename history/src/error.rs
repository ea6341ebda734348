//! What can be wrong with the record.

use std::error::Error as StdError;
use std::io;

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the record cannot be read or written. The texts go on from "The record FILE ".
#[derive(Debug, Error)]
pub enum RecordError {
    /// Another program holds it for longer than a shell may wait.
    #[error("is held by another program, such as a backup or a database tool")]
    Locked,
    /// It is no `SQLite` file, or a broken one.
    #[error(
        "is damaged or is no record of livysh; it was left as it is (move it away to begin a new one)"
    )]
    Torn,
    /// It must not be written.
    #[error("cannot be written: the file, its folder or the disk is read-only")]
    ReadOnly,
    /// Others could change what Up-arrow runs again.
    #[error(
        "can be written by other users; it was left as it is (chmod 600 it, after a look at what is in it)"
    )]
    Writable,
    /// The disk, or the quota, has no room.
    #[error("cannot grow: the disk is full")]
    Full,
    /// A newer livysh has changed its form.
    #[error(
        "was written by a newer livysh (form {found}; this one knows up to {known}); it was left as it is"
    )]
    Newer {
        /// The form that was found.
        found: i64,
        /// The newest form that we know.
        known: i64,
    },
    /// It cannot be made or opened.
    #[error("cannot be opened: {0}")]
    Open(io::Error),
    /// Anything else that `SQLite` says.
    #[error("cannot be used: {0}")]
    Other(Box<dyn StdError + Send + Sync>),
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Torn,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Other(Box::new(error)),
        }
    }
}
