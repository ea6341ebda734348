//! Python.
use super::{Gist, Gists, Word, assigns, changes_session, is_assignment, writes};
use crate::language::Class;

const BLOCKS: &[&str] = &[
    "async", "class", "def", "for", "if", "match", "try", "while", "with",
];

/// Livy's magics that show a value; all others may do anything.
const SHOWING_MAGICS: &[&str] = &["%json", "%table", "%matplot"];

/// Does it have lines of its own, so that a `;` in it ends nothing?
pub(super) fn is_block(words: &[Word]) -> bool {
    let head = undecorated(words).first();
    head.is_some_and(|head| head.class == Class::Keyword && BLOCKS.contains(&head.text))
        || words.len() > undecorated(words).len()
}

fn undecorated<'a, 'b>(words: &'b [Word<'a>]) -> &'b [Word<'a>] {
    let Some(Class::Annotation) = words.first().map(|word| word.class) else {
        return words;
    };
    let definition = words.iter().position(|word| {
        word.class == Class::Keyword && matches!(word.text, "def" | "class" | "async")
    });
    &words[definition.unwrap_or(0)..]
}

pub(super) fn gist(words: &[Word], known: &mut Gists) -> Gist {
    let code = undecorated(words);
    let Some(head) = code.first() else {
        return Gist::Shows;
    };
    match (head.class, head.text) {
        (Class::Magic, magic) => {
            let word = magic.split_whitespace().next().unwrap_or(magic);
            let shows = SHOWING_MAGICS.contains(&word);
            return Gist::of((!shows).then(|| word.to_owned()), false);
        }
        (Class::Keyword, "import" | "from" | "del" | "global") => return Gist::Matters,
        (Class::Keyword, "async" | "def" | "class")
            if code
                .iter()
                .take(2)
                .any(|word| matches!(word.text, "def" | "class")) =>
        {
            let name = code.iter().find(|word| word.class == Class::Definition);
            known.define(name.or_else(|| code.get(1)), |known| {
                writes(code, known).is_some()
            });
            return Gist::Matters;
        }
        _ => {}
    }
    let block = head.class == Class::Keyword && BLOCKS.contains(&head.text);
    let imports = block && code.iter().any(|word| word.is("import") || word.is("def"));
    let matters = imports || assigns(code, is_assignment) || changes_session(code);
    Gist::of(writes(code, known), matters)
}
