//! What is wrong with the record, in words.
use std::fmt;
use std::path::PathBuf;

use crate::RecordError;

/// Something is wrong with the record; its text is whole sentences and names the file.
#[derive(Debug)]
pub struct Warning {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub error: RecordError,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let error = &self.error;
        if matches!(error, RecordError::Locked) {
            return write!(
                f,
                "The record {path} {error}. Statements are not recorded until it is free."
            );
        }
        write!(
            f,
            "The record {path} {error}. This shell goes on without it."
        )
    }
}
