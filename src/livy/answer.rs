//! Reading an answer: a success into a value, a refusal into a [`Failure`].
//!
//! This is the one place that looks at a server's words. Everything above asks for a [`Reason`].
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::error::{Failure, Problem, Reason};
use super::renewal::Renewed;
use super::{Scheme, SessionState, repair, scheme, text};

/// Why a page is no answer.
const PAGE: &str =
    "it is an HTML page, not Livy's JSON: a login page, or an address that is not Livy's";
/// How many characters of an answer that cannot be read are shown.
const BEGIN: usize = 200;

/// One whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What a refusal has to be judged with, beside the answer itself.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) method: &'static str,
    /// How the request logged in. LDAP's filter says 403 when user or password are wrong.
    pub(super) login: Option<Scheme>,
}

/// The five shapes that Livy's refusals come in (protocol: error bodies).
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    /// `{"msg": ...}`, or another object with a text in it.
    Message(String),
    /// A bare JSON string, or plain text.
    Text(String),
    /// `{}`.
    Nothing,
    /// No body.
    Empty,
    /// A page, or its JSON form: made by a filter or a gateway in front of the API.
    Page(String),
}

impl Shape {
    fn text(&self) -> &str {
        match self {
            Self::Message(text) | Self::Text(text) | Self::Page(text) => text,
            Self::Nothing | Self::Empty => "",
        }
    }
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Has the answer no content? Some calls have nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// Can it be Livy's?
    pub(super) fn is_json(&self) -> bool {
        self.value::<IgnoredAny>().is_ok()
    }

    /// Bytes of its body.
    pub(super) fn size(&self) -> u64 {
        self.body.len() as u64
    }

    /// The value of a success.
    pub(super) fn value<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = without_mark(&self.body);
        serde_json::from_slice(body).or_else(|error| {
            // Only what is broken is repaired: that costs a copy of the body.
            repair::json(body)
                .and_then(|repaired| serde_json::from_str(&repaired).ok())
                .ok_or_else(|| self.garbled(&error))
        })
    }

    /// A success whose content says nothing. A page is none: whatever stands between us and Livy shows one for
    /// any call, and the call has not come through.
    pub(super) fn done(&self) -> Result<(), Problem> {
        if self.is_page() {
            Err(self.unreadable(PAGE.to_owned()))
        } else {
            Ok(())
        }
    }

    fn is_page(&self) -> bool {
        without_mark(&self.body)
            .trim_ascii_start()
            .starts_with(b"<")
    }

    fn garbled(&self, error: &serde_json::Error) -> Problem {
        self.unreadable(if self.is_empty() {
            "it is empty".to_owned()
        } else if self.is_page() {
            PAGE.to_owned()
        } else {
            text::one_line(&error.to_string(), BEGIN)
        })
    }

    fn unreadable(&self, reason: String) -> Problem {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(4 * BEGIN)]);
        Problem::Garbled {
            reason,
            begin: text::one_line(&body, BEGIN),
        }
    }

    /// The answer of a success, else the refusal that it is.
    pub(super) fn unless_refused(self, asked: Asked) -> Result<Self, Box<Failure>> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(Box::new(self.failure(asked)))
        }
    }

    /// The refusal that this answer is.
    pub(super) fn failure(&self, asked: Asked) -> Failure {
        let shape = shape(&self.body);
        let (message, detail) = text::cause_and_rest(shape.text());
        let reason = classify(self.status, &shape, asked);
        Failure {
            status: self.status,
            reason,
            field: (reason == Reason::UnknownField)
                .then(|| unknown_field(shape.text()))
                .flatten(),
            message,
            detail,
            retry_after: retry_after(&self.headers),
            asks_for: scheme::offered(&self.headers),
            sent: asked.login,
            renewed: Renewed::No,
        }
    }
}

/// The body without a byte order mark.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

fn shape(body: &[u8]) -> Shape {
    let body = String::from_utf8_lossy(without_mark(body));
    let body = body.trim();
    if body.is_empty() {
        return Shape::Empty;
    }
    match serde_json::from_str(body) {
        Ok(Value::String(text)) => Shape::Text(text),
        Ok(Value::Object(object)) if object.is_empty() => Shape::Nothing,
        Ok(Value::Object(object)) => {
            let text = said(&Value::Object(object.clone()), 0).unwrap_or_else(|| body.to_owned());
            if object.contains_key("servlet") {
                Shape::Page(text)
            } else {
                Shape::Message(text)
            }
        }
        _ if body.starts_with('<') => Shape::Page(text::page_title(body)),
        _ => Shape::Text(body.to_owned()),
    }
}

