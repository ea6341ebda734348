//! A real Spark for whole-program tests: installed once, by the built program itself.
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use livysh::local::setup::{Wanted, missing};

/// How many Sparks may run at once, in all test processes together: each takes 500 MB and the cores.
const AT_ONCE: usize = 2;

/// The folder of an installed Spark, for `LIVYSH_RUNTIME`: the one that `LIVYSH_TEST_RUNTIME` names, else
/// `target/spark-runtime`, which is installed first where it is not complete.
pub fn runtime() -> &'static Path {
    static RUNTIME: OnceLock<PathBuf> = OnceLock::new();
    RUNTIME.get_or_init(|| match std::env::var_os("LIVYSH_TEST_RUNTIME") {
        Some(folder) => folder.into(),
        None => for_short_lives(installed(target().join("spark-runtime"))),
    })
}

/// Settings that every Spark of the tests starts with: most live for seconds, in which the second compiler and
/// parallel collectors cost more than they give back.
const SHORT: &str = "spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC\n";

/// That Spark, with these settings as its own.
fn for_short_lives(folder: PathBuf) -> PathBuf {
    let mut wanted = Wanted::new(&folder);
    wanted.machine.spark_home = None;
    let ready = missing(&wanted).unwrap().ready.unwrap();
    let place = ready.spark_home.join("conf");
    let file = place.join("spark-defaults.conf");
    if std::fs::read_to_string(&file).is_ok_and(|text| text == SHORT) {
        return folder;
    }
    std::fs::create_dir_all(&place).unwrap();
    // whole or not at all: another run may start a Spark meanwhile
    let mut whole = tempfile::NamedTempFile::new_in(&place).unwrap();
    whole.write_all(SHORT.as_bytes()).unwrap();
    whole.persist(&file).unwrap();
    folder
}

/// Where cargo builds.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

fn installed(folder: PathBuf) -> PathBuf {
    let mut wanted = Wanted::new(&folder);
    wanted.machine.spark_home = None;
    if missing(&wanted).is_ok_and(|plan| plan.ready.is_some()) {
        return folder;
    }
    let home = tempfile::tempdir().unwrap();
    // the user's own proxy and package settings are what an installation needs
    let setup = Command::new(env!("CARGO_BIN_EXE_livysh"))
        .arg("setup")
        .env("LIVYSH_HOME", home.path())
        .env("LIVYSH_RUNTIME", &folder)
        .env_remove("SPARK_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        setup.status.success(),
        "these tests need a Spark, and `livysh setup` says:\n{}",
        String::from_utf8_lossy(&setup.stderr)
    );
    folder
}

/// The variables that a program with an otherwise empty environment needs to find that Spark and its Java.
pub fn environment() -> Vec<(&'static str, String)> {
    let same = |name: &'static str| std::env::var(name).ok().map(|value| (name, value));
    ["PATH", "JAVA_HOME"]
        .into_iter()
        .filter_map(same)
        .chain([("LIVYSH_RUNTIME", runtime().to_str().unwrap().to_owned())])
        .collect()
}

/// The right to run one Spark; ends with the value.
#[derive(Debug)]
pub struct Slot {
    _lock: File,
}

/// Waits until fewer than two other tests run a Spark.
pub fn slot() -> Slot {
    slots(1).remove(0)
}

/// Waits until `count` Sparks may be started, and takes them together: two tests that hold one each and want
/// another would wait for ever.
pub fn slots(count: usize) -> Vec<Slot> {
    loop {
        let free: Vec<Slot> = (0..AT_ONCE).filter_map(free).take(count).collect();
        if free.len() == count {
            return free;
        }
        drop(free);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn free(number: usize) -> Option<Slot> {
    let lock = File::create(target().join(format!("spark-slot-{number}"))).unwrap();
    lock.try_lock().ok()?;
    Some(Slot { _lock: lock })
}
