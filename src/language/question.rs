//! A line that asks what a name is: `df.select?`.

/// The name that a line asks for, as users of notebooks do: `NAME?`, also with two question marks. In none of the
/// four languages is it code.
pub fn question(code: &str) -> Option<&str> {
    let name = code.trim().strip_suffix('?')?;
    let name = name.strip_suffix('?').unwrap_or(name);
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let belongs = |c: char| c.is_alphanumeric() || "_.:$".contains(c);
    // Scala has names such as `isOpen_?`
    let ends = name.ends_with(|c: char| c.is_alphanumeric());
    (begins && ends && name.chars().all(belongs)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_question_mark_is_a_question_and_nothing_longer_is() {
        for (line, name) in [
            ("df.select?", "df.select"),
            (" len?? ", "len"),
            ("stats::sd?", "stats::sd"),
            ("größe?", "größe"),
        ] {
            assert_eq!(question(line), Some(name), "{line}");
        }
        for line in [
            "?", "??", "x", "x???", "a b?", "f()?", "isOpen_?", "1?", "x ?", "a\nb?", ".x?", "x.?",
            "",
        ] {
            assert_eq!(question(line), None, "{line}");
        }
    }
}