/// The text in an error object: Livy's `msg`, a servlet's or a gateway's `message`, Azure's nested `error`.
fn said(value: &Value, depth: u8) -> Option<String> {
    const DEEPEST: u8 = 3;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) if depth < DEEPEST => [
            "msg",
            "message",
            "Message",
            "error_description",
            "error",
            "detail",
        ]
        .iter()
        .find_map(|key| said(object.get(*key)?, depth + 1)),
        _ => None,
    }
}

/// What a refusal means, from its status, its shape and its words together: Livy says 400 for "try
/// again later", and 500 for "too early" and "too late".
fn classify(status: u16, shape: &Shape, asked: Asked) -> Reason {
    let text = shape.text();
    if let Some(reason) = by_words(status, text) {
        return reason;
    }
    match status {
        401 => Reason::WrongCredentials,
        403 => forbidden(shape, asked),
        404 | 405 => missing(status, shape),
        // Livy's answer to a DELETE without the header has no body at all.
        400 if asked.method == "DELETE" && *shape == Shape::Empty => Reason::Csrf,
        400 => Reason::BadRequest,
        // 408, 499 and 520 to 530 (Cloudflare's), 598 and 599: a gateway that waited in vain, for us or for Livy
        408 | 429 | 499 | 502..=504 | 520..=530 | 598 | 599 => Reason::Busy,
        500 => Reason::Server,
        _ => Reason::Other,
    }
}

fn by_words(status: u16, text: &str) -> Option<Reason> {
    if !matches!(status, 400 | 500) {
        return None;
    }
    if let Some((_, state)) = text.split_once("Session is in state ") {
        let word: String = state
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        return Some(if SessionState::from(word.as_str()).is_over() {
            Reason::SessionOver
        } else {
            Reason::NotReady
        });
    }
    let lower = text.to_ascii_lowercase();
    let words = [
        // Livy 0.2 says it with a 500.
        ("unrecognized field", Reason::UnknownField),
        ("rpc channel is closed", Reason::SessionOver),
        ("session isn't active", Reason::SessionOver),
        ("too many sessions", Reason::TooManySessions),
        ("duplicate session name", Reason::DuplicateName),
        ("missing required header", Reason::Csrf),
    ];
    words
        .iter()
        .find(|(word, _)| lower.contains(word))
        .map(|(_, reason)| *reason)
        .or_else(|| {
            lower
                .starts_with("java.util.concurrent.cancellationexception")
                .then_some(Reason::DriverGone)
        })
}

/// 403 means four things: bad LDAP login, not on the list of users, not the session's owner (`{}`),
/// impersonation refused (`msg`). Filters say the first two, by a page.
fn forbidden(shape: &Shape, asked: Asked) -> Reason {
    let lower = shape.text().to_ascii_lowercase();
    let known_user = ["not authori", "not allowed", "access denied", "permission"]
        .iter()
        .any(|word| lower.contains(word));
    if asked.login == Some(Scheme::Basic) && matches!(shape, Shape::Page(_)) && !known_user {
        Reason::WrongCredentials
    } else {
        Reason::Forbidden
    }
}

fn missing(status: u16, shape: &Shape) -> Reason {
    let lower = shape.text().to_ascii_lowercase();
    let gone = ["not found", "not exist", "n't exist"]
        .iter()
        .any(|word| lower.contains(word));
    if status == 405 || !gone || matches!(shape, Shape::Page(_)) {
        Reason::NoSuchRoute
    } else if lower.contains("statement") {
        Reason::NoSuchStatement
    } else if lower.contains("session") {
        Reason::NoSuchSession
    } else {
        Reason::NoSuchRoute
    }
}

fn unknown_field(text: &str) -> Option<String> {
    let (_, quoted) = text.split_once("field \"")?;
    let (name, _) = quoted.split_once('"')?;
    Some(text::one_line(name, 100))
}

/// `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let seconds = date.as_second() - jiff::Timestamp::now().as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}
