//! `.ci/prerequisites` on machines that lack something: folders of made-up programs as the whole PATH.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const CARGO: &str = "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'";
const CC: &str = "cat >/dev/null";
const PYTHON: &str = "echo fits 3.11";
/// What the tests need besides.
const FOR_TESTS: [(&str, &str); 3] = [("R", ":"), ("mvn", ":"), ("javac", ":")];

/// A machine with these programs, each a shell script, and what a script needs to run.
fn machine(programs: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for tool in ["bash", "cat", "dirname", "sed"] {
        let found = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool));
        let found = found.iter().find(|path| path.exists()).unwrap();
        symlink(found, folder.path().join(tool)).unwrap();
    }
    for (name, script) in programs {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Whether all was there, and what was said.
fn check(programs: &[(&str, &str)]) -> (bool, String) {
    let machine = machine(programs);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/prerequisites");
    let text = fs::read_to_string(script).unwrap();
    // the machine's own Python has no say here
    let copy = machine.path().join("project/.ci/prerequisites");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::write(&copy, text.replace("/usr/bin/python3", "no-such-python")).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    fs::copy(manifest, machine.path().join("project/Cargo.toml")).unwrap();
    let ended = Command::new(machine.path().join("bash"))
        .arg(&copy)
        .env_clear()
        .env("PATH", machine.path())
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    (ended.status.success(), said)
}

#[test]
fn a_machine_with_all_of_it_passes_without_a_word() {
    let user = ("id", "echo 1000");
    let mut whole = vec![
        user,
        ("cargo", CARGO),
        ("cc", CC),
        ("python3.12", "exit 127"),
        ("python3", PYTHON),
    ];
    whole.extend(FOR_TESTS);
    assert_eq!(check(&whole), (true, String::new()));
}

#[test]
fn each_lack_is_one_sentence_that_says_what_to_install() {
    let (fine, said) = check(&[("id", "echo 1000")]);
    assert!(!fine);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 5, "{said}");
    for (line, words) in lines.iter().zip([
        ["Rust 1.", "https://rustup.rs"],
        ["C compiler", "build-essential"],
        ["Python 3.9 to 3.12", "python3-venv"],
        ["R, for the tests", "r-base-core"],
        ["Maven and a JDK", "default-jdk-headless"],
    ]) {
        assert!(line.starts_with("missing: "), "{line}");
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
}

#[test]
fn what_is_there_and_too_old_too_new_or_half_is_named() {
    let user = ("id", "echo 1000");
    for (program, words) in [
        (
            ("cargo", "echo 'cargo 1.90.0 (x)'"),
            ["1.90.0", "rustup update"],
        ),
        (
            (
                "cargo",
                "[ $1 = --version ] && echo 'cargo 1.95.0-nightly (x)'",
            ),
            ["cargo fmt", "rustup component add"],
        ),
        (("cc", "exit 1"), ["headers", "build-essential"]),
        (("python3", "echo other 3.14"), ["3.14", "3.9 to 3.12"]),
        (
            ("python3", "echo no-venv 3.11"),
            ["venv and ensurepip of Python 3.11", "python3-venv"],
        ),
        (("javac", "exit 1"), ["JDK", "maven"]),
    ] {
        let mut all = vec![user, ("cargo", CARGO), ("cc", CC), ("python3", PYTHON)];
        all.extend(FOR_TESTS);
        all.retain(|(name, _)| *name != program.0);
        all.push(program);
        let (fine, said) = check(&all);
        assert!(!fine, "{program:?}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            words.iter().all(|word| said.contains(word)),
            "{program:?}: {said}"
        );
    }
}

#[test]
fn root_installs_by_apt_what_apt_has() {
    // it puts a python3 and a cc beside itself, as installing would
    let apt = format!(
        "[ $1 = install ] || exit 0\nhere=${{0%/*}}\nfor name in python3 cc R mvn javac; do\n\
         printf '#!/bin/sh\\n%s\\n' 'cat >/dev/null; {PYTHON}' >$here/$name; /bin/chmod +x $here/$name\ndone"
    );
    let root = [("id", "echo 0"), ("cargo", CARGO), ("apt-get", &apt)];
    let (fine, said) = check(&root);
    assert!(fine, "{said}");
    assert_eq!(
        said,
        "apt-get install build-essential python3 python3-venv r-base-core maven default-jdk-headless\n"
    );
}
