//! How a stream wants its text.

/// What one output stream can show. Results and notes go to two streams, so there are two of
/// these: only one of them may be a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// May ANSI colours be written?
    pub color: bool,
    /// Columns of the terminal; without it, tables are as wide as their content.
    pub width: Option<usize>,
    /// May borders and ellipses be other than ASCII?
    pub unicode: bool,
    /// How many rows of a table are shown.
    pub max_rows: Option<usize>,
    /// Is it a terminal? Then foreign control characters are made visible.
    pub terminal: bool,
    /// Show each row as a block of `name | value` lines, however narrow the table is.
    pub expanded: bool,
    /// Show what is left out by default: SQL's Java frames, a dead interpreter's whole log.
    pub full_errors: bool,
}

impl Default for Style {
    /// For a pipe or a file: everything, as it came.
    fn default() -> Self {
        Self {
            color: false,
            width: None,
            unicode: true,
            max_rows: None,
            terminal: false,
            expanded: false,
            full_errors: false,
        }
    }
}

/// What a piece of text means; the colours follow the user's terminal theme.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Error,
    Header,
    Null,
    Note,
}

impl Style {
    /// What to write before and after a text of that meaning; both empty without colour.
    pub(super) fn ink(&self, ink: Ink) -> (&'static str, &'static str) {
        if !self.color {
            return ("", "");
        }
        let before = match ink {
            Ink::Error => "\x1b[1;31m",
            Ink::Header => "\x1b[1m",
            Ink::Null => "\x1b[2m",
            Ink::Note => "\x1b[33m",
        };
        (before, "\x1b[0m")
    }
}
