//! What people copy from web pages and from the windows of other shells: prompts before the code, answers between it, and
//! Python code that is indented as a whole. Nothing here touches a text that could be meant as it is.

use super::Language;

/// How a shell marks what was typed at it.
struct Prompts {
    /// The start of an entry, with its blank.
    first: fn(&str) -> Option<&str>,
    /// A further line of it.
    next: fn(&str) -> Option<&str>,
}

/// The code alone of such a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Pasted {
    /// A line that is no code is an empty one, so that lines keep their numbers.
    pub code: String,
    /// Lines with something on them that were no code.
    pub left_out: usize,
}

/// The code alone of a text that could not run as it is. None where the text is code.
pub fn pasted(language: Language, text: &str) -> Option<Pasted> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let indent = &first[..first.len() - first.trim_start_matches([' ', '\t']).len()];
    let start = &first[indent.len()..];
    let shells = prompts(language).iter();
    match shells.into_iter().find(|it| (it.first)(start).is_some()) {
        Some(shell) => Some(without_prompts(text, indent, shell)),
        None if language == Language::Python && !indent.is_empty() => Some(Pasted {
            code: dedented(text, indent)?,
            left_out: 0,
        }),
        None => None,
    }
}

fn prompts(language: Language) -> &'static [Prompts] {
    match language {
        Language::Python => &[
            Prompts {
                first: |line| after(line, ">>>"),
                // a page may have lost the blank before a tab, which is the code's
                next: |line| {
                    let rest = line.strip_prefix("...")?;
                    rest.starts_with('\t')
                        .then_some(rest)
                        .or_else(|| after(line, "..."))
                },
            },
            Prompts {
                first: |line| numbered(line, "In [", "]:"),
                next: |line| after(line.trim_start(), "...:"),
            },
        ],
        Language::Scala => &[Prompts {
            first: |line| after(line, "scala>"),
            next: |line| after(line.trim_start(), "|"),
        }],
        Language::R => &[Prompts {
            first: |line| after(line, ">"),
            next: |line| after(line, "+"),
        }],
        Language::Sql => &[
            Prompts {
                first: |line| after(line, "spark-sql>"),
                next: |line| after(line.trim_start(), ">"),
            },
            Prompts {
                first: |line| {
                    after(
                        &line[line
                            .find(")>")
                            .filter(|_| line.starts_with("spark-sql ("))?..],
                        ")>",
                    )
                },
                next: |line| after(line.trim_start(), ">"),
            },
        ],
    }
}

/// What follows a prompt and its blank.
fn after<'l>(line: &'l str, prompt: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(prompt)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix([' ', '\t'])
}

/// The same with a number in the prompt.
fn numbered<'l>(line: &'l str, before: &str, behind: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(before)?;
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (digits.len() < rest.len()).then(|| after(digits, behind))?
}

fn without_prompts(text: &str, indent: &str, shell: &Prompts) -> Pasted {
    let (mut typed, mut left_out) = (false, 0);
    let lines = text.split('\n').map(|line| {
        let line = line.strip_prefix(indent).unwrap_or(line);
        let code = (shell.first)(line);
        // an answer may look like a further line
        let code = code.or_else(|| (shell.next)(line).filter(|_| typed));
        typed = code.is_some();
        left_out += usize::from(!typed && !line.trim().is_empty());
        code.unwrap_or_default()
    });
    let code = lines.collect::<Vec<_>>().join("\n");
    Pasted { code, left_out }
}

/// The text without the indentation of its first line, where all lines have it.
fn dedented(text: &str, indent: &str) -> Option<String> {
    let lines = text
        .split('\n')
        .map(|line| match line.strip_prefix(indent) {
            Some(rest) => Some(rest),
            None => line.trim().is_empty().then_some(""),
        });
    Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(language: Language, text: &str, code: &str) {
        assert_eq!(pasted(language, text).unwrap().code, code);
        assert_eq!(code.lines().count(), text.trim_end().lines().count());
    }

    #[test]
    fn prompts_go_and_answers_are_empty_lines() {
        becomes(
            Language::Python,
            ">>> for i in range(2):\n...     print(i)\n...\n0\n1\n>>> x = 1",
            "for i in range(2):\n    print(i)\n\n\n\nx = 1",
        );
        becomes(
            Language::Python,
            "In [12]: def f(x):\n    ...:     return x\n\nIn [13]: f(1)",
            "def f(x):\n    return x\n\nf(1)",
        );
        becomes(
            Language::Scala,
            "scala> def f(x: Int) = {\n     |   x\n     | }\nf: (x: Int)Int\n\nscala> f(1)",
            "def f(x: Int) = {\n  x\n}\n\n\nf(1)",
        );
        becomes(
            Language::R,
            "> x <- c(1,\n+   2)\n> x\n[1] 1 2\n> y",
            "x <- c(1,\n  2)\nx\n\ny",
        );
        becomes(
            Language::Sql,
            "spark-sql (default)> select 1,\n                   >   2;\n1\t2\nspark-sql (default)> select 3;",
            "select 1,\n  2;\n\nselect 3;",
        );
        becomes(Language::Sql, "spark-sql> select 1;", "select 1;");
    }

    #[test]
    fn an_example_may_stand_indented_as_in_a_docstring() {
        becomes(
            Language::Python,
            "    >>> f(1)\n    1\n    >>> f(2)",
            "f(1)\n\nf(2)",
        );
    }

    #[test]
    fn an_answer_that_looks_like_a_further_line_is_none() {
        becomes(
            Language::Python,
            ">>> x\n1\n... and so on\n>>> y",
            "x\n\n\ny",
        );
        let pasted = pasted(Language::Python, ">>> x\n1\n\n... and so on\n>>> y").unwrap();
        assert_eq!(pasted.left_out, 2);
    }

    #[test]
    fn code_may_be_indented_by_a_tab_behind_its_prompt() {
        becomes(Language::Python, ">>>\tif x:\n...\ty", "if x:\n\ty");
    }

    #[test]
    fn python_that_is_indented_as_a_whole_loses_that() {
        becomes(
            Language::Python,
            "\n    x = 1\n\n    if x:\n        y = 2",
            "\nx = 1\n\nif x:\n    y = 2",
        );
        assert_eq!(pasted(Language::Python, "    x = 1\ny = 2"), None);
        assert_eq!(pasted(Language::Scala, "    val x = 1"), None);
    }

    #[test]
    fn code_stays_as_it_is() {
        for (language, text) in [
            (
                Language::Python,
                "def f():\n    \"\"\"\n    >>> f()\n    \"\"\"",
            ),
            (Language::Python, "x = 1\n>>> x"),
            (Language::Python, ">>>x"),
            (Language::Python, ""),
            (Language::Scala, "scala >= 1"),
            (Language::R, "+ 1"),
            (Language::Sql, "spark-sql (x"),
            (Language::Sql, "select 1 > 2"),
        ] {
            assert_eq!(pasted(language, text), None, "{text:?}");
        }
    }
}
