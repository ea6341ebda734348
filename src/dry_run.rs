//! `--dry-run`: the requests that a run would send, and nothing sent.
use serde_json::json;

use crate::batch::Script;
use crate::livy;
use crate::opening;
use crate::report::{Report, complain};
use crate::settings::{Settings, Target, Which};
use crate::tools;

/// Shows the requests in order. A session's id is not known before there is one.
pub fn show(settings: &Settings, script: Option<&Script>) -> Result<u8, Report> {
    let base = match &settings.target {
        Target::Local => "http://127.0.0.1:PORT".to_owned(),
        Target::Server { url, .. } => url.as_str().trim_end_matches('/').to_owned(),
    };
    let kind = script.map_or_else(|| settings.session.kind_or_default(), |script| script.kind);
    let mut wanted = opening::wanted_as_named(settings, kind);
    for (key, value) in &mut wanted.create.conf {
        if livy::names_a_secret(key) {
            livy::HIDDEN.clone_into(value);
        }
    }
    let body = serde_json::to_string_pretty(&wanted.create)
        .map_err(|error| Report::new(crate::report::code::USAGE, error.to_string()))?;
    let (init, faults) = match settings.which {
        Which::Attached { .. } => (Vec::new(), Vec::new()),
        _ => opening::init(settings, kind),
    };
    for fault in faults {
        complain(&fault);
    }
    let statements = init
        .iter()
        .map(|init| &init.piece)
        .chain(script.iter().flat_map(|script| &script.pieces))
        .map(|piece| {
            let body = json!({"code": piece.code, "kind": piece.kind.name()});
            format!("POST {base}/sessions/ID/statements\n{body}\n")
        });
    // without the record nobody finds it again
    let reuses = matches!(settings.which, Which::Reused { .. }) && !settings.run.no_history;
    let first = match &settings.which {
        Which::Attached { session, .. } => format!("GET {base}/sessions/{session}\n"),
        Which::Reused { name, .. } if reuses => {
            format!(
                "{}POST {base}/sessions\n{body}\n",
                looks(&base, name.as_deref())
            )
        }
        _ => format!("POST {base}/sessions\n{body}\n"),
    };
    let goes = match settings.which {
        Which::New | Which::Attached { delete: true, .. } => true,
        Which::Reused { .. } => !reuses,
        Which::Kept | Which::Attached { .. } => false,
    };
    let last = if goes {
        format!("DELETE {base}/sessions/ID\n")
    } else {
        String::new()
    };
    let text = first + &statements.collect::<String>() + &last;
    tools::print(&text)
}

/// What `--reuse` looks for before it makes a session.
fn looks(base: &str, name: Option<&str>) -> String {
    let name = name.map_or_else(String::new, |name| format!(" by the name {name}"));
    format!(
        "# for each session in the record that was made{name} with these options and left for the next, the newest first:\n\
         GET {base}/sessions/ID\n\
         # where none of them is idle:\n"
    )
}
