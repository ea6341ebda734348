//! The Spark that tests run on: installed once, by the built binary itself, below `target/`.
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The runtime folder: `LIVYSH_TEST_RUNTIME`, else `target/spark-runtime`. The first test that asks
/// installs it, the others wait: `livysh setup` locks it.
pub fn runtime() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/spark-runtime");
    let folder = std::env::var_os("LIVYSH_TEST_RUNTIME").map_or(target, PathBuf::from);
    let home = tempfile::tempdir().unwrap();
    let setup = Command::new(env!("CARGO_BIN_EXE_livysh"))
        .args(["setup", "--quiet"])
        .env("LIVYSH_HOME", home.path())
        .env("LIVYSH_RUNTIME", &folder)
        .env_remove("SPARK_HOME")
        .output()
        .unwrap();
    assert!(
        setup.status.success(),
        "no Spark to test on: {}",
        String::from_utf8_lossy(&setup.stderr)
    );
    folder
}

/// The Python of the installed Spark.
pub fn python() -> PathBuf {
    let folder = runtime();
    let installed = std::fs::read_dir(&folder).unwrap().flatten();
    let python = installed
        .map(|entry| entry.path().join("bin/python"))
        .find(|python| python.exists());
    python.unwrap_or_else(|| panic!("no bin/python below {}", folder.display()))
}
