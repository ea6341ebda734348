//! The tests' own server ends with the test, however that ends.
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

/// Set for the process that is killed: the file that it names its server's folder in.
const HOLDER: &str = "LIVYSH_TEST_HOLDER";

#[test]
fn a_test_that_is_killed_leaves_no_java() {
    if let Some(file) = std::env::var_os(HOLDER) {
        hold(file.as_ref());
    }
    let home = Home::new();
    let file = home.path("holder");
    let name = "guarded::a_test_that_is_killed_leaves_no_java";
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(HOLDER, &file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let folder = || std::fs::read_to_string(&file).unwrap_or_default();
    let runs = |what: &str| {
        let all = genuine::marked(folder().as_ref());
        all.iter().any(|it| it.command.contains(what))
    };
    until("a server and a driver run", || {
        let ended = holder.try_wait().unwrap();
        assert!(ended.is_none(), "the holder ended: {ended:?}");
        ["LivyServer", "RSCDriverBootstrapper"].map(runs) == [true; 2]
    });
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("all of them are gone", || {
        genuine::marked(folder().as_ref()).is_empty()
    });
    std::fs::remove_dir_all(folder()).unwrap();
}

/// Holds a server with a session until the process is killed.
fn hold(file: &Path) -> ! {
    let livy = Genuine::bare(&[]);
    raw::create(&livy, None);
    // whole, or not there
    let draft = file.with_extension("draft");
    std::fs::write(&draft, livy.folder().to_str().unwrap()).unwrap();
    std::fs::rename(&draft, file).unwrap();
    loop {
        std::thread::park();
    }
}
