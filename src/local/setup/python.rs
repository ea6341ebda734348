//! Finds a Python that pyspark 3 runs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::error::SetupError;
use super::machine::{Machine, is_executable};
use super::run::{python, run};

const PROBE: &str = include_str!("probe.py");

/// The newest minor version that needs no proof.
const NEWEST_SURE: u32 = 12;
const OLDEST: u32 = 9;

/// An interpreter that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Python {
    pub executable: PathBuf,
    pub version: String,
}

impl Python {
    /// The second number of its version; 0 for anything but Python 3.
    pub fn minor(&self) -> u32 {
        let mut parts = self.version.split('.');
        match (parts.next(), parts.next().map(str::parse)) {
            (Some("3"), Some(Ok(minor))) => minor,
            _ => 0,
        }
    }

    /// Newer than pyspark 3.5 was made for: a UDF must run on it first.
    pub fn is_new(&self) -> bool {
        self.minor() > NEWEST_SURE
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    version: String,
    executable: PathBuf,
    missing: Vec<String>,
}

/// The first Python on PATH that fits. `spark_minor` is the 5 of Spark 3.5: older ones want older
/// Pythons. With `venv`, it must be able to make environments.
pub(super) async fn find(
    machine: &Machine,
    spark_minor: u32,
    venv: bool,
) -> Result<Python, SetupError> {
    let mut found = Vec::new();
    let mut without_venv = None;
    let mut newer = None;
    for candidate in candidates(machine, spark_minor) {
        let answer = match probe(&candidate).await {
            Ok(answer) => answer,
            Err(why) => {
                found.push(format!("{} ({why})", candidate.display()));
                continue;
            }
        };
        let python = Python {
            executable: answer.executable,
            version: answer.version,
        };
        if python.minor() < OLDEST {
            found.push(format!("{} at {}", python.version, candidate.display()));
        } else if let (true, Some(module)) = (venv, answer.missing.into_iter().next_back()) {
            without_venv.get_or_insert(SetupError::NoVenvModule {
                python: python.executable,
                version: python.version,
                module,
            });
        } else if python.is_new() {
            newer.get_or_insert(python);
        } else {
            return Ok(python);
        }
    }
    newer.ok_or_else(|| without_venv.unwrap_or(SetupError::NoPython { found }))
}

/// Asks an interpreter what it is.
pub(super) async fn ask(executable: &Path) -> Option<Python> {
    let answer = probe(executable).await.ok()?;
    Some(Python {
        executable: executable.to_path_buf(),
        version: answer.version,
    })
}

fn candidates(machine: &Machine, spark_minor: u32) -> Vec<PathBuf> {
    let sure: [u32; 4] = if spark_minor < 5 {
        [10, 9, 11, 12]
    } else {
        [11, 12, 10, 9]
    };
    let mut names: Vec<String> = sure.iter().map(|n| format!("python3.{n}")).collect();
    names.extend(["python3", "python", "python3.13", "python3.14"].map(str::to_owned));
    let mut all: Vec<PathBuf> = Vec::new();
    for name in names {
        let mut executables = machine.executables(&name);
        executables.extend(behind_shims(machine, &name));
        for executable in executables {
            if !all.contains(&executable) {
                all.push(executable);
            }
        }
    }
    all
}

/// pyenv's shim of a version that is installed but not chosen refuses to start: look behind it.
fn behind_shims(machine: &Machine, name: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = machine
        .path
        .iter()
        .filter(|folder| folder.ends_with("shims"))
        .filter_map(|folder| fs::read_dir(folder.parent()?.join("versions")).ok())
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|file| is_executable(file))
        .collect();
    all.sort();
    all
}

async fn probe(executable: &Path) -> Result<Answer, String> {
    let command = python(executable, PROBE, "probe");
    let finished = run(command, Duration::from_secs(30))
        .await
        .map_err(|error| format!("does not start: {error}"))?;
    let last = finished.stdout.lines().last().unwrap_or_default();
    match serde_json::from_str(last) {
        Ok(answer) if finished.success => Ok(answer),
        _ => Err("does not answer as a Python 3".into()),
    }
}
