//! The in-shell commands: one table that parses, helps and completes.
mod table;

use std::fmt;

pub use table::{Entry, TABLE};

/// What a line that begins with `:` asks for. Arguments are as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The list of commands, or the explanation of one.
    Help(Option<String>),
    /// Leave; the session is deleted.
    Quit,
    /// Show or change the kind of what is typed from now on.
    Kind(Option<String>),
    /// Run code in another kind, once; without code that kind is the kind from now on.
    In {
        /// The kind's name.
        kind: &'static str,
        /// The code.
        code: String,
    },
    /// Run a file.
    Load(String),
    /// Everything up to Ctrl-D is one statement.
    Paste,
    /// Write in the user's editor: something new, or that statement of ours again.
    Edit(Option<u64>),
    /// Run that statement of ours again.
    Run(u64),
    /// The session and its server.
    Info,
    /// The server's sessions.
    Sessions,
    /// End those of ours that nobody looks after any more.
    Clean,
    /// End these sessions, by id or name.
    Kill(Vec<String>),
    /// Use another session of the server, by id or name.
    Attach(String),
    /// Leave, and the session there.
    Detach,
    /// The session's statements.
    Statements,
    /// The session's log, and whether to go on as it grows.
    Logs(bool),
    /// Signature and documentation of a name.
    Doc(String),
    /// The tables and views of the current database, or those that a pattern names.
    Tables(Option<String>),
    /// The columns of a table, a view, or a `DataFrame` in a variable.
    Describe(String),
    /// Earlier entries, of all sessions, with that text in them.
    History(Option<String>),
    /// What waits for the session, and what was left behind.
    Jobs,
    /// Cancel a statement that still runs (the newest one left behind, or that number).
    Cancel(Option<u64>),
    /// Delete the session and start a new one of the same sort.
    Restart,
    /// Run again in a fresh session what still matters of this shell's statements.
    Replay,
    /// Send files to the session: jars to its class path, `.py`/`.zip`/`.egg` to its Python path,
    /// others to its working directory.
    Upload(Vec<String>),
    /// Show or change the form of results.
    Format(Option<String>),
    /// Switch the line that says how long a statement took.
    Timing,
    /// Clear the screen.
    Clear,
    /// A command of the user's own shell.
    Shell(String),
}

/// A line that is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// No command begins so.
    Unknown(String),
    /// Several do.
    Ambiguous(String, Vec<&'static str>),
    /// It needs an argument, or another one.
    Usage(&'static Entry),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no command :{name}; :help lists them"),
            Self::Ambiguous(name, all) => {
                write!(
                    f,
                    ":{name} may be :{}; type a letter more",
                    all.join(" or :")
                )
            }
            Self::Usage(entry) => write!(f, "usage: :{} {}", entry.name, entry.arguments),
        }
    }
}

/// Is the line a command?
pub fn is_command(line: &str) -> bool {
    line.strip_prefix(':').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '?' || c == '!')
    })
}

/// The kind and the code of a line that runs code in another kind, from its first blank on.
pub fn code_of(line: &str) -> Option<(&'static str, &str)> {
    let (name, rest) = line.strip_prefix(':')?.split_once(' ')?;
    let kind = match find(name).ok()?.name {
        "sql" => "sql",
        "py" => "pyspark",
        "scala" => "spark",
        "r" => "sparkr",
        _ => return None,
    };
    Some((kind, rest))
}

/// The argument of a line that calls that command, from its first blank on.
pub fn argument_of<'a>(line: &'a str, command: &str) -> Option<&'a str> {
    let (name, rest) = line.strip_prefix(':')?.split_once(' ')?;
    (find(name).ok()?.name == command).then_some(rest)
}

/// Does the line ask to leave? By our command, or as the shells of the four languages are left: there
/// these words would only raise an exception, or end the interpreter under the session.
pub fn leaves(line: &str) -> bool {
    let word = line.trim().trim_end_matches(';').trim_end();
    matches!(word, "exit" | "exit()" | "quit" | "quit()" | "q()")
        || (is_command(line) && parse(line) == Ok(Command::Quit))
}

/// The command that a unique prefix names.
pub fn find(name: &str) -> Result<&'static Entry, CommandError> {
    if let Some(exact) = TABLE.iter().find(|entry| entry.name == name) {
        return Ok(exact);
    }
    let matches: Vec<&'static Entry> = TABLE
        .iter()
        .filter(|entry| !name.is_empty() && entry.name.starts_with(name))
        .collect();
    match matches.as_slice() {
        [] if name == "?" => find("help"),
        [] => Err(CommandError::Unknown(name.to_owned())),
        [one] => Ok(one),
        many => Err(CommandError::Ambiguous(
            name.to_owned(),
            many.iter().map(|entry| entry.name).collect(),
        )),
    }
}

