//! `livysh sessions`: a look at a server's sessions, and ending them.
use std::time::Duration;

use crate::cli::SessionsAction;
use crate::listing;
use crate::livy::{Client, Deleted, Error, Order, SessionId, Table};
use crate::opening::Opener;
use crate::render::safe;
use crate::report::{Report, code, note};
use crate::session::{Interrupts, fresh_lines};

use super::{failed, is_seen, print, shown};

/// Statements that a list shows at most; each may carry a large result.
const STATEMENTS: u64 = 20;

/// Does what was asked for; the answer is the exit code.
pub async fn run(action: &SessionsAction, opener: &Opener, interrupts: &mut Interrupts) -> u8 {
    let client = match opener.client().await {
        Ok(client) => client,
        Err(report) => return failed(&report),
    };
    let done = tokio::select! {
        done = act(action, &client, opener) => done,
        () = interrupts.next() => return code::INTERRUPTED,
    };
    match done {
        Ok(code) => code,
        Err(report) => failed(&report),
    }
}

async fn act(action: &SessionsAction, client: &Client, opener: &Opener) -> Result<u8, Report> {
    match action {
        SessionsAction::List => {
            let all = client.all_sessions().await.map_err(of)?;
            table(&listing::sessions(&all), opener)
        }
        SessionsAction::Show(id) => {
            let one = client.session(&SessionId::new(id)).await.map_err(of)?;
            table(&listing::session(&one), opener)
        }
        SessionsAction::Statements(id) => {
            let id = SessionId::new(id);
            let page = newest(client, &id).await.map_err(of)?;
            table(&page, opener)
        }
        SessionsAction::Logs { id, follow } => logs(client, &SessionId::new(id), *follow).await,
        SessionsAction::Kill(ids) => kill(client, ids).await,
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err hands errors on by value"
)]
fn of(error: Error) -> Report {
    Report::from(&error)
}

fn table(table: &Table, opener: &Opener) -> Result<u8, Report> {
    print(&shown(table, &opener.settings().run)?)
}

/// The newest statements as a table, oldest first.
pub async fn newest(client: &Client, id: &SessionId) -> Result<Table, Error> {
    let page = client
        .statements(id, Some(0), Some(STATEMENTS), Some(Order::Descending))
        .await?;
    let mut all = page.statements;
    all.sort_by_key(|statement| statement.id);
    Ok(listing::statements(&all))
}

async fn logs(client: &Client, id: &SessionId, follow: bool) -> Result<u8, Report> {
    let mut before: Vec<String> = Vec::new();
    loop {
        let page = client.log(id, None, Some(-1)).await.map_err(of)?;
        let text: String = fresh_lines(&before, &page.log)
            .iter()
            .map(|line| format!("{}\n", safe(line, is_seen())))
            .collect();
        print(&text)?;
        before = page.log;
        if !follow {
            return Ok(code::OK);
        }
        let state = client.state(id).await.map_err(of)?;
        if state.is_over() {
            note(&format!("session {id} is {state}"));
            return Ok(code::OK);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Ends each session; one that is gone already was no failure for `DELETE`, but a mistyped id is.
async fn kill(client: &Client, ids: &[String]) -> Result<u8, Report> {
    let mut worst = code::OK;
    for id in ids {
        match client.delete(&SessionId::new(id)).await {
            Ok(Deleted::Now) => note(&format!("session {id} is ended")),
            Ok(Deleted::AlreadyGone) => {
                worst = failed(
                    &Report::new(code::SERVER, format!("there is no session {id}"))
                        .advise("`livysh sessions` lists what is there"),
                );
            }
            Err(error) => worst = failed(&of(error)),
        }
    }
    Ok(worst)
}
