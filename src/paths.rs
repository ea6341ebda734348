//! Every place on disk: the config file, the record, the logs, the installed Spark.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Whether a folder is made when it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Make it, readable by its owner only.
    Yes,
    /// Only say where it is; what is there is still checked.
    No,
}

/// Where everything is. Finding it touches no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

/// Why a place on disk cannot be used.
#[derive(Debug, Error)]
pub enum PathError {
    /// There is no home to put things into.
    #[error(
        "There is no home folder to keep files in. Set HOME, or LIVYSH_HOME to a folder for livysh alone."
    )]
    NoHome,
    /// A variable holds a path that cannot be made absolute.
    #[error("{variable} names no usable path: {error}.")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// The cause.
        error: io::Error,
    },
    /// A folder cannot be made or looked at.
    #[error("The folder {path} cannot be used: {error}.")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// There is something else in the folder's place.
    #[error("{path} is no folder. Move it away, or set LIVYSH_HOME to another place.")]
    NoFolder {
        /// What is in the way.
        path: PathBuf,
    },
    /// Others could put files there that we would trust.
    #[error("Other users can write the folder {path}. Take that right away: chmod go-w '{path}'.")]
    Writable {
        /// The folder.
        path: PathBuf,
    },
    /// It is somebody else's.
    #[error(
        "The folder {path} belongs to another user (number {owner}). Set LIVYSH_HOME to a folder of your own."
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
    },
}

