//! What an install tells while it runs. Drawing it is the caller's business.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::SparkHomeProblem;

/// One thing to show, in the order it happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Another process installs into the same folder; we wait for it. Its id, when it could be read.
    Waiting(Option<u32>),
    /// A step starts.
    Began(Step),
    /// What a step is doing now; replaces the last one.
    Doing(Step, Activity),
    /// A step ended well: what came of it ("Python 3.11.7 at /usr/bin/python3.11"), and its time.
    Ended(Step, String, Duration),
    /// Something the user should read once.
    Notice(Notice),
}

/// The steps of an install, in order. Steps that need nothing done do not appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Looking for a Java.
    Java,
    /// Looking for a Python.
    Python,
    /// Making the Python environment.
    Environment,
    /// Installing pyspark.
    Spark,
    /// Installing a Java from the package index.
    JavaInstall,
    /// Trying what was installed.
    Check,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Java => "looking for Java",
            Self::Python => "looking for Python",
            Self::Environment => "making a Python environment",
            Self::Spark => "installing Spark",
            Self::JavaInstall => "installing Java",
            Self::Check => "checking",
        })
    }
}

/// What a step is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// pip asks the package index.
    LookingUp,
    /// A file comes in; bytes.
    Downloading {
        /// The file's name.
        file: String,
        /// Bytes received; stays 0 when pip keeps them where we cannot see them.
        done: u64,
        /// The file's size as pip announced it (three digits).
        total: Option<u64>,
    },
    /// pip makes a wheel of the source package (pyspark is published as one).
    Building,
    /// Files are being put in place.
    Installing,
    /// The installed programs start.
    Starting,
    /// Spark starts and runs a job and a Python UDF.
    RunningSpark,
}

impl Activity {
    /// How far it is, 0 to 1, when that is known.
    #[allow(clippy::cast_precision_loss, reason = "a bar needs no 53 bits")]
    pub fn fraction(&self) -> Option<f64> {
        match self {
            Self::Downloading {
                done,
                total: Some(total),
                ..
            } if *total > 0 && *done > 0 => Some((*done as f64 / *total as f64).min(1.0)),
            _ => None,
        }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookingUp => f.write_str("asking the package index"),
            Self::Downloading { file, .. } => write!(f, "downloading {file}"),
            Self::Building => f.write_str("unpacking and building"),
            Self::Installing => f.write_str("putting files in place"),
            Self::Starting => f.write_str("starting Java and Python"),
            Self::RunningSpark => f.write_str("running a job and a Python UDF on Spark"),
        }
    }
}

/// Something worth a line, none of it an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The `SPARK_HOME` variable names a Spark that we cannot use.
    SparkHomeUnused {
        /// Its value.
        folder: PathBuf,
        /// Why not.
        problem: SparkHomeProblem,
    },
    /// Java was found, of a version that Spark 3 does not run on.
    JavaUnused {
        /// Version and place of each.
        found: Vec<String>,
    },
    /// The Java that is used lacks something.
    JavaCannotStopLoops {
        /// Its version.
        version: String,
    },
    /// A Python that pyspark 3.5 was not made for is used: it is checked with a UDF first.
    NewPython {
        /// Its version.
        version: String,
    },
    /// The package index does not answer well; pip tries again by itself. Its reason.
    Retrying(String),
    /// Another warning of pip's, as it stands.
    Pip(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SparkHomeUnused { folder, problem } => write!(
                f,
                "SPARK_HOME ({}) is not used: {problem}.",
                folder.display()
            ),
            Self::JavaUnused { found } => write!(
                f,
                "Spark 3 runs on Java 17, 11 or 8, so the Java that is here is not used: {}.",
                found.join(", ")
            ),
            Self::JavaCannotStopLoops { version } => write!(
                f,
                "Java {version} is used because no Java 17 is published for this machine: an \
                 endless Scala loop can then only be ended by restarting the session. Install \
                 Java 17 and run `livysh setup` again to avoid that."
            ),
            Self::NewPython { version } => write!(
                f,
                "Python {version} is newer than pyspark 3.5 was made for; it is used only if a \
                 Python UDF runs on it."
            ),
            Self::Retrying(reason) => {
                write!(
                    f,
                    "The package index does not answer, trying again: {reason}"
                )
            }
            Self::Pip(line) => write!(f, "pip: {line}"),
        }
    }
}