/// Reads a line that [`is_command`].
pub fn parse(line: &str) -> Result<Command, CommandError> {
    let line = line.trim_start_matches(':');
    let (name, rest) = match line.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
    };
    let entry = find(name)?;
    let rest = rest.trim();
    let some = (!rest.is_empty()).then(|| rest.to_owned());
    let usage = || CommandError::Usage(entry);
    Ok(match entry.name {
        "help" => Command::Help(some.map(|name| name.trim_start_matches(':').to_owned())),
        "quit" => Command::Quit,
        "kind" => Command::Kind(some),
        "sql" => in_kind("sql", rest),
        "py" => in_kind("pyspark", rest),
        "scala" => in_kind("spark", rest),
        "r" => in_kind("sparkr", rest),
        "load" => Command::Load(one_path(rest).ok_or_else(usage)?),
        "paste" => Command::Paste,
        "edit" => Command::Edit(number(some.as_deref()).map_err(|_| usage())?),
        "run" => match number(some.as_deref()) {
            Ok(Some(number)) => Command::Run(number),
            _ => return Err(usage()),
        },
        "!" => Command::Shell(some.ok_or_else(usage)?),
        "info" => Command::Info,
        "sessions" => sessions(rest).ok_or_else(usage)?,
        "attach" => Command::Attach(one_id(rest).ok_or_else(usage)?),
        "detach" => Command::Detach,
        "statements" => Command::Statements,
        "logs" => match rest {
            "" => Command::Logs(false),
            "-f" | "--follow" => Command::Logs(true),
            _ => return Err(usage()),
        },
        "doc" => Command::Doc(some.ok_or_else(usage)?),
        "tables" => Command::Tables(some),
        "describe" => Command::Describe(some.ok_or_else(usage)?),
        "history" => Command::History(some),
        "jobs" => Command::Jobs,
        "cancel" => Command::Cancel(number(some.as_deref()).map_err(|_| usage())?),
        "restart" => Command::Restart,
        "replay" => Command::Replay,
        "upload" => match shell_words::split(rest) {
            Ok(files) if !files.is_empty() => Command::Upload(files),
            _ => return Err(usage()),
        },
        "format" => Command::Format(some),
        "timing" => Command::Timing,
        "clear" => Command::Clear,
        _ => return Err(CommandError::Unknown(name.to_owned())),
    })
}

fn sessions(rest: &str) -> Option<Command> {
    let mut words = rest.split_whitespace();
    let verb = words.next();
    let ids: Vec<String> = words.map(str::to_owned).collect();
    match verb {
        None | Some("list") if ids.is_empty() => Some(Command::Sessions),
        Some("clean") if ids.is_empty() => Some(Command::Clean),
        Some("kill") if !ids.is_empty() && ids.iter().all(|id| one_id(id).is_some()) => {
            Some(Command::Kill(ids))
        }
        _ => None,
    }
}

/// An id or a name, which can lead to no other server and no other path.
fn one_id(text: &str) -> Option<String> {
    let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    fits.then(|| text.to_owned())
}

/// The number that was given, if one was.
fn number(text: Option<&str>) -> Result<Option<u64>, std::num::ParseIntError> {
    text.map(str::parse).transpose()
}

fn in_kind(kind: &'static str, code: &str) -> Command {
    Command::In {
        kind,
        code: code.to_owned(),
    }
}

/// A path as typed: quoted, with `\ `, or bare with blanks in it.
fn one_path(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    match shell_words::split(text) {
        Ok(words) if words.len() == 1 => words.into_iter().next(),
        _ => Some(text.to_owned()),
    }
}

/// The text of `:help`.
pub fn help() -> String {
    let lines = TABLE.iter().map(|entry| {
        let call = format!(":{} {}", entry.name, entry.arguments);
        format!("  {call:<42} {}\n", entry.does)
    });
    let mut text: String = lines.collect();
    text.push_str(
        "\nUnique prefixes work (:q). Enter submits when the code is complete, Alt-Enter adds a line,\n\
         an empty line ends a block. Ctrl-C cancels what runs, Ctrl-D leaves.\n",
    );
    text
}

