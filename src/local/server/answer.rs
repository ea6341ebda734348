//! The shapes in which Livy answers: its clients tell errors apart by shape as much as by status.
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");

/// A request that is refused, in one of the two shapes that Livy's own code uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `{"msg": "text"}`.
    Message(StatusCode, String),
    /// A bare JSON string.
    Text(StatusCode, String),
}

impl Refusal {
    /// No session of this id or name.
    pub(super) fn no_session(asked: &str) -> Self {
        Self::Message(
            StatusCode::NOT_FOUND,
            format!("Session '{asked}' not found."),
        )
    }

    /// A number was expected, as Java words it.
    pub(super) fn not_a_number(text: &str) -> Self {
        Self::Message(
            StatusCode::BAD_REQUEST,
            format!("For input string: \"{text}\""),
        )
    }

    /// A create request that is well formed and yet refused.
    pub(super) fn rejected(reason: &str) -> Self {
        Self::Message(
            StatusCode::BAD_REQUEST,
            format!("Rejected, Reason: {reason}"),
        )
    }

    /// Scala's `require` failed.
    pub(super) fn requirement(reason: &str) -> Self {
        Self::Message(
            StatusCode::BAD_REQUEST,
            format!("requirement failed: {reason}"),
        )
    }

    /// The body cannot be read.
    pub(super) fn bad_json(reason: String) -> Self {
        Self::Text(StatusCode::BAD_REQUEST, reason)
    }

    /// An exception that Livy lets through.
    pub(super) fn exception(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::INTERNAL_SERVER_ERROR, text.into())
    }

    /// An exception of the driver, as it arrives through Livy's RPC. Livy adds the Java frames; there are none here.
    pub(super) fn driver_exception(text: &str) -> Self {
        Self::exception(format!(
            "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: {text}"
        ))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Message(status, text) => message(status, &text),
            Self::Text(status, text) => value(status, &text),
        }
    }
}

/// Any value as JSON.
pub(super) fn value(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type(status, bytes.into(), JSON),
        Err(error) => with_type(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!(error.to_string()).to_string().into(),
            JSON,
        ),
    }
}

/// `{"msg": "text"}`.
pub(super) fn message(status: StatusCode, text: &str) -> Response {
    value(status, &json!({ "msg": text }))
}

/// No body, still called JSON, as Livy's servlets do.
pub(super) fn empty(status: StatusCode) -> Response {
    with_type(status, Body::empty(), JSON)
}

/// 201 with the address of what was made.
pub(super) fn created(location: &str, body: &impl Serialize) -> Response {
    let mut response = value(StatusCode::CREATED, body);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What the servlet container answers to a top-level path that nobody serves.
pub(super) fn unknown_path() -> Response {
    with_type(
        StatusCode::NOT_FOUND,
        Body::empty(),
        HeaderValue::from_static("text/html;charset=utf-8"),
    )
}

/// What filters before the servlet answer: JSON when it is asked for, else a page.
pub(super) fn page(status: StatusCode, text: &str, path: &str, wants_json: bool) -> Response {
    const SERVLET: &str = "org.apache.livy.server.interactive.InteractiveSessionServlet";
    let code = status.as_u16();
    let mut response = if wants_json {
        let body =
            json!({"servlet": SERVLET, "message": text, "url": path, "status": code.to_string()});
        with_type(
            status,
            body.to_string().into(),
            HeaderValue::from_static("application/json"),
        )
    } else {
        let (text, path) = (escaped(text), escaped(path));
        let body = format!(
            "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n\
             <title>Error {code} {text}</title>\n</head>\n<body><h2>HTTP ERROR {code} {text}</h2>\n<table>\n\
             <tr><th>URI:</th><td>{path}</td></tr>\n<tr><th>STATUS:</th><td>{code}</td></tr>\n\
             <tr><th>MESSAGE:</th><td>{text}</td></tr>\n<tr><th>SERVLET:</th><td>{SERVLET}</td></tr>\n\
             </table>\n\n</body>\n</html>\n"
        );
        with_type(
            status,
            body.into(),
            HeaderValue::from_static("text/html;charset=iso-8859-1"),
        )
    };
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("must-revalidate,no-cache,no-store"),
    );
    response
}

fn with_type(status: StatusCode, body: Body, content_type: HeaderValue) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// Plain ASCII without markup: the page says that it is ISO-8859-1, and a path may hold anything.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || " ./:,'-_?=%".contains(character) {
            safe.push(character);
        } else {
            let _ = write!(safe, "&#{};", u32::from(character));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_put_markup_on_the_error_page() {
        assert_eq!(escaped("/<b>\u{e9}"), "/&#60;b&#62;&#233;");
    }

    #[test]
    fn an_error_page_is_json_for_those_who_ask_for_json() {
        for (wants_json, content_type) in [
            (true, "application/json"),
            (false, "text/html;charset=iso-8859-1"),
        ] {
            let answer = page(StatusCode::UNAUTHORIZED, "no", "/sessions", wants_json);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], content_type);
        }
    }
}
