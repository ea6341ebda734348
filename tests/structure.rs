//! Holds the design's "who may know whom" against the `use` lines, and the other promises that
//! can be read off the source: one owner for each outside crate, file sizes, no stray prints.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and the modules of ours that it may name. What is not listed may not exist.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("livy", &[]),
    ("language", &[]),
    ("command", &[]),
    ("paths", &[]),
    ("terminal", &[]),
    ("progress", &[]),
    ("output", &[]),
    ("owner", &[]),
    ("session", &["livy"]),
    ("render", &["livy"]),
    ("auth", &["livy"]),
    ("local", &["livy"]),
    ("editor", &["language", "terminal"]),
    ("settings", &["livy", "render", "auth"]),
    ("cli", &["settings", "auth"]),
    ("config", &["settings", "auth"]),
    ("resolve", &["cli", "config", "paths", "settings"]),
    ("shutdown", &["session", "terminal"]),
    ("style", &["render", "settings", "terminal"]),
    ("report", &["livy", "local", "paths", "render", "session"]),
    ("bug", &["report", "session", "shutdown", "terminal"]),
    ("source", &["language", "livy", "report", "settings"]),
    ("record", &["livy", "owner", "report", "session", "source"]),
    ("verbose", &["editor", "livy", "render"]),
    ("listing", &["livy", "session"]),
    (
        "opening",
        &[
            "livy", "local", "record", "render", "report", "session", "settings", "shutdown",
            "source",
        ],
    ),
    (
        "runner",
        &[
            "livy", "output", "progress", "record", "render", "report", "session", "source",
            "terminal",
        ],
    ),
    (
        "batch",
        &[
            "livy", "opening", "progress", "report", "runner", "session", "settings", "shutdown",
            "source",
        ],
    ),
    (
        "dry_run",
        &["batch", "livy", "opening", "report", "settings", "tools"],
    ),
    (
        "tools",
        &[
            "auth", "cli", "config", "listing", "livy", "local", "opening", "output", "paths",
            "progress", "render", "report", "session", "settings", "shutdown", "style",
        ],
    ),
    (
        "shell",
        &[
            "command", "config", "editor", "language", "listing", "livy", "opening", "paths",
            "progress", "record", "render", "report", "runner", "session", "settings", "shutdown",
            "source", "terminal", "tools",
        ],
    ),
    (
        "running",
        &[
            "auth", "batch", "bug", "cli", "dry_run", "editor", "livy", "local", "opening",
            "output", "paths", "progress", "record", "render", "report", "runner", "session",
            "settings", "shell", "shutdown", "style", "terminal", "tools", "verbose",
        ],
    ),
];

/// Outside crates with one owner.
const OWNERS: &[(&str, &str)] = &[
    ("rustyline", "editor"),
    ("reqwest", "livy"),
    ("indicatif", "progress"),
    ("crossterm", "terminal"),
    ("clap", "cli"),
    ("dirs", "paths"),
    ("axum", "local"),
    ("toml", "config"),
    ("rpassword", "auth"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs")
            && !path
                .file_stem()
                .is_some_and(|it| it.to_string_lossy().ends_with("tests"))
        {
            into.push(path);
        }
    }
}

/// The top-level module that a file belongs to, and its text without tests and comments.
fn sources() -> Vec<(String, PathBuf, String)> {
    let source = root().join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    files
        .into_iter()
        .map(|path| {
            let below = path.strip_prefix(&source).unwrap();
            let first = below.components().next().unwrap();
            let module = first.as_os_str().to_string_lossy();
            let module = module.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (module, path, code)
        })
        .collect()
}

/// The names that follow `crate::` (also in a `use crate::{a::…, b}` list).
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split(';').next().unwrap(),
            None => rest,
        };
        if rest.starts_with('{') {
            let mut depth = 0;
            let mut start = 0;
            for (i, c) in list.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        names.insert(word(&list[start..i]));
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(word(&list[start..i]));
                        start = i + 1;
                    }
                    _ => {}
                }
            }
        } else {
            names.insert(word(list));
        }
    }
    names.remove("");
    names
}

fn word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn every_module_names_only_those_that_it_may_know() {
    let may: BTreeMap<_, BTreeSet<_>> = MAY_KNOW
        .iter()
        .map(|(module, others)| (*module, others.iter().copied().collect()))
        .collect();
    let mut faults = Vec::new();
    for (module, path, code) in sources() {
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(allowed) = may.get(module.as_str()) else {
            faults.push(format!("{module} stands in no list: {}", path.display()));
            continue;
        };
        for name in named(&code) {
            if name != module && may.contains_key(name.as_str()) && !allowed.contains(name.as_str())
            {
                faults.push(format!("{module} may not know {name}: {}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_rules_themselves_have_no_cycle() {
    let mut left: BTreeMap<_, BTreeSet<_>> = MAY_KNOW
        .iter()
        .map(|(module, others)| (*module, others.iter().copied().collect()))
        .collect();
    while !left.is_empty() {
        let free: Vec<&str> = left
            .iter()
            .filter(|(_, others): &(_, &BTreeSet<&str>)| {
                others.iter().all(|it| !left.contains_key(it))
            })
            .map(|(module, _)| *module)
            .collect();
        assert!(!free.is_empty(), "a cycle among {:?}", left.keys());
        for module in free {
            left.remove(module);
        }
    }
}

#[test]
fn every_outside_crate_has_one_owner() {
    let mut faults = Vec::new();
    for (module, path, code) in sources() {
        for (name, owner) in OWNERS {
            let uses = code.lines().any(|line| {
                line.contains(&format!("{name}::")) && !line.contains(&format!("_{name}::"))
            });
            if uses && module != *owner {
                faults.push(format!("{name} belongs to {owner}: {}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_history_crate_knows_nothing_of_livysh() {
    let mut files = Vec::new();
    rust_files(&root().join("history/src"), &mut files);
    for path in files {
        assert!(
            !fs::read_to_string(&path).unwrap().contains("livysh::"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn no_source_file_is_longer_than_its_limit() {
    for (_, path, _) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .split("\n#[cfg(test)]\nmod ")
            .next()
            .unwrap()
            .lines()
            .count();
        assert!(
            lines <= 430,
            "{}: {lines} lines before its tests",
            path.display()
        );
    }
}
