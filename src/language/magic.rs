//! The first line that picks the language of an entry, as users of notebooks type it.

use super::Language;

/// The language that the first line of an entry asks for (`%sql`, `%%pyspark`, `%spark val x = 1`), and the
/// code after the word, which is always the end of `text`.
///
/// Livy's own magics (`%json`, `%table`, `%matplot`) are code and give `None`.
pub fn magic(text: &str) -> Option<(Language, &str)> {
    let line = text.trim_start();
    let word = line.strip_prefix("%%").or_else(|| line.strip_prefix('%'))?;
    let end = word.find(char::is_whitespace).unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    // Extensions and synonyms that `Language::parse` takes, but nobody writes after a `%`.
    if matches!(name, "sc") {
        return None;
    }
    let language = Language::parse(name)?;
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    Some((language, rest.strip_prefix('\n').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_alone_or_before_code_picks_the_language() {
        let cases = [
            ("%sql\nselect 1", Language::Sql, "select 1"),
            ("%%pyspark\r\n  x\n", Language::Python, "  x\n"),
            ("\n %spark val x = 1", Language::Scala, "val x = 1"),
            ("%sparkr", Language::R, ""),
            ("%py 1", Language::Python, "1"),
            ("%python\n\n1", Language::Python, "\n1"),
            ("%%scala 1\n2", Language::Scala, "1\n2"),
            ("%R x", Language::R, "x"),
            ("%pyspark3 x", Language::Python, "x"),
        ];
        for (text, language, rest) in cases {
            assert_eq!(magic(text), Some((language, rest)), "{text:?}");
            assert!(text.ends_with(rest));
        }
    }

    #[test]
    fn what_is_livys_or_nobodys_stays_code() {
        for text in [
            "%json x",
            "%table y",
            "%matplot plt",
            "%%time",
            "%",
            "%%",
            "% sql",
            "x %in% y",
            "%sqlx",
            "",
            "%sc",
        ] {
            assert_eq!(magic(text), None, "{text:?}");
        }
    }
}
