//! What is there and what must be installed, by looking at files only.

use std::ffi::OsString;
use std::path::Path;

use super::error::SetupError;
use super::event::{Notice, Step};
use super::folder::{Folder, Manifest};
use super::java::{self, Java, Wheel};
use super::spark_home::{self, SparkHome};
use super::{DEFAULT_SPARK, RFound, Runtime, Wanted};

/// One thing that will be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A Python environment; nothing to download.
    Environment,
    /// pyspark of this release.
    Spark(String),
    /// A Java of this version.
    Java(String),
}

impl Item {
    /// Bytes to download, about.
    pub fn download(&self) -> u64 {
        match self {
            Self::Environment => 0,
            Self::Spark(_) => 320_000_000,
            Self::Java(_) => Wheel::here().download,
        }
    }

    /// Bytes needed on disk while installing, about; less remains.
    pub fn disk(&self) -> u64 {
        match self {
            Self::Environment => 40_000_000,
            Self::Spark(_) => SPARK_DISK,
            Self::Java(_) => Wheel::here().disk,
        }
    }
}

/// pip was seen to use 1,656 MiB at once while it downloaded, built and installed pyspark 3.5.9.
const SPARK_DISK: u64 = 1_750_000_000;

/// What [`missing`] found.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The complete runtime, when nothing is to be done.
    pub ready: Option<Runtime>,
    /// What will be installed; may be empty although nothing is ready, when things were found that
    /// have only to be looked at.
    pub items: Vec<Item>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    pub(super) folder: Folder,
    pub(super) home: Option<SparkHome>,
    pub(super) release: String,
}

impl Plan {
    /// Bytes to download, about.
    pub fn download(&self) -> u64 {
        self.items.iter().map(Item::download).sum()
    }

    /// Bytes needed on disk while installing, about.
    pub fn disk(&self) -> u64 {
        self.items.iter().map(Item::disk).sum()
    }

    /// The folder that is made or used.
    pub fn folder(&self) -> &Path {
        &self.folder.environment
    }
}

/// What is missing for a local Spark. Starts no program; under a millisecond or two when all is there.
/// Fails when `--spark` or `--spark-home` is of no use.
pub fn missing(wanted: &Wanted) -> Result<Plan, SetupError> {
    if let Some(release) = wanted.spark.as_ref().filter(|wanted| !is_release(wanted)) {
        return Err(SetupError::UnknownSpark {
            wanted: release.clone(),
        });
    }
    let (home, notices) = user_spark(wanted)?;
    let release = home
        .as_ref()
        .map_or_else(|| choose_release(wanted), |home| home.version.clone());
    let folder = match &home {
        Some(home) => Folder::for_home(&wanted.runtime, &home.folder),
        None => Folder::for_spark(&wanted.runtime, &release),
    };
    let ready = folder
        .read_manifest()
        // The user may have replaced the Spark under the same path.
        .filter(|manifest| manifest.spark_version == release)
        .map(|manifest| runtime(manifest, wanted));
    let items = if ready.is_some() {
        Vec::new()
    } else {
        items(wanted, &folder, home.is_none().then_some(release.as_str()))
    };
    Ok(Plan {
        ready,
        items,
        notices,
        folder,
        home,
        release,
    })
}

fn is_release(text: &str) -> bool {
    text.strip_prefix("3.5.")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn user_spark(wanted: &Wanted) -> Result<(Option<SparkHome>, Vec<Notice>), SetupError> {
    let release = wanted.spark.as_deref();
    if let Some(folder) = &wanted.spark_home {
        return match spark_home::inspect(folder, release) {
            Ok(home) => Ok((Some(home), Vec::new())),
            Err(problem) => Err(SetupError::SparkHome {
                folder: folder.clone(),
                problem,
            }),
        };
    }
    let Some(folder) = &wanted.machine.spark_home else {
        return Ok((None, Vec::new()));
    };
    match spark_home::inspect(folder, release) {
        Ok(home) => Ok((Some(home), Vec::new())),
        Err(problem) => {
            let folder = folder.clone();
            Ok((None, vec![Notice::SparkHomeUnused { folder, problem }]))
        }
    }
}

/// The release that was asked for, else the one that `setup` chose last, else the default, else any
/// that is there, else the default to be installed.
fn choose_release(wanted: &Wanted) -> String {
    if let Some(release) = &wanted.spark {
        return release.clone();
    }
    let mut there = Folder::installed_sparks(&wanted.runtime);
    let chosen = Folder::current_spark(&wanted.runtime).filter(|release| there.contains(release));
    let default = DEFAULT_SPARK.to_owned();
    match chosen {
        Some(release) => release,
        None if there.contains(&default) => default,
        None => there.pop().unwrap_or(default),
    }
}

fn items(wanted: &Wanted, folder: &Folder, release: Option<&str>) -> Vec<Item> {
    let java = java::glance(&wanted.machine).is_some() || folder.is_done(Step::JavaInstall);
    let mut items = Vec::new();
    if (release.is_some() || !java) && !folder.is_done(Step::Environment) {
        items.push(Item::Environment);
    }
    if let Some(release) = release.filter(|_| !folder.is_done(Step::Spark)) {
        items.push(Item::Spark(release.to_owned()));
    }
    if !java {
        items.push(Item::Java(Wheel::here().version.to_owned()));
    }
    items
}

/// The runtime of a manifest. A fitting `JAVA_HOME` set since then wins over the Java in it.
pub(super) fn runtime(manifest: Manifest, wanted: &Wanted) -> Runtime {
    let named = wanted
        .machine
        .java_home
        .as_deref()
        .filter(|home| **home != manifest.java_home)
        .and_then(java::read_release)
        .filter(|java| java::fits(&java.version));
    let java = named.unwrap_or(Java {
        home: manifest.java_home,
        version: manifest.java_version,
    });
    let python_path = std::env::join_paths(&manifest.python_path).unwrap_or_default();
    let path = |path: &Path| path.as_os_str().to_owned();
    let env = [
        ("SPARK_HOME", path(&manifest.spark_home)),
        ("JAVA_HOME", path(&java.home)),
        ("PYSPARK_PYTHON", path(&manifest.python)),
        ("PYSPARK_DRIVER_PYTHON", path(&manifest.python)),
        // Empty counts as unset, and hides a foreign pyspark that the user's own may name.
        ("PYTHONPATH", python_path),
        ("PYTHONNOUSERSITE", OsString::from("1")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    Runtime {
        r: RFound::look(&wanted.machine, &manifest.spark_home),
        python: manifest.python,
        spark_home: manifest.spark_home,
        java_home: java.home,
        env,
        spark_version: manifest.spark_version,
        scala_version: manifest.scala_version,
        java_version: java.version,
        python_version: manifest.python_version,
    }
}
