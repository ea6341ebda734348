//! What was typed or read, cut into the statements that are sent.
mod lines;
mod vars;

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::language::{self, Language};
use crate::livy::Kind;
use crate::report::{Report, code};
use crate::settings::Source;

pub use lines::Lines;
pub use vars::{Vars, filled};

/// One statement to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its kind.
    pub kind: Kind,
    /// The code as it is sent.
    pub code: String,
    /// Where it stands in its text.
    pub place: Place,
}

/// Where a statement stands in the text that it is a part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file; none for what was typed.
    pub file: Option<Arc<str>>,
    /// The line of the text that it begins in, 0-based.
    pub first_line: usize,
    /// Lines that were put before it (future imports).
    pub added: usize,
    /// Which part of the text it is, from 1, and of how many.
    pub part: (usize, usize),
}

impl Place {
    /// The line of the text that a line of the sent code is, both from 1; none for one that was added.
    pub fn line(&self, sent: usize) -> Option<usize> {
        (sent > self.added).then(|| sent - self.added + self.first_line)
    }
}

/// Behind the words for a statement: ` (etl.py, line 7)`, nothing for what was typed.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, " ({file}, line {})", self.first_line + 1),
            None => Ok(()),
        }
    }
}

/// A text and the language that it is read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What people call it in messages.
    pub name: String,
    /// Its kind, unless its first line says another.
    pub kind: Kind,
    /// The text.
    pub text: String,
    /// Is it a file's?
    pub is_file: bool,
}

impl Text {
    /// Its statements, as [`pieces`].
    pub fn pieces(&self, whole: bool) -> Vec<Piece> {
        let mut pieces = pieces(&self.text, self.kind, whole);
        if self.is_file {
            let file: Arc<str> = self.name.as_str().into();
            for piece in &mut pieces {
                piece.place.file = Some(Arc::clone(&file));
            }
        }
        pieces
    }
}

/// The language of a kind.
pub const fn language(kind: Kind) -> Language {
    match kind {
        Kind::Spark => Language::Scala,
        Kind::Pyspark => Language::Python,
        Kind::Sparkr => Language::R,
        Kind::Sql => Language::Sql,
    }
}

/// The kind of a language.
pub const fn kind(language: Language) -> Kind {
    match language {
        Language::Scala => Kind::Spark,
        Language::Python => Kind::Pyspark,
        Language::R => Kind::Sparkr,
        Language::Sql => Kind::Sql,
    }
}

/// The statements of a text, in order. A first line such as `%sql` gives the kind of the rest.
///
/// Sent one by one, the output of each is there as soon as it ends, and what was printed before an
/// error is kept, which Livy would lose. `whole` sends the text as one, but for SQL: Spark's parser
/// takes one query and no more.
pub fn pieces(text: &str, given: Kind, whole: bool) -> Vec<Piece> {
    let (kind, code) = kind_of(text, given);
    cut(kind, code, lines_above(text, code), whole)
}

/// The same of what was entered at a prompt, where people paste what they copied from other shells' windows and from
/// pages: without its prompts and its indentation. And how many lines were left out as no code.
pub fn entered(text: &str, given: Kind, whole: bool) -> (Vec<Piece>, usize) {
    let (kind, code) = kind_of(text, given);
    let above = lines_above(text, code);
    match language::pasted(language(kind), code) {
        Some(pasted) => (cut(kind, &pasted.code, above, whole), pasted.left_out),
        None => (cut(kind, code, above, whole), 0),
    }
}

fn kind_of(text: &str, given: Kind) -> (Kind, &str) {
    match language::magic(text) {
        Some((language, rest)) => (kind(language), rest),
        None => (given, text),
    }
}

fn lines_above(text: &str, code: &str) -> usize {
    text[..text.len() - code.len()].matches('\n').count()
}

