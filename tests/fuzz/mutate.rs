//! Deterministic damage: bytes, words of the format, and JSON values put where others stood.
use serde_json::{Map, Value, json};

/// What a mutation knows of its format.
pub struct Words(pub &'static [&'static str]);

/// Signs that have broken readers of every format.
const SIGNS: &[&str] = &[
    "\0",
    "\u{1b}]0;x\u{7}",
    "\u{1b}[2J",
    "\u{9b}2J",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{e0041}",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "\u{8}",
    "é",
    "日",
    "e\u{301}",
    "\u{1f469}\u{200d}\u{1f469}",
    "\"",
    "'",
    "\\",
    "`",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    "=",
    ":",
    ",",
    ";",
    "%",
    "$",
    "-1",
    "0",
    "1e999",
    "-9223372036854775809",
    "18446744073709551616",
    "NaN",
    "\u{10ffff}",
    "\\ud83d",
    "\\u0000",
];

/// One damaged form of the seeds. Not longer than `most` bytes.
pub fn damaged(
    seeds: &[Vec<u8>],
    words: &Words,
    most: usize,
    random: &mut fastrand::Rng,
) -> Vec<u8> {
    let mut bytes = pick(seeds, random).clone();
    if random.u8(..4) == 0
        && let Ok(mut value) = serde_json::from_slice::<Value>(&bytes)
    {
        for _ in 0..=random.usize(..3) {
            replace(&mut value, random);
        }
        bytes = value.to_string().into_bytes();
    }
    if bytes.len() > 700 && random.bool() {
        let start = random.usize(..bytes.len());
        let end = (start + random.usize(1..700)).min(bytes.len());
        bytes = bytes[start..end].to_vec();
    }
    for _ in 0..random.usize(..8) {
        once(&mut bytes, seeds, words, random);
    }
    bytes.truncate(most);
    bytes
}

fn pick<'a, T>(all: &'a [T], random: &mut fastrand::Rng) -> &'a T {
    &all[random.usize(..all.len())]
}

fn once(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &Words, random: &mut fastrand::Rng) {
    let at = random.usize(..=bytes.len());
    let end = (at + random.usize(..20)).min(bytes.len());
    match random.u8(..9) {
        0 => drop(bytes.drain(at..end)),
        1 if at < bytes.len() => bytes[at] = random.u8(..),
        2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
        3 => insert(bytes, at, pick(SIGNS, random).as_bytes()),
        4 if !words.0.is_empty() => insert(bytes, at, pick(words.0, random).as_bytes()),
        5 => {
            let piece = bytes[at..end].to_vec();
            let to = random.usize(..=bytes.len());
            insert(bytes, to, &piece);
        }
        6 => {
            let piece = bytes[at..end].repeat(random.usize(1..60));
            insert(bytes, at, &piece);
        }
        7 => {
            let other = pick(seeds, random);
            let from = random.usize(..=other.len());
            let to = (from + random.usize(..200)).min(other.len());
            insert(bytes, at, &other[from..to]);
        }
        _ => bytes.truncate(at),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Puts another value in the place of one somewhere inside.
fn replace(value: &mut Value, random: &mut fastrand::Rng) {
    let inside = random.u8(..5) != 0;
    match value {
        Value::Array(items) if inside && !items.is_empty() => {
            let at = random.usize(..items.len());
            replace(&mut items[at], random);
        }
        Value::Object(map) if inside && !map.is_empty() => {
            let at = random.usize(..map.len());
            if let Some((_, inner)) = map.iter_mut().nth(at) {
                replace(inner, random);
            }
        }
        _ => *value = odd(value.take(), random),
    }
}

/// A value that does not belong there, or the one that does in a place where it does not.
fn odd(old: Value, random: &mut fastrand::Rng) -> Value {
    match random.u8(..14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1.5e300),
        4 => json!(u64::MAX),
        5 => json!(""),
        6 => json!(SIGNS.concat()),
        7 => json!([old]),
        8 => json!({"a": old}),
        9 => json!([]),
        10 => json!({}),
        11 => (0..random.usize(1..200)).fold(old, |inner, _| json!([inner])),
        12 => Value::Object(
            (0..random.usize(1..40))
                .map(|n| (SIGNS[n % SIGNS.len()].to_owned(), old.clone()))
                .collect::<Map<_, _>>(),
        ),
        _ => Value::Array(vec![old; random.usize(1..60)]),
    }
}
