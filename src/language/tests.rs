//! What holds for every language and any text.

use proptest::prelude::*;

use super::*;

/// What the lexers treat specially, divided by spaces.
const PIECES: &str = "\" ' ` \"\"\" ''' f\" s\"\"\" r\"--( )--\" r' ${ $x $ { } ( ) [ ] {{ \\ \\\n \r\n \n \n\n \t # // /* */ -- % %json \
    %in% %sql @a : ; . ... = => <- -> |> + 1e- 0x .5 if else elif def class object A do while case match type \
    function select x é 日 e\u{301} \u{0} \u{feff} \u{2028} 👩\u{200d}👩 'a' '\\u00 \\N{ !r unary_- extends yield";

/// Those in orders that nobody writes, with and without a space between.
fn weird() -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = PIECES
        .split(' ')
        .filter(|piece| !piece.is_empty())
        .collect();
    let spaced = (
        prop::sample::select(pieces),
        prop::sample::select(vec!["", "", " ", "    "]),
    );
    let spaced = spaced.prop_map(|(piece, space)| format!("{piece}{space}"));
    prop::collection::vec(spaced, 0..60).prop_map(|pieces| pieces.concat())
}

fn holds(language: Language, text: &str) -> Result<(), TestCaseError> {
    let lexed = language.lex(text);
    let mut at = 0;
    for token in &lexed.tokens {
        prop_assert_eq!(token.range.start, at, "a gap or an overlap");
        prop_assert!(token.range.end > at && text.is_char_boundary(token.range.end));
        at = token.range.end;
    }
    prop_assert_eq!(at, text.len());
    for &(open, close) in &lexed.pairs {
        prop_assert!(open < close);
        prop_assert_eq!(lexed.partner(open), Some(close));
        prop_assert_eq!(lexed.partner(close), Some(open));
    }
    let mut end = 0;
    for part in language.parts(text) {
        prop_assert!(part.range.start >= end && part.range.end > part.range.start);
        end = part.range.end;
        let code = text.get(part.range);
        prop_assert!(
            code.is_some_and(|code| language.clean(code).is_some()),
            "nothing to run in {:?}",
            code
        );
    }
    prop_assert!(end <= text.len());
    let enter = format!("{text}\n");
    prop_assert_eq!(language.completeness(&enter), Completeness::Complete);
    language.completeness(text);
    prop_assert!(
        language
            .next_indent(text)
            .chars()
            .all(|c| c == ' ' || c == '\t')
    );
    language.redent(text);
    magic(text);
    scala_join(text);
    python_future_imports(text);
    Ok(())
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        for language in Language::ALL {
            holds(language, &text)?;
        }
    }

    #[test]
    fn any_order_of_special_pieces_has_an_answer(text in weird()) {
        for language in Language::ALL {
            holds(language, &text)?;
        }
    }

    #[test]
    fn joining_twice_changes_nothing_more(text in weird()) {
        let once = scala_join(&text).into_owned();
        if !Language::Scala.lex(&text).wrong {
            prop_assert_eq!(scala_join(&once).into_owned(), once.clone());
        }
    }
}

/// Anything quadratic would take minutes here, anything recursive the stack.
fn read_all(text: &str) {
    for language in Language::ALL {
        language.completeness(text);
        language.next_indent(text);
        language.redent(text);
        let parts = language.parts(text);
        assert!(parts.last().is_none_or(|part| part.range.end <= text.len()));
        scala_join(text);
        python_future_imports(text);
    }
}

#[test]
fn a_hundred_thousand_brackets_are_no_deeper_than_one() {
    for bracket in ["(", "{", ")", "f\"{"] {
        read_all(&bracket.repeat(100_000));
    }
    let nested = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
    for language in Language::ALL {
        assert_eq!(language.bracket_partner(&nested, 0), Some(199_999));
    }
}

#[test]
fn long_texts_are_read_in_one_pass() {
    let starts = "if ( s\"${ @a def class object %json */ do else: + x ''' 'a % a% /* -- select; r\"- \"\"\" f'{x: ` $ # .a f\"{x:{";
    for piece in starts.split(' ') {
        for end in ["", " ", "\n", " \n "] {
            read_all(&format!("{piece}{end}").repeat(3_000));
        }
    }
    for piece in [
        "\\\n",
        "--\\\n",
        "class A\nobject A\n",
        "def f: Int\n",
        "if x:\n",
        "%json x\n",
        "\n",
    ] {
        read_all(&piece.repeat(20_000));
    }
}

