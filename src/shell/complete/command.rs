//! The in-shell commands, their arguments, and files of this machine.
use std::path::{MAIN_SEPARATOR, Path};

use super::Known;
use crate::command;
use crate::editor::Offer;
use crate::livy::Kind;
use crate::render::Format;

/// More files than this are no help.
const MOST: usize = 200;

/// What could stand at the end of a command.
pub(super) fn offers(before: &str, known: &Known) -> Option<(usize, Vec<Offer>)> {
    let behind = before.strip_prefix(':')?;
    let commands = || {
        command::TABLE.iter().map(|entry| Offer {
            name: entry.name.to_owned(),
            about: entry.does.to_owned(),
        })
    };
    let Some((name, rest)) = behind.split_once(' ') else {
        return Some((1, starting(commands(), behind)));
    };
    let start = before.len() - rest.rsplit(' ').next().unwrap_or_default().len();
    let typed = &before[start..];
    let first = rest.trim_start().len() == typed.len();
    let named = |names: &[&str]| {
        let offers: Vec<Offer> = names.iter().map(|name| Offer::named(*name)).collect();
        starting(offers.into_iter(), typed)
    };
    let numbers = || {
        let newest = known.statements.iter().rev();
        let offers = newest.map(|(number, code)| Offer {
            name: number.to_string(),
            about: code.clone(),
        });
        starting(offers, typed)
    };
    let offers = match command::find(name).ok()?.name {
        "help" if first => starting(commands(), typed),
        "kind" if first => named(&Kind::ALL.map(Kind::name)),
        "format" if first => starting(Format::ALL.iter().map(|it| Offer::named(it.name())), typed),
        "load" | "upload" | "!" => files(typed),
        "attach" if first => starting(known.sessions.iter().cloned(), typed),
        "sessions" if first => named(&["clean", "kill"]),
        "sessions" if rest.trim_start().starts_with("kill ") => {
            starting(known.sessions.iter().cloned(), typed)
        }
        "run" | "edit" if first => numbers(),
        "cancel" if first => starting(known.jobs.iter().cloned(), typed),
        "logs" if first => named(&["-f"]),
        _ => return None,
    };
    Some((start, offers))
}

fn starting(offers: impl Iterator<Item = Offer>, typed: &str) -> Vec<Offer> {
    offers
        .filter(|offer| offer.name.starts_with(typed))
        .collect()
}

/// The files that a path begun so may mean; folders end in a slash.
fn files(typed: &str) -> Vec<Offer> {
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
    names.into_iter().map(Offer::named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(before: &str) -> Option<(usize, Vec<String>)> {
        let known = Known {
            sessions: vec![Offer::named("17"), Offer::named("ann-shell")],
            jobs: vec![Offer::named("3"), Offer::named("12")],
            statements: vec![(1, "x = 1".to_owned()), (12, "x".to_owned())],
            ..Known::default()
        };
        let (start, offers) = offers(before, &known)?;
        Some((start, offers.into_iter().map(|it| it.name).collect()))
    }

    #[test]
    fn a_command_and_its_arguments_are_completed() {
        for (before, start, found) in [
            (":st", 1, &["statements"][..]),
            (":kind py", 6, &["pyspark"]),
            (":attach a", 8, &["ann-shell"]),
            (":sessions ", 10, &["clean", "kill"]),
            (":sessions kill 1", 15, &["17"]),
            (":sessions kill 17 a", 18, &["ann-shell"]),
            (":run ", 5, &["12", "1"]),
            (":edit 12", 6, &["12"]),
            (":cancel 1", 8, &["12"]),
            (":logs ", 6, &["-f"]),
            (":help ki", 6, &["kind"]),
        ] {
            let found = found.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(names(before), Some((start, found)), "{before}");
        }
        // the cursor may stand before the colon
        for nothing in ["", ":run 1 ", ":zzz a", ":clear "] {
            assert!(
                names(nothing).is_none_or(|(_, it)| it.is_empty()),
                "{nothing}"
            );
        }
    }

    #[test]
    fn file_names_keep_the_folder_that_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("job.py"), "").unwrap();
        std::fs::create_dir(folder.path().join("jobs")).unwrap();
        std::fs::write(folder.path().join(".job"), "").unwrap();
        let here = folder.path().display();
        for command in [":load", ":! cat"] {
            let (_, names) = names(&format!("{command} {here}/jo")).unwrap();
            assert_eq!(names, [format!("{here}/job.py"), format!("{here}/jobs/")]);
        }
    }
}
