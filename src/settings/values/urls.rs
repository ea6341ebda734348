//! URLs, and the passwords that must not be in them.

use url::Url;

use super::{ValueError, user};

/// A server's base URL and the user that it named, if it did. A password in it is refused.
pub fn server_url(text: &str) -> Result<(Url, Option<String>), ValueError> {
    let mut url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ValueError::UrlTail);
    }
    let user = match url.username() {
        "" => None,
        name => Some(user(&percent_decoded(name))?),
    };
    if user.is_some() && url.set_username("").is_err() {
        return Err(unreadable("it names no host"));
    }
    Ok((url, user))
}

/// The URL of a proxy.
pub fn proxy_url(text: &str) -> Result<Url, ValueError> {
    web_url(text)
}

fn web_url(text: &str) -> Result<Url, ValueError> {
    let url = Url::parse(text.trim()).map_err(|error| {
        // A URL that cannot be read may hold a password all the same, so it is not quoted.
        unreadable(error.to_string())
    })?;
    if url.password().is_some() {
        return Err(ValueError::UrlPassword);
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unreadable(
            "it begins neither with http:// nor with https://",
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(unreadable("it names no host"));
    }
    Ok(url)
}

fn unreadable(reason: impl Into<String>) -> ValueError {
    ValueError::Url {
        reason: reason.into(),
    }
}

/// Replaces the password of every URL in a text, for messages that we did not write ourselves.
pub fn without_url_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || "/?#'\"".contains(c))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((login, host)) if login.contains(':') => {
                let user = login.split(':').next().unwrap_or_default();
                out.push_str(user);
                out.push_str(":***@");
                out.push_str(host);
            }
            _ => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
