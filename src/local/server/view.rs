//! The session as clients see it.
use serde::Serialize;
use serde_json::{Value, json};

use super::create::Create;
use super::session::Session;

/// The session as it travels. Owner, proxy user and application id are null, as for a Livy without authentication
/// and impersonation, and with a local master.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    id: i32,
    name: Option<&'a str>,
    app_id: Option<&'a str>,
    owner: Option<&'a str>,
    proxy_user: Option<&'a str>,
    state: String,
    kind: &'static str,
    app_info: Value,
    log: Vec<String>,
    #[serde(flatten)]
    create: &'a Create,
}

impl<'a> View<'a> {
    /// How the session is now.
    pub(super) fn of(session: &'a Session) -> Self {
        let (state, ui) = session.shown();
        let create = &session.create;
        Self {
            id: session.id,
            name: create.name.as_deref(),
            app_id: None,
            owner: None,
            proxy_user: None,
            state: state.name().to_owned(),
            kind: create.kind.name(),
            app_info: json!({"driverLogUrl": null, "sparkUiUrl": ui, "executorLogUrls": null}),
            log: session.log.tail(10),
            create,
        }
    }
}
