//! The Python host on the real Spark: its own tests, and its answers against those recorded from
//! a Livy of today.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

#[path = "../support/spark.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod spark;
#[path = "../support/venv.rs"]
mod venv;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use livysh::local::setup::{Wanted, missing};

/// What some of the recorded statements import.
const PACKAGES: [&str; 2] = ["pandas==3.*", "matplotlib==3.*"];

/// A Python that has the tests' Spark and the packages.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let wanted = Wanted::new(spark::runtime());
        let runtime = missing(&wanted).unwrap().ready.unwrap();
        // Spark itself is not installed again: it is found where it is
        let spark = runtime.spark_home.parent().unwrap().to_str().unwrap();
        venv::python("host-python", &runtime.python, &[&PACKAGES], |site| {
            std::fs::write(site.join("spark.pth"), spark).unwrap();
        })
    })
}

/// Runs a script of this folder.
fn run(script: &str, arguments: &[&str]) {
    let python = python();
    let _slot = spark::slot();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host");
    let home = tempfile::tempdir().unwrap();
    let ended = Command::new(python)
        .arg(folder.join(script))
        .args(arguments)
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("SPARK_HOME")
        .env_remove("PYTHONPATH")
        .output()
        .unwrap();
    assert!(
        ended.status.success(),
        "{script} {arguments:?}: {}\n{}{}",
        ended.status,
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn every_claim_about_the_host_holds() {
    run("test_host.py", &[]);
}

#[test]
fn answers_equal_the_recorded_ones_but_for_the_listed_differences() {
    // SparkR comes with a full Spark only: its few cases are replayed by hand
    let kinds = ["python", "scala", "sql", "r", "cancel", "completion"];
    run("compare_recorded.py", &kinds);
}

#[test]
fn every_file_of_the_host_is_in_the_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local/host");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "py"))
        .collect();
    there.sort();
    let mut embedded: Vec<&str> = livysh::local::host::FILES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    embedded.sort_unstable();
    assert_eq!(there, embedded);
}