/// The text of `:help NAME`.
pub fn explain(entry: &Entry) -> String {
    let Entry {
        name,
        arguments,
        does,
        more,
    } = entry;
    let more = if more.is_empty() {
        String::new()
    } else {
        format!("  {more}\n")
    };
    format!(":{name} {arguments}\n  {does}\n{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_leave_other_shells_leave_this_one_and_nothing_longer_does() {
        for line in ["exit", "exit()", "quit;", " quit() ", "q()", ":quit", ":q"] {
            assert!(leaves(line), "{line}");
        }
        for line in [
            "exit(1)",
            "exit = 1",
            "q",
            "# quit",
            "quit and more",
            ":kind",
        ] {
            assert!(!leaves(line), "{line}");
        }
    }

    #[test]
    fn a_unique_prefix_names_a_command_and_an_ambiguous_one_lists_them() {
        assert_eq!(parse(":q"), Ok(Command::Quit));
        assert_eq!(
            parse(":s"),
            Err(CommandError::Ambiguous(
                "s".to_owned(),
                vec!["sql", "scala", "sessions", "statements"]
            ))
        );
        assert_eq!(
            parse(":nope"),
            Err(CommandError::Unknown("nope".to_owned()))
        );
    }

    #[test]
    fn an_exact_name_wins_over_longer_ones() {
        assert_eq!(
            parse(":r 1 + 1"),
            Ok(Command::In {
                kind: "sparkr",
                code: "1 + 1".to_owned()
            })
        );
    }

    #[test]
    fn sessions_are_named_by_id_or_name_and_by_nothing_that_leads_elsewhere() {
        assert_eq!(parse(":attach 7"), Ok(Command::Attach("7".to_owned())));
        assert_eq!(parse(":sessions clean"), Ok(Command::Clean));
        let two = vec!["1".to_owned(), "mine-a".to_owned()];
        assert_eq!(parse(":sessions kill 1 mine-a"), Ok(Command::Kill(two)));
        for line in [
            ":attach",
            ":attach https://other/sessions/1",
            ":attach ../batches/1",
            ":attach 1 2",
            ":sessions kill",
            ":sessions kill a/b",
            ":sessions clean 3",
            ":sessions nonsense",
            ":logs -x",
        ] {
            assert!(matches!(parse(line), Err(CommandError::Usage(_))), "{line}");
        }
    }

    #[test]
    fn a_path_with_blanks_needs_no_quotes_but_may_have_them() {
        assert_eq!(
            parse(":load my file.py"),
            Ok(Command::Load("my file.py".to_owned()))
        );
        assert_eq!(
            parse(":load 'my file.py'"),
            Ok(Command::Load("my file.py".to_owned()))
        );
        assert!(matches!(parse(":load"), Err(CommandError::Usage(_))));
    }

    #[test]
    fn a_shell_command_needs_no_blank_and_a_number_is_one() {
        let ls = Ok(Command::Shell("ls -l".to_owned()));
        assert_eq!((parse(":!ls -l"), parse(":! ls -l")), (ls.clone(), ls));
        assert!(is_command(":!ls"));
        assert_eq!(parse(":edit"), Ok(Command::Edit(None)));
        assert_eq!(parse(":edit 3"), Ok(Command::Edit(Some(3))));
        for line in [
            ":!",
            ":run",
            ":run x",
            ":edit x",
            ":cancel -1",
            ":doc",
            ":describe ",
        ] {
            assert!(matches!(parse(line), Err(CommandError::Usage(_))), "{line}");
        }
    }

    #[test]
    fn no_line_of_the_help_is_wider_than_a_usual_window() {
        for line in help().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn every_entry_of_the_table_parses() {
        for entry in TABLE {
            let argument = match entry.name {
                "sessions" => "kill 1",
                "logs" => "-f",
                _ => "1",
            };
            let line = format!(":{} {argument}", entry.name);
            assert!(parse(&line).is_ok(), "{line}");
            assert!(help().contains(entry.does));
        }
    }

    #[test]
    fn the_argument_of_a_command_begins_behind_its_first_blank() {
        assert_eq!(argument_of(":doc  df.s", "doc"), Some(" df.s"));
        assert_eq!(argument_of(":desc t", "describe"), Some("t"));
        assert_eq!(argument_of(":d t", "describe"), None);
        assert_eq!(argument_of(":doc", "doc"), None);
    }

    #[test]
    fn scala_ascriptions_and_slices_are_no_commands() {
        assert!(!is_command(":: 1"));
        assert!(!is_command(": Int"));
        assert!(is_command(":help"));
    }
}
