//! The menu of names: what each is, beside it, and nothing that is wider than the window.
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Offer;

/// More names than this are not shown: nobody reads them, and the editor's own limit is 65,535.
const MAX_NAMES: usize = 1_000;
/// Between a name and what it is. Within the latter there is only one blank at a time.
const GAP: &str = "  ";
/// Longer names do not push what the others are to the right.
const WIDEST_NAME: usize = 32;
/// What a name is gets at most so much of the window.
const WIDEST_ABOUT: usize = 60;

/// A name as the line editor wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    shown: String,
    name: String,
}

impl rustyline::completion::Candidate for Candidate {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.name
    }
}

/// A text that stands for itself alone: no menu shows it.
pub(super) fn alone(text: String) -> Vec<Candidate> {
    vec![Candidate {
        shown: String::new(),
        name: text,
    }]
}

/// The offers for a window of that many columns. Those that a terminal could not show as they are stay out.
pub(super) fn lay_out(mut offers: Vec<Offer>, columns: usize) -> Vec<Candidate> {
    offers.retain(|offer| !offer.name.is_empty() && !offer.name.chars().any(is_odd));
    offers.truncate(MAX_NAMES);
    let widths = offers.iter().map(|offer| offer.name.width());
    let widest = widths.filter(|width| *width <= WIDEST_NAME).max();
    let widest = widest.unwrap_or(0);
    let most = columns.saturating_sub(1).max(1);
    let offers = offers.into_iter().map(|Offer { name, about }| {
        let about: Vec<&str> = about
            .split(|c: char| c.is_whitespace() || is_odd(c))
            .filter(|word| !word.is_empty())
            .collect();
        let about = cut(&about.join(" "), WIDEST_ABOUT);
        let shown = if about.is_empty() {
            cut(&name, most)
        } else {
            let pad = widest.saturating_sub(name.width());
            let name = format!("{name}{}{GAP}", " ".repeat(pad));
            let left = most.saturating_sub(name.width());
            cut(&format!("{name}{}", cut(&about, left)), most)
        };
        Candidate { shown, name }
    });
    offers.collect()
}

/// The name and what it is.
pub(super) fn parts(shown: &str) -> Option<(&str, &str)> {
    shown.split_at_checked(shown.rfind(GAP)? + GAP.len())
}

/// A character that moves the cursor, hides or turns what stands around it.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// At most so many columns of it.
fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    });
    let mut short: String = fits.collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(offers: &[(&str, &str)], columns: usize) -> Vec<String> {
        let offers = offers.iter().map(|(name, about)| Offer {
            name: (*name).to_owned(),
            about: (*about).to_owned(),
        });
        let laid = lay_out(offers.collect(), columns);
        laid.into_iter().map(|it| it.shown).collect()
    }

    #[test]
    fn what_a_name_is_stands_in_a_column_of_its_own_and_wide_characters_count_twice() {
        assert_eq!(
            shown(&[("a", "int"), ("名前", "str"), ("bc", "")], 80),
            ["a     int", "名前  str", "bc"]
        );
    }

    #[test]
    fn nothing_is_wider_than_the_window() {
        let long = "x".repeat(50);
        for columns in [1, 2, 10, 40] {
            for line in shown(
                &[(&long, "type"), ("f", &long), ("名前名前", "型型型")],
                columns,
            ) {
                assert!(line.width() < columns.max(2), "{columns}: {line}");
            }
        }
    }

    #[test]
    fn what_could_harm_a_terminal_is_left_out() {
        let laid = shown(
            &[
                ("a\u{1b}[2J", "x"),
                ("b", "\u{1b}]0;t\u{7} \n  in\u{202e}t"),
                ("", ""),
            ],
            80,
        );
        assert_eq!(laid, ["b  ]0;t in t"]);
    }

    #[test]
    fn the_parts_are_found_again() {
        assert_eq!(parts("a     int or str"), Some(("a     ", "int or str")));
        assert_eq!(parts("plain"), None);
    }
}
