//! Why a local Spark cannot be had, each with what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// An install that did not come about. The runtime folder stays such that the next try goes on.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No Python that could be used.
    #[error(
        "No usable Python was found on PATH: the local Spark needs Python 3.9 to 3.12 ({}). \
         Install one (Debian, Ubuntu: `apt install python3 python3-venv`; Fedora: `dnf install \
         python3.12`; macOS: `brew install python@3.12`) and start again.", list(.found))]
    NoPython {
        /// Version and place of each that was found and is too old or does not run.
        found: Vec<String>,
    },
    /// Python is there without what makes environments, as Debian ships it.
    #[error(
        "Python {version} ({}) cannot make environments: its module `{module}` is missing. \
         Debian and Ubuntu ship it apart: `apt install python{}-venv` (or `python3-venv`), \
         then start again.", .python.display(), short(.version))]
    NoVenvModule {
        /// The interpreter.
        python: PathBuf,
        /// Its version.
        version: String,
        /// The module that is missing.
        module: String,
    },
    /// The only Python is newer than 3.12 and a UDF failed on it.
    #[error(
        "The only Python found is {version}, and a Python UDF failed on it: pyspark 3.5 is made \
         for 3.9 to 3.12. Install one of these and start again. What Spark said:\n{}", .lines.join("\n"))]
    NewPythonFails {
        /// Its version.
        version: String,
        /// The end of what the check printed.
        lines: Vec<String>,
    },
    /// No Java that fits, and none could be installed.
    #[error(
        "Spark 3 needs Java 17, 11 or 8 ({}), and the package index has none for this machine. \
         Install one (Debian, Ubuntu: `apt install openjdk-17-jre-headless`; macOS: `brew install \
         openjdk@17`), set JAVA_HOME when it is in an unusual place, and start again.", list(.found))]
    WrongJava {
        /// Version and place of each Java that was found and does not fit.
        found: Vec<String>,
    },
    /// pip could not reach the package index.
    #[error(
        "The package index cannot be reached, so {package} was not installed: {reason}. Check the \
         network; behind a company proxy or mirror set HTTPS_PROXY or pip's own configuration \
         (`pip config set global.index-url …`), which is honoured. Or use a Spark that is here: \
         --spark-home DIR."
    )]
    NoNetwork {
        /// What was to be installed.
        package: String,
        /// pip's own words.
        reason: String,
    },
    /// The index has no such release.
    #[error(
        "The package index has no {package}. {}", known(.available))]
    NoSuchRelease {
        /// Name and version that was asked for.
        package: String,
        /// The 3.5.x releases that the index has, newest last.
        available: Vec<String>,
    },
    /// Not enough room.
    #[error(
        "Not enough room in {}: installing needs about {} and {} is free. Make room, or set \
         LIVYSH_RUNTIME to a folder on another disk.", .folder.display(), megabytes(*.needed), megabytes(*.free))]
    DiskFull {
        /// Where it was to go.
        folder: PathBuf,
        /// Bytes.
        needed: u64,
        /// Bytes.
        free: u64,
    },
    /// pip failed for another reason.
    #[error(
        "pip could not install {package} (exit status {}). Its last words:\n{}",
        status(*.code), .lines.join("\n"))]
    PipFailed {
        /// What was to be installed.
        package: String,
        /// pip's exit status; `None` when a signal ended it.
        code: Option<i32>,
        /// The end of its output.
        lines: Vec<String>,
    },
    /// `--spark` is no release that we handle.
    #[error(
        "`{wanted}` is no Spark release that `--spark` takes: give a 3.5 release such as {}.",
        super::DEFAULT_SPARK
    )]
    UnknownSpark {
        /// As given.
        wanted: String,
    },
    /// `--spark-home` does not fit.
    #[error("{} cannot be used as the Spark home: {problem}. Give a Spark 3.3 to 3.5, or leave \
         --spark-home out and let `livysh setup` install {}.", .folder.display(), super::DEFAULT_SPARK)]
    SparkHome {
        /// As given.
        folder: PathBuf,
        /// What is wrong with it.
        problem: SparkHomeProblem,
    },
    /// The runtime folder cannot be written and is not complete.
    #[error(
        "The runtime folder {} is not complete and cannot be written: {source}. Let its owner run \
         `livysh setup`, or set LIVYSH_RUNTIME to a folder of your own.", .folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The lock could not be taken, for another reason than somebody holding it.
    #[error(
        "The lock file {} cannot be locked: {source}. Some network file systems have no locks: set \
         LIVYSH_RUNTIME to a folder on a local disk.", .file.display())]
    Locked {
        /// The lock file.
        file: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// What was installed or found does not work.
    #[error("{check} failed. {}\n{}", .check.advice(), .lines.join("\n"))]
    CheckFailed {
        /// What was tried.
        check: Check,
        /// The end of what it printed.
        lines: Vec<String>,
    },
    /// A file operation failed.
    #[error("{} cannot be {what}: {source}.", .path.display())]
    Io {
        /// A participle: "written", "removed".
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

/// What is tried after an install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// `python -m venv`.
    Environment,
    /// `import pyspark`.
    Import,
    /// A job and a Python UDF on a started Spark.
    Job,
}

impl Check {
    fn advice(self) -> &'static str {
        match self {
            Self::Environment => {
                "Its Python may be damaged, or the runtime folder may be on a file system without \
                 symbolic links. Its last words:"
            }
            Self::Import => {
                "The runtime folder may be damaged: remove it and run `livysh setup` again. Its \
                 last words:"
            }
            Self::Job => {
                "Common causes: too little memory (a gigabyte is needed), or a JAVA_TOOL_OPTIONS or \
                 Spark configuration of yours. Its last words:"
            }
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Making a Python environment",
            Self::Import => "Loading pyspark",
            Self::Job => "Running a job and a Python UDF on the local Spark",
        })
    }
}

