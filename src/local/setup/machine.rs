//! Where programs are looked for: a value, so that tests have a machine of their own.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The parts of this machine that decide what is found.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The folders of PATH.
    pub path: Vec<PathBuf>,
    /// The variable `JAVA_HOME`.
    pub java_home: Option<PathBuf>,
    /// The variable `SPARK_HOME`.
    pub spark_home: Option<PathBuf>,
    /// Folders whose sub-folders are Java homes.
    pub java_folders: Vec<PathBuf>,
}

impl Machine {
    /// This process's environment and this system's usual places.
    pub fn here() -> Self {
        let folder = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Self {
            path: env::var_os("PATH")
                .map(|path| env::split_paths(&path).collect())
                .unwrap_or_default(),
            java_home: folder("JAVA_HOME"),
            spark_home: folder("SPARK_HOME"),
            java_folders: java_folders(),
        }
    }

    /// Every executable file of this name on PATH, in its order.
    pub(super) fn executables(&self, name: &str) -> Vec<PathBuf> {
        self.path
            .iter()
            .map(|folder| folder.join(name))
            .filter(|file| is_executable(file))
            .collect()
    }
}

#[cfg(target_os = "macos")]
fn java_folders() -> Vec<PathBuf> {
    // What /usr/libexec/java_home would list, and Homebrew's, without starting a program.
    [
        "/Library/Java/JavaVirtualMachines",
        "/opt/homebrew/opt",
        "/usr/local/opt",
    ]
    .map(PathBuf::from)
    .to_vec()
}

#[cfg(not(target_os = "macos"))]
fn java_folders() -> Vec<PathBuf> {
    ["/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java", "/opt/java"]
        .map(PathBuf::from)
        .to_vec()
}

/// Whether this is a file that somebody may execute (links are followed).
pub(super) fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
