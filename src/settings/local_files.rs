//! The files of a session on this machine: as spark-submit does, a path is taken from the folder in
//! which the program was started.
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::SessionSettings;

/// A file of `--jars`, `--py-files`, `--files` or `--archives` that a Spark on this machine cannot take.
#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "{option}: {path} {why}. Relative paths are taken from the folder in which livysh is started."
)]
pub struct BadFile {
    /// The option.
    pub option: &'static str,
    /// The path, made absolute.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

impl SessionSettings {
    /// The settings with every local path absolute, from `folder` on, and patterns (`lib/*.jar`) as the files
    /// that they match. URIs (`hdfs://…`, `file:/…`) stay, unless there is a file of that name.
    pub fn with_local_files(mut self, folder: &Path) -> Result<Self, BadFile> {
        for (option, list) in [
            ("--jars", &mut self.jars),
            ("--py-files", &mut self.py_files),
            ("--files", &mut self.files),
            ("--archives", &mut self.archives),
        ] {
            let mut files = Vec::new();
            for entry in std::mem::take(list) {
                if is_uri(&entry) && !folder.join(&entry).exists() {
                    files.push(entry);
                } else {
                    files.extend(absolute(option, &entry, folder)?);
                }
            }
            *list = files;
        }
        Ok(self)
    }
}

/// Has it a scheme, as RFC 3986 spells one? One letter would be a drive, which no system of ours has.
fn is_uri(entry: &str) -> bool {
    entry.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

fn absolute(option: &'static str, entry: &str, folder: &Path) -> Result<Vec<String>, BadFile> {
    // what stands behind # names the file on arrival, unless the path itself has the sign
    let whole = folder.join(entry);
    let (path, name) = match entry.split_once('#') {
        Some((path, name)) if !whole.exists() => (folder.join(path), Some(name)),
        _ => (whole, None),
    };
    let bad = |path: &Path, why: String| BadFile {
        option,
        path: path.display().to_string(),
        why,
    };
    if name.is_none() && entry.contains(['*', '?', '[']) && !path.exists() {
        return matching(entry, folder)
            .map_err(|why| bad(&path, why))?
            .iter()
            .map(|path| text(path).ok_or_else(|| bad(path, NOT_UTF8.to_owned())))
            .collect();
    }
    match path.metadata() {
        Err(error) => return Err(bad(&path, format!("cannot be read: {error}"))),
        Ok(found) if found.is_dir() => {
            return Err(bad(&path, "is a folder, and a file is wanted".to_owned()));
        }
        Ok(_) => {}
    }
    let text = text(&path).ok_or_else(|| bad(&path, NOT_UTF8.to_owned()))?;
    Ok(vec![match name {
        Some(name) => format!("{text}#{name}"),
        None => text,
    }])
}

const NOT_UTF8: &str = "has a name that is not UTF-8";

fn text(path: &Path) -> Option<String> {
    plain(path).to_str().map(str::to_owned)
}

/// The files that a pattern stands for, as in spark-submit; by name. Else what is wrong with it.
fn matching(entry: &str, folder: &Path) -> Result<Vec<PathBuf>, String> {
    // only what was written is a pattern: the folder's own name may have such signs
    let pattern = if Path::new(entry).is_absolute() {
        entry.to_owned()
    } else {
        let folder = folder
            .to_str()
            .ok_or("stands in a folder whose name is not UTF-8")?;
        format!("{}/{entry}", glob::Pattern::escape(folder))
    };
    let as_shells_do = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(&pattern, as_shells_do)
        .map_err(|error| format!("is no pattern: {}", error.msg))?;
    let files: Vec<PathBuf> = found.flatten().filter(|path| !path.is_dir()).collect();
    if files.is_empty() {
        return Err("matches no file".to_owned());
    }
    Ok(files)
}

/// Without `.`; `..` stays, for a folder may be a link.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, value: &str) -> SessionSettings {
        let mut settings = SessionSettings::default();
        settings.set(key, value).unwrap();
        settings
    }

    #[test]
    fn paths_become_absolute_and_uris_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_str().unwrap();
        for name in ["a.jar", "b c.jar", "env.zip", "x#y.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for (key, given, expected) in [
            (
                "jars",
                "a.jar,./b c.jar",
                format!("{at}/a.jar,{at}/b c.jar"),
            ),
            ("archives", "env.zip#env", format!("{at}/env.zip#env")),
            ("files", "x#y.txt", format!("{at}/x#y.txt")),
            ("py-files", &format!("{at}/a.jar"), format!("{at}/a.jar")),
            (
                "jars",
                "hdfs:///x.jar,file:/nowhere/y.jar,s3a://b/z.jar",
                "hdfs:///x.jar,file:/nowhere/y.jar,s3a://b/z.jar".to_owned(),
            ),
        ] {
            let found = settings(key, given)
                .with_local_files(folder.path())
                .unwrap();
            assert_eq!(found, settings(key, &expected), "{key} {given}");
        }
    }

    #[test]
    fn a_pattern_is_the_files_that_it_matches_and_a_file_is_never_taken_for_a_uri() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a [b]*");
        std::fs::create_dir_all(folder.join("lib/d.jar")).unwrap();
        for name in [
            "lib/b.jar",
            "lib/a.jar",
            "lib/.c.jar",
            "lib/x.txt",
            "[1].jar",
            "a:b.txt",
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let at = folder.to_str().unwrap();
        for (key, given, expected) in [
            (
                "jars",
                "lib/*.jar",
                format!("{at}/lib/a.jar,{at}/lib/b.jar"),
            ),
            (
                "jars",
                "lib/?.txt,[1].jar",
                format!("{at}/lib/x.txt,{at}/[1].jar"),
            ),
            ("files", "a:b.txt,s:b.txt", format!("{at}/a:b.txt,s:b.txt")),
        ] {
            let found = settings(key, given).with_local_files(&folder).unwrap();
            assert_eq!(found, settings(key, &expected), "{given}");
        }
    }

    #[test]
    fn what_is_missing_or_a_folder_is_refused_by_option_and_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        for (key, given, why) in [
            ("jars", "x.jar", "cannot be read"),
            ("archives", "env.zip#env", "cannot be read"),
            ("files", "~/x", "cannot be read"),
            ("py-files", "d", "is a folder"),
            ("jars", "d/*.jar", "matches no file"),
            ("jars", "[.jar", "is no pattern"),
        ] {
            let error = settings(key, given)
                .with_local_files(folder.path())
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(&format!("--{key}: /")), "{error}");
            assert!(error.contains(why), "{error}");
        }
    }
}
