//! SQL.
use super::{Gist, words};
use crate::language::{Class, Language};

/// Words that a statement begins with which only reads.
const READING: &[&str] = &[
    "select", "values", "show", "describe", "desc", "explain", "from", "table", "list", "with",
    "refresh", "map", "reduce",
];
/// Those of a statement that changes the session only.
const CHANGING: &[&str] = &[
    "set", "reset", "use", "add", "cache", "uncache", "clear", "declare",
];

/// What one statement leaves behind.
pub fn gist(text: &str) -> Gist {
    let words = words(Language::Sql, text);
    let all: Vec<String> = words
        .iter()
        .filter(|word| !matches!(word.class, Class::Bracket | Class::Annotation))
        .map(|word| word.text.to_ascii_lowercase())
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let Some(&first) = all.first() else {
        return Gist::Shows;
    };
    let second = all.get(1).copied().unwrap_or("");
    let writes = || Gist::Writes(format!("{first} {second}").trim().to_ascii_uppercase());
    match first {
        "explain" => Gist::Shows,
        "create" => {
            let modifiers = ["or", "replace", "global"];
            let rest = all.iter().skip(1).find(|word| !modifiers.contains(word));
            if rest.is_some_and(|word| matches!(*word, "temporary" | "temp")) {
                Gist::Matters
            } else {
                writes()
            }
        }
        "drop" if second == "temporary" => Gist::Matters,
        _ if CHANGING.contains(&first) => Gist::Matters,
        _ if READING.contains(&first) => {
            // `WITH … INSERT INTO`, `FROM t INSERT INTO`
            let inner = matches!(first, "with" | "from" | "map" | "reduce");
            let writer = inner.then(|| {
                let words = words.iter().filter(|word| word.class != Class::String);
                let mut lower = words.map(|word| word.text.to_ascii_lowercase());
                lower.find(|word| matches!(word.as_str(), "insert" | "merge" | "delete" | "update"))
            });
            match writer.flatten() {
                Some(word) => Gist::Writes(word.to_ascii_uppercase()),
                None => Gist::Shows,
            }
        }
        _ => writes(),
    }
}
