//! A password from a file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::{AuthError, Warning};

/// More than any password, and little enough to read from a file that never ends.
const LARGEST: u64 = 64 * 1024;

/// The first line without its end; blanks in it count. A pipe works too.
pub(super) fn first_line(path: &Path) -> Result<(SecretString, Option<Warning>), AuthError> {
    let failed = |error| AuthError::File {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_file() && about.mode() & 0o022 != 0 {
        return Err(AuthError::Writable {
            path: path.to_owned(),
        });
    }
    let warning = (about.is_file() && about.mode() & 0o077 != 0).then(|| Warning::Readable {
        path: path.to_owned(),
    });
    let mut line = Zeroizing::new(String::new());
    BufReader::new(file.take(LARGEST))
        .read_line(&mut line)
        .map_err(failed)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(AuthError::EmptyFile {
            path: path.to_owned(),
        });
    }
    Ok((SecretString::from(password), warning))
}
