//! One request: may it, which route is it, and what comes back.
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};

use super::actions;
use super::answer::{self, Refusal};
use super::guard::Guard;
use super::query::Query;
use super::registry::Registry;
use super::routes::{Route, Unknown};
use super::view::View;

/// What every request needs.
pub(super) struct App {
    pub(super) guard: Guard,
    pub(super) registry: Arc<Registry>,
    /// Largest JSON body in bytes.
    pub(super) body_limit: usize,
    /// Largest upload in bytes.
    pub(super) upload_limit: u64,
}

/// Answers one request.
pub(super) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refused) = app.guard.check(&parts.headers, parts.uri.path()) {
        return *refused;
    }
    let route = match Route::of(parts.uri.path()) {
        Ok(route) => route,
        Err(Unknown::Below) => return answer::empty(StatusCode::NOT_FOUND),
        Err(Unknown::Top) => return answer::unknown_path(),
    };
    let method = overridden(&parts);
    if !route.has(&method) {
        let mut response = answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(
            header::ALLOW,
            header::HeaderValue::from_static(route.allow()),
        );
        return response;
    }
    if let Some(version) = unknown_version(&parts.headers) {
        let text = format!("No value found for '{version}'");
        return answer::message(StatusCode::NOT_ACCEPTABLE, &text);
    }
    run(&app, route, &method, &parts, body)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// `X-HTTP-Method-Override` on a POST, for proxies that let nothing else through.
fn overridden(parts: &Parts) -> Method {
    if parts.method != Method::POST {
        return parts.method.clone();
    }
    parts
        .headers
        .get("x-http-method-override")
        .and_then(|method| {
            Method::from_bytes(method.as_bytes().to_ascii_uppercase().as_slice()).ok()
        })
        .unwrap_or(Method::POST)
}

/// `Accept: application/vnd.livy.v<X>+json` asks for a version of the API; there is only 0.1.
fn unknown_version(headers: &HeaderMap) -> Option<&str> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    let (_, rest) = accept.split_once("application/vnd.livy.v")?;
    let (version, _) = rest.split_once("+json")?;
    (version != "0.1").then_some(version)
}

async fn run(
    app: &Arc<App>,
    route: Route,
    method: &Method,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let registry = &app.registry;
    let find = |id: &str| registry.find(id);
    let query = || Query::read(parts.uri.query());
    let post = method == Method::POST;
    match route {
        Route::Root => Ok(actions::home(&parts.headers)),
        Route::Version => Ok(actions::version()),
        Route::Sessions if post => actions::create(registry, &json_body(app, parts, body).await?),
        Route::Sessions => Ok(actions::list(registry, &query()?)),
        Route::Session(id) if method == Method::DELETE => {
            registry.delete(find(&id)?).await;
            Ok(answer::message(StatusCode::OK, "deleted"))
        }
        Route::Session(id) => Ok(answer::value(StatusCode::OK, &View::of(&*find(&id)?))),
        Route::State(id) => Ok(actions::state(&*find(&id)?)),
        Route::Log(id) => Ok(actions::log(&*find(&id)?, &query()?)),
        Route::Connect(id) => {
            let session = find(&id)?;
            session.used();
            Ok(answer::value(StatusCode::OK, &View::of(&session)))
        }
        Route::Stop(id) => {
            find(&id)?.end().await;
            Ok(answer::empty(StatusCode::NO_CONTENT))
        }
        Route::Interrupt(id) => {
            find(&id)?.end().await;
            Ok(answer::message(StatusCode::OK, "interrupted"))
        }
        Route::Completion(id) => {
            let bytes = json_body(app, parts, body).await?;
            actions::complete(&bytes, || find(&id)).await
        }
        Route::Add(id, what) => {
            let bytes = json_body(app, parts, body).await?;
            actions::add(&bytes, what, || find(&id)).await
        }
        Route::Upload(id, what) => {
            actions::receive(&*find(&id)?, what, parts, body, app.upload_limit).await
        }
        Route::Statements(id) if post => {
            let bytes = json_body(app, parts, body).await?;
            actions::submit(&bytes, || find(&id))
        }
        Route::Statements(id) => actions::statements(&*find(&id)?, &query()?),
        Route::Statement(id, number) => actions::statement(&*find(&id)?, &number),
        Route::Cancel(id, number) => actions::cancel(&find(&id)?, &number),
    }
}

/// The whole body. A form's body is eaten by Livy's servlet container before Livy sees it, so it counts as none.
async fn json_body(app: &App, parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    let form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if form {
        return Ok(Bytes::new());
    }
    axum::body::to_bytes(body, app.body_limit)
        .await
        .map_err(|_| {
            Refusal::Message(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "The request is larger than {} bytes, or it was cut short.",
                    app.body_limit
                ),
            )
        })
}
