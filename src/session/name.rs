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
    let random = fastrand::u64(..) & 0xffff_ffff_ffff;
    if user.is_empty() {
        format!("livysh-{random:012x}")
    } else {
        format!("livysh-{user}-{random:012x}")
    }
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
    }
}
