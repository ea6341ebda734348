//! Scala.
use super::{Gist, Gists, Word, assigns, changes_session, is_assignment, names, writes};
use crate::language::Class;
use crate::language::scala::MODIFIERS;

pub(super) fn gist(words: &[Word], known: &mut Gists) -> Gist {
    let code = undecorated(words);
    let Some(head) = code.first() else {
        return Gist::Shows;
    };
    match (head.class, head.text) {
        (Class::Magic, _) => return Gist::Shows,
        (Class::Keyword, "import" | "package") => return Gist::Matters,
        (Class::Keyword, "def" | "class" | "trait" | "object" | "type") => {
            known.define(code.get(1), |known| {
                writes(code, known).is_some() || runs_programs(code)
            });
            return Gist::Matters;
        }
        _ => {}
    }
    let names_value = head.class == Class::Keyword && matches!(head.text, "val" | "var");
    let matters = names_value || assigns(code, is_assignment) || changes_session(code);
    let writes = writes(code, known)
        .or_else(|| runs_programs(code).then(|| "a program that it runs".to_owned()));
    Gist::of(writes, matters)
}

/// `"ls".!` and `"ls" !`, of `scala.sys.process`.
fn runs_programs(words: &[Word]) -> bool {
    words.windows(2).any(|pair| {
        let called = pair[0].is(".") || pair[0].class == Class::String;
        called && pair[1].class == Class::Operator && names::WRITING_MEMBERS.contains(&pair[1].text)
    })
}

fn undecorated<'a, 'b>(words: &'b [Word<'a>]) -> &'b [Word<'a>] {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.class {
            Class::Annotation => at += 1,
            Class::Bracket if at > 0 && words[at - 1].class == Class::Annotation => {
                let end = words[at + 1..].iter().position(|it| it.depth == word.depth);
                at += end.map_or(1, |end| end + 2);
            }
            Class::Keyword if MODIFIERS.contains(&word.text) || word.text == "case" => at += 1,
            // `private[this]`
            Class::Bracket if at > 0 && word.is("[") => at += 3,
            _ => break,
        }
    }
    words.get(at..).unwrap_or(words)
}
