//! The README against the program: what it shows is what there is.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]
use std::collections::BTreeSet;
use std::process::Command;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_livysh"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The words that begin with `--`.
fn options(text: &str) -> BTreeSet<String> {
    let sign = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    text.split(sign)
        .filter(|word| word.starts_with("--") && !word.starts_with("---") && word.len() > 2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_list_of_commands_is_the_one_that_help_shows() {
    let list: String = livysh::command::help()
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| format!("  {line}\n"))
        .collect();
    assert!(readme().contains(&list), "the README should show:\n{list}");
}

#[test]
fn every_option_that_it_names_exists() {
    let mut known = options(&help(&["--help"]));
    for command in ["local", "serve", "setup", "sessions", "history", "config"] {
        known.extend(options(&help(&[command, "--help"])));
    }
    // cargo's own
    known.extend(["--release", "--path", "--workspace"].map(str::to_owned));
    let unknown: Vec<String> = options(&readme()).difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/run");
    let run = std::fs::read_to_string(run).unwrap();
    let command = "cargo test --workspace";
    assert!(run.contains(command) && readme().contains(&format!("\n    {command}\n")));
}
