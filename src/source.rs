//! What was typed or read, cut into the statements that are sent.
use std::io::Read;
use std::path::Path;

use crate::language::{self, Language};
use crate::livy::Kind;
use crate::report::{Report, code};
use crate::settings::Source;

/// One statement to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its kind.
    pub kind: Kind,
    /// The code as it is sent.
    pub code: String,
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
/// error is kept, which Livy would lose. `whole` sends the text as one.
pub fn pieces(text: &str, given: Kind, whole: bool) -> Vec<Piece> {
    let (kind, text) = match language::magic(text) {
        Some((language, rest)) => (kind(language), rest),
        None => (given, text),
    };
    let language = language(kind);
    let futures = if language == Language::Python {
        language::python_future_imports(text).join("\n")
    } else {
        String::new()
    };
    let parts = if whole && language != Language::Sql {
        vec![text.to_owned()]
    } else {
        let parts = language.parts(text).into_iter();
        parts.map(|part| text[part.range].to_owned()).collect()
    };
    parts
        .into_iter()
        .filter_map(|part| language.clean(&part).map(std::borrow::Cow::into_owned))
        .map(|code| {
            // a future import rules the statements after it, wherever they are sent
            let missing = !futures.is_empty() && !code.contains("__future__") && !whole;
            let code = if missing {
                format!("{futures}\n{code}")
            } else {
                code
            };
            Piece { kind, code }
        })
        .collect()
}

/// Reads a source whole, before anything is started for it.
pub fn read(source: &Source, asked: Option<Kind>, default: Kind) -> Result<Text, Report> {
    match source {
        Source::Code(code) => Ok(Text {
            name: "-e".to_owned(),
            kind: asked.unwrap_or(default),
            text: code.clone(),
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
        assert_eq!(
            all,
            [Piece {
                kind: Kind::Sql,
                code: "select 1".to_owned()
            }]
        );
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
