//! The headers of a request: ours, the user's, and the one that says who asks.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;

use super::error::Problem;
use super::trace::{HIDDEN, Secrets};
use super::{Connection, Credentials, Scheme};

/// What every request carries. Livy's CSRF filter asks writes for `X-Requested-By`, and its servlets for
/// the content type, with or without a body.
pub(super) fn ours(method: &str, json: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    if method != "GET" {
        headers.insert("x-requested-by", HeaderValue::from_static("livysh"));
        if json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }
    headers
}

/// The headers that the user and the credentials add, all marked as sensitive, and how they log in.
pub(super) fn own(
    connection: &Connection,
    secrets: &Secrets,
) -> Result<(HeaderMap, Option<Scheme>), Problem> {
    let authorization = authorization(&connection.credentials, secrets)?;
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, value: &str| {
        secrets.add(value);
        let mut header = HeaderValue::from_str(value).map_err(|_| {
            Problem::Setup(format!(
                "the value of the header {name} holds a line end or another character that no \
                 header can carry"
            ))
        })?;
        header.set_sensitive(true);
        headers.insert(name, header);
        Ok::<(), Problem>(())
    };
    if let Some(value) = authorization {
        add(AUTHORIZATION, &value)?;
    }
    for (name, value) in &connection.headers {
        let known = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| Problem::Setup(format!("`{name}` is no name of a header")))?;
        if matches!(
            known.as_str(),
            "content-type" | "content-length" | "transfer-encoding" | "connection"
        ) {
            return Err(Problem::Setup(format!(
                "the header {known} belongs to the protocol and cannot be set"
            )));
        }
        add(known, value.expose_secret().trim())?;
    }
    let login = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_whitespace().next())
        .map(Scheme::from);
    Ok((headers, login))
}

/// What says who asks, alone.
pub(super) fn login(
    credentials: &Credentials,
    secrets: &Secrets,
) -> Result<Option<HeaderValue>, Problem> {
    let Some(value) = authorization(credentials, secrets)? else {
        return Ok(None);
    };
    let mut header = HeaderValue::from_str(&value)
        .map_err(|_| Problem::Setup("the new token cannot stand in a header".to_owned()))?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// The value of `Authorization`; each part of it that must not be shown is told to `secrets`.
fn authorization(credentials: &Credentials, secrets: &Secrets) -> Result<Option<String>, Problem> {
    match credentials {
        Credentials::None => Ok(None),
        Credentials::Basic { user, .. } if user.contains(':') => Err(Problem::Setup(
            "a user name cannot hold a colon with HTTP Basic authentication".to_owned(),
        )),
        Credentials::Basic { user, password } => {
            let password = password.expose_secret();
            let encoded = STANDARD.encode(format!("{user}:{password}"));
            secrets.add(password);
            secrets.add(&encoded);
            Ok(Some(format!("Basic {encoded}")))
        }
        Credentials::Bearer { token } => {
            let token = token.expose_secret().trim();
            secrets.add(token);
            Ok(Some(format!("Bearer {token}")))
        }
    }
}

/// A value as text, for what only people and we read.
pub(super) fn text_of(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// A header for a trace: ours is shown, the user's may be secret.
pub(super) fn shown((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    let value = if value.is_sensitive() {
        HIDDEN.to_owned()
    } else {
        text_of(value)
    };
    (name.to_string(), value)
}