fn cut(kind: Kind, code: &str, lines_above: usize, whole: bool) -> Vec<Piece> {
    let language = language(kind);
    let futures = if language == Language::Python && !whole {
        // once each: they go with every other statement
        let mut imports = language::python_future_imports(code);
        imports.sort_unstable();
        imports.dedup();
        imports.join("\n")
    } else {
        String::new()
    };
    let parts: Vec<(usize, &str)> = if whole && language != Language::Sql {
        vec![(0, code)]
    } else {
        let parts = language.parts(code).into_iter();
        parts
            .map(|part| (part.first_line, &code[part.range]))
            .collect()
    };
    let mut pieces: Vec<Piece> = parts
        .into_iter()
        .filter_map(|(line, part)| Some((line, language.clean(part)?.into_owned())))
        .map(|(line, code)| {
            let mut place = Place {
                first_line: lines_above + line,
                ..Place::default()
            };
            // a future import rules the statements after it, wherever they are sent
            let missing = !futures.is_empty() && !code.contains("__future__");
            let code = if missing {
                place.added = futures.lines().count();
                format!("{futures}\n{code}")
            } else {
                code
            };
            Piece { kind, code, place }
        })
        .collect();
    let count = pieces.len();
    for (at, piece) in pieces.iter_mut().enumerate() {
        piece.place.part = (at + 1, count);
    }
    pieces
}

/// Reads a source whole, before anything is started for it.
pub fn read(source: &Source, asked: Option<Kind>, default: Kind) -> Result<Text, Report> {
    match source {
        Source::Code(code) => Ok(Text {
            name: "-e".to_owned(),
            kind: asked.unwrap_or(default),
            text: code.clone(),
            is_file: false,
        }),
        Source::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| {
                    Report::new(
                        code::USAGE,
                        format!("standard input cannot be read: {error}"),
                    )
                })?;
            Ok(Text {
                name: "standard input".to_owned(),
                kind: asked.unwrap_or(default),
                text: as_text(bytes, "standard input")?,
                is_file: false,
            })
        }
        Source::File(path) => read_file(path, asked, default),
    }
}

/// Reads a file; its language is the one asked for, else its extension's.
pub fn read_file(path: &Path, asked: Option<Kind>, default: Kind) -> Result<Text, Report> {
    let name = path.display().to_string();
    let extension = path.extension().and_then(|it| it.to_str());
    if extension.is_some_and(|it| it.eq_ignore_ascii_case("ipynb")) {
        return Err(Report::new(
            code::USAGE,
            format!("{name} is a notebook, which livysh cannot run yet"),
        )
        .advise("save it as a script: jupyter nbconvert --to script"));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let report = Report::new(code::USAGE, format!("{name} cannot be read: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => report.advise("check the name"),
            _ => report,
        }
    })?;
    let by_extension = extension.and_then(Language::from_extension).map(kind);
    Ok(Text {
        text: as_text(bytes, &name)?,
        kind: asked.or(by_extension).unwrap_or(default),
        name,
        is_file: true,
    })
}