/// Why a folder is no Spark home for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SparkHomeProblem {
    /// Nothing there.
    #[error("there is no such folder")]
    NoFolder,
    /// No `jars/spark-core_*.jar`.
    #[error("it holds no jars/spark-core_*.jar, so it is not the top folder of a Spark")]
    NoSpark,
    /// A Spark of another age.
    #[error("it is Spark {version}, and only 3.3 to 3.5 are supported")]
    Version {
        /// Its version.
        version: String,
    },
    /// Another release than `--spark` asks for.
    #[error("it is Spark {version}, and {wanted} is asked for")]
    OtherRelease {
        /// Its version.
        version: String,
        /// `--spark`.
        wanted: String,
    },
    /// No Python parts.
    #[error("its Python parts are missing (python/pyspark and python/lib/py4j-*.zip)")]
    NoPython,
}

fn list(found: &[String]) -> String {
    if found.is_empty() {
        "none was found".into()
    } else {
        format!("found: {}", found.join(", "))
    }
}

fn known(available: &[String]) -> String {
    match available.last() {
        Some(newest) => format!(
            "Of 3.5 it has: {}. For example: `livysh setup --spark {newest}`.",
            available.join(", ")
        ),
        None => {
            "If pip is set up for a mirror, ask its keeper for it, or use a Spark that is here: \
                 --spark-home DIR."
                .into()
        }
    }
}

fn status(code: Option<i32>) -> String {
    code.map_or_else(|| "none, ended by a signal".into(), |c| c.to_string())
}

/// `3.11` of `3.11.7`.
fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venv_error_names_the_package_of_that_python() {
        let error = SetupError::NoVenvModule {
            python: "/usr/bin/python3.11".into(),
            version: "3.11.2".into(),
            module: "ensurepip".into(),
        };
        let text = error.to_string();
        assert!(text.contains("apt install python3.11-venv"), "{text}");
    }

    #[test]
    fn a_missing_release_names_one_that_exists() {
        let error = SetupError::NoSuchRelease {
            package: "pyspark==3.5.77".into(),
            available: vec!["3.5.0".into(), "3.5.1".into()],
        };
        assert!(error.to_string().contains("livysh setup --spark 3.5.1"));
    }
}
