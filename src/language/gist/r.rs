//! R.
use super::{Gist, Gists, Word, assigns, names, queries};

pub(super) fn gist(words: &[Word], known: &mut Gists) -> Gist {
    if let [name, arrow, function, ..] = words
        && is_arrow(arrow.text)
        && (function.is("function") || function.is("\\"))
    {
        known.define(Some(name), |known| writes(words, known).is_some());
        return Gist::Matters;
    }
    let calls = |names: &[&str]| {
        words
            .windows(2)
            .any(|pair| pair[0].is_name() && names.contains(&pair[0].text) && pair[1].is("("))
    };
    let matters =
        assigns(words, is_arrow) || calls(names::CHANGING_R) || queries(words) == Gist::Matters;
    Gist::of(writes(words, known), matters)
}

fn is_arrow(operator: &str) -> bool {
    matches!(operator, "<-" | "<<-" | "=" | "->" | "->>")
}

fn writes(words: &[Word], known: &Gists) -> Option<String> {
    if let Gist::Writes(what) = queries(words) {
        return Some(what);
    }
    let called = |pair: &&[Word]| {
        pair[0].is_name() && pair[1].is("(") && names::WRITING_R.contains(&pair[0].text)
    };
    let call = words.windows(2).find(called);
    call.map(|call| call[0].text.to_owned())
        .or_else(|| known.writer(words))
}