/// Code is UTF-8 without NUL; a byte order mark and Windows' line ends are taken off.
fn as_text(bytes: Vec<u8>, name: &str) -> Result<String, Report> {
    let binary = || {
        Report::new(
            code::USAGE,
            format!("{name} is no text: it is not UTF-8, or holds NUL bytes"),
        )
        .advise("give a file of source code, saved as UTF-8")
    };
    let text = String::from_utf8(bytes).map_err(|_| binary())?;
    if text.contains('\0') {
        return Err(binary());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str, kind: Kind) -> Vec<String> {
        pieces(text, kind, false)
            .into_iter()
            .map(|piece| piece.code)
            .collect()
    }

    #[test]
    fn a_python_text_is_sent_statement_by_statement() {
        assert_eq!(
            codes(
                "x = 20\nfor i in range(3):\n    x += i\n\nx\n",
                Kind::Pyspark
            ),
            ["x = 20", "for i in range(3):\n    x += i", "x"]
        );
    }

    #[test]
    fn sql_is_split_at_its_semicolons_and_blank_queries_go() {
        assert_eq!(
            codes("select 1; -- a\n;select ';' ;", Kind::Sql),
            ["select 1", "select ';'"]
        );
    }

    #[test]
    fn a_first_line_names_the_kind_of_the_rest() {
        let all = pieces("%sql\nselect 1", Kind::Pyspark, false);
        assert_eq!((all.len(), all[0].kind), (1, Kind::Sql));
        assert_eq!(all[0].code, "select 1");
        // the line of the text, not of the query
        assert_eq!(all[0].place.first_line, 1);
    }

    #[test]
    fn a_part_knows_its_lines_and_which_part_it_is() {
        let text =
            "# a job\nfrom __future__ import annotations\n\nx = 1\n\n# two\ndef f():\n    y\n";
        let all = pieces(text, Kind::Pyspark, false);
        let parts: Vec<_> = all.iter().map(|piece| piece.place.part).collect();
        assert_eq!(parts, [(1, 3), (2, 3), (3, 3)]);
        assert_eq!(all[2].code.lines().nth(3), Some("    y"));
        assert_eq!(all[2].place.line(4), Some(8));
        // the future import that was put before it
        assert_eq!(all[2].place.line(1), None);
        assert_eq!(all[1].place.line(2), Some(4));
    }

    #[test]
    fn a_future_import_goes_with_every_part_and_with_no_whole_file_twice() {
        let text = "from __future__ import annotations\nx = 1\n";
        assert_eq!(
            codes(text, Kind::Pyspark)[1],
            "from __future__ import annotations\nx = 1"
        );
        assert_eq!(pieces(text, Kind::Pyspark, true)[0].code, text.trim_end());
        // however often it stands there
        let last = codes(&text.repeat(3), Kind::Pyspark).pop().unwrap();
        assert_eq!(last, "from __future__ import annotations\nx = 1");
    }

    #[test]
    fn only_what_was_entered_may_be_a_copy_of_a_window() {
        let window = ">>> x = 1\n>>> x\n1";
        let (pieces, left_out) = entered(window, Kind::Pyspark, false);
        let codes_of: Vec<_> = pieces.iter().map(|it| it.code.as_str()).collect();
        assert_eq!((codes_of.as_slice(), left_out), (&["x = 1", "x"][..], 1));
        assert_eq!(codes(window, Kind::Pyspark).join("\n"), window);
        let (pieces, left_out) = entered("%sql\nspark-sql> select 1;", Kind::Pyspark, false);
        assert_eq!((pieces[0].code.as_str(), left_out), ("select 1", 0));
        assert_eq!(pieces[0].place.first_line, 1);
    }

    #[test]
    fn a_files_parts_say_where_they_stand() {
        let text = Text {
            name: "a.py".to_owned(),
            kind: Kind::Pyspark,
            text: "x\ny\n".to_owned(),
            is_file: true,
        };
        assert_eq!(text.pieces(false)[1].place.to_string(), " (a.py, line 2)");
        assert_eq!(pieces("x", Kind::Pyspark, false)[0].place.to_string(), "");
    }

    #[test]
    fn a_whole_file_is_one_statement() {
        assert_eq!(pieces("x = 1\nx", Kind::Pyspark, true).len(), 1);
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.py");
        std::fs::write(&path, [0xff, 0xfe, 0]).unwrap();
        let report = read_file(&path, None, Kind::Pyspark).unwrap_err();
        assert_eq!(report.code, code::USAGE);
        assert!(report.what.contains("a.py is no text"), "{report}");
    }

    #[test]
    fn a_files_language_is_the_one_asked_for_then_its_extensions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sql");
        std::fs::write(&path, "\u{feff}select 1\r\n").unwrap();
        let text = read_file(&path, None, Kind::Pyspark).unwrap();
        assert_eq!((text.kind, text.text.as_str()), (Kind::Sql, "select 1\n"));
        let asked = read_file(&path, Some(Kind::Spark), Kind::Pyspark).unwrap();
        assert_eq!(asked.kind, Kind::Spark);
    }
}
