//! `--dry-run`: the requests that a run would send, and nothing sent.
use serde_json::json;

use crate::batch::Script;
use crate::opening;
use crate::report::Report;
use crate::settings::{Settings, Target};
use crate::tools;

/// Shows the requests in order. A session's id is not known before there is one.
pub fn show(settings: &Settings, script: Option<&Script>) -> Result<u8, Report> {
    let base = match &settings.target {
        Target::Local => "http://127.0.0.1:PORT".to_owned(),
        Target::Server { url, .. } => url.as_str().trim_end_matches('/').to_owned(),
    };
    let kind = script.map_or_else(|| settings.session.kind_or_default(), |script| script.kind);
    let wanted = opening::wanted(&settings.session, kind);
    let body = serde_json::to_string_pretty(&wanted.create)
        .map_err(|error| Report::new(crate::report::code::USAGE, error.to_string()))?;
    let statements = script
        .iter()
        .flat_map(|script| &script.pieces)
        .map(|piece| {
            let body = json!({"code": piece.code, "kind": piece.kind.name()});
            format!("POST {base}/sessions/ID/statements\n{body}\n")
        });
    let text = format!("POST {base}/sessions\n{body}\n")
        + &statements.collect::<String>()
        + &format!("DELETE {base}/sessions/ID\n");
    tools::print(&text)
}
