//! What a hidden statement printed: one line of JSON behind a mark that nothing else prints.
use serde::de::DeserializeOwned;

use crate::editor::Offer;
use crate::livy::Outcome;

/// A longer text is no list of names for a menu.
const LONGEST: usize = 256 * 1024;
/// More names than this are no help.
pub(super) const MOST: usize = 500;

/// A mark for one question.
pub(in crate::shell) fn mark() -> String {
    format!("livysh-{:016x} ", fastrand::u64(..))
}

/// What stands behind the mark in the first line that begins with it.
pub(in crate::shell) fn read<T: DeserializeOwned>(outcome: &Outcome, mark: &str) -> Option<T> {
    serde_json::from_str(lines(outcome, mark).next()?).ok()
}

/// What stands behind the mark, of each line that begins with it.
pub(in crate::shell) fn lines<'a>(
    outcome: &'a Outcome,
    mark: &'a str,
) -> impl Iterator<Item = &'a str> {
    let lines = outcome.text.as_deref().unwrap_or_default().lines();
    lines.filter_map(move |line| line.strip_prefix(mark))
}

/// The names of the answer, each with what it is; none where it has none.
pub(super) fn offers(outcome: &Outcome, mark: &str) -> Option<Vec<Offer>> {
    if outcome.text.as_ref()?.len() > LONGEST {
        return None;
    }
    let pairs: Vec<(String, String)> = read(outcome, mark)?;
    let offers = pairs.into_iter().take(MOST);
    Some(offers.map(|(name, about)| Offer { name, about }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::livy::Status;

    fn answered(text: &str) -> Option<Vec<Offer>> {
        let mut outcome = Outcome::empty(Status::Ok);
        outcome.text = Some(text.to_owned());
        offers(&outcome, "m ")
    }

    #[test]
    fn only_the_marked_line_is_an_answer() {
        let offer = |name: &str, about: &str| Offer {
            name: name.to_owned(),
            about: about.to_owned(),
        };
        assert_eq!(
            answered("noise\nm [[\"a\", \"int\"]]\nmore"),
            Some(vec![offer("a", "int")])
        );
        for text in [
            "",
            "[[\"a\", \"int\"]]",
            "m {}",
            "m [[1, 2]]",
            "m [[\"a\"]]",
        ] {
            assert_eq!(answered(text), None, "{text}");
        }
        assert_ne!(mark(), mark());
    }

    #[test]
    fn an_endless_answer_is_none_and_a_long_one_is_cut() {
        assert_eq!(
            answered(&format!("m [[\"{}\", \"\"]]", "x".repeat(LONGEST))),
            None
        );
        let many = vec!["[\"a\", \"\"]"; 1000].join(",");
        assert_eq!(answered(&format!("m [{many}]")).unwrap().len(), MOST);
    }
}