#[test]
fn a_bracket_finds_its_partner_and_not_one_in_a_string() {
    let text = "f(g(')'), [1])";
    assert_eq!(Language::Python.bracket_partner(text, 1), Some(13));
    assert_eq!(Language::Python.bracket_partner(text, 7), Some(3));
    assert_eq!(Language::Python.bracket_partner(text, 5), None);
    assert_eq!(
        Language::Scala.bracket_partner("s\"${ f(x) }\"", 3),
        Some(10)
    );
}

#[test]
fn languages_are_found_by_the_names_that_people_use() {
    let known = [
        ("PySpark", Language::Python),
        ("scala", Language::Scala),
        ("R", Language::R),
        ("sql", Language::Sql),
    ];
    for (word, language) in known {
        assert_eq!(Language::parse(word), Some(language));
        assert_eq!(Language::parse(language.name()), Some(language));
    }
    assert_eq!(Language::parse("shared"), None);
    assert_eq!(Language::from_extension("sc"), Some(Language::Scala));
    assert_eq!(Language::from_extension("R"), Some(Language::R));
    assert_eq!(Language::from_extension("txt"), None);
}

#[test]
fn future_imports_are_found_wherever_they_stand() {
    let import = "from __future__ import (annotations,\n  division)";
    let text = format!("\"\"\"Doc.\"\"\"\n{import}\nx = 'from __future__ import y'\n");
    assert_eq!(python_future_imports(&text), [import]);
}

/// A text, one of its words, and the class of that.
const CLASSES: &[(Language, &str, &str, Class)] = &[
    (
        Language::Python,
        "def f(x): return None",
        "def",
        Class::Keyword,
    ),
    (
        Language::Python,
        "def f(x): return None",
        "f",
        Class::Definition,
    ),
    (
        Language::Python,
        "def f(x): return None",
        "None",
        Class::Constant,
    ),
    (Language::Python, "match x:", "match", Class::Keyword),
    (Language::Python, "match = 1", "match", Class::Name),
    (Language::Python, "df.filter(x)", "filter", Class::Name),
    (Language::Python, "f\"a{x}\"", "x", Class::Name),
    (
        Language::Python,
        "@cache\ndef f(): 1",
        "@cache",
        Class::Annotation,
    ),
    (Language::Python, "%json x", "%json x", Class::Magic),
    (
        Language::Scala,
        "case class A(x: Int)",
        "A",
        Class::Definition,
    ),
    (Language::Scala, "s\"a $x\"", "x", Class::Name),
    (Language::Scala, "'a'", "'a'", Class::String),
    (Language::R, "x %in% y", "%in%", Class::Operator),
    (Language::R, "`a b` <- TRUE", "`a b`", Class::Name),
    (
        Language::Sql,
        "SELECT count(*) FROM t",
        "FROM",
        Class::Keyword,
    ),
    (
        Language::Sql,
        "SELECT count(*) FROM t",
        "count",
        Class::Builtin,
    ),
    (
        Language::Sql,
        "select /*+ coalesce(1) */ a",
        "/*+ coalesce(1) */",
        Class::Annotation,
    ),
];

#[test]
fn words_have_the_classes_that_colours_need() {
    for &(language, text, word, class) in CLASSES {
        let token = language
            .tokens(text)
            .into_iter()
            .find(|token| &text[token.range.clone()] == word);
        assert_eq!(
            token.map(|token| token.class),
            Some(class),
            "{word} in {text}"
        );
    }
}

#[test]
fn nothing_to_run_is_not_sent() {
    let empty = [
        (Language::Python, "# x\n"),
        (Language::Scala, "/* x */ // y"),
        (Language::R, " \n"),
        (Language::Sql, "-- x\n;"),
    ];
    for (language, text) in empty {
        assert_eq!(language.clean(text), None, "{text}");
        assert!(language.parts(text).is_empty(), "{text}");
    }
    let sent = Language::Python.clean("if x:\n    y\n\n");
    assert_eq!(sent.as_deref(), Some("if x:\n    y"));
}
