//! Names for the sessions that we make.

/// A name that no other session has: `livysh-<user>-<12 random hex digits>`.
///
/// It begins with a letter and is no number, as servers demand; the random part keeps a reused id
/// from being mistaken for ours, and finds a session again whose creation was answered by nobody.
pub fn unique_name(user: &str) -> String {
    let user: String = user
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(32)
        .collect();
    if user.is_empty() {
        unique_name_of("livysh")
    } else {
        unique_name_of(&format!("livysh-{user}"))
    }
}

/// A name that no other session has, and that begins with a word of the user's.
pub fn unique_name_of(word: &str) -> String {
    let random = fastrand::u64(..) & 0xffff_ffff_ffff;
    format!("{word}-{random:012x}")
}

/// Does the name have such a random part? Then nobody else's session has it.
pub fn is_unique_name(name: &str) -> bool {
    word_of(name).is_some()
}

/// Is it such a name that begins with this word?
pub fn is_unique_name_of(name: &str, word: &str) -> bool {
    word_of(name) == Some(word)
}

/// What stands before the random part of a name that has one.
fn word_of(name: &str) -> Option<&str> {
    let (word, random) = name.rsplit_once('-')?;
    let hex = |c| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    (random.len() == 12 && random.bytes().all(hex)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_keep_only_what_every_server_takes() {
        let first = unique_name("Anne Ö/..\\x");
        assert!(first.starts_with("livysh-Annex-"), "{first}");
        assert_ne!(first, unique_name("Anne Ö/..\\x"));
        assert!(unique_name("").starts_with("livysh-"));
        assert!(is_unique_name(&unique_name("")) && is_unique_name(&unique_name_of("mine")));
        assert!(!is_unique_name("mine") && !is_unique_name("mine-2026"));
        assert!(is_unique_name_of(&unique_name_of("mine"), "mine"));
        assert!(!is_unique_name_of(&unique_name_of("mine-too"), "mine"));
    }
}
