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

/// Code as people write it (a case of R or SQL) with pieces put in, taken out and doubled.
fn damaged() -> impl Strategy<Value = String> {
    let lists = [include_str!("cases/r.txt"), include_str!("cases/sql.txt")];
    let bodies: Vec<String> = lists
        .iter()
        .flat_map(|list| cases::cases(list))
        .map(|(_, body)| body)
        .collect();
    let pieces: Vec<&str> = PIECES
        .split(' ')
        .chain(["begin ", "end ", "case ", "then ", " "])
        .collect();
    let change = (
        any::<prop::sample::Index>(),
        0..4_u8,
        0..12_usize,
        prop::sample::select(pieces),
    );
    let bodies = prop::collection::vec(prop::sample::select(bodies), 1..4);
    (bodies, prop::collection::vec(change, 1..5)).prop_map(|(bodies, changes)| {
        let mut chars: Vec<char> = bodies.join("\n").chars().collect();
        for (place, kind, length, piece) in changes {
            let at = place.index(chars.len() + 1);
            let end = chars.len().min(at + length);
            let new: Vec<char> = match kind {
                0 => Vec::new(),
                1 => chars[at..end].repeat(2),
                _ => piece.chars().collect(),
            };
            chars.splice(at..if kind < 3 { end } else { at }, new);
        }
        chars.into_iter().collect()
    })
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
    fn code_that_was_damaged_has_an_answer(text in damaged()) {
        for language in [Language::R, Language::Sql] {
            holds(language, &text)?;
            // Any prefix is what somebody may have typed so far.
            for (at, _) in text.char_indices() {
                let prefix = &text[..at];
                language.completeness(prefix);
                language.redent(prefix);
                let parts = language.parts(prefix);
                prop_assert!(parts.last().is_none_or(|part| part.range.end <= at));
            }
        }
    }

    /// A statement alone is the part that it was in the text, and what is sent of it is the same.
    #[test]
    fn a_part_alone_is_one_part(text in damaged()) {
        for language in [Language::R, Language::Sql] {
            for part in language.parts(&text) {
                let code = &text[part.range];
                let alone = language.parts(code);
                prop_assert_eq!(alone.len(), 1, "{:?}", code);
                prop_assert_eq!(alone[0].first_line, 0);
                prop_assert_eq!(&alone[0].range, &(0..code.len()));
            }
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
        "begin ",
        "begin;",
        "case then ",
        "l: begin not atomic end ",
        "r\"---",
        "R'(",
        "x |>\n",
        "if (a) else ",
        "x'",
        "\n",
    ] {
        read_all(&piece.repeat(20_000));
    }
}

/// What is asked of a text on a key, on Enter and when it is sent, counted.
fn steps(language: Language, text: &str) -> usize {
    scan::STEPS.with(|all| all.set(0));
    language.completeness(text);
    language.next_indent(text);
    language.redent(text);
    language.parts(text);
    language.clean(text);
    python_future_imports(text);
    scan::STEPS.with(std::cell::Cell::get)
}

/// Whether twice the text takes at most twice the steps, but for a little that does not grow.
fn grows_evenly(language: Language, once: &str) -> Result<(), TestCaseError> {
    let (small, large) = (steps(language, once), steps(language, &once.repeat(2)));
    prop_assert!(
        large <= 2 * small + small / 10 + 2_000,
        "{language:?}: {small} steps for {} bytes, {large} for twice that: {:?}",
        once.len(),
        once.chars().take(60).collect::<String>()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn twice_the_text_takes_twice_the_steps(text in weird()) {
        for language in Language::ALL {
            grows_evenly(language, &format!("{text}\n").repeat(60))?;
            grows_evenly(language, &text.repeat(60))?;
        }
    }

    #[test]
    fn twice_a_few_pieces_takes_twice_the_steps(
        pieces in prop::collection::vec(prop::sample::select(PIECES.split(' ').collect::<Vec<_>>()), 1..4)
    ) {
        for language in Language::ALL {
            grows_evenly(language, &pieces.join(" ").repeat(300))?;
            grows_evenly(language, &format!("{}\n", pieces.concat()).repeat(300))?;
        }
    }
}

proptest! {
    /// Two Enters always end an entry; this is the way out without them.
    #[test]
    fn a_text_that_waits_ends_with_what_it_waits_for(text in weird()) {
        for language in [Language::Python, Language::Scala] {
            let ended = ended(language, text.trim_end());
            prop_assert_ne!(language.completeness(&ended), Completeness::Incomplete, "{:?}", ended);
        }
    }
}

/// The text with all closed that is open, and an operand for what waits for one. Code in strings in code
/// takes a few rounds.
fn ended(language: Language, text: &str) -> String {
    let mut text = text.to_owned();
    for round in 0..400 {
        if language.completeness(&text) != Completeness::Incomplete {
            break;
        }
        let lexed = language.lex(&text);
        let open = lexed.unclosed.last().map(|open| text.as_bytes()[*open]);
        text.push_str(match (lexed.open_text, open, language) {
            (true, _, _) => ["\"\"\"", "'''", "*/", "\"", "'"][round % 5],
            (false, Some(b'('), _) => "\n)",
            (false, Some(b'['), _) => "\n]",
            (false, Some(_), _) => "\n}",
            (false, None, Language::Python) => "\nx = 1",
            (false, None, _) => ["\n= x", "\n; x", "\nwhile (x) x"][round % 3],
        });
    }
    text
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
