//! What a statement waits for that has not begun: sessions run one after the other, whoever sent them.
use std::time::Duration;

use crate::session::Session;

/// How long the statements before ours are looked at.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many of them.
const LOOKS: usize = 20;

/// What the statement of that id waits for, in words; none where it cannot be told.
pub(super) async fn what(session: &Session, id: i64) -> Option<String> {
    let running = tokio::time::timeout(PATIENCE, running(session, id)).await;
    let running = running.ok()??;
    let whose = if session.sent.is_hidden(running) {
        "which livysh sent for a list of names"
    } else if session.sent.is_ours(running) {
        "which you left running"
    } else {
        "which you did not send"
    };
    Some(format!(
        "waits behind statement {running}, {whose} (Ctrl-C cancels yours)"
    ))
}

/// The one that runs: the first that has not ended.
async fn running(session: &Session, id: i64) -> Option<i64> {
    let mut running = None;
    for before in (0..id).rev().take(LOOKS) {
        match session.client.statement(&session.id, before).await {
            Ok(statement) if !statement.state.is_over() => running = Some(before),
            Ok(_) | Err(_) => break,
        }
    }
    running
}
