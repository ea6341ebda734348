//! What was sent and received, for people who want to see it; and the hiding of secrets in it.
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::text;
/// The record's rule: what it keeps out is what is hidden.
pub use livysh_history::names_a_secret;

/// How many characters of a body a trace shows.
const SHOWN: usize = 2000;

/// What stands in a secret's place.
pub const HIDDEN: &str = "(hidden)";

/// One half of an exchange. Credentials and configuration values that look secret are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// A request left.
    Sent {
        /// `GET`, `POST` or `DELETE`.
        method: &'static str,
        /// Path and query below the base; the whole address after a redirect.
        path: String,
        /// Headers in the order sent; values that may be secret are hidden.
        headers: Vec<(String, String)>,
        /// The body's beginning; `None` without a body.
        body: Option<String>,
    },
    /// An answer came.
    Received {
        /// HTTP status.
        status: u16,
        /// Time from sending to the last byte.
        took: Duration,
        /// Size of the body, unpacked.
        bytes: u64,
        /// The body's beginning.
        begin: String,
    },
}

/// Texts that must not be shown: passwords, tokens, headers' values, as they travel.
#[derive(Default)]
pub(super) struct Secrets(RwLock<Vec<String>>);

impl Secrets {
    /// Remembers a secret. One of a few characters is left out: hiding every `1` would hide the
    /// answer, and protect nothing.
    pub(super) fn add(&self, secret: &str) {
        const SHORTEST: usize = 6;
        if secret.len() >= SHORTEST {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            all.push(secret.to_owned());
        }
    }

    /// The text without the secrets, should a server or a proxy have sent one back.
    pub(super) fn hide(&self, text: String) -> String {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) {
                text.replace(secret.as_str(), HIDDEN)
            } else {
                text
            }
        })
    }

    /// The beginning of a body, fit to be shown.
    pub(super) fn begin(&self, body: &[u8]) -> String {
        let most = body.len().min(SHOWN * 4);
        let begin = hide_values(&String::from_utf8_lossy(&body[..most]));
        text::shorten(&text::printable(&self.hide(begin)), SHOWN)
    }
}

/// Replaces the text values of JSON keys that look like secrets ([`names_a_secret`]). It reads tokens, not values, so that it
/// serves a body's beginning as well as a whole one.
fn hide_values(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut rest = json;
    let mut hide_next = false;
    while let Some(start) = rest.find('"') {
        let (before, from_quote) = rest.split_at(start);
        hide_next = hide_next && before.trim().is_empty();
        let end = string_end(from_quote);
        let (token, after) = from_quote.split_at(end);
        shown.push_str(before);
        if hide_next {
            shown.push('"');
            shown.push_str(HIDDEN);
            shown.push('"');
            hide_next = false;
            rest = after;
            continue;
        }
        shown.push_str(token);
        rest = after;
        if let Some(value) = after.trim_start().strip_prefix(':') {
            shown.push(':');
            rest = value;
            hide_next = names_a_secret(token);
        }
    }
    shown.push_str(rest);
    shown
}

/// Where the JSON string that `text` begins with ends; its end when it is cut.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_looking_configuration_value_is_hidden_and_the_others_stay() {
        let body = r#"{"conf": {"fs.azure.account.key.x" : "Zm9v\"b", "spark.a": "1", "my.PASSWORD":"p"}, "code": "password = 1"}"#;
        let shown = Secrets::default().begin(body.as_bytes());
        assert_eq!(
            shown,
            r#"{"conf": {"fs.azure.account.key.x": "(hidden)", "spark.a": "1", "my.PASSWORD":"(hidden)"}, "code": "password = 1"}"#
        );
    }

    #[test]
    fn a_cut_body_hides_the_secret_that_it_ends_in() {
        let shown = Secrets::default().begin(br#"{"x.secret":"abcdef"#);
        assert_eq!(shown, r#"{"x.secret":"(hidden)""#);
    }

    #[test]
    fn a_secret_sent_back_is_hidden() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        secrets.add("1");
        assert_eq!(secrets.hide("1 hunter22".to_owned()), "1 (hidden)");
    }

    #[test]
    fn control_characters_do_not_reach_a_trace() {
        assert_eq!(Secrets::default().begin(b"a\x1b[31mb"), "a[31mb");
    }
}