impl Paths {
    /// Finds the places from `LIVYSH_HOME`, `LIVYSH_CONFIG` and `LIVYSH_RUNTIME`, else from what is
    /// usual on this system. An empty variable counts as unset.
    pub fn find(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, PathError> {
        let mut paths = match variable(env, "LIVYSH_HOME")? {
            Some(home) => Self {
                config: home.join("config.toml"),
                data: home.join("data"),
                state: home.join("state"),
                runtime: home.join("runtime"),
            },
            None => Self::usual().ok_or(PathError::NoHome)?,
        };
        if let Some(file) = variable(env, "LIVYSH_CONFIG")? {
            paths.config = file;
        }
        if let Some(folder) = variable(env, "LIVYSH_RUNTIME")? {
            paths.runtime = folder;
        }
        Ok(paths)
    }

    fn usual() -> Option<Self> {
        let data = dirs::data_local_dir()?.join("livysh");
        // macOS knows no state folder: logs then go below the data.
        let state = dirs::state_dir().map_or_else(|| data.join("state"), |dir| dir.join("livysh"));
        Some(Self {
            config: dirs::config_dir()?.join("livysh").join("config.toml"),
            runtime: data.join("runtime"),
            data,
            state,
        })
    }

    /// The config file, whether it is there or not.
    pub fn config_file(&self) -> &Path {
        &self.config
    }

    /// Makes the config file's folder, for `config init` and `config edit`.
    pub fn config_folder(&self, create: Create) -> Result<PathBuf, PathError> {
        let folder = self.config.parent().unwrap_or(Path::new("/")).to_owned();
        // A file that LIVYSH_CONFIG names may lie in any folder, /etc too: made, but not judged.
        if create == Create::Yes && !folder.exists() {
            make(&folder)?;
        }
        Ok(folder)
    }

    /// The `SQLite` file of the record; its folder is checked, and made if asked for.
    pub fn record(&self, create: Create) -> Result<PathBuf, PathError> {
        own_folder(&self.data, create)?;
        Ok(self.data.join("record.sqlite"))
    }

    /// The folder for logs and for what a running process leaves for others to find.
    pub fn state_folder(&self, create: Create) -> Result<PathBuf, PathError> {
        own_folder(&self.state, create)?;
        Ok(self.state.clone())
    }

    /// Where the installed Spark and Java are, or would be; nothing is looked at.
    pub fn runtime_place(&self) -> &Path {
        &self.runtime
    }

    /// The folder of the installed Spark and Java. It may be shared, so it may be another user's,
    /// but programs run from it: nobody else may write it.
    pub fn runtime_folder(&self, create: Create) -> Result<PathBuf, PathError> {
        if create == Create::Yes && !self.runtime.exists() {
            make(&self.runtime)?;
        }
        check(&self.runtime)?;
        Ok(self.runtime.clone())
    }
}

/// The user's home, for `~/`.
pub fn home() -> Option<PathBuf> {
    dirs::home_dir()
}

fn variable(
    env: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<PathBuf>, PathError> {
    let Some(text) = env(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    std::path::absolute(text)
        .map(Some)
        .map_err(|error| PathError::Variable {
            variable: name,
            error,
        })
}

/// A folder that is ours alone.
fn own_folder(path: &Path, create: Create) -> Result<(), PathError> {
    if create == Create::Yes && !path.exists() {
        make(path)?;
    }
    let Some(owner) = check(path)? else {
        return Ok(());
    };
    // Root can read and write everything anyway.
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(PathError::Foreign {
            path: path.to_owned(),
            owner,
        });
    }
    Ok(())
}

fn make(path: &Path) -> Result<(), PathError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(|error| PathError::Folder {
        path: path.to_owned(),
        error,
    })
}

/// The owner of a folder that others cannot write; none when there is no folder.
fn check(path: &Path) -> Result<Option<u32>, PathError> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(PathError::Folder {
                path: path.to_owned(),
                error,
            });
        }
    };
    let path = path.to_owned();
    if !about.is_dir() {
        return Err(PathError::NoFolder { path });
    }
    if about.mode() & 0o022 != 0 {
        return Err(PathError::Writable { path });
    }
    Ok(Some(about.uid()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn below(home: &Path) -> Paths {
        let home = home.to_str().unwrap().to_owned();
        Paths::find(&move |name| (name == "LIVYSH_HOME").then(|| home.clone())).unwrap()
    }

    #[test]
    fn the_home_variable_moves_everything_and_finding_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let paths = below(&home);
        assert_eq!(paths.config_file(), home.join("config.toml"));
        assert_eq!(
            paths.record(Create::No).unwrap(),
            home.join("data/record.sqlite")
        );
        assert!(paths.state_folder(Create::No).unwrap().starts_with(&home));
        assert!(paths.runtime_folder(Create::No).unwrap().starts_with(&home));
        assert!(!home.exists());
    }

    #[test]
    fn config_and_runtime_have_variables_of_their_own_and_empty_ones_do_not_count() {
        let paths = Paths::find(&|name| match name {
            "LIVYSH_HOME" => Some("/x".into()),
            "LIVYSH_CONFIG" => Some("/y/z.toml".into()),
            "LIVYSH_RUNTIME" => Some(String::new()),
            _ => None,
        });
        let paths = paths.unwrap();
        assert_eq!(paths.config_file(), Path::new("/y/z.toml"));
        assert_eq!(paths.runtime, Path::new("/x/runtime"));
    }

    #[test]
    fn folders_are_made_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let paths = below(&folder.path().join("a/b"));
        for made in [
            paths
                .record(Create::Yes)
                .unwrap()
                .parent()
                .unwrap()
                .to_owned(),
            paths.state_folder(Create::Yes).unwrap(),
            paths.runtime_folder(Create::Yes).unwrap(),
        ] {
            assert_eq!(
                fs::metadata(made).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let paths = below(folder.path());
        for (name, mode) in [("data", 0o720), ("state", 0o702), ("runtime", 0o777)] {
            let made = folder.path().join(name);
            fs::create_dir(&made).unwrap();
            fs::set_permissions(&made, fs::Permissions::from_mode(mode)).unwrap();
        }
        assert!(matches!(
            paths.record(Create::No),
            Err(PathError::Writable { .. })
        ));
        assert!(matches!(
            paths.state_folder(Create::Yes),
            Err(PathError::Writable { .. })
        ));
        assert!(matches!(
            paths.runtime_folder(Create::Yes),
            Err(PathError::Writable { .. })
        ));
    }

    #[test]
    fn a_file_in_a_folders_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data"), "").unwrap();
        let error = below(folder.path()).record(Create::Yes).unwrap_err();
        assert!(matches!(error, PathError::NoFolder { .. }));
    }
}
