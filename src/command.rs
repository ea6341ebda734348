//! The in-shell commands: one table that parses, helps and completes.
use std::fmt;

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
    /// The session and its server.
    Info,
    /// The server's sessions.
    Sessions,
    /// The session's statements.
    Statements,
    /// The session's log.
    Logs,
    /// Earlier entries, of all sessions, with that text in them.
    History(Option<String>),
    /// Cancel a statement that still runs (the newest one left behind, or that number).
    Cancel(Option<u64>),
    /// Delete the session and start a new one of the same sort.
    Restart,
    /// Send files to the session: jars to its class path, `.py`/`.zip`/`.egg` to its Python path,
    /// others to its working directory.
    Upload(Vec<String>),
    /// Show or change the form of results.
    Format(Option<String>),
    /// Switch the line that says how long a statement took.
    Timing,
    /// Clear the screen.
    Clear,
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

/// One command: how it is called and what it does.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the colon.
    pub name: &'static str,
    /// Its arguments, as help shows them.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub does: &'static str,
    /// More, for `:help NAME`.
    pub more: &'static str,
}

/// Every command, in the order of `:help`.
pub const TABLE: &[Entry] = &[
    Entry {
        name: "help",
        arguments: "[COMMAND]",
        does: "this list, or one command explained",
        more: "",
    },
    Entry {
        name: "quit",
        arguments: "",
        does: "leave (also Ctrl-D); the session is deleted",
        more: "A session that was only attached to stays.",
    },
    Entry {
        name: "kind",
        arguments: "[spark|pyspark|sparkr|sql]",
        does: "show or change the language of what you type",
        more: "All kinds share one Spark session: a temporary view made in one is read in the others; variables are not shared. Also scala, python, r.",
    },
    Entry {
        name: "sql",
        arguments: "[CODE]",
        does: "run SQL; without code, speak SQL from now on",
        more: "A first line `%sql` or `%%sql` does the same for the lines below it.",
    },
    Entry {
        name: "py",
        arguments: "[CODE]",
        does: "likewise in Python",
        more: "A first line `%pyspark` does the same for the lines below it.",
    },
    Entry {
        name: "scala",
        arguments: "[CODE]",
        does: "likewise in Scala",
        more: "A first line `%spark` does the same for the lines below it.",
    },
    Entry {
        name: "r",
        arguments: "[CODE]",
        does: "likewise in R",
        more: "A first line `%sparkr` does the same for the lines below it.",
    },
    Entry {
        name: "load",
        arguments: "FILE",
        does: "run a file, statement by statement",
        more: "Its language follows its extension (.py .scala .sc .R .sql), else the current kind. It stops at the first error.",
    },
    Entry {
        name: "info",
        arguments: "",
        does: "the session, its server and its limits",
        more: "",
    },
    Entry {
        name: "sessions",
        arguments: "",
        does: "the server's sessions",
        more: "",
    },
    Entry {
        name: "statements",
        arguments: "",
        does: "the session's statements",
        more: "One page without results' text: a long list of large results can harm a session.",
    },
    Entry {
        name: "logs",
        arguments: "",
        does: "the session's log, as far as the server keeps it",
        more: "On a cluster this is the launcher's log, not the driver's; :info shows where that one is.",
    },
    Entry {
        name: "history",
        arguments: "[TEXT]",
        does: "earlier entries, newest last",
        more: "Ctrl-R searches them while you type.",
    },
    Entry {
        name: "cancel",
        arguments: "[N]",
        does: "cancel a statement that was left running",
        more: "While a statement runs, Ctrl-C cancels it; a second Ctrl-C leaves it behind, and :cancel ends it later.",
    },
    Entry {
        name: "restart",
        arguments: "",
        does: "delete the session and start a fresh one",
        more: "Variables and temporary views are lost.",
    },
    Entry {
        name: "upload",
        arguments: "FILE…",
        does: "send files of this machine to the session",
        more: ".jar goes to the class path; .py, .zip and .egg to the Python path; others where SparkFiles finds them.",
    },
    Entry {
        name: "format",
        arguments: "[text|table|csv|tsv|json|ndjson]",
        does: "show or change the form of results",
        more: "",
    },
    Entry {
        name: "timing",
        arguments: "",
        does: "switch the line that says how long a statement took",
        more: "",
    },
    Entry {
        name: "clear",
        arguments: "",
        does: "clear the screen (also Ctrl-L)",
        more: "",
    },
];

/// Is the line a command?
pub fn is_command(line: &str) -> bool {
    line.strip_prefix(':').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '?' || c == '!')
    })
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
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
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
        "info" => Command::Info,
        "sessions" => Command::Sessions,
        "statements" => Command::Statements,
        "logs" => Command::Logs,
        "history" => Command::History(some),
        "cancel" => Command::Cancel(match some {
            None => None,
            Some(number) => Some(number.parse().map_err(|_| usage())?),
        }),
        "restart" => Command::Restart,
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
    fn every_entry_of_the_table_parses() {
        for entry in TABLE {
            let line = format!(":{} 1", entry.name);
            assert!(parse(&line).is_ok(), "{line}");
            assert!(help().contains(entry.does));
        }
    }

    #[test]
    fn scala_ascriptions_and_slices_are_no_commands() {
        assert!(!is_command(":: 1"));
        assert!(!is_command(": Int"));
        assert!(is_command(":help"));
    }
}
