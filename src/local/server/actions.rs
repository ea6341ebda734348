//! What each route does, once it is known which one is meant.
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use super::answer::{self, Refusal};
use super::body::{self, Fields};
use super::create::{self, Create};
use super::kinds::KindName;
use super::life::{AskError, NotReady, Over};
use super::query::Query;
use super::registry::Registry;
use super::routes::What;
use super::session::Session;
use super::statements::Statement;
use super::upload;
use super::view::View;
use crate::livy::Kind;

const EXECUTE: &str = "org.apache.livy.ExecuteRequest";
const COMPLETE: &str = "org.apache.livy.CompletionRequest";
const ADD: &str = "org.apache.livy.client.common.HttpMessages$AddResource";
const NO_CODE: &str =
    "java.lang.NullPointerException: Cannot invoke \"String.toCharArray()\" because \"s\" is null";

/// Livy's root leads to its web pages. Here are none; the version says who answers.
pub(super) fn home(headers: &HeaderMap) -> Response {
    let mut response = answer::unknown_path();
    *response.status_mut() = StatusCode::FOUND;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let to = format!("http://{}/version", host.unwrap_or("localhost"));
    if let Ok(to) = header::HeaderValue::from_str(&to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// Who answers, in the keys of Livy.
pub(super) fn version() -> Response {
    let version = concat!("0.9.0-incubating+livysh.", env!("CARGO_PKG_VERSION"));
    answer::value(
        StatusCode::OK,
        &json!({
            "url": "livysh: a Spark on this machine that answers as Apache Livy 0.9 does",
            "branch": "<unknown>",
            "revision": "<unknown>",
            "version": version,
            "date": "<unknown>",
            "user": "livysh",
        }),
    )
}

/// Makes a session.
pub(super) fn create(registry: &Registry, bytes: &[u8]) -> Result<Response, Refusal> {
    let session = registry.create(Create::read(bytes)?)?;
    let location = format!("/sessions/{}", session.id);
    Ok(answer::created(&location, &View::of(&session)))
}

/// A page of the sessions.
pub(super) fn list(registry: &Registry, query: &Query) -> Response {
    let all = registry.all();
    let total = all.len();
    let page = query.slice(all, 100);
    let views: Vec<_> = page.iter().map(|session| View::of(session)).collect();
    answer::value(
        StatusCode::OK,
        &json!({"from": query.from.unwrap_or(0), "total": total, "sessions": views}),
    )
}

/// Takes a statement.
pub(super) fn submit(
    bytes: &[u8],
    find: impl FnOnce() -> Result<Arc<Session>, Refusal>,
) -> Result<Response, Refusal> {
    let object = body::object(bytes, EXECUTE)?;
    let fields = Fields::new(&object, EXECUTE, &["msg_type", "kind", "code"])?;
    let (code, kind) = (fields.text("code")?, fields.text("kind")?);
    let session = find()?;
    session.check_ready().map_err(|error| not_ready(&error))?;
    let code = code.ok_or_else(|| Refusal::driver_exception(NO_CODE))?;
    let kind = match kind {
        Some(kind) => named_kind(Some(&kind))?,
        None if session.create.kind == KindName::Shared => {
            return Err(Refusal::driver_exception(
                "java.lang.IllegalArgumentException: Code type should be specified if session kind is shared",
            ));
        }
        None => session.create.kind,
    };
    let statement = session
        .submit(&code.replace("\r\n", "\n"), kind)
        .map_err(|error| not_ready(&error))?;
    let location = format!("/sessions/{}/statements/{}", session.id, statement.id);
    Ok(answer::created(&location, &statement))
}

fn named_kind(kind: Option<&str>) -> Result<KindName, Refusal> {
    kind.and_then(KindName::parse).ok_or_else(|| {
        Refusal::driver_exception(&format!(
            "java.lang.IllegalArgumentException: Invalid kind: {}",
            kind.unwrap_or("null")
        ))
    })
}

/// Not a `Value`: outputs go out as the host wrote them.
#[derive(Serialize)]
struct List {
    total_statements: usize,
    statements: Vec<Statement>,
}

/// A page of the statements.
pub(super) fn statements(session: &Session, query: &Query) -> Result<Response, Refusal> {
    let mut all = session.statements().map_err(|Over| not_active())?;
    let total = all.len();
    if query.descending {
        all.reverse();
    }
    let page = query.slice(all, total);
    let list = List {
        total_statements: total,
        statements: page,
    };
    Ok(answer::value(StatusCode::OK, &list))
}

/// One statement.
pub(super) fn statement(session: &Session, number: &str) -> Result<Response, Refusal> {
    let id: i32 = number.parse().map_err(|_| Refusal::not_a_number(number))?;
    let statement = session
        .statement(id.into())
        .map_err(|Over| not_active())?
        .ok_or_else(|| Refusal::Text(StatusCode::NOT_FOUND, "Statement not found".to_owned()))?;
    Ok(answer::value(StatusCode::OK, &statement))
}

/// Candidates for what stands left of the cursor.
pub(super) async fn complete(
    bytes: &[u8],
    find: impl FnOnce() -> Result<Arc<Session>, Refusal>,
) -> Result<Response, Refusal> {
    let object = body::object(bytes, COMPLETE)?;
    let fields = Fields::new(&object, COMPLETE, &["code", "kind", "cursor"])?;
    let (code, kind) = (fields.text("code")?, fields.text("kind")?);
    let cursor = fields.int("cursor")?;
    let session = find()?;
    session.check_ready().map_err(|error| not_ready(&error))?;
    let code = code.ok_or_else(|| Refusal::driver_exception(NO_CODE))?;
    let candidates = match named_kind(kind.as_deref())? {
        KindName::Of(Kind::Spark) => session
            .complete(Kind::Spark.name(), &code, cursor)
            .await
            .map_err(|error| unanswered(error, "java.lang.RuntimeException"))?,
        // As Livy: only Scala's interpreter completes.
        KindName::Of(_) | KindName::Shared => Vec::new(),
    };
    Ok(answer::value(
        StatusCode::OK,
        &json!({ "candidates": candidates }),
    ))
}

/// Adds a jar or file by its address.
pub(super) async fn add(
    bytes: &[u8],
    what: What,
    find: impl FnOnce() -> Result<Arc<Session>, Refusal>,
) -> Result<Response, Refusal> {
    let object = body::object(bytes, ADD)?;
    let uri = Fields::new(&object, ADD, &["uri"])?.text("uri")?;
    let session = find()?;
    session.check_active().map_err(|Over| not_active())?;
    session.check_ready().map_err(|error| not_ready(&error))?;
    let uri = uri.ok_or_else(|| {
        Refusal::exception(
            "java.lang.NullPointerException: Cannot invoke \"String.length()\" because \"this.input\" is null",
        )
    })?;
    let path = create::resource(&uri).map_err(|reason| Refusal::requirement(&reason))?;
    added(session.add(what.name(), &path).await)
}

fn added(result: Result<(), AskError>) -> Result<Response, Refusal> {
    result.map_err(|error| unanswered(error, "java.io.IOException"))?;
    Ok(answer::empty(StatusCode::OK))
}

fn not_ready(error: &NotReady) -> Refusal {
    Refusal::exception(format!("java.lang.IllegalStateException: {error}"))
}

fn not_active() -> Refusal {
    Refusal::requirement("Session isn't active.")
}

/// `exception`: the Java class under which the host's own refusal travels.
fn unanswered(error: AskError, exception: &str) -> Refusal {
    match error {
        AskError::NotReady(error) => not_ready(&error),
        AskError::NoAnswer => Refusal::exception("java.util.concurrent.CancellationException"),
        AskError::Refused(why) => Refusal::driver_exception(&format!("{exception}: {why}")),
    }
}

/// Adds a jar or file that comes with the request.
pub(super) async fn receive(
    session: &Session,
    what: What,
    parts: &Parts,
    body: Body,
    limit: u64,
) -> Result<Response, Refusal> {
    session.check_active().map_err(|Over| not_active())?;
    session.check_ready().map_err(|error| not_ready(&error))?;
    let file = upload::receive(&session.folder, what, parts, body, limit).await?;
    added(session.add(what.name(), &file.to_string_lossy()).await)
}

/// Cancels a statement; unknown and ended ones get the same answer.
pub(super) fn cancel(session: &Arc<Session>, number: &str) -> Result<Response, Refusal> {
    let id: i32 = number.parse().map_err(|_| Refusal::not_a_number(number))?;
    session
        .cancel(id.into())
        .map_err(|error| not_ready(&error))?;
    Ok(answer::message(StatusCode::OK, "canceled"))
}

/// The state alone: the cheapest poll.
pub(super) fn state(session: &Session) -> Response {
    let body = json!({"id": session.id, "state": session.state().name()});
    answer::value(StatusCode::OK, &body)
}

/// A page of the log.
pub(super) fn log(session: &Session, query: &Query) -> Response {
    let page = session.log.page(session.id, query.from, query.size);
    answer::value(StatusCode::OK, &page)
}
