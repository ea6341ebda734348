//! What notebooks and other shells run and no session does: a hint instead of an interpreter's syntax error.
use crate::language::{self, Habit};
use crate::livy::Kind;
use crate::source::{self, Piece};

const HERE: &str = "`:! COMMAND` runs a command on this machine";
const DRIVERS: &str = "`os.chdir(…)` and `os.environ` change the driver's folder and variables";
const TIMES: &str = "`:timing` shows how long each statement takes";
const FIGURES: &str = "figures need no setting here; in Python `%matplot plt` shows one";
const PACKAGES: &str = "the session gets packages when it starts: --py-files, --archives, --conf";
const OTHERS: &str = "`:help` lists what this shell can do";

/// The magics of `IPython` and of the notebooks on Livy that no session knows, and what does the same here. Words that are
/// not here go to the session: it may know magics of its own.
const MAGICS: &[(&[&str], &str)] = &[
    (
        &["time", "timeit", "prun", "lprun", "mprun", "memit"],
        TIMES,
    ),
    (
        &[
            "sh", "bash", "sx", "system", "script", "local", "ls", "ll", "pwd",
        ],
        HERE,
    ),
    (&["cd", "env", "set_env"], DRIVERS),
    (&["matplotlib", "pylab"], FIGURES),
    (&["pip", "conda", "mamba"], PACKAGES),
    (
        &["configure"],
        "`:restart` and the options of `livysh` give a session its settings",
    ),
    (
        &["run", "load", "loadpy"],
        "`:load FILE` runs a file's statements",
    ),
    (
        &["paste", "cpaste"],
        "a paste at the prompt is one entry as it is; `:paste` sends it as one statement",
    ),
    (
        &["edit", "ed"],
        "`:edit` and Ctrl-X Ctrl-E write in your editor",
    ),
    (
        &["history", "hist", "recall", "rerun"],
        "`:history` and Ctrl-R find it, `:run N` runs it again",
    ),
    (
        &["pinfo", "pinfo2", "pdoc", "pdef", "psource"],
        "`:doc NAME` or `NAME?` tells of a name",
    ),
    (&["info"], "`:info` tells of the session"),
    (&["logs"], "`:logs` shows the session's log"),
    (
        &["cleanup", "delete"],
        "`:sessions` lists them and `:sessions kill ID` ends one",
    ),
    (&["reset"], "`:restart` gives a fresh session"),
    (&["cls", "clear"], "`:clear` clears the screen"),
    (
        &[
            "help",
            "lsmagic",
            "magic",
            "quickref",
            "who",
            "who_ls",
            "whos",
            "config",
            "debug",
            "pdb",
            "xmode",
            "colors",
            "autoreload",
            "load_ext",
            "reload_ext",
            "save",
            "writefile",
            "capture",
            "html",
            "javascript",
            "latex",
            "markdown",
            "svg",
            "md",
            "display",
            "send_to_spark",
            "fs",
        ],
        OTHERS,
    ),
];

/// What to tell instead of sending what was entered; none where the session is to judge it.
pub(super) fn hint(text: &str, kind: Kind) -> Option<String> {
    // most entries need no second reading for this
    if !text.contains(['!', '%']) {
        return None;
    }
    let (pieces, _) = source::entered(text, kind, false);
    pieces.iter().find_map(|piece| {
        let language = source::language(piece.kind);
        match language::habit(language, own_code(piece))? {
            Habit::Shell(command) => {
                let first = command.split_whitespace().next();
                if matches!(first, Some("cd" | "pushd" | "export")) {
                    return Some(format!("not sent: `!` runs nothing in a session; {DRIVERS}"));
                }
                let packages = matches!(first, Some("pip" | "pip3" | "conda" | "mamba"));
                let or = if packages {
                    format!("; {PACKAGES}")
                } else {
                    String::new()
                };
                Some(format!(
                    "not sent: `!` runs nothing in a session; `:! {command}` runs it on this machine{or}"
                ))
            }
            Habit::Magic(word) => {
                let lower = word.to_ascii_lowercase();
                let (_, advice) = MAGICS
                    .iter()
                    .find(|(words, _)| words.contains(&lower.as_str()))?;
                Some(format!("not sent: no session knows `%{word}`; {advice}"))
            }
        }
    })
}

/// The code without the lines that were put before it.
fn own_code(piece: &Piece) -> &str {
    let added = piece.code.split_inclusive('\n').take(piece.place.added);
    let length: usize = added.map(str::len).sum();
    piece.code.get(length..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_of_another_shell_is_told_what_does_it_here() {
        for (kind, text, shown) in [
            (
                Kind::Pyspark,
                "!ls -l",
                "`:! ls -l` runs it on this machine",
            ),
            (Kind::Pyspark, "!pip install x", "--py-files"),
            (Kind::Pyspark, "%time f()", "`:timing`"),
            (Kind::Pyspark, "%%time\nf()", "`:timing`"),
            (Kind::Pyspark, "%matplotlib inline", "%matplot plt"),
            (Kind::Pyspark, "import x\n%cd y", "`os.chdir(…)`"),
            (Kind::Pyspark, "!export A=1", "`os.environ`"),
            (
                Kind::Pyspark,
                "from __future__ import annotations\n!ls",
                "`:! ls`",
            ),
            (Kind::Pyspark, ">>> x = 1\n>>> %run a.py", "`:load FILE`"),
            (Kind::Spark, "%%configure", "`:restart`"),
            (Kind::Spark, "%%python\n!ls", "`:! ls`"),
            (Kind::Sparkr, "%%sh\nls", "`:! COMMAND`"),
            (Kind::Sql, "%%time\nselect 1;", "`:timing`"),
        ] {
            let hint = hint(text, kind).unwrap_or_default();
            assert!(hint.contains(shown), "{text:?}: {hint:?}");
        }
    }

    #[test]
    fn what_a_session_may_know_is_sent() {
        for (kind, text) in [
            (Kind::Pyspark, "%json x"),
            (Kind::Pyspark, "%table x"),
            (Kind::Pyspark, "%matplot plt"),
            (Kind::Pyspark, "%vendors x"),
            (Kind::Pyspark, "%sql show tables"),
            (Kind::Pyspark, "s = \"\"\"\n!ls\n%time\n\"\"\""),
            (Kind::Pyspark, "if x:\n    y"),
            (Kind::Spark, "!true"),
            (Kind::Sparkr, "!TRUE"),
            (Kind::Sparkr, "1 %in%\n2"),
            (Kind::Sql, "select 5 %\n2;"),
        ] {
            assert_eq!(hint(text, kind), None, "{text:?}");
        }
    }

    #[test]
    fn no_magic_that_is_known_here_is_refused() {
        for word in MAGICS.iter().flat_map(|(words, _)| *words) {
            assert_eq!(language::magic(&format!("%{word} x")), None, "{word}");
            assert!(!["json", "table", "matplot"].contains(word), "{word}");
        }
    }
}
