//! Every trap of Livy servers in `traps.txt` has a test that is still there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::path::{Path, PathBuf};

/// Traps known from the start, and what was seen later.
const NUMBERS: (u32, u32) = (30, 31);

struct Trap<'a> {
    number: &'a str,
    words: &'a str,
    tests: Vec<&'a str>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn traps(text: &str) -> Vec<Trap<'_>> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            assert_eq!(parts.len(), 3, "number | trap | tests: {line}");
            Trap {
                number: parts[0],
                words: parts[1],
                tests: parts[2].split_whitespace().collect(),
            }
        })
        .collect()
}

/// Does the text define this function, as a test?
fn has_test(text: &str, name: &str) -> bool {
    let definition = format!("fn {name}(");
    let mut lines = text.lines().scan(false, |marked, line| {
        let trimmed = line.trim_start();
        let found = *marked && trimmed.contains(&definition);
        // attributes and comments stand between the mark and the function
        *marked = trimmed.starts_with("#[test]")
            || trimmed.starts_with("#[tokio::test")
            || *marked && (trimmed.starts_with('#') || trimmed.starts_with("//"));
        Some(found)
    });
    lines.any(|found| found)
}

/// The files in which the tests of a module may stand.
fn files(folder: &Path, modules: &[&str]) -> Vec<PathBuf> {
    let place = modules.iter().fold(folder.to_owned(), |at, it| at.join(it));
    vec![place.with_extension("rs"), place.join("mod.rs")]
}

/// Is there such a test?
fn exists(test: &str) -> bool {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    if let Some(name) = test.strip_prefix("contract/") {
        let checks = fs::read_dir(root().join("tests/contract/checks")).unwrap();
        return checks.flatten().any(|entry| {
            let text = read(&entry.path());
            // in a table of checks, and defined
            text.contains(&format!(": {name},")) && text.contains(&format!("fn {name}("))
        });
    }
    if let Some(name) = test.strip_prefix("host/") {
        return read(&root().join("tests/host/test_host.py")).contains(&format!("def {name}("));
    }
    let mut modules: Vec<&str> = test.split("::").collect();
    let Some(name) = modules.pop().filter(|_| modules.len() > 1) else {
        return false;
    };
    let folder = if modules.remove(0) == "lib" {
        let inline = modules.last() == Some(&"tests");
        let own = files(&root().join("src"), &modules);
        if own.iter().any(|path| has_test(&read(path), name)) {
            return true;
        }
        if inline {
            modules.pop();
        }
        root().join("src")
    } else {
        let crate_name = test.split("::").next().unwrap_or_default();
        root().join("tests").join(crate_name)
    };
    files(&folder, &modules)
        .iter()
        .any(|path| has_test(&read(path), name))
}

#[test]
fn every_trap_has_a_test_that_is_there() {
    let text = fs::read_to_string(root().join("tests/traps.txt")).unwrap();
    let mut faults = Vec::new();
    for trap in traps(&text) {
        if trap.words.is_empty() || trap.tests.is_empty() {
            faults.push(format!("{}: no words, or no test", trap.number));
        }
        for test in trap.tests.iter().filter(|test| !exists(test)) {
            faults.push(format!("{}: there is no test {test}", trap.number));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_trap_is_missing_or_there_twice() {
    let text = fs::read_to_string(root().join("tests/traps.txt")).unwrap();
    let known = (1..=NUMBERS.0).map(|number| number.to_string());
    let later = (1..=NUMBERS.1).map(|number| format!("16.{number}"));
    let expected: Vec<String> = known.chain(later).collect();
    let found: Vec<&str> = traps(&text).iter().map(|trap| trap.number).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    for test in [
        "program::polling::a_test_that_nobody_wrote",
        "program::nowhere::an_evicted_statement_is_told_as_that",
        // a helper is no test
        "program::polling::looks",
        "lib::livy::outcome::tests::nothing",
        "contract/nothing",
        "host/test_nothing",
        "an_evicted_statement_is_told_as_that",
    ] {
        assert!(!exists(test), "{test}");
    }
    assert!(exists(
        "program::polling::an_evicted_statement_is_told_as_that"
    ));
    assert!(exists(
        "lib::livy::kind::tests::aliases_name_the_same_kind_and_the_wire_name_is_livys"
    ));
}
