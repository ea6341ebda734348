//! Where results go. A file keeps what it holds until there is a result to put in its place.
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The results of a run, being written.
#[derive(Debug)]
pub enum Results {
    /// To standard output.
    Stdout,
    /// To a file.
    File(ResultFile),
    /// Nobody reads them any more.
    Nowhere,
}

/// A file that is emptied, or made, by the first byte that goes into it.
#[derive(Debug)]
pub struct ResultFile {
    path: PathBuf,
    /// Open from the start on where it was there.
    file: Option<File>,
    begun: bool,
}

impl Results {
    /// To a file that can be written, as this finds out without changing it.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = match OpenOptions::new().write(true).open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // another run may have made it meanwhile: then it is not ours to remove
                match File::create_new(path) {
                    Ok(_) => {
                        fs::remove_file(path)?;
                        None
                    }
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Some(
                        OpenOptions::new()
                            .write(true)
                            .create(true)
                            .truncate(false)
                            .open(path)?,
                    ),
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        Ok(Self::File(ResultFile {
            path: path.to_owned(),
            file,
            begun: false,
        }))
    }

    /// Do they go to a file?
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// From now on what the file held is gone, even if nothing comes: there was a run.
    pub fn begin(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout | Self::Nowhere => Ok(()),
            Self::File(file) => file.begin().map(drop),
        }
    }
}

impl ResultFile {
    fn begin(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            self.file = Some(File::create(&self.path)?);
        } else if let Some(file) = &self.file
            && !self.begun
            // a pipe or a device has nothing to take away
            && file.metadata()?.is_file()
        {
            file.set_len(0)?;
        }
        self.begun = true;
        self.file
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().write(bytes),
            Self::File(file) => file.begin()?.write(bytes),
            Self::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::File(file) => file.file.as_mut().map_or(Ok(()), File::flush),
            Self::Nowhere => Ok(()),
        }
    }
}

/// Puts a file in the place of the one that is there, once all of it is written.
pub fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    // what a link points to is replaced, not the link
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let there = fs::metadata(&path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(&path)?);
        write(&mut out)?;
        return Ok(out.flush()?);
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mode = there.map_or_else(
        || Permissions::from_mode(0o666),
        |there| there.permissions(),
    );
    let new = tempfile::Builder::new()
        .permissions(mode)
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    let mut out = BufWriter::new(new);
    write(&mut out)?;
    let new = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        (folder, path)
    }

    #[test]
    fn nothing_is_lost_or_made_before_the_first_result() {
        let (_folder, path) = folder();
        drop(Results::file(&path).unwrap());
        assert!(!path.exists());
        fs::write(&path, "old and long").unwrap();
        let mut results = Results::file(&path).unwrap();
        results.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old and long");
        results.write_all(b"a").unwrap();
        results.write_all(b"b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ab");
    }

    #[test]
    fn a_run_without_results_leaves_an_empty_file() {
        let (_folder, path) = folder();
        Results::file(&path).unwrap().begin().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        fs::write(&path, "old").unwrap();
        Results::file(&path).unwrap().begin().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn a_link_to_nothing_yet_stays_a_link() {
        let (folder, path) = folder();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let mut results = Results::file(&path).unwrap();
        results.write_all(b"a").unwrap();
        assert!(path.is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "a");
    }

    #[test]
    fn a_replacement_that_fails_leaves_the_old_file_and_no_other() {
        let (folder, path) = folder();
        fs::write(&path, "old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("torn"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        replace(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_keeps_the_mode_of_what_it_replaces() {
        let (_folder, path) = folder();
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace(&path, |out| out.write_all(b"new")).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
