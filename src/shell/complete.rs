//! What Tab offers: in-shell commands and their arguments, file names, and Scala's names from the
//! live session. Python's, R's and SQL's need hidden statements, which are not sent yet.
use std::path::{MAIN_SEPARATOR, Path};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::command;
use crate::editor::Complete;
use crate::language;
use crate::livy::Kind;
use crate::render::Format;
use crate::session::Session;
use crate::source;

/// Typing stops while a name is looked up: a slow server must not hold it longer.
const PATIENCE: Duration = Duration::from_secs(1);
/// More names than this are no help.
const MOST: usize = 200;

/// What the shell knows and Tab needs.
#[derive(Debug, Default)]
struct Known {
    session: Option<Session>,
    kind: Option<Kind>,
}

/// Answers Tab.
#[derive(Clone, Debug)]
pub struct Completer {
    runtime: Handle,
    known: Arc<Mutex<Known>>,
}

impl Completer {
    /// One that knows no session yet.
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            known: Arc::default(),
        }
    }

    /// The session that names are asked of; none while there is none.
    pub fn set_session(&self, session: Option<Session>) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .session = session;
    }

    /// The kind of what is typed.
    pub fn set_kind(&self, kind: Kind) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .kind = Some(kind);
    }

    fn scala(&self, code: &str, pos: usize) -> Option<Vec<String>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.session.clone()?;
        drop(known);
        let ask = async {
            if session.is_replaced().await {
                return None;
            }
            let names = session.client.complete(&session.id, code, Kind::Spark, pos);
            names.await.ok()
        };
        let answer = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, ask).await });
        answer.ok()?
    }
}

impl Complete for Completer {
    fn complete(&self, line: &str, pos: usize) -> Option<(usize, Vec<String>)> {
        let before = line.get(..pos)?;
        if command::is_command(line) || line == ":" {
            return in_command(before);
        }
        let kind = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .kind;
        let (kind, code) = match language::magic(line) {
            Some((language, rest)) => (Some(source::kind(language)), rest),
            None => (kind, line),
        };
        if kind != Some(Kind::Spark) {
            return None;
        }
        let start = word_start(before, |c| c.is_alphanumeric() || c == '_' || c == '$');
        let typed = &before[start..];
        let inside = pos.checked_sub(line.len() - code.len())?;
        let mut names = self.scala(code, inside)?;
        // Livy sends operators and encoded names too, and does not say what they are to replace
        names.retain(|name| name.starts_with(typed) && is_name(name));
        names.sort();
        names.dedup();
        names.truncate(MOST);
        Some((start, names))
    }
}

fn is_name(name: &str) -> bool {
    // every character: what is no name may hold control characters, and is drawn on a terminal
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Where the word before the cursor begins.
fn word_start(before: &str, belongs: impl Fn(char) -> bool) -> usize {
    before
        .char_indices()
        .rev()
        .take_while(|(_, c)| belongs(*c))
        .last()
        .map_or(before.len(), |(at, _)| at)
}

fn in_command(before: &str) -> Option<(usize, Vec<String>)> {
    let behind = before.strip_prefix(':')?;
    let Some((name, rest)) = behind.split_once(' ') else {
        let typed = behind;
        let names = command::TABLE.iter().map(|entry| entry.name.to_owned());
        return Some((1, starting(names, typed)));
    };
    let start = before.len() - rest.len() + word_start(rest, |c| c != ' ');
    let typed = &before[start..];
    let offers = match command::find(name).ok()?.name {
        "help" => starting(command::TABLE.iter().map(|it| it.name.to_owned()), typed),
        "kind" => starting(Kind::ALL.iter().map(|kind| kind.name().to_owned()), typed),
        "format" => starting(Format::ALL.iter().map(|it| it.name().to_owned()), typed),
        "load" | "upload" => files(typed),
        _ => return None,
    };
    Some((start, offers))
}

fn starting(names: impl Iterator<Item = String>, typed: &str) -> Vec<String> {
    names.filter(|name| name.starts_with(typed)).collect()
}

/// The files that a path begun so may mean; folders end in a slash.
fn files(typed: &str) -> Vec<String> {
    let (folder, begun) = match typed.rfind(MAIN_SEPARATOR) {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let place = match (folder.strip_prefix("~/"), crate::paths::home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if folder.is_empty() => Path::new(".").to_owned(),
        _ => Path::new(folder).to_owned(),
    };
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            let fits = name.starts_with(begun) && !hidden;
            let slash = if entry.path().is_dir() { "/" } else { "" };
            fits.then(|| format!("{folder}{name}{slash}"))
        })
        .collect();
    names.sort();
    names.truncate(MOST);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_and_its_argument_are_completed() {
        let (start, names) = in_command(":st").unwrap();
        assert_eq!((start, names), (1, vec!["statements".to_owned()]));
        let (start, names) = in_command(":kind py").unwrap();
        assert_eq!((start, names), (6, vec!["pyspark".to_owned()]));
        assert!(in_command(":sql sel").is_none());
        // the cursor may stand before the colon
        assert!(in_command("").is_none());
        assert!(!is_name("a\u{1b}]0;title"));
    }

    #[test]
    fn file_names_keep_the_folder_that_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("job.py"), "").unwrap();
        std::fs::create_dir(folder.path().join("jobs")).unwrap();
        std::fs::write(folder.path().join(".job"), "").unwrap();
        let typed = format!("{}/jo", folder.path().display());
        let here = folder.path().display();
        assert_eq!(
            files(&typed),
            [format!("{here}/job.py"), format!("{here}/jobs/")]
        );
    }

    #[test]
    fn a_word_begins_behind_the_last_sign_that_is_no_part_of_a_name() {
        let name = |c: char| c.is_alphanumeric() || c == '_';
        assert_eq!(word_start("sc.para", name), 3);
        assert_eq!(word_start("sc.", name), 3);
        assert_eq!(word_start("größe", name), 0);
    }
}
