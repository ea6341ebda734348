//! The in-shell commands, in words.

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
        does: "leave (also Ctrl-D); ends the session unless kept",
        more: "One that --keep, --reuse or --attach names stays (not with --delete): :info says which. Asks once more when a statement that was left behind still runs, and says what becomes of it.",
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
        name: "paste",
        arguments: "",
        does: "send all up to Ctrl-D as one statement",
        more: "Enter only adds lines there, so blank lines and half a block do no harm. Ctrl-C drops what was typed. SQL still goes query by query.",
    },
    Entry {
        name: "edit",
        arguments: "[N]",
        does: "write in your editor ($VISUAL, $EDITOR)",
        more: "With N, that statement of this shell. What you leave stands at the prompt, and Enter sends it. Ctrl-X Ctrl-E (in vi's command mode, v) takes what is typed to the editor.",
    },
    Entry {
        name: "run",
        arguments: "N",
        does: "run statement N of this shell again",
        more: "In the kind that it ran in, under a new number.",
    },
    Entry {
        name: "doc",
        arguments: "NAME",
        does: "signature and documentation of a name (also NAME?)",
        more: "In the language of the prompt: a variable, a function, an attribute, in SQL a function. What is longer than the screen comes in your pager. It asks the session by a statement that has no number and stands in no history, in a session of others too.",
    },
    Entry {
        name: "tables",
        arguments: "[PATTERN]",
        does: "tables and views of the current database",
        more: "PATTERN as in Spark's `show tables like`: * stands for any letters, | parts patterns. `db.*` shows those of another database. It asks the session, as :doc does.",
    },
    Entry {
        name: "describe",
        arguments: "NAME",
        does: "columns of a table, a view or a DataFrame",
        more: "A variable of the prompt's language comes before a table of that name. It asks the session, as :doc does.",
    },
    Entry {
        name: "info",
        arguments: "",
        does: "the session, its server and its limits",
        more: "",
    },
    Entry {
        name: "sessions",
        arguments: "[clean|kill ID…]",
        does: "the server's sessions; end some",
        more: "clean ends those of yours that a crash or a lost connection left behind; kill ends those that you name, by id or name.",
    },
    Entry {
        name: "statements",
        arguments: "",
        does: "the session's statements",
        more: "The newest 20, oldest first, without their results. Each is asked for by itself: a list of all of them, with large results, can harm a session.",
    },
    Entry {
        name: "logs",
        arguments: "[-f]",
        does: "the session's log, as far as the server keeps it",
        more: "On a cluster this is the launcher's log, not the driver's; :info shows where that one is. -f goes on as it grows, until Ctrl-C.",
    },
    Entry {
        name: "history",
        arguments: "[TEXT]",
        does: "earlier statements, newest last",
        more: "Up and Ctrl-R bring back what you typed, as you typed it.",
    },
    Entry {
        name: "jobs",
        arguments: "",
        does: "the statements that wait or were left running",
        more: "What you enter before the session is ready waits for it. Ctrl-C at an empty prompt takes the newest back, :edit N any, and :cancel N drops one. The answer of a statement that was left running is shown by itself, before the prompt that follows its end.",
    },
    Entry {
        name: "cancel",
        arguments: "[N]",
        does: "cancel a statement that was left running",
        more: "Also drops one that waits for the session. While a statement runs, Ctrl-C cancels it; a second Ctrl-C leaves it behind, and :cancel ends it later.",
    },
    Entry {
        name: "attach",
        arguments: "ID",
        does: "use another session of this server, by id or name",
        more: "A session of yours that you leave for it waits, and :attach brings you back; on the way out it is deleted, unless --keep or --reuse made it. One that you had attached to is let go, and stays. The session that you come to so is not deleted.",
    },
    Entry {
        name: "detach",
        arguments: "",
        does: "leave, and the session there; says when it ends",
        more: "A session that was made with a heartbeat (as without --keep) ends some minutes later, unless --attach comes back to it.",
    },
    Entry {
        name: "restart",
        arguments: "",
        does: "start a fresh session; yours until now is deleted",
        more: "Also one that --keep or --reuse made, and then the new one stays like it; one that you attached to stays, and the new one is yours. Variables and temporary views are lost; the init files of the config run again.",
    },
    Entry {
        name: "replay",
        arguments: "",
        does: "run again what a fresh session lacks",
        more: "Imports, definitions, assignments, temporary views and settings of this shell's statements that ran well, in order; where the session is gone, it starts a new one first. It asks before anything that may write, and stops at the first error.",
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
    Entry {
        name: "!",
        arguments: "COMMAND",
        does: "run a command of your own shell, here",
        more: "It has the terminal until it ends; the secrets in LIVYSH_PASSWORD and LIVYSH_TOKEN are not in its environment.",
    },
];
